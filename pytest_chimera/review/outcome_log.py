"""What the process that runs a project's own tests told, through its pipe: read whole, or not at all."""

from __future__ import annotations

import hmac
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from pytest_chimera.review.outcome_reporter import BEGUN, COLLECTED, ENDED, SEPARATOR, TAMPERED

_MOST = 64 * 1024 * 1024
_WHOLE = {("setup", "passed"), ("call", "passed"), ("teardown", "passed")}
_LAST_SECONDS = 10.0


@dataclass(frozen=True)
class Outcomes:
    """What was told.

    :param passed: the tests of which set-up, call and teardown all passed, however often each was told of.
    :param begun: pytest was there, before anything of the project's could be imported.
    :param ended: what pytest ended with, told last; ``None`` when it came to no end.
    :param trouble: why nothing of it counts, as the end of a sentence; empty when there is no reason.
    """

    passed: frozenset[str] = frozenset()
    begun: bool = False
    ended: int | None = None
    trouble: str = ""


@dataclass
class Channel:
    """The pipe's two ends.

    :param key: what lines are authenticated with; ``pipe`` the descriptor that the program inherits.
    """

    key: bytes
    pipe: int
    _data: bytearray = field(default_factory=bytearray)
    _listener: threading.Thread | None = None

    def listen(self, ours: int) -> None:
        """Take in what is told, while it is told: nobody has to wait for a reader."""
        self._listener = threading.Thread(target=self._take, args=(ours,), daemon=True, name="chimera-outcomes")
        self._listener.start()

    def _take(self, ours: int) -> None:
        with suppress(OSError), os.fdopen(ours, "rb", buffering=0) as file:
            while chunk := file.read(1 << 16):
                self._data += chunk if len(self._data) <= _MOST else b""

    def close(self) -> None:
        """The program has inherited its end: ours of the same is not needed."""
        with suppress(OSError):
            os.close(self.pipe)
        self.pipe = -1

    def outcomes(self) -> Outcomes:
        """What was told, when the program is gone."""
        self.close()
        if self._listener:
            self._listener.join(_LAST_SECONDS)
            if self._listener.is_alive():
                return Outcomes(trouble="somebody holds the pipe that its outcomes come through")
        return read_outcomes(bytes(self._data), self.key)


@contextmanager
def channel() -> Iterator[Channel]:
    """A pipe for one run of tests."""
    ours, theirs = os.pipe()
    made = Channel(secrets.token_bytes(32), theirs)
    made.listen(ours)
    try:
        yield made
    finally:
        if made.pipe >= 0:
            made.close()


def read_outcomes(data: bytes, key: bytes) -> Outcomes:
    """Read what was told; a line that is missing, was put in or changed makes all of it count for nothing."""
    seen: dict[str, set[tuple[str, str]]] = {}
    begun, ended, trouble, counted = False, None, "", ""
    for number, line in enumerate(data.split(b"\n")[:-1]):
        words = _words(line, number, key)
        if not words or ended is not None:
            return Outcomes(begun=begun, trouble="what it told cannot be read")
        if words[0] == BEGUN:
            begun = True
        elif words[0] == COLLECTED:
            counted = words[1]
        elif words[0] == TAMPERED:
            trouble = trouble or words[1]
        elif words[0] == ENDED:
            ended = int(words[1])
        else:
            seen.setdefault(words[1], set()).add((words[2], words[3]))
    if data and not data.endswith(b"\n"):
        trouble = trouble or "what it told cannot be read"
    passed = frozenset(nodeid for nodeid, reports in seen.items() if reports == _WHOLE)
    if not trouble and counted and len(passed) > int(counted):
        trouble = "it told of more tests than there are"
    return Outcomes(passed, begun, ended, trouble)


def _words(line: bytes, number: int, key: bytes) -> list[str]:
    """The words of a line; none when it is not the one that has to follow."""
    said, _, code = line.rpartition(SEPARATOR)
    if not hmac.compare_digest(code, hmac.new(key, said, "sha256").hexdigest().encode()):
        return []
    first, *words = said.split(SEPARATOR)
    return [word.decode("unicode_escape") for word in words] if first == str(number).encode() else []
