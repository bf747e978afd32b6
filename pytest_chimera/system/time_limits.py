"""Time limits of a phase: what counts towards them, and what happens when one is reached."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import anyio
import anyio.to_thread

from pytest_chimera.system.machine_load import FREE, slowdown

READING = 60.0
"""Seconds, at least, that are left to read what somebody made who was cut off."""


def slept_so_far() -> float:
    """Seconds that the machine has slept, counted from anywhere: what its clock went on and ours did not."""
    since_boot = getattr(time, "CLOCK_BOOTTIME", None)
    now = time.time() if since_boot is None else time.clock_gettime(since_boot)
    return now - time.monotonic()


_TIME_LIMIT: ContextVar[anyio.CancelScope | None] = ContextVar("_TIME_LIMIT", default=None)


@contextmanager
def limited_by(scope: anyio.CancelScope) -> Iterator[None]:
    """Cut off what happens inside at the scope's deadline."""
    before = _TIME_LIMIT.set(scope)
    try:
        with scope:
            yield
    finally:
        _TIME_LIMIT.reset(before)


@contextmanager
def time_stands_still() -> Iterator[None]:
    """What happens inside, a wait for others, does not count towards the phase's time limit."""
    scope = _TIME_LIMIT.get()
    if scope is None or scope.deadline == math.inf:
        yield
        return
    left = scope.deadline - anyio.current_time()
    scope.deadline = math.inf
    try:
        yield
    finally:
        scope.deadline = anyio.current_time() + left


@contextmanager
def cut_off_here() -> Iterator[anyio.CancelScope]:
    """Cut off what happens inside at the phase's time limit, and leave what comes after it the time to be done.

    The scope that is given tells whether it was cut off.
    """
    phase = _TIME_LIMIT.get()
    with anyio.CancelScope(deadline=phase.deadline if phase else math.inf) as scope:
        before = _TIME_LIMIT.set(scope)
        if phase:
            phase.deadline = math.inf
        try:
            yield scope
        finally:
            _TIME_LIMIT.reset(before)
            if phase:
                phase.deadline = max(scope.deadline, anyio.current_time() + READING)


async def cut_off(what: str, limit: float) -> str:
    """The sentence that something was cut off.

    :param limit: seconds.
    """
    busy = "" if await anyio.to_thread.run_sync(slowdown) < FREE else ", on a machine that is busy"
    return f"{what} was cut off after {limit:g} s{busy}"
