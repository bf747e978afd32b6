"""The types of a wording's slots: each reads tokens into a value, or rejects them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.phrases.nouns import IT, is_findable, leading_ordinal, read_target
from pytest_chimera.scenario.language.phrases.page_names import (
    read_openable,
    read_page,
    read_site,
    read_website,
)
from pytest_chimera.scenario.language.words.exclusions import is_new_tab, is_no_place, on_page, without_determiner
from pytest_chimera.scenario.language.words.keys import read_keys
from pytest_chimera.scenario.language.words.lexer import Token, Tokens, phrase, plain
from pytest_chimera.scenario.language.words.vocabulary import (
    DETERMINERS,
    DIALOG_WORDS,
    NATIVE_DIALOGS,
    NEVER_IN_NAMES,
    NUMBERS,
    UNSAID,
)

FIELDS = frozenset(
    {"textbox", "searchbox", "spinbutton", "combobox", "listbox", "slider", "checkbox", "radio", "switch"}
)
TYPED_FIELDS = frozenset({"textbox", "searchbox", "spinbutton", "combobox", "listbox", "slider"})
_CHECKABLE = frozenset({"checkbox", "switch", "radio", "option"})
_CHOICES = frozenset({"radio", "option", "tab", "menuitem", "treeitem"})
_MENUS = frozenset({"menu", "navigation", "toolbar"})
_CLOSABLE = frozenset({"dialog", "message", "menu", "tab", "region", "navigation"})
_OPENED = frozenset({"menu", "dialog", "region", "navigation", "form", "listbox", "tree"})
_NOT_ELEMENTS = frozenset({"page", "message", "text", None})
_SIZE = re.compile(r"(\d+(?:\.\d+)?)(?:px)?")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|sec|secs|second|seconds|millisecond|milliseconds|minute|minutes|m|min)?")


@dataclass(frozen=True)
class Count:
    """A number of things: ``low`` and ``high`` are its bounds."""

    number: int
    things: Target
    at_least: bool = False


# -- things -----------------------------------------------------------------------------------------------------------


def _target(tokens: Tokens) -> Target | None:
    found = read_target(tokens) if on_page(tokens) else None
    return found if found is not None and found.role != "page" and is_findable(found) else None


def _with_role(roles: frozenset[str] | None, *, quoted: bool = False) -> Callable[[Tokens], Target | None]:
    """Return a reader of things with one of ``roles`` (any, if ``None``); ``quoted``: or with only a quoted name."""

    def read(tokens: Tokens) -> Target | None:
        found = _target(tokens)
        if found is None or found.role == IT:
            return found
        if found.role in _NOT_ELEMENTS or found.role == "element":
            return found if found.css or (quoted and found.quoted and not found.guessed) else None
        return found if roles is None or found.role in roles else None

    return read


def _new_tab(tokens: Tokens) -> bool | None:
    return True if is_new_tab(tokens) else None


def _control(tokens: Tokens) -> Target | None:
    """Read a thing with a role that is clicked, rather than chosen or checked."""
    found = _with_role(None)(tokens)
    return None if found and found.role in {"radio", "option", "checkbox", "switch"} else found


def _named(tokens: Tokens) -> Target | None:
    found = _target(tokens)
    return found if found is None or found.quoted or found.role not in {None, "message", "text"} else None


def _tickable(tokens: Tokens) -> Target | None:
    """Read something with a checkbox: the checkbox itself ("the box"), or the item or row that contains it."""
    found = _named(tokens)
    if found is None or found.css:
        return found
    if found.role == "textbox":
        return found.model_copy(update={"role": "checkbox"})
    return found if found.role in _CHECKABLE | {None, IT, "element", "listitem", "row", "cell"} else None


def _field(tokens: Tokens) -> Target | None:
    """Read something to type into: a field, or a name alone."""
    found = _target(tokens)
    if found is None or found.role in {None, IT, "element", "cell"} | FIELDS:
        return found
    return _by_name(tokens, found)


_NAMES_TOO = frozenset({"heading", "message", "text", "tag"})


def _by_name(tokens: Tokens, found: Target) -> Target | None:
    """ "the job title", typed into: read the word for a heading as part of a field's name."""
    if found.role not in _NAMES_TOO or found.css or found.scope or found.ordinal:
        return None
    if found.quoted:
        return found.model_copy(update={"role": None}) if found.role == "text" else None
    return Target(name=plain(without_determiner(tokens)))


def _chooser(tokens: Tokens) -> Target | None:
    """Read something to choose from: a dropdown, a list, a group; or a name alone."""
    found = _target(tokens)
    if found is None or found.css:
        return found
    inner = found.scope is not None and found.scope.role in {"combobox", "listbox"}
    return found if found.role in _CHOOSERS and not inner else _by_name(tokens, found)


_CHOOSERS = frozenset(
    {None, IT, "element", "combobox", "listbox", "textbox", "list", "menu", "group", "radiogroup", "region", "cell"}
)


def _message(tokens: Tokens) -> Target | None:
    found = _target(tokens)
    return found if found is not None and found.role == "message" else None


def _label(tokens: Tokens) -> Target | None:
    """Read a field before its value: "username", "the email address", "the "Email" field"."""
    tokens = without_determiner(tokens)
    while len(tokens) > 1 and tokens[0].low in UNSAID:
        tokens = tokens[1:]
    found = _target(tokens) if len(tokens) <= 6 else None
    if found is None or found.scope or found.role in {"text", "element"} or (found.guessed and found.quoted):
        return None
    return found if found.role in TYPED_FIELDS | {None, IT} else _by_name(tokens, found)


def _place(tokens: Tokens) -> Target | None:
    found = read_target(tokens) if on_page(tokens) and not is_no_place(tokens) else None
    return found if found is not None and is_findable(found) else None


def _dialog(tokens: Tokens) -> str | None:
    words = without_determiner(tokens)
    lows = [token.low for token in words if token.low not in {"box", "browser", "javascript", "js", "window"}]
    return lows[0].removesuffix("box") if len(lows) in {1, 2} and all(low in DIALOG_WORDS for low in lows) else None


def _native(tokens: Tokens) -> str | None:
    """Read a native browser dialog, by words that can mean no other."""
    words = " ".join(token.low for token in without_determiner(tokens))
    return words if words in NATIVE_DIALOGS else None


# -- values -----------------------------------------------------------------------------------------------------------


def _value(tokens: Tokens) -> str | None:
    """Read a literal, a number, or plain words that look like data."""
    if len(tokens) == 1 and tokens[0].kind in {"literal", "number", "path"}:
        return tokens[0].text
    if 0 < len(tokens) <= 4 and all(_is_data(token) for token in tokens):
        return plain(tokens)
    return None


def _is_data(token: Token) -> bool:
    if token.kind == "number":
        return True
    return token.kind == "word" and bool(re.search(r"[A-Z0-9_@]", token.text)) and token.low not in DETERMINERS


def _texts(tokens: Tokens) -> tuple[str, ...] | None:
    """Read literals joined by commas, "and" or "or"; or one number."""
    if len(tokens) == 1 and tokens[0].kind == "number":
        return (tokens[0].text,)
    found = tuple(token.text for token in tokens if token.quoted)
    others = {token.low for token in tokens if not token.quoted}
    alternates = all(a.quoted != b.quoted or not b.quoted for a, b in pairwise(tokens))
    if not found or others - {"and", ",", "then"} or not alternates or not (tokens[0].quoted and tokens[-1].quoted):
        return None
    return found


def _shown(tokens: Tokens) -> tuple[str, ...] | None:
    if not tokens or len(tokens) > 6 or any(token.kind != "word" for token in tokens):
        return None
    return (plain(tokens),) if tokens[0].text[:1].isupper() else None


def _literal(tokens: Tokens) -> str | None:
    return tokens[0].text if len(tokens) == 1 and tokens[0].quoted else None


def _url(tokens: Tokens) -> str | None:
    return tokens[0].text if len(tokens) == 1 and tokens[0].kind in {"literal", "path"} else None


def _pattern(tokens: Tokens) -> str | None:
    return tokens[0].text if len(tokens) == 1 and tokens[0].kind in {"pattern", "literal"} else None


def _name(tokens: Tokens) -> str | None:
    known = len(tokens) == 1 and tokens[0].kind in {"word", "literal"} and is_attribute(tokens[0].text)
    return tokens[0].text if known else None


def is_attribute(text: str) -> bool:
    """Whether a text can be the name of an HTML attribute or a CSS property."""
    return re.fullmatch(r"[a-zA-Z_:@][\w:.@-]*", text) is not None


def _words(tokens: Tokens) -> str | None:
    return plain(tokens) if 0 < len(tokens) <= 8 and all(token.kind == "word" for token in tokens) else None


def _purpose(tokens: Tokens) -> str | None:
    """Read a purpose: words that begin with a verb, and not with a name."""
    return _words(tokens) if tokens and tokens[0].text.islower() else None


def _noun(tokens: Tokens) -> str | None:
    """Read the name of a kind of thing: "todo", "shopping list"."""
    words = without_determiner(tokens)
    known = 0 < len(words) <= 3 and all(token.kind == "word" and token.low not in NEVER_IN_NAMES for token in words)
    return plain(words) if known and on_page(words) else None


def _plain_value(tokens: Tokens) -> str | None:
    return tokens[0].text if len(tokens) == 1 and tokens[0].kind == "word" else None


def _item(tokens: Tokens) -> str | None:
    """Read the words for one of several things: "the second todo", "the item "Milk""."""
    found = read_target(tokens) if on_page(tokens) else None
    if found is None or not (found.ordinal or found.quoted or found.role == IT):
        return None
    return phrase(tokens)


def _files(tokens: Tokens) -> tuple[str, ...] | None:
    return _texts(tokens) or (tuple(token.text for token in tokens if token.kind == "path") or None)


def _filenames(tokens: Tokens) -> tuple[str, ...] | None:
    found = _files(tokens)
    return found if found and all(re.search(r"\.\w{1,5}$", name) for name in found) else None


# -- numbers ----------------------------------------------------------------------------------------------------------


def _number(tokens: Tokens) -> int | None:
    if len(tokens) != 1:
        return None
    if tokens[0].kind in {"number", "literal"} and tokens[0].text.isdigit():
        return int(tokens[0].text)
    return NUMBERS.get(tokens[0].low)


def _times(tokens: Tokens) -> int | None:
    if len(tokens) == 2 and tokens[1].low == "times":
        return _number(tokens[:1])
    return NUMBERS[tokens[0].low] if len(tokens) == 1 and tokens[0].low in {"once", "twice", "thrice"} else None


def _nth(tokens: Tokens) -> int | None:
    return leading_ordinal(tokens[0]) if len(tokens) == 1 else None


def _count(tokens: Tokens) -> Count | None:
    """ "2 items", "all 3 todo items", "at least one row", "no results"."""
    at_least = [token.low for token in tokens[:2]] == ["at", "least"]
    tokens = tokens[2:] if at_least else tokens
    while tokens and tokens[0].low in {"all", "exactly", "the", "only", "a", "total", "of", "just"}:
        tokens = tokens[1:]
    amount = len(tokens) > 1 and (not tokens[0].quoted or _is_plural(tokens[1:]))
    number = _number(tokens[:1]) if amount else None
    if number is None or any(token.low in {"delivery", "deliveries", "times"} for token in tokens):
        return None
    nothing, rest = tokens[0].low == "no", tokens[1:]
    while rest and rest[0].low in {"of", "the", "more", "different", "new"}:
        rest = rest[1:]
    things = _target(rest)
    if things is None or things.role == IT or (rest and rest[0].quoted and things.role is None and not things.css):
        return None
    if nothing and things.role is None and not things.css:
        return None
    return Count(number, things, at_least)


def _is_plural(words: Tokens) -> bool:
    """ ""15" user avatars": whether the words after a number in quotes are plural."""
    return words[-1].low.endswith("s") and not any(token.quoted for token in words)


def _pixels(tokens: Tokens) -> float | None:
    found = _SIZE.fullmatch(tokens[0].low) if len(tokens) == 1 else None
    return float(found.group(1)) if found else None


def _duration(tokens: Tokens) -> str | None:
    tokens = without_determiner(tokens)
    found = _DURATION.fullmatch("".join(token.low for token in tokens)) if 0 < len(tokens) <= 3 else None
    if found or [token.low for token in tokens] in (["second"], ["moment"], ["few", "seconds"], ["while"], ["bit"]):
        return plain(tokens)
    return None


# -- all types --------------------------------------------------------------------------------------------------------


_READERS: Mapping[str, Callable[[Tokens], object | None]] = {
    "target": _target, "named": _named, "field": _field, "place": _place, "control": _control,
    "form": _with_role(frozenset({"form"})), "choice": _with_role(_CHOICES),
    "checkbox": _with_role(_CHECKABLE, quoted=True), "slider": _with_role(frozenset({"slider"})),
    "dropdown": _with_role(frozenset({"combobox", "listbox"})),
    "menu": _with_role(_MENUS), "closable": _with_role(_CLOSABLE), "opener": _with_role(_OPENED),
    "fillable": _with_role(FIELDS, quoted=True), "checkbox-role": _with_role(_CHECKABLE), "message": _message,
    "fieldlike": _with_role(FIELDS), "select": _chooser,
    "file": _target, "link": _with_role(frozenset({"link"})), "new-tab": _new_tab,
    "tickable": _tickable, "label": _label, "literal": _literal, "page": read_page, "openable": read_openable,
    "site": read_site, "website": read_website,
    "dialog": _dialog, "native": _native,
    "value": _value, "texts": _texts, "shown": _shown, "url": _url, "pattern": _pattern, "name": _name,
    "noun": _noun,
    "purpose": _purpose, "plain": _plain_value, "item": _item, "files": _files, "filenames": _filenames,
    "number": _number, "times": _times, "nth": _nth, "count": _count,
    "pixels": _pixels, "duration": _duration, "keys": read_keys,
}  # fmt: skip


def read_slot(kind: str, tokens: Tokens) -> object | None:
    """Read words as a value of a type; ``None`` if they have another type."""
    return _READERS[kind](tokens)


SLOT_TYPES = frozenset(_READERS) | {"table", "docstring"}
