"""A browser for ordinary browser tests on a machine where Playwright's own is not installed.

A module of its own, registered after pytest-playwright, because of two plugins' fixtures the later one wins.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], pytestconfig: pytest.Config) -> dict[str, Any]:
    """The launch arguments, with the path of the machine's browser where Playwright has none of its own."""
    from pytest_chimera.session.plain_run_server import launch_args

    return launch_args(pytestconfig, browser_type_launch_args)
