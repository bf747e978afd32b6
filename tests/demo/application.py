"""The demo's application with recorded changes applied, and served."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_chimera.git.plumbing.commands import Git

RIGHT = {"test_add_book": 1, "test_finish_book": 3, "test_search": 2}
"""The features in the order in which they are built, each with its correct attempt."""

Recorded = Callable[[str, int], Path]


def replay(folder: Path, feature: str, attempt: int) -> None:
    """Apply one recorded change in a folder with the demo."""
    change = folder / "recorded" / feature / str(attempt)
    if change.is_dir():
        shutil.copytree(change, folder, dirs_exist_ok=True)
    else:
        Git(folder).ask("apply", f"{change}.patch")


@contextmanager
def served(folder: Path, data: Path) -> Iterator[str]:
    """Provide the application's URL while it runs."""
    server = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "readinglist", "run", "--port", "0"],
        cwd=folder,
        env=os.environ | {"READINGLIST_DATA": str(data), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr
    try:
        found = (re.search(r"Running on (\S+)", line) for line in server.stderr)
        yield next(match[1] for match in found if match)
    finally:
        server.terminate()
        server.communicate(timeout=10)
