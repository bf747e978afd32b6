"""The only helper of our own in generated tests, ``expect_rows``: its source, and how it is recognized."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

EXPECT_ROWS = "expect_rows"
_BEGINS = "# -- rows:"


@cache
def helper_lines() -> tuple[str, ...]:
    """Return the helper's source at the end of a generated test."""
    lines = Path(__file__).with_name("expect_rows.py").read_text(encoding="utf-8").splitlines()
    return tuple(lines[next(number for number, line in enumerate(lines) if line.startswith(_BEGINS)) :])


@cache
def _helper_nodes() -> frozenset[str]:
    return frozenset(map(ast.dump, ast.parse("\n".join(helper_lines())).body))


def is_helper(node: ast.stmt) -> bool:
    """Whether the statement is an exact part of the helper."""
    return isinstance(node, ast.Assign | ast.FunctionDef) and ast.dump(node) in _helper_nodes()


def without_helper(module: ast.Module) -> ast.Module:
    """Return a test's module without the helper."""
    return ast.Module([node for node in module.body if not is_helper(node)], module.type_ignores)


def is_call(node: ast.AST) -> bool:
    """Whether it is a call of the helper."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == EXPECT_ROWS


def says(call: ast.Call, how: str) -> bool:
    """Whether a call of the helper has ``exact``, ``ordered`` or ``absent``."""
    return any(each.arg == how for each in call.keywords)
