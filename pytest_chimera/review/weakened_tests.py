"""Finds tests that no longer test: removed while their subject stays, or marked to be skipped or to fail.

A test that was moved or renamed and asserts the same still counts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_chimera.context.project_tests import Function, is_test_file, parsed, tests_in
from pytest_chimera.models import Change
from pytest_chimera.review.removed_tests import Read, removed_subjects

_STOPS = {"skip", "skipif", "xfail", "importorskip", "exit", "expectedFailure", "skipIf", "skipUnless"}


@dataclass(frozen=True)
class WeakenedTest:
    """A test of the base that no longer tests: ``path``: its file; ``line``: where it is now, 0 if it is gone."""

    path: str
    name: str
    what: str
    line: int = 0


def weakened(read: Read, change: Change) -> Iterator[WeakenedTest]:
    """Yield the tests of the base that a change removes or disables, except those whose subject was removed, too."""
    paths = [file.path for file in change.files if file.path.endswith(".py") and is_test_file(file.path)]
    now = {path: _tree(read(change.commit, path)) for path in paths}
    there = [test for tree in now.values() for test in tests_in(tree)]
    removed = removed_subjects(read, change)
    for path in paths:
        before = _tree(read(change.base, path))
        if _stops_module(now[path]) > _stops_module(before):
            yield WeakenedTest(path, path, "none of its tests runs anymore")
        for test in tests_in(before):
            if not removed.covers(f"{path}::{test.name}"):
                yield from _in_test(path, test, now[path], there)


def _in_test(path: str, test: Function, tree: ast.Module, there: list[Function]) -> Iterator[WeakenedTest]:
    same = next((each for each in tests_in(tree) if each.name == test.name), None)
    same = same or next((each for each in there if each.name == test.name), None)
    if same is None:
        asserted = _asserted(test)
        if not asserted or not any(asserted <= _asserted(each) for each in there):
            yield WeakenedTest(path, test.name, "it is gone")
    elif _stops(same) > _stops(test):
        yield WeakenedTest(path, test.name, "it is skipped, or expected to fail", same.lineno)
    elif _asserted(test) and not _asserted(same):
        yield WeakenedTest(path, test.name, "it no longer asserts anything", same.lineno)


def _tree(content: bytes | None) -> ast.Module:
    return parsed(content) or ast.Module([], [])


def _stops(test: Function) -> int:
    """Return how many constructs disable it: marks, calls, and returns before any assertion."""
    words = sum(_word(node) in _STOPS for each in test.decorator_list for node in ast.walk(each))
    words += sum(_word(node.func) in _STOPS for node in ast.walk(test) if isinstance(node, ast.Call))
    return words + isinstance(_first(test), ast.Return)


def _first(test: Function) -> ast.stmt:
    body = [each for each in test.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    return body[0] if body else test.body[0]


def _stops_module(tree: ast.Module) -> int:
    """Return how many statements of a module disable all of its tests."""
    found = 0
    for node in tree.body:
        words = {_word(each) for each in ast.walk(node)}
        if isinstance(node, ast.Assign | ast.AnnAssign):
            found += (
                ("pytestmark" in words and bool(words & _STOPS)) or "__test__" in words or "collect_ignore" in words
            )
        elif isinstance(node, ast.Expr | ast.Raise | ast.If):
            found += bool(words & _STOPS)
    return found


def _word(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _asserted(test: Function) -> set[str]:
    """Return what it asserts; constants are ignored."""
    found = {
        ast.dump(node.test)
        for node in ast.walk(test)
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant)
    }
    calls = (node for node in ast.walk(test) if isinstance(node, ast.Call))
    return found | {
        ast.dump(node) for node in calls if _word(node.func).lower().startswith(("assert", "raises", "expect"))
    }
