"""What a test expects: which of Playwright's assertions was made, of what, and what would show that it holds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from playwright.sync_api import Error, Locator, Page

_FLAGS: Mapping[str, str] = {
    "be_visible": "visible",
    "be_attached": "attached",
    "be_checked": "checked",
    "be_enabled": "enabled",
    "be_editable": "editable",
}
_OF_CODE = frozenset(
    {"have_attribute", "have_class", "contain_class", "have_css", "have_id", "have_js_property", "have_role"}
)
_STRING = r'"((?:\\.|[^"\\])*)"'
_NAMED = re.compile(rf"internal:(?:text|has-text|label)={_STRING}|\[name={_STRING}")
_BY_TEXT = re.compile(rf"internal:text={_STRING}[is](?: >> (?:visible=true|nth=-?\d+))*$")
_ROLE = re.compile(r"internal:role=(\w+)")
_CONTROLS = frozenset(
    [
        "button",
        "checkbox",
        "combobox",
        "link",
        "menuitem",
        "option",
        "radio",
        "searchbox",
        "slider",
        "spinbutton",
        "switch",
        "tab",
        "textbox",
    ]
)
_NARROWING = re.compile(r" >> (?:visible=true|nth=-?\d+)")
_NUMBER = re.compile(r"\d+")


class Kind(Enum):
    """What an expectation says: that something is there, that nothing is, or that exactly this is."""

    PRESENT = "present"
    ABSENT = "absent"
    EXACT = "exact"


@dataclass(frozen=True)
class Expectation:
    """One assertion of Playwright's, before or after it is made.

    :param actual: what it is made of; ``method`` its name, with ``not_`` where it is turned round.
    """

    actual: Page | Locator
    method: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def page(self) -> Page:
        """The page that it is about."""
        return self.actual if isinstance(self.actual, Page) else self.actual.page

    @property
    def selector(self) -> str:
        """How its elements are found; empty where it is about a page."""
        return "" if isinstance(self.actual, Page) else selector_of(self.actual)

    @property
    def name(self) -> str:
        """The assertion, without ``to_`` and ``not_``."""
        return self.method.removeprefix("not_").removeprefix("to_")

    @property
    def wanted(self) -> Any:
        """What it compares with; ``None`` where it compares with nothing."""
        values = [value for name, value in self.options.items() if name not in {"timeout", *_FLAGS.values()}]
        return self.arguments[0] if self.arguments else next(iter(values), None)

    @property
    def kind(self) -> Kind:
        """What it says."""
        turned = self.method.startswith("not_") != (self.options.get(_FLAGS.get(self.name, "")) is False)
        if self.name in {"be_hidden", "be_empty"}:
            return Kind.PRESENT if turned else Kind.ABSENT
        if turned:
            return Kind.ABSENT
        wanted = self.wanted
        if self.name == "have_count" or self.name == "match_aria_snapshot" or _is_list(wanted):
            return Kind.EXACT if wanted else Kind.ABSENT
        is_empty = self.name in {"have_text", "have_value"} and wanted == ""
        return Kind.ABSENT if is_empty else Kind.PRESENT

    @property
    def as_text(self) -> str:
        """The same for two that expect the same of the same."""
        given = [_shown(each) for each in self.arguments]
        given += [f"{name}={_shown(value)}" for name, value in self.options.items() if name != "timeout"]
        return f"{self.selector or 'page'} {self.method}({', '.join(given)})"[:400]

    @property
    def place(self) -> str:
        """How its elements are found, whichever of them it is about."""
        return _NARROWING.sub("", self.selector)

    @property
    def words(self) -> tuple[str, ...]:
        """The texts that it is about: those that it compares with, and those that its elements are found by."""
        found = (_unquoted(one or other) for one, other in _NAMED.findall(self.selector))
        compared = self.wanted if _is_list(self.wanted) else [self.wanted]
        return tuple(word for word in (*found, *(each for each in compared if isinstance(each, str))) if word)

    @property
    def is_control(self) -> bool:
        """It is about something that a person works with, and not about what is said."""
        roles = _ROLE.findall(self.selector)
        return bool(roles) and roles[-1] in _CONTROLS and self.name == "be_visible"

    @property
    def is_about_code(self) -> bool:
        """It is about what the page's author has written, and no person sees."""
        return self.name in _OF_CODE or isinstance(self.actual, Page)

    @property
    def counted(self) -> str:
        """The text with a number in it that it is about; empty where there is none."""
        words = [word for word in self.words if _NUMBER.search(word) and re.search(r"[^\W\d_]{2}", word)]
        return words[-1] if words and self.kind is Kind.PRESENT else ""

    def looks(self) -> list[tuple[Locator, dict[str, Any]]]:
        """What a person has to see, each with what is expected to be read there."""
        if self.is_about_code or not isinstance(self.actual, Locator) or self.kind is Kind.ABSENT:
            return []
        if self.name in {"have_text", "contain_text"}:
            return self._texts(self.actual)
        if self.name == "have_count":
            return self._counted(self.actual)
        if self.name in {"be_visible", "be_hidden", "have_value", "be_checked"}:
            read = _BY_TEXT.search(self.selector)
            return [(self.actual, {"texts": [_unquoted(read[1])]} if read else {})]
        return []

    def _texts(self, actual: Locator) -> list[tuple[Locator, dict[str, Any]]]:
        if not _is_list(self.wanted):
            return [(actual, {"texts": [_for_script(self.wanted)]})] if self.wanted else []
        if self.name == "contain_text":
            return [(actual.nth(0), {})] if len(self.wanted) == 1 else []
        return [(actual.nth(place), {"texts": [_for_script(text)]}) for place, text in enumerate(self.wanted) if text]

    def _counted(self, actual: Locator) -> list[tuple[Locator, dict[str, Any]]]:
        """Whatever is counted by what it is to a person is seen; of elements of the code's one is."""
        by_meaning = "internal:" in self.selector
        return [(actual.nth(place), {"basic": True}) for place in range(min(self.wanted, 20))] if by_meaning else []

    def holds(self) -> bool | None:
        """Whether it holds now, without waiting; ``None`` where only Playwright can tell."""
        try:
            return self._holds()
        except (Error, re.error):
            return False

    def _holds(self) -> bool | None:
        if isinstance(self.actual, Page) or self.options.get("ignore_case"):
            return None
        if self.name == "have_count":
            return bool(self.actual.count() == self.wanted) != self.method.startswith("not_")
        if self.kind is Kind.ABSENT:
            return not self.actual.is_visible() if self.name in {"be_visible", "be_hidden"} else None
        if _is_list(self.wanted):
            return self._list_holds(self.actual)
        ask = _ASKED.get(self.name)
        if ask is None:
            return None
        return self.actual.count() == 1 and ask(self.actual, self)

    def _list_holds(self, actual: Locator) -> bool | None:
        if self.name not in {"have_text", "contain_text"} or actual.count() != len(self.wanted):
            return None if self.name not in {"have_text", "contain_text"} else False
        one = "contain" if self.name == "contain_text" else "have"
        texts = (actual.nth(place).text_content() for place in range(len(self.wanted)))
        return all(_fits(text or "", wanted, one) for text, wanted in zip(texts, self.wanted, strict=True))


def selector_of(locator: Locator) -> str:
    """How a locator finds its elements."""
    return str(getattr(locator._impl_obj, "_selector", ""))


def _has_text(locator: Locator, expectation: Expectation) -> bool:
    inner = expectation.options.get("use_inner_text")
    text = locator.inner_text() if inner else locator.text_content() or ""
    return _fits(text, expectation.wanted, "contain" if expectation.name == "contain_text" else "have")


def _fits(text: str, wanted: Any, how: str) -> bool:
    if isinstance(wanted, re.Pattern):
        return wanted.search(text) is not None
    text, wanted = (" ".join(each.replace("\u200b", "").replace("\u00ad", "").split()) for each in (text, wanted))
    return wanted in text if how == "contain" else wanted == text


def _has_value(locator: Locator, expectation: Expectation) -> bool:
    value = locator.input_value()
    wanted = expectation.wanted
    return wanted.search(value) is not None if isinstance(wanted, re.Pattern) else value == wanted


_ASKED: Mapping[str, Callable[[Locator, Expectation], bool]] = {
    "be_visible": lambda locator, _: locator.is_visible(),
    "be_hidden": lambda locator, _: locator.is_visible(),
    "be_checked": lambda locator, _: locator.is_checked(),
    "be_enabled": lambda locator, _: locator.is_enabled(),
    "be_disabled": lambda locator, _: locator.is_disabled(),
    "have_text": _has_text,
    "contain_text": _has_text,
    "have_value": _has_value,
}
"""How it is found out whether one of them holds; ``be_hidden`` says the contrary only where it is turned round."""


def _unquoted(text: str) -> str:
    return str(json.loads(f'"{text}"', strict=False))


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _shown(value: object) -> str:
    return f"/{value.pattern}/" if isinstance(value, re.Pattern) else repr(value)


def _for_script(wanted: Any) -> Any:
    """A text as it is; a pattern as a script writes it."""
    if not isinstance(wanted, re.Pattern):
        return wanted
    flags = "".join(letter for letter, flag in {"i": re.I, "m": re.M, "s": re.S}.items() if wanted.flags & flag)
    return [wanted.pattern, flags]
