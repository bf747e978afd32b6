"""A coder's finished work is never discarded, however it ends; its output is shown; our own faults cost no attempt."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from pytest_chimera.state.journal import record_of
from pytest_chimera.system.sandbox import Sandboxes
from pytest_chimera.workflow import ChimeraWorkflow
from tests.session.conftest import RIGHT, WRONG, QuickApp
from tests.session.fast import wait_until
from tests.session.test_merging import by_script

DOES_IT = "page.write_text(RIGHT)\nprint('The tests are green now.', flush=True)\n"
SLEEPS = "import time\ntime.sleep(600)\n"


def room(app: QuickApp, attempt: int) -> Path:
    return app.path / ".chimera" / "test-greet" / "generation-1" / f"attempt-{attempt}"


def workflow_of(app: QuickApp) -> ChimeraWorkflow:
    workflow = record_of(app.path / ".pytest_cache" / "d" / "chimera" / "test_greet.jsonl").workflow
    assert workflow is not None
    return workflow


@pytest.mark.parametrize(
    ("ending", "how"),
    [("sys.exit(1)\n", "The coder * exited 1."), (SLEEPS, "The coder was cut off after 3 s*")],
    ids=["exits 1", "is cut off"],
)
def test_work_that_is_done_goes_on_to_review_however_its_coder_ended(quick: QuickApp, ending: str, how: str) -> None:
    by_script(quick, DOES_IT + ending, "chimera_implementation_timeout = 3")
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"*✓ implement*1 file changed. {how}*", "*✓ validate*", "*complete*1*"])


def test_a_function_that_fails_when_its_work_is_done_goes_on_to_review(quick: QuickApp) -> None:
    quick.write(
        conftest=f"import pathlib\nRIGHT = {RIGHT!r}\n\n\n"
        "def pytest_chimera_implement_feature(brief):\n"
        "    pathlib.Path(brief.folder, 'page.py').write_text(RIGHT)\n"
        "    raise FileNotFoundError('no such report')\n"
    )
    quick.commit("Write a coder")
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*✓ implement*1 file changed. The coder raised FileNotFoundError: no such report*"])


def test_the_next_brief_says_how_the_last_attempt_ended(quick: QuickApp) -> None:
    body = (
        "if ATTEMPT == 1:\n"
        "    page.write_text(RIGHT.replace('Hello, ', 'Bye, '))\n"
        "    print('I ran out of budget', flush=True)\n"
        "    sys.exit(2)\n"
        "page.write_text(RIGHT)\n"
    )
    by_script(quick, body)
    quick.chimera().assert_outcomes(passed=1)
    brief = (room(quick, 2) / "brief.md").read_text()
    assert "exited 2. Its changes were reviewed nevertheless." in brief
    assert "I ran out of budget" in brief


def test_a_coder_that_is_cut_off_with_nothing_changed_has_failed_and_its_last_words_are_told(quick: QuickApp) -> None:
    body = f"if ATTEMPT == 1:\n    print('Still thinking', flush=True)\n    {SLEEPS.strip().replace(chr(10), '; ')}\n"
    by_script(quick, f"{body}page.write_text(RIGHT)\n", "chimera_implementation_timeout = 3")
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*✗ implement*The coder was cut off after 3 s*", "*complete*2*"])
    brief = (room(quick, 2) / "brief.md").read_text()
    assert "cut off after 3 s" in brief
    assert "Still thinking" in brief


def test_a_coder_that_changed_nothing_is_told_with_what_it_said(quick: QuickApp) -> None:
    body = "for number in range(9):\n    print('Line', number)\nprint('Please log in first')\n"
    by_script(quick, body, "chimera_max_attempts = 1")
    quick.chimera().assert_outcomes(failed=1)
    result = workflow_of(quick).results[-1]
    assert result.reason == "The coder changed nothing."
    assert result.details.splitlines() == [*(f"Line {number}" for number in range(9)), "Please log in first"]


def test_the_diff_of_an_attempt_that_comes_to_nothing_is_kept(quick: QuickApp) -> None:
    """An interrupted attempt is repeated; what was written before can be read."""
    by_script(quick, f"{DOES_IT}{SLEEPS}")
    run = quick.start("--chimera")
    log = room(quick, 1) / "coder.log"
    wait_until(lambda: log.exists() and "green now" in log.read_text())
    run.end(signal.SIGINT)
    assert "Hello, " in (room(quick, 1) / "change.diff").read_text()
    assert not workflow_of(quick).attempts_ended


# -- our own faults


def check(app: QuickApp, line: str, *more: str) -> None:
    app.coder(RIGHT)
    app.config(f"chimera_coder = replay:{app.recorded}", f"chimera_check = {line}", *more)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("no-such-checker --all", "'no-such-checker' is not installed"),
        ("sh -c 'no-such-checker --all'", "no-such-checker"),
        ("./notes.txt", "notes.txt"),
        (f"{sys.executable} -m no_such_module", "No module named no_such_module"),
        (f"{sys.executable} -m pytest -q tests/nowhere", "tests/nowhere"),
    ],
    ids=["not found", "not found by a shell", "not executable", "no module", "nothing to run"],
)
def test_a_check_that_cannot_begin_on_the_base_either_parks_and_names_it(
    quick: QuickApp, line: str, cause: str
) -> None:
    (quick.path / "notes.txt").write_text("This is no program.\n")
    check(quick, line)
    quick.commit("Configure")
    result = quick.chimera("tests/features")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*The check `*` cannot be started, not even on the base: *{cause}*", "*parked*"])
    check_file = quick.path / "pytest.ini"
    check_file.write_text(check_file.read_text().replace(line, "true"))
    again = quick.chimera("tests/features")
    again.assert_outcomes(passed=1)
    again.stdout.fnmatch_lines(["*complete*1*"])
    again.stdout.no_fnmatch_line("*✓ implement*")


def test_a_check_that_a_change_keeps_from_beginning_is_the_changes_fault(quick: QuickApp) -> None:
    (quick.path / "check.sh").write_text("#!/bin/sh\ntrue\n")
    (quick.path / "check.sh").chmod(0o755)
    body = (
        "script = pathlib.Path('check.sh')\n"
        "script.unlink() if ATTEMPT == 1 else script.write_text('#!/bin/sh\\n')\n"
        "if ATTEMPT > 1:\n    script.chmod(0o755)\n"
    )
    by_script(quick, f"page.write_text(RIGHT)\n{body}", "chimera_check = ./check.sh")
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*✗ review*`./check.sh` cannot be started*", "*complete*2*"])


def test_a_coder_that_cannot_begin_parks_and_spends_no_attempt(quick: QuickApp) -> None:
    quick.config("chimera_coder = sh -c 'no-such-agent < {brief}'")
    result = quick.chimera()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*The coder cannot be started: 'no-such-agent'*", "*parked*"])
    assert workflow_of(quick).attempts_ended == 0


AGENT = f"cat > page.py <<'END'\n{RIGHT}END\n"
"""A shell script that does what is asked for."""


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("./agent.sh {brief}", "agent.sh"),
        ("sh tools/agent.sh {brief}", "tools/agent.sh"),
        ("timeout 60 sh -c './agent.sh < {brief}'", "agent.sh"),
        ("sh {root}/agent.sh", "agent.sh"),
    ],
    ids=["program", "script", "in a shell", "by its absolute path"],
)
def test_a_coder_that_is_not_committed_parks_before_its_first_attempt(quick: QuickApp, command: str, path: str) -> None:
    absolute = "{root}" in command
    if absolute and Sandboxes("auto").find() is None:
        pytest.skip("without a sandbox it is in reach")
    quick.config(f"chimera_coder = {command.replace('{root}', str(quick.path))}")
    quick.commit("Configure a coder")
    script = quick.path / path
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!/bin/sh\n{AGENT}")
    script.chmod(0o755)
    result = quick.chimera()
    result.assert_outcomes(errors=1)
    why = (
        "is in your project, which the sandbox hides"
        if absolute
        else "is not committed, and the coder works in a clone"
    )
    result.stdout.fnmatch_lines(
        [f"*The coder cannot be started: '*{path}' {why}*", f"*git add {path} && git commit*", "*parked*"]
    )
    assert not (room(quick, 1) / "coder.log").exists()
    assert workflow_of(quick).attempts_ended == 0
    if absolute:
        quick.config(f"chimera_coder = sh {path}")
    quick.git("add", ".")
    quick.git("commit", "-m", "Add the agent")
    quick.chimera().assert_outcomes(passed=1)


def test_a_coder_that_fails_without_a_file_that_is_not_committed_parks_and_names_it(quick: QuickApp) -> None:
    quick.config("chimera_coder = sh -ec 'cat prompt.md; . ./agent.sh'")
    (quick.path / "agent.sh").write_text(AGENT)
    quick.commit("Configure a coder")
    (quick.path / "prompt.md").write_text("Do it.\n")
    result = quick.chimera()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*exited 1, and 'prompt.md', which its command refers to, is not*",
            "*git add prompt.md*",
            "*parked*",
        ]
    )
    assert workflow_of(quick).attempts_ended == 0
    quick.commit("Add the prompt")
    quick.chimera().assert_outcomes(passed=1)


def test_a_file_that_is_not_committed_stops_no_coder_that_does_without_it(quick: QuickApp) -> None:
    (quick.path / "agent.sh").write_text(AGENT)
    quick.config("chimera_coder = sh agent.sh --log run.log")
    quick.commit("Configure a coder")
    (quick.path / "run.log").write_text("An earlier run.\n")
    quick.chimera().assert_outcomes(passed=1)


def test_a_coder_whose_last_command_is_missing_has_done_its_work(quick: QuickApp) -> None:
    by_script(quick, f"{DOES_IT}sys.exit(127)\n")
    result = quick.chimera()
    result.assert_outcomes(passed=1)


def test_a_replay_with_too_few_changes_stops_at_once_and_goes_on_with_another(quick: QuickApp) -> None:
    quick.coder(WRONG)
    result = quick.chimera()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*Only 1 change is recorded, and this is attempt 2.*", "*parked*"])
    (quick.recorded / "2").mkdir()
    (quick.recorded / "2" / "page.py").write_text(RIGHT)
    again = quick.chimera()
    again.assert_outcomes(passed=1)
    again.stdout.fnmatch_lines(["*complete*2*"])
