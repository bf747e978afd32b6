"""What the judge looks at beside what a test itself looks at, for every test in the same way.

Laid over Playwright, so that it holds for generated and hand-written tests: an absence is taken only from a page that
has settled, and once more in the end; what is expected, and what is pressed, has to be seen by a person; and what is
expected after an action is looked up before it. It refuses nothing: each thing that is not as it should be is told, as
a doubt, and whoever reads the record decides.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import playwright.sync_api
from playwright.sync_api import (
    APIRequestContext,
    BrowserContext,
    Error,
    Frame,
    Keyboard,
    Locator,
    Mouse,
    Page,
    Touchscreen,
    expect,
)
from playwright.sync_api._context_manager import PlaywrightContextManager

from pytest_chimera.judge.asking import ask, teach
from pytest_chimera.judge.assertions import Expectation, Kind, selector_of
from pytest_chimera.judge.lookahead import ACTIONS, NAVIGATIONS, ahead, own_frames
from pytest_chimera.judge.record import Doubt, DoubtKind, Held, Line, Plan
from pytest_chimera.judge.settling import STILL_SECONDS, Settling, Traffic, pause
from pytest_chimera.judge.visibility import SENTENCES

_LONGEST = 10.0
"""Seconds after which a request without an end is a long poll; so much longer where the judge is more patient."""
_USUAL_PATIENCE = 5.0
_SHORT_STILLNESS = 1.0
_LOOKS = 3
_OFTEN, _MOMENT = 3, 0.1
"""What has been seen on so many settled pages, as in a loop of reloads, is looked at for this long from then on."""
_LOOK_EVERY = 0.05
_NOWHERE = frozenset({"set_input_files", "hover", "focus", "up", "down", "wheel", "drag_and_drop"})
"""Actions without a control that a person would have to find: a file's field is hidden behind a button of its own."""
_TRIED = frozenset({"click", "dblclick", "tap", "check", "uncheck", "set_checked"})
_TYPING = frozenset({"fill", "type", "press_sequentially", "insert_text", "select_option"})
_READS = frozenset(
    [
        "all",
        "all_inner_texts",
        "all_text_contents",
        "content",
        "count",
        "evaluate",
        "evaluate_all",
        "get_attribute",
        "inner_html",
        "inner_text",
        "input_value",
        "is_checked",
        "is_disabled",
        "is_editable",
        "is_enabled",
        "is_hidden",
        "is_visible",
        "query_selector",
        "query_selector_all",
        "text_content",
        "title",
    ]
)
_ELSEWHERE = frozenset({"delete", "fetch", "patch", "post", "put"})
_WAITED_FOR = frozenset({"hidden", "covered"})
_HOVERED = frozenset({"opacity", "contrast", "nothing drawn"})
_FOCUSED = frozenset({"size", "clipped", "covered", "off the page"})
_STATES = frozenset({"is_visible", "is_checked", "is_enabled", "is_editable"})
"""What is so shows itself; that it is not so may be because it is not there yet."""


@dataclass(frozen=True)
class Standing:
    """An expectation that was met, and has to be met in the end still.

    :param attempt: makes it again; ``line`` is where it stands in the test.
    """

    expectation: Expectation
    attempt: Callable[[], None]
    line: int


@dataclass
class _Test:
    """What is known of the test that is running.

    :param before: what is expected next, with whether it held before each action since the last expectation;
        ``at_start`` all that is expected, with whether it held before the first action.
    :param standing: what has to hold in the end still; ``met`` all that was expected and found.
    :param typed: the words that were typed; ``typed_before`` those before the last expectation.
    :param expects: it has expected something since its last action; ``left``: it has gone to another document since.
    :param closed: its own function is not running.
    """

    nodeid: str
    acted: bool = False
    before: dict[str, bool] = field(default_factory=dict)
    at_start: dict[str, bool] = field(default_factory=dict)
    standing: list[Standing] = field(default_factory=list)
    met: list[Expectation] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    typed_before: list[str] = field(default_factory=list)
    expects: bool = False
    left: bool = False
    closed: bool = True


class Scrutiny:
    """Sees to all of it.

    :param plan: what the judge wants; ``folder`` is its folder; ``write`` writes a line of the record.
    :param patch: undoes what is laid over Playwright.
    """

    def __init__(self, plan: Plan, folder: Path, write: Callable[[Line], None], patch: Any) -> None:
        self._plan = plan
        self._folder = folder
        self._write = write
        self._traffic = Traffic(_LONGEST * max(1.0, plan.patience / _USUAL_PATIENCE))
        self._settling = Settling(self._traffic, lambda page: ask(page, "stillness", None, plan.sight))
        self._busy = False
        self._test = _Test("")
        self._lay_over(patch)

    def _lay_over(self, patch: Any) -> None:
        kind = type(expect)
        for name in ("__call__", "soft"):
            if hasattr(kind, name):
                patch.setattr(kind, name, self._expecting(getattr(kind, name), soft=name == "soft"))
        for place in (Locator, Page, Frame, Keyboard, Mouse, Touchscreen):
            self._lay_over_each(patch, place, ACTIONS, self._acting)
        self._lay_over_each(patch, Page, NAVIGATIONS, self._leaving)
        self._lay_over_each(patch, APIRequestContext, _ELSEWHERE, self._leaving)
        for reader in (Locator, Page, Frame):
            self._lay_over_each(patch, reader, _READS, self._reading)
        patch.setattr(PlaywrightContextManager, "__enter__", _taught(PlaywrightContextManager.__enter__))

    @staticmethod
    def _lay_over_each(patch: Any, place: type, names: frozenset[str], laid: Callable[..., Any]) -> None:
        for name in names:
            if callable(original := getattr(place, name, None)):
                patch.setattr(place, name, laid(name, original))

    def watch(self, context: BrowserContext) -> None:
        """See to a context from its beginning."""
        self._traffic.watch(context)

    # -- one test

    def begin(self, nodeid: str) -> None:
        """From here on what is seen belongs to this test."""
        self._test = _Test(nodeid, closed=False)

    def end(self, error: BaseException | None) -> None:
        """The test's own function has ended: look again at what is still to be as it was, or at what it did not get to.

        :param error: what it ended with; ``None`` when it has passed.
        """
        if error is None:
            self._look_again()
        else:
            with self._ours():
                self._look_up(_frames_of(error, self._folder), whole=True, again=True)
        self._test.closed = True

    def _look_again(self) -> None:
        for each in self._test.standing:
            page = each.expectation.page
            if page.is_closed():
                continue
            with self._ours():
                self._settling.settle(page, _SHORT_STILLNESS)
                try:
                    each.attempt()
                except (AssertionError, Error) as error:
                    self._doubt("unsettled", each.line, each.expectation.as_text, _first_line(error))

    @contextmanager
    def _ours(self) -> Iterator[None]:
        """What the judge itself asks is none of the test's own calls."""
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before

    @property
    def _aside(self) -> bool:
        return self._busy or self._test.closed

    def _doubt(self, kind: DoubtKind, line: int, what: str, why: str) -> None:
        self._write(Doubt(self._test.nodeid, kind, what, why, line))

    def _line(self) -> int:
        """The line that the test itself is at."""
        frames = own_frames(sys._getframe(1), self._folder)
        shown = [(frame, line) for frame, line in frames if not frame.f_locals.get("__tracebackhide__")]
        file = self._test.nodeid.partition("::")[0].rpartition("/")[2]
        own = [line for frame, line in shown if Path(frame.f_code.co_filename).name == file]
        return own[0] if own else 0

    # -- expectations

    def _expecting(self, original: Callable[..., Any], *, soft: bool) -> Callable[..., Any]:
        def expecting(itself: Any, actual: Any, *arguments: Any, **options: Any) -> Any:
            made = original(itself, actual, *arguments, **options)
            if self._aside or not isinstance(actual, Page | Locator):
                return made
            return _Made(made, actual, self, soft)

        return expecting

    def expected(self, expectation: Expectation, attempt: Callable[[], None], *, soft: bool) -> None:
        """A test expects something."""
        __tracebackhide__ = True
        if self._aside or expectation.page.is_closed():
            return attempt()
        caller = next(iter(own_frames(sys._getframe(1), self._folder)), None)
        waits = caller is not None and caller[0].f_locals.get("__tracebackhide__")
        with self._ours():
            at_once = not self._test.standing or self._holds(expectation) is not False
        if expectation.kind is Kind.PRESENT and not self._is_unchanged(expectation):
            attempt()
            self._stands_no_more(expectation, at_once)
        else:
            self._made_on_a_settled_page(expectation, attempt, once=soft)
            self._stands_no_more(expectation, at_once)
            if not soft and not waits:
                self._test.standing.append(Standing(expectation, attempt, self._line()))
        self._test.expects = True
        if waits:
            with self._ours():
                self._see(expectation, self._line())
        elif not soft:
            self._met(expectation)
        return None

    def _holds(self, expectation: Expectation) -> bool | None:
        """Whether it holds now; ``None`` where that cannot be told, as of a page that hangs."""
        return expectation.holds() if self._settling.answers(expectation.page) else None

    def _is_unchanged(self, expectation: Expectation) -> bool:
        """It held before what was done, or before the page was opened anew."""
        test = self._test
        again = test.left and any(each.as_text == expectation.as_text for each in test.met)
        return again or test.before.get(expectation.as_text, False)

    def _stands_no_more(self, expectation: Expectation, at_once: bool) -> None:
        """What a test has waited for has changed the page: what it has expected before is no end any more; nor is what
        it has expected of the same place.
        """
        standing = self._test.standing if at_once else []
        self._test.standing = [each for each in standing if each.expectation.place != expectation.place]

    def _made_on_a_settled_page(self, expectation: Expectation, attempt: Callable[[], None], *, once: bool) -> None:
        __tracebackhide__ = True
        page, met = expectation.page, self._test.met
        limit = self._plan.patience if expectation.kind is Kind.ABSENT else _SHORT_STILLNESS
        often = sum(each.as_text == expectation.as_text for each in met) > _OFTEN
        still_for = _MOMENT if often else STILL_SECONDS
        for _ in range(1 if once else _LOOKS):
            with self._ours():
                still = self._settling.settle(page, limit, still_for)
                before = self._settling.changes(page)
            attempt()
            with self._ours():
                if self._settling.is_quiet(page) and (not still or self._settling.changes(page) == before):
                    return

    def _met(self, expectation: Expectation) -> None:
        line = self._line()
        with self._ours():
            self._see(expectation, line)
            self._compare(expectation, line)
        self._test.met.append(expectation)

    # -- seen by a person

    def _see(self, expectation: Expectation, line: int) -> None:
        for locator, wish in expectation.looks():
            rule = self._settled_look(locator, wish)
            if rule and not (wish.get("texts") and self._is_read_elsewhere(expectation, wish)):
                what = f"{selector_of(locator)} | {rule}"
                return self._doubt("unseen", line, what, f"{expectation.as_text}: {SENTENCES[rule]}")
        return None

    def _is_read_elsewhere(self, expectation: Expectation, wish: dict[str, Any]) -> bool:
        """What is there for a screen reader alone may be written for everybody else beside it."""
        return self._look(expectation.page.locator("body"), wish) == ""

    def _settled_look(self, locator: Locator, wish: dict[str, Any]) -> str:
        """The rule that is broken still when what is being drawn had its time."""
        until = time.monotonic() + self._plan.patience
        while rule := self._look(locator, wish):
            if time.monotonic() > until:
                break
            pause(locator.page, _LOOK_EVERY)
        return rule or ""

    def _look(self, locator: Locator, wish: dict[str, Any]) -> str | None:
        """The rule that is broken now; ``None`` where there is nothing any more to look at."""
        for _ in range(2):
            if not self._settling.answers(locator.page):
                continue
            try:
                if locator.count() != 1:
                    return None
                return str(ask(locator, "eye", wish, self._plan.sight))
            except Error:
                continue
        return None if locator.page.is_closed() else "not to be looked at"

    # -- actions

    def _acting(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def acted(thing: Any, *arguments: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            if self._aside:
                return original(thing, *arguments, **options)
            with self._ours():
                self._about_to_act(sys._getframe(1))
                self._note_typed(name, arguments, options)
            control = _control(thing, name, arguments, options)
            found = control is None or self._find(control, name, waits=name in _TRIED)
            if not found and name in _TRIED and control is not None:
                original(thing, *arguments, **{**options, "trial": True})
                found = self._find(control, name)
            result = original(thing, *arguments, **options)
            if not found and control is not None:
                self._find(control, name)
            return result

        return acted

    def _find(self, control: Locator, name: str, *, waits: bool = False) -> bool:
        """Look for a control as a person would; ``False`` where it is not there to be looked at.

        :param waits: Playwright is still to be asked to wait until it can be pressed.
        """
        line = self._line()
        with self._ours():
            wish = {"pressed": True}
            rule = self._look(control, wish)
            if rule is None or (waits and rule in _WAITED_FOR):
                return False
            if rule and self._shows_itself(control, rule):
                rule = ""
            if rule := rule and self._settled_look(control, wish):
                what = f"{selector_of(control)} | {rule}"
                self._doubt("unseen", line, what, f"{selector_of(control)} {name}: {SENTENCES[rule]}")
        return True

    def _shows_itself(self, control: Locator, rule: str) -> bool:
        """Some controls are drawn only where the pointer is, or once they have the focus."""
        limit = self._plan.patience * 1000
        with suppress(Error):
            if rule in _HOVERED:
                control.hover(timeout=limit)
                return self._look(control, {"pressed": True}) == ""
            if rule in _FOCUSED:
                control.focus(timeout=limit)
                return self._look(control, {"pressed": True}) == ""
        return False

    def _leaving(self, _name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        """Another document, or a request that the test sends itself: what was expected before may have ended."""

        def left(thing: Any, *arguments: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            if not self._aside:
                self._test.standing.clear()
                self._test.before.clear()
                self._test.left = True
            return original(thing, *arguments, **options)

        return left

    def _reading(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        """A test may expect anything of what it reads: it is read from a page that has settled."""

        def read(thing: Any, *arguments: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            if self._aside:
                return original(thing, *arguments, **options)
            if name in _STATES and original(thing, *arguments, **options):
                return True
            page = thing if isinstance(thing, Page) else thing.page
            with self._ours():
                self._settling.settle(page, _SHORT_STILLNESS)
            if name.startswith("evaluate"):
                self._test.standing.clear()
            return original(thing, *arguments, **options)

        return read

    # -- caused by what was done

    def _about_to_act(self, caller: FrameType) -> None:
        test = self._test
        test.standing.clear()
        test.left = False
        if test.expects:
            test.before, test.expects = {}, False
        frames = own_frames(caller, self._folder)
        if not test.acted:
            test.at_start = self._look_up(frames, whole=True)
        now = self._look_up(frames, whole=False)
        test.before = {what: held and test.before.get(what, True) for what, held in now.items()}
        test.acted = True

    def _look_up(self, frames: list[tuple[FrameType, int]], *, whole: bool, again: bool = False) -> dict[str, bool]:
        """What is expected next, with whether it holds already."""
        found: dict[str, bool] = {}
        for expectation in ahead(frames, whole=whole, again=again):
            if not self._settling.answers(expectation.page):
                break
            is_there = expectation.kind is not Kind.ABSENT and expectation.as_text not in found
            if is_there and (held := expectation.holds()) is not None:
                found[expectation.as_text] = held
        for what in (what for what, held in found.items() if held):
            self._write(Held(self._test.nodeid, what))
        return found

    def _note_typed(self, name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        if name in _TYPING:
            given = [*arguments, *options.values()]
            self._test.typed += [each for each in given if isinstance(each, str) and len(each) > 1]

    def _compare(self, expectation: Expectation, line: int) -> None:
        test = self._test
        what = expectation.as_text
        if test.before.get(what) and not self._is_kept(expectation):
            self._doubt("not caused", line, what, f"{what}: it was there before anything was done for it")
        elif text := expectation.counted:
            self._refuse_rivals(expectation, text, line)
        test.typed_before = list(test.typed)

    def _is_kept(self, expectation: Expectation) -> bool:
        """What was seen, or typed, before: it is expected that it is there still."""
        test = self._test
        if expectation.is_control and not test.at_start.get(expectation.as_text):
            return True
        known = {word for each in test.met for word in each.words}
        words = expectation.words
        if words and all(word in known or any(typed in word for typed in test.typed_before) for word in words):
            return True
        return any(each.as_text == expectation.as_text for each in test.met)

    def _refuse_rivals(self, expectation: Expectation, text: str, line: int) -> None:
        """A number is told by a page that tells no other one in its place."""
        if any(typed in text or text in typed for typed in self._test.typed):
            return None
        earlier = {each.counted for each in self._test.met} - {"", text}
        until = time.monotonic() + self._plan.patience
        while rivals := self._rivals(expectation.page, text, earlier):
            if time.monotonic() > until:
                told = ", ".join(map(repr, rivals[:3]))
                return self._doubt("not caused", line, "", f"{expectation.as_text}: the page says {told} as well")
            pause(expectation.page, _LOOK_EVERY)
        return None

    def _rivals(self, page: Page, text: str, earlier: set[str]) -> list[str]:
        try:
            found: list[str] = ask(page, "rivals", text, self._plan.sight)
        except Error:
            return []
        return found if len(found) > 1 or set(found) & earlier else []


class _Made:
    """Playwright's assertions of one thing, each of them seen to."""

    def __init__(self, own: Any, actual: Page | Locator, scrutiny: Scrutiny, soft: bool) -> None:
        self._own = own
        self._actual = actual
        self._scrutiny = scrutiny
        self._soft = soft

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._own, name)
        if not name.startswith(("to_", "not_to_")):
            return found

        def made(*arguments: Any, **options: Any) -> None:
            __tracebackhide__ = True
            expectation = Expectation(self._actual, name, arguments, options)
            self._scrutiny.expected(expectation, lambda: found(*arguments, **options), soft=self._soft)

        return made


def _taught(enter: Callable[..., Any]) -> Callable[..., Any]:
    def entered(manager: PlaywrightContextManager) -> playwright.sync_api.Playwright:
        started: playwright.sync_api.Playwright = enter(manager)
        teach(started.selectors)
        return started

    return entered


def _control(thing: Any, name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Locator | None:
    """What an action is done to; ``None`` where that is nothing that a person has to find."""
    if name in _NOWHERE or isinstance(thing, Keyboard | Mouse | Touchscreen):
        return None
    if isinstance(thing, Locator):
        return thing
    selector = options.get("selector", next(iter(arguments), None))
    return thing.locator(selector) if isinstance(selector, str) else None


def _frames_of(error: BaseException, folder: Path) -> list[tuple[FrameType, int]]:
    """The test's own frames that an exception came through, the innermost first."""
    found: list[tuple[FrameType, int]] = []
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).is_relative_to(folder):
            found.insert(0, (trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return found


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), "")
