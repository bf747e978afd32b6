"""Has the coder draft steps for a person to read: requested, checked, and turned into an edit of the person's file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread
import jinja2

from pytest_chimera.context.project import Project
from pytest_chimera.errors import ChimeraError, PhaseFailed, ScenarioError
from pytest_chimera.models import Feature
from pytest_chimera.scenario import TestGenerator, UnknownStepError
from pytest_chimera.scenario.text.drafts import Edit, edit_function, edit_scenario, read_draft
from pytest_chimera.scenario.text.step_errors import NeedsSteps
from pytest_chimera.scenario.text.step_text import keyword_of, read_steps
from pytest_chimera.system.files import write_file
from pytest_chimera.workflow.questions import DRAFT_FILE

HOOK = "pytest_chimera_draft_steps"
_TASK = jinja2.Template(
    """\
# {{ feature.description }}

Draft the acceptance steps of this feature of the web application in this folder. A person will read them and change
them; nothing is built yet. Write them into the file `{{ file }}`, one a line, and change no other file.

{% if feature.text -%}
## What was asked for

```
{{ feature.text }}
```

{% endif -%}
## How steps are written

The scenario begins at `{{ feature.url }}`. Given says what is there before, When what a person does, Then what a person
sees afterwards. Name buttons, fields and lists as the page does. For example:

```
{% for step in template %}{{ step }}
{% endfor %}```

Each line is read by a grammar, not by a person: one plain action or expectation a line, in words like these. At least
one Then has to name what is not there before the feature. `python -m pytest_chimera explain {{ file }}` says how each
line is understood; one with an "error" has to be reworded.
""",
    keep_trailing_newline=True,
    autoescape=False,
)


@dataclass(frozen=True)
class Draft:
    """Drafted steps for a feature, as an edit of the person's file."""

    steps: tuple[str, ...]
    edit: Edit


def lacks_steps(feature: Feature, generator: TestGenerator) -> bool:
    """Whether the person's text cannot be made into a test: there are no steps, or none is understood.

    :raises ScenarioError: there are steps, and some of them have to be fixed.
    """
    if feature.handwritten:
        return False
    try:
        generator.generate(feature)
    except NeedsSteps:
        return True
    except UnknownStepError as error:
        written = [line for line in feature.text.splitlines() if read_steps(line)]
        unknown = getattr(error, "errors", (error,))
        if feature.file or len(unknown) < len(written) or any(keyword_of(line.strip())[0] for line in written):
            raise
        return True
    return False


async def draft_of(project: Project, feature: Feature, generator: TestGenerator) -> Draft:
    """Have the coder draft the steps, and check each of them.

    :raises ScenarioError: there is no coder, or the draft cannot be used; the error says why.
    """
    if not project.run.options.calls_coder:
        raise nobody_drafts("No coder is called under CI.", feature)
    room = project.vault.room(feature.slug, 0, "draft")
    with project.held(feature):
        text = await _asked(project, feature, room)
    await anyio.to_thread.run_sync(write_file, room / DRAFT_FILE, text)
    steps = read_draft(text)
    _check(feature, steps, generator, str(room / DRAFT_FILE))
    return Draft(steps, _edit(project.root, feature, steps))


def nobody_drafts(why: str, feature: Feature) -> ScenarioError:
    """Return the error if there is no coder: the person fills in the template."""
    needs = NeedsSteps(why)
    remedy = needs.remedy.rpartition("\n")[0]
    return ScenarioError(f"{feature.id}: {why}", where=f"{feature.path}:{feature.line}", remedy=remedy)


async def _asked(project: Project, feature: Feature, room: Path) -> str:
    """Return the coder's answer from a private clone of HEAD.

    :raises ScenarioError: nobody answers.
    """
    task = _TASK.render(feature=feature, template=NeedsSteps.template, file=DRAFT_FILE)
    written = write_file(room / "brief.md", task)
    folder = project.place(feature) / "draft"
    try:
        head = await project.git(lambda git: git.head())
        await project.git(lambda git: git.clone(head, folder))
        inner = str(project.repository.project_in(folder))
        limit = project.settings.implementation_timeout
        with anyio.move_on_after(limit or None):
            answer = await project.run.agents.ask(HOOK, feature=feature, task=str(written), folder=inner)
            if answer is None:
                raise nobody_drafts("No coder is configured that drafts steps.", feature)
            return answer if isinstance(answer, str) else "\n".join(map(str, answer))
        raise ScenarioError(f"The draft was cut off after {limit:g} s.", where=str(room), remedy="Run it again.")
    except PhaseFailed as failed:
        raise ScenarioError(failed.sentence, where=failed.where, remedy=failed.evidence or failed.remedy) from None
    finally:
        with anyio.CancelScope(shield=True):
            await project.git(lambda git: git.discard(folder))


def _check(feature: Feature, steps: tuple[str, ...], generator: TestGenerator, where: str) -> None:
    """Check the drafted steps.

    :raises ScenarioError: a step is not understood, or none expects anything.
    """
    drafted = feature.model_copy(update={"text": "\n".join(steps), "file": None, "text_line": 1, "path": where})
    try:
        scenarios = generator.scenarios(drafted)
        generator.generate(drafted)
    except ChimeraError as error:
        raise ScenarioError(
            f"The draft cannot be used: {error.sentence}", where=error.where or where, remedy=error.remedy
        ) from None
    expects = any(step.kind.startswith("assert-") or step.calls for each in scenarios for step in each.steps)
    if not expects:
        raise ScenarioError("The draft cannot be used: it expects nothing.", where=where, remedy="Run it again.")


def _edit(root: Path, feature: Feature, steps: tuple[str, ...]) -> Edit:
    path = feature.file or feature.path
    try:
        source = (root / path).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        remedy = "Write the steps yourself."
        raise ScenarioError(
            "The draft cannot be inserted into a file that is not UTF-8.", where=path, remedy=remedy
        ) from None
    edit = edit_scenario if feature.file else edit_function
    return edit(path, source, feature, steps)


def lay(root: Path, edit: Edit) -> None:
    """Write an edit to the person's file.

    :raises ScenarioError: the file has changed since the edit was made.
    """
    path = root / edit.path
    if path.read_bytes() != edit.before.encode():
        raise ScenarioError("The file has changed in the meantime.", where=edit.path, remedy="Run it again.")
    mode = path.stat().st_mode
    write_file(path, edit.after)
    path.chmod(mode)
