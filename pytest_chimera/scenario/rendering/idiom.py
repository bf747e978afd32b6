"""What an idiom is given, and what an intent is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.words.readings import Reading
from pytest_chimera.scenario.rendering.locators import Finder
from pytest_chimera.scenario.text.literals import raw

Table = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Work:
    """The input of an idiom: the reading, the locators, and what is below the step's line."""

    reading: Reading
    finder: Finder
    table: Table = ()
    docstring: str | None = None

    def thing(self, default: str, slot: str = "target", value: str | None = None) -> str:
        """Return the locator of a slot's target, or of the clause's subject."""
        return self.finder.find(self.target(slot), default, value)

    def target(self, slot: str = "target") -> Target:
        """Return a slot's target, or the clause's subject."""
        found = self.reading.get(slot) or self.reading.subject
        return found if isinstance(found, Target) else Target()

    def text(self, slot: str = "value") -> str:
        """Return a slot's literal; without one, the step's doc string."""
        found = self.reading.get(slot)
        return str(found) if found is not None else self.docstring or ""

    def texts(self) -> tuple[str, ...]:
        """Return the literals of the slots ``texts`` or ``words``."""
        found = self.reading.get("texts") or self.reading.get("words")
        if isinstance(found, tuple):
            return found
        return () if self.docstring is None else (self.docstring,)

    @property
    def not_(self) -> str:
        """The prefix of an assertion's name."""
        return "not_" if self.reading.negated else ""


Idiom = Callable[[Work], list[str]]


@dataclass(frozen=True)
class Intent:
    """A row: the kind of its steps, of its negated ones, and its Playwright code."""

    kind: str
    idiom: Idiom
    negated: str = ""


def one(line: str) -> Idiom:
    """Return an idiom that is always the same line."""

    def idiom(_: Work) -> list[str]:
        return [line]

    return idiom


def escaped(text: str) -> str:
    """Return a regular expression that matches only ``text``."""
    return re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", text)


def matching(work: Work) -> str:
    """Return a step's regular expression, compiled."""
    return f"re.compile({raw(work.text('pattern'))})"
