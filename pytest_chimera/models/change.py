"""What a coder is told, and what it changed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pytest_chimera.models.base import Value
from pytest_chimera.models.feature import Feature
from pytest_chimera.models.scenario import GeneratedTest


class Rejected(Value):
    """An earlier attempt and why it did not do."""

    attempt: int
    phase: str
    reason: str
    details: str = ""


class Brief(Value):
    """What the coder is given.

    :param feature: what is asked for; ``test`` is the sealed test, ``failing`` how it fails now.
    :param sealed: the sealed commit; a change is what differs from it.
    :param folder: the private clone to work in: absolute; empty when the person works in their own tree.
    :param attempt: 1 for the first.
    :param protected: paths that must stay as they are.
    :param rejected: earlier attempts and why each did not do, oldest first.
    :param words: what the person said about earlier attempts.
    :param markdown: the brief as a file for people and agents to read; ``json_file`` the same as data.
    :param time_limit: seconds; 0 when there is none.
    """

    feature: Feature
    test: GeneratedTest
    failing: str
    sealed: str = ""
    folder: str = ""
    attempt: int = 1
    protected: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    words: tuple[str, ...] = ()
    markdown: str = ""
    json_file: str = ""
    time_limit: float = 0.0


class ChangedFile(Value):
    """One path of a change. ``status`` is git's letter: added, modified, deleted, or type changed."""

    path: str
    status: Literal["A", "M", "D", "T"]


class Change(Value):
    """What the coder did: base..candidate.

    :param base: the sealed commit; ``commit`` the candidate; ``tree`` the digest of the candidate's files.
    :param files: what changed between the two.
    :param left_out: paths that were found and not taken in, each with its reason ("a symbolic link").
    :param branch: the branch or pull request that holds it, once it has one.
    :param diff: the diff as a file, absolute; ``log`` what the coder printed.
    :param summary: what the coder said of it; told to nobody who judges.
    :param digest: of the lines that it changes, wherever they lie: the same for the same change on another base.
    :param ended: how the coder ended, in a sentence, where that was not as it should: with an error, or cut off.
    """

    base: str = ""
    commit: str
    tree: str = ""
    files: tuple[ChangedFile, ...] = ()
    left_out: dict[str, str] = Field(default_factory=dict)
    branch: str = ""
    diff: str = ""
    log: str = ""
    summary: str = ""
    digest: str = ""
    ended: str = ""

    def is_same(self, other: Change) -> bool:
        """Whether both change the same: they give the same files, or on other bases they change the same lines."""
        if self.base == other.base:
            return (self.tree or self.commit) == (other.tree or other.commit)
        return bool(self.digest) and self.digest == other.digest
