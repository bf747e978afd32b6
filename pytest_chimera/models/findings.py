"""What reviewers found in a change."""

from __future__ import annotations

from typing import Literal

from pytest_chimera.models.base import Value


class Finding(Value):
    """One problem found by a reviewer.

    :param rule: the rule's id; ``sentence`` what is wrong; ``remedy`` what to do instead.
    :param path: the file; ``line`` the line in the candidate, 0 for the entire file.
    :param details: the evidence, such as the end of a command's output.
    """

    rule: str
    sentence: str
    path: str = ""
    line: int = 0
    remedy: str = ""
    details: str = ""
    severity: Literal["reject", "note"] = "reject"

    def as_text(self) -> str:
        """Return the finding as text: place, problem, rule and remedy in one line, then the evidence."""
        place = f"{self.path}:{self.line}: " if self.line else f"{self.path}: " if self.path else ""
        return f"{place}{self.sentence} [{self.rule}] {self.remedy}\n{self.details}".strip()


class Review(Value):
    """The result of one reviewer, or of all of them together.

    :param score: 0.0 to 1.0, for information only; only ``decision`` counts.
    """

    decision: Literal["approve", "reject"]
    findings: tuple[Finding, ...] = ()
    reviewer: str = ""
    score: float = 1.0
