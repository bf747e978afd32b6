"""The judge's witness: a pytest plugin that runs inside the judge's process and records what happens there.

It decides nothing. It handles every browser context, whichever fixture made it, records pytest's reports and the pages'
events, and keeps a trace, a screenshot and a page snapshot of each test's end. It is the only module of the judge that
imports pytest, and the only one that the judge's process loads.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import traceback
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserType, Error, expect

from pytest_chimera.judge.record import (
    CONSOLE_FILE,
    NO_ANSWER,
    OUTPUT_FOLDER,
    RECORD_FILE,
    Collected,
    CollectionBroken,
    Crash,
    Document,
    FinalPage,
    JudgePlan,
    Launched,
    Line,
    PageException,
    Report,
    Script,
    SessionEnded,
    Trace,
    Unreached,
    key_of,
    line_of,
)
from pytest_chimera.system.supervisor import harmless

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, CDPSession, ConsoleMessage, Page, Playwright, Request, Response

CONSOLE_LINES = 5_000
CONSOLE_WIDTH = 2_000
MESSAGE_WIDTH = 20_000
EXCEPTIONS = 20
WITNESS = "chimera-witness"
NOT_AUTOMATED = "--disable-blink-features=AutomationControlled"
"""Without this, every page can see in ``navigator.webdriver`` that the browser is automated."""

# What a person would notice: something drawn, something to type into, a password field.
LOOK = """() => {
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && getComputedStyle(element).visibility !== "hidden";
  };
  const some = (selector) => [...document.querySelectorAll(selector)].some(shown);
  return {
    title: document.title,
    text: Boolean(document.body && document.body.innerText.trim()),
    drawn: some("img, canvas, svg, video, iframe, object, embed, input, textarea, select, button"),
    password: some("input[type=password]"),
  };
}"""

Returned = TypeVar("Returned")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the timeouts before a hand-written test's own conftest.py, which may change them."""
    expect.set_options(timeout=JudgePlan.read(early_config.rootpath).patience * 1000)


def pytest_configure(config: pytest.Config) -> None:
    """Register the witness."""
    config.addinivalue_line("markers", "feature: what a person asked for")
    plan = JudgePlan.read(config.rootpath)
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    config.pluginmanager.register(Witness(plan, config.rootpath, patch), WITNESS)


class ContextTrace:
    """The only trace of a browser context: a test's own calls for a trace use it."""

    def __init__(self, context: BrowserContext, patch: pytest.MonkeyPatch, *, snapshots: bool) -> None:
        self._snapshots = snapshots
        self._start = context.tracing.start
        self._stop = context.tracing.stop
        self._path: Path | None = None
        patch.setattr(context.tracing, "start", lambda **_options: None)
        patch.setattr(context.tracing, "stop", self.stop)

    def begin(self, path: Path) -> None:
        """Start recording, to be written to ``path``."""
        self._path = path
        self._start(screenshots=True, snapshots=self._snapshots, sources=True)

    def stop(self, path: str | Path | None = None) -> None:
        """Write the trace, once; ``path`` is where a test wants a copy."""
        written, self._path = self._path, None
        if written is not None:
            self._stop(path=written)
            if path is not None:
                shutil.copy(written, path)


class Witness:
    """Writes one line for each observation.

    :param plan: the judge's plan; ``folder``: the judge's folder; ``patch``: undoes the changes to Playwright.

    ``touched_browser`` is true once the test has started a browser or opened a session with one: the effects may last
    longer than the browser's contexts.
    """

    def __init__(self, plan: JudgePlan, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.touched_browser = False
        self._plan = plan
        self._patch = patch
        self._output = folder / OUTPUT_FOLDER
        self._record = (folder / RECORD_FILE).open("w", encoding="utf-8", buffering=1)
        self._console = (self._output / CONSOLE_FILE).open("w", encoding="utf-8", buffering=1)
        self._console_lines = 0
        self._exceptions = 0
        self._nodeid = ""
        self._testing = False
        self._names: dict[str, int] = {}
        self._pages: list[Page] = []
        self._contexts: dict[BrowserContext, ContextTrace] = {}
        self._traces: dict[BrowserContext, str] = {}
        self._user_agents: dict[Browser, str] = {}
        self._browsers: list[Browser] = []
        self._waited_for: dict[Request, float] = {}
        patch.setattr(BrowserType, "launch", self._launching(BrowserType.launch))
        patch.setattr(Browser, "new_context", self._watching(Browser.new_context))
        patch.setattr(Browser, "new_page", self._watching_page(Browser.new_page))
        self._new_session = Browser.new_browser_cdp_session
        patch.setattr(Browser, "new_browser_cdp_session", self._opening_session(Browser.new_browser_cdp_session))

    def _write(self, line: Line) -> None:
        self._record.write(line_of(line))

    def _name(self, name: str) -> str:
        """``trace.zip``, then ``trace-2.zip`` …"""
        count = self._names[name] = self._names.get(name, 0) + 1
        stem, _, suffix = name.rpartition(".")
        return name if count == 1 else f"{stem}-{count}.{suffix}"

    # -- pytest's own reports

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the frozen node ids, and no other items."""
        wanted = [item for item in items if not self._plan.keys or key_of(item.nodeid) in self._plan.keys]
        config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
        items[:] = wanted
        self._write(Collected(tuple(item.nodeid for item in wanted)))

    def pytest_exception_interact(self, node: Any, call: pytest.CallInfo[Any]) -> None:
        """Record the error of a module that cannot be imported: it has no items."""
        if isinstance(node, pytest.Collector) and call.excinfo is not None:
            error = call.excinfo.value
            while error.__cause__ is not None:
                error = error.__cause__
            line = error.lineno or 0 if isinstance(error, SyntaxError) else _line_in(error, node.path)
            self._write(CollectionBroken(_type_of(error), _message_of(error), line))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Assign later observations to this item."""
        self._nodeid = item.nodeid
        self._testing = True
        for context in self._contexts:
            self._trace(context)

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """Remove a test's name from the environment for the browser's processes; pytest sets it again for the next
        phase.
        """
        if fixturedef.argname == "playwright":
            os.environ.pop("PYTEST_CURRENT_TEST", None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Inspect every page before a fixture closes it."""
        for context in list(self._contexts):
            self._last_sight(context)
        for browser in self._browsers:
            self._check_connected(browser)
        self._testing = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Record the report after all other plugins have modified it."""
        report = yield
        error = call.excinfo.value if call.excinfo is not None and report.failed else None
        self._write(
            Report(
                nodeid=item.nodeid,
                when=report.when or "",
                outcome=report.outcome,
                expected_failure=hasattr(report, "wasxfail"),
                type=_type_of(error) if error else "",
                message=_message_of(error) if error else _why(report),
                line=_line_in(error, item.path) if error else 0,
            )
        )
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Record that the session ended normally."""
        self._write(SessionEnded())

    # -- browsers and contexts

    def _launching(self, launch: Callable[..., Browser]) -> Callable[..., Browser]:
        def launched(kind: BrowserType, **options: Any) -> Browser:
            self.touched_browser = True
            browser = launch(kind, **launch_options(kind.name, self._plan, options))
            self.watch_browser(browser)
            return browser

        return launched

    def watch_browser(self, browser: Browser) -> None:
        """Record that a browser has started, and watch for its end."""
        self._browsers.append(browser)
        self._write(Launched(browser.version))
        browser.on("disconnected", lambda _browser: self._crashed("the browser"))

    def _opening_session(self, new_session: Callable[..., CDPSession]) -> Callable[..., CDPSession]:
        def opened(browser: Browser) -> CDPSession:
            self.touched_browser = True
            return new_session(browser)

        return opened

    def _watching(self, new_context: Callable[..., BrowserContext]) -> Callable[..., BrowserContext]:
        def watched(browser: Browser, **options: Any) -> BrowserContext:
            context = new_context(browser, **self._as_a_person(browser, options))
            self._watch(context)
            return context

        return watched

    def _watching_page(self, new_page: Callable[..., Page]) -> Callable[..., Page]:
        def watched(browser: Browser, **options: Any) -> Page:
            page = new_page(browser, **self._as_a_person(browser, options))
            self._watch(page.context)
            self._watch_page(page)
            self._before(page, "close", lambda: self._last_sight(page.context))
            return page

        return watched

    def _as_a_person(self, browser: Browser, options: dict[str, Any]) -> dict[str, Any]:
        """Return a context's options, with a person's browser profile where the test sets nothing."""
        looks = self._plan.looks
        told: dict[str, Any] = {"locale": looks.locale}
        if not options.get("no_viewport"):
            told["viewport"] = _size(looks.viewport)
            told["screen"] = _size(looks.screen)
        if browser.browser_type.name == "chromium":
            told["user_agent"] = self._user_agent(browser)
        if "viewport" in options:
            told.pop("screen", None)
        return {**told, **options}

    def _user_agent(self, browser: Browser) -> str:
        """Return the browser's own user agent, without the word that reveals that it is headless."""
        if browser not in self._user_agents:
            session = self._new_session(browser)
            own: str = session.send("Browser.getVersion")["userAgent"]
            session.detach()
            self._user_agents[browser] = own.replace("Headless", "")
        own = self._user_agents[browser]
        system = self._plan.looks.system
        return re.sub(r"\([^)]*\)", f"({system})", own, count=1) if system else own

    def _watch(self, context: BrowserContext) -> None:
        context.set_default_timeout(self._plan.patience * 1000)
        context.set_default_navigation_timeout(self._plan.navigation * 1000)
        self._contexts[context] = ContextTrace(context, self._patch, snapshots=self._plan.looks.snapshots)
        self._trace(context)
        self._before(context, "close", lambda: self._last_sight(context))
        context.on("close", self._closed)
        context.on("page", self._watch_page)
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("requestfailed", self._request_failed)
        context.on("console", self._said)

    def _closed(self, context: BrowserContext) -> None:
        self._contexts.pop(context, None)

    def _trace(self, context: BrowserContext) -> None:
        if context not in self._traces:
            self._traces[context] = self._name("trace.zip")
            self._contexts[context].begin(self._output / self._traces[context])

    def _before(self, thing: BrowserContext | Page, method: str, act: Callable[[], None]) -> None:
        original: Callable[..., None] = getattr(thing, method)

        def acted(*args: Any, **options: Any) -> None:
            act()
            original(*args, **options)

        self._patch.setattr(thing, method, acted)

    def _watch_page(self, page: Page) -> None:
        if page not in self._pages:
            self._pages.append(page)
            page.on("crash", lambda _page: self._crashed("a page"))
            page.on("pageerror", lambda error: self._threw(page, error))

    # -- what the pages do

    def _number(self, page: Page | None) -> int:
        if page is None:
            return 0
        self._watch_page(page)
        return self._pages.index(page) + 1

    def _main_page_of(self, request: Request) -> int:
        """Return the number of the page that is being loaded; 0 for a resource of a page."""
        if not request.is_navigation_request():
            return 0
        try:
            frame = request.frame
        except Error:  # a page that is being opened is announced after its answer
            return len(self._pages) + 1
        return 0 if frame.parent_frame is not None else self._number(frame.page)

    def _asked(self, request: Request) -> None:
        if _is_script_from_elsewhere(request):
            self._waited_for[request] = time.monotonic()

    def _had(self, request: Request, error: str = "") -> None:
        """Record the end of waiting for another host's script; other requests are not recorded."""
        if self._waited_for.pop(request, None) is not None:
            self._write(Script(self._nodeid, self._number(request.frame.page), request.url, error))

    def _give_up_waiting(self) -> None:
        """Give up on requests that have taken as long as an element is waited for."""
        until = time.monotonic() - self._plan.patience
        for request in [each for each, since in self._waited_for.items() if since <= until]:
            self._had(request, NO_ANSWER)

    def _answered(self, response: Response) -> None:
        self._had(response.request)
        page = self._main_page_of(response.request)
        if page:
            first = response.request
            while first.redirected_from is not None:
                first = first.redirected_from
            kind = response.headers.get("content-type", "")
            self._write(Document(self._nodeid, page, first.url, response.url, response.status, kind))

    def _request_failed(self, request: Request) -> None:
        failure = request.failure or ""
        self._log("failed", f"{request.method} {request.url}: {failure}")
        self._had(request, failure)
        page = self._main_page_of(request)
        if page:
            self._write(Unreached(self._nodeid, page, request.url, failure))

    def _threw(self, page: Page, error: Error) -> None:
        self._log("uncaught", error.stack or error.message)
        self._exceptions += 1
        if self._exceptions <= EXCEPTIONS:
            self._write(PageException(self._nodeid, self._number(page), error.message[:CONSOLE_WIDTH]))

    def _said(self, message: ConsoleMessage) -> None:
        place = message.location
        self._log(message.type, f"{message.text} ({place.get('url', '')}:{place.get('lineNumber', 0)})")

    def _check_connected(self, browser: Browser) -> None:
        """Record a crash if the browser no longer answers: it closes its pages before Playwright reports its end."""
        if browser.browser_type.name != "chromium" or not browser.is_connected():
            return
        try:
            self._new_session(browser).detach()
        except Error:
            self._crashed("the browser")

    def _crashed(self, what: str) -> None:
        if self._testing:
            self._write(Crash(self._nodeid, what))

    def _log(self, kind: str, text: str) -> None:
        self._console_lines += 1
        if self._console_lines <= CONSOLE_LINES:
            self._console.write(f"[{kind}] {harmless(text[:CONSOLE_WIDTH])}\n")
        elif self._console_lines == CONSOLE_LINES + 1:
            self._console.write(f"… more than {CONSOLE_LINES} lines: the rest is left out\n")

    # -- the end of a test

    def _last_sight(self, context: BrowserContext) -> None:
        trace = self._traces.pop(context, "")
        if not trace:
            return
        self._give_up_waiting()
        _unless_gone(self._contexts[context].stop, None)
        self._write(Trace(self._nodeid, trace))
        for page in context.pages:
            self._write(self._sight(page))

    def _sight(self, page: Page) -> FinalPage:
        """Inspect a page; each question has a time limit, because a page that hangs answers nothing."""
        limit = self._plan.sight * 1000
        number, url, name = self._number(page), page.url, self._name("screenshot.png")
        target = self._output / name
        if not _unless_gone(lambda: page.screenshot(path=target, full_page=True, timeout=limit), b""):
            return FinalPage(self._nodeid, number, url)
        page_file = self._name("page.yaml")
        snapshot = _unless_gone(lambda: page.locator("body").aria_snapshot(timeout=limit), "")
        (self._output / page_file).write_text(harmless(snapshot) + "\n", encoding="utf-8")
        look: dict[str, Any] = _unless_gone(lambda: page.locator("html").evaluate(LOOK, timeout=limit), {})
        return FinalPage(
            nodeid=self._nodeid,
            page=number,
            url=url,
            title=look.get("title", ""),
            blank=bool(look) and not (snapshot.strip() or look["text"] or look["drawn"]),
            password=look.get("password", False),
            screenshot=name,
            snapshot=page_file,
        )


@pytest.fixture(scope="session")
def playwright(playwright: Playwright, pytestconfig: pytest.Config) -> Playwright:
    """pytest-playwright's fixture, with the project's attribute for test ids."""
    playwright.selectors.set_test_id_attribute(JudgePlan.read(pytestconfig.rootpath).test_id)
    return playwright


def launch_options(kind: str, plan: JudgePlan, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options for launching a browser.

    :param kind: the name of the browser's type; ``options``: the test's own options, which take precedence.
    """
    own: dict[str, Any] = {"timeout": plan.launch * 1000}
    if kind == "chromium":
        own |= {"executable_path": plan.browser} if plan.browser and not options.get("channel") else {}
        return {**own, **options, "args": [*(options.get("args") or ()), NOT_AUTOMATED]}
    return {**own, **options}


def _is_script_from_elsewhere(request: Request) -> bool:
    """Whether a page's own frame requests a script from another host."""
    if request.resource_type != "script" or not request.url.startswith("http"):
        return False
    try:
        return urlsplit(request.url).netloc != urlsplit(request.frame.url).netloc
    except Error:  # a request of a service worker has no frame
        return False


def _unless_gone(ask: Callable[[], Returned], otherwise: Returned) -> Returned:
    """Return the answer, or ``otherwise`` from a page that is closed, has crashed or hangs, which is recorded
    elsewhere.
    """
    try:
        return ask()
    except Error:
        return otherwise


def _size(size: tuple[int, int]) -> dict[str, int]:
    return {"width": size[0], "height": size[1]}


def _first(error: BaseException) -> BaseException:
    """Return the first error: soft assertions come as a group, of which a person reads the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _type_of(error: BaseException) -> str:
    kind = type(_first(error))
    return f"{kind.__module__}.{kind.__qualname__}"


def _message_of(error: BaseException) -> str:
    error = _first(error)
    if isinstance(error, pytest.FixtureLookupError):
        return f"fixture {error.argname!r} not found"
    return (str(error) or repr(error))[:MESSAGE_WIDTH]


def _why(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return report.longreprtext[-MESSAGE_WIDTH:]


def _line_in(error: BaseException, path: Path) -> int:
    """Return the deepest line of the sealed test in the exception's traceback; 0 if there is none."""
    frames = traceback.walk_tb(_first(error).__traceback__)
    lines = [line for frame, line in frames if Path(frame.f_code.co_filename) == path and not _hides(frame)]
    return lines[-1] if lines else 0


def _hides(frame: FrameType) -> bool:
    """Whether a helper hides its own line from tracebacks, as in pytest."""
    return bool(frame.f_locals.get("__tracebackhide__"))
