"""Whether this runs inside a coder's work: there ``--chimera`` builds nothing, or loops would start in loops, each able
to pay.

Three signs say so: a variable of the environment, which a coder hands on to whatever it starts; and, where a coder
starts programs with a clean environment, the same variable of a process above this one, and a mark above the folder: in
a private clone's ``.git`` and in chimera's work folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

INSIDE = "CHIMERA_INSIDE"
"""The variable; its value says inside of what."""
_MARKS = (".chimera-work", ".git/chimera-clone")
_TOLD = "pytest-chimera works here. Inside of this folder, pytest --chimera runs plain tests and builds nothing.\n"


def mark_work(folder: Path) -> None:
    """Mark chimera's work folder, in which clones and checkouts lie."""
    _mark(folder / _MARKS[0])


def mark_clone(folder: Path) -> None:
    """Mark a private clone: where a sandbox shows nothing else of the work folder."""
    _mark(folder / _MARKS[1])


def _mark(path: Path) -> None:
    if not path.exists():
        path.write_text(_TOLD, encoding="utf-8")


@contextmanager
def inside(what: str) -> Iterator[None]:
    """Let what this process starts know that it is inside, where it is handed this environment."""
    before = os.environ.get(INSIDE)
    os.environ[INSIDE] = what
    try:
        yield
    finally:
        os.environ.pop(INSIDE)
        if before is not None:
            os.environ[INSIDE] = before


def why_inside(*folders: Path, environment: Mapping[str, str] = os.environ) -> str:
    """How it is known that this runs inside a coder's work; empty when it does not.

    :param folders: where it runs.
    """
    if told := environment.get(INSIDE):
        return f"{INSIDE}={told}"
    if told := _told_above():
        return f"{INSIDE}={told} of a process above"
    for folder in folders:
        for each in (folder, *folder.parents):
            if any((each / mark).is_file() for mark in _MARKS):
                return str(each)
    return ""


def _told_above() -> str:
    """What the variable says in the environment of a process that has started this one, or started its parent."""
    import psutil  # only under --chimera

    for process in psutil.Process().parents():
        with suppress(psutil.Error, OSError):
            if told := process.environ().get(INSIDE):
                return told
    return ""
