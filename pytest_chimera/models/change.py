"""A coder's instructions, and its change."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pytest_chimera.models.base import Value
from pytest_chimera.models.feature import Feature
from pytest_chimera.models.steps import GeneratedTest


class Rejected(Value):
    """An earlier attempt and why it was not accepted."""

    attempt: int
    phase: str
    reason: str
    details: str = ""


class Brief(Value):
    """The coder's instructions.

    :param feature: the requested feature; ``test`` is the sealed test, ``failing`` how it fails now.
    :param sealed: the sealed commit; the change is the difference from it.
    :param folder: the private clone to work in: absolute; empty when the person works in their own tree.
    :param attempt: the number of the attempt, starting with 1.
    :param protected: paths that must not change.
    :param rejected: earlier attempts and why each was not accepted, oldest first.
    :param words: the person's words about earlier attempts.
    :param markdown: the brief as a file for people and agents to read; ``json_file`` is the same as data.
    :param time_limit: seconds; 0 if there is no limit.
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
    """The coder's change: base..candidate.

    :param base: the sealed commit; ``commit`` the candidate; ``tree`` the digest of the candidate's files.
    :param files: the changed files.
    :param left_out: path → why it was left out ("a symbolic link").
    :param branch: the branch or pull request that holds it, once it has one.
    :param diff: the diff as a file, absolute; ``log`` what the coder printed.
    :param summary: the coder's summary; no reviewer or judge reads it.
    :param digest: the digest of the changed lines, regardless of their position: the same for the same change on
        another base.
    :param ended: how the coder ended, in a sentence, if it was not normal: with an error, or stopped.
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
        """Whether both are the same change: they result in the same files or, on different bases, change the same
        lines.
        """
        if self.base == other.base:
            return (self.tree or self.commit) == (other.tree or other.commit)
        return bool(self.digest) and self.digest == other.digest
