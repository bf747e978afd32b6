"""What is refused, and with which message."""

from __future__ import annotations

import pytest

from pytest_chimera.errors import ScenarioError
from pytest_chimera.scenario import ScenarioParser, UnknownStepError, UnknownStepsError


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("the following readers exist:", "Given"),
        ("I have 3 books", "Given"),
        ("I am logged in", "Given"),
        ('the book "Emma" was returned yesterday', "Given"),
        ("I receive an email", "Then"),
        ("the response status should be 200", "Then"),
        ('the cookie "a" should exist', "Then"),
        ("I enter valid data", "When"),
        ("I complete the order", "When"),
        ("everything works", "Then"),
        ("I click outside the dialog", "When"),
        ('I enter "ada" and "secret"', "When"),
    ],
)
def test_what_is_no_step_on_a_page_is_not_claimed(text: str, keyword: str) -> None:
    with pytest.raises(UnknownStepError):
        ScenarioParser().parse_step(text, keyword)


def test_the_error_says_where_and_what_was_understood() -> None:
    with pytest.raises(UnknownStepError) as caught:
        ScenarioParser().parse('When I press Enter\nAnd I press "Save" three quarters hard', path="tests/f.py", line=7)
    error = caught.value
    assert (error.step, error.line) == ('I press "Save" three quarters hard', 8)
    assert error.understood == 'I press "Save"'
    assert "tests/f.py:8" in str(error)


def test_the_error_gives_sentences_that_are_understood() -> None:
    with pytest.raises(UnknownStepError) as caught:
        ScenarioParser().parse_step('I clik the button "Save"')
    assert caught.value.suggestions
    for sentence in caught.value.suggestions:
        assert ScenarioParser().parse_step(sentence)
    assert any("click" in sentence and '"Save"' in sentence for sentence in caught.value.suggestions)


def test_the_error_gives_the_glossary_line_that_would_bind_the_step() -> None:
    with pytest.raises(UnknownStepError) as caught:
        ScenarioParser().parse_step('the book "Emma" was returned', "Given")
    assert caught.value.glossary == '"the book \\"{a}\\" was returned" = ["When I …"]'


def test_all_unknown_steps_are_named_at_once() -> None:
    with pytest.raises(UnknownStepsError) as caught:
        ScenarioParser().parse("Given time flies\nWhen I press Enter\nThen pigs fly", path="a.py")
    assert [error.step for error in caught.value.errors] == ["time flies", "pigs fly"]
    assert "a.py:1" in str(caught.value)
    assert "a.py:3" in str(caught.value)


def test_a_bare_number_of_seconds_is_refused_with_the_reason() -> None:
    with pytest.raises(ScenarioError, match="does not wait for 5 seconds"):
        ScenarioParser().parse_step("I wait 5 seconds")


def test_a_bare_wait_is_named_with_its_place_among_all_other_troubles_of_the_run() -> None:
    with pytest.raises(UnknownStepsError) as caught:
        ScenarioParser().parse("When I wait 5 seconds\nAnd pigs fly", path="a.py", line=3)
    wait, pigs = caught.value.errors
    assert (wait.step, wait.line, wait.path) == ("I wait 5 seconds", 3, "a.py")
    assert "Say what to wait for" in str(wait)
    assert pigs.line == 4


def test_rows_that_a_step_does_nothing_with_are_not_passed_over() -> None:
    with pytest.raises(UnknownStepError):
        ScenarioParser().parse('When I press "Save"\n  | a | b |')


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("I should see the expected result", "Then"),
        ("all books are shown", "Then"),
        ("I check all checkboxes", "When"),
        ("the books should be in ascending order", "Then"),
        ('I enable the module "loans"', "When"),
        ('I can delete the book "Emma"', "Then"),
        ('the "Emma" book can be lent', "Then"),
        ("5 readers exist", "Given"),
        ('there is a reader "Ada"', "Given"),
        ('"Ada" is in the club "Austen"', "Given"),
        ("I am on a tablet", "Given"),
        ("the value is chosen", "Then"),
        ('I should see the "Emma" book above the list', "Then"),
        ('the attribute "Due date" of book "Emma" should be "May"', "Then"),
        ("no file should be downloaded", "Then"),
        ("I verify my address", "When"),
        ('I go to the loan "0042"', "When"),
        ('the state of the loan "0042" should be "over"', "Then"),
        ('I set attribute "style" to "none"', "When"),
    ],
)
def test_what_only_sounds_like_a_step_is_refused(text: str, keyword: str) -> None:
    with pytest.raises(UnknownStepError):
        ScenarioParser().parse_step(text, keyword)


def test_it_without_anything_before_is_refused() -> None:
    with pytest.raises(UnknownStepError, match="it"):
        ScenarioParser().parse_step("I click it")


def test_a_text_without_steps_says_what_to_write() -> None:
    with pytest.raises(ScenarioError, match="no steps"):
        ScenarioParser().parse("# nothing\n")


def test_a_step_that_is_far_too_long_is_refused() -> None:
    with pytest.raises(UnknownStepError):
        ScenarioParser().parse_step("I press " + "a" * 5000)


@pytest.mark.parametrize("step", ['I click "Add" 101 times', "I press Tab 101 times", 'I click "Add" 0 times'])
def test_an_action_that_cannot_be_repeated_so_often_is_refused(step: str) -> None:
    with pytest.raises(UnknownStepError, match=r"This step is refused(.|\n)*1 to 100 times"):
        ScenarioParser().parse_step(step)
