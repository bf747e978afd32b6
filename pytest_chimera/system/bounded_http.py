"""Asking over HTTP with an end: one deadline for the whole answer, whatever drips in, and a limit to its size."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.request import HTTPHandler

_AT_ONCE = 65_536


class TooSlow(OSError):
    """An answer had not ended when its time was over."""


def read_within(answer: Any, most: int, ends: float) -> bytes:
    """The body of an answer, as much of it as is wanted.

    :param answer: what ``urlopen`` gives; ``most`` bytes of it are read.
    :param ends: the deadline, on the clock of ``time.monotonic``.
    :raises TooSlow: it had not come by then.
    """
    parts, size = [], 0
    while size < most:
        part = answer.read1(min(_AT_ONCE, most - size))
        if time.monotonic() >= ends:
            raise TooSlow("it had not ended in time")
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


class DeadlineHandler(HTTPHandler):
    """Opens connections that are shut down when a deadline has passed, in the middle of a header too."""

    def __init__(self) -> None:
        super().__init__()
        self._ends = time.monotonic()
        self._watches: list[threading.Timer] = []

    @contextmanager
    def until(self, ends: float) -> Iterator[None]:
        """What is opened inside ends by then, on the clock of ``time.monotonic``."""
        self._ends = ends
        try:
            yield
        finally:
            for watch in self._watches:
                watch.cancel()
            self._watches.clear()

    def http_open(self, request: Any) -> http.client.HTTPResponse:
        """Open a connection, as urllib asks for it."""
        return self.do_open(self._connection, request)

    def _connection(self, host: str, **options: Any) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(host, **options)
        connect = connection.connect

        def connected() -> None:
            connect()
            self._watch(connection.sock)

        connection.connect = connected  # type: ignore[method-assign] # of this one alone
        return connection

    def _watch(self, opened: socket.socket) -> None:
        watch = threading.Timer(max(0.0, self._ends - time.monotonic()), _shut, (opened,))
        watch.daemon = True
        self._watches.append(watch)
        watch.start()


def _shut(opened: socket.socket) -> None:
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
