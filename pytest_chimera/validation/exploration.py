"""Compares an application before and after a change by trying its own forms, buttons and addresses.

The base is explored once and its behaviour recorded; the candidate is explored in the same way. Only the effects on
words that the exploration itself has typed are compared, and which addresses answer: appearance, names and new parts of
a page are up to the change.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_chimera.context.formatting import counted
from pytest_chimera.judge.reading.html_pages import Form, Node, Page, Visitor
from pytest_chimera.models import GeneratedTest

_ITEMS = 4
_MOST_BUTTONS = 6
_MOST_ADDRESSES = 20
_CONSONANTS, _VOWELS = "bdfghklmnprstvz", "aeiou"
_TYPED_BY_KIND = {
    "number": "3",
    "range": "3",
    "date": "2026-01-05",
    "time": "10:30",
    "month": "2026-01",
    "tel": "5550100",
}


@dataclass(frozen=True)
class Typing:
    """The form that displays what is typed into it: the name of its button, and its fields with their labels."""

    button: str
    fields: tuple[tuple[str, str, str], ...]

    def values(self, word: str, form: Form) -> dict[str, str]:
        """Return what to type into a form with the same fields, whatever their names."""
        pairs = zip(form.fields, self.fields, strict=True)
        return {each.attributes["name"]: _fitting(kind, word) for each, (_, kind, _) in pairs}


def _fitting(kind: str, word: str) -> str:
    plain = "".join(letter for letter in word.lower() if letter.isalnum())
    special = {"email": f"{plain}@example.org", "url": f"https://example.org/{plain}"}
    return special.get(kind) or _TYPED_BY_KIND.get(kind, word)


@dataclass(frozen=True)
class Pressed:
    """A button next to an item (``item`` is its index) or of the page (-1), and which items showed after pressing
    it.
    """

    button: str
    item: int
    shown: tuple[bool, ...]


@dataclass(frozen=True)
class Memory:
    """The recorded behaviour of the base.

    :param start: the page that it begins at; ``words``: what is typed, one item each.
    :param typing: the form that accepts items; ``None`` if there is none. ``shown``: which items it showed.
    :param searched: which items a search form showed, by the form's button.
    :param answers: address → its answer, parsed if it is data.
    """

    start: str
    words: tuple[str, ...]
    typing: Typing | None = None
    shown: tuple[bool, ...] = ()
    pressed: tuple[Pressed, ...] = ()
    searched: tuple[tuple[str, tuple[bool, ...]], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    answers: tuple[tuple[str, Any], ...] = ()
    scripts: int = 0

    @property
    def looked_at(self) -> tuple[str, ...]:
        """Return what was tried, for people."""
        buttons = [f"the button {each.button!r}" for each in self.pressed]
        typing = [f"typing, and {self.typing.button!r}" for _ in self.shown[:1] if self.typing]
        addresses = [counted(len(self.answers), "address", "addresses")] if self.answers else []
        return (*typing, *buttons, *addresses)


@dataclass(frozen=True)
class Difference:
    """A difference in behaviour.

    :param sentence: its description, without the typed words.
    :param pressed: the button with another effect, or none; checked in a browser if scripts may handle it.
    :param scripted: scripts may handle it now, so that only a browser can tell.
    """

    sentence: str
    pressed: Pressed | None = None
    scripted: bool = False


def fresh_words(chance: random.Random) -> tuple[str, ...]:
    """Return what to type: unknown words, the last one with markup."""

    def word() -> str:
        return "".join(chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(3))

    words = list(dict.fromkeys(word() for _ in range(4 * _ITEMS)))[: 2 * _ITEMS]
    items = [f"{first} {second}" for first, second in zip(words[::2], words[1::2], strict=True)]
    return (*items[:-1], f"{items[-1]} <i>{word()}</i>")


# -- the base


def remember(url: str, start: str, words: Sequence[str], addresses: Sequence[str], named: str) -> Memory:
    """Explore a base.

    :param url: its address; ``start``: the path that the feature begins at.
    :param addresses: additional paths to request.
    :param named: the sealed test's source: what it mentions belongs to the feature.
    """
    visitor = Visitor(url)
    page = visitor.open(start)
    memory = Memory(start, tuple(words), scripts=page.scripts)
    if not page.is_html:
        return memory
    typing = _find_typing(visitor, start, words)
    if typing is None:
        return _with_answers(memory, visitor, addresses)
    walk = _Walk(visitor, start, tuple(words), typing)
    shown = walk.type_all()
    searched = tuple((button, walk.search(button)) for button in walk.search_buttons() if button not in named)
    memory = _with_answers(memory, visitor, addresses)
    pressed = tuple(each for button, item in walk.buttons(named) if (each := walk.press(button, item)) is not None)
    return replace(memory, typing=typing, shown=shown, pressed=pressed, searched=searched)


def _with_answers(memory: Memory, visitor: Visitor, addresses: Sequence[str]) -> Memory:
    page = visitor.open(memory.start)
    pages = [(path, visitor.open(path)) for path in addresses[:_MOST_ADDRESSES]]
    answers = tuple((path, each.json()) for path, each in pages if 0 < each.status < 400)
    links = tuple((path, text) for path, text in page.links.items() if visitor.open(path).status in range(1, 400))
    return replace(memory, links=links, answers=answers)


def _find_typing(visitor: Visitor, start: str, words: Sequence[str]) -> Typing | None:
    """Return the first form of the page that displays what is typed into it; trying it types the first item."""
    for form in visitor.open(start).forms:
        if form.posts and form.fields and form.submits and not form.asks_for_secret:
            typing = _typing_of(form)
            visitor.send(form, form.submits[0], typing.values(words[0], form))
            if words[0] in visitor.open(start).text:
                return typing
    return None


def _typing_of(form: Form) -> Typing:
    fields = (
        (each.attributes["name"], each.attributes.get("type", "text").lower(), form.label_of(each))
        for each in form.fields
    )
    return Typing(form.submits[0].label, tuple(fields))


# -- a walk


@dataclass
class _Walk:
    visitor: Visitor
    start: str
    words: tuple[str, ...]
    typing: Typing

    def page(self) -> Page:
        return self.visitor.open(self.start)

    def shown(self, page: Page | None = None) -> tuple[bool, ...]:
        text = (page or self.page()).text
        return tuple(word in text for word in self.words)

    def form(self) -> tuple[Form, Node] | None:
        """Return the form that accepts items, found by its button and its fields."""
        for form in self.page().forms:
            button = next((each for each in form.submits if each.label == self.typing.button), None)
            if form.posts and button is not None and len(form.fields) == len(self.typing.fields):
                return form, button
        return None

    def type_all(self) -> tuple[bool, ...]:
        """Type the items that are not displayed yet."""
        for word, there in zip(self.words, self.shown(), strict=True):
            found = self.form()
            if not there and found is not None:
                self.visitor.send(*found, self.typing.values(word, found[0]))
        return self.shown()

    # -- buttons

    def beside(self, word: str, page: Page) -> Node | None:
        """Return the smallest element that contains an item and a control, and no other item."""
        holding = [each for each in page.root.all() if word in each.text]
        others = [each for each in self.words if each != word]
        for node in reversed(holding):
            if any(other in node.text for other in others):
                continue
            if any(each.is_control for each in node.all()):
                return node
        return None

    def buttons(self, named: str) -> list[tuple[str, int]]:
        """Return the buttons to press, each with an item of its own."""
        page = self.page()
        found: dict[str, int] = {}
        for number, word in enumerate(self.words):
            node = self.beside(word, page)
            for each in node.all() if node is not None else ():
                if each.is_submit and each.label:
                    found.setdefault(each.label, (number + 1) % len(self.words))
        items = list(found.items())
        of_page = {form.submits[0].label for form in page.forms if form.posts and not form.fields and form.submits}
        items += [(label, -1) for label in sorted(of_page - set(found)) if label]
        free = [(label, item) for label, item in items if label not in named and label != self.typing.button]
        return free[:_MOST_BUTTONS]

    def press(self, button: str, item: int) -> Pressed | None:
        """Press a button, and return which items show; ``None`` if there is no such button in a form."""
        self.type_all()
        found = self._button(button, item, self.page())
        if found is None:
            return None
        self.visitor.send(*found, {})
        return Pressed(button, item, self.shown())

    def _button(self, button: str, item: int, page: Page) -> tuple[Form, Node] | None:
        inside = page.root if item < 0 else self.beside(self.words[item], page)
        for node in inside.all() if inside is not None else ():
            if node.is_submit and node.label == button:
                root = next((each for each in node.up() if each.tag == "form"), None)
                return (Form(root, page), node) if root is not None else None
        return None

    def is_called(self, button: str, item: int) -> bool:
        """Whether there is a control with that name, whatever it does."""
        page = self.page()
        inside = page.root if item < 0 else self.beside(self.words[item], page)
        return inside is not None and any(each.is_control and each.label == button for each in inside.all())

    # -- searching

    def search_buttons(self) -> list[str]:
        """Return the buttons of search forms."""
        forms = (form for form in self.page().forms if not form.posts and len(form.fields) == 1 and form.submits)
        return list(dict.fromkeys(form.submits[0].label for form in forms))

    def search(self, button: str) -> tuple[bool, ...]:
        """Return which items show after searching for the first one."""
        for form in self.page().forms:
            if not form.posts and len(form.fields) == 1 and form.submits and form.submits[0].label == button:
                typed = {form.fields[0].attributes["name"]: self.words[0]}
                page = self.visitor.send(form, form.submits[0], typed)
                return self.shown(page)
        return ()


# -- the candidate


def differences(url: str, memory: Memory, named: str, gone: Collection[str] = ()) -> list[Difference]:
    """Return the differences in a candidate's behaviour from its base.

    :param gone: addresses that no longer occur in the candidate's own files.
    """
    visitor = Visitor(url)
    page = visitor.open(memory.start)
    if not page.is_html:
        return []
    scripted = page.scripts > memory.scripts
    if memory.typing is None:
        return _in_answers(visitor, memory, gone)
    walk = _Walk(visitor, memory.start, memory.words, memory.typing)
    if walk.form() is None:
        return []  # it begins differently now: what the sealed test says about that is what counts
    shown = walk.type_all()
    if shown != memory.shown:
        return _in_typing(walk, memory, shown, named, scripted=scripted)
    found = [
        Difference(f"the form with {button!r} finds something different than before", scripted=scripted)
        for button, before in memory.searched
        if walk.search(button) not in {before, ()}
    ]
    found += _in_answers(visitor, memory, gone)
    again = (_pressed_again(walk, before, scripted=scripted) for before in memory.pressed)
    return [*found, *(each for each in again if each is not None)]


def _in_typing(walk: _Walk, memory: Memory, shown: tuple[bool, ...], named: str, *, scripted: bool) -> list[Difference]:
    """Return differences in displaying items; plain ones are left to the sealed test if it types some itself."""
    button = walk.typing.button
    changed = [word for word, before, now in zip(memory.words, memory.shown, shown, strict=True) if before != now]
    marked_up = all("<" in word for word in changed) and "<" not in named
    if button in named and not marked_up:
        return []
    what = "a text with markup in it" if marked_up else "what is typed"
    return [Difference(f"{what} and sent with {button!r} is not shown as before", scripted=scripted)]


def _pressed_again(walk: _Walk, before: Pressed, *, scripted: bool) -> Difference | None:
    place = "next to an item" if before.item >= 0 else "on the page"
    walk.type_all()
    called = walk.is_called(before.button, before.item)
    now = walk.press(before.button, before.item)
    if now is None:
        said = "no longer does anything without a script" if called else "is gone"
        return Difference(f"the button {before.button!r} {place} {said}", before, scripted or called)
    if now.shown == before.shown:
        return None
    pairs = list(zip(before.shown, now.shown, strict=True))
    what = "items stay that were removed" if (False, True) in pairs else "items are removed that stayed"
    return Difference(f"the button {before.button!r} {place} does something else: {what}", before, scripted)


def _in_answers(visitor: Visitor, memory: Memory, gone: Collection[str]) -> list[Difference]:
    found = []
    here = visitor.open(memory.start).links
    for path, text in memory.links:
        now = path if path in here else next((each for each, said in here.items() if said and said == text), "")
        if now and (status := visitor.open(now).status) >= 400:
            found.append(Difference(f"the link to {now} leads to an error ({status})"))
    for path, data in memory.answers:
        page = visitor.open(path)
        if page.status >= 500 or (page.status >= 400 and (data is not None or path not in gone)):
            found.append(Difference(f"{path} answered, and is an error now ({page.status})"))
        elif data is not None and page.status and not _holds(page.json(), data):
            found.append(Difference(f"{path} answers with different data than before"))
    return found


def _holds(now: Any, before: Any) -> bool:
    """Whether data still has everything that it had: additions are allowed, but not removals or changes of type."""
    if isinstance(before, dict):
        return isinstance(now, dict) and all(key in now and _holds(now[key], before[key]) for key in before)
    if isinstance(before, list):
        if not isinstance(now, list) or len(now) < len(before):
            return False
        return all(_holds(mine, theirs) for mine, theirs in zip(now, before, strict=False))
    if isinstance(before, str):
        return isinstance(now, str)
    return type(now) is type(before) or before is None


# -- comparison in a browser


def as_test(memory: Memory, found: Sequence[Difference], path: str) -> GeneratedTest:
    """Return a browser test for the base's behaviour with the buttons in question and with what is typed."""
    assert memory.typing is not None, "only what is typed is looked at in a browser"
    lines = ['page.on("dialog", lambda dialog: dialog.accept())', f"page.goto({memory.start!r})"]
    for word, shown in zip(memory.words, memory.shown, strict=True):
        lines += _typed(memory.typing, word) if shown else []
    lines += _expected(memory.words, memory.shown)
    for before in (each.pressed for each in found if each.pressed is not None):
        lines += [f"{_button_beside(before, memory.words)}.click()", *_expected(memory.words, before.shown)]
        break  # what the next one finds depends on this one
    body = "".join(f"    {line}\n" for line in lines)
    source = f"from playwright.sync_api import Page, expect\n\n\ndef test_page(page: Page) -> None:\n{body}"
    return GeneratedTest(source=source, path=path, name="test_page")


def _typed(typing: Typing, word: str) -> list[str]:
    lines = []
    for name, kind, label in typing.fields:
        selector = f"page.locator({json.dumps(f'[name={json.dumps(name)}]')})"
        found = f"page.get_by_label({label!r}).or_({selector}).first" if label else f"{selector}.first"
        lines.append(f"{found}.fill({_fitting(kind, word)!r})")
    return [*lines, f"page.get_by_role('button', name={typing.button!r}, exact=True).first.click()"]


def _button_beside(before: Pressed, words: Sequence[str]) -> str:
    button = f"get_by_role('button', name={before.button!r}, exact=True)"
    if before.item < 0:
        return f"page.{button}.first"
    row = f"page.locator('li, tr, article, section, div, p, dd, form').filter(has_text={words[before.item]!r})"
    return f"{row}.filter(has=page.{button}).last.{button}.first"


def _expected(words: Sequence[str], shown: Sequence[bool]) -> list[str]:
    return [
        f"expect(page.get_by_text({word!r}).first).to_be_visible()"
        if there
        else f"expect(page.get_by_text({word!r})).to_have_count(0)"
        for word, there in zip(words, shown, strict=True)
    ]
