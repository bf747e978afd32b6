"""Imports go down only, and a plain run imports nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "pytest_chimera"
FLOORS = {
    "errors": 0,
    "settings": 0,
    "models": 0,
    "workflow": 0,
    "hookspecs": 0,
    "marked": 0,
    "crash_points": 0,
    "contention": 0,
    "environment": 1,
    "imports": 1,
    "commands": 1,
    "credentials": 1,
    "nesting": 1,
    "process": 1,
    "supervised": 1,
    "supervisor": 1,
    "sandbox": 1,
    "custody": 1,
    "repository": 1,
    "ahead": 1,
    "standing": 1,
    "untrusted": 1,
    "journal": 1,
    "vault": 1,
    "scenario": 2,
    "judging": 2,
    "agents": 3,
    "briefs": 3,
    "words": 3,
    "sealing": 3,
    "turns": 3,
    "limits": 3,
    "breaker": 3,
    "landing": 3,
    "engine": 3,
    "project": 3,
    "staging": 3,
    "implementing": 3,
    "workshop": 3,
    "publishing": 3,
    "proof": 3,
    "trials": 3,
    "keeping": 3,
    "causes": 3,
    "verdicts": 3,
    "proving": 3,
    "drafting": 3,
    "committed": 3,
    "canaries": 3,
    "verification": 3,
    "builtin": 3,
    "session": 4,
    "plugin": 4,
    "demo": 4,
    "__main__": 4,
}
WITNESS = "judging/witness.py"  # runs inside the judge's own pytest process


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
