"""The library outside pytest, with plugins given as objects."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pytest_chimera import (
    ChimeraExecutor,
    ChimeraPhase,
    Parked,
    create_and_execute_chimera_workflow,
    create_chimera_task,
)
from pytest_chimera.errors import ChimeraError, EnvironmentTrouble, PhaseFailed
from pytest_chimera.models import Deployment, Finding, GeneratedTest, Review, TestRun
from pytest_chimera.workflow import Outcome


class Everybody:
    """Answers every hook, some with functions, some with coroutines, some with plain data."""

    def __init__(self, reviews: list[Any] | None = None) -> None:
        self.reviews = reviews or []
        self.asked: list[str] = []

    def pytest_chimera_generate_test(self) -> GeneratedTest:
        self.asked.append("generate")
        return GeneratedTest(source="def test_a(): ...\n", path="tests/e2e/test_a.py", name="test_a")

    async def pytest_chimera_implement_feature(self, brief: Any) -> dict[str, Any]:
        self.asked.append(f"implement {brief.attempt}")
        return {"commit": f"c{brief.attempt}", "branch": "feature/a"}

    def pytest_chimera_review_change(self) -> Any:
        self.asked.append("review")
        return self.reviews.pop(0) if self.reviews else Review(decision="approve")

    async def pytest_chimera_deploy_to_staging(self) -> Deployment:
        return Deployment(url="http://127.0.0.1:1")

    def pytest_chimera_validate(self, deployment: Deployment) -> TestRun:
        return TestRun(status="green", url=deployment.url)


def run(plugin: object, **options: Any) -> Any:
    executor = ChimeraExecutor([plugin], backoff=(0.0, 0.0), **options)
    return asyncio.run(executor.execute_workflow(create_chimera_task("User can add a todo", "/")))


def test_a_workflow_runs_to_its_end_outside_pytest() -> None:
    plugin = Everybody()
    workflow = asyncio.run(create_and_execute_chimera_workflow("A feature", "/", plugins=[plugin]))
    assert workflow.current_phase is ChimeraPhase.COMPLETE
    assert (workflow.code_commit_sha, workflow.code_pr_id) == ("c1", "feature/a")
    assert plugin.asked == ["generate", "implement 1", "review"]


def test_one_rejection_goes_back_with_its_finding() -> None:
    plugin = Everybody([[Finding(rule="style", sentence="Use the ORM.")]])
    workflow = run(plugin)
    assert workflow.attempts == 2
    refused = [result for result in workflow.results if result.outcome is Outcome.REJECTED]
    assert [result.reason for result in refused] == ["Use the ORM."]


def test_a_note_is_no_rejection() -> None:
    assert run(Everybody([[Finding(rule="style", sentence="Nice.", severity="note")]])).attempts == 1


def test_nobody_to_ask_is_said_with_the_hooks_name() -> None:
    with pytest.raises(ChimeraError, match="Nobody answers pytest_chimera_generate_test"):
        run(object())


def test_an_answer_of_the_wrong_shape_names_hook_and_field() -> None:
    class Wrong(Everybody):
        async def pytest_chimera_implement_feature(self) -> dict[str, Any]:  # type: ignore[override] # asks for nothing
            return {"sha": "c1"}

    with pytest.raises(ChimeraError, match="pytest_chimera_implement_feature returned something other than a Change"):
        run(Wrong())


def test_passing_trouble_is_tried_again_and_spends_no_attempt() -> None:
    class Flaky(Everybody):
        times = 0

        def pytest_chimera_validate(self, deployment: Deployment) -> TestRun:
            self.times += 1
            if self.times < 3:
                raise EnvironmentTrouble("The browser crashed.", passing=True)
            return super().pytest_chimera_validate(deployment)

    assert run(Flaky()).attempts == 1


def test_lasting_trouble_parks_the_workflow_at_its_phase() -> None:
    class Broken(Everybody):
        async def pytest_chimera_deploy_to_staging(self) -> Deployment:
            raise EnvironmentTrouble("No disk.", remedy="Make room.")

    with pytest.raises(Parked, match="No disk") as parked:
        run(Broken())
    assert parked.value.phase is ChimeraPhase.STAGING_DEPLOYMENT


def test_a_phase_that_fails_every_time_ends_failed() -> None:
    class Lazy(Everybody):
        async def pytest_chimera_implement_feature(self) -> dict[str, Any]:  # type: ignore[override] # asks for nothing
            raise PhaseFailed("Not today.")

    workflow = run(Lazy())
    assert workflow.current_phase is ChimeraPhase.FAILED
    assert {result.reason for result in workflow.results if result.attempt} == {"Not today."}


def test_the_first_answer_that_is_not_none_counts() -> None:
    class Abstains(Everybody):
        async def pytest_chimera_implement_feature(self) -> None:  # type: ignore[override] # it abstains
            self.asked.append("abstained")

    first, second = Abstains(), Everybody()
    executor = ChimeraExecutor([second, first])
    workflow = asyncio.run(executor.execute_workflow(create_chimera_task("A", "/")))
    assert workflow.current_phase is ChimeraPhase.COMPLETE
    assert "abstained" in first.asked
    assert "implement 1" in second.asked


def test_events_are_told_in_order() -> None:
    told: list[str] = []

    class Listener(Everybody):
        def pytest_chimera_phase_started(self, phase: ChimeraPhase) -> None:
            told.append(f"> {phase}")

        async def pytest_chimera_phase_finished(self, result: Any) -> None:
            told.append(f"< {result.phase}")

    run(Listener())
    assert told[:4] == [
        "> e2e_test_generation",
        "< e2e_test_generation",
        "> code_implementation",
        "< code_implementation",
    ]
