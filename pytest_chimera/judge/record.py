"""What the judge passes to its witness, and what the witness records: plain values, standard library only.

Both sides of the process boundary import this module. The witness's side has to start fast and to load nothing
unnecessary, so there are no pydantic models here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

PLAN_FILE = "plan.json"
RECORD_FILE = "record.jsonl"
OUTPUT_FOLDER = "seen"
CONSOLE_FILE = "console.log"
PRINTED_FILE = "printed"
"""The output of a run in a warm judge."""
CLOSED_FILE = "closed"
"""Exists once a run in a warm judge has closed everything that it opened in the browser."""
SOCKET_FILE = "orders"
"""The socket for orders, in a warm judge's folder; the answers are :data:`BEGUN` and an exit code."""
BEGUN = b"begun"
NO_ANSWER = "ERR_TIMED_OUT"
"""The error for a script that was never answered; the browser uses the same when it gives up."""


@dataclass(frozen=True)
class BrowserProfile:
    """The browser profile that pages see, unless the test sets it.

    :param locale: the language and its region; ``viewport``: width and height of the window's contents, in pixels;
        ``screen``: those of the screen.
    :param system: the operating system in the user agent; the browser's own if empty.
    :param snapshots: whether the trace contains the page before and after each step. Pages can detect the script that
        records these.
    """

    locale: str = "en-US"
    viewport: tuple[int, int] = (1280, 720)
    screen: tuple[int, int] = (1920, 1080)
    system: str = ""
    snapshots: bool = True


@dataclass(frozen=True)
class JudgePlan:
    """What the witness has to know; it is a file in the judge's folder, so that a test's name does not appear in any
    command line or environment.

    :param keys: the node ids to run, from ``key_of``; empty runs all.
    :param browser: the browser's executable; ``None`` leaves the choice to Playwright.
    :param test_id: the attribute for test ids.
    :param patience: seconds until an action or an expectation times out; ``navigation``: for a page; ``launch``: for
        the browser; ``sight``: for a question about a page's final appearance.
    :param looks: the browser profile.
    """

    keys: tuple[str, ...] = ()
    browser: str | None = None
    test_id: str = "data-testid"
    patience: float = 5.0
    navigation: float = 30.0
    launch: float = 60.0
    sight: float = 3.0
    looks: BrowserProfile = BrowserProfile()

    def stretched(self, times: float) -> JudgePlan:
        """Return the plan with all its limits multiplied."""
        limits = ("patience", "navigation", "launch", "sight")
        return replace(self, **{name: getattr(self, name) * times for name in limits})

    def write(self, folder: Path) -> None:
        """Write the plan to the judge's folder."""
        (folder / PLAN_FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> JudgePlan:
        """Read the plan from the judge's folder."""
        facts = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
        looks: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in facts["looks"].items()
        }
        return cls(**{**facts, "keys": tuple(facts["keys"]), "looks": BrowserProfile(**looks)})


def key_of(nodeid: str) -> str:
    """Return a node id without its file and without the browser's name, which pytest-playwright adds as a parameter.

    One file is judged in one browser, so that neither is needed: ``e2e/test_a.py::test_a[chromium-x]`` and
    ``test_a.py::test_a[x]`` are the same test.
    """
    name = nodeid.partition("::")[2]
    if "[chromium-" in name:
        return name.replace("[chromium-", "[", 1)
    if name.endswith("-chromium]"):
        return name.removesuffix("-chromium]") + "]"
    return name.removesuffix("[chromium]")


@dataclass(frozen=True)
class Collected:
    """The items that will run."""

    nodeids: tuple[str, ...]


@dataclass(frozen=True)
class CollectionBroken:
    """The sealed test could not be imported."""

    type: str
    message: str
    line: int


@dataclass(frozen=True)
class Launched:
    """A browser was started."""

    version: str


@dataclass(frozen=True)
class Report:
    """One of pytest's reports: set-up, call or teardown of an item.

    :param expected_failure: the item was marked, or marked itself, as failing: neither outcome is evidence.
    :param type: the exception's type with its module; empty if there is none. ``line``: in the sealed test, 0 if the
        exception did not pass through it.
    """

    nodeid: str
    when: str
    outcome: str
    expected_failure: bool = False
    type: str = ""
    message: str = ""
    line: int = 0


@dataclass(frozen=True)
class Document:
    """A page's main document was answered. ``asked``: where its redirects began; ``content_type``: the header."""

    nodeid: str
    page: int
    asked: str
    url: str
    status: int
    content_type: str = ""


@dataclass(frozen=True)
class Unreached:
    """A page's main document could not be loaded. ``error``: the browser's code."""

    nodeid: str
    page: int
    url: str
    error: str


@dataclass(frozen=True)
class PageException:
    """An uncaught exception in a page's script."""

    nodeid: str
    page: int
    message: str


@dataclass(frozen=True)
class Script:
    """A page requested a script from another host. ``error``: the browser's code; empty if it was answered."""

    nodeid: str
    page: int
    url: str
    error: str = ""


@dataclass(frozen=True)
class Crash:
    """A page, or the entire browser, crashed or was closed during a test."""

    nodeid: str
    what: str


@dataclass(frozen=True)
class FinalPage:
    """A page at the end of a test.

    :param blank: nothing on it can be seen, read or heard.
    :param password: it shows a password field.
    :param screenshot: the file, in the output folder; empty if it could not be made; the same for ``snapshot``.
    """

    nodeid: str
    page: int
    url: str
    title: str = ""
    blank: bool = False
    password: bool = False
    screenshot: str = ""
    snapshot: str = ""


@dataclass(frozen=True)
class Trace:
    """A context's trace was written."""

    nodeid: str
    name: str


@dataclass(frozen=True)
class SessionEnded:
    """The session ended normally."""


Line = (
    Collected
    | CollectionBroken
    | Launched
    | Report
    | Document
    | Unreached
    | PageException
    | Script
    | Crash
    | FinalPage
    | Trace
    | SessionEnded
)
_KINDS: dict[str, type[Line]] = {
    kind.__name__: kind
    for kind in (
        Collected,
        CollectionBroken,
        Launched,
        Report,
        Document,
        Unreached,
        PageException,
        Script,
        Crash,
        FinalPage,
        Trace,
        SessionEnded,
    )
}


def line_of(value: Line) -> str:
    """Return a value as one line of the record."""
    return json.dumps({"kind": type(value).__name__, **asdict(value)}) + "\n"


def read_record(path: Path) -> tuple[Line, ...]:
    """Read the record as far as it was written: an incomplete last line ends it, and a missing file is empty."""
    if not path.is_file():
        return ()
    return tuple(_values(path.read_text(encoding="utf-8", errors="replace")))


def _values(text: str) -> Iterator[Line]:
    for line in text.splitlines():
        try:
            facts = json.loads(line)
        except ValueError:
            return
        kind: Any = _KINDS[facts.pop("kind")]
        yield kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()})
