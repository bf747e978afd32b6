"""Detects whether this runs inside a coder's work: there ``--chimera`` builds nothing, because loops would start
further loops, each of which may cost money.

There are three signs: an environment variable, which a coder passes on to its child processes; and, in case a coder
starts programs with a clean environment, the same variable in an ancestor process, and a mark above the folder: in a
private clone's ``.git`` and in chimera's work folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

INSIDE = "CHIMERA_INSIDE"
"""The variable; its value says what this is inside of."""
_MARKS = (".chimera-work", ".git/chimera-clone")
_TOLD = "This folder belongs to pytest-chimera. Inside it, pytest --chimera runs plain tests and builds nothing.\n"


def mark_work(folder: Path) -> None:
    """Mark chimera's work folder, which contains clones and checkouts."""
    _mark(folder / _MARKS[0])


def mark_clone(folder: Path) -> None:
    """Mark a private clone, because a sandbox hides the rest of the work folder."""
    _mark(folder / _MARKS[1])


def _mark(path: Path) -> None:
    if not path.exists():
        path.write_text(_TOLD, encoding="utf-8")


@contextmanager
def inside(what: str) -> Iterator[None]:
    """Set the variable for processes that this one starts with this environment."""
    before = os.environ.get(INSIDE)
    os.environ[INSIDE] = what
    try:
        yield
    finally:
        os.environ.pop(INSIDE)
        if before is not None:
            os.environ[INSIDE] = before


def why_inside(*folders: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Return the sign that this runs inside a coder's work; empty if there is none.

    :param folders: where it runs.
    """
    if told := environment.get(INSIDE):
        return f"{INSIDE}={told}"
    if told := _told_above():
        return f"{INSIDE}={told} of a parent process"
    for folder in folders:
        for each in (folder, *folder.parents):
            if any((each / mark).is_file() for mark in _MARKS):
                return str(each)
    return ""


def _told_above() -> str:
    """Return the variable's value in the environment of an ancestor process."""
    import psutil  # only under --chimera

    for process in psutil.Process().parents():
        with suppress(psutil.Error, OSError):
            if told := process.environ().get(INSIDE):
                return told
    return ""
