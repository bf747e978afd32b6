"""Resolves words in a step by their context: "it", and names that are part of other names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.phrases.nouns import IT
from pytest_chimera.scenario.language.phrases.slots import Count
from pytest_chimera.scenario.language.words.readings import Reading
from pytest_chimera.scenario.understanding.understood import Understood

Change = Callable[[str, Target], Target]
"""A slot and the thing in it → the replacement."""


def things_in(reading: Reading) -> Iterator[tuple[str, Target]]:
    """Yield the things in a reading, each with its slot."""
    for name, value in reading.slots.items():
        if isinstance(value, Target):
            yield name, value
    if reading.subject is not None:
        yield "subject", reading.subject


def last_thing(readings: Sequence[Reading]) -> Target | None:
    """Return what "it" means after these readings."""
    found = [thing for reading in readings for _, thing in things_in(reading) if thing.role not in {IT, "page"}]
    return found[-1] if found else None


def with_it_bound(readings: Sequence[Reading], context: Target | None) -> tuple[Reading, ...] | None:
    """Return the readings with "it" replaced by the thing before; ``None`` if there was none."""
    found: list[Reading] = []
    for reading in readings:
        if any(thing.role == IT for _, thing in things_in(reading)) and context is None:
            return None
        it = context
        found.append(_changed(reading, partial(_instead_of_it, it)))
        context = last_thing(found[-1:]) or context
    return tuple(found)


def _instead_of_it(it: Target | None, _slot: str, thing: Target) -> Target:
    return it if it is not None and thing.role == IT else thing


def _changed(reading: Reading, change: Change) -> Reading:
    """Return the reading with every thing in it replaced."""
    slots = {name: _changed_value(name, value, change) for name, value in reading.slots.items()}
    return replace(reading, slots=slots, subject=change("subject", reading.subject) if reading.subject else None)


def _changed_value(name: str, value: object, change: Change) -> object:
    if isinstance(value, Target):
        return change(name, value)
    if isinstance(value, Count):
        return replace(value, things=change(name, value.things))
    return _changed(value, change) if isinstance(value, Reading) else value


def with_exact_names(steps: Sequence[Understood]) -> tuple[Understood, ...]:
    """Match names that are part of another name in the scenario exactly: "Password" besides "New password"."""
    things = [found for step in steps for reading in step.readings for found in things_in(reading)]
    names = {(_group(slot, thing), thing.name.lower()) for slot, thing in things if thing.name}
    marked = {(group, name) for group, name in names if _is_part(group, name, names)}

    def mark(slot: str, thing: Target) -> Target:
        scope = mark("place", thing.scope) if thing.scope else None
        exact = thing.exact or (thing.quoted and (_group(slot, thing), thing.name.lower()) in marked)
        return thing.model_copy(update={"scope": scope, "exact": exact})

    return tuple(replace(step, readings=tuple(_changed(reading, mark) for reading in step.readings)) for step in steps)


def _group(slot: str, thing: Target) -> str:
    """Return the group in which a name must be unique: fields, or buttons."""
    return thing.role or ("textbox" if slot == "field" else "any")


def _is_part(group: str, name: str, names: set[tuple[str, str]]) -> bool:
    return any(group == other and name != longer and name in longer for other, longer in names)
