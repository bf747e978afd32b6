"""The files next to an end-to-end test, and the tests that it contains, read from a commit."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import PurePosixPath

import anyio.to_thread

from pytest_chimera.git import Repository
from pytest_chimera.judge import freeze
from pytest_chimera.models import (
    GeneratedTest,
    SealedTest,
)
from pytest_chimera.scenario.functions.helpers import is_arrangement, modules_of


def e2e_files(git: Repository, commit: str, test_path: str) -> dict[str, bytes]:
    """Return the files in a test's folder, by their paths in the project: all that a hand-written test may use."""
    folder = PurePosixPath(test_path).parent.as_posix()
    read = ((path, git.read(commit, path)) for path in git.files(commit, folder))
    return {path: content for path, content in read if content is not None}


def beside(sealed: SealedTest, git: Repository) -> dict[str, Mapping[str, bytes]]:
    """Return the sealed files that the judge puts next to a sealed test, as the judge's arguments."""
    if sealed.handwritten:
        return {"e2e_files": e2e_files(git, sealed.commit, sealed.test.path)}
    return {"helpers": helper_files(git, sealed.commit, sealed.test)}


def helper_files(git: Repository, commit: str, test: GeneratedTest) -> dict[str, bytes]:
    """Return the modules of step functions that a generated test imports; empty if it imports none.

    They may use everything else in their folder, except its tests and its conftest.py.
    """
    if not modules_of(test):
        return {}
    files = e2e_files(git, commit, test.path)
    return {path: content for path, content in files.items() if path != test.path and not _is_pytests(path)}


def _is_pytests(path: str) -> bool:
    name = PurePosixPath(path).name
    return name == "conftest.py" or (name.endswith(".py") and name.startswith("test_"))


def is_one_test(test: GeneratedTest) -> bool:
    """Whether a module contains exactly one test, which is not parametrized."""
    tests = [node for node in ast.parse(test.source).body if isinstance(node, ast.FunctionDef) and _collected(node)]
    return len(tests) == 1 and all(map(is_arrangement, tests[0].decorator_list))


def _collected(node: ast.FunctionDef) -> bool:
    return node.name.startswith("test_")


def whole_module(test: GeneratedTest) -> GeneratedTest:
    """Return the module with all of its tests, if it contains several or parametrized ones."""
    return test.model_copy(update={"name": ""})


async def collected(test: GeneratedTest, git: Repository, commit: str) -> tuple[tuple[str, ...], bool]:
    """Return the node ids of a module of end-to-end tests in a commit, and whether it needs its folder.

    :raises PreconditionError: it cannot be collected by itself.
    """
    files = await anyio.to_thread.run_sync(e2e_files, git, commit, test.path)
    if test.name and is_one_test(test) and not any(PurePosixPath(path).name == "conftest.py" for path in files):
        return await freeze(test), False
    return await freeze(whole_module(test), handwritten=True, e2e_files=files), True
