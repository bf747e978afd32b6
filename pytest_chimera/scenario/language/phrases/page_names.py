"""Parses references to pages: by path, by URL, or by name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_chimera.scenario.language.phrases.nouns import role_at_end
from pytest_chimera.scenario.language.words.exclusions import on_page, without_determiner
from pytest_chimera.scenario.language.words.lexer import Tokens, plain
from pytest_chimera.scenario.language.words.vocabulary import HOME_WORDS, NEVER_IN_NAMES, PAGE_WORDS, PLACE_WORDS


@dataclass(frozen=True)
class PageName:
    """A page by its path or URL (``address``), or by its name."""

    name: str
    address: str = ""
    site: bool = False


def read_page(tokens: Tokens) -> PageName | None:
    """Read any words that could refer to a page."""
    one_of_many = bool(tokens) and tokens[0].low in {"a", "an"}
    tokens = without_determiner(tokens)
    if not tokens or not on_page(tokens):
        return None
    if len(tokens) == 1 and tokens[0].kind in {"path", "literal"}:
        return _literal_page(tokens[0].text)
    tokens = _without_application(tokens)
    if len(tokens) > 1 and tokens[-1].quoted and tokens[-2].low in PAGE_WORDS:
        return _literal_page(tokens[-1].text)
    site = tokens[-1].low in PAGE_WORDS
    if not site and (one_of_many or is_control(tokens)):
        return None
    whole = len(tokens) == 1 or not site or tokens[-1].low == "homepage"
    words = _without_lead(tokens if whole else tokens[:-1])
    if len(words) == 1 and words[0].kind in {"literal", "path"}:
        return _literal_page(words[0].text)
    if len(words) > 8 or not all(token.kind in {"word", "number", "literal"} or token.text == "&" for token in words):
        return None
    if any(token.low in {"title", "text", "message", "heading"} for token in words[1:-1]) or _is_record(words):
        return None
    if any(token.low in (NEVER_IN_NAMES | {"from"}) - {"with", "by", "about", "all", "without"} for token in words):
        return None
    return PageName(plain(words), site=site or plain(words).lower() in HOME_WORDS)


def _is_record(words: Tokens) -> bool:
    """ "the order "0042"": whether it is a record with a name, whose page has no known address."""
    lows = [token.low for token in words]
    return len(words) > 1 and words[-1].quoted and lows[-2] not in PLACE_WORDS and "with" not in lows


def _without_application(words: Tokens) -> Tokens:
    """ "the login page in the back office": return the page without the application that it belongs to."""
    ends = (place for place in range(1, len(words) - 1) if words[place - 1].low in PAGE_WORDS)
    cut = next((place for place in ends if words[place].low in {"in", "on", "within"}), len(words))
    return words[:cut]


def _without_lead(words: Tokens) -> Tokens:
    lead = PAGE_WORDS | {"named", "called", "with", "at", "url", "path", "address"}
    while len(words) > 1 and words[0].low in lead and words[1].low not in {"of", "for"}:
        words = words[1:]
    return words


def is_control(tokens: Tokens) -> bool:
    """ "the Admin tab": whether it is a control, to be clicked to go there."""
    ends = (place for place in range(1, len(tokens)) if tokens[place].low in {"in", "on", "of", "for"})
    role = role_at_end(tokens[: next(ends, len(tokens))])
    return (role is not None and role[0] in _CONTROLS) or tokens[0].low in {"tab", "button", "link", "menu"}


_CONTROLS = frozenset({"tab", "button", "link", "menu", "menuitem", "checkbox", "expander"})


def _literal_page(text: str) -> PageName:
    return PageName(text, _address(text), site=True)


def _address(text: str) -> str:
    if _RELATIVE.fullmatch(text):
        return f"/{text}"
    return text if re.match(r"(?:[a-zA-Z][a-zA-Z0-9+.-]*:|/|\.{0,2}/|#|\?)", text) else ""


_RELATIVE = re.compile(r"[a-z0-9][\w.-]*(?:/[^\s/]+)+/?")
""""admin/people": a path without its leading slash."""


def read_openable(tokens: Tokens) -> PageName | None:
    """Read what "open" can take as a page: a path, a quoted name, the site, or words that end in "page"."""
    found = read_page(tokens)
    words = without_determiner(tokens)
    return found if found and (found.site or (len(words) == 1 and words[0].quoted)) else None


def read_site(tokens: Tokens) -> PageName | None:
    """Read a page by its address, in quotes, or by words that end in "page" or mean the home page."""
    found = read_page(tokens)
    return found if found and found.site else None


def read_website(tokens: Tokens) -> PageName | None:
    """Read a page by its address, or by words that end in "page", "site", "app" or a similar word."""
    found = read_page(tokens)
    return found if found and (found.address or tokens[-1].low in PAGE_WORDS) else None
