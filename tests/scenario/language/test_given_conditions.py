"""A Given that states a condition, and notes on expectations that prove nothing."""

from __future__ import annotations

import pytest

from pytest_chimera.models import Failure, Feature, GeneratedTest, Reason, TestRun
from pytest_chimera.scenario import ScenarioParser, TestGenerator, UnknownStepError
from pytest_chimera.scenario.language.given_conditions import CONDITIONS, Condition
from pytest_chimera.validation.weak_expectations import notes_on, without_actions


def generated(text: str, glossary: dict[str, str] | None = None) -> GeneratedTest:
    feature = Feature(id="test_a", function="test_a", description="A", text=text)
    return TestGenerator(glossary=glossary).generate(feature)


def red_at(test: GeneratedTest, code: str) -> TestRun:
    """Return the test, red on the base at the line that contains ``code``."""
    line = next(number for number, each in enumerate(test.source.splitlines(), start=1) if code in each)
    failure = Failure(nodeid="a", reason=Reason.MISSING_ELEMENT, message="It is missing.", line=line)
    return TestRun(status="red", url="http://127.0.0.1", failures=(failure,))


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.example)
def test_a_condition_is_expected_before_the_actions_and_shown_as_assumed(condition: Condition) -> None:
    test = generated(f'Given {condition.example}\nWhen I click "Add"\nThen I should see "Milk"')
    given, rest = test.source.partition("# Given ")[2].split("# When ")
    assert "it has to hold already: nothing here brings it about" in given
    assert "this is how it was understood" in given
    assert ".to_have_count(" in given
    assert "click()" in rest


def test_an_action_or_an_outcome_is_no_condition() -> None:
    for keyword in ("When", "Then"):
        with pytest.raises(UnknownStepError):
            ScenarioParser().parse(f"{keyword} the cart is empty")


def test_the_projects_own_words_bring_a_condition_about() -> None:
    test = generated('Given the cart is empty\nThen I should see "Milk"', {"the cart is empty": 'I click "Empty"'})
    assert "has to hold already" not in test.source
    assert 'name="Empty"' in test.source


def test_an_absence_before_any_action_is_named() -> None:
    [first, every] = notes_on(generated('Given I open "/"\nThen I should not see "Error"'))
    assert first.endswith('it holds without the feature, too: Then I should not see "Error"')
    assert every.startswith("Every expectation says that something is not there")


def test_an_absence_that_failed_on_the_base_is_what_the_feature_is_about() -> None:
    test = generated('Then I should not see "Banner"')
    assert notes_on(test, red_at(test, '"Banner").filter')) == ()


def test_a_scenario_that_expects_nothing_is_named() -> None:
    [note] = notes_on(generated('When I click "Add"'))
    assert note.startswith("It expects nothing")


def test_nothing_is_said_of_an_ordinary_scenario() -> None:
    test = generated('When I click "Add"\nThen I should see "Milk"\nAnd I should not see "Error"')
    assert notes_on(test) == ()
    assert notes_on(test, red_at(test, "click()")) == ()


def test_what_held_before_the_feature_is_named_in_the_red() -> None:
    test = generated('When I click "Add"\nThen I should see "Welcome"\nAnd I should see "Milk"')
    assert notes_on(test, red_at(test, '"Milk"')) == (
        'It held before the feature, and proves nothing by itself: Then I should see "Welcome"',
    )


def test_the_expectations_are_looked_at_without_the_actions_where_an_action_failed() -> None:
    test = generated('Given I open "/x"\nWhen I click "Add"\nThen I should see "Welcome"')
    page = '- heading "Welcome"'
    probe = without_actions(test, red_at(test, "click()"), page)
    assert probe is not None
    assert 'goto("/x")' in probe.source.replace("'", '"')
    assert "Welcome" in probe.source
    assert "click()" not in probe.source
    assert without_actions(test, red_at(test, '"Welcome"'), page) is None
    assert without_actions(test, red_at(test, "click()"), '- heading "Hello"') is None


def test_what_was_typed_in_cannot_hold_before() -> None:
    test = generated('When I fill "Name" with "Ada"\nThen I should see "Ada"')
    assert without_actions(test, red_at(test, "fill("), "Ada") is None
