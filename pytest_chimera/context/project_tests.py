"""Which files of a project are tests."""

from __future__ import annotations

from pathlib import PurePosixPath


def is_test_file(path: str) -> bool:
    """Whether a file belongs to the tests: by its name, or by the folder that it lies in."""
    *folders, name = PurePosixPath(path).parts
    named = name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))
    return named or name == "conftest.py" or not {"tests", "test"}.isdisjoint(folders)
