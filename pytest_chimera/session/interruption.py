"""Ctrl-C, and SIGTERM, an IDE's stop button: phases end orderly, and one line says what is kept and how it goes on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import pytest

from pytest_chimera.errors import StateError
from pytest_chimera.session.screen import screen_of
from pytest_chimera.session.state_folder import state_folder


class Interruption:
    """Watches over the run in the process that the person sees; xdist's workers are told by that one."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Take SIGTERM as Ctrl-C from the first item to the last."""
        with terminating_as_interrupt():
            return (yield)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Say it, under ``-q`` and ``--no-summary`` too."""
        if isinstance(excinfo.value, pytest.Session.Interrupted):
            return  # pytest itself ended the run, and says why
        screen = screen_of(self._config)
        capture = self._config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            screen.write("\n")
            screen.write_line(self._kept())

    def _kept(self) -> str:
        folder: Path | None = None
        with suppress(StateError):
            folder = state_folder(self._config)
        count = len(list(folder.glob("*.jsonl"))) if folder else 0
        kept = (
            f"what {count} feature{'s have' if count != 1 else ' has'} reached is kept" if count else "nothing is lost"
        )
        return f"chimera: interrupted: {kept}, and the same command goes on from there."


@contextmanager
def terminating_as_interrupt() -> Iterator[None]:
    """Take SIGTERM as Ctrl-C: phases end orderly and the state is saved."""

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
