"""What worked on the base still works: the project's own tests as they were, run on the candidate, one by one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from pytest_chimera.builtin.rules import RULES, softened
from pytest_chimera.builtin.subjects import Removed, is_test_file, removed_subjects
from pytest_chimera.builtin.tally import FILE
from pytest_chimera.models import Brief, Change, Finding, Review
from pytest_chimera.process import chosen_environment, run_program
from pytest_chimera.repository import Repository
from pytest_chimera.sandbox import Sandboxes
from pytest_chimera.settings import Settings
from pytest_chimera.vault import write_file

AUTO = "auto"
_MOST_NAMED = 5


@dataclass(eq=False)
class BaseTests:
    """Runs the tests of the base on the candidate where ``chimera_check`` says ``auto``.

    :param work: the folder in which checkouts are made.
    :param by_hand: the person implements: a failing test is a note.
    :param sandboxes: what the tests run in, where there is one.
    """

    settings: Settings
    repository: Repository
    work: Path
    by_hand: bool
    sandboxes: Sandboxes = field(default_factory=Sandboxes)
    _green: dict[str, frozenset[str]] = field(default_factory=dict)

    @pytest.hookimpl(trylast=True)
    async def pytest_chimera_review_change(self, change: Change, brief: Brief) -> Review | None:
        """Find the tests that were green on the base and are not on the candidate."""
        if AUTO not in self.settings.check:
            return None
        room, slug = Path(change.diff).parent, brief.feature.slug
        if change.base not in self._green:
            self._green[change.base] = await self._passed(change.base, {}, f"{slug}-base", room)
        green = self._green[change.base]
        if not green:
            return None
        removed = await anyio.to_thread.run_sync(removed_subjects, self.repository.read, change)
        gone = frozenset(nodeid for nodeid in green if removed.covers(nodeid))
        overlay = await anyio.to_thread.run_sync(self._overlay, change, removed)
        broken = green - gone
        for name in (f"{slug}-candidate", f"{slug}-again"):  # a test that fails now and then says nothing of the change
            if broken:
                broken -= await self._passed(change.commit, overlay, name, room)
        findings = softened((*self._broken(broken), *_removed(gone)), self.settings.allow)
        rejects = any(finding.severity == "reject" for finding in findings)
        return Review(decision="reject" if rejects else "approve", findings=findings, reviewer="chimera_check: auto")

    # -- running

    async def _passed(self, commit: str, overlay: Mapping[str, bytes | None], name: str, room: Path) -> frozenset[str]:
        """The node ids that passed in a checkout of a commit with some files as given; ``None`` takes one away."""
        folder = self.work / "checks" / name
        tally = folder.with_name(f"{name}.tally.jsonl")
        try:
            await anyio.to_thread.run_sync(self._fresh, commit, overlay, folder)
            await anyio.to_thread.run_sync(write_file, tally, "")
            await self._run(self.repository.project_in(folder), tally, room / f"{name}.log")
            return _passed_in(tally)
        finally:
            with anyio.CancelScope(shield=True):
                tally.unlink(missing_ok=True)
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

    async def _run(self, project: Path, tally: Path, log: Path) -> None:
        environment = chosen_environment(folder=project, given=self.settings.env, also={FILE: str(tally)})
        command = [sys.executable, "-B", "-m", "pytest", "-p", "pytest_chimera.builtin.tally", "-p", "no:cacheprovider"]
        command += ["-q", f"--ignore={self.settings.test_dir}", "--continue-on-collection-errors"]
        sandbox = await anyio.to_thread.run_sync(partial(self.sandboxes.for_folder, project, writable=(tally,)))
        await run_program(command, folder=project, environment=environment, log=log, sandbox=sandbox)

    def _broken(self, nodeids: frozenset[str]) -> Iterator[Finding]:
        for nodeid in sorted(nodeids)[:_MOST_NAMED]:
            more = f" ({len(nodeids) - _MOST_NAMED} more like it)" if len(nodeids) > _MOST_NAMED else ""
            sentence = f"{nodeid} was green before the change and is not with it{more}."
            yield RULES["base-tests"].finding(_path(nodeid), sentence, by_hand=self.by_hand)


def _removed(nodeids: frozenset[str]) -> Iterator[Finding]:
    for path in sorted({_path(nodeid) for nodeid in nodeids}):
        yield RULES["test-with-subject"].finding(path, f"{path} went together with what it tested.")


def _passed_in(tally: Path) -> frozenset[str]:
    """The node ids whose set-up, call and teardown all passed."""
    outcomes: dict[str, list[tuple[str, str]]] = {}
    if tally.is_file():
        for line in tally.read_text(encoding="utf-8").splitlines():
            facts: Mapping[str, str] = json.loads(line)
            outcomes.setdefault(facts["nodeid"], []).append((facts["when"], facts["outcome"]))
    whole = [("setup", "passed"), ("call", "passed"), ("teardown", "passed")]
    return frozenset(nodeid for nodeid, seen in outcomes.items() if seen == whole)


def _path(nodeid: str) -> str:
    return nodeid.partition("::")[0]
