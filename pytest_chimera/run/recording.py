"""What a run records in a feature's journal while it works on it, and at the end."""

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
    """Record how the run ended with the feature, for the status. Nothing depends on it, so failures are ignored.

    :param reason: what ended it, if that is not recorded yet.
    """
    record = journal.record
    if record.workflow is None:
        return
    with suppress(StateError):
        if reason not in {"", record.parked, record.stopped}:
            journal.write("parked" if verdict.state == "parked" else "stopped", reason=reason)
        if journal.record.ended != verdict.state:
            journal.write("ended", state=verdict.state)


class JournalRecorder(Recorder):
    """Records an executor's steps in a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def started(self, workflow: ChimeraWorkflow) -> None:
        """Flush earlier events to disk before the phase starts; before the first phase there are none."""
        self._journal.write("phase_started", phase=workflow.current_phase.value, attempt=workflow.attempt)
        if workflow.results:
            await self._journal.flushed()

    async def finished(self, result: PhaseResult, leads_to: ChimeraPhase) -> None:
        """The result is flushed to disk when the next phase starts, or at once if there is none."""
        self._journal.write("phase_finished", result=result, leads_to=leads_to.value)
        if leads_to in {ChimeraPhase.COMPLETE, ChimeraPhase.FAILED}:
            await self._journal.flushed()
