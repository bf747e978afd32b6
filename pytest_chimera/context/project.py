"""The project that a run works on: its repository, settings, vault, agents and folders."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import anyio.to_thread
import filelock

from pytest_chimera.context.circuit_breaker import Breakers
from pytest_chimera.context.limits import RunLimits, learned_limit, recorded_durations
from pytest_chimera.context.scheduler import Turn, unhurried
from pytest_chimera.errors import HeldElsewhere, StateOutOfReach
from pytest_chimera.git import Repository
from pytest_chimera.judge import Browser
from pytest_chimera.markers import journal_name
from pytest_chimera.models import Feature, SealedTest
from pytest_chimera.scenario.functions.step_functions import StepFunction
from pytest_chimera.settings import Settings, Tables
from pytest_chimera.state.journal import Journal
from pytest_chimera.state.replay import FeatureRecord, cache_mirror
from pytest_chimera.state.sanitize import Cleaner
from pytest_chimera.state.vault import Vault
from pytest_chimera.state.write_ahead_log import WriteAheadLog
from pytest_chimera.system.files import write_file
from pytest_chimera.system.sandbox import Sandboxes
from pytest_chimera.workflow.agents import Agents
from pytest_chimera.workflow.transitions import TRANSITIONS, ChimeraPhase, Route, checked_transitions

T = TypeVar("T")

Progress = Callable[[Feature, str], None]


class PlantedCheats(Protocol):
    """Shows reviewers and judge planted cheats before asking them about a real change."""

    def refuse_broken(self) -> None:
        """Refuse to go on after a planted cheat was accepted.

        :raises BrokenRun: one was accepted.
        """

    async def before_review(self, agents: Agents) -> None:
        """Show the reviewers planted changes."""

    async def before_judging(self, agents: Agents) -> None:
        """Show the judge tests that expect nothing."""


@dataclass(frozen=True)
class RunOptions:
    """What the command line asks for.

    :param restart: start the selected features over; ``reprove``: prove complete ones again.
    :param until_red: stop before the first coder is called.
    :param words: the person's comment on the last candidates; ``rejects``: it is a rejection rather than a hint.
    :param calls_coder: false under ``CI``, unless a coder is given on the command line.
    """

    restart: bool = False
    reprove: bool = False
    until_red: bool = False
    words: str = ""
    rejects: bool = False
    calls_coder: bool = True


@dataclass(frozen=True)
class Project:
    """Everything about the project that work on its features needs.

    :param root: pytest's rootdir; ``state``: the folder of the journals; ``work``: the folder of clones and checkouts.
    :param config_files: configuration files in the working tree, relative to the root: part of every seal.
    :param by_hand: a person implements.
    :param browser: finds the browser when it is first needed.
    :param tables: the project's own phrases; ``functions``: those with a function.
    :param ready_test: the test that must be green before a test is judged, from ``chimera_ready``.
    :param mirror: copies a feature's standing to the pytest cache.
    :param progress: prints a line about a feature.
    :param turn: the feature's turn among those of the run.
    :param canaries: planted cheats for reviewers and judge.
    :param limits: what the run may use.
    :param breakers: stop calling a hook that keeps failing, for all features.
    :param sandboxes: the sandboxes for programs that run the candidate's code, if any.
    :param cleaner: sanitizes external text before it is stored or shown.
    :param write_ahead_log: flushes all journals to disk at once.
    :param run: the id of the run, shared by its workers.
    """

    root: Path
    state: Path
    work: Path
    repository: Repository
    settings: Settings
    vault: Vault
    agents: Agents
    options: RunOptions
    by_hand: bool
    browser: Callable[[], Browser]
    config_files: tuple[str, ...] = ()
    tables: Tables = field(default_factory=Tables)
    functions: tuple[StepFunction, ...] = ()
    ready_test: SealedTest | None = None
    mirror: Callable[[Feature, dict[str, Any]], None] = lambda _feature, _value: None
    progress: Progress = lambda _feature, _line: None
    transitions: Mapping[ChimeraPhase, Route] = field(default_factory=lambda: TRANSITIONS)
    turn: Turn = field(default_factory=unhurried)
    canaries: PlantedCheats | None = None
    limits: RunLimits = field(default_factory=lambda: RunLimits(Settings()))
    breakers: Breakers = field(default_factory=Breakers)
    sandboxes: Sandboxes = field(default_factory=Sandboxes)
    cleaner: Cleaner = field(default_factory=Cleaner)
    write_ahead_log: WriteAheadLog | None = None
    run: str = field(default_factory=lambda: secrets.token_hex(8))

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
            self.mirror(feature, cache_mirror(record))

        return Journal(self.state / f"{journal_name(feature.id)}.jsonl", mirror, self.write_ahead_log, self.cleaner)

    def place(self, feature: Feature) -> Path:
        """Return the folder of a feature's clones and checkouts; the process that holds the feature may empty it."""
        return self.work / "features" / feature.slug

    def _note_holder(self, holder: Path) -> None:
        now = datetime.now().astimezone()
        try:
            write_file(holder, json.dumps({"pid": os.getpid(), "since": now.isoformat(), "run": self.run}))
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


def time_limits(
    settings: Settings, table: Mapping[ChimeraPhase, Mapping[str, Any]] | None, state: Path | None = None
) -> Mapping[ChimeraPhase, Route]:
    """Return the table of transitions with the project's own changes and the configured time limits.

    :param table: the answer of ``pytest_chimera_transitions``.
    :param state: the folder of the journals, from which limits are learned if that is configured.
    """
    limits = {
        ChimeraPhase.E2E_TEST_GENERATION: settings.generation_timeout + settings.staging_timeout,
        ChimeraPhase.CODE_IMPLEMENTATION: settings.implementation_timeout,
        ChimeraPhase.GUARDIAN_REVIEW: settings.review_timeout,
        ChimeraPhase.STAGING_DEPLOYMENT: settings.staging_timeout,
        ChimeraPhase.E2E_VALIDATION: settings.validation_timeout,
    }
    if settings.timeouts == "learned" and state is not None:
        durations = recorded_durations(state)
        limits = {phase: learned_limit(durations.get(phase, ()), limit) for phase, limit in limits.items()}
    return checked_transitions(
        {phase: {"timeout": limit} | dict((table or {}).get(phase, {})) for phase, limit in limits.items()}
    )
