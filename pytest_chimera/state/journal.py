"""The durable record: one append-only journal for each feature.

A line is on disk before the next step starts. Each has a sequence number, the digest of the previous line and its own,
so that damage is detected; an incomplete last line is cut off. The rules are those of docs/reference/files.md.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import PydanticSerializationError, from_json, to_json, to_jsonable_python

from pytest_chimera.errors import StateError, StateOutOfReach
from pytest_chimera.state.replay import Event, FeatureRecord, fold
from pytest_chimera.state.sanitize import Cleaner
from pytest_chimera.state.write_ahead_log import WriteAheadLog, to_disk
from pytest_chimera.system.crash_points import CrashPoint, reached

SCHEMA = 1
_BEGINNING = "0" * 64
_TEXTS = {"reason", "words"}
_DIGEST = b',"digest":"'
_SEAL = len(_DIGEST) + 64 + len(b'"}')


class Journal:
    """The journal of one feature.

    :param path: its file, created with the first event.
    :param mirror: called with the readable record after each event; it handles its own failures.
    :param clean: sanitizes external text before it is recorded.
    :param ahead: flushes all journals of this process to disk at once; without it, each journal is flushed separately.
    :raises StateError: an earlier line is damaged (the file is set aside), or a newer version wrote it.
    """

    def __init__(
        self,
        path: Path,
        mirror: Callable[[FeatureRecord], None] | None = None,
        ahead: WriteAheadLog | None = None,
        clean: Cleaner | None = None,
    ) -> None:
        self.path = path
        self.repaired = ""
        self._size = 0
        self._count = 0
        self._last = _BEGINNING
        self._mirror = mirror
        self._ahead = ahead
        self._clean = clean
        self.record = self._read()

    def append(self, event: str, **data: Any) -> FeatureRecord:
        """Record an event: it is on disk when this returns.

        :param data: JSON values, or models.
        :raises StateError: the file cannot be written, or has changed since it was read.
        """
        record = self.write(event, **data)
        self.flush()
        return record

    def write(self, event: str, **data: Any) -> FeatureRecord:
        """Record an event that may reach the disk only with the next one, or with :meth:`flush`.

        If the process is killed, nothing written is lost; if the machine loses power, it may be.
        """
        if self._clean:
            data = {name: self._as_clean(name, value) for name, value in data.items()}
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = Event(SCHEMA, self._count + 1, at, event, data, self._last, "")
        record = fold(self.record, (entry,))
        line, digest = _as_line(entry)
        reached(CrashPoint.BEFORE_RECORD, event)
        self._put(line)
        reached(CrashPoint.AFTER_RECORD, event)
        self._count, self._last, self.record = entry.seq, digest, record
        if self._mirror:
            self._mirror(record)
        return record

    def _as_clean(self, name: str, value: Any) -> Any:
        assert self._clean, "only called with a cleaner"
        return self._clean.text(value) if name in _TEXTS else self._clean.value(value)

    def _put(self, line: bytes) -> None:
        try:
            handle = self._opened()
            try:
                if os.fstat(handle).st_size != self._size:
                    raise self._not_ours("changed by another process", "Find out which one works on this feature, then")
                self._write_whole(handle, line)
            finally:
                os.close(handle)
            if self._ahead:
                self._ahead.add(self.path.name, line)
        except OSError as error:
            raise self._no_access("written", error) from error
        self._size += len(line)

    def _opened(self) -> int:
        """Open the file; it is created for the first event only: if it is missing later, it was removed during this
        run.
        """
        how = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            return os.open(self.path, how | (0 if self._size else os.O_CREAT), 0o644)
        except FileNotFoundError:
            if self._size:
                raise self._not_ours("removed", "The record of this feature is lost:") from None
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, how | os.O_CREAT, 0o644)

    def _write_whole(self, handle: int, line: bytes) -> None:
        """Write a line completely or not at all: on a full disk, only a part of it may fit."""
        try:
            done = 0
            while done < len(line):
                done += os.write(handle, line[done:])
        except OSError:
            os.ftruncate(handle, self._size)
            raise

    def flush(self) -> None:
        """Flush everything written to disk.

        :raises StateError: it cannot be written.
        """
        try:
            if self._ahead:
                self._ahead.flush()
            else:
                to_disk(self.path)
        except OSError as error:
            raise self._no_access("written", error) from error

    async def flushed(self) -> None:
        """Like :meth:`flush`, but with one flush for all features that wait for one at the same time."""
        try:
            if self._ahead:
                await self._ahead.flushed()
            else:
                to_disk(self.path)
        except OSError as error:
            raise self._no_access("written", error) from error

    def _not_ours(self, what: str, advice: str) -> StateError:
        return StateError(
            f"The journal was {what} during this run.",
            where=str(self.path),
            remedy=f"{advice} run the same command again.",
        )

    def _no_access(self, done: str, error: OSError) -> StateOutOfReach:
        return StateOutOfReach(
            f"The journal cannot be {done}: {error.strerror or error}.",
            where=str(self.path),
            remedy="Free some space or make the cache folder accessible, then run the same command again.",
        )

    def _read(self) -> FeatureRecord:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            raw = b""
        except OSError as error:
            raise self._no_access("read", error) from error
        whole, torn = cut_torn_line(raw)
        if torn:
            self.repaired = f"{self.path.name}: a torn last line ({len(torn)} bytes) was cut off"
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
        self._size = len(whole)
        try:
            return fold(FeatureRecord(), self._noted(whole))
        except _DamagedLine as damage:
            raise self._set_aside(damage) from None
        except (KeyError, ValueError) as error:
            raise self._set_aside(_DamagedLine(self._count, f"its data cannot be read: {error}")) from None

    def _noted(self, whole: bytes) -> Iterator[Event]:
        for event in events_in(whole):
            self._count, self._last = event.seq, event.digest
            yield event

    def _set_aside(self, damage: _DamagedLine) -> StateError:
        number = 1
        while (aside := self.path.with_suffix(f".damaged-{number}.jsonl")).exists():
            number += 1
        self.path.rename(aside)
        return StateError(
            f"Line {damage.line} of the feature's journal is damaged: {damage.why}.",
            where=str(aside),
            remedy="The journal was set aside under that name. Run the same command again to start this feature over.",
        )


class ExaminedJournal(NamedTuple):
    """The result of checking a journal.

    :param damage: what is wrong, in a sentence; ``note``: an irregularity that will be repaired automatically.
    """

    events: int
    record: FeatureRecord
    damage: str = ""
    note: str = ""


def examined(path: Path) -> ExaminedJournal:
    """Check a journal without changing it: another process may be writing to it."""
    record, events = FeatureRecord(), 0
    try:
        whole, torn = cut_torn_line(path.read_bytes())
        for event in events_in(whole):
            record, events = fold(record, (event,)), event.seq
    except _DamagedLine as damage:
        return ExaminedJournal(events, record, f"line {damage.line} is damaged: {damage.why}")
    except (KeyError, ValueError):
        return ExaminedJournal(events, record, f"line {events + 1} is damaged: its data cannot be read")
    except StateError as error:
        return ExaminedJournal(events, record, error.sentence)
    except OSError as error:
        return ExaminedJournal(events, record, f"it cannot be read: {error.strerror or error}")
    cut = f"a torn last line ({len(torn)} bytes), which the next run cuts off" if torn else ""
    return ExaminedJournal(events, record, note=cut)


def record_of(path: Path) -> FeatureRecord:
    """Return a feature's record from its journal, which is only read.

    :raises StateError: it is damaged, or a newer version wrote it.
    """
    try:
        return fold(FeatureRecord(), events_in(cut_torn_line(path.read_bytes())[0]))
    except FileNotFoundError:
        return FeatureRecord()
    except (_DamagedLine, KeyError, ValueError, OSError):
        damage = examined(path).damage
        raise StateError(f"The feature's journal is damaged: {damage}.", where=str(path)) from None


# -- lines


class _DamagedLine(Exception):
    def __init__(self, line: int, why: str) -> None:
        super().__init__(line, why)
        self.line = line
        self.why = why


def _as_line(entry: Event) -> tuple[bytes, str]:
    """Return the event as a line, and the digest at its end."""
    body = _as_json({name: value for name, value in entry._asdict().items() if name != "digest"})[:-1]
    digest = hashlib.sha256(body).hexdigest()
    return b'%b%b%b"}\n' % (body, _DIGEST, digest.encode()), digest


def _as_json(value: dict[str, Any]) -> bytes:
    try:
        return to_json(value)
    except PydanticSerializationError:  # a lone surrogate, from a file name or a program, cannot be encoded as UTF-8
        return json.dumps(to_jsonable_python(value), ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def cut_torn_line(raw: bytes) -> tuple[bytes, bytes]:
    """Return the complete lines, and the incomplete one after them."""
    end = raw.rfind(b"\n") + 1
    return raw[:end], raw[end:]


def events_in(whole: bytes) -> Iterator[Event]:
    """Yield the events of complete lines, each checked against the previous one."""
    previous = _BEGINNING
    for number, line in enumerate(whole.split(b"\n")[:-1], start=1):
        event = _event_in(line, number)
        if event.seq != number:
            raise _DamagedLine(number, f"its sequence number is {event.seq}")
        if event.previous != previous or line[-_SEAL:] != _seal_of(line[:-_SEAL]):
            raise _DamagedLine(number, "its digest does not match")
        previous = event.digest
        yield event


def _seal_of(body: bytes) -> bytes:
    return b'%b%b"}' % (_DIGEST, hashlib.sha256(body).hexdigest().encode())


def _event_in(line: bytes, number: int) -> Event:
    try:
        fields = from_json(line)
    except ValueError:
        raise _DamagedLine(number, "it is not JSON") from None
    _refuse_newer(fields)
    try:
        event = Event(**fields)
    except TypeError:
        raise _DamagedLine(number, "its fields are not a journal's") from None
    if not isinstance(event.data, dict):
        raise _DamagedLine(number, "its fields are not a journal's")
    return event


def _refuse_newer(fields: Any) -> None:
    version = fields.get("schema_version") if isinstance(fields, dict) else None
    if isinstance(version, int) and version > SCHEMA:
        raise StateError(
            f"The journal has schema {version}; this program knows {SCHEMA}.",
            remedy="Upgrade pytest-chimera, or use another cache_dir.",
        )
