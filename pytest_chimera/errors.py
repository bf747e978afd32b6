"""All errors that pytest-chimera raises on purpose.

An error has its facts as fields and always has a remedy: what the person should do next. ``str(error)`` is the message
for the person.
"""

from __future__ import annotations

import errno
from typing import Any


class ChimeraError(Exception):
    """An error that a person can fix.

    :param sentence: what happened, in one sentence.
    :param where: the file, line, setting or command concerned; empty if the sentence names it.
    :param remedy: what to do next.
    """

    def __init__(self, sentence: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        lines = [self.sentence, f"  where: {self.where}" if self.where else "", self.remedy]
        return "\n".join(line for line in lines if line)


class SettingError(ChimeraError):
    """A setting is missing or wrong; only the features that need it fail."""


class ScenarioError(ChimeraError):
    """The scenario cannot be turned into a test."""


class RepositoryError(ChimeraError):
    """The project's git repository is missing, empty, or not in the expected state."""


class ConflictError(RepositoryError):
    """A candidate conflicts with the current commit of the person's branch.

    :param paths: the files in conflict, relative to the repository's root.
    :param hunks: the conflicting lines with their markers, for the next brief.
    """

    def __init__(
        self, sentence: str, paths: tuple[str, ...], *, where: str = "", remedy: str = "", hunks: str = ""
    ) -> None:
        super().__init__(sentence, where=where, remedy=remedy)
        self.paths = paths
        self.hunks = hunks


class EnvironmentTrouble(ChimeraError):
    """The cause is outside the change: no browser, a port in use, a service down.

    The feature is parked at its phase, and no attempt is used up.

    :param passing: it may be temporary, so the phase is retried after a pause.
    """

    def __init__(self, sentence: str, *, where: str = "", remedy: str = "", passing: bool = False) -> None:
        super().__init__(sentence, where=where, remedy=remedy)
        self.passing = passing


class StateError(ChimeraError):
    """The recorded state is damaged, newer than this program, or contradictory."""


class StateOutOfReach(StateError, EnvironmentTrouble):
    """The recorded state cannot be read or written."""


_OF_THE_MACHINE = {errno.ENOSPC, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, getattr(errno, "EDQUOT", -1)}
NO_ROOM = ("No space left on device", "Out of diskspace", "Disk quota exceeded", "Read-only file system")
"""How programs report a full disk."""


def trouble_of(error: OSError) -> EnvironmentTrouble | None:
    """The problem of the machine, if a system error is about one: a full disk, a read-only disk."""
    if error.errno not in _OF_THE_MACHINE:
        return None
    return EnvironmentTrouble(
        f"The machine could not do it: {error.strerror}.",
        where=str(error.filename or ""),
        remedy="Free some space there, then run the same command again.",
    )


class PreconditionError(ChimeraError):
    """The test is red on the base for a reason that a coder cannot fix."""


class PhaseFailed(ChimeraError):
    """A phase ended without success, and the cause is in the change.

    :param evidence: a longer text for the next brief: the end of a log, a diff.
    :param value: the phase's result up to then, for the record.
    """

    def __init__(
        self, sentence: str, *, where: str = "", remedy: str = "", evidence: str = "", value: Any = None
    ) -> None:
        super().__init__(sentence, where=where, remedy=remedy)
        self.evidence = evidence
        self.value = value


class CouldNotBegin(PhaseFailed):
    """A program that does a phase's work could not start: nobody's fault, unless work was done."""


class ArrangingFailed(PhaseFailed):
    """The data that a test needs could not be arranged: one of the project's own functions fails on a deployment."""


class BrokenRun(ChimeraError):
    """A reviewer or the judge accepted a planted cheat: no result of this run counts."""


class WaitingForPerson(ChimeraError):
    """It is the person's turn: nothing is recorded, and the item fails with what they should do."""


class TransitionError(ChimeraError):
    """A transition that is not in the table of transitions."""


class HeldElsewhere(ChimeraError):
    """Another process is working on this feature.

    :param run: the run that the process belongs to; empty if unknown.
    """

    def __init__(self, sentence: str, *, where: str = "", remedy: str = "", run: str = "") -> None:
        super().__init__(sentence, where=where, remedy=remedy)
        self.run = run
