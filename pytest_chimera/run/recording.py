"""What a run writes into a feature's journal while it works on it, and how it ended."""

from __future__ import annotations

from contextlib import suppress

from pytest_chimera.errors import (
    StateError,
)
from pytest_chimera.models import Verdict
from pytest_chimera.run.executor import Recorder
from pytest_chimera.state.journal import Journal
from pytest_chimera.workflow.machine import ChimeraWorkflow, PhaseResult
from pytest_chimera.workflow.transitions import ChimeraPhase


def note_end(journal: Journal, verdict: Verdict, reason: str = "") -> None:
    """Record how the run ended with the feature, for the status. Nothing rests on it, so that it fails quietly.

    :param reason: what ended it, where that is not recorded yet.
    """
    standing = journal.standing
    if standing.workflow is None:
        return
    with suppress(StateError):
        if reason not in {"", standing.parked, standing.stopped}:
            journal.write("parked" if verdict.state == "parked" else "stopped", reason=reason)
        if journal.standing.ended != verdict.state:
            journal.write("ended", state=verdict.state)


class JournalRecorder(Recorder):
    """Records what an executor does in a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def started(self, workflow: ChimeraWorkflow) -> None:
        """What came before is on the disk before the phase begins; before the first one nothing came."""
        self._journal.write("phase_started", phase=workflow.current_phase.value, attempt=workflow.attempt)
        if workflow.results:
            await self._journal.flushed()

    async def finished(self, result: PhaseResult, leads_to: ChimeraPhase) -> None:
        """The result is put on the disk with the start of the next phase, or at once at an end."""
        self._journal.write("phase_finished", result=result, leads_to=leads_to.value)
        if leads_to in {ChimeraPhase.COMPLETE, ChimeraPhase.FAILED}:
            await self._journal.flushed()
