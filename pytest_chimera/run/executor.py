"""Runs a workflow: load, act, record, repeat.

What a phase does is passed to the executor as a table of acts. Outside a project the acts only call the hooks
(:func:`asking_acts`); inside one they are those of :class:`pytest_chimera.run.phases.ProjectPhases`.
"""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.to_thread
import pluggy

from pytest_chimera.errors import ChimeraError, EnvironmentTrouble, PhaseFailed, trouble_of
from pytest_chimera.models import (
    Brief,
    Change,
    Checkout,
    Deployment,
    Review,
    SealedTest,
    TestRun,
    slug_of,
)
from pytest_chimera.system.time_limits import (
    cut_off,
    limited_by,
    slept_so_far,
)
from pytest_chimera.workflow import questions
from pytest_chimera.workflow.agents import Agents, registry_of
from pytest_chimera.workflow.machine import (
    Act,
    ChimeraTask,
    ChimeraWorkflow,
    PhaseResult,
    create_chimera_task,
    outcome_of,
)
from pytest_chimera.workflow.questions import generated_from
from pytest_chimera.workflow.transitions import PARKED, TRANSITIONS, ChimeraPhase, Outcome, Route

BACKOFF = (1.0, 2.0, 4.0, 8.0)
"""Maximum seconds to wait before each retry after temporary trouble; the actual wait is a random part of it."""
SLEPT = 30.0
"""Seconds that the machine may sleep during a failed phase before the phase is repeated without counting."""


class Recorder:
    """Where an executor records what happens. This one discards it; a journal's recorder stores it."""

    async def started(self, workflow: ChimeraWorkflow) -> None:
        """Record that the current phase starts."""

    async def finished(self, result: PhaseResult, leads_to: ChimeraPhase) -> None:
        """Record that a phase has ended."""


class Parked(Exception):
    """A phase could not be finished, for a cause outside the change; the workflow stays where it is."""

    def __init__(self, phase: ChimeraPhase, cause: ChimeraError) -> None:
        super().__init__(str(cause))
        self.phase = phase
        self.cause = cause


class ChimeraExecutor:
    """Takes workflows through their phases.

    :param plugins: a pluggy plugin manager with chimera's hook specifications, an :class:`Agents`, or the plugins as
        objects.
    :param acts: what each phase does; by default they call the hooks.
    :param table: where each outcome leads.
    :param recorder: called before and after each phase.
    :param backoff: maximum seconds to wait before each retry after temporary trouble.
    :param say: called with a message when a phase is repeated.
    """

    def __init__(
        self,
        plugins: Agents | pluggy.PluginManager | Iterable[object],
        *,
        acts: Mapping[ChimeraPhase, Act] | None = None,
        table: Mapping[ChimeraPhase, Route] = TRANSITIONS,
        recorder: Recorder | None = None,
        backoff: tuple[float, ...] = BACKOFF,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.agents = _agents_of(plugins)
        self.acts = acts or asking_acts(self.agents)
        self.table = table
        self.recorder = recorder or Recorder()
        self.backoff = backoff
        self.say = say

    async def execute_workflow(
        self, task: ChimeraTask, max_iterations: int = 10, workflow: ChimeraWorkflow | None = None
    ) -> ChimeraWorkflow:
        """Take a workflow to its end.

        :param max_iterations: how many attempts the coder has, for a new workflow.
        :param workflow: an existing workflow to continue.
        :raises Parked: a phase could not be finished for a cause outside the change.
        """
        workflow = workflow or task.begin(max_iterations)
        while not workflow.is_terminal:
            workflow = await self.advance(task, workflow)
        return workflow

    async def advance(self, task: ChimeraTask, workflow: ChimeraWorkflow) -> ChimeraWorkflow:
        """Run the current phase and record its result; return the workflow after it."""
        await self.recorder.started(workflow)
        feature, phase = task.feature, workflow.current_phase
        await self.agents.tell("pytest_chimera_phase_started", feature=feature, phase=phase, workflow=workflow)
        result = await self.execute_phase(task, workflow)
        leads_to = workflow.leads_to(result, self.table)
        if leads_to == PARKED:
            raise Parked(phase, ChimeraError(result.reason, remedy="Run the same command again."))
        await self.recorder.finished(result, ChimeraPhase(leads_to))
        after = workflow.entered(ChimeraPhase(leads_to), result)
        await self.agents.tell("pytest_chimera_phase_finished", feature=feature, result=result, workflow=after)
        return after

    async def execute_phase(self, task: ChimeraTask, workflow: ChimeraWorkflow) -> PhaseResult:
        """Run the current phase once; repeat it only after temporary trouble outside the change.

        :raises Parked: the trouble did not pass.
        """
        phase = workflow.current_phase
        for pause in (*self.backoff, None):
            began = time.monotonic()
            try:
                outcome = await self._act_awake(task, workflow)
            except EnvironmentTrouble as trouble:
                if pause is None or not trouble.passing:
                    raise Parked(phase, trouble) from trouble
                self.say(f"{trouble.sentence} {phase} is repeated; this costs no attempt.")
                await anyio.sleep(random.uniform(0, pause))
                continue
            seconds = round(time.monotonic() - began, 3)
            return PhaseResult(phase=phase, attempt=workflow.attempt, seconds=seconds, **outcome)
        raise AssertionError("unreachable: the last round has no pause")

    async def _act_awake(self, task: ChimeraTask, workflow: ChimeraWorkflow) -> dict[str, Any]:
        """Run the act; a failure while the machine slept does not count."""
        before = slept_so_far()
        cause: EnvironmentTrouble | None = None
        outcome: dict[str, Any] = {}
        try:
            outcome = await self._act_in_time(task, workflow)
        except EnvironmentTrouble as trouble:
            cause = trouble
        slept = slept_so_far() - before
        if slept > SLEPT and outcome.get("outcome") is not Outcome.SUCCESS:
            raise EnvironmentTrouble(f"The machine slept for {slept:.0f} s during this phase.", passing=True) from cause
        if cause:
            raise cause
        return outcome

    async def _act_in_time(self, task: ChimeraTask, workflow: ChimeraWorkflow) -> dict[str, Any]:
        limit = self.table[workflow.current_phase].timeout
        scope = anyio.CancelScope(deadline=anyio.current_time() + (limit or math.inf))
        try:
            with limited_by(scope):
                return outcome_of(await self.acts[workflow.current_phase](task, workflow))
        except PhaseFailed as failed:
            reason = " ".join(part for part in (failed.sentence, failed.remedy) if part)
            return {"outcome": Outcome.FAILURE, "reason": reason, "details": failed.evidence, "value": failed.value}
        except OSError as error:
            if trouble := trouble_of(error):
                raise trouble from error
            raise
        return {"outcome": Outcome.FAILURE, "reason": await cut_off(workflow.current_phase, limit)}


def _agents_of(plugins: Agents | pluggy.PluginManager | Iterable[object]) -> Agents:
    if isinstance(plugins, Agents):
        return plugins
    if isinstance(plugins, pluggy.PluginManager):
        return Agents(plugins)
    return Agents(registry_of(plugins))


# -- outside a project: the hooks' answers are all there is


def asking_acts(agents: Agents) -> Mapping[ChimeraPhase, Act]:
    """Return acts that only call the hooks and check the type of their answers. They prove nothing."""

    async def generate(task: ChimeraTask, workflow: ChimeraWorkflow) -> SealedTest:
        answer = await questions.answer_to(questions.GENERATE, agents, feature=task.feature, workflow=workflow)
        if isinstance(answer, SealedTest):
            return answer
        path = f"tests/e2e/test_{slug_of(task.feature.id).replace('-', '_')}.py"
        test = generated_from(task.feature, answer, path)
        return SealedTest(test=test, nodeids=(f"{test.path}::{test.name}",))

    async def implement(task: ChimeraTask, workflow: ChimeraWorkflow) -> Change:
        return await questions.change(agents, _brief(task, workflow), workflow)

    async def review(task: ChimeraTask, workflow: ChimeraWorkflow) -> Review:
        return await questions.review(agents, workflow.change, _brief(task, workflow), workflow)

    async def deploy(task: ChimeraTask, workflow: ChimeraWorkflow) -> Deployment:
        change = workflow.change
        commit, tree = (change.commit, change.tree) if change else ("", "")
        checkout = Checkout(commit=commit, tree=tree, folder="", name=slug_of(task.feature.id), vault="")
        try:
            return await questions.deployment(agents, checkout, workflow)
        except questions.NoAnswer:
            if not task.staging_url:
                raise
            return Deployment(url=task.staging_url, commit=commit, tree=tree, proved=False)

    async def validate(_task: ChimeraTask, workflow: ChimeraWorkflow) -> TestRun:
        result = workflow.latest(ChimeraPhase.STAGING_DEPLOYMENT)
        deployment = result.value if result and isinstance(result.value, Deployment) else None
        with _evidence_folder(agents) as folder:
            return await questions.test_run(agents, workflow.sealed, deployment, folder, workflow)

    return {
        ChimeraPhase.E2E_TEST_GENERATION: generate,
        ChimeraPhase.CODE_IMPLEMENTATION: implement,
        ChimeraPhase.GUARDIAN_REVIEW: review,
        ChimeraPhase.STAGING_DEPLOYMENT: deploy,
        ChimeraPhase.E2E_VALIDATION: validate,
    }


@contextmanager
def _evidence_folder(agents: Agents) -> Iterator[str]:
    """Provide a folder while the hook runs, if an implementation asks for one."""
    if not agents.take(questions.VALIDATE, "evidence"):
        yield ""
        return
    with tempfile.TemporaryDirectory(prefix="chimera-") as folder:
        yield folder


def _brief(task: ChimeraTask, workflow: ChimeraWorkflow) -> Brief:
    sealed = workflow.sealed
    if sealed is None:
        raise ChimeraError("There is no sealed test yet.", remedy="Begin with e2e_test_generation.")
    return Brief(feature=task.feature, test=sealed.test, failing="", attempt=workflow.attempt, words=workflow.words)


async def create_and_execute_chimera_workflow(
    feature_description: str,
    target_url: str,
    staging_url: str | None = None,
    *,
    plugins: Iterable[object] = (),
    max_iterations: int = 10,
) -> ChimeraWorkflow:
    """Create a task and take its workflow to its end, outside pytest, with plugins given as objects.

    :param plugins: objects with ``pytest_chimera_*`` methods; the last one is called first.
    :raises Parked: a phase could not be finished for a cause outside the change.
    """
    task = create_chimera_task(feature_description, target_url, staging_url)
    return await ChimeraExecutor(plugins).execute_workflow(task, max_iterations)
