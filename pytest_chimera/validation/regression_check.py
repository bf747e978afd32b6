"""Checks that what worked before still works: the base's buttons and addresses, and the tests of earlier features.

What a change breaks elsewhere is not covered by its own test, and perhaps by no unit test either. The base and the
candidate are explored in the same way (:mod:`pytest_chimera.validation.exploration`); then every end-to-end test of
the base is run in its version on the base. Only what worked on the base can be reported.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from pytest_chimera.context.project import Project
from pytest_chimera.context.project_tests import is_test_module, only_test
from pytest_chimera.context.sealed_files import collected
from pytest_chimera.errors import PhaseFailed, PreconditionError
from pytest_chimera.judge import seal_of
from pytest_chimera.judge.reading.html_pages import addresses_in
from pytest_chimera.models import Change, Deployment, Failure, Feature, GeneratedTest, Reason, SealedTest, TestRun
from pytest_chimera.validation.exploration import Difference, Memory, as_test, differences, fresh_words, remember
from pytest_chimera.validation.variations import AFTER_RESTART, after_restart
from pytest_chimera.workflow.machine import ChimeraWorkflow, sealed_of

OLD_BEHAVIOUR = "what the base did besides"
_SOURCES = {".py", ".html", ".htm", ".jinja", ".jinja2", ".j2", ".js", ".ts"}
_MOST_SOURCES = 2000


class StagingProtocol(Protocol):
    """Deployments of a feature's commits, as :class:`pytest_chimera.staging.deployments.Staging` provides them."""

    async def deployed(self, commit: str, tree: str, room: Path, workflow: ChimeraWorkflow) -> Deployment:
        """Deploy a commit."""

    async def restarted(self, deployment: Deployment, room: Path, workflow: ChimeraWorkflow) -> Deployment:
        """Restart a deployment with its stored data."""

    async def end(self, deployment: Deployment) -> None:
        """Stop a deployment."""

    async def judged(
        self, sealed: SealedTest, deployment: Deployment, room: Path, workflow: ChimeraWorkflow
    ) -> TestRun:
        """Return the judge's run against a deployment."""

    async def unhurried(self, look: Callable[[float], Awaitable[TestRun]], what: str = "") -> TestRun:
        """Return a run for which the judge had enough patience on a busy machine."""

    async def judge_commit(
        self, sealed: SealedTest, commit: str, tree: str, room: Path, workflow: ChimeraWorkflow
    ) -> TestRun:
        """Return the judge's run against a commit."""


@dataclass(frozen=True)
class RegressionCheck:
    """Checks whether a candidate keeps what its base had."""

    project: Project
    feature: Feature
    staging: StagingProtocol

    async def compared(self, run: TestRun, change: Change, room: Path, workflow: ChimeraWorkflow) -> TestRun:
        """Return the green run with what was kept, or a red one that reports what was not."""
        if why := self._left_out():
            return run.model_copy(update={"not_varied": {**run.not_varied, OLD_BEHAVIOUR: why}})
        sealed = sealed_of(workflow)
        run = await self._lasting(run, sealed, change, room / "restart", workflow)
        if run.status != "green":
            return run
        memory = await self._remembered(sealed, room / "before", workflow)
        broken = await self._missed(memory, sealed, change, room / "after", workflow)
        if broken:
            return _refused(run, sealed, f"{broken[0].upper()}{broken[1:]}.")
        return await self._earlier(
            run.model_copy(update={"earlier": (*run.earlier, *memory.looked_at)}), sealed, change, room, workflow
        )

    def _left_out(self) -> str:
        settings = self.project.settings
        if self.feature.replaces:
            return f"the feature replaces {self.feature.replaces}"
        if self.project.by_hand:
            return "you change it yourself"
        if settings.staging_url and not settings.serve.strip():
            return "the staging keeps data from earlier runs"
        if len(self.project.run.agents.implementers("pytest_chimera_deploy_to_staging")) != 1:
            return "a hook of the project deploys it"
        return ""

    # -- stored data

    async def _lasting(
        self, run: TestRun, sealed: SealedTest, change: Change, room: Path, workflow: ChimeraWorkflow
    ) -> TestRun:
        """If the project says that data is persistent, check that the test's last expectations hold after a restart,
        too.
        """
        if not self.project.settings.persistent:
            return run
        parts = urlsplit(run.final_url)
        test = after_restart(sealed.test, parts.path + (f"?{parts.query}" if parts.query else ""))
        if test is None:
            why = "it does not show with a reload what is persistent"
            return run.model_copy(update={"not_varied": {**run.not_varied, AFTER_RESTART: why}})
        room.mkdir(parents=True)
        update = {"test": test, "sha256": seal_of(test.source), "variation": AFTER_RESTART}
        later = sealed.model_copy(update=update)

        async def once(times: float) -> TestRun:
            deployment = await self.staging.deployed(change.commit, change.tree, room, workflow)
            try:
                before = await self.staging.judged(sealed.stretched(times), deployment, room / "before", workflow)
                if before.hurried:
                    return before
                deployment = await self.staging.restarted(deployment, room, workflow)
                return await self.staging.judged(later.stretched(times), deployment, room / "after", workflow)
            finally:
                await self.staging.end(deployment)

        seen = await self.staging.unhurried(once, AFTER_RESTART)
        if seen.status != "green":
            return _refused(
                run, sealed, "What was stored is gone when the server is started again.", Reason.NOT_LASTING
            )
        return run.model_copy(update={"varied": (*run.varied, AFTER_RESTART)})

    # -- old buttons and addresses

    async def _remembered(self, sealed: SealedTest, room: Path, workflow: ChimeraWorkflow) -> Memory:
        room.mkdir(parents=True)
        deployment = await self.staging.deployed(sealed.commit, sealed.tree, room, workflow)
        try:
            words = fresh_words(random.SystemRandom())
            addresses = await self._addresses(deployment, sealed.commit)
            asked = (deployment.url, self.feature.url, words, addresses, sealed.test.source)
            return await anyio.to_thread.run_sync(remember, *asked)
        finally:
            await self.staging.end(deployment)

    async def _addresses(self, deployment: Deployment, commit: str) -> list[str]:
        """Return the addresses in the application's own files."""
        paths = await self.project.git(lambda git: git.files(commit))
        return addresses_in(await anyio.to_thread.run_sync(own_sources, Path(deployment.folder), paths))

    async def _missed(
        self, memory: Memory, sealed: SealedTest, change: Change, room: Path, workflow: ChimeraWorkflow
    ) -> str:
        """Return what is different, in a sentence; empty if nothing is."""
        room.mkdir(parents=True)
        deployment = await self.staging.deployed(change.commit, change.tree, room, workflow)
        try:
            named = await self._addresses(deployment, change.commit)
            gone = {path for path, _ in memory.answers} - set(named)
            found = await anyio.to_thread.run_sync(differences, deployment.url, memory, sealed.test.source, gone)
        finally:
            await self.staging.end(deployment)
        plain = next((each for each in found if not each.scripted), None)
        if plain or not found:
            return plain.sentence if plain else ""
        return await self._missed_in_browser(memory, found, sealed, change, room, workflow)

    async def _missed_in_browser(
        self,
        memory: Memory,
        found: list[Difference],
        sealed: SealedTest,
        change: Change,
        room: Path,
        workflow: ChimeraWorkflow,
    ) -> str:
        """Check in a browser what scripts may handle now instead of forms."""
        for number, each in enumerate(found, 1):
            test = as_test(memory, [each], sealed.test.path)
            run = await self._look(_in_place_of(sealed, test), change, room / f"browser-{number}", workflow)
            if run.status != "green":
                return each.sentence
        return ""

    async def _look(self, test: SealedTest, change: Change, room: Path, workflow: ChimeraWorkflow) -> TestRun:
        room.mkdir(parents=True)
        return await self.staging.judge_commit(test, change.commit, change.tree, room, workflow)

    # -- the tests of earlier features

    async def _earlier(
        self, run: TestRun, sealed: SealedTest, change: Change, room: Path, workflow: ChimeraWorkflow
    ) -> TestRun:
        limit = self.project.settings.earlier_limit
        ends = time.monotonic() + limit
        tests, left_out = await self._tests(sealed) if limit else ([], {})
        left_out = {**run.not_varied, **left_out}
        still = list(run.earlier)
        for number, test in enumerate(tests, 1):
            path = test.test.path
            if time.monotonic() > ends:
                left_out[path] = f"chimera_earlier_limit ({limit:g} s) was reached"
                continue
            passed = await self._passed(test, change.commit, change.tree, room / f"earlier-{number}", workflow)
            if missing := set(test.nodeids) - passed:
                before = await self._passed(test, sealed.commit, sealed.tree, room / f"base-{number}", workflow)
                if broken := sorted(missing & before):
                    return _refused(
                        run, sealed, f"{broken[0]} was green on the base, and is not green with the change."
                    )
                left_out[path] = f"not green on the base: {', '.join(sorted(missing))}"
            still += [path] if passed else []
        return run.model_copy(update={"earlier": tuple(still), "not_varied": left_out})

    async def _passed(
        self, test: SealedTest, commit: str, tree: str, room: Path, workflow: ChimeraWorkflow
    ) -> set[str]:
        room.mkdir(parents=True)
        try:
            return set((await self.staging.judge_commit(test, commit, tree, room, workflow)).passed)
        except PhaseFailed:
            return set()

    async def _tests(self, sealed: SealedTest) -> tuple[list[SealedTest], dict[str, str]]:
        """Return the end-to-end tests of the base, other than the sealed one, and those that cannot be run, with the
        reason.
        """
        git = self.project.repository
        paths = await anyio.to_thread.run_sync(git.files, sealed.base, self.project.settings.test_dir.strip("/"))
        found: list[SealedTest] = []
        left_out: dict[str, str] = {}
        for path in paths:
            if is_test_module(path) and (sealed.handwritten or path != sealed.test.path):
                source = (await anyio.to_thread.run_sync(git.read, sealed.base, path) or b"").decode("utf-8", "replace")
                try:
                    found.append(await self._as_sealed(sealed, path, source))
                except PreconditionError as error:
                    left_out[path] = f"cannot be run on the base: {error.sentence.rstrip('.')}"
        return [each for each in found if each.nodeids], left_out

    async def _as_sealed(self, sealed: SealedTest, path: str, source: str) -> SealedTest:
        test = GeneratedTest(source=source, path=path, name=only_test(source))
        nodeids, handwritten = await collected(test, self.project.repository, sealed.base)
        others = tuple(each for each in nodeids if each not in sealed.nodeids)
        about = {"handwritten": handwritten, "nodeids": others, "commit": sealed.base}
        return _in_place_of(sealed, test).model_copy(update=about)


def _in_place_of(sealed: SealedTest, test: GeneratedTest) -> SealedTest:
    """Return a test that is run like the sealed one, and is not part of the proof by itself."""
    update: Mapping[str, object] = {
        "test": test,
        "sha256": seal_of(test.source),
        "handwritten": False,
        "nodeids": (f"{test.path}::{test.name}",),
        "variation": OLD_BEHAVIOUR,
    }
    return sealed.model_copy(update=dict(update))


def _refused(run: TestRun, sealed: SealedTest, sentence: str, reason: Reason = Reason.EARLIER_BROKEN) -> TestRun:
    failure = Failure(nodeid=sealed.nodeids[0], reason=reason, message=sentence)
    return run.model_copy(update={"status": "red", "failures": (failure,), "passed": ()})


def own_sources(folder: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the application's own files that may mention its addresses.

    :param folder: the project in a checkout, where preparing commands may have added files that are not its own.
    :param paths: the commit's files, relative to the project.
    """
    own = (folder / path for path in sorted(paths) if _is_own_source(path))
    found = (path for path in own if path.is_file() and not path.is_symlink())
    return dict(map(_read, islice(found, _MOST_SOURCES)))


def _is_own_source(path: str) -> bool:
    return PurePosixPath(path).suffix in _SOURCES and not path.startswith("../")


def _read(path: Path) -> tuple[str, bytes]:
    with path.open("rb") as file:
        return str(path), file.read(200_000)
