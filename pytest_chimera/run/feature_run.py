"""One feature's run from its recorded state to its verdict: go on, prove it again, or start a new generation."""

from __future__ import annotations

import difflib
import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.to_thread

from pytest_chimera.context.project import Project
from pytest_chimera.context.sealed_files import beside
from pytest_chimera.errors import (
    BrokenRun,
    ChimeraError,
    EnvironmentTrouble,
    HeldElsewhere,
    PhaseFailed,
    PreconditionError,
    RepositoryError,
    ScenarioError,
    SettingError,
    StateError,
    TransitionError,
    WaitingForPerson,
    trouble_of,
)
from pytest_chimera.generation.sealing import meaning_digest
from pytest_chimera.judge import is_vacuous
from pytest_chimera.models import RIGHT_REDS, Feature, GeneratedTest, SealedTest, TestRun, Verdict
from pytest_chimera.run.executor import ChimeraExecutor, Parked
from pytest_chimera.run.phases import GreenOnBase, ProjectPhases
from pytest_chimera.run.publishing import Publication
from pytest_chimera.run.recording import JournalRecorder, note_end
from pytest_chimera.run.verdicts import Verdicts, verdict_of
from pytest_chimera.state.journal import Journal
from pytest_chimera.state.replay import FeatureRecord
from pytest_chimera.system.crash_points import CrashPoint, reached
from pytest_chimera.workflow.machine import ChimeraTask, ChimeraWorkflow, sealed_of
from pytest_chimera.workflow.transitions import ChimeraPhase

_LOOK_EVERY = 0.1
_FOR_THE_PERSON = (ScenarioError, SettingError, PreconditionError, RepositoryError, TransitionError)


async def run_feature(project: Project, feature: Feature, base: str | None = None) -> Verdict:
    """Take one feature as far as this run can.

    :param base: the commit to start from, if it is another feature's result rather than HEAD.
    """
    began = time.monotonic()
    try:
        verdict = await _run_or_wait(project, feature, base)
    except (ChimeraError, OSError) as error:
        verdict = _ended_by(feature, error)
    seconds = time.monotonic() - began - project.run.turn.waited
    verdict = project.cleaner.value(verdict.model_copy(update={"seconds": round(max(0.0, seconds), 2)}))
    await project.run.agents.tell("pytest_chimera_verdict", feature=feature, verdict=verdict)
    return verdict


def _ended_by(feature: Feature, error: ChimeraError | OSError) -> Verdict:
    """Return the verdict on a feature that an error ended; reraise an error that is not about the feature."""
    cause = trouble_of(error) if isinstance(error, OSError) else error
    if isinstance(cause, (HeldElsewhere, EnvironmentTrouble)):
        return verdict_of(feature, "parked", cause)
    if isinstance(cause, BrokenRun):
        return verdict_of(feature, "error", cause)
    if isinstance(cause, (StateError, *_FOR_THE_PERSON)):
        return verdict_of(feature, "failed", cause)
    raise error


async def _run_or_wait(project: Project, feature: Feature, base: str | None) -> Verdict:
    """Work on the feature; if another process holds it, try once more after the other features.

    :raises HeldElsewhere: a process of another run still holds it.
    """
    try:
        return await _run_held(project, feature, base)
    except HeldElsewhere as held:
        if held.run != project.run.id:
            project.run.progress(feature, f"{held.sentence} Going on with the rest.")
            await project.run.turn.when_others_are_done()
            return await _run_held(project, feature, base)
    while True:
        await anyio.sleep(_LOOK_EVERY)
        with suppress(HeldElsewhere):
            return await _run_held(project, feature, base)


async def _run_held(project: Project, feature: Feature, base: str | None) -> Verdict:
    if project.run.canaries:
        project.run.canaries.refuse_broken()
    with project.held(feature):
        reached(CrashPoint.FEATURE_HELD)
        journal = project.journal(feature)
        if journal.repaired:
            project.run.progress(feature, journal.repaired)
        try:
            verdict = await _FeatureRun(project, feature, journal, base).verdict()
        except (ChimeraError, OSError) as error:
            note_end(journal, _ended_by(feature, error), reason=str(getattr(error, "sentence", error)))
            raise
        note_end(journal, verdict)
        return verdict


@dataclass
class _FeatureRun:
    project: Project
    feature: Feature
    journal: Journal
    base: str | None
    time: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    def __post_init__(self) -> None:
        self.verdicts = Verdicts(self.project, self.feature, self.journal)

    @property
    def record(self) -> FeatureRecord:
        return self.journal.record

    @property
    def workflow(self) -> ChimeraWorkflow:
        workflow = self.record.workflow
        assert workflow is not None, "a pursuit begins with a workflow"
        return workflow

    async def verdict(self) -> Verdict:
        note = await self._current_generation()
        options = self.project.run.options
        if options.words and not self.record.settled:
            await self._say_what_is_merged()
            rejects = options.rejects and self.workflow.change is not None
            self.journal.append("answered", words=options.words, attempts=self._attempts, rejects=rejects)
        elif self.record.settled:
            return await self._settled_before()
        elif self.workflow.current_phase is ChimeraPhase.COMPLETE:
            return await self._complete_before()
        return await self._go_on(note)

    async def _say_what_is_merged(self) -> None:
        """Report that a rejected result stays on HEAD: only the person can take it back."""
        proof = self.record.proof
        if proof is None or self.project.by_hand:
            return
        publication = Publication(await self._phases())
        if await publication.is_on("HEAD"):
            self.project.run.progress(
                self.feature,
                f"its result is on HEAD and stays there until you take it back: {await publication.take_back()}",
            )

    # -- which generation

    async def _current_generation(self) -> str:
        """Start a new generation if there is none or its scenario has changed; return what to report about it."""
        workflow, options = self.record.workflow, self.project.run.options
        if workflow is None or options.restart:
            self._begin()
            return ""
        self._limit_attempts(workflow)
        if self.record.asked == self._asked():
            return ""
        return await self._asked_anew(workflow)

    def _limit_attempts(self, workflow: ChimeraWorkflow) -> None:
        """Set the limit on attempts a round as configured now; a coder that takes over from a person, who has no limit,
        gets its full number.
        """
        if self._attempts == workflow.attempts_of_a_round:
            return
        if workflow.max_attempts and self._attempts:
            if not workflow.is_terminal:
                self._limit(workflow.answered_after)
        else:
            self._limit(workflow.attempts_ended)

    @property
    def _attempts(self) -> int:
        """Return how many attempts the coder or person has in a round; 0 means no limit."""
        return 0 if self.project.by_hand else self.project.settings.max_attempts

    def _limit(self, after: int) -> None:
        """Count the round's attempts from one of them."""
        self.journal.append("limited", max_attempts=self._attempts and after + self._attempts, after=after)

    async def _asked_anew(self, workflow: ChimeraWorkflow) -> str:
        before = workflow.sealed or self.record.settled_test
        if before is None:
            self._begin()
            return ""
        test = await (await self._phases()).write_test(workflow)
        if meaning_digest(test, self.project.read, handwritten=self.feature.handwritten) == before.meaning:
            return ""
        self._begin()
        difference = _difference(before.test, test)
        self.project.run.progress(self.feature, "the scenario has changed: starting a new generation")
        return f"The scenario has changed:\n{difference}"

    def _begin(self) -> None:
        before = self.record.workflow
        task = self._task()
        workflow = task.begin(self._attempts, before.generation + 1 if before else 1)
        if before and before.turned_down:  # rejected changes stay rejected in all later generations
            workflow = workflow.model_copy(update={"turned_down": before.turned_down})
        self.journal.write("begun", feature=self.feature.id, workflow=workflow, asked=self._asked())

    def _asked(self) -> str:
        feature = self.feature
        text = feature.model_dump_json(exclude={"path", "line", "text_line", "nodeid", "after"})
        text += repr(self.project.tables)
        if functions := self.project.functions:
            text += repr(functions) + repr([self.project.read(each.path) for each in functions])
        if feature.handwritten:
            text += (self.project.root / feature.path).read_text(encoding="utf-8")
        if feature.file and (file := self.project.root / feature.file).is_file():
            text += file.read_text(encoding="utf-8")
        return hashlib.sha256(text.encode()).hexdigest()

    def _task(self) -> ChimeraTask:
        staging = self.project.settings.staging_url or None
        return ChimeraTask(feature=self.feature, target_url=self.feature.url, staging_url=staging)

    async def _phases(self) -> ProjectPhases:
        base = self.base
        if base is None:
            base = await anyio.to_thread.run_sync(self.project.repository.head)
        return ProjectPhases(self.project, self.feature, self.journal, base)

    # -- going on

    async def _go_on(self, note: str = "") -> Verdict:
        phases = await self._phases()
        executor = ChimeraExecutor(
            self.project.run.agents,
            acts=phases.acts(),
            table=self.project.run.transitions,
            recorder=JournalRecorder(self.journal),
            say=partial(self.project.run.progress, self.feature),
        )
        limits = self.project.run.limits
        try:
            ends = min(limits.run_ends(), limits.feature_ends())
            with anyio.CancelScope(deadline=ends) as self.time:
                return await self._walk(executor, phases, note)
            raise Parked(self.workflow.current_phase, limits.time_is_up())
        except GreenOnBase as green:
            return await self._green_on_base(green)
        except Parked as parked:
            self.journal.append("parked", reason=parked.cause.sentence)
            return self.verdicts.parked(parked.phase, parked.cause)
        except WaitingForPerson:
            return self.verdicts.waiting(note)
        except _FOR_THE_PERSON as error:
            self.journal.append("stopped", reason=error.sentence)
            return self.verdicts.stopped(error)
        finally:
            await phases.end_all()

    async def _walk(self, executor: ChimeraExecutor, phases: ProjectPhases, note: str) -> Verdict:
        options = self.project.run.options
        note = "\n".join(part for part in (note, await self._based(phases)) if part)
        if await self._is_edited(phases):
            self.project.run.progress(self.feature, "your working tree has changed since it was read: reading it again")
            self.journal.append("edited")
        while not self.workflow.is_terminal:
            if self.workflow.current_phase is ChimeraPhase.CODE_IMPLEMENTATION:
                if options.until_red:
                    return self.verdicts.red(note)
                if not options.calls_coder:
                    return self.verdicts.unproved()
                await self._begin_attempt()
            before = self.workflow.attempt
            await executor.advance(self._task(), self.workflow)
            if self.project.by_hand and self.workflow.attempt > before > 0:
                return self.verdicts.refused()
        if self.workflow.current_phase is ChimeraPhase.FAILED:
            return self.verdicts.failed()
        return await self._complete(Publication(phases))

    async def _based(self, phases: ProjectPhases) -> str:
        """Return what to report about the base if HEAD has moved; a red that nobody has worked on is moved to HEAD."""
        sealed, head = self.workflow.sealed, phases.base
        if sealed is None or self.workflow.is_terminal or self.base or sealed.base == head:
            return ""
        base = sealed.base
        if await phases.git(lambda git: git.is_ancestor(head, base)):
            return ""
        if not await phases.git(lambda git: git.is_ancestor(base, head)):
            line = f"base {base[:10]} is not in the history of HEAD ({head[:10]}); to start over: --chimera-restart"
        elif self.project.by_hand:
            line = f"base {base[:10]}, HEAD {head[:10]}: what was committed since the base is part of your change"
        elif self.workflow.has_candidate:
            line = f"base {base[:10]}, HEAD {head[:10]}: the candidate stays on its base until it is merged"
        else:
            await self._move_red(phases, base)
            return f"moved from base {base[:10]} to HEAD {head[:10]}"
        self.project.run.progress(self.feature, line)
        return line

    async def _move_red(self, phases: ProjectPhases, base: str) -> None:
        """Seal the same test on HEAD, and run it there, where it must be red.

        :raises GreenOnBase: it is green there.
        :raises Parked: it could not be judged.
        """
        say = partial(self.project.run.progress, self.feature)
        say(f"HEAD has moved from {base[:10]} to {phases.base[:10]}: sealing the test there, and seeing it red again")
        phase = ChimeraPhase.E2E_TEST_GENERATION
        acts = {phase: phases.red_on_base}
        executor = ChimeraExecutor(self.project.run.agents, acts=acts, table=self.project.run.transitions, say=say)
        at_red = self.workflow.model_copy(update={"current_phase": phase})
        result = await executor.execute_phase(self._task(), at_red)
        if not isinstance(result.value, SealedTest):
            raise Parked(phase, EnvironmentTrouble(result.reason, remedy="Run the same command again."))
        self.journal.append("moved", sealed=result.value, change=None)
        red = result.value.red
        say(f"red on {phases.base[:10]} too{f': {red.failure.as_sentence()}' if red and red.failure else ''}")

    async def _is_edited(self, phases: ProjectPhases) -> bool:
        """Whether the person has edited the working tree since it was read as the candidate."""
        sealed, change = self.workflow.sealed, self.workflow.candidate_under_way
        if not (self.project.by_hand and sealed and change):
            return False
        keep = f"{self.feature.slug}/now"
        now = await phases.git(lambda git: git.snapshot(sealed.commit, self.feature.description, keep))
        return now.tree != change.tree

    async def _begin_attempt(self) -> None:
        """Wait for the attempt's turn; the wait does not count against the feature's time."""
        await self.journal.flushed()
        waited = self.project.run.turn.waited
        await self.project.run.turn.attempt(self.workflow.attempt)
        if self.project.settings.feature_limit:
            later = self.time.deadline + self.project.run.turn.waited - waited
            self.time.deadline = min(later, self.project.run.limits.run_ends())

    async def _complete(self, publication: Publication) -> Verdict:
        """End the loop: publish what is proved."""
        if self.record.proof is None:
            if await self._is_edited(publication.phases):
                self.journal.append("edited")
                return self.verdicts.edited()
            await publication.prove()
        attempts = f"{self.workflow.attempts} attempt{'s' if self.workflow.attempts != 1 else ''}"
        if self.project.by_hand:
            return self.verdicts.commit_by_hand(publication.proof, attempts)
        if not self.record.branch:
            await publication.publish()
        return await self._landed(publication, f"complete after {attempts}")

    async def _landed(self, publication: Publication, sentence: str) -> Verdict:
        """Return the verdict on a proved feature, after landing it if that is configured."""
        why_not = await publication.land()
        return self.verdicts.landed(sentence, publication.proof, why_not, await publication.earlier_on("HEAD"))

    # -- complete before

    async def _complete_before(self) -> Verdict:
        phases = await self._phases()
        publication = Publication(phases)
        if self.record.proof is None or await publication.is_to_publish():
            return await self._complete(publication)
        await publication.note_merge()
        name, commit, tree = await self._present_state(phases)
        where = await publication.where(tree)
        if await publication.is_to_land():
            return await self._landed(publication, where)
        left = await self._left_to_the_person(publication, tree)
        if tree in self.record.green_trees and not self.project.run.options.reprove:
            return self.verdicts.say("proved", where, "", left)
        self.project.run.progress(self.feature, f"complete before; proving it again on {name}")
        try:
            run = await self._seen_again(phases, commit, tree)
        except (Parked, EnvironmentTrouble, PhaseFailed) as trouble:
            cause = trouble.cause if isinstance(trouble, Parked) else trouble
            self.journal.append("parked", reason=cause.sentence)
            return self.verdicts.told(verdict_of(self.feature, "parked", cause))
        if run.status == "green":
            self.journal.append("reproved", tree=tree)
            return self.verdicts.say("still green", f"{where}, still green on {name}", "", left)
        return await self._regressed(run, name)

    async def _left_to_the_person(self, publication: Publication, tree: str) -> str:
        """Return the command that merges the proved change; empty if it is merged already."""
        if self.project.by_hand:
            is_open = await publication.is_open(tree) and not await publication.is_on("HEAD")
            return self.verdicts.commit_command(publication.proof) if is_open else ""
        return self.verdicts.open_merge(await publication.earlier_on("HEAD"))

    async def _seen_again(self, phases: ProjectPhases, commit: str, tree: str) -> TestRun:
        workflow = self.workflow
        room = phases.room(workflow, "again")
        try:
            return await phases.staging.judge_commit(sealed_of(workflow), commit, tree, room, workflow)
        finally:
            await phases.end_all()

    async def _present_state(self, phases: ProjectPhases) -> tuple[str, str, str]:
        """Return what the feature is proved against now: the working tree, HEAD once merged, or the branch's tip."""
        proof, branch = self.record.proof, self.record.branch
        assert proof is not None, "only a proved feature is complete"
        if self.project.by_hand:
            sealed = sealed_of(self.workflow)
            keep = f"{self.feature.slug}/again"
            now = await phases.git(lambda git: git.snapshot(sealed.commit, self.feature.description, keep))
            return "your working tree", now.commit, now.tree
        if await Publication(phases).is_on("HEAD"):
            head = await phases.git(lambda git: git.head())
            return f"HEAD ({head[:10]})", head, await phases.git(lambda git: git.tree_of(head))
        tip = await phases.git(lambda git: git.tip(branch))
        if tip is None:
            raise RepositoryError(
                f"The branch {branch} is gone, and its commit is not in HEAD's history.",
                where=proof.commit,
                remedy=f"Bring it back with `git branch {branch} {proof.commit[:10]}`, or start over with "
                "--chimera-restart.",
            )
        await phases.git(lambda git: git.bring(tip))
        return branch, tip, await phases.git(lambda git: git.tree_of(tip))

    async def _regressed(self, run: TestRun, name: str) -> Verdict:
        failure = run.failure
        if failure is None or failure.reason not in RIGHT_REDS:
            reason = failure.as_sentence() if failure else "the test is not green"
            self.journal.append("stopped", reason=reason)
            return self.verdicts.regressed(run, name, reason)
        self.project.run.progress(self.feature, f"regressed on {name}: starting a new generation")
        note = f"regressed on {name}:\n{self.verdicts.causes.of_run(run)}"
        self._begin()
        return await self._go_on(note)

    # -- present from the start

    async def _green_on_base(self, green: GreenOnBase) -> Verdict:
        sealed = green.sealed
        if await self._is_vacuous(sealed):
            self.journal.append("stopped", reason="vacuous: it expects nothing")
            return self.verdicts.say(
                "vacuous",
                "vacuous: it expects nothing",
                "The test is green even on an empty page.",
                "add a Then step that names what a person would see",
            )
        proved = (await anyio.to_thread.run_sync(self.project.repository.proofs)).get(self.feature.id)
        in_history = proved is not None and proved.test_sha256 == sealed.sha256
        state = "proved" if in_history else "present"
        tree = await anyio.to_thread.run_sync(self.project.repository.tree_of, sealed.base)
        self.journal.append("settled", state=state, test=sealed, tree=tree, commit=proved.commit if proved else "")
        return self.verdicts.there_already(proved.commit if in_history and proved else "", still=True)

    async def _is_vacuous(self, sealed: SealedTest) -> bool:
        files = await anyio.to_thread.run_sync(beside, sealed, self.project.repository)
        return await is_vacuous(
            sealed,
            evidence=self.project.vault.room(self.feature.slug, self.workflow.generation, "empty-page"),
            browser=self.project.browser(),
            time_limit=self.project.settings.validation_timeout,
            warm=self.project.run.judges,
            **files,
        )

    async def _settled_before(self) -> Verdict:
        git = self.project.repository
        tree = await anyio.to_thread.run_sync(lambda: git.tree_of(git.head()))
        if tree in self.record.green_trees and not self.project.run.options.reprove:
            return self.verdicts.there_already(self.record.settled_commit, still=False)
        self._begin()
        return await self._go_on()


def _difference(before: GeneratedTest, after: GeneratedTest) -> str:
    lines = difflib.unified_diff(
        before.source.splitlines(),
        after.source.splitlines(),
        "as it was sealed",
        "as it is asked now",
        lineterm="",
        n=1,
    )
    return "\n".join(lines)
