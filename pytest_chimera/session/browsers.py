"""A browser for ordinary browser tests on a machine where Playwright's own is not installed.

A module of its own, registered after pytest-playwright, because of two plugins' fixtures the later one wins.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], browser_name: str, pytestconfig: pytest.Config
) -> dict[str, Any]:
    """The launch arguments, for Chromium with the path of the machine's where Playwright has none of its own."""
    if browser_name != "chromium":
        return browser_type_launch_args
    from pytest_chimera.session.plain_run_server import launch_args

    return launch_args(pytestconfig, browser_type_launch_args)
