"""Converts hooks' answers to the values that the hooks promise."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pytest_chimera.errors import ChimeraError
from pytest_chimera.models import (
    GeneratedTest,
    Review,
)
from pytest_chimera.workflow.machine import (
    ChimeraTask,
)

Model = TypeVar("Model", bound=BaseModel)


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


def generated_from(task: ChimeraTask, answer: Any, path: str) -> GeneratedTest:
    """Return a generated test from a hook's answer: the model, its fields, or the source alone."""
    if not isinstance(answer, str):
        return shaped("pytest_chimera_generate_test", GeneratedTest, answer)
    return GeneratedTest(source=answer, path=path, name=task.feature.function or f"test_{task.feature.id}")


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
    review = shaped("pytest_chimera_review_change", Review, answer)
    return review if review.reviewer else review.model_copy(update={"reviewer": name})


DRAFT_FILE = "chimera-draft.txt"
"""The file for the steps that a coder drafts, in the folder that it is given."""
