"""Runs a sealed test in a process of its own, and reads the results.

``browser`` finds a browser, and ``runner`` has a test run: in a new process, or in a fork of a running one.
``interpreter`` has the command that starts either; ``warm`` keeps the running ones, whose program is ``copies``.
``witness`` is the pytest plugin that observes the test, ``record`` defines what it exchanges with us, and ``reading``
converts that to a :class:`~pytest_chimera.models.TestRun`, with typed reasons and readable messages. The names are
imported lazily, because the witness's process imports this package, too, and has to start fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

_HOME = {
    "Browser": "browser",
    "find_browser": "browser",
    "PAGE_TYPES": "reading.reasons",
    "check_handwritten": "reading.handwritten",
    "data_type": "reading.reasons",
    "product_modules": "reading.handwritten",
    "TestExecutor": "runner",
    "empty_pages": "runner",
    "freeze": "runner",
    "is_vacuous": "runner",
    "judge": "runner",
    "seal_of": "runner",
}

if TYPE_CHECKING:
    from pytest_chimera.judge.browser import Browser, find_browser
    from pytest_chimera.judge.reading.handwritten import check_handwritten, product_modules
    from pytest_chimera.judge.reading.reasons import PAGE_TYPES, data_type
    from pytest_chimera.judge.runner import TestExecutor, empty_pages, freeze, is_vacuous, judge, seal_of

__all__ = [
    "PAGE_TYPES",
    "Browser",
    "TestExecutor",
    "check_handwritten",
    "data_type",
    "empty_pages",
    "find_browser",
    "freeze",
    "is_vacuous",
    "judge",
    "product_modules",
    "seal_of",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
