"""Errors for steps that are not understood."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_chimera.errors import ScenarioError


class NeedsSteps(ScenarioError):
    """The person's text implies nothing visible: steps are needed.

    :param template: steps to complete.
    """

    template = (
        'When I fill "<field>" with "<value>"',
        'And I press the "<button>" button',
        'Then I should see "<text>"',
    )

    def __init__(self, sentence: str, *, where: str = "") -> None:
        remedy = "Write its steps into the docstring, for example:\n" + "\n".join(
            f"    {step}" for step in self.template
        )
        super().__init__(sentence, where=where, remedy=f"{remedy}\nOr have the coder draft them: --chimera-draft")


class UnknownStepError(ScenarioError):
    """A step has words that no wording covers.

    :param step: the step as written; ``line``: its line in ``path`` (0: unknown).
    :param understood: the words that were understood; ``unclear``: the first ones that were not.
    :param suggestions: up to three similar wordings, with the step rewritten in each.
    :param glossary: a line for the project's glossary that would define the step; ``table``: where to put it.
    :param reason: why it was refused, if known; ``remedy``: what to write instead.
    :param refused: it is understood, but tests cannot do it.
    """

    def __init__(
        self,
        step: str,
        *,
        line: int = 0,
        path: str = "",
        understood: str = "",
        unclear: str = "",
        suggestions: Sequence[str] = (),
        glossary: str = "",
        reason: str = "",
        remedy: str = "",
        refused: bool = False,
        table: str = "glossary",
    ) -> None:
        self.step, self.line, self.path = step, line, path
        self.understood, self.unclear, self.reason = understood, unclear, reason
        self.suggestions, self.glossary, self.table = tuple(suggestions), glossary, table
        said = "refused" if refused else "not understood"
        super().__init__(f"This step is {said}: {step}", where=self._place(), remedy=self._remedy(remedy))

    def _place(self) -> str:
        if self.path and self.line:
            return f"{self.path}:{self.line}"
        return self.path or (f"line {self.line}" if self.line else "")

    def in_file(self, path: str) -> UnknownStepError:
        """Return the error with its file set."""
        if path and not self.path:
            self.path = path
            self.where = self._place()
        return self

    def _remedy(self, given: str) -> str:
        lines = [f"  {self.reason}"] if self.reason else []
        if self.understood:
            lines.append(f"  understood: {self.understood}")
        if self.unclear:
            lines.append(f"  not understood: {self.unclear}")
        lines += [f"  {given}"] if given else []
        lines += [f"  say, for example: {suggestion}" for suggestion in self.suggestions]
        if self.glossary:
            lines.append(f"  or bind it, in [tool.chimera.{self.table}]: {self.glossary}")
            phrase = self.glossary.partition(" = ")[0]
            lines.append(f"  or give it a function, from pytest_chimera_steps in conftest.py: {{{phrase}: a_function}}")
        return "\n".join(lines)


class UnknownStepsError(UnknownStepError):
    """Several steps are not understood; ``errors`` contains all of them, and the fields are the first one's."""

    def __init__(self, errors: Sequence[UnknownStepError]) -> None:
        first = errors[0]
        super().__init__(
            first.step,
            line=first.line,
            path=first.path,
            understood=first.understood,
            unclear=first.unclear,
            suggestions=first.suggestions,
            glossary=first.glossary,
            table=first.table,
            reason=first.reason,
        )
        self.errors = tuple(errors)
        self.sentence = f"{len(errors)} steps are not understood:"
        self.where = ""
        self.remedy = "\n".join(str(error) for error in errors)
        self.args = (self.sentence,)
