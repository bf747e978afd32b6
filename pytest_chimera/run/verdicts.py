"""The verdicts on features at the end of a run: the rows of docs/reference/outcomes.md."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Any

from pytest_chimera.context.formatting import shown
from pytest_chimera.context.merge_queue import STACK, wants_landing
from pytest_chimera.context.project import Project
from pytest_chimera.errors import ChimeraError
from pytest_chimera.git import format_trailers
from pytest_chimera.models import Feature, Proof, Reason, TestRun, Verdict
from pytest_chimera.run.failure_report import LIMIT, FailureCauses, FailureDetails, sentence_of
from pytest_chimera.state.journal import Journal
from pytest_chimera.state.replay import FeatureRecord
from pytest_chimera.state.vault import newest_room
from pytest_chimera.system.files import write_file
from pytest_chimera.validation.variation_runs import EXISTING_DATA
from pytest_chimera.workflow.machine import ChimeraWorkflow, sealed_of
from pytest_chimera.workflow.transitions import ChimeraPhase


def verdict_of(feature: Feature, state: Any, error: ChimeraError, **more: Any) -> Verdict:
    """Return the verdict for an error: what happened, where, and what to do about it."""
    return Verdict(feature=feature.id, state=state, sentence=error.sentence, details=_below(error, error.where), **more)


def _below(error: ChimeraError, where: str) -> str:
    return "\n".join(part for part in (f"where: {where}" if where else "", error.remedy) if part)


_PUNCTUATION = 40
"""Additional characters in a failure: "next: ", line ends."""


@dataclass(frozen=True)
class Verdicts:
    """Makes the verdicts on one feature that has a workflow."""

    project: Project
    feature: Feature
    journal: Journal

    @property
    def record(self) -> FeatureRecord:
        """The feature's current record."""
        return self.journal.record

    @property
    def workflow(self) -> ChimeraWorkflow:
        """Its workflow."""
        assert self.record.workflow is not None, "there is no verdict without a workflow"
        return self.record.workflow

    def told(self, verdict: Verdict) -> Verdict:
        """Return a verdict with the attempts and the branch, if there is one."""
        return verdict.model_copy(
            update={"attempts": max(0, self.workflow.attempts_ended), "branch": self.record.branch}
        )

    def say(self, state: Any, sentence: str, details: str = "", next_command: str = "") -> Verdict:
        """Return a verdict with the given text.

        :param state: one of the states of :class:`Verdict`; ``next_command`` is the command to run next.
        """
        verdict = Verdict(
            feature=self.feature.id, state=state, sentence=sentence, details=details, next_command=next_command
        )
        return self.told(verdict)

    # -- incomplete, and why

    @property
    def causes(self) -> FailureCauses:
        """Finds why the feature is incomplete."""
        place = self.project.vault.generation(self.feature.slug, self.workflow.generation)
        return FailureCauses(self.project.root, place, self.workflow)

    def say_why(self, state: Any, sentence: str, account: FailureDetails, next_command: str = "") -> Verdict:
        """Return a verdict with as much of the evidence as fits into an item's failure."""
        clean = self.project.cleaner.text
        cleaned = replace(account, cause=clean(account.cause), attempts=clean(account.attempts))
        sentence = sentence_of(sentence)
        room = LIMIT - len(self.feature.id) - len(sentence) - len(next_command) - _PUNCTUATION
        return self.say(state, sentence, cleaned.fitted(room), next_command)

    def red(self, note: str) -> Verdict:
        """Return the verdict for ``--chimera-until=red``: sealed, and stopped before the first coder."""
        sealed = sealed_of(self.workflow)
        before = "\n".join(part for part in (note, f"base: {sealed.base[:10]}") if part)
        sentence = f"red for the right reason; sealed as {sealed.test.path}"
        return self.say_why("red", sentence, self._on_base(before))

    def unproved(self) -> Verdict:
        """Return the verdict under CI, where no coder is called."""
        return self.say_why(
            "failed",
            "not proved: red here, and no coder is called under CI",
            self._on_base(),
            "run pytest --chimera on your machine, or add --chimera-coder=… to this command",
        )

    def waiting(self, note: str) -> Verdict:
        """Return the verdict for a red test when it is the person's turn."""
        sentence = "red: the feature is not there yet, and no coder is configured"
        return self.say_why("waiting", sentence, self._on_base(note, self._your_turn()))

    def refused(self) -> Verdict:
        """Return the verdict on a person's change that is not accepted yet."""
        last = self.workflow.results[-1]
        not_taken = last.phase is ChimeraPhase.CODE_IMPLEMENTATION
        sentence = f"not accepted: {last.reason}" if not_taken else f"still red ({last.phase}): {last.reason}"
        return self.say_why("waiting", sentence, self.causes.account(f"{self._cause()}\n{self._your_turn()}"))

    def failed(self) -> Verdict:
        """Return the verdict when no attempts are left, or they go in circles."""
        workflow, last = self.workflow, self.workflow.results[-1]
        cause = self._cause()
        if workflow.attempts_left and (circles := workflow.in_circles):
            cause = f"Stopped after {workflow.attempts} of {workflow.max_attempts} attempts: {circles}\n{cause}"
        sentence = f"failed in {last.phase}: {last.reason}"
        return self.say_why("failed", sentence, self.causes.account(cause), self._go_on())

    def parked(self, phase: ChimeraPhase, cause: ChimeraError) -> Verdict:
        """Return the verdict for a cause outside the change."""
        return self._ended_by("parked", f"parked in {phase}: {cause.sentence}", cause)

    def stopped(self, error: ChimeraError) -> Verdict:
        """Return the verdict for a problem that the person has to fix."""
        return self._ended_by("failed", error.sentence, error)

    def regressed(self, run: TestRun, name: str, reason: str) -> Verdict:
        """Return the verdict on a feature that was complete, and is red now for a reason that no coder can fix."""
        sentence = f"complete before, and it cannot be judged on {name}: {reason}"
        return self.say_why("failed", sentence, self.causes.account(self.causes.of_run(run), run.evidence))

    def _ended_by(self, state: Any, sentence: str, error: ChimeraError) -> Verdict:
        """Return the verdict for an error: its text, the page that it is about, and the last red run."""
        causes = self.causes
        evidence = causes.evidence_in(error.where)
        more = error.sentence.partition("\n")[2]
        parts = [more, _below(error, shown(error.where, self.project.root)), *causes.page(evidence)]
        if evidence is None and (red := causes.of_run(causes.last_red)):
            parts += ["the last red:", red]
        return self.say_why(state, sentence, causes.account("\n".join(filter(None, parts)), evidence))

    def _on_base(self, before: str = "", after: str = "") -> FailureDetails:
        base = self.causes.red_on_base(sealed_of(self.workflow))
        return self.causes.account("\n".join(part for part in (before, base, after) if part))

    def _cause(self) -> str:
        last = self.workflow.results[-1]
        run = last.value if isinstance(last.value, TestRun) else None
        return f"{self.causes.of_result(last)}{_existing_data(run)}"

    def _your_turn(self) -> str:
        return f"The test is {self.workflow.test_path}. Change the code, then run the same command again."

    def _go_on(self) -> str:
        """Return the command that continues a failed feature; without a candidate there is nothing to answer."""
        feature = self.feature
        by_name = not feature.nodeid or feature.nodeid.endswith(f"::{feature.function}")
        which = f"-k {feature.function or feature.id}" if by_name else shlex.quote(feature.nodeid)
        how = '--chimera-hint="…"' if self.workflow.change else "--chimera-restart"
        return f"pytest --chimera {how} {which}"

    # -- complete

    def landed(self, sentence: str, proof: Proof, why_not: str, earlier: str = "") -> Verdict:
        """Return the verdict on a proved feature: merged, stacked, or on its own branch and why.

        :param earlier: the commit on HEAD of an earlier result, which this one replaces.
        """
        if merged := self.record.merged:
            said = self.say("complete", f"{sentence}, merged as {merged[:10]}")
            return said.model_copy(update={"merged": merged})
        if self.record.stacked and not why_not:
            return self.say("complete", f"{sentence}, on {STACK} as {proof.commit[:10]}", "", f"git merge {STACK}")
        return self.say("complete", f"{sentence}, on {self.record.branch}", why_not, self._merge_command(earlier))

    def _merge_command(self, earlier: str) -> str:
        """Return the merge command; the branch does not merge until the earlier result is taken back."""
        if earlier and wants_landing(self.project.settings):
            return f"git revert --no-edit {earlier[:10]}, then the same command again"
        if earlier:
            return f"git revert --no-edit {earlier[:10]} && git merge {self.record.branch}"
        files = (path for path in sealed_of(self.workflow).files if path != self.feature.replaces)
        open_files = [path for path in files if self._is_open(path)]
        merge = f"git merge {self.record.branch}"
        if not open_files:
            return merge
        return f"{shlex.join(['git', 'add', *open_files])} && git commit -m {shlex.quote(self.feature.id)} && {merge}"

    def _is_open(self, path: str) -> bool:
        """Whether a file of the working tree is not committed as it is, so that git would not merge over it."""
        git, content = self.project.repository, self.project.read(path)
        return content is not None and content != git.read(git.head(), path)

    def commit_by_hand(self, proof: Proof, attempts: str) -> Verdict:
        """Return the verdict on a green working tree, with the commit command."""
        sentence = f"complete after {attempts}: red on {proof.base[:10]}, green in your working tree"
        return self.say("complete", sentence, "", self.commit_command(proof))

    def commit_command(self, proof: Proof) -> str:
        """Return the command that commits the person's work with a message that carries the proof."""
        message = f"{self.feature.description}\n\n{format_trailers(proof)}"
        before = newest_room(self.project.vault.generation(self.feature.slug, self.workflow.generation), "proof")
        path = before / "commit-message.txt" if before else None
        if path is None or not path.is_file() or path.read_text(encoding="utf-8") != message:
            room = self.project.vault.room(self.feature.slug, self.workflow.generation, "proof")
            path = write_file(room / "commit-message.txt", message)
        return f"git add --all && git commit --file={path.relative_to(self.project.root).as_posix()}"

    def edited(self) -> Verdict:
        """Return the verdict on a working tree that has changed since it was judged green."""
        sentence = "green when it was read; your working tree has changed since, and is not proved as it is now"
        return self.say("waiting", sentence, "", "pytest --chimera")

    def open_merge(self, earlier: str = "") -> str:
        """Return the merge command that is left to the person; empty if there is nothing to merge.

        :param earlier: as in :meth:`landed`.
        """
        return "" if self.record.merged or self.project.by_hand else self._merge_command(earlier)

    def there_already(self, commit: str, *, still: bool) -> Verdict:
        """Return the verdict on a feature that needs no change: proved by an earlier commit, or never seen red."""
        if commit:
            return self.say("still green", f"proved in {commit[:10]}{', still green' if still else ''}")
        if red := self.workflow.sealed:
            return self.say("present", f"present: red on {red.base[:10]}, and green on HEAD without a coder")
        return self.say(
            "present",
            "present, never seen red",
            "The test is green on HEAD. It is not proved that it would be red without the feature.",
        )


def _existing_data(run: TestRun | None) -> str:
    """Return what to ask a person about a change that is green only with the words that the test shows."""
    failure = run.failure if run else None
    return f"\n{EXISTING_DATA}" if failure and failure.reason is Reason.OTHER_DATA else ""
