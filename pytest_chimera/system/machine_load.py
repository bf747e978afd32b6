"""How busy the machine is: how many times longer work takes on it now than if nobody else wanted its processors.

It is measured, not concluded from how many others there are: a little work is timed by the clock on the wall and by the
processor's. That holds for containers with a share of a processor, too. Limits that say "it hangs" are made for quiet
machines; they are stretched by what is measured, so that slow is not taken for hanging.

Only the standard library is imported here: whoever runs a program imports it.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

FREE = 2.5
"""A slowdown that the limits have room for as they are: our own browser and server bring it to about 2."""
MOST = 8.0
"""How many times longer a limit becomes at most."""
_WORK = bytes(16 << 20)  # some ten milliseconds, in one call: our own threads, which share a lock, are not measured
_EVERY = 1.0


def slowdown() -> float:
    """How many times longer than on a quiet machine work takes now; 1 is as on a quiet one. Takes some milliseconds."""
    wall, worked = time.perf_counter(), time.thread_time()
    hashlib.sha256(_WORK).digest()
    worked = time.thread_time() - worked
    return max(1.0, (time.perf_counter() - wall) / worked) if worked else 1.0


def stretch(slowdown: float) -> float:
    """How many times longer a limit becomes by a slowdown: between 1, for a machine that is quiet enough, and 8."""
    return min(slowdown, MOST) if slowdown >= FREE else 1.0


def stretched(seconds: float) -> float:
    """A limit as it is on the machine as busy as it is now."""
    return seconds * stretch(slowdown())


@dataclass
class Watch:
    """What was measured while something ran."""

    samples: list[float] = field(default_factory=list)

    @property
    def slowdown(self) -> float:
        """What a quarter of the samples exceed: a run that fails has been waiting in its last part."""
        ordered = sorted(self.samples)
        return ordered[len(ordered) * 3 // 4] if ordered else 1.0


@contextmanager
def watching() -> Iterator[Watch]:
    """Measure once a second while something runs."""
    watch, over = Watch(), threading.Event()

    def measure() -> None:
        while not over.wait(_EVERY):
            watch.samples.append(slowdown())

    threading.Thread(target=measure, name="chimera-contention", daemon=True).start()
    try:
        yield watch
    finally:
        over.set()


class Deadline:
    """A limit for what hangs: when it is reached on a busy machine, it is put off, once, by how busy it is.

    :param seconds: how long it is on a quiet machine.
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
