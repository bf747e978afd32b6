"""pytest-chimera: write what your web application should do; have it built, reviewed, deployed and proved.

The library's names are imported lazily, so that the plugin costs nothing without ``--chimera``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOME = {
    "ChimeraPhase": "workflow",
    "ChimeraWorkflow": "workflow",
    "ChimeraTask": "workflow",
    "create_chimera_task": "workflow",
    "ChimeraExecutor": "run.executor",
    "Parked": "run.executor",
    "create_and_execute_chimera_workflow": "run.executor",
    "ScenarioParser": "scenario",
    "TestGenerator": "scenario",
    "UnknownStepError": "scenario",
    "TestExecutor": "judge",
}

if TYPE_CHECKING:
    from pytest_chimera.judge import TestExecutor
    from pytest_chimera.run.executor import ChimeraExecutor, Parked, create_and_execute_chimera_workflow
    from pytest_chimera.scenario import ScenarioParser, TestGenerator, UnknownStepError
    from pytest_chimera.workflow import ChimeraPhase, ChimeraTask, ChimeraWorkflow, create_chimera_task

__all__ = [
    "ChimeraExecutor",
    "ChimeraPhase",
    "ChimeraTask",
    "ChimeraWorkflow",
    "Parked",
    "ScenarioParser",
    "TestExecutor",
    "TestGenerator",
    "UnknownStepError",
    "__version__",
    "create_and_execute_chimera_workflow",
    "create_chimera_task",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
