"""The write-ahead log: what one process writes to its journals is written first to a single file, so that one flush
puts it all on disk.

It matters only if the machine crashes: a killed process has written its journals already. The next run finds the file,
restores the lines that a journal lacks, and removes it. The rules are those of docs/reference/files.md.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.lowlevel
import filelock

ENDING = ".ahead"
MOST = 16_000_000
"""The size in bytes at which the journals themselves are flushed and the file starts over."""
_AT_ONCE = 16
_PREVIOUS = re.compile(rb'"previous":"([0-9a-f]{64})","digest":"([0-9a-f]{64})"}$')
_BEGINNING = b"0" * 64


def to_disk(path: Path) -> None:
    """Flush a file to disk, including what other processes wrote to it."""
    with path.open("ab") as file:
        _flush(file.fileno())


_flush = getattr(os, "fdatasync", os.fsync)


class WriteAheadLog:
    """The write-ahead log of this process, created with the first line.

    :param folder: the folder of the journals.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / f"{os.getpid()}-{secrets.token_hex(4)}{ENDING}"
        self._held = filelock.FileLock(f"{self.path}.lock", timeout=0, thread_local=False)
        self._handle = -1
        self._size = 0
        self._added = 0
        self._flushed = 0
        self._names: set[str] = set()
        self._lock = threading.RLock()

    def add(self, name: str, line: bytes) -> None:
        """Add a line that was written to a journal.

        :param name: the journal's file name.
        """
        with self._lock:
            if self._handle < 0:
                self._begin()
            elif self._size > MOST:
                self._begin_anew()
            os.write(self._handle, b"%b\t%b" % (os.fsencode(name), line))
            self._size += len(line)
            self._added += 1
            self._names.add(name)

    def _begin(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._held.acquire()
        how = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._handle = os.open(self.path, how, 0o644)
        _folder_to_disk(self.folder)

    def _begin_anew(self) -> None:
        _all_to_disk(self.folder, self._names)
        os.ftruncate(self._handle, 0)
        self._size, self._flushed = 0, self._added
        self._names.clear()

    def flush(self) -> None:
        """Flush everything that was added to disk."""
        with self._lock:
            if self._flushed < self._added:
                _flush(self._handle)
                self._flushed = self._added

    async def flushed(self) -> None:
        """Like :meth:`flush`, but waits until all tasks that can have reached this point: one flush serves them all."""
        added = self._added
        with anyio.CancelScope(shield=True):
            await anyio.lowlevel.checkpoint()
        if self._flushed < added:
            self.flush()

    def close(self) -> None:
        """Flush the journals themselves to disk and remove the file."""
        with self._lock:
            if self._handle < 0:
                return
            _all_to_disk(self.folder, self._names)
            os.close(self._handle)
            self._handle = -1
            self.path.unlink(missing_ok=True)
            self._held.release()
            Path(self._held.lock_file).unlink(missing_ok=True)


def _all_to_disk(folder: Path, names: Iterable[str]) -> None:
    """Flush files concurrently: the system writes them together."""

    def one(name: str) -> None:
        with suppress(FileNotFoundError):  # it was set aside, or the cache was cleared
            handle = os.open(folder / name, os.O_WRONLY)
            try:
                _flush(handle)
            finally:
                os.close(handle)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(one, names))
    _folder_to_disk(folder)


def _folder_to_disk(folder: Path) -> None:
    if os.name != "posix":
        return
    with suppress(FileNotFoundError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# -- after a crash of the machine


def recovered(folder: Path) -> list[str]:
    """Restore lines that were on disk before the machine crashed and that the journals lack.

    Call it before any journal of the folder is read. Files of running processes are left alone.

    :return: what was done, in sentences.
    """
    if not any(folder.glob(f"*{ENDING}")):
        return []
    with filelock.FileLock(folder / "recovering.lock"):
        return [sentence for path in sorted(folder.glob(f"*{ENDING}")) for sentence in _recovered_from(path)]


def _recovered_from(path: Path) -> Iterator[str]:
    owner = filelock.FileLock(f"{path}.lock", timeout=0)
    try:
        owner.acquire()
    except filelock.Timeout:
        return
    try:
        lines = _lines_by_journal(path)
        for name, given in lines.items():
            if count := _put_back(path.parent / name, given):
                yield f"{name}: {count} line{'s' if count > 1 else ''} restored after a crash of the machine"
        _all_to_disk(path.parent, lines)
        path.unlink()
    finally:
        owner.release()
        Path(owner.lock_file).unlink(missing_ok=True)


def _lines_by_journal(path: Path) -> dict[str, list[bytes]]:
    lines: dict[str, list[bytes]] = defaultdict(list)
    for line in path.read_bytes().split(b"\n")[:-1]:
        name, tab, given = line.partition(b"\t")
        if tab and _PREVIOUS.search(given):
            lines[os.fsdecode(name)].append(given)
    return lines


def _put_back(journal: Path, given: list[bytes]) -> int:
    """Append what follows a journal's last complete line; return the number of lines."""
    raw = journal.read_bytes() if journal.exists() else b""
    end = raw.rfind(b"\n") + 1
    last = _PREVIOUS.search(raw[:end].rstrip(b"\n"))
    if end and not last:
        return 0
    missing = _following(given, last[2] if last else _BEGINNING)
    if missing:
        with journal.open("r+b" if raw else "wb") as file:
            file.truncate(end)
            file.seek(end)
            file.write(b"".join(line + b"\n" for line in missing))
    return len(missing)


def _following(given: list[bytes], digest: bytes) -> list[bytes]:
    """Return the lines that follow a digest, each linked to the previous one."""
    found: list[bytes] = []
    for line in given:
        link = _PREVIOUS.search(line)
        assert link, "only lines with digests are added"
        if link[1] == digest:
            found.append(line)
            digest = link[2]
    return found
