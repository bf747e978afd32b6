"""After being killed at any point, the same command goes on: nothing finished is repeated, lost or left behind."""

from __future__ import annotations

import json
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest

from pytest_chimera.state.journal import Journal
from pytest_chimera.system.crash_points import CrashPoint
from pytest_chimera.workflow import ChimeraPhase
from tests.session.fast import Fast, fast, wait_until

__all__ = ["fast"]

DIES = """
from pytest_chimera.system import crash_points


def die(point, detail):
    if (point.name, detail) == {place!r} and not (HERE / "died.log").exists():
        (HERE / "died.log").touch()
        os.kill(os.getpid(), signal.SIGKILL)


crash_points.on_reaching = die
"""
RECORDED = ("begun", "phase_started", "phase_finished", "proved", "published", "merged", "ended")
PLACES = [
    (point.name, detail)
    for point in CrashPoint
    for detail in (RECORDED if point in {CrashPoint.BEFORE_RECORD, CrashPoint.AFTER_RECORD} else ("",))
]
HOOKS = {
    "generate": "e2e_test_generation",
    "implement": "code_implementation",
    "deploy": "staging_deployment",
    "validate": "e2e_validation",
}


def finished(fast: Fast, name: str) -> list[tuple[str, int]]:
    """Return phase and attempt of each result in a feature's journal."""
    path = fast.journal(name)
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    results = [event["data"]["result"] for event in map(json.loads, lines) if event["event"] == "phase_finished"]
    return [(result["phase"], result["attempt"]) for result in results]


def check_journal(fast: Fast, name: str) -> None:
    """The journal is whole, and holds each result once."""
    workflow = Journal(fast.journal(name)).record.workflow
    assert workflow
    assert workflow.current_phase is ChimeraPhase.COMPLETE
    assert set(Counter(finished(fast, name)).values()) == {1}


def left_behind(fast: Fast) -> list[Path]:
    """Return the clones and checkouts that still exist."""
    return [path for folder in ("features", "checks") for path in fast.cache.glob(f"pytest-chimera/*/{folder}/*/*")]


@pytest.mark.parametrize(("point", "detail"), PLACES, ids=lambda value: value or "-")
def test_killed_at_a_named_place_it_goes_on_and_repeats_nothing_that_was_finished(
    fast: Fast, point: str, detail: str
) -> None:
    fast.begin("a", body=DIES.format(place=(point, detail)), config="chimera_merge = ff")
    assert fast.start().wait() == -signal.SIGKILL
    done = {phase for phase, _ in finished(fast, "test_a")}
    before = len(fast.said())
    fast.chimera("test_features.py").assert_outcomes(passed=1)
    if "e2e_validation" not in done:
        done -= {"staging_deployment"}  # deployments end with the process, and are made again
        if "e2e_test_generation" not in done:
            done.clear()
    again = [line.split()[0] for line in fast.said()[before:] if line.split()[0] in HOOKS]
    assert not [hook for hook in again if HOOKS[hook] in done]
    assert all(times <= 2 for times in Counter(fast.said("implement")).values())
    check_journal(fast, "test_a")
    assert fast.git("log", "--format=%s").splitlines() == ["Feature a", "Test: Feature a", "Begin"]
    assert fast.git("branch", "--format=%(refname:short)").split() == ["chimera/test-a", "main"]
    assert fast.git("status", "--porcelain") == ""
    assert not left_behind(fast)
    said = len(fast.said())
    fast.chimera("test_features.py").assert_outcomes(passed=1)
    assert len(fast.said()) == said


# -- at random

CODER = """
import os, pathlib, random, sys, time

feature = os.environ["CHIMERA_FEATURE"]
with open(sys.argv[1], "a") as log:
    log.write(f"coder {feature} {os.environ['CHIMERA_ATTEMPT']} {os.getpid()}\\n")
time.sleep(random.uniform(0, 0.4))
pathlib.Path(feature + ".txt").write_text("done")
"""


def killed_until_done(fast: Fast, chance: random.Random, most: int) -> None:
    """Run, kill at a random moment, and run again, until a run ends."""
    names = [f"test_{name}" for name in "abcd"]
    for _ in range(chance.randint(1, most)):
        before = {name: set(finished(fast, name)) for name in names}
        said = len(fast.said())
        run = fast.start("--chimera-jobs=4", "test_features.py")
        if not run.ends_within(chance.uniform(0.3, 2.5)):
            run.end(signal.SIGKILL)
        for line in fast.said()[said:]:
            if line.startswith("coder "):
                _, feature, attempt, _ = line.split()
                assert ("code_implementation", int(attempt)) not in before[feature], line
        if run.code == 0:
            return
    fast.chimera("--chimera-jobs=4", "test_features.py").assert_outcomes(passed=4)


def check_at_random(fast: Fast, seed: int, most: int) -> None:
    """Kill it at most a given number of times."""
    chance = random.Random(seed)
    script = fast.log.with_name("coder.py")
    script.write_text(CODER)
    merge = chance.choice(["ff", "stack", "none"])
    config = f"chimera_coder = {sys.executable} {script} {fast.log}\nchimera_merge = {merge}\nchimera_sandbox = off"
    fast.begin("a b c d", config=config)
    conftest = fast.path / "conftest.py"
    text = conftest.read_text()
    conftest.write_text(text.replace("async def pytest_chimera_implement_feature", "async def not_a_hook"))
    fast.commit("Use a program as the coder")
    killed_until_done(fast, chance, most)
    for name in "abcd":
        check_journal(fast, f"test_{name}")
        tip = {"ff": "main", "stack": "chimera/next", "none": f"chimera/test-{name}"}[merge]
        assert fast.git("show", f"{tip}:test_{name}.txt") == "done"
    assert fast.verify().ret == 0
    assert not list(fast.journal("test_a").parent.glob("*.ahead*"))
    assert fast.git("status", "--porcelain") == ""
    assert not left_behind(fast)
    pids = [int(line.split()[3]) for line in fast.said("coder")]
    wait_until(lambda: not any(str(script) in command_of(pid) for pid in pids), 10)


def command_of(pid: int) -> str:
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_random_moments_everything_is_complete_in_the_end(fast: Fast, seed: int) -> None:
    check_at_random(fast, seed, most=2)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(6, 220))
def test_killed_at_random_moments_exhaustively(fast: Fast, seed: int) -> None:
    check_at_random(fast, seed, most=8)
