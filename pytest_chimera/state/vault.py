"""The vault: ``.chimera/`` in the project, ignored by git, with a folder per feature, generation and attempt.

Nothing in it is ever overwritten: if a folder exists already, the new one gets a number.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
from pathlib import Path

from pytest_chimera.system.files import write_file

VAULT = ".chimera"
PREPARED = "plain-run-prepared"
"""The prefix of folders that hold what preparing lines made for plain runs."""


def newest_room(place: Path, name: str) -> Path | None:
    """Return the newest folder with a name; ``None`` if there is none."""
    rooms = [path for path in (place / name, *place.glob(f"{name}.[0-9]*")) if path.is_dir()]
    return max(rooms, key=lambda path: int(path.name.removeprefix(name).lstrip(".") or 1), default=None)


class Vault:
    """The vault of one project.

    :param root: the project's root folder.
    """

    def __init__(self, root: Path) -> None:
        self.folder = root / VAULT

    def room(self, feature: str, generation: int, name: str) -> Path:
        """Create a new folder for one piece of work.

        :param feature: the feature's slug; ``name``: its purpose: ``red``, ``attempt-1``.
        """
        self._ignore_itself()
        place = self.generation(feature, generation)
        for number in itertools.count(1):
            folder = place / (name if number == 1 else f"{name}.{number}")
            with contextlib.suppress(FileExistsError):
                folder.mkdir(parents=True)
                return folder
        raise AssertionError("unreachable: there is always a next number")

    def generation(self, feature: str, generation: int) -> Path:
        """Return the parent folder of one generation of a feature."""
        return self.folder / feature / f"generation-{generation}"

    def scratch(self, name: str) -> Path:
        """Return an empty folder for files that are not evidence; it is emptied each time."""
        self._ignore_itself()
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def clear(self, feature: str) -> bool:
        """Remove everything kept of a feature; return whether there was anything."""
        folder = self.folder / feature
        if not folder.is_dir():
            return False
        shutil.rmtree(folder)
        return True

    def _ignore_itself(self) -> None:
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            write_file(ignore, "*\n")
