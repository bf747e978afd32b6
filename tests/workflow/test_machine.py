"""The seven phases and their table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_chimera import ChimeraPhase, ChimeraWorkflow, create_chimera_task
from pytest_chimera.errors import TransitionError
from pytest_chimera.models import Change, Deployment, GeneratedTest, Review, SealedTest, TestRun
from pytest_chimera.workflow import TRANSITIONS, Outcome, PhaseResult, PhaseValue, checked_transitions
from pytest_chimera.workflow.transitions import PARKED

SEALED = SealedTest(test=GeneratedTest(source="", path="tests/e2e/test_a.py", name="test_a"), nodeids=("a",))
VALUES: dict[ChimeraPhase, PhaseValue] = {
    ChimeraPhase.E2E_TEST_GENERATION: SEALED,
    ChimeraPhase.CODE_IMPLEMENTATION: Change(commit="c1", branch="chimera/a"),
    ChimeraPhase.GUARDIAN_REVIEW: Review(decision="approve"),
    ChimeraPhase.STAGING_DEPLOYMENT: Deployment(url="http://127.0.0.1:1"),
    ChimeraPhase.E2E_VALIDATION: TestRun(status="green", url="http://127.0.0.1:1"),
}


def begin(max_attempts: int = 5) -> ChimeraWorkflow:
    return create_chimera_task("User can add a todo", "/").begin(max_attempts)


def ended(workflow: ChimeraWorkflow, outcome: Outcome = Outcome.SUCCESS) -> PhaseResult:
    phase = workflow.current_phase
    return PhaseResult(phase=phase, attempt=workflow.attempt, outcome=outcome, value=VALUES[phase])


def walked(workflow: ChimeraWorkflow, *outcomes: Outcome) -> ChimeraWorkflow:
    for outcome in outcomes:
        workflow = workflow.after(ended(workflow, outcome))
    return workflow


def test_five_successes_lead_through_every_phase_to_complete() -> None:
    workflow = begin()
    phases = [workflow.current_phase]
    while not workflow.is_terminal:
        workflow = walked(workflow, Outcome.SUCCESS)
        phases.append(workflow.current_phase)
    assert phases == [phase for phase in ChimeraPhase if phase is not ChimeraPhase.FAILED]


def test_the_vocabulary_is_answered_from_the_results() -> None:
    done = walked(begin(), *[Outcome.SUCCESS] * 5)
    assert done.test_path == "tests/e2e/test_a.py"
    assert done.code_pr_id == "chimera/a"
    assert done.code_commit_sha == "c1"
    assert done.review_decision == "approve"
    assert done.deployment_url == "http://127.0.0.1:1"
    assert done.validation_status == "green"
    assert [result.phase for result in done.results] == list(TRANSITIONS)


def test_a_rejected_review_goes_back_and_spends_an_attempt() -> None:
    workflow = walked(begin(), Outcome.SUCCESS, Outcome.SUCCESS, Outcome.REJECTED)
    assert workflow.current_phase is ChimeraPhase.CODE_IMPLEMENTATION
    assert workflow.attempts == 2


def test_no_attempts_left_means_failed() -> None:
    workflow = walked(begin(max_attempts=1), Outcome.SUCCESS, Outcome.SUCCESS, Outcome.REJECTED)
    assert workflow.current_phase is ChimeraPhase.FAILED
    assert workflow.get_next_action() is None


def test_a_person_has_no_limit() -> None:
    workflow = walked(begin(max_attempts=0), Outcome.SUCCESS)
    for _ in range(30):
        workflow = walked(workflow, Outcome.FAILURE)
    assert workflow.current_phase is ChimeraPhase.CODE_IMPLEMENTATION


def test_a_review_that_could_not_finish_parks() -> None:
    workflow = walked(begin(), Outcome.SUCCESS, Outcome.SUCCESS)
    assert workflow.destination(Outcome.FAILURE) == PARKED


def test_the_next_action_names_agent_hook_and_limit() -> None:
    action = begin().get_next_action()
    assert action is not None
    assert (action.agent, action.action, action.timeout) == ("e2e-tester-agent", "pytest_chimera_generate_test", 300)


def test_a_result_of_another_phase_is_refused() -> None:
    wrong = PhaseResult(phase=ChimeraPhase.GUARDIAN_REVIEW, attempt=0, outcome=Outcome.SUCCESS)
    with pytest.raises(TransitionError, match="guardian_review, attempt 0, came in e2e_test_generation"):
        begin().after(wrong)


def test_no_phase_can_be_skipped() -> None:
    workflow = begin()
    with pytest.raises(TransitionError, match="does not lead to complete"):
        workflow.transition_to(ChimeraPhase.COMPLETE, ended(workflow))


def test_a_stored_workflow_goes_on_where_it_was() -> None:
    workflow = walked(begin(), Outcome.SUCCESS, Outcome.SUCCESS)
    again = ChimeraWorkflow(**workflow.model_dump(mode="json"))
    assert again == workflow
    assert walked(again, Outcome.SUCCESS).current_phase is ChimeraPhase.STAGING_DEPLOYMENT


def test_the_persons_answer_opens_another_round() -> None:
    failed = walked(begin(max_attempts=1), Outcome.SUCCESS, Outcome.SUCCESS, Outcome.REJECTED)
    again = failed.answered("use the ORM")
    assert (again.current_phase, again.attempt, again.words) == (ChimeraPhase.CODE_IMPLEMENTATION, 2, ("use the ORM",))
    assert walked(again, Outcome.FAILURE).current_phase is ChimeraPhase.FAILED


@pytest.mark.parametrize("leads_to", ["staging_deployment", "e2e_validation", "complete"])
def test_no_row_may_go_round_review_or_validation(leads_to: str) -> None:
    with pytest.raises(TransitionError, match="review and validation cannot be skipped"):
        checked_transitions({ChimeraPhase.CODE_IMPLEMENTATION: {"on_failure": leads_to}})


def test_a_project_can_change_where_a_failure_leads() -> None:
    table = checked_transitions({ChimeraPhase.STAGING_DEPLOYMENT: {"on_failure": PARKED, "timeout": 5}})
    assert table[ChimeraPhase.STAGING_DEPLOYMENT].on_failure == PARKED
    assert table[ChimeraPhase.STAGING_DEPLOYMENT].timeout == 5


@given(st.lists(st.sampled_from(list(Outcome)), max_size=60), st.integers(min_value=1, max_value=6))
def test_no_sequence_skips_review_or_validation_or_exceeds_its_attempts(outcomes: list[Outcome], limit: int) -> None:
    workflow = begin(limit)
    for outcome in outcomes:
        if workflow.is_terminal or workflow.destination(outcome) == PARKED:
            break
        workflow = walked(workflow, outcome)
    assert workflow.attempts <= limit
    if workflow.current_phase is ChimeraPhase.COMPLETE:
        last = {result.phase: result for result in workflow.results if result.attempt == workflow.attempt}
        assert last[ChimeraPhase.GUARDIAN_REVIEW].outcome is Outcome.SUCCESS
        assert last[ChimeraPhase.E2E_VALIDATION].outcome is Outcome.SUCCESS
