"""How the judge's interpreter is started: isolated, in a folder of its own, by a command line that names no test."""

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
_LONGEST_FOLDER = 45  # a socket's whole path has 104 to 108 characters, and the browser's own part takes up to 55
# What pytest compiles of plugins, with their asserts rewritten, comes and goes beside them: it is looked for where
# nothing is.
_START = """\
import sys

sys.path += {homes!r}
sys.argv[0] = "pytest"

import playwright.sync_api
import pytest

sys.pycache_prefix = {compiled!r}

"""
ONE_RUN = "sys.exit(pytest.console_main())\n"
"""What is done in an interpreter that is for one run."""
MANY_RUNS = "from pytest_chimera.judge.copies import main\n\nmain()\n"
"""What is done in one that serves a run after the other, each in a copy of itself."""


@contextmanager
def own_folder() -> Iterator[Path]:
    """An empty folder that only this user can enter, gone afterwards."""
    folder = Path(tempfile.mkdtemp()).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def lay_start(folder: Path, what: str) -> None:
    """Lay the file that the interpreter starts with, and a folder for temporary files."""
    (folder / _TEMPORARY).mkdir()
    start = _START.format(homes=list(_HOMES), compiled=compiled_in(folder)) + what
    (folder / _START_FILE).write_text(start, encoding="utf-8")


def command(folder: Path) -> list[str]:
    """The judge's command line, which names no test.

    ``-S``: no file is run because it lies beside the packages; the folders that are looked in are given instead.
    """
    return [sys.executable, "-I", "-S", "-B", str(folder / _START_FILE)]


def compiled_in(folder: Path) -> str:
    """Where compiled modules are looked for: there are none."""
    return str(folder / _COMPILED)


def temporary_in(folder: Path) -> dict[str, str]:
    """The variables by which temporary files, a browser's profile above all, lie in the judge's folder, so that they go
    with it; none where its path is that long that a browser could not make its sockets below it.
    """
    inside = len(str(folder)) <= _LONGEST_FOLDER
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder / _TEMPORARY)) if inside else {}


def environment(folder: Path) -> dict[str, str]:
    """The judge's environment, which nothing but this says."""
    browsers = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    return chosen_environment(
        also={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PY_COLORS": "0", "NO_COLOR": "1"}
        | temporary_in(folder)
        | ({"PLAYWRIGHT_BROWSERS_PATH": browsers} if browsers else {})
    )


def _homes() -> tuple[str, ...]:
    """The folders that hold the judge's packages, in the order in which this interpreter looks in them."""
    specs = (importlib.util.find_spec(name) for name in ("pytest", "pluggy", "playwright", "pytest_playwright"))
    origins = [spec.origin for spec in specs if spec is not None and spec.origin]
    homes = [str(Path(pytest_chimera.__file__).parents[1]), *(str(Path(origin).parents[1]) for origin in origins)]
    homes += [each for each in sys.path if Path(each).name in {"site-packages", "dist-packages"}]
    known = list(dict.fromkeys(homes))
    return tuple(sorted(known, key=lambda home: sys.path.index(home) if home in sys.path else len(sys.path)))


_HOMES = _homes()  # as it is now: what is put on the path later is none of the judge's
