"""Determines from how a program ended whether it could start at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pytest_chimera.system.supervision import Finished, describe_exit

_SHELL = {126, 127}
"""Exit codes of shells, env and npm for a program that does not exist, or cannot be executed."""
_PYTEST = {3, 4}
"""Exit codes of pytest for an internal error, and for a command line or a conftest.py that it cannot read."""
_FIRST_LINES = re.compile(r"bwrap: |.*\bNo module named '?[\w.]+'?$")


def why_not_begun(command: Sequence[str], ended: Finished) -> str:
    """Return what prevented a program, or what it should run, from starting; empty if it ended in any other way."""
    last = next((line.strip() for line in reversed(ended.output.splitlines()) if line.strip()), "")
    why = last or describe_exit(ended)
    if ended.exit_code in _SHELL or (ended.exit_code in _PYTEST and _runs_pytest(command)):
        return why
    return why if ended.exit_code == 1 and _FIRST_LINES.match(last) else ""


def _runs_pytest(command: Sequence[str]) -> bool:
    return any(Path(part).name in {"pytest", "py.test"} for word in command for part in word.split())
