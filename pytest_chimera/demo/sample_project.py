"""The demo's project: an application with its own git history, written into a folder once."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from pytest_chimera.errors import ChimeraError
from pytest_chimera.git.plumbing.commands import Git

HISTORY = (
    ("01-store", "Keep the shelf in a SQLite database"),
    ("02-page", "Show the books that wait"),
    ("03-features", "Ask for three features"),
)
"""The commits: each copies its folder in ``application/`` over the existing files."""

RECORDED = "recorded"
"""The folder of the recorded changes."""
CODER = f"replay:{RECORDED}"
"""The default coder."""

_APPLICATION = Path(__file__).parent / "application"
_WRITTEN = "pytest-chimera-demo"
_AUTHOR = ("Reading List", "readinglist@example.org")


def is_demo(folder: Path) -> bool:
    """Whether the demo was completely written into this folder."""
    return (folder / ".git" / _WRITTEN).is_file()


def has_recorded_changes(folder: Path) -> bool:
    """Whether the demo in this folder has recorded changes in place of a coder."""
    return (folder / RECORDED).is_dir()


def write_project(folder: Path, coder: str = "") -> bool:
    """Write the application and its history, unless they exist.

    :param folder: is created; it may exist if it is empty.
    :param coder: the command line that implements; by default, recorded changes are used.
    :returns: whether something was written.
    :raises ChimeraError: the folder contains something else; nothing was touched.
    """
    if is_demo(folder):
        return False
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ChimeraError(
            "The demo needs a new folder, and this one contains something else: nothing was touched.",
            where=str(folder),
            remedy=f"Name another one: python -m pytest_chimera demo {folder.name}-2",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_history(folder, coder)
    except BaseException as error:
        _empty(folder)
        if isinstance(error, OSError):
            raise ChimeraError(f"The demo cannot be written: {error}", remedy="Choose another folder.") from error
        raise
    return True


def _write_history(folder: Path, coder: str) -> None:
    git = _git(folder)
    git.ask("init", "--quiet", "--template=", "--initial-branch=main")
    for stage, message in HISTORY:
        shutil.copytree(_APPLICATION / stage, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        if coder and has_recorded_changes(folder):
            _set_coder(folder, coder)
        git.ask("add", "--all")
        git.ask("commit", "--quiet", "--message", message)
    (folder / ".git" / _WRITTEN).touch()


def _set_coder(folder: Path, coder: str) -> None:
    """Set a coder, and remove the recorded changes and all mentions of them: a coder could copy the solution."""
    shutil.rmtree(folder / RECORDED)
    settings, told = folder / "pyproject.toml", folder / "README.md"
    line = f"chimera_coder = {json.dumps(coder, ensure_ascii=False)}"
    _write(settings, settings.read_text(encoding="utf-8").replace(f'chimera_coder = "{CODER}"', line))
    before, _, _ = told.read_text(encoding="utf-8").partition("## The recorded changes\n")
    rows = [row for row in before.rstrip().splitlines() if not row.startswith(f"| `{RECORDED}/`")]
    _write(told, "\n".join(rows) + "\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _git(folder: Path) -> Git:
    """Return git without the person's configuration: no signing, no templates, no filters, and our own author."""
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
