"""Parses clauses: (subject) (modal) (negation) (verb) … → a Reading.

A clause says what a person does ("do"), what a person perceives ("see") or what a thing is ("be"). The subject
determines which; the verb selects the candidate rows of the table of wordings, and the row with the most words of its
own wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.framing import (
    Frame,
    after_modal,
    frames_of,
    inner_negation,
    is_verb,
    modal_at,
    rows_by_verb,
    trimmed,
)
from pytest_chimera.scenario.language.phrases.nouns import (
    as_place,
    is_vague,
    preposition_at,
    read_target,
    role_at_end,
)
from pytest_chimera.scenario.language.phrases.slots import Count, read_slot
from pytest_chimera.scenario.language.subjects import Subject, subject_of
from pytest_chimera.scenario.language.words.exclusions import is_new_tab, is_no_place, on_page, without_determiner
from pytest_chimera.scenario.language.words.lexer import Token, Tokens
from pytest_chimera.scenario.language.words.patterns import MAX_TOKENS, forms, match
from pytest_chimera.scenario.language.words.readings import Reading, Setting, within
from pytest_chimera.scenario.language.words.vocabulary import (
    ACTORS,
    ADVERBS,
    APART,
    CONDITIONS,
    JOINTS,
    NEVER_IN_NAMES,
    PAGE_WORDS,
)
from pytest_chimera.scenario.language.words.wordings import Form, Wording

# -- steps: clauses joined by "and" and commas ------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def read_step(tokens: Tokens, setting: Setting) -> tuple[Reading, ...] | None:
    """Return the readings of a step's clauses, in order; ``None`` if some of its words are not understood."""
    if not tokens or len(tokens) > MAX_TOKENS:
        return None
    whole = read_clause(tokens, setting)
    if whole is not None:
        return (whole,)
    return _joined(tokens, setting) or _of_several(tokens, setting)


def _of_several(tokens: Tokens, setting: Setting) -> tuple[Reading, ...] | None:
    """ "a message and the order number are shown": read the same predicate of several things."""
    verb = next((place for place in range(1, len(tokens)) if _is_predicate(tokens[place:])), 0)
    joints = [place for place in range(1, verb) if tokens[place].low == "and"]
    if len(joints) != 1 or any(token.low in NEVER_IN_NAMES - {"and"} for token in tokens[:verb]):
        return None
    first, second = tokens[: joints[0]], tokens[joints[0] + 1 : verb]
    if (role := role_at_end(second)) and role[2]:
        return None
    found = [read_clause((*words, *tokens[verb:]), setting) for words in (first, second) if words]
    return tuple(found) if len(found) == 2 and all(found) else None  # type: ignore[arg-type]  # none of them is None


def _is_predicate(tokens: Tokens) -> bool:
    return is_verb(tokens[0], "be") or bool(modal_at(tokens))


MAX_TRIES = 5
"""How many places are tried for one way of dividing a clause: steps that people write do not need more."""


def _joined(tokens: Tokens, setting: Setting) -> tuple[Reading, ...] | None:
    joints = (place for place in range(1, len(tokens) - 1) if tokens[place].low in JOINTS)
    for place in islice(joints, MAX_TRIES):
        left = read_clause(tokens[:place], setting)
        if left is None:
            continue
        rest = tokens[place + 1 :]
        while rest and rest[0].low in JOINTS:
            rest = rest[1:]
        for candidate in _continuations(tokens[:place], rest, left):
            after = replace(setting, outcome=setting.outcome or left.form != "do")
            right = read_step(candidate, after)
            if right is not None:
                return (left, *right)
    return None


def _continuations(left: Tokens, rest: Tokens, reading: Reading) -> Iterator[Tokens]:
    """Yield ``rest`` by itself, then with the beginning of ``left`` that it may imply: "… and [I should see] …"."""
    yield rest
    if rest and rest[0].low.endswith("ing") and is_verb(rest[0], "do"):
        yield (Token("word", "I", "i"), *rest)
    if not rest or len(rest) > 40 or not _goes_on(rest, reading):
        return
    for place, token in enumerate(left):
        if (reading.form, token.low) in rows_by_verb():
            if reading.form == "be":
                yield left[:place] + rest
            yield left[: place + 1] + rest
            break


def _goes_on(rest: Tokens, reading: Reading) -> bool:
    """Whether the words after "and" are of the same kind as those before: another name, another field with its
    value.
    """
    if reading.form == "be":
        return True
    if reading.intent == "fill":
        return reading.get("field") is not None and len(rest) > 1
    return rest[0].quoted or without_determiner(rest) != rest


# -- one clause -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16384)
def read_clause(tokens: Tokens, setting: Setting) -> Reading | None:
    """Return the reading of one clause; ``None`` if it has words that no wording covers."""
    tokens = trimmed(tokens, lenient=setting.lenient)
    if not tokens:
        return None
    if any(token.low in CONDITIONS for token in tokens):
        return _after(tokens, setting)
    for frame in frames_of(tokens, setting):
        found = _in_frame(frame, setting)
        if found is not None:
            return found
    thing = _thing_clause(tokens, setting)
    if thing is not None:
        return thing
    return _led_by_place(tokens, setting) or _ended_by_place(tokens, setting)


def _after(tokens: Tokens, setting: Setting) -> Reading | None:
    """ "I accept the alert after I click …": read the dialog's answer, and the action that opens it."""
    place = next((place for place, token in enumerate(tokens) if token.low in {"after", "when"}), 0)
    if not 0 < place < len(tokens) - 1:
        return None
    answer = read_clause(tokens[:place], setting)
    if answer is None or answer.intent not in {"accept-dialog", "dismiss-dialog"}:
        return None
    action = read_clause(tokens[place + 1 :], setting)
    if action is None or action.form != "do":
        return None
    return replace(answer, slots={**answer.slots, "cause": action})


def _in_frame(frame: Frame, setting: Setting) -> Reading | None:
    """Read what a person does or perceives; after "verify", also a thing's clause or a thing alone."""
    if not frame.rest:
        return None
    order: tuple[Form, ...] = ("see", "do") if frame.expects else ("do", "see")
    for form in order:
        found = None if frame.asserts and not frame.actor else _best(frame, form, setting)
        if found is not None:
            return found
    if frame.asserts and not frame.actor:
        return (
            _thing_clause(frame.rest, replace(setting, outcome=True))
            or _existence(frame.rest, setting)
            or _verified(frame)
        )
    return _existence(frame.rest, setting)


def _best(frame: Frame, form: Form, setting: Setting, subject: Subject | None = None) -> Reading | None:
    """Return the matching row with the most words of its own."""
    tokens, negated = inner_negation(frame.rest, frame.negated)
    best: Reading | None = None
    for row in rows_by_verb().get((form, tokens[0].low), ()):
        if not _allowed(row, frame, subject, negated=negated):
            continue
        found = match(row.pattern, tokens, lambda kind, words: _read(kind, words, setting))
        if found is not None and (best is None or found.own > best.own):
            slots = {**dict(row.implied), **found.slots}
            best = Reading(row.intent, form, slots, subject.thing if subject else None, negated, found.own, row)
    return best


def _read(kind: str, words: Tokens, setting: Setting) -> object | None:
    if kind in {"table", "docstring"}:
        return True if (setting.table if kind == "table" else setting.docstring) else None
    return read_slot(kind, words)


_WEAK_SIGHT = frozenset(
    form for verb in ("have", "be", "get", "find", "view", "read", "notice") for form in forms(verb)
)


def _allowed(row: Wording, frame: Frame, subject: Subject | None, *, negated: bool) -> bool:
    """Whether a row is possible: its thing is of the right kind, and an action is not negated."""
    verb = frame.rest[0].low
    if row.intent == "downloaded" and (negated or not (frame.expects or row.form == "be")):
        return False
    if row.of == "moved":
        return True
    if row.form == "see":
        if frame.able and verb not in forms("see"):
            return False
        return frame.expects or verb not in _WEAK_SIGHT
    if row.form == "do":
        imperative = frame.actor or not verb.endswith(("ing", "ed"))
        shown = frame.expects and (frame.able or verb in forms("be") | forms("have"))
        return imperative and not negated and not shown
    if frame.able and row.intent not in {"visible", "text"}:
        return False
    action = row.intent in {"navigate", "reload", "click"}
    return subject is not None and row.of in subject.kinds and not (action and (negated or frame.expects))


# -- things -----------------------------------------------------------------------------------------------------------


def _thing_clause(tokens: Tokens, setting: Setting) -> Reading | None:
    """ "the counter should show …": read a thing, then a modal or a verb of things."""
    verbs = (place for place in range(1, len(tokens)) if is_verb(tokens[place], "be") or modal_at(tokens[place:]))
    for place in islice(verbs, MAX_TRIES):
        listed = _listed(tokens[:place], tokens[place:], setting)
        if listed is not None:
            return listed
        found = _said_of(tokens[:place], tokens[place:], setting)
        if found is not None:
            return found
    return None


_SHOWN = (
    "be visible|displayed|shown|present|available|listed [on|in] [the] [page|screen]",
    "appear|display|show [on|in] [the] [page|screen]",
)


def _listed(words: Tokens, predicate: Tokens, setting: Setting) -> Reading | None:
    """ "the following buttons should be visible:": read it as seeing them."""
    following = bool({"following", "below"} & {token.low for token in words[:3]})
    if setting.given or not following or not (setting.table or setting.docstring):
        return None
    frame = after_modal(Frame(predicate, expects=True))
    rest, negated = inner_negation(frame.rest, frame.negated)
    if not any(match(pattern, rest, read_slot) for pattern in _SHOWN):
        return None
    see = Token("word", "see", "see")
    return _best(replace(frame, rest=(see, *words), negated=negated), "see", setting)


def _said_of(words: Tokens, predicate: Tokens, setting: Setting) -> Reading | None:
    frame, whole = after_modal(Frame(predicate, expects=setting.outcome)), words
    while len(words) > 1 and words[-1].low in ADVERBS:
        words = words[:-1]
    if words[0].low == "no" and len(words) > 1:
        words, frame = words[1:], replace(frame, negated=not frame.negated)
    subject = subject_of(words, expected=frame.expects, given=setting.given)
    if (
        subject is None
        or not frame.rest
        or (words != whole and subject.kinds.isdisjoint({"quoted", "named", "new-tab"}))
    ):
        return None
    found = _best(frame, "be", setting, subject)
    if found is None or (setting.given and not frame.expects and _is_about_data(found, subject)):
        return None
    if subject.count is not None:
        return replace(found, intent="count", form="see", slots={"count": subject.count})
    return _in_new_tab(found) if "new-tab" in subject.kinds else found


def _is_about_data(reading: Reading, subject: Subject) -> bool:
    """Whether in a Given, like "5 posts exist" and ""Ada" is in the group "Admins"", the page need not be meant."""
    if subject.count is not None:
        return not _is_known(subject.count.things)
    if subject.thing is not None and subject.thing.guessed:
        return True
    place = reading.get("place")
    return isinstance(place, Target) and (place.guessed or not _is_known(place))


def _existence(tokens: Tokens, setting: Setting) -> Reading | None:
    """ "there is an element …", "there should be 3 items": read it as seeing it."""
    if len(tokens) < 3 or tokens[0].low != "there":
        return None
    frame = after_modal(Frame(tokens[1:], actor=True, expects=setting.outcome))
    stated = setting.given and not frame.expects
    rest, negated = inner_negation(frame.rest, frame.negated)
    if len(rest) < 2 or rest[0].low not in forms("be") | {"exist", "exists"}:
        return None
    rest = rest[1:]
    if rest[0].low == "no":
        rest, negated = rest[1:], not negated
    found = _seen(replace(frame, rest=rest, negated=negated))
    unsure = stated or negated != frame.negated
    return None if found is not None and unsure and not _is_on_page(found) else found


def _is_on_page(reading: Reading) -> bool:
    """Whether everything in it has a role: "there are 3 rows" is about the page, "there are 3 users" need not be."""
    things = [value.things if isinstance(value, Count) else value for value in reading.slots.values()]
    return all(_is_known(thing) for thing in things if isinstance(thing, Target))


def _is_known(thing: Target) -> bool:
    """Whether it is a kind of thing that pages have, or only a name in quotes."""
    return bool(thing.role or thing.css or (thing.quoted and not thing.guessed))


def _verified(frame: Frame) -> Reading | None:
    """ "verify the login button": read it as seeing the thing, if pages have such a thing."""
    found = _seen(frame)
    return found if found is not None and _is_on_page(found) else None


def _seen(frame: Frame) -> Reading | None:
    """Read a thing alone as something to see."""
    see = Token("word", "see", "see")
    return _best(replace(frame, rest=(see, *frame.rest), expects=True), "see", Setting(outcome=True))


# -- places around a clause -------------------------------------------------------------------------------------------


def _led_by_place(tokens: Tokens, setting: Setting) -> Reading | None:
    """ "within the row "Milk" I click …": read a place, then a clause."""
    width = preposition_at(tokens, 0)
    if not width:
        return None
    begins = (place for place in range(width + 1, len(tokens)) if _begins_clause(tokens[place]))
    for place in islice(begins, MAX_TRIES):
        if is_new_tab(tokens[width:place]):
            return _in_new_tab(read_clause(tokens[place:], setting))
        where = None if is_no_place(tokens[width:place]) else read_target(tokens[width:place])
        if where is None:
            continue
        found = read_clause(tokens[place:], setting)
        if found is not None:
            return _placed(found, where)
    return None


def _in_new_tab(found: Reading | None) -> Reading | None:
    return replace(found, slots={**found.slots, "tab": True}) if found is not None else None


def _begins_clause(token: Token) -> bool:
    return token.low == "," or token.low in ACTORS or is_verb(token, "do")


def _ended_by_place(tokens: Tokens, setting: Setting) -> Reading | None:
    """ "… in the "Cart" region": read a clause, then a place for which its wording has no slot."""
    prepositions = (place for place in range(len(tokens) - 2, 0, -1) if preposition_at(tokens, place))
    for place in islice(prepositions, MAX_TRIES):
        width = preposition_at(tokens, place)
        if is_new_tab(tokens[place + width :]):
            return _in_new_tab(read_clause(tokens[:place], setting))
        where = read_target(tokens[place + width :]) if tokens[place].low not in APART else None
        if where is None or not on_page(tokens[place:]) or is_no_place(tokens[place + width :]):
            continue
        found = read_clause(tokens[:place], setting)
        if found is not None:
            return _placed(found, as_place(where, tokens[place].low))
    return None


def _placed(reading: Reading, where: Target) -> Reading | None:
    """Return the reading with its thing searched for in a place."""
    if where.role == "page" or (where.role is None and where.quoted and _calls_itself_page(where.name)):
        return reading
    slots = dict(reading.slots)
    if any(isinstance(thing, Target) and is_vague(thing, where) for thing in slots.values()):
        return None
    for name in ("target", "field"):
        thing = slots.get(name)
        if isinstance(thing, Target):
            return replace(reading, slots={**slots, name: within(thing, where)})
    if reading.subject is not None:
        return replace(reading, subject=within(reading.subject, where))
    return replace(reading, slots={**slots, "place": where}) if reading.intent in {"text", "count"} else None


def _calls_itself_page(name: str) -> bool:
    """ "on the "Cart Page" I click …": whether a name is that of the page, not of a part of it."""
    return name.lower().split(" ")[-1] in PAGE_WORDS
