"""A pytest plugin for running a project's own tests: deselects tests that use a browser, and records each outcome.

It is loaded by name in that process alone. Its results can only lead to a rejection; they make nothing green.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

LOG_VARIABLE = "CHIMERA_OUTCOME_LOG"
"""The environment variable with the path of the log."""
BEGUN = ""
"""The node id of the first line: pytest has started, and is about to read the project."""
_BROWSER_FIXTURES = {"page", "context", "browser", "new_context"}


def pytest_load_initial_conftests() -> None:
    """Write the first line, before anything of the project is imported."""
    _write(nodeid=BEGUN, when="begin", outcome="passed")


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Keep the tests that need no browser: the judge runs the others."""
    driven = [
        item
        for item in items
        if item.get_closest_marker("feature") or _BROWSER_FIXTURES & set(getattr(item, "fixturenames", ()))
    ]
    config.hook.pytest_deselected(items=driven)
    items[:] = [item for item in items if item not in driven]


def pytest_runtest_logreport(report: Any) -> None:
    """Write a line for each report."""
    expected_failure = hasattr(report, "wasxfail")
    _write(nodeid=report.nodeid, when=report.when, outcome="xfailed" if expected_failure else report.outcome)


def pytest_collectreport(report: Any) -> None:
    """Write a line for a module that cannot be imported: it has no items."""
    if report.failed:
        _write(nodeid=report.nodeid, when="collect", outcome="failed")


def _write(**facts: str) -> None:
    with Path(os.environ[LOG_VARIABLE]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(facts) + "\n")
