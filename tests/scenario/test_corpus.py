"""Real sentences and scenarios: how many are understood, and that none of what is no step is claimed.

The samples lie beside the project and are never copied into it; without them these tests are skipped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from pytest_chimera.errors import ScenarioError
from pytest_chimera.models import Feature, Scenario
from pytest_chimera.scenario import ScenarioParser, TestGenerator
from pytest_chimera.scenario.text.gherkin import GherkinError, read_gherkin
from pytest_chimera.scenario.text.step_text import WrittenStep

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

pytestmark = pytest.mark.skipif(not (CORPUS / "steps.jsonl").is_file(), reason="the corpus of sample steps is not here")

SAME_THING = {
    ("assert-text", "assert-visible"), ("assert-visible", "assert-text"), ("click", "check"), ("check", "click"),
    ("select", "check"), ("fill", "select"), ("select", "fill"), ("assert-value", "assert-text"),
    ("assert-count", "assert-text"), ("assert-url", "navigate"),
}  # fmt: skip
"""(label, reading): two names for what a step means, as the corpus counts them."""


@cache
def rows() -> tuple[dict[str, str], ...]:
    """The corpus with what each step is understood as."""
    lines = (CORPUS / "steps.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple({**row, "got": kind_of(row)} for row in map(json.loads, lines))


def kind_of(row: Mapping[str, str]) -> str:
    try:
        return ScenarioParser().parse_step(row["text"], row["keyword"]).kind
    except ScenarioError:
        return ""


def share(tier: str, right: bool = True) -> float:
    """The share of a tier's steps that are understood (rightly, unless ``right`` is off)."""
    of_tier = [row for row in rows() if row["tier"] == tier]
    good = [row for row in of_tier if (is_right(row) if right else row["got"])]
    return len(good) / len(of_tier)


def is_right(row: Mapping[str, str]) -> bool:
    return row["got"] == row["kind"] or (row["kind"], row["got"]) in SAME_THING


def test_steps_with_literal_targets_are_understood() -> None:
    assert share("A") >= 0.97


def test_steps_with_targets_in_plain_words_are_understood() -> None:
    assert share("B") >= 0.90


def test_what_is_understood_is_understood_rightly() -> None:
    understood = [row for row in rows() if row["tier"] in "AB" and row["got"]]
    assert sum(not is_right(row) for row in understood) <= len(understood) * 0.01


def test_what_is_no_single_step_on_a_page_is_not_claimed() -> None:
    assert share("N", right=False) <= 0.02


@dataclass(frozen=True)
class Figures:
    """How a number of steps went: of which tiers they are, which are understood, and which rightly.

    :param scenarios: the scenarios that they come from, and ``whole`` those of them without an unknown step.
    """

    bound: int
    understood: int
    right: int
    others: int
    claimed: int
    scenarios: int
    whole: int

    @property
    def wrong(self) -> int:
        """What is understood as something else than it means."""
        return self.understood - self.right

    def __str__(self) -> str:
        return (
            f"{self.right:3}/{self.bound:3} right, {self.wrong} wrong; {self.claimed}/{self.others} of none claimed; "
            f"{self.whole}/{self.scenarios} scenarios whole"
        )


def figures(of: Sequence[Mapping[str, str]]) -> Figures:
    """The figures of some rows; a scenario is whole when none of its steps that a grammar can bind is unknown."""
    bound = [row for row in of if row["tier"] in "AB"]
    others = [row for row in of if row["tier"] == "N"]
    scenarios: dict[tuple[str, str], bool] = {}
    for row in bound:
        place = (row["path"], row["scenario"])
        scenarios[place] = scenarios.get(place, True) and is_right(row)
    return Figures(
        bound=len(bound),
        understood=sum(bool(row["got"]) for row in bound),
        right=sum(is_right(row) for row in bound),
        others=len(others),
        claimed=sum(bool(row["got"]) for row in others),
        scenarios=len(scenarios),
        whole=sum(scenarios.values()),
    )


def test_no_project_is_understood_much_worse_than_the_rest() -> None:
    """Each project by itself, as if the language had been made without it; printed by ``pytest -rP``."""
    projects = sorted({row["repo"] for row in rows()})
    found = {name: figures([row for row in rows() if row["repo"] == name]) for name in projects}
    whole = figures(rows())
    print("\n".join(f"{name:45} {each}" for name, each in [*found.items(), ("all", whole)]))
    assert whole.right >= 0.94 * whole.bound
    assert whole.wrong <= 0.01 * whole.understood
    assert whole.whole >= 0.9 * whole.scenarios
    for name, each in found.items():
        assert each.right >= 0.75 * each.bound, f"{name}: {each}"
        assert each.claimed <= max(1, 0.02 * each.others), f"{name}: {each}"


@pytest.mark.parametrize("case", sorted(path.parent.name for path in (CORPUS / "features").glob("*/case.json")))
def test_a_whole_scenario_becomes_a_test(case: str) -> None:
    folder = CORPUS / "features" / case
    facts = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    (scenario,) = read_gherkin((folder / "scenario.feature").read_text(encoding="utf-8")).scenarios
    unknown = "I have added the standard todo items"
    glossary = {unknown: ['I add a todo "buy milk"', 'I add a todo "walk"', 'I add a todo "rest"']}
    parser = ScenarioParser(facts["pages"], glossary, facts["test_id_attribute"])
    parsed: Scenario = parser.compile(scenario.steps, facts["base"])
    test = TestGenerator().generate(Feature(id=case, description=scenario.name), parsed)
    assert len(test.steps) == len(scenario.steps)


def samples(folder: str) -> list[str]:
    """The official parser's own sample files."""
    found = (CORPUS / "gherkin-testdata" / "testdata" / folder).glob("*.feature")
    return sorted(path.name for path in found)


@pytest.mark.parametrize("name", samples("good"))
def test_a_good_gherkin_file_is_read(name: str) -> None:
    text = (CORPUS / "gherkin-testdata" / "testdata" / "good" / name).read_text(encoding="utf-8")
    for scenario in read_gherkin(text, name).scenarios:
        assert all(isinstance(step, WrittenStep) and step.line for step in scenario.steps)


@pytest.mark.parametrize("name", samples("bad"))
def test_a_bad_gherkin_file_is_refused_with_line_and_column(name: str) -> None:
    path = CORPUS / "gherkin-testdata" / "testdata" / "bad" / name
    with pytest.raises(GherkinError) as caught:
        read_gherkin(path.read_text(encoding="utf-8"), name)
    expected = path.with_name(f"{name}.errors.ndjson").read_text(encoding="utf-8").splitlines()
    places = [json.loads(line)["parseError"]["source"]["location"] for line in expected]
    found = [(problem.line, problem.column) for problem in caught.value.problems]
    assert found == [(place["line"], place.get("column", 1)) for place in places]
