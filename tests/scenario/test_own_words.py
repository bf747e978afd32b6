"""The project's glossary, and sentences that stand for several steps."""

from __future__ import annotations

import pytest

from pytest_chimera.errors import ScenarioError
from pytest_chimera.models import Feature
from pytest_chimera.scenario import ScenarioParser, TestGenerator, UnknownStepError


def test_a_phrase_stands_for_its_steps() -> None:
    parser = ScenarioParser(
        glossary={"I am logged in as {name}": ['I open "/login"', 'I fill "Name" with "{name}"', "I press Enter"]}
    )
    step = parser.parse_step('I am logged in as "Ada"', "Given")
    assert step.kind == "compound"
    assert '"Ada"' in "\n".join(step.code)
    assert step.code[-1] == 'page.keyboard.press("Enter")'


def test_a_phrase_may_use_another() -> None:
    glossary = {"I sign the book": ['I sign it as "me"'], 'I sign it as "{who}"': 'I fill "Name" with "{who}"'}
    assert '"me"' in "\n".join(ScenarioParser(glossary=glossary).parse_step("I sign the book").code)


def test_a_value_with_quotes_survives_the_glossary() -> None:
    parser = ScenarioParser(glossary={"I greet {who}": ['I fill "Name" with "{who}"']})
    assert "'say \"hi\"'" in "\n".join(parser.parse_step(r'I greet "say \"hi\""').code)


def test_phrases_in_a_circle_are_refused() -> None:
    with pytest.raises(ScenarioError, match="circle"):
        ScenarioParser(glossary={"I run": ["I walk"], "I walk": ["I run"]})


def test_an_unknown_step_in_the_glossary_is_named_with_its_phrase() -> None:
    with pytest.raises(UnknownStepError, match="stands in the glossary, for: I dance"):
        ScenarioParser(glossary={"I dance": ["I waltz wildly"]}).parse("When I dance")


@pytest.mark.parametrize(
    "sentence",
    [
        'I log in with username "ada" and password "x"',
        "the user logs out",
        'I search for "austen"',
        'I add a book "Emma"',
        'I delete the book "Emma"',
        'I mark the task "Emma" as done',
        "I mark the second task as complete",
    ],
)
def test_a_sentence_is_read_in_a_scenario_as_an_interpretation(sentence: str) -> None:
    step = ScenarioParser().parse(f"When {sentence}").steps[0]
    assert (step.kind, step.certainty < 1) == ("compound", True)
    with pytest.raises(UnknownStepError):
        ScenarioParser().parse_step(sentence)


def test_a_sentence_alone_is_completed_by_how_its_success_is_seen() -> None:
    test = TestGenerator().generate(Feature(id="add", description='User can add a book "Emma"'))
    assert 'expect(page.get_by_text("Emma")' in test.source


def test_a_sentence_that_says_nothing_observable_gets_a_template() -> None:
    with pytest.raises(ScenarioError, match="says nothing that a browser could see") as caught:
        TestGenerator().generate(Feature(id="fast", description="The library is delightful"))
    assert "Then I should see" in caught.value.remedy
