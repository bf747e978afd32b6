"""Runs the project's own tests, as they were on the base, on the candidate, and compares them one by one."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from pytest_chimera.context.project_tests import is_test_file
from pytest_chimera.errors import EnvironmentTrouble
from pytest_chimera.git import Repository
from pytest_chimera.models import Brief, Change, Finding, Review
from pytest_chimera.review.outcome_log import BEGUN, LOG_VARIABLE
from pytest_chimera.review.removed_tests import Removed, removed_subjects
from pytest_chimera.review.rules import RULES, softened
from pytest_chimera.settings import Settings
from pytest_chimera.system.files import write_file
from pytest_chimera.system.nesting import INSIDE
from pytest_chimera.system.process import Finished, chosen_environment, describe_exit, run_program
from pytest_chimera.system.sandbox import Sandboxes

AUTO = "auto"
_MOST_NAMED = 5
_RAN = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
_LAST_LINES = 15


@dataclass(frozen=True)
class _Tests:
    """The results of a checkout's tests.

    :param began: pytest itself started, before it read the project's files; ``ended``: how it ended.
    """

    passed: frozenset[str]
    began: bool
    ended: Finished

    @property
    def ran(self) -> bool:
        """Whether the results count: pytest finished, and there were tests to run."""
        return self.began and self.ended.exit_code in _RAN

    @property
    def are_none(self) -> bool:
        """Whether there are no tests to run."""
        return self.began and self.ended.exit_code == pytest.ExitCode.NO_TESTS_COLLECTED

    @property
    def how(self) -> str:
        """How pytest ended, and the last informative line of its output."""
        lines = [line.strip(" E.") for line in self.ended.output.splitlines() if line.strip(" =E.")]
        return f"pytest {describe_exit(self.ended)}" + (f" ({lines[-1]})" if lines else "")

    @property
    def tail(self) -> str:
        """The last lines of its output."""
        return "\n".join(self.ended.output.rstrip().splitlines()[-_LAST_LINES:])

    def trouble(self, what: str) -> EnvironmentTrouble:
        """Return the error if the tests could not be run, so that it is unknown what a change breaks."""
        return EnvironmentTrouble(
            f"The project's own tests could not be run on {what}: {self.how}.",
            where=str(self.ended.log),
            remedy="Make sure that `python -m pytest` runs in a fresh checkout, or write the commands that can be run "
            "there into chimera_check; then run the same command again.",
        )


@dataclass(eq=False)
class BaseTests:
    """Runs the tests of the base on the candidate if ``chimera_check`` contains ``auto``.

    :param work: the folder for checkouts.
    :param by_hand: a person implements: a failing test is a note.
    :param sandboxes: provides the sandbox that the tests run in, if any.
    :param say: called with a message if there is no test to compare.
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
        gone = frozenset(nodeid for nodeid in green if removed.covers(nodeid))
        overlay = await anyio.to_thread.run_sync(self._overlay, change, removed)
        broken, stopped = green - gone, None
        for name in (f"{slug}-candidate", f"{slug}-again"):  # a flaky test says nothing about the change
            if broken:
                seen = await self._tests(change.commit, overlay, name, room)
                if not seen.began:
                    raise seen.trouble("the candidate")
                broken -= seen.passed
                stopped = None if seen.ran else seen
        findings = softened((*self._broken(broken, stopped), *_removed(gone)), self.settings.allow)
        rejects = any(finding.severity == "reject" for finding in findings)
        return Review(decision="reject" if rejects else "approve", findings=findings, reviewer="chimera_check: auto")

    # -- running

    async def _green_on(self, base: str, name: str, room: Path) -> frozenset[str]:
        """Return the tests that pass on the base; report if there are none."""
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
        """Return the results of the tests in a checkout of a commit with some files replaced; ``None`` removes one."""
        folder = self.work / "checks" / name
        outcomes = folder.with_name(f"{name}.outcomes.jsonl")
        try:
            await anyio.to_thread.run_sync(self._fresh, commit, overlay, folder)
            await anyio.to_thread.run_sync(write_file, outcomes, "")
            ended = await self._run(self.repository.project_in(folder), outcomes, room / f"{name}.log")
            return _read(outcomes, ended)
        finally:
            with anyio.CancelScope(shield=True):
                outcomes.unlink(missing_ok=True)
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
        """Return the base's test files, and ``None`` for files that would be read along with them.

        For a test that was removed with its subject, the candidate's version of its file is used: the base's could not
        be imported.
        """
        touched = [file.path for file in change.files if is_test_file(file.path) and file.path not in removed.files]
        return {path: self.repository.read(change.base, path) for path in touched}

    async def _run(self, project: Path, outcomes: Path, log: Path) -> Finished:
        environment = chosen_environment(
            folder=project,
            origin=self.sandboxes.origin,
            given=self.settings.env,
            also={LOG_VARIABLE: str(outcomes), INSIDE: "a check"},
        )
        command = [sys.executable, "-B", "-m", "pytest", "-p", "pytest_chimera.review.outcome_log", "-q"]
        command += [f"--ignore={self.settings.test_dir}", "--continue-on-collection-errors"]
        command += ["-o", "cache_dir=.pytest_cache"]  # the checkout's own: options such as --ff need one
        sandbox = await anyio.to_thread.run_sync(partial(self.sandboxes.for_folder, project, writable=(outcomes,)))
        return await run_program(command, folder=project, environment=environment, log=log, sandbox=sandbox)

    def _broken(self, nodeids: frozenset[str], stopped: _Tests | None) -> Iterator[Finding]:
        for number, nodeid in enumerate(sorted(nodeids)[:_MOST_NAMED]):
            more = f" ({len(nodeids) - _MOST_NAMED} more like it)" if len(nodeids) > _MOST_NAMED else ""
            ended = f": {stopped.how}" if stopped else ""
            sentence = f"{nodeid} was green before the change and is not green with it{more}{ended}."
            found = RULES["base-tests"].finding(_path(nodeid), sentence, by_hand=self.by_hand)
            yield found.model_copy(update={"details": stopped.tail}) if stopped and not number else found


def _removed(nodeids: frozenset[str]) -> Iterator[Finding]:
    for path in sorted({_path(nodeid) for nodeid in nodeids}):
        yield RULES["test-with-subject"].finding(path, f"{path} was removed together with what it tested.")


def _read(log: Path, ended: Finished) -> _Tests:
    """Read the results: a test passed if its set-up, call and teardown all did, however often each was reported."""
    outcomes: dict[str, set[tuple[str, str]]] = {}
    if log.is_file():
        for line in log.read_text(encoding="utf-8").splitlines():
            facts: Mapping[str, str] = json.loads(line)
            outcomes.setdefault(facts["nodeid"], set()).add((facts["when"], facts["outcome"]))
    whole = {("setup", "passed"), ("call", "passed"), ("teardown", "passed")}
    passed = frozenset(nodeid for nodeid, seen in outcomes.items() if seen == whole)
    return _Tests(passed, BEGUN in outcomes, ended)


def _path(nodeid: str) -> str:
    return nodeid.partition("::")[0]
