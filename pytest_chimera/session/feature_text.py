"""What is printed of one feature: its failure, its steps as they are understood, its draft."""

from __future__ import annotations

from pytest_chimera.context.formatting import shortened
from pytest_chimera.models import Call, Feature, Step, Target, Verdict
from pytest_chimera.run.failure_report import LIMIT
from pytest_chimera.scenario import TestGenerator
from pytest_chimera.scenario.text.drafts import MARK, Edit
from pytest_chimera.state.sanitize import bounded
from pytest_chimera.validation.weak_expectations import notes_on


def failure_text(verdict: Verdict) -> str:
    """Return an item's failure: the verdict, the reason, and the next command; at most :data:`LIMIT` characters."""
    head = shortened(f"{verdict.feature}: {verdict.sentence}", LIMIT // 3)
    foot = f"next: {verdict.next_command}" if verdict.next_command else ""
    details = bounded(verdict.details, LIMIT - len(head) - len(foot) - 2)
    return "\n".join(part for part in (head, details, foot) if part)


def dry_lines(feature: Feature, generator: TestGenerator) -> list[str]:
    """Return what ``--chimera-dry-run`` shows of a feature: each step as it was understood, and the test.

    :raises ScenarioError: a step is not understood.
    """
    if feature.handwritten:
        return [f"{feature.id}: written by hand, {feature.path}:{feature.line}"]
    steps = [step for scenario in generator.scenarios(feature) for step in scenario.steps]
    test = generator.generate(feature)
    understood = [f"    {step.keyword:<5} {step.text}  →  {_understood(step)}" for step in steps]
    notes = [f"    note: {note}" for note in notes_on(test)]
    return [
        f"{feature.id}: {test.path}",
        *understood,
        *notes,
        "",
        *(f"    {line}" for line in test.source.splitlines()),
        "",
    ]


def drafted_lines(feature: Feature, edit: Edit) -> list[str]:
    """Return what is shown of a draft: the edit, and what to do next."""
    shown = [f"    {line}" for line in edit.diff().splitlines()]
    following = f"next: read {edit.path}, delete the line {MARK!r}, and run pytest --chimera"
    return [f"{feature.id}: steps are drafted in {edit.path}", *shown, following]


def _understood(step: Step) -> str:
    if step.calls:
        return "; ".join(map(_called, step.calls))
    words = [step.kind, describe(step.target) if step.target else "", repr(step.value) if step.value else ""]
    sure = "" if step.certainty == 1 else f" (certainty {step.certainty:g})"
    return " ".join(word for word in words if word) + sure


def _called(call: Call) -> str:
    when = "arranged before the browser starts: " if call.arranges else ""
    return f"{when}{call.as_text()}, {call.path}"


def describe(target: Target) -> str:
    """Describe a target in a few words: ``button "Add" in list "Todos"``."""
    words = [target.role or "", f'"{target.name}"' if target.name else "", target.css or ""]
    where = f" in {describe(target.scope)}" if target.scope else ""
    return " ".join(word for word in words if word) + where
