"""Gherkin files → scenarios, with the official parser: keywords resolved, backgrounds and examples filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gherkin import Compiler, Parser
from gherkin.errors import CompositeParserException, ParserException
from gherkin.token_matcher import TokenMatcher
from gherkin.token_matcher_markdown import GherkinInMarkdownTokenMatcher

from pytest_chimera.errors import ScenarioError
from pytest_chimera.models import StepKeyword
from pytest_chimera.scenario.language.languages import headings_of, language_of
from pytest_chimera.scenario.text.step_text import WrittenStep

_KEYWORDS: Mapping[str, StepKeyword] = {"Context": "Given", "Action": "When", "Outcome": "Then"}
_HEADING = re.compile(r"^(?:feature|rule|background|scenario(?: outline| template)?|example|examples)\s*:", re.I)


@dataclass(frozen=True)
class GherkinProblem:
    """An error in a file: ``line`` and ``column`` count from 1."""

    line: int
    column: int
    message: str


class GherkinError(ScenarioError):
    """A Gherkin file cannot be read.

    :param path: the file; ``problems``: all errors in it, in order.
    """

    def __init__(self, path: str, problems: Sequence[GherkinProblem]) -> None:
        first = problems[0]
        name = path or "The Gherkin text"
        super().__init__(
            f"{name} is not valid Gherkin.",
            where=f"{path or 'line'}:{first.line}:{first.column}",
            remedy="\n".join(f"  {found.line}:{found.column}: {found.message}" for found in problems),
        )
        self.path, self.problems = path, tuple(problems)
        self.line, self.column = first.line, first.column


@dataclass(frozen=True)
class GherkinScenario:
    """A scenario, or one row of an outline's examples.

    :param name: its name, with the row's values filled in; ``outline``: the name as written.
    :param steps: those of its backgrounds first.
    :param tags: its own and inherited ones, each with its ``@``.
    :param line: where it begins; the row's line for a row of examples.
    :param row: the index of a row in an outline's examples, from 1; 0 for a plain scenario.
    :param values: that row's values by column; ``outline_steps``: the steps with their placeholders.
    """

    name: str
    steps: tuple[WrittenStep, ...]
    tags: tuple[str, ...] = ()
    line: int = 0
    outline: str = ""
    row: int = 0
    values: tuple[tuple[str, str], ...] = ()
    outline_steps: tuple[WrittenStep, ...] = ()


@dataclass(frozen=True)
class GherkinFile:
    """A file's feature: its name, its description, and its scenarios in order."""

    name: str
    description: str
    language: str
    scenarios: tuple[GherkinScenario, ...]
    path: str = ""

    def named(self, name: str) -> tuple[GherkinScenario, ...]:
        """Return the scenarios with a name: one, or one for each row of an outline.

        :raises ScenarioError: there is none; the remedy lists the existing ones.
        """
        found = tuple(one for one in self.scenarios if name in {one.name, one.outline})
        if found:
            return found
        names = ", ".join(dict.fromkeys(repr(one.outline) for one in self.scenarios)) or "none at all"
        raise ScenarioError(f"There is no scenario {name!r}.", where=self.path, remedy=f"The file has: {names}.")


def is_gherkin(text: str) -> bool:
    """Whether the text has Gherkin's headings, and not only steps."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith(("#", "@"))), "")
    words = headings_of(language_of(text))
    return bool(_HEADING.match(first)) or any(first.startswith(f"{word}:") for word in words)


def read_gherkin(text: str, path: str = "", line: int = 1) -> GherkinFile:
    """Return the scenarios of a Gherkin text.

    :param path: the file's name, for messages; ``line``: the text's first line in it.
    :raises GherkinError: it is not valid Gherkin; the error has line and column of every problem.
    """
    if re.match(r"^\s*(?:@[^\n]*\n\s*)*(?:scenario|background|rule|example)", text, re.I):
        return _read(f"Feature: {path}\n{text}", path, shift=line - 2)
    return _read(text, path, shift=line - 1)


def outline_in(text: str, path: str = "", line: int = 1) -> tuple[GherkinScenario, ...]:
    """Return the rows of the only outline in a text, with or without its heading; empty for any other text.

    :raises GherkinError: it has examples, and is not valid Gherkin.
    """
    if not re.search(r"^\s*(?:examples|scenarios)\s*:", text, re.I | re.M) and not is_gherkin(text):
        return ()
    if not is_gherkin(text):
        text, line = f"Scenario Outline:\n{text}", line - 1
    found = read_gherkin(text, path, line).scenarios
    return found if found and found[0].row and len({one.outline for one in found}) == 1 else ()


def _read(text: str, path: str, shift: int = 0) -> GherkinFile:
    try:
        matcher = GherkinInMarkdownTokenMatcher() if path.endswith(".md") else TokenMatcher()
        document: dict[str, Any] = {**Parser().parse(text, matcher), "uri": path}
        pickles = Compiler().compile(document)  # type: ignore[arg-type]  # the parser's own document with its uri
    except CompositeParserException as error:
        raise GherkinError(path, [_problem(inner, shift) for inner in error.errors]) from error
    except ParserException as error:
        raise GherkinError(path, [_problem(error, shift)]) from error
    feature: dict[str, Any] = document.get("feature") or {}
    lines = dict(_lines(feature, shift))
    written = {str(node["id"]): node for node in _nodes(feature)}
    outlines, examples = dict(_outlines(feature)), dict(_examples(feature))
    scenarios = _scenarios([dict(pickle) for pickle in pickles], lines, outlines, examples, written)
    language = str(feature.get("language", "en"))
    return GherkinFile(
        str(feature.get("name", "")),
        str(feature.get("description", "")).strip(),
        language,
        tuple(_in_language(scenario, language) for scenario in scenarios),
        path,
    )


def _in_language(scenario: GherkinScenario, language: str) -> GherkinScenario:
    steps = tuple(replace(step, language=language) for step in scenario.steps)
    outline = tuple(replace(step, language=language) for step in scenario.outline_steps)
    return replace(scenario, steps=steps, outline_steps=outline)


def _problem(error: ParserException, shift: int) -> GherkinProblem:
    message = re.sub(r"^\(\d+:\d+\): ", "", str(error))
    return GherkinProblem(int(error.location["line"]) + shift, int(error.location.get("column") or 1), message)


def _nodes(value: object) -> Iterator[dict[str, Any]]:
    """Yield all nodes of the document that have an id."""
    if isinstance(value, dict):
        if "id" in value and "location" in value:
            yield value
        for inner in value.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def _lines(feature: object, shift: int) -> Iterator[tuple[str, int]]:
    for node in _nodes(feature):
        yield str(node["id"]), int(node["location"]["line"]) + shift


def _outlines(feature: object) -> Iterator[tuple[str, str]]:
    """Yield each scenario's id with its name as written."""
    for node in _nodes(feature):
        if "steps" in node and "examples" in node:
            yield str(node["id"]), str(node["name"])


def _examples(feature: object) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Yield the id of each row of examples with its values by column."""
    for node in _nodes(feature):
        header = node.get("tableHeader") or {}
        columns = [str(cell["value"]) for cell in header.get("cells", ())]
        for row in node.get("tableBody", ()):
            values = (str(cell["value"]) for cell in row["cells"])
            yield str(row["id"]), tuple(zip(columns, values, strict=True))


def _scenarios(
    pickles: Sequence[dict[str, Any]],
    lines: Mapping[str, int],
    outlines: Mapping[str, str],
    examples: Mapping[str, tuple[tuple[str, str], ...]],
    written: Mapping[str, dict[str, Any]],
) -> Iterator[GherkinScenario]:
    rows: dict[str, int] = {}
    for pickle in pickles:
        ids = [str(node) for node in pickle["astNodeIds"]]
        row = 0
        if len(ids) > 1:
            row = rows[ids[0]] = rows.get(ids[0], 0) + 1
        yield GherkinScenario(
            name=str(pickle["name"]),
            steps=tuple(_steps(pickle["steps"], lines)),
            outline_steps=tuple(_outline_steps(pickle["steps"], lines, written)) if len(ids) > 1 else (),
            tags=tuple(dict.fromkeys(str(tag["name"]) for tag in pickle["tags"])),
            line=lines.get(ids[-1], 0),
            outline=outlines.get(ids[0], str(pickle["name"])),
            row=row,
            values=examples.get(ids[-1], ()),
        )


def _steps(steps: Sequence[dict[str, Any]], lines: Mapping[str, int]) -> Iterator[WrittenStep]:
    keyword: StepKeyword | None = None
    for step in steps:
        keyword = _KEYWORDS.get(str(step.get("type")), keyword)
        argument = step.get("argument") or {}
        rows = argument.get("dataTable", {}).get("rows", ())
        document = argument.get("docString")
        yield WrittenStep(
            text=str(step["text"]),
            keyword=keyword,
            line=lines.get(str(step["astNodeIds"][0]), 0),
            table=tuple(tuple(str(cell["value"]) for cell in row["cells"]) for row in rows),
            docstring=None if document is None else str(document["content"]),
        )


def _outline_steps(
    steps: Sequence[dict[str, Any]], lines: Mapping[str, int], written: Mapping[str, dict[str, Any]]
) -> Iterator[WrittenStep]:
    """Yield the outline's steps, with the resolved keywords of the row's steps."""
    keyword: StepKeyword | None = None
    for step in steps:
        keyword = _KEYWORDS.get(str(step.get("type")), keyword)
        node = written[str(step["astNodeIds"][0])]
        rows = node.get("dataTable", {}).get("rows", ())
        document = node.get("docString")
        yield WrittenStep(
            text=str(node["text"]),
            keyword=keyword,
            line=lines.get(str(node["id"]), 0),
            table=tuple(tuple(str(cell["value"]) for cell in row["cells"]) for row in rows),
            docstring=None if document is None else str(document["content"]),
        )
