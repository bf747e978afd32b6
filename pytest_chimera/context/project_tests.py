"""Which files of a project are tests, and which tests a module has."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_test_file(path: str) -> bool:
    """Whether a file is a test or a part of one, by its name or its folder."""
    *folders, name = PurePosixPath(path).parts
    named = name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))
    return named or name == "conftest.py" or not {"tests", "test"}.isdisjoint(folders)


def is_test_module(path: str) -> bool:
    """Whether a file is a module of tests, as pytest names them."""
    name = PurePosixPath(path).name
    return name.startswith("test_") and name.endswith(".py")


def parsed(content: bytes | str | None) -> ast.Module | None:
    """Return a module's tree; an empty one for a missing file, ``None`` for one that is not Python."""
    try:
        return ast.parse(content or b"")
    except (SyntaxError, ValueError):
        return None


def tests_in(tree: ast.Module) -> list[Function]:
    """Return a module's test functions, including those of its classes."""
    return [node for node in ast.walk(tree) if isinstance(node, Function) and node.name.startswith("test")]


def only_test(source: str) -> str:
    """Return the name of a module's only test; empty if it has several or none, or is not Python."""
    tree = parsed(source)
    body = tree.body if tree else []
    names = [node.name for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test")]
    return names[0] if len(names) == 1 else ""
