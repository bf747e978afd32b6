"""The points where the process may die between two durable effects.

They are for tests: a test replaces :data:`on_reaching` and ends the process there. Nothing else uses them.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class CrashPoint(StrEnum):
    """A point between two durable effects, in the order of the loop; the value says what has just happened."""

    FEATURE_HELD = "the feature is held"
    BEFORE_RECORD = "an event is about to be recorded"
    AFTER_RECORD = "an event was recorded"
    TEST_SEALED = "the sealed commit was made"
    CLONE_MADE = "the coder's clone was made"
    CODER_DONE = "the coder has answered"
    CANDIDATE_MADE = "the candidate was committed"
    CHECKOUT_MADE = "the checkout to deploy was made"
    DEPLOYED = "the deployment runs"
    JUDGED = "the judge has seen it"
    DEPLOYMENT_ENDED = "the deployment was stopped"
    PROOF_COMMITTED = "the commit with the proof was made"
    BRANCH_MADE = "the feature's branch was made"
    LANDED = "the feature was brought in"


def _nothing(_point: CrashPoint, _detail: str) -> None:
    """Do nothing."""


on_reaching: Callable[[CrashPoint, str], None] = _nothing
"""Called at each point, with a detail: an event's name."""


def reached(point: CrashPoint, detail: str = "") -> None:
    """Mark a point where the process may die."""
    on_reaching(point, detail)
