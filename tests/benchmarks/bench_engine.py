"""What the durable engine costs, beside DBOS, LangGraph and Burr doing the same five durable steps, in one run.

    python -m tests.benchmarks.bench_engine [--workflows 100] [--scale 1,10,100,1000]

All run the same workflow: five steps that answer at once, each recorded on the disk before the next begins. Install the
others with ``pip install --group bench``; one that is not installed is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict

import anyio

from pytest_chimera import ChimeraExecutor, create_chimera_task
from pytest_chimera.agents import Agents, registry_of
from pytest_chimera.journal import Journal, standing_of
from pytest_chimera.models import Deployment, GeneratedTest, Review, TestRun
from pytest_chimera.proving import JournalRecorder
from pytest_chimera.turns import Turns
from pytest_chimera.workflow import ChimeraPhase

STEPS = ("generate", "implement", "review", "deploy", "validate")


class AtOnce:
    """Answers every hook at once."""

    async def pytest_chimera_generate_test(self) -> GeneratedTest:
        return GeneratedTest(source="def test_a(): ...\n", path="tests/e2e/test_a.py", name="test_a")

    async def pytest_chimera_implement_feature(self) -> dict[str, str]:
        return {"commit": "c1", "branch": "feature/a"}

    async def pytest_chimera_review_change(self) -> Review:
        return Review(decision="approve")

    async def pytest_chimera_deploy_to_staging(self) -> Deployment:
        return Deployment(url="http://127.0.0.1:1")

    async def pytest_chimera_validate(self, deployment: Deployment) -> TestRun:
        return TestRun(status="green", url=deployment.url)


class Sleeps(AtOnce):
    """A coder that takes a second."""

    async def pytest_chimera_implement_feature(self) -> dict[str, str]:
        await anyio.sleep(1)
        return {"commit": "c1", "branch": "feature/a"}


async def durable_workflow(folder: Path, number: int, agents: Agents) -> None:
    """Walk one workflow with a journal of its own."""
    task = create_chimera_task(f"Feature {number}", "/")
    workflow = task.begin()
    journal = Journal(folder / f"{number}.jsonl")
    journal.write("begun", feature=task.feature.id, workflow=workflow, asked="")
    executor = ChimeraExecutor(agents, recorder=JournalRecorder(journal))
    done = await executor.execute_workflow(task, workflow=workflow)
    assert done.current_phase is ChimeraPhase.COMPLETE


# -- the four


def run_chimera(folder: Path, workflows: int) -> None:
    """Ours: a journal for each workflow."""

    async def all_of_them() -> None:
        agents = Agents(registry_of([AtOnce()]))
        for number in range(workflows):
            await durable_workflow(folder, number, agents)

    folder.mkdir()
    asyncio.run(all_of_them())


def run_burr(folder: Path, workflows: int) -> None:
    """Burr with its SQLite persister."""
    burr = import_module("burr.core")

    def step(name: str) -> Any:
        @burr.action(reads=[], writes=[name])  # type: ignore[untyped-decorator] # it need not be installed
        def do(state: Any) -> Any:
            return state.update(**{name: "done"})

        do.__annotations__ = {"state": burr.State, "return": burr.State}

        return do

    folder.mkdir()
    persister = import_module("burr.core.persistence").SQLitePersister(str(folder / "burr.db"))
    persister.initialize()
    for number in range(workflows):
        app = (
            burr.ApplicationBuilder()
            .with_actions(**{name: step(name) for name in STEPS})
            .with_transitions(*pairwise(STEPS))
            .with_entrypoint(STEPS[0])
            .with_state_persister(persister)
            .with_identifiers(app_id=str(number), partition_key="bench")
            .build()
        )
        app.run(halt_after=[STEPS[-1]])


def run_langgraph(folder: Path, workflows: int) -> None:
    """LangGraph with its SQLite checkpoints, each written before the next step."""
    graphs = import_module("langgraph.graph")
    saving = import_module("langgraph.checkpoint.sqlite").SqliteSaver
    fields = TypedDict("fields", dict.fromkeys(STEPS, str), total=False)  # type: ignore[misc] # made of the table
    graph = graphs.StateGraph(fields)
    for name in STEPS:
        graph.add_node(f"do_{name}", lambda _state, name=name: {name: "done"})
    chain = [graphs.START, *(f"do_{name}" for name in STEPS), graphs.END]
    for one, other in pairwise(chain):
        graph.add_edge(one, other)
    folder.mkdir()
    with saving.from_conn_string(str(folder / "langgraph.db")) as saver:
        compiled = graph.compile(checkpointer=saver)
        for number in range(workflows):
            compiled.invoke({}, {"configurable": {"thread_id": str(number)}}, durability="sync")


def run_dbos(folder: Path, workflows: int) -> None:
    """DBOS with SQLite."""
    dbos = import_module("dbos").DBOS
    folder.mkdir()
    dbos(config={"name": "bench", "system_database_url": f"sqlite:///{folder / 'dbos.db'}", "log_level": "ERROR"})

    steps = [dbos.step(name=name)(lambda: "done") for name in STEPS]

    def all_steps() -> int:
        return len([each() for each in steps])

    workflow = dbos.workflow()(all_steps)
    dbos.launch()
    try:
        workflow()
        began = time.perf_counter()
        for _ in range(workflows):
            workflow()
        DBOS_SECONDS.append(time.perf_counter() - began)
    finally:
        dbos.destroy()


DBOS_SECONDS: list[float] = []
"""DBOS's own start is no part of a workflow: it is measured without."""


def milliseconds(run: Callable[[Path, int], None], workflows: int) -> float:
    """Milliseconds for each workflow."""
    with tempfile.TemporaryDirectory() as scratch:
        DBOS_SECONDS.clear()
        began = time.perf_counter()
        run(Path(scratch) / "state", workflows)
        seconds = DBOS_SECONDS[0] if DBOS_SECONDS else time.perf_counter() - began
    return seconds * 1000 / workflows


def compare(workflows: int) -> None:
    """Print each one's milliseconds, and ours as a ratio of the fastest other."""
    others = {"DBOS": ("dbos", run_dbos), "LangGraph": ("langgraph", run_langgraph), "Burr": ("burr", run_burr)}
    run_chimera_once = milliseconds(run_chimera, workflows)
    print(f"{'pytest-chimera':<16}{run_chimera_once:8.2f} ms a workflow")
    taken = {}
    for name, (module, run) in others.items():
        if find_spec(module) is None:
            print(f"{name:<16} is not installed")
            continue
        taken[name] = milliseconds(run, workflows)
        print(f"{name:<16}{taken[name]:8.2f} ms a workflow; ours is {run_chimera_once / taken[name]:.2f} of it")
    if taken:
        print(f"ours is {run_chimera_once / min(taken.values()):.2f} of the fastest other (the aim: 0.25)")


# -- ours alone


def scale(counts: list[int]) -> None:
    """Time and memory for each workflow, as their number grows."""
    for count in counts:
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        each = milliseconds(run_chimera, count)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        unit = 1024 if sys.platform != "darwin" else 1024 * 1024
        print(f"{count:>6} workflows: {each:7.2f} ms each, peak memory grew by {grown / unit:.1f} MB")


def resume(workflows: int) -> None:
    """How long it takes to see that so many workflows are finished."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "state"
        run_chimera(folder, workflows)
        began = time.perf_counter()
        assert all(standing_of(path).workflow for path in folder.glob("*.jsonl"))
        print(f"resuming {workflows} finished workflows: {time.perf_counter() - began:.3f} s (the aim: 0.1 s)")


def many_at_once(features: int, jobs: int) -> None:
    """Features whose coder sleeps a second, beside the ideal."""

    async def one(folder: Path, number: int, turns: Turns, agents: Agents) -> None:
        turn = turns.enrol(number)
        await turn.begin()
        try:
            await durable_workflow(folder, number, agents)
        finally:
            turn.end()

    async def all_of_them(folder: Path) -> None:
        turns = Turns(jobs)
        agents = Agents(registry_of([Sleeps()]))
        async with anyio.create_task_group() as group:
            for number in range(features):
                group.start_soon(one, folder, number, turns, agents)

    with tempfile.TemporaryDirectory() as scratch:
        began = time.perf_counter()
        asyncio.run(all_of_them(Path(scratch)))
        seconds, ideal = time.perf_counter() - began, features / jobs
    print(
        f"{features} features of 1 s, {jobs} at once: {seconds:.2f} s, {seconds / ideal:.2f} of the ideal {ideal:.0f} s"
    )


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workflows", type=int, default=100)
    parser.add_argument("--scale", default="1,10,100,1000")
    options = parser.parse_args()
    compare(options.workflows)
    scale([int(count) for count in options.scale.split(",")])
    resume(1000)
    many_at_once(200, 50)


if __name__ == "__main__":
    main()
