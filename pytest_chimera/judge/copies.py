"""The program of a running judge: it keeps one Playwright driver and one browser, and forks for each run.

It runs in the judge's interpreter, in a separate folder, and receives orders over a socket there: one JSON object per
line, which names the folder of a run. For each order, it forks, and the fork runs pytest in that folder, as a process
for a single run does. Whatever a test does to modules, environment, working folder or Playwright's functions ends with
the fork. Only the browser remains; the fork reports whether everything in it was closed.

The forks use the driver one after the other, never at the same time. Before and after each, this process sends the
browser a request and checks its own descendants. If a run has left something behind, this process exits, and its
supervisor stops everything that it started.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import random
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import _pytest.config
import psutil
import pytest
import pytest_playwright.pytest_playwright  # noqa: F401  imported here so that no fork has to
from playwright.sync_api import Browser, Playwright, sync_playwright

from pytest_chimera.judge.record import BEGUN, CLOSED_FILE, PRINTED_FILE, SOCKET_FILE, JudgePlan
from pytest_chimera.judge.witness import WITNESS, Witness, launch_options
from pytest_chimera.system.supervisor import become_subreaper


@dataclass(frozen=True)
class SharedBrowser:
    """The browser that all forks use, and its driver.

    :param loop: the event loop of the connection to Playwright's driver.
    :param processes: the ids of the driver's and the browser's processes.
    """

    playwright: Playwright
    browser: Browser
    loop: asyncio.AbstractEventLoop
    processes: frozenset[int]


def serve() -> None:
    """Serve runs until there are no more orders, or a run has left something behind, then exit.

    The last line printed is the reason for an early exit.
    """
    try:
        _serve_orders()
    except Exception as error:
        print(str(error).partition("\n")[0] or repr(error), flush=True)
    finally:
        os._exit(0)  # the supervisor ends all descendants


def _serve_orders() -> None:
    become_subreaper()  # orphans of a run become children of this process
    for name in getattr(_pytest.config, "default_plugins", ()):
        importlib.import_module(f"_pytest.{name}")
    shared = _start_browser(JudgePlan.read(Path.cwd()))
    with socket.socket(socket.AF_UNIX) as orders:
        orders.connect(SOCKET_FILE)
        for line in orders.makefile("rb"):
            _check_reusable(shared)
            orders.sendall(BEGUN + b"\n")
            order = json.loads(line)
            code = _run_in_fork(order, shared, orders)
            is_closed = Path(order["folder"], CLOSED_FILE).exists()
            orders.sendall(b"%d\n" % code)  # from here on, the folder may be removed
            if not is_closed:
                raise RuntimeError("a run did not close what it had opened in the browser, or did not end by itself")
            _check_reusable(shared)


def _start_browser(plan: JudgePlan) -> SharedBrowser:
    playwright = sync_playwright().start()
    browser = playwright.chromium.launch(**launch_options("chromium", plan, {}))
    gc.collect()
    gc.freeze()  # keeps the garbage collector from writing to memory that forks share with this process
    return SharedBrowser(playwright, browser, asyncio.get_running_loop(), _child_processes())


def _child_processes() -> frozenset[int]:
    """Return the ids of the living children and grandchildren. The browser's own processes are further down."""
    found = set[int]()
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE:
                found |= {child.pid, *(each.pid for each in child.children())}
    return frozenset(found)


def _check_reusable(shared: SharedBrowser) -> None:
    """Check that another run can use the browser.

    :raises Exception: it cannot.
    """
    _check_browser_answers(shared.browser)
    if left := _child_processes() - shared.processes:
        raise RuntimeError(f"a run has left processes behind: {sorted(left)}")


def _check_browser_answers(browser: Browser) -> None:
    """Send the browser a request and wait for the answer, which also reads all earlier messages from the driver.

    :raises Exception: there is no answer, or the driver refers to an unknown object.
    """
    session = browser.new_browser_cdp_session()
    session.send("Browser.getVersion")
    session.detach()


def _run_in_fork(order: Mapping[str, Any], shared: SharedBrowser, orders: socket.socket) -> int:
    """Return the exit code of a run, negative for a signal."""
    fork = os.fork()
    if not fork:
        os.close(orders.fileno())
        _run_pytest_and_exit(order, shared)
    return os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])


def _run_pytest_and_exit(order: Mapping[str, Any], shared: SharedBrowser) -> None:
    code = int(pytest.ExitCode.INTERNAL_ERROR)
    try:
        _enter_folder(Path(order["folder"]), order["environment"], order["compiled"])
        asyncio._set_running_loop(shared.loop)  # Python resets it in a fork
        plugin = SharedBrowserPlugin(shared)
        code = int(pytest.main([], plugins=[plugin]))
        if not plugin.touched_browser and not shared.browser.contexts:
            _check_browser_answers(shared.browser)
            Path(order["folder"], CLOSED_FILE).touch()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _enter_folder(folder: Path, environment: Mapping[str, str], compiled: str) -> None:
    """Make this process like one that was started in the run's folder."""
    os.chdir(folder)
    printed = os.open(PRINTED_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    os.close(printed)
    os.environ.update(environment)
    tempfile.tempdir = None
    sys.pycache_prefix = compiled
    random.seed()


class SharedBrowserPlugin:
    """A pytest plugin that makes tests use the running driver and browser."""

    def __init__(self, shared: SharedBrowser) -> None:
        self._shared = shared
        self._witness: Witness | None = None

    @property
    def touched_browser(self) -> bool:
        """Whether the test may have changed the browser itself, so that no other test should use it."""
        return self._witness is None or self._witness.touched_browser

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the fixtures after pytest-playwright's, because those of the last plugin win."""
        self._witness = config.pluginmanager.get_plugin(WITNESS)
        if self._witness:
            self._witness.watch_browser(self._shared.browser)
        self._shared.playwright.selectors.set_test_id_attribute(JudgePlan.read(config.rootpath).test_id)
        config.pluginmanager.register(_BrowserFixtures(self._shared), "chimera-shared-browser")


class _BrowserFixtures:
    """Override pytest-playwright's fixtures of the same names."""

    def __init__(self, shared: SharedBrowser) -> None:
        self._shared = shared

    @pytest.fixture(scope="session")
    def playwright(self) -> Playwright:
        """Return the running driver."""
        return self._shared.playwright

    @pytest.fixture(scope="session")
    def browser(self) -> Browser:
        """Return the running browser."""
        return self._shared.browser
