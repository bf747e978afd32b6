"""What is said when a step is not understood."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_chimera.errors import ScenarioError


class UnknownStepError(ScenarioError):
    """A step has words that no wording covers.

    :param step: the step as written; ``line`` its line in ``path`` (0: unknown).
    :param understood: the words that were understood; ``unclear`` the first ones that were not.
    :param suggestions: up to three nearest wordings, with the step rewritten in each.
    :param glossary: the line of the project's glossary that would bind the step; ``table`` is where it belongs.
    :param reason: why it was refused, when that is known; ``remedy`` what to write instead.
    :param refused: it is understood, and no test does it.
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
        return "\n".join(lines)


class UnknownStepsError(UnknownStepError):
    """Several steps are not understood; ``errors`` holds each of them, and the fields are the first one's."""

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
