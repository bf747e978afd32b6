"""Which words can refer to a part of a page."""

from __future__ import annotations

from itertools import pairwise

from pytest_chimera.scenario.language.words.lexer import Token, Tokens
from pytest_chimera.scenario.language.words.vocabulary import DETERMINERS, NEW_TAB, NO_PLACES, NOT_ON_PAGE, ONLY


def is_new_tab(tokens: Tokens) -> bool:
    """Whether it is a browser tab that was opened by an action."""
    words = tuple(token.low or '"' for token in tokens)
    start = 1 if words and words[0] in DETERMINERS - {"another"} else 0
    return " ".join(words[start:]) in NEW_TAB


def is_no_place(tokens: Tokens) -> bool:
    """ "in ascending order", "in position "2"": whether the words after a preposition do not mean a part of a page."""
    words = [token for token in tokens if token.low and token.low not in DETERMINERS]
    return bool(words) and words[-1].text in NO_PLACES


def on_page(tokens: Tokens) -> bool:
    """Whether none of the words means a thing that no page shows."""
    lows = [token.low for token in tokens if not token.quoted and not _is_said_of_more(token, tokens)]
    pairs = {" ".join(pair) for pair in pairwise(lows)}
    return not (NOT_ON_PAGE & (set(lows) | pairs))


def _is_said_of_more(token: Token, tokens: Tokens) -> bool:
    """ "the cookie policy" can be on a page, "the cookie" cannot."""
    return (
        token.low in {"cookie", "cookies", "window", "windows"}
        and token is not tokens[-1]
        and (tokens[tokens.index(token) + 1].kind == "word")
    )


def without_determiner(tokens: Tokens) -> Tokens:
    """Return the words without leading articles and possessives."""
    while tokens and tokens[0].low in DETERMINERS | ONLY:
        tokens = tokens[1:]
    return tokens
