"""Every hook: prose and signatures, in the order of the loop.

Requests ask and are named by a verb: the first answer that is not ``None`` counts, conftest.py before plugins before
what is built in (the review asks all). Each may be a plain function, which then runs in a thread, or ``async def``;
each takes only the arguments that it names. Events tell and return nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pluggy import HookspecMarker

if TYPE_CHECKING:
    from pytest_chimera.models import (
        Brief,
        Change,
        Checkout,
        Deployment,
        Feature,
        Finding,
        GeneratedTest,
        Review,
        SealedTest,
        TestRun,
        Verdict,
    )
    from pytest_chimera.workflow.machine import ChimeraWorkflow, PhaseResult
    from pytest_chimera.workflow.transitions import ChimeraPhase

hookspec = HookspecMarker("pytest")


# -- requests


@hookspec(firstresult=True)
def pytest_chimera_generate_test(
    feature: Feature, workflow: ChimeraWorkflow
) -> GeneratedTest | str | Awaitable[GeneratedTest | str | None] | None:
    """Write the failing end-to-end test of a feature: a generated test, or its source.

    What comes back passes through the same checks as our own: it must compile, and be red on the base for the right
    reason.
    """


@hookspec(firstresult=True)
def pytest_chimera_implement_feature(
    brief: Brief, workflow: ChimeraWorkflow
) -> Change | str | bool | Awaitable[Change | str | bool | None] | None:
    """Change the files in ``brief.folder`` so that the sealed test passes.

    Any answer but ``None`` says that it was done; a string is kept as the coder's own summary. ``None`` from a function
    that changed files counts as done too; from one that changed nothing it means that somebody else should be asked.
    Nothing that is said counts as proof.
    """


@hookspec
def pytest_chimera_review_change(
    change: Change, brief: Brief, workflow: ChimeraWorkflow
) -> Review | Sequence[Finding] | Awaitable[Review | Sequence[Finding] | None] | None:
    """Look at a change before it is deployed. All are asked; one rejection is a rejection; ``None`` abstains."""


@hookspec(firstresult=True)
def pytest_chimera_deploy_to_staging(
    checkout: Checkout, workflow: ChimeraWorkflow
) -> Deployment | Awaitable[Deployment | None] | None:
    """Deploy the files in ``checkout.folder`` and say where they run. Called for the base and for each candidate."""


@hookspec(firstresult=True)
def pytest_chimera_validate(
    sealed: SealedTest, deployment: Deployment, evidence: str, workflow: ChimeraWorkflow
) -> TestRun | Awaitable[TestRun | None] | None:
    """Run the sealed test against the deployment and say what was seen; ``evidence`` is a folder for what shows it."""


@hookspec(firstresult=True)
def pytest_chimera_transitions() -> Mapping[ChimeraPhase, Mapping[str, Any]] | None:
    """Change where a failure leads: phase → ``on_rejected``, ``on_failure`` or ``timeout`` (seconds).

    No row can lead round review or validation.
    """


@hookspec(firstresult=True)
def pytest_chimera_draft_steps(
    feature: Feature, task: str, folder: str
) -> str | Sequence[str] | Awaitable[str | Sequence[str] | None] | None:
    """Draft the steps of a feature whose words say nothing that could be seen: one a line.

    ``task`` is the path of what is asked, in Markdown; ``folder`` a private clone of HEAD to look around in. Asked
    under ``--chimera-draft`` only. What comes back is data: each line has to be understood as a step, and a person has
    to accept it before it counts.
    """


@hookspec
def pytest_chimera_steps() -> Mapping[str, Callable[..., object]] | None:
    """The project's own steps: phrase with ``{parameters}`` → the function that it stands for.

    A function whose first parameter is ``page`` works on the page, and lies in a module below ``chimera_test_dir``.
    Any other arranges what is there before the browser comes: it runs in a process of its own, in the deployment's
    environment. Parameters are annotated as ``int``, ``float`` or ``str``. All are asked, at the beginning of a run.
    """


@hookspec
def pytest_chimera_languages() -> Mapping[str, Mapping[str, str | list[str]]] | None:
    """Add languages that steps may be written in: code → phrase with ``{placeholders}`` → the English step.

    All answers count; where the project's own ``[tool.chimera.languages.<code>]`` has the same phrase, that one does.
    """


# -- events


@hookspec
def pytest_chimera_phase_started(feature: Feature, phase: ChimeraPhase, workflow: ChimeraWorkflow) -> None:
    """A phase of a feature begins; it is recorded already."""


@hookspec
def pytest_chimera_phase_finished(feature: Feature, result: PhaseResult, workflow: ChimeraWorkflow) -> None:
    """A phase has ended; its result is recorded already. ``workflow`` is the one after it."""


@hookspec
def pytest_chimera_deployment_ended(deployment: Deployment) -> None:
    """A deployment is no longer needed. Whoever started it stops it now."""


@hookspec
def pytest_chimera_verdict(feature: Feature, verdict: Verdict) -> None:
    """This run is over for a feature."""
