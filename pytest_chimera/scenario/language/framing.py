"""Strips clauses of their subject and modal: who acts, what is expected, what is negated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from pytest_chimera.scenario.language.words.exclusions import without_determiner
from pytest_chimera.scenario.language.words.lexer import Token, Tokens
from pytest_chimera.scenario.language.words.patterns import first_words
from pytest_chimera.scenario.language.words.readings import Setting
from pytest_chimera.scenario.language.words.vocabulary import (
    ACTOR_ADJECTIVES,
    ACTORS,
    ADVERBS,
    MODALS,
    NEGATIVE,
    by_first_word,
)
from pytest_chimera.scenario.language.words.wordings import WORDINGS, Form, Wording


@dataclass(frozen=True)
class Frame:
    """A clause's tokens without its subject and modal; ``able``: it says what can be done, not that it is."""

    rest: Tokens
    actor: bool = False
    expects: bool = False
    asserts: bool = False
    negated: bool = False
    able: bool = False


@lru_cache(maxsize=1)
def rows_by_verb() -> Mapping[tuple[str, str], tuple[Wording, ...]]:
    """Return the rows that a clause with a verb could match: (form, verb's form) → rows."""
    found: dict[tuple[str, str], list[Wording]] = {}
    for row in WORDINGS:
        for word in first_words(row.pattern):
            found.setdefault((row.form, word), []).append(row)
    return MappingProxyType({key: tuple(rows) for key, rows in found.items()})


def is_verb(token: Token, form: Form) -> bool:
    """Whether a wording of that form begins with the word."""
    return token.kind == "word" and (form, token.low) in rows_by_verb()


_BY_ITSELF = ("on it's own", "on its own", "by itself", "for a moment", "on their own")


def trimmed(tokens: Tokens, *, lenient: bool) -> Tokens:
    """Return the clause without adverbs and conjunctions around it."""
    for words in _BY_ITSELF if lenient else ():
        parts = tuple(words.split())
        if tuple(token.low for token in tokens[-len(parts) :]) == parts:
            tokens = tokens[: -len(parts)]
    while tokens and (tokens[0].low in ADVERBS | {"that", "and", ",", "so"}):
        tokens = tokens[1:]
    while tokens and tokens[-1].low in ADVERBS | {",", "!"} and tokens[-1].low not in {"next", "both"}:
        tokens = tokens[:-1]
    return tokens


def frames_of(tokens: Tokens, setting: Setting) -> Iterator[Frame]:
    """Yield the frames without subject and modal: with words such as "verify that", then without them."""
    rest = after_actor(tokens)
    body = _after_assertion(rest)
    if body is not None:
        yield from _expectations(body)
        return
    actor = len(rest) < len(tokens)
    frame = after_modal(Frame(rest, actor=actor, expects=setting.outcome and actor))
    yield frame
    if not actor and len(tokens) > 2 and _is_person(tokens):
        yield after_modal(Frame(tokens[1:], actor=True, expects=setting.outcome))


def said(tokens: Tokens, setting: Setting) -> Iterator[tuple[Tokens, Tokens, bool]]:
    """Yield (subject, rest, expected) for a clause without its modal; a person is not a subject."""
    tokens = trimmed(tokens, lenient=True)
    for frame in frames_of(tokens, setting) if tokens else ():
        if frame.rest and not frame.negated:
            yield (), frame.rest, frame.expects
    for place in range(1, min(len(tokens), 30)):
        if modal_at(tokens[place:]) or is_verb(tokens[place], "be"):
            frame = after_modal(Frame(tokens[place:], expects=setting.outcome))
            if frame.rest and not frame.negated:
                yield tokens[:place], frame.rest, frame.expects


def _expectations(body: Tokens) -> Iterator[Frame]:
    rest = after_actor(body)
    yield after_modal(Frame(rest, actor=len(rest) < len(body), expects=True, asserts=True))


def _is_person(tokens: Tokens) -> bool:
    """ "Alice clicks …": a name, and a verb in its third person or a modal."""
    name, verb = tokens[0], tokens[1]
    named = name.kind == "word" and name.text[:1].isupper() and not is_verb(name, "do")
    known = is_verb(verb, "do") or is_verb(verb, "see")
    return named and ((known and verb.low.endswith(("s", "ed"))) or (verb.low == "should" and len(tokens) > 3))


def after_actor(tokens: Tokens) -> Tokens:
    """Return the tokens after "I", "the user", "a new customer", "the user "Bob""; all of them if there is no actor."""
    rest = without_determiner(tokens)
    while rest and rest[0].low in ACTOR_ADJECTIVES:
        rest = rest[1:]
    if not rest or rest[0].low not in ACTORS or len(rest) < 2:
        return tokens
    rest = rest[1:]
    if len(rest) > 2 and (
        rest[0].quoted or (rest[0].text.istitle() and not is_verb(rest[0], "do") and is_verb(rest[1], "do"))
    ):
        rest = rest[1:]
    return _without_adverbs(rest)


def _without_adverbs(tokens: Tokens) -> Tokens:
    while len(tokens) > 1 and tokens[0].low in ADVERBS:
        tokens = tokens[1:]
    return tokens


_ASSERTIONS = (
    "make sure", "be able to verify", "be able verify", "can verify", "can see", "should verify",
    "should be able to verify", "should be able verify", "should see", "verify", "ensure", "expect", "assert",
    "validate", "confirm", "check", "see",
    "observe", "notice", "find", "verifies", "checks", "expects", "confirms", "ensures", "sees", "validates", "asserts",
    "makes sure", "verified", "note",
)  # fmt: skip


_ASSERTIONS_BY_WORD = by_first_word(_ASSERTIONS)


_NEED_THAT = frozenset(
    ["confirm", "check", "confirms", "checks", "see", "sees", "observe", "notice", "find", "note"]
) | {
    "can see",
    "should see",
}


def _after_assertion(tokens: Tokens) -> Tokens | None:
    """Return the tokens after "verify that", "I expect", "make sure"; ``None`` if there are no such words."""
    for parts in _ASSERTIONS_BY_WORD.get(tokens[0].low, ()) if tokens else ():
        words = " ".join(parts)
        if tuple(token.low for token in tokens[: len(parts)]) != parts:
            continue
        rest = tokens[len(parts) :]
        said = bool(rest) and rest[0].low in {"that", "if", "whether"}
        if said or words not in _NEED_THAT:
            return rest[1:] if said else rest or None
    return None


def after_modal(frame: Frame) -> Frame:
    """Remove modals, adverbs and negations in front of the verb."""
    rest, expects, negated, able = frame.rest, frame.expects, frame.negated, frame.able
    while len(rest) > 1:
        words = modal_at(rest)
        if not words:
            break
        expects = expects or bool({"should", "must", "shall"} & set(words))
        able = able or bool(_ABLE & set(words))
        negated = negated ^ bool(
            NEGATIVE & {*words, " ".join(words[-2:]), " ".join(words[:2])} or {"no", "longer"} <= set(words)
        )
        rest = _without_adverbs(rest[len(words) :])
    return replace(frame, rest=rest, expects=expects, negated=negated, able=able)


_ABLE = frozenset({"can", "could", "able", "may", "might"})


def modal_at(tokens: Tokens) -> tuple[str, ...]:
    """Return the words of a modal at the beginning: "should not"; empty if there is none."""
    for parts in _MODALS.get(tokens[0].low, ()) if tokens else ():
        if tuple(token.low for token in tokens[: len(parts)]) == parts:
            return parts
    return ()


_MODALS = by_first_word(MODALS)


def inner_negation(tokens: Tokens, negated: bool) -> tuple[Tokens, bool]:
    """ "is not visible", "has no longer focus", "not contains": remove a negation next to the verb."""
    if len(tokens) > 1 and tokens[0].low in {"not", "never"}:
        return tokens[1:], not negated
    if len(tokens) > 2 and tokens[1].low in {"not", "never"}:
        return tokens[:1] + _without_adverbs(tokens[2:]), not negated
    if len(tokens) > 3 and (tokens[1].low, tokens[2].low) == ("no", "longer"):
        return tokens[:1] + tokens[3:], not negated
    if len(tokens) > 2 and tokens[1].low in ADVERBS:
        return tokens[:1] + _without_adverbs(tokens[1:]), negated
    return tokens, negated
