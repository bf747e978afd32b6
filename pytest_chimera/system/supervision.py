"""Our side of the supervisor: start a program, wait for it, stop it. Blocking, and standard library only."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, NotRequired, Protocol, TypedDict

from pytest_chimera.errors import ChimeraError, EnvironmentTrouble
from pytest_chimera.system.machine_load import Deadline
from pytest_chimera.system.secret_detection import secret_values
from pytest_chimera.system.supervisor import KILL_SECONDS, TERMINATE_SECONDS, Order

_SCRIPT = Path(__file__).with_name("supervisor.py")
_COMMAND = (sys.executable, "-I", "-S", "-B")
"""With ``-S``, nothing is executed or printed just because it is in the folder of packages."""
_MOST_UNKNOWN = 20
_STOP_SECONDS = TERMINATE_SECONDS + KILL_SECONDS + 3.0
_FIRST_WORD_SECONDS = 60.0
"""How many seconds a supervisor may take to start its program, even on a very busy machine."""
_LAST_WORD_SECONDS = 5.0
_REMEDY = "Run the same command again. If it happens again, check whether this starts: {command}"


class ProgramNotFound(ChimeraError):
    """A program does not exist, or cannot be executed.

    :param name: the program as given; ``path``: where it was searched for.
    """

    def __init__(self, sentence: str, *, name: str, path: str, remedy: str = "") -> None:
        super().__init__(sentence, where=f"PATH={path}" if path else "", remedy=remedy)
        self.name = name
        self.path = path


@dataclass(frozen=True)
class Finished:
    """How a program ended and its output.

    :param exit_code: ``None`` if the time limit cut it off; negative if a signal ended it.
    :param output: standard output and error together: the beginning and end, with the omitted middle counted, control
        characters escaped, and secrets masked. ``log`` is a file with the same text.
    """

    exit_code: int | None
    output: str
    seconds: float
    timed_out: bool
    log: Path


def describe_exit(ended: Finished | int | None, seconds: float = 0.0) -> str:
    """Describe how a program ended, as the end of a sentence: "exited 1", "was cut off after 30 s".

    :param ended: the result, or the exit code alone: ``None`` if it was cut off, negative for a signal.
    :param seconds: how long it ran, if only the exit code is given.
    """
    if isinstance(ended, Finished):
        return describe_exit(ended.exit_code, ended.seconds)
    if ended is None:
        return f"was cut off after {seconds:.0f} s" if seconds >= 1 else f"was cut off after {seconds:.1f} s"
    if ended >= 0:
        return f"exited {ended}"
    with suppress(ValueError):
        return f"was killed by signal {-ended} ({signal.Signals(-ended).name})"
    return f"was killed by signal {-ended}"


def find_program(name: str, folder: Path, path: str) -> str:
    """Return the absolute path of a program.

    :param name: a bare name is searched for in ``path``; one with a slash is relative to ``folder``.
    :raises ProgramNotFound: it does not exist.
    """
    bare = Path(name).name == name
    found = shutil.which(name, path=path) if bare else shutil.which(str(folder / name))
    if found is None:
        raise ProgramNotFound(
            f"The program {name!r} was not found.",
            name=name,
            path=path if bare else "",
            remedy="Install it, or write its full path.",
        )
    return str(Path(found).absolute())


def fresh_file(path: Path) -> Path:
    """Create a new, empty file: ``path``, or with a number if it exists already. Nothing recorded is overwritten."""
    fresh, number = path, 1
    while True:
        with suppress(FileExistsError):
            fresh.touch(exist_ok=False)
            return fresh
        number += 1
        fresh = path.with_name(f"{path.stem}-{number}{path.suffix}")


def tail_of(text: str, lines: int = 20) -> str:
    """Return the last lines of a text, without blank ones at the end."""
    return "\n".join(text.rstrip().splitlines()[-lines:])


class Confinement(Protocol):
    """What a program runs in: :class:`pytest_chimera.system.sandbox.Sandbox` is one."""

    def around(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[str]:
        """Return the command line that runs a command inside."""


class SupervisionOptions(TypedDict):
    """How to run a program: keyword arguments of :class:`Supervised`."""

    folder: Path
    environment: Mapping[str, str]
    log: Path
    time_limit: NotRequired[float | None]
    stdin: NotRequired[bytes]
    sandbox: NotRequired[Confinement | None]
    scratch: NotRequired[Path | None]


class Supervised:
    """A program under its supervisor: its process tree ends with it, with :meth:`stop`, or with this process.

    :param command: the program and its arguments; no shell is involved.
    :param folder: where it runs; ``environment``: its entire environment.
    :param log: the file for its output, numbered if it exists already.
    :param time_limit: seconds; ``None`` for no limit.
    :param stdin: its standard input.
    :param sandbox: what it runs in; ``None`` for no sandbox.
    :param scratch: a folder that is removed with it when this process dies.

    Secrets in its environment or in ours (:mod:`pytest_chimera.system.secret_detection`) are masked in its output.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        time_limit: float | None = None,
        stdin: bytes = b"",
        sandbox: Confinement | None = None,
        scratch: Path | None = None,
    ) -> None:
        self.command = list(command)
        self.folder = folder.absolute()
        self.log = log.absolute()
        self.pid = 0
        self.environment = dict(environment)
        self._time_limit = time_limit
        self._stdin = stdin
        self._secrets = sorted(secret_values({**os.environ, **environment}))
        self._sandbox = sandbox
        self._scratch = str(scratch or "")
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._said = SupervisorReport()
        self._report: dict[str, Any] = {}
        self._lock = threading.RLock()

    def start(self) -> None:
        """Start it; it has a process id (``pid``) afterwards.

        :raises ProgramNotFound: the program does not exist, or cannot be executed.
        :raises EnvironmentTrouble: its folder does not exist.
        """
        with self._lock:
            order = self._order()
            self._supervisor = self._said.by(_start_supervisor)
            try:
                self._hand_over(order)
            except BaseException:
                self.stop()
                raise

    def _order(self) -> Order:
        if not self.folder.is_dir():
            raise EnvironmentTrouble("The folder that a program should run in does not exist.", where=str(self.folder))
        program = find_program(self.command[0], self.folder, self.environment.get("PATH", os.defpath))
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log = fresh_file(self.log)
        command = [program, *self.command[1:]]
        if self._sandbox:
            command = self._sandbox.around(command, self.folder, self.environment)
        return Order(
            command=command,
            folder=str(self.folder),
            environment=self.environment,
            log=str(self.log),
            time_limit=self._time_limit,
            stdin_size=len(self._stdin),
            secrets=self._secrets,
            packages=_folder_of_packages(),
            owner=os.getpid(),
            scratch=self._scratch,
        )

    def _hand_over(self, order: Order) -> None:
        supervisor = self._supervisor
        assert supervisor is not None
        assert supervisor.stdin is not None
        begun = time.monotonic()
        threading.Thread(target=_give, args=(supervisor, order.encoded() + self._stdin), daemon=True).start()
        told = self._said.next(_FIRST_WORD_SECONDS)
        if "pid" in told:
            self.pid = told["pid"]
        elif "error" in told:
            raise ProgramNotFound(
                f"The program {self.command[0]!r} could not be started: {told['error']}.",
                name=self.command[0],
                path="",
                remedy="Check that it can be run from a terminal.",
            )
        else:
            waited = time.monotonic() - begun
            how = f"said nothing for {waited:.0f} s" if waited >= _FIRST_WORD_SECONDS else "could not be started"
            supervisor.kill()
            raise EnvironmentTrouble(
                f"A program's supervisor {how}.",
                where=self._said.besides(),
                remedy=_REMEDY.format(command=shlex.join(_COMMAND)),
            )

    def run(self) -> Finished:
        """Start it and wait for its end. Its process tree is gone when this returns, raises or is interrupted.

        The errors are those of :meth:`start` and :meth:`finished`.
        """
        self.start()
        try:
            if self._supervisor is not None:
                self._wait(self._supervisor)
        finally:
            self.stop()
        return self.finished()

    def _wait(self, supervisor: subprocess.Popen[bytes]) -> None:
        limit = None if self._time_limit is None else self._time_limit + _STOP_SECONDS + _FIRST_WORD_SECONDS
        with suppress(subprocess.TimeoutExpired):
            supervisor.wait(limit)

    def poll(self) -> bool:
        """Whether it has ended, and no process of its tree is left."""
        with self._lock:
            if self._report or self._supervisor is None:
                return True
            if self._supervisor.poll() is None:
                return False
            self._read_report(self._supervisor)
            return True

    def _read_report(self, supervisor: subprocess.Popen[bytes]) -> None:
        assert supervisor.stdin is not None
        with suppress(OSError):
            supervisor.stdin.close()
        self._report = self._said.last(_LAST_WORD_SECONDS)
        if "exit_code" not in self._report:
            _end_orphaned_tree(self.pid)
            self._report = {"exit_code": -9, "timed_out": False, "seconds": 0.0, "lost": self._said.besides()}

    def stop(self) -> None:
        """Stop it and everything that it started, within two seconds; do nothing if it has ended already."""
        with self._lock:
            supervisor = self._supervisor
            if supervisor is None or self._report:
                return
            assert supervisor.stdin is not None
            with suppress(OSError):
                supervisor.stdin.close()
        deadline = Deadline(_STOP_SECONDS)
        while not deadline.is_over():
            with suppress(subprocess.TimeoutExpired):
                supervisor.wait(deadline.seconds)
                break
        else:
            supervisor.kill()
            with suppress(subprocess.TimeoutExpired):  # one that survives even this hangs in the system
                supervisor.wait(_LAST_WORD_SECONDS)
        self.poll()

    @property
    def exit_code(self) -> int | None:
        """Its exit code; ``None`` while it runs and if it was cut off."""
        self.poll()
        code: int | None = None if self._report.get("timed_out") else self._report.get("exit_code")
        return code

    def output(self) -> str:
        """Return its output so far."""
        with suppress(OSError):
            return self.log.read_text(encoding="utf-8", errors="replace")
        return ""

    def tail(self, lines: int = 20) -> str:
        """Return the last lines of its output."""
        return tail_of(self.output(), lines)

    def tree(self) -> set[int]:
        """Return the ids of all its running processes."""
        import psutil  # imported only here: running a program does not need it

        if self._supervisor is None or self.poll():
            return set()
        with suppress(psutil.Error):
            return {process.pid for process in psutil.Process(self._supervisor.pid).children(recursive=True)}
        return set()

    def finished(self) -> Finished:
        """Return how it ended; call it after that.

        :raises EnvironmentTrouble: its supervisor was killed, its log could not be written, or something that it
            started cannot be stopped.
        """
        report = self._report
        if trouble := _trouble_in(report):
            raise EnvironmentTrouble(
                f"{self.command[0]!r} was run, but {trouble}.",
                where=str(self.log),
                remedy="Fix that, and run the same command again.",
            )
        return Finished(
            exit_code=self.exit_code,
            output=self.output(),
            seconds=report["seconds"],
            timed_out=report["timed_out"],
            log=self.log,
        )


def _trouble_in(report: Mapping[str, Any]) -> str:
    if "lost" in report:
        return f"its supervisor was killed, and its result is unknown {report['lost']}".rstrip()
    if report["log_trouble"]:
        return f"its output could not be written: {report['log_trouble']}"
    if report["left"]:
        return f"something that it started cannot be stopped: process {', '.join(map(str, report['left']))}"
    return ""


class SupervisorReport:
    """A supervisor's messages: its report, line by line, through a pipe of its own, and its other output.

    An interpreter may print anything when it starts. So lines that are not part of the report are skipped, and kept for
    diagnosis.
    """

    def __init__(self) -> None:
        self._told: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._unknown: deque[bytes] = deque(maxlen=_MOST_UNKNOWN)
        self._listener: threading.Thread | None = None

    def by(self, start: Callable[[IO[bytes]], tuple[subprocess.Popen[bytes], IO[bytes]]]) -> subprocess.Popen[bytes]:
        """Start a supervisor, and listen to it from now on."""
        printed = tempfile.TemporaryFile()  # noqa: SIM115  the listener closes it
        supervisor, pipe = start(printed)
        arguments = (pipe, printed)
        self._listener = threading.Thread(target=self._listen, args=arguments, daemon=True, name="chimera-supervisor")
        self._listener.start()
        return supervisor

    def _listen(self, pipe: IO[bytes], printed: IO[bytes]) -> None:
        with pipe, printed, suppress(OSError, ValueError):
            for line in pipe:
                if told := _told(line):
                    self._told.put(told)
                else:
                    self._unknown.append(line)
            printed.seek(0)
            self._unknown.extend(printed)
        self._told.put(None)

    def next(self, seconds: float) -> dict[str, Any]:
        """Return its next message; an empty one if it has ended, or sends nothing for that long."""
        with suppress(Empty):
            return self._told.get(timeout=seconds) or {}
        return {}

    def last(self, seconds: float) -> dict[str, Any]:
        """Return its last message, once it has ended."""
        last: dict[str, Any] = {}
        while told := self.next(seconds):
            last = told
        return last

    def besides(self) -> str:
        """Return the end of its other output, once it has ended."""
        if self._listener:
            self._listener.join(_LAST_WORD_SECONDS)
        return tail_of(b"".join(self._unknown).decode("utf-8", "replace"), 5)


def _start_supervisor(printed: IO[bytes]) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    """Return a supervisor, and the pipe for its messages.

    :param printed: receives its other output.
    """
    if os.name != "posix":
        supervisor = _interpreter([str(_SCRIPT)], subprocess.PIPE, printed)
        assert supervisor.stdout is not None
        return supervisor, supervisor.stdout
    ours, theirs = os.pipe()
    try:
        supervisor = _interpreter([str(_SCRIPT), str(theirs)], printed, printed, (theirs,))
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return supervisor, os.fdopen(ours, "rb")


def _interpreter(
    words: list[str], stdout: IO[bytes] | int, stderr: IO[bytes], kept: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    names = ("PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return subprocess.Popen(
        [*_COMMAND, *words],
        cwd=tempfile.gettempdir(),
        env={name: os.environ[name] for name in names if name in os.environ},
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        pass_fds=kept,
    )


def _give(supervisor: subprocess.Popen[bytes], order: bytes) -> None:
    """Send the order from a separate thread, so that a supervisor that does not read it blocks nobody."""
    assert supervisor.stdin is not None
    with suppress(OSError, ValueError):
        supervisor.stdin.write(order)
        supervisor.stdin.flush()


def _folder_of_packages() -> str:
    spec = importlib.util.find_spec("psutil")
    return str(Path(spec.origin).parent.parent) if spec and spec.origin else ""


def _told(line: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        told = json.loads(line)
        return told if isinstance(told, dict) else {}
    return {}


def _end_orphaned_tree(pid: int) -> None:
    """End what can still be found of a program whose supervisor died without a report."""
    import psutil  # imported only in this rare case: running a program does not need it

    with suppress(psutil.Error):
        program = psutil.Process(pid)
        for process in [*program.children(recursive=True), program]:
            with suppress(psutil.Error):
                process.kill()
