"""A pytest plugin for the demo's own run: the run ends when the demo that started it is gone, however it went.

Otherwise a killed demo would leave a run behind that holds the features which the same command wants to go on with.
"""

from __future__ import annotations

import os
import signal
import threading

VARIABLE = "CHIMERA_DEMO_LEASH"
"""Names the file descriptor whose other end only the demo holds."""


def pytest_configure() -> None:
    """Begin to watch."""
    descriptor = os.environ.pop(VARIABLE, "")
    if descriptor:
        threading.Thread(target=_end_with, args=(int(descriptor),), name="chimera-demo-leash", daemon=True).start()


def _end_with(descriptor: int) -> None:
    os.read(descriptor, 1)  # returns when the other end is closed, and nobody ever writes
    os.kill(os.getpid(), signal.SIGKILL)
