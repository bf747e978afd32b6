"""Checks what a generated test may contain, and computes the digest of its meaning."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator

from pytest_chimera.errors import ScenarioError
from pytest_chimera.markers import MARKER_ARRANGE
from pytest_chimera.scenario.rendering.row_helper import EXPECT_ROWS, is_helper

_NAMES = frozenset(
    {"page", "expect", "re", "place", "dialog", "dialogs", "list", "str", "popup", "download", "len", EXPECT_ROWS}
)
_IMPORTS = frozenset(
    {
        "re",
        "pytest",
        "typing.Any",
        "playwright.sync_api.Locator",
        "playwright.sync_api.Page",
        "playwright.sync_api.expect",
    }
)
_DECORATORS = frozenset({"pytest.mark.parametrize", f"pytest.mark.{MARKER_ARRANGE}"})
_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Load, ast.keyword, ast.UnaryOp, ast.USub)


def check_source(source: str) -> None:
    """Check that a generated test compiles and contains only Playwright calls and the project's helpers.

    A helper is imported from the test's folder, and called with the page and literals, as a separate statement.

    :raises ScenarioError: it contains something else.
    """
    tree = ast.parse(source)
    compile(tree, "<generated test>", "exec")
    helpers = frozenset(_imported_helpers(tree))
    for node in tree.body:
        if is_helper(node):
            continue
        if isinstance(node, ast.FunctionDef):
            _check_function(node, helpers)
        elif not isinstance(node, ast.Import | ast.ImportFrom) and not is_docstring(node):
            raise _foreign(node)


def _imported_helpers(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            if any(alias.asname or f"{module}{alias.name}" not in _IMPORTS for alias in node.names):
                raise _foreign(node)


def _check_function(function: ast.FunctionDef, helpers: frozenset[str]) -> None:
    names = _NAMES | {argument.arg for argument in function.args.args}
    for decorator in function.decorator_list:
        _check_decorator(decorator)
    for statement in function.body:
        called = _helper_called(statement, helpers, names)
        parts = [inner for argument in called for inner in ast.walk(argument)] if called else ast.walk(statement)
        for part in parts:
            if not _is_own(part, names):
                raise _foreign(part)


def _check_decorator(node: ast.expr) -> None:
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in _DECORATORS:
        raise _foreign(node)
    for argument in [*node.args, *node.keywords]:
        for part in ast.walk(argument):
            if not isinstance(part, _LITERALS):
                raise _foreign(part)


def _helper_called(statement: ast.stmt, helpers: frozenset[str], names: frozenset[str]) -> list[ast.AST]:
    """Return the arguments of a statement that calls a helper; empty for any other statement."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in helpers):
        return []
    if call.func.id in names or len(call.args) != 1 or ast.unparse(call.args[0]) != "page":
        raise _foreign(statement)
    return [*call.args, *call.keywords]


def _is_own(node: ast.AST, names: frozenset[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Attribute):
        return not node.attr.startswith("_")
    return isinstance(
        node,
        (
            ast.Expr, ast.Call, ast.Constant, ast.keyword, ast.List, ast.Lambda, ast.arguments, ast.arg, ast.Assign,
            ast.Load, ast.Store, ast.BinOp, ast.Add, ast.AnnAssign, ast.Subscript, ast.Assert, ast.Compare, ast.In,
            ast.NotIn, ast.UnaryOp, ast.Not, ast.USub, ast.Eq, ast.With, ast.withitem,
        ),
    )  # fmt: skip


def _foreign(node: ast.AST) -> ScenarioError:
    return ScenarioError(f"The generated test holds something other than Playwright's own calls: {ast.unparse(node)}")


def is_docstring(node: ast.stmt) -> bool:
    """Whether a statement is only a string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def meaning_of(source: str) -> str:
    """Return a digest of a test's syntax tree without docstrings; comments and layout do not count.

    :raises SyntaxError: the source is not valid Python.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            node.body = [*(node.body[1:] if node.body and is_docstring(node.body[0]) else node.body)] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()
