"""The durable record: one append-only journal a feature, and the standing that its events add up to.

A line is flushed to disk before the next step begins. Each carries a sequence number, the digest of the line before and
its own, so that damage is seen; a torn last line is cut off. The rules are those of docs/reference/files.md.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from pytest_chimera.crash_points import CrashPoint, reached
from pytest_chimera.errors import StateError
from pytest_chimera.models import Change, Proof, SealedTest, Value
from pytest_chimera.workflow import ChimeraPhase, ChimeraWorkflow, PhaseResult

SCHEMA = 1
_BEGINNING = "0" * 64


class Event(Value):
    """One line of a journal.

    :param seq: counts from 1; ``at`` is the time in UTC, for people.
    :param previous: digest of the line before; ``digest`` of this one.
    """

    schema_version: int = SCHEMA
    seq: int
    at: str
    event: str
    data: dict[str, Any]
    previous: str
    digest: str = ""

    def sealed(self) -> Event:
        """This event with its own digest."""
        return self.model_copy(update={"digest": self.expected_digest()})

    def expected_digest(self) -> str:
        """What the digest has to be."""
        text = json.dumps(self.model_dump(exclude={"digest"}), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


class Journal:
    """The journal of one feature.

    :param path: its file, made with the first event.
    :param mirror: called with the readable standing after each event; its failures are the caller's warnings.
    :raises StateError: an earlier line is damaged (the file is set aside), or a newer program wrote it.
    """

    def __init__(self, path: Path, mirror: Callable[[Standing], None] | None = None) -> None:
        self.path = path
        self.repaired = ""
        self._size = 0
        self._mirror = mirror
        self._events = self._read()
        self.standing = self._fold_all()

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, in order."""
        return tuple(self._events)

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
        last = self._events[-1] if self._events else None
        entry = Event(
            seq=len(self._events) + 1,
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            event=event,
            data={key: _plain(value) for key, value in data.items()},
            previous=last.digest if last else _BEGINNING,
        ).sealed()
        standing = fold(self.standing, entry)
        reached(CrashPoint.BEFORE_RECORD, event)
        self._write(entry)
        reached(CrashPoint.AFTER_RECORD, event)
        self._events.append(entry)
        self.standing = standing
        if self._mirror:
            self._mirror(standing)
        return standing

    def _write(self, entry: Event) -> None:
        line = json.dumps(entry.model_dump(), ensure_ascii=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                if file.tell() != self._size:
                    raise StateError(
                        "The journal was changed by somebody else while this run was going on.",
                        where=str(self.path),
                        remedy="See who else works on this feature, then run the same command again.",
                    )
                file.write(line.encode())
                file.flush()
                self._size = file.tell()
        except OSError as error:
            raise self._no_access("written", error) from error

    def flush(self) -> None:
        """Have everything on the disk that was written.

        :raises StateError: it cannot be written.
        """
        try:
            with self.path.open("ab") as file:
                _to_disk(file.fileno())
        except OSError as error:
            raise self._no_access("written", error) from error

    def _no_access(self, done: str, error: OSError) -> StateError:
        return StateError(
            f"The journal cannot be {done}: {error.strerror or error}.",
            where=str(self.path),
            remedy="Make room or make the cache folder accessible, then run the same command again.",
        )

    def _read(self) -> list[Event]:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            raw = b""
        except OSError as error:
            raise self._no_access("read", error) from error
        whole, torn = _cut_torn_line(raw)
        if torn:
            self.repaired = f"{self.path.name}: a torn last line ({len(torn)} bytes) was cut off"
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
        self._size = len(whole)
        try:
            return list(_checked(whole))
        except _DamagedLine as damage:
            raise self._set_aside(damage) from None

    def _fold_all(self) -> Standing:
        standing = Standing()
        for event in self._events:
            try:
                standing = fold(standing, event)
            except (ValidationError, KeyError, ValueError) as error:
                raise self._set_aside(_DamagedLine(event.seq, f"its data cannot be read: {error}")) from None
        return standing

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


_to_disk = getattr(os, "fdatasync", os.fsync)


class Examined(NamedTuple):
    """What a journal's file holds.

    :param damage: what is wrong with it, in a sentence; ``note`` what is odd about it and mends itself.
    """

    events: int
    standing: Standing
    damage: str = ""
    note: str = ""


def examined(path: Path) -> Examined:
    """Check a journal, and change nothing: its writer may be at work."""
    standing, events = Standing(), 0
    try:
        whole, torn = _cut_torn_line(path.read_bytes())
        for event in _checked(whole):
            standing, events = fold(standing, event), event.seq
    except _DamagedLine as damage:
        return Examined(events, standing, f"line {damage.line} is damaged: {damage.why}")
    except (ValidationError, KeyError, ValueError):
        return Examined(events, standing, f"line {events + 1} is damaged: its data cannot be read")
    except StateError as error:
        return Examined(events, standing, error.sentence)
    except OSError as error:
        return Examined(events, standing, f"it cannot be read: {error.strerror or error}")
    cut = f"a torn last line ({len(torn)} bytes), which the next run cuts off" if torn else ""
    return Examined(events, standing, note=cut)


def standing_of(path: Path) -> Standing:
    """Where a feature stands, as its journal tells it; the journal is only read.

    :raises StateError: it is damaged, or a newer program wrote it.
    """
    if not path.exists():
        return Standing()
    found = examined(path)
    if found.damage:
        raise StateError(f"The feature's journal is not whole: {found.damage}.", where=str(path))
    return found.standing


class _DamagedLine(Exception):
    def __init__(self, line: int, why: str) -> None:
        super().__init__(line, why)
        self.line = line
        self.why = why


def _cut_torn_line(raw: bytes) -> tuple[bytes, bytes]:
    end = raw.rfind(b"\n") + 1
    return raw[:end], raw[end:]


def _checked(whole: bytes) -> Iterator[Event]:
    previous = _BEGINNING
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            data = json.loads(line)
        except ValueError:
            raise _DamagedLine(number, "it is not JSON") from None
        _refuse_newer(data)
        try:
            event = Event.model_validate(data)
        except ValidationError:
            raise _DamagedLine(number, "its fields are not a journal's") from None
        if event.seq != number:
            raise _DamagedLine(number, f"its sequence number is {event.seq}")
        if event.previous != previous or event.digest != event.expected_digest():
            raise _DamagedLine(number, "its digest does not fit")
        previous = event.digest
        yield event


def _refuse_newer(data: Any) -> None:
    version = data.get("schema_version") if isinstance(data, dict) else None
    if isinstance(version, int) and version > SCHEMA:
        raise StateError(
            f"The journal has schema {version}; this program knows {SCHEMA}.",
            remedy="Upgrade pytest-chimera, or use another cache_dir.",
        )


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, Value) else value


# -- what the events add up to


class Standing(Value):
    """Where a feature stands, as its journal tells it.

    :param feature: its id; ``workflow`` the present generation's workflow, ``None`` before the first.
    :param asked: digest of what the person asked for when this generation began.
    :param open_phase: a phase that was started and has not ended: a crash's leftover.
    :param parked: why it is parked; ``stopped`` why it waits for the person; empty once it goes on.
    :param settled: ``present`` or ``proved``, for a feature that was there without our doing; ``settled_test`` is its
        test and ``settled_commit`` the commit that proved it, if any.
    :param handed: the generated test as it was last written into the person's tree.
    :param green_trees: digests of the trees on which the sealed test was seen green.
    """

    feature: str = ""
    workflow: ChimeraWorkflow | None = None
    asked: str = ""
    open_phase: tuple[ChimeraPhase, int] | None = None
    parked: str = ""
    stopped: str = ""
    settled: str = ""
    settled_test: SealedTest | None = None
    settled_commit: str = ""
    handed: str = ""
    proof: Proof | None = None
    branch: str = ""
    merged: str = ""
    stacked: str = ""
    green_trees: tuple[str, ...] = ()
    began_at: str = ""
    updated_at: str = ""

    @property
    def state(self) -> str:
        """One word for people."""
        if self.parked:
            return "parked"
        if self.settled:
            return self.settled
        return self.workflow.current_phase.value if self.workflow else "new"


def fold(standing: Standing, event: Event) -> Standing:
    """The standing after one more event. An event of an unknown name changes nothing but the time."""
    known = _FOLDS.get(event.event)
    changes = known(standing, event.data) if known else {}
    return standing.model_copy(update={**changes, "updated_at": event.at, "began_at": standing.began_at or event.at})


Changes = dict[str, Any]
_GOES_ON: Changes = {"parked": "", "stopped": ""}


def _begun(_standing: Standing, data: dict[str, Any]) -> Changes:
    fresh = Standing(
        feature=data["feature"], asked=data["asked"], workflow=ChimeraWorkflow.model_validate(data["workflow"])
    )
    kept = {"workflow", "handed", "began_at", "updated_at"}
    return fresh.model_dump(exclude=kept) | {"workflow": fresh.workflow}


def _phase_started(_standing: Standing, data: dict[str, Any]) -> Changes:
    return _GOES_ON | {"open_phase": (ChimeraPhase(data["phase"]), data["attempt"])}


def _phase_finished(standing: Standing, data: dict[str, Any]) -> Changes:
    result = PhaseResult.model_validate(data["result"])
    workflow = _workflow(standing)
    if any(known.key == result.key for known in workflow.results):
        raise ValueError(f"a second result for {result.phase}, attempt {result.attempt}")
    return {"workflow": workflow.entered(ChimeraPhase(data["leads_to"]), result), "open_phase": None}


def _moved(standing: Standing, data: dict[str, Any]) -> Changes:
    change = Change.model_validate(data["change"]) if data["change"] else None
    return {"workflow": _workflow(standing).moved_to(SealedTest.model_validate(data["sealed"]), change)}


def _answered(standing: Standing, data: dict[str, Any]) -> Changes:
    workflow = _workflow(standing).answered(data["words"])
    return {"workflow": workflow, "proof": None, "branch": "", "merged": "", "stacked": "", **_GOES_ON}


def _handed(_standing: Standing, data: dict[str, Any]) -> Changes:
    return {"handed": data["source"]}


def _limited(standing: Standing, data: dict[str, Any]) -> Changes:
    workflow = _workflow(standing)
    fresh = {"max_attempts": data["max_attempts"], "answered_after": workflow.attempt - 1}
    return {"workflow": workflow.model_copy(update=fresh)}


def _parked(_standing: Standing, data: dict[str, Any]) -> Changes:
    return {"parked": data["reason"], "open_phase": None}


def _stopped(_standing: Standing, data: dict[str, Any]) -> Changes:
    return {"stopped": data["reason"], "open_phase": None}


def _settled(_standing: Standing, data: dict[str, Any]) -> Changes:
    test = SealedTest.model_validate(data["test"])
    return {
        "settled": data["state"],
        "settled_test": test,
        "settled_commit": data["commit"],
        "green_trees": (data["tree"],),
        "open_phase": None,
    }


def _proved(standing: Standing, data: dict[str, Any]) -> Changes:
    proof = Proof.model_validate(data["proof"])
    return {"proof": proof, "green_trees": (*standing.green_trees, proof.tree)}


def _published(_standing: Standing, data: dict[str, Any]) -> Changes:
    return {"branch": data["branch"]}


def _merged(_standing: Standing, data: dict[str, Any]) -> Changes:
    return {"merged": data["commit"]}


def _stacked(_standing: Standing, data: dict[str, Any]) -> Changes:
    return {"stacked": data["commit"]}


def _reproved(standing: Standing, data: dict[str, Any]) -> Changes:
    return {"green_trees": (*standing.green_trees, data["tree"]), **_GOES_ON}


_FOLDS: dict[str, Callable[[Standing, dict[str, Any]], Changes]] = {
    "begun": _begun,
    "phase_started": _phase_started,
    "phase_finished": _phase_finished,
    "moved": _moved,
    "answered": _answered,
    "handed": _handed,
    "limited": _limited,
    "parked": _parked,
    "stopped": _stopped,
    "settled": _settled,
    "proved": _proved,
    "published": _published,
    "merged": _merged,
    "stacked": _stacked,
    "reproved": _reproved,
}


def _workflow(standing: Standing) -> ChimeraWorkflow:
    if standing.workflow is None:
        raise ValueError("an event of a workflow came before the workflow began")
    return standing.workflow


def readable(standing: Standing) -> dict[str, Any]:
    """The standing as ``pytest --cache-show`` shows it: a mirror, never read back as the truth."""
    workflow = standing.workflow
    return {
        "state": standing.state,
        "phase": workflow.current_phase.value if workflow else "",
        "attempts": workflow.attempts if workflow else 0,
        "generation": workflow.generation if workflow else 0,
        "branch": standing.branch,
        "merged": standing.merged,
        "parked": standing.parked,
        "stopped": standing.stopped,
        "test": (workflow.test_path if workflow else None) or "",
        "commit": standing.proof.commit if standing.proof else "",
        "updated": standing.updated_at,
    }
