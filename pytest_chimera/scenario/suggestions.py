"""The nearest wordings to a step that is not understood, with the step rewritten in each."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache

from pytest_chimera.scenario.grammar import Setting, read_step
from pytest_chimera.scenario.lexer import Token, Tokens, phrase, quote_literal, tokenize
from pytest_chimera.scenario.patterns import MAX_TOKENS, Element, Optional, Slot, Word, compile_pattern
from pytest_chimera.scenario.vocabulary import ACTORS, DETERMINERS, NEVER_IN_NAMES, PLACE_WORDS
from pytest_chimera.scenario.wordings import WORDINGS, Wording

_EXAMPLES = {
    "number": "2", "count": '2 items', "nth": "2nd", "keys": "Enter", "dialog": "the alert", "times": "twice",
    "page": '"/path"', "site": '"/path"', "address": '"/path"', "duration": "2 seconds", "pixels": "100px",
    "pattern": "/pattern/", "files": '"file.png"', "words": "open it", "control": 'the "name" button',
    "choice": 'the radio "name"', "checkbox": 'the "name" checkbox', "fieldlike": 'the "name" field',
    "dropdown": 'the "name" dropdown', "form": 'the "name" form', "shown": "Text", "place": 'the "name" list',
}  # fmt: skip
_THINGS = frozenset(["target", "field", "named", "select", "file", "block", "label"])
_VALUES = frozenset(["value", "texts", "literal", "url", "name"])


def suggest(tokens: Tokens, setting: Setting, limit: int = 3) -> tuple[str, ...]:
    """Up to ``limit`` sentences that are understood, nearest first; none for what is too long for a step."""
    if len(tokens) > MAX_TOKENS // 2:
        return ()
    words = [token.low for token in tokens if token.kind == "word"]
    ranked = sorted(_skeletons(), key=lambda row: -_nearness(row[1], row[0], words, tokens))
    found: dict[str, None] = {}
    intents: set[str] = set()
    for wording, _ in ranked[:14]:
        if wording.intent in intents:
            continue
        sentence = _rewritten(wording, tokens)
        if sentence and read_step(tokenize(sentence), setting) is not None:
            found.setdefault(sentence)
            intents.add(wording.intent)
        if len(found) == limit:
            break
    return tuple(found)


@lru_cache(maxsize=1)
def _skeletons() -> tuple[tuple[Wording, tuple[str, ...]], ...]:
    """Each row with all its own words."""
    return tuple(
        (row, tuple(_own_words(compile_pattern(row.pattern)))) for row in WORDINGS if row.intent != "wait-time"
    )


def _own_words(elements: tuple[Element, ...]) -> Iterator[str]:
    for element in elements:
        if isinstance(element, Word):
            yield from (word for words in element.phrases for word in words)
        elif isinstance(element, Optional):
            yield from _own_words(element.elements)


def _nearness(own: tuple[str, ...], row: Wording, words: list[str], tokens: Tokens) -> float:
    literals = sum(token.quoted for token in tokens)
    slots = sum(isinstance(element, Slot) for element in compile_pattern(row.pattern))
    telling = [word for word in words if word not in ACTORS | DETERMINERS]
    head = [word for word in _verbs(row)]
    verb = max((_alike(word, other) for word in telling[:4] for other in head), default=0.0)
    shared = len(set(own) & set(telling)) / (len(set(telling)) or 1)
    outcome = 0.3 if ("should" in words or "see" in words) == (row.form != "do") else 0.0
    return 2 * verb + shared + outcome - 0.3 * abs(literals - slots)


def _verbs(row: Wording) -> tuple[str, ...]:
    head = compile_pattern(row.pattern)[0]
    return tuple(words[0] for words in head.phrases) if isinstance(head, Word) else ()


@lru_cache(maxsize=8192)
def _alike(word: str, other: str) -> float:
    if word == other:
        return 1.0
    ratio = SequenceMatcher(None, word, other).ratio()
    return ratio if ratio > 0.6 else 0.0


def _rewritten(row: Wording, tokens: Tokens) -> str:
    """The row's simplest sentence, with the step's own literals and names in its slots."""
    literals = [token for token in tokens if token.quoted]
    names = _names(tokens)
    words = [word for word in _written(compile_pattern(row.pattern), literals, names)]
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
    """The step's plain words that could be a name, without verbs and small words."""
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
