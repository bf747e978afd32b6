"""The state machine of seven phases, its values, and the agents that act in them."""

from pytest_chimera.workflow.machine import (
    ChimeraTask,
    ChimeraWorkflow,
    Moved,
    NextAction,
    PhaseResult,
    PhaseValue,
    Turned,
    create_chimera_task,
)
from pytest_chimera.workflow.transitions import TRANSITIONS, ChimeraPhase, Outcome, Route, checked_transitions

__all__ = [
    "TRANSITIONS",
    "ChimeraPhase",
    "ChimeraTask",
    "ChimeraWorkflow",
    "Moved",
    "NextAction",
    "Outcome",
    "PhaseResult",
    "PhaseValue",
    "Route",
    "Turned",
    "checked_transitions",
    "create_chimera_task",
]
