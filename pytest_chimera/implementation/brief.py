"""The brief for the coder, as a value, as Markdown and as JSON."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2

from pytest_chimera.models import Brief, Change, Feature, Rejected
from pytest_chimera.system.files import write_file
from pytest_chimera.workflow.machine import ChimeraWorkflow, PhaseResult
from pytest_chimera.workflow.transitions import Outcome


def _fenced(text: str, language: str = "") -> str:
    """Return a text as a code block; the fence is longer than any fence in the text."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _quoted(text: str) -> str:
    """Return a text as a block quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines()) or ">"


_PAGES = jinja2.Environment(keep_trailing_newline=True, autoescape=False)
_PAGES.filters |= {"fenced": _fenced, "quoted": _quoted}
_MARKDOWN = _PAGES.from_string(
    """\
# {{ brief.feature.description }}

Change the application in this folder so that the end-to-end test below passes. It runs in a real browser against a
deployment of your change. Build the feature, not the test.

{% if brief.feature.text -%}
## What was asked for

{{ brief.feature.text | fenced }}

{% endif -%}
## The test

`{{ brief.test.path }}`. It is sealed: leave it as it is.

{{ brief.test.source.rstrip() | fenced("python") }}

## How it fails now

{{ brief.failing | fenced }}
{% if brief.words %}
## What the person said about earlier work
{% for words in brief.words %}
{{ words | quoted }}
{% endfor %}
{%- endif %}
{%- if brief.rejected %}
## Earlier attempts, and why they failed
{% for earlier in brief.rejected %}
### Attempt {{ earlier.attempt }}, {{ earlier.phase }}

{{ earlier.reason | quoted }}
{% if earlier.details %}
{{ earlier.details | fenced }}
{% endif -%}
{% endfor %}
{%- endif %}
## Rules

- Do not change {{ brief.protected | map("tojson") | join(", ") }}, the hooks in any conftest.py, or the configuration
  of pytest, chimera and CI.
- Existing tests must stay green. Add tests of your own where they help.
- What you say about your work is not read by those who judge it.
"""
)


def brief_for(feature: Feature, workflow: ChimeraWorkflow, *, folder: str, time_limit: float) -> Brief:
    """Return the brief of the current attempt.

    :param folder: where to work; ``time_limit``: in seconds, 0 for none.
    """
    sealed = workflow.sealed
    assert sealed is not None, "there is a brief only once there is a sealed test"
    failure = sealed.red.failure if sealed.red else None
    return Brief(
        feature=feature,
        test=sealed.test,
        failing=f"{failure.as_sentence()}\n\n{failure.message}" if failure else "",
        sealed=sealed.commit,
        folder=folder,
        attempt=workflow.attempt,
        protected=sealed.protected,
        rejected=refused(workflow),
        words=workflow.words,
        time_limit=time_limit,
    )


def refused(workflow: ChimeraWorkflow) -> tuple[Rejected, ...]:
    """Return every unsuccessful phase of earlier attempts, and coders that failed; oldest first."""
    return tuple(told for result in workflow.results if (told := _refused(result)))


def _refused(result: PhaseResult) -> Rejected | None:
    reason, details, value = result.reason, result.details, result.value
    if result.outcome is Outcome.SUCCESS:
        if not isinstance(value, Change) or not value.ended:
            return None
        reason, details = f"{value.ended} Its changes were reviewed nevertheless.", value.summary
    return Rejected(attempt=result.attempt, phase=result.phase, reason=reason, details=details)


def write_brief(brief: Brief, room: Path) -> Brief:
    """Write the brief's two files into ``room``; return the brief with their paths."""
    named = brief.model_copy(update={"markdown": str(room / "brief.md"), "json_file": str(room / "brief.json")})
    write_file(room / "brief.md", _MARKDOWN.render(brief=named))
    write_file(room / "brief.json", named.model_dump_json(indent=2))
    return named
