"""The write-ahead file: what the journals of one process are given goes into one file first, which one flush puts on
the disk for all of them.

It matters only when the machine dies: a process that is killed has written its journals already. The next run finds the
file, puts back the lines that a journal lacks, and removes it. The rules are those of docs/reference/files.md.
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

from pytest_chimera.system.signing import Signer, signer_of_machine

ENDING = ".ahead"
MOST = 16_000_000
"""Bytes after which the journals themselves are put on the disk and the file begins anew."""
_AT_ONCE = 16
_PREVIOUS = re.compile(rb'"previous":"([0-9a-f]{64})"(?:,"mac":"[0-9a-f]{64}")?,"digest":"([0-9a-f]{64})"}$')
_JOURNAL = re.compile(rb"[^./\\\0][^/\\\0]*\.jsonl")
_BEGINNING = b"0" * 64


def to_disk(path: Path) -> None:
    """Have a file on the disk, with what was written to it by whomever."""
    with path.open("ab") as file:
        _flush(file.fileno())


_flush = getattr(os, "fdatasync", os.fsync)


class Ahead:
    """The write-ahead file of this process, made with the first line.

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
        """Take in a line that a journal was given.

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
        """Have everything on the disk that was added."""
        with self._lock:
            if self._flushed < self._added:
                _flush(self._handle)
                self._flushed = self._added

    async def flushed(self) -> None:
        """As :meth:`flush`, once all that can go on have come this far: one flush does for all of them."""
        added = self._added
        with anyio.CancelScope(shield=True):
            await anyio.lowlevel.checkpoint()
        if self._flushed < added:
            self.flush()

    def close(self) -> None:
        """Have the journals themselves on the disk; the file is not needed any more."""
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
    """Many at once: the system puts them on the disk together."""

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


# -- after the machine died


def recovered(folder: Path, signer: Signer | None = None) -> list[str]:
    """Put back what journals lack that a run had on the disk before the machine died.

    Call it before any journal of the folder is read. Files of processes that live are left alone.

    :param signer: knows the lines that this machine has written; no other one follows such a line.
    :return: what was done, in sentences.
    """
    if not any(folder.glob(f"*{ENDING}")):
        return []
    signer = signer or signer_of_machine()
    with filelock.FileLock(folder / "recovering.lock"):
        return [sentence for path in sorted(folder.glob(f"*{ENDING}")) for sentence in _recovered_from(path, signer)]


def _recovered_from(path: Path, signer: Signer) -> Iterator[str]:
    owner = filelock.FileLock(f"{path}.lock", timeout=0)
    try:
        owner.acquire()
    except filelock.Timeout:
        return
    try:
        lines = _lines_by_journal(path)
        for name, given in lines.items():
            if count := _put_back(path.parent / name, given, signer):
                yield f"{name}: {count} line{'s' if count > 1 else ''} put back that the machine had lost"
        _all_to_disk(path.parent, lines)
        path.unlink()
    finally:
        owner.release()
        Path(owner.lock_file).unlink(missing_ok=True)


def _lines_by_journal(path: Path) -> dict[str, list[bytes]]:
    lines: dict[str, list[bytes]] = defaultdict(list)
    for line in path.read_bytes().split(b"\n")[:-1]:
        name, tab, given = line.partition(b"\t")
        if tab and _JOURNAL.fullmatch(name) and _PREVIOUS.search(given):
            lines[os.fsdecode(name)].append(given)
    return lines


def _put_back(journal: Path, given: list[bytes], signer: Signer) -> int:
    """Append what follows a journal's last whole line; how many lines that were."""
    raw = journal.read_bytes() if journal.exists() else b""
    end = raw.rfind(b"\n") + 1
    line = raw[:end].rstrip(b"\n").rpartition(b"\n")[2]
    last = _PREVIOUS.search(line)
    if end and not last:
        return 0
    if signer.has_signed(journal.name, line):
        given = [each for each in given if signer.has_signed(journal.name, each)]
    missing = _following(given, last[2] if last else _BEGINNING)
    if missing:
        with journal.open("r+b" if raw else "wb") as file:
            file.truncate(end)
            file.seek(end)
            file.write(b"".join(line + b"\n" for line in missing))
    return len(missing)


def _following(given: list[bytes], digest: bytes) -> list[bytes]:
    """The lines that follow a digest, each the one before."""
    found: list[bytes] = []
    for line in given:
        link = _PREVIOUS.search(line)
        assert link, "only lines with their digests are taken in"
        if link[1] == digest:
            found.append(line)
            digest = link[2]
    return found
