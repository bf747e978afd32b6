"""The proof of a feature, and its verdict at the end of a run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pytest_chimera.models.base import Value


class Proof(Value):
    """The proof of a complete feature; the trailers of its commit contain the same information.

    :param base: the commit on which the test was red; ``commit`` and ``tree`` the candidate on which it was green.
    :param red: the red's reason and signature; ``green`` how many runs were green.
    :param varied: the variations that were green; ``seed`` is their seed; ``not_varied`` what was left out.
    :param tools: the versions of the judging tools, in one line.
    :param earlier: what worked on the base and still works on the candidate.
    """

    feature: str
    base: str
    commit: str
    tree: str
    test_sha256: str
    red: str
    green: str
    attempts: int
    deployment: str = "proved"
    seed: str = ""
    varied: tuple[str, ...] = ()
    not_varied: dict[str, str] = Field(default_factory=dict)
    tools: str = ""
    earlier: tuple[str, ...] = ()


class Verdict(Value):
    """The state of a feature at the end of a run, and what a person reads about it.

    :param state: see the table of outcomes in the reference.
    :param sentence: the summary in one line.
    :param details: the text below it: failure, attempts, evidence.
    :param next_command: the next command to run.
    :param merged: the commit that the person's branch was moved to, if it was.
    """

    feature: str
    state: Literal[
        "complete",
        "proved",
        "still green",
        "present",
        "vacuous",
        "failed",
        "waiting",
        "parked",
        "red",
        "error",
    ]
    sentence: str
    details: str = ""
    attempts: int = 0
    seconds: float = 0.0
    branch: str = ""
    next_command: str = ""
    merged: str = ""

    @property
    def passed(self) -> bool:
        """Whether the item passes."""
        return self.state in {"complete", "proved", "still green", "present", "red"}

    @property
    def outside(self) -> bool:
        """The state says nothing about the feature: the cause is outside of it, or the run is broken."""
        return self.state in {"parked", "error"}
