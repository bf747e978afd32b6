"""The table of intents: what a step's kind is, and the Playwright idiom that says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from pytest_chimera.errors import ScenarioError
from pytest_chimera.models import Target
from pytest_chimera.scenario.grammar import Reading, within
from pytest_chimera.scenario.layout import quote, raw
from pytest_chimera.scenario.locators import Finder, slug
from pytest_chimera.scenario.slots import Count, PageName
from pytest_chimera.scenario.vocabulary import HOME_WORDS, WHOLE_PAGE

Table = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Work:
    """What an idiom needs: the reading, where it looks, and what the step carries below its line."""

    reading: Reading
    finder: Finder
    table: Table = ()
    docstring: str | None = None

    def thing(self, default: str, slot: str = "target", value: str | None = None) -> str:
        """The locator of a slot's target, or of the clause's subject."""
        return self.finder.find(self.target(slot), default, value)

    def target(self, slot: str = "target") -> Target:
        """A slot's target, or the clause's subject."""
        found = self.reading.get(slot) or self.reading.subject
        return found if isinstance(found, Target) else Target()

    def text(self, slot: str = "value") -> str:
        """A slot's literal; without one, the step's doc string."""
        found = self.reading.get(slot)
        return str(found) if found is not None else self.docstring or ""

    def texts(self) -> tuple[str, ...]:
        """The literals of the slots ``texts`` or ``words``."""
        found = self.reading.get("texts") or self.reading.get("words")
        if isinstance(found, tuple):
            return found
        return () if self.docstring is None else (self.docstring,)

    @property
    def not_(self) -> str:
        """What an assertion's name begins with."""
        return "not_" if self.reading.negated else ""


Idiom = Callable[[Work], list[str]]


@dataclass(frozen=True)
class Intent:
    """A row: the kind of its steps, of its negated ones, and how it is said in Playwright."""

    kind: str
    idiom: Idiom
    negated: str = ""


# -- pages ------------------------------------------------------------------------------------------------------------


def path_of(page: PageName, finder: Finder) -> tuple[str, float]:
    """A page's path and how sure that is: named by the project, written by the person, or made from its name."""
    if page.address:
        return page.address, 1.0
    known = finder.path_of(page.name)
    if known is not None:
        return known, 1.0
    words = page.name.lower().split()
    if set(words) <= WHOLE_PAGE | {"web"}:
        return finder.url, 1.0
    if set(words) & HOME_WORDS and len(words) <= 2:
        return "/", 0.9
    if words[-1] in {"application", "app", "site", "website"}:
        return finder.url, 0.9
    return f"/{slug(page.name.removesuffix(' page'))}", 0.6


def _page(work: Work) -> PageName:
    found = work.reading.get("page")
    if isinstance(found, PageName):
        return found
    return PageName(work.target().name or "page")


def _navigate(work: Work) -> list[str]:
    return [f"page.goto({quote(path_of(_page(work), work.finder)[0])})"]


def _on_page(work: Work) -> list[str]:
    path = path_of(_page(work), work.finder)[0]
    if re.match(r"[a-z]+:", path):
        return [f"expect(page).{work.not_}to_have_url({quote(path)})"]
    pattern = rf"^[a-z]+://[^/]+{_escaped(path)}([?#].*)?$"
    return [f"expect(page).{work.not_}to_have_url(re.compile({raw(pattern)}))"]


def _url(work: Work) -> list[str]:
    return [f"expect(page).{work.not_}to_have_url({quote(work.text())})"]


def _url_part(work: Work) -> list[str]:
    return [f"expect(page).{work.not_}to_have_url(re.compile({raw(_escaped(work.text()))}))"]


def _title(work: Work) -> list[str]:
    return [f"expect(page).{work.not_}to_have_title({quote(work.text())})"]


def _title_part(work: Work) -> list[str]:
    return [f"expect(page).{work.not_}to_have_title(re.compile({raw(_escaped(work.text()))}))"]


def _escaped(text: str) -> str:
    return re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", text)


def _matching(work: Work) -> str:
    return f"re.compile({raw(work.text('pattern'))})"


# -- actions ----------------------------------------------------------------------------------------------------------


def _times(work: Work) -> int:
    number = work.reading.get("number")
    return number if isinstance(number, int) and 0 < number <= 20 else 1


def _clicking(call: str) -> Idiom:
    def idiom(work: Work) -> list[str]:
        return [f"{work.thing('clickable')}.{call}"] * _times(work)

    return idiom


def _click(work: Work) -> list[str]:
    place, value = work.reading.get("place"), work.reading.get("value")
    if isinstance(place, Target) and value is not None:
        item = Target(role="menuitem", name=str(value), quoted=True, scope=place)
        return [f"{work.finder.find(item)}.click()"]
    words = work.reading.get("words")
    if isinstance(words, str) and not work.reading.get("target"):
        verb = next(word for word in words.split() if word.lower() != "the")
        target = Target(role="button", name=verb)
        return [f"{work.finder.find(target)}.click()"]
    return [f"{work.thing('clickable')}.click()"] * _times(work)


def _press(work: Work) -> list[str]:
    key = quote(work.text("keys") or "Tab")
    if work.reading.get("field"):
        return [f"{work.thing('textbox', 'field')}.press({key})"] * _times(work)
    return [f"page.keyboard.press({key})"] * _times(work)


def _fill(work: Work) -> list[str]:
    value = work.text()
    if not work.reading.get("field"):
        return [f'page.locator(":focus").fill({quote(value)})']
    return [f"{work.thing('textbox', 'field', value)}.fill({quote(value)})"]


def _fill_table(work: Work) -> list[str]:
    place = work.reading.get("place") or work.reading.get("target")
    scope = place if isinstance(place, Target) else None
    lines = []
    for name, value, *_ in (row for row in work.table if len(row) >= 2):
        target = Target(name=name, quoted=True, scope=scope)
        lines.append(f"{work.finder.find(target, 'textbox', value)}.fill({quote(value)})")
    return lines


def _select(work: Work) -> list[str]:
    field = work.target("field")
    if field.role == "list":
        field = field.model_copy(update={"role": "combobox"})
        return [f"{work.finder.find(field)}.select_option({quote(work.text())})"]
    return [f"{work.thing('combobox', 'field')}.select_option({quote(work.text())})"]


def _select_value(work: Work) -> list[str]:
    return [f"{work.thing('combobox', 'field')}.select_option(value={quote(work.text())})"]


def _select_nth(work: Work) -> list[str]:
    number = work.reading.get("nth")
    index = number - 1 if isinstance(number, int) and number > 0 else 0
    return [f"{work.thing('combobox', 'field')}.select_option(index={index})"]


def _choose(work: Work) -> list[str]:
    if isinstance(work.reading.get("target"), Target):
        return [f"{work.thing('choosable')}.click()"]
    target = Target(name=work.text(), quoted=True)
    return [f"{work.finder.find(target, 'choosable')}.click()"]


def _calling(default: str, call: str, slot: str = "target") -> Idiom:
    """The locator of a slot, and one call on it."""

    def idiom(work: Work) -> list[str]:
        return [f"{work.thing(default, slot)}.{call}"]

    return idiom


def _drag(work: Work) -> list[str]:
    return [f"{work.thing('anything')}.drag_to({work.thing('anything', 'place')})"]


def _upload(work: Work) -> list[str]:
    files = work.reading.get("files")
    names = [quote(str(name)) for name in (files if isinstance(files, tuple) else ())]
    given = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
    if work.reading.get("field"):
        return [f"{work.thing('file', 'field')}.set_input_files({given})"]
    return [f"page.locator('input[type=\"file\"]').set_input_files({given})"]


def _accept(work: Work) -> list[str]:
    text = work.reading.get("value")
    given = quote(str(text)) if text is not None else ""
    return [f'page.once("dialog", lambda dialog: dialog.accept({given}))', *_cause(work)]


def _dismiss(work: Work) -> list[str]:
    return ['page.once("dialog", lambda dialog: dialog.dismiss())', *_cause(work)]


def _cause(work: Work) -> list[str]:
    cause = work.reading.get("cause")
    return lines_of(Work(cause, work.finder)) if isinstance(cause, Reading) else []


# -- expectations -----------------------------------------------------------------------------------------------------


def _expecting(default: str, assertion: str) -> Idiom:
    """One assertion without arguments about the target or subject."""

    def idiom(work: Work) -> list[str]:
        return [f"expect({work.thing(default)}).{work.not_}{assertion}()"]

    return idiom


def _stating(default: str, yes: str, no: str) -> Idiom:
    """An assertion about a state: the wording says which of the two it is, the negation turns it."""

    def idiom(work: Work) -> list[str]:
        holds = (work.reading.get("state") is not False) != work.reading.negated
        return [f"expect({work.thing(default)}).{yes if holds else no}()"]

    return idiom


def text_seen(text: str, base: str = "page", *, negated: bool = False, exact: bool = False) -> str:
    """The assertion that a text is seen: any visible place that has it will do."""
    visible = f"{base}.get_by_text({quote(text)}{', exact=True' if exact else ''}).filter(visible=True)"
    return f"expect({visible}).to_have_count(0)" if negated else f"expect({visible}.first).to_be_visible()"


def _text(work: Work) -> list[str]:
    place = work.reading.get("place")
    if isinstance(place, Target) and place.role not in {"message", "text", "page", "heading"}:
        where = work.finder.find(place, "place")
        if work.reading.negated:
            return [f"expect({where}.filter(has_text={quote(text)})).to_have_count(0)" for text in work.texts()]
        return [f"expect({where}).to_contain_text({quote(text)})" for text in work.texts()]
    if isinstance(place, Target) and place.role == "heading":
        heading = place.model_copy(update={"name": work.texts()[0], "quoted": True})
        return [f"expect({work.finder.find(heading)}).{work.not_}to_be_visible()"]
    return [text_seen(text, negated=work.reading.negated) for text in work.texts()]


def _visible(work: Work) -> list[str]:
    target, holds = work.target(), (work.reading.get("state") is not False) != work.reading.negated
    words = target.text or target.name
    if target.role in {"message", "text"} and words:
        base = work.finder.place(target.scope) if target.scope else "page"
        return [text_seen(words, base, negated=not holds)]
    found = work.finder.find(target, "anything")
    if target.by == "value":
        return [f"expect({found}).{work.not_}to_have_value({quote(target.text)})"]
    if not holds:
        return [f"expect({found}.filter(visible=True)).to_have_count(0)"]
    loose = (target.role in {None, "element", "progressbar"} and not target.css) or not target.name
    one = ".filter(visible=True).first" if loose and target.ordinal is None and not target.css else ""
    return [f"expect({found}{one}).to_be_visible()"]


def _count(work: Work) -> list[str]:
    count = work.reading.get("count")
    if not isinstance(count, Count):
        return []
    things, place = count.things, work.reading.get("place") or work.reading.subject
    if isinstance(place, Target) and place.role != "page" and not things.scope:
        things = things.model_copy(update={"scope": place})
    found = work.finder.find(things, "listitem")
    if count.at_least:
        return [f"expect({found}.nth({count.number - 1})).{work.not_}to_be_visible()"]
    return [f"expect({found}).{work.not_}to_have_count({count.number})"]


def _things(work: Work) -> list[str]:
    """ "visible todos count is 0": the number of a subject."""
    return [f"expect({work.thing('listitem')}).{work.not_}to_have_count({work.reading.get('number')})"]


def is_loose(reading: Reading) -> bool:
    """A text is expected of a thing that has only a loose name: it is looked for anywhere."""
    thing = reading.subject
    known = thing is None or thing.quoted or thing.css or thing.ordinal or thing.role not in {None, "message", "text"}
    texts = reading.get("texts")
    return reading.intent in {"contains", "exact-text"} and not known and isinstance(texts, tuple) and len(texts) == 1


def _has_text(assertion: str) -> Idiom:
    def idiom(work: Work) -> list[str]:
        target = work.target()
        several = len(work.texts()) > 1 or target.ordinal is not None
        if is_loose(work.reading):
            return [_somewhere(text, work) for text in work.texts()]
        found = work.thing("listitem" if several else "anything")
        texts = [quote(text) for text in work.texts()]
        given = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        if target.role in {None, "listitem", "row"} and several:
            whole = [f"expect({found}).to_have_count({len(texts)})"] if len(texts) > 1 else []
            return [*whole, f"expect({found}).{work.not_}to_contain_text({given})"]
        return [f"expect({found}).{work.not_}{assertion}({given})"]

    return idiom


def _somewhere(text: str, work: Work) -> str:
    """A text of a thing that has only a loose name ("the counter"): seen anywhere, as a whole when it is short."""
    base = work.finder.place(scope) if (scope := work.target().scope) else "page"
    return text_seen(text, base, negated=work.reading.negated, exact=len(text) < 4 or text.isdigit())


def _value(work: Work) -> list[str]:
    slot = "field" if work.reading.get("field") else "target"
    return [f"expect({work.thing('textbox', slot)}).{work.not_}to_have_value({quote(work.text())})"]


def _selected_in(work: Work) -> list[str]:
    name = quote(work.reading.subject.name if work.reading.subject else "")
    option = f'{work.thing("combobox", "field")}.get_by_role("option", name={name}, selected=True)'
    return [f"expect({option}).to_have_count({0 if work.reading.negated else 1})"]


def _option_selected(work: Work) -> list[str]:
    option = f'{work.thing("combobox")}.get_by_role("option", name={quote(work.text())}, selected=True)'
    return [f"expect({option}).to_have_count({0 if work.reading.negated else 1})"]


def _in_place(work: Work) -> list[str]:
    subject, place = work.target(), work.reading.get("place")
    if isinstance(place, Target) and subject.quoted and subject.role in {None, "text", "message"}:
        where = work.finder.find(place, "place")
        return [f"expect({where}).{work.not_}to_contain_text({quote(subject.name)})"]
    return _visible(work)


def _class(work: Work) -> list[str]:
    pattern = raw(rf"(^|\s){_escaped(work.text())}(\s|$)")
    return [f"expect({work.thing('anything')}).{work.not_}to_have_class(re.compile({pattern}))"]


def _attribute(work: Work) -> list[str]:
    given = [quote(work.text("name"))]
    given += [quote(work.text())] if work.reading.get("value") is not None else ['re.compile("")']
    return [f"expect({work.thing('anything')}).{work.not_}to_have_attribute({', '.join(given)})"]


def _attribute_of(work: Work) -> list[str]:
    owner = work.target()
    what, name = owner.by.split(" ", 1)
    found = work.finder.find(owner.model_copy(update={"by": ""}))
    return [f"expect({found}).{work.not_}to_have_{what}({quote(name)}, {quote(work.text())})"]


def _attributes(work: Work) -> list[str]:
    found = work.thing("anything")
    rows = [row for row in work.table if len(row) >= 2]
    return [f"expect({found}).to_have_attribute({quote(row[0])}, {quote(row[1])})" for row in rows]


def _flag(name: str) -> Idiom:
    def idiom(work: Work) -> list[str]:
        return [f'expect({work.thing("textbox")}).{work.not_}to_have_attribute("{name}", re.compile(""))']

    return idiom


def _expanded(work: Work) -> list[str]:
    holds = (work.reading.get("state") is not False) != work.reading.negated
    return [f'expect({work.thing("clickable")}).to_have_attribute("aria-expanded", "{str(holds).lower()}")']


def _focus_target(work: Work) -> list[str]:
    order = work.reading.subject.name if work.reading.subject else ""
    target = work.reading.get("target")
    found = work.finder.find(target if isinstance(target, Target) else Target())
    keys = {"next": ['page.keyboard.press("Tab")'], "previous": ['page.keyboard.press("Shift+Tab")']}.get(order, [])
    return [*keys, f"expect({found}).{work.not_}to_be_focused()"]


def _measure(side: str) -> Idiom:
    def idiom(work: Work) -> list[str]:
        pixels = f"{work.reading.get('number'):g}px"
        return [f'expect({work.thing("anything")}).{work.not_}to_have_css("{side}", "{pixels}")']

    return idiom


def _done(work: Work) -> list[str]:
    item = work.finder.find(work.target(), "listitem")
    holds = (work.reading.get("state") is not False) != work.reading.negated
    return [f'expect({item}.get_by_role("checkbox")).{"" if holds else "not_"}to_be_checked()']


def _close(work: Work) -> list[str]:
    """A dialog or a message is closed by its own button."""
    return [f'{work.thing("place")}.get_by_role("button", name=re.compile("close|dismiss|×", re.I)).click()']


def _open(work: Work) -> list[str]:
    """A menu or a section is opened by the control that bears its name."""
    target = work.target()
    return [f"{work.finder.find(target.model_copy(update={'role': None}), 'clickable')}.click()"]


def _no_items(work: Work) -> list[str]:
    rows = {"table": "row", "grid": "row", "menu": "menuitem", "tree": "treeitem", "listbox": "option"}
    role = rows.get(work.target().role or "", "listitem")
    return [f'expect({work.thing("list")}.get_by_role("{role}")).{work.not_}to_have_count(0)']


def _submit(work: Work) -> list[str]:
    form = work.reading.get("target")
    base = work.finder.find(form) if isinstance(form, Target) and form.name else "page"
    return [f"{base}.locator('[type=\"submit\"]').click()"]


def _gone_from(work: Work) -> list[str]:
    subject, place = work.target(), work.reading.get("place")
    where = work.finder.find(place if isinstance(place, Target) else Target(), "place")
    return [f"expect({where}.filter(has_text={quote(subject.name)})).to_have_count(0)"]


def _has_thing(work: Work) -> list[str]:
    thing = work.reading.get("target")
    inner = thing if isinstance(thing, Target) else Target()
    return _visible(replace(work, reading=replace(work.reading, slots={"target": within(inner, work.reading.subject)})))


def _table(work: Work) -> list[str]:
    if not work.table:
        return []
    target = work.reading.get("target")
    found = work.finder.find(target, "list") if isinstance(target, Target) else "page"
    if isinstance(target, Target) and target.role == "list" and all(len(row) == 1 for row in work.table):
        names = ", ".join(quote(row[0]) for row in work.table)
        return [f'expect({found}.get_by_role("listitem")).to_have_text([{names}])']
    if found == "page":
        return [text_seen(cell) for row in work.table for cell in row if cell]
    return [f"expect({found}).to_contain_text({quote(cell)})" for row in work.table for cell in row if cell]


def _one(line: str) -> Idiom:
    return lambda work: [line]


def _dialog(work: Work) -> list[str]:
    return [f'expect(page.get_by_role("dialog")).{work.not_}to_be_visible()']


def _wait_time(work: Work) -> list[str]:
    raise ScenarioError(
        f"A test does not wait for {work.text('duration')}: it would be slow where the page is fast and fail where it "
        "is slow.",
        remedy='Say what is waited for: I wait for "Saved" to appear. Every expectation waits by itself.',
    )


INTENTS: Mapping[str, Intent] = MappingProxyType(
    {
        "navigate": Intent("navigate", _navigate),
        "reload": Intent("navigate", _one("page.reload()")),
        "back": Intent("navigate", _one("page.go_back()")),
        "forward": Intent("navigate", _one("page.go_forward()")),
        "click": Intent("click", _click),
        "click-here": Intent("click", _one('page.locator(":focus").click()')),
        "double-click": Intent("click", _clicking("dblclick()")),
        "right-click": Intent("click", _clicking('click(button="right")')),
        "press": Intent("press-key", _press),
        "fill": Intent("fill", _fill),
        "clear": Intent("fill", _calling("textbox", "clear()", "field")),
        "fill-table": Intent("fill", _fill_table),
        "select": Intent("select", _select),
        "select-value": Intent("select", _select_value),
        "select-nth": Intent("select", _select_nth),
        "choose": Intent("select", _choose),
        "check": Intent("check", _calling("checkable", "check()")),
        "uncheck": Intent("check", _calling("checkable", "uncheck()")),
        "toggle": Intent("check", _calling("checkable", "click()")),
        "hover": Intent("hover", _calling("anything", "hover()")),
        "drag": Intent("drag", _drag),
        "scroll": Intent("scroll", _calling("anything", "scroll_into_view_if_needed()")),
        "scroll-end": Intent("scroll", _one('page.keyboard.press("End")')),
        "scroll-start": Intent("scroll", _one('page.keyboard.press("Home")')),
        "focus": Intent("focus", _calling("textbox", "focus()")),
        "blur": Intent("focus", _calling("textbox", "blur()")),
        "upload": Intent("upload", _upload),
        "accept-dialog": Intent("dialog", _accept),
        "dismiss-dialog": Intent("dialog", _dismiss),
        "wait-for": Intent("wait", _visible),
        "wait-gone": Intent("wait", lambda work: _visible(_negated(work))),
        "wait-enabled": Intent("wait", _expecting("clickable", "to_be_enabled")),
        "wait-disabled": Intent("wait", _expecting("clickable", "to_be_disabled")),
        "wait-time": Intent("wait", _wait_time),
        "wait-page": Intent("wait", _one("page.wait_for_load_state()")),
        "text": Intent("assert-text", _text, "assert-not-visible"),
        "text-matching": Intent(
            "assert-text",
            lambda work: [f"expect(page.get_by_text({_matching(work)}).first).{work.not_}to_be_visible()"],
            "assert-not-visible",
        ),
        "contains": Intent("assert-text", _has_text("to_contain_text")),
        "contains-pattern": Intent(
            "assert-text",
            lambda work: [f"expect({work.thing('anything')}).{work.not_}to_have_text({_matching(work)})"],
        ),
        "exact-text": Intent("assert-text", _has_text("to_have_text")),
        "has-any-text": Intent(
            "assert-text", lambda work: [f"expect({work.thing('anything')}).{_inverse(work)}to_be_empty()"]
        ),
        "heading": Intent(
            "assert-text",
            lambda work: [f'expect(page.get_by_role("heading", name={quote(work.text())})).{work.not_}to_be_visible()'],
            "assert-not-visible",
        ),
        "table": Intent("assert-text", _table),
        "in-place": Intent("assert-text", _in_place, "assert-not-visible"),
        "visible": Intent("assert-visible", _visible, "assert-not-visible"),
        "count": Intent("assert-count", _count),
        "counted": Intent("assert-count", _count),
        "number-of": Intent("assert-count", _things),
        "value": Intent("assert-value", _value),
        "option-selected": Intent("assert-value", _option_selected),
        "selected-in": Intent("assert-value", _selected_in),
        "empty": Intent("assert-value", _expecting("textbox", "to_be_empty")),
        "checked": Intent("assert-checked", _stating("checkable", "to_be_checked", "not_to_be_checked")),
        "enabled": Intent("assert-enabled", _stating("clickable", "to_be_enabled", "to_be_disabled")),
        "readonly": Intent("assert-enabled", _flag("readonly")),
        "required": Intent("assert-attr", _flag("required")),
        "expanded": Intent("assert-attr", _expanded),
        "focused": Intent("assert-focus", _stating("textbox", "to_be_focused", "not_to_be_focused")),
        "focus-target": Intent("assert-focus", _focus_target),
        "has-class": Intent("assert-attr", _class),
        "has-attribute": Intent("assert-attr", _attribute),
        "attribute-of": Intent("assert-attr", _attribute_of),
        "attributes": Intent("assert-attr", _attributes),
        "height": Intent("assert-attr", _measure("height")),
        "width": Intent("assert-attr", _measure("width")),
        "done": Intent("assert-checked", _done),
        "submit": Intent("click", _submit),
        "close": Intent("click", _close),
        "open": Intent("click", _open),
        "no-items": Intent("assert-count", _no_items),
        "gone-from": Intent("assert-not-visible", _gone_from),
        "has-thing": Intent("assert-visible", _has_thing, "assert-not-visible"),
        "in-viewport": Intent("assert-attr", _expecting("anything", "to_be_in_viewport")),
        "url": Intent("assert-url", _url),
        "url-contains": Intent("assert-url", _url_part),
        "url-matches": Intent("assert-url", lambda work: [f"expect(page).{work.not_}to_have_url({_matching(work)})"]),
        "on-page": Intent("assert-url", _on_page),
        "title": Intent("assert-title", _title),
        "title-contains": Intent("assert-title", _title_part),
        "dialog": Intent("assert-dialog", _dialog),
        "dialog-text": Intent("assert-dialog", _dialog),
    }
)
"""Intent → kind and idiom. Every wording names one of these."""


def _negated(work: Work) -> Work:
    return replace(work, reading=replace(work.reading, negated=True))


def _inverse(work: Work) -> str:
    return "" if work.reading.negated else "not_"


def lines_of(work: Work) -> list[str]:
    """The statements that a reading becomes, each on one line."""
    written = INTENTS[work.reading.intent].idiom(work)
    before, work.finder.lines[:] = list(work.finder.lines), []
    return [*before, *written]


def kind_of(reading: Reading) -> str:
    """The kind of step that a reading is."""
    intent = INTENTS[reading.intent]
    hidden = (reading.get("state") is False) != reading.negated
    if intent.negated and (hidden if reading.intent == "visible" else reading.negated):
        return intent.negated
    return intent.kind
