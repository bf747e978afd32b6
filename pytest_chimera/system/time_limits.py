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
"""The minimum seconds that are left to read the work of something that was cut off."""


def slept_so_far() -> float:
    """Return how many seconds the machine has slept, from an arbitrary start: how far its clock is ahead of ours."""
    since_boot = getattr(time, "CLOCK_BOOTTIME", None)
    now = time.time() if since_boot is None else time.clock_gettime(since_boot)
    return now - time.monotonic()


_TIME_LIMIT: ContextVar[anyio.CancelScope | None] = ContextVar("_TIME_LIMIT", default=None)


@contextmanager
def limited_by(scope: anyio.CancelScope) -> Iterator[None]:
    """Cancel the body at the scope's deadline."""
    before = _TIME_LIMIT.set(scope)
    try:
        with scope:
            yield
    finally:
        _TIME_LIMIT.reset(before)


@contextmanager
def time_stands_still() -> Iterator[None]:
    """Exclude the body, a wait for others, from the phase's time limit."""
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
    """Cancel the body at the phase's time limit, and leave time for the code after it.

    The scope that is yielded shows whether the body was cut off.
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
    """Return the sentence that something was cut off.

    :param limit: seconds.
    """
    busy = "" if await anyio.to_thread.run_sync(slowdown) < FREE else ", on a busy machine"
    return f"{what} was cut off after {limit:g} s{busy}"
