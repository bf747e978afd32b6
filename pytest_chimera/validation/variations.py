"""Variations: the sealed test with other data, more items, or another browser profile.

A variation asserts nothing that the test does not: every relation between what is typed and what is expected is kept.
What a test does not clearly support is left out, with the reason.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pytest_chimera.models import GeneratedTest
from pytest_chimera.scenario.rendering.row_helper import EXPECT_ROWS
from pytest_chimera.validation.data.fresh_texts import FreshTexts, replaced
from pytest_chimera.validation.data.more_data import (
    SECOND_PAGE,
    CannotVary,
    counts_something,
    expected_in_the_end,
    multiplied,
    repetition_of,
)
from pytest_chimera.validation.data.typed_literals import PASSWORD, Script, strings

OTHER_DATA = "other data, another browser"
MORE_ITEMS = "more items, another order"
SECOND_CONTEXT = "a second browser context"
STEADY = "thirty reloads"
AFTER_RESTART = "after a restart of the server"
_RELOADS = """
import time
chimera_ends = time.monotonic() + 20
for _ in range(30):
    if time.monotonic() < chimera_ends:
        page.reload()
"""


@dataclass(frozen=True)
class Variation:
    """Another way to run a test.

    :param name: what is varied, as recorded in the proof.
    :param test: the test to run; its node ids are the sealed test's.
    :param other_browser: run it with a different region, window and browser version.
    """

    name: str
    test: GeneratedTest
    other_browser: bool = False


@dataclass(frozen=True)
class Variations:
    """All variations of a test, and what is left out: name → reason."""

    made: tuple[Variation, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


def vary(test: GeneratedTest, seed: str, fixed: Collection[str] = (), *, shared: bool = False) -> Variations:
    """Return the variations of a test.

    :param seed: the same seed results in the same variations.
    :param fixed: words that are existing data.
    :param shared: on the base, what one browser context stores is visible in another.
    """
    script = Script.of(test, fixed)
    if script is None:
        return Variations((), {OTHER_DATA: "its function is not found"})
    left_out: dict[str, str] = {}
    first = _reloaded(_with_other_words(script, random.Random(f"{seed}/words"), left_out), left_out)
    made = [_variation(OTHER_DATA, test, first, other_browser=True)]
    try:
        second = _with_more(script, random.Random(f"{seed}/more"), shared=shared)
        made.append(_variation(MORE_ITEMS, test, second))
    except CannotVary as why:
        left_out[MORE_ITEMS] = str(why)
    if MORE_ITEMS in left_out:
        left_out[SECOND_CONTEXT] = left_out[MORE_ITEMS]
    elif not shared:
        left_out[SECOND_CONTEXT] = "the base does not show in a second context what was typed in the first"
    return Variations(tuple(made), left_out)


def _variation(name: str, test: GeneratedTest, script: Script, *, other_browser: bool = False) -> Variation:
    changed = test.model_copy(update={"source": script.source, "steps": ()})
    return Variation(name, changed, other_browser)


def _wordplay(script: Script, chance: random.Random) -> FreshTexts:
    data = script.data()
    return FreshTexts(list(data), script.pinned(data), chance)


def _with_other_words(script: Script, chance: random.Random, left_out: dict[str, str]) -> Script:
    mapping = _wordplay(script, chance).mapping()
    if not script.data():
        left_out["other words"] = "it expects nothing again that it has typed in itself"
    elif not mapping:
        left_out["other words"] = "the words that it types stand for something else in it, too"
    return _said(script.copy(), mapping)


def _reloaded(script: Script, left_out: dict[str, str]) -> Script:
    """Repeat the expectations after the test's last reload after many more reloads, to detect intermittent results.

    Only if the test itself reloads: elsewhere a reload might repeat an action.
    """
    expected = expected_in_the_end(script)
    if expected is None:
        left_out[STEADY] = "it does not reload the page itself"
        return script
    begins = ast.parse(_RELOADS).body
    loop = begins[-1]
    assert isinstance(loop, ast.For), "it ends with the loop"
    branch = loop.body[0]
    assert isinstance(branch, ast.If), "the loop holds one condition"
    branch.body += expected
    script.function.body += begins
    return script


def after_restart(test: GeneratedTest, path: str) -> GeneratedTest | None:
    """Return the expectations after a test's last reload for a newly opened page.

    ``None`` if the test never reloads, or logs in.

    :param path: where the test ended.
    """
    script = Script.of(test)
    expected = expected_in_the_end(script) if script is not None else None
    if script is None or expected is None or any(PASSWORD.search(each.field) for each in script.typed):
        return None
    own = {each.arg for each in script.function.args.args} | {"expect", "re", EXPECT_ROWS}
    known = [each for each in expected if {n.id for n in ast.walk(each) if isinstance(n, ast.Name)} <= own]
    if not known:
        return None
    changed = script.copy()
    changed.function.body = [*ast.parse(f"page.goto({path!r})").body, *known]
    return test.model_copy(update={"source": changed.source, "steps": ()})


def _said(script: Script, mapping: Mapping[str, str]) -> Script:
    for node in strings(script.function.body):
        node.value = replaced(node.value, mapping)
    return script


def _with_more(script: Script, chance: random.Random, *, shared: bool) -> Script:
    """Return the test with additional items, and the same expectations of them.

    :raises CannotVary: the test does not show how its expectations depend on the number of items.
    """
    data = script.data()
    found = repetition_of(script, list(data))
    play = _wordplay(script, chance)
    extras: list[str] = []
    for _ in range(chance.randint(2, 3)):
        text = play.another(chance.choice(found.items), [*data, *extras])
        if text is None:
            raise CannotVary("the items that it types stand for something else in it, too")
        extras.append(text)
    return multiplied(script, found, extras, chance, shared=shared)


def counts(test: GeneratedTest) -> bool:
    """Whether a test expects a number, which depends on existing data."""
    script = Script.of(test)
    return script is not None and counts_something(script)


def shares_data(test: GeneratedTest, fixed: Collection[str] = ()) -> GeneratedTest | None:
    """Return a test that types what ``test`` types first, and looks for it in a second browser context.

    If it is green on the base, stored data belongs to the application rather than to one browser. ``None`` if the test
    types nothing suitable.
    """
    script = Script.of(test, fixed)
    if script is None:
        return None
    try:
        found = repetition_of(script, list(script.data()))
    except CannotVary:
        return None
    changed = script.copy()
    looks = [f"expect(page.get_by_text({item!r}).first).to_be_visible()" for item in found.items]
    lines = [*SECOND_PAGE, *looks]
    typed = changed.function.body[: found.end]
    changed.function.body = [*typed, *ast.parse("\n".join(lines)).body]
    imports = ast.parse("from playwright.sync_api import expect").body
    changed.module.body = [*_leading(changed.module), *imports, *_rest(changed.module)]
    return test.model_copy(update={"source": changed.source, "steps": ()})


def _leading(module: ast.Module) -> list[ast.stmt]:
    return [node for node in module.body if isinstance(node, ast.Import | ast.ImportFrom)]


def _rest(module: ast.Module) -> list[ast.stmt]:
    return [node for node in module.body if not isinstance(node, ast.Import | ast.ImportFrom)]


__all__ = [
    "AFTER_RESTART",
    "MORE_ITEMS",
    "OTHER_DATA",
    "SECOND_CONTEXT",
    "STEADY",
    "Variation",
    "Variations",
    "after_restart",
    "counts",
    "shares_data",
    "vary",
]
