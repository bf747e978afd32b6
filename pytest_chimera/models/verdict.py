"""The proof of a feature, and what is said of it in the end."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pytest_chimera.models.base import Value


class Proof(Value):
    """What a complete feature rests on; the trailers of its commit say the same.

    :param base: the commit on which the test was red; ``commit`` and ``tree`` the candidate on which it was green.
    :param red: the red's reason and signature; ``green`` how many runs were green.
    :param varied: the variations that were green; ``seed`` what they were made from; ``not_varied`` what was left out.
    :param tools: the versions of what judged, in one line.
    :param earlier: what the base had and the candidate has still.
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
    """How it stands with a feature at the end of a run, and what a person reads about it.

    :param state: see the table of outcomes in the reference.
    :param sentence: the one line.
    :param details: what stands below it: failure, attempts, evidence.
    :param next_command: what to type next.
    :param merged: the commit that the person's branch was moved to, where it was.
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
        """The feature is there, as far as this state says it."""
        return self.state in {"complete", "proved", "still green", "present", "red"}

    @property
    def outside(self) -> bool:
        """Nothing is said about the feature: the cause lies outside of it, or the run is broken."""
        return self.state in {"parked", "error"}
