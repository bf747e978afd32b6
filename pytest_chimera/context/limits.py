"""What a run may spend: time for each phase, feature and run; deployments and browsers at once; free memory."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import psutil

from pytest_chimera.errors import ChimeraError, EnvironmentTrouble
from pytest_chimera.settings import Settings
from pytest_chimera.state.journal import standing_of
from pytest_chimera.system.time_limits import time_stands_still
from pytest_chimera.workflow.transitions import ChimeraPhase, Outcome

SHARE = 0.95
"""Which part of a phase's recorded durations is not longer than what its learned limit is made of."""
MULTIPLE = 3.0
"""How many times that the learned limit is."""
FLOOR = 60.0
"""Seconds that a learned limit is never below."""
FEWEST = 5
"""How many durations have to be recorded before a limit is learned from them."""


def recorded_durations(state: Path) -> dict[ChimeraPhase, list[float]]:
    """How long each phase took, in seconds, where it ended in success, in all journals that can be read."""
    found: dict[ChimeraPhase, list[float]] = defaultdict(list)
    for path in sorted(state.glob("*.jsonl")):
        try:
            workflow = standing_of(path).workflow
        except ChimeraError:
            continue  # the feature itself says what is wrong with its journal, when it is worked on
        for result in workflow.results if workflow else ():
            if result.outcome is Outcome.SUCCESS:
                found[result.phase].append(result.seconds)
    return found


def learned_limit(durations: Iterable[float], ceiling: float) -> float:
    """A phase's time limit: a multiple of what nearly all of its durations stay below, between floor and ceiling.

    :param durations: in seconds; too few of them leave the ceiling.
    :param ceiling: the configured limit; 0 is none.
    """
    ordered = sorted(durations)
    if len(ordered) < FEWEST:
        return ceiling
    typical = ordered[math.ceil(SHARE * len(ordered)) - 1]
    learned = max(FLOOR, MULTIPLE * typical)
    return min(learned, ceiling) if ceiling else learned


class TimeIsUp(EnvironmentTrouble):
    """The feature, or the whole run, has had its time."""


@dataclass
class Allowance:
    """What one run may spend at once and altogether, shared by its features, in one event loop."""

    settings: Settings
    began: float = field(default_factory=time.monotonic)
    _places: dict[str, anyio.Semaphore] = field(default_factory=dict)

    def has_room(self) -> bool:
        """Whether there is memory enough to begin another feature beside those that are under way."""
        wanted = self.settings.min_free_memory * 1_000_000
        return not wanted or psutil.virtual_memory().available >= wanted

    @asynccontextmanager
    async def a_browser(self) -> AsyncIterator[None]:
        """Wait for a browser's place, and hold it."""
        await self.take("browser", self.settings.max_browsers)
        try:
            yield
        finally:
            self.give_back("browser")

    async def a_deployment(self) -> None:
        """Wait for a deployment's place; :meth:`deployment_ended` gives it back."""
        await self.take("deployment", self.settings.max_deployments)

    def deployment_ended(self) -> None:
        """A deployment is gone."""
        self.give_back("deployment")

    async def take(self, what: str, most: int) -> None:
        """Wait until fewer than ``most`` are in use; 0 is no limit. The wait counts towards no time limit."""
        if not most:
            return
        place = self._places.setdefault(what, anyio.Semaphore(most))
        with time_stands_still():
            await place.acquire()

    def give_back(self, what: str) -> None:
        """One less is in use."""
        if what in self._places:
            self._places[what].release()

    def run_ends(self) -> float:
        """When the run has had its time, by the monotonic clock."""
        return self.began + self.settings.run_limit if self.settings.run_limit else math.inf

    def feature_ends(self) -> float:
        """When a feature that begins now has had its time."""
        return time.monotonic() + self.settings.feature_limit if self.settings.feature_limit else math.inf

    def time_is_up(self) -> TimeIsUp:
        """The trouble of a feature that was cut off."""
        if time.monotonic() >= self.run_ends():
            key, limit, who = "chimera_run_limit", self.settings.run_limit, "run"
        else:
            key, limit, who = "chimera_feature_limit", self.settings.feature_limit, "feature"
        return TimeIsUp(
            f"The {who}'s time of {limit:g} s is up.",
            where=f"{key} = {limit:g}",
            remedy="The same command goes on from here. Raise the limit, or remove it.",
        )
