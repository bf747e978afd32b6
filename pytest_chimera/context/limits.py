"""What a run may use: time for each phase, feature and run; concurrent deployments and browsers; memory."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import psutil

from pytest_chimera.errors import ChimeraError, EnvironmentTrouble
from pytest_chimera.settings import Settings
from pytest_chimera.state.journal import record_of
from pytest_chimera.system.time_limits import time_stands_still
from pytest_chimera.workflow.transitions import ChimeraPhase, Outcome, Route, checked_transitions

SHARE = 0.95
"""The quantile of a phase's recorded durations from which its limit is learned."""
MULTIPLE = 3.0
"""The learned limit as a multiple of that quantile."""
FLOOR = 60.0
"""The minimum of a learned limit, in seconds."""
FEWEST = 5
"""How many durations must be recorded before a limit is learned."""


def recorded_durations(state: Path) -> dict[ChimeraPhase, list[float]]:
    """Return the durations of each phase's successful runs, in seconds, from all journals that can be read."""
    found: dict[ChimeraPhase, list[float]] = defaultdict(list)
    for path in sorted(state.glob("*.jsonl")):
        try:
            workflow = record_of(path).workflow
        except ChimeraError:
            continue  # a feature with a damaged journal reports it when it runs
        for result in workflow.results if workflow else ():
            if result.outcome is Outcome.SUCCESS:
                found[result.phase].append(result.seconds)
    return found


def learned_limit(durations: Iterable[float], ceiling: float) -> float:
    """Return a phase's time limit: a multiple of the upper end of its durations, between floor and ceiling.

    :param durations: in seconds; if there are too few, the limit is the ceiling.
    :param ceiling: the configured limit; 0 means none.
    """
    ordered = sorted(durations)
    if len(ordered) < FEWEST:
        return ceiling
    typical = ordered[math.ceil(SHARE * len(ordered)) - 1]
    learned = max(FLOOR, MULTIPLE * typical)
    return min(learned, ceiling) if ceiling else learned


class TimeLimitReached(EnvironmentTrouble):
    """The time limit of the feature, or of the run, is reached."""


@dataclass
class RunLimits:
    """What one run may use, at once and in total, shared by its features in one event loop."""

    settings: Settings
    began: float = field(default_factory=time.monotonic)
    _places: dict[str, anyio.Semaphore] = field(default_factory=dict)

    def has_room(self) -> bool:
        """Whether there is enough memory to start another feature besides those that are running."""
        wanted = self.settings.min_free_memory * 1_000_000
        return not wanted or psutil.virtual_memory().available >= wanted

    @asynccontextmanager
    async def a_browser(self) -> AsyncIterator[None]:
        """Wait for a free browser slot, and hold it."""
        await self.take("browser", self.settings.max_browsers)
        try:
            yield
        finally:
            self.give_back("browser")

    async def a_deployment(self) -> None:
        """Wait for a free deployment slot; :meth:`deployment_ended` frees it."""
        await self.take("deployment", self.settings.max_deployments)

    def deployment_ended(self) -> None:
        """Free a deployment slot."""
        self.give_back("deployment")

    async def take(self, what: str, most: int) -> None:
        """Wait until fewer than ``most`` are in use; 0 means no limit. No time limit runs during the wait."""
        if not most:
            return
        place = self._places.setdefault(what, anyio.Semaphore(most))
        with time_stands_still():
            await place.acquire()

    def give_back(self, what: str) -> None:
        """Decrease the number in use."""
        if what in self._places:
            self._places[what].release()

    def run_ends(self) -> float:
        """Return when the run's time is up, by the monotonic clock."""
        return self.began + self.settings.run_limit if self.settings.run_limit else math.inf

    def feature_ends(self) -> float:
        """Return when the time of a feature that starts now is up."""
        return time.monotonic() + self.settings.feature_limit if self.settings.feature_limit else math.inf

    def time_is_up(self) -> TimeLimitReached:
        """Return the error for a feature that was cut off."""
        if time.monotonic() >= self.run_ends():
            key, limit, who = "chimera_run_limit", self.settings.run_limit, "run"
        else:
            key, limit, who = "chimera_feature_limit", self.settings.feature_limit, "feature"
        return TimeLimitReached(
            f"The {who}'s time of {limit:g} s is up.",
            where=f"{key} = {limit:g}",
            remedy="The same command goes on from here. Raise the limit, or remove it.",
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
