"""Tests that were removed together with their subject: removing dead code with its test removes no coverage."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pytest_chimera.context.project_tests import Function, is_test_file, parsed, tests_in
from pytest_chimera.models import Change

Read = Callable[[str, str], bytes | None]


@dataclass(frozen=True)
class Removed:
    """What was removed.

    :param files: test file → the names of its test functions whose subject was removed.
    """

    files: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def covers(self, nodeid: str) -> bool:
        """Whether a test was removed together with its subject."""
        path, _, name = nodeid.partition("::")
        return name.rpartition("::")[2].partition("[")[0] in self.files.get(path, frozenset())


def removed_subjects(read: Read, change: Change) -> Removed:
    """Return the tests of the base that a change removed together with their subjects.

    A test file counts only if every test in it is either unchanged, or refers to something that the product no longer
    has.
    """
    files = {}
    for file in change.files:
        if file.status in "MD" and file.path.endswith(".py") and is_test_file(file.path):
            went = _went(read, change, file.path)
            if went:
                files[file.path] = went
    return Removed(files)


def _went(read: Read, change: Change, path: str) -> frozenset[str]:
    before, after = parsed(read(change.base, path)), parsed(read(change.commit, path))
    if before is None or after is None:
        return frozenset()
    names = set(_lost_names(read, change, before))
    kept = {each.name: ast.dump(each) for each in tests_in(after)}
    changed = [each for each in tests_in(before) if kept.get(each.name) != ast.dump(each)]
    if not names or not all(names & _names(each) for each in changed):
        return frozenset()
    return frozenset(each.name for each in changed)


def _lost_names(read: Read, change: Change, tree: ast.Module) -> Iterator[str]:
    """Yield the names that a test file imports and that the product no longer has."""
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or not node.module or node.level:
            continue
        path = _file_of(read, change.base, node.module)
        if path is None:
            continue
        now = parsed(read(change.commit, path))
        there = _defined(now) if now is not None and read(change.commit, path) is not None else set()
        yield from (alias.asname or alias.name for alias in node.names if alias.name not in there)


def _file_of(read: Read, commit: str, module: str) -> str | None:
    place = module.replace(".", "/")
    candidates = (f"{top}{place}{end}" for top in ("", "src/") for end in (".py", "/__init__.py"))
    return next((path for path in candidates if read(commit, path) is not None), None)


def _names(function: Function) -> set[str]:
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}


def _defined(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names
