"""The package's structure: folders on floors, no circle, names that are said once, and a plain run that is light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pytest_chimera"
FLOORS = (
    {"errors", "settings", "models", "markers", "hookspecs", "system", "workflow"},
    {"state", "git", "judge", "scenario"},
    {"context"},
    {"generation", "implementation", "review", "staging", "validation"},
    {"run"},
    {"session", "demo"},
    {"plugin", "__main__"},
)
"""From below: each imports what lies below it; neighbours on the lowest floor alone import each other."""
WITH_PYTEST = 3  # the hooks' implementations are pytest plugins
WITNESS = "judge.witness"  # runs inside the judge's own pytest
LONGEST_FUNCTION = 60
HIGHEST_FOLDER = 3


@cache
def modules() -> Mapping[str, Path]:
    """The package's modules by their dotted names below it; the demo's application is nobody's module."""
    paths = (path for path in sorted(PACKAGE.rglob("*.py")) if "application" not in path.parts)
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


def floor_of(name: str) -> int:
    top = name.partition(".")[0]
    return next(number for number, names in enumerate(FLOORS) if top in names)


def named_in(name: str) -> Iterator[str]:
    """Everything that a module imports, by its whole name."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(name: str) -> set[str]:
    """The package's modules that a module imports; a name that a folder passes on comes from the folder itself."""
    found = set()
    for each in named_in(name):
        own = each.removeprefix("pytest_chimera.")
        while own != each and own:
            if own in modules() or f"{own}.__init__" in modules():
                found.add(own if own in modules() else f"{own}.__init__")
                break
            own = own.rpartition(".")[0]
    return found - {name}


NAMES = [name for name in modules() if name != "__init__"]


def test_every_module_has_its_floor() -> None:
    assert {name.partition(".")[0] for name in NAMES} == set().union(*FLOORS)


@pytest.mark.parametrize("name", NAMES)
def test_imports_go_down_only(name: str) -> None:
    top, floor = name.partition(".")[0], floor_of(name)
    for other in imports_of(name) - {"__init__"}:
        beside = other.partition(".")[0] == top or floor == floor_of(other) == 0
        assert beside or floor_of(other) < floor, f"{name} (floor {floor}) imports {other}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    try:
        tuple(TopologicalSorter({name: imports_of(name) for name in NAMES}).static_order())
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


FOLDERS = sorted({name.rpartition(".")[0] for name in NAMES if "." in name})


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_has_three_floors_at_most(folder: str) -> None:
    def beside(name: str) -> set[str]:
        """What a module imports of its own folder's."""
        return {each for each in imports_of(name) if each in NAMES and each.rpartition(".")[0] == folder}

    def floor(name: str) -> int:
        return 1 + max((floor(other) for other in beside(name) if not other.endswith("__init__")), default=0)

    own = [name for name in NAMES if name.rpartition(".")[0] == folder and not name.endswith("__init__")]
    assert max(map(floor, own)) <= HIGHEST_FOLDER, {name: floor(name) for name in own}


def test_no_two_modules_have_one_name() -> None:
    own = Counter(name.rpartition(".")[2] for name in NAMES if not name.endswith("__init__"))
    assert [name for name, count in own.items() if count > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_function_is_long(name: str) -> None:
    functions = [node for node in ast.walk(tree_of(name)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [each.name for each in functions if (each.end_lineno or 0) - each.lineno >= LONGEST_FUNCTION]
    assert long == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_public_is_described(name: str) -> None:
    assert ast.get_docstring(tree_of(name)) or name.startswith("demo.application")
    public = [node for node in tree_of(name).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert [each.name for each in public if not each.name.startswith("_") and not ast.get_docstring(each)] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_document_is_spoken_of_that_is_not_here(name: str) -> None:
    for word in re.findall(r"(?<![\w/])[\w-][\w/-]*\.md\b", modules()[name].read_text(encoding="utf-8")):
        assert any((PACKAGE.parent / folder / word).is_file() for folder in (".", "docs")) or word in EXAMPLES, word


EXAMPLES = {"AGENTS.md", "CLAUDE.md", "README.md", "brief.md", "task.md"}


@pytest.mark.parametrize("name", NAMES)
def test_pytest_is_imported_by_what_it_plugs_in_alone(name: str) -> None:
    imports_pytest = any(each.split(".")[0] in {"pytest", "_pytest"} for each in named_in(name))
    assert not imports_pytest or floor_of(name) >= WITH_PYTEST or name == WITNESS


HEAVY = ("pydantic", "jinja2", "playwright", "git", "anyio", "rich", "psutil", "gherkin")


def test_the_plugin_itself_imports_nothing_heavy() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_chimera.plugin, pytest_chimera.hookspecs, "
        "pytest_chimera.session.plain; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in done.stdout.split()} & set(HEAVY)
