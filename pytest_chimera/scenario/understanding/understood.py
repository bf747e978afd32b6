"""A step with its readings, and the allowed order of arranging steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_chimera.models import Call
from pytest_chimera.scenario.functions.registry import CALL
from pytest_chimera.scenario.language.words.readings import Reading
from pytest_chimera.scenario.rendering.idioms.intents import kind_of
from pytest_chimera.scenario.text.step_errors import UnknownStepError
from pytest_chimera.scenario.text.step_text import WrittenStep


@dataclass(frozen=True)
class Understood:
    """A written step with its readings; several if it joins clauses, or if the glossary defines it."""

    written: WrittenStep
    readings: tuple[Reading, ...]
    compound: bool = False


def arranges(reading: Reading) -> bool:
    """Whether it arranges data before the browser starts."""
    call = reading.get(CALL)
    return isinstance(call, Call) and call.arranges


def check_arranging(steps: Sequence[Understood], path: str) -> None:
    """Check that no arranging step follows an action on the page, because it runs before the browser starts.

    :raises UnknownStepError: one does.
    """
    acted = False
    for step in steps:
        if acted and any(map(arranges, step.readings)):
            raise UnknownStepError(
                step.written.text,
                line=step.written.line,
                path=path,
                refused=True,
                reason="It is arranged before the browser starts, so it cannot follow an action on the page.",
                remedy="Write it as a Given, before the first When.",
            )
        acted = acted or _acts(step)


def _acts(step: Understood) -> bool:
    """Whether it does or expects something beyond the given."""
    if all(map(arranges, step.readings)) or step.written.keyword == "Given":
        return False
    return bool(step.written.keyword) or any(kind_of(reading) != "navigate" for reading in step.readings)
