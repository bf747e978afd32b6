"""The run that works on a project: what was asked for, who is asked, and what all its features share."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pytest_chimera.context.circuit_breaker import Breakers
from pytest_chimera.context.limits import RunLimits
from pytest_chimera.context.scheduler import Turn, unhurried
from pytest_chimera.judge.warm import WarmJudges
from pytest_chimera.models import Feature
from pytest_chimera.settings import Settings
from pytest_chimera.system.sandbox import Sandboxes
from pytest_chimera.workflow import TRANSITIONS, ChimeraPhase, Route
from pytest_chimera.workflow.agents import Agents

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
class CurrentRun:
    """What belongs to one run.

    :param agents: whoever implements chimera's hooks for an item.
    :param options: what the command line asks for.
    :param transitions: the table of transitions, with the run's time limits.
    :param turn: the feature's turn among those of the run.
    :param limits: what the run may use.
    :param breakers: stop calling a hook that keeps failing, for all features.
    :param canaries: planted cheats for reviewers and judge.
    :param sandboxes: the sandboxes for programs that run the candidate's code, if any.
    :param judges: processes that are ready to judge a test, if any.
    :param mirror: copies a feature's record to the pytest cache.
    :param progress: prints a line about a feature.
    :param id: the run's name, shared by its workers.
    """

    agents: Agents
    options: RunOptions = field(default_factory=RunOptions)
    transitions: Mapping[ChimeraPhase, Route] = field(default_factory=lambda: TRANSITIONS)
    turn: Turn = field(default_factory=unhurried)
    limits: RunLimits = field(default_factory=lambda: RunLimits(Settings()))
    breakers: Breakers = field(default_factory=Breakers)
    canaries: PlantedCheats | None = None
    sandboxes: Sandboxes = field(default_factory=Sandboxes)
    judges: WarmJudges | None = None
    mirror: Callable[[Feature, dict[str, Any]], None] = lambda _feature, _value: None
    progress: Progress = lambda _feature, _line: None
    id: str = field(default_factory=lambda: secrets.token_hex(8))
