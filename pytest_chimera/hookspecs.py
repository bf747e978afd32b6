"""Every hook: descriptions and signatures, in the order of the loop.

The first result of a request that is not ``None`` is used, conftest.py before plugins before the built-in
implementation; for a review, steps and languages, all are called. Each may be a plain function, which then runs in a
thread, or ``async def``; each takes only the arguments that it names. Events only notify and return nothing.
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
    """Write the failing end-to-end test of a feature: return a generated test, or its source.

    The result passes through the same checks as our own: it must compile, and be red on the base for the right reason.
    """


@hookspec(firstresult=True)
def pytest_chimera_implement_feature(
    brief: Brief, workflow: ChimeraWorkflow
) -> Change | str | bool | Awaitable[Change | str | bool | None] | None:
    """Change the files in ``brief.folder`` so that the sealed test passes.

    Any result but ``None`` means that the work is done; a string is kept as the coder's own summary. ``None`` from a
    function that changed files also means that it is done; from one that changed nothing, it means that the next
    implementation is called. The result is never taken as proof.
    """


@hookspec
def pytest_chimera_review_change(
    change: Change, brief: Brief, workflow: ChimeraWorkflow
) -> Review | Sequence[Finding] | Awaitable[Review | Sequence[Finding] | None] | None:
    """Review a change before it is deployed. All are called; one rejection is enough; ``None`` abstains."""


@hookspec(firstresult=True)
def pytest_chimera_deploy_to_staging(
    checkout: Checkout, workflow: ChimeraWorkflow
) -> Deployment | Awaitable[Deployment | None] | None:
    """Deploy the files in ``checkout.folder`` and return where they run. Called for the base and for each candidate."""


@hookspec(firstresult=True)
def pytest_chimera_validate(
    sealed: SealedTest, deployment: Deployment, evidence: str, workflow: ChimeraWorkflow
) -> TestRun | Awaitable[TestRun | None] | None:
    """Run the sealed test against the deployment and return the result; ``evidence`` is a folder for its evidence."""


@hookspec(firstresult=True)
def pytest_chimera_transitions() -> Mapping[ChimeraPhase, Mapping[str, Any]] | None:
    """Change where a failure leads: phase → ``on_rejected``, ``on_failure`` or ``timeout`` (seconds).

    Review and validation cannot be bypassed.
    """


@hookspec(firstresult=True)
def pytest_chimera_draft_steps(
    feature: Feature, task: str, folder: str
) -> str | Sequence[str] | Awaitable[str | Sequence[str] | None] | None:
    """Draft the steps of a feature whose description names nothing that could be seen: one per line.

    ``task`` is the path of the request, in Markdown; ``folder`` is a private clone of HEAD to read. Called only with
    ``--chimera-draft``. The result is data: each line must be understood as a step, and a person must accept it before
    it counts.
    """


@hookspec
def pytest_chimera_steps() -> Mapping[str, Callable[..., object]] | None:
    """The project's own steps: phrase with ``{parameters}`` → the function that implements it.

    A function whose first parameter is ``page`` acts on the page, and must be in a module below ``chimera_test_dir``.
    Any other arranges data before the browser starts: it runs in a separate process, in the deployment's environment.
    Parameters are annotated as ``int``, ``float`` or ``str``. All are called, at the start of a run.
    """


@hookspec
def pytest_chimera_languages() -> Mapping[str, Mapping[str, str | list[str]]] | None:
    """Add languages for steps: code → phrase with ``{placeholders}`` → the English step.

    All results are combined; if the project's own ``[tool.chimera.languages.<code>]`` has the same phrase, it is used.
    """


# -- events


@hookspec
def pytest_chimera_phase_started(feature: Feature, phase: ChimeraPhase, workflow: ChimeraWorkflow) -> None:
    """A phase of a feature starts; this is already recorded."""


@hookspec
def pytest_chimera_phase_finished(feature: Feature, result: PhaseResult, workflow: ChimeraWorkflow) -> None:
    """A phase has ended; its result is already recorded. ``workflow`` is the state after it."""


@hookspec
def pytest_chimera_deployment_ended(deployment: Deployment) -> None:
    """A deployment is no longer needed. The plugin that started it stops it now."""


@hookspec
def pytest_chimera_verdict(feature: Feature, verdict: Verdict) -> None:
    """This run has finished with a feature."""
