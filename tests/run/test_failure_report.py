"""The text below a verdict's sentence: bounded, with complete paths."""

from __future__ import annotations

import pytest

from pytest_chimera.context.formatting import shortened
from pytest_chimera.models import Verdict
from pytest_chimera.run.failure_report import FailureDetails, excerpt, sentence_of
from pytest_chimera.session.feature_text import failure_text

PAGE = "\n".join(f'- listitem: "Entry number {number}"' for number in range(50))


def test_the_cause_is_cut_before_a_path_is() -> None:
    account = FailureDetails(cause="why " * 1_000, attempts="attempt 1", files="evidence: .chimera/test-greet/")
    text = account.fitted(500)
    assert len(text) <= 500
    assert text.startswith("why why")
    assert text.endswith("attempt 1\n\nevidence: .chimera/test-greet/")


def test_of_several_lines_is_said_how_much_was_left_out() -> None:
    lines = "\n".join(f"line {number}" for number in range(100))
    kept, _, said = shortened(lines, 100).rpartition("\n")
    assert lines.startswith(kept)
    assert said == f"… {len(lines) - len(kept)} characters left out"
    assert len(f"{kept}\n{said}") <= 100


def test_a_line_that_is_cut_only_ends_in_dots() -> None:
    assert shortened("a long line", 8) == "a long …"


@pytest.mark.parametrize(("room", "told"), [(0, ""), (1, " "), (2, " …"), (8, "one\ntw …")])
def test_no_number_is_cut_where_there_is_no_room_for_it(room: int, told: str) -> None:
    assert shortened("one\ntwo\nthree", room) == told


def test_a_short_account_is_told_whole() -> None:
    assert FailureDetails("why", "attempt 1", "evidence: x").fitted(500) == "why\n\nattempt 1\n\nevidence: x"


def test_the_excerpt_of_a_page_is_around_what_is_spoken_of() -> None:
    lines = excerpt(PAGE.replace('"Entry number 30"', '"Buy milk"'), 'I should see "Buy milk" in the list')
    assert '- listitem: "Buy milk"' in lines
    assert (lines[0], lines[-1]) == ("… 25 lines", "… 15 lines")


def test_a_small_page_is_shown_whole() -> None:
    assert excerpt('- heading "Welcome"\n\n- button "Greet"\n', "anything") == [
        '- heading "Welcome"',
        '- button "Greet"',
    ]


def test_a_sentence_is_one_line_and_short() -> None:
    assert sentence_of("failed: it is red\nand more") == "failed: it is red"
    assert len(sentence_of("word " * 500)) <= 400


def test_a_failure_has_at_most_three_thousand_characters_whatever_the_sentence_is() -> None:
    verdict = Verdict(
        feature="a", state="failed", sentence="s" * 5_000, details="d" * 5_000, next_command="pytest -k a"
    )
    text = failure_text(verdict)
    assert len(text) <= 3_000
    assert text.endswith("next: pytest -k a")
