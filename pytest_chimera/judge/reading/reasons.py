"""Why a test is not green: a table of rules; the first that applies gives the reason.

Causes outside the feature are checked before the test's own: an element is missing on every page that is a server
error, and that error is what a person needs to read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from pytest_chimera.judge.browser import INSTALL_COMMAND
from pytest_chimera.judge.reading.handwritten import FIXTURE_REMEDIES
from pytest_chimera.judge.reading.messages import PlaywrightMessage, clipped, readable
from pytest_chimera.judge.record import Crash, Document, FinalPage, Report, Script, Unreached
from pytest_chimera.models import GeneratedTest, Reason, StepLines

_NO_NETWORK = re.compile(
    r"ERR_(CONNECTION|NAME|ADDRESS|NETWORK|INTERNET|SSL|CERT|PROXY|TUNNEL|SOCKET|DNS)_\w+"
    r"|ERR_(EMPTY_RESPONSE|TIMED_OUT)"
)
_UNREACHABLE = re.compile(
    _NO_NETWORK.pattern + r"|ERR_(UNSAFE_PORT|INVALID_RESPONSE|INVALID_HTTP_RESPONSE|BLOCKED_BY_CLIENT)"
)
_NAVIGATIONS = {"Page.goto", "Page.reload", "Page.go_back", "Page.go_forward", "Page.wait_for_load_state", "Frame.goto"}
_LOGIN_PLACE = re.compile(r"(^|[/#])((log|sign)[-_]?(in|on)|auth|oauth2?|sso)(?![a-z])", re.IGNORECASE)
_LOGIN_WORDS = re.compile(
    r"(?<![a-z])(log|sign)(s|ged|ned|ging|ning)?[\s_-]?(in|on)(?![a-z])|password|credential|\bauth", re.IGNORECASE
)
_PLAYWRIGHT = "playwright."
PAGE_TYPES = ("", "text/html", "application/xhtml+xml")
"""The content types of pages; without one, a browser determines it from the contents."""


@dataclass(frozen=True)
class Case:
    """One failing report and its circumstances.

    :param report: the report; ``said``: its parsed message; ``step``: the step that the line belongs to.
    :param asked: the first address that the test requested; empty if there is none.
    :param arrived: how the current page's last navigation ended.
    :param sight: the current page at the end.
    :param lacking: scripts of other hosts that an open page could not load because of the network.
    :param before: scripts of other hosts that the base's pages request; ``None`` if unknown.
    :param patience: seconds to wait for an element on a quiet machine.
    """

    report: Report
    said: PlaywrightMessage
    test: GeneratedTest
    step: StepLines | None = None
    asked: str = ""
    arrived: Document | Unreached | None = None
    sight: FinalPage | None = None
    crash: Crash | None = None
    lacking: tuple[Script, ...] = ()
    before: tuple[str, ...] | None = None
    patience: float = 5.0

    @property
    def in_setup(self) -> bool:
        """Whether it failed before or after the test's own body."""
        return self.report.when != "call"

    @property
    def status(self) -> int:
        """The status of the current page; 0 without an answer."""
        return self.arrived.status if isinstance(self.arrived, Document) else 0

    @property
    def data(self) -> str:
        """The content type of the current page, if it is not a page."""
        return data_type(self.arrived.content_type) if isinstance(self.arrived, Document) else ""

    @property
    def timed_out(self) -> bool:
        """Whether a Playwright wait timed out."""
        return self.report.type.startswith(_PLAYWRIGHT) and self.report.type.endswith(".TimeoutError")

    @property
    def asserts(self) -> bool:
        """Whether the test itself made an assertion that failed."""
        return self.report.type.endswith("AssertionError") or self.report.type.endswith(".Failed")

    @property
    def is_about_the_page(self) -> bool:
        """Whether the test checked a page, or acted on it, when it failed."""
        return self.asserts or self.report.type.startswith(_PLAYWRIGHT)

    @property
    def speaks_of_login(self) -> bool:
        """Whether a step, or a line of a test without steps, is about logging in."""
        words = [step.text for step in self.test.steps] or [self.test.source]
        return any(_LOGIN_WORDS.search(text) for text in words)


Answer = tuple[Reason, str] | None


def is_unreachable(arrived: Unreached) -> bool:
    """Whether nobody answered; false if an answer was interrupted by the next navigation, or became a download."""
    return _UNREACHABLE.fullmatch(_code(arrived)) is not None


def is_out_of_reach(script: Script) -> bool:
    """Whether the network could not reach a script's host: this is the machine's problem, not the host's answer."""
    return _NO_NETWORK.fullmatch(_code(script)) is not None


def data_type(content_type: str) -> str:
    """Return the type in a ``Content-Type`` header, without parameters; empty for a page's."""
    kind = next(iter(content_type.replace(";", " ").split()), "").lower()
    return "" if kind in PAGE_TYPES else kind


def reason_for(case: Case) -> tuple[Reason, str]:
    """Return the typed reason for a failing report, and the message for people."""
    answers = (rule(case) for rule in _RULES)
    return next((answer for answer in answers if answer is not None), (Reason.ASSERTION, readable(case.said)))


# -- causes outside the page


def _no_evidence(case: Case) -> Answer:
    if case.report.type:
        return None
    return Reason.NO_EVIDENCE, clipped(case.report.message or "It failed without saying why.")


def _no_browser(case: Case) -> Answer:
    if not case.said.method.startswith("BrowserType."):
        return None
    lines = [f"The browser could not be started: {case.said.head.partition(': ')[2]}"]
    lines += [f"  {complaint}" for complaint in case.said.complaints[-3:]]
    lines += [f"Install one that does:  {INSTALL_COMMAND}", "Or say where one is:  chimera_browser_path = ..."]
    return Reason.NO_BROWSER, clipped("\n".join(lines))


def _crashed(case: Case) -> Answer:
    if case.crash is None:
        return None
    return Reason.BROWSER_CRASH, f"{case.crash.what.capitalize()} crashed or was closed from outside during the test."


def _unreachable(case: Case) -> Answer:
    if _UNREACHABLE.fullmatch(case.said.net_error):
        url = case.said.head.rpartition(" at ")[2]
        return Reason.UNREACHABLE, f"{url} cannot be reached: {case.said.net_error}."
    if isinstance(case.arrived, Unreached):
        return Reason.UNREACHABLE, f"{case.arrived.url} cannot be reached: {_code(case.arrived)}."
    return None


def _navigation_timeout(case: Case) -> Answer:
    if not (case.timed_out and case.said.method in _NAVIGATIONS):
        return None
    place = re.search(r'navigating to "([^"]+)"', case.said.log)
    limit = re.search(r"Timeout (\d+)ms", case.said.head)
    seconds = f" within {int(limit[1]) / 1000:g} s" if limit else ""
    return Reason.NAVIGATION_TIMEOUT, f"{place[1] if place else 'The page'} did not finish loading{seconds}."


def _server_error(case: Case) -> Answer:
    if case.said.net_error == "ERR_TOO_MANY_REDIRECTS":
        return Reason.SERVER_ERROR, f"{case.said.head.rpartition(' at ')[2]} redirects for ever."
    return (Reason.SERVER_ERROR, _answered(case)) if case.status >= 500 else None


def _no_network(case: Case) -> Answer:
    """A page that lacks a script may lack anything else because of it."""
    if not (case.lacking and case.is_about_the_page):
        return None
    lines = [f"The page could not load {script.url}: no network ({_code(script)})." for script in case.lacking]
    brought = [script.url for script in case.lacking if case.before is not None and script.url not in case.before]
    lines += [f"Nothing asked for it on the base: the change brought {url}." for url in brought]
    return Reason.NO_NETWORK, clipped("\n".join(lines))


# -- the test itself


def _fixture_broken(case: Case) -> Answer:
    if not case.in_setup:
        return None
    where = "after" if case.report.when == "teardown" else "before"
    missing = re.fullmatch(r"fixture '(\w+)' not found", case.said.head)
    remedy = FIXTURE_REMEDIES.get(missing[1], "Define it in a conftest.py beside the test.") if missing else ""
    return Reason.SETUP_ERROR, clipped(f"It broke {where} the test itself: {_python(case)}\n{remedy}")


def _script_error(case: Case) -> Answer:
    if case.asserts or case.report.type.startswith(_PLAYWRIGHT):
        return None
    return Reason.SCRIPT_ERROR, clipped(_python(case))


def _misused(case: Case) -> Answer:
    """Playwright refuses the call itself: an invalid selector, or a page that the test has closed."""
    if case.asserts or case.timed_out or case.said.ambiguous or case.said.resolved or case.status >= 400:
        return None
    return Reason.SCRIPT_ERROR, clipped(case.said.head)


# -- the page


def _login_page(case: Case) -> Answer:
    if case.speaks_of_login:
        return None
    if case.status in {401, 403}:
        return Reason.LOGIN_PAGE, f"{_answered(case)} It asks for a log-in or a permission that no step gives."
    if case.sight is None or _place(case.sight.url) == _place(case.asked) or _LOGIN_PLACE.search(_place(case.asked)):
        return None
    if not (case.sight.password or _LOGIN_PLACE.search(_place(case.sight.url))):
        return None
    return Reason.LOGIN_PAGE, f"{case.asked} led to the log-in page {case.sight.url}, and no step logs in."


def _blank_page(case: Case) -> Answer:
    sight = case.sight
    if sight is None or not sight.blank or case.status >= 400 or not sight.url.startswith("http"):
        return None
    answered = f"{sight.url} answered {case.status or 'without a document'}"
    return Reason.BLANK_PAGE, f"{answered} and shows nothing at all, with chimera_patience = {case.patience:g}."


def _given_failed(case: Case) -> Answer:
    if case.step is None or case.step.keyword != "Given":
        return None
    return Reason.GIVEN_FAILED, f"What is given does not hold: {case.step.text}\n{readable(case.said)}"


def _missing_page(case: Case) -> Answer:
    if case.status not in {404, 410}:
        return None
    return Reason.MISSING_PAGE, _answered(case)


# -- the feature


def _ambiguous(case: Case) -> Answer:
    return (Reason.AMBIGUOUS_ELEMENT, readable(case.said)) if case.said.ambiguous else None


def _missing_element(case: Case) -> Answer:
    return (Reason.MISSING_ELEMENT, readable(case.said)) if case.said.found_nothing else None


_RULES: tuple[Callable[[Case], Answer], ...] = (
    _no_evidence,
    _no_browser,
    _crashed,
    _unreachable,
    _server_error,
    _no_network,
    _navigation_timeout,
    _fixture_broken,
    _script_error,
    _login_page,
    _misused,
    _blank_page,
    _given_failed,
    _missing_page,
    _ambiguous,
    _missing_element,
)


def _code(failed: Unreached | Script) -> str:
    return failed.error.removeprefix("net::")


def _answered(case: Case) -> str:
    phrase = HTTPStatus(case.status).phrase if case.status in {each.value for each in HTTPStatus} else ""
    url = case.arrived.url if case.arrived else ""
    return f"{url} answered {f'{case.status} {phrase}'.strip()}."


def _python(case: Case) -> str:
    return f"{case.report.type.rpartition('.')[2]}: {case.said.head}"


def _place(url: str) -> str:
    """Return an address's path in the application, without host and query."""
    parts = urlsplit(url)
    return parts.path.rstrip("/") + (f"#{parts.fragment}" if "/" in parts.fragment else "")
