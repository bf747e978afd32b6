"""Measures how busy the machine is: how many times longer work takes than if no other process used its processors.

It is measured rather than derived from the number of processes: a small computation is timed by the wall clock and by
CPU time. This also works in containers with a share of a processor. Time limits for programs that hang are chosen for
quiet machines; they are stretched by the measured slowdown, so that slow programs are not considered hanging.

Only the standard library is imported, because everything that runs programs imports this module.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

FREE = 2.5
"""A slowdown that limits allow for without stretching: our own browser and server cause a slowdown of about 2."""
MOST = 8.0
"""The maximum factor by which a limit is stretched."""
_WORK = bytes(16 << 20)  # some ten milliseconds, in one call: our own threads, which share a lock, are not measured
_EVERY = 1.0


def slowdown() -> float:
    """Measure how many times longer work takes now than on a quiet machine, for which it is 1. Takes some
    milliseconds.
    """
    wall, worked = time.perf_counter(), time.thread_time()
    hashlib.sha256(_WORK).digest()
    worked = time.thread_time() - worked
    return max(1.0, (time.perf_counter() - wall) / worked) if worked else 1.0


def stretch(slowdown: float) -> float:
    """Return the factor for limits at a given slowdown: between 1, for a machine that is quiet enough, and 8."""
    return min(slowdown, MOST) if slowdown >= FREE else 1.0


def stretched(seconds: float) -> float:
    """Return a limit stretched by the current slowdown."""
    return seconds * stretch(slowdown())


@dataclass
class LoadSamples:
    """Measurements made while something runs."""

    samples: list[float] = field(default_factory=list)

    @property
    def slowdown(self) -> float:
        """The upper quartile of the samples: a failing run has been waiting at its end."""
        ordered = sorted(self.samples)
        return ordered[len(ordered) * 3 // 4] if ordered else 1.0


@contextmanager
def watching() -> Iterator[LoadSamples]:
    """Measure once a second while something runs."""
    watch, over = LoadSamples(), threading.Event()

    def measure() -> None:
        while not over.wait(_EVERY):
            watch.samples.append(slowdown())

    threading.Thread(target=measure, name="chimera-contention", daemon=True).start()
    try:
        yield watch
    finally:
        over.set()


class Deadline:
    """A limit for hanging programs: if it is reached on a busy machine, it is extended, once, by the slowdown.

    :param seconds: its length on a quiet machine.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._began = time.monotonic()
        self._is_stretched = False

    def is_over(self) -> bool:
        """Whether the time is up."""
        if time.monotonic() - self._began < self.seconds:
            return False
        if not self._is_stretched:
            self._is_stretched = True
            self.seconds = stretched(self.seconds)
            return self.is_over()
        return True
