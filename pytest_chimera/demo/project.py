"""The demo's project: an application with a git history of its own, written into a folder once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pytest_chimera.errors import ChimeraError
from pytest_chimera.repository.git import Git

HISTORY = (
    ("01-store", "Keep the shelf in a SQLite database"),
    ("02-page", "Show the books that wait"),
    ("03-features", "Ask for three features"),
)
"""The commits: each lays its folder in ``application/`` over what is there."""

_APPLICATION = Path(__file__).parent / "application"
_WRITTEN = "pytest-chimera-demo"
_AUTHOR = ("Reading List", "readinglist@example.org")


def is_demo(folder: Path) -> bool:
    """Whether the demo was written into this folder, to its end."""
    return (folder / ".git" / _WRITTEN).is_file()


def write_project(folder: Path) -> bool:
    """Write the application and its history, unless they are there.

    :param folder: is created; may exist when it is empty.
    :returns: whether something was written.
    :raises ChimeraError: the folder holds something else; nothing was touched.
    """
    if is_demo(folder):
        return False
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ChimeraError(
            "The demo writes into a new folder, and this one holds something else: nothing was touched.",
            where=str(folder),
            remedy=f"Name another one: python -m pytest_chimera demo {folder.name}-2",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_history(folder)
    except BaseException as error:
        _empty(folder)
        if isinstance(error, OSError):
            raise ChimeraError(f"The demo cannot be written: {error}", remedy="Name another folder.") from error
        raise
    return True


def _write_history(folder: Path) -> None:
    git = _git(folder)
    git.ask("init", "--quiet", "--template=", "--initial-branch=main")
    for stage, message in HISTORY:
        shutil.copytree(_APPLICATION / stage, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        git.ask("add", "--all")
        git.ask("commit", "--quiet", "--message", message)
    (folder / ".git" / _WRITTEN).touch()


def _git(folder: Path) -> Git:
    """Git as if the person had configured nothing: no signing, no templates, no filters, and an author of our own."""
    name, email = _AUTHOR
    return Git(folder).having(
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
        GIT_AUTHOR_NAME=name,
        GIT_AUTHOR_EMAIL=email,
        GIT_COMMITTER_NAME=name,
        GIT_COMMITTER_EMAIL=email,
    )


def _empty(folder: Path) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
