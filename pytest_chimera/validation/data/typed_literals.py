"""Reads from a test's syntax tree what it types and expects: which literals are data, and where they occur."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

from pytest_chimera.models import GeneratedTest
from pytest_chimera.scenario.functions.helpers import is_arrangement
from pytest_chimera.scenario.rendering.row_helper import without_helper
from pytest_chimera.validation.data.fresh_texts import holds, without, words_of

TYPING = {"fill", "type", "press_sequentially", "insert_text"}
_CONTROLS = {"button", "tab", "menuitem", "textbox", "searchbox", "combobox"}
_SEARCH = re.compile(r"search|filter|find|look ?up", re.IGNORECASE)
PASSWORD = re.compile(r"passw|passphrase|\bpin\b", re.IGNORECASE)


class Text(Protocol):
    """A string constant in a syntax tree."""

    value: str
    lineno: int


@dataclass(frozen=True)
class Typed:
    """A place where a literal is typed.

    :param literal: the text; ``field``: the element that it is typed into, as source.
    :param statement: the index of the statement in the function's body, with loops unrolled.
    """

    literal: str
    field: str
    statement: int


@dataclass
class Script:
    """A test with its loops over literals unrolled.

    :param module: the entire tree; ``function``: the test function in it.
    :param given: texts that are existing data: from a Given, or declared.
    """

    module: ast.Module
    function: ast.FunctionDef
    given: frozenset[str] = frozenset()
    typed: list[Typed] = field(default_factory=list)

    @classmethod
    def of(cls, test: GeneratedTest, fixed: Collection[str] = ()) -> Script | None:
        """Return the script of a test; ``None`` if its function is not found."""
        module = ast.parse(test.source)
        name = test.name.rpartition("::")[2]
        found = (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef) and node.name == name)
        function = next(found, None)
        if function is None:
            return None
        given = frozenset(fixed) | _given(test, function)
        function.body = [each for statement in function.body for each in _written_out(statement)]
        script = cls(module, function, given)
        script.typed = list(_typings(function))
        return script

    def copy(self) -> Script:
        """Return a copy to modify."""
        module = copy.deepcopy(self.module)
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef) and node.name == self.function.name:
                return Script(module, node, self.given, self.typed)
        raise AssertionError("a copy holds the function that it was made of")

    @property
    def source(self) -> str:
        """Return the module as source."""
        return ast.unparse(ast.fix_missing_locations(self.module)) + "\n"

    def data(self) -> dict[str, str]:
        """Return the literals that are data: typed, and expected or searched for later; empty ones are not.

        :returns: literal → the field that it was first typed into. A literal of the same field as one of them is data,
            too.
        """
        typed = [each for each in self.typed if self._is_free(each)]
        elsewhere = [node.value for node in strings(self.function.body) if not _is_typing(node)]
        expected = {each.field for each in typed if any(holds(text, each.literal) for text in elsewhere)}
        return {each.literal: each.field for each in typed if each.field in expected}

    def _is_free(self, typed: Typed) -> bool:
        if any(holds(text, typed.literal) or holds(typed.literal, text) for text in self.given):
            return False
        logs_in = [each.statement for each in self.typed if PASSWORD.search(each.field)]
        if logs_in and typed.statement <= max(logs_in):
            return False
        fields = {each.field for each in self.typed if each.literal == typed.literal}
        return not all(_SEARCH.search(each) for each in fields)

    def pinned(self, data: Collection[str]) -> set[str]:
        """Return the words that do not only stand for data."""
        texts = [node.value for node in strings([without_helper(self.module)]) if node.value not in data]
        rest = [*(without(text, data) for text in texts), *self.given, *_names_of_controls(self.function, data)]
        return set[str]().union(*map(words_of, rest)) if rest else set()


def strings(nodes: Sequence[ast.AST]) -> Iterator[Text]:
    """Yield the string constants below some nodes, except docstrings."""
    for top in nodes:
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(top)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(top):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield cast(Text, node)


def _names_of_controls(function: ast.FunctionDef, data: Collection[str]) -> Iterator[str]:
    """Yield names of buttons and fields that are also typed: there, the text stands for the control."""
    known = {literal.lower() for literal in data}
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        first = call.args[0] if call.args else None
        if isinstance(first, ast.Constant) and first.value in _CONTROLS:
            names = (each.value for each in call.keywords if each.arg == "name")
            texts = (name.value for name in strings([ast.Expr(each) for each in names]))
            yield from (text for text in texts if text.lower() in known)


def _is_typing(node: Text) -> bool:
    return bool(getattr(node, "is_typed", False))


def _given(test: GeneratedTest, function: ast.FunctionDef) -> frozenset[str]:
    lines = {line for step in test.steps if step.keyword == "Given" for line in range(step.first, step.last + 1)}
    arranged = strings([node for node in function.decorator_list if is_arrangement(node)])
    given = [node for node in strings([function]) if node.lineno in lines]
    return frozenset(node.value for node in (*given, *arranged) if node.value)


def _typings(function: ast.FunctionDef) -> Iterator[Typed]:
    assigned: dict[str, ast.Constant] = {}
    for number, statement in enumerate(function.body):
        for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
            if not (isinstance(call.func, ast.Attribute) and call.func.attr in TYPING and (call.args or call.keywords)):
                continue
            value = call.args[-1] if call.args else call.keywords[-1].value
            constant = assigned.get(value.id) if isinstance(value, ast.Name) else value
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str) and constant.value.strip():
                constant.is_typed = True  # type: ignore[attr-defined]  # a mark of our own on the tree
                where = ast.unparse(call.func.value) + "".join(ast.unparse(each) for each in call.args[:-1])
                yield Typed(constant.value, where, number)
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            assigned |= {each.id: statement.value for each in statement.targets if isinstance(each, ast.Name)}


# -- unrolled loops over literals


def _written_out(statement: ast.stmt) -> list[ast.stmt]:
    """Return a loop over a list of literals as the statements that it runs; any other statement unchanged."""
    if not isinstance(statement, ast.For) or statement.orelse or not isinstance(statement.iter, ast.Tuple | ast.List):
        return [statement]
    if any(isinstance(node, ast.Break | ast.Continue) for node in ast.walk(statement)):
        return [statement]
    rows = [_bound(statement.target, element) for element in statement.iter.elts]
    if any(row is None or _rebinds(statement, row) for row in rows):
        return [statement]
    once = [_Binding(row).visit(copy.deepcopy(each)) for row in rows if row for each in statement.body]
    return [each for inner in once for each in _written_out(inner)]


def _bound(target: ast.expr, element: ast.expr) -> dict[str, ast.Constant] | None:
    if isinstance(target, ast.Name) and isinstance(element, ast.Constant):
        return {target.id: element}
    if isinstance(target, ast.Tuple) and isinstance(element, ast.Tuple | ast.List):
        pairs = list(zip(target.elts, element.elts, strict=False))
        if len(target.elts) == len(element.elts) and all(isinstance(name, ast.Name) for name, _ in pairs):
            values = {name.id: value for name, value in pairs if isinstance(name, ast.Name)}
            constants = {name: value for name, value in values.items() if isinstance(value, ast.Constant)}
            return constants if len(constants) == len(values) else None
    return None


def _rebinds(loop: ast.For, row: dict[str, ast.Constant]) -> bool:
    names = (node for each in loop.body for node in ast.walk(each) if isinstance(node, ast.Name))
    return any(name.id in row and not isinstance(name.ctx, ast.Load) for name in names)


class _Binding(ast.NodeTransformer):
    def __init__(self, row: dict[str, ast.Constant]) -> None:
        self._row = row

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self._row[node.id]) if node.id in self._row else node
