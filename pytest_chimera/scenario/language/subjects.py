"""Interprets the subject of a "be" clause: the page, its URL or title, a dialog, the focus, a number, or an element."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.phrases.nouns import IT, is_findable, read_target, role_at_end
from pytest_chimera.scenario.language.phrases.slots import FIELDS, TYPED_FIELDS, Count, is_attribute, read_slot
from pytest_chimera.scenario.language.words.exclusions import is_new_tab, on_page, without_determiner
from pytest_chimera.scenario.language.words.lexer import Tokens
from pytest_chimera.scenario.language.words.vocabulary import NATIVE_DIALOGS, PAGE_WORDS

_URL = frozenset({"url", "address", "path", "location", "page url", "page address", "query string", "urls"})
_TITLE = frozenset({"title", "page title", "document title", "tab title", "browser title", "window title"})
_NOT_SEEN = frozenset({"file", "email", "e-mail", "mail", "log", "logs", "setting", "flag", "exit code", "console"})
"""Words that do not mean a thing on a page as a subject, unless a role follows: "the email field"."""
_LEADING = frozenset({"current", "page's", "browser", "browser's", "whole", "full", "new", "resulting", "present"})
_OF_PAGE = (" of the page", " of the current page", " of page", " of the browser", " of the document", " of the site")
_EXPANDABLE = frozenset({"button", "link", "combobox", "menu", "menuitem", "treeitem", "row", "tab"})
_CLICKABLE = _EXPANDABLE | {"checkbox", "radio", "option", "listitem", "img", "switch"}
_CLOSABLE = frozenset({"dialog", "menu", "message", "combobox", "tooltip", "navigation", "tabpanel"})
_ANY = frozenset(
    {
        "",
        "element",
        "field",
        "expandable",
        "clickable",
        "closable",
        "place",
        "exact-thing",
        "quoted",
        "fillable",
        "task",
    }
)
"""What "it" can be before it is resolved."""
_TASKS = frozenset({"todo", "task", "item", "to-do", "todos", "tasks", "items", "todo item"})


@dataclass(frozen=True)
class Subject:
    """A clause's subject.

    :param count: a number of things that are said to be seen.
    :param kinds: the kinds of rows (their ``of``) that can apply to it; the empty one is any element.
    """

    kinds: frozenset[str]
    thing: Target | None = None
    count: Count | None = None


def subject_of(words: Tokens, *, expected: bool, given: bool = False) -> Subject | None:
    """Interpret a subject; return ``None`` if the words are not one, or do not mean a thing on a page.

    :param expected: the clause says what should be, not what is.
    :param given: it is in a Given or a When, where "the cart is full" need not be about the page.
    """
    if not on_page(words):
        return None
    bare = without_determiner(words)
    name = " ".join(token.low for token in bare)
    for suffix in _OF_PAGE:
        name = name.removesuffix(suffix)
    short = " ".join(word for word in name.split() if word not in _LEADING)
    known = _known(name, short) if not any(token.quoted for token in words) else None
    if known is not None:
        return known
    if is_new_tab(words):
        return Subject(frozenset({"new-tab", "page"}), Target(role="page", name="new tab"))
    file = _file(bare)
    if file is not None:
        return Subject(frozenset({"file"}), file)
    page = bool(bare) and bare[-1].low in PAGE_WORDS
    if _NOT_SEEN & {name, *name.split()} and not role_at_end(bare) and not page:
        return None
    count = read_slot("count", words)
    if isinstance(count, Count):
        return Subject(frozenset({"counted"}), count=count)
    return _number(bare) or _attribute(bare) or _value(bare) or _element(words, expected=expected, given=given)


def _file(words: Tokens) -> Target | None:
    """ "the file "report.csv"", "the download", "a file named "x"": a file that the browser has downloaded."""
    lows = [token.low for token in words if not token.quoted and token.low not in {"named", "called", "downloaded"}]
    names = [token.text for token in words if token.quoted]
    if len(lows) != 1 or lows[0] not in _FILES or len(names) > 1:
        return None
    return Target(name=names[0] if names else "", quoted=bool(names))


_FILES = frozenset({"file", "download", "document", "report", "export", "attachment"})


def _known(name: str, short: str) -> Subject | None:
    if {name, short} & _URL:
        return Subject(frozenset({"url"}))
    if {name, short} & _TITLE:
        return Subject(frozenset({"title"}))
    if name in {"following fields", "fields", "form fields"}:
        return Subject(frozenset({"fields"}))
    if name in NATIVE_DIALOGS:
        return Subject(frozenset({"dialog"}))
    if name in {"browser", "web browser"}:
        return Subject(frozenset({"browser"}))
    order = name.split(" ")[0]
    if name in {"focus", "keyboard focus"}:
        return Subject(frozenset({"focus"}), Target())
    if order in {"next", "previous"} and "focused" in name:
        return Subject(frozenset({"focus"}), Target(name=order))
    return None


def _number(words: Tokens) -> Subject | None:
    """ "the number of todos", "the todos count": a count."""
    lows = [token.low for token in words]
    if lows[:2] in (["number", "of"], ["count", "of"]) or lows[:3] == ["total", "number", "of"]:
        things = read_target(words[lows.index("of") + 1 :])
    elif len(lows) > 1 and lows[-1] in {"count", "counter"} and lows[-2].endswith("s"):
        things = read_target(words[:-1])
    else:
        return None
    return Subject(frozenset({"number"}), things) if things else None


def _value(words: Tokens) -> Subject | None:
    """ "the value of the "Copies" field", "the slider value": a field's value."""
    lows = [token.low for token in words]
    if lows[:2] == ["value", "of"]:
        field = read_target(words[2:])
    elif len(lows) > 1 and lows[-1] == "value":
        field = read_target(words[:-1])
        field = field if field and field.role in TYPED_FIELDS else None
    else:
        return None
    known = field is not None and field.role in TYPED_FIELDS | {None, IT, "element"}
    return Subject(frozenset({"field"}), field) if known else None


def _attribute(words: Tokens) -> Subject | None:
    """ "the attribute "href" of the link "Home"" """
    css = bool(words) and words[0].low in {"css", "font"}
    words = words[1:] if css else words
    if len(words) < 4 or words[0].low not in {"attribute", "property"} or words[2].low not in {"from", "of", "on"}:
        return None
    owner = read_target(words[3:])
    if owner is None or not is_attribute(words[1].text):
        return None
    return Subject(
        frozenset({"attribute"}), owner.model_copy(update={"by": f"{'css' if css else 'attribute'} {words[1].text}"})
    )


def _element(words: Tokens, *, expected: bool, given: bool) -> Subject | None:
    target = read_target(words)
    if target is None or not is_findable(target):
        return None
    if target.role == "page":
        return Subject(frozenset({"page", "page-expected"} if expected else {"page"}), target)
    if not expected and given and target.role is None and not target.quoted and not target.css:
        return None
    if target.role == IT:
        return Subject(_ANY, target)
    kinds = {"", "element"}
    if target.role in TYPED_FIELDS:
        kinds.add("field")
    if target.role in _EXPANDABLE:
        kinds.add("expandable")
    if target.role in _CLICKABLE or (target.role is None and target.quoted):
        kinds.add("clickable")
    if target.role in _CLOSABLE:
        kinds.add("closable")
    if target.css or target.role not in {None, "text", "message"}:
        kinds.add("place")
    if "place" in kinds or (target.quoted and expected):
        kinds.add("exact-thing")
    if target.quoted:
        kinds.add("quoted")
    if target.role is not None or target.css:
        kinds.add("named")
    if target.role in FIELDS | {"element", "cell", "heading"} or target.css or (target.role is None and target.quoted):
        kinds.add("fillable")
    if target.role in {"list", "table", "grid", "listbox", "menu", "tree"}:
        kinds.add("holds-items")
    if target.role in {None, "listitem"} and target.name.lower().split(" ")[-1:] and _is_task(target):
        kinds.add("task")
    return Subject(frozenset(kinds), target)


def _is_task(target: Target) -> bool:
    return target.name.lower() in _TASKS or (target.role == "listitem" and not target.quoted)
