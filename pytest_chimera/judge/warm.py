"""Warm judges: interpreters with a Playwright driver and a browser that are already running when a test is to run.

They run :mod:`pytest_chimera.judge.copies`. Each run is a fork of the interpreter, with a separate folder and separate
browser contexts. There are as many judges as are in use at the same time. A judge is stopped, and the next run uses a
new one, if it breaks, if a run exceeds its time limit, or if a run leaves something behind.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread

from pytest_chimera.errors import ChimeraError
from pytest_chimera.judge.browser import Browser
from pytest_chimera.judge.interpreter import (
    MANY_RUNS,
    bytecode_folder,
    judge_command,
    judge_environment,
    temporary_variables,
    write_start_file,
)
from pytest_chimera.judge.record import BEGUN, PRINTED_FILE, SOCKET_FILE, JudgePlan
from pytest_chimera.system.machine_load import Deadline, stretched
from pytest_chimera.system.process import Finished
from pytest_chimera.system.secret_detection import secret_values
from pytest_chimera.system.supervision import Supervised, fresh_file
from pytest_chimera.system.supervisor import Log

WARM_JUDGES_SUPPORTED = sys.platform == "linux"
"""Whether this system has warm judges: they fork, and find orphaned processes in a way that only Linux offers."""
START_SECONDS = 60.0
"""Time limit for the start of a judge; longer on a busy machine."""
BEGIN_SECONDS = 10.0
"""Time limit until a running judge begins a run; longer on a busy machine."""
_LOOK_EVERY = 0.1
_KILLED = -9


class JudgeUnavailable(Exception):
    """Raised when a judge cannot begin a run; the text is the reason."""


class WarmJudge:
    """A running judge, which serves one run after the other.

    :param home: the folder for the judge's own folder; it is removed if this process dies.
    :param browser: the browser's executable; ``None`` for Playwright's choice.
    """

    def __init__(self, home: Path, browser: str | None) -> None:
        self.has_served = False
        self.is_stopped = False
        self._browser = browser
        self._folder = Path(tempfile.mkdtemp(dir=home))
        self._listener = socket.socket(socket.AF_UNIX)
        self._orders: socket.socket | None = None
        self._answers: BinaryIO | None = None
        self._program = Supervised(
            judge_command(self._folder),
            folder=self._folder,
            environment=judge_environment(self._folder),
            log=self._folder / "judge.log",
            scratch=home,
        )

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._program.pid

    def start(self) -> None:
        """Start its process if it is not running, without waiting until it is ready. Blocking."""
        if self.pid:
            return
        write_start_file(self._folder, MANY_RUNS)
        JudgePlan(browser=self._browser, launch=stretched(START_SECONDS)).write(self._folder)
        self._listener.bind(str(self._folder / SOCKET_FILE))
        self._listener.listen(1)
        self._program.start()

    def run(self, folder: Path, time_limit: float) -> tuple[int | None, float]:
        """Run pytest in a folder. Blocking.

        :param time_limit: seconds for the run, not counting the time until it begins.
        :returns: the exit code (``None`` after a timeout, negative for a signal) and the seconds that the run took.
        :raises JudgeUnavailable: the run could not begin.
        """
        try:
            self._begin(folder)
        except (ChimeraError, OSError) as error:
            self._program.stop()
            why = self._program.tail(1) or str(error)
            self.stop()
            raise JudgeUnavailable(why) from error
        self.has_served = True
        begun = time.monotonic()
        code = self._wait_for_end(time_limit)
        return code, time.monotonic() - begun

    def _begin(self, folder: Path) -> None:
        self.start()
        if not self._orders:
            self._orders = self._wait_for_connection()
            self._answers = self._orders.makefile("rb")
        order = {"folder": str(folder), "environment": temporary_variables(folder), "compiled": bytecode_folder(folder)}
        self._orders.sendall(json.dumps(order).encode() + b"\n")
        if self._read_answer(stretched(BEGIN_SECONDS)) != BEGUN:
            raise ConnectionError("its process has ended")

    def _wait_for_connection(self) -> socket.socket:
        """Return the connection to the process, once there is one.

        :raises ConnectionError: the process did not start in time.
        """
        deadline = Deadline(START_SECONDS)
        self._listener.settimeout(_LOOK_EVERY)
        while not (self._program.poll() or deadline.is_over()):
            with suppress(TimeoutError):
                return self._listener.accept()[0]
        raise ConnectionError("it did not start")

    def _read_answer(self, seconds: float) -> bytes:
        """Return the next line from the process; it is empty if the process has ended.

        :raises TimeoutError: no line came in time.
        """
        assert self._orders is not None
        assert self._answers is not None
        self._orders.settimeout(seconds)
        return self._answers.readline().strip()

    def _wait_for_end(self, time_limit: float) -> int | None:
        try:
            return int(self._read_answer(time_limit))
        except TimeoutError:
            code = None
        except (OSError, ValueError):
            code = _KILLED
        self.stop()
        return code

    def stop(self) -> None:
        """Stop it with all of its descendants, and remove its folder. Blocking."""
        self.is_stopped = True
        self._program.stop()
        self._listener.close()
        for each in (self._answers, self._orders):
            if each:
                each.close()
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass(eq=False)
class WarmJudges:
    """The warm judges of a run of pytest. Call all methods in the same event loop.

    :param home: an empty folder, for the folders of judges and runs.
    :param browser: finds the browser to start.
    :param say: reports a message to the user.
    """

    home: Path
    browser: Callable[[], Browser]
    say: Callable[[str], None]
    _idle: list[WarmJudge] = field(default_factory=list)
    _given_up: bool = False

    async def start_ahead(self) -> None:
        """Start a judge if none is idle, so that it is ready when a test is to run. Problems are reported only then."""
        if self._idle or self._given_up:
            return
        with suppress(ChimeraError, OSError):
            judge = WarmJudge(self.home, self.browser().path)
            await anyio.to_thread.run_sync(judge.start)
            self._idle.append(judge)

    async def run(self, folder: Path, log: Path, time_limit: float) -> Finished | None:
        """Run pytest in a folder. Return ``None`` if no judge can run it.

        :param folder: holds the test and its options; ``log``: the file for the output; ``time_limit``: seconds.
        """
        while not self._given_up:
            judge = self._idle.pop() if self._idle else WarmJudge(self.home, self.browser().path)
            try:
                code, seconds = await anyio.to_thread.run_sync(judge.run, folder, time_limit, abandon_on_cancel=True)
            except JudgeUnavailable as error:
                if not judge.has_served:
                    self.give_up(str(error))
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(judge.stop)
                raise
            else:
                if not judge.is_stopped:
                    self._idle.append(judge)
                log = fresh_file(log)
                output = await anyio.to_thread.run_sync(_copy_output, folder, log)
                return Finished(code, output, seconds, code is None, log)
        return None

    def give_up(self, why: str) -> None:
        """Serve no more runs, and report why: from now on, each run uses a new process."""
        self._given_up = True
        self.say(f"each test runs in a new process from now on: {why}")

    async def stop_idle(self) -> None:
        """Stop all judges that are not running a test."""
        idle, self._idle = self._idle, []
        with anyio.CancelScope(shield=True):
            for judge in idle:
                await anyio.to_thread.run_sync(judge.stop)


def _copy_output(folder: Path, log: Path) -> str:
    """Write a run's output to a log, and return it: sanitized, masked and shortened like that of any program."""
    written = Log(str(log), sorted(secret_values(dict(os.environ))))
    with suppress(FileNotFoundError), (folder / PRINTED_FILE).open("rb") as printed:
        for chunk in iter(partial(printed.read, 1 << 18), b""):
            written.add(chunk)
    written.finish()
    return log.read_text(encoding="utf-8", errors="replace")
