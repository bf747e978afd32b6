"""Keeps what preparing commands made of a tree, so that they run once for all of its deployments.

The copy is made before a server starts, and restored to the path where it was made, because installed tools and built
files may contain their own absolute path. If a copy cannot be made, or was modified since, the commands run again; they
also do if the application does not start from a copy.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pytest_chimera.system.files import remove_folder

_OWN_EACH_TIME = re.compile(r"\{(name|port|host)\}")
_SERVICE = re.compile(r"(?!sqlite|file:|data:)[a-z][\w+.-]*://", re.I)
_SERVICE_NAME = re.compile(r"PG[A-Z]+|(.*_)?(HOST|SERVER)")
_OF_BUILDING = re.compile(r"REGISTRY|INDEX|MIRROR|PROXY|FIND_LINKS")


def lasting_lines(preparing: Sequence[str], env: Sequence[str], environment: Mapping[str, str]) -> int:
    """Return how many of the first preparing lines only affect the files and the data folder: those run only once.

    A line with a placeholder that is new for each deployment may affect something else, such as a database server, and
    so may all lines after it. If ``chimera_env`` refers to a service and no line shows where work on it starts, all
    may.

    :param env: from ``chimera_env``; ``environment``: the environment of the lines.
    """
    first = next((number for number, line in enumerate(preparing) if _OWN_EACH_TIME.search(line)), None)
    if first is not None:
        return first
    return 0 if any(_leads_elsewhere(entry, environment) for entry in env) else len(preparing)


def _leads_elsewhere(entry: str, environment: Mapping[str, str]) -> bool:
    name, sets, template = entry.partition("=")
    value = environment.get(name.strip(), "")
    if _OWN_EACH_TIME.search(template if sets else ""):
        return True
    if not value or _OF_BUILDING.search(name.upper()):
        return False
    return bool(_SERVICE_NAME.fullmatch(name.strip().upper()) or _SERVICE.match(value))


@dataclass
class Prepared:
    """The prepared state of one tree at one path.

    :param room: the folder where it is kept, out of reach of what is served.
    :param places: what is kept: the name in ``room``, and the folder that it is a copy of.
    :param log: the output of the lines that made it.
    :param shared: other processes of the same run may have made it, and may use it.
    """

    room: Path
    places: Mapping[str, Path]
    log: str = ""
    shared: bool = False
    _seal: str = field(default="", init=False)
    _aside: dict[Path, Path] = field(default_factory=dict, init=False)

    @property
    def in_use(self) -> bool:
        """Whether the current files are a copy that is not accepted yet."""
        return bool(self._aside)

    def keep(self, may_go_on: Callable[[], None]) -> None:
        """Keep a copy of the current files, if there is space.

        :param may_go_on: called for each file; an exception from it stops the copying.
        """
        remove_folder(self.room)
        try:
            for name, place in self.places.items():
                _copy(place, self.room / name, may_go_on)
            self._seal = self._look()
            if self.shared:
                (self.room / "seal").write_text(self._seal)
        except OSError:  # no space, or a file that cannot be copied: the lines will run again
            self.forget()
        except BaseException:
            self.forget()
            raise

    def restore(self, may_go_on: Callable[[], None]) -> bool:
        """Replace the current files with copies; they are put aside until :meth:`accept` or :meth:`undo`."""
        if not self._is_whole():
            return False
        try:
            for name, place in self.places.items():
                aside = self.room / f"{name}.aside"
                place.rename(aside)
                self._aside[place] = aside
                _copy(self.room / name, place, may_go_on)
        except OSError:
            self.undo()
            return False
        return True

    def accept(self) -> None:
        """Remove the files put aside: the application starts from the copies."""
        for aside in self._aside.values():
            remove_folder(aside)
        self._aside.clear()

    def undo(self) -> None:
        """Restore the files put aside, and forget the copies."""
        for place, aside in self._aside.items():
            remove_folder(place)
            aside.rename(place)
        self._aside.clear()
        self.forget()

    def forget(self) -> None:
        """Remove the copies."""
        self._seal = ""
        remove_folder(self.room)

    def _is_whole(self) -> bool:
        seal = self._seal
        if self.shared and not seal:
            with suppress(OSError):
                seal = (self.room / "seal").read_text()
        return bool(seal) and seal == self._look()

    def _look(self) -> str:
        """Return a digest of names, sizes and modification times, which reveal any change."""
        digest = hashlib.sha256()
        for name in self.places:
            for folder, folders, files in os.walk(self.room / name):
                folders.sort()
                for each in sorted((*folders, *files)):
                    path = Path(folder, each)
                    seen = path.lstat()
                    about = (str(path), seen.st_mode, seen.st_size, seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns)
                    digest.update(repr(about).encode())
        return digest.hexdigest()


def _copy(source: Path, target: Path, may_go_on: Callable[[], None]) -> None:
    """Copy a folder: links stay links, and files are not hard-linked, because some are modified in place."""

    def copied(one: str, other: str) -> str:
        may_go_on()
        return str(shutil.copy2(one, other))

    shutil.copytree(source, target, symlinks=True, copy_function=copied)
