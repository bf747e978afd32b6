"""What an action opens besides the page: a new tab, a download. Playwright waits for it around the action."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pytest_chimera.scenario.language.words.readings import Reading
from pytest_chimera.scenario.rendering.layout import lay_out

Place = tuple[int, int]
"""The index of a step, and of a reading in it."""
_TAB = "popup.value"
_NEXT_TAB = 'page.wait_for_event("popup")'
_BY_ITSELF = 'page.wait_for_event("download")'
_FOCUS = frozenset({"switch-tab", "switch-back"})


@dataclass
class _Run:
    """The state while going through a scenario.

    :param action: the last action; ``tab``: the variable of the new tab, if any; ``inside``: what the steps act in.
    """

    opens: dict[Place, str] = field(default_factory=dict)
    action: Place | None = None
    tab: str = ""
    inside: str = ""

    def new_tab(self) -> str:
        """Return the variable of the tab that the last action opened."""
        if self.action is not None and self.action not in self.opens:
            self.opens[self.action] = "popup"
            self.tab = _TAB
        return self.tab or _NEXT_TAB


def with_openings(steps: Sequence[tuple[Reading, ...]]) -> list[tuple[Reading, ...]]:
    """Return the readings of a scenario's steps, each with what it opens and the tab in which it happens."""
    run = _Run()
    placed = [
        tuple(replace(reading, tab=_tab_of(reading, (number, part), run)) for part, reading in enumerate(readings))
        for number, readings in enumerate(steps)
    ]
    return [
        tuple(
            replace(reading, opens=run.opens.get((number, part), "")) if reading.intent != "download" else reading
            for part, reading in enumerate(_named(readings, number, run))
        )
        for number, readings in enumerate(placed)
    ]


def _named(readings: tuple[Reading, ...], number: int, run: _Run) -> tuple[Reading, ...]:
    """Name what readings open; a download waits for its file by itself, and is kept if a later step refers to it."""
    return tuple(
        replace(reading, opens="download" if (number, part) in run.opens else "unnamed download")
        if reading.intent == "download"
        else reading
        for part, reading in enumerate(readings)
    )


def _tab_of(reading: Reading, place: Place, run: _Run) -> str:
    if reading.intent == "switch-back":
        run.inside = ""
    elif reading.intent == "switch-tab":
        run.inside = run.tab or run.new_tab()
    elif reading.intent == "downloaded" and run.action is not None:
        run.opens.setdefault(run.action, "download")
    elif reading.intent == "downloaded":
        run.opens[place] = _BY_ITSELF
    elif reading.intent == "new-tab" and not reading.negated:
        return run.new_tab()
    elif reading.get("tab"):
        return run.tab or run.new_tab()
    if reading.form == "do" and reading.intent not in _FOCUS:
        run.action = place
    return run.inside


def laid_out(reading: Reading, lines: Sequence[str]) -> list[str]:
    """Return a reading's statements as lines of source: in its tab, and inside the block that waits for what it
    opens.
    """
    if reading.tab:
        lines = [in_tab(line, reading.tab) for line in lines]
    if reading.opens == _BY_ITSELF:
        lines = [line.replace("download.value", _BY_ITSELF, 1) for line in lines]
    if reading.opens in {"", _BY_ITSELF}:
        return [part for line in lines for part in lay_out(line)]
    what = reading.opens.rpartition(" ")[2]
    head = f"with page.expect_{what}(){f' as {what}' if reading.opens == what else ''}:"
    inner = [f"    {part}" for line in lines for part in lay_out(line, indent=8)]
    return [in_tab(head, reading.tab) if reading.tab else head, *inner]


def in_tab(line: str, tab: str) -> str:
    """Return a statement about the page as one about another tab."""
    tokens = tokenize.generate_tokens(io.StringIO(line).readline)
    ends = [token.end[1] for token in tokens if token.type == tokenize.NAME and token.string == "page"]
    for end in reversed(ends):
        line = line[: end - len("page")] + tab + line[end:]
    return line
