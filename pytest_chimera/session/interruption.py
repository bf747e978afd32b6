"""Handles Ctrl-C, and SIGTERM from an IDE's stop button: phases end in order, and one line says how to go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext

import pytest

from pytest_chimera.markers import cache_of
from pytest_chimera.session.screen import screen_of


class Interruption:
    """Handles interrupts in pytest's main process, which passes them on to xdist's workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Handle SIGTERM like Ctrl-C while items run."""
        with terminating_as_interrupt():
            return (yield)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Print the line, also under ``-q`` and ``--no-summary``."""
        if isinstance(excinfo.value, pytest.Session.Interrupted):
            return  # pytest itself ended the run, and says why
        screen = screen_of(self._config)
        capture = self._config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            screen.write("\n")
            screen.write_line(self._kept())

    def _kept(self) -> str:
        cache = cache_of(self._config)
        folder = cache.mkdir("chimera") if cache else None
        count = len(list(folder.glob("*.jsonl"))) if folder else 0
        kept = (
            f"what {count} feature{'s have' if count != 1 else ' has'} reached is kept" if count else "nothing is lost"
        )
        return f"chimera: interrupted: {kept}, and the same command goes on from there."


@contextmanager
def terminating_as_interrupt() -> Iterator[None]:
    """Handle SIGTERM like Ctrl-C: phases end in order, and the state is saved."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
