"""How results are said to people: failures, attempts, spans of time."""

from __future__ import annotations

from pathlib import Path

from pytest_chimera.contention import FREE
from pytest_chimera.models import SealedTest, TestRun
from pytest_chimera.workflow import ChimeraWorkflow, Outcome


def span(seconds: float) -> str:
    """A span of time as people say it: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d"


def busy_text(run: TestRun) -> str:
    """How busy the machine was, and how long the judge waited for that; empty when it was quiet."""
    if run.slowdown < FREE or not run.patience:
        return ""
    return f"seen on a busy machine, with a patience of {run.patience:g} s"


def failing_text(run: TestRun | None) -> str:
    """How a test fails: the step, the expectation, where the evidence lies."""
    failure = run.failure if run else None
    if run is None or failure is None:
        return ""
    lines = [failure.as_sentence()]
    if failure.code and failure.step:
        lines.append(f"    {failure.code.strip()}")
    lines += [f"    {line}" for line in failure.message.splitlines()]
    if busy := busy_text(run):
        lines.append(busy)
    if run.evidence:
        lines.append(f"evidence: {run.evidence.folder}")
        if run.evidence.trace:
            lines.append(f"open the trace: playwright show-trace {run.evidence.trace}")
    return "\n".join(lines)


def red_text(sealed: SealedTest) -> str:
    """How a sealed test fails on its base, and what a person should know of what it expects."""
    return "\n".join([failing_text(sealed.red), *(f"note: {note}" for note in sealed.notes)])


def attempts_table(workflow: ChimeraWorkflow) -> str:
    """Every attempt in a line: where it ended and why."""
    rows = [result for result in workflow.results if result.outcome is not Outcome.SUCCESS]
    return "\n".join(
        f"  attempt {result.attempt}  {result.phase:<20}  {span(result.seconds):>8}  {result.reason}" for result in rows
    )


def shown(path: str | Path, root: Path) -> str:
    """A path as short as it can be told: relative to the project where it lies in it."""
    path = Path(path)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
