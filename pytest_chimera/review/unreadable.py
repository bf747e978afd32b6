"""Files of a change that cannot be read: what nobody can look into, nobody can approve.

A file of any size is read in a process of its own first, once, with an end; a small one can do no harm here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from pytest_chimera.context.project_tests import is_test_file
from pytest_chimera.models import Change
from pytest_chimera.review.judge_awareness import SCRIPTS, sights
from pytest_chimera.system.apart import CouldNotRead, apart_and_wait
from pytest_chimera.system.python_source import Unreadable, parse

Read = Callable[[str, str], bytes | None]
File = tuple[str, bytes]
SMALL = 20_000
"""Bytes that no reader of ours takes long for."""
SECONDS = 60.0
"""Until reading all of a change's larger files, and then each of them, is given up."""
_PYTHON = {".py", ".pyi"}


def unreadable_in(read: Read, change: Change) -> dict[str, str]:
    """Path → why it could not be read, of the files that a change adds or changes; of a test as it was, too."""
    found = tuple(_contents(read, change))
    small = tuple(each for each in found if len(each[1]) <= SMALL)
    return why_unread(small) | _apart(tuple(each for each in found if len(each[1]) > SMALL))


def _contents(read: Read, change: Change) -> Iterator[File]:
    for file in change.files:
        if _ending(file.path) in _PYTHON | SCRIPTS:
            commits = (change.commit, change.base) if is_test_file(file.path) else (change.commit,)
            yield from ((file.path, content) for commit in commits if (content := read(commit, file.path)))


def without(read: Read, paths: Mapping[str, str]) -> Read:
    """A reader for which files that cannot be read are empty."""
    return lambda commit, path: b"" if path in paths else read(commit, path)


def why_unread(files: Sequence[File]) -> dict[str, str]:
    """Path → why, of those that cannot be read."""
    return {path: why for path, content in files if (why := _why_unread(path, content))}


def _why_unread(path: str, content: bytes) -> str:
    try:
        if _ending(path) in _PYTHON:
            parse(content)
        list(sights(path, content))
    except Unreadable as error:
        return error.why
    except (RecursionError, MemoryError):
        return "it is nested too deeply"
    except (SyntaxError, ValueError):
        return ""  # it is no Python, and does nothing
    return ""


def _apart(files: Sequence[File]) -> dict[str, str]:
    if not files:
        return {}
    try:
        return apart_and_wait(why_unread, SECONDS, files)
    except CouldNotRead as why:
        if len(files) == 1:
            return {files[0][0]: str(why)}
    return {path: found for each in files for path, found in _apart((each,)).items()}


def _ending(path: str) -> str:
    return PurePosixPath(path).suffix.lower()
