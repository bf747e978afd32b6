"""A circuit breaker for each hook, shared by all features of a run.

After several failures in a row outside the change, a hook is not called for a while. Then one call goes through as a
probe: if it succeeds, calls resume; if it fails, the pause is doubled.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from pytest_chimera.errors import EnvironmentTrouble
from pytest_chimera.system.time_limits import time_stands_still

OPENS_AFTER = 5
"""How many failures in a row, across features, stop a hook from being called."""
FIRST_PAUSE = 15.0
"""Seconds until the first probe; doubled after each failed probe."""
PROBES = 4
"""How many probes may fail before features stop waiting for the hook in this run."""
_LOOK_EVERY = 0.05


class CircuitOpen(EnvironmentTrouble):
    """A hook was not called, because it keeps failing."""


@dataclass
class _Circuit:
    failures: int = 0
    probes: int = 0
    opened: float = 0.0
    probing: bool = False
    last: EnvironmentTrouble | None = None


class Breakers:
    """The circuit breakers of one run, in one event loop.

    :param say: called with a message when a hook is no longer called, is probed, and works again.
    :param opens_after: failures in a row; ``pause``: seconds until the first probe.
    """

    def __init__(
        self,
        say: Callable[[str], None] = lambda _line: None,
        *,
        opens_after: int = OPENS_AFTER,
        pause: float = FIRST_PAUSE,
    ) -> None:
        self._say = say
        self._opens_after = opens_after
        self._pause = pause
        self._circuits: dict[str, _Circuit] = {}

    @asynccontextmanager
    async def watching(self, hook: str) -> AsyncIterator[None]:
        """Call the hook in this context.

        While the trouble may be temporary, a feature waits for the next probe; otherwise it is refused at once.

        :raises CircuitOpen: the hook keeps failing, and is not called.
        """
        circuit = self._circuits.setdefault(hook, _Circuit())
        await self._admitted(hook, circuit)
        try:
            yield
        except EnvironmentTrouble as trouble:
            self._failed(hook, circuit, trouble)
            raise
        except Exception:
            self._answered(hook, circuit)
            raise
        except BaseException:
            circuit.probing = False
            raise
        self._answered(hook, circuit)

    async def _admitted(self, hook: str, circuit: _Circuit) -> None:
        with time_stands_still():
            while self._is_open(circuit):
                if not circuit.probing and self._left(circuit) <= 0:
                    circuit.probing = True
                    self._say(f"{hook}: trying one call")
                    return
                trouble = circuit.last
                assert trouble is not None, "an open circuit has failed"
                if not trouble.passing or circuit.probes >= PROBES:
                    raise self._refusal(hook, circuit, trouble)
                await anyio.sleep(_LOOK_EVERY)

    def _is_open(self, circuit: _Circuit) -> bool:
        return circuit.failures >= self._opens_after

    def _left(self, circuit: _Circuit) -> float:
        return float(circuit.opened + self._pause * 2**circuit.probes - time.monotonic())

    def _refusal(self, hook: str, circuit: _Circuit, trouble: EnvironmentTrouble) -> CircuitOpen:
        return CircuitOpen(
            f"{hook} was not called, because it failed {circuit.failures} times in a row: {trouble.sentence}",
            where=trouble.where,
            remedy=trouble.remedy or "Fix the cause, then run the same command again.",
        )

    def _failed(self, hook: str, circuit: _Circuit, trouble: EnvironmentTrouble) -> None:
        circuit.failures += 1
        circuit.last = trouble
        circuit.probes += circuit.probing
        circuit.probing = False
        if circuit.failures >= self._opens_after:
            circuit.opened = time.monotonic()
            times = f"{circuit.failures} times in a row"
            self._say(
                f"{hook} failed {times} ({trouble.sentence}): not called for {max(0.0, self._left(circuit)):.0f} s"
            )

    def _answered(self, hook: str, circuit: _Circuit) -> None:
        if self._is_open(circuit):
            self._say(f"{hook} works again")
        circuit.failures, circuit.probes, circuit.probing = 0, 0, False
