"""Finds out what interpreters import from, by reading their environments' files without starting them."""

from __future__ import annotations

import ast
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from urllib.request import url2pathname

_PACKAGES = frozenset({"site-packages", "dist-packages"})
_PLACES_OF_PACKAGES = ("lib*/python3*/site-packages", "lib*/python3*/dist-packages", "Lib/site-packages")
_DEPTH = 5
"""The maximum depth of a program or a folder of packages below its environment."""


@dataclass(frozen=True)
class Origin:
    """The person's repository, of which a clone or a checkout is a copy.

    :param root: its top folder; ``prefix``: the project's path in it.
    """

    root: Path
    prefix: str = ""

    @property
    def project(self) -> Path:
        """The person's project."""
        return self.root / self.prefix

    def top_of(self, folder: Path) -> Path:
        """Return the top folder of the copy in which ``folder`` contains the project."""
        parts = PurePosixPath(self.prefix).parts
        return folder.parents[len(parts) - 1] if parts else folder

    def copied(self, path: Path, folder: Path) -> Path | None:
        """Return the same path in a copy; ``None`` for a path outside the repository.

        :param folder: the project in that copy.
        """
        for each in (path, path.resolve()):
            if each.is_relative_to(self.root):
                return self.top_of(folder) / each.relative_to(self.root)
        return None

    def programs(self, command: list[str], folder: Path) -> list[str]:
        """Return a command with a program from an environment inside the project, such as ``.venv/bin/flask``,
        replaced.

        A copy contains no environment, so the person's own is used.
        """
        own = self.project / command[0]
        is_meant = "/" in command[0] and not (folder / command[0]).exists() and environment_of(own) is not None
        return [str(own), *command[1:]] if is_meant and own.is_file() else command


def environment_of(path: Path) -> Path | None:
    """Return the virtual or conda environment that contains a path as given: links are not followed."""
    for each in (path, *path.parents[:_DEPTH]):
        if (each / "pyvenv.cfg").is_file() or (each / "conda-meta").is_dir():
            return each
    return None


def home_of(environment: Path) -> Path | None:
    """Return the folder of the interpreter that an environment was created with: ``home =`` in its ``pyvenv.cfg``."""
    with suppress(OSError, UnicodeError):
        for line in (environment / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "home" and value.strip():
                return Path(value.strip())
    return None


def packages_of(environment: Path) -> Iterator[Path]:
    """Yield the package folders of an environment."""
    for pattern in _PLACES_OF_PACKAGES:
        yield from sorted(environment.glob(pattern))


def own_packages() -> Iterator[Path]:
    """Yield the package folders of the running interpreter."""
    return (path for each in sys.path if (path := Path(each)).name in _PACKAGES and path.is_absolute())


def own_roots() -> list[Path]:
    """Return what the running interpreter imports from besides its packages, however it was started."""
    return [*roots_of(own_packages()), *python_path(os.environ.get("PYTHONPATH", ""))]


def python_path(value: str) -> list[Path]:
    """Return the folders of ``PYTHONPATH``, resolved as in this process."""
    return [Path(each).absolute() for each in value.split(os.pathsep) if each]


def roots_of(packages: Iterable[Path]) -> Iterator[Path]:
    """Yield the folders that package folders refer to: lines of ``.pth`` files, and editable installs.

    For an unknown kind of editable install, the project's ``src`` or the project itself is used.
    """
    for folder in packages:
        roots = [*_lines_of_pth(folder), *_found_by_finders(folder)]
        yield from roots
        for project in projects_of(folder):
            if not any(root.is_relative_to(project) for root in roots):
                yield project / "src" if (project / "src").is_dir() else project


def projects_of(packages: Path) -> Iterator[Path]:
    """Yield the folders of editable installs, from ``direct_url.json``."""
    for file in sorted(packages.glob("*.dist-info/direct_url.json")):
        with suppress(OSError, ValueError, AttributeError):
            told = json.loads(file.read_text(encoding="utf-8"))
            if told.get("dir_info", {}).get("editable"):
                yield Path(url2pathname(urlsplit(told["url"]).path))


def _lines_of_pth(packages: Path) -> Iterator[Path]:
    for file in sorted(packages.glob("*.pth")):
        with suppress(OSError, UnicodeError):
            for line in file.read_text(encoding="utf-8-sig").splitlines():
                is_path = line.strip() and not line.startswith(("#", "import ", "import\t"))
                if is_path and (path := packages / line.strip()).is_dir():
                    yield Path(os.path.normpath(path))


def _found_by_finders(packages: Path) -> Iterator[Path]:
    """Yield the folders from which setuptools' finders import: each lists its modules and their paths."""
    for file in sorted(packages.glob("__editable__*_finder.py")):
        with suppress(OSError, ValueError, SyntaxError):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                    yield from _mapped(ast.literal_eval(node.value)) if node.target.id == "MAPPING" else ()


def _mapped(mapping: dict[str, str]) -> Iterator[Path]:
    for module, place in mapping.items():
        names = tuple(module.split("."))
        if Path(place).with_suffix("").parts[-len(names) :] == names:
            yield Path(place).parents[len(names) - 1]
