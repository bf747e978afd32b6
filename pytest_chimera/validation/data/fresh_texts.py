"""Replaces the words that steps type with fresh ones of the same shape, keeping their relations to the rest of a test.

A word that also has another meaning in the test, or is part of another word there, stays as it is.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterable, Mapping

WORD = re.compile(r"[^\W\d_]{3,}")
_VOWELS, _CONSONANTS = "aeiou", "bcdfghklmnprstvw"
_TRIES = 400
_VALUES = """
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
october november december today tomorrow yesterday true false yes none null red green blue black white
http https www com org net example
"""
VALUES = frozenset(_VALUES.split())
"""Words with a meaning for programs, so that replacing them would change the meaning of the test."""


def words_of(text: str) -> set[str]:
    """Return the words of a text, in lowercase."""
    return {word.lower() for word in WORD.findall(text)}


def without(text: str, literals: Iterable[str]) -> str:
    """Return a text without the literals in it, in any case."""
    for literal in sorted(literals, key=len, reverse=True):
        text = _whole(literal).sub(" ", text)
    return text


def holds(text: str, literal: str) -> bool:
    """Whether a text contains a literal as complete words, in any case."""
    return _whole(literal).search(text) is not None


def _whole(literal: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(literal)}(?!\w)", re.IGNORECASE)


def related(word: str, other: str) -> bool:
    """Whether two words are related: equal, one part of the other, or anagrams."""
    return word in other or other in word or sorted(word) == sorted(other)


class FreshTexts:
    """Fresh texts for the literals that a test types.

    :param literals: what is typed; ``pinned``: the words that stay, in lowercase.
    :param chance: the source of random letters.
    """

    def __init__(self, literals: Collection[str], pinned: Collection[str], chance: random.Random) -> None:
        self._literals = sorted(set(literals))
        self._chance = chance
        words = set[str]().union(*map(words_of, self._literals))
        self._taken = words | set(pinned)
        free = {word for word in words if word not in VALUES and not any(related(word, each) for each in pinned)}
        self.free = {word for word in free if not any(word != each and related(word, each) for each in words)}

    def mapping(self) -> dict[str, str]:
        """Return a fresh text for every literal with a word that may change; the literals' sort order is preserved."""
        changing = [each for each in self._literals if self.free & words_of(_local_part(each))]
        for _ in range(_TRIES):
            fresh = {word: self._fresh(word) for word in sorted(self.free)}
            made = {literal: _said(literal, fresh) for literal in changing}
            everything = {literal: made.get(literal, literal) for literal in self._literals}
            if len(set(everything.values())) == len(everything) and _same_order(everything):
                return {literal: text for literal, text in made.items() if text != literal}
        return {}

    def another(self, literal: str, used: Collection[str]) -> str | None:
        """Return another text of a literal's shape with unused words; ``None`` if no word may change."""
        if not self.free & words_of(_local_part(literal)):
            return None
        taken = set[str]().union(*map(words_of, used))
        for _ in range(_TRIES):
            fresh = {word: self._fresh(word, first=True) for word in words_of(literal) & self.free}
            text = _said(literal, fresh)
            if text != literal and not any(related(word, each) for word in fresh.values() for each in taken):
                return text
        return None

    def _fresh(self, word: str, *, first: bool = False) -> str:
        """Return another word of the same length with the same first letter, and vowels where the word has some."""
        for _ in range(_TRIES):
            letters = [self._letter(each) for each in word]
            fresh = "".join(letters if first else [word[0], *letters[1:]])
            if fresh != word and not any(related(fresh, each) for each in self._taken):
                return fresh
        return word

    def _letter(self, letter: str) -> str:
        if letter in _VOWELS:
            return self._chance.choice(_VOWELS)
        return self._chance.choice(_CONSONANTS) if "a" <= letter <= "z" else letter


def _local_part(literal: str) -> str:
    """Return an e-mail address without its domain, which stays; URLs have no word that may change."""
    return "" if "://" in literal else literal.partition("@")[0]


def _said(literal: str, fresh: Mapping[str, str]) -> str:
    local = _local_part(literal)
    return (
        WORD.sub(lambda match: _in_case(match[0], fresh.get(match[0].lower(), match[0])), local) + literal[len(local) :]
    )


def _in_case(before: str, word: str) -> str:
    if len(before) != len(word):
        return word.upper() if before.isupper() else word.lower() if before.islower() else word
    return "".join(new.upper() if old.isupper() else new.lower() for old, new in zip(before, word, strict=True))


def _same_order(mapping: Mapping[str, str]) -> bool:
    before = sorted(mapping, key=str.casefold)
    return [mapping[each] for each in before] == sorted(mapping.values(), key=str.casefold)


def replaced(text: str, mapping: Mapping[str, str]) -> str:
    """Return a text with its literals replaced by fresh words, in the same case."""
    if not mapping:
        return text
    known = {literal.lower(): fresh for literal, fresh in mapping.items()}
    longest = sorted(mapping, key=len, reverse=True)
    pattern = re.compile("|".join(_whole(each).pattern for each in longest), re.IGNORECASE)
    return pattern.sub(
        lambda match: mapping.get(match[0]) or _in_case(match[0], known[match[0].lower()]),
        text,
    )
