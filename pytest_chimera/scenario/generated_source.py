"""Scenario → the source of a pytest + Playwright test."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pytest_chimera.errors import ScenarioError
from pytest_chimera.models import Feature, GeneratedTest, Scenario, Step, StepKeyword, StepLines
from pytest_chimera.scenario.functions.helpers import check_same_arrangement, decorator_of, import_lines
from pytest_chimera.scenario.functions.registry import StepFunction
from pytest_chimera.scenario.language.languages import ENGLISH, Table
from pytest_chimera.scenario.parser import ScenarioParser
from pytest_chimera.scenario.rendering.idioms.expectations import ANSWERING, KEEPING, LISTENING
from pytest_chimera.scenario.rendering.outline import parameter_names, with_parameters
from pytest_chimera.scenario.rendering.row_helper import EXPECT_ROWS, helper_lines
from pytest_chimera.scenario.source_checks import check_source
from pytest_chimera.scenario.step_writer import opens_page, start_of
from pytest_chimera.scenario.text.drafts import refuse_unread
from pytest_chimera.scenario.text.gherkin import GherkinFile, GherkinScenario, outline_in, read_gherkin
from pytest_chimera.scenario.text.literals import WIDTH, quote, width

_STEP = re.compile(r"    # (Given|When|Then) (.*)")


@dataclass(frozen=True)
class Body:
    """One test function: its name, its scenario, and its examples.

    :param names: column → parameter; ``rows``: the values of each run.
    """

    name: str
    scenario: Scenario
    names: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[Mapping[str, str], ...] = ()


class TestGenerator:
    """Writes the end-to-end test of a feature.

    :param test_dir: the folder for generated tests, relative to the project's root.
    :param pages: page name → path; ``glossary``: phrase → steps; ``test_id``: the attribute for test ids.
    :param languages: code → phrases of that language; ``language``: the language of a text that specifies none.
    :param root: the project's root, for features with their steps in a Gherkin file.
    :param functions: the project's own functions for steps.
    """

    __test__ = False

    def __init__(
        self,
        test_dir: str = "tests/e2e",
        *,
        pages: Mapping[str, str] | None = None,
        glossary: Mapping[str, Sequence[str] | str] | None = None,
        test_id: str = "data-testid",
        root: str | Path = ".",
        functions: Sequence[StepFunction] = (),
        languages: Mapping[str, Table] | None = None,
        language: str = ENGLISH,
    ) -> None:
        self._test_dir = test_dir.strip("/")
        self._parser = ScenarioParser(
            pages, glossary, test_id, languages=languages, language=language, functions=functions
        )
        self._root = Path(root)

    def generate(self, feature: Feature, scenario: Scenario | None = None) -> GeneratedTest:
        """Return the test of a feature.

        :param scenario: the feature's parsed steps; by default they are read from its text or its file.
        :raises UnknownStepError: a step is not understood.
        :raises ScenarioError: there are no steps, or the file with them cannot be read.
        """
        name = function_name(feature)
        bodies = [Body(name, scenario)] if scenario else self._bodies(feature, name)
        path = f"{self._test_dir}/{name}.py"
        source, steps = render(feature, bodies, path)
        check_source(source)
        return GeneratedTest(source=source, path=path, name=bodies[0].name, steps=steps)

    def scenarios(self, feature: Feature) -> tuple[Scenario, ...]:
        """Return a feature's parsed steps: one scenario, or one for each row of examples."""
        return tuple(body.scenario for body in self._bodies(feature, function_name(feature)))

    def _bodies(self, feature: Feature, name: str) -> list[Body]:
        if feature.file:
            return self._from_file(feature, name)
        if not feature.text.strip():
            sentence = self._parser.parse_sentence(
                feature.description, feature.url, line=feature.line, path=feature.path
            )
            return [Body(name, sentence)]
        line = feature.text_line or feature.line or 1
        refuse_unread(feature.text, f"{feature.path}:{line}")
        if found := outline_in(feature.text, feature.path, line):
            return self._from_scenarios(feature, name, found, feature.path)
        return [
            Body(
                name,
                self._parser.parse(feature.text, feature.url, title=feature.description, line=line, path=feature.path),
            )
        ]

    def _from_file(self, feature: Feature, name: str) -> list[Body]:
        path = self._file(feature)
        text = path.read_text(encoding="utf-8")
        read = read_gherkin(text, feature.file or "")
        found = read.named(feature.scenario) if feature.scenario else read.scenarios
        if len({one.outline for one in found}) != 1:
            names = ", ".join(dict.fromkeys(repr(one.outline) for one in found)) or "none"
            raise ScenarioError(
                f"{feature.file} has more than one scenario, or none.",
                where=f"{feature.path}:{feature.line}",
                remedy=f"Choose one on the marker: scenario=…. There are: {names}.",
            )
        refuse_unread(_text_of(found, read, text), f"{read.path}:{found[0].line}")
        return self._from_scenarios(feature, name, found, read.path)

    def _from_scenarios(self, feature: Feature, name: str, found: Sequence[GherkinScenario], path: str) -> list[Body]:
        """Return the bodies for a plain scenario, or for an outline's rows."""
        rows = [
            self._parser.compile(one.steps, feature.url, title=one.name or feature.description, path=path)
            for one in found
        ]
        check_same_arrangement(rows, path)
        return _of_outline(name, self._outline(found[0], feature), rows, found)

    def _file(self, feature: Feature) -> Path:
        beside = self._root / Path(feature.path).parent / str(feature.file)
        for path in (self._root / str(feature.file), beside):
            if path.is_file():
                return path
        raise ScenarioError(
            f"There is no file {feature.file}.",
            where=f"{feature.path}:{feature.line}",
            remedy="Give its path from the project's root, or from the marked file's folder.",
        )

    def _outline(self, row: GherkinScenario, feature: Feature) -> Scenario | None:
        """Return the outline with its placeholders as literals; ``None`` for a plain scenario, or if it cannot be
        parsed so.
        """
        if not row.values:
            return None
        try:
            return self._parser.compile(row.outline_steps, feature.url, title=row.outline)
        except ScenarioError:
            return None


def _text_of(found: Sequence[GherkinScenario], read: GherkinFile, text: str) -> str:
    """Return the lines of a scenario in its file: up to the next one."""
    own = {one.line for one in found}
    following = min((one.line for one in read.scenarios if one.line > max(own)), default=0)
    return "\n".join(text.splitlines()[min(own) - 1 : following - 1 if following else None])


def _of_outline(
    name: str, outline: Scenario | None, rows: Sequence[Scenario], found: Sequence[GherkinScenario]
) -> list[Body]:
    """Return one parametrized function, or a function for each row if the rows differ in more than their texts."""
    values = [dict(one.values) for one in found]
    named = with_parameters(outline, rows, values) if outline else None
    if named is not None:
        return [Body(name, named, parameter_names(list(values[0])), tuple(values))]
    if len(rows) == 1:
        return [Body(name, rows[0])]
    return [Body(f"{name}_{number}", row) for number, row in enumerate(rows, 1)]


def function_name(feature: Feature) -> str:
    """Return the generated function's name: the marked function's own, or derived from the id of its parameter set."""
    function = feature.function
    parametrized = feature.id != function and feature.id.startswith(f"{function}[")
    if function.isidentifier() and not parametrized:
        return function if function.startswith("test_") else f"test_{function}"
    name = re.sub(r"_+", "_", feature.slug.replace("-", "_")).removeprefix("test_")
    return f"test_{name or 'feature'}"


def render(feature: Feature, bodies: Sequence[Body], path: str) -> tuple[str, tuple[StepLines, ...]]:
    """Return the module's source, and the lines of each step.

    :param path: its path in the project.
    """
    lines = _head(feature, bodies, path)
    places: list[StepLines] = []
    for number, body in enumerate(bodies):
        lines += ["", ""] if number else []
        arranged = _arranged(body.scenario.steps, lines)
        lines += _signature(body)
        places += _body(body, lines, arranged)
    if f"{EXPECT_ROWS}(" in "\n".join(lines):
        lines += ["", "", *helper_lines()]
    return "\n".join(lines) + "\n", tuple(places)


def _arranged(steps: Sequence[Step], lines: list[str]) -> dict[int, StepLines]:
    """Append the decorators of arranging calls to ``lines``; return the lines of steps that only arrange."""
    places: dict[int, StepLines] = {}
    for step in steps:
        calls = [call for call in step.calls if call.arranges]
        if calls:
            first = len(lines) + 1
            lines += [line.strip() for line in _comment(step)]
            lines += [line for call in calls for line in decorator_of(call)]
            if step.arranges:
                places[id(step)] = StepLines(keyword="Given", text=step.text, first=first, last=len(lines))
    return places


def _body(body: Body, lines: list[str], arranged: Mapping[int, StepLines]) -> list[StepLines]:
    """Append the steps to ``lines``; return the lines of each, in the scenario's order."""
    steps = [step for step in body.scenario.steps if not step.arranges]
    if not (steps and opens_page(steps[0])):
        lines.append(f"    {start_of(body.scenario.url)}")
    places = dict(arranged)
    before = _listening(ordered(steps))
    for step in ordered(steps):
        lines += [f"    {line}" for line in before.get(id(step), ())]
        first = len(lines) + 1
        lines += _comment(step)
        lines += [f"    {line}" for line in step.code if line not in _LISTENING]
        places[id(step)] = StepLines(keyword=step.keyword, text=step.text, first=first, last=len(lines))
    return [places[id(step)] for step in body.scenario.steps]


def steps_in(source: str) -> tuple[StepLines, ...]:
    """Return the lines of each step in a rendered module, from the comments with the steps' text."""
    lines = source.splitlines()
    starts = [(number, found) for number, line in enumerate(lines, 1) if (found := _STEP.fullmatch(line))]
    places = []
    for (first, found), following in zip(starts, [*(number for number, _ in starts[1:]), len(lines) + 1], strict=True):
        until = next((number for number in range(first, following) if not lines[number - 1].strip()), following)
        keyword = cast(StepKeyword, found[1])
        places.append(StepLines(keyword=keyword, text=found[2], first=first, last=until - 1))
    return tuple(places)


def ordered(steps: Sequence[Step]) -> list[Step]:
    """Return the steps in the order in which they run: the answer to a dialog precedes the action that opens it."""
    found: list[Step] = []
    for step in steps:
        if step.kind == "dialog" and len(step.code) == 1 and found and not found[-1].kind.startswith("assert-"):
            found.insert(len(found) - 1, step)
        else:
            found.append(step)
    return found


_LISTENING = (KEEPING, LISTENING, ANSWERING)


def _listening(steps: Sequence[Step]) -> dict[int, list[str]]:
    """Return the statements before each step that listen for a dialog that a later step expects."""
    for place, step in enumerate(steps):
        lines = [line for line in _LISTENING if line in step.code]
        if lines:
            actions = (other for other in range(place - 1, -1, -1) if not steps[other].kind.startswith("assert-"))
            return {id(steps[next(actions, place)]): lines}
    return {}


def _head(feature: Feature, bodies: Sequence[Body], path: str) -> list[str]:
    calls = [call for body in bodies for step in body.scenario.steps for call in step.calls]
    code = "\n".join(line for body in bodies for step in body.scenario.steps for line in step.code)
    origin = feature.file or feature.path or "its scenario"
    where = f"{origin} ({feature.scenario})" if feature.scenario else origin
    lines = [
        f'"""{_sentence(feature.description)}',
        "",
        f"Generated by pytest-chimera from {_plain(where)}.",
        "Change the steps there, not this file.",
        '"""',
        "",
    ]
    rows = f"{EXPECT_ROWS}(" in code
    imports = [*(["import re"] if rows or "re.compile(" in code else []), *(["from typing import Any"] if rows else [])]
    lines += [*imports, ""] if imports else []
    if any(body.rows for body in bodies) or any(call.arranges for call in calls):
        lines.append("import pytest")
    names = ", ".join([*(["Locator"] if rows else []), "Page", *(["expect"] if rows or "expect(" in code else [])])
    return [*lines, f"from playwright.sync_api import {names}", *import_lines(calls, path), "", ""]


def _signature(body: Body) -> list[str]:
    parameters = ", ".join(["page: Page", *(f"{name}: str" for name in body.names.values())])
    line = f"def {body.name}({parameters}) -> None:"
    decorator = _parametrize(body) if body.rows else []
    if len(line) <= WIDTH:
        return [*decorator, line]
    if len(parameters) + 4 <= WIDTH:
        return [*decorator, f"def {body.name}(", f"    {parameters}", ") -> None:"]
    each = [f"    {parameter}," for parameter in parameters.split(", ")]
    return [*decorator, f"def {body.name}(", *each, ") -> None:"]


def _parametrize(body: Body) -> list[str]:
    """Return the decorator that parametrizes the function with the examples."""
    columns = list(body.names)
    one = len(columns) == 1
    names = quote(body.names[columns[0]]) if one else f"({', '.join(quote(body.names[name]) for name in columns)})"
    rows = [", ".join(quote(row[column]) for column in columns) for row in body.rows]
    cells = [row if one else f"({row})" for row in rows]
    whole = f"@pytest.mark.parametrize({names}, [{', '.join(cells)}])"
    if width(whole) <= WIDTH:
        return [whole]
    return [
        "@pytest.mark.parametrize(",
        f"    {names},",
        "    [",
        *(f"        {cell}," for cell in cells),
        "    ],",
        ")",
    ]


def _comment(step: Step) -> list[str]:
    lines = [f"    # {step.keyword} {_plain(step.text)}"]
    if step.keyword == "Given" and re.search(rf"\b(expect|{EXPECT_ROWS})\(", "".join(step.code)):
        lines.append("    # (it has to hold already: nothing here brings it about)")
    if step.certainty < 1:
        lines.append("    # (this is how it was understood; say it more exactly if it means something else)")
    return lines


def _plain(text: str) -> str:
    """Return the text in one line without invisible characters."""
    joined = " ".join(text.split())
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in joined)


def _sentence(text: str) -> str:
    escaped = _plain(text).replace("\\", "\\\\").replace('"""', '\\"\\"\\"') or "A feature"
    return escaped if escaped.endswith((".", "!", "?")) else f"{escaped}."
