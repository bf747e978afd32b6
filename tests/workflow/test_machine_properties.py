"""Whatever happens in whatever order: the workflow goes round nothing, spends no more than it has, and its journal
tells the same, cut anywhere.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pytest_chimera import ChimeraPhase, ChimeraWorkflow, create_chimera_task
from pytest_chimera.errors import TransitionError
from pytest_chimera.models import (
    Change,
    Deployment,
    Failure,
    Finding,
    GeneratedTest,
    Reason,
    Review,
    SealedTest,
    TestRun,
)
from pytest_chimera.state.journal import Journal, cut_torn_line, events_in
from pytest_chimera.state.replay import Event, FeatureRecord, fold
from pytest_chimera.workflow import Outcome, PhaseResult, PhaseValue, checked_transitions
from pytest_chimera.workflow.transitions import PARKED

BACKWARD = st.sampled_from([ChimeraPhase.CODE_IMPLEMENTATION, ChimeraPhase.FAILED, PARKED])
TABLES = st.dictionaries(
    st.sampled_from([phase for phase in ChimeraPhase if phase not in {ChimeraPhase.COMPLETE, ChimeraPhase.FAILED}]),
    st.fixed_dictionaries({}, optional={"on_rejected": BACKWARD, "on_failure": BACKWARD}),
)
OUTCOMES = st.sampled_from([*[Outcome.SUCCESS] * 6, Outcome.REJECTED, Outcome.FAILURE])
"""Mostly good, so that the end is reached often."""
WORDS = st.text(max_size=20)
NUMBERS = st.integers(0, 4)


def value_of(phase: ChimeraPhase, outcome: Outcome, number: int, words: str) -> PhaseValue | None:
    """What a phase may have made: of a few kinds, so that some are the same twice."""
    url = f"http://127.0.0.1:{number}"
    if outcome is Outcome.FAILURE:
        return None
    if phase is ChimeraPhase.E2E_TEST_GENERATION:
        test = GeneratedTest(source=words, path=f"tests/e2e/test_{number}.py", name="test_a")
        return SealedTest(test=test, nodeids=("a",), commit=f"sealed-{number}")
    if phase is ChimeraPhase.CODE_IMPLEMENTATION:
        return Change(base="sealed", commit=f"c{number}", tree=f"t{number}", summary=words)
    if phase is ChimeraPhase.GUARDIAN_REVIEW:
        finding = Finding(rule=f"rule-{number}", sentence=words)
        return Review(decision="reject" if outcome is Outcome.REJECTED else "approve", findings=(finding,))
    if phase is ChimeraPhase.STAGING_DEPLOYMENT:
        return Deployment(url=url)
    if outcome is Outcome.SUCCESS:
        return TestRun(status="green", url=url)
    failure = Failure(nodeid="a", reason=Reason.ASSERTION, message=words, signature=str(number))
    return TestRun(status="red", url=url, failures=(failure,))


class AnyOrder(RuleBasedStateMachine):
    """One feature, its table, and everything that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.journal = Journal(Path(self.folder.name) / "test_a.jsonl")
        self.truth = [FeatureRecord()]
        self.visited: list[ChimeraPhase] = []

    @initialize(attempts=st.integers(0, 4), changes=TABLES)
    def begin(self, attempts: int, changes: dict[ChimeraPhase, dict[str, str]]) -> None:
        self.table = checked_transitions(changes)
        self._record("begun", feature="test_a", workflow=create_chimera_task("A", "/").begin(attempts), asked="digest")
        self.visited = [self.workflow.current_phase]

    def _record(self, event: str, **data: object) -> None:
        self.truth.append(self.journal.write(event, **data))

    @property
    def workflow(self) -> ChimeraWorkflow:
        workflow = self.journal.record.workflow
        assert workflow is not None
        return workflow

    @precondition(lambda self: not self.workflow.is_terminal)
    @rule(outcome=OUTCOMES, number=NUMBERS, words=WORDS)
    def end_a_phase(self, outcome: Outcome, number: int, words: str) -> None:
        before = self.workflow
        phase, attempt = before.current_phase, before.attempt
        self._record("phase_started", phase=phase.value, attempt=attempt)
        value = value_of(phase, outcome, number, words)
        result = PhaseResult(phase=phase, attempt=attempt, outcome=outcome, reason=words, value=value)
        leads_to = before.leads_to(result, self.table)
        if leads_to == PARKED:
            with pytest.raises(TransitionError):
                before.after(result, self.table)
            self._record("parked", reason=words)
            return
        self._record("phase_finished", result=result, leads_to=ChimeraPhase(leads_to).value)
        assert self.workflow == before.after(result, self.table)
        self.visited.append(self.workflow.current_phase)

    @rule(phase=st.sampled_from(ChimeraPhase), outcome=st.sampled_from(Outcome), of=st.sampled_from(ChimeraPhase))
    def try_to_go_elsewhere(self, phase: ChimeraPhase, outcome: Outcome, of: ChimeraPhase) -> None:
        before = self.workflow
        result = PhaseResult(phase=of, attempt=before.attempt, outcome=outcome, value=None)
        allowed = not before.is_terminal and of is before.current_phase and before.leads_to(result, self.table) == phase
        if not allowed:
            with pytest.raises(TransitionError):
                before.transition_to(phase, result, self.table)

    @precondition(lambda self: self.workflow.results)
    @rule(outcome=st.sampled_from(Outcome))
    def a_second_result_is_refused(self, outcome: Outcome) -> None:
        again = self.workflow.results[-1].model_copy(update={"outcome": outcome})
        with pytest.raises(ValueError, match="a second result"):
            self.journal.write("phase_finished", result=again, leads_to="complete")

    @precondition(lambda self: self.workflow.is_terminal and self.workflow.change)
    @rule(words=WORDS)
    def the_person_answers(self, words: str) -> None:
        self._record("answered", words=words)
        self.visited.append(self.workflow.current_phase)

    # -- what holds always

    @invariant()
    def attempts_are_not_exceeded(self) -> None:
        workflow = self.workflow
        assert not workflow.max_attempts or workflow.attempts <= workflow.max_attempts
        begun = sum(phase is ChimeraPhase.CODE_IMPLEMENTATION for phase in self.visited)
        assert workflow.attempts == begun

    @invariant()
    def complete_means_reviewed_deployed_and_validated_in_this_attempt(self) -> None:
        workflow = self.workflow
        if workflow.current_phase is ChimeraPhase.COMPLETE:
            last = [(result.phase, result.outcome) for result in workflow.results if result.attempt == workflow.attempt]
            assert last == [(phase, Outcome.SUCCESS) for phase in list(ChimeraPhase)[1:5]]

    @invariant()
    def each_phase_of_each_attempt_has_one_result(self) -> None:
        keys = [result.key for result in self.workflow.results]
        assert len(keys) == len(set(keys))

    @invariant()
    def a_stored_workflow_is_the_same(self) -> None:
        assert ChimeraWorkflow(**self.workflow.model_dump(mode="json")) == self.workflow

    def teardown(self) -> None:
        try:
            self._cut_anywhere_it_is_a_prefix()
        finally:
            self.folder.cleanup()

    def _cut_anywhere_it_is_a_prefix(self) -> None:
        path = self.journal.path
        whole = path.read_bytes()
        ends = [at + 1 for at, byte in enumerate(whole) if byte == 0x0A]
        for length in {0, *ends, *(end - 1 for end in ends), *range(0, len(whole), max(1, len(whole) // 40))}:
            kept, _ = cut_torn_line(whole[:length])
            count = sum(end <= length for end in ends)
            events: list[Event] = list(events_in(kept))
            assert len(events) == count
            assert fold(FeatureRecord(), events) == self.truth[count]
        path.write_bytes(whole[: len(whole) * 2 // 3])
        assert Journal(path).record in self.truth


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
