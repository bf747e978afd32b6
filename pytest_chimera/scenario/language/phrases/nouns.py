"""Parses noun phrases: the words for a thing on a page → a Target."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.words.exclusions import is_new_tab, is_no_place
from pytest_chimera.scenario.language.words.lexer import Token, Tokens, plain
from pytest_chimera.scenario.language.words.roles import LONGEST_ROLE, ROLE_OF, ROLES, has_trait
from pytest_chimera.scenario.language.words.vocabulary import (
    AND,
    APART,
    BESIDE,
    CONTAINING,
    DESCRIBING,
    DETERMINERS,
    GENERIC,
    HOLDING,
    NAMED,
    NAMED_BY,
    NEVER_IN_NAMES,
    NUMBERS,
    ONLY,
    ORDINALS,
    OWNED,
    PAGE_WORDS,
    PLACE_WORDS,
    PLACES,
    PRONOUNS,
    TAGS,
    UNSAID,
    WITH_PARTICLE,
    by_first_word,
)

MAX_NAME_WORDS = 6
MAX_PHRASE = 24
"""The maximum number of tokens in a noun phrase with all its places."""
IT = "it"
"""The role of a pronoun: the thing in the previous step."""

_TAG = "|".join(sorted(TAGS, key=len, reverse=True))
_SELECTOR = re.compile(
    rf"""
    (?:[#.][A-Za-z_][\w-]*(?=$|[\s.\#:\[>+~,])   # "#id", ".class"
      |\(?//\w|xpath=|css=
      |(?:{_TAG})?\[[\w-]+(?:[*^$~|]?=.+)\]      # "input[type='text']"
      |(?:{_TAG})[.\#][A-Za-z_][\w-]*(?=$|[\s.\#:\[>+~,])
      |(?:{_TAG})\s*>\s*\S
    )""",
    re.VERBOSE,
)
_PLACES = by_first_word(PLACES)
_NTH = re.compile(r"(\d+)(?:st|nd|rd|th)")


def is_selector(text: str) -> bool:
    """Whether a text has the form of a CSS or XPath selector."""
    return bool(_SELECTOR.match(text))


@lru_cache(maxsize=8192)
def read_target(tokens: Tokens) -> Target | None:
    """Parse a noun phrase; return ``None`` if the words are not one, or contain more than one."""
    if not tokens or len(tokens) > MAX_PHRASE:
        return None
    if len(tokens) == 1 and tokens[0].low in PRONOUNS:
        return Target(role=IT)
    whole = None if is_new_tab(tokens) else _simple(tokens)
    if whole is not None:
        return whole
    prepositions = (place for place in range(1, len(tokens) - 1) if preposition_at(tokens, place))
    found = (_split(tokens, place) for place in islice(prepositions, 4))
    return next((target for target in found if target is not None), None)


def _split(tokens: Tokens, place: int) -> Target | None:
    """Return a phrase with its place, if there is a preposition at ``place``."""
    width = preposition_at(tokens, place)
    if not width:
        return None
    head = _simple(tokens[:place])
    where = None if is_no_place(tokens[place + width :]) else read_target(tokens[place + width :])
    if head is None or where is None or head.role == IT or (head.guessed and where.guessed):
        return None
    return _placed(head, plain(tokens[place : place + width]).lower(), where, tokens[place + width :])


def _placed(head: Target, preposition: str, where: Target, said: Tokens) -> Target | None:
    if where.role == "page":
        return head
    if preposition in BESIDE and (
        preposition in APART or (where.role is not None and not has_trait(where.role, "item"))
    ):
        return None
    if preposition == "of" and where.role is None and where.guessed:
        return None
    if preposition in OWNED and where.role is None and where.name.islower() and not (where.quoted or where.ordinal):
        return None
    if preposition == "of" and has_trait(head.role, "items") and not head.name and not where.quoted:
        return head.model_copy(update={"name": plain(_without_determiners(said)[0]), "guessed": True})
    if is_vague(head, where):
        return None
    if head.role == "text" and not head.name and where.role is None and preposition in {"from", "of"}:
        return head.model_copy(update={"name": where.name, "guessed": True})
    return head.model_copy(update={"scope": as_place(where, preposition)})


def is_findable(target: Target) -> bool:
    """Whether it can be searched for: by a role that pages have, a name, a text, or a selector."""
    role = ROLES.get(target.role or "")
    known = target.css is not None or target.name or target.text or target.having or target.ordinal
    return bool(known or target.role in {IT, "page"} or (role and role.aria))


def is_vague(head: Target, where: Target) -> bool:
    """ "a like on comment "Milk"": whether neither the thing nor its place is of a known kind."""
    unknown = where.role in {None, "holder"} and (where.quoted or where.text) and not where.css
    return bool(unknown) and head.role is None and not head.quoted


def as_place(where: Target, preposition: str) -> Target:
    """Return a thing as the place of another: "for "Milk"" means the item or row that contains it."""
    if preposition in OWNED and where.role is None and where.css is None:
        return where.model_copy(update={"role": "holder"})
    return where


"""Verbs that take "in" or "on" as a particle: "the sign in page"."""


def preposition_at(tokens: Tokens, place: int) -> int:
    """Return the number of tokens of a preposition of place at an index; 0 if there is none."""
    if place and tokens[place - 1].low in WITH_PARTICLE and tokens[place].low in {"in", "on"}:
        return 0
    for parts in _PLACES.get(tokens[place].low, ()):
        if tuple(token.low for token in tokens[place : place + len(parts)]) == parts:
            return len(parts)
    return 0


def leading_ordinal(token: Token) -> int | None:
    """``first`` → 1, ``2nd`` → 2, ``last`` → -1."""
    low = token.low or token.text.lower()
    nth = _NTH.fullmatch(low)
    return int(nth.group(1)) if nth else ORDINALS.get(low)


@lru_cache(maxsize=8192)
def _simple(tokens: Tokens) -> Target | None:
    """Parse a noun phrase without a place."""
    tokens = _without_colon(tokens)
    written = len(tokens)
    tokens, ordinal = _without_determiners(tokens)
    if not tokens:
        return None
    determined = len(tokens) < written
    if not determined and tokens[0].low in PLACE_WORDS - {"next"}:
        return None
    cut = next((place for place, token in enumerate(tokens) if _ends_words(token)), len(tokens))
    words, rest = tokens[:cut], tokens[cut:]
    if any(token.kind not in {"word", "number"} for token in words):
        return None
    found = _named(words, rest, determined=determined)
    if found is not None and ordinal is not None:
        return found.model_copy(update={"ordinal": ordinal, "guessed": found.guessed and found.role is not None})
    return found


def _without_colon(tokens: Tokens) -> Tokens:
    """ "the error message: "Too long"": ignore a colon before a literal."""
    before = {place for place, token in enumerate(tokens[1:]) if token.quoted}
    return tuple(token for place, token in enumerate(tokens) if place not in before or token.text not in {":", "-"})


def _ends_words(token: Token) -> bool:
    return token.kind in {"literal", "path"} or token.low in DESCRIBING


def _without_determiners(tokens: Tokens) -> tuple[Tokens, int | None]:
    ordinal: int | None = None
    while tokens and (tokens[0].kind in {"word", "number"} or _is_quoted_ordinal(tokens)):
        nth = leading_ordinal(tokens[0]) if [token.low for token in tokens[1:2]] != ["name"] else None
        if nth is not None and len(tokens) > 1:
            ordinal = nth
        elif tokens[0].low not in DETERMINERS | ONLY | {"of", "one"} or (tokens[0].low == "of" and ordinal is None):
            break
        tokens = tokens[1:]
    return tokens, ordinal


def _is_quoted_ordinal(tokens: Tokens) -> bool:
    """ "the 'first' Delete button"."""
    if len(tokens) < 2 or leading_ordinal(tokens[0]) is None:
        return False
    return tokens[1].kind == "word" or (len(tokens) > 2 and tokens[1].quoted and tokens[0].text[:1].isdigit())


def role_at_end(words: Tokens) -> tuple[str, int, bool] | None:
    """Return the role in the last words: its key, its number of words, and whether it is plural."""
    for length in range(min(LONGEST_ROLE, len(words)), 0, -1):
        found = ROLE_OF.get(tuple(token.low for token in words[-length:]))
        if found:
            return found[0], length, found[1]
    return None


def _role_at_start(words: Tokens) -> tuple[str, int] | None:
    for length in range(min(LONGEST_ROLE, len(words)), 0, -1):
        found = ROLE_OF.get(tuple(token.low for token in words[:length]))
        if found:
            return found[0], length
    return None


def _named(words: Tokens, rest: Tokens, *, determined: bool) -> Target | None:
    """Parse ``words`` before the first literal or "named", and ``rest`` from there."""
    role = role_at_end(words)
    if not rest:
        return _in_plain_words(words, role)
    key = role[0] if role else None
    extra = words[: len(words) - role[1]] if role else words
    literal = rest[0].kind in {"literal", "path"}
    while literal and extra and extra[0].low in UNSAID:
        extra = extra[1:]
    if not _is_name(extra, empty=True) or len(extra) > 4 or any(token.low in DETERMINERS for token in extra):
        return None
    if literal and extra and extra[-1].low == "data":
        return None
    target = Target(role=key, name="" if literal else plain(extra), guessed=literal and key is None and bool(extra))
    if literal:
        return _after_literal(target, rest, determined=determined)
    return _modified(target, rest)


def _in_plain_words(words: Tokens, role: tuple[str, int, bool] | None) -> Target | None:
    if words and words[-1].low in PAGE_WORDS and (role is None or role[1] == 1):
        return Target(role="page", name=plain(words[:-1])) if _is_name(words[:-1], empty=True) else None
    if role:
        return _of_role(words, role)
    numbered = role_at_end(words[:-1]) if words and words[-1].kind == "number" else None
    if numbered and numbered[1] == len(words) - 1 and has_trait(numbered[0], "numbered"):
        return Target(role=numbered[0], ordinal=int(words[-1].text)) if words[-1].text.isdigit() else None
    start = _role_at_start(words)
    if start and start[1] < len(words) and all(token.text[:1].isupper() for token in words[start[1] :]):
        return Target(role=start[0], name=plain(words[start[1] :]))
    return Target(name=plain(words)) if _is_name(words) else None


def _of_role(words: Tokens, role: tuple[str, int, bool]) -> Target | None:
    """ "the login button": parse a name and a role; a repeated role, or one with "element", counts once ("modal
    popup").
    """
    key, width, _ = role
    name = words[: len(words) - width]
    inner = role_at_end(name)
    if inner and (inner[0] == key or words[-1].low in GENERIC):
        return _of_role(name, inner)
    if not _is_name(name, empty=True, before_role=True) or (has_trait(key, "place") and _holds_a_place(name)):
        return None
    titled = len(name) > 1 and name[0].text[:1].isupper()
    described = has_trait(key, "described") and bool(name) and not titled
    return Target(role=key, name=plain(name), guessed=described)


def _holds_a_place(words: Tokens) -> bool:
    """ "logout in account menu": whether it is a thing in a place, and not the name of a place."""
    return any(token.low in HOLDING for token in words[1:-1])


def _is_name(words: Tokens, *, empty: bool = False, before_role: bool = False) -> bool:
    """Whether plain words can be a name: few, and none that belong to a longer clause."""
    if not words:
        return empty
    if words[0].low in UNSAID and words[0].text.islower():
        return False
    joined = AND if before_role and _is_joined_name(words) else set()
    if len(words) > MAX_NAME_WORDS or any(token.low in NEVER_IN_NAMES - joined for token in words[1:]):
        return False
    if words[0].low in NEVER_IN_NAMES - {"by", "not", "do", "with", "about"}:
        return False
    if words[0].kind == "number" or words[0].low == "no" or all(token.low in NUMBERS for token in words):
        return False
    inner = [place for place in range(len(words)) if words[place].low in PLACE_WORDS - {"next"}]
    inner = [place for place in inner if not (place and words[place - 1].low in WITH_PARTICLE)]
    titled = not before_role and words[0].text[:1].isupper() and words[-1].text[:1].isupper() and len(words) > 2
    if titled and not any(role_at_end(words[:place]) for place in inner):
        return True
    return not inner or (before_role and _prepositions_belong(words, inner))


def _is_joined_name(words: Tokens) -> bool:
    """ "terms and conditions" is one name; "header and text" are two things."""
    joints = [place for place, token in enumerate(words) if token.low in AND]
    inside = len(words) >= 3 and all(0 < place < len(words) - 1 for place in joints)
    return inside and not any(role_at_end(words[:place]) or _role_at_start(words) for place in joints)


def _prepositions_belong(words: Tokens, places: list[int]) -> bool:
    """ "add to cart", "sign in": whether no determiner follows the preposition and no role precedes it."""
    for place in places:
        if place + 1 < len(words) and words[place + 1].low in DETERMINERS:
            return False
        if any(_role_at_start(words[start:place]) for start in range(place)):
            return False
    return True


def _after_literal(target: Target, rest: Tokens, *, determined: bool) -> Target | None:
    """Parse a literal, a role after it, and the rest of the description."""
    literal, rest = rest[0].text, rest[1:]
    if rest and rest[0].quoted and target.role is None:
        return _of_quoted_role(target, literal, rest)
    cut = next((place for place, token in enumerate(rest) if _ends_words(token)), len(rest))
    words, rest = rest[:cut], rest[cut:]
    role = role_at_end(words) if words else None
    if words and (target.role not in {None, "text"} or not _is_name(words) or len(words) > 3):
        return None
    if role:
        target = target.model_copy(update={"role": role[0]})
    elif words and words[-1].low in PAGE_WORDS:
        target = target.model_copy(update={"role": "page"})
    elif words and (not determined or len(words) > 2 or target.guessed):
        return None
    elif words:
        target = target.model_copy(update={"guessed": True})
    target = _with_name(target, literal)
    return _modified(target, rest) if rest else target


def _of_quoted_role(target: Target, literal: str, rest: Tokens) -> Target | None:
    """ "Save" "button", ".name" "css_element": parse a role in quotes."""
    words = tuple(rest[0].text.lower().replace("_", " ").split())
    if words in {("css", "element"), ("xpath", "element")}:
        target = target.model_copy(update={"css": literal, "quoted": True})
    elif words in ROLE_OF:
        target = target.model_copy(update={"role": ROLE_OF[words][0], "name": literal, "quoted": True})
    else:
        return None
    return _modified(target, rest[1:]) if rest[1:] else target


def _with_name(target: Target, literal: str) -> Target:
    bare_tag = target.role == "element" and literal in TAGS
    if target.role != "page" and (is_selector(literal) or bare_tag):
        return target.model_copy(update={"css": literal, "quoted": True, "name": ""})
    return target.model_copy(update={"name": literal, "quoted": True})


def _modified(target: Target, rest: Tokens) -> Target | None:
    """ "named …", "with label …", "containing …", chained by "and": apply modifiers."""
    while rest:
        if rest[0].low in {"and", ","}:
            rest = rest[1:]
            continue
        step = _modifier(target, rest)
        if step is None:
            return None
        target, rest = step
    return target


def _modifier(target: Target, rest: Tokens) -> tuple[Target, Tokens] | None:
    word, after = rest[0].low, rest[1:]
    if word in {"that", "which"} and after and after[0].low in CONTAINING:
        word, after = after[0].low, after[1:]
    if word in CONTAINING and after and after[0].quoted:
        return target.model_copy(update={"text": after[0].text}), after[1:]
    if word in CONTAINING and after and after[0].low in {"text", "the"}:
        return _modifier(target, (rest[0], *after[1:]))
    if word in NAMED:
        return _called(target, after)
    if word in {"with", "having"}:
        return _with(target, after)
    by = _property_at(rest)
    if by:
        return _with(target, rest)
    if word == "matching" and after and after[0].kind in {"pattern", "literal"}:
        return target.model_copy(update={"name": after[0].text, "by": "pattern"}), after[1:]
    if word == "indicating" and after and _is_name(after):
        return target.model_copy(update={"guessed": True}), ()
    return None


def _called(target: Target, after: Tokens) -> tuple[Target, Tokens] | None:
    if after and after[0].quoted:
        return _renamed(target, after[0].text), after[1:]
    return (target.model_copy(update={"name": plain(after)}), ()) if _is_name(after) else None


def _renamed(target: Target, name: str) -> Target:
    """Return the thing by its name: earlier words are description, unless they are a role."""
    guessed = target.guessed or (bool(target.name) and target.role is None)
    return target.model_copy(update={"name": name, "quoted": True, "guessed": guessed})


def _property_at(tokens: Tokens) -> tuple[str, int] | None:
    for length in (2, 1):
        by = NAMED_BY.get(" ".join(token.low for token in tokens[:length]))
        if by and len(tokens) > length:
            return by, length
    return None


def _with(target: Target, after: Tokens) -> tuple[Target, Tokens] | None:
    while after and after[0].low in DETERMINERS:
        after = after[1:]
    if after and after[0].quoted:
        return _with_name(target, after[0].text), after[1:]
    if len(after) >= 2 and after[0].low == "level" and after[1].kind == "number":
        return target.model_copy(update={"level": int(after[1].text)}), after[2:]
    found = _property_at(after)
    if found:
        by, length = found
        while length < len(after) and after[length].low in {"of", "is", ":", "="}:
            length += 1
        if length < len(after) and after[length].quoted:
            return _with_property(target, by, after[length].text), after[length + 1 :]
    role = role_at_end(after)
    if role and role[1] == len(after) and ROLES[role[0]].aria and target.role != "message":
        return target.model_copy(update={"having": ROLES[role[0]].aria[0]}), ()
    if target.role in {"message", "dialog"} and after and _is_name(after):
        return target.model_copy(update={"guessed": True}), ()
    return None


def _with_property(target: Target, by: str, literal: str) -> Target:
    if by == "role":
        key = ROLE_OF.get(tuple(literal.lower().split()))
        return target.model_copy(update={"role": key[0] if key else literal})
    if by == "css":
        return target.model_copy(update={"css": literal, "quoted": True})
    if by == "text" and has_trait(target.role, "text") and target.name and not target.quoted:
        return target.model_copy(update={"name": literal, "quoted": True, "guessed": True})
    if by == "text":
        return target.model_copy(update={"text": literal})
    if by == "value":
        return target.model_copy(update={"by": "value", "text": literal})
    return _renamed(target, literal).model_copy(update={"by": "" if by == "name" else by})
