"""What a person can do about a red that no change to the application fixes."""

from __future__ import annotations

import json

from pytest_chimera.errors import EnvironmentTrouble
from pytest_chimera.models import (
    Reason,
    TestRun,
)

REMEDIES = {
    Reason.GIVEN_FAILED: "A Given has to hold before the feature exists: fix the step, or arrange the data with steps "
    "in the glossary or with a function (docs/how-to/write-your-own-steps.md).",
    Reason.NO_START_PAGE: "Serve what contains the page: its files, or its front end next to the API "
    "(docs/how-to/serve-your-application.md). Or let the feature begin at an existing page: "
    'feature(…, url="/…").',
    Reason.LOGIN_PAGE: "Write the log-in as steps of the scenario, or begin at a page that needs none.",
    Reason.BLANK_PAGE: "The page shows nothing: look at its console, and at what the server needs to build first. If "
    "it only needs more time, raise chimera_patience.",
    Reason.PAGE_SCRIPT_ERROR: "A script of the application is broken on every page: fix it on the base first.",
    Reason.SERVER_ERROR: "The server answered with an error: see its log, and fix the base.",
    Reason.SCRIPT_ERROR: "Fix the test: the error is in its own code.",
    Reason.SETUP_ERROR: "Fix the fixture: the test did not start.",
    Reason.NO_EVIDENCE: "The test has to run and to expect something: no skip, no xfail.",
    Reason.NO_BROWSER: "Install one: python -m playwright install chromium",
    Reason.NO_NETWORK: "Connect this machine, or have the application serve the file itself, then run the same command "
    "again. If its pages work without it, as with one that counts visitors, write in the settings:",
    Reason.UNREACHABLE: "Check whether the server still runs: its log is next to the evidence.",
    Reason.NAVIGATION_TIMEOUT: "Find out what the page waits for, then run the same command again.",
}


def as_failed_precondition(run: TestRun) -> TestRun:
    """Return a red of a precondition: it says nothing about the feature itself."""
    given = [failure.model_copy(update={"reason": Reason.GIVEN_FAILED}) for failure in run.failures]
    return run.model_copy(update={"failures": tuple(given)})


def outside(run: TestRun) -> EnvironmentTrouble:
    """Return the error for a cause outside the application that a run encountered."""
    failure = run.failure
    assert failure is not None, "a run without a failure met no trouble"
    passing = failure.reason not in {Reason.NO_BROWSER, Reason.NO_NETWORK}
    where = run.evidence.folder if run.evidence else ""
    remedy = REMEDIES.get(failure.reason, "Run the same command again.")
    if failure.reason is Reason.NO_NETWORK:
        remedy += f"\nchimera_unneeded = {json.dumps(run.unloaded)}"
    return EnvironmentTrouble(f"{failure.reason}: {failure.message}", where=where, remedy=remedy, passing=passing)
