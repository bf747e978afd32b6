"""Reads written steps: each step's readings, with references to earlier steps resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_chimera.models import Call, StepKeyword, Target
from pytest_chimera.scenario.functions.registry import CALL, NotCallable, StepFunctions
from pytest_chimera.scenario.language.given_conditions import CERTAINTY, expectation_for
from pytest_chimera.scenario.language.glossary import MAX_DEPTH, Glossary
from pytest_chimera.scenario.language.grammar import read_step
from pytest_chimera.scenario.language.languages import ENGLISH, Languages
from pytest_chimera.scenario.language.sentences import steps_for
from pytest_chimera.scenario.language.suggestions import suggest
from pytest_chimera.scenario.language.words.lexer import MAX_STEP_LENGTH, Tokens, phrase, tokenize
from pytest_chimera.scenario.language.words.readings import Reading, Setting
from pytest_chimera.scenario.text.step_errors import UnknownStepError, UnknownStepsError
from pytest_chimera.scenario.text.step_text import WrittenStep, keyword_of
from pytest_chimera.scenario.understanding.binding import last_thing, with_exact_names, with_it_bound
from pytest_chimera.scenario.understanding.understood import Understood, check_arranging

MANY = 20
"""The maximum number of unknown steps in a text for which suggestions are made."""
MOST_TIMES = 100
"""The maximum number of times that a step repeats an action: the test has a statement for each."""


class StepReader:
    """Reads steps with the project's own phrases: its glossary, its functions, its languages.

    :param glossary: phrase → steps, from ``[tool.chimera.glossary]``.
    :param languages: the languages that steps may be written in.
    :param functions: the project's own functions for steps.
    """

    def __init__(self, glossary: Glossary, languages: Languages, functions: StepFunctions) -> None:
        self._glossary = glossary
        self._languages = languages
        self._functions = functions

    def read(self, steps: Sequence[WrittenStep], path: str, *, lenient: bool) -> tuple[Understood, ...]:
        """Read the steps of one scenario.

        :param path: their file.
        :param lenient: allow sentence patterns and interpretations.
        :raises UnknownStepError: a step is not understood; :class:`UnknownStepsError` if several are not.
        """
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
        check_arranging(found, path)
        return with_exact_names(found)

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
        if any(map(_repeats_too_often, readings)):
            raise _not_repeated(step, path)
        bound = with_it_bound(readings, context)
        if bound is None:
            raise UnknownStepError(
                step.text, line=step.line, path=path, reason='There is nothing before "it" that it could mean.'
            )
        return Understood(step, bound, compound)

    def _read(self, step: WrittenStep, *, lenient: bool, depth: int = 0) -> tuple[tuple[Reading, ...] | None, bool]:
        """Return the readings of a step, and whether words other than its own led to them."""
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
        found = _with_all(step, read_step(tokens, setting_of(step)))
        if found is None and lenient and any(token.low in {"own", "itself", "moment"} for token in tokens):
            found = read_step(tokens, replace(setting_of(step), lenient=True))
        if found is not None or not lenient:
            return found, False
        return self._suggested(step), True

    def _call(self, step: WrittenStep, tokens: Tokens) -> Call | None:
        """Return the call of a project's own function for a step."""
        try:
            call = self._functions.call_for(tokens)
        except NotCallable as why:
            raise _refused(step, reason=str(why)) from None
        if call is not None and (step.table or step.docstring is not None):
            reason = f"{call.name} takes values from the step itself, but no table or text below it."
            raise _refused(step, reason=reason)
        return call

    def _suggested(self, step: WrittenStep) -> tuple[Reading, ...] | None:
        """Return the readings of the steps from a sentence pattern, or of the condition that a Given states."""
        sentence = steps_for(tokenize(step.text), setting_of(step))
        if sentence is None:
            return self._condition(step) if step.keyword == "Given" else None
        keyword: StepKeyword | None = "Then" if sentence.expects else step.keyword
        inner = (WrittenStep(text, keyword, line=step.line) for text in sentence.steps)
        found = [read_step(tokenize(written.text), setting_of(written)) for written in inner]
        readings = [reading for several in found for reading in several or ()]
        return tuple(replace(reading, certainty=0.7) for reading in readings) if all(found) else None

    def _condition(self, step: WrittenStep) -> tuple[Reading, ...] | None:
        expectation = expectation_for(tokenize(step.text))
        found = read_step(tokenize(expectation), Setting(outcome=True)) if expectation else None
        return tuple(replace(reading, certainty=CERTAINTY) for reading in found) if found else None

    def _defined(
        self, step: WrittenStep, defined: Sequence[str], depth: int, *, lenient: bool
    ) -> tuple[Reading, ...] | None:
        """Return the readings of a step's steps in the glossary."""
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
        """Return the readings of a step in another language; if it stands for one step, it keeps its kind."""
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
        setting = setting_of(step)
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
    """Return the readings, unless there are rows or a text below the step that none of them uses."""
    carried = [part for part, held in (("table", step.table), ("docstring", step.docstring)) if held]
    taken = {part for reading in readings or () for part in ("table", "docstring") if reading.get(part)}
    return readings if taken.issuperset(carried) else None


def _refused(step: WrittenStep, path: str = "", *, reason: str, remedy: str = "") -> UnknownStepError:
    """Return the error for a step that is understood, and that no test does."""
    return UnknownStepError(step.text, line=step.line, path=path, refused=True, reason=reason, remedy=remedy)


def _bare_wait(step: WrittenStep, readings: Sequence[Reading], path: str) -> UnknownStepError:
    time = next(reading.get("duration") for reading in readings if reading.intent == "wait-time")
    return _refused(
        step,
        path,
        reason=f"A test does not wait for {time}: it would be slow where the page is fast and fail where it is slow.",
        remedy='Say what to wait for: I wait for "Saved" to appear. Every expectation waits by itself.',
    )


def _repeats_too_often(reading: Reading) -> bool:
    number = reading.get("number")
    return reading.form == "do" and isinstance(number, int) and not 0 < number <= MOST_TIMES


def _not_repeated(step: WrittenStep, path: str) -> UnknownStepError:
    return _refused(
        step,
        path,
        reason=f"An action can be repeated 1 to {MOST_TIMES} times.",
        remedy="Write such a number, or define a function for the step in conftest.py: pytest_chimera_steps.",
    )


def setting_of(step: WrittenStep) -> Setting:
    """Return the context of a step's words: its keyword, and what is below its line."""
    stated = step.keyword in {"Given", "When"}
    table, docstring = bool(step.table) or step.alone, step.docstring is not None or step.alone
    return Setting(outcome=step.keyword == "Then", given=stated, table=table, docstring=docstring)


def _known_prefix(tokens: Tokens, setting: Setting) -> int:
    """Return how many tokens from the start make up a step: tried at the places where a clause can end."""
    ends = [place for place in range(len(tokens) - 1, 0, -1) if not tokens[place].quoted and tokens[place - 1].quoted]
    ends += range(min(len(tokens) - 1, 12), 0, -1)
    return next((end for end in ends[:6] if read_step(tokens[:end], setting) is not None), 0)


def _glossary_line(tokens: Tokens) -> str:
    names = iter("abcdefgh")
    words = [f'\\"{{{next(names, "z")}}}\\"' if token.quoted else token.text for token in tokens]
    return f'"{" ".join(words)}" = ["When I …"]'
