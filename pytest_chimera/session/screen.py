"""Where the commands write: to pytest's terminal reporter, or to standard output without one."""

from __future__ import annotations

from typing import Any

import pytest
from _pytest._io import TerminalWriter


class _Bare:
    """The part of a terminal reporter that the commands use."""

    def __init__(self) -> None:
        self._tw = TerminalWriter()
        self.write = self._tw.write
        self.write_line = self._tw.line


def screen_of(config: pytest.Config) -> Any:
    """Return the terminal reporter, or a substitute under ``-p no:terminal``."""
    return config.pluginmanager.getplugin("terminalreporter") or _Bare()
