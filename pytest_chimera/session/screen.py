"""Where the commands write: pytest's terminal reporter, or standard output where that is switched off."""

from __future__ import annotations

from typing import Any

import pytest
from _pytest._io import TerminalWriter


class _Bare:
    """What the commands use of a terminal reporter."""

    def __init__(self) -> None:
        self._tw = TerminalWriter()
        self.write = self._tw.write
        self.write_line = self._tw.line


def screen_of(config: pytest.Config) -> Any:
    """The terminal reporter, or what stands in for it under ``-p no:terminal``."""
    return config.pluginmanager.getplugin("terminalreporter") or _Bare()
