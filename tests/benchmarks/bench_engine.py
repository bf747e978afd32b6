"""The cost of the durable engine, compared with DBOS, LangGraph and Burr in the same five durable steps.

    python -m tests.benchmarks.bench_engine [--workflows 100] [--rounds 5] [--scale 1,10,100,1000,10000]

All run the same workflow: five steps that answer at once, each recorded on the disk before the next begins. Install the
others with ``pip install --group bench``; one that is not installed is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, TypedDict

import anyio

from pytest_chimera import ChimeraExecutor, create_chimera_task
from pytest_chimera.context.scheduler import Scheduler, Turn
from pytest_chimera.models import Deployment, GeneratedTest, Review, TestRun
from pytest_chimera.run.recording import JournalRecorder
from pytest_chimera.state.journal import Journal, record_of
from pytest_chimera.state.write_ahead_log import WriteAheadLog
from pytest_chimera.workflow.agents import Agents, registry_of
from pytest_chimera.workflow.transitions import ChimeraPhase

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


async def durable_workflow(ahead: WriteAheadLog, number: int, agents: Agents) -> None:
    """Walk one workflow with a journal of its own."""
    task = create_chimera_task(f"Feature {number}", "/")
    workflow = task.begin()
    journal = Journal(ahead.folder / f"{number}.jsonl", ahead=ahead)
    journal.write("begun", feature=task.feature.id, workflow=workflow, asked="")
    executor = ChimeraExecutor(agents, recorder=JournalRecorder(journal))
    done = await executor.execute_workflow(task, workflow=workflow)
    assert done.current_phase is ChimeraPhase.COMPLETE


# -- all four, one workflow after the other, and concurrently


@contextmanager
def written_ahead(folder: Path) -> Iterator[WriteAheadLog]:
    """What a run has: one write-ahead file for all its journals."""
    folder.mkdir()
    ahead = WriteAheadLog(folder)
    yield ahead
    ahead.close()


def run_chimera(folder: Path, workflows: int) -> None:
    """Ours: a journal for each workflow."""

    async def one_by_one(ahead: WriteAheadLog) -> None:
        agents = Agents(registry_of([AtOnce()]))
        for number in range(workflows):
            await durable_workflow(ahead, number, agents)

    with written_ahead(folder) as ahead:
        asyncio.run(one_by_one(ahead))


def run_chimera_at_once(folder: Path, workflows: int) -> None:
    """Ours, as in a run."""
    with written_ahead(folder) as ahead:
        asyncio.run(at_once(ahead, workflows, AT_ONCE, AtOnce()))


async def at_once(ahead: WriteAheadLog, workflows: int, jobs: int, agent: AtOnce) -> None:
    """Walk many workflows, so many at a time."""
    agents, turns = Agents(registry_of([agent])), Scheduler(jobs)

    async def one(number: int, turn: Turn) -> None:
        await turn.begin()
        try:
            await durable_workflow(ahead, number, agents)
        finally:
            turn.end()

    async with anyio.create_task_group() as group:
        for number in range(workflows):
            group.start_soon(one, number, turns.enrol(number))


def burr_app(persister: Any, number: int) -> Any:
    """One workflow of Burr's."""
    burr = import_module("burr.core")

    def step(name: str) -> Any:
        @burr.action(reads=[], writes=[name])  # type: ignore[untyped-decorator] # it need not be installed
        def do(state: Any) -> Any:
            return state.update(**{name: "done"})

        do.__annotations__ = {"state": burr.State, "return": burr.State}

        return do

    return (
        burr.ApplicationBuilder()
        .with_actions(**{name: step(name) for name in STEPS})
        .with_transitions(*pairwise(STEPS))
        .with_entrypoint(STEPS[0])
        .with_state_persister(persister)
        .with_identifiers(app_id=str(number), partition_key="bench")
        .build()
    )


@contextmanager
def burr_persister(folder: Path) -> Iterator[Any]:
    """Burr's SQLite persister, with SQLite's own settings: a rollback journal, ``synchronous=FULL``."""
    folder.mkdir()
    module = import_module("burr.core.persistence")
    persister = module.SQLitePersister(str(folder / "burr.db"), connect_kwargs={"check_same_thread": False})
    persister.initialize()
    yield persister


def run_burr(folder: Path, workflows: int) -> None:
    """Burr, one after the other."""
    with burr_persister(folder) as persister:
        for number in range(workflows):
            burr_app(persister, number).run(halt_after=[STEPS[-1]])


@contextmanager
def langgraph_graph(folder: Path) -> Iterator[Any]:
    """LangGraph with its SQLite checkpoints, as it sets SQLite up: a write-ahead log, ``synchronous=FULL``."""
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
        yield graph.compile(checkpointer=saver)


def invoke(graph: Any, number: int) -> None:
    """One workflow of LangGraph's, each checkpoint written before the next step."""
    graph.invoke({}, {"configurable": {"thread_id": str(number)}}, durability="sync")


def run_langgraph(folder: Path, workflows: int) -> None:
    """LangGraph, one after the other."""
    with langgraph_graph(folder) as graph:
        for number in range(workflows):
            invoke(graph, number)


def run_langgraph_at_once(folder: Path, workflows: int) -> None:
    """LangGraph, in threads."""
    with langgraph_graph(folder) as graph, ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(partial(invoke, graph), range(workflows)))


@contextmanager
def dbos_workflow(folder: Path) -> Iterator[tuple[Any, Any]]:
    """DBOS with SQLite, as it sets SQLite up: a rollback journal, ``synchronous=FULL``."""
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
        yield dbos, workflow
        OWN_SECONDS.append(time.perf_counter() - began)
    finally:
        dbos.destroy()


OWN_SECONDS: list[float] = []
"""The time of DBOS's own start, which is measured separately."""


def run_dbos(folder: Path, workflows: int) -> None:
    """DBOS, one after the other."""
    with dbos_workflow(folder) as (_, workflow):
        for _ in range(workflows):
            workflow()


def run_dbos_at_once(folder: Path, workflows: int) -> None:
    """DBOS, in its own threads."""
    with dbos_workflow(folder) as (dbos, workflow):
        for handle in [dbos.start_workflow(workflow) for _ in range(workflows)]:
            handle.get_result()


Run = Callable[[Path, int], None]
OURS = "pytest-chimera"
AT_ONCE = 50
ONE_BY_ONE: dict[str, Run] = {OURS: run_chimera, "DBOS": run_dbos, "LangGraph": run_langgraph, "Burr": run_burr}
ALL_AT_ONCE: dict[str, Run] = {
    OURS: run_chimera_at_once,
    "DBOS": run_dbos_at_once,
    "LangGraph": run_langgraph_at_once,
}
"""Burr's persister has one connection, for one thread."""


def milliseconds(run: Run, workflows: int) -> float:
    """Milliseconds for each workflow."""
    with tempfile.TemporaryDirectory() as scratch:
        OWN_SECONDS.clear()
        began = time.perf_counter()
        run(Path(scratch) / "state", workflows)
        seconds = OWN_SECONDS[0] if OWN_SECONDS else time.perf_counter() - began
    return seconds * 1000 / workflows


def compare(title: str, runs: Mapping[str, Run], workflows: int, rounds: int) -> None:
    """Print each one's milliseconds, and ours as a ratio of each other.

    Each round runs all of them, one after the other, so that what else the machine does meets all; the median and the
    least of the rounds are told.
    """
    there = {name: run for name, run in runs.items() if name == OURS or find_spec(name.lower())}
    taken = {name: sorted(each) for name, each in _rounds(there, workflows, rounds).items()}
    print(f"{title}, {workflows} workflows, {rounds} rounds")
    for name, each in taken.items():
        middle, least = median(each) / median(taken[OURS]), each[0] / taken[OURS][0]
        ratio = "" if name == OURS else f"; ours is {1 / middle:.2f} of it, by the least {1 / least:.2f}"
        print(f"  {name:<16}{median(each):8.2f} ms a workflow, at least {each[0]:.2f}{ratio}")
    others = [each for name, each in taken.items() if name != OURS]
    if others:
        fastest = min(median(each) for each in others)
        print(f"  ours is {median(taken[OURS]) / fastest:.2f} of the fastest other (the aim: 0.25)")


def _rounds(runs: Mapping[str, Run], workflows: int, rounds: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            taken[name].append(milliseconds(run, workflows))
    return taken


# -- ours alone


def scale(counts: list[int]) -> None:
    """Time and memory for each workflow, as their number grows: each in a process of its own."""
    for count in counts:
        told = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.bench_engine", "--alone", str(count)],
            check=True,
            capture_output=True,
            text=True,
        )
        print(f"  {told.stdout.strip()}")


def alone(count: int) -> None:
    """Measure for :func:`scale`: the memory that was needed beyond a first workflow."""
    milliseconds(run_chimera_at_once, 1)
    before = peak_memory()
    each = milliseconds(run_chimera_at_once, count)
    grown = peak_memory() - before
    print(f"{count:>6} workflows: {each:7.2f} ms each, {grown:6.1f} MB more at the peak, {grown / count:.4f} MB each")


def peak_memory() -> float:
    """Return the maximum memory of this process, in MB. ``getrusage`` also counts the parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if "VmHWM" in line)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024


def resume(workflows: int) -> None:
    """Measure how long it takes to see that many workflows are finished."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "state"
        run_chimera_at_once(folder, workflows)
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            assert all(record_of(path).workflow for path in folder.glob("*.jsonl"))
            taken.append(time.perf_counter() - began)
    middle, least = median(taken), min(taken)
    print(f"resuming {workflows} finished workflows: {middle:.3f} s, at least {least:.3f} s (the aim: 0.1 s)")


def many_at_once(features: int, jobs: int) -> None:
    """Compare features whose coder sleeps a second with the ideal."""
    with tempfile.TemporaryDirectory() as scratch:
        began = time.perf_counter()
        with written_ahead(Path(scratch) / "state") as ahead:
            asyncio.run(at_once(ahead, features, jobs, Sleeps()))
        seconds, ideal = time.perf_counter() - began, features / jobs
    print(f"{features} features of 1 s, {jobs} at once: {seconds / ideal:.2f} of the ideal (the aim: 1.3)")


def main() -> None:
    """Run all benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workflows", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", default="1,10,100,1000,10000")
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        alone(options.alone)
        return
    compare("one after the other", ONE_BY_ONE, options.workflows, options.rounds)
    compare(f"{AT_ONCE} at once", ALL_AT_ONCE, options.workflows, options.rounds)
    scale([int(count) for count in options.scale.split(",")])
    resume(1000)
    many_at_once(200, 50)


if __name__ == "__main__":
    main()
