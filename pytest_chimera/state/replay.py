"""Replays a journal's events into a feature's record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from pytest_chimera.models import Change, Proof, SealedTest, Value
from pytest_chimera.workflow.machine import ChimeraWorkflow, PhaseResult
from pytest_chimera.workflow.transitions import ChimeraPhase


class Event(NamedTuple):
    """One line of a journal.

    :param seq: counts from 1; ``at``: the time in UTC, for people.
    :param previous: the digest of the previous line; ``digest``: of this line.
    """

    schema_version: int
    seq: int
    at: str
    event: str
    data: dict[str, Any]
    previous: str
    digest: str


class FeatureRecord(Value):
    """A feature's current record, from its journal.

    :param feature: its id; ``workflow``: the current generation's workflow, ``None`` before the first.
    :param asked: the digest of what the person asked for when this generation started.
    :param open_phase: a phase that was started and has not ended, because of a crash.
    :param parked: why it is parked; ``stopped``: why it waits for the person; both are empty once it goes on.
    :param ended: how the last run ended with it, as in that run's summary; empty once it goes on.
    :param settled: ``present`` or ``proved``, for a feature that existed already; ``settled_test``: its test;
        ``settled_commit``: the commit that proved it, if any.
    :param handed: the generated test as last written to the person's tree.
    :param green_trees: digests of the trees on which the sealed test was green.
    """

    feature: str = ""
    workflow: ChimeraWorkflow | None = None
    asked: str = ""
    open_phase: tuple[ChimeraPhase, int] | None = None
    parked: str = ""
    stopped: str = ""
    ended: str = ""
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
        """The state from the last run's summary; if that run was interrupted, the phase that it was in."""
        if self.ended:
            return self.ended
        if self.parked or self.stopped:
            return "parked" if self.parked else "failed"
        if self.settled:
            return self.settled
        return self.workflow.current_phase.value if self.workflow else "new"

    @property
    def attempts(self) -> int:
        """How many attempts resulted in a change or a failure."""
        return max(0, self.workflow.attempts_ended) if self.workflow else 0


Changes = dict[str, Any]
Fields = Mapping[str, Any]


def fold(record: FeatureRecord, events: Iterable[Event]) -> FeatureRecord:
    """Return the record after some more events. An event with an unknown name only changes the time.

    :raises ValueError: an event's data cannot be read, or contradicts earlier events.
    """
    now = dict(vars(record))
    for event in events:
        known = _FOLDS.get(event.event)
        if known:
            now |= known(now, event.data)
        now["updated_at"] = event.at
        now["began_at"] = now["began_at"] or event.at
    return record.model_copy(update=now)


_GOES_ON: Changes = {"parked": "", "stopped": "", "ended": ""}
_STOPS = {"failed", "vacuous", "error"}
"""Verdicts on a feature that waits for the person to fix something."""
_KEPT = {"handed", "began_at", "updated_at"}
_FRESH: Changes = {name: each.default for name, each in FeatureRecord.model_fields.items() if name not in _KEPT}


def _begun(_now: Fields, data: Fields) -> Changes:
    workflow = ChimeraWorkflow.model_validate(data["workflow"])
    return _FRESH | {"feature": data["feature"], "asked": data["asked"], "workflow": workflow}


def _phase_started(_now: Fields, data: Fields) -> Changes:
    return _GOES_ON | {"open_phase": (ChimeraPhase(data["phase"]), data["attempt"])}


def _phase_finished(now: Fields, data: Fields) -> Changes:
    result = PhaseResult.model_validate(data["result"])
    workflow = _workflow(now)
    if any(known.key == result.key for known in workflow.results):
        raise ValueError(f"a second result for {result.phase}, attempt {result.attempt}")
    return {"workflow": workflow.entered(ChimeraPhase(data["leads_to"]), result), "open_phase": None}


def _moved(now: Fields, data: Fields) -> Changes:
    change = Change.model_validate(data["change"]) if data["change"] else None
    return {"workflow": _workflow(now).moved_to(SealedTest.model_validate(data["sealed"]), change)}


def _answered(now: Fields, data: Fields) -> Changes:
    rejects = data.get("rejects", False)
    workflow = _workflow(now).answered(data["words"], data.get("attempts"), rejects=rejects)
    return {"workflow": workflow, "proof": None, "branch": "", "merged": "", "stacked": "", **_GOES_ON}


def _edited(now: Fields, _data: Fields) -> Changes:
    return {"workflow": _workflow(now).edited(), "open_phase": None, **_GOES_ON}


def _handed(_now: Fields, data: Fields) -> Changes:
    return {"handed": data["source"]}


def _limited(now: Fields, data: Fields) -> Changes:
    workflow = _workflow(now)
    after = data.get("after", workflow.attempt - 1)
    fresh = {"max_attempts": data["max_attempts"], "answered_after": after}
    return {"workflow": workflow.model_copy(update=fresh)}


def _parked(_now: Fields, data: Fields) -> Changes:
    return _GOES_ON | {"parked": data["reason"], "open_phase": None}


def _stopped(_now: Fields, data: Fields) -> Changes:
    return _GOES_ON | {"stopped": data["reason"], "open_phase": None}


def _ended(now: Fields, data: Fields) -> Changes:
    state = data["state"]
    kept = {"parked": now["parked"] if state == "parked" else "", "stopped": now["stopped"] if state in _STOPS else ""}
    return {"ended": state, **kept}


def _settled(_now: Fields, data: Fields) -> Changes:
    test = SealedTest.model_validate(data["test"])
    return {
        "settled": data["state"],
        "settled_test": test,
        "settled_commit": data["commit"],
        "green_trees": (data["tree"],),
        "open_phase": None,
    }


def _proved(now: Fields, data: Fields) -> Changes:
    proof = Proof.model_validate(data["proof"])
    return {"proof": proof, "green_trees": (*now["green_trees"], proof.tree)}


def _published(_now: Fields, data: Fields) -> Changes:
    return {"branch": data["branch"]}


def _merged(_now: Fields, data: Fields) -> Changes:
    return {"merged": data["commit"]}


def _stacked(_now: Fields, data: Fields) -> Changes:
    return {"stacked": data["commit"]}


def _reproved(now: Fields, data: Fields) -> Changes:
    return {"green_trees": (*now["green_trees"], data["tree"]), **_GOES_ON}


_FOLDS: dict[str, Callable[[Fields, Fields], Changes]] = {
    "begun": _begun,
    "phase_started": _phase_started,
    "phase_finished": _phase_finished,
    "edited": _edited,
    "moved": _moved,
    "answered": _answered,
    "handed": _handed,
    "limited": _limited,
    "parked": _parked,
    "stopped": _stopped,
    "ended": _ended,
    "settled": _settled,
    "proved": _proved,
    "published": _published,
    "merged": _merged,
    "stacked": _stacked,
    "reproved": _reproved,
}


def _workflow(now: Fields) -> ChimeraWorkflow:
    workflow = now["workflow"]
    if not isinstance(workflow, ChimeraWorkflow):
        raise ValueError("an event of a workflow came before the workflow began")
    return workflow


def cache_mirror(record: FeatureRecord) -> dict[str, Any]:
    """Return the record for ``pytest --cache-show``: a mirror that is never read back."""
    workflow = record.workflow
    return {
        "state": record.state,
        "phase": workflow.current_phase.value if workflow else "",
        "attempts": record.attempts,
        "generation": workflow.generation if workflow else 0,
        "branch": record.branch,
        "merged": record.merged,
        "parked": record.parked,
        "stopped": record.stopped,
        "test": (workflow.test_path if workflow else None) or "",
        "commit": record.proof.commit if record.proof else "",
        "updated": record.updated_at,
    }
