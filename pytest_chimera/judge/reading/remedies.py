"""What a person does about a red that no change of the application mends."""

from __future__ import annotations

import json

from pytest_chimera.errors import EnvironmentTrouble
from pytest_chimera.models import (
    Reason,
    TestRun,
)

REMEDIES = {
    Reason.GIVEN_FAILED: "A Given has to hold before the feature exists: mend the step, or bring the state about, by "
    "steps in the glossary or by a function (docs/how-to/write-your-own-steps.md).",
    Reason.NO_START_PAGE: "Serve what holds the page: its files, or its front end beside the API "
    "(docs/how-to/serve-your-application.md). Or let the feature begin at a page that is there: "
    'feature(…, url="/…").',
    Reason.LOGIN_PAGE: "Write the log-in as steps of the scenario, or begin at a page that needs none.",
    Reason.BLANK_PAGE: "The page shows nothing: look at its console, and at what the server needs to build first. If "
    "it only takes longer, give it more seconds: chimera_patience.",
    Reason.PAGE_SCRIPT_ERROR: "A script of the application is broken on every page: mend it on the base first.",
    Reason.SERVER_ERROR: "The server answered with an error: see its log, and mend the base.",
    Reason.SCRIPT_ERROR: "Mend the test: the error is in its own code.",
    Reason.SETUP_ERROR: "Mend the fixture: the test did not begin.",
    Reason.NO_EVIDENCE: "The test has to run and to expect something: no skip, no xfail.",
    Reason.NO_BROWSER: "Install one: python -m playwright install chromium",
    Reason.NO_NETWORK: "Connect this machine, or have the application serve the file itself, then run the same command "
    "again. If its pages do without it, as without one that counts visitors, write in the settings:",
    Reason.UNREACHABLE: "See whether the server still runs: its log lies beside the evidence.",
    Reason.NAVIGATION_TIMEOUT: "See what the page waits for, then run the same command again.",
}


def as_given(run: TestRun) -> TestRun:
    """A red of something that has to hold before the feature counts: it says nothing about the feature itself."""
    given = [failure.model_copy(update={"reason": Reason.GIVEN_FAILED}) for failure in run.failures]
    return run.model_copy(update={"failures": tuple(given)})


def outside(run: TestRun) -> EnvironmentTrouble:
    """The trouble that a run met outside the application."""
    failure = run.failure
    assert failure is not None, "a run without a failure met no trouble"
    passing = failure.reason not in {Reason.NO_BROWSER, Reason.NO_NETWORK}
    where = run.evidence.folder if run.evidence else ""
    remedy = REMEDIES.get(failure.reason, "Run the same command again.")
    if failure.reason is Reason.NO_NETWORK:
        remedy += f"\nchimera_unneeded = {json.dumps(run.unloaded)}"
    return EnvironmentTrouble(f"{failure.reason}: {failure.message}", where=where, remedy=remedy, passing=passing)
