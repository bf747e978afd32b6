"""Python that somebody else wrote, as a syntax tree that everything here can walk; nothing of it is run."""

from __future__ import annotations

import ast

LARGEST = 1_000_000
"""Bytes; what is larger is not read."""
DEEPEST = 200
"""How deep a tree may be, so that whatever descends into it comes back."""


class Unreadable(SyntaxError):
    """It may be Python, and cannot be read as it is: says why, in a few words that follow "could not be read"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def parse(source: bytes | str) -> ast.Module:
    """The tree of a source.

    :raises SyntaxError: it is no Python.
    :raises ValueError: it is no text.
    :raises Unreadable: it is too large, or nested too deeply.
    """
    if len(source) > LARGEST:
        raise Unreadable(f"it is larger than {LARGEST // 1_000_000} MB")
    try:
        tree = ast.parse(source)
    except (RecursionError, MemoryError):
        raise Unreadable("it is nested too deeply") from None
    if _is_deep(tree):
        raise Unreadable(f"it is nested deeper than {DEEPEST} levels")
    return tree


def _is_deep(tree: ast.AST) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True
