"""A plugin for the process that runs a project's own tests: leaves out what drives a browser, writes each outcome down.

It is loaded by name in that process alone, which can only reject: nothing that it says makes anything green.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FILE = "CHIMERA_TALLY"
BEGUN = ""
"""The node id of the first line: pytest is there, and reads the project next."""
_BROWSER_FIXTURES = {"page", "context", "browser", "new_context"}


def pytest_load_initial_conftests() -> None:
    """The first line, before anything of the project's is imported."""
    _write(nodeid=BEGUN, when="begin", outcome="passed")


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Keep what needs no browser: the rest is the judge's."""
    driven = [
        item
        for item in items
        if item.get_closest_marker("feature") or _BROWSER_FIXTURES & set(getattr(item, "fixturenames", ()))
    ]
    config.hook.pytest_deselected(items=driven)
    items[:] = [item for item in items if item not in driven]


def pytest_runtest_logreport(report: Any) -> None:
    """One line for each report."""
    expected_failure = hasattr(report, "wasxfail")
    _write(nodeid=report.nodeid, when=report.when, outcome="xfailed" if expected_failure else report.outcome)


def pytest_collectreport(report: Any) -> None:
    """A module that cannot be imported has no item."""
    if report.failed:
        _write(nodeid=report.nodeid, when="collect", outcome="failed")


def _write(**facts: str) -> None:
    with Path(os.environ[FILE]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(facts) + "\n")
