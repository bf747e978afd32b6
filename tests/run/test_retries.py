"""Phases are retried with pauses after outside trouble; a hook that keeps failing is not called; circles are ended."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import Any

import pytest

from pytest_chimera import ChimeraExecutor, create_chimera_task
from pytest_chimera.context.circuit_breaker import Breakers, CircuitOpen
from pytest_chimera.errors import EnvironmentTrouble, PhaseFailed
from pytest_chimera.models import Failure, Reason, TestRun
from pytest_chimera.run.executor import BACKOFF
from pytest_chimera.workflow import ChimeraPhase
from tests.test_library import Everybody

HOOK = "pytest_chimera_implement_feature"


def walk(plugin: object, attempts: int = 9) -> Any:
    executor = ChimeraExecutor([plugin], backoff=())
    return asyncio.run(executor.execute_workflow(create_chimera_task("A feature", "/"), attempts))


async def fails(breakers: Breakers, *, passing: bool = True) -> None:
    async with breakers.watching(HOOK):
        raise EnvironmentTrouble("The service answers 503.", passing=passing)


async def succeeds(breakers: Breakers) -> str:
    async with breakers.watching(HOOK):
        return "done"


# -- pauses


def test_pauses_double_and_are_drawn_from_nothing_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[float, float]] = []

    class Flaky(Everybody):
        def pytest_chimera_validate(self) -> TestRun:  # type: ignore[override] # asks for nothing
            raise EnvironmentTrouble("The browser crashed.", passing=True)

    def uniform(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.0

    monkeypatch.setattr("pytest_chimera.run.executor.random.uniform", uniform)
    executor = ChimeraExecutor([Flaky()])
    with pytest.raises(Exception, match="The browser crashed"):
        asyncio.run(executor.execute_workflow(create_chimera_task("A feature", "/")))
    assert drawn == [(0, pause) for pause in BACKOFF]
    assert all(later == 2 * earlier for earlier, later in pairwise(BACKOFF))


# -- the breaker


def test_a_hook_that_failed_so_often_is_not_called_and_it_is_said() -> None:
    async def run() -> None:
        for _ in range(3):
            with pytest.raises(EnvironmentTrouble):
                await fails(breakers, passing=False)
        with pytest.raises(CircuitOpen, match="was not called, because it failed 3 times in a row"):
            await succeeds(breakers)

    said: list[str] = []
    breakers = Breakers(said.append, opens_after=3, pause=60)
    asyncio.run(run())
    assert said == [f"{HOOK} failed 3 times in a row (The service answers 503.): not called for 60 s"]


def test_a_success_between_keeps_it_closed() -> None:
    async def run() -> None:
        for _ in range(4):
            with pytest.raises(EnvironmentTrouble):
                await fails(breakers)
            assert await succeeds(breakers) == "done"

    breakers = Breakers(opens_after=2, pause=60)
    asyncio.run(run())


def test_a_failure_of_the_change_is_no_failure_of_the_hook() -> None:
    async def run() -> None:
        for _ in range(4):
            with pytest.raises(PhaseFailed):
                async with breakers.watching(HOOK):
                    raise PhaseFailed("The coder exited 1.")
        assert await succeeds(breakers) == "done"

    breakers = Breakers(opens_after=2, pause=60)
    asyncio.run(run())


def test_one_probe_goes_through_the_others_wait_for_it() -> None:
    called: list[int] = []

    async def feature(number: int) -> None:
        async with breakers.watching(HOOK):
            called.append(number)
            together = len(called) == 1
            await asyncio.sleep(0.2)
            assert not together or len(called) == 1

    async def run() -> None:
        for _ in range(2):
            with pytest.raises(EnvironmentTrouble):
                await fails(breakers)
        began = time.monotonic()
        await asyncio.gather(*map(feature, range(5)))
        assert time.monotonic() - began > 0.3

    said: list[str] = []
    breakers = Breakers(said.append, opens_after=2, pause=0.2)
    asyncio.run(run())
    assert sorted(called) == list(range(5))
    assert said[1:] == [f"{HOOK}: trying one call", f"{HOOK} works again"]


def test_probes_that_fail_make_longer_pauses_and_end() -> None:
    async def run() -> None:
        for _ in range(6):
            with pytest.raises(EnvironmentTrouble):
                await fails(breakers)
        with pytest.raises(CircuitOpen):
            await succeeds(breakers)

    said: list[str] = []
    breakers = Breakers(said.append, opens_after=2, pause=0.02)
    asyncio.run(run())
    assert len([line for line in said if "trying one call" in line]) == 4


# -- circles


def red(signature: str) -> TestRun:
    failure = Failure(nodeid="a", reason=Reason.ASSERTION, message="No.", signature=signature)
    return TestRun(status="red", url="/", failures=(failure,))


def test_the_same_failure_three_times_ends_it() -> None:
    class Wrong(Everybody):
        def pytest_chimera_validate(self) -> TestRun:  # type: ignore[override] # asks for nothing
            return red("same")

    workflow = walk(Wrong())
    assert workflow.current_phase is ChimeraPhase.FAILED
    assert workflow.attempts == 3
    assert workflow.in_circles == "the same failure 3 times."


def test_different_failures_use_all_attempts() -> None:
    class Wrong(Everybody):
        times = 0

        def pytest_chimera_validate(self) -> TestRun:  # type: ignore[override] # asks for nothing
            self.times += 1
            return red(f"failure {self.times}")

    workflow = walk(Wrong(), attempts=6)
    assert workflow.attempts == 6
    assert not workflow.in_circles


def test_the_same_change_twice_ends_it() -> None:
    class Stubborn(Everybody):
        times = 0

        async def pytest_chimera_implement_feature(self) -> dict[str, Any]:  # type: ignore[override] # asks for nothing
            return {"commit": "always the same"}

        def pytest_chimera_validate(self) -> TestRun:  # type: ignore[override] # asks for nothing
            self.times += 1
            return red(f"failure {self.times}")

    workflow = walk(Stubborn())
    assert workflow.current_phase is ChimeraPhase.FAILED
    assert workflow.attempts == 2
    assert "the same change as in attempt 1" in workflow.in_circles


def test_a_persons_words_begin_a_new_round() -> None:
    class Wrong(Everybody):
        def pytest_chimera_validate(self) -> TestRun:  # type: ignore[override] # asks for nothing
            return red("same")

    workflow = walk(Wrong()).answered("Use the ORM.")
    assert not workflow.in_circles
    executor = ChimeraExecutor([Wrong()], backoff=())
    workflow = asyncio.run(executor.execute_workflow(create_chimera_task("A", "/"), workflow=workflow))
    assert workflow.attempts == 6
