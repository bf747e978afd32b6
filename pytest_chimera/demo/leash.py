"""A pytest plugin for the demo's own run: it ends the run if the demo that started it has died in any way.

Otherwise a killed demo would leave a run behind that still holds the features for which the command is run again.
"""

from __future__ import annotations

import os
import signal
import threading

VARIABLE = "CHIMERA_DEMO_LEASH"
"""The file descriptor whose other end only the demo has."""


def pytest_configure() -> None:
    """Start to watch."""
    descriptor = os.environ.pop(VARIABLE, "")
    if descriptor:
        threading.Thread(target=_end_with, args=(int(descriptor),), name="chimera-demo-leash", daemon=True).start()


def _end_with(descriptor: int) -> None:
    os.read(descriptor, 1)  # returns when the other end is closed, because nothing is ever written
    os.kill(os.getpid(), signal.SIGKILL)
