"""Gherkin files: their contents, and their errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_chimera.errors import ScenarioError
from pytest_chimera.models import Feature
from pytest_chimera.scenario import ScenarioParser, TestGenerator, UnknownStepError
from pytest_chimera.scenario.text.gherkin import GherkinError, read_gherkin

LIBRARY = """@library
Feature: Borrowing
  Readers borrow books.

  Background:
    Given I am on "/shelf"

  Rule: One at a time

    @smoke
    Scenario: Borrow
      When I press the "Borrow" button
      And I fill in the following:
        | Name | Ada |
      Then I should see "On loan"
      * I should see "Return"

  Scenario Outline: Refuse <who>
    When I fill "Name" with "<who>"
    Then I should see "No books for <who>!"

    Examples:
      | who |
      | Bob |
      | Eve |

  Scenario Outline: Count
    When I press <key>
    Then I should see <number> books

    @wip
    Examples:
      | key   | number |
      | Enter | 1      |
      | Tab   | 2      |
"""


def test_backgrounds_rules_tags_and_rows_are_laid_in() -> None:
    borrow, bob, eve, *_ = read_gherkin(LIBRARY, "b.feature").scenarios
    assert [step.text for step in borrow.steps][:2] == ['I am on "/shelf"', 'I press the "Borrow" button']
    assert [step.keyword for step in borrow.steps] == ["Given", "When", "When", "Then", "Then"]
    assert borrow.steps[2].table == (("Name", "Ada"),)
    assert borrow.tags == ("@library", "@smoke")
    assert (bob.name, bob.outline, bob.row, eve.row) == ("Refuse Bob", "Refuse <who>", 1, 2)
    assert eve.values == (("who", "Eve"),)


def test_lines_are_the_files_own() -> None:
    borrow, bob, *_ = read_gherkin(LIBRARY).scenarios
    assert LIBRARY.splitlines()[borrow.steps[1].line - 1].strip() == 'When I press the "Borrow" button'
    assert LIBRARY.splitlines()[bob.line - 1].strip() == "| Bob |"


def test_other_languages_have_their_keywords() -> None:
    text = (
        '# language: de\nFunktionalität: Leihe\n  Szenario: Eins\n    Angenommen I am on "/"\n    Dann I should see "a"'
    )
    (one,) = read_gherkin(text).scenarios
    assert [step.keyword for step in one.steps] == ["Given", "Then"]


def test_what_is_wrong_is_said_with_line_and_column() -> None:
    with pytest.raises(GherkinError) as caught:
        read_gherkin("Feature: F\n\n  Scenario: S\n    Given a\n      | a | b |\n      | c |\n", "f.feature")
    assert (caught.value.line, caught.value.column) == (6, 7)
    assert "f.feature:6:7" in str(caught.value)


def test_a_docstring_may_be_a_whole_scenario() -> None:
    scenario = ScenarioParser().parse('Scenario: Borrow\n  When I press Enter\n  Then I should see "a"', line=5)
    assert [(step.keyword, step.line) for step in scenario.steps] == [("When", 6), ("Then", 7)]


def test_a_docstring_with_several_scenarios_says_where_to_put_them() -> None:
    with pytest.raises(ScenarioError, match=r"\.feature file"):
        ScenarioParser().parse("Feature: F\n  Scenario: A\n    When I press Enter\n  Scenario: B\n    When I press Tab")


@pytest.fixture
def generator(tmp_path: Path) -> TestGenerator:
    folder = tmp_path / "features"
    folder.mkdir()
    (folder / "borrow.feature").write_text(LIBRARY, encoding="utf-8")
    return TestGenerator(root=tmp_path)


def feature(scenario: str | None) -> Feature:
    return Feature(id="b", description="Borrow", file="features/borrow.feature", scenario=scenario, path="tests/t.py")


def test_a_feature_takes_its_scenario_from_a_file(generator: TestGenerator) -> None:
    test = generator.generate(feature("Borrow"))
    assert "from features/borrow.feature (Borrow)" in test.source
    assert len(test.steps) == 5


def test_an_outline_is_one_test_with_parameters(generator: TestGenerator) -> None:
    source = generator.generate(feature("Refuse <who>")).source
    assert '@pytest.mark.parametrize("who", ["Bob", "Eve"])' in source
    assert "def test_b(page: Page, who: str) -> None:" in source
    assert ".fill(who)" in source
    assert '"No books for " + who + "!"' in source


def test_rows_that_change_more_than_texts_are_a_function_each(generator: TestGenerator) -> None:
    source = generator.generate(feature("Count")).source
    assert "def test_b_1(" in source
    assert 'page.keyboard.press("Tab")' in source


def test_a_scenario_that_is_not_there_is_named_with_those_that_are(generator: TestGenerator) -> None:
    with pytest.raises(ScenarioError, match="There is no scenario 'Nap'") as caught:
        generator.generate(feature("Nap"))
    assert "'Borrow'" in caught.value.remedy


def test_a_file_with_several_scenarios_needs_one_named(generator: TestGenerator) -> None:
    with pytest.raises(ScenarioError, match="more than one scenario"):
        generator.generate(feature(None))


OUTLINE = """
When I fill "Name" with "<name>"
Then I should see "<greeting>"

Examples:
  | name | greeting    |
  | Ada  | Hello, Ada! |
  | Bob  | Hello, Bob! |
"""


@pytest.mark.parametrize("head", ["Scenario Outline: greetings\n", "@smoke\nScenario Outline:\n", ""])
def test_an_outline_in_a_docstring_is_one_test_with_parameters(head: str) -> None:
    feature = Feature(
        id="test_greet", description="Greets", text=head + OUTLINE.strip(), path="t.py", function="test_greet", line=3
    )
    source = TestGenerator().generate(feature).source
    assert source.count("def test_greet(page: Page, name: str, greeting: str)") == 1
    assert "Hello, Ada!" in source
    assert "Hello, Bob!" in source


def test_a_wrong_step_of_an_outline_in_a_docstring_is_told_with_its_line() -> None:
    text = OUTLINE.strip().replace("I should see", "I frobnicate")
    feature = Feature(id="test_greet", description="Greets", text=text, path="t.py", function="test_greet", text_line=7)
    with pytest.raises(UnknownStepError) as caught:
        TestGenerator().generate(feature)
    assert "t.py:8" in str(caught.value)
