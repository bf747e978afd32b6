"""Roles: the kinds of things on a page, what people call them, and how they are found."""

# ruff: noqa: E501  (a row of the table is one line)

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from pytest_chimera.scenario.language.words.vocabulary import plural_of


@dataclass(frozen=True)
class Role:
    """A kind of thing on a page.

    :param words: what people call it, in the singular.
    :param aria: its ARIA roles, the likeliest first; none if it is not an element of its own.
    :param ways: how its name finds it: by the accessible name (``role``), by its ``label``, ``placeholder``, ``text``,
        by what it contains (``content``), by the ``heading`` before it or by its test id (``test id``).
    :param traits: ``place``: other things are in it; ``items``: it holds items of one kind, and ``item``: it is one;
        ``numbered``: people count them ("row 2"); ``text``: its text is its name; ``described``: words before it
        describe it, unless they are capitalized.
    """

    words: tuple[str, ...]
    aria: tuple[str, ...] = ()
    ways: tuple[str, ...] = ("role",)
    traits: frozenset[str] = frozenset()


def _row(words: str, aria: str = "", ways: str = "role", traits: str = "") -> Role:
    def split(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())

    return Role(split(words), split(aria), split(ways), frozenset(split(traits)))


_FIELD_WORDS = (
    "field, input, input field, inputfield, input box, text field, textfield, text box, textbox, text input, text area, "
    "textarea, edit box, edit field, entry field, box, bar, form field, element field"
)


ROLES = MappingProxyType(
    {
        "button": _row("button, btn, push button, icon button, toggle button, cta", "button", traits="text"),
        "link": _row("link, hyperlink, anchor, hashtag", "link", traits="text"),
        "textbox": _row(_FIELD_WORDS, "textbox", "role, placeholder", traits="numbered"),
        "searchbox": _row(
            "search box, searchbox, search field, search bar, search input, search text box",
            "searchbox, textbox, combobox",
            "role, placeholder",
            traits="described",
        ),
        "spinbutton": _row(
            "spin button, spinbutton, number field, number input, stepper, spinner button", "spinbutton"
        ),
        "checkbox": _row("checkbox, check box, tickbox, tick box", "checkbox", traits="numbered"),
        "switch": _row("switch, toggle, toggle switch, bootstrap-switch", "switch, checkbox"),
        "radio": _row("radio, radio button, radiobutton, radio option, radio box", "radio", traits="numbered"),
        "radiogroup": _row("radio group, radiogroup", "radiogroup"),
        "combobox": _row(
            "dropdown, drop-down, drop down, dropdown list, dropdown menu, dropdown box, dropdown field, drop-down list, "
            "drop-down menu, combo box, combobox, select, select box, selectbox, select field, select list, select menu, "
            "picker, selector",
            "combobox, listbox",
        ),
        "listbox": _row("list box, listbox", "listbox", traits="items"),
        "option": _row("option", "option", traits="text"),
        "list": _row(
            "list, bulleted list, numbered list, unordered list, ordered list",
            "list",
            "role, heading",
            traits="place, items",
        ),
        "listitem": _row(
            "list item, listitem, item, entry, list entry, bullet", "listitem", "content", traits="numbered, item"
        ),
        "table": _row("table, data table, datatable", "table", "role, heading", traits="place, items"),
        "grid": _row("grid, data grid, aggrid, treegrid", "grid, treegrid", traits="place, items"),
        "row": _row("row, table row, record", "row", "content", traits="numbered, item"),
        "cell": _row("cell, table cell, grid cell, gridcell", "cell, gridcell", "content", traits="item"),
        "columnheader": _row("column header, columnheader, column heading, column", "columnheader"),
        "rowheader": _row("row header, rowheader", "rowheader"),
        "heading": _row(
            "heading, headline, page heading, page header, title, subtitle, subheading", "heading", traits="text"
        ),
        "img": _row(
            "image, img, picture, photo, icon, logo, avatar, thumbnail, figure, illustration", "img", traits="numbered"
        ),
        "video": _row("video, video player", "", "label, test id"),
        "dialog": _row(
            "dialog, dialog box, dialogue, modal, modal dialog, modal window, modal box, popup, pop-up, pop up, "
            "popup window, lightbox, overlay",
            "dialog, alertdialog",
            traits="place",
        ),
        "message": _row(
            "message, error message, success message, flash message, warning message, validation message, info message, "
            "error flash message, alert message, status message, confirmation message, notification, error notification, "
            "error, validation error, toast, toast message, snackbar, banner message, notice, hint, alert, status, flash",
            "alert, status",
            "text",
            traits="described",
        ),
        "paragraph": _row("paragraph, paragraph of text", "paragraph", "content"),
        "text": _row(
            "text, label, phrase, words, content, sentence, string, caption, value", "", "text", traits="described"
        ),
        "tab": _row("tab", "tab", traits="text"),
        "tabpanel": _row("tab panel, tabpanel, tab content", "tabpanel"),
        "tablist": _row("tab list, tablist, tab bar, tabs bar", "tablist"),
        "menu": _row("menu, context menu, submenu", "menu, navigation", "role", traits="place"),
        "menuitem": _row("menu item, menuitem, menu option, menu entry, menu link", "menuitem, link", traits="text"),
        "toolbar": _row("toolbar, tool bar", "toolbar", traits="place"),
        "navigation": _row(
            "navigation, nav, navbar, nav bar, navigation bar, navigation menu, sidebar", "navigation", traits="place"
        ),
        "main": _row("main, main section, main area, main content, main region, main part", "main"),
        "banner": _row(
            "header, header section, header area, header bar, banner, site header", "banner", traits="place"
        ),
        "contentinfo": _row(
            "footer, footer section, footer area, page footer, site footer", "contentinfo", traits="place"
        ),
        "complementary": _row("aside, complementary, side panel", "complementary"),
        "region": _row(
            "region, section, area, panel, pane, block, widget, card, drop zone, dropzone, container, box section, drawer, tile",
            "region, group",
            traits="place",
        ),
        "group": _row("group, fieldset, group box", "group"),
        "form": _row("form", "form", traits="place"),
        "search": _row("search landmark", "search"),
        "article": _row("article", "article", "content"),
        "slider": _row("slider, range, range slider", "slider"),
        "progressbar": _row(
            "progress bar, progressbar, loading bar, spinner, loader, loading indicator", "progressbar", "role, text"
        ),
        "scrollbar": _row("scrollbar, scroll bar", "scrollbar"),
        "separator": _row("separator, divider", "separator"),
        "expander": _row("accordion, accordion item, expander, disclosure", "button"),
        "tooltip": _row("tooltip, tool tip", "tooltip", "content"),
        "tree": _row("tree, tree view", "tree"),
        "treeitem": _row("tree item, treeitem, node, tree node", "treeitem", traits="text"),
        "timer": _row("timer, countdown", "timer"),
        "log": _row("chat log", "log"),
        "control": _row("control", "button, link"),
        "element": _row("element, component, div, span, filter, tag, badge, chip, tile element", "", "element"),
    }
)
"""Role → its names, and how it is found. The key is the value of ``Target.role``."""


DEFAULTS = MappingProxyType(
    {
        "clickable": Role((), ("button", "link", "tab", "menuitem"), ("role",)),
        "pressable": Role((), ("button", "link"), ("role",)),
        "checkable": Role((), ("checkbox", "radio", "switch"), ("role",)),
        "choosable": Role((), ("radio", "option", "menuitemradio", "tab"), ("role",)),
        "anything": Role((), (), ("label", "text", "test id")),
        "seen": Role((), (), ("text",)),
        "place": Role((), ("region", "list", "dialog"), ("role", "test id")),
        "rows": Role((), ("list", "table", "grid"), ("role", "heading")),
        "file": Role((), (), ("label",)),
        "holder": Role((), ("listitem", "row"), ("content",)),
    }
)
"""The role that a name without one is searched for as, by what is done with it."""


ROLE_OF = MappingProxyType(
    {
        tuple(form.split()): (key, form != word)
        for key, role in ROLES.items()
        for word in role.words
        for form in (plural_of(word), word)
    }
)
"""The words for a role → its key, and whether they are plural."""


LONGEST_ROLE = max(len(words) for words in ROLE_OF)


def has_trait(role: str | None, trait: str) -> bool:
    """Whether a role's row has a trait; nothing has one without a role."""
    return role is not None and role in ROLES and trait in ROLES[role].traits
