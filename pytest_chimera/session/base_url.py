"""A replacement for pytest-playwright's ``base_url`` fixture.

Where pytest-base-url is not installed, pytest-playwright 0.10 provides a session-scoped fixture of its own that is a
method. pytest 9.2 deprecates such fixtures: it warns in each run that opens a page, and ``-W error`` turns the warning
into an error. This is the same fixture as a function; it is registered only where pytest-playwright's would be used.
"""

from __future__ import annotations

import pytest

STANDS_IN_FOR = "playwright-base-url"
"""The name under which pytest-playwright registers its fixture."""


@pytest.fixture(scope="session")
def base_url(pytestconfig: pytest.Config) -> str | None:
    """Return the URL of the application under test, from ``--base-url`` or the ini file."""
    return pytestconfig.getoption("--base-url") or pytestconfig.getini("base_url") or None
