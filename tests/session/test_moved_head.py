"""The person commits between the red and the coder: which base counts, and how many attempts there are."""

from __future__ import annotations

from tests.session.conftest import RIGHT, WRONG, QuickApp
from tests.session.fast import Fast, fast

__all__ = ["fast"]

USES_A_NEW_FILE = RIGHT.replace("from html import escape", "from html import escape\n\nimport words").replace(
    "Hello, ", "{words.HELLO}, "
)
NEVER = (
    "async def code(brief):\n"
    "    (pathlib.Path(brief.folder) / ('no-' + str(brief.attempt) + '.txt')).write_text('no')\n\n\n"
    "def is_there(deployment, name):\n"
    "    note('asked')\n"
    "    return False\n"
)


def short(commit: str) -> str:
    return commit[:10]


def test_a_red_that_nobody_has_worked_on_is_moved_to_head_and_seen_red_there(quick: QuickApp) -> None:
    quick.coder(USES_A_NEW_FILE)
    base = quick.commit("Configure the coder")
    quick.chimera("--chimera-until=red").assert_outcomes(passed=1)
    quick.write(words='HELLO = "Hello"\n')
    head = quick.commit("Add what the coder needs")
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [f"*HEAD has moved from {short(base)} to {short(head)}*", f"*red on {short(head)} too: *", "*complete*1*"]
    )
    assert f"Chimera-Base: {head}" in quick.git("log", "-1", "--format=%B", "chimera/test-greet")
    assert quick.git("merge-base", "chimera/test-greet", "HEAD") == head


def test_only_the_red_is_moved_as_well_and_said_where_it_is(quick: QuickApp) -> None:
    base = quick.git("rev-parse", "HEAD")
    quick.chimera("--chimera-until=red", f"--chimera-coder=replay:{quick.recorded}")
    quick.write(other="")
    head = quick.commit("Something else")
    result = quick.chimera("--chimera-until=red", f"--chimera-coder=replay:{quick.recorded}")
    result.stdout.fnmatch_lines([f"*HEAD has moved from {short(base)} to {short(head)}*"])
    again = quick.chimera("--chimera-until=red", f"--chimera-coder=replay:{quick.recorded}")
    again.stdout.no_fnmatch_line("*HEAD has moved*")


def test_what_is_green_on_the_new_head_is_there_without_a_coder(quick: QuickApp) -> None:
    quick.coder(WRONG)
    base = quick.commit("Configure the coder")
    quick.chimera("--chimera-until=red")
    quick.write(page=RIGHT)
    quick.commit("Do it myself")
    result = quick.chimera("tests/features")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"*present: red on {short(base)}, and green on HEAD without a coder*"])
    quick.chimera("tests/features").assert_outcomes(passed=1)


def test_a_candidate_keeps_its_base_and_base_and_head_are_said(quick: QuickApp) -> None:
    quick.coder(WRONG, RIGHT)
    base = quick.commit("Configure the coder")
    quick.chimera("-o", "chimera_max_attempts=1").assert_outcomes(failed=1)
    quick.write(other="")
    head = quick.commit("Something else")
    result = quick.chimera("--chimera-hint=say Hello")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"*base {short(base)}, HEAD {short(head)}: the candidate stays on its base*"])
    assert f"Chimera-Base: {base}" in quick.git("log", "-1", "--format=%B", "chimera/test-greet")


def test_a_history_that_was_written_anew_keeps_the_base_and_says_so(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    base = quick.commit("Configure the coder")
    quick.chimera("--chimera-until=red")
    quick.git("commit", "-q", "--amend", "-m", "Configure")
    result = quick.chimera("tests/features")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"*base {short(base)} is not in the history of HEAD*--chimera-restart*"])


def test_by_hand_what_is_committed_since_the_base_is_the_change(quick: QuickApp) -> None:
    base = quick.git("rev-parse", "HEAD")
    quick.chimera().assert_outcomes(failed=1)
    quick.write(page=RIGHT)
    head = quick.commit("Greet")
    result = quick.chimera("tests/features")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"*base {short(base)}, HEAD {short(head)}: what was committed since*", "*complete*"])


def test_a_coder_that_takes_over_from_a_red_by_hand_has_just_its_attempts(fast: Fast) -> None:
    fast.begin("a", body=NEVER, config="chimera_max_attempts = 2")
    conftest = fast.path / "conftest.py"
    with_coder = conftest.read_text()
    conftest.write_text(with_coder.replace("async def pytest_chimera_implement_feature", "async def nothing"))
    fast.commit("No coder yet")
    fast.chimera("--chimera-until=red").assert_outcomes(passed=1)
    conftest.write_text(with_coder)
    fast.commit("A coder")
    fast.chimera().assert_outcomes(failed=1)
    assert len(fast.said("implement")) == 2


def test_each_answer_begins_a_round_of_as_many_attempts_as_are_configured(fast: Fast) -> None:
    fast.begin("a", body=NEVER, config="chimera_max_attempts = 1")
    for calls in (1, 2, 3, 4):
        fast.chimera("--chimera-hint=Try again") if calls > 1 else fast.chimera()
        assert len(fast.said("implement")) == calls
    fast.chimera("--chimera-hint=Try twice", "-o", "chimera_max_attempts=2")
    assert len(fast.said("implement")) == 6


def test_the_number_of_attempts_is_the_one_configured_now(fast: Fast) -> None:
    fast.begin("a", body=NEVER, config="chimera_max_attempts = 2")
    fast.chimera("--chimera-until=red").assert_outcomes(passed=1)
    fast.chimera("-o", "chimera_max_attempts=1").assert_outcomes(failed=1)
    assert len(fast.said("implement")) == 1
