"""A thousand features at once: concurrency limits hold, and memory stays flat."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from pytest_chimera import ChimeraExecutor, create_chimera_task
from pytest_chimera.context.limits import RunLimits
from pytest_chimera.context.scheduler import Scheduler
from pytest_chimera.models import Change, Deployment, GeneratedTest, TestRun
from pytest_chimera.run.recording import JournalRecorder
from pytest_chimera.settings import Settings
from pytest_chimera.state.journal import Journal
from pytest_chimera.state.write_ahead_log import WriteAheadLog
from pytest_chimera.workflow import ChimeraPhase
from pytest_chimera.workflow.agents import Agents, registry_of

FEATURES, JOBS, DEPLOYMENTS, BROWSERS = 1000, 20, 7, 3


class Busy:
    """Answers after yielding to other tasks, and counts concurrent calls."""

    def __init__(self, limits: RunLimits) -> None:
        self._allowance = limits
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.memory: list[int] = []

    @asynccontextmanager
    async def busy(self, what: str) -> AsyncIterator[None]:
        self.now[what] += 1
        self.most[what] = max(self.most[what], self.now[what])
        try:
            await anyio.sleep(0)
            yield
        finally:
            self.now[what] -= 1

    async def pytest_chimera_generate_test(self) -> GeneratedTest:
        async with self.busy("features"):
            return GeneratedTest(source="def test_a(): ...\n" * 100, path="tests/e2e/test_a.py", name="test_a")

    async def pytest_chimera_implement_feature(self) -> Change:
        async with self.busy("features"):
            return Change(commit="c1", summary="done " * 1000)

    async def pytest_chimera_deploy_to_staging(self) -> Deployment:
        await self._allowance.a_deployment()
        async with self.busy("deployments"):
            return Deployment(url="http://127.0.0.1:1")

    async def pytest_chimera_validate(self, deployment: Deployment) -> TestRun:
        async with self._allowance.a_browser(), self.busy("browsers"):
            await anyio.sleep(0)
        self._allowance.deployment_ended()
        self.memory.append(tracemalloc.get_traced_memory()[0])
        return TestRun(status="green", url=deployment.url)


async def walk_all(folder: Path, busy: Busy) -> None:
    turns, agents, ahead = Scheduler(JOBS), Agents(registry_of([busy])), WriteAheadLog(folder)

    async def one(number: int) -> None:
        turn = turns.enrol(number)
        await turn.begin()
        task = create_chimera_task(f"Feature {number}", "/")
        journal = Journal(folder / f"{number}.jsonl", ahead=ahead)
        workflow = task.begin()
        journal.write("begun", feature=task.feature.id, workflow=workflow, asked="")
        executor = ChimeraExecutor(agents, recorder=JournalRecorder(journal))
        done = await executor.execute_workflow(task, workflow=workflow)
        assert done.current_phase is ChimeraPhase.COMPLETE
        turn.end()

    async with anyio.create_task_group() as group:
        for number in range(FEATURES):
            group.start_soon(one, number)
    ahead.close()


def test_a_thousand_features_are_bounded_and_memory_stays_flat(tmp_path: Path) -> None:
    busy = Busy(RunLimits(Settings(max_deployments=DEPLOYMENTS, max_browsers=BROWSERS)))
    tracemalloc.start()
    try:
        anyio.run(walk_all, tmp_path, busy)
    finally:
        tracemalloc.stop()
    assert busy.most["features"] <= JOBS
    assert busy.most["deployments"] == DEPLOYMENTS
    assert busy.most["browsers"] == BROWSERS
    tenth = FEATURES // 10
    early, late = max(busy.memory[tenth : 2 * tenth]), max(busy.memory[-tenth:])
    assert late < early * 1.1, f"{early:,} bytes after {tenth} features, {late:,} at the end"
