"""The process between us and a program that we run: it ends the program's process tree if we die.

It runs as a script, ``python -I -S -B supervisor.py PIPE``, in its own session, and imports nothing from this package.
It reads the order (see :class:`Order`) from standard input; that pipe then stays open as long as we live and want the
program to run. To the pipe with the given number it writes, as one JSON object per line, what it started and how that
ended; where file descriptors cannot be inherited, it uses its standard output.

The program is its child, in another session. On Linux the supervisor is a *subreaper*: processes that the program
leaves behind, even those that called ``setsid`` or daemonized, become children of the supervisor, so that none can
escape. On other systems it keeps track of the descendants.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psutil

HEAD = 256 * 1024
"""How many bytes are kept from the beginning of a program's output."""
TAIL = 768 * 1024
"""How many bytes are kept from the end of a program's output."""
TERMINATE_SECONDS = 1.0
"""How long a tree may take to terminate before it is killed."""
KILL_SECONDS = 0.7
"""How long to wait for a killed tree."""
_TICK = 0.25 if os.name == "posix" else 0.05
_SANDBOX = "bwrap"
_PR_SET_CHILD_SUBREAPER = 36

Event = SimpleQueue[str]


@dataclass(frozen=True)
class Order:
    """What to run; sent as eight bytes with the length, JSON of that length, and ``stdin_size`` bytes.

    :param command: the program's absolute path and its arguments.
    :param time_limit: seconds, after which the tree is ended; ``None`` for no limit.
    :param stdin_size: how many bytes of standard input follow; 0 means an empty one.
    :param packages: the folder to import psutil from, which is not on this interpreter's path.
    :param owner: the process that sent the order; once it is no longer our parent, it has died.
    :param scratch: a folder that is removed with the program when the owner has died; empty for none.
    """

    command: list[str]
    folder: str
    environment: dict[str, str]
    log: str
    time_limit: float | None
    stdin_size: int
    secrets: list[str]
    packages: str
    owner: int
    scratch: str = ""

    def is_orphaned(self) -> bool:
        """Return whether the owner has died; only POSIX tells."""
        return sys.platform != "win32" and os.getppid() != self.owner

    def encoded(self) -> bytes:
        """Return the order as sent through the pipe, without the standard input."""
        body = json.dumps(asdict(self)).encode()
        return len(body).to_bytes(8, "big") + body


# -- a program's output, made harmless and bounded

_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def harmless(text: str) -> str:
    """Return the text without colours and cursor movements; other control characters are escaped."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub(_picture, text)


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


class Mask:
    """Replaces secrets with ``***``, including partial ones at a cut."""

    def __init__(self, secrets: list[str]) -> None:
        plain = {harmless(each) for each in secrets}
        escaped = {json.dumps(each)[1:-1] for each in plain}
        self._secrets = sorted((each for each in plain | escaped if each), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._secrets))) if self._secrets else None

    def __call__(self, text: str) -> str:
        return self._pattern.sub("***", text) if self._pattern else text

    def without_begun(self, text: str) -> str:
        """Return the text without the beginning of a secret at its end."""
        end = len(text)
        for secret in self._secrets:
            start = text.find(secret[0], max(0, len(text) - len(secret) + 1))
            while start != -1 and not secret.startswith(text[start:]):
                start = text.find(secret[0], start + 1)
            end = min(end, start) if start != -1 else end
        return text[:end]

    def without_ended(self, text: str) -> str:
        """Return the text without the end of a secret at its beginning."""
        start = 0
        for secret in self._secrets:
            stop = text.find(secret[-1], 0, len(secret) - 1)
            while stop != -1:
                start = max(start, stop + 1) if secret.endswith(text[: stop + 1]) else start
                stop = text.find(secret[-1], stop + 1, len(secret) - 1)
        return text[start:]


class Log:
    """A program's output: the beginning and end are kept, and the bytes between are counted."""

    def __init__(self, path: str, secrets: list[str]) -> None:
        self.trouble = ""
        self._path = Path(path)
        self._mask = Mask(secrets)
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._total = 0
        self._lock = threading.Lock()
        self._written = ""
        self._written_total = 0
        self._file = self._path.open("w", encoding="utf-8", errors="replace", newline="")

    def add(self, chunk: bytes) -> None:
        """Add a piece of output."""
        with self._lock:
            self._total += len(chunk)
            room = HEAD - len(self._head)
            self._head += chunk[:room] if room > 0 else b""
            rest = chunk[max(room, 0) :]
            if rest:
                self._tail.append(rest)
                self._tail_size += len(rest)
            while self._tail and self._tail_size - len(self._tail[0]) >= TAIL:
                self._tail_size -= len(self._tail.popleft())

    def text(self, *, complete: bool) -> str:
        """Return what is kept; unless it is complete, a partial secret may be at its end."""
        with self._lock:
            head, tail, total = bytes(self._head), b"".join(self._tail), self._total
        left_out = total - len(head) - len(tail)
        if not left_out:
            text = self._readable(head + tail)
            return text if complete else self._mask.without_begun(text)
        ending = self._mask.without_ended(self._readable(tail))
        beginning = self._mask.without_begun(self._readable(head))
        return f"{beginning}\n… {left_out:,} bytes left out …\n{ending}"

    def _readable(self, data: bytes) -> str:
        return self._mask(harmless(data.decode("utf-8", "replace")))

    def flush(self) -> None:
        """Update the file."""
        if self._total == self._written_total:
            return
        self._written_total = self._total
        self._write(self.text(complete=False))

    def finish(self) -> None:
        """Write the file for the last time, even if it has been removed or replaced."""
        text = self.text(complete=True)
        self._write(text)
        with suppress(OSError):
            self._file.close()
        if not self._is_ours():
            self._write_anew(text)

    def _write(self, text: str) -> None:
        try:
            if text.startswith(self._written):
                self._file.write(text[len(self._written) :])
            else:
                self._file.seek(0)
                self._file.write(text)
                self._file.truncate()
            self._file.flush()
        except OSError as error:
            self.trouble = str(error)
        self._written = text

    def _is_ours(self) -> bool:
        try:
            with self._path.open(encoding="utf-8", newline="") as file:
                return not self._path.is_symlink() and file.read() == self._written
        except (OSError, UnicodeError):
            return False

    def _write_anew(self, text: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = self._path.with_name(f"{self._path.name}.new")
            new.write_text(text, encoding="utf-8", errors="replace", newline="")
            new.replace(self._path)
        except OSError as error:
            self.trouble = str(error)


# -- the process tree


def become_subreaper() -> bool:
    """Let orphaned descendants become our children; only Linux can do this."""
    if sys.platform != "linux":
        return False
    try:
        import ctypes  # imported here because it takes a few milliseconds, and other systems do not need it

        libc = ctypes.CDLL(None, use_errno=True)
        return bool(libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    except (ImportError, OSError, AttributeError):
        return False


class Tree:
    """The program and everything that it has started."""

    def __init__(self, child: subprocess.Popen[bytes], psutil: Any, subreaper: bool) -> None:
        self._child = child
        self._psutil = psutil
        self._subreaper = subreaper
        self._known: set[psutil.Process] = set()

    def look(self) -> None:
        """Reap orphans that have ended, or note the descendants where orphans do not become our children."""
        if self._subreaper:
            self._reap()
        else:
            self._note()

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if ended.si_pid == self._child.pid:
                    self._child.poll()
                else:
                    os.waitpid(ended.si_pid, os.WNOHANG)

    def _note(self) -> None:
        """Note every descendant with its start time, so that a signal cannot reach a later process with the same id."""
        for process in [self._psutil.Process(), *self._known]:
            with suppress(self._psutil.Error):
                self._known.update(process.children(recursive=True))
        self._known = {process for process in self._known if self._lives(process)}

    def _lives(self, process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != self._psutil.STATUS_ZOMBIE
        except self._psutil.NoSuchProcess:
            return False
        except self._psutil.Error:
            return True

    def _nothing_left(self) -> bool:
        self._child.poll()
        if not self._subreaper:
            self._note()
            return not self._known
        self._reap()
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return True
        return False

    def end(self) -> list[int]:
        """Terminate, wait briefly, kill; return the ids of those that could not be ended."""
        if self._nothing_left():
            return []
        self._signal(signal.SIGTERM)
        if self._wait(TERMINATE_SECONDS):
            return []
        deadline, left = time.monotonic() + KILL_SECONDS, len(self._known)
        while time.monotonic() < deadline:
            self._signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            if self._wait(0.05):
                return []
            if len(self._known) < left:  # on a busy machine they end one by one
                deadline, left = time.monotonic() + KILL_SECONDS, len(self._known)
        return sorted(process.pid for process in self._known)

    def _signal(self, number: int) -> None:
        self._note()
        for process in self._known:
            with suppress(self._psutil.Error, OSError):
                if number != signal.SIGTERM or process.name() != _SANDBOX:  # the signal also ends what runs in it
                    process.send_signal(number)
        if not self._subreaper and os.name == "posix":
            with suppress(OSError):
                os.killpg(self._child.pid, number)

    def _wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self._nothing_left():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)  # the end of grandchildren is not signalled
        return True


# -- running


def _read_exactly(size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = os.read(0, min(size - len(data), 1 << 20))
        if not piece:
            os._exit(0)  # our owner died before it had sent its order: nothing is running yet
        data += piece
    return bytes(data)


def read_order() -> tuple[Order, bytes]:
    """Return the order and the program's standard input."""
    order = Order(**json.loads(_read_exactly(int.from_bytes(_read_exactly(8), "big"))))
    return order, _read_exactly(order.stdin_size)


def tell(**facts: Any) -> None:
    """Send a message to the owner; if it no longer listens, the other pipe shows that."""
    pipe = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with suppress(OSError):
        os.write(pipe, json.dumps(facts).encode() + b"\n")


def _start(order: Order, stdin: bytes) -> subprocess.Popen[bytes]:
    """Start the program with a file as standard input: it may read it at any time, or never."""
    with tempfile.TemporaryFile() as file:
        file.write(stdin)
        file.seek(0)
        return subprocess.Popen(
            order.command,
            cwd=order.folder,
            env=order.environment,
            stdin=file if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            bufsize=0,
        )


def _listen_to_owner(events: Event) -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    events.put("closed")


def _take_output(child: subprocess.Popen[bytes], log: Log) -> None:
    assert child.stdout is not None
    with suppress(OSError):
        while chunk := os.read(child.stdout.fileno(), 1 << 18):
            log.add(chunk)


def _watch_signals(events: Event) -> None:
    """Install handlers rather than SIG_IGN, which the program would inherit."""
    signal.signal(signal.SIGTERM, lambda *_: events.put("closed"))
    signal.signal(signal.SIGINT, lambda *_: None)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, lambda *_: None)
        signal.signal(signal.SIGCHLD, lambda *_: events.put("child"))


def _watch(order: Order, child: subprocess.Popen[bytes], tree: Tree, log: Log, events: Event) -> bool:
    """Wait until the program has ended, is no longer wanted, or its time is up; return whether it was cut off."""
    deadline = time.monotonic() + order.time_limit if order.time_limit is not None else None
    while child.poll() is None:
        left = deadline - time.monotonic() if deadline is not None else _TICK
        if left <= 0:
            return True
        with suppress(Empty):
            if events.get(timeout=min(left, _TICK)) == "closed":
                return False
        if order.is_orphaned():
            return False
        tree.look()
        log.flush()
    return False


def main() -> None:
    """Run the order."""
    order, stdin = read_order()
    events: Event = SimpleQueue()
    _watch_signals(events)
    subreaper = become_subreaper()
    begun = time.monotonic()
    try:
        log = Log(order.log, order.secrets)
        child = _start(order, stdin)
    except OSError as error:
        tell(error=str(error))
        os._exit(0)
    tell(pid=child.pid)
    taking = threading.Thread(target=_take_output, args=(child, log), daemon=True)
    taking.start()
    threading.Thread(target=_listen_to_owner, args=(events,), daemon=True).start()
    sys.path.append(order.packages)
    import psutil  # while the program starts

    tree = Tree(child, psutil, subreaper)
    timed_out = _watch(order, child, tree, log, events)
    seconds = time.monotonic() - begun
    left = tree.end()
    taking.join(1.0)
    log.finish()
    if order.scratch and order.is_orphaned():
        shutil.rmtree(order.scratch, ignore_errors=True)
    tell(exit_code=child.poll(), timed_out=timed_out, seconds=seconds, left=left, log_trouble=log.trouble)
    os._exit(0)


if __name__ == "__main__":
    main()
