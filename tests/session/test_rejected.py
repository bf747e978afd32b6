"""Rejected changes are not accepted again; and the advice fits what is merged already."""

from __future__ import annotations

import pytest

from pytest_chimera.implementation.attempts import digest_of
from pytest_chimera.models import Change
from pytest_chimera.state.journal import record_of
from pytest_chimera.workflow import ChimeraPhase, ChimeraWorkflow
from tests.session.conftest import RIGHT, QuickApp

OTHER = RIGHT.replace("Greeter", "The greeter")
WORDS = "name it The greeter"
REFUSED = f'*✗ implement*The person has rejected this same change before: "{WORDS}"*'


def workflow_of(app: QuickApp) -> ChimeraWorkflow:
    workflow = record_of(app.path / ".pytest_cache" / "d" / "chimera" / "test_greet.jsonl").workflow
    assert workflow is not None
    return workflow


def revert_of(result: pytest.RunResult) -> list[str]:
    """Return the words of the command that the run suggests."""
    line = next(line for line in result.stdout.lines if "test_greet: git revert" in line)
    return line.partition(": ")[2].split()


def test_a_rejected_change_does_not_come_again_and_another_one_does(quick: QuickApp) -> None:
    quick.coder(RIGHT, RIGHT, OTHER)
    quick.chimera().assert_outcomes(passed=1)
    result = quick.chimera(f"--chimera-reject={WORDS}")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([REFUSED, "*complete*3*"])
    assert "The greeter" in quick.git("show", "chimera/test-greet:page.py")


def test_when_nothing_else_comes_it_has_failed_also_in_a_later_run(quick: QuickApp) -> None:
    quick.coder(RIGHT, RIGHT, RIGHT, RIGHT)
    quick.chimera().assert_outcomes(passed=1)
    for _ in range(2):
        result = quick.chimera(f"--chimera-reject={WORDS}", "-o", "chimera_max_attempts=1")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([REFUSED])
    hinted = quick.chimera("--chimera-hint=Anything else", "-o", "chimera_max_attempts=1")
    hinted.assert_outcomes(failed=1)
    hinted.stdout.fnmatch_lines([REFUSED])


def test_it_does_not_come_again_when_the_feature_begins_anew(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    quick.chimera().assert_outcomes(passed=1)
    quick.chimera(f"--chimera-reject={WORDS}", "-o", "chimera_max_attempts=1").assert_outcomes(errors=1)
    result = quick.chimera("--chimera-restart", "-o", "chimera_max_attempts=1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([REFUSED])


def test_a_hint_forbids_nothing(quick: QuickApp) -> None:
    quick.coder(RIGHT, RIGHT.replace("Greeter", "X"), RIGHT)
    quick.chimera().assert_outcomes(passed=1)
    quick.chimera("--chimera-hint=Name it X").assert_outcomes(passed=1)
    quick.chimera("--chimera-hint=No, as it was").assert_outcomes(passed=1)


def test_by_hand_what_was_rejected_is_not_taken_either(quick: QuickApp) -> None:
    quick.chimera("tests/features").assert_outcomes(failed=1)
    quick.write(page=RIGHT)
    quick.chimera("tests/features").assert_outcomes(passed=1)
    result = quick.chimera("tests/features", f"--chimera-reject={WORDS}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f'*not accepted: The person has rejected this same change before: "{WORDS}"*'])
    quick.write(page=OTHER)
    quick.chimera("tests/features").assert_outcomes(passed=1)


def test_the_same_change_on_another_base_is_the_same() -> None:
    def patch(line: int, added: str) -> bytes:
        return f"diff --git a/p b/p\nindex 1..2 100644\n--- a/p\n+++ b/p\n@@ -{line} @@\n x\n+{added}\n".encode()

    first = Change(base="a", commit="1", tree="t", digest=digest_of(patch(1, "y")))
    moved = Change(base="b", commit="2", tree="u", digest=digest_of(patch(9, "y")))
    other = Change(base="b", commit="3", tree="v", digest=digest_of(patch(9, "z")))
    assert moved.is_same(first)
    assert not other.is_same(first)
    assert not Change(base="a", commit="4", tree="w", digest=first.digest).is_same(first)


def test_a_candidate_that_is_rejected_under_way_goes_no_further() -> None:
    change = Change(base="a", commit="1", tree="t")
    workflow = ChimeraWorkflow(feature_description="A", target_url="/", attempt=1)
    result = {"phase": "code_implementation", "attempt": 1, "outcome": "success", "value": change}
    workflow = ChimeraWorkflow.model_validate(
        {**workflow.model_dump(), "current_phase": ChimeraPhase.GUARDIAN_REVIEW, "results": (result,)}
    )
    after = workflow.answered(WORDS, rejects=True)
    assert (after.current_phase, after.attempt) == (ChimeraPhase.CODE_IMPLEMENTATION, 2)
    assert after.turned_down_with(change) == WORDS
    assert workflow.answered(WORDS).current_phase is ChimeraPhase.GUARDIAN_REVIEW


# -- merged


@pytest.mark.parametrize("how", [("--no-ff",), ("--squash",), ()], ids=["merged", "squashed", "fast-forwarded"])
def test_the_advice_after_rejecting_what_is_merged_can_be_typed(quick: QuickApp, how: tuple[str, ...]) -> None:
    quick.coder(RIGHT, OTHER)
    quick.commit("Configure the coder")
    quick.chimera().assert_outcomes(passed=1)
    message = quick.git("log", "-1", "--format=%B", "chimera/test-greet")
    quick.git("merge", "-q", *how, "chimera/test-greet", *(("-m", "Merge") if how == ("--no-ff",) else ()))
    if how == ("--squash",):
        quick.git("commit", "-q", "-m", message)
    result = quick.chimera("tests/features", f"--chimera-reject={WORDS}")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*its result is on HEAD and stays there until you take it back: git revert *"])
    command = revert_of(result)
    assert revert_of(quick.chimera("tests/features")) == command
    between = command.index("&&")
    quick.git(*command[1:between])
    quick.git(*command[between + 2 :])
    assert "The greeter" in (quick.path / "page.py").read_text()
    quick.chimera("tests/features").stdout.no_fnmatch_line("*git merge*")


def test_with_ff_the_new_result_is_merged_once_the_old_one_is_taken_back(quick: QuickApp) -> None:
    quick.coder(RIGHT, OTHER)
    quick.config(f"chimera_coder = replay:{quick.recorded}", "chimera_merge = ff")
    quick.commit("Configure the coder")
    quick.chimera().assert_outcomes(passed=1)
    result = quick.chimera("tests/features", f"--chimera-reject={WORDS}")
    result.stdout.no_fnmatch_line("*git merge*")
    command = revert_of(result)
    quick.git(*(word.rstrip(",") for word in command[1:4]))
    again = quick.chimera("tests/features")
    again.assert_outcomes(passed=1)
    again.stdout.fnmatch_lines(["*merged as*"])
    assert "The greeter" in (quick.path / "page.py").read_text()
