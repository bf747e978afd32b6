"""What a run says of a feature in the end: the rows of docs/reference/outcomes.md."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Any

from pytest_chimera.context.merge_queue import STACK, wants_landing
from pytest_chimera.context.project import Project
from pytest_chimera.context.summaries import shown
from pytest_chimera.errors import ChimeraError
from pytest_chimera.git import format_trailers
from pytest_chimera.models import Feature, Proof, Reason, TestRun, Verdict
from pytest_chimera.run.failure_report import LIMIT, Account, Causes, sentence_of
from pytest_chimera.state.journal import Journal
from pytest_chimera.state.replay import Standing
from pytest_chimera.state.vault import newest_room
from pytest_chimera.system.files import write_file
from pytest_chimera.validation.variations import EXISTING_DATA
from pytest_chimera.workflow.machine import ChimeraWorkflow, sealed_of
from pytest_chimera.workflow.transitions import ChimeraPhase


def verdict_of(feature: Feature, state: Any, error: ChimeraError, **more: Any) -> Verdict:
    """The verdict that an error comes to: what happened, where, and what to do about it."""
    return Verdict(feature=feature.id, state=state, sentence=error.sentence, details=_below(error, error.where), **more)


def _below(error: ChimeraError, where: str) -> str:
    return "\n".join(part for part in (f"where: {where}" if where else "", error.remedy) if part)


_PUNCTUATION = 40
"""Characters that a failure holds besides: "next: ", line ends."""


@dataclass(frozen=True)
class Verdicts:
    """What is said of one feature that has a workflow."""

    project: Project
    feature: Feature
    journal: Journal

    @property
    def standing(self) -> Standing:
        """Where the feature stands now."""
        return self.journal.standing

    @property
    def workflow(self) -> ChimeraWorkflow:
        """Its workflow."""
        assert self.standing.workflow is not None, "nothing is said of what has not begun"
        return self.standing.workflow

    def told(self, verdict: Verdict) -> Verdict:
        """A verdict with the attempts that were made and the branch that there is."""
        return verdict.model_copy(
            update={"attempts": max(0, self.workflow.attempts_ended), "branch": self.standing.branch}
        )

    def say(self, state: Any, sentence: str, details: str = "", next_command: str = "") -> Verdict:
        """A verdict in so many words.

        :param state: one of the states of :class:`Verdict`; ``next_command`` is what to type next.
        """
        verdict = Verdict(
            feature=self.feature.id, state=state, sentence=sentence, details=details, next_command=next_command
        )
        return self.told(verdict)

    # -- not there, and why

    @property
    def causes(self) -> Causes:
        """What shows why it is not there."""
        place = self.project.vault.generation(self.feature.slug, self.workflow.generation)
        return Causes(self.project.root, place, self.workflow)

    def say_why(self, state: Any, sentence: str, account: Account, next_command: str = "") -> Verdict:
        """A verdict with what shows why, as much of it as an item's failure may hold."""
        clean = self.project.clean.text
        cleaned = replace(account, cause=clean(account.cause), attempts=clean(account.attempts))
        sentence = sentence_of(sentence)
        room = LIMIT - len(self.feature.id) - len(sentence) - len(next_command) - _PUNCTUATION
        return self.say(state, sentence, cleaned.fitted(room), next_command)

    def red(self, note: str) -> Verdict:
        """Sealed, and stopped before the first coder as ``--chimera-until=red`` asks."""
        sealed = sealed_of(self.workflow)
        before = "\n".join(part for part in (note, f"base: {sealed.base[:10]}") if part)
        sentence = f"red for the right reason; sealed as {sealed.test.path}"
        return self.say_why("red", sentence, self._on_base(before))

    def unproved(self) -> Verdict:
        """Red under CI, where nobody is called."""
        return self.say_why(
            "failed",
            "not proved: red here, and no coder is called under CI",
            self._on_base(),
            "run pytest --chimera on your machine, or add --chimera-coder=… to this command",
        )

    def waiting(self, note: str) -> Verdict:
        """Red, and it is the person's turn."""
        sentence = "red: the feature is not there yet, and no coder is configured"
        return self.say_why("waiting", sentence, self._on_base(note, self._your_turn()))

    def refused(self) -> Verdict:
        """The person's change does not do yet."""
        last = self.workflow.results[-1]
        not_taken = last.phase is ChimeraPhase.CODE_IMPLEMENTATION
        sentence = f"not taken: {last.reason}" if not_taken else f"still red ({last.phase}): {last.reason}"
        return self.say_why("waiting", sentence, self.causes.account(f"{self._cause()}\n{self._your_turn()}"))

    def failed(self) -> Verdict:
        """No attempts are left, or they go in circles."""
        workflow, last = self.workflow, self.workflow.results[-1]
        cause = self._cause()
        if workflow.attempts_left and (circles := workflow.in_circles):
            cause = f"Stopped after {workflow.attempts} of {workflow.max_attempts} attempts: {circles}\n{cause}"
        sentence = f"failed in {last.phase}: {last.reason}"
        return self.say_why("failed", sentence, self.causes.account(cause), self._go_on())

    def parked(self, phase: ChimeraPhase, cause: ChimeraError) -> Verdict:
        """The cause lies outside the change."""
        return self._troubled("parked", f"parked in {phase}: {cause.sentence}", cause)

    def stopped(self, error: ChimeraError) -> Verdict:
        """Something is wrong that the person mends."""
        return self._troubled("failed", error.sentence, error)

    def regressed(self, run: TestRun, name: str, reason: str) -> Verdict:
        """Complete before, and red now for a reason that is no coder's to mend."""
        sentence = f"complete before, and it cannot be judged on {name}: {reason}"
        return self.say_why("failed", sentence, self.causes.account(self.causes.of_run(run), run.evidence))

    def _troubled(self, state: Any, sentence: str, error: ChimeraError) -> Verdict:
        """What an error comes to: what it says, the page that it is about, and how the test was red last."""
        causes = self.causes
        evidence = causes.evidence_in(error.where)
        more = error.sentence.partition("\n")[2]
        parts = [more, _below(error, shown(error.where, self.project.root)), *causes.page(evidence)]
        if evidence is None and (red := causes.of_run(causes.last_red)):
            parts += ["the last red:", red]
        return self.say_why(state, sentence, causes.account("\n".join(filter(None, parts)), evidence))

    def _on_base(self, before: str = "", after: str = "") -> Account:
        base = self.causes.red_on_base(sealed_of(self.workflow))
        return self.causes.account("\n".join(part for part in (before, base, after) if part))

    def _cause(self) -> str:
        last = self.workflow.results[-1]
        run = last.value if isinstance(last.value, TestRun) else None
        return f"{self.causes.of_result(last)}{_existing_data(run)}"

    def _your_turn(self) -> str:
        return f"The test is {self.workflow.test_path}. Change the code, then run the same command again."

    def _go_on(self) -> str:
        """The command with which a failed feature goes on; without a candidate there is nothing to answer."""
        feature = self.feature
        by_name = not feature.nodeid or feature.nodeid.endswith(f"::{feature.function}")
        which = f"-k {feature.function or feature.id}" if by_name else shlex.quote(feature.nodeid)
        how = '--chimera-hint="…"' if self.workflow.change else "--chimera-restart"
        return f"pytest --chimera {how} {which}"

    # -- there

    def landed(self, sentence: str, proof: Proof, why_not: str, earlier: str = "") -> Verdict:
        """The verdict on a proved feature: merged, stacked, or on its own branch and why.

        :param earlier: the commit on HEAD of an earlier result, which this one is to take the place of.
        """
        if merged := self.standing.merged:
            said = self.say("complete", f"{sentence}, merged as {merged[:10]}")
            return said.model_copy(update={"merged": merged})
        if self.standing.stacked and not why_not:
            return self.say("complete", f"{sentence}, on {STACK} as {proof.commit[:10]}", "", f"git merge {STACK}")
        return self.say("complete", f"{sentence}, on {self.standing.branch}", why_not, self._merge_command(earlier))

    def _merge_command(self, earlier: str) -> str:
        """Until the earlier result is taken back, the branch that replaces it does not merge."""
        if earlier and wants_landing(self.project.settings):
            return f"git revert --no-edit {earlier[:10]}, then the same command again"
        if earlier:
            return f"git revert --no-edit {earlier[:10]} && git merge {self.standing.branch}"
        files = (path for path in sealed_of(self.workflow).files if path != self.feature.replaces)
        open_files = [path for path in files if (self.project.root / path).exists()]
        merge = f"git merge {self.standing.branch}"
        if not open_files:
            return merge
        return f"{shlex.join(['git', 'add', *open_files])} && git commit -m {shlex.quote(self.feature.id)} && {merge}"

    def commit_by_hand(self, proof: Proof, attempts: str) -> Verdict:
        """Green in the person's working tree, with the commit to type."""
        sentence = f"complete after {attempts}: red on {proof.base[:10]}, green in your working tree"
        return self.say("complete", sentence, "", self.commit_command(proof))

    def commit_command(self, proof: Proof) -> str:
        """The commit of what the person did by hand, with a message that carries the proof."""
        message = f"{self.feature.description}\n\n{format_trailers(proof)}"
        before = newest_room(self.project.vault.generation(self.feature.slug, self.workflow.generation), "proof")
        path = before / "commit-message.txt" if before else None
        if path is None or not path.is_file() or path.read_text(encoding="utf-8") != message:
            room = self.project.vault.room(self.feature.slug, self.workflow.generation, "proof")
            path = write_file(room / "commit-message.txt", message)
        return f"git add --all && git commit --file={path.relative_to(self.project.root).as_posix()}"

    def edited(self) -> Verdict:
        """Green, but the working tree is not any more what was judged."""
        sentence = "green as it was read; your working tree has changed since, and what it holds now is not proved"
        return self.say("waiting", sentence, "", "pytest --chimera")

    def open_merge(self, earlier: str = "") -> str:
        """The merge that is left to the person; empty when none is.

        :param earlier: as in :meth:`landed`.
        """
        return "" if self.standing.merged or self.project.by_hand else self._merge_command(earlier)

    def there_already(self, commit: str, *, still: bool) -> Verdict:
        """Green without any change: proved by an earlier commit, or never seen red."""
        if commit:
            return self.say("still green", f"proved in {commit[:10]}{', still green' if still else ''}")
        if red := self.workflow.sealed:
            return self.say("present", f"present: red on {red.base[:10]}, and green on HEAD without a coder")
        return self.say(
            "present",
            "present, never seen red",
            "The test is green on HEAD. Whether it would notice that the feature is gone is not proved.",
        )


def _existing_data(run: TestRun | None) -> str:
    """What a person is asked about a change that is green only with the words that the test shows."""
    failure = run.failure if run else None
    return f"\n{EXISTING_DATA}" if failure and failure.reason is Reason.OTHER_DATA else ""
