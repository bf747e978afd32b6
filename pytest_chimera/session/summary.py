"""The summary section at the end of a run."""

from __future__ import annotations

from typing import Any

from pytest_chimera.models import Verdict
from pytest_chimera.session.confinement import NOTE
from pytest_chimera.session.tables import summary_lines


def verdicts_of(terminalreporter: Any) -> list[Verdict]:
    """Return every verdict in the run's reports, including those from workers, in the order of the reports."""
    found = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for key, value in getattr(report, "user_properties", ()):
                if key == "chimera" and getattr(report, "when", "") == "call":
                    verdict = Verdict.model_validate_json(value)
                    found[report.nodeid] = (report.start, verdict)
    return [verdict for _, verdict in sorted(found.values(), key=lambda pair: pair[0])]


def notes_of(terminalreporter: Any) -> list[str]:
    """Return the notes on the run, each once."""
    reports = (report for each in terminalreporter.stats.values() for report in each)
    properties = (pair for report in reports for pair in getattr(report, "user_properties", ()))
    return list(dict.fromkeys(value for key, value in properties if key == NOTE))


def write_summary(terminalreporter: Any) -> None:
    """Write the section; write nothing under ``-q`` or if no feature ran."""
    verdicts = verdicts_of(terminalreporter)
    if not verdicts or terminalreporter.verbosity < 0:
        return
    terminalreporter.write_sep("=", "chimera")
    terminalreporter.write(summary_lines(verdicts) + "\n")
    for note in notes_of(terminalreporter):
        terminalreporter.write_line(f"  {note}")
