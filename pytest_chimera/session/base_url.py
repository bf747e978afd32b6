"""The ``base_url`` fixture as a function, in the place of pytest-playwright's.

Where pytest-base-url is not installed, pytest-playwright 0.10 stands in for it with a session-scoped fixture that is a
method of an object. pytest 9.2 calls that deprecated in each run that opens a page, and ``-W error`` makes an error of
it. This is the same fixture, without the object; it is registered only where that stand-in is.
"""

from __future__ import annotations

import pytest

STANDS_IN_FOR = "playwright-base-url"
"""The name under which pytest-playwright registers its own."""


@pytest.fixture(scope="session")
def base_url(pytestconfig: pytest.Config) -> str | None:
    """Where the application under test is, as ``--base-url`` or the ini key says it."""
    return pytestconfig.getoption("--base-url") or pytestconfig.getini("base_url") or None
