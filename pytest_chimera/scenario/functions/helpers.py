"""Writes calls of the project's own functions into a test's source, and reads them back."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import PurePosixPath

from pytest_chimera.errors import ScenarioError
from pytest_chimera.markers import MARKER_ARRANGE
from pytest_chimera.models import Call, GeneratedTest, Scenario
from pytest_chimera.scenario.functions.registry import written_arguments
from pytest_chimera.scenario.text.literals import WIDTH, quote, width

# -- writing


def decorator_of(call: Call) -> list[str]:
    """Return an arranging call as a decorator of the test."""
    arguments = [quote(f"{call.path}::{call.name}"), *written_arguments(call)]
    line = f"@pytest.mark.{MARKER_ARRANGE}({', '.join(arguments)})"
    if width(line) <= WIDTH:
        return [line]
    inner = ", ".join(arguments)
    if width(inner) + 4 <= WIDTH:
        return [f"@pytest.mark.{MARKER_ARRANGE}(", f"    {inner}", ")"]
    return [f"@pytest.mark.{MARKER_ARRANGE}(", *(f"    {argument}," for argument in arguments), ")"]


def import_lines(calls: Sequence[Call], path: str) -> list[str]:
    """Return the imports of functions that work on the page, one line per module, after a blank line.

    :param path: the path of the test.
    :raises ScenarioError: two of them have the same name.
    """
    names: dict[str, set[str]] = {}
    for call in calls:
        if not call.arranges:
            names.setdefault(call.path, set()).add(call.name)
    _refuse_same_name(names)
    folder = PurePosixPath(path).parent
    modules = {".".join(_module(where, folder)): sorted(found) for where, found in names.items()}
    lines = [f"from .{module} import {', '.join(found)}" for module, found in sorted(modules.items())]
    return ["", *lines] if lines else []


def _module(path: str, folder: PurePosixPath) -> tuple[str, ...]:
    parts = PurePosixPath(path).relative_to(folder).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def _refuse_same_name(names: dict[str, set[str]]) -> None:
    places: dict[str, str] = {}
    for path, found in names.items():
        for name in found:
            if name in places:
                raise ScenarioError(
                    f"Two functions for steps of one scenario are called {name}.",
                    where=f"{places[name]}, {path}",
                    remedy="Give one of them another name.",
                )
            places[name] = path


def check_same_arrangement(rows: Sequence[Scenario], path: str) -> None:
    """Check that all rows of examples arrange the same, because they share one deployment.

    :raises ScenarioError: they do not.
    """
    arranged = [[call for step in row.steps for call in step.calls if call.arranges] for row in rows]
    other = next((calls for calls in arranged if calls != arranged[0]), None)
    if other is not None:
        told = " and ".join(", ".join(call.as_text() for call in calls) or "nothing" for calls in (arranged[0], other))
        raise ScenarioError(
            f"The examples arrange different data for one deployment: {told}.",
            where=path,
            remedy="Write a separate scenario for each, or remove the placeholder from the arranging step.",
        )


# -- reading


def modules_of(test: GeneratedTest) -> tuple[str, ...]:
    """Return the modules that a test imports from its folder or below, as paths in the project:
    ``tests/e2e/steps.py``.
    """
    folder = PurePosixPath(test.path).parent
    imports = (node for node in ast.parse(test.source).body if isinstance(node, ast.ImportFrom) and node.level == 1)
    named = (folder.joinpath(*(node.module or "").split(".")) for node in imports if node.module)
    return tuple(dict.fromkeys(f"{path.as_posix()}.py" for path in named))


def arrangements_of(test: GeneratedTest) -> tuple[Call, ...]:
    """Return what a test arranges before its browser starts, in order; the functions of an outline all have the same.

    :raises ScenarioError: a marker is not written as :func:`decorator_of` writes it.
    """
    return tuple(_arrangement(node, test.path) for node in _decorators(test))


def arranging_step(test: GeneratedTest, number: int) -> str:
    """Return the step for an arranging call, given its number; empty if unknown."""
    line = _decorators(test)[number].lineno
    return next((step.text for step in test.steps if step.first <= line <= step.last), "")


def _decorators(test: GeneratedTest) -> list[ast.expr]:
    name = test.name.rpartition("::")[2]
    functions = [node for node in ast.walk(ast.parse(test.source)) if isinstance(node, ast.FunctionDef)]
    found = (node for node in functions if node.name == name or (not name and node.name.startswith("test")))
    function = next(found, None)
    return [node for node in function.decorator_list if is_arrangement(node)] if function else []


def _arrangement(node: ast.expr, path: str) -> Call:
    try:
        assert isinstance(node, ast.Call)
        [place] = [ast.literal_eval(argument) for argument in node.args]
        where, _, name = place.partition("::")
        arguments = {str(each.arg): ast.literal_eval(each.value) for each in node.keywords}
        return Call(path=where, name=name, arguments=arguments, arranges=True)
    except (ValueError, AttributeError, AssertionError):
        raise ScenarioError(
            f"The marker {MARKER_ARRANGE} takes a function's path and literals.",
            where=f"{path}:{node.lineno}",
            remedy=f'Write, for example: @pytest.mark.{MARKER_ARRANGE}("tests/arranging.py::paid_orders", count=3)',
        ) from None


def is_arrangement(node: ast.expr) -> bool:
    """Whether a decorator is the arranging marker."""
    return ast.unparse(node.func if isinstance(node, ast.Call) else node) == f"pytest.mark.{MARKER_ARRANGE}"
