"""Which files of a project are tests."""

from __future__ import annotations

from pathlib import PurePosixPath


def is_test_file(path: str) -> bool:
    """Whether a file is a test or a part of one, by its name or its folder."""
    *folders, name = PurePosixPath(path).parts
    named = name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))
    return named or name == "conftest.py" or not {"tests", "test"}.isdisjoint(folders)
