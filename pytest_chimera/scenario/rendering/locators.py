"""Targets → Playwright locators: first by role and name, then by everything that a name can be; CSS only if written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.words.roles import DEFAULTS, ROLES, Role
from pytest_chimera.scenario.text.literals import quote, raw

_SECRET = re.compile(r"\b(?:pass(?:word|phrase|code)?|pwd|pin|secret)\b", re.I)
_SEARCHING = re.compile(r"search|find|filter|query", re.I)
_DATED = re.compile(r"\d{4}-\d\d(?:-\d\d)?(?:T\d\d:\d\d)?|\d\d:\d\d|#[0-9a-fA-F]{6}|\d{4}-W\d\d")
_NUMERIC = re.compile(r"-?\d+(?:\.\d+)?")
_LIST_AFTER = "xpath=following::*[(self::ul or self::ol) and not(ancestor::nav)][1]"
_EITHER_AFTER = "xpath=following::*[(self::ul or self::ol or self::table) and not(ancestor::nav)][1]"
_TABLE_AFTER = "xpath=following::table[1]"


@dataclass
class Finder:
    """Writes locators for one step; ``lines`` are statements that have to precede them.

    :param test_id: the attribute for test ids.
    :param pages: page names in lowercase → path.
    :param url: where the scenario begins.
    :param listens: native dialogs are recorded already; ``answered``: a step answers them.
    """

    test_id: str = "data-testid"
    pages: Mapping[str, str] = field(default_factory=dict)
    url: str = "/"
    lines: list[str] = field(default_factory=list)
    listens: bool = False
    answered: bool = False

    def find(self, target: Target, default: str = "anything", value: str | None = None) -> str:
        """Return the expression that finds ``target``.

        :param default: the role to search for if the name has none: a key of ``ROLES`` or ``DEFAULTS``.
        :param value: what is typed into it, which identifies number and date fields.
        """
        kinds = self._kinds(target, default)
        base = self.place(target.scope, several=len(kinds) * 2 + len(kinds.aria) > 3) if target.scope else "page"
        found = self._found(target, kinds, base, value)
        return found + _nth(target.ordinal)

    def _kinds(self, target: Target, default: str) -> Kinds:
        if (
            target.role is None
            and target.ordinal is not None
            and default in {"place", "anything", "clickable"}
            and not target.quoted
        ):
            default = "listitem"
        role = ROLES.get(target.role or "") or DEFAULTS.get(target.role or default) or ROLES.get(default)
        if role is None:
            role = Role((), (target.role or "generic",))
        if target.role == "element" and default not in {"anything", "seen"} and not target.css:
            role = DEFAULTS.get(default) or ROLES[default]
        return Kinds(role.aria, role.ways)

    def place(self, where: Target, *, several: bool = False) -> str:
        """Return the expression for a place, or a variable for it if it is used more than once."""
        found = self.find(where, "place")
        if not several or found == "page":
            return found
        self.lines.append(f"place = {found}")
        return "place"

    def _found(self, target: Target, kinds: Kinds, base: str, value: str | None) -> str:
        if target.css is not None:
            return f"{base}.locator({quote(target.css)})" + _having(target)
        if target.by:
            return self._by(target, kinds, base) + _having(target)
        if "listitem" in kinds.aria and is_task(target):
            return f'{base}.get_by_role("listitem").filter(has_not=page.get_by_role("link"))' + _having(target)
        if target.role == "searchbox" and (target.guessed or not target.name):
            target = target.model_copy(update={"name": ""})
            search = target.model_copy(update={"name": "Search"})
            others = [self._role(base, aria, search) for aria in kinds.aria[1:]]
            return _either([self._role(base, "searchbox", target), *others, f'{base}.get_by_placeholder("Search")'])
        if not target.name:
            return _either([self._role(base, aria, target) for aria in kinds.aria] or [base]) + _having(target)
        found = [
            way for name in self._ways(target, kinds, value) for way in self._way(name, target, kinds, base, value)
        ]
        return _either(found) + _having(target)

    def _ways(self, target: Target, kinds: Kinds, value: str | None) -> tuple[str, ...]:
        """Return how to search for the name: passwords and dates have no role, only a label or a placeholder."""
        if "placeholder" not in kinds.ways:
            return kinds.ways
        if _SECRET.search(target.name):
            return ("label", "placeholder")
        return ("label",) if value is not None and _DATED.fullmatch(value) else kinds.ways

    def _way(self, way: str, target: Target, kinds: Kinds, base: str, value: str | None) -> list[str]:
        name, exact = quote(target.name), ", exact=True" if target.exact else ""
        if way == "role":
            return [self._role(base, aria, target) for aria in _arias(target, kinds, value)]
        if way == "content":
            return [_either([f'{base}.get_by_role("{aria}")' for aria in kinds.aria]) + _content(target)]
        if way == "heading":
            lists, tables = "list" in kinds.aria, "table" in kinds.aria
            after = _EITHER_AFTER if lists and tables else _TABLE_AFTER if tables else _LIST_AFTER
            heading = f'{base}.get_by_role("heading", name={name}{exact})'
            return [f"{heading}.locator({quote(after)})"]
        if way == "label" and "placeholder" in kinds.ways:
            return [f"{base}.get_by_label({_whole(target.name)})"]
        if way == "test id":
            return [self.by_test_id(base, slug(target.name))] if not target.quoted else []
        if way == "element":
            return [f"{base}.get_by_label({name}{exact})", f"{base}.get_by_text({name}{exact})"]
        return [f"{base}.get_by_{way}({name}{exact})"]

    def _role(self, base: str, aria: str, target: Target) -> str:
        arguments = [quote(aria)]
        if target.name:
            arguments.append(f"name={quote(target.name)}")
        if target.name and target.exact:
            arguments.append("exact=True")
        if target.level:
            arguments.append(f"level={target.level}")
        return f"{base}.get_by_role({', '.join(arguments)})"

    def _by(self, target: Target, kinds: Kinds, base: str) -> str:
        name = quote(target.name)
        if target.by == "pattern":
            return self._by_pattern(target.name, kinds, base)
        if target.by == "test id":
            return self.by_test_id(base, target.name)
        if target.by == "id":
            return f"{base}.locator({quote(f'[id={quote(target.name)}]')})"
        methods = {"label": "label", "placeholder": "placeholder", "alt": "alt_text", "title": "title", "text": "text"}
        if target.by in methods:
            return f"{base}.get_by_{methods[target.by]}({name})"
        return _either([self._role(base, aria, target) for aria in kinds.aria] or [f"{base}.get_by_text({name})"])

    def _by_pattern(self, pattern: str, kinds: Kinds, base: str) -> str:
        name = f"re.compile({raw(pattern)}, re.I)"
        if "placeholder" in kinds.ways:
            return f"{base}.get_by_label({name}).or_({base}.get_by_placeholder({name}))"
        return _either([f'{base}.get_by_role("{aria}", name={name})' for aria in kinds.aria])

    def by_test_id(self, base: str, name: str) -> str:
        """Return a locator by test id, in the project's attribute."""
        if self.test_id == "data-testid":
            return f"{base}.get_by_test_id({quote(name)})"
        return f"{base}.locator({quote(f'[{self.test_id}={quote(name)}]')})"

    def path_of(self, name: str) -> str | None:
        """Return the path of one of the project's pages; with or without "page" at its end."""
        low = name.lower().strip()
        bare = re.sub(r"\s*(?:page|screen|site|application|app)$", "", low)
        return self.pages.get(low) or self.pages.get(bare) or self.pages.get(f"{bare} page")


@dataclass(frozen=True)
class Kinds:
    """The possible ARIA roles of a target, and the ways to find it by its name."""

    aria: tuple[str, ...]
    ways: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ways)


_TASKS = frozenset({"todo", "task", "to-do", "todos", "tasks", "to-dos", "todo items", "todo item"})


def is_task(target: Target) -> bool:
    """ "the second todo", "2 tasks": whether it means items of a list, not the links that filter them."""
    return not target.quoted and target.role in {None, "listitem"} and target.name.lower() in _TASKS


def _arias(target: Target, kinds: Kinds, value: str | None) -> tuple[str, ...]:
    """Return a field's roles: combo boxes, search fields and number fields have their own roles."""
    if kinds.aria != ("textbox",):
        return kinds.aria
    searching = ("searchbox",) if _SEARCHING.search(target.name) else ()
    number = ("spinbutton",) if value is None or _NUMERIC.fullmatch(value) else ()
    return ("textbox", *searching, "combobox", *number)


def _either(found: list[str]) -> str:
    first, *others = dict.fromkeys(found)
    return first + "".join(f".or_({other})" for other in others)


def _content(target: Target) -> str:
    if not target.quoted and target.name.islower():
        return ""
    if target.exact:
        return f".filter(has=page.get_by_text({quote(target.name)}, exact=True))"
    return f".filter(has_text={quote(target.name)})"


def _having(target: Target) -> str:
    written = f".filter(has_text={quote(target.text)})" if target.text and target.by != "value" else ""
    return written + (f'.filter(has=page.get_by_role("{target.having}"))' if target.having else "")


def _nth(ordinal: int | None) -> str:
    if ordinal is None:
        return ""
    return {1: ".first", -1: ".last"}.get(ordinal, f".nth({ordinal - 1})")


def _whole(name: str) -> str:
    r"""Return the pattern of a label that is the name, apart from case and decoration: "Password", "password:",
    "Password *".
    """
    pattern = rf"^\W*{re.escape(name)}\W*$".replace(r"\ ", " ")
    return f"re.compile({raw(pattern)}, re.I)"


def slug(name: str, keep: str = "") -> str:
    """Return a name as test ids and paths write it; ``keep``: characters to keep."""
    return re.sub(rf"[^a-z0-9{keep}]+", "-", name.lower()).strip("-")
