"""Compiles and matches the small pattern language of the table of wordings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from pytest_chimera.scenario.language.words.lexer import Tokens
from pytest_chimera.scenario.language.words.vocabulary import forms_of

MAX_TOKENS = 64
"""The maximum number of tokens in a clause, which keeps matching linear in the length of the text."""


@dataclass(frozen=True)
class Word:
    """One of several words or phrases; ``verb``: in any of its forms."""

    phrases: tuple[tuple[str, ...], ...]
    optional: bool = False
    verb: bool = False

    @cached_property
    def firsts(self) -> frozenset[str]:
        """Return the words that it can begin with."""
        heads = {phrase[0] for phrase in self.phrases}
        return frozenset(form for head in heads for form in (forms(head) if self.verb else (head,)))


@dataclass(frozen=True)
class Slot:
    """Words of a type, as read by ``slots.py``."""

    name: str
    type: str


@dataclass(frozen=True)
class Optional:
    """Elements of which all or none match."""

    elements: tuple[Element, ...]


Element = Word | Slot | Optional
ReadSlot = Callable[[str, Tokens], object | None]

_PIECE = re.compile(r"\[[^\]]*\]|\S+")


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> tuple[Element, ...]:
    """Return the elements of a pattern; its first word is a verb."""
    return tuple(_element(piece, verb=number == 0) for number, piece in enumerate(_PIECE.findall(pattern)))


def _element(piece: str, *, verb: bool = False) -> Element:
    if piece.startswith("["):
        inner = _PIECE.findall(piece[1:-1])
        if len(inner) == 1 and not inner[0].startswith("{"):
            return Word(_phrases(inner[0]), optional=True)
        return Optional(tuple(_element(part) for part in inner))
    if piece.startswith("{"):
        name, _, kind = piece[1:-1].partition(":")
        return Slot(name, kind or name)
    return Word(_phrases(piece), verb=verb)


def _phrases(piece: str) -> tuple[tuple[str, ...], ...]:
    """Return the alternatives, the longest first."""
    return tuple(sorted((tuple(phrase.split("_")) for phrase in piece.split("|")), key=len, reverse=True))


@cache
def forms(verb: str) -> frozenset[str]:
    """See :func:`pytest_chimera.scenario.language.words.vocabulary.forms_of`."""
    return forms_of(verb)


@lru_cache(maxsize=1024)
def first_words(pattern: str) -> frozenset[str]:
    """Return every form of the first word of a matching clause."""
    head = compile_pattern(pattern)[0]
    if not isinstance(head, Word):
        raise ValueError(f"A wording begins with its verb: {pattern!r}")
    return frozenset(form for phrase in head.phrases for form in forms(phrase[0]))


@dataclass(frozen=True)
class Match:
    """A match of a pattern with a complete clause.

    :param own: how many tokens are the pattern's own words.
    """

    slots: Mapping[str, object]
    own: int


def match(pattern: str, tokens: Tokens, read: ReadSlot) -> Match | None:
    """Match all of ``tokens`` with the pattern; return ``None`` if they do not match."""
    if len(tokens) > MAX_TOKENS:
        return None
    return next(_matches(compile_pattern(pattern), tokens, 0, read), None)


def _matches(elements: tuple[Element, ...], tokens: Tokens, place: int, read: ReadSlot) -> Iterator[Match]:
    if not elements:
        if place == len(tokens):
            yield Match({}, 0)
        return
    head, rest = elements[0], elements[1:]
    if isinstance(head, Word):
        for length in _lengths(head, tokens, place):
            for found in _matches(rest, tokens, place + length, read):
                yield Match(found.slots, found.own + length)
    elif isinstance(head, Optional):
        yield from _matches((*head.elements, *rest), tokens, place, read)
        yield from _matches(rest, tokens, place, read)
    else:
        yield from _slot_matches(head, rest, tokens, place, read)


def _slot_matches(slot: Slot, rest: tuple[Element, ...], tokens: Tokens, place: int, read: ReadSlot) -> Iterator[Match]:
    if slot.type in {"table", "docstring"}:
        value = read(slot.type, ())
        for found in _matches(rest, tokens, place, read) if value is not None else ():
            yield Match({**found.slots, slot.name: value}, found.own)
        return
    ends = range(place + 1, len(tokens) + 1) if rest else (len(tokens),)
    for end in ends:
        if end <= place or not _can_follow(rest, tokens, end):
            continue
        value = read(slot.type, tokens[place:end])
        if value is None:
            continue
        for found in _matches(rest, tokens, end, read):
            yield Match({slot.name: value, **found.slots}, found.own)


def _can_follow(rest: tuple[Element, ...], tokens: Tokens, place: int) -> bool:
    """Whether the pattern's next own word is here: a quick check."""
    if not rest or not isinstance(rest[0], Word) or rest[0].optional:
        return True
    return bool(list(_lengths(rest[0], tokens, place)))


def _lengths(word: Word, tokens: Tokens, place: int) -> Iterator[int]:
    """Yield how many tokens the word may match here, the longest first; zero last, if it is optional."""
    here = word.phrases if place < len(tokens) and tokens[place].low in word.firsts else ()
    for phrase in here:
        stop = place + len(phrase)
        lows = tuple(token.low for token in tokens[place:stop])
        if lows == phrase or (word.verb and len(lows) == len(phrase) and _is_verb(lows, phrase)):
            yield len(phrase)
    if word.optional:
        yield 0


def _is_verb(lows: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    return lows[0] in forms(phrase[0]) and lows[1:] == phrase[1:]
