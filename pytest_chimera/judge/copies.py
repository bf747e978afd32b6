"""The program of a warm judge: one Playwright driver, one browser, and a copy of this process for each run.

It runs in the judge's own interpreter, in a folder of its own. Over a socket there it is given orders, one JSON object
a line: the folder of a run. It makes a copy of itself (``fork``), and the copy runs pytest in that folder, as a judge's
process that is for one run does; so whatever a test does to modules, environment, folder or Playwright's own functions
ends with its copy. What is left is the browser: a copy says whether everything in it was closed.

The copies use the driver one after the other, never at once. In between this process asks the browser a question, and
looks at the processes below it: whatever a run has left behind there, this process ends rather than serve another one.
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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import _pytest.config
import psutil
import pytest
import pytest_playwright.pytest_playwright  # noqa: F401  so that no copy has to import it
from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from pytest_chimera.judge.record import PRINTED_FILE, SOCKET_FILE, Plan
from pytest_chimera.judge.witness import Warmed, launch_options
from pytest_chimera.system.supervisor import become_subreaper

_CLOSED = b"closed"


@dataclass(frozen=True)
class Warm:
    """What all copies have in common.

    :param loop: the event loop that Playwright's driver is read in.
    :param processes: the driver and the browser, by their numbers.
    """

    playwright: Playwright
    browser: Browser
    loop: asyncio.AbstractEventLoop
    processes: frozenset[int]


def main() -> None:
    """Serve runs until nobody wants any more, or one has left something behind."""
    become_subreaper()  # what a run has started and left becomes our own child, and is seen
    _import_what_pytest_does()
    with socket.socket(socket.AF_UNIX) as orders:
        orders.connect(SOCKET_FILE)
        warm = _warmed(Plan.read(Path.cwd()))
        for order in _ready_for(orders, warm):
            code, closed = _run_in_a_copy(order, warm, orders)
            _tell(orders, ended=code)
            if not closed:
                _tell(orders, unfit="a run did not close what it had opened in the browser, or did not end by itself")
                break
    os._exit(0)  # whatever is below ends with us


def _import_what_pytest_does() -> None:
    for name in getattr(_pytest.config, "default_plugins", ()):
        importlib.import_module(f"_pytest.{name}")


def _warmed(plan: Plan) -> Warm:
    playwright = sync_playwright().start()
    loop = asyncio.get_running_loop()
    browser = playwright.chromium.launch(**launch_options("chromium", plan, {}))
    gc.collect()
    gc.freeze()  # what a copy does not touch, it shares
    return Warm(playwright, browser, loop, _processes())


def _processes() -> frozenset[int]:
    """The processes that are ours for good: our children, and theirs."""
    ours = psutil.Process().children()
    return frozenset(each.pid for parent in ours for each in (parent, *parent.children()))


# -- orders


def _tell(orders: socket.socket, **facts: Any) -> None:
    orders.sendall(json.dumps(facts).encode() + b"\n")


def _ready_for(orders: socket.socket, warm: Warm) -> Iterator[Mapping[str, Any]]:
    """The orders, each once we are found fit for another run."""
    with orders.makefile("rb") as lines:
        while not (trouble := _trouble_with(warm)):
            _tell(orders, ready=True)
            line = lines.readline()
            if not line:
                return
            yield json.loads(line)
    _tell(orders, unfit=trouble)


def _trouble_with(warm: Warm) -> str:
    """Why no other run can be served; empty when one can."""
    try:
        _ask(warm.browser)
    except Error as error:
        return f"the browser does not answer: {error.message.splitlines()[0]}"
    if left := _processes() - warm.processes:
        return f"a run has left processes behind: {sorted(left)}"
    return ""


def _ask(browser: Browser) -> None:
    """Have the browser answer a question; what the driver told before is read with it.

    :raises Error: it does not, or the driver told something of what we don't know.
    """
    session = browser.new_browser_cdp_session()
    session.send("Browser.getVersion")
    session.detach()


# -- runs


def _run_in_a_copy(order: Mapping[str, Any], warm: Warm, orders: socket.socket) -> tuple[int, bool]:
    """The exit code of a run, below zero for a signal; and whether it has closed what it opened."""
    ours, theirs = os.pipe()
    copy = os.fork()
    if not copy:
        os.close(ours)
        os.close(orders.detach())
        _be_a_copy(order, warm, theirs)
    os.close(theirs)
    with os.fdopen(ours, "rb") as told:
        _, status = os.waitpid(copy, 0)
        os.set_blocking(told.fileno(), False)  # a process that the run has left behind may hold the other end
        return os.waitstatus_to_exitcode(status), told.read() == _CLOSED


def _be_a_copy(order: Mapping[str, Any], warm: Warm, told: int) -> None:
    code = 70
    try:
        _settle_in(Path(order["folder"]), order["environment"], order["compiled"])
        asyncio._set_running_loop(warm.loop)  # to Python it is another process's
        warmed = Warmed(warm.playwright, warm.browser)
        code = int(pytest.main([], plugins=[warmed]))
        if not warmed.left_open and not warm.browser.contexts:
            _ask(warm.browser)
            os.write(told, _CLOSED)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _settle_in(folder: Path, environment: Mapping[str, str], compiled: str) -> None:
    """Be in the run's folder as a process that was started there."""
    os.chdir(folder)
    printed = os.open(PRINTED_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    os.close(printed)
    os.environ.update(environment)
    tempfile.tempdir = None
    sys.pycache_prefix = compiled
    random.seed()
