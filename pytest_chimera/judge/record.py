"""What the judge tells its witness, and what the witness writes down: plain values, standard library only.

Both sides of the process boundary read this file. The witness's side has to start fast and to load nothing that it
doesn't need, so that nothing here is a pydantic model.
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
NO_ANSWER = "ERR_TIMED_OUT"
"""What is said of a script that nobody has answered for in the end, as the browser says it when it gives up."""


@dataclass(frozen=True)
class Looks:
    """What a browser tells a page of itself, where the test doesn't say otherwise.

    :param locale: the language and its region; ``viewport`` width and height of the window's inside, in pixels;
        ``screen`` those of the screen.
    :param system: the part of the user agent that names the system; the browser's own when empty.
    :param snapshots: the trace holds the page as it was before and after each step. The script that sees to that can be
        noticed by the page.
    """

    locale: str = "en-US"
    viewport: tuple[int, int] = (1280, 720)
    screen: tuple[int, int] = (1920, 1080)
    system: str = ""
    snapshots: bool = True


@dataclass(frozen=True)
class Plan:
    """What the witness has to know; it lies as a file in the judge's folder, so that no command line or environment
    names a test.

    :param keys: the node ids to run, as ``key_of`` gives them; empty runs all.
    :param browser: the browser's executable; ``None`` leaves the choice to Playwright.
    :param test_id: the attribute that holds test ids.
    :param patience: seconds until an action or an expectation is given up; ``navigation`` until a page is; ``launch``
        until the browser is; ``sight`` until a question about how a page looks in the end is.
    :param looks: what the browser tells of itself.
    """

    keys: tuple[str, ...] = ()
    browser: str | None = None
    test_id: str = "data-testid"
    patience: float = 5.0
    navigation: float = 30.0
    launch: float = 60.0
    sight: float = 3.0
    looks: Looks = Looks()

    def stretched(self, times: float) -> Plan:
        """The same with all its limits so many times longer."""
        limits = ("patience", "navigation", "launch", "sight")
        return replace(self, **{name: getattr(self, name) * times for name in limits})

    def write(self, folder: Path) -> None:
        """Lay the plan into the judge's folder."""
        (folder / PLAN_FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """The plan that lies in the judge's folder."""
        facts = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
        looks: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in facts["looks"].items()
        }
        return cls(**{**facts, "keys": tuple(facts["keys"]), "looks": Looks(**looks)})


def key_of(nodeid: str) -> str:
    """A node id without its file and without the browser's name, which pytest-playwright adds as a parameter.

    One file is judged in one browser, so that neither tells anything: ``e2e/test_a.py::test_a[chromium-x]`` and
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
    """The items that are about to run."""

    nodeids: tuple[str, ...]


@dataclass(frozen=True)
class CollectionBroken:
    """The sealed test could not even be imported."""

    type: str
    message: str
    line: int


@dataclass(frozen=True)
class Launched:
    """A browser was started."""

    version: str


@dataclass(frozen=True)
class Report:
    """One of pytest's own reports: set-up, call or teardown of an item.

    :param expected_failure: the item was marked, or marked itself, as failing: neither of its outcomes is evidence.
    :param type: the exception's type with its module; empty when there is none. ``line``: in the sealed test, 0 when
        the exception did not come through it.
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
    """A page's main document was answered. ``asked`` is where its redirects began, ``content_type`` the header."""

    nodeid: str
    page: int
    asked: str
    url: str
    status: int
    content_type: str = ""


@dataclass(frozen=True)
class Unreached:
    """A page's main document could not be had at all. ``error`` is the browser's code."""

    nodeid: str
    page: int
    url: str
    error: str


@dataclass(frozen=True)
class PageException:
    """A script on a page threw and nobody caught it."""

    nodeid: str
    page: int
    message: str


@dataclass(frozen=True)
class Script:
    """A page asked another host for a script. ``error`` is the browser's code; empty when it was answered."""

    nodeid: str
    page: int
    url: str
    error: str = ""


@dataclass(frozen=True)
class Crash:
    """A page, or the whole browser, went away during a test."""

    nodeid: str
    what: str


@dataclass(frozen=True)
class LastSight:
    """A page as it was when the test had ended.

    :param blank: nothing on it can be seen, read or heard.
    :param password: it shows a password field.
    :param screenshot: the file, in the output folder; empty when it could not be taken; ``snapshot`` likewise.
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
class Loaded:
    """What the judge's process has loaded: file and digest of each module, and of what was compiled of it."""

    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SessionEnded:
    """The session came to its own end."""


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
    | LastSight
    | Trace
    | Loaded
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
        LastSight,
        Trace,
        Loaded,
        SessionEnded,
    )
}


def line_of(value: Line) -> str:
    """A value as one line of the record."""
    return json.dumps({"kind": type(value).__name__, **asdict(value)}) + "\n"


def read_record(path: Path) -> tuple[Line, ...]:
    """The record as far as it was written: a torn last line ends it, as does one that is none of the witness's; a
    missing file, or what is no regular one, is an empty record.
    """
    if path.is_symlink() or not path.is_file():
        return ()
    return tuple(_values(path.read_text(encoding="utf-8", errors="replace")))


def _values(text: str) -> Iterator[Line]:
    for line in text.splitlines():
        try:
            facts = json.loads(line)
            kind: Any = _KINDS[facts.pop("kind")]
            value = kind(**{name: tuple(each) if isinstance(each, list) else each for name, each in facts.items()})
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            return
        yield value
