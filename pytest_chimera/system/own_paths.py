"""Where our own files lie in a project: below its folder, through no link."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from pytest_chimera.errors import StateError

_NOT_IN_A_NAME = frozenset({"/", "\\", "\0", os.sep, os.altsep or "/"})


def below(root: Path, *names: str) -> Path:
    """A path below a folder, each part of which is a plain name and no link.

    :param root: the folder, which may itself be reached through links.
    :raises StateError: it would lead elsewhere.
    """
    here = root
    for name in names:
        if name in {"", ".", ".."} or not _NOT_IN_A_NAME.isdisjoint(name):
            raise StateError(f"{name!r} is no name of a file or a folder.", where=str(here), remedy="Give another id.")
        here = here / name
        if here.is_symlink():
            raise _leads_elsewhere(here)
    return here


def refuse_links(root: Path, folder: Path) -> None:
    """Refuse a folder that is reached through a link below a project's root, or that holds one.

    :param root: the project's root; a folder that lies elsewhere is where a person's setting says.
    :raises StateError: names the link.
    """
    start = root if folder.is_relative_to(root) else folder.parents[1]
    below(start, *folder.relative_to(start).parts)
    for entry in entries(folder):
        with suppress(FileNotFoundError):  # another run has come to its end
            mode = entry.stat(follow_symlinks=False).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise _leads_elsewhere(Path(entry.path))


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder; nothing in one that is not there."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _leads_elsewhere(path: Path) -> StateError:
    return StateError(
        f"{path.name} is a link, or no regular file: what is written there would land elsewhere.",
        where=str(path),
        remedy="Nothing was written. Remove it, then run the same command again; to keep the state elsewhere, set "
        "pytest's cache_dir.",
    )
