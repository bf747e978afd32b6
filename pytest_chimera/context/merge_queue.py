"""The merge queue: lands proved features one at a time across all processes, and never an unproved combination."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import filelock

from pytest_chimera.git import Repository
from pytest_chimera.settings import Settings
from pytest_chimera.system.time_limits import time_stands_still

STACK = "chimera/next"
"""The branch that ``chimera_merge = "stack"`` builds."""
_LOOK_EVERY = 0.05


class MergeQueue:
    """One feature's place in the merge queue.

    :param path: the lock file, which all processes of the project share.
    """

    def __init__(self, path: Path) -> None:
        self._lock = filelock.FileLock(path, timeout=0, thread_local=False)

    async def enter(self) -> None:
        """Wait until no other feature is landing; no time limit runs meanwhile. Entering twice is allowed."""
        if self._lock.is_locked:
            return
        with time_stands_still():
            while True:
                try:
                    self._lock.acquire()
                except filelock.Timeout:
                    await anyio.sleep(_LOOK_EVERY)
                else:
                    return

    def leave(self) -> None:
        """Let the next feature in."""
        if self._lock.is_locked:
            self._lock.release()


def wants_landing(settings: Settings) -> bool:
    """Whether complete features are landed in a queue."""
    return settings.merge in {"ff", "stack"}


def tip_to_land_on(git: Repository, settings: Settings, say: Callable[[str], None]) -> str:
    """Return the commit that a feature has to be proved on: HEAD, or the stack's tip while it contains HEAD.

    :param say: called with a message when HEAD has moved away from the stack.
    """
    head = git.head()
    if settings.merge != "stack":
        return head
    stacked = git.tip(STACK)
    if stacked is None or git.is_ancestor(stacked, head):
        return head
    if git.is_ancestor(head, stacked):
        return stacked
    say(f"HEAD is no longer part of {STACK}: starting that branch over")
    return head


def earlier_result(git: Repository, feature: str, rev: str) -> str:
    """Return the commit of a feature's result that a history contains and has not reverted; empty if there is none."""
    proof = git.proofs(rev).get(feature)
    return proof.commit if proof and not git.is_reverted(proof.commit, rev) else ""


def is_stacked(git: Repository, commit: str) -> bool:
    """Whether a commit is part of the stack, and the stack contains HEAD."""
    stacked = git.tip(STACK)
    return stacked is not None and git.is_ancestor(commit, stacked) and git.is_ancestor(git.head(), stacked)
