"""What worked on the base still works: the project's own tests as they were, run on the candidate, one by one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from pytest_chimera.context.project_tests import is_test_file
from pytest_chimera.errors import EnvironmentTrouble
from pytest_chimera.git import Repository
from pytest_chimera.models import Brief, Change, Finding, Review
from pytest_chimera.review import outcome_reporter
from pytest_chimera.review.outcome_log import Channel, Outcomes, channel
from pytest_chimera.review.removed_tests import Removed, removed_subjects
from pytest_chimera.review.rules import RULES, softened
from pytest_chimera.review.weakened_tests import following
from pytest_chimera.settings import Settings
from pytest_chimera.system.nesting import INSIDE
from pytest_chimera.system.process import Finished, chosen_environment, describe_exit, run_program
from pytest_chimera.system.sandbox import Sandboxes

AUTO = "auto"
_MOST_NAMED = 5
_RAN = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
_LAST_LINES = 15
_REPORTER = Path(outcome_reporter.__file__)


@dataclass(frozen=True)
class _Tests:
    """What a checkout's tests came to.

    :param told: what its process told; ``ended`` is how it ended.
    """

    told: Outcomes
    ended: Finished

    @property
    def passed(self) -> frozenset[str]:
        """The tests that passed: none unless what they say counts."""
        return self.told.passed if self.ran else frozenset()

    @property
    def began(self) -> bool:
        """Pytest itself was there, before it read anything of the project's."""
        return self.told.begun

    @property
    def ran(self) -> bool:
        """What they say counts: pytest came to its end, and had something to run."""
        return self._is_whole and self.ended.exit_code in _RAN

    @property
    def are_none(self) -> bool:
        """There is nothing to run."""
        return self._is_whole and self.ended.exit_code == pytest.ExitCode.NO_TESTS_COLLECTED

    @property
    def _is_whole(self) -> bool:
        """It was there, told of its end, ended as it had told, and nothing speaks against it."""
        told = self.told
        return told.begun and not told.trouble and told.ended is not None and told.ended == self.ended.exit_code

    @property
    def how(self) -> str:
        """Why what they say does not count: what speaks against it, or how pytest ended and its last telling line."""
        if self.told.trouble:
            return self.told.trouble
        lines = [line.strip(" E.") for line in self.ended.output.splitlines() if line.strip(" =E.")]
        early = "" if self.told.ended is not None or self.ended.exit_code not in _RAN else " before its end"
        return f"pytest {describe_exit(self.ended)}{early}" + (f" ({lines[-1]})" if lines else "")

    @property
    def tail(self) -> str:
        """Its last lines."""
        return "\n".join(self.ended.output.rstrip().splitlines()[-_LAST_LINES:])

    def trouble(self, what: str) -> EnvironmentTrouble:
        """They could not be run, and nobody can say what a change breaks."""
        return EnvironmentTrouble(
            f"The project's own tests could not be run on {what}: {self.how}.",
            where=str(self.ended.log),
            remedy="See to it that `python -m pytest` runs in a fresh checkout, or write the commands that can be run "
            "there into chimera_check; then run the same command again.",
        )


@dataclass(eq=False)
class BaseTests:
    """Runs the tests of the base on the candidate where ``chimera_check`` says ``auto``.

    :param work: the folder in which checkouts are made.
    :param by_hand: the person implements: a failing test is a note.
    :param sandboxes: what the tests run in, where there is one.
    :param say: told when there is no test that could say anything.
    """

    settings: Settings
    repository: Repository
    work: Path
    by_hand: bool
    sandboxes: Sandboxes = field(default_factory=Sandboxes)
    say: Callable[[str], None] = lambda _line: None
    _green: dict[str, frozenset[str]] = field(default_factory=dict)

    @pytest.hookimpl(trylast=True)
    async def pytest_chimera_review_change(self, change: Change, brief: Brief) -> Review | None:
        """Find the tests that were green on the base and are not on the candidate.

        :raises EnvironmentTrouble: they cannot be run at all.
        """
        if AUTO not in self.settings.check:
            return None
        room, slug = Path(change.diff).parent, brief.feature.slug
        green = await self._green_on(change.base, f"{slug}-base", room)
        if not green:
            return None
        removed = await anyio.to_thread.run_sync(removed_subjects, self.repository.read, change)
        follows = await anyio.to_thread.run_sync(following, self.repository.read, change)
        gone = frozenset(nodeid for nodeid in green if removed.covers(nodeid))
        broken, stopped = await self._broken_on(change, green - gone, removed, slug, room)
        followed = frozenset(nodeid for nodeid in broken if follows.covers(nodeid))
        if followed:
            still, _ = await self._broken_on(change, followed, removed.and_also(follows), f"{slug}-following", room)
            broken -= followed - still
        replaced = frozenset(each for each in broken if each.partition("[")[0] == brief.feature.replaces)
        told = (*self._broken(broken - replaced, stopped), *_removed(gone), *_replaced(replaced))
        findings = softened(told, self.settings.allow)
        rejects = any(finding.severity == "reject" for finding in findings)
        return Review(decision="reject" if rejects else "approve", findings=findings, reviewer="chimera_check: auto")

    async def _broken_on(
        self, change: Change, wanted: frozenset[str], removed: Removed, slug: str, room: Path
    ) -> tuple[frozenset[str], _Tests | None]:
        """Those of the tests that do not pass on the candidate, and the run that came to no end.

        :raises EnvironmentTrouble: they cannot be run at all.
        """
        overlay = await anyio.to_thread.run_sync(self._overlay, change, removed)
        broken, stopped = wanted, None
        for name in (f"{slug}-candidate", f"{slug}-again"):  # a test that fails now and then says nothing of the change
            if broken:
                seen = await self._tests(change.commit, overlay, name, room)
                if not seen.began:
                    raise seen.trouble("the candidate")
                broken -= seen.passed
                stopped = None if seen.ran else seen
        return broken, stopped

    # -- running

    async def _green_on(self, base: str, name: str, room: Path) -> frozenset[str]:
        """The tests that pass on the base; when there are none, that is said."""
        if base not in self._green:
            seen = await self._tests(base, {}, name, room)
            if not (seen.ran or seen.are_none):
                raise seen.trouble(f"the base {base[:10]}")
            if not seen.passed:
                what = (
                    "the project has no tests of its own" if seen.are_none else "none of the project's tests is green"
                )
                self.say(f"chimera_check = auto: {what} on {base[:10]}: nothing is compared with the base")
            self._green[base] = seen.passed
        return self._green[base]

    async def _tests(self, commit: str, overlay: Mapping[str, bytes | None], name: str, room: Path) -> _Tests:
        """What the tests come to in a checkout of a commit with some files as given; ``None`` takes one away."""
        folder = self.work / "checks" / name
        try:
            await anyio.to_thread.run_sync(self._fresh, commit, overlay, folder)
            with channel() as pipe:
                ended = await self._run(self.repository.project_in(folder), pipe, room / f"{name}.log")
                return _Tests(await anyio.to_thread.run_sync(pipe.outcomes), ended)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self.repository.discard, folder)

    def _fresh(self, commit: str, overlay: Mapping[str, bytes | None], folder: Path) -> None:
        self.repository.discard(folder)
        self.repository.checkout(commit, folder)
        project = self.repository.project_in(folder)
        for path, content in overlay.items():
            (project / path).unlink(missing_ok=True)
            if content is not None:
                (project / path).parent.mkdir(parents=True, exist_ok=True)
                (project / path).write_bytes(content)

    def _overlay(self, change: Change, removed: Removed) -> dict[str, bytes | None]:
        """The base's tests, and nothing that would be read beside them.

        Where a test went together with what it tested, the candidate's version of its file is taken: the base's could
        not even be imported.
        """
        touched = [file.path for file in change.files if is_test_file(file.path) and file.path not in removed.files]
        return {path: self.repository.read(change.base, path) for path in touched}

    async def _run(self, project: Path, pipe: Channel, log: Path) -> Finished:
        environment = chosen_environment(
            folder=project, origin=self.sandboxes.origin, given=self.settings.env, also={INSIDE: "a check"}
        )
        options = ["-q", f"--ignore={self.settings.test_dir}", "--continue-on-collection-errors", "--maxfail=0"]
        options += ["-o", "cache_dir=.pytest_cache"]  # the checkout's own: options such as --ff need one
        order = {
            "key": pipe.key.hex(),
            "pipe": pipe.pipe,
            "options": options,
            "hidden": [str(self.sandboxes.origin.root)] if self.sandboxes.origin else [],
            "watched": [str(path) for path in _files_of_tests(project)],
        }
        sandbox = await anyio.to_thread.run_sync(self.sandboxes.for_folder, project)
        return await run_program(
            [sys.executable, "-E", "-P", "-B", str(_REPORTER)],
            folder=project,
            environment=environment,
            log=log,
            stdin=json.dumps(order).encode(),
            sandbox=sandbox,
            kept=(pipe.pipe,),
        )

    def _broken(self, nodeids: frozenset[str], stopped: _Tests | None) -> Iterator[Finding]:
        for number, nodeid in enumerate(sorted(nodeids)[:_MOST_NAMED]):
            more = f" ({len(nodeids) - _MOST_NAMED} more like it)" if len(nodeids) > _MOST_NAMED else ""
            ended = f": {stopped.how}" if stopped else ""
            sentence = f"{nodeid} was green before the change and is not with it{more}{ended}."
            found = RULES["base-tests"].finding(_path(nodeid), sentence, by_hand=self.by_hand)
            yield found.model_copy(update={"details": stopped.tail}) if stopped and not number else found


def _removed(nodeids: frozenset[str]) -> Iterator[Finding]:
    for path in sorted({_path(nodeid) for nodeid in nodeids}):
        yield RULES["test-with-subject"].finding(path, f"{path} went together with what it tested.")


def _replaced(nodeids: frozenset[str]) -> Iterator[Finding]:
    for nodeid in sorted(nodeids):
        found = RULES["base-tests"].finding(
            _path(nodeid), f"{nodeid} says something else now: the feature replaces it."
        )
        yield found.model_copy(update={"severity": "note"})


def _files_of_tests(project: Path) -> Iterator[Path]:
    """The files that belong to the tests in a checkout."""
    for folder, folders, names in os.walk(project):
        folders[:] = [each for each in folders if each != ".git"]
        for name in names:
            path = Path(folder, name)
            if is_test_file(path.relative_to(project).as_posix()):
                yield path


def _path(nodeid: str) -> str:
    return nodeid.partition("::")[0]
