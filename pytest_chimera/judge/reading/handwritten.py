"""Restricts what a hand-written test may use: the browser and its own end-to-end folder, never the product's code."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from pytest_chimera.errors import PreconditionError
from pytest_chimera.models import GeneratedTest

_SERVERS = "Give chimera_serve, and open pages by their path: the judge is given the URL of a deployment."
_DATA = (
    "Arrange data through the page, in a preparing line of chimera_serve, or with a function of your own: "
    '@pytest.mark.chimera_arrange("tests/arranging.py::paid_orders", count=3)'
)
FIXTURE_REMEDIES: Mapping[str, str] = {
    "live_server": _SERVERS,
    "live_server_url": _SERVERS,
    "db": _DATA,
    "transactional_db": _DATA,
    "django_db_setup": _DATA,
    "client": "Drive the application through the fixture page.",
}
_NEVER_PRODUCT = frozenset({"tests", "test", "conftest", "setup", "noxfile", "tasks", "docs"})


def product_modules(paths: Iterable[str]) -> frozenset[str]:
    """Return the names under which a project's own code is imported.

    :param paths: all paths of the base commit.
    """
    names = set()
    for path in map(PurePosixPath, paths):
        parts = path.parts[1:] if path.parts[:1] == ("src",) else path.parts
        if path.suffix == ".py" and parts:
            names.add(PurePosixPath(parts[0]).stem)
    return frozenset(names) - _NEVER_PRODUCT


def check_handwritten(
    test: GeneratedTest, e2e_files: Mapping[str, bytes] | None = None, product: Iterable[str] = ()
) -> None:
    """Refuse a hand-written test that cannot be judged from outside.

    :param e2e_files: the base commit's end-to-end folder, path → content; its modules may be imported.
    :param product: the names of the project's own modules (:func:`product_modules`).
    :raises PreconditionError: it imports the product, or requests a fixture that serves it or opens its database; the
        error says where, and what to write instead.
    """
    own = {PurePosixPath(path).stem for path in e2e_files or {}}
    forbidden = frozenset(product) - own
    sources = {path: content.decode("utf-8", errors="replace") for path, content in (e2e_files or {}).items()}
    trees = {
        path: _parsed(source) for path, source in {**sources, test.path: test.source}.items() if path.endswith(".py")
    }
    for path, tree in trees.items():
        _check_imports(path, tree, forbidden)
    defined = {node.name for tree in trees.values() for node in _functions(tree)}
    for name, line in _requested(_parsed(test.source), test.name):
        if name in FIXTURE_REMEDIES and name not in defined:
            raise PreconditionError(
                f"The fixture {name} does not exist where the judge runs.",
                where=f"{test.path}:{line}",
                remedy=FIXTURE_REMEDIES[name],
            )


def _parsed(source: str) -> ast.Module:
    """Return a module's tree; an empty one if it is not Python: the judge reports it, with the line."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _check_imports(path: str, tree: ast.Module, forbidden: frozenset[str]) -> None:
    for module, line in _imports(tree):
        if module.partition(".")[0] in forbidden:
            raise PreconditionError(
                f"An end-to-end test cannot import the application: {module}.",
                where=f"{path}:{line}",
                remedy=f"The judge runs without the product's code. {_DATA}",
            )


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _requested(tree: ast.Module, function: str) -> Iterator[tuple[str, int]]:
    """Yield the fixtures that a test requests, each with the test's line."""
    for node in _functions(tree):
        if node.name == function.rpartition("::")[2]:
            yield from ((each.arg, node.lineno) for each in (*node.args.args, *node.args.kwonlyargs))
