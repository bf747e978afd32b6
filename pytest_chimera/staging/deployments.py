"""Running copies of a feature's commits, and the judge's runs against them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from pytest_chimera.context.formatting import busy_text
from pytest_chimera.context.project import Project
from pytest_chimera.errors import EnvironmentTrouble
from pytest_chimera.judge.reading.remedies import as_failed_precondition, outside
from pytest_chimera.models import OUTSIDE_CAUSES, Checkout, Deployment, Failure, Feature, SealedTest, TestRun
from pytest_chimera.scenario.functions.helpers import arrangements_of
from pytest_chimera.staging.arranging import Arranging, Code, NotArranged, Where, not_arranged
from pytest_chimera.system.crash_points import CrashPoint, reached
from pytest_chimera.system.machine_load import stretch, stretched
from pytest_chimera.system.process import run_program
from pytest_chimera.workflow import questions
from pytest_chimera.workflow.machine import ChimeraWorkflow

LOOKS = 3
"""How many times a test is run if the machine is too busy for it."""


@dataclass
class Staging:
    """One feature's deployments: each has its own checkout, and everything started here is stopped here.

    :param live: running deployments by commit; ``checkouts``: their folders by commit.
    """

    project: Project
    feature: Feature
    live: dict[str, Deployment] = field(default_factory=dict)
    checkouts: dict[str, Path] = field(default_factory=dict)

    async def deployed(self, commit: str, tree: str, room: Path, workflow: ChimeraWorkflow) -> Deployment:
        """Deploy a commit; :meth:`end` stops the deployment."""
        name = f"{self.feature.slug[:30]}-{commit[:8]}".replace("-", "_")
        await self.project.run.limits.a_deployment()
        try:
            return await self._deployed(commit, tree, name, room, workflow)
        except BaseException:
            self.project.run.limits.deployment_ended()
            raise

    async def _deployed(self, commit: str, tree: str, name: str, room: Path, workflow: ChimeraWorkflow) -> Deployment:
        if self.project.run.judges and not self.feature.handwritten:
            await self.project.run.judges.start_ahead()
        folder = await self.fresh_checkout(commit, name)
        reached(CrashPoint.CHECKOUT_MADE)
        served = str(self.project.repository.project_in(folder))
        checkout = Checkout(commit=commit, tree=tree, folder=served, name=name, vault=str(room))
        try:
            async with self.project.run.breakers.watching(questions.DEPLOY):
                deployment = await questions.deployment(self.project.run.agents, checkout, workflow)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.project.git(lambda git: git.discard(folder))
            raise
        deployment = deployment.model_copy(update={"folder": served, "commit": commit, "tree": tree})
        self.checkouts[commit] = folder
        self.live[commit] = deployment
        reached(CrashPoint.DEPLOYED)
        return deployment

    async def restarted(self, deployment: Deployment, room: Path, workflow: ChimeraWorkflow) -> Deployment:
        """Restart a deployment with its stored data."""
        about = {"commit": deployment.commit, "tree": deployment.tree, "folder": deployment.folder}
        checkout = Checkout(**about, name=deployment.name, vault=str(room), data_of=deployment.url)
        again = await questions.deployment(self.project.run.agents, checkout, workflow)
        self.live[deployment.commit] = again.model_copy(update=about)
        return self.live[deployment.commit]

    async def fresh_checkout(self, commit: str, name: str) -> Path:
        """Return a new folder with exactly the commit's files."""
        number = 1
        while (folder := self.project.place(self.feature) / f"{name}-{number}").exists():
            number += 1
        await self.project.git(lambda git: git.checkout(commit, folder))
        return folder

    async def end(self, deployment: Deployment) -> None:
        """Have a deployment stopped, and remove its checkout; this is not interrupted."""
        if self.live.pop(deployment.commit, None):
            self.project.run.limits.deployment_ended()
        with anyio.CancelScope(shield=True):
            await self.project.run.agents.tell("pytest_chimera_deployment_ended", deployment=deployment)
            if folder := self.checkouts.pop(deployment.commit, None):
                await self.project.git(lambda git: git.discard(folder))
        reached(CrashPoint.DEPLOYMENT_ENDED)

    async def end_all(self) -> None:
        """Stop all deployments that still run."""
        for deployment in tuple(self.live.values()):
            await self.end(deployment)

    async def judge_commit(
        self, sealed: SealedTest, commit: str, tree: str, room: Path, workflow: ChimeraWorkflow
    ) -> TestRun:
        """Run the test against a commit, on its running deployment or on a new one, and stop the deployment."""

        async def once(times: float) -> TestRun:
            deployment = self.live.get(commit) or await self.deployed(commit, tree, room, workflow)
            try:
                return await self.judged(sealed.stretched(times), deployment, room, workflow)
            finally:
                await self.end(deployment)

        return await self.unhurried(once, sealed.variation)

    async def unhurried(self, look: Callable[[float], Awaitable[TestRun]], what: str = "") -> TestRun:
        """Return a run for which the judge had enough patience, repeating it while the machine gets busier.

        :param look: makes one run, on a deployment of its own, with its patience multiplied by the argument.
        :param what: what is run, if it is not the sealed test itself, whose failure a person would recognize.
        :raises EnvironmentTrouble: the machine got busier each time.
        """
        set_aside: tuple[Failure, ...] = ()
        run = await look(1.0)
        for _ in range(LOOKS - 1):
            if not run.hurried:
                break
            set_aside += run.failures
            self.project.run.progress(self.feature, f"{_hurried(run, what)}: it is judged again")
            run = await look(stretch(run.slowdown))
        if run.hurried:
            raise _too_busy(run, what)
        return run.model_copy(update={"set_aside": set_aside}) if set_aside else run

    async def judged(
        self, sealed: SealedTest, deployment: Deployment, room: Path, workflow: ChimeraWorkflow
    ) -> TestRun:
        """Return the judge's run, made once the application is ready; its evidence is in ``room``.

        :raises EnvironmentTrouble: the cause of a red lies outside the application.
        :raises ArrangingFailed: the test's data could not be arranged there.
        """
        if ready := self.project.ready_test:
            run = await self._seen(ready, deployment, room / "ready", workflow)
            if run.status != "green":
                return as_failed_precondition(run)
        await self._arrange(sealed, deployment, room)
        return await self._seen(sealed, deployment, room / "evidence", workflow)

    async def _arrange(self, sealed: SealedTest, deployment: Deployment, room: Path) -> None:
        """Arrange the test's data before its browser starts, with the sealed functions.

        :raises ArrangingFailed: a function fails.
        """
        if not arrangements_of(sealed.test):
            return
        folder = await self.fresh_checkout(sealed.commit, f"sealed_{sealed.commit[:8]}")
        try:
            await self._arranged(sealed, self.project.repository.project_in(folder), deployment, room)
        finally:
            with anyio.CancelScope(shield=True):
                await self.project.git(lambda git: git.discard(folder))

    async def _arranged(self, sealed: SealedTest, code: Path, deployment: Deployment, room: Path) -> None:
        settings, calls = self.project.settings, arrangements_of(sealed.test)
        known = (deployment.url, deployment.port, deployment.data_dir, deployment.name)
        where = Where(Path(deployment.folder), *known, self.project.run.sandboxes.origin)
        files = await self.project.git(lambda git: git.files(sealed.commit))
        arranging = Arranging(calls, where, Code.sealed(code, files, calls), room)
        environment = where.environment(settings.env)
        arranging.report.touch()
        written = (arranging.report, *([Path(deployment.data_dir)] if deployment.data_dir else []))
        sandbox = await anyio.to_thread.run_sync(
            partial(self.project.run.sandboxes.for_folder, where.folder, code, writable=written)
        )
        finished = await run_program(
            arranging.command,
            folder=where.folder,
            environment=environment,
            log=arranging.log,
            time_limit=await anyio.to_thread.run_sync(stretched, settings.arrange_timeout) or None,
            stdin=arranging.order(),
            sandbox=sandbox,
        )
        try:
            arranging.check(finished)
        except NotArranged as failed:
            on = "base" if deployment.commit == sealed.commit else "candidate"
            raise not_arranged(failed, sealed.test, on, finished.log) from None

    async def _seen(
        self, sealed: SealedTest, deployment: Deployment, evidence: Path, workflow: ChimeraWorkflow
    ) -> TestRun:
        if self.project.run.canaries:
            await self.project.run.canaries.before_judging(self.project.run.agents)
        async with self.project.run.limits.a_browser(), self.project.run.breakers.watching(questions.VALIDATE):
            run = await questions.test_run(self.project.run.agents, sealed, deployment, str(evidence), workflow)
            await anyio.to_thread.run_sync(self._mask_secrets, run, evidence)
            if run.failure and run.failure.reason in OUTSIDE_CAUSES:
                raise outside(run)
        reached(CrashPoint.JUDGED)
        return run

    def _mask_secrets(self, run: TestRun, folder: Path) -> None:
        """Mask secrets in textual evidence; traces are kept as they are."""
        seen = (run.evidence.page, run.evidence.console) if run.evidence else ()
        for path in map(Path, filter(None, seen)):
            if path.is_file() and path.parent.parent == folder.parent:
                self.project.cleaner.file(path)


def _hurried(run: TestRun, what: str) -> str:
    return f"{what or (run.failure.as_sentence() if run.failure else run.status)} ({busy_text(run)})"


def _too_busy(run: TestRun, what: str) -> EnvironmentTrouble:
    return EnvironmentTrouble(
        f"The machine became busier each of the {LOOKS} times that the test was run: {_hurried(run, what)}.",
        where=run.evidence.folder if run.evidence else "",
        remedy="Wait for other programs to finish, or write for example: chimera_patience = 30. Then run the same "
        "command again.",
    )
