"""A run uses no more than it is allowed: time, deployments, browsers; and the state can be checked."""

from __future__ import annotations

import json
import sys
import time

import psutil
import pytest

from pytest_chimera.context.limits import learned_limit
from pytest_chimera.settings import Settings
from pytest_chimera.state.journal import Journal
from pytest_chimera.workflow import ChimeraPhase
from tests.session.fast import Fast, fast, wait_until
from tests.session.test_many_at_once import DONE, SLOW, most_at_once

__all__ = ["fast"]

HANGS = "async def code(brief):\n    await asyncio.sleep(600)\n"
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(600)"],
                         start_new_session=True)
with open(sys.argv[1], "a") as log:
    log.write(f"pids {os.getpid()} {child.pid}\\n")
time.sleep(600)
"""


@pytest.mark.parametrize("key", ["feature", "run"])
def test_a_limit_of_time_parks_the_feature_and_spends_no_attempt(fast: Fast, key: str) -> None:
    fast.begin("a", body=HANGS, config=f"chimera_{key}_limit = 2")
    result = fast.chimera()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*The {key}'s time of 2 s is up.*", f"*chimera_{key}_limit = 2*", "*parked*"])
    workflow = Journal(fast.journal("test_a")).record.workflow
    assert workflow is not None
    assert workflow.attempts == 1
    assert [each.phase for each in workflow.results] == [ChimeraPhase.E2E_TEST_GENERATION]


def test_when_the_runs_time_is_up_the_rest_is_parked(fast: Fast) -> None:
    fast.begin("a b c", body=HANGS, config="chimera_run_limit = 2")
    began = time.monotonic()
    fast.chimera().assert_outcomes(errors=3)
    assert time.monotonic() - began < 60
    assert len(fast.said("implement")) == 1


def test_what_a_phase_that_is_cut_off_has_started_is_gone_in_two_seconds(fast: Fast) -> None:
    script = fast.log.with_name("stubborn.py")
    script.write_text(STUBBORN)
    lines = ("chimera_implementation_timeout = 2", "chimera_max_attempts = 1", "chimera_sandbox = off")
    fast.begin("a", config="\n".join((f"chimera_coder = {sys.executable} {script} {fast.log}", *lines)))
    conftest = fast.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace("async def pytest_chimera_implement_feature", "async def nothing"))
    run = fast.start()
    wait_until(lambda: fast.said("pids"))
    programs = [psutil.Process(int(pid)) for pid in fast.said("pids")[0].split()[1:]]
    began = time.monotonic()
    wait_until(lambda: not any(program.is_running() for program in programs), 60)
    assert time.monotonic() - began < 2 + 2 + 1
    run.wait()
    assert "cut off after 2 s" in run.out.read_text()


@pytest.mark.parametrize(
    ("key", "begins", "ends"),
    [("max_deployments", "deploy", "ended"), ("max_browsers", "judging", "judged")],
)
def test_no_more_run_at_once_than_is_configured(fast: Fast, key: str, begins: str, ends: str) -> None:
    body = DONE + (
        "async def code(brief):\n    await done(brief)\n\n\n"
        "def is_there(deployment, name):\n"
        "    note('judging')\n    time.sleep(0.1)\n    note('judged')\n"
        "    return (pathlib.Path(deployment.folder) / (name + '.txt')).exists()\n"
    )
    fast.begin("a b c d e f", body=body, config=f"chimera_{key} = 2")
    fast.chimera("--chimera-jobs=6").assert_outcomes(passed=6)
    assert most_at_once(fast.said(), begins, ends) <= 2


@pytest.mark.parametrize("count", [12, pytest.param(1000, marks=pytest.mark.exhaustive)])
def test_however_many_are_selected_no_more_than_allowed_are_under_way_and_memory_stays_flat(
    fast: Fast, count: int
) -> None:
    body = DONE + (
        "async def code(brief):\n"
        "    import psutil\n    note('memory', psutil.Process().memory_info().rss)\n    await done(brief)\n"
    )
    lines = ("chimera_max_deployments = 3", "chimera_max_browsers = 2")
    fast.begin(" ".join(f"f{number}" for number in range(count)), body=body, config="\n".join(lines))
    run = fast.start("--chimera-jobs=4")
    assert run.wait(30 + 10 * count) == 0
    assert most_at_once(fast.said(), "implement", "implemented") <= 4
    assert most_at_once(fast.said(), "deploy", "ended") <= 3
    memory = [int(line.split()[1]) for line in fast.said("memory")]
    assert len(memory) == count
    if count >= 100:
        assert memory[-1] < memory[count // 10] * 1.2


def test_without_free_memory_one_feature_goes_on_at_a_time(fast: Fast) -> None:
    more_than_there_is = psutil.virtual_memory().total // 1_000_000 + 1
    fast.begin("a b c", body=DONE + SLOW.format(seconds=0.1), config=f"chimera_min_free_memory = {more_than_there_is}")
    fast.chimera("--chimera-jobs=3").assert_outcomes(passed=3)
    assert most_at_once(fast.said(), "implement", "implemented") == 1


# -- learned limits


@pytest.mark.parametrize(
    ("durations", "ceiling", "limit"),
    [
        ([100.0] * 4, 1800, 1800),
        ([100.0] * 5, 1800, 300),
        ([100.0] * 95 + [900.0] * 5, 1800, 300),
        ([1.0] * 20, 1800, 60),
        ([1000.0] * 20, 1800, 1800),
        ([100.0] * 20, 0, 300),
    ],
)
def test_a_learned_limit_is_a_multiple_of_what_nearly_all_stay_below(
    durations: list[float], ceiling: float, limit: float
) -> None:
    assert learned_limit(durations, ceiling) == limit


def test_limits_are_learned_from_this_projects_journals(fast: Fast) -> None:
    fast.begin("a b c d e", config="chimera_timeouts = learned")
    fast.chimera("--chimera-jobs=5").assert_outcomes(passed=5)
    from pytest_chimera.context.limits import time_limits

    settings = Settings(timeouts="learned")
    table = time_limits(settings, None, fast.journal("test_a").parent)
    assert {route.timeout for route in table.values()} == {60.0}
    assert (
        time_limits(Settings(), None, fast.journal("test_a").parent)[ChimeraPhase.CODE_IMPLEMENTATION].timeout == 1800
    )


# -- the state


def test_verify_state_checks_every_journal(fast: Fast) -> None:
    fast.begin("a b")
    fast.chimera().assert_outcomes(passed=2)
    result = fast.verify()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*test_a.jsonl*complete*whole*", "*test_b.jsonl*complete*whole*"])


def test_verify_state_names_the_damaged_line_and_changes_nothing(fast: Fast) -> None:
    fast.begin("a b")
    fast.chimera().assert_outcomes(passed=2)
    journal = fast.journal("test_a")
    lines = journal.read_text().splitlines()
    lines[3] = lines[3].replace("code_implementation", "e2e_validation")
    damaged = "\n".join(lines) + "\n"
    journal.write_text(damaged)
    with fast.journal("test_b").open("a") as file:
        file.write('{"half')
    result = fast.verify()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*test_a.jsonl*line 4 is damaged*", "*test_b.jsonl*torn last line*"])
    assert journal.read_text() == damaged
    assert fast.journal("test_b").read_text().endswith('{"half')


def test_verify_state_refuses_a_newer_schema(fast: Fast) -> None:
    fast.begin("a")
    fast.chimera().assert_outcomes(passed=1)
    journal = fast.journal("test_a")
    first = json.loads(journal.read_text().splitlines()[0]) | {"schema_version": 99}
    journal.write_text(json.dumps(first) + "\n")
    result = fast.verify()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*schema 99*"])
