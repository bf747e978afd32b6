"""The brief: what the coder is given, as a value, as Markdown and as JSON."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2

from pytest_chimera.models import Brief, Change, Feature, Rejected
from pytest_chimera.system.files import write_file
from pytest_chimera.workflow.machine import ChimeraWorkflow, PhaseResult
from pytest_chimera.workflow.transitions import Outcome


def _fenced(text: str, language: str = "") -> str:
    """A text as a block of code, whatever it holds: the fence is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _quoted(text: str) -> str:
    """A text as a quotation, whatever it holds."""
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
## What the person said of earlier work
{% for words in brief.words %}
{{ words | quoted }}
{% endfor %}
{%- endif %}
{%- if brief.rejected %}
## What was tried before, and why it did not do
{% for earlier in brief.rejected %}
### Attempt {{ earlier.attempt }}, {{ earlier.phase }}

{{ earlier.reason | quoted }}
{% if earlier.details %}
{{ earlier.details | fenced }}
{% endif -%}
{% endfor %}
{%- endif %}
## Rules

- Leave alone: {{ brief.protected | map("tojson") | join(", ") }}, every conftest.py's hooks, pytest's and chimera's
  configuration, and CI's.
- Existing tests must stay green. Add tests of your own where they help.
- What you say about your work is not read by anybody who judges it.
"""
)


def brief_for(feature: Feature, workflow: ChimeraWorkflow, *, folder: str, time_limit: float) -> Brief:
    """The brief of the current attempt.

    :param folder: where to work; ``time_limit`` in seconds, 0 for none.
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
    """Every phase of an earlier attempt that did not end in success, or whose coder did not end well; oldest first."""
    return tuple(told for result in workflow.results if (told := _refused(result)))


def _refused(result: PhaseResult) -> Rejected | None:
    reason, details, value = result.reason, result.details, result.value
    if result.outcome is Outcome.SUCCESS:
        if not isinstance(value, Change) or not value.ended:
            return None
        reason, details = f"{value.ended} What was changed by then was reviewed all the same.", value.summary
    return Rejected(attempt=result.attempt, phase=result.phase, reason=reason, details=details)


def write_brief(brief: Brief, room: Path) -> Brief:
    """Write the brief's two files into ``room``; the brief that knows where they lie."""
    named = brief.model_copy(update={"markdown": str(room / "brief.md"), "json_file": str(room / "brief.json")})
    write_file(room / "brief.md", _MARKDOWN.render(brief=named))
    write_file(room / "brief.json", named.model_dump_json(indent=2))
    return named
