"""Tests that no longer test, or test less: taken away while what they test stays, switched off, or asserting less.

A test that moved, or bears another name and asserts the same, is still there. What tests use belongs to them: helpers,
fixtures, values in their modules, files of data.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pytest_chimera.context.project_tests import is_test_file
from pytest_chimera.models import Change
from pytest_chimera.review.following_tests import STOPS, Fate, Function, bound_by, dumped, fate_of, has_grown, word
from pytest_chimera.review.removed_tests import Removed, removed_subjects

Read = Callable[[str, str], bytes | None]
_CODE = (
    ".js",
    ".mjs",
    ".cjs",
    ".jsx",
    ".ts",
    ".mts",
    ".cts",
    ".tsx",
    ".rb",
    ".go",
    ".rs",
    ".java",
    ".kt",
    ".php",
    ".cs",
)
_SWITCHES_OFF = re.compile(
    rb"\b(?:skip|only|todo|xit|xtest|xdescribe|fit|fdescribe|return|mock|process|exit|t\.Skip)\b"
)
_TEXTS = (".md", ".rst", ".gitignore", ".gitkeep")
"""Files in the tests' folder that no test reads."""


@dataclass(frozen=True)
class Weakened:
    """A test of the base, or something that tests use, that is not what it was.

    :param rule: the rule that it is found by; ``path`` its file, ``line`` where it is now, 0 where it is gone.
    """

    rule: str
    path: str
    name: str
    what: str
    line: int = 0


@dataclass(frozen=True)
class _Module:
    """A module of tests: its functions and values by their qualified names, and everything else that it does."""

    tree: ast.Module
    named: Mapping[str, ast.stmt]

    @property
    def tests(self) -> Iterator[tuple[str, Function]]:
        """Its test functions."""
        return ((name, node) for name, node in self.named.items() if _is_test(name) and isinstance(node, Function))


def weakened(read: Read, change: Change) -> Iterator[Weakened]:
    """What a change does to the tests of the base, but for those whose subject went, too."""
    touched = [file.path for file in change.files if is_test_file(file.path)]
    data = {path: read(change.commit, path) for path in touched if not path.endswith((".py", *_TEXTS))}
    for path, after in data.items():
        yield from _in_data(path, read(change.base, path), after, data.values())
    paths = [path for path in touched if path.endswith(".py")]
    now = {path: _module(read(change.commit, path)) for path in paths}
    removed = removed_subjects(read, change)
    for path in paths:
        try:
            yield from _in_module(path, _module(read(change.base, path)), now, removed)
        except RecursionError:
            yield Weakened("weakened-test", path, path, "it is nested too deeply to be read")


def following(read: Read, change: Change) -> Removed:
    """The tests whose expectations have grown, with everything old still there: file → their names."""
    seen = [*weakened(read, change)]
    lost = {each.path for each in seen if each.rule != "following-test"}
    found: dict[str, set[str]] = {}
    for each in seen:
        if each.path not in lost:
            found.setdefault(each.path, set()).add(each.name.rpartition(".")[2])
    files = {path: frozenset(names) for path, names in found.items()}
    return Removed(files, data=any(not path.endswith(".py") for path in files))


def _in_module(path: str, before: _Module, now: Mapping[str, _Module], removed: Removed) -> Iterator[Weakened]:
    after = now[path]
    if _stops_module(after.tree) > _stops_module(before.tree):
        yield Weakened("removed-test", path, path, "none of its tests runs any more")
    for name, test in before.tests:
        if not removed.covers(f"{path}::{test.name}"):
            yield from _in_test(path, name, test, after, now)
    yield from _in_helpers(path, before, now)
    is_own = not path.endswith("conftest.py")  # what that does is protected
    if is_own and before.tree.body and after.tree.body and (line := _does_more(before.tree, after.tree)):
        yield Weakened("weakened-test", path, path, "its module does what it did not", line)


# -- tests


def _in_test(path: str, name: str, test: Function, after: _Module, now: Mapping[str, _Module]) -> Iterator[Weakened]:
    same = dict(after.tests).get(name)
    if same is None:
        moved = (node for module in now.values() for _, node in module.tests)
        if not any(fate_of(test, each) <= Fate.STRONGER for each in moved):
            yield Weakened("removed-test", path, name, "it is gone")
    elif _stops(same) > _stops(test):
        yield Weakened("removed-test", path, name, "it is skipped, or expected to fail", same.lineno)
    elif _asserted(test) and not _asserted(same):
        yield Weakened("removed-test", path, name, "it asserts nothing any more", same.lineno)
    elif (fate := fate_of(test, same)) is Fate.FOLLOWS:
        yield Weakened("following-test", path, name, "everything old is in it still", same.lineno)
    elif fate is Fate.WEAKER:
        yield Weakened("weakened-test", path, name, "what it did before is not all in it any more", same.lineno)


def _stops(test: Function) -> int:
    """How many of its words switch it off: marks, calls, and an end before anything was asserted."""
    words = sum(word(node) in STOPS for each in test.decorator_list for node in ast.walk(each))
    words += sum(word(node.func) in STOPS for node in ast.walk(test) if isinstance(node, ast.Call))
    return words + isinstance(_first(test), ast.Return)


def _first(test: Function) -> ast.stmt:
    body = [each for each in test.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    return body[0] if body else test.body[0]


def _asserted(test: Function) -> set[str]:
    """What it asserts; a constant says nothing."""
    found = {
        ast.dump(node.test)
        for node in ast.walk(test)
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant)
    }
    calls = (node for node in ast.walk(test) if isinstance(node, ast.Call))
    return found | {
        ast.dump(node) for node in calls if word(node.func).lower().startswith(("assert", "raises", "expect"))
    }


# -- what tests use


def _in_helpers(path: str, before: _Module, now: Mapping[str, _Module]) -> Iterator[Weakened]:
    for name, node in before.named.items():
        if _is_test(name) and isinstance(node, Function):
            continue
        places = (now[path],) if now[path].tree.body else now.values()
        same = next((module.named[name] for module in places if name in module.named), None)
        if same is not None and fate_of(node, same) > Fate.STRONGER:
            yield Weakened("weakened-test", path, name, "tests use it, and it is not what it was", same.lineno)


def _in_data(path: str, before: bytes | None, after: bytes | None, there: Iterable[bytes | None]) -> Iterator[Weakened]:
    if before is None or (after is not None and _plain(before) == _plain(after)):
        return
    if after is None:
        if not any(each is not None and _plain(each) == _plain(before) for each in there):
            yield Weakened("removed-test", path, path, "it is gone")
    elif path.endswith(_CODE):
        if _lines_were_lost(before, after):
            yield Weakened("weakened-test", path, path, "what it did before is not all in it any more")
    elif _data_has_grown(path, before, after):
        yield Weakened("following-test", path, path, "everything old is in it still")
    else:
        yield Weakened("weakened-test", path, path, "tests read it, and what it said before is not all in it any more")


def _plain(content: bytes) -> list[bytes]:
    """A file without its layout."""
    return re.findall(rb"\w+|[^\w\s,;]", content.replace(b"'", b'"'))


def _lines_were_lost(before: bytes, after: bytes) -> bool:
    """Whether tests in another language have lost a line, or got one that switches tests off or leaves them early."""
    left = [b" ".join(_plain(line)) for line in before.splitlines() if line.strip()]
    added = []
    for line in (b" ".join(_plain(line)) for line in after.splitlines() if line.strip()):
        if left and line == left[0]:
            left.pop(0)
        else:
            added.append(line)
    return bool(left) or any(_SWITCHES_OFF.search(line) for line in added)


def _data_has_grown(path: str, before: bytes, after: bytes) -> bool:
    try:
        if path.endswith(".json"):
            return has_grown(json.loads(before), json.loads(after))
        return has_grown(before.decode(), after.decode())
    except (ValueError, RecursionError):
        return False


# -- modules


def _module(content: bytes | None) -> _Module:
    try:
        tree = ast.parse(content or b"")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.Module([], [])
    return _Module(tree, dict(_named(tree.body)))


def _named(body: list[ast.stmt], inside: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """Functions and values by their names; the last of a name counts, as it does for Python."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield f"{inside}{node.name}()", _head(node)
            yield from _named(node.body, f"{inside}{node.name}.")
        elif isinstance(node, Function):
            yield f"{inside}{node.name}", node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield from ((f"{inside}{name}", node) for name in bound_by(node))
        elif isinstance(node, ast.ImportFrom):
            for each in node.names:
                alone = ast.ImportFrom(node.module, [each], node.level, lineno=node.lineno, col_offset=0)
                yield f"{inside}{each.asname or each.name}", alone


def _head(node: ast.ClassDef) -> ast.stmt:
    """What a class says of itself, without what is in it."""
    said = [*node.decorator_list, *node.bases, *(each.value for each in node.keywords)]
    return ast.Expr(ast.Tuple(said, ast.Load()), lineno=node.lineno, col_offset=0)


def _is_test(name: str) -> bool:
    return name.rpartition(".")[2].startswith("test")


def _does_more(before: ast.Module, after: ast.Module) -> int:
    """The line of the first statement that a module had not, and that does more than to give something a name."""
    known = {dumped(node) for node in before.body}
    return next((node.lineno for node in after.body if _acts(node) and dumped(node) not in known), 0)


def _acts(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return not all(isinstance(each, ast.Name | ast.Tuple) for each in node.targets)
    named = Function | ast.ClassDef | ast.Import | ast.ImportFrom | ast.AnnAssign
    return not isinstance(node, named) and not (isinstance(node, ast.If) and word(node.test) == "TYPE_CHECKING")


def _stops_module(tree: ast.Module) -> int:
    """How many statements of a module switch all of its tests off."""
    found = 0
    for node in tree.body:
        words = {word(each) for each in ast.walk(node)}
        if isinstance(node, ast.Assign | ast.AnnAssign):
            found += ("pytestmark" in words and bool(words & STOPS)) or "__test__" in words or "collect_ignore" in words
        elif isinstance(node, ast.Expr | ast.Raise | ast.If):
            found += bool(words & STOPS)
    return found
