"""What interpreters import from: read from the files of their environments, with none of them started."""

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
"""How far below its environment a program or a folder of packages lies."""


@dataclass(frozen=True)
class Origin:
    """The person's repository, of which a clone or a checkout is a copy.

    :param root: its top folder; ``prefix`` where the project lies in it.
    """

    root: Path
    prefix: str = ""

    @property
    def project(self) -> Path:
        """The person's project."""
        return self.root / self.prefix

    def top_of(self, folder: Path) -> Path:
        """The whole copy, of which ``folder`` holds the project."""
        parts = PurePosixPath(self.prefix).parts
        return folder.parents[len(parts) - 1] if parts else folder

    def copied(self, path: Path, folder: Path) -> Path | None:
        """The same place in a copy; ``None`` for what lies outside of the repository.

        :param folder: the project in that copy.
        """
        for each in (path, path.resolve()):
            if each.is_relative_to(self.root):
                return self.top_of(folder) / each.relative_to(self.root)
        return None

    def programs(self, command: list[str], folder: Path) -> list[str]:
        """A command whose program lies in an environment within the project, such as ``.venv/bin/flask``.

        A copy holds no environment: the person's own is named in its place.
        """
        own = self.project / command[0]
        is_meant = "/" in command[0] and not (folder / command[0]).exists() and environment_of(own) is not None
        return [str(own), *command[1:]] if is_meant and own.is_file() else command


def environment_of(path: Path) -> Path | None:
    """The virtual or conda environment that a path lies in, as it is named: links are not followed."""
    for each in (path, *path.parents[:_DEPTH]):
        if (each / "pyvenv.cfg").is_file() or (each / "conda-meta").is_dir():
            return each
    return None


def home_of(environment: Path) -> Path | None:
    """The folder of the interpreter that an environment was made with: ``home =`` in its ``pyvenv.cfg``."""
    with suppress(OSError, UnicodeError):
        for line in (environment / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "home" and value.strip():
                return Path(value.strip())
    return None


def packages_of(environment: Path) -> Iterator[Path]:
    """The folders of packages in an environment."""
    for pattern in _PLACES_OF_PACKAGES:
        yield from sorted(environment.glob(pattern))


def own_packages() -> Iterator[Path]:
    """The folders of packages of the running interpreter."""
    return (path for each in sys.path if (path := Path(each)).name in _PACKAGES and path.is_absolute())


def own_roots() -> list[Path]:
    """What the running interpreter imports from beside its packages, whoever has started it."""
    return [*roots_of(own_packages()), *python_path(os.environ.get("PYTHONPATH", ""))]


def python_path(value: str) -> list[Path]:
    """The folders of ``PYTHONPATH`` as they are meant in this process."""
    return [Path(each).absolute() for each in value.split(os.pathsep) if each]


def roots_of(packages: Iterable[Path]) -> Iterator[Path]:
    """What folders of packages lead to: lines of ``.pth`` files, and what is installed as editable.

    A project that is editable in another way than the known ones is imported from its ``src``, or from itself.
    """
    for folder in packages:
        roots = [*_lines_of_pth(folder), *_found_by_finders(folder)]
        yield from roots
        for project in projects_of(folder):
            if not any(root.is_relative_to(project) for root in roots):
                yield project / "src" if (project / "src").is_dir() else project


def projects_of(packages: Path) -> Iterator[Path]:
    """The folders of the projects that are installed as editable: ``direct_url.json`` names them."""
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
    """The folders from which setuptools' finders import: each lists its modules and where they lie."""
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
