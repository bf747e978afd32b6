"""Judges that stay for the length of a run: an interpreter, a Playwright driver and a browser that serve one test after
the other, each in a copy of the interpreter's process, in a folder and with browser contexts of its own.

What runs there is :mod:`pytest_chimera.judge.copies`. There are as many as are in use at once. One that breaks, takes
longer than it may or says that a run has left something behind is ended, and the next run has another one.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from pytest_chimera.errors import ChimeraError
from pytest_chimera.judge.browser import Browser
from pytest_chimera.judge.interpreter import MANY_RUNS, command, compiled_in, environment, lay_start, temporary_in
from pytest_chimera.judge.record import PRINTED_FILE, SOCKET_FILE, Plan
from pytest_chimera.system.credentials import secret_values
from pytest_chimera.system.machine_load import stretched
from pytest_chimera.system.process import Finished
from pytest_chimera.system.supervision import Supervised, fresh_file
from pytest_chimera.system.supervisor import Log

START_SECONDS = 60.0
"""Until a judge is ready for its first run; longer on a machine that is busy."""
READY_SECONDS = 10.0
"""Until it is ready for another one."""
_MOST_FAILURES = 2
"""How many times in a row no test may begin until no other judge is tried."""
_LOOK_EVERY = 0.1
_KILLED = -9
_PEER = struct.Struct("3i")
"""What the system tells of who is at the other end of a socket: process, user, group."""


class JudgeLost(Exception):
    """A warm judge is of no use any more; the text says why."""


class _TimeIsUp(JudgeLost):
    """It still works on what it was told to do."""


class _Talk:
    """What is said over a judge's socket: one JSON object a line. Any other line is skipped, and kept."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._heard = b""
        self.skipped: list[bytes] = []

    def close(self) -> None:
        """Say and hear nothing more; whoever waits for a word is told so."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def tell(self, **facts: Any) -> None:
        try:
            self._connection.sendall(json.dumps(facts).encode() + b"\n")
        except OSError as error:
            raise JudgeLost(f"it takes no orders any more: {error}") from error

    def hear(self, word: str, seconds: float) -> Any:
        """What is told for a word.

        :raises JudgeLost: it is not told in time, or the judge says that it serves no other run, or it is gone.
        """
        until = time.monotonic() + seconds
        while True:
            told = self._understood(self._line(until, seconds))
            if "unfit" in told:
                raise JudgeLost(str(told["unfit"]))
            if word in told:
                return told[word]

    def _understood(self, line: bytes) -> dict[str, Any]:
        with suppress(ValueError):
            told = json.loads(line)
            if isinstance(told, dict) and told.keys() & {"ready", "ended", "unfit"}:
                return told
        self.skipped = [*self.skipped[-19:], line]
        return {}

    def _line(self, until: float, seconds: float) -> bytes:
        while b"\n" not in self._heard:
            self._heard += self._piece(until, seconds)
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    def _piece(self, until: float, seconds: float) -> bytes:
        try:
            self._connection.settimeout(max(0.001, until - time.monotonic()))
            piece = self._connection.recv(65536)
        except TimeoutError:
            raise _TimeIsUp(f"it said nothing for {seconds:.0f} s") from None
        except OSError as error:
            raise JudgeLost(f"it cannot be heard any more: {error}") from error
        if not piece:
            raise JudgeLost("its process has ended")
        return piece


@dataclass(frozen=True)
class Ended:
    """How a run ended. ``exit_code`` is ``None`` when its time limit cut it off, below zero for a signal."""

    exit_code: int | None
    seconds: float


class WarmJudge:
    """One judge: its process is started at once, and ended by :meth:`stop`, or when we die.

    :param browser: the browser's executable; ``None`` leaves the choice to Playwright.
    """

    def __init__(self, browser: str | None) -> None:
        self.browser = browser
        self.has_started = False
        self._room = Path(tempfile.mkdtemp()).resolve()
        self._program = Supervised(
            command(self._room), folder=self._room, environment=environment(self._room), log=self._room / "judge.log"
        )
        self._stopped = threading.Event()
        self._talk: Future[_Talk] = Future()
        threading.Thread(target=self._start, name="chimera-judge", daemon=True).start()

    def run(self, folder: Path, time_limit: float) -> Ended:
        """Have pytest run in a folder. Blocking.

        :param time_limit: seconds for the run; waiting for the judge does not count.
        :raises JudgeLost: the run could not begin.
        """
        talk = self._ready()
        talk.tell(folder=str(folder), environment=temporary_in(folder), compiled=compiled_in(folder))
        begun = time.monotonic()
        try:
            code: int | None = int(talk.hear("ended", time_limit))
        except JudgeLost as lost:
            self.stop()
            code = None if isinstance(lost, _TimeIsUp) else _KILLED
        return Ended(code, time.monotonic() - begun)

    def _ready(self) -> _Talk:
        limit = stretched(READY_SECONDS if self.has_started else START_SECONDS)
        try:
            talk = self._talk.result(limit)
            talk.hear("ready", limit)
        except TimeoutError:
            raise JudgeLost(f"it did not start within {limit:.0f} s") from None
        self.has_started = True
        return talk

    @property
    def is_stopped(self) -> bool:
        """It has been ended."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End it with all that it has started, and remove its folder; nothing happens the second time."""
        self._stopped.set()
        if self._talk.done() and not self._talk.exception():
            self._talk.result().close()
        self._program.stop()
        shutil.rmtree(self._room, ignore_errors=True)

    # -- starting

    def _start(self) -> None:
        try:
            self._talk.set_result(self._started())
        except (JudgeLost, ChimeraError, OSError) as error:
            self._talk.set_exception(JudgeLost(f"it could not be started: {error}"))
        if self.is_stopped:
            self.stop()

    def _started(self) -> _Talk:
        lay_start(self._room, MANY_RUNS)
        Plan(browser=self.browser, launch=stretched(START_SECONDS)).write(self._room)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self._room / SOCKET_FILE))
            listener.listen(1)
            listener.settimeout(_LOOK_EVERY)
            self._program.start()
            return _Talk(self._accepted(listener))

    def _accepted(self, listener: socket.socket) -> socket.socket:
        """The connection of the process that we have started, and of no other one."""
        while not (self.is_stopped or self._program.poll()):
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                if _process_at(connection) == self._program.pid:
                    return connection
                connection.close()
        raise JudgeLost(self._program.tail(1) or "its process has ended")


def _process_at(connection: socket.socket) -> int:
    """The number of the process at the other end."""
    if sys.platform != "linux":
        return 0
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    process: int = _PEER.unpack(told)[0]
    return process


@dataclass(eq=False)
class WarmJudges:
    """The judges of one run: one for each that is in use at a time.

    :param browser: finds the browser to start the first one with, before anybody asks.
    :param say: told when one is replaced, and why.
    """

    browser: Callable[[], Browser]
    say: Callable[[str], None] = lambda _line: None
    _idle: list[WarmJudge] = field(default_factory=list)
    _busy: list[WarmJudge] = field(default_factory=list)
    _failures: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def _works(self) -> bool:
        """Only Linux can copy a process whole, and says who is at the other end of a socket."""
        return sys.platform == "linux" and self._failures < _MOST_FAILURES

    def start_soon(self) -> None:
        """Have one started, if there is none; nobody waits for it. Whatever is wrong is told when a test is to run."""
        with suppress(ChimeraError):
            path = self.browser().path
            with self._lock:
                if self._works and not self._idle and not self._busy:
                    self._idle.append(WarmJudge(path))

    async def run(self, browser: str | None, folder: Path, log: Path, time_limit: float) -> Finished | None:
        """Have a run done that is laid out in a folder; ``None`` where no judge can be had.

        :param browser: the browser's executable; ``log`` where what it prints goes.
        :param time_limit: seconds.
        """
        while judge := self._taken(browser):
            try:
                ended = await anyio.to_thread.run_sync(judge.run, folder, time_limit, abandon_on_cancel=True)
            except JudgeLost as lost:
                await self._replaced(judge, str(lost))
                continue
            except BaseException:
                await self._gone(judge)
                raise
            await self._given_back(judge)
            return await anyio.to_thread.run_sync(_finished, ended, folder, log)
        return None

    def _taken(self, browser: str | None) -> WarmJudge | None:
        with self._lock:
            if not self._works:
                return None
            judge = next((each for each in self._idle if each.browser == browser), None)
            if judge:
                self._idle.remove(judge)
            else:
                judge = WarmJudge(browser)
            self._busy.append(judge)
            return judge

    async def _given_back(self, judge: WarmJudge) -> None:
        if judge.is_stopped:
            await self._gone(judge)
            return
        with self._lock:
            self._busy.remove(judge)
            self._idle.append(judge)

    async def _replaced(self, judge: WarmJudge, why: str) -> None:
        if judge.has_started:
            self.say(f"a judge is replaced: {why}")
        else:
            self.served(well=False)
            self.say(f"a judge did not start: {why}")
        await self._gone(judge)

    async def _gone(self, judge: WarmJudge) -> None:
        with self._lock:
            if judge in self._busy:
                self._busy.remove(judge)
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(judge.stop)

    def served(self, *, well: bool) -> None:
        """Note whether a judge has started and had a test begin: where they never do, no other one is tried."""
        self._failures = 0 if well else self._failures + 1

    def end(self) -> None:
        """End those that nobody uses. Blocking."""
        with self._lock:
            idle, self._idle = self._idle, []
        for judge in idle:
            judge.stop()


def _finished(ended: Ended, folder: Path, log: Path) -> Finished:
    """What a run printed, made harmless, masked and bounded as any program's output is."""
    path = fresh_file(log)
    written = Log(str(path), sorted(secret_values(dict(os.environ))))
    with suppress(FileNotFoundError), (folder / PRINTED_FILE).open("rb") as printed:
        for chunk in iter(partial(printed.read, 1 << 18), b""):
            written.add(chunk)
    written.finish()
    output = path.read_text(encoding="utf-8", errors="replace")
    return Finished(ended.exit_code, output, ended.seconds, ended.exit_code is None, path)
