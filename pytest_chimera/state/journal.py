"""The durable record: one append-only journal a feature.

A line is on the disk before the next step begins. Each carries a sequence number, the digest of the line before and
its own, so that damage is seen, and a signature with this machine's key, so that what somebody else wrote is told from
what was recorded here; a torn last line is cut off. The rules are those of docs/reference/files.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import PydanticSerializationError, from_json, to_json, to_jsonable_python

from pytest_chimera.errors import StateError, StateOutOfReach
from pytest_chimera.state.replay import Event, Standing, fold
from pytest_chimera.state.sanitize import Cleaner
from pytest_chimera.state.write_ahead_log import Ahead, to_disk
from pytest_chimera.system.crash_points import CrashPoint, reached
from pytest_chimera.system.signing import DIGEST, SEAL, Signer, signature_in, signer_of_machine

SCHEMA = 2
HELD: set[Path] = set()
"""The journals that this process holds: nobody else may write them."""
_BEGINNING = "0" * 64
_TEXTS = {"reason", "words"}
_FOLLOWS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_UNREADABLE = (KeyError, ValueError, TypeError, AttributeError, RecursionError)


class Foreign(NamedTuple):
    """What somebody else has recorded of a feature: it counts for nothing until it is proved here.

    :param standing: what it tells; ``where`` it lies now; ``why`` it does not count.
    """

    standing: Standing
    where: Path
    why: str


class Journal:
    """The journal of one feature.

    :param path: its file, made with the first event.
    :param mirror: called with the readable standing after each event; its failures are the caller's warnings.
    :param clean: cleans what comes from outside before it is recorded.
    :param ahead: puts what is written on the disk for all journals of this process at once; each does it alone without.
    :param signer: signs what is written; with this machine's key unless given.
    :param tracked: git tracks the file, so that it may come from anybody.
    :raises StateError: an earlier line is damaged (the file is set aside), or a newer program wrote it.
    """

    def __init__(
        self,
        path: Path,
        mirror: Callable[[Standing], None] | None = None,
        ahead: Ahead | None = None,
        clean: Cleaner | None = None,
        signer: Signer | None = None,
        *,
        tracked: bool = False,
    ) -> None:
        self.path = path
        self.repaired = ""
        self.foreign: Foreign | None = None
        self._signer = signer or signer_of_machine()
        self._tracked = tracked
        self._size = 0
        self._count = 0
        self._last = _BEGINNING
        self._mirror = mirror
        self._ahead = ahead
        self._clean = clean
        self.standing = self._read()

    def append(self, event: str, **data: Any) -> Standing:
        """Record an event: it is on the disk when this returns.

        :param data: values that JSON can hold, or models.
        :raises StateError: the file cannot be written, or it was changed since it was read.
        """
        standing = self.write(event, **data)
        self.flush()
        return standing

    def write(self, event: str, **data: Any) -> Standing:
        """Record an event that is to be on the disk only with the next one, or with :meth:`flush`.

        A process that is killed loses nothing that was written; a machine that loses its power may.
        """
        if self._clean:
            data = {name: self._as_clean(name, value) for name, value in data.items()}
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = Event(SCHEMA, self._count + 1, at, event, data, self._last, "")
        standing = fold(self.standing, (entry,))
        line, digest = _as_line(entry, self._signer, self.path.name)
        reached(CrashPoint.BEFORE_RECORD, event)
        self._put(line)
        reached(CrashPoint.AFTER_RECORD, event)
        self._count, self._last, self.standing = entry.seq, digest, standing
        if self._mirror:
            self._mirror(standing)
        return standing

    def _as_clean(self, name: str, value: Any) -> Any:
        assert self._clean, "it is asked for only where there is a cleaner"
        return self._clean.text(value) if name in _TEXTS else self._clean.value(value)

    def _put(self, line: bytes) -> None:
        try:
            handle = self._opened()
            try:
                if os.fstat(handle).st_size != self._size:
                    raise self._not_ours("changed by somebody else", "See who else works on this feature, then")
                self._write_whole(handle, line)
            finally:
                os.close(handle)
            if self._ahead:
                self._ahead.add(self.path.name, line)
        except OSError as error:
            raise self._no_access("written", error) from error
        self._size += len(line)

    def _opened(self) -> int:
        """The file, made only for the first event: one that is gone was removed during this run."""
        how = os.O_WRONLY | os.O_APPEND | _FOLLOWS
        try:
            return os.open(self.path, how | (0 if self._size else os.O_CREAT), 0o644)
        except FileNotFoundError:
            if self._size:
                raise self._not_ours("removed", "What it told of this feature is gone:") from None
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, how | os.O_CREAT, 0o644)

    def _write_whole(self, handle: int, line: bytes) -> None:
        """Write a line, or nothing of it: a disk that is full takes part of one."""
        try:
            done = 0
            while done < len(line):
                done += os.write(handle, line[done:])
        except OSError:
            os.ftruncate(handle, self._size)
            raise

    def flush(self) -> None:
        """Have everything on the disk that was written.

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
        """As :meth:`flush`, and one flush for all features that are at this point together."""
        try:
            if self._ahead:
                await self._ahead.flushed()
            else:
                to_disk(self.path)
        except OSError as error:
            raise self._no_access("written", error) from error

    def _not_ours(self, what: str, advice: str) -> StateError:
        return StateError(
            f"The journal was {what} while this run was going on.",
            where=str(self.path),
            remedy=f"{advice} run the same command again.",
        )

    def _no_access(self, done: str, error: OSError) -> StateOutOfReach:
        return StateOutOfReach(
            f"The journal cannot be {done}: {error.strerror or error}.",
            where=str(self.path),
            remedy="Make room or make the cache folder accessible, then run the same command again.",
        )

    def _read(self) -> Standing:
        try:
            raw = _bytes_of(self.path)
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
            standing = fold(Standing(), self._noted(whole))
        except _DamagedLine as damage:
            raise self._set_aside(damage) from None
        except _UNREADABLE as error:
            raise self._set_aside(_DamagedLine(self._count, f"its data cannot be read: {error}")) from None
        why = why_foreign(self.path.name, whole, self._signer, tracked=self._tracked)
        return self._left_behind(standing, why) if why else standing

    def _left_behind(self, standing: Standing, why: str) -> Standing:
        """Set aside what somebody else has recorded, and begin anew."""
        aside = self._renamed(".jsonl.unsigned-{}")
        self.foreign = Foreign(standing, aside, why)
        self._size, self._count, self._last = 0, 0, _BEGINNING
        return Standing()

    def _noted(self, whole: bytes) -> Iterator[Event]:
        for event in events_in(whole):
            self._count, self._last = event.seq, event.digest
            yield event

    def _set_aside(self, damage: _DamagedLine) -> StateError:
        aside = self._renamed(".damaged-{}.jsonl")
        return StateError(
            f"Line {damage.line} of the feature's journal is damaged: {damage.why}.",
            where=str(aside),
            remedy="The journal was set aside under that name. Run the same command again to start this feature over.",
        )

    def _renamed(self, ending: str) -> Path:
        """Give the file another name, which no other one has; that is where it lies then."""
        number = 1
        while os.path.lexists(aside := self.path.with_suffix(ending.format(number))):
            number += 1
        self.path.rename(aside)
        return aside


def _bytes_of(path: Path) -> bytes:
    """A journal's content.

    :raises StateError: it is no regular file.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise StateError(
            "A feature's journal is a link, or no regular file.",
            where=str(path),
            remedy="Remove it, then run the same command again.",
        )
    return path.read_bytes()


def why_foreign(name: str, whole: bytes, signer: Signer, *, tracked: bool = False) -> str:
    """Why a journal's content does not count: who wrote it is not known; empty for one of this machine's own.

    :param name: the journal's file name; ``whole`` its lines. The last one stands for all: each holds the digest of
        the one before.
    """
    if not whole:
        return ""
    if tracked:
        return "git tracks it, so that it may come from anybody"
    line = whole[:-1].rpartition(b"\n")[2]
    if signature_in(line) is None:
        return "it has no signature"
    return "" if signer.has_signed(name, line) else "it is signed with another key than this machine's"


class Examined(NamedTuple):
    """What a journal's file holds.

    :param damage: what is wrong with it, in a sentence; ``note`` what is odd about it and mends itself; ``foreign`` why
        what it tells does not count here.
    """

    events: int
    standing: Standing
    damage: str = ""
    note: str = ""
    foreign: str = ""


def examined(path: Path) -> Examined:
    """Check a journal, and change nothing: its writer may be at work."""
    standing, events = Standing(), 0
    try:
        whole, torn = cut_torn_line(_bytes_of(path))
        for event in events_in(whole):
            standing, events = fold(standing, (event,)), event.seq
        foreign = why_foreign(path.name, whole, signer_of_machine())
    except _DamagedLine as damage:
        return Examined(events, standing, f"line {damage.line} is damaged: {damage.why}")
    except _UNREADABLE:
        return Examined(events, standing, f"line {events + 1} is damaged: its data cannot be read")
    except StateError as error:
        return Examined(events, standing, error.sentence)
    except OSError as error:
        return Examined(events, standing, f"it cannot be read: {error.strerror or error}")
    notes = [f"a torn last line ({len(torn)} bytes), which the next run cuts off"] if torn else []
    notes += [f"{foreign}: the next run proves it again"] if foreign else []
    return Examined(events, standing, note="; ".join(notes), foreign=foreign)


def standing_of(path: Path) -> Standing:
    """Where a feature stands, as its journal tells it, whoever wrote that; the journal is only read.

    :raises StateError: it is damaged, or a newer program wrote it.
    """
    return _told_by(path)[0]


def own_standing_of(path: Path) -> Standing:
    """Where a feature stands, as this machine has recorded it; the journal is only read.

    :raises StateError: it is damaged, a newer program wrote it, or somebody else did.
    """
    standing, whole = _told_by(path)
    if why := why_foreign(path.name, whole, signer_of_machine()):
        raise StateError(
            f"What is recorded of {standing.feature or path.stem} does not count here: {why}.",
            where=str(path),
            remedy="pytest --chimera proves it again.",
        )
    return standing


def _told_by(path: Path) -> tuple[Standing, bytes]:
    """What a journal tells, and its whole lines."""
    try:
        whole = cut_torn_line(_bytes_of(path))[0]
        return fold(Standing(), events_in(whole)), whole
    except FileNotFoundError:
        return Standing(), b""
    except (_DamagedLine, OSError, *_UNREADABLE):
        damage = examined(path).damage
        raise StateError(f"The feature's journal is not whole: {damage}.", where=str(path)) from None


# -- lines


class _DamagedLine(Exception):
    def __init__(self, line: int, why: str) -> None:
        super().__init__(line, why)
        self.line = line
        self.why = why


def _as_line(entry: Event, signer: Signer, name: str) -> tuple[bytes, str]:
    """The event as a line, signed, and the digest that the line ends with."""
    body = _as_json({name: value for name, value in entry._asdict().items() if name not in {"mac", "digest"}})[:-1]
    body = signer.with_signature(name, body)
    digest = hashlib.sha256(body).hexdigest()
    return b'%b%b%b"}\n' % (body, DIGEST, digest.encode()), digest


def _as_json(value: dict[str, Any]) -> bytes:
    try:
        return to_json(value)
    except PydanticSerializationError:  # half a character, from a file's name or a program: not for UTF-8
        return json.dumps(to_jsonable_python(value), ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def cut_torn_line(raw: bytes) -> tuple[bytes, bytes]:
    """The whole lines, and what was begun after them."""
    end = raw.rfind(b"\n") + 1
    return raw[:end], raw[end:]


def events_in(whole: bytes) -> Iterator[Event]:
    """The events of whole lines, each checked against the one before."""
    previous = _BEGINNING
    for number, line in enumerate(whole.split(b"\n")[:-1], start=1):
        event = _event_in(line, number)
        if event.seq != number:
            raise _DamagedLine(number, f"its sequence number is {event.seq}")
        if event.previous != previous or line[-SEAL:] != _seal_of(line[:-SEAL]):
            raise _DamagedLine(number, "its digest does not fit")
        previous = event.digest
        yield event


def _seal_of(body: bytes) -> bytes:
    return b'%b%b"}' % (DIGEST, hashlib.sha256(body).hexdigest().encode())


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
    texts = (event.at, event.event, event.previous, event.digest, event.mac)
    if not isinstance(event.data, dict) or not all(isinstance(each, str) for each in texts):
        raise _DamagedLine(number, "its fields are not a journal's")
    return event


def _refuse_newer(fields: Any) -> None:
    version = fields.get("schema_version") if isinstance(fields, dict) else None
    if isinstance(version, int) and version > SCHEMA:
        raise StateError(
            f"The journal has schema {version}; this program knows {SCHEMA}.",
            remedy="Upgrade pytest-chimera, or use another cache_dir.",
        )
