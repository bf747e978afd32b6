"""The vocabulary: actors, verb forms, keys, numbers, small words. To add a word, add it to its row."""

# ruff: noqa: E501  (a row of a table is one line)

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# -- pages -------------------------------------------------------------------------------------------------------------

PAGE_WORDS = _words("page screen site website webpage application app view homepage portal")
TAGS = _words(
    """
    a abbr address article aside audio b blockquote body button canvas caption code dd details dialog div dl
    dt em fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html i iframe img input label
    legend li main nav object ol optgroup option output p pre progress section select small span strong sub
    summary sup svg table tbody td template textarea tfoot th thead time title tr u ul video
    """
)
"""HTML elements: the meaning of a literal in "the element "h1""."""
NEW_TAB = frozenset(
    {
        "new tab", "new browser tab", "newly opened tab", "another tab", "separate tab", "another browser tab",
        "separate browser tab", "new page tab", "opened tab",
    }
)  # fmt: skip
"""Names of a browser tab."""
WHOLE_PAGE = frozenset({"page", "screen", "site", "website", "browser", "application", "app", "view", "ui", "webpage"})
HOME_WORDS = frozenset({"home", "homepage", "front", "root", "start", "main", "landing", "index"})
DIALOG_WORDS = _words(
    """
    alert alertbox confirm confirmbox confirmation prompt dialog alerts dialogue popup pop-up alert-box
    """
)

NATIVE_DIALOGS = frozenset(
    {
        "alertbox", "confirmbox", "prompt", "alert box", "confirm box", "browser alert", "browser dialog",
        "javascript alert", "js alert", "native dialog", "confirm dialog", "confirmation box",
    }
)  # fmt: skip
NOT_ON_PAGE = frozenset(
    {
        "cookie", "cookies", "database", "db", "cache", "server", "backend", "request", "requests", "response", "timeout",
        "screenshot", "screenshots", "email delivery", "email deliveries", "sent email", "sent emails", "inbox", "api",
        "endpoint", "mock", "mocks", "fixture", "log file", "local storage", "session storage", "localstorage",
        "accessibility issue", "accessibility issues", "accessibility", "axe-core", "rgaa", "window", "windows", "json",
        "last email", "mailbox", "iframe", "queue", "webhook", "oauth client", "rendered html", "html source", "page source", "source code", "xml",
        "email body", "email subject", "subject line", "headers", "http", "parameter", "parameters",
    }
)  # fmt: skip
"""Things that no page shows: a step about one of them does not act on the page."""

# -- small words ------------------------------------------------------------------------------------------------------

DETERMINERS = _words(
    """
    the a an this that these those my your his her its their our any some such another
    """
)
ONLY = frozenset({"only", "single", "sole"})
ORDINALS = MappingProxyType(
    {
        "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
        "tenth": 10, "last": -1, "latest": -1, "final": -1, "topmost": 1,
    }
)  # fmt: skip
NUMBERS = MappingProxyType(
    {
        "no": 0, "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
        "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "once": 1, "twice": 2, "thrice": 3,
    }
)  # fmt: skip
ADVERBS = _words(
    """
    successfully immediately now again still also then just already currently eventually finally correctly
    properly please additionally automatically simply instantly therefore afterwards next both too directly only instead
    later
    """
)
PLACE_WORDS = _words(
    """
    in within inside on of under from at into for to near beside below above over next
    """
)
PLACES = (
    "inside of", "on top of", "next to", "in", "within", "inside", "on", "of", "under", "from", "at", "for", "near",
    "beside", "below", "above", "into", "under the heading",
)  # fmt: skip
NEVER_IN_NAMES = _words(
    """
    will would should must shall can could is are was were be been am not that which who whose since because
    when while if until unless whether than has have had does do did and or but with i we he she they
    there by as outside own appears appear disappears disappear displayed containing having using via per
    following below about regarding between without during against through each every all both occurs loaded including upon
    twice thrice
    """
)
"""Words that end a name in plain words: a longer clause is not a name."""
UNSAID = _words(
    """
    proper correct valid expected relevant appropriate corresponding necessary specific desired respective various
    multiple several many certain given provided matching deleted created same different
    """
)
"""Adjectives that refer to something else: "the expected result" does not name anything to search for."""
NO_PLACES = _words(
    """
    mode order position state status format language currency question use progress sync bold italic place email mail e-mail
    uppercase lowercase time full advance total addition detail background
    """
)
"""Words after "in" that do not mean a place on a page: "in ascending order", "in Text mode"."""

# -- words around a thing's name --------------------------------------------------------------------------------------

PRONOUNS = frozenset({"it", "them", "itself"})
NAMED = frozenset({"named", "called", "labelled", "labeled", "titled", "entitled"})
CONTAINING = frozenset({"containing", "saying", "reading", "stating", "showing", "displaying", "contains", "says"})
NAMED_BY = MappingProxyType({
    "name": "name", "label": "label", "aria-label": "label", "text": "text", "content": "text", "title": "title",
    "placeholder": "placeholder", "alt": "alt", "alt text": "alt", "alternative text": "alt", "testid": "test id",
    "test id": "test id", "test-id": "test id", "data-testid": "test id", "role": "role", "selector": "css",
    "css selector": "css", "css": "css", "xpath": "css", "id": "id", "value": "value", "caption": "text",
    "accessible name": "name", "message": "text",
})  # fmt: skip
"""Words for what a literal is of a thing → ``Target.by``."""
DESCRIBING = NAMED | CONTAINING | {"with", "having", "that", "which", "indicating", "matching"}
"""Words after which a description of a thing follows."""
OWNED = frozenset({"for", "next to", "beside", "near"})
"""Prepositions for a thing in the same item or row as another."""
APART = frozenset({"above", "below", "on top of"})
BESIDE = APART | {"next to", "beside", "near"}
"""Prepositions for a thing that does not contain the other: their relative position is not checked."""
HOLDING = frozenset({"in", "on", "within", "inside", "under", "from"})
"""Prepositions for a thing that contains the other."""
WITH_PARTICLE = _words("sign log opt signed logged signing logging")
"""Verbs that "in" or "on" belongs to: "sign in" does not name a place."""
GENERIC = _words("element component div span")
AND = frozenset({"and", "&"})
JOINTS = AND | {",", "then", "but", ";"}
"""What joins two clauses."""
CONDITIONS = _words("after when before once if because since while")
"""Words that begin a clause of time or of reason."""

ACTORS = _words(
    """
    i we he she they you user users customer customers visitor visitors admin admins administrator member
    guest shopper buyer seller editor author reader person someone somebody everyone everybody client tester
    student teacher manager owner operator employee player one moderator viewer
    """
)
ACTOR_ADJECTIVES = _words(
    """
    new logged-in registered authenticated anonymous same current other another existing unregistered signed-
    in
    """
)
MODALS = (
    "should be able to", "should not be able to", "should no longer be able to", "should also be able to",
    "choose to", "chooses to", "chose to", "try to", "tries to", "tried to", "attempt to", "attempts to", "attempted to",
    "decide to", "decides to", "decided to", "want to",
    "must be able to", "will be able to", "is able to", "am able to", "are able to", "can no longer", "should never",
    "should no longer", "must no longer", "will no longer", "should still", "does no longer", "no longer", "should not",
    "must not", "will not", "shall not", "can not", "could not", "would not", "does not", "does", "did", "do not", "did not", "should",
    "must", "will", "shall", "can", "could", "would", "has to", "have to", "need to", "needs to", "would like to",
    "wants to", "to not", "not to", "to", "not", "never", "ought to",
)  # fmt: skip
NEGATIVE = frozenset({"not", "never", "no longer"})


KEYS = MappingProxyType(
    {
        "enter": "Enter", "return": "Enter", "escape": "Escape", "esc": "Escape", "tab": "Tab", "space": "Space",
        "spacebar": "Space", "backspace": "Backspace", "delete": "Delete", "del": "Delete", "insert": "Insert",
        "home": "Home", "end": "End", "pageup": "PageUp", "page up": "PageUp", "pagedown": "PageDown",
        "page down": "PageDown", "up": "ArrowUp", "down": "ArrowDown", "left": "ArrowLeft", "right": "ArrowRight",
        "arrow up": "ArrowUp", "arrow down": "ArrowDown", "arrow left": "ArrowLeft", "arrow right": "ArrowRight",
        "up arrow": "ArrowUp", "down arrow": "ArrowDown", "left arrow": "ArrowLeft", "right arrow": "ArrowRight",
        "arrowup": "ArrowUp", "arrowdown": "ArrowDown", "arrowleft": "ArrowLeft", "arrowright": "ArrowRight",
        "uparrow": "ArrowUp", "downarrow": "ArrowDown", "leftarrow": "ArrowLeft", "rightarrow": "ArrowRight",
        "ctrl": "Control", "control": "Control", "shift": "Shift", "alt": "Alt", "option": "Alt", "meta": "Meta",
        "cmd": "Meta", "command": "Meta", "ctrl or cmd": "ControlOrMeta", "capslock": "CapsLock",
        **{f"f{number}": f"F{number}" for number in range(1, 13)},
    }
)  # fmt: skip
MODIFIERS = frozenset({"Control", "Shift", "Alt", "Meta", "ControlOrMeta"})

# -- verbs' forms -----------------------------------------------------------------------------------------------------

_IRREGULAR = {
    "be": "am is are was were been being", "have": "has had having", "do": "does did doing done",
    "go": "goes went gone going", "see": "sees saw seen seeing", "choose": "chose chosen", "write": "wrote written",
    "read": "reads reading", "set": "setting", "put": "putting", "hit": "hitting", "leave": "left", "get": "got getting",
    "become": "became becoming", "find": "found", "say": "said", "give": "gave given", "make": "made", "lose": "lost",
    "submit": "submitted submitting", "drag": "dragged dragging", "tap": "tapped tapping", "drop": "dropped dropping",
    "scroll": "scrolled scrolling", "refer": "referred", "take": "took taken", "hold": "held", "show": "shown",
    "pick": "picked", "send": "sent", "bring": "brought", "upload": "uploaded", "focus": "focused focussed focuses",
    "log": "logged logging", "begin": "began begun beginning", "draw": "drew drawn", "stop": "stopped stopping",
    "come": "came", "run": "ran running", "keep": "kept", "let": "letting", "double-click": "double-clicks",
    "right-click": "right-clicks", "blur": "blurred", "sort": "sorted", "turn": "turned", "clear": "cleared",
}  # fmt: skip


def forms_of(verb: str) -> frozenset[str]:
    """Return the forms of a verb: ``click`` → click, clicks, clicked, clicking."""
    regular = {verb, f"{verb}ed", f"{verb}ing"}
    if verb.endswith("e"):
        regular |= {f"{verb}s", f"{verb}d", f"{verb[:-1]}ing"}
    elif verb.endswith("y") and verb[-2:-1] not in "aeiou":
        regular |= {f"{verb[:-1]}ies", f"{verb[:-1]}ied"}
    elif verb.endswith(("s", "sh", "ch", "x", "z")):
        regular |= {f"{verb}es"}
    else:
        regular |= {f"{verb}s"}
    return frozenset(regular | set(_IRREGULAR.get(verb, "").split()))


def plural_of(word: str) -> str:
    """Return the regular plural of a noun's last word."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "sh", "ch", "x", "z")) else f"{word}s"


def by_first_word(phrases: Iterable[str]) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Return phrases by their first word, in order."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        parts = tuple(phrase.split())
        found.setdefault(parts[0], []).append(parts)
    return MappingProxyType({word: tuple(several) for word, several in found.items()})
