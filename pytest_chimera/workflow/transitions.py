"""The phases, and the table of transitions between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

from pytest_chimera.errors import TransitionError
from pytest_chimera.models import (
    Value,
)


class ChimeraPhase(StrEnum):
    """The phases of a feature's workflow."""

    E2E_TEST_GENERATION = "e2e_test_generation"
    CODE_IMPLEMENTATION = "code_implementation"
    GUARDIAN_REVIEW = "guardian_review"
    STAGING_DEPLOYMENT = "staging_deployment"
    E2E_VALIDATION = "e2e_validation"
    COMPLETE = "complete"
    FAILED = "failed"


class Outcome(StrEnum):
    """How a phase ended. ``REJECTED``: it finished and refused the change. ``FAILURE``: it could not finish."""

    SUCCESS = "success"
    REJECTED = "rejected"
    FAILURE = "failure"


PARKED: Literal["parked"] = "parked"
"""Where a failure leads that does not end the phase: the feature stays there until the cause is fixed."""


Destination = ChimeraPhase | Literal["parked"]


class Route(Value):
    """One row of the table: who acts in a phase, and where each outcome leads.

    :param agent: the agent's name; ``hook``: the hook that calls it.
    :param timeout: seconds.
    """

    agent: str
    hook: str
    on_success: ChimeraPhase
    on_rejected: Destination
    on_failure: Destination
    timeout: float


_P = ChimeraPhase


TRANSITIONS: Mapping[ChimeraPhase, Route] = MappingProxyType(
    {
        _P.E2E_TEST_GENERATION: Route(
            agent="e2e-tester-agent",
            hook="pytest_chimera_generate_test",
            on_success=_P.CODE_IMPLEMENTATION,
            on_rejected=_P.FAILED,
            on_failure=_P.FAILED,
            timeout=300,
        ),
        _P.CODE_IMPLEMENTATION: Route(
            agent="coder-agent",
            hook="pytest_chimera_implement_feature",
            on_success=_P.GUARDIAN_REVIEW,
            on_rejected=_P.CODE_IMPLEMENTATION,
            on_failure=_P.CODE_IMPLEMENTATION,
            timeout=1800,
        ),
        _P.GUARDIAN_REVIEW: Route(
            agent="guardian-agent",
            hook="pytest_chimera_review_change",
            on_success=_P.STAGING_DEPLOYMENT,
            on_rejected=_P.CODE_IMPLEMENTATION,
            on_failure=PARKED,
            timeout=600,
        ),
        _P.STAGING_DEPLOYMENT: Route(
            agent="deployment-agent",
            hook="pytest_chimera_deploy_to_staging",
            on_success=_P.E2E_VALIDATION,
            on_rejected=_P.CODE_IMPLEMENTATION,
            on_failure=_P.CODE_IMPLEMENTATION,
            timeout=900,
        ),
        _P.E2E_VALIDATION: Route(
            agent="e2e-tester-agent",
            hook="pytest_chimera_validate",
            on_success=_P.COMPLETE,
            on_rejected=_P.CODE_IMPLEMENTATION,
            on_failure=_P.CODE_IMPLEMENTATION,
            timeout=600,
        ),
    }
)


OF_A_CANDIDATE = frozenset({_P.GUARDIAN_REVIEW, _P.STAGING_DEPLOYMENT, _P.E2E_VALIDATION})


_BACKWARD: frozenset[Destination] = frozenset({_P.CODE_IMPLEMENTATION, _P.FAILED, PARKED})


def checked_transitions(changes: Mapping[ChimeraPhase, Mapping[str, Any]]) -> Mapping[ChimeraPhase, Route]:
    """Return the table with a project's changes applied.

    :param changes: phase → ``on_rejected``, ``on_failure`` or ``timeout``.
    :raises TransitionError: a change touches another column, or would skip review or validation.
    """
    table = dict(TRANSITIONS)
    for name, change in changes.items():
        phase = ChimeraPhase(name)
        if phase not in table:
            raise TransitionError(f"{phase} is terminal: it has no transitions.", remedy="Remove that row.")
        _check_row(phase, change)
        table[phase] = Route.model_validate(table[phase].model_dump() | dict(change))
    return MappingProxyType(table)


def _check_row(phase: ChimeraPhase, change: Mapping[str, Any]) -> None:
    for column, value in change.items():
        if column not in {"on_rejected", "on_failure", "timeout"}:
            raise TransitionError(
                f"{column} of {phase} cannot be changed.", remedy="Change on_rejected, on_failure or timeout."
            )
        if column != "timeout" and value not in _BACKWARD:
            raise TransitionError(
                f"{column} of {phase} cannot lead to {value}: review and validation cannot be skipped.",
                remedy="Use code_implementation, failed or parked.",
            )
