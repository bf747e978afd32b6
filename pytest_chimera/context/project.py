"""The project that a run works on: its repository, settings, vault and folders."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import anyio.to_thread
import filelock

from pytest_chimera.context.current_run import CurrentRun
from pytest_chimera.context.scheduler import Turn
from pytest_chimera.errors import HeldElsewhere, StateOutOfReach
from pytest_chimera.git import Repository
from pytest_chimera.judge import Browser
from pytest_chimera.markers import journal_name
from pytest_chimera.models import Feature, SealedTest
from pytest_chimera.scenario.functions.registry import StepFunction
from pytest_chimera.settings import Settings, Tables
from pytest_chimera.state.journal import Journal
from pytest_chimera.state.replay import FeatureRecord, cache_mirror
from pytest_chimera.state.sanitize import Cleaner
from pytest_chimera.state.vault import Vault
from pytest_chimera.state.write_ahead_log import WriteAheadLog
from pytest_chimera.system.files import write_file
from pytest_chimera.workflow.agents import Agents

T = TypeVar("T")


@dataclass(frozen=True)
class Project:
    """Everything about the project that work on its features needs.

    :param root: pytest's rootdir; ``state``: the folder of the journals; ``work``: the folder of clones and checkouts.
    :param config_files: configuration files in the working tree, relative to the root: part of every seal.
    :param run: what belongs to the run that works on it.
    :param by_hand: a person implements.
    :param browser: finds the browser when it is first needed.
    :param tables: the project's own phrases; ``functions``: those with a function.
    :param ready_test: the test that must be green before a test is judged, from ``chimera_ready``.
    :param cleaner: sanitizes external text before it is stored or shown.
    :param write_ahead_log: flushes all journals to disk at once.
    """

    root: Path
    state: Path
    work: Path
    repository: Repository
    settings: Settings
    vault: Vault
    run: CurrentRun
    by_hand: bool
    browser: Callable[[], Browser]
    config_files: tuple[str, ...] = ()
    tables: Tables = field(default_factory=Tables)
    functions: tuple[StepFunction, ...] = ()
    ready_test: SealedTest | None = None
    cleaner: Cleaner = field(default_factory=Cleaner)
    write_ahead_log: WriteAheadLog | None = None

    def asking(self, agents: Agents) -> Project:
        """Return the project for an item with other agents: the ``conftest.py`` files of its own folders."""
        return replace(self, run=replace(self.run, agents=agents))

    def in_turn(self, turn: Turn) -> Project:
        """Return the project for a feature with a turn of its own."""
        return replace(self, run=replace(self.run, turn=turn))

    async def git(self, question: Callable[[Repository], T]) -> T:
        """Ask git, in a thread."""
        return await anyio.to_thread.run_sync(question, self.repository)

    def read(self, path: str) -> bytes | None:
        """Return a file of the working tree by its path from the root; ``None`` if it does not exist."""
        place = self.root / path
        return place.read_bytes() if place.is_file() else None

    def journal(self, feature: Feature) -> Journal:
        """Return the feature's journal, read and checked."""

        def mirror(record: FeatureRecord) -> None:
            self.run.mirror(feature, cache_mirror(record))

        return Journal(self.state / f"{journal_name(feature.id)}.jsonl", mirror, self.write_ahead_log, self.cleaner)

    def place(self, feature: Feature) -> Path:
        """Return the folder of a feature's clones and checkouts; the process that holds the feature may empty it."""
        return self.work / "features" / feature.slug

    def _note_holder(self, holder: Path) -> None:
        now = datetime.now().astimezone()
        try:
            write_file(holder, json.dumps({"pid": os.getpid(), "since": now.isoformat(), "run": self.run.id}))
        except OSError as error:
            raise state_out_of_reach(self.state, error) from error

    @contextmanager
    def held(self, feature: Feature) -> Iterator[None]:
        """Hold the feature for this process, and remove what a killed process left behind.

        :raises HeldElsewhere: another process works on it; the error says which, and since when.
        """
        path = self.state / f"{journal_name(feature.id)}.lock"
        holder = path.with_suffix(".holder")
        lock = filelock.FileLock(path, timeout=0, thread_local=False)
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except filelock.Timeout:
            raise _held(feature, path, holder) from None
        except OSError as error:
            raise state_out_of_reach(self.state, error) from error
        try:
            self._note_holder(holder)
            self.repository.discard(self.place(feature))
            yield
        finally:
            self.repository.discard(self.place(feature))
            holder.unlink(missing_ok=True)
            lock.release()


def state_out_of_reach(folder: Path, error: OSError) -> StateOutOfReach:
    """Return the error for a journals' folder that cannot be written."""
    return StateOutOfReach(
        f"The state cannot be written: {error.strerror or error}.",
        where=str(folder),
        remedy="Free some space or make the cache folder accessible, then run the same command again.",
    )


def _held(feature: Feature, lock: Path, holder: Path) -> HeldElsewhere:
    who, run = "another process", ""
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(holder.read_text())
        since = datetime.fromisoformat(told["since"])
        who, run = f"process {int(told['pid'])}, since {since:%Y-%m-%d %H:%M:%S}", str(told["run"])
    return HeldElsewhere(
        f"Another run works on {feature.id}: {who}.",
        where=str(lock),
        remedy="Wait for it to finish, then run the same command again.",
        run=run,
    )
