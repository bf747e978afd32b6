"""Imports go down only, and a plain run imports nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pytest_chimera"
FLOORS = {
    "errors": 0,
    "settings": 0,
    "models": 0,
    "hookspecs": 0,
    "markers": 0,
    "system": 1,
    "workflow": 0,
    "state": 1,
    "git": 1,
    "scenario": 2,
    "judge": 2,
    "context": 3,
    "generation": 3,
    "implementation": 3,
    "review": 3,
    "staging": 3,
    "validation": 3,
    "run": 3,
    "session": 4,
    "demo": 4,
    "plugin": 4,
    "__main__": 4,
}
WITNESS = "judge/witness.py"  # runs inside the judge's own pytest process


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] != "__init__" and "application" not in parts:
            yield parts[0], path


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_module_has_its_floor() -> None:
    assert {name for name, _ in modules()} <= FLOORS.keys()


@pytest.mark.parametrize("path", [path for _, path in modules()], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_only(path: Path) -> None:
    floor = FLOORS[path.relative_to(PACKAGE).with_suffix("").parts[0]]
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] == "pytest_chimera" and len(parts) > 1 and parts[1] in FLOORS:
            assert FLOORS[parts[1]] <= floor, f"{path.name} (floor {floor}) imports {name}"


@pytest.mark.parametrize("path", [path for _, path in modules()], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_pytest_is_imported_on_the_two_upper_floors_alone(path: Path) -> None:
    floor = FLOORS[path.relative_to(PACKAGE).with_suffix("").parts[0]]
    imports_pytest = any(name.split(".")[0] in {"pytest", "_pytest"} for name in imports_of(path))
    assert not imports_pytest or floor >= 3 or path.as_posix().endswith(WITNESS)


HEAVY = ("pydantic", "jinja2", "playwright", "git", "anyio", "rich", "psutil", "gherkin")


def test_the_plugin_itself_imports_nothing_heavy() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_chimera.plugin, pytest_chimera.hookspecs, "
        "pytest_chimera.session.plain; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in done.stdout.split()} & set(HEAVY)
