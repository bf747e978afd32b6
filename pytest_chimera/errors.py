"""Every error that pytest-chimera raises on purpose.

An error holds its facts as fields and always knows its remedy: what a person types or writes next. ``str(error)`` is
what a person reads.
"""

from __future__ import annotations

import errno
from typing import Any


class ChimeraError(Exception):
    """Something is wrong that a person can mend.

    :param sentence: what happened, in one sentence.
    :param where: the file, line, setting or command concerned; empty when the sentence says it.
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
    """What the person wrote cannot be turned into a test."""


class RepositoryError(ChimeraError):
    """The project's git repository is missing, empty, or not in the state that was recorded."""


class ConflictError(RepositoryError):
    """A candidate does not merge with the commit that the person's branch has reached.

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
    """The cause lies outside the change: no browser, a port taken, a service down.

    The feature is parked at its phase and no attempt is spent.

    :param passing: it may pass by itself, so that the same is tried again after a pause.
    """

    def __init__(self, sentence: str, *, where: str = "", remedy: str = "", passing: bool = False) -> None:
        super().__init__(sentence, where=where, remedy=remedy)
        self.passing = passing


class StateError(ChimeraError):
    """The recorded state is damaged, newer than this program, or contradicts itself."""


class StateOutOfReach(StateError, EnvironmentTrouble):
    """The recorded state cannot be read or written where it lies."""


def state_out_of_reach(folder: object, error: OSError) -> StateOutOfReach:
    """The folder of the journals cannot be written."""
    return StateOutOfReach(
        f"The state cannot be written: {error.strerror or error}.",
        where=str(folder),
        remedy="Make room or make the cache folder accessible, then run the same command again.",
    )


_OF_THE_MACHINE = {errno.ENOSPC, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, getattr(errno, "EDQUOT", -1)}
NO_ROOM = ("No space left on device", "Out of diskspace", "Disk quota exceeded", "Read-only file system")
"""How programs say that a disk takes nothing more."""


def trouble_of(error: OSError) -> EnvironmentTrouble | None:
    """What the machine lacks, where that is what an error of the system is about: a full disk, a read-only one."""
    if error.errno not in _OF_THE_MACHINE:
        return None
    return EnvironmentTrouble(
        f"The machine could not do it: {error.strerror}.",
        where=str(error.filename or ""),
        remedy="Make room there, then run the same command again.",
    )


class PreconditionError(ChimeraError):
    """The test is red on the base for a reason that no coder can be asked to mend."""


class PhaseFailed(ChimeraError):
    """A phase came to its end without success, and the cause lies in the change.

    :param evidence: a longer text for the next brief: the end of a log, a diff.
    :param value: what the phase had made by then, for the record.
    """

    def __init__(
        self, sentence: str, *, where: str = "", remedy: str = "", evidence: str = "", value: Any = None
    ) -> None:
        super().__init__(sentence, where=where, remedy=remedy)
        self.evidence = evidence
        self.value = value


class CouldNotBegin(PhaseFailed):
    """A program that does a phase's work could not begin where it was to run: nobody's fault, unless work was done."""


class ArrangingFailed(PhaseFailed):
    """What a test needs could not be arranged: a function of the project's own fails on a deployment."""


class BrokenRun(ChimeraError):
    """Whoever reviews or judges let through what nobody may: no result of this run counts."""


class WaitingForPerson(ChimeraError):
    """The next move is the person's: nothing is recorded, and the item fails with what is asked of them."""


class TransitionError(ChimeraError):
    """A phase was asked to lead where the table of transitions does not."""


class HeldElsewhere(ChimeraError):
    """Another process is working on this feature.

    :param run: which run that process belongs to; empty when it is not known.
    """

    def __init__(self, sentence: str, *, where: str = "", remedy: str = "", run: str = "") -> None:
        super().__init__(sentence, where=where, remedy=remedy)
        self.run = run
