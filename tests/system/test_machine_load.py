"""Slow programs are distinguished from hanging ones: limits are stretched on a busy machine only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import sleep

import anyio
import pytest

from pytest_chimera.judge import Browser, judge, seal_of
from pytest_chimera.models import GeneratedTest, Reason, SealedTest
from pytest_chimera.system import machine_load as contention
from pytest_chimera.system.machine_load import FREE, MOST, Deadline, LoadSamples, slowdown, stretch, stretched, watching


@pytest.mark.parametrize(("measured", "times"), [(1.0, 1.0), (2.4, 1.0), (3.0, 3.0), (8.0, 8.0), (90.0, 8.0)])
def test_a_quiet_machine_stretches_nothing_and_a_busy_one_not_without_end(measured: float, times: float) -> None:
    assert stretch(measured) == times


def test_a_run_is_as_busy_as_it_was_for_a_good_part_and_not_as_for_one_moment() -> None:
    assert LoadSamples([1.0, 9.0, 1.0, 9.0]).slowdown == 9.0
    assert LoadSamples([2.0, 3.0, 3.0, 3.0, 90.0]).slowdown == 3.0
    assert LoadSamples([4.0]).slowdown == 4.0
    assert LoadSamples().slowdown == 1.0


def test_what_runs_is_measured_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contention, "_EVERY", 0.01)
    with watching() as watch:
        monkeypatch.setattr(contention, "slowdown", lambda: 6.0)
        while len(watch.samples) < 3:
            sleep(0.01)  # the condition cannot notify us
    assert watch.samples[-1] == 6.0


def test_a_limit_is_put_off_once_where_the_machine_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 9.0, 11.0, 11.0, 39.0, 41.0])
    monkeypatch.setattr("pytest_chimera.system.machine_load.time.monotonic", lambda: next(clock))
    monkeypatch.setattr(contention, "slowdown", lambda: 4.0)
    deadline = Deadline(10.0)
    assert [deadline.is_over() for _ in range(4)] == [False, False, False, True]
    assert deadline.seconds == 40.0


def test_a_limit_on_a_quiet_machine_is_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 11.0, 11.0])
    monkeypatch.setattr("pytest_chimera.system.machine_load.time.monotonic", lambda: next(clock))
    monkeypatch.setattr(contention, "slowdown", lambda: 1.0)
    assert Deadline(10.0).is_over()


NEVER_ENDS = "import time\n\n\ndef test_waits():\n    time.sleep(600)\n"


def test_a_judge_that_waits_longer_is_given_longer_in_all(tmp_path: Path) -> None:
    test = GeneratedTest(source=NEVER_ENDS, path="test_waits.py", name="test_waits")
    nodeids = ("test_waits.py::test_waits",)
    sealed = SealedTest(test=test, nodeids=nodeids, sha256=seal_of(NEVER_ENDS), stretch=MOST)
    none = Browser(path=None, name="none")
    run = anyio.run(lambda: judge(sealed, "http://127.0.0.1:1", evidence=tmp_path, browser=none, time_limit=0.5))
    assert run.failures[0].reason is Reason.JUDGE_BROKEN
    assert "cut off" in run.failures[0].message
    assert run.seconds >= 0.5 * MOST


@contextmanager
def busy_loops(number: int) -> Iterator[None]:
    """Processes that only use CPU time, ended afterwards."""
    with ExitStack() as stack:
        for _ in range(number):
            loop = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(loop.kill)
        yield


@pytest.mark.exhaustive
def test_busy_loops_are_measured_as_what_they_are() -> None:
    with busy_loops(6 * (os.cpu_count() or 1)):
        assert max(slowdown() for _ in range(5)) > FREE
        assert FREE < max(stretched(1.0) for _ in range(5)) <= MOST
