"""What a running test will expect next, read from its source before it acts.

An expectation that holds already before the action that it follows is no sign that the action has done anything.
Whether it holds can be looked up only while the page is as it was, so that what comes next has to be known by then.
Statements are followed that do nothing but find and expect; anything else ends what is known.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import FrameType, FunctionType, MethodType
from typing import Any

from playwright.sync_api import Locator, Page

from pytest_chimera.judge.assertions import Expectation

ACTIONS = frozenset(
    [
        "check",
        "clear",
        "click",
        "dblclick",
        "dispatch_event",
        "down",
        "drag_and_drop",
        "drag_to",
        "fill",
        "focus",
        "hover",
        "insert_text",
        "press",
        "press_sequentially",
        "select_option",
        "set_checked",
        "set_input_files",
        "tap",
        "type",
        "uncheck",
        "up",
        "wheel",
    ]
)
NAVIGATIONS = frozenset({"goto", "reload", "go_back", "go_forward", "set_content"})
_FINDING = frozenset(
    [
        "and_",
        "compile",
        "content_frame",
        "expect",
        "filter",
        "first",
        "frame_locator",
        "get_by_alt_text",
        "get_by_label",
        "get_by_placeholder",
        "get_by_role",
        "get_by_test_id",
        "get_by_text",
        "get_by_title",
        "last",
        "locator",
        "nth",
        "or_",
        "soft",
        "main_frame",
    ]
)
_PLAIN = frozenset({"str", "int", "len", "range", "format", "join", "lower", "upper", "capitalize", "title", "strip"})
_DEPTH = 4
_MOST = 40


class Unknown(Exception):
    """What comes next cannot be told."""


@dataclass
class _Walk:
    """Goes through statements that are still to come.

    :param whole: goes on behind the next action.
    """

    whole: bool
    found: list[Expectation] = field(default_factory=list)
    ended: bool = False

    def through(self, statements: Sequence[ast.stmt], scope: dict[str, Any], depth: int = 0) -> None:
        for statement in statements:
            if self.ended or len(self.found) >= _MOST:
                return
            try:
                self._one(statement, scope, depth)
            except Exception:  # whatever evaluating it raises: the test itself will say so
                self._passed()

    def _one(self, statement: ast.stmt, scope: dict[str, Any], depth: int) -> None:
        if isinstance(statement, ast.Assign) and _is_pure(statement.value):
            [target] = statement.targets
            if isinstance(target, ast.Name):
                scope[target.id] = _value(statement.value, scope)
            return
        if isinstance(statement, ast.With):
            self.through(statement.body, scope, depth)
        elif isinstance(statement, ast.For) and isinstance(statement.target, ast.Name) and _is_pure(statement.iter):
            for value in _value(statement.iter, scope):
                self.through(statement.body, {**scope, statement.target.id: value}, depth)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            self._call(statement.value, scope, depth)
        elif not isinstance(statement, ast.Pass | ast.Expr | ast.Import | ast.ImportFrom | ast.Assert):
            self._passed()

    def _call(self, call: ast.Call, scope: dict[str, Any], depth: int) -> None:
        expectation = _expectation(call, scope)
        if expectation is not None:
            self.found.append(expectation)
        elif isinstance(call.func, ast.Attribute) and call.func.attr in ACTIONS | NAVIGATIONS:
            self._passed()
        elif depth < _DEPTH and (body := _body(call, scope)):
            self.through(*body, depth + 1)
        elif _acts(call):
            self._passed()

    def _passed(self) -> None:
        """An action, or what may be one: what follows it is none of what is expected before it."""
        if self.found and not self.whole:
            self.ended = True


def ahead(frames: Sequence[tuple[FrameType, int]], *, whole: bool, again: bool = False) -> tuple[Expectation, ...]:
    """What is expected once the running statement has done what it does.

    :param frames: the test's own frames with the lines that they are at, the innermost first.
    :param whole: all that is still to come; otherwise what follows the actions that come next.
    :param again: the running statement too, because it has failed.
    """
    walk = _Walk(whole)
    for place, (frame, line) in enumerate(frames):
        with suppress(OSError, SyntaxError, Unknown):
            here = again and place == 0
            walk.through(_following(frame, line, here), {**frame.f_globals, **frame.f_locals})
    return tuple(walk.found)


def own_frames(frame: FrameType | None, folder: Path) -> list[tuple[FrameType, int]]:
    """The frames that run a file of the judge's folder, the innermost first."""
    found = []
    while frame is not None:
        if Path(frame.f_code.co_filename).is_relative_to(folder):
            found.append((frame, frame.f_lineno))
        frame = frame.f_back
    return found


# -- statements


@lru_cache(maxsize=64)
def _tree(source: str) -> ast.Module:
    return ast.parse(source)


def _following(frame: FrameType, line: int, again: bool) -> list[ast.stmt]:
    """The statements that come after the line, from its own block outwards."""
    source = Path(frame.f_code.co_filename).read_text(encoding="utf-8")
    function = _function_at(_tree(source), frame.f_code.co_firstlineno, frame.f_code.co_name)
    found: list[ast.stmt] = []
    block: Sequence[ast.stmt] = function.body
    while block:
        index = next((i for i, each in enumerate(block) if _holds_line(each, line)), None)
        if index is None:
            break
        inner = _inner(block[index], line)
        found = [*([block[index]] if again and not inner else []), *block[index + 1 :], *found]
        block = inner
    return found


def _function_at(tree: ast.Module, line: int, name: str) -> ast.FunctionDef:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if first <= line <= node.lineno:
                return node
    raise Unknown(name)


def _holds_line(statement: ast.stmt, line: int) -> bool:
    return statement.lineno <= line <= (statement.end_lineno or statement.lineno)


def _inner(statement: ast.stmt, line: int) -> Sequence[ast.stmt]:
    """The block in a statement that the line lies in; none of one that defines something."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return []
    blocks: list[Sequence[ast.stmt]] = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    return next((block for block in blocks if any(_holds_line(each, line) for each in block)), [])


# -- calls


def _expectation(call: ast.Call, scope: Mapping[str, Any]) -> Expectation | None:
    """``expect(…).to_…(…)``, evaluated; nothing of it is made."""
    made = call.func
    if not isinstance(made, ast.Attribute) or not made.attr.startswith(("to_", "not_to_")):
        return None
    inner = made.value
    if not isinstance(inner, ast.Call) or not ast.unparse(inner.func).split(".")[-1].startswith(("expect", "soft")):
        return None
    if not inner.args or not all(map(_is_pure, [inner.args[0], *call.args, *(each.value for each in call.keywords)])):
        raise Unknown
    actual = _value(inner.args[0], scope)
    if not isinstance(actual, Page | Locator):
        raise Unknown
    arguments = tuple(_value(each, scope) for each in call.args)
    options = {each.arg: _value(each.value, scope) for each in call.keywords if each.arg}
    return Expectation(actual, made.attr, arguments, options)


def _body(call: ast.Call, scope: Mapping[str, Any]) -> tuple[list[ast.stmt], dict[str, Any]] | None:
    """The statements of a function of the project's own that is called, with what it is called with."""
    if not all(map(_is_pure, [call.func, *call.args, *(each.value for each in call.keywords)])):
        return None
    function = _value(call.func, scope)
    plain = function.__func__ if isinstance(function, MethodType) else function
    if not isinstance(plain, FunctionType) or plain.__module__.startswith("playwright"):
        return None
    given = [_value(each, scope) for each in call.args]
    named = {each.arg: _value(each.value, scope) for each in call.keywords if each.arg}
    bound = inspect.signature(function).bind(*given, **named)
    bound.apply_defaults()
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(plain))).body
    assert isinstance(definition, ast.FunctionDef)
    own = {"self": function.__self__} if isinstance(function, MethodType) else {}
    enclosed = inspect.getclosurevars(plain).nonlocals
    return definition.body, {**plain.__globals__, **enclosed, **bound.arguments, **own}


def _acts(call: ast.Call) -> bool:
    """It, or something in it, may do something on a page."""
    return not _is_pure(call)


# -- expressions that only find something


def _is_pure(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        own = isinstance(node.func, ast.Attribute) and _is_pure(node.func.value)
        known = name in _FINDING | _PLAIN and (own or isinstance(node.func, ast.Name))
        return known and all(map(_is_pure, [*node.args, *(each.value for each in node.keywords)]))
    if isinstance(node, ast.Attribute | ast.Subscript):
        return all(map(_is_pure, ast.iter_child_nodes(node)))
    harmless = ast.Constant | ast.Name | ast.JoinedStr | ast.FormattedValue | ast.List | ast.Tuple | ast.BinOp
    marks = ast.UnaryOp | ast.operator | ast.unaryop | ast.expr_context | ast.Slice | ast.Dict
    return isinstance(node, harmless | marks) and all(map(_is_pure, ast.iter_child_nodes(node)))


def _value(node: ast.expr, scope: Mapping[str, Any]) -> Any:
    code = compile(ast.Expression(ast.fix_missing_locations(node)), "<ahead>", "eval")
    return eval(code, {**scope})
