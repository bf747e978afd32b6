"""Repeats a proof from the commit alone: red on its base, green on its files, with the variations of its seed.

Only the commit is used: no record outside it, and no coder. The commit's trailers are compared with the results.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

import anyio.to_thread

from pytest_chimera.context.project import Project
from pytest_chimera.errors import ChimeraError, EnvironmentTrouble, PhaseFailed, RepositoryError
from pytest_chimera.generation.sealing import frozen, functions_in
from pytest_chimera.git import Repository, Trailers
from pytest_chimera.judge import seal_of
from pytest_chimera.models import RIGHT_REDS, Change, SealedTest, TestRun
from pytest_chimera.run.committed_tests import Committed, find_test
from pytest_chimera.run.proof_record import tool_versions
from pytest_chimera.staging.deployments import Staging
from pytest_chimera.validation.variation_runs import VariationRuns
from pytest_chimera.workflow.machine import ChimeraTask, ChimeraWorkflow, Moved


@dataclass(frozen=True)
class Verified:
    """The result of verifying one proof.

    :param sentence: why it holds, or why not.
    :param differences: how the results differ from those of the original proof.
    :param evidence: the folder with the evidence.
    """

    feature: str
    holds: bool
    sentence: str
    differences: tuple[str, ...] = ()
    evidence: str = ""


class _DoesNotHold(Exception):
    """The proof is wrong, or cannot be checked here; the text says why."""


async def verify(project: Project, commit: str, proofs: Iterable[Trailers], folder: Path) -> list[Verified]:
    """Repeat proofs, one after the other.

    :param project: with a vault, a state and agents for this purpose alone.
    :param proofs: what ``commit`` carries; ``folder`` holds the project's files in it.
    """
    return [
        await _Again(project, commit, each, found).verified() for each, found in _with_tests(project, proofs, folder)
    ]


def _with_tests(
    project: Project, proofs: Iterable[Trailers], folder: Path
) -> Iterator[tuple[Trailers, Committed | None]]:
    """Yield each feature's proof with its test; a squashed message may hold several proofs of a feature, of which one
    with an existing test is used.
    """
    by_feature: dict[str, list[tuple[Trailers, Committed | None]]] = {}
    for each in proofs:
        test = find_test(folder, each.test_sha256, each.feature, project.settings.test_dir)
        by_feature.setdefault(each.feature, []).append((each, test))
    for pairs in by_feature.values():
        yield next((pair for pair in pairs if pair[1]), pairs[0])


@dataclass
class _Again:
    project: Project
    commit: str
    trailers: Trailers
    committed: Committed | None
    differences: list[str] = field(default_factory=list)

    @cached_property
    def staging(self) -> Staging:
        """Runs the test against base and commit."""
        return Staging(self.project, self._found.feature)

    @property
    def variation_runs(self) -> VariationRuns:
        """Runs the variations."""
        return VariationRuns(self.project.settings, self._found.feature, self.staging.judge_commit)

    def _room(self, name: str) -> Path:
        return self.project.vault.room(self._found.feature.slug, 1, name)

    async def verified(self) -> Verified:
        room = ""
        try:
            self._check_trailers()
            sealed = await self._sealed()
            room = str(self.project.vault.folder)
            try:
                sentence = await self._seen(sealed)
            finally:
                await self.staging.end_all()
        except (_DoesNotHold, ChimeraError) as why:
            return Verified(self.trailers.feature, False, str(why), tuple(self.differences), room)
        return Verified(self.trailers.feature, True, sentence, tuple(self.differences), room)

    # -- what the commit records

    def _check_trailers(self) -> None:
        for name, value in (("Chimera-Base", self.trailers.base), ("Chimera-Test-SHA256", self.trailers.test_sha256)):
            if not value:
                raise _DoesNotHold(f"the trailer {name} is missing")
        if self.committed is None:
            digest = self.trailers.test_sha256[:12]
            commit = self.commit[:10]
            raise _DoesNotHold(f"no file of {commit} has the sealed test's digest {digest}…: the test was changed")
        if not self.trailers.deployment_proved:
            self.differences.append("it was proved on a staging that was trusted; here each commit is deployed")

    @property
    def _found(self) -> Committed:
        assert self.committed is not None, "checked before"
        return self.committed

    async def _sealed(self) -> SealedTest:
        test, feature = self._found.test, self._found.feature
        base = await anyio.to_thread.run_sync(self._base)
        commit = await anyio.to_thread.run_sync(self._sealed_commit, base)
        git = self.project.repository
        tree = await anyio.to_thread.run_sync(git.tree_of, commit)
        nodeids = await frozen(feature, test, git, commit)
        sealed = SealedTest(
            test=test,
            handwritten=feature.handwritten,
            nodeids=nodeids,
            sha256=seal_of(test.source),
            base=base,
            commit=commit,
            tree=tree,
        )
        self._compare("it was green", self.trailers.green.partition(";")[0], f"{len(nodeids)} of {len(nodeids)}")
        return sealed

    def _base(self) -> str:
        """Return the id of the base.

        :raises _DoesNotHold: the base is not in this repository.
        """
        git, base = self.project.repository, self.trailers.base
        try:
            git.bring(base)
        except RepositoryError:
            raise _DoesNotHold(
                f"its base {base[:10]} is not in this repository: fetch it with `git fetch --unshallow`, or `git fetch "
                f"origin {base}`"
            ) from None
        if not git.is_ancestor(base, self.commit):
            self.differences.append(f"its base {base[:10]} is not in the commit's history: it was rebased or squashed")
        return base

    def _sealed_commit(self, base: str) -> str:
        """Return the base with the sealed test: chimera's original commit, or an identical one made now."""
        git, test = self.project.repository, self._found.test
        for parent in git.parents(self.trailers.commit or self.commit):
            content = git.read(parent, test.path)
            if base in git.parents(parent)[:1] and content is not None and _is(content, test.source):
                return parent
        folder = PurePosixPath(test.path).parent.as_posix()
        functions = functions_in(test, handwritten=self._found.feature.handwritten)
        beside = [path for path in (*git.files(self.commit, folder), *functions) if git.read(base, path) is None]
        overlay = {path: git.read(self.commit, path) for path in (test.path, *beside)}
        return git.seal(base, overlay, "Test: sealed again, to verify a proof", "verify/sealed").commit

    # -- what is judged

    async def _seen(self, sealed: SealedTest) -> str:
        workflow = _workflow(self._found, sealed)
        red = await self._red(sealed, workflow)
        sealed = sealed.model_copy(update={"red": red})
        git = self.project.repository
        change = Change(
            base=sealed.commit, commit=self.commit, tree=await anyio.to_thread.run_sync(git.tree_of, self.commit)
        )
        self._compare_trees(change.tree)
        workflow = workflow.moved_to(sealed, change)
        green = await self._green(sealed, change, workflow)
        self._compare_tools(green)
        expected = red.failure.as_sentence() if red.failure else ""
        number = len(green.varied)
        varied = f", with {number} variation{'s' if number > 1 else ''}" if number else ""
        return f"red on {sealed.base[:10]} ({expected}), green on {self.commit[:10]}{varied}"

    async def _red(self, sealed: SealedTest, workflow: ChimeraWorkflow) -> TestRun:
        self._say(f"judging its base {sealed.base[:10]}, which has to be red")
        room = self._room("red")
        try:
            run = await self.staging.judge_commit(sealed, sealed.commit, sealed.tree, room, workflow)
        except (PhaseFailed, EnvironmentTrouble) as trouble:
            raise _DoesNotHold(f"its base {sealed.base[:10]} cannot be judged here: {trouble}") from trouble
        failure = run.failure
        if failure is None:
            raise _DoesNotHold(f"the test is green on its base {sealed.base[:10]}: the feature was there before")
        if failure.reason not in RIGHT_REDS:
            raise _DoesNotHold(
                f"on its base {sealed.base[:10]} the test is red, but not because the feature is missing: "
                f"{failure.as_sentence()}\n{failure.message}"
            )
        self._compare("it was red for", self.trailers.red, f"{failure.reason} {failure.signature}")
        return run

    async def _green(self, sealed: SealedTest, change: Change, workflow: ChimeraWorkflow) -> TestRun:
        self._say(f"judging {self.commit[:10]}, which has to be green")
        room = self._room("green")
        try:
            run = await self.staging.judge_commit(sealed, change.commit, change.tree, room, workflow)
            if run.status == "green":
                sealed = await self._varied_as_then(sealed, workflow)
                workflow = workflow.moved_to(sealed, change)
                run = await self._with_variations(run, change, workflow)
        except (PhaseFailed, EnvironmentTrouble) as trouble:
            raise _DoesNotHold(f"{self.commit[:10]} cannot be judged here: {trouble}") from trouble
        if run.status != "green":
            failure = run.failure
            told = f"{failure.as_sentence()}\n{failure.message}" if failure else "the test is not green"
            raise _DoesNotHold(f"red on {self.commit[:10]}: {told}")
        return run

    async def _varied_as_then(self, sealed: SealedTest, workflow: ChimeraWorkflow) -> SealedTest:
        if not self.trailers.seed:
            return sealed
        shared = await self.variation_runs.shares_data(sealed, self._room("shared"), workflow)
        return sealed.model_copy(update={"shared": shared})

    async def _with_variations(self, run: TestRun, change: Change, workflow: ChimeraWorkflow) -> TestRun:
        """Return the run with the variations of the recorded seed; without them if it is unknown what to vary."""
        if not self.trailers.seed:
            self.differences.append("it records no seed: no variations were run")
            return run
        marked = self._found.marked
        if marked and marked.fixed is None:
            self.differences.append("no variations were run: the marker's fixed= is not a literal")
            return run
        run = await self.variation_runs.varied(run, change, self._room("varied"), workflow, self.trailers.seed)
        if run.status == "green":
            self._compare("it was varied in", self.trailers.varied, "; ".join(run.varied))
        return run

    # -- how it differs

    def _compare(self, what: str, then: str, now: str) -> None:
        if then and then != now:
            self.differences.append(f"{what}: {then}; here: {now}")

    def _compare_trees(self, tree: str) -> None:
        if self.trailers.tree and self.trailers.tree != tree:
            self.differences.append(
                f"its files are not those that were proved and reviewed ({self.trailers.tree[:10]}): it was merged, "
                "squashed or changed since; they were judged as they are"
            )

    def _compare_tools(self, green: TestRun) -> None:
        then, now = _versions(self.trailers.tools), _versions(tool_versions(green))
        for name in then.keys() | now.keys() if then else ():
            if then.get(name) != now.get(name):
                self.differences.append(f"judged by {name} {then.get(name, 'none')} then, {now.get(name, 'none')} now")

    def _say(self, line: str) -> None:
        self.project.run.progress(self._found.feature, line)


def _workflow(found: Committed, sealed: SealedTest) -> ChimeraWorkflow:
    workflow = ChimeraTask(feature=found.feature, target_url=found.feature.url).begin()
    return workflow.model_copy(update={"moved": Moved(sealed=sealed), "attempt": 1})


def _versions(tools: str) -> dict[str, str]:
    pairs = (each.rpartition(" ")[::2] for each in tools.split(", ") if " " in each)
    return dict(pairs)


def _is(content: bytes, source: str) -> bool:
    return seal_of(content.decode("utf-8", "replace").replace("\r\n", "\n")) == seal_of(source)


def proofs_at(git: Repository, rev: str) -> tuple[str, tuple[Trailers, ...]]:
    """Return a commit's id and the proofs that it carries.

    :raises RepositoryError: there is no such commit, or it carries none.
    """
    if not git.exists(rev):
        raise RepositoryError(
            f"There is no commit {rev}.", where=str(git.root), remedy="Fetch it, or correct the name."
        )
    commit, proofs = git.proofs_of(rev)
    if proofs:
        return commit, tuple(replace(each, commit=each.commit or commit) for each in proofs)
    newest = next(iter(git.proofs(commit).values()), None)
    near = f"The newest proof in its history is {newest.commit[:10]}, of {newest.feature}." if newest else ""
    raise RepositoryError(
        f"{rev} ({commit[:10]}) carries no proof: its message has no line Chimera-Feature.",
        remedy=near or "Its history has none either. `git log --all --grep=Chimera-Feature` looks everywhere.",
    )
