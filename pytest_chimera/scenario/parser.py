"""Text → Scenario: parses the text's steps, and has Playwright code written for them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pytest_chimera.errors import ScenarioError
from pytest_chimera.models import Scenario, Step, StepKeyword
from pytest_chimera.scenario.functions.registry import StepFunction, StepFunctions
from pytest_chimera.scenario.language.glossary import Glossary
from pytest_chimera.scenario.language.languages import ENGLISH, Languages, Table
from pytest_chimera.scenario.language.sentences import steps_for
from pytest_chimera.scenario.language.words.lexer import tokenize
from pytest_chimera.scenario.step_writer import (
    written_steps,
)
from pytest_chimera.scenario.text.gherkin import is_gherkin, read_gherkin
from pytest_chimera.scenario.text.step_errors import NeedsSteps, UnknownStepError
from pytest_chimera.scenario.text.step_text import WrittenStep, keyword_of, read_steps
from pytest_chimera.scenario.understanding.step_reader import StepReader, setting_of


class ScenarioParser:
    """Parses steps.

    :param pages: page name → path, from ``[tool.chimera.pages]``.
    :param glossary: phrase → steps, from ``[tool.chimera.glossary]``.
    :param test_id: the attribute for test ids.
    :param functions: the project's own functions for steps, from ``pytest_chimera_steps``.
    :param languages: code → phrases of that language, from ``[tool.chimera.languages]``.
    :param language: the language of a text that specifies none.
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
        known = Glossary(glossary)
        self._reader = StepReader(known, Languages(languages, language), StepFunctions(functions, known))
        self._language = language
        self._test_id = test_id

    def parse(self, text: str, url: str = "/", *, title: str = "", line: int = 1, path: str = "") -> Scenario:
        """Parse a text into a scenario.

        :param text: steps, one per line: with Gherkin's keywords, as bullets, or plain.
        :param url: the path at which the scenario begins.
        :param line: the text's first line in the file ``path``.
        :raises UnknownStepError: a step is not understood; :class:`UnknownStepsError` if several are not.
        :raises ScenarioError: there is no step in the text.
        """
        if is_gherkin(text):
            return self._parse_gherkin(text, url, title=title, line=line, path=path)
        return self.compile(read_steps(text, line, self._language), url, title=title, path=path)

    def _parse_gherkin(self, text: str, url: str, *, title: str, line: int, path: str) -> Scenario:
        """Return the only scenario of a text with Gherkin's headings."""
        found = read_gherkin(text, path, line).scenarios
        if len(found) != 1:
            names = ", ".join(dict.fromkeys(repr(one.name) for one in found)) or "none"
            raise ScenarioError(
                "A feature is one scenario.",
                where=path,
                remedy=f"The text has: {names}. Put the scenarios into a .feature file, and choose one: "
                'feature(…, file="todos.feature", scenario="…").',
            )
        return self.compile(found[0].steps, url, title=title or found[0].name, path=path)

    def parse_sentence(self, sentence: str, url: str = "/", *, line: int = 0, path: str = "") -> Scenario:
        """Return a scenario for one sentence, completed by the visible signs of its success.

        :raises ScenarioError: the sentence implies nothing visible; the remedy is a template to complete.
        """
        steps = read_steps(sentence, line, self._language)
        try:
            scenario = self.compile(steps, url, title=sentence, path=path)
        except UnknownStepError as error:
            raise _needs_steps(sentence, path, line) from error
        if any(step.kind.startswith("assert-") for step in scenario.steps):
            return scenario
        pattern = steps_for(tokenize(steps[-1].text), setting_of(steps[-1]))
        if pattern is None or not pattern.outcome:
            raise _needs_steps(sentence, path, line)
        outcome = tuple(WrittenStep(text, "Then", "Then", line) for text in pattern.outcome)
        return self.compile((*steps, *outcome), url, title=sentence, path=path)

    def parse_step(self, text: str, keyword: str = "When") -> Step:
        """Parse a single step.

        :param text: the step, with or without its keyword.
        :param keyword: Given, When or Then; And and But leave it open.
        :returns: the step; if rows or a text should follow it, they are missing from its code.
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
        """Compile steps that were read from a text or a Gherkin file into a scenario.

        :param lenient: allow sentence patterns and interpretations.
        """
        if not steps:
            raise NeedsSteps("There are no steps.", where=path)
        understood = self._reader.read(steps, path, lenient=lenient)
        return Scenario(title=title, url=url, steps=written_steps(understood, self._test_id, self._pages, url))


def _needs_steps(sentence: str, path: str, line: int) -> NeedsSteps:
    where = f"{path}:{line}" if path and line else path
    return NeedsSteps(f"The sentence says nothing that a browser could see: {sentence}", where=where)
