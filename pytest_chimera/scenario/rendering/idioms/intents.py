"""The table of intents: the kind of a step, and its Playwright idiom."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pytest_chimera.models import Call
from pytest_chimera.scenario.functions.registry import CALL, code_of
from pytest_chimera.scenario.language.words.readings import Reading
from pytest_chimera.scenario.rendering.idiom import Intent, Work, one
from pytest_chimera.scenario.rendering.idioms import actions as doing
from pytest_chimera.scenario.rendering.idioms import expectations as expecting

INTENTS: Mapping[str, Intent] = MappingProxyType(
    {
        "navigate": Intent("navigate", doing.navigate),
        "reload": Intent("navigate", one("page.reload()")),
        "back": Intent("navigate", one("page.go_back()")),
        "forward": Intent("navigate", one("page.go_forward()")),
        "click": Intent("click", doing.click),
        "click-here": Intent("click", one('page.locator(":focus").click()')),
        "double-click": Intent("click", doing.clicking("dblclick()")),
        "right-click": Intent("click", doing.clicking('click(button="right")')),
        "press": Intent("press-key", doing.press),
        "fill": Intent("fill", doing.fill),
        "clear": Intent("fill", doing.calling("textbox", "clear()", "field")),
        "fill-table": Intent("fill", doing.fill_table),
        "select": Intent("select", doing.select),
        "select-value": Intent("select", doing.select_value),
        "select-nth": Intent("select", doing.select_nth),
        "choose": Intent("select", doing.choose),
        "check": Intent("check", doing.ticking("check()")),
        "uncheck": Intent("check", doing.ticking("uncheck()")),
        "toggle": Intent("check", doing.calling("checkable", "click()")),
        "hover": Intent("hover", doing.calling("anything", "hover()")),
        "drag": Intent("drag", doing.drag),
        "scroll": Intent("scroll", doing.calling("anything", "scroll_into_view_if_needed()")),
        "scroll-end": Intent("scroll", one('page.keyboard.press("End")')),
        "scroll-start": Intent("scroll", one('page.keyboard.press("Home")')),
        "focus": Intent("focus", doing.calling("textbox", "focus()")),
        "blur": Intent("focus", doing.calling("textbox", "blur()")),
        "upload": Intent("upload", doing.upload),
        "download": Intent("click", doing.click),
        "downloaded": Intent("assert-text", expecting.downloaded),
        "new-tab": Intent("assert-visible", expecting.new_tab, "assert-not-visible"),
        "switch-tab": Intent("focus", one("page.bring_to_front()")),
        "switch-back": Intent("focus", one("page.bring_to_front()")),
        "accept-dialog": Intent("dialog", doing.accept),
        "dismiss-dialog": Intent("dialog", one('page.once("dialog", lambda dialog: dialog.dismiss())')),
        "wait-for": Intent("wait", expecting.visible),
        "wait-gone": Intent("wait", expecting.gone),
        "wait-enabled": Intent("wait", expecting.expecting("clickable", "to_be_enabled")),
        "wait-disabled": Intent("wait", expecting.expecting("clickable", "to_be_disabled")),
        "wait-time": Intent("wait", one("")),
        "wait-page": Intent("wait", one("page.wait_for_load_state()")),
        "text": Intent("assert-text", expecting.text, "assert-not-visible"),
        "text-matching": Intent("assert-text", expecting.text_matching, "assert-not-visible"),
        "contains": Intent("assert-text", expecting.has_text("to_contain_text")),
        "contains-pattern": Intent("assert-text", expecting.contains_pattern),
        "exact-text": Intent("assert-text", expecting.has_text("to_have_text")),
        "has-any-text": Intent("assert-text", expecting.any_text),
        "heading": Intent("assert-text", expecting.heading, "assert-not-visible"),
        "table": Intent("assert-text", expecting.table),
        "in-place": Intent("assert-text", expecting.in_place, "assert-not-visible"),
        "visible": Intent("assert-visible", expecting.visible, "assert-not-visible"),
        "count": Intent("assert-count", expecting.count),
        "counted": Intent("assert-count", expecting.count),
        "number-of": Intent("assert-count", expecting.things),
        "value": Intent("assert-value", expecting.value),
        "values": Intent("assert-value", expecting.values),
        "option-selected": Intent("assert-value", expecting.option_selected),
        "selected-in": Intent("assert-value", expecting.selected_in),
        "empty": Intent("assert-value", expecting.expecting("textbox", "to_be_empty")),
        "checked": Intent("assert-checked", expecting.stating("checkable", "to_be_checked", "not_to_be_checked")),
        "enabled": Intent("assert-enabled", expecting.stating("clickable", "to_be_enabled", "to_be_disabled")),
        "readonly": Intent("assert-enabled", expecting.flag("readonly")),
        "required": Intent("assert-attr", expecting.flag("required")),
        "expanded": Intent("assert-attr", expecting.expanded),
        "focused": Intent("assert-focus", expecting.stating("textbox", "to_be_focused", "not_to_be_focused")),
        "focus-target": Intent("assert-focus", expecting.focus_target),
        "has-class": Intent("assert-attr", expecting.css_class),
        "has-attribute": Intent("assert-attr", expecting.attribute),
        "links-to": Intent("assert-attr", expecting.links_to),
        "attribute-of": Intent("assert-attr", expecting.attribute_of),
        "attributes": Intent("assert-attr", expecting.attributes),
        "height": Intent("assert-attr", expecting.measure("height")),
        "width": Intent("assert-attr", expecting.measure("width")),
        "done": Intent("assert-checked", expecting.done),
        "submit": Intent("click", doing.submit),
        "close": Intent("click", doing.close),
        "open": Intent("click", doing.open),
        "no-items": Intent("assert-count", expecting.no_items),
        "gone-from": Intent("assert-not-visible", expecting.gone_from),
        "has-thing": Intent("assert-visible", expecting.has_thing, "assert-not-visible"),
        "in-viewport": Intent("assert-attr", expecting.expecting("anything", "to_be_in_viewport")),
        "url": Intent("assert-url", expecting.url),
        "url-contains": Intent("assert-url", expecting.url_part),
        "url-matches": Intent("assert-url", expecting.url_matches),
        "on-page": Intent("assert-url", expecting.on_page),
        "title": Intent("assert-title", expecting.title),
        "title-contains": Intent("assert-title", expecting.title_part),
        "dialog": Intent("assert-dialog", expecting.dialog),
        "dialog-text": Intent("assert-dialog", expecting.dialog_text),
    }
)
"""Intent → kind and idiom. Every wording has one of these."""


def kind_of(reading: Reading) -> str:
    """Return the kind of step of a reading."""
    if reading.intent == CALL:
        return "compound"
    intent = INTENTS[reading.intent]
    hidden = (reading.get("state") is False) != reading.negated
    if intent.negated and (hidden if reading.intent == "visible" else reading.negated):
        return intent.negated
    return intent.kind


def lines_of(work: Work) -> list[str]:
    """Return the statements of a reading, each on one line; after a dialog's answer, the action that opens it."""
    call = work.reading.get(CALL)
    if isinstance(call, Call):
        return code_of(call)
    written = INTENTS[work.reading.intent].idiom(work)
    before, work.finder.lines[:] = list(work.finder.lines), []
    cause = work.reading.get("cause")
    after = lines_of(Work(cause, work.finder)) if isinstance(cause, Reading) else []
    return [*before, *written, *after]
