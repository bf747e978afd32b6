"""Finds interesting results of a run: a coder's brief, and the judge's evidence."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from pytest_chimera.errors import ChimeraError
from pytest_chimera.judge.browser import find_browser

LEFT_OUT = "[…]"
_LINES = 7
_LATER = "### Attempt 3"


def brief_with_most_to_say(folder: Path) -> Path | None:
    """Return the brief of the attempt with the most earlier attempts; ``None`` if no coder was called."""
    briefs = sorted((folder / ".chimera").glob("*/generation-*/attempt-*/brief.md"), key=_age)
    return max(briefs, key=lambda path: _number(path.parent.name), default=None)


def shortened(brief: str) -> str:
    """Shorten a brief to some lines of each part and at most two attempts, without test and rules."""
    title, *parts = re.split(r"^(?=##+ )", brief, flags=re.MULTILINE)
    told = [_clipped(part) for part in (title, *parts) if not part.startswith(("## The test\n", "## Rules\n"))]
    return "\n".join(["\n".join(told).rstrip().partition(_LATER)[0].rstrip(), "", LEFT_OUT])


def newest_trace(folder: Path) -> Path | None:
    """Return the trace of the judge's last run against a base or a candidate; ``None`` if there is none."""
    return max((folder / ".chimera").glob("*/generation-*/*/evidence*/trace.zip"), key=_age, default=None)


def trace_command(python: str, trace: Path) -> str:
    """Return the command line that opens a trace: in Playwright's own browser if installed, or else in the person's."""
    try:
        own = find_browser().path is None
    except ChimeraError:
        own = False
    return shlex.join([python, "-m", "playwright", "show-trace", *([] if own else ["--port", "0"]), str(trace)])


def _clipped(part: str) -> str:
    lines = part.rstrip().splitlines()
    more = [LEFT_OUT] if len(lines) > _LINES else []
    fences = sum(line.startswith("```") for line in lines[:_LINES])
    return "\n".join([*lines[:_LINES], *more, *(["```"] if more and fences % 2 else []), ""])


def _number(name: str) -> int:
    found = re.match(r"attempt-(\d+)", name)
    return int(found[1]) if found else 0


def _age(path: Path) -> float:
    return path.stat().st_mtime
