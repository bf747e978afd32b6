"""Shortens messages of Playwright and Python for people."""

from __future__ import annotations

import re
from dataclasses import dataclass

MESSAGE_LINES = 14
MESSAGE_WIDTH = 1_500

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_HEAD_ENDS = re.compile(r"^(Call log:|Aria snapshot:|=+ logs =+|Browser logs:|╔)", re.MULTILINE)
_LOG = re.compile(r"^Call log:\n(?P<log>.*?)(?:^\S|\Z)", re.MULTILINE | re.DOTALL)
_WAITING = re.compile(r"^[\s-]*- waiting for (?P<locator>(?!navigation to|element to be).+)$", re.MULTILINE)
_RESOLVED = re.compile(r"locator resolved to (?P<element>.+)$", re.MULTILINE)
_OBSTACLE = re.compile(r"^[\s-]*- (?P<obstacle>(?:element (?!is visible|to be)|<).+)$", re.MULTILINE)
_STRICT = re.compile(
    r"strict mode violation: (?P<locator>.+) resolved to (?P<count>\d+) elements:\n(?P<candidates>.*)", re.S
)
_ACTUAL = re.compile(r"^Actual value: (?P<actual>.*?)\s*(?=^Error: |\Z)", re.MULTILINE | re.DOTALL)
_METHOD = re.compile(r"^(?P<object>[A-Z]\w+)\.(?P<method>\w+): ")
_COMPLAINT = re.compile(r"\[err\] (?:\[[^\]]*\] ?)?(?P<text>.+)$", re.MULTILINE)
_NET_ERROR = re.compile(r"net::(?P<code>ERR_\w+)")


@dataclass(frozen=True)
class PlaywrightMessage:
    """A parsed message from Playwright.

    :param head: the text before the call log; ``log``: the call log.
    :param complaints: error output of a browser that did not start.
    """

    head: str
    log: str
    complaints: tuple[str, ...] = ()

    @classmethod
    def of(cls, message: str) -> PlaywrightMessage:
        """Parse a message; one from Python is all head."""
        text = _ANSI.sub("", message)
        log = _LOG.search(text)
        return cls(
            _HEAD_ENDS.split(text, maxsplit=1)[0].strip(), log["log"] if log else "", tuple(_COMPLAINT.findall(text))
        )

    @property
    def method(self) -> str:
        """``Locator.click``, ``Page.goto``; empty for an assertion."""
        match = _METHOD.match(self.head)
        return f"{match['object']}.{match['method']}" if match else ""

    @property
    def net_error(self) -> str:
        """The browser's error code, ``ERR_CONNECTION_REFUSED``; empty if there is none."""
        match = _NET_ERROR.search(self.head)
        return match["code"] if match else ""

    @property
    def locator(self) -> str:
        """What was searched for."""
        match = _WAITING.search(self.log)
        return match["locator"].strip() if match else ""

    @property
    def resolved(self) -> str:
        """The last element that the locator found; empty if it found none."""
        found = _RESOLVED.findall(self.log)
        return found[-1].strip() if found else ""

    @property
    def ambiguous(self) -> bool:
        """Whether the locator found several elements instead of one."""
        return "strict mode violation" in self.head

    @property
    def found_nothing(self) -> bool:
        """Whether the locator found no element."""
        return "element(s) not found" in self.head or bool(self.locator and not self.resolved and not self.ambiguous)


def readable(said: PlaywrightMessage) -> str:
    """Return what was expected and what was found, in a few lines."""
    if said.ambiguous:
        return clipped(_candidates(said))
    if said.method and said.found_nothing:
        return clipped(f"{said.locator} was not found, so that {_verb(said)} was impossible.")
    if said.method and said.resolved:
        return clipped(_obstacle(said))
    return clipped(_expectation(said))


def clipped(text: str, lines: int = MESSAGE_LINES) -> str:
    """Return the first lines of a text, and how many were left out."""
    kept = [line.rstrip() for line in text.strip().splitlines() if line.strip()]
    more = [f"… {len(kept) - lines} more lines"] if len(kept) > lines else []
    return "\n".join([*kept[:lines], *more])[:MESSAGE_WIDTH]


def _candidates(said: PlaywrightMessage) -> str:
    match = _STRICT.search(said.head)
    if match is None:
        return said.head
    candidates = "\n".join(f"  {line.strip()}" for line in match["candidates"].splitlines() if line.strip())
    return f"{match['locator']} fits {match['count']} elements, where one is meant:\n{candidates}"


def _verb(said: PlaywrightMessage) -> str:
    return said.method.partition(".")[2].replace("_", " ")


def _obstacle(said: PlaywrightMessage) -> str:
    obstacles = [each for each in _OBSTACLE.findall(said.log) if not each.startswith("element is not stable")]
    why = obstacles[-1].strip() if obstacles else _after_method(said)
    return f"{said.locator}: {_verb(said)} was impossible: {why}\n  found: {said.resolved}"


def _after_method(said: PlaywrightMessage) -> str:
    return said.head.removeprefix(f"{said.method}: ").removeprefix("Error: ")


def _expectation(said: PlaywrightMessage) -> str:
    actual = _ACTUAL.search(said.head)
    if actual is None:
        return said.head
    expected = said.head[: actual.start()].strip()
    if said.locator and expected.startswith("Locator expected"):
        expected = f"{said.locator}: expected{expected.removeprefix('Locator expected')}"
    elif said.locator and not expected.startswith("Page "):
        expected = f"{expected}\n  looked for: {said.locator}"
    return f"{expected}\n  found: {'nothing' if said.found_nothing else actual['actual'].strip()}"
