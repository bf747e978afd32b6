"""New modules that would be imported in the place of installed ones, or of the standard library's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

from pytest_chimera.context.project_tests import is_test_file
from pytest_chimera.models import Change
from pytest_chimera.system.import_paths import own_packages

_MODULES = (".py", ".pyc", ".pyd", ".pyw", ".so", ".dylib")
_EVERYBODYS = {"tests", "test", "docs", "doc", "examples", "scripts", "tools", "benchmarks", "conftest", "setup"}
"""Top-level names that some packages install by mistake."""


def shadowing(change: Change, listed: Callable[[str], Collection[str]]) -> Iterator[tuple[str, str]]:
    """The files that a change adds under a name that is taken, and that name.

    :param listed: gives the paths of a commit.
    """
    added = [file.path for file in change.files if file.status == "A"]
    suspects = [(path, root, name) for path in added for root in _roots(path) if (name := _module(path, root))]
    suspects = [each for each in suspects if each[2] in taken_names()]
    if not suspects:
        return
    before, after = set(listed(change.base)), set(listed(change.commit))
    for path, root, name in suspects:
        is_old = any(f"{root}{name}{end}" in before for end in (".py", "/__init__.py"))
        if not is_old and _is_root(root, after):
            yield path, name


@cache
def taken_names() -> frozenset[str]:
    """The top-level names of the standard library, and of what is installed beside this interpreter."""
    found = {path.name.partition(".")[0] for folder in own_packages() for path in folder.glob("*") if _is_module(path)}
    return frozenset((found | sys.stdlib_module_names) - _EVERYBODYS - {""})


def _is_module(path: Path) -> bool:
    return path.suffix in _MODULES or (path / "__init__.py").is_file()


def _roots(path: str) -> Iterator[str]:
    """The folders of a path from which it might be imported by its first name; the project's own end with nothing."""
    parent = PurePosixPath(path).parent
    for folder in dict.fromkeys((parent, parent.parent)):
        yield "" if str(folder) == "." else f"{folder}/"


def _is_root(root: str, after: Collection[str]) -> bool:
    """Whether modules are imported from a folder by their first name.

    So it is with the project's top, with ``src``, and where tests lie that are in no package.
    """
    if root in {"", "src/"}:
        return True
    beside = [path for path in after if path.startswith(root) and "/" not in path[len(root) :]]
    return f"{root}__init__.py" not in beside and any(
        path.endswith(".py") and is_test_file(path) and PurePosixPath(path).name.startswith(("test_", "conftest"))
        for path in beside
    )


def _module(path: str, root: str) -> str:
    """The name under which a file is imported from a folder; empty when it is not."""
    if not path.startswith(root):
        return ""
    parts = PurePosixPath(path[len(root) :]).parts
    if len(parts) == 1:
        return parts[0].partition(".")[0] if parts[0].endswith(_MODULES) else ""
    return parts[0] if parts[1:] == ("__init__.py",) else ""
