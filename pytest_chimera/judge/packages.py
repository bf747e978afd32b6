"""What the judge's process is loaded from: what was there before a coder came, and whether that is what it has loaded.

The look is taken once in a process, before anything of a coder's runs. A file counts as the same while its size, times
and number are; where only a time differs, its content is asked.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
import re
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest_chimera

CODE = frozenset({".py", ".so", ".pyd", ".dll", ".js"})
_COMPILED = ".pyc"
_ENDINGS = frozenset(ending.removeprefix(".") for ending in (*CODE, _COMPILED))
_PASSED_OVER = frozenset({"test", "tests", "idlelib", "lib2to3", "ensurepip", "node_modules", "driver"})
"""Folders that nothing of the judge's is imported from; if something were, it would count as new."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
DISTRIBUTIONS = ("pytest", "pytest-playwright", "playwright", "pytest-chimera")
"""Distributions that the judge's process loads; those that they require belong to them."""

Print = tuple[int, int, int, int]


def _homes() -> tuple[str, ...]:
    """The folders that hold the judge's packages, in the order in which this interpreter looks in them."""
    specs = (importlib.util.find_spec(name) for name in ("pytest", "pluggy", "playwright", "pytest_playwright"))
    origins = [spec.origin for spec in specs if spec is not None and spec.origin]
    homes = [str(Path(pytest_chimera.__file__).parents[1]), *(str(Path(origin).parents[1]) for origin in origins)]
    homes += [each for each in sys.path if Path(each).name in {"site-packages", "dist-packages"}]
    known = list(dict.fromkeys(homes))
    return tuple(sorted(known, key=lambda home: sys.path.index(home) if home in sys.path else len(sys.path)))


HOMES = _homes()  # as it is now: what is put on the path later is none of the judge's


@dataclass(frozen=True)
class Before:
    """What was there before the coder came.

    :param own: top-level name → folder, of the judge's own packages; ``names`` all that lie in the homes.
    :param absent: entries of the interpreter's own path with nothing in them.
    :param files: file → its fingerprint; ``at`` when the look was taken, by the clock of files.
    :param digests: file → the digest that it was loaded with, of those that were loaded since.
    """

    own: Mapping[str, str]
    names: frozenset[str]
    absent: tuple[str, ...]
    files: Mapping[str, Print]
    at: int
    digests: dict[str, str] = field(default_factory=dict)

    def strange(self, loaded: Iterable[tuple[str, str]]) -> list[str]:
        """What the judge has loaded and was not there, in sentences.

        :param loaded: file → digest, as the witness tells them.
        """
        return [f"{file} {why}" for file, digest in loaded if (why := self._why_strange(file, digest))]

    def _why_strange(self, file: str, digest: str) -> str:
        path = Path(file)
        if _digest(path) != digest:
            return "is not what the judge has loaded from there"
        if not path.is_file():
            return self._why_archive_strange(path)
        now, known = _print(path.stat()), self.files.get(file)
        if now == known:
            self.digests[file] = digest
            return ""
        if path.suffix == _COMPILED:  # running a program leaves such ones behind
            return "" if is_compiled_from_source(path) else "is not what its source says"
        if known is None:
            came_before = not self._is_ours(file) and max(now[1:3]) < self.at
            return "" if came_before else "was not there before the coder came"
        is_linked = now[:2] == known[:2] and now[3] == known[3] and self.digests.get(file) == digest
        return "" if is_linked else "is not as it was before the coder came"

    def _why_archive_strange(self, path: Path) -> str:
        archive = next((each for each in path.parents if each.is_file()), None)
        known = archive and self.files.get(str(archive))
        return "" if archive and known == _print(archive.stat()) else "was not there before the coder came"

    def _is_ours(self, file: str) -> bool:
        return any(file.startswith(f"{root}{os.sep}") for root in _roots())


@cache
def before_the_coder() -> Before:
    """The look, taken when it is first asked for."""
    at = time.time_ns()
    own = {name: home for each in required(DISTRIBUTIONS) for name, home in _top_level(each)}
    own["pytest_chimera"] = str(Path(pytest_chimera.__file__).parents[1])
    names = frozenset(entry.partition(".")[0] for home in HOMES for entry in _listed(home))
    absent = tuple(each for each in sys.path if each and not Path(each).exists())
    return Before(own, names, (*absent, *_zips()), dict(_files()), at)


def _zips() -> tuple[str, ...]:
    """Where an interpreter looks for its library as an archive, unless one is there."""
    name = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    folders = dict.fromkeys((sys.base_prefix, sys.prefix, sys.base_exec_prefix))
    found = (str(Path(folder, sys.platlibdir, name)) for folder in folders)
    return tuple(each for each in found if not Path(each).exists())


@cache
def _roots() -> tuple[str, ...]:
    standard = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    return tuple(dict.fromkeys(str(each) for each in (*standard, *HOMES) if each and Path(each).is_dir()))


def _files() -> Iterator[tuple[str, Print]]:
    """Every file that code may be loaded from. Of a home that holds more than packages, a project, our own package."""
    package = str(Path(pytest_chimera.__file__).parent)
    roots = [each for each in _roots() if not package.startswith(f"{each}{os.sep}") or _is_of_packages(each)]
    yield from ((each, _print(Path(each).stat())) for each in sys.path if Path(each).is_file())
    waiting = [*roots, package]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting += [entry.path] if entry.name not in _PASSED_OVER and entry.path not in roots else []
                elif entry.name.rpartition(".")[2] in _ENDINGS:
                    yield entry.path, _print(entry.stat())


def _is_of_packages(home: str) -> bool:
    return Path(home).name in {"site-packages", "dist-packages"}


def _print(about: os.stat_result) -> Print:
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _listed(folder: str) -> list[str]:
    with suppress(OSError):
        return [path.name for path in Path(folder).iterdir()]
    return []


# -- installed packages


def required(names: Iterable[str]) -> Iterator[metadata.Distribution]:
    """Distributions with what they require, extras left out."""
    waiting, seen = list(names), set[str]()
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        yield distribution
        if name != "pytest-chimera":  # of what it requires itself, the judge loads only the three that are named
            needs = (need for need in distribution.requires or () if "extra ==" not in need)
            waiting += [match[0] for need in needs if (match := _NAME.match(need))]


def _top_level(distribution: metadata.Distribution) -> Iterator[tuple[str, str]]:
    """A distribution's top-level names, each with the folder that it lies in."""
    for file in distribution.files or ():
        first = file.parts[0]
        if file.suffix in CODE and first not in {"..", "__pycache__"}:
            yield first.partition(".")[0], str(Path(str(distribution.locate_file(first))).parent)


def is_compiled_from_source(path: Path) -> bool:
    """A compiled file holds what its source says, or is gone: running a program leaves such ones behind."""
    try:
        content = path.read_bytes()
    except OSError:
        return True
    source = Path(importlib.util.source_from_cache(str(path)))
    try:
        loaded = marshal.loads(content[16:])
        compiled = compile(source.read_bytes(), str(source), "exec", dont_inherit=True)
    except (OSError, ValueError, EOFError, TypeError, SyntaxError):
        return False
    return bool(loaded == compiled)
