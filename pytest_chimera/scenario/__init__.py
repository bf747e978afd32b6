"""Converts sentences to steps, and steps to source."""

from __future__ import annotations

from pytest_chimera.scenario.generated_source import TestGenerator
from pytest_chimera.scenario.parser import ScenarioParser
from pytest_chimera.scenario.source_checks import check_source, meaning_of
from pytest_chimera.scenario.text.step_errors import UnknownStepError, UnknownStepsError

__all__ = [
    "ScenarioParser",
    "TestGenerator",
    "UnknownStepError",
    "UnknownStepsError",
    "check_source",
    "meaning_of",
]
