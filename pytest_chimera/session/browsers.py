"""A browser for ordinary browser tests on a machine where Playwright's own is not installed.

This is a separate module, registered after pytest-playwright, because the fixture that is registered last wins.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], browser_name: str, pytestconfig: pytest.Config
) -> dict[str, Any]:
    """Return the launch arguments; if Playwright's Chromium is not installed, they point to the machine's."""
    if browser_name != "chromium":
        return browser_type_launch_args
    from pytest_chimera.session.plain_run_server import launch_args

    return launch_args(pytestconfig, browser_type_launch_args)
