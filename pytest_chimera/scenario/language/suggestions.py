"""Suggests the wordings that are most similar to an unknown step, with the step rewritten in each."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from pytest_chimera.scenario.language.grammar import read_step
from pytest_chimera.scenario.language.words.lexer import Token, Tokens, phrase, quote_literal, tokenize
from pytest_chimera.scenario.language.words.patterns import (
    MAX_TOKENS,
    Element,
    Optional,
    Slot,
    Word,
    compile_pattern,
    forms,
)
from pytest_chimera.scenario.language.words.readings import Setting
from pytest_chimera.scenario.language.words.vocabulary import ACTORS, DETERMINERS, NEVER_IN_NAMES, PLACE_WORDS
from pytest_chimera.scenario.language.words.wordings import WORDINGS, Wording

_EXAMPLES = {
    "number": "2", "count": '2 items', "nth": "2nd", "keys": "Enter", "dialog": "the alert", "times": "twice",
    "page": '"/path"', "site": '"/path"', "duration": "2 seconds", "pixels": "100px",
    "pattern": "/pattern/", "files": '"file.png"', "control": 'the "name" button',
    "choice": 'the radio "name"', "checkbox": 'the "name" checkbox', "fieldlike": 'the "name" field',
    "dropdown": 'the "name" dropdown', "form": 'the "name" form', "shown": "Text", "place": 'the "name" list',
}  # fmt: skip
_THINGS = frozenset(["target", "field", "named", "select", "file", "label"])
_VALUES = frozenset(["value", "texts", "literal", "url", "name"])


def suggest(tokens: Tokens, setting: Setting, limit: int = 3) -> tuple[str, ...]:
    """Return up to ``limit`` known sentences, the most similar first; none for a text that is too long for a step."""
    if len(tokens) > MAX_TOKENS // 2:
        return ()
    asked = _asked(tokens)
    near = heapq.nlargest(14, _candidates(asked), key=lambda row: (_nearness(row, asked), -row.number))
    found: dict[str, None] = {}
    intents: set[str] = set()
    for wording in (row.wording for row in near):
        if wording.intent in intents:
            continue
        sentence = _rewritten(wording, tokens)
        if sentence and read_step(tokenize(sentence), setting) is not None:
            found.setdefault(sentence)
            intents.add(wording.intent)
        if len(found) == limit:
            break
    return tuple(found)


@dataclass(frozen=True)
class _Skeleton:
    """A row and its index in the table, its verbs, all its own words and its number of slots."""

    number: int
    wording: Wording
    verbs: frozenset[str]
    own: frozenset[str]
    slots: int


@lru_cache(maxsize=1)
def _skeletons() -> tuple[_Skeleton, ...]:
    rows = (row for row in WORDINGS if row.intent != "wait-time")
    return tuple(_skeleton(number, row, compile_pattern(row.pattern)) for number, row in enumerate(rows))


@lru_cache(maxsize=1)
def _by_verb() -> Mapping[str, tuple[_Skeleton, ...]]:
    """Return the rows by their verbs."""
    found: dict[str, list[_Skeleton]] = {}
    for row in _skeletons():
        for verb in row.verbs:
            found.setdefault(verb, []).append(row)
    return {verb: tuple(rows) for verb, rows in found.items()}


def _candidates(asked: _Asked) -> Iterable[_Skeleton]:
    """Return the rows with a verb of the step, or a similar one; all rows if it has none."""
    near = {row.number: row for verb in asked.verbs for row in _by_verb().get(verb, ())}
    return near.values() if near else _skeletons()


def _skeleton(number: int, row: Wording, elements: tuple[Element, ...]) -> _Skeleton:
    head = elements[0]
    verbs = frozenset(words[0] for words in head.phrases) if isinstance(head, Word) else frozenset()
    slots = sum(isinstance(element, Slot) for element in elements)
    return _Skeleton(number, row, verbs, frozenset(_own_words(elements)), slots)


def _own_words(elements: tuple[Element, ...]) -> Iterator[str]:
    for element in elements:
        if isinstance(element, Word):
            yield from (word for words in element.phrases for word in words)
        elif isinstance(element, Optional):
            yield from _own_words(element.elements)


@dataclass(frozen=True)
class _Asked:
    """The parts of a step to compare: its words, the verbs that its first words are or resemble, its literals."""

    words: frozenset[str]
    verbs: Mapping[str, float]
    outcome: bool
    literals: int


def _asked(tokens: Tokens) -> _Asked:
    words = [token.low for token in tokens if token.kind == "word" and token.low not in ACTORS | DETERMINERS]
    verbs: dict[str, float] = {}
    for word in words[:4]:
        verbs |= {verb: max(likeness, verbs.get(verb, 0.0)) for verb, likeness in _alike(word).items()}
    outcome = bool({"should", "see"} & set(words))
    return _Asked(frozenset(words), verbs, outcome, sum(token.quoted for token in tokens))


def _nearness(row: _Skeleton, asked: _Asked) -> float:
    verb = max((asked.verbs.get(verb, 0.0) for verb in row.verbs), default=0.0)
    shared = len(row.own & asked.words) / (len(asked.words) or 1)
    outcome = 0.3 if asked.outcome == (row.wording.form != "do") else 0.0
    return 2 * verb + shared + outcome - 0.3 * abs(asked.literals - row.slots)


@lru_cache(maxsize=8192)
def _alike(word: str) -> Mapping[str, float]:
    """Return the verbs that a word is a form of, or resembles, with the similarity."""
    return {verb: likeness for verb in _by_verb() if (likeness := _likeness(word, verb))}


def _likeness(word: str, verb: str) -> float:
    if word in forms(verb):
        return 1.0
    if word[:1] != verb[:1] or abs(len(word) - len(verb)) > 3:
        return 0.0
    ratio = SequenceMatcher(None, word, verb).ratio()
    return ratio if ratio > 0.6 else 0.0


def _rewritten(row: Wording, tokens: Tokens) -> str:
    """Return the row's simplest sentence, with the step's literals and names in its slots."""
    literals = [token for token in tokens if token.quoted]
    names = _names(tokens)
    words = _written(compile_pattern(row.pattern), literals, names)
    if row.form == "be":
        subject = quote_literal(names[0]) if names else '"name"'
        thing = {
            "url": "the URL",
            "title": "the title",
            "dialog": "the alertbox",
            "page": "the page",
            "field": f"the {subject} field",
        }
        subject = thing.get(row.of, f"the {subject} element" if names else 'the "name" element')
        return f"{subject} should {' '.join(words)}"
    return f"I should {' '.join(words)}" if row.form == "see" else f"I {' '.join(words)}"


def _names(tokens: Tokens) -> list[str]:
    """Return the step's plain words that could be a name, without verbs and function words."""
    small = DETERMINERS | PLACE_WORDS | NEVER_IN_NAMES | ACTORS
    plain = [token.text for token in tokens if token.kind == "word" and token.low not in small]
    return [" ".join(plain[1:3])] if len(plain) > 1 else plain


def _written(elements: tuple[Element, ...], literals: list[Token], names: list[str]) -> Iterator[str]:
    for element in elements:
        if isinstance(element, Word) and not element.optional:
            yield " ".join(_first(element))
        elif isinstance(element, Slot) and element.type in _THINGS | _VALUES:
            if literals:
                yield phrase((literals.pop(0),))
            else:
                yield quote_literal(names[0]) if names and element.type in _THINGS else '"…"'
        elif isinstance(element, Slot) and element.type in _EXAMPLES:
            yield _EXAMPLES[element.type]


def _first(word: Word) -> tuple[str, ...]:
    return min(word.phrases, key=len)
