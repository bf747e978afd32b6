"""A journal's events as a standing, in the words that people read."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_chimera import create_chimera_task
from pytest_chimera.state.replay import Event, FeatureRecord, cache_mirror, fold
from pytest_chimera.workflow import ChimeraPhase, ChimeraWorkflow

CODING = create_chimera_task("User can add a todo", "/").begin()
CODING = CODING.model_copy(update={"current_phase": ChimeraPhase.CODE_IMPLEMENTATION, "attempt": 1})
STARTED = ("phase_started", {"phase": "code_implementation", "attempt": 1})
PARKED, STOPPED = ("parked", {"reason": "no browser"}), ("stopped", {"reason": "no such step"})


def ended(state: str) -> tuple[str, dict[str, Any]]:
    return "ended", {"state": state}


def record(*events: tuple[str, dict[str, Any]], workflow: ChimeraWorkflow = CODING) -> FeatureRecord:
    begun = ("begun", {"feature": "test_a", "workflow": workflow, "asked": ""})
    return fold(FeatureRecord(), (Event(1, 1, "now", name, data, "", "") for name, data in (begun, *events)))


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([STARTED], "code_implementation"),
        ([STARTED, PARKED], "parked"),
        ([STARTED, STOPPED], "failed"),
        ([STARTED, STOPPED, ended("vacuous")], "vacuous"),
        ([STARTED, ended("waiting")], "waiting"),
        ([ended("red")], "red"),
        ([ended("red"), STARTED], "code_implementation"),
        ([ended("proved"), PARKED], "parked"),
        ([PARKED, ended("parked"), ("answered", {"words": "Go on"})], "code_implementation"),
        ([PARKED, ended("parked"), ("reproved", {"tree": "t"}), ended("still green")], "still green"),
    ],
)
def test_the_state_is_what_the_last_run_said_or_the_phase_that_was_interrupted(
    events: list[tuple[str, dict[str, Any]]], state: str
) -> None:
    assert record(*events).state == state


@pytest.mark.parametrize("before", [PARKED, STOPPED])
@pytest.mark.parametrize("state", ["proved", "still green", "complete", "waiting", "red"])
def test_why_it_stood_still_is_forgotten_once_a_run_ends_otherwise(
    before: tuple[str, dict[str, Any]], state: str
) -> None:
    now = record(before, ended(state))
    assert (now.state, now.parked, now.stopped) == (state, "", "")


@pytest.mark.parametrize(("before", "state"), [(PARKED, "parked"), (STOPPED, "failed"), (STOPPED, "vacuous")])
def test_why_it_stands_still_is_kept_where_that_is_how_the_run_ended(
    before: tuple[str, dict[str, Any]], state: str
) -> None:
    now = record(before, ended(state))
    assert now.parked or now.stopped


def test_an_attempt_that_waits_for_its_coder_is_not_counted() -> None:
    assert record(STARTED).attempts == 0
    reviewed = CODING.model_copy(update={"current_phase": ChimeraPhase.GUARDIAN_REVIEW})
    assert cache_mirror(record(workflow=reviewed))["attempts"] == 1
    assert FeatureRecord().attempts == 0
