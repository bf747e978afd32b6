"""Text → Scenario: every step read, bound to what came before, and written in Playwright."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pytest_chimera.errors import ScenarioError
from pytest_chimera.models import Call, Scenario, Step, StepKeyword, Target
from pytest_chimera.scenario.functions import CALL, NotCallable, StepFunction, StepFunctions
from pytest_chimera.scenario.language.conditions import CERTAINTY, expectation_for
from pytest_chimera.scenario.language.glossary import MAX_DEPTH, Glossary
from pytest_chimera.scenario.language.grammar import read_step
from pytest_chimera.scenario.language.languages import ENGLISH, Languages, Table
from pytest_chimera.scenario.language.phrases.page_names import PageName
from pytest_chimera.scenario.language.phrases.slots import Count
from pytest_chimera.scenario.language.sentences import steps_for
from pytest_chimera.scenario.language.suggestions import suggest
from pytest_chimera.scenario.language.words.lexer import MAX_STEP_LENGTH, Tokens, phrase, tokenize
from pytest_chimera.scenario.language.words.readings import Reading, Setting
from pytest_chimera.scenario.reading.binding import last_thing, things_in, with_exact_names, with_it_bound
from pytest_chimera.scenario.reading.understood import Understood, arranges, check_arranging
from pytest_chimera.scenario.rendering.context import Work
from pytest_chimera.scenario.rendering.idioms.actions import path_of
from pytest_chimera.scenario.rendering.idioms.expectations import is_beside, is_loose
from pytest_chimera.scenario.rendering.idioms.intents import kind_of, lines_of
from pytest_chimera.scenario.rendering.layout import quote
from pytest_chimera.scenario.rendering.locators import Finder
from pytest_chimera.scenario.rendering.opening import laid_out, with_openings
from pytest_chimera.scenario.text.gherkin import is_gherkin, read_gherkin
from pytest_chimera.scenario.text.step_errors import NeedsSteps, UnknownStepError, UnknownStepsError
from pytest_chimera.scenario.text.step_text import WrittenStep, keyword_of, read_steps

_NOTHING_SHOWN = 'expect(page.locator("body")).to_have_text(re.compile(r"\\S"), use_inner_text=True)'
_EXPECTING = "assert-"
MANY = 20
"""Unknown steps of one text for which wordings are looked up; whoever writes more of them has read enough by then."""
_ANSWERS = frozenset({"accept-dialog", "dismiss-dialog"})


class ScenarioParser:
    """Reads what a person wrote.

    :param pages: page name → path, as ``[tool.chimera.pages]`` holds them.
    :param glossary: phrase → steps, as ``[tool.chimera.glossary]`` holds them.
    :param test_id: the attribute that holds test ids.
    :param functions: the project's own functions for steps, as ``pytest_chimera_steps`` gives them.
    :param languages: code → phrases of that language, as ``[tool.chimera.languages]`` holds them.
    :param language: the language of a text that names none.
    """

    def __init__(
        self,
        pages: Mapping[str, str] | None = None,
        glossary: Mapping[str, Sequence[str] | str] | None = None,
        test_id: str = "data-testid",
        *,
        languages: Mapping[str, Table] | None = None,
        language: str = ENGLISH,
        functions: Sequence[StepFunction] = (),
    ) -> None:
        self._pages = {name.lower(): path for name, path in (pages or {}).items()}
        self._glossary = Glossary(glossary)
        self._functions = StepFunctions(functions, self._glossary)
        self._languages = Languages(languages, language)
        self._language = language
        self._test_id = test_id

    def parse(self, text: str, url: str = "/", *, title: str = "", line: int = 1, path: str = "") -> Scenario:
        """The scenario that a text describes.

        :param text: steps, one a line: with Gherkin's keywords, as bullets, or plain.
        :param url: the path at which the scenario begins.
        :param line: the text's first line in the file ``path``.
        :raises UnknownStepError: a step is not understood; :class:`UnknownStepsError` when several are not.
        :raises ScenarioError: there is no step in the text.
        """
        if is_gherkin(text):
            return self._parse_gherkin(text, url, title=title, line=line, path=path)
        return self.compile(read_steps(text, line, self._language), url, title=title, path=path)

    def _parse_gherkin(self, text: str, url: str, *, title: str, line: int, path: str) -> Scenario:
        """The one scenario of a text with Gherkin's headings."""
        found = read_gherkin(text, path, line).scenarios
        if len(found) != 1:
            names = ", ".join(dict.fromkeys(repr(one.name) for one in found)) or "none"
            raise ScenarioError(
                "A feature is one scenario.",
                where=path,
                remedy=f"The text has: {names}. Put the scenarios into a .feature file, and name one: "
                'feature(…, file="todos.feature", scenario="…").',
            )
        return self.compile(found[0].steps, url, title=title or found[0].name, path=path)

    def parse_sentence(self, sentence: str, url: str = "/", *, line: int = 0, path: str = "") -> Scenario:
        """A scenario from one sentence, completed by what its success looks like.

        :raises ScenarioError: the sentence says nothing that can be seen; the remedy is a template to complete.
        """
        steps = read_steps(sentence, line, self._language)
        try:
            scenario = self.compile(steps, url, title=sentence, path=path)
        except UnknownStepError as error:
            raise _needs_steps(sentence, path, line) from error
        if any(step.kind.startswith("assert-") for step in scenario.steps):
            return scenario
        pattern = steps_for(tokenize(steps[-1].text), _setting(steps[-1]))
        if pattern is None or not pattern.outcome:
            raise _needs_steps(sentence, path, line)
        outcome = tuple(WrittenStep(text, "Then", "Then", line) for text in pattern.outcome)
        return self.compile((*steps, *outcome), url, title=sentence, path=path)

    def parse_step(self, text: str, keyword: str = "When") -> Step:
        """One step by itself.

        :param text: the step, with or without its keyword.
        :param keyword: Given, When or Then; And and But leave open which.
        :returns: the step; one that ends in rows or a text below it has no code for them.
        :raises UnknownStepError: it is not understood.
        """
        said, rest = keyword_of(text)
        stated = said or keyword.strip().capitalize()
        known: StepKeyword | None = stated if stated in {"Given", "When", "Then"} else None  # type: ignore[assignment]  # narrowed by the set
        step = WrittenStep(rest, known, stated)
        try:
            return self.compile((step,), lenient=False).steps[0]
        except UnknownStepError as error:
            with contextlib.suppress(UnknownStepError):
                return self.compile((replace(step, alone=True),), lenient=False).steps[0]
            raise error

    def compile(
        self, steps: Sequence[WrittenStep], url: str = "/", *, title: str = "", path: str = "", lenient: bool = True
    ) -> Scenario:
        """A scenario from steps that were read from a text or a Gherkin file.

        :param lenient: sentence patterns count, and what the words only suggest.
        """
        if not steps:
            raise NeedsSteps("There are no steps.", where=path)
        understood = self._all_understood(steps, path, lenient=lenient)
        check_arranging(understood, path)
        answered = any(reading.intent in _ANSWERS for step in understood for reading in step.readings)
        finder = Finder(self._test_id, self._pages, url, answered=answered)
        return Scenario(title=title, url=url, steps=tuple(_written_steps(understood, finder)))

    def _all_understood(self, steps: Sequence[WrittenStep], path: str, *, lenient: bool) -> tuple[Understood, ...]:
        found: list[Understood] = []
        errors: list[UnknownStepError] = []
        context: Target | None = None
        for step in steps:
            try:
                understood = self._understand(step, path, context, lenient=lenient, brief=len(errors) >= MANY)
            except UnknownStepError as error:
                errors.append(error.in_file(path))
                continue
            found.append(understood)
            context = last_thing(understood.readings) or context
        if errors:
            raise errors[0] if len(errors) == 1 else UnknownStepsError(errors)
        opened = with_openings([each.readings for each in found])
        return with_exact_names(
            [replace(each, readings=readings) for each, readings in zip(found, opened, strict=True)]
        )

    def _understand(
        self, step: WrittenStep, path: str, context: Target | None, *, lenient: bool, brief: bool = False
    ) -> Understood:
        if len(step.text) > MAX_STEP_LENGTH:
            raise UnknownStepError(
                step.text[:80] + "…", line=step.line, path=path, reason="The step is too long to be one step."
            )
        readings, compound = self._read(step, lenient=lenient)
        if readings is None:
            raise self._unknown(step, path, brief=brief)
        if any(reading.intent == "wait-time" for reading in readings):
            raise _bare_wait(step, readings, path)
        bound = with_it_bound(readings, context)
        if bound is None:
            raise UnknownStepError(
                step.text, line=step.line, path=path, reason='"it" has no thing before it that it could mean.'
            )
        return Understood(step, bound, compound)

    def _read(self, step: WrittenStep, *, lenient: bool, depth: int = 0) -> tuple[tuple[Reading, ...] | None, bool]:
        """The readings of a step, and whether other words than its own gave them."""
        tokens = tokenize(step.text)
        call = self._call(step, tokens)
        if call is not None:
            return (Reading(CALL, "do", {CALL: call}),), True
        defined = self._glossary.steps_for(tokens) if depth < MAX_DEPTH else None
        if defined is not None:
            return self._defined(step, defined, depth, lenient=lenient), True
        english = self._languages.english(tokens, step.language)
        if english is not None:
            return self._translated(step, english, depth, lenient=lenient)
        found = _with_all(step, read_step(tokens, _setting(step)))
        if found is None and lenient and any(token.low in {"own", "itself", "moment"} for token in tokens):
            found = read_step(tokens, replace(_setting(step), lenient=True))
        if found is not None or not lenient:
            return found, False
        return self._suggested(step), True

    def _call(self, step: WrittenStep, tokens: Tokens) -> Call | None:
        """The call of a project's own function that a step stands for."""
        try:
            call = self._functions.call_for(tokens)
        except NotCallable as why:
            raise UnknownStepError(step.text, line=step.line, refused=True, reason=str(why)) from None
        if call is not None and (step.table or step.docstring is not None):
            reason = f"{call.name} is given what stands in the step, and no table or text below it."
            raise UnknownStepError(step.text, line=step.line, refused=True, reason=reason)
        return call

    def _suggested(self, step: WrittenStep) -> tuple[Reading, ...] | None:
        """The readings of the steps that a sentence pattern gives, or of the condition that a Given states."""
        sentence = steps_for(tokenize(step.text), _setting(step))
        if sentence is None:
            return self._condition(step) if step.keyword == "Given" else None
        keyword: StepKeyword | None = "Then" if sentence.expects else step.keyword
        inner = (WrittenStep(text, keyword, line=step.line) for text in sentence.steps)
        found = [read_step(tokenize(written.text), _setting(written)) for written in inner]
        readings = [reading for several in found for reading in several or ()]
        return tuple(replace(reading, certainty=0.7) for reading in readings) if all(found) else None

    def _condition(self, step: WrittenStep) -> tuple[Reading, ...] | None:
        expectation = expectation_for(tokenize(step.text))
        found = read_step(tokenize(expectation), Setting(outcome=True)) if expectation else None
        return tuple(replace(reading, certainty=CERTAINTY) for reading in found) if found else None

    def _defined(
        self, step: WrittenStep, defined: Sequence[str], depth: int, *, lenient: bool
    ) -> tuple[Reading, ...] | None:
        """The readings of the steps that the glossary gives for one."""
        readings: list[Reading] = []
        for text in defined:
            said, rest = keyword_of(text)
            keyword: StepKeyword | None = "Then" if said == "Then" else None
            written = WrittenStep(rest, keyword, line=step.line)
            inner, _ = self._read(written, lenient=lenient, depth=depth + 1)
            if inner is None:
                raise self._unknown(written, "", reason=f"It stands in the glossary, for: {step.text}")
            readings += inner
        return tuple(readings)

    def _translated(
        self, step: WrittenStep, english: Sequence[str], depth: int, *, lenient: bool
    ) -> tuple[tuple[Reading, ...] | None, bool]:
        """The readings of what a step of another language says; one step stays one of its own kind."""
        if len(english) > 1:
            return self._defined(step, english, depth, lenient=lenient), True
        said, rest = keyword_of(english[0])
        keyword: StepKeyword | None = "Then" if said == "Then" else step.keyword
        written = replace(step, text=rest, keyword=keyword, language=ENGLISH)
        found, compound = self._read(written, lenient=lenient, depth=depth + 1)
        if found is None:
            raise self._unknown(written, "", reason=f"It stands in the table of the language, for: {step.text}")
        return found, compound

    def _unknown(self, step: WrittenStep, path: str, reason: str = "", *, brief: bool = False) -> UnknownStepError:
        tokens = tokenize(step.text)
        setting = _setting(step)
        language = self._languages.of(step.language)
        if language != ENGLISH:
            return UnknownStepError(
                step.text,
                line=step.line,
                path=path,
                unclear=phrase(tokens),
                suggestions=self._languages.nearest(tokens, language),
                glossary=_glossary_line(tokens),
                table=f"languages.{language}",
                reason=reason,
            )
        known = _known_prefix(tokens, setting)
        return UnknownStepError(
            step.text,
            line=step.line,
            path=path,
            understood=phrase(tokens[:known]),
            unclear=phrase(tokens[known:]),
            suggestions=() if brief else suggest(tokens, setting),
            glossary=_glossary_line(tokens),
            reason=reason,
        )


def _with_all(step: WrittenStep, readings: tuple[Reading, ...] | None) -> tuple[Reading, ...] | None:
    """The readings, unless rows or a text stand below the step and none of them takes those."""
    carried = [part for part, held in (("table", step.table), ("docstring", step.docstring)) if held]
    taken = {part for reading in readings or () for part in ("table", "docstring") if reading.get(part)}
    return readings if taken.issuperset(carried) else None


def _bare_wait(step: WrittenStep, readings: Sequence[Reading], path: str) -> UnknownStepError:
    time = next(reading.get("duration") for reading in readings if reading.intent == "wait-time")
    return UnknownStepError(
        step.text,
        line=step.line,
        path=path,
        refused=True,
        reason=f"A test does not wait for {time}: it would be slow where the page is fast and fail where it is slow.",
        remedy='Say what is waited for: I wait for "Saved" to appear. Every expectation waits by itself.',
    )


def _needs_steps(sentence: str, path: str, line: int) -> NeedsSteps:
    where = f"{path}:{line}" if path and line else path
    return NeedsSteps(f"The sentence says nothing that a browser could see: {sentence}", where=where)


def _setting(step: WrittenStep) -> Setting:
    stated = step.keyword in {"Given", "When"}
    table, docstring = bool(step.table) or step.alone, step.docstring is not None or step.alone
    return Setting(outcome=step.keyword == "Then", given=stated, table=table, docstring=docstring)


def _known_prefix(tokens: Tokens, setting: Setting) -> int:
    """How many tokens from the start make a step by themselves: tried at the places where a clause can end."""
    ends = [place for place in range(len(tokens) - 1, 0, -1) if not tokens[place].quoted and tokens[place - 1].quoted]
    ends += range(min(len(tokens) - 1, 12), 0, -1)
    return next((end for end in ends[:6] if read_step(tokens[:end], setting) is not None), 0)


def _glossary_line(tokens: Tokens) -> str:
    names = iter("abcdefgh")
    words = [f'\\"{{{next(names, "z")}}}\\"' if token.quoted else token.text for token in tokens]
    return f'"{" ".join(words)}" = ["When I …"]'


# -- steps in Playwright ----------------------------------------------------------------------------------------------


def _written_steps(steps: Sequence[Understood], finder: Finder) -> Iterator[Step]:
    bare = True
    keyword: StepKeyword = "Given"
    for step in steps:
        lines: list[str] = []
        for reading in step.readings:
            if arranges(reading):
                continue
            kind = kind_of(reading)
            if bare and not reading.tab and kind.startswith(_EXPECTING) and _is_absence(reading, kind):
                lines += laid_out(Reading("nothing", "see"), [_NOTHING_SHOWN])
            bare = kind == "navigate" or (bare and not _touches(kind))
            work = Work(reading, finder, step.written.table, step.written.docstring)
            written = laid_out(reading, lines_of(work))
            lines = written + lines if reading.intent in _ANSWERS else lines + written
        keyword = step.written.keyword or _natural_keyword(step, keyword)
        if all(map(arranges, step.readings)):
            keyword = "Given"
        yield _step(step, keyword, lines, finder)


def _is_absence(reading: Reading, kind: str) -> bool:
    count = reading.get("count")
    none = reading.negated or (isinstance(count, Count) and count.number == 0)
    return kind == "assert-not-visible" or (none and kind in {"assert-text", "assert-count"})


def _touches(kind: str) -> bool:
    """The step itself has to find something on the page."""
    return kind not in {"assert-url", "assert-title", "press-key", "dialog", "wait", "assert-not-visible"}


def _natural_keyword(step: Understood, before: StepKeyword) -> StepKeyword:
    """The keyword of a step that states none: a state at the beginning, then actions, then outcomes."""
    said = step.written.said
    if said in {"Given", "When", "Then"}:
        return said  # type: ignore[return-value]  # narrowed by the set
    if kind_of(step.readings[0]).startswith(_EXPECTING):
        return "Then"
    return before if said in {"And", "But"} and before != "Then" else "When"


def _step(step: Understood, keyword: StepKeyword, lines: Sequence[str], finder: Finder) -> Step:
    first = step.readings[0]
    target, value = _target_and_value(first)
    return Step(
        keyword=keyword,
        text=step.written.text,
        line=step.written.line,
        kind="compound" if step.compound else kind_of(first),
        target=target,
        value=value,
        code=tuple(lines),
        certainty=min(_certainty(reading, finder) for reading in step.readings),
        calls=tuple(call for reading in step.readings if isinstance(call := reading.get(CALL), Call)),
    )


def _target_and_value(reading: Reading) -> tuple[Target | None, str | None]:
    things = dict(things_in(reading))
    target = things.get("target") or things.get("field") or things.get("subject") or things.get("place")
    count, page = reading.get("count"), reading.get("page")
    if isinstance(count, Count):
        return count.things, str(count.number)
    if isinstance(page, PageName):
        return Target(role="page", name=page.name, quoted=bool(page.address)), page.address or None
    value = next(
        (
            reading.get(slot)
            for slot in ("value", "texts", "keys", "pattern", "files", "number")
            if reading.get(slot) is not None
        ),
        None,
    )
    text = " | ".join(str(part) for part in value) if isinstance(value, tuple) else value
    if target is None and reading.intent == "text" and isinstance(text, str):
        return Target(name=text, quoted=True), text
    return target, None if text is None else str(text)


def _certainty(reading: Reading, finder: Finder) -> float:
    page = reading.get("page")
    certain = reading.certainty
    if isinstance(page, PageName):
        certain = min(certain, path_of(page, finder)[1])
    if any(thing.guessed for _, thing in things_in(reading)) or is_loose(reading) or is_beside(reading):
        certain = min(certain, 0.8)
    count = reading.get("count")
    if isinstance(count, Count) and not (count.things.role or count.things.css):
        certain = min(certain, 0.8)
    if reading.get("words") is not None or reading.intent == "click-here":
        certain = min(certain, 0.6)
    return certain


def opens_page(step: Step) -> bool:
    """The step opens a page by itself, so that none has to be opened before it."""
    return bool(step.code) and step.code[0].startswith("page.goto(")


def start_of(url: str) -> str:
    """The statement that opens the page at which a scenario begins."""
    return f"page.goto({quote(url)})"
