"""The questions that a workflow asks its agents, each with the value that its hook promises."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pytest_chimera.errors import ChimeraError
from pytest_chimera.models import (
    Brief,
    Change,
    Checkout,
    Deployment,
    Feature,
    GeneratedTest,
    Review,
    SealedTest,
    TestRun,
)
from pytest_chimera.workflow.agents import Agents
from pytest_chimera.workflow.machine import ChimeraWorkflow

Model = TypeVar("Model", bound=BaseModel)
GENERATE = "pytest_chimera_generate_test"
IMPLEMENT = "pytest_chimera_implement_feature"
REVIEW = "pytest_chimera_review_change"
DEPLOY = "pytest_chimera_deploy_to_staging"
VALIDATE = "pytest_chimera_validate"
DRAFT_FILE = "chimera-draft.txt"
"""The file for the steps that a coder drafts, in the folder that it is given."""


class NoAnswer(ChimeraError):
    """Nobody answered a question."""

    def __init__(self, hook: str) -> None:
        remedy = f"Add a plugin, or a conftest.py, with a function {hook}(…)."
        super().__init__(f"Nobody answers {hook}.", remedy=remedy)


async def answer_to(hook: str, agents: Agents, **arguments: Any) -> Any:
    """Return the first answer to a hook.

    :raises NoAnswer: there is none.
    """
    answer = await agents.ask(hook, **arguments)
    if answer is None:
        raise NoAnswer(hook)
    return answer


async def generated_test(agents: Agents, feature: Feature, workflow: ChimeraWorkflow, path: str) -> GeneratedTest:
    """Return a feature's test; if the answer is only the source, the test gets this path."""
    return generated_from(feature, await answer_to(GENERATE, agents, feature=feature, workflow=workflow), path)


async def change(agents: Agents, brief: Brief, workflow: ChimeraWorkflow) -> Change:
    """Return the change that a coder reports."""
    return shaped(IMPLEMENT, Change, await answer_to(IMPLEMENT, agents, brief=brief, workflow=workflow))


async def review(agents: Agents, change: Change | None, brief: Brief, workflow: ChimeraWorkflow) -> Review:
    """Return the answers of all reviewers as one; an approval if there are none."""
    return combined(await agents.ask_all(REVIEW, change=change, brief=brief, workflow=workflow))


async def deployment(agents: Agents, checkout: Checkout, workflow: ChimeraWorkflow) -> Deployment:
    """Return a deployment of a checkout."""
    return shaped(DEPLOY, Deployment, await answer_to(DEPLOY, agents, checkout=checkout, workflow=workflow))


async def test_run(
    agents: Agents, sealed: SealedTest | None, deployment: Deployment | None, evidence: str, workflow: ChimeraWorkflow
) -> TestRun:
    """Return the judge's run against a deployment.

    :param evidence: the folder for evidence; empty for none.
    """
    answer = await answer_to(
        VALIDATE, agents, sealed=sealed, deployment=deployment, evidence=evidence, workflow=workflow
    )
    return shaped(VALIDATE, TestRun, answer)


def shaped(hook: str, model: type[Model], answer: Any) -> Model:
    """Convert an answer to the model that the hook promises.

    :raises ChimeraError: it has the wrong type; the error gives the hook and the fields.
    """
    if isinstance(answer, model):
        return answer
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, each["loc"])) or "the value itself" for each in error.errors())
        raise ChimeraError(
            f"{hook} returned something other than a {model.__name__}: {fields}.",
            remedy=f"Return a pytest_chimera.models.{model.__name__}, or a dictionary with its fields.",
        ) from None


def generated_from(feature: Feature, answer: Any, path: str) -> GeneratedTest:
    """Return a generated test from a hook's answer: the model, its fields, or the source alone."""
    if not isinstance(answer, str):
        return shaped(GENERATE, GeneratedTest, answer)
    return GeneratedTest(source=answer, path=path, name=feature.function or f"test_{feature.id}")


def combined(answers: list[tuple[str, Any]]) -> Review:
    """Combine all reviews: one rejection is a rejection; without any answer the change is approved."""
    reviews = [_review(name, answer) for name, answer in answers]
    findings = tuple(finding for review in reviews for finding in review.findings)
    rejected = any(review.decision == "reject" for review in reviews)
    return Review(
        decision="reject" if rejected else "approve",
        findings=findings,
        reviewer=", ".join(review.reviewer for review in reviews),
        score=0.0 if rejected else min((review.score for review in reviews), default=1.0),
    )


def _review(name: str, answer: Any) -> Review:
    if isinstance(answer, list | tuple):
        rejects = any(getattr(finding, "severity", "reject") == "reject" for finding in answer)
        answer = {"decision": "reject" if rejects else "approve", "findings": answer}
    review = shaped(REVIEW, Review, answer)
    return review if review.reviewer else review.model_copy(update={"reviewer": name})
