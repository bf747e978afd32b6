"""Whether a program could begin at all where it was to run, by how it ended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pytest_chimera.system.supervision import Finished, describe_exit

_SHELL = {126, 127}
"""What shells, env and npm exit with when a program is not there, or cannot be executed."""
_PYTEST = {3, 4}
"""What pytest exits with when it meets an error of its own, or cannot read its command line or a conftest.py."""
_FIRST_LINES = re.compile(r"bwrap: |.*\bNo module named '?[\w.]+'?$")


def why_not_begun(command: Sequence[str], ended: Finished) -> str:
    """What kept a program, or what it was to run, from beginning; empty when it ended in any other way."""
    last = next((line.strip() for line in reversed(ended.output.splitlines()) if line.strip()), "")
    why = last or describe_exit(ended)
    if ended.exit_code in _SHELL or (ended.exit_code in _PYTEST and _runs_pytest(command)):
        return why
    return why if ended.exit_code == 1 and _FIRST_LINES.match(last) else ""


def _runs_pytest(command: Sequence[str]) -> bool:
    return any(Path(part).name in {"pytest", "py.test"} for word in command for part in word.split())
