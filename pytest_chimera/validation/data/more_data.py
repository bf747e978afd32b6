"""Adds items to those that a test types: repeats the statements that type one, and raises the counts that depend on it.

Only what the test itself shows is used: a number that equals the number of items, and that its own actions change.
"""

from __future__ import annotations

import ast
import copy
import random
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pytest_chimera.scenario.rendering.row_helper import EXPECT_ROWS, is_call, says, without_helper
from pytest_chimera.validation.data.fresh_texts import holds, replaced
from pytest_chimera.validation.data.typed_literals import TYPING, Script, strings

_NUMBER = re.compile(r"(?<![\w.,:/#$€£%+-])\d+(?![\w.,:/%-])")
_LONGEST = 4
_PLACES = re.compile(
    r"nth\b|nth[-(=]|(?<![a-z])(first|last|second|third|fourth|top|bottom|newest|latest|oldest)(?![a-z])", re.IGNORECASE
)
_ONLY_ONE = re.compile(
    r"\b(select|choose|chosen|pick|favou?rite|default|current|winner|main|only|exclusive|assign|primary)",
    re.IGNORECASE,
)
_OWN_NAMES = {"page", "expect", "re", EXPECT_ROWS}
SECOND_PAGE = (
    "chimera_url = page.url",
    "page = page.context.browser.new_context().new_page()",
    "page.goto(chimera_url)",
)


class CannotVary(Exception):
    """A test does not support this variation; the text says why."""


@dataclass(frozen=True)
class Repetition:
    """The statements that type one item after another.

    :param start: the index of the first one in the function's body; ``length``: statements for each of ``items``.
    """

    start: int
    length: int
    items: tuple[str, ...]

    @property
    def end(self) -> int:
        """The index after the last one."""
        return self.start + self.length * len(self.items)


@dataclass(frozen=True)
class _Count:
    """The expectation of a number: its index in the body, the surrounding text, and the number."""

    place: int
    template: str
    value: int


def repetition_of(script: Script, data: Collection[str]) -> Repetition:
    """Return the first series of at least two repetitions that type data.

    :raises CannotVary: there is none.
    """
    body = script.function.body
    for start in range(len(body)):
        for length in range(1, _LONGEST + 1):
            items = _items(body, start, length, data)
            if len(items) > 1:
                return Repetition(start, length, tuple(items))
    raise CannotVary("it does not type several items one after another")


def _items(body: Sequence[ast.stmt], start: int, length: int, data: Collection[str]) -> list[str]:
    items: list[str] = []
    pattern = ""
    while start + length * (len(items) + 1) <= len(body):
        at = start + length * len(items)
        block = body[at : at + length]
        typed = [node.value for node in strings(block) if node.value in data]
        if len(typed) != 1 or not _types(block[0]) or typed[0] in items:
            break
        shape = "\n".join(ast.unparse(each) for each in _with_text(block, {typed[0]: "□"}))
        if pattern and shape != pattern:
            break
        pattern = shape
        items.append(typed[0])
    return items


def _types(statement: ast.stmt) -> bool:
    calls = (node for node in ast.walk(statement) if isinstance(node, ast.Call))
    return any(isinstance(call.func, ast.Attribute) and call.func.attr in TYPING for call in calls)


def _with_text(block: Sequence[ast.stmt], mapping: dict[str, str]) -> list[ast.stmt]:
    copied = [copy.deepcopy(each) for each in block]
    for node in strings(copied):
        node.value = mapping.get(node.value) or replaced(node.value, mapping)
    return copied


def multiplied(
    script: Script, found: Repetition, extras: Sequence[str], chance: random.Random, *, shared: bool
) -> Script:
    """Return the test with additional items, and every count that depends on them raised.

    :param extras: the texts of the additional items.
    :param shared: stored data is also visible in another browser context.
    :raises CannotVary: an expectation may depend on the items in a way that the test does not show.
    """
    reading = _Reading(script, found)
    reading.check()
    body = script.copy().function.body
    block = body[found.start : found.start + found.length]
    own = [body[at : at + found.length] for at in range(found.start, found.end, found.length)]
    if reading.order_is_free:
        chance.shuffle(own)
    target = next((number for number, each in enumerate(own) if reading.acts_on(each)), 0)
    more = [_with_text(block, {found.items[0]: text}) for text in extras]
    blocks = [*own[:target], *more, *own[target:]]
    after = [reading.raised(each, found.end + number, len(extras)) for number, each in enumerate(body[found.end :])]
    changed = script.copy()
    changed.function.body = [
        *body[: found.start],
        *(each for one in blocks for each in one),
        *after,
        *reading.seen_elsewhere(after, shared=shared),
        *reading.done_once_more(after, extras[0], len(extras)),
    ]
    return changed


class _Reading:
    """The statements after the items: which ones expect, which ones act, and on what."""

    def __init__(self, script: Script, found: Repetition) -> None:
        self._found = found
        self._body = script.function.body
        self._after = self._body[found.end :]
        self._words = " ".join(node.value for node in strings([without_helper(script.module)]))
        self._counts = [
            count for number, each in enumerate(self._after) for count in _counts(each, found.end + number, found.items)
        ]
        self._depending = self._depending_templates()

    def _depending_templates(self) -> set[str]:
        """Return the templates whose first number is that of the items, and which the test's own actions change."""
        values: dict[str, list[int]] = {}
        for count in self._counts:
            values.setdefault(count.template, []).append(count.value)
        items = len(self._found.items)
        return {each for each, seen in values.items() if seen[0] == items and len(set(seen)) > 1 and min(seen) > 0}

    def check(self) -> None:
        """Check that nothing is expected that depends on the items in an unknown way.

        :raises CannotVary: something is.
        """
        if not self._depending:
            raise CannotVary("no expectation counts its items")
        source = "\n".join(ast.unparse(each) for each in self._body)
        if _PLACES.search(re.sub(r"\.filter\(visible=True\)\.first\b|get_by_text\([^)]*\)\.first\b", "", source)):
            raise CannotVary("it looks for something by its place in the order")
        for number, statement in enumerate(self._after, self._found.end):
            self._check_statement(statement, number)

    def _check_statement(self, statement: ast.stmt, place: int) -> None:
        if not isinstance(statement, ast.Expr | ast.Assign):
            raise CannotVary(
                f"it does more than typing, acting and expecting: {ast.unparse(statement).splitlines()[0]}"
            )
        if _is_expectation(statement):
            self._check_expectation(statement, place)
        elif not (self._mentions_item(statement) or _is_reload(statement) or self._uses_target(statement, place)):
            raise CannotVary(f"an action of it may concern all items: {ast.unparse(statement)}")

    def _check_expectation(self, statement: ast.stmt, place: int) -> None:
        own = [count for count in self._counts if count.place == place]
        if any(count.template in self._depending for count in own):
            return
        known = {count.value for count in self._counts if count.template in self._depending}
        acted = len(self._targets())
        if any(count.template.startswith("#count ") and count.value == acted and acted not in known for count in own):
            return
        if own or not self._mentions_item(statement):
            raise CannotVary(f"what it expects may depend on how many items there are: {ast.unparse(statement)}")

    def _mentions_item(self, statement: ast.stmt) -> bool:
        return bool(self._items_in(statement))

    def _items_in(self, statement: ast.stmt) -> list[str]:
        texts = [node.value for node in strings([statement])]
        return [item for item in self._found.items if any(holds(text, item) for text in texts)]

    def _uses_target(self, statement: ast.stmt, place: int) -> bool:
        """Whether it acts on a variable for an item's element."""
        used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} - _OWN_NAMES
        for earlier in self._body[self._found.end : place]:
            if isinstance(earlier, ast.Assign) and self._mentions_item(earlier):
                names = {node.id for node in earlier.targets if isinstance(node, ast.Name)}
                if names & used:
                    return True
        return False

    def _targets(self) -> list[str]:
        """Return the items that are acted on."""
        acting = [each for each in self._after if not _is_expectation(each)]
        return list(dict.fromkeys(item for each in acting for item in self._items_in(each)))

    @property
    def order_is_free(self) -> bool:
        """Whether the first expectation does not depend on the last item, so that the order of items does not
        matter.
        """
        first = next((each for each in self._after if _is_expectation(each)), None)
        return first is not None and not self._mentions_item(first)

    def acts_on(self, block: Sequence[ast.stmt]) -> bool:
        """Whether a block types an item that is acted on later."""
        return any(item in self._targets() for each in block for item in self._items_in(each))

    def raised(self, statement: ast.stmt, place: int, by: int) -> ast.stmt:
        """Return a statement with its dependent counts raised."""
        changed = copy.deepcopy(statement)
        if any(count.place == place and count.template in self._depending for count in self._counts):
            for node in ast.walk(changed):
                _raise(node, self._depending, by)
        return changed

    def seen_elsewhere(self, after: Sequence[ast.stmt], *, shared: bool) -> list[ast.stmt]:
        """Return the expectations after a reload, for a second browser context as well."""
        reloads = [number for number, each in enumerate(after) if _is_reload(each)]
        if not shared or not reloads:
            return []
        expected = [each for each in after[reloads[-1] + 1 :] if _is_expectation(each)]
        again = [each for each in expected if _names(each) <= _OWN_NAMES]
        return [*ast.parse("\n".join(SECOND_PAGE)).body, *map(copy.deepcopy, again)] if again else []

    def done_once_more(self, after: Sequence[ast.stmt], extra: str, by: int) -> list[ast.stmt]:
        """Return the test's only action repeated for an additional item, with the same change of the expected count."""
        [*targets] = self._targets()
        counted = [count for count in self._counts if count.template in self._depending]
        acts = [number for number, each in enumerate(self._after) if self._is_act(each, number)]
        if (
            len(targets) != 1
            or not acts
            or len({each.template for each in counted}) != 1
            or _ONLY_ONE.search(self._words)
        ):
            return []
        first = self._found.end + acts[0]
        before = [count.value for count in counted if count.place < first]
        later = [count.value for count in counted if count.place > first]
        if not before or not later or len(set(later)) != 1 or abs(later[0] - before[-1]) != 1:
            return []
        step = later[0] - before[-1]
        action = _with_text([after[number] for number in acts], {targets[0]: extra})
        last = next(number for number in reversed(range(len(after))) if self._counts_at(number))
        expected = copy.deepcopy(after[last])
        for node in ast.walk(expected):
            _raise(node, self._depending, step)
        if not _names(expected) <= _OWN_NAMES or later[0] + by + step < 2:
            return []
        looks = [expected, *self._one_more_acted_on(after, acts[0])]
        reload = [ast.parse("page.reload()").body[0]] if any(map(_is_reload, after)) else []
        return [*action, *looks, *reload, *(map(copy.deepcopy, looks) if reload else [])]

    def _one_more_acted_on(self, after: Sequence[ast.stmt], act: int) -> list[ast.stmt]:
        """Raise the expected count of items that were acted on by one."""
        found: dict[str, ast.stmt] = {}
        for count in self._counts:
            statement = after[count.place - self._found.end]
            known = count.template in self._depending or not count.template.startswith("#count ")
            if not known and count.place > self._found.end + act and _names(statement) <= _OWN_NAMES:
                changed = copy.deepcopy(statement)
                for node in ast.walk(changed):
                    _raise(node, {count.template}, 1)
                found[count.template] = changed
        return list(found.values())

    def _counts_at(self, number: int) -> bool:
        place = self._found.end + number
        return any(count.place == place and count.template in self._depending for count in self._counts)

    def _is_act(self, statement: ast.stmt, number: int) -> bool:
        if _is_expectation(statement) or _is_reload(statement):
            return False
        return self._mentions_item(statement) or self._uses_target(statement, self._found.end + number)


def counts_something(script: Script) -> bool:
    """Whether a test expects any number."""
    return any(_counts(statement, number, ()) for number, statement in enumerate(script.function.body))


def expected_in_the_end(script: Script) -> list[ast.stmt] | None:
    """Return copies of the expectations after a test's last reload; ``None`` if it does not reload, or acts after
    it.
    """
    body = script.function.body
    reloads = [number for number, each in enumerate(body) if _is_reload(each)]
    after = body[reloads[-1] + 1 :] if reloads else []
    if not after or not all(map(_is_expectation, after)):
        return None
    return [copy.deepcopy(each) for each in after]


# -- single statements


def _is_expectation(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Name) and node.id in {"expect", EXPECT_ROWS} for node in ast.walk(statement))


def _is_reload(statement: ast.stmt) -> bool:
    return ast.unparse(statement) == "page.reload()"


def _names(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _template(text: str) -> str:
    """Return a text with its only number replaced by a placeholder; empty if it has none or several."""
    return _NUMBER.sub("#", text) if len(_NUMBER.findall(text)) == 1 else ""


def _counts(statement: ast.stmt, place: int, items: Collection[str]) -> list[_Count]:
    """Return the numbers that a statement expects. A text with several numbers counts as unknown."""
    if not _is_expectation(statement):
        return []
    if any(_counts_rows(node) for node in ast.walk(statement)):
        return [_Count(place, f"? {ast.unparse(statement)}", -1)]
    found = []
    for node in strings([statement]):
        numbers = _NUMBER.findall(node.value)
        if numbers and not any(holds(node.value, item) for item in items):
            found.append(_Count(place, _template(node.value) or f"? {node.value}", int(numbers[0])))
    for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "to_have_count" and call.args:
            value = call.args[0]
            number = value.value if isinstance(value, ast.Constant) and isinstance(value.value, int) else -1
            found.append(_Count(place, f"#count {ast.unparse(call.func.value)}", number))
    return found


def _counts_rows(node: ast.AST) -> bool:
    """Whether all rows of a table, or numbers in its cells, are expected: they may depend on the number of items."""
    if not (isinstance(node, ast.Call) and is_call(node)):
        return False
    return says(node, "exact") or any(_NUMBER.search(each.value) for each in strings(node.args[1:]))


def _raise(node: ast.AST, templates: Collection[str], by: int) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _template(node.value) in templates:
        node.value = _NUMBER.sub(lambda match: str(int(match[0]) + by), node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "to_have_count":
        value = node.args[0] if node.args else None
        if f"#count {ast.unparse(node.func.value)}" in templates and isinstance(value, ast.Constant):
            value.value = int(str(value.value)) + by
