"""Starts the judge's interpreter: isolated, in a private folder, with a command line that names no test."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest_chimera
from pytest_chimera.system.process import chosen_environment

_TEMPORARY = "t"
_START_FILE = "start.py"
_COMPILED = "c"
_LONGEST_FOLDER = 45  # a socket's path is limited to 104 to 108 characters, of which the browser uses up to 55
# pytest caches compiled plugins, with rewritten asserts, next to them: this points to a place without such files.
_START = """\
import sys

sys.path += {homes!r}
sys.argv[0] = "pytest"

import playwright.sync_api
from pytest import main

sys.pycache_prefix = {compiled!r}

"""
ONE_RUN = "sys.exit(main())\n"
"""The program for a single run."""
MANY_RUNS = "from pytest_chimera.judge.copies import serve\n\nserve()\n"
"""The program that serves one run after the other, each in a fork of itself."""


@contextmanager
def temporary_folder(home: Path | None = None) -> Iterator[Path]:
    """Provide an empty temporary folder that only this user can enter; it is removed at the end.

    :param home: the folder to make it in; by default the system's folder for temporary files.
    """
    folder = Path(tempfile.mkdtemp(dir=home)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_start_file(folder: Path, program: str) -> None:
    """Write the file that the interpreter runs, and make the folder for temporary files.

    :param program: :data:`ONE_RUN` or :data:`MANY_RUNS`.
    """
    (folder / _TEMPORARY).mkdir()
    start = _START.format(homes=list(_HOMES), compiled=bytecode_folder(folder)) + program
    (folder / _START_FILE).write_text(start, encoding="utf-8")


def judge_command(folder: Path) -> list[str]:
    """Return the judge's command line, which contains no test's name.

    ``-S``: no file is run just because it is in the folder of packages; the path is given explicitly instead.
    """
    return [sys.executable, "-I", "-S", "-B", str(folder / _START_FILE)]


def bytecode_folder(folder: Path) -> str:
    """Return the folder in which Python looks for compiled modules. It does not exist, so every module is compiled."""
    return str(folder / _COMPILED)


def temporary_variables(folder: Path) -> dict[str, str]:
    """Return the environment variables that keep temporary files, such as the browser's profile, in the judge's folder,
    so that they are removed with it. There are none if the path is too long for the browser's sockets.
    """
    inside = len(str(folder)) <= _LONGEST_FOLDER
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder / _TEMPORARY)) if inside else {}


def judge_environment(folder: Path) -> dict[str, str]:
    """Return the environment variables of the judge's process."""
    browsers = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    return chosen_environment(
        also={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PY_COLORS": "0", "NO_COLOR": "1"}
        | temporary_variables(folder)
        | ({"PLAYWRIGHT_BROWSERS_PATH": browsers} if browsers else {})
    )


def _homes() -> tuple[str, ...]:
    """Return the folders of the judge's packages, in the order of this interpreter's path."""
    specs = (importlib.util.find_spec(name) for name in ("pytest", "pluggy", "playwright", "pytest_playwright"))
    origins = [spec.origin for spec in specs if spec is not None and spec.origin]
    homes = [str(Path(pytest_chimera.__file__).parents[1]), *(str(Path(origin).parents[1]) for origin in origins)]
    homes += [each for each in sys.path if Path(each).name in {"site-packages", "dist-packages"}]
    known = list(dict.fromkeys(homes))
    return tuple(sorted(known, key=lambda home: sys.path.index(home) if home in sys.path else len(sys.path)))


_HOMES = _homes()  # evaluated now: later additions to the path are not for the judge
