"""Has the change made, by a coder in its own clone or by a person, and reads it from the files."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread

from pytest_chimera.context.project import Project
from pytest_chimera.errors import (
    ChimeraError,
    CouldNotBegin,
    EnvironmentTrouble,
    PhaseFailed,
    WaitingForPerson,
    trouble_of,
)
from pytest_chimera.git import Candidate, Repository
from pytest_chimera.implementation.brief import brief_for, write_brief
from pytest_chimera.implementation.tamper_detection import Fingerprints
from pytest_chimera.models import Brief, Change, Feature, Review, SealedTest
from pytest_chimera.state.journal import Journal
from pytest_chimera.system.crash_points import CrashPoint, reached
from pytest_chimera.system.files import write_file
from pytest_chimera.system.supervision import tail_of
from pytest_chimera.system.time_limits import READING, cut_off, cut_off_here
from pytest_chimera.workflow.machine import ChimeraWorkflow, sealed_of
from pytest_chimera.workflow.questions import IMPLEMENT, NoAnswer
from pytest_chimera.workflow.transitions import ChimeraPhase

PUT_BACK = {"sealed-test", "protected-path"}
"""Rules whose findings are undone before the next attempt starts: a coder must not touch these files."""


@dataclass
class TamperWatch:
    """Checks whether anything outside the change was touched."""

    project: Project
    _fingerprints: Fingerprints | None = None

    async def keep(self) -> None:
        """Record the state of everything that a change must not touch."""
        if self._fingerprints is None and not self.project.by_hand:
            self._fingerprints = await self.project.git(self._taken)

    async def refuse_tampering(self) -> None:
        """Compare the recorded state with the current one.

        :raises PhaseFailed: something outside the change was modified.
        """
        before = self._fingerprints
        if before is None:
            return
        found = await self.project.git(
            lambda git: before.tamperings(Fingerprints.taken(git.store.source, self.project.state))
        )
        if found:
            first = found[0]
            raise PhaseFailed(
                f"{first.sentence} [{first.rule}]",
                where=first.path,
                remedy=first.remedy,
                evidence="\n".join(f"{each.rule}: {each.sentence}" for each in found[:20]),
            )

    def _taken(self, git: Repository) -> Fingerprints:
        return Fingerprints.taken(git.store.source, self.project.state)


@dataclass(frozen=True)
class _Ending:
    """How a coder ended.

    :param said: its last output; ``answered``: it returned an answer; ``failure``: why it did not finish.
    """

    said: str
    answered: bool
    failure: Exception | None

    @property
    def how(self) -> str:
        """Describe it in a sentence; empty if it ended normally."""
        if self.failure is None:
            return ""
        if isinstance(self.failure, PhaseFailed):
            return self.failure.sentence
        return f"The coder raised {type(self.failure).__name__}: {self.failure}"

    def refuse_failed(self) -> None:
        """Raise the failure, if there is one: no change was made that could be reviewed."""
        failed = self.failure
        if isinstance(failed, CouldNotBegin):
            raise EnvironmentTrouble(failed.sentence, where=failed.where, remedy=failed.remedy)
        if isinstance(failed, PhaseFailed):
            raise PhaseFailed(failed.sentence, where=failed.where, remedy=failed.remedy, evidence=self.said)
        if failed:
            raise failed


def digest_of(patch: bytes) -> str:
    """Return a digest of the lines that a patch adds and removes, and of binary files; positions are ignored."""
    kept, binary = [], False
    for line in patch.splitlines():
        binary = line == b"GIT binary patch" or (binary and not line.startswith(b"diff --git "))
        if binary or line.startswith((b"+", b"-", b"diff --git ", b"old mode ", b"new mode ")):
            kept.append(line)
    return hashlib.sha256(b"\n".join(kept)).hexdigest()


def _last_words(failure: Exception | None, room: Path) -> str:
    """Return a coder's last output: from its failure, or from the end of its log."""
    evidence = failure.evidence if isinstance(failure, PhaseFailed) else ""
    log = room / "coder.log"
    if evidence or not log.is_file():
        return evidence
    return tail_of(log.read_text(encoding="utf-8", errors="replace"), 40)


@dataclass
class Implementer:
    """Has one feature's changes made."""

    project: Project
    feature: Feature
    journal: Journal
    watch: TamperWatch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = TamperWatch(self.project)

    async def implement(self, workflow: ChimeraWorkflow) -> Change:
        """Have the change made, and read from the files what was changed.

        :raises WaitingForPerson: the person has not changed anything yet.
        :raises PhaseFailed: the coder changed nothing, or failed.
        """
        if self.project.by_hand:
            return await self._by_hand(workflow)
        room = self._room(workflow, f"attempt-{workflow.attempt}")
        folder = self.project.place(self.feature) / f"clone-{workflow.generation}-{workflow.attempt}"
        try:
            return await self._by_coder(workflow, folder, room)
        finally:
            with anyio.CancelScope(shield=True):
                await self.project.git(lambda git: git.discard(folder))

    async def _by_coder(self, workflow: ChimeraWorkflow, folder: Path, room: Path) -> Change:
        sealed = sealed_of(workflow)
        start = await self._start(workflow)
        await self.project.git(lambda git: git.discard(folder))
        manifest = await self.project.git(lambda git: git.clone(start, folder))
        reached(CrashPoint.CLONE_MADE)
        brief = write_brief(self.brief(workflow, self.project.repository.project_in(folder)), room)

        async def read() -> Candidate:
            message, keep = f"{self.feature.description}\n\nA candidate.", f"{self.feature.slug}/candidate"
            return await self.project.git(lambda git: git.candidate(folder, sealed.commit, manifest, message, keep))

        async def changed() -> bool:
            return (await read()).tree != start_tree

        start_tree = await self.project.git(lambda git: git.tree_of(start))
        if self.project.run.canaries:
            await self.project.run.canaries.before_review(self.project.run.agents)
        if self.project.run.judges:
            await self.project.run.judges.stop_idle()  # the coder must not be able to reach one
        await self.watch.keep()
        try:
            ending = await self._coder_ends(brief, workflow, changed, room)
            await self.watch.refuse_tampering()
            reached(CrashPoint.CODER_DONE)
            candidate = await read()
            reached(CrashPoint.CANDIDATE_MADE)
            return await self._made(candidate, start_tree, ending, workflow, room)
        except BaseException:
            await self._keep_unfinished(read, sealed, room)
            raise

    async def _coder_ends(
        self, brief: Brief, workflow: ChimeraWorkflow, changed: Callable[[], Awaitable[bool]], room: Path
    ) -> _Ending:
        """Call the coder and return how it ended; nothing that it started keeps running.

        :raises ChimeraError: the coder is not at fault: a setting is wrong, or the cause lies outside.
        """
        answer = None
        failure: Exception | None = None
        self.project.run.turn.coder_is_asked()
        with cut_off_here() as scope:
            try:
                async with self.project.run.breakers.watching(IMPLEMENT):
                    answer = await self.project.run.agents.ask(
                        IMPLEMENT, settled=changed, brief=brief, workflow=workflow
                    )
            except PhaseFailed as failed:
                failure = failed
            except ChimeraError:
                raise
            except Exception as error:  # raised by a project's own function, which may have done its work by then
                if isinstance(error, OSError) and trouble_of(error):
                    raise
                failure = error
        if scope.cancelled_caught:
            failure = PhaseFailed(f"{await cut_off('The coder', brief.time_limit)}.", where=str(room))
        said = answer if isinstance(answer, str) and not failure else _last_words(failure, room)
        return _Ending(said, answered=answer is not None, failure=failure)

    async def _made(
        self, candidate: Candidate, start_tree: str, ending: _Ending, workflow: ChimeraWorkflow, room: Path
    ) -> Change:
        """Return the change that a coder made, however it ended.

        :raises PhaseFailed: it made none, or repeated an earlier one.
        :raises EnvironmentTrouble: it could not start.
        """
        sealed = sealed_of(workflow)
        if candidate.tree in {start_tree, sealed.tree}:
            ending.refuse_failed()
            if not ending.answered:
                raise NoAnswer(IMPLEMENT)
        said = ending.said
        if candidate.tree == sealed.tree:
            evidence = _last_words(None, room) or said
            raise PhaseFailed("The coder changed nothing.", where=str(room), evidence=evidence)
        change = await self.as_change(candidate, sealed, room, said)
        change = change.model_copy(update={"ended": ending.how})
        self._refuse_turned_down(change, workflow, said)
        if before := workflow.made_before(change):
            reason = f"The coder made the same change as in attempt {before}."
            raise PhaseFailed(reason, where=str(room), evidence=said, value=change)
        if candidate.tree == start_tree:
            raise PhaseFailed("The coder left its last change as it was.", where=str(room), evidence=said)
        return change

    def _refuse_turned_down(self, change: Change, workflow: ChimeraWorkflow, said: str) -> None:
        """Refuse a change that the person has rejected before.

        :raises PhaseFailed: the person has rejected this change.
        """
        if words := workflow.turned_down_with(change):
            reason = f'The person has rejected this same change before: "{words}"'
            raise PhaseFailed(reason, evidence=said, value=change)

    async def _keep_unfinished(self, read: Callable[[], Awaitable[Candidate]], sealed: SealedTest, room: Path) -> None:
        """Keep the diff of an unfinished attempt in the vault; this is not interrupted."""
        if (room / "change.diff").exists():
            return
        with anyio.move_on_after(READING, shield=True), suppress(Exception):
            candidate = await read()
            if candidate.tree != sealed.tree:
                diff = await self.project.git(lambda git: git.diff(sealed.commit, candidate.commit))
                await anyio.to_thread.run_sync(write_file, room / "change.diff", diff)

    async def _start(self, workflow: ChimeraWorkflow) -> str:
        """Return where the coder starts: its last candidate with protected paths restored, or the sealed commit."""
        sealed, change = sealed_of(workflow), workflow.change
        if change is None or not workflow.has_candidate:
            return sealed.commit
        review = workflow.latest(ChimeraPhase.GUARDIAN_REVIEW)
        findings = review.value.findings if review and isinstance(review.value, Review) else ()
        changed = {file.path for file in change.files}
        refused = {each.path for each in findings if each.rule in PUT_BACK and each.severity == "reject"}
        put_back = refused & changed
        if not put_back:
            return change.commit

        def restored(git: Repository) -> str:
            contents = {path: git.read(sealed.commit, path) for path in put_back}
            return git.seal(change.commit, contents, "Restore protected files", f"{self.feature.slug}/start")[0]

        return await self.project.git(restored)

    async def as_change(self, candidate: Candidate, sealed: SealedTest, room: Path, summary: str) -> Change:
        """Return a candidate's change, with its diff in ``room``."""
        diff = await self.project.git(lambda git: git.diff(sealed.commit, candidate.commit))
        return Change(
            base=sealed.commit,
            commit=candidate.commit,
            tree=candidate.tree,
            files=candidate.files,
            left_out=dict(candidate.left_out),
            branch=f"chimera/{self.feature.slug}",
            diff=str(write_file(room / "change.diff", diff)),
            log=str(room / "coder.log") if (room / "coder.log").exists() else "",
            summary=summary,
            digest=digest_of(await self.project.git(lambda git: git.patch(sealed.commit, candidate.commit))),
        )

    async def _by_hand(self, workflow: ChimeraWorkflow) -> Change:
        sealed = sealed_of(workflow)
        if not sealed.handwritten:
            await anyio.to_thread.run_sync(self._hand_over_test, sealed)
        message = f"{self.feature.description}\n\nThe working tree as it was."
        slug = self.feature.slug
        candidate = await self.project.git(lambda git: git.snapshot(sealed.commit, message, f"{slug}/candidate"))
        if candidate.tree == sealed.tree:
            raise WaitingForPerson("Red, and waiting for you.")
        change = await self.as_change(candidate, sealed, self._room(workflow, f"attempt-{workflow.attempt}"), "")
        self._refuse_turned_down(change, workflow, "")
        return change

    def _hand_over_test(self, sealed: SealedTest) -> None:
        """Write the generated test to the person's tree, unless they have changed the existing file."""
        path = self.project.root / sealed.test.path
        there = path.read_bytes() if path.exists() else None
        if there == sealed.test.source.encode():
            return
        ours = {self.project.repository.read(sealed.base, sealed.test.path), self.journal.record.handed.encode()}
        if there is None or there in ours:
            write_file(path, sealed.test.source)
            self.journal.append("handed", source=sealed.test.source)
        marker = path.with_name("__init__.py")
        if not marker.exists():
            write_file(marker, "")

    def brief(self, workflow: ChimeraWorkflow, folder: Path) -> Brief:
        """Return the brief for the current attempt and its reviewers."""
        limit = self.project.run.transitions[ChimeraPhase.CODE_IMPLEMENTATION].timeout
        return brief_for(self.feature, workflow, folder=str(folder), time_limit=limit)

    def _room(self, workflow: ChimeraWorkflow, name: str) -> Path:
        return self.project.vault.room(self.feature.slug, workflow.generation, name)
