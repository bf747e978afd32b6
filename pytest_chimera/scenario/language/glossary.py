"""The project's glossary: phrases that stand for steps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_chimera.errors import ScenarioError
from pytest_chimera.scenario.language.words.lexer import Tokens, plain, quote_literal, tokenize

Parts = tuple[tuple[str, str], ...]
"""A phrase's words and parameters in order: ``("word", "pay"), ("parameter", "card")``."""
_PARAMETER = re.compile(r"\{(\w+)\}|\"\{(\w+)\}\"|<(\w+)>")
MAX_DEPTH = 12


@dataclass(frozen=True)
class Entry:
    """One phrase: its words and parameters in order, and its steps."""

    phrase: str
    parts: Parts
    steps: tuple[str, ...]


class Glossary:
    """Phrases → steps, with parameters; phrases may use other phrases, without cycles.

    :param entries: phrase → steps, as a list or as lines of text: ``{"I am logged in as {name}": ["I open …"]}``.
    :raises ScenarioError: a phrase refers to itself, perhaps indirectly.
    """

    def __init__(self, entries: Mapping[str, Sequence[str] | str] | None = None) -> None:
        self._entries = tuple(_entry(phrase, steps) for phrase, steps in (entries or {}).items())
        for entry in self._entries:
            self._refuse_circles(entry, ())

    @property
    def phrases(self) -> tuple[Parts, ...]:
        """All phrases, parsed."""
        return tuple(entry.parts for entry in self._entries)

    def fitting(self, tokens: Tokens) -> tuple[Entry, ...]:
        """Return the phrases that match a step, the most literal first."""
        found = (entry for entry in self._entries if bind(entry.parts, tokens) is not None)
        return tuple(sorted(found, key=lambda entry: literalness(entry.parts), reverse=True))

    def steps_for(self, tokens: Tokens) -> tuple[str, ...] | None:
        """Return the steps for a step with its parameters filled in; ``None`` if no phrase matches."""
        for entry in self.fitting(tokens):
            return tuple(_filled(step, bind(entry.parts, tokens) or {}) for step in entry.steps)
        return None

    def _refuse_circles(self, entry: Entry, above: tuple[str, ...]) -> None:
        if entry.phrase in above:
            circle = " → ".join((*above[above.index(entry.phrase) :], entry.phrase))
            raise ScenarioError(
                f"The glossary leads in a circle: {circle}",
                where="[tool.chimera.glossary]",
                remedy="Let one of these phrases stand for steps on the page.",
            )
        for step in entry.steps:
            words = tokenize(without_keyword(step))
            inner = next(iter(self.fitting(words)), None)
            if inner is not None:
                self._refuse_circles(inner, (*above, entry.phrase))


def without_keyword(step: str) -> str:
    """Return a step without its keyword."""
    return re.sub(r"^(?:given|when|then|and|but)\s+", "", step.strip(), flags=re.IGNORECASE)


def _entry(phrase: str, steps: Sequence[str] | str) -> Entry:
    lines = steps.splitlines() if isinstance(steps, str) else steps
    written = tuple(line.strip() for line in lines if line.strip())
    return Entry(phrase, parts_of(without_keyword(phrase)), written)


def parts_of(phrase: str) -> Parts:
    """Parse a phrase."""
    parts: list[tuple[str, str]] = []
    place = 0
    for found in _PARAMETER.finditer(phrase):
        parts += [("word", token.low or token.text) for token in tokenize(phrase[place : found.start()].strip(' "'))]
        parts.append(("parameter", next(group for group in found.groups() if group)))
        place = found.end()
    return tuple(parts + [("word", token.low or token.text) for token in tokenize(phrase[place:].strip(' "'))])


def literalness(parts: Parts) -> tuple[int, int]:
    """Return how literal a phrase is: of two that match a step, the one with more words of its own is used."""
    words = sum(kind == "word" for kind, _ in parts)
    return words, words - len(parts)


def bind(parts: Parts, tokens: Tokens) -> dict[str, str] | None:
    """Return the parameters' values; each is one literal, or the words before the phrase's next word."""
    bound: dict[str, str] = {}
    place = 0
    for number, (kind, what) in enumerate(parts):
        if place >= len(tokens):
            return None
        if kind == "word":
            if what not in {tokens[place].low, tokens[place].text}:
                return None
            place += 1
            continue
        end = place + 1 if tokens[place].quoted else _parameter_end(parts[number + 1 :], tokens, place)
        bound[what] = plain(tokens[place:end])
        place = end
    return bound if place == len(tokens) else None


def _parameter_end(after: Parts, tokens: Tokens, place: int) -> int:
    following = next((what for kind, what in after if kind == "word"), None)
    if following is None:
        return len(tokens) if not after else place + 1
    found = (number for number in range(place + 1, len(tokens)) if tokens[number].low == following)
    return next(found, len(tokens))


def _filled(step: str, bound: Mapping[str, str]) -> str:
    """Return the step with its parameters' values, escaped inside quotes."""

    def value(found: re.Match[str]) -> str:
        name = next(group for group in found.groups() if group)
        if name not in bound:
            return found.group()
        text = bound[name]
        quoted = found.group().startswith('"') or _inside_quotes(step, found.start())
        escaped = quote_literal(text)[1:-1] if quoted else text
        return f'"{escaped}"' if found.group().startswith('"') else escaped

    return re.sub(r"\"\{(\w+)\}\"|\{(\w+)\}|<(\w+)>", value, step)


def _inside_quotes(step: str, place: int) -> bool:
    return step.count('"', 0, place) % 2 == 1
