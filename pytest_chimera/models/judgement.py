"""The judge's result, and why a test is not green."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from pytest_chimera.models.base import StepKeyword, Value, first_line


class Reason(StrEnum):
    """Why a test is not green. The first group are the right reasons for a red test."""

    ASSERTION = "assertion"
    MISSING_ELEMENT = "missing element"
    AMBIGUOUS_ELEMENT = "ambiguous element"
    MISSING_PAGE = "missing page"

    GIVEN_FAILED = "a Given does not hold"
    NO_START_PAGE = "no page to start at"
    LOGIN_PAGE = "log-in page"
    BLANK_PAGE = "blank page"
    PAGE_SCRIPT_ERROR = "uncaught exception on the page"
    SERVER_ERROR = "server error"
    SCRIPT_ERROR = "script error in the test"
    SETUP_ERROR = "set-up error"
    NO_EVIDENCE = "no positive evidence"
    OTHER_DATA = "not with other data"
    NOT_LASTING = "gone after a restart"
    EARLIER_BROKEN = "something that worked is broken"
    FLAKY = "flaky"

    NO_NETWORK = "no network"
    UNREACHABLE = "unreachable"
    NAVIGATION_TIMEOUT = "navigation timed out"
    BROWSER_CRASH = "browser crash"
    NO_BROWSER = "no browser"
    JUDGE_BROKEN = "the judge itself failed"


RIGHT_REDS = frozenset(
    {Reason.ASSERTION, Reason.MISSING_ELEMENT, Reason.AMBIGUOUS_ELEMENT, Reason.MISSING_PAGE},
)
OUTSIDE_CAUSES = frozenset({Reason.BROWSER_CRASH, Reason.NO_BROWSER, Reason.JUDGE_BROKEN, Reason.NO_NETWORK})
TIMELY_REDS = frozenset(
    {
        Reason.ASSERTION,
        Reason.MISSING_ELEMENT,
        Reason.AMBIGUOUS_ELEMENT,
        Reason.GIVEN_FAILED,
        Reason.LOGIN_PAGE,
        Reason.BLANK_PAGE,
        Reason.SERVER_ERROR,
        Reason.SETUP_ERROR,
        Reason.UNREACHABLE,
        Reason.NAVIGATION_TIMEOUT,
    }
)
"""Reds that can be caused by a busy machine alone."""


class Failure(Value):
    """One expectation that did not hold.

    :param nodeid: the frozen node id of the test that failed.
    :param reason: the typed reason.
    :param message: the message from Playwright or Python, shortened to what a person needs.
    :param step: the step's text; empty for hand-written tests.
    :param line: the line in the sealed test; ``code`` is that line.
        :param signature: identical for two failures that are the same: a short digest of reason, place and expectation.
    :param thrown: uncaught exceptions from the page's scripts, at most two.
    :param at_start: it failed on the first page that the test opened.
    :param data: the content type of what it failed on, if that is data and not a page.
    """

    nodeid: str
    reason: Reason
    message: str
    step: str = ""
    keyword: StepKeyword | None = None
    line: int = 0
    code: str = ""
    signature: str = ""
    thrown: tuple[str, ...] = ()
    at_start: bool = False
    data: str = ""

    def as_sentence(self) -> str:
        """Return what failed, and where, in one line."""
        where = f"{self.keyword} {self.step}" if self.step else self.code.strip()
        return f"{self.reason}: {where}" if where else f"{self.reason}: {first_line(self.message)}"


class Evidence(Value):
    """Absolute paths of files that show what happened; empty if the run did not get that far."""

    folder: str
    trace: str = ""
    screenshot: str = ""
    page: str = ""
    console: str = ""
    log: str = ""


class TestRun(Value):
    """The result of running a sealed test against a URL.

    :param status: ``green`` only if every sealed node id ran and passed, each with its own report.
    :param url: the base URL; ``final_url`` is the page's URL at the end.
    :param passed: node ids that passed.
    :param failures: the failures; empty if and only if the run is green.
    :param varied: the variations that were also green; ``seed`` is their seed; ``not_varied`` is what could not be
        varied, each with the reason.
    :param earlier: what worked on the base and still works on the candidate: buttons, addresses, tests of earlier
        features.
    :param patience: seconds that the judge waited for an element or an expectation; 0 if unknown.
    :param slowdown: how many times slower the machine was than when idle.
    :param hurried: red for a reason that may only be a lack of time, while the machine was busier than the judge had
        allowed for: it says nothing about the application, and is judged again.
    :param set_aside: the failures of earlier runs of that kind.
    :param scripts: the addresses of the scripts from other hosts that its pages requested; ``None`` if this was not
        recorded. ``unloaded`` are those that a page could not load because there was no network.
    """

    __test__: ClassVar[bool] = False

    status: Literal["green", "red"]
    url: str
    final_url: str = ""
    passed: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    evidence: Evidence | None = None
    browser: str = ""
    seconds: float = 0.0
    varied: tuple[str, ...] = ()
    not_varied: dict[str, str] = Field(default_factory=dict)
    seed: str = ""
    earlier: tuple[str, ...] = ()
    patience: float = 0.0
    slowdown: float = 1.0
    hurried: bool = False
    set_aside: tuple[Failure, ...] = ()
    scripts: tuple[str, ...] | None = None
    unloaded: tuple[str, ...] = ()

    @property
    def failure(self) -> Failure | None:
        """The first failure, if any, for the person and the coder."""
        return self.failures[0] if self.failures else None
