"""The built-in reviewers: the seal, protected paths, irregular files, and the project's own checks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import anyio
import anyio.to_thread
import pytest

from pytest_chimera.context.project_tests import is_test_file
from pytest_chimera.errors import EnvironmentTrouble
from pytest_chimera.git import Repository
from pytest_chimera.models import Brief, Change, ChangedFile, Finding, Review
from pytest_chimera.review.base_tests import AUTO
from pytest_chimera.review.judge_awareness import new_sights
from pytest_chimera.review.protected_files import TouchedFile, touched
from pytest_chimera.review.rules import RULES, matches, softened
from pytest_chimera.review.weakened_tests import weakened
from pytest_chimera.settings import Settings, split_command
from pytest_chimera.system.nesting import INSIDE
from pytest_chimera.system.process import ProgramNotFound, chosen_environment, describe_exit, run_program
from pytest_chimera.system.sandbox import HINT, Sandboxes, why_it_failed_to_start, why_not_started
from pytest_chimera.system.start_failures import why_not_begun
from pytest_chimera.system.supervision import tail_of
from pytest_chimera.workflow.machine import ChimeraWorkflow

Read = Callable[[str, str], bytes | None]


class Guardian:
    """Reviews a change by its paths, and shared files by their contents.

    :param settings: ``protected`` adds patterns.
    :param read: returns a commit's file, ``None`` if it does not exist.
    :param by_hand: a person implements: then only what breaks the seal is rejected, and everything else is a note.
    :param listed: returns the paths of a commit.
    """

    def __init__(
        self, settings: Settings, read: Read, *, by_hand: bool, listed: Callable[[str], Collection[str]]
    ) -> None:
        self._settings = settings
        self._read = read
        self._by_hand = by_hand
        self._listed = listed

    @pytest.hookimpl(trylast=True)
    def pytest_chimera_review_change(self, change: Change, workflow: ChimeraWorkflow) -> Review:
        """Find what a change touches that it must not touch."""
        found = (
            *self._sealed(change, workflow),
            *self._protected(change, workflow),
            *self._left_out(change),
            *self._aware(change),
            *self._weakened(change),
        )
        findings = softened(found, self._settings.allow)
        rejects = any(finding.severity == "reject" for finding in findings)
        return Review(
            decision="reject" if rejects else "approve",
            findings=findings,
            reviewer="chimera",
            score=0.0 if rejects else 1.0,
        )

    def _sealed(self, change: Change, workflow: ChimeraWorkflow) -> Iterator[Finding]:
        if any(file.path == workflow.test_path for file in change.files):
            yield RULES["sealed-test"].finding(workflow.test_path or "", "The sealed test was changed.")

    def _protected(self, change: Change, workflow: ChimeraWorkflow) -> Iterator[Finding]:
        kept = workflow.sealed.protected if workflow.sealed else ()
        for file in change.files:
            if file.path == workflow.test_path:
                continue
            if file.path in kept or self._in_test_dir(file.path) or matches(file.path, self._settings.protected):
                sentence = f"{file.path} is a protected path."
                yield RULES["protected-path"].finding(file.path, sentence, by_hand=self._by_hand)
            elif seen := self._touched(change, file):
                found = RULES["protected-path"].finding(
                    file.path, f"{file.path} is a protected path: it {seen.does}.", by_hand=self._by_hand
                )
                yield found if seen.severity == "reject" else found.model_copy(update={"severity": "note"})

    def _touched(self, change: Change, file: ChangedFile) -> TouchedFile | None:
        before, after = (self._read(commit, file.path) for commit in (change.base, change.commit))
        return touched(file.path, before, after, lambda: self._listed(change.base))

    def _aware(self, change: Change) -> Iterator[Finding]:
        """Yield code in the application, outside its tests, that checks who is looking."""
        for file in change.files:
            if file.status == "D" or is_test_file(file.path):
                continue
            before, after = (self._read(commit, file.path) or b"" for commit in (change.base, change.commit))
            for rule, what, line in new_sights(file.path, before, after):
                yield RULES[rule].finding(file.path, f"It contains {what}.", line, by_hand=self._by_hand)

    def _weakened(self, change: Change) -> Iterator[Finding]:
        """Yield tests of the project that no longer test anything."""
        for each in weakened(self._read, change):
            sentence = f"The test {each.name} no longer tests: {each.what}."
            yield RULES["removed-test"].finding(each.path, sentence, each.line, by_hand=self._by_hand)

    def _in_test_dir(self, path: str) -> bool:
        return path.startswith(f"{self._settings.test_dir.strip('/')}/")

    def _left_out(self, change: Change) -> Iterator[Finding]:
        for path, why in change.left_out.items():
            sentence = f"{path} is {why}, and only regular files are accepted."
            yield RULES["regular-files"].finding(path, sentence, by_hand=self._by_hand)


class Checks:
    """Runs the commands of ``chimera_check`` in a clean checkout of the candidate.

    :param work: the folder for the checkout.
    :param by_hand: a person implements: a failing check is a note.
    :param sandboxes: provides the sandbox that the commands run in, if any.
    """

    def __init__(
        self,
        settings: Settings,
        repository: Repository,
        work: Path,
        *,
        by_hand: bool,
        sandboxes: Sandboxes | None = None,
    ) -> None:
        self._settings = settings
        self._sandboxes = sandboxes or Sandboxes()
        self._repository = repository
        self._work = work
        self._by_hand = by_hand
        self._on_base: dict[tuple[str, str], str] = {}

    @pytest.hookimpl(trylast=True)
    async def pytest_chimera_review_change(self, change: Change, brief: Brief) -> Review | None:
        """Run each command; a failure is a finding with the end of its output."""
        commands = [line for line in self._settings.check if line != AUTO]
        if not commands:
            return None
        slug, room = brief.feature.slug, Path(change.diff).parent
        async with self._checkout(change.commit, slug) as project:
            ended = {line: await self._run(line, project, room, "") for line in commands}
        for line, each in ended.items():
            if each.not_begun:
                await self._refuse_what_cannot_begin(line, change.base, slug, room)
        findings = [self._finding(line, each) for line, each in ended.items() if not each.good]
        rejects = any(finding.severity == "reject" for finding in findings)
        return Review(decision="reject" if rejects else "approve", findings=tuple(findings), reviewer="chimera_check")

    @asynccontextmanager
    async def _checkout(self, commit: str, slug: str) -> AsyncIterator[Path]:
        """Provide the project in a clean checkout."""
        folder = self._work / "checks" / f"{slug}-{commit[:10]}"
        try:
            await anyio.to_thread.run_sync(self._fresh, commit, folder)
            yield self._repository.project_in(folder)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._repository.discard, folder)

    def _fresh(self, commit: str, folder: Path) -> None:
        self._repository.discard(folder)
        self._repository.checkout(commit, folder)

    async def _run(self, line: str, folder: Path, room: Path, suffix: str) -> _Ended:
        command = self._sandboxes.programs(split_command("chimera_check", line), folder)
        log = room / f"check-{self._settings.check.index(line) + 1}{suffix}.log"
        environment = chosen_environment(
            folder=folder, origin=self._sandboxes.origin, given=self._settings.env, also={INSIDE: "a check"}
        )
        sandbox = await anyio.to_thread.run_sync(self._sandboxes.for_folder, folder)
        try:
            done = await run_program(command, folder=folder, environment=environment, log=log, sandbox=sandbox)
        except ProgramNotFound as missing:
            why = (why_not_started(command, folder, environment, sandbox) or missing).sentence
            return _Ended(how=f"cannot be started: {why}", not_begun=why)
        hint = HINT if sandbox else ""
        details = "\n".join(part for part in (tail_of(done.output, 25), hint) if part)
        if done.exit_code == 0:
            return _Ended(how="exited 0.", good=True)
        absent = why_it_failed_to_start(done, command, folder, environment, sandbox)
        not_begun = absent.sentence if absent else why_not_begun(command, done)
        return _Ended(f"{describe_exit(done)}.", details, not_begun)

    async def _refuse_what_cannot_begin(self, line: str, base: str, slug: str, room: Path) -> None:
        """Refuse to go on if a check cannot even start on the base.

        :raises EnvironmentTrouble: it cannot, so that it says nothing about a change.
        """
        if (base, line) not in self._on_base:
            async with self._checkout(base, f"{slug}-base") as project:
                self._on_base[base, line] = (await self._run(line, project, room, "-base")).not_begun
        if why := self._on_base[base, line]:
            hint = HINT if self._sandboxes.find() else ""
            raise EnvironmentTrouble(
                f"The check `{line}` cannot be started, not even on the base: {why}",
                where="chimera_check",
                remedy=f"Install what it needs, or change chimera_check. {hint}".rstrip(),
            )

    def _finding(self, line: str, ended: _Ended) -> Finding:
        found = RULES["check"].finding("", f"`{line}` {ended.how}", by_hand=self._by_hand)
        return found.model_copy(update={"details": ended.details})


class _Ended(NamedTuple):
    """How a check ended.

    :param not_begun: why it could not start; empty if it did.
    """

    how: str
    details: str = ""
    not_begun: str = ""
    good: bool = False
