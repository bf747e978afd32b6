"""Actions in Playwright."""

from __future__ import annotations

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.phrases.page_names import PageName
from pytest_chimera.scenario.language.words.vocabulary import HOME_WORDS, WHOLE_PAGE
from pytest_chimera.scenario.rendering.idiom import Idiom, Work
from pytest_chimera.scenario.rendering.locators import Finder, slug
from pytest_chimera.scenario.text.literals import quote


def path_of(page: PageName, finder: Finder) -> tuple[str, float]:
    """Return a page's path and its certainty: set by the project, written by the person, or derived from its name."""
    if page.address:
        return page.address, 1.0
    known = finder.path_of(page.name)
    if known is not None:
        return known, 1.0
    words = page.name.lower().split()
    if set(words) <= WHOLE_PAGE | {"web"}:
        return finder.url, 1.0
    if set(words) <= HOME_WORDS:
        return "/", 0.9
    if words[-1] in {"homepage", "home"} and len(words) <= 3:
        return "/", 0.6
    if words[-1] in {"application", "app", "site", "website"}:
        return finder.url, 0.9
    return f"/{slug(page.name.removesuffix(' page'), keep='_')}", 0.6


def page_of(work: Work) -> PageName:
    """Return the page in a step."""
    found = work.reading.get("page")
    if isinstance(found, PageName):
        return found
    return PageName(work.target().name or "page")


def navigate(work: Work) -> list[str]:
    """Open a page."""
    return [f"page.goto({quote(path_of(page_of(work), work.finder)[0])})"]


# -- actions ----------------------------------------------------------------------------------------------------------


def times(work: Work) -> int:
    """Return how often to do it."""
    number = work.reading.get("number")
    return number if isinstance(number, int) else 1


def clicking(call: str) -> Idiom:
    """Return an idiom for a kind of click, once or several times."""

    def idiom(work: Work) -> list[str]:
        return [f"{work.thing('clickable')}.{call}"] * times(work)

    return idiom


def click(work: Work) -> list[str]:
    """Click a thing, an entry of a menu, or what "click to …" refers to."""
    place, value = work.reading.get("place"), work.reading.get("value")
    if isinstance(place, Target) and value is not None:
        item = Target(role="menuitem", name=str(value), quoted=True, scope=place)
        return [f"{work.finder.find(item)}.click()"]
    if value is not None:
        return [f"{work.finder.find(Target(name=str(value), quoted=True), 'clickable')}.click()"]
    words = work.reading.get("words")
    if isinstance(words, str) and not work.reading.get("target"):
        verb = next(word for word in words.split() if word.lower() != "the")
        target = Target(role="button", name=verb)
        return [f"{work.finder.find(target)}.click()"]
    return [f"{work.thing('clickable')}.click()"] * times(work)


def press(work: Work) -> list[str]:
    """Press a key, in a field or wherever the focus is."""
    key = quote(work.text("keys") or "Tab")
    if work.reading.get("field"):
        return [f"{work.thing('textbox', 'field')}.press({key})"] * times(work)
    return [f"page.keyboard.press({key})"] * times(work)


def fill(work: Work) -> list[str]:
    """Replace the value of a field."""
    if work.reading.get("value") is None and work.docstring is None:
        return []
    value = work.text()
    if not work.reading.get("field"):
        return [f'page.locator(":focus").fill({quote(value)})']
    return [f"{work.thing('textbox', 'field', value)}.fill({quote(value)})"]


def fill_table(work: Work) -> list[str]:
    """Fill a field for each row of the step's table."""
    place = work.reading.get("place") or work.reading.get("target")
    scope = place if isinstance(place, Target) else None
    lines = []
    for name, value, *_ in (row for row in work.table if len(row) >= 2):
        target = Target(name=name, quoted=True, scope=scope)
        lines.append(f"{work.finder.find(target, 'textbox', value)}.fill({quote(value)})")
    return lines


def select(work: Work) -> list[str]:
    """Choose an option by its label or value."""
    field = work.target("field")
    if field.role in {"group", "radiogroup", "region", "menu"}:
        option = Target(name=work.text(), quoted=True, scope=field)
        return [f"{work.finder.find(option, 'choosable')}.click()"]
    if field.role in {"list", "textbox"}:
        field = field.model_copy(update={"role": "combobox"})
        return [f"{work.finder.find(field)}.select_option({quote(work.text())})"]
    return [f"{work.thing('combobox', 'field')}.select_option({quote(work.text())})"]


def select_value(work: Work) -> list[str]:
    """Choose an option by its value."""
    return [f"{work.thing('combobox', 'field')}.select_option(value={quote(work.text())})"]


def select_nth(work: Work) -> list[str]:
    """Choose an option by its position."""
    number = work.reading.get("nth")
    index = number - 1 if isinstance(number, int) and number > 0 else 0
    return [f"{work.thing('combobox', 'field')}.select_option(index={index})"]


def choose(work: Work) -> list[str]:
    """Choose one of several: a radio button, an option, a tab."""
    if isinstance(work.reading.get("target"), Target):
        return [f"{work.thing('choosable')}.click()"]
    target = Target(name=work.text(), quoted=True)
    return [f"{work.finder.find(target, 'choosable')}.click()"]


def calling(default: str, call: str, slot: str = "target") -> Idiom:
    """Return an idiom that makes one call on a slot's locator."""

    def idiom(work: Work) -> list[str]:
        return [f"{work.thing(default, slot)}.{call}"]

    return idiom


def ticking(call: str) -> Idiom:
    """Return an idiom for a checkbox by its own name, or the one in an item or a row."""

    def idiom(work: Work) -> list[str]:
        target = work.target()
        if target.role in {"listitem", "row", "cell"} and not target.css:
            return [f'{work.finder.find(target)}.get_by_role("checkbox").{call}']
        return [f"{work.thing('checkable')}.{call}"]

    return idiom


def drag(work: Work) -> list[str]:
    """Drag one thing to another."""
    return [f"{work.thing('anything')}.drag_to({work.thing('anything', 'place')})"]


def upload(work: Work) -> list[str]:
    """Choose files in a field."""
    files = work.reading.get("files")
    names = [quote(str(name)) for name in (files if isinstance(files, tuple) else ())]
    given = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
    if work.reading.get("field"):
        field = work.target("field")
        if field.role in {"region", "form", "group", "dialog", "listitem", "row"} or field.css:
            inner = "" if field.css else ".locator('input[type=\"file\"]')"
            return [f"{work.finder.find(field)}{inner}.set_input_files({given})"]
        named = field.model_copy(update={"role": None}) if field.role in {"textbox", "button"} else field
        return [f"{work.finder.find(named, 'file')}.set_input_files({given})"]
    return [f"page.locator('input[type=\"file\"]').set_input_files({given})"]


def accept(work: Work) -> list[str]:
    """Accept a native dialog when it opens."""
    text = work.reading.get("value")
    given = quote(str(text)) if text is not None else ""
    return [f'page.once("dialog", lambda dialog: dialog.accept({given}))']


def close(work: Work) -> list[str]:
    """Close a dialog or a message with its own button."""
    name = 're.compile("close|dismiss|\u00d7", re.I)'
    return [f'{work.thing("place")}.get_by_role("button", name={name}).click()']


def open(work: Work) -> list[str]:
    """Open a menu or a section with the control of its name."""
    target = work.target()
    if not target.name and target.role in {"menu", "navigation"}:
        menu = Target(role="button", name="menu|navigation", by="pattern", scope=target.scope)
        return [f"{work.finder.find(menu)}.click()"]
    return [f"{work.finder.find(target.model_copy(update={'role': None}), 'clickable')}.click()"]


def submit(work: Work) -> list[str]:
    """Press the form's submit button."""
    form = work.reading.get("target")
    base = work.finder.find(form) if isinstance(form, Target) and form.name else "page"
    return [f"{base}.locator('[type=\"submit\"]').click()"]
