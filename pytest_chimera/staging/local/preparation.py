"""What preparing lines have made of a tree is kept, so that they run once for all of its deployments.

It is kept as it was before a server started, and copied back to the path at which it was made: installed tools and
built files may name their own absolute path. A copy that cannot be made, or that was touched since, is no loss: the
lines run again, and so they do when the application does not start from a copy.
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
    """How many of the first preparing lines act on the files and the data folder alone: those need run only once.

    A line that names what is new for each deployment acts elsewhere, on a database server for example, and so may all
    that follow it. Where ``chimera_env`` leads to a service, and no line tells where the work on it begins, all may.

    :param env: ``chimera_env``; ``environment`` what the lines are run with.
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
    """What was made of one tree at one place.

    :param room: the folder that it is kept in, out of reach of what is served.
    :param places: what is kept: the name in the room, and the folder that it is of.
    :param log: where the lines that made it have printed.
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
        """What is there now is a copy, and not accepted yet."""
        return bool(self._aside)

    def keep(self, may_go_on: Callable[[], None]) -> None:
        """Keep what is there now, where there is room for it.

        :param may_go_on: called for each file; what it raises ends the copying.
        """
        remove_folder(self.room)
        try:
            for name, place in self.places.items():
                _copy(place, self.room / name, may_go_on)
            self._seal = self._look()
            if self.shared:
                (self.room / "seal").write_text(self._seal)
        except OSError:  # no room, or a file that cannot be copied: the lines will run again
            self.forget()
        except BaseException:
            self.forget()
            raise

    def restore(self, may_go_on: Callable[[], None]) -> bool:
        """Put copies in the place of what is there; it is put aside until :meth:`accept` or :meth:`undo`."""
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
        """The copies serve: what was put aside goes."""
        for aside in self._aside.values():
            remove_folder(aside)
        self._aside.clear()

    def undo(self) -> None:
        """Put back what was put aside, and forget what was kept."""
        for place, aside in self._aside.items():
            remove_folder(place)
            aside.rename(place)
        self._aside.clear()
        self.forget()

    def forget(self) -> None:
        """Remove what is kept."""
        self._seal = ""
        remove_folder(self.room)

    def _is_whole(self) -> bool:
        seal = self._seal
        if self.shared and not seal:
            with suppress(OSError):
                seal = (self.room / "seal").read_text()
        return bool(seal) and seal == self._look()

    def _look(self) -> str:
        """A digest of what nobody changes unseen: names, sizes, and when each was last changed."""
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
    """A folder with all that is in it: links stay links, and no file is shared, because some are written in place."""

    def copied(one: str, other: str) -> str:
        may_go_on()
        return str(shutil.copy2(one, other))

    shutil.copytree(source, target, symlinks=True, copy_function=copied)
