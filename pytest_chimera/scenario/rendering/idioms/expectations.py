"""Expectations in Playwright."""

from __future__ import annotations

import re
from dataclasses import replace

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.phrases.slots import FIELDS, Count
from pytest_chimera.scenario.language.words.readings import Reading, within
from pytest_chimera.scenario.language.words.roles import ROLES
from pytest_chimera.scenario.rendering.idiom import Idiom, Work, escaped, matching
from pytest_chimera.scenario.rendering.idioms.actions import page_of, path_of
from pytest_chimera.scenario.rendering.row_helper import EXPECT_ROWS
from pytest_chimera.scenario.text.literals import quote, raw


def on_page(work: Work) -> list[str]:
    """Expect the page to have an address, with any query."""
    path = path_of(page_of(work), work.finder)[0]
    if re.match(r"[a-z]+:", path):
        return [f"expect(page).{work.not_}to_have_url({quote(path)})"]
    pattern = rf"^[a-z]+://[^/]+{escaped(path)}([?#].*)?$"
    return [f"expect(page).{work.not_}to_have_url(re.compile({raw(pattern)}))"]


def url(work: Work) -> list[str]:
    """Expect the address to equal a text."""
    return [f"expect(page).{work.not_}to_have_url({quote(work.text())})"]


def url_part(work: Work) -> list[str]:
    """Expect the address to contain a text."""
    return [f"expect(page).{work.not_}to_have_url(re.compile({raw(_part(work, work.text()))}))"]


def title(work: Work) -> list[str]:
    """Expect the title to equal a text."""
    return [f"expect(page).{work.not_}to_have_title({quote(work.text())})"]


def title_part(work: Work) -> list[str]:
    """Expect the title to contain a text."""
    return [f"expect(page).{work.not_}to_have_title(re.compile({raw(_part(work, work.text()))}))"]


def expecting(default: str, assertion: str) -> Idiom:
    """Return an idiom for an assertion without arguments about the target or subject."""

    def idiom(work: Work) -> list[str]:
        return [f"expect({work.thing(default)}).{work.not_}{assertion}()"]

    return idiom


def stating(default: str, yes: str, no: str) -> Idiom:
    """Return an idiom for a state: the wording says which of the two assertions it is, and a negation swaps them."""

    def idiom(work: Work) -> list[str]:
        holds = (work.reading.get("state") is not False) != work.reading.negated
        return [f"expect({work.thing(default)}).{yes if holds else no}()"]

    return idiom


def _part(work: Work, text: str) -> str:
    """Return the pattern of a part of a text, at its end or its start if the words say so."""
    anchor = work.reading.get("anchor")
    return ("^" if anchor == "start" else "") + escaped(text) + ("$" if anchor == "end" else "")


def text_seen(text: str, base: str = "page", *, negated: bool = False, exact: bool = False) -> str:
    """Return the assertion that a text is visible: any visible place with it will do."""
    visible = f"{base}.get_by_text({quote(text)}{', exact=True' if exact else ''}).filter(visible=True)"
    return f"expect({visible}).to_have_count(0)" if negated else f"expect({visible}.first).to_be_visible()"


def text(work: Work) -> list[str]:
    """Expect texts to be visible, anywhere or in a place."""
    place = work.reading.get("place")
    if isinstance(place, Target) and place.role not in {"message", "text", "page", "heading"}:
        where = work.finder.find(place, "place")
        if work.reading.negated:
            return [f"expect({where}.filter(has_text={quote(text)})).to_have_count(0)" for text in work.texts()]
        return [f"expect({where}).to_contain_text({quote(text)})" for text in work.texts()]
    if isinstance(place, Target) and place.role == "heading":
        heading = place.model_copy(update={"name": work.texts()[0], "quoted": True})
        return [f"expect({work.finder.find(heading)}).{work.not_}to_be_visible()"]
    exact = work.reading.get("exact") is True
    return [text_seen(text, negated=work.reading.negated, exact=exact) for text in work.texts()]


def visible(work: Work) -> list[str]:
    """Expect a thing to be visible, or not."""
    target, holds = work.target(), (work.reading.get("state") is not False) != work.reading.negated
    words = target.text or target.name
    if target.role == "message" and target.guessed and not target.quoted and not target.text:
        target, words = target.model_copy(update={"name": ""}), ""
    if target.role in {"message", "text"} and words:
        base = work.finder.place(target.scope) if target.scope else "page"
        return [text_seen(words, base, negated=not holds)]
    if target.ordinal is not None and target.quoted and target.role is None and target.css is None:
        item = target.model_copy(update={"name": "", "quoted": False})
        return [
            f"expect({work.finder.find(item, 'listitem')}).{'' if holds else 'not_'}to_contain_text({quote(words)})"
        ]
    found = work.finder.find(target, "anything")
    if target.by == "value":
        return [f"expect({found}).{work.not_}to_have_value({quote(target.text)})"]
    if not holds:
        return [f"expect({found}.filter(visible=True)).to_have_count(0)"]
    loose = (target.role in {None, "element", "progressbar"} and not target.css) or not target.name
    one = ".filter(visible=True).first" if loose and target.ordinal is None and not target.css else ""
    return [f"expect({found}{one}).to_be_visible()"]


def count(work: Work) -> list[str]:
    """Expect a number of things."""
    count = work.reading.get("count")
    if not isinstance(count, Count):
        return []
    things, place = count.things, work.reading.get("place") or work.reading.subject
    if isinstance(place, Target) and place.role != "page" and not things.scope:
        things = things.model_copy(update={"scope": place})
    if things.role is None and things.scope and things.scope.role in {"table", "grid"}:
        things = things.model_copy(update={"role": "row", "having": "cell"})
    found = work.finder.find(things, "listitem")
    if count.at_least:
        return [f"expect({found}.nth({count.number - 1})).{work.not_}to_be_visible()"]
    return [f"expect({found}).{work.not_}to_have_count({count.number})"]


def things(work: Work) -> list[str]:
    """ "visible todos count is 0": expect the number of a subject."""
    return [f"expect({work.thing('listitem')}).{work.not_}to_have_count({work.reading.get('number')})"]


def is_loose(reading: Reading) -> bool:
    """Whether a text is expected of a thing with only a loose name: it is searched for anywhere."""
    thing = reading.subject
    loose = {None, "message", "text", "element"}
    known = thing is None or thing.quoted or thing.css or thing.ordinal or thing.role not in loose
    texts = reading.get("texts")
    if reading.get("anchor"):
        return False
    return reading.intent in {"contains", "exact-text"} and not known and isinstance(texts, tuple) and len(texts) == 1


def has_text(assertion: str) -> Idiom:
    """Return an idiom for a thing's texts: an assertion for one, or for several in order."""

    def idiom(work: Work) -> list[str]:
        target = work.target()
        several = len(work.texts()) > 1 or target.ordinal is not None
        if is_loose(work.reading):
            return [somewhere(text, work) for text in work.texts()]
        if target.role == "heading" and not target.name and target.ordinal is None and len(work.texts()) == 1:
            exact = assertion == "to_have_text"
            return _heading_named(work, target, exact=exact)
        found = work.thing("listitem" if several else "anything")
        if work.reading.get("anchor"):
            patterns = (raw(_part(work, text)) for text in work.texts())
            return [f"expect({found}).{work.not_}to_have_text(re.compile({pattern}))" for pattern in patterns]
        texts = [quote(text) for text in work.texts()]
        given = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        if target.role in {None, "listitem", "row"} and several:
            whole = [f"expect({found}).to_have_count({len(texts)})"] if len(texts) > 1 else []
            return [*whole, f"expect({found}).{work.not_}to_contain_text({given})"]
        return [f"expect({found}).{work.not_}{assertion}({given})"]

    return idiom


def _heading_named(work: Work, target: Target, *, exact: bool) -> list[str]:
    """Expect one of the page's headings to have the text: there may be others."""
    named = target.model_copy(update={"name": work.texts()[0], "quoted": True, "exact": exact})
    return [f"expect({work.finder.find(named)}).{work.not_}to_be_visible()"]


def somewhere(text: str, work: Work) -> str:
    """Expect a text of a thing with only a loose name ("the counter") anywhere, and exactly if it is short."""
    base = work.finder.place(scope) if (scope := work.target().scope) else "page"
    return text_seen(text, base, negated=work.reading.negated, exact=len(text) < 4 or text.isdigit())


def value(work: Work) -> list[str]:
    """Expect a field to have a value."""
    slot = "field" if work.reading.get("field") else "target"
    return [f"expect({work.thing('textbox', slot, work.text())}).{work.not_}to_have_value({quote(work.text())})"]


def selected_in(work: Work) -> list[str]:
    """Expect an option to be selected in a field."""
    name = quote(work.reading.subject.name if work.reading.subject else "")
    option = f'{work.thing("combobox", "field")}.get_by_role("option", name={name}, selected=True)'
    return [f"expect({option}).to_have_count({0 if work.reading.negated else 1})"]


def option_selected(work: Work) -> list[str]:
    """Expect a field to have an option selected."""
    field = work.target()
    named = field.model_copy(update={"role": None}) if field.role == "textbox" else field
    option = f'{work.finder.find(named, "combobox")}.get_by_role("option", name={quote(work.text())}, selected=True)'
    return [f"expect({option}).to_have_count({0 if work.reading.negated else 1})"]


def in_place(work: Work) -> list[str]:
    """Expect a thing or a text in a place."""
    subject, place = work.target(), work.reading.get("place")
    if isinstance(place, Target) and subject.quoted and subject.role in {None, "text", "message"}:
        where = work.finder.find(place, "place")
        return [f"expect({where}).{work.not_}to_contain_text({quote(subject.name)})"]
    return visible(work)


def css_class(work: Work) -> list[str]:
    """Expect a thing to have a class among its classes."""
    pattern = raw(rf"(^|\s){escaped(work.text())}(\s|$)")
    return [f"expect({work.thing('anything')}).{work.not_}to_have_class(re.compile({pattern}))"]


def attribute(work: Work) -> list[str]:
    """Expect a thing to have an attribute, with a value or with any."""
    given = [quote(work.text("name"))]
    given += [quote(work.text())] if work.reading.get("value") is not None else ['re.compile("")']
    return [f"expect({work.thing('anything')}).{work.not_}to_have_attribute({', '.join(given)})"]


def links_to(work: Work) -> list[str]:
    """Expect a link to lead to an address."""
    return [f'expect({work.thing("clickable")}).{work.not_}to_have_attribute("href", {quote(work.text("url"))})']


def attribute_of(work: Work) -> list[str]:
    """Expect an attribute or a style of a thing to equal a text."""
    owner = work.target()
    what, name = owner.by.split(" ", 1)
    found = work.finder.find(owner.model_copy(update={"by": ""}))
    return [f"expect({found}).{work.not_}to_have_{what}({quote(name)}, {quote(work.text())})"]


def attributes(work: Work) -> list[str]:
    """Expect a thing to have the attributes of the step's table."""
    found = work.thing("anything")
    rows = [row for row in work.table if len(row) >= 2]
    return [f"expect({found}).to_have_attribute({quote(row[0])}, {quote(row[1])})" for row in rows]


def values(work: Work) -> list[str]:
    """Expect each field of the step's table to have its value."""
    rows = (row for row in work.table if len(row) >= 2)
    fields = ((Target(name=name, quoted=True), value) for name, value, *_ in rows)
    return [
        f"expect({work.finder.find(field, 'textbox', value)}).{work.not_}to_have_value({quote(value)})"
        for field, value in fields
    ]


def flag(name: str) -> Idiom:
    """Return an idiom for an attribute without a value."""

    def idiom(work: Work) -> list[str]:
        return [f'expect({work.thing("textbox")}).{work.not_}to_have_attribute("{name}", re.compile(""))']

    return idiom


def expanded(work: Work) -> list[str]:
    """Expect a control to report that what it opens is open."""
    holds = (work.reading.get("state") is not False) != work.reading.negated
    return [f'expect({work.thing("clickable")}).to_have_attribute("aria-expanded", "{str(holds).lower()}")']


def focus_target(work: Work) -> list[str]:
    """Expect something to have the focus."""
    order = work.reading.subject.name if work.reading.subject else ""
    target = work.reading.get("target")
    found = work.finder.find(target if isinstance(target, Target) else Target())
    keys = {"next": ['page.keyboard.press("Tab")'], "previous": ['page.keyboard.press("Shift+Tab")']}.get(order, [])
    return [*keys, f"expect({found}).{work.not_}to_be_focused()"]


def measure(side: str) -> Idiom:
    """Return an idiom for a thing's size in pixels."""

    def idiom(work: Work) -> list[str]:
        pixels = f"{work.reading.get('number'):g}px"
        return [f'expect({work.thing("anything")}).{work.not_}to_have_css("{side}", "{pixels}")']

    return idiom


def done(work: Work) -> list[str]:
    """Expect an item's checkbox to be checked."""
    item = work.finder.find(work.target(), "listitem")
    holds = (work.reading.get("state") is not False) != work.reading.negated
    return [f'expect({item}.get_by_role("checkbox")).{"" if holds else "not_"}to_be_checked()']


def no_items(work: Work) -> list[str]:
    """Expect a list or a table to be empty."""
    rows = {"table": "row", "grid": "row", "menu": "menuitem", "tree": "treeitem", "listbox": "option"}
    role = rows.get(work.target().role or "", "listitem")
    return [f'expect({work.thing("list")}.get_by_role("{role}")).{work.not_}to_have_count(0)']


def gone_from(work: Work) -> list[str]:
    """Expect a place to no longer contain a thing."""
    subject, place = work.target(), work.reading.get("place")
    where = work.finder.find(place if isinstance(place, Target) else Target(), "place")
    return [f"expect({where}.filter(has_text={quote(subject.name)})).to_have_count(0)"]


def has_thing(work: Work) -> list[str]:
    """Expect a place to contain a thing."""
    thing = work.reading.get("target")
    inner = thing if isinstance(thing, Target) else Target()
    if inner.role in {"message", "text"} and is_beside(work.reading):
        return visible(replace(work, reading=replace(work.reading, slots={"target": inner})))
    return visible(replace(work, reading=replace(work.reading, slots={"target": within(inner, work.reading.subject)})))


def is_beside(reading: Reading) -> bool:
    """Whether a field shows a message, which is next to it rather than inside it."""
    inner, field = reading.get("target"), reading.subject
    known = reading.intent == "has-thing" and isinstance(inner, Target) and field is not None
    return known and field is not None and field.role in FIELDS


def table(work: Work) -> list[str]:
    """Expect rows in a list, a table or the page: the cells of a row belong to one row."""
    if not work.table:
        return []
    target = work.reading.get("target")
    cells = [cell for row in work.table for cell in row if cell]
    if isinstance(target, Target) and target.role in _EACH_ROW_ONE:
        return [line for cell in cells if not _is_title(cell, target) for line in _one_of(target, cell, work)]
    holder = _holder(work)
    if _are_rows(work, holder):
        return [_rows_in(work, holder)]
    if holder is None:
        return [text_seen(cell, negated=work.reading.negated) for cell in cells]
    found = work.finder.find(holder, "list")
    whole = holder is target and holder.role == "list" and not work.reading.negated
    if whole and all(len(row) == 1 for row in work.table):
        return [f'expect({found}.get_by_role("listitem")).to_have_text([{", ".join(map(quote, cells))}])']
    return [f"expect({found}).{work.not_}to_contain_text({quote(cell)})" for cell in cells]


_ANYWHERE = frozenset({"text", "message", "page", "listitem", "row", "cell"})
_TABLES = frozenset({"table", "grid"})


def _holder(work: Work) -> Target | None:
    """Return what contains the rows; ``None`` if the words mean the page, or only say what a row is."""
    named = (work.reading.get("target"), work.reading.get("place"), work.reading.subject)
    things = (each for each in named if isinstance(each, Target))
    return next((each for each in things if each.css or each.by or each.role not in _ANYWHERE), None)


def _are_rows(work: Work, holder: Target | None) -> bool:
    """Whether its cells belong together; a single column of texts is expected text by text."""
    said = work.reading.get("exact") or work.reading.get("ordered")
    return bool(said or max(map(len, work.table)) > 1 or (holder and holder.role in _TABLES))


def _rows_in(work: Work, holder: Target | None) -> str:
    columns = max(map(len, work.table))
    rows = [[" ".join(cell.split()) for cell in row] + [""] * (columns - len(row)) for row in work.table]
    found = work.finder.find(holder, "rows") if holder else 'page.locator("body")'
    written = ", ".join(f"[{', '.join(map(quote, row))}]" for row in rows)
    how = [name for name in ("exact", "ordered") if work.reading.get(name)] + ["absent"] * work.reading.negated
    return f"{EXPECT_ROWS}({', '.join([found, f'[{written}]', *(f'{name}=True' for name in how)])})"


_EACH_ROW_ONE = frozenset({"button", "link", "heading", "tab", "checkbox", "radio", "img", "menuitem", "option"})
"""Things that a table's rows name one by one: "I should see the following buttons:"."""


def _is_title(cell: str, target: Target) -> bool:
    """Whether it is the table's own first row: "| button |"."""
    return cell.lower().removesuffix("s") in {*ROLES[target.role or ""].words, "name", "label", "text", "title"}


def _one_of(target: Target, name: str, work: Work) -> list[str]:
    named = target.model_copy(update={"name": name, "quoted": True, "guessed": False})
    return visible(replace(work, reading=replace(work.reading, slots={"target": named})))


def negated(work: Work) -> Work:
    """Return the same expectation, negated."""
    return replace(work, reading=replace(work.reading, negated=True))


def gone(work: Work) -> list[str]:
    """Expect a thing to no longer be visible."""
    return visible(negated(work))


def any_text(work: Work) -> list[str]:
    """Expect a thing to have some text."""
    no = "" if work.reading.negated else "not_"
    return [f"expect({work.thing('anything')}).{no}to_be_empty()"]


def heading(work: Work) -> list[str]:
    """Expect the page to have a heading."""
    return [f'expect(page.get_by_role("heading", name={quote(work.text())})).{work.not_}to_be_visible()']


def text_matching(work: Work) -> list[str]:
    """Expect a text that matches a pattern to be visible."""
    return [f"expect(page.get_by_text({matching(work)}).first).{work.not_}to_be_visible()"]


def contains_pattern(work: Work) -> list[str]:
    """Expect a thing's text to match a pattern."""
    return [f"expect({work.thing('anything')}).{work.not_}to_have_text({matching(work)})"]


def url_matches(work: Work) -> list[str]:
    """Expect the address to match a pattern."""
    return [f"expect(page).{work.not_}to_have_url({matching(work)})"]


def downloaded(work: Work) -> list[str]:
    """Expect a download with that name or of that type."""
    name = work.text() or work.target().name
    given = "download.value.suggested_filename"
    if not name:
        return [f"assert {given}"]
    if re.fullmatch(r"\.\w+", name):
        return [f"assert {given}.endswith({quote(name)})"]
    return [f"assert {given} == {quote(name)}"]


def new_tab(work: Work) -> list[str]:
    """Expect a new browser tab."""
    if work.reading.negated:
        return ["assert len(page.context.pages) == 1"]
    return ["page.wait_for_load_state()"]


def dialog(work: Work) -> list[str]:
    """Expect a native dialog, or none: its message is recorded by a listener before the action that opens it."""
    return [*listening(work), f"assert {'not ' if work.reading.negated else ''}dialogs"]


def dialog_text(work: Work) -> list[str]:
    """Expect a native dialog with a text."""
    inside = "not in" if work.reading.negated else "in"
    return [*listening(work), f'assert {quote(work.text())} {inside} "\\n".join(dialogs)']


def listening(work: Work) -> list[str]:
    """Return the lines that add listeners to the page, once per test."""
    if work.finder.listens:
        return []
    work.finder.listens = True
    answer = [] if work.finder.answered else [ANSWERING]
    return [KEEPING, LISTENING, *answer]


KEEPING = "dialogs: list[str] = []"
LISTENING = 'page.on("dialog", lambda dialog: dialogs.append(dialog.message))'
ANSWERING = 'page.on("dialog", lambda dialog: dialog.accept())'
