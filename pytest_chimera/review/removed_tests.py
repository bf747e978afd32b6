"""Tests that went together with what they tested: dead code, removed with its test, is no test removed."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pytest_chimera.context.project_tests import is_test_file
from pytest_chimera.models import Change

Read = Callable[[str, str], bytes | None]
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_ALIKE = 0.7
"""How much of two names, or of two bodies, is the same where one is the other, called otherwise."""

_FEW = 8
"""Words of a body that say too little to tell it from others."""


@dataclass(frozen=True)
class Removed:
    """What went.

    :param files: test file → the names of its test functions whose subject went.
    :param data: files that tests read are among them, so that any test may be meant.
    """

    files: Mapping[str, frozenset[str]] = field(default_factory=dict)
    data: bool = False

    def covers(self, nodeid: str) -> bool:
        """Whether a test went together with its subject."""
        path, _, name = nodeid.partition("::")
        return self.data or name.rpartition("::")[2].partition("[")[0] in self.files.get(path, frozenset())

    def and_also(self, other: Removed) -> Removed:
        """What went of both."""
        files = {**self.files, **other.files}
        return Removed({path: names | self.files.get(path, frozenset()) for path, names in files.items()})


def removed_subjects(read: Read, change: Change) -> Removed:
    """The tests of the base that a change took away together with what they tested.

    A test file counts only if every test in it is either as it was, or names something that the product no longer has.
    """
    files = {}
    for file in change.files:
        if file.status in "MD" and file.path.endswith(".py") and is_test_file(file.path):
            went = _went(read, change, file.path)
            if went:
                files[file.path] = went
    return Removed(files)


def _went(read: Read, change: Change, path: str) -> frozenset[str]:
    before, after = _parsed(read(change.base, path)), _parsed(read(change.commit, path))
    if before is None or after is None:
        return frozenset()
    names = set(_lost_names(read, change, before))
    kept = {each.name: ast.dump(each) for each in _tests(after)}
    changed = [each for each in _tests(before) if kept.get(each.name) != ast.dump(each)]
    if not names or not all(names & _names(each) for each in changed):
        return frozenset()
    return frozenset(each.name for each in changed)


def _lost_names(read: Read, change: Change, tree: ast.Module) -> Iterator[str]:
    """The names that a test file imports and whose code the product no longer has, under whatever name."""
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or not node.module or node.level:
            continue
        path = _file_of(read, change.base, node.module)
        if path is None:
            continue
        now = _parsed(read(change.commit, path))
        there = _defined(now) if now is not None and read(change.commit, path) is not None else set()
        lost = [alias for alias in node.names if alias.name not in there]
        yield from (alias.asname or alias.name for alias in lost if _is_gone(read, change, path, alias.name))


def _is_gone(read: Read, change: Change, path: str, name: str) -> bool:
    """Whether code is gone, and not called otherwise: nothing new resembles it, and what used it does not go on."""
    before = _parsed(read(change.base, path)) or ast.Module([], [])
    was = next((node for node in ast.walk(before) if isinstance(node, Definition) and node.name == name), None)
    product = [file.path for file in change.files if file.path.endswith(".py") and not is_test_file(file.path)]
    for each in product:
        old, new = (_parsed(read(commit, each)) or ast.Module([], []) for commit in (change.base, change.commit))
        known = {node.name for node in _definitions(old)} if each != path else _names_defined(before) - {name}
        fresh = [node for node in _definitions(new) if node.name not in known]
        if any(_resembles(was, name, node) or (each == path and _takes_the_same(was, node)) for node in fresh):
            return False
        if _users(old, name) & {node.name for node in _definitions(new)}:
            return False
    return True


def _definitions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, Definition))


def _names_defined(tree: ast.AST) -> set[str]:
    return {node.name for node in _definitions(tree)}


def _resembles(was: ast.AST | None, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    mine, yours = name.lower().strip("_"), node.name.lower().strip("_")
    if difflib.SequenceMatcher(None, mine, yours).ratio() >= _ALIKE or (
        len(mine) > 3 < len(yours) and _in(mine, yours)
    ):
        return True
    if was is None or type(was) is not type(node):
        return False
    first, second = (_words(each) for each in (was, node))
    return len(first) >= _FEW and difflib.SequenceMatcher(None, first, second, autojunk=False).ratio() >= _ALIKE


def _takes_the_same(was: ast.AST | None, node: ast.AST) -> bool:
    """Whether a function of the same module takes what one took that is gone."""
    if not isinstance(was, Function) or not isinstance(node, Function):
        return False
    return bool(was.args.args) and [each.arg for each in was.args.args] == [each.arg for each in node.args.args]


def _in(mine: str, yours: str) -> bool:
    return mine in yours or yours in mine


def _words(node: ast.AST) -> list[str]:
    """What a piece of code is made of, without its own name and docstrings."""
    body = getattr(node, "body", [])
    return [word for each in body for word in re.findall(r"\w+|[^\w\s]", ast.unparse(each))]


def _users(tree: ast.Module, name: str) -> set[str]:
    """The functions of a module that use a name."""
    return {
        node.name
        for node in _definitions(tree)
        if isinstance(node, Function)
        and node.name != name
        and any(name == (getattr(each, "id", None) or getattr(each, "attr", None)) for each in ast.walk(node))
    }


def _file_of(read: Read, commit: str, module: str) -> str | None:
    place = module.replace(".", "/")
    candidates = (f"{top}{place}{end}" for top in ("", "src/") for end in (".py", "/__init__.py"))
    return next((path for path in candidates if read(commit, path) is not None), None)


def _parsed(content: bytes | None) -> ast.Module | None:
    """A module's tree; empty for a file that is not there, ``None`` for one that is no Python."""
    try:
        return ast.parse(content or b"")
    except SyntaxError:
        return None


def _tests(tree: ast.Module) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function) and node.name.startswith("test")]


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
