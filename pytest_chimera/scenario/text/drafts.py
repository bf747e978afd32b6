"""Drafts of steps: what they may contain, and how they are inserted into the person's file.

A draft is data, whoever wrote it: it is read line by line, and inserted as the text of a docstring or of a scenario,
never as code. A draft in a file is marked by a line. As long as the line is there, the steps below it are not used.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_chimera.errors import ScenarioError, StateError
from pytest_chimera.models import Feature
from pytest_chimera.scenario.text.gherkin import read_gherkin
from pytest_chimera.scenario.text.step_text import read_steps

MARK = "# A draft. Read it, change it, and delete this line to accept it."
"""The line that marks a draft, so that it is not used."""
LONGEST = 40
"""The maximum number of lines in a draft."""
WIDEST = 400
"""The maximum number of characters in one of its lines."""


@dataclass(frozen=True)
class Edit:
    """A file's contents, and its contents with a draft in it."""

    path: str
    before: str
    after: str

    def diff(self) -> str:
        """Return the change as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), f"a/{self.path}", f"b/{self.path}", lineterm=""
        )
        return "\n".join(lines)


def read_draft(text: str) -> tuple[str, ...]:
    """Return the steps of a draft, one per line.

    :raises ScenarioError: there are none, too many, or a line contains something that no step can.
    """
    lines = [line.strip() for line in text.splitlines()]
    steps = [line for line in lines if line and not line.startswith(("```", "#"))]
    if not steps:
        raise ScenarioError("The draft contains no steps.", remedy="Run it again, or write the steps yourself.")
    if len(steps) > LONGEST or any(len(step) > WIDEST for step in steps):
        raise ScenarioError(
            f"The draft is too long: a scenario has at most {LONGEST} lines of {WIDEST} characters.",
            remedy="Ask for less in one feature, or write the steps yourself.",
        )
    unseen = next((step for step in steps if not step.isprintable()), None)
    if unseen is not None:
        raise ScenarioError(f"A line of the draft contains invisible characters: {unseen!r}")
    return tuple(steps)


def refuse_unread(text: str, where: str) -> None:
    """Refuse a draft that nobody has accepted.

    :raises ScenarioError: the text is one.
    """
    if any(line.strip() == MARK for line in text.splitlines()):
        raise ScenarioError(
            "These steps are a draft that nobody has accepted.",
            where=where,
            remedy=f"Read them, change them, and delete the line above them: {MARK}",
        )


def _lines(source: str) -> list[str]:
    """Return the lines as Python and Gherkin count them, with their line ends."""
    return re.findall(r"[^\n]*\n|[^\n]+$", source)


# -- into a docstring


def edit_function(path: str, source: str, feature: Feature, steps: Sequence[str]) -> Edit:
    """Return the edit that puts a draft into the docstring of the marked function.

    Existing text in the docstring stays above it: context as it is, other lines as comments.

    :param source: the file's text.
    :raises ScenarioError: the function does not exist.
    """
    function = _function(source, feature)
    if function is None:
        raise ScenarioError(f"{feature.id} is no longer in its file.", where=path, remedy="Run it again.")
    said = [_kept(line.rstrip()) for line in (ast.get_docstring(function) or "").splitlines()]
    text = [*said, *([""] if said else []), MARK, *steps]
    after = _with_docstring(source, function, text)
    changed = _function(after, feature)
    if changed is None or (ast.get_docstring(changed) or "").splitlines() != text:
        raise StateError("The draft cannot be inserted into this file.", where=path, remedy="Write the steps yourself.")
    return Edit(path, source, after)


def _function(source: str, feature: Feature) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    names = [name.partition("[")[0] for name in feature.nodeid.split("::")[1:]] or [feature.function]
    node: ast.AST | None = ast.parse(source)
    for name in names:
        named = (each for each in getattr(node, "body", ()) if getattr(each, "name", "") == name)
        node = next(named, None)
    return node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None


def _kept(line: str) -> str:
    return line if not read_steps(line) or line.lstrip().startswith("#") else f"# {line}"


def _with_docstring(source: str, function: ast.FunctionDef | ast.AsyncFunctionDef, text: Sequence[str]) -> str:
    """Return the source with the function's first statement, which is empty or its docstring, replaced."""
    lines = _lines(source)
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    first = function.body[0]
    indent = re.match(r"\s*", lines[function.lineno - 1])
    inner = (indent.group() if indent else "") + "    "
    escaped = [line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') for line in text]
    written = ['"""', *(f"{inner}{line}".rstrip() for line in escaped), f'{inner}"""']
    start, end = _offset(lines, first.lineno, first.col_offset), _offset(lines, *_end(first))
    before = source[:start]
    alone = not before.rpartition("\n")[2].strip()
    before = before if alone else before.rstrip(" ") + newline + inner
    return before + newline.join(written) + source[end:]


def _end(node: ast.stmt) -> tuple[int, int]:
    assert node.end_lineno is not None, "a parsed node knows its end"
    assert node.end_col_offset is not None, "a parsed node knows its end"
    return node.end_lineno, node.end_col_offset


def _offset(lines: Sequence[str], line: int, column: int) -> int:
    """Return the offset in the text of a position in the syntax tree, whose columns count bytes."""
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())


# -- into a .feature file


def edit_scenario(path: str, source: str, feature: Feature, steps: Sequence[str]) -> Edit:
    """Return the edit that puts a draft below the heading of a scenario without steps.

    :raises ScenarioError: the scenario does not exist.
    """
    scenarios = read_gherkin(source, path).named(feature.scenario or feature.description)
    lines = _lines(source)
    heading = lines[scenarios[0].line - 1]
    newline = "\r\n" if heading.endswith("\r\n") else "\n"
    indent = heading[: len(heading) - len(heading.lstrip())] + "  "
    place = _behind_description(lines, scenarios[0].line)
    if place and not lines[place - 1].endswith("\n"):
        lines[place - 1] += newline
    lines[place:place] = [f"{indent}{line}{newline}" for line in (MARK, *steps)]
    after = "".join(lines)
    if len(read_gherkin(after, path).named(scenarios[0].name)[0].steps) != len(steps):
        raise StateError("The draft cannot be inserted into this file.", where=path, remedy="Write the steps yourself.")
    return Edit(path, source, after)


def _behind_description(lines: Sequence[str], heading: int) -> int:
    """Return the line after a scenario's description: up to the next blank line, tag, comment or heading."""
    place = heading
    while place < len(lines) and re.match(r"\s*[^\s@#|]", lines[place]) and ":" not in lines[place]:
        place += 1
    return place
