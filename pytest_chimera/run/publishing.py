"""Publishes a proved change: its proof, its commit, its branch, and the branch where it lands."""

from __future__ import annotations

import json
from dataclasses import dataclass

import anyio
import anyio.to_thread

from pytest_chimera.context.merge_queue import STACK, earlier_result, is_stacked, wants_landing
from pytest_chimera.errors import EnvironmentTrouble, PhaseFailed, PreconditionError, RepositoryError
from pytest_chimera.git import Repository, format_trailers
from pytest_chimera.implementation.tamper_detection import Fingerprints
from pytest_chimera.models import Proof, TestRun
from pytest_chimera.run.phases import GreenOnBase, ProjectPhases
from pytest_chimera.run.proof_record import tool_versions, whole_proof
from pytest_chimera.state.replay import FeatureRecord
from pytest_chimera.system.crash_points import CrashPoint, reached
from pytest_chimera.system.files import write_file
from pytest_chimera.workflow.machine import ChimeraWorkflow, change_of, sealed_of
from pytest_chimera.workflow.transitions import ChimeraPhase


@dataclass
class Publication:
    """Takes one feature from its green runs to where the person merges it, and records each step."""

    phases: ProjectPhases

    def __post_init__(self) -> None:
        self.project, self.feature, self.journal = self.phases.project, self.phases.feature, self.phases.journal

    @property
    def record(self) -> FeatureRecord:
        """The feature's current record."""
        return self.journal.record

    @property
    def workflow(self) -> ChimeraWorkflow:
        """The feature's finished workflow."""
        assert self.record.workflow is not None, "only what has been worked on is proved"
        return self.record.workflow

    @property
    def proof(self) -> Proof:
        """The recorded proof."""
        assert self.record.proof is not None, "it is asked for after it was recorded"
        return self.record.proof

    # -- the proof

    async def prove(self) -> None:
        """Record the proof, and keep the complete proof in the vault."""
        proof = await self._made()
        room = self.project.vault.room(self.feature.slug, self.workflow.generation, "proved")
        fingerprints = await self.phases.git(lambda git: Fingerprints.taken(git.store.source))
        text = json.dumps(whole_proof(proof, self.workflow, fingerprints), indent=2)
        await anyio.to_thread.run_sync(write_file, room / "proof.json", text)
        self.journal.append("proved", proof=proof)

    async def _made(self) -> Proof:
        workflow = self.workflow
        sealed, change = sealed_of(workflow), change_of(workflow)
        deployment = workflow.latest(ChimeraPhase.STAGING_DEPLOYMENT)
        red = sealed.red.failure if sealed.red else None
        validation = workflow.latest(ChimeraPhase.E2E_VALIDATION)
        green = validation.value if validation and isinstance(validation.value, TestRun) else None
        proof = Proof(
            feature=self.feature.id,
            base=sealed.base,
            commit=change.commit,
            tree=change.tree,
            test_sha256=sealed.sha256,
            red=f"{red.reason} {red.signature}" if red else "",
            green=f"{len(sealed.nodeids)} of {len(sealed.nodeids)}",
            attempts=workflow.attempts,
            seed=green.seed if green else "",
            varied=green.varied if green else (),
            not_varied=green.not_varied if green else {},
            tools=tool_versions(green),
            earlier=green.earlier if green else (),
            deployment="proved" if getattr(deployment and deployment.value, "proved", False) else "not proved",
        )
        if self.project.by_hand:
            return proof
        message = f"{self.feature.description}\n\n{format_trailers(proof)}"
        keep = f"{self.feature.slug}/proved"
        commit = await self.phases.git(lambda git: git.commit(change.tree, (sealed.commit,), message, keep))
        reached(CrashPoint.PROOF_COMMITTED)
        return proof.model_copy(update={"commit": commit})

    # -- the branch

    async def is_to_publish(self) -> bool:
        """Whether it was proved and the run ended before its branch was made; a person's own commit needs no branch."""
        if self.record.branch or self.project.by_hand:
            return False
        return not await self.is_on("HEAD")

    async def publish(self) -> None:
        """Put the proved commit on the feature's own branch."""
        commit = self.proof.commit
        branch = await self.phases.git(lambda git: git.publish(self.feature.slug, commit))
        reached(CrashPoint.BRANCH_MADE)
        self.journal.append("published", branch=branch)

    # -- where it lands

    async def is_on(self, rev: str) -> bool:
        """Whether a history contains this result."""
        return bool(await self.carried_by(rev))

    async def carried_by(self, rev: str) -> str:
        """Return the commit in a history that carries this proof: ours, or the person's own, squashed or made by hand.

        Return an empty string if there is none. After the person has answered a result, commits of earlier results do
        not count, and neither do commits that the base already contained.
        """
        return await self.phases.git(lambda git: self._carried_by(git, rev))

    def _carried_by(self, git: Repository, rev: str) -> str:
        commit, tree = self.proof.commit, self.proof.tree
        if git.is_ancestor(commit, rev):
            return commit
        found = git.proofs(rev).get(self.feature.id)
        if found is None or git.is_ancestor(found.commit, self.proof.base):
            return ""
        return found.commit if not self.workflow.words or found.tree == tree else ""

    async def note_merge(self) -> None:
        """Record the commit with which the person's branch came to contain this result, if it does."""
        if carrier := await self.carried_by("HEAD"):
            merged = await self.phases.git(lambda git: git.came_with(carrier))
            if merged != self.record.merged:
                self.journal.append("merged", commit=merged)

    async def where(self, tree: str) -> str:
        """Describe where the feature is proved.

        :param tree: the files that it is proved on now.
        """
        if carrier := await self.carried_by("HEAD"):
            return f"proved in {carrier[:10]}"
        if not self.project.by_hand:
            return f"proved in {self.proof.commit[:10]}"
        return "proved, not committed yet" if await self.is_open(tree) else "proved; it is committed without its proof"

    async def is_open(self, tree: str) -> bool:
        """Whether the person's work by hand, a working tree of these files, is not completely committed."""
        return self.project.by_hand and await self.phases.git(lambda git: git.tree_of(git.head())) != tree

    async def earlier_on(self, rev: str) -> str:
        """Return an earlier result's commit that a history still contains after the person rejected it; or empty."""
        if self.project.by_hand or not self.workflow.words or await self.is_on(rev):
            return ""

        def since_the_base(git: Repository) -> str:
            earlier = earlier_result(git, self.feature.id, rev)
            return "" if earlier and git.is_ancestor(earlier, self.proof.base) else earlier

        return await self.phases.git(since_the_base)

    async def is_to_land(self) -> bool:
        """Whether the settings say to land it, and it has not landed yet."""
        if not wants_landing(self.project.settings) or self.project.by_hand or self.record.merged:
            return False
        commit = self.proof.commit
        if self.project.settings.merge == "ff":
            return True
        return not await self.phases.git(lambda git: is_stacked(git, commit))

    async def land(self) -> str:
        """Land the proved feature if that is configured, one at a time; return why it did not land, if so."""
        if not await self.is_to_land():
            return ""
        if self.project.settings.merge == "stack" and f"chimera/{self.feature.slug}" == STACK:
            return f"Not stacked: its own branch is {STACK}. Give the feature another id."
        if why_not := await self._why_not_beside_an_earlier_result():
            return why_not
        await self.phases.queue.enter()
        try:
            await self._prove_where_it_lands()
            await self._bring_in()
        except (RepositoryError, PhaseFailed, PreconditionError, EnvironmentTrouble) as error:
            return f"Not {'merged' if self.project.settings.merge == 'ff' else 'stacked'}: {error}"
        except GreenOnBase:
            return "Not merged: the feature exists already, without this change."
        finally:
            await self.phases.end_all()
        return ""

    async def take_back(self) -> str:
        """Return the command that takes this result back from HEAD."""
        return f"git revert --no-edit {(await self.carried_by('HEAD') or self.proof.commit)[:10]}"

    async def _why_not_beside_an_earlier_result(self) -> str:
        done = "merged" if self.project.settings.merge == "ff" else "stacked"
        if earlier := await self.earlier_on("HEAD"):
            return f"Not {done}: an earlier result of it is on HEAD, as {earlier[:10]}. Take that back first."
        stack_is_there = done == "stacked" and await self.phases.git(lambda git: bool(git.tip(STACK)))
        if stack_is_there and await self.earlier_on(STACK):
            return (
                f"Not stacked: an earlier result of it is on {STACK}. Remove that branch (git branch -D {STACK}); the "
                "next run rebuilds it, with all features that are complete."
            )
        return ""

    async def _prove_where_it_lands(self) -> None:
        """A run that ended before the merge left a proof on an older commit: prove it again on the branch where it
        lands.
        """
        while (tip := await self.phases.tip()) != sealed_of(self.workflow).base:
            after, run = await self.phases.proved_on(tip, self.workflow)
            if run.failure:
                raise PhaseFailed(f"On top of {tip[:10]}: {run.failure.as_sentence()}", evidence=run.failure.message)
            self.journal.append("moved", sealed=sealed_of(after), change=change_of(after))
            await self.prove()
            await self.publish()

    async def _bring_in(self) -> None:
        commit, base = self.proof.commit, sealed_of(self.workflow).base
        if self.project.settings.merge == "ff":
            await self.phases.git(lambda git: git.fast_forward(commit, base))
            reached(CrashPoint.LANDED)
            self.journal.append("merged", commit=commit)
        else:
            await self.phases.git(lambda git: git.publish(STACK.removeprefix("chimera/"), commit))
            reached(CrashPoint.LANDED)
            self.journal.append("stacked", commit=commit)
