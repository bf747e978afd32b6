"""Bringing proved features in: a merge queue, one at a time across all processes, never an unproved combination."""

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
    """One feature's place in the queue of those that are to be brought in.

    :param path: the lock's file, which all processes of the project have in common.
    """

    def __init__(self, path: Path) -> None:
        self._lock = filelock.FileLock(path, timeout=0, thread_local=False)

    async def enter(self) -> None:
        """Wait until nobody else brings a feature in; no time limit counts meanwhile. Being in already is fine."""
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
        """Let the next one in."""
        if self._lock.is_locked:
            self._lock.release()


def wants_landing(settings: Settings) -> bool:
    """Whether complete features are brought in together."""
    return settings.merge in {"ff", "stack"}


def tip_to_land_on(git: Repository, settings: Settings, say: Callable[[str], None]) -> str:
    """The commit that a feature has to be proved on: HEAD, or the stack's end while it holds all of HEAD.

    :param say: told when HEAD has moved away from the stack.
    """
    head = git.head()
    if settings.merge != "stack":
        return head
    stacked = git.tip(STACK)
    if stacked is None or git.is_ancestor(stacked, head):
        return head
    if git.is_ancestor(head, stacked):
        return stacked
    say(f"HEAD has moved on from {STACK}, which begins anew")
    return head


def earlier_result(git: Repository, feature: str, rev: str) -> str:
    """The commit of a feature's result that a history holds and has not taken back; empty without one."""
    proof = git.proofs(rev).get(feature)
    return proof.commit if proof and not git.is_reverted(proof.commit, rev) else ""


def is_stacked(git: Repository, commit: str) -> bool:
    """Whether a commit is part of the stack, and the stack holds all of HEAD."""
    stacked = git.tip(STACK)
    return stacked is not None and git.is_ancestor(commit, stacked) and git.is_ancestor(git.head(), stacked)
