"""The tables at the end: the summary of a run, the recorded features, the state of the journals."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import rich.box
import rich.console
import rich.table

from pytest_chimera.context.formatting import span
from pytest_chimera.errors import ChimeraError
from pytest_chimera.models import Verdict, first_line
from pytest_chimera.state.journal import examined, record_of
from pytest_chimera.state.replay import FeatureRecord
from pytest_chimera.state.sanitize import Cleaner

_UNCUT = 10_000
"""A width at which no name is cut, wrapped or padded."""


MOST_LINES = 10
"""The maximum number of lines about a feature below the status table."""


def summary_lines(verdicts: Iterable[Verdict]) -> str:
    """Return the summary: a row for each feature, and below the table its merged commit or the next command."""
    table = rich.table.Table("feature", "state", "attempts", "time", "branch", box=rich.box.SIMPLE_HEAD, padding=(0, 1))
    following = []
    for verdict in verdicts:
        attempts = str(verdict.attempts or "")
        table.add_row(verdict.feature, verdict.state, attempts, span(verdict.seconds), verdict.branch)
        if verdict.merged:
            following.append(f"  {verdict.feature}: merged as {verdict.merged[:10]}")
        if not verdict.passed or not (verdict.next_command or verdict.state == "complete"):
            following.append(f"  {verdict.feature}: {first_line(verdict.sentence)}")
        if verdict.next_command:
            following.append(f"  {verdict.feature}: {verdict.next_command}")
    return _rendered(table) + "\n".join(following)


def status_lines(state: Path) -> str:
    """Return a row for every feature that has a journal, and notes on some of them below the table."""
    table = rich.table.Table("feature", "state", "attempts", "age", "branch", box=rich.box.SIMPLE_HEAD, padding=(0, 1))
    details = []
    for path in sorted(state.glob("*.jsonl")):
        if ".damaged-" not in path.name:
            *row, note = map(Cleaner().text, _status_row(path))
            table.add_row(*(" ".join(cell.split()) for cell in row))
            lines = [line for line in note.splitlines() if line.strip()][:MOST_LINES]
            details += [f"  {row[0]}: {line}" if line is lines[0] else f"    {line.strip()}" for line in lines]
    if not table.row_count:
        return f"no features are recorded in {state}; run pytest --chimera to begin\n"
    return _rendered(table) + "".join(f"{line}\n" for line in details)


def state_lines(state: Path, width: int) -> tuple[str, bool]:
    """Return each journal's feature, events, state and errors, and whether all journals are intact."""
    table = rich.table.Table("journal", "events", "state", "found", box=rich.box.SIMPLE_HEAD, padding=(0, 1))
    whole = True
    for path in sorted(state.glob("*.jsonl")):
        found = examined(path)
        whole = whole and not found.damage
        table.add_row(path.name, str(found.events), found.record.state, found.damage or found.note or "whole")
    if not table.row_count:
        return f"no features are recorded in {state}\n", True
    return _rendered(table, width), whole


def _status_row(path: Path) -> Sequence[str]:
    try:
        record = record_of(path)
    except ChimeraError as error:
        return path.stem, "damaged", "", "", "", error.sentence
    merged = f"merged as {record.merged[:10]}" if record.merged else ""
    note = "\n".join(part for part in (record.parked or record.stopped, merged) if part)
    attempts = str(record.attempts or "")
    return record.feature or path.stem, record.state, attempts, _age(record), record.branch, note


def _age(record: FeatureRecord) -> str:
    if not record.updated_at:
        return ""
    return span(max(0.0, (datetime.now(UTC) - datetime.fromisoformat(record.updated_at)).total_seconds()))


def _rendered(table: rich.table.Table, width: int = _UNCUT) -> str:
    out = io.StringIO()
    console = rich.console.Console(file=out, width=width, color_system=None, highlight=False, markup=False, emoji=False)
    console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines() if line.strip()) + "\n"
