"""Formats a statement like ``ruff format`` at 88 columns, without ruff.

The generated source has few constructs: chains of attributes and calls, their arguments, lists, constants and lambdas.
Each is a document of text and groups; a group is on one line if it fits, and is otherwise broken at its soft lines.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from pytest_chimera.scenario.text.literals import WIDTH, width


@dataclass(frozen=True)
class Group:
    """Parts that are on one line together, or broken at each of their lines."""

    parts: tuple[Doc, ...]


@dataclass(frozen=True)
class Indent:
    """Parts that are indented by four more columns if their lines break."""

    parts: tuple[Doc, ...]


@dataclass(frozen=True)
class Beside:
    """Parts next to each other, broken or not like the group around them."""

    parts: tuple[Doc, ...]


@dataclass(frozen=True)
class Line:
    """A place to break; ``flat`` is the text if it is not broken."""

    flat: str = ""


@dataclass(frozen=True)
class IfBroken:
    """Text that occurs only if the group is broken."""

    text: str


Doc = str | Group | Indent | Beside | Line | IfBroken


def lay_out(statement: str, indent: int = 4) -> tuple[str, ...]:
    """Return the lines of one statement, without the first line's indentation of ``indent`` columns.

    :param statement: one simple statement on one line.
    :param indent: how far the first line is indented in the module.
    """
    if width(statement) + indent <= WIDTH:
        return (statement,)
    node = ast.parse(statement).body[0]
    doc = _statement(node, statement)
    printed = _print(doc, indent)
    return tuple(line[indent:] if number else line for number, line in enumerate(printed.split("\n")))


def _statement(node: ast.stmt, source: str) -> Doc:
    if isinstance(node, ast.Expr):
        return _chain(node.value, source, nested=False)
    if isinstance(node, ast.Assign):
        left = ast.get_source_segment(source, node.targets[0]) or ""
        return Group((f"{left} = ", _chain(node.value, source, nested=False)))
    return source


def _chain(node: ast.expr, source: str, *, nested: bool) -> Doc:
    """Format a chain of attributes and calls: one group of arguments per call; fluent inside brackets."""
    links = _links(node)
    if nested and _is_fluent(links):
        return Group(tuple(_fluent(links, source)))
    parts: list[Doc] = []
    for link in links:
        parts.extend(_link(link, source))
    return Beside(tuple(parts))


def _links(node: ast.expr) -> list[ast.expr]:
    links: list[ast.expr] = []
    current: ast.expr = node
    while True:
        links.append(current)
        if isinstance(current, ast.Call):
            current = current.func
        elif isinstance(current, ast.Attribute):
            current = current.value
        else:
            return links[::-1]


def _is_fluent(links: list[ast.expr]) -> bool:
    return sum(_follows_call(links, place) for place in range(1, len(links))) >= 2


def _follows_call(links: list[ast.expr], place: int) -> bool:
    return isinstance(links[place], ast.Attribute) and isinstance(links[place - 1], ast.Call)


def _fluent(links: list[ast.expr], source: str) -> list[Doc]:
    parts: list[Doc] = []
    for place, link in enumerate(links):
        if place and _follows_call(links, place):
            parts.append(Line())
        parts.extend(_link(link, source))
    return parts


def _link(link: ast.expr, source: str) -> list[Doc]:
    if isinstance(link, ast.Attribute):
        return [f".{link.attr}"]
    if isinstance(link, ast.Call):
        arguments = [_value(argument, source) for argument in link.args]
        arguments += [Beside((f"{word.arg}=", _value(word.value, source))) for word in link.keywords]
        return [_bracketed("(", arguments, ")")]
    return [_atom(link, source)]


def _value(node: ast.expr, source: str) -> Doc:
    if isinstance(node, (ast.Call, ast.Attribute)):
        return _chain(node, source, nested=True)
    return _atom(node, source)


def _atom(node: ast.expr, source: str) -> Doc:
    if isinstance(node, (ast.List, ast.Tuple)):
        opening, closing = ("[", "]") if isinstance(node, ast.List) else ("(", ")")
        return _bracketed(opening, [_value(item, source) for item in node.elts], closing)
    if isinstance(node, ast.Lambda):
        arguments = ", ".join(argument.arg for argument in node.args.args)
        return Beside((f"lambda {arguments}: ", _chain(node.body, source, nested=False)))
    return ast.get_source_segment(source, node) or ""


def _bracketed(opening: str, items: list[Doc], closing: str) -> Doc:
    """Format items in brackets: arguments are put on one separate line if they fit there, a list's items never are."""
    if not items:
        return opening + closing
    inner: list[Doc] = []
    for place, item in enumerate(items):
        inner += [item, ",", Line(" ")] if place < len(items) - 1 else [item, IfBroken(",")]
    if opening == "(" and len(items) == 1:
        inner.pop()
    body: Doc = Group(tuple(inner)) if opening == "(" else Beside(tuple(inner))
    return Group((opening, Indent((Line(), body)), Line(), closing))


def _print(doc: Doc, indent: int) -> str:
    out: list[str] = []
    column = indent
    stack: list[tuple[int, bool, Doc]] = [(indent, True, doc)]
    while stack:
        depth, broken, item = stack.pop()
        if isinstance(item, Line) and broken:
            out.append("\n" + " " * depth)
            column = depth
        elif isinstance(item, str | Line | IfBroken):
            text = _text(item, broken=broken)
            out.append(text)
            column += width(text)
        else:
            depth += 4 if isinstance(item, Indent) else 0
            if isinstance(item, Group):
                broken = not _fits(item, stack, WIDTH - column)
            stack.extend((depth, broken, part) for part in reversed(item.parts))
    return "".join(out)


def _text(item: str | Line | IfBroken, *, broken: bool) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, Line):
        return item.flat
    return item.text if broken else ""


def _fits(group: Group, rest: list[tuple[int, bool, Doc]], room: int) -> bool:
    """Whether the group fits on one line together with what follows it up to the next place to break."""
    waiting: list[tuple[bool, Doc]] = [(broken, item) for _, broken, item in rest]
    waiting.append((False, group))
    while waiting and room >= 0:
        broken, item = waiting.pop()
        if isinstance(item, Line) and broken:
            return True
        if isinstance(item, str | Line | IfBroken):
            room -= width(_text(item, broken=broken))
        else:
            waiting.extend((broken, part) for part in reversed(item.parts))
    return room >= 0
