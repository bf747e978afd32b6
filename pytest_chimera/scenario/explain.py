"""Explains how each step of a text is understood, as one line of JSON per step."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pytest_chimera.errors import ScenarioError
from pytest_chimera.models import Step
from pytest_chimera.scenario.parser import ScenarioParser
from pytest_chimera.scenario.text.step_errors import UnknownStepError
from pytest_chimera.scenario.text.step_text import read_steps


def explain(text: str, parser: ScenarioParser | None = None) -> Iterator[str]:
    """Yield one line of JSON for each step of ``text``: text, kind, target, value, code, certainty; or the error.

    :param parser: knows the project's pages and glossary.
    """
    parser = parser or ScenarioParser()
    for written in read_steps(text):
        found: Mapping[str, object]
        try:
            found = _facts(parser.compile((written,)).steps[0])
        except UnknownStepError as error:
            found = _trouble(written.text, error)
        except ScenarioError as error:
            found = {"text": written.text, "error": error.sentence, "remedy": error.remedy}
        yield json.dumps(found, ensure_ascii=False)


def _facts(step: Step) -> Mapping[str, object]:
    target = step.target.model_dump(exclude_defaults=True) if step.target else None
    return {
        "text": step.text,
        "kind": step.kind,
        "target": target,
        "value": step.value,
        "code": list(step.code),
        "certainty": step.certainty,
    } | ({"calls": [call.model_dump() for call in step.calls]} if step.calls else {})


def _trouble(text: str, error: UnknownStepError) -> Mapping[str, object]:
    return {
        "text": text,
        "error": error.sentence,
        "reason": error.reason,
        "understood": error.understood,
        "not_understood": error.unclear,
        "suggestions": list(error.suggestions),
        "glossary": error.glossary,
    }
