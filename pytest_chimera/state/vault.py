"""The vault: ``.chimera/`` in the project, ignored by git, a folder per feature, generation and attempt.

Nothing in it is ever overwritten: a folder that is there already gets a numbered neighbour. Files are written
atomically here and nowhere else.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
from pathlib import Path

from pytest_chimera.system.files import write_file
from pytest_chimera.system.own_paths import below

VAULT = ".chimera"
PREPARED = "plain-run-prepared"
"""How the folders in it begin that hold what preparing lines made for plain runs."""


def newest_room(place: Path, name: str) -> Path | None:
    """The room of that name that was made last; ``None`` when there is none."""
    rooms = [path for path in (place / name, *place.glob(f"{name}.[0-9]*")) if path.is_dir()]
    return max(rooms, key=lambda path: int(path.name.removeprefix(name).lstrip(".") or 1), default=None)


class Vault:
    """The vault of one project. Each path in it is built by :meth:`place`.

    :param root: the project's root folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.folder = root / VAULT

    def place(self, *names: str) -> Path:
        """A path in the vault.

        :param names: one plain name for each folder on the way.
        :raises StateError: the vault, or something on the way, is a link: it would lead elsewhere.
        """
        return below(self._root, VAULT, *names)

    def room(self, feature: str, generation: int, name: str) -> Path:
        """A fresh folder for one piece of work.

        :param feature: the feature's slug; ``name`` what it is for: ``red``, ``attempt-1``.
        """
        self._ignore_itself()
        place = self.generation(feature, generation)
        for number in itertools.count(1):
            numbered = name if number == 1 else f"{name}.{number}"
            folder = self.place(*place.relative_to(self.folder).parts, numbered)
            with contextlib.suppress(FileExistsError):
                folder.mkdir(parents=True)
                return folder
        raise AssertionError("unreachable: there is always a next number")

    def generation(self, feature: str, generation: int) -> Path:
        """Where all rooms of one generation of a feature lie."""
        return self.place(feature, f"generation-{generation}")

    def scratch(self, name: str) -> Path:
        """An empty folder for what is no evidence: emptied each time."""
        self._ignore_itself()
        folder = self.place(name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def clear(self, feature: str) -> bool:
        """Remove all that is kept of a feature; whether there was anything."""
        folder = self.place(feature)
        if not folder.is_dir():
            return False
        shutil.rmtree(folder)
        return True

    def _ignore_itself(self) -> None:
        ignore = self.place(".gitignore")
        if not ignore.exists():
            write_file(ignore, "*\n")
