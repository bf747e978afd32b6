"""How expectations are said in Playwright."""

from __future__ import annotations

import re
from dataclasses import replace

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.phrases.slots import FIELDS, Count
from pytest_chimera.scenario.language.words.readings import Reading, within
from pytest_chimera.scenario.language.words.vocabulary import ROLES
from pytest_chimera.scenario.rendering.context import Idiom, Work, escaped, matching
from pytest_chimera.scenario.rendering.idioms.actions import page_of, path_of
from pytest_chimera.scenario.rendering.layout import quote, raw
from pytest_chimera.scenario.rendering.rows import EXPECT_ROWS


def on_page(work: Work) -> list[str]:
    """The page has an address, whatever its query."""
    path = path_of(page_of(work), work.finder)[0]
    if re.match(r"[a-z]+:", path):
        return [f"expect(page).{work.not_}to_have_url({quote(path)})"]
    pattern = rf"^[a-z]+://[^/]+{escaped(path)}([?#].*)?$"
    return [f"expect(page).{work.not_}to_have_url(re.compile({raw(pattern)}))"]


def url(work: Work) -> list[str]:
    """The address is a text."""
    return [f"expect(page).{work.not_}to_have_url({quote(work.text())})"]


def url_part(work: Work) -> list[str]:
    """The address has a text in it."""
    return [f"expect(page).{work.not_}to_have_url(re.compile({raw(_part(work, work.text()))}))"]


def title(work: Work) -> list[str]:
    """The title is a text."""
    return [f"expect(page).{work.not_}to_have_title({quote(work.text())})"]


def title_part(work: Work) -> list[str]:
    """The title has a text in it."""
    return [f"expect(page).{work.not_}to_have_title(re.compile({raw(_part(work, work.text()))}))"]


def expecting(default: str, assertion: str) -> Idiom:
    """One assertion without arguments about the target or subject."""

    def idiom(work: Work) -> list[str]:
        return [f"expect({work.thing(default)}).{work.not_}{assertion}()"]

    return idiom


def stating(default: str, yes: str, no: str) -> Idiom:
    """An assertion about a state: the wording says which of the two it is, the negation turns it."""

    def idiom(work: Work) -> list[str]:
        holds = (work.reading.get("state") is not False) != work.reading.negated
        return [f"expect({work.thing(default)}).{yes if holds else no}()"]

    return idiom


def _part(work: Work, text: str) -> str:
    """The pattern of a part of a text: at its end or its start, where the words say so."""
    anchor = work.reading.get("anchor")
    return ("^" if anchor == "start" else "") + escaped(text) + ("$" if anchor == "end" else "")


def text_seen(text: str, base: str = "page", *, negated: bool = False, exact: bool = False) -> str:
    """The assertion that a text is seen: any visible place that has it will do."""
    visible = f"{base}.get_by_text({quote(text)}{', exact=True' if exact else ''}).filter(visible=True)"
    return f"expect({visible}).to_have_count(0)" if negated else f"expect({visible}.first).to_be_visible()"


def text(work: Work) -> list[str]:
    """Texts are seen, anywhere or in a place."""
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
    """A thing is seen, or not."""
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
    """There are so many things."""
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
    """ "visible todos count is 0": the number of a subject."""
    return [f"expect({work.thing('listitem')}).{work.not_}to_have_count({work.reading.get('number')})"]


def is_loose(reading: Reading) -> bool:
    """A text is expected of a thing that has only a loose name: it is looked for anywhere."""
    thing = reading.subject
    loose = {None, "message", "text", "element"}
    known = thing is None or thing.quoted or thing.css or thing.ordinal or thing.role not in loose
    texts = reading.get("texts")
    if reading.get("anchor"):
        return False
    return reading.intent in {"contains", "exact-text"} and not known and isinstance(texts, tuple) and len(texts) == 1


def has_text(assertion: str) -> Idiom:
    """A thing has texts: an assertion for one, for several in order."""

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
    """One of the page's headings has the text: it need not be the only heading."""
    named = target.model_copy(update={"name": work.texts()[0], "quoted": True, "exact": exact})
    return [f"expect({work.finder.find(named)}).{work.not_}to_be_visible()"]


def somewhere(text: str, work: Work) -> str:
    """A text of a thing that has only a loose name ("the counter"): seen anywhere, as a whole when it is short."""
    base = work.finder.place(scope) if (scope := work.target().scope) else "page"
    return text_seen(text, base, negated=work.reading.negated, exact=len(text) < 4 or text.isdigit())


def value(work: Work) -> list[str]:
    """A field holds a value."""
    slot = "field" if work.reading.get("field") else "target"
    return [f"expect({work.thing('textbox', slot, work.text())}).{work.not_}to_have_value({quote(work.text())})"]


def selected_in(work: Work) -> list[str]:
    """An option is selected in a field."""
    name = quote(work.reading.subject.name if work.reading.subject else "")
    option = f'{work.thing("combobox", "field")}.get_by_role("option", name={name}, selected=True)'
    return [f"expect({option}).to_have_count({0 if work.reading.negated else 1})"]


def option_selected(work: Work) -> list[str]:
    """A field has an option selected."""
    field = work.target()
    named = field.model_copy(update={"role": None}) if field.role == "textbox" else field
    option = f'{work.finder.find(named, "combobox")}.get_by_role("option", name={quote(work.text())}, selected=True)'
    return [f"expect({option}).to_have_count({0 if work.reading.negated else 1})"]


def in_place(work: Work) -> list[str]:
    """A thing or a text is in a place."""
    subject, place = work.target(), work.reading.get("place")
    if isinstance(place, Target) and subject.quoted and subject.role in {None, "text", "message"}:
        where = work.finder.find(place, "place")
        return [f"expect({where}).{work.not_}to_contain_text({quote(subject.name)})"]
    return visible(work)


def css_class(work: Work) -> list[str]:
    """A thing has a class among its classes."""
    pattern = raw(rf"(^|\s){escaped(work.text())}(\s|$)")
    return [f"expect({work.thing('anything')}).{work.not_}to_have_class(re.compile({pattern}))"]


def attribute(work: Work) -> list[str]:
    """A thing has an attribute, with a value or with any."""
    given = [quote(work.text("name"))]
    given += [quote(work.text())] if work.reading.get("value") is not None else ['re.compile("")']
    return [f"expect({work.thing('anything')}).{work.not_}to_have_attribute({', '.join(given)})"]


def links_to(work: Work) -> list[str]:
    """A link leads to an address."""
    return [f'expect({work.thing("clickable")}).{work.not_}to_have_attribute("href", {quote(work.text("url"))})']


def attribute_of(work: Work) -> list[str]:
    """An attribute or a style of a thing is a text."""
    owner = work.target()
    what, name = owner.by.split(" ", 1)
    found = work.finder.find(owner.model_copy(update={"by": ""}))
    return [f"expect({found}).{work.not_}to_have_{what}({quote(name)}, {quote(work.text())})"]


def attributes(work: Work) -> list[str]:
    """A thing has the attributes of the step's table."""
    found = work.thing("anything")
    rows = [row for row in work.table if len(row) >= 2]
    return [f"expect({found}).to_have_attribute({quote(row[0])}, {quote(row[1])})" for row in rows]


def values(work: Work) -> list[str]:
    """Each field of the step's table holds its value."""
    rows = (row for row in work.table if len(row) >= 2)
    fields = ((Target(name=name, quoted=True), value) for name, value, *_ in rows)
    return [
        f"expect({work.finder.find(field, 'textbox', value)}).{work.not_}to_have_value({quote(value)})"
        for field, value in fields
    ]


def flag(name: str) -> Idiom:
    """A field has an attribute that has no value."""

    def idiom(work: Work) -> list[str]:
        return [f'expect({work.thing("textbox")}).{work.not_}to_have_attribute("{name}", re.compile(""))']

    return idiom


def expanded(work: Work) -> list[str]:
    """A control says that what it opens is open."""
    holds = (work.reading.get("state") is not False) != work.reading.negated
    return [f'expect({work.thing("clickable")}).to_have_attribute("aria-expanded", "{str(holds).lower()}")']


def focus_target(work: Work) -> list[str]:
    """What has the focus next, or now."""
    order = work.reading.subject.name if work.reading.subject else ""
    target = work.reading.get("target")
    found = work.finder.find(target if isinstance(target, Target) else Target())
    keys = {"next": ['page.keyboard.press("Tab")'], "previous": ['page.keyboard.press("Shift+Tab")']}.get(order, [])
    return [*keys, f"expect({found}).{work.not_}to_be_focused()"]


def measure(side: str) -> Idiom:
    """A thing has a size in pixels."""

    def idiom(work: Work) -> list[str]:
        pixels = f"{work.reading.get('number'):g}px"
        return [f'expect({work.thing("anything")}).{work.not_}to_have_css("{side}", "{pixels}")']

    return idiom


def done(work: Work) -> list[str]:
    """An item's checkbox is checked."""
    item = work.finder.find(work.target(), "listitem")
    holds = (work.reading.get("state") is not False) != work.reading.negated
    return [f'expect({item}.get_by_role("checkbox")).{"" if holds else "not_"}to_be_checked()']


def no_items(work: Work) -> list[str]:
    """A list or a table holds nothing."""
    rows = {"table": "row", "grid": "row", "menu": "menuitem", "tree": "treeitem", "listbox": "option"}
    role = rows.get(work.target().role or "", "listitem")
    return [f'expect({work.thing("list")}.get_by_role("{role}")).{work.not_}to_have_count(0)']


def gone_from(work: Work) -> list[str]:
    """A place holds a thing no longer."""
    subject, place = work.target(), work.reading.get("place")
    where = work.finder.find(place if isinstance(place, Target) else Target(), "place")
    return [f"expect({where}.filter(has_text={quote(subject.name)})).to_have_count(0)"]


def has_thing(work: Work) -> list[str]:
    """A place holds a thing."""
    thing = work.reading.get("target")
    inner = thing if isinstance(thing, Target) else Target()
    if inner.role in {"message", "text"} and is_beside(work.reading):
        return visible(replace(work, reading=replace(work.reading, slots={"target": inner})))
    return visible(replace(work, reading=replace(work.reading, slots={"target": within(inner, work.reading.subject)})))


def is_beside(reading: Reading) -> bool:
    """A field shows a message: that stands beside it, not in it."""
    inner, field = reading.get("target"), reading.subject
    known = reading.intent == "has-thing" and isinstance(inner, Target) and field is not None
    return known and field is not None and field.role in FIELDS


def table(work: Work) -> list[str]:
    """A list, a table or the page holds the rows: cells that stand in a row are cells of one row."""
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
    """What holds the rows; ``None`` where the words name the page, or only what a row is."""
    named = (work.reading.get("target"), work.reading.get("place"), work.reading.subject)
    things = (each for each in named if isinstance(each, Target))
    return next((each for each in things if each.css or each.by or each.role not in _ANYWHERE), None)


def _are_rows(work: Work, holder: Target | None) -> bool:
    """Its cells belong together; a column of texts by themselves is expected text by text."""
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
"""What a table's rows name one by one: "I should see the following buttons:"."""


def _is_title(cell: str, target: Target) -> bool:
    """The table's own first row: "| button |"."""
    return cell.lower().removesuffix("s") in {*ROLES[target.role or ""].words, "name", "label", "text", "title"}


def _one_of(target: Target, name: str, work: Work) -> list[str]:
    named = target.model_copy(update={"name": name, "quoted": True, "guessed": False})
    return visible(replace(work, reading=replace(work.reading, slots={"target": named})))


def negated(work: Work) -> Work:
    """The same, expected not to be so."""
    return replace(work, reading=replace(work.reading, negated=True))


def gone(work: Work) -> list[str]:
    """A thing is no longer seen."""
    return visible(negated(work))


def any_text(work: Work) -> list[str]:
    """A thing has some text."""
    no = "" if work.reading.negated else "not_"
    return [f"expect({work.thing('anything')}).{no}to_be_empty()"]


def heading(work: Work) -> list[str]:
    """The page has a heading."""
    return [f'expect(page.get_by_role("heading", name={quote(work.text())})).{work.not_}to_be_visible()']


def text_matching(work: Work) -> list[str]:
    """A text that matches a pattern is seen."""
    return [f"expect(page.get_by_text({matching(work)}).first).{work.not_}to_be_visible()"]


def contains_pattern(work: Work) -> list[str]:
    """A thing's text matches a pattern."""
    return [f"expect({work.thing('anything')}).{work.not_}to_have_text({matching(work)})"]


def url_matches(work: Work) -> list[str]:
    """The address matches a pattern."""
    return [f"expect(page).{work.not_}to_have_url({matching(work)})"]


def downloaded(work: Work) -> list[str]:
    """The browser has been given a file, of that name or kind."""
    name = work.text() or work.target().name
    given = "download.value.suggested_filename"
    if not name:
        return [f"assert {given}"]
    if re.fullmatch(r"\.\w+", name):
        return [f"assert {given}.endswith({quote(name)})"]
    return [f"assert {given} == {quote(name)}"]


def new_tab(work: Work) -> list[str]:
    """A tab of the browser's own has opened."""
    if work.reading.negated:
        return ["assert len(page.context.pages) == 1"]
    return ["page.wait_for_load_state()"]


def dialog(work: Work) -> list[str]:
    """Whether a dialog of the browser's own has opened: what it says is kept from before the action that opens it."""
    return [*listening(work), f"assert {'not ' if work.reading.negated else ''}dialogs"]


def dialog_text(work: Work) -> list[str]:
    """A dialog of the browser's own has said a text."""
    inside = "not in" if work.reading.negated else "in"
    return [*listening(work), f'assert {quote(work.text())} {inside} "\\n".join(dialogs)']


def listening(work: Work) -> list[str]:
    """The lines that begin to listen to the page, once a test."""
    if work.finder.listens:
        return []
    work.finder.listens = True
    answer = [] if work.finder.answered else [ANSWERING]
    return [KEEPING, LISTENING, *answer]


KEEPING = "dialogs: list[str] = []"
LISTENING = 'page.on("dialog", lambda dialog: dialogs.append(dialog.message))'
ANSWERING = 'page.on("dialog", lambda dialog: dialog.accept())'
