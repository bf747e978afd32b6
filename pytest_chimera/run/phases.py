"""What each phase does inside a project: git, clones, deployments and the judge around the hooks' answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

import anyio
import anyio.to_thread

from pytest_chimera.context.merge_queue import STACK, MergeQueue, earlier_result, tip_to_land_on, wants_landing
from pytest_chimera.context.project import Project
from pytest_chimera.errors import (
    ArrangingFailed,
    ConflictError,
    EnvironmentTrouble,
    PhaseFailed,
    PreconditionError,
    ScenarioError,
)
from pytest_chimera.generation.red_on_base import (
    answering_test,
    elsewhere_test,
    is_unclear,
    refuse_flaky,
    refuse_wrong_red,
    with_script_error,
    without_start_page,
)
from pytest_chimera.generation.sealing import compiled, frozen, functions_in, meaning_digest
from pytest_chimera.git import Candidate, Repository
from pytest_chimera.implementation.attempts import Implementer
from pytest_chimera.judge import seal_of
from pytest_chimera.models import (
    Change,
    Deployment,
    Feature,
    GeneratedTest,
    Review,
    SealedTest,
    TestRun,
)
from pytest_chimera.staging.deployments import Staging
from pytest_chimera.staging.local.framework_detection import front_ends
from pytest_chimera.state.journal import Journal
from pytest_chimera.system.crash_points import CrashPoint, reached
from pytest_chimera.system.files import write_file
from pytest_chimera.system.time_limits import time_stands_still
from pytest_chimera.validation.regression_check import RegressionCheck
from pytest_chimera.validation.variation_runs import VariationRuns
from pytest_chimera.workflow import questions
from pytest_chimera.workflow.machine import Act, ChimeraTask, ChimeraWorkflow, change_of, outcome_of, sealed_of
from pytest_chimera.workflow.transitions import ChimeraPhase

T = TypeVar("T")


class GreenOnBase(Exception):
    """The test is green on the base: the feature exists already, or the test expects nothing."""

    def __init__(self, sealed: SealedTest, run: TestRun) -> None:
        super().__init__("green on the base")
        self.sealed = sealed
        self.run = run


class DoesNotMerge(PhaseFailed):
    """The candidate and the branch that it should land on changed the same lines.

    :param sealed: the sealed test on that branch, not proved red yet.
    """

    def __init__(self, sealed: SealedTest, conflict: ConflictError) -> None:
        remedy = f"Files in conflict: {', '.join(conflict.paths)}."
        super().__init__(conflict.sentence, remedy=remedy, evidence=conflict.hunks)
        self.sealed = sealed


_WHEN_MOVED = {
    ChimeraPhase.E2E_TEST_GENERATION,
    ChimeraPhase.GUARDIAN_REVIEW,
    ChimeraPhase.STAGING_DEPLOYMENT,
    ChimeraPhase.E2E_VALIDATION,
}


@dataclass
class ProjectPhases:
    """The acts of one feature's phases.

    :param base: the commit that the feature starts from.
    """

    project: Project
    feature: Feature
    journal: Journal
    base: str

    def __post_init__(self) -> None:
        self.staging = Staging(self.project, self.feature)
        self.implementer = Implementer(self.project, self.feature, self.journal)
        self.queue = MergeQueue(self.project.state / "merge-queue.lock")

    @property
    def place(self) -> Path:
        """The folder of the feature's clones and checkouts."""
        return self.project.place(self.feature)

    @property
    def variation_runs(self) -> VariationRuns:
        """Runs the variations."""
        return VariationRuns(self.project.settings, self.feature, self.staging.judge_commit)

    def acts(self) -> Mapping[ChimeraPhase, Act]:
        """Return the executor's table of acts."""
        return {
            ChimeraPhase.E2E_TEST_GENERATION: self.generate,
            ChimeraPhase.CODE_IMPLEMENTATION: self.implement,
            ChimeraPhase.GUARDIAN_REVIEW: self.review,
            ChimeraPhase.STAGING_DEPLOYMENT: self.deploy,
            ChimeraPhase.E2E_VALIDATION: self.validate,
        }

    # -- e2e_test_generation

    async def generate(self, _task: ChimeraTask, workflow: ChimeraWorkflow) -> SealedTest:
        """Write the test, run it on the base, where it must be red for the right reason, and seal it.

        :raises GreenOnBase: it is green there.
        :raises PreconditionError: it is red for a reason that the person has to fix.
        """
        await anyio.to_thread.run_sync(self._check_replaced)
        return await self._red(await self.write_test(workflow), workflow)

    async def red_on_base(self, _task: ChimeraTask, workflow: ChimeraWorkflow) -> SealedTest:
        """Seal a test that was sealed elsewhere on this base, and prove it red here.

        The errors are those of :meth:`generate`.
        """
        return await self._red(sealed_of(workflow).test, workflow)

    async def _red(self, test: GeneratedTest, workflow: ChimeraWorkflow) -> SealedTest:
        sealed = await self.proved_red(await self.seal(test, self.base), workflow)
        shared = await self.variation_runs.shares_data(sealed, self.room(workflow, "shared"), workflow)
        notes = await self.variation_runs.notes(sealed, lambda: self.room(workflow, "without-actions"), workflow)
        return sealed.model_copy(update={"shared": shared, "notes": notes})

    async def write_test(self, workflow: ChimeraWorkflow) -> GeneratedTest:
        """Return the feature's test: the person's own, or the generating hook's answer."""
        feature = self.feature
        if feature.handwritten:
            source = (self.project.root / feature.path).read_text(encoding="utf-8")
            name = feature.nodeid.partition("::")[2].partition("[")[0]
            return GeneratedTest(source=source, path=feature.path, name=name)
        path = f"{self.project.settings.test_dir}/{feature.function}.py"
        async with self.project.run.breakers.watching(questions.GENERATE):
            test = await questions.generated_test(self.project.run.agents, feature, workflow, path)
        return compiled(test)

    async def seal(self, test: GeneratedTest, base: str) -> SealedTest:
        """Return the test with its hash and its commit: the base, the person's current files, and the test, without the
        test that it replaces.
        """
        feature = self.feature
        functions = functions_in(test, handwritten=feature.handwritten)
        await self.git(lambda git: git.bring(base))
        overlay = await anyio.to_thread.run_sync(self._overlay, test, base)
        message = f"Test: {feature.description}\n\nSealed by pytest-chimera before any implementation."
        commit, tree = await self.git(lambda git: git.seal(base, overlay, message, f"{feature.slug}/sealed"))
        reached(CrashPoint.TEST_SEALED)
        return SealedTest(
            test=test,
            handwritten=feature.handwritten,
            nodeids=await frozen(feature, test, self.project.repository, commit),
            sha256=seal_of(test.source),
            meaning=meaning_digest(test, self.project.read, handwritten=feature.handwritten),
            base=base,
            commit=commit,
            tree=tree,
            files=tuple(overlay),
            protected=tuple(
                path for path in dict.fromkeys((*overlay, *functions)) if path not in self.project.config_files
            ),
        )

    def _overlay(self, test: GeneratedTest, base: str) -> dict[str, bytes | None]:
        git = self.project.repository
        overlay: dict[str, bytes | None] = {test.path: test.source.encode()}
        if self._replaced and self._replaced != test.path:
            overlay[self._replaced] = None
        functions = functions_in(test, handwritten=self.feature.handwritten)
        for path in (self.feature.path, self.feature.file, *functions, *self.project.config_files):
            if path and (content := self.project.read(path)) is not None:
                overlay.setdefault(path, content)
        marker = (PurePosixPath(test.path).parent / "__init__.py").as_posix()
        if not self.feature.handwritten and git.read(base, marker) is None:
            overlay[marker] = b""
        return {path: content for path, content in overlay.items() if git.read(base, path) != content}

    @property
    def _replaced(self) -> str:
        """Return the path of the accepted test that this feature replaces; a person who implements removes it
        themselves.
        """
        return "" if self.project.by_hand else self.feature.replaces or ""

    def _check_replaced(self) -> None:
        """Check that ``replaces=`` refers to an existing file.

        :raises ScenarioError: the base has no such file.
        """
        path = self.feature.replaces
        if path and self.project.repository.read(self.base, path) is None:
            raise ScenarioError(
                f"There is no test {path!r} in {self.base[:10]} to replace.",
                where=f"{self.feature.path}:{self.feature.line}",
                remedy="Give replaces= the accepted test's file, relative to the project's root: "
                f'replaces="{self.project.settings.test_dir}/test_old.py"',
            )

    async def proved_red(self, sealed: SealedTest, workflow: ChimeraWorkflow) -> SealedTest:
        """Return the sealed test with its red run, after it was red on its base for the right reason."""
        run = await self.look_at_base(sealed, workflow)
        if run.status == "green":
            raise GreenOnBase(sealed, run)
        if is_unclear(run):
            refuse_flaky(run, await self.look_at_base(sealed, workflow))
        refuse_wrong_red(await self._with_its_true_reason(run, sealed, workflow))
        return sealed.model_copy(update={"red": run})

    async def _with_its_true_reason(self, run: TestRun, sealed: SealedTest, workflow: ChimeraWorkflow) -> TestRun:
        """Return the run with its actual reason.

        If a page is missing, or serves data instead of HTML, that may be the feature's page, or there may be no working
        page at all. If a page's scripts throw, the feature may be missing, or the base's other pages may be broken in
        the same way.
        """
        held = front_ends(self.project.root)
        if answering := answering_test(sealed, run, held):
            run = without_start_page(run, await self.look_at_base(answering, workflow), held)
        probe = elsewhere_test(sealed, run, self.feature.url)
        return with_script_error(run, await self.look_at_base(probe, workflow)) if probe else run

    async def look_at_base(self, sealed: SealedTest, workflow: ChimeraWorkflow) -> TestRun:
        """Run the test against the base."""
        room = self.room(workflow, "red")
        try:
            return await self.staging.judge_commit(sealed, sealed.commit, sealed.tree, room, workflow)
        except ArrangingFailed as failed:
            remedy = f"{failed.evidence}\nIt has to work before the feature exists, too: fix the function."
            raise PreconditionError(failed.sentence, where=failed.where, remedy=remedy) from failed
        except PhaseFailed as failed:
            raise EnvironmentTrouble(
                f"The base does not serve: {failed.sentence}",
                where=failed.where,
                remedy=f"{failed.remedy}\n{failed.evidence}\nMake `{self.project.settings.serve or 'the application'}` "
                "run on a clean checkout, then run the same command again.".lstrip(),
            ) from failed

    # -- code_implementation

    async def implement(self, _task: ChimeraTask, workflow: ChimeraWorkflow) -> Change:
        """Have the change made, and read from the files what was changed.

        :raises WaitingForPerson: the person has not changed anything yet.
        :raises PhaseFailed: the coder changed nothing, or failed.
        """
        return await self.implementer.implement(workflow)

    # -- guardian_review

    async def review(self, _task: ChimeraTask, workflow: ChimeraWorkflow) -> Review:
        """Ask all reviewers about the change."""
        change = change_of(workflow)
        return await self.reviewed(change, workflow, self.room(workflow, f"review-{workflow.attempt}"))

    async def reviewed(self, change: Change, workflow: ChimeraWorkflow, room: Path) -> Review:
        """Merge all reviewers' answers into one review, and keep it in the vault."""
        if self.project.run.canaries:
            await self.project.run.canaries.before_review(self.project.run.agents)
        brief = self.implementer.brief(workflow, Path())
        async with self.project.run.breakers.watching(questions.REVIEW):
            answer = await questions.review(self.project.run.agents, change, brief, workflow)
        review = self.project.cleaner.value(answer)
        await anyio.to_thread.run_sync(write_file, room / "review.json", review.model_dump_json(indent=2))
        return review

    # -- staging_deployment

    async def deploy(self, _task: ChimeraTask, workflow: ChimeraWorkflow) -> Deployment:
        """Deploy the candidate from a clean checkout."""
        change = change_of(workflow)
        await self.implementer.watch.keep()
        return await self.staging.deployed(
            change.commit, change.tree, self.room(workflow, f"staging-{workflow.attempt}"), workflow
        )

    # -- e2e_validation

    async def validate(self, _task: ChimeraTask, workflow: ChimeraWorkflow) -> TestRun:
        """Run the sealed test against the candidate; before landing, also on top of the branch that it lands on.

        :raises PhaseFailed: it does not merge there.
        """
        change = change_of(workflow)
        room = self.room(workflow, f"validation-{workflow.attempt}")
        run = await self.staging.judge_commit(sealed_of(workflow), change.commit, change.tree, room, workflow)
        for url in run.unloaded if run.status == "green" else ():
            self.project.run.progress(self.feature, f"note: green, although its page could not load {url}: no network")
        if run.status == "green":
            run = await self._checked_further(run, change, room, workflow)
        await self.implementer.watch.refuse_tampering()
        if run.status != "green" or self.project.by_hand or not wants_landing(self.project.settings):
            return run
        if workflow.words and await self._earlier_where_it_lands():
            return run
        await self.queue.enter()
        try:
            run = await self._proved_on_tip(workflow, run)
        except BaseException:
            self.queue.leave()
            raise
        if run.status != "green":
            self.queue.leave()
        return run

    async def _checked_further(self, run: TestRun, change: Change, room: Path, workflow: ChimeraWorkflow) -> TestRun:
        """Return the green run after it was green with other data too, and nothing that worked before is broken."""
        run = await self.variation_runs.varied(run, change, room, workflow)
        check = RegressionCheck(self.project, self.feature, self.staging)
        return await check.compared(run, change, room, workflow) if run.status == "green" else run

    async def _earlier_where_it_lands(self) -> str:
        """Return an earlier result of the feature that stands in the way of this proof: only a person can take it
        back.
        """
        tip = await self.tip()
        return await self.git(lambda git: earlier_result(git, self.feature.id, tip))

    async def _proved_on_tip(self, workflow: ChimeraWorkflow, run: TestRun) -> TestRun:
        """Rebase the candidate onto the branch where it lands and prove it there, until that branch no longer moves."""
        while (tip := await self.tip()) != sealed_of(workflow).base:
            try:
                workflow, run = await self.proved_on(tip, workflow)
            except DoesNotMerge as conflict:
                red = sealed_of(workflow).red
                self.journal.append("moved", sealed=conflict.sealed.model_copy(update={"red": red}), change=None)
                raise
            self.journal.append("moved", sealed=sealed_of(workflow), change=change_of(workflow))
            if run.status != "green":
                return run
        return run

    async def tip(self) -> str:
        """Return the commit that the feature has to be proved on before it lands."""

        def say(line: str) -> None:
            self.project.run.progress(self.feature, line)

        return await self.git(lambda git: tip_to_land_on(git, self.project.settings, say))

    async def proved_on(self, tip: str, workflow: ChimeraWorkflow) -> tuple[ChimeraWorkflow, TestRun]:
        """Return the workflow with its test and candidate on top of another commit, and the judge's run there.

        :raises DoesNotMerge: both changed the same lines.
        :raises PhaseFailed: a reviewer rejects it there, or it takes too long.
        """
        moved_from = "HEAD has moved" if self.project.settings.merge == "ff" else f"{STACK} has moved"
        self.project.run.progress(self.feature, f"{moved_from} to {tip[:10]}: proving the change again on top of it")
        limit = sum(route.timeout for phase, route in self.project.run.transitions.items() if phase in _WHEN_MOVED)
        with time_stands_still(), anyio.move_on_after(limit or None):
            return await self._proved_on(tip, workflow)
        raise PhaseFailed(f"On top of {tip[:10]}: cut off after {limit:g} s")

    async def _proved_on(self, tip: str, workflow: ChimeraWorkflow) -> tuple[ChimeraWorkflow, TestRun]:
        change = change_of(workflow)
        before = sealed_of(workflow)
        sealed = (await self.seal(before.test, tip)).model_copy(update={"shared": before.shared})
        try:
            moved = await self._moved(change, sealed, workflow)
        except ConflictError as conflict:
            raise DoesNotMerge(sealed, conflict) from conflict
        sealed = await self.proved_red(sealed, workflow)
        after = workflow.moved_to(sealed, moved)
        review = await self.reviewed(moved, after, self.room(workflow, f"review-{workflow.attempt}"))
        if (refused := outcome_of(review)).get("reason"):
            raise PhaseFailed(f"On top of {tip[:10]}: {refused['reason']}", evidence=refused.get("details", ""))
        room = self.room(workflow, f"validation-{workflow.attempt}")
        run = await self.staging.judge_commit(sealed, moved.commit, moved.tree, room, after)
        if run.status == "green":
            run = await self._checked_further(run, moved, room, after)
        return after, run

    async def _moved(self, change: Change, sealed: SealedTest, workflow: ChimeraWorkflow) -> Change:
        message, keep = f"{self.feature.description}", f"{self.feature.slug}/candidate"
        commit, tree = await self.git(lambda git: git.rebase(change.commit, change.base, sealed.commit, message, keep))
        files = await self.git(lambda git: git.changed(sealed.commit, commit))
        candidate = Candidate(commit=commit, tree=tree, files=files)
        return await self.implementer.as_change(
            candidate, sealed, self.room(workflow, f"attempt-{workflow.attempt}"), change.summary
        )

    async def end_all(self) -> None:
        """Stop whatever still runs for this feature, and let the next one into the queue."""
        self.queue.leave()
        await self.staging.end_all()

    # -- helpers

    def room(self, workflow: ChimeraWorkflow, name: str) -> Path:
        """Create a new folder in the vault."""
        return self.project.vault.room(self.feature.slug, workflow.generation, name)

    async def git(self, question: Callable[[Repository], T]) -> T:
        """Ask git, in a thread."""
        return await self.project.git(question)
