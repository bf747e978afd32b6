"""Which files of a project are tests."""

from __future__ import annotations

import re
from pathlib import PurePosixPath


def is_test_file(path: str) -> bool:
    """Whether a file belongs to the tests: by its name, or by the folder that it lies in."""
    *folders, name = PurePosixPath(path).parts
    named = name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))
    named = named or bool(_OF_SCRIPTS.search(name))
    return named or name in {"conftest.py", "tests.py"} or not {"tests", "test", "__tests__"}.isdisjoint(folders)


_OF_SCRIPTS = re.compile(r"\.(?:test|spec)\.[cm]?[jt]sx?$")
