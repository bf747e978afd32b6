"""How it stands with a feature, in words: the rows of the table of outcomes of DESIGN.md §3."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from pytest_chimera.errors import ChimeraError
from pytest_chimera.journal import Journal
from pytest_chimera.landing import STACK
from pytest_chimera.models import Feature, Proof, Reason, TestRun, Verdict
from pytest_chimera.project import Project
from pytest_chimera.repository import format_trailers
from pytest_chimera.standing import Standing
from pytest_chimera.trials import EXISTING_DATA, sealed_of
from pytest_chimera.vault import write_file
from pytest_chimera.words import attempts_table, failing_text, red_text
from pytest_chimera.workflow import ChimeraWorkflow


def verdict_of(feature: Feature, state: Any, error: ChimeraError, **more: Any) -> Verdict:
    """The verdict that an error comes to: what happened, where, and what to do about it."""
    details = "\n".join(part for part in (f"where: {error.where}" if error.where else "", error.remedy) if part)
    return Verdict(feature=feature.id, state=state, sentence=error.sentence, details=details, **more)


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

    def red(self, note: str) -> Verdict:
        """Sealed, and stopped before the first coder as ``--chimera-until=red`` asks."""
        sealed = sealed_of(self.workflow)
        details = "\n".join(part for part in (note, f"base: {sealed.base[:10]}", red_text(sealed)) if part)
        return self.say("red", f"red for the right reason; sealed as {sealed.test.path}", details)

    def unproved(self) -> Verdict:
        """Red under CI, where nobody is called."""
        sealed = sealed_of(self.workflow)
        return self.say(
            "failed",
            "not proved: red here, and no coder is called under CI",
            red_text(sealed),
            "run pytest --chimera on your machine, or add --chimera-coder=… to this command",
        )

    def waiting(self, note: str) -> Verdict:
        """Red, and it is the person's turn."""
        sealed = sealed_of(self.workflow)
        where = f"The test is {sealed.test.path}. Change the code, then run the same command again."
        details = "\n".join(part for part in (note, red_text(sealed), where) if part)
        return self.say("waiting", "red: the feature is not there yet, and no coder is configured", details)

    def refused(self) -> Verdict:
        """The person's change does not do yet."""
        last = self.workflow.results[-1]
        run = last.value if isinstance(last.value, TestRun) else None
        details = f"{failing_text(run)}{_existing_data(run)}" if run else last.details
        where = f"The test is {self.workflow.test_path}. Change the code, then run the same command again."
        return self.say("waiting", f"still red ({last.phase}): {last.reason}", f"{details}\n{where}")

    def failed(self) -> Verdict:
        """No attempts are left, or they go in circles."""
        last = self.workflow.results[-1]
        run = last.value if isinstance(last.value, TestRun) else None
        details = f"{attempts_table(self.workflow)}{_existing_data(run)}\nEvidence: {self._evidence()}"
        if circles := self.workflow.in_circles:
            details = (
                f"Stopped after {self.workflow.attempts} of {self.workflow.max_attempts} attempts: {circles}\n{details}"
            )
        next_command = f'pytest --chimera --chimera-hint="…" -k {self.feature.function or self.feature.id}'
        return self.say("failed", f"failed in {last.phase}: {last.reason}", details, next_command)

    def _evidence(self) -> str:
        return f".chimera/{self.feature.slug}/generation-{self.workflow.generation}/"

    def landed(self, sentence: str, proof: Proof, why_not: str) -> Verdict:
        """The verdict on a proved feature: merged, stacked, or on its own branch and why."""
        commit = proof.commit[:10]
        if self.standing.merged:
            return self.say("complete", f"{sentence}, merged as {commit}")
        if self.standing.stacked and not why_not:
            return self.say("complete", f"{sentence}, on {STACK} as {commit}", "", f"git merge {STACK}")
        return self.say("complete", f"{sentence}, on {self.standing.branch}", why_not, self._merge_command())

    def _merge_command(self) -> str:
        files = (path for path in sealed_of(self.workflow).files if path != self.feature.replaces)
        open_files = [path for path in files if (self.project.root / path).exists()]
        merge = f"git merge {self.standing.branch}"
        if not open_files:
            return merge
        return f"{shlex.join(['git', 'add', *open_files])} && git commit -m {shlex.quote(self.feature.id)} && {merge}"

    def commit_by_hand(self, proof: Proof, attempts: str) -> Verdict:
        """Green in the person's working tree, with the commit to type."""
        message = f"{self.feature.description}\n\n{format_trailers(proof)}"
        folder = self.project.vault.room(self.feature.slug, self.workflow.generation, "proof")
        path = write_file(folder / "commit-message.txt", message).relative_to(self.project.root)
        return self.say(
            "complete",
            f"complete after {attempts}: red on {proof.base[:10]}, green in your working tree",
            "",
            f"git add --all && git commit --file={path.as_posix()}",
        )

    def open_merge(self) -> str:
        """The merge that is left to the person; empty when none is."""
        return "" if self.standing.merged or self.project.by_hand else self._merge_command()

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
