"""The scheduler: how many features are worked on at once, and in which order their attempts start.

Every feature gets its first attempt before any gets its second; ties are broken by the order of the items.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

LAST = 1_000_000_000
"""The attempt number of a feature that waits until all others are done."""


class NotBegun(Exception):
    """The run stopped starting features before this feature's turn came."""


@dataclass(order=True)
class _Waiter:
    attempt: int
    order: int
    granted: anyio.Event = field(compare=False, default_factory=anyio.Event)
    gone: bool = field(compare=False, default=False)


class Scheduler:
    """Gives the features of one run their turns, in one event loop.

    :param jobs: how many features may be worked on at once.
    :param has_room: whether the machine has capacity for one more.
    """

    def __init__(self, jobs: int = 1, has_room: Callable[[], bool] = lambda: True) -> None:
        self.jobs = max(1, jobs)
        self._has_room = has_room
        self._busy: dict[int, int] = {}
        self._queue: list[_Waiter] = []
        self._before_first: set[int] = set()
        self._begins_up_to: int | None = None

    def enrol(self, order: int) -> Turn:
        """Return a feature's turn; ``order`` is its place among the items, and identifies it here."""
        self._before_first.add(order)
        return Turn(self, order)

    def begin_no_more_after(self, order: int) -> None:
        """Start no feature that comes after ``order`` among the items; running features continue."""
        self._begins_up_to = order if self._begins_up_to is None else min(order, self._begins_up_to)
        for waiter in self._queue:
            if self._refuses(waiter.order):
                waiter.granted.set()

    def _refuses(self, order: int) -> bool:
        late = self._begins_up_to is not None and order > self._begins_up_to
        return late and order in self._before_first and order not in self._busy

    async def take(self, order: int, attempt: int) -> None:
        """Wait for a free slot.

        :raises NotBegun: the run starts no more features.
        """
        waiter = _Waiter(attempt, order)
        heapq.heappush(self._queue, waiter)
        try:
            if self._refuses(order):
                raise NotBegun
            self._grant()
            await waiter.granted.wait()
            if order not in self._busy:
                raise NotBegun
        except BaseException:
            waiter.gone = True
            self.give_back(order)
            raise

    def had_first(self, order: int) -> None:
        """Note that the feature has had its first attempt, or will not have one."""
        self._before_first.discard(order)
        self._grant()

    def give_back(self, order: int) -> None:
        """Pass the slot to the next feature."""
        self._busy.pop(order, None)
        self._grant()

    def must_wait(self, attempt: int) -> bool:
        """Whether an attempt has to let other features go first."""
        self._drop_gone()
        return attempt > 1 and bool(self._before_first or (self._queue and self._queue[0].attempt < attempt))

    def _grant(self) -> None:
        self._drop_gone()
        while self._queue and len(self._busy) < self.jobs and self._may_go(self._queue[0]):
            waiter = heapq.heappop(self._queue)
            self._busy[waiter.order] = waiter.attempt
            waiter.granted.set()
            self._drop_gone()

    def _drop_gone(self) -> None:
        while self._queue and (self._queue[0].gone or self._queue[0].granted.is_set()):
            heapq.heappop(self._queue)

    def _may_go(self, waiter: _Waiter) -> bool:
        if self._busy and not self._has_room():
            return False
        if waiter.attempt == LAST:
            return all(attempt == LAST for attempt in self._busy.values())
        return waiter.attempt == 1 or not self._before_first


class Turn:
    """One feature's turn.

    :param order: its place among the items.
    """

    def __init__(self, scheduler: Scheduler, order: int) -> None:
        self._scheduler = scheduler
        self.order = order
        self.waited = 0.0

    async def begin(self) -> None:
        """Wait until the feature may be worked on.

        :raises NotBegun: the run starts no more features.
        """
        await self._scheduler.take(self.order, 1)

    async def attempt(self, number: int) -> None:
        """Let features with fewer attempts go first."""
        if number > 1:
            self._scheduler.had_first(self.order)
        if self._scheduler.must_wait(number):
            await self._again(number)

    def coder_is_asked(self) -> None:
        """Note that the coder is called now: other features may start their second attempt."""
        self._scheduler.had_first(self.order)

    async def when_others_are_done(self) -> None:
        """Give up the slot, and wait until all other features are done."""
        self._scheduler.had_first(self.order)
        await self._again(LAST)

    async def _again(self, attempt: int) -> None:
        since = time.monotonic()
        self._scheduler.give_back(self.order)
        await self._scheduler.take(self.order, attempt)
        self.waited += time.monotonic() - since

    def end(self) -> None:
        """End the feature's turn in this run."""
        self._scheduler.had_first(self.order)
        self._scheduler.give_back(self.order)


def unhurried() -> Turn:
    """Return a turn for a feature that runs alone."""
    return Scheduler(1).enrol(0)
