"""Formats results for people: attempts, durations, and texts that are too long."""

from __future__ import annotations

from pathlib import Path

from pytest_chimera.models import TestRun, first_line
from pytest_chimera.system.machine_load import FREE
from pytest_chimera.workflow.machine import ChimeraWorkflow
from pytest_chimera.workflow.transitions import Outcome


def span(seconds: float) -> str:
    """Format a duration: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d"


def counted(number: int, one: str, many: str) -> str:
    """Return a number of things: ``1 file``, ``2 files``."""
    return f"{number} {one if number == 1 else many}"


def busy_text(run: TestRun) -> str:
    """Describe how busy the machine was, and how long the judge waited for that; empty if it was not busy."""
    if run.slowdown < FREE or not run.patience:
        return ""
    return f"seen on a busy machine, with a patience of {run.patience:g} s"


_ROW, _ROWS_AT_THE_HEAD, _ROWS_AT_THE_END = 110, 2, 4


def attempts_table(workflow: ChimeraWorkflow) -> str:
    """Return a line for each attempt that failed: the phase that ended it and why; of many, the first and the last."""
    ended = [result for result in workflow.results if result.outcome is not Outcome.SUCCESS]
    width = max((len(result.phase) for result in ended), default=0)
    rows = [
        shortened(
            f"  attempt {each.attempt}  {each.phase:<{width}}  {span(each.seconds):<6}  {first_line(each.reason)}", _ROW
        )
        for each in ended
    ]
    left_out = len(rows) - _ROWS_AT_THE_HEAD - _ROWS_AT_THE_END
    if left_out > 1:
        rows[_ROWS_AT_THE_HEAD:-_ROWS_AT_THE_END] = [f"  … {left_out} more"]
    return "\n".join(rows)


def shortened(text: str, most: int) -> str:
    """Cut a text to a maximum length; it ends with a mark, and a text of several lines says how much was cut."""
    if len(text) <= most:
        return text
    room = most - len(_left_out(len(text)))
    if "\n" in text and room > 0:
        kept = text[:room].rstrip()
        return kept + _left_out(len(text) - len(kept))
    mark = " …"
    return f"{text[: max(0, most - len(mark))].rstrip()}{mark}"[:most]


def _left_out(characters: int) -> str:
    return f"\n… {characters:,} characters left out"


def shown(path: str | Path, root: Path) -> str:
    """Return a path as briefly as possible: relative to the project if it is inside it."""
    path = Path(path)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
