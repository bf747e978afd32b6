"""Writes the Playwright code of steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pytest_chimera.models import Call, Step, StepKeyword, Target
from pytest_chimera.scenario.functions.registry import CALL
from pytest_chimera.scenario.language.phrases.page_names import PageName
from pytest_chimera.scenario.language.phrases.slots import Count
from pytest_chimera.scenario.language.words.readings import Reading
from pytest_chimera.scenario.rendering.idiom import Work
from pytest_chimera.scenario.rendering.idioms.actions import path_of
from pytest_chimera.scenario.rendering.idioms.expectations import is_beside, is_loose
from pytest_chimera.scenario.rendering.idioms.intents import kind_of, lines_of
from pytest_chimera.scenario.rendering.locators import Finder
from pytest_chimera.scenario.rendering.tabs_and_downloads import laid_out, with_openings
from pytest_chimera.scenario.text.literals import quote
from pytest_chimera.scenario.understanding.binding import things_in
from pytest_chimera.scenario.understanding.understood import Understood, arranges

_NOTHING_SHOWN = 'expect(page.locator("body")).to_have_text(re.compile(r"\\S"), use_inner_text=True)'


_EXPECTING = "assert-"


_ANSWERS = frozenset({"accept-dialog", "dismiss-dialog"})


def written_steps(steps: Sequence[Understood], test_id: str, pages: Mapping[str, str], url: str) -> tuple[Step, ...]:
    """Return the steps of a scenario with their Playwright statements.

    :param test_id: the attribute for test ids; ``pages``: page name → path; ``url``: where the scenario begins.
    """
    opened = with_openings([each.readings for each in steps])
    steps = [replace(each, readings=readings) for each, readings in zip(steps, opened, strict=True)]
    answered = any(reading.intent in _ANSWERS for readings in opened for reading in readings)
    return tuple(_written(steps, Finder(test_id, pages, url, answered=answered)))


def _written(steps: Sequence[Understood], finder: Finder) -> Iterator[Step]:
    bare = True
    keyword: StepKeyword = "Given"
    for step in steps:
        lines: list[str] = []
        for reading in step.readings:
            if arranges(reading):
                continue
            kind = kind_of(reading)
            if bare and not reading.tab and kind.startswith(_EXPECTING) and _is_absence(reading, kind):
                lines += laid_out(Reading("nothing", "see"), [_NOTHING_SHOWN])
            bare = kind == "navigate" or (bare and not _touches(kind))
            work = Work(reading, finder, step.written.table, step.written.docstring)
            written = laid_out(reading, lines_of(work))
            lines = written + lines if reading.intent in _ANSWERS else lines + written
        keyword = step.written.keyword or _natural_keyword(step, keyword)
        if all(map(arranges, step.readings)):
            keyword = "Given"
        yield _step(step, keyword, lines, finder)


def _is_absence(reading: Reading, kind: str) -> bool:
    count = reading.get("count")
    none = reading.negated or (isinstance(count, Count) and count.number == 0)
    return kind == "assert-not-visible" or (none and kind in {"assert-text", "assert-count"})


def _touches(kind: str) -> bool:
    """Whether the step itself has to find something on the page."""
    return kind not in {"assert-url", "assert-title", "press-key", "dialog", "wait", "assert-not-visible"}


def _natural_keyword(step: Understood, before: StepKeyword) -> StepKeyword:
    """Return the keyword of a step without one: a state at the beginning, then actions, then outcomes."""
    said = step.written.said
    if said in {"Given", "When", "Then"}:
        return said  # type: ignore[return-value]  # narrowed by the set
    if kind_of(step.readings[0]).startswith(_EXPECTING):
        return "Then"
    return before if said in {"And", "But"} and before != "Then" else "When"


def _step(step: Understood, keyword: StepKeyword, lines: Sequence[str], finder: Finder) -> Step:
    first = step.readings[0]
    target, value = _target_and_value(first)
    return Step(
        keyword=keyword,
        text=step.written.text,
        line=step.written.line,
        kind="compound" if step.compound else kind_of(first),
        target=target,
        value=value,
        code=tuple(lines),
        certainty=min(_certainty(reading, finder) for reading in step.readings),
        calls=tuple(call for reading in step.readings if isinstance(call := reading.get(CALL), Call)),
    )


def _target_and_value(reading: Reading) -> tuple[Target | None, str | None]:
    things = dict(things_in(reading))
    target = things.get("target") or things.get("field") or things.get("subject") or things.get("place")
    count, page = reading.get("count"), reading.get("page")
    if isinstance(count, Count):
        return count.things, str(count.number)
    if isinstance(page, PageName):
        return Target(role="page", name=page.name, quoted=bool(page.address)), page.address or None
    value = next(
        (
            reading.get(slot)
            for slot in ("value", "texts", "keys", "pattern", "files", "number")
            if reading.get(slot) is not None
        ),
        None,
    )
    text = " | ".join(str(part) for part in value) if isinstance(value, tuple) else value
    if target is None and reading.intent == "text" and isinstance(text, str):
        return Target(name=text, quoted=True), text
    return target, None if text is None else str(text)


def _certainty(reading: Reading, finder: Finder) -> float:
    page = reading.get("page")
    certain = reading.certainty
    if isinstance(page, PageName):
        certain = min(certain, path_of(page, finder)[1])
    if any(thing.guessed for _, thing in things_in(reading)) or is_loose(reading) or is_beside(reading):
        certain = min(certain, 0.8)
    count = reading.get("count")
    if isinstance(count, Count) and not (count.things.role or count.things.css):
        certain = min(certain, 0.8)
    if reading.get("words") is not None or reading.intent == "click-here":
        certain = min(certain, 0.6)
    return certain


def opens_page(step: Step) -> bool:
    """Whether the step opens a page, so that none has to be opened before it."""
    return bool(step.code) and step.code[0].startswith("page.goto(")


def start_of(url: str) -> str:
    """Return the statement that opens the page at which a scenario begins."""
    return f"page.goto({quote(url)})"
