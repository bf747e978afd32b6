"""The package's structure: folders on floors, no circle, names that are said once, and a plain run that is light."""

from __future__ import annotations

import ast
import os
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
IN_THE_JUDGE = {"judge.witness", "judge.copies"}  # run inside the judge's own process
KNOWN_CIRCLES = {("workflow", "hookspecs")}
"""(folder, what it imports although it is imported by it): the hooks name the workflow's values, for type checkers."""
LATE = {"import_module", "__import__", "resolve_name", "exec", "eval", "exec_module", "run_module", "run_path"}
IMPORT_LATE = {
    "__init__",
    "judge.__init__",
    "judge.copies",
    "staging.arranging_program",
}  # two lend names; one imports pytest's own plugins ahead of time, one the application's
LONGEST_FUNCTION = 60
HIGHEST_FOLDER = 3


@cache
def modules() -> Mapping[str, Path]:
    """The package's modules by their dotted names below it; what cannot be imported is the demo's application."""
    paths = {path.relative_to(PACKAGE).with_suffix("").parts: path for path in sorted(PACKAGE.rglob("*.py"))}
    return {".".join(parts): path for parts, path in paths.items() if all(map(str.isidentifier, parts))}


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


def floor_of(name: str) -> int:
    top = name.partition(".")[0]
    return next(number for number, names in enumerate(FLOORS) if top in names)


def named_in(name: str) -> Iterator[str]:
    """Everything that a module imports, by its whole name: in a statement, as an attribute or as a text."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            yield from (text for text in [ast.unparse(node)] if text.startswith("pytest_chimera."))
        elif isinstance(node, ast.Constant) and re.fullmatch(r"pytest_chimera(\.\w+)+(:[\w.]+)?", str(node.value)):
            yield str(node.value).partition(":")[0]


@cache
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


@pytest.mark.parametrize("name", NAMES)
def test_imports_are_written_in_full(name: str) -> None:
    """Nothing is relative, starred, lent by the package itself or imported by a name that is put together."""
    named = [each for each in named_in(name) if each.startswith((".", "pytest_chimera."))]
    assert [each for each in named if each.startswith(".") or each.endswith(".*")] == []
    tops = {each.split(".")[1] for each in named}
    assert {top for top in tops if not top.startswith("__")} <= set().union(*FLOORS)
    nodes = list(ast.walk(tree_of(name)))
    used = {getattr(node, "id", getattr(node, "attr", getattr(node, "name", ""))) for node in nodes}
    assert not used & LATE or name in IMPORT_LATE


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


@pytest.mark.parametrize("folder", ["", *FOLDERS])
def test_no_folder_imports_itself_by_way_of_others(folder: str) -> None:
    def member(name: str) -> str:
        """The module or folder right below this one that a module belongs to; nothing for one of elsewhere."""
        inside = name.removesuffix(".__init__").split(".")
        depth = len(folder.split(".")) if folder else 0
        return ".".join(inside[: depth + 1]) if len(inside) > depth and ".".join(inside[:depth]) == folder else ""

    graph: dict[str, set[str]] = {member(name): set() for name in NAMES if member(name)}
    for name in filter(member, NAMES):
        for other in set(map(member, imports_of(name))) - {"", "__init__", member(name)}:
            if (member(name), other) not in KNOWN_CIRCLES:
                graph[member(name)].add(other)
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_has_three_floors_at_most(folder: str) -> None:
    own = {name for name in NAMES if name.rpartition(".")[0] == folder and not name.endswith("__init__")}
    within = (name for name in NAMES if name.startswith(f"{folder}.") and name != f"{folder}.__init__")
    below = {name: {each for each in imports_of(name) if each.startswith(f"{folder}.")} for name in within}
    floor: dict[str, int] = {}  # what lies in folders of this one is on the way, and does not count
    for name in TopologicalSorter(below).static_order():
        floor[name] = (name in own) + max((floor[each] for each in below.get(name, ())), default=0)
    assert max(floor.values()) <= HIGHEST_FOLDER, floor


def test_no_two_modules_have_one_name() -> None:
    own = Counter(name.rpartition(".")[2] for name in [*NAMES, *FOLDERS] if not name.endswith("__init__"))
    assert {name for name, count in own.items() if count > 1} == set()
    assert {name.rpartition(".")[2] for name in NAMES if name in FOLDERS} == set()


@pytest.mark.parametrize("name", modules())
def test_no_function_is_long(name: str) -> None:
    def lines(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> int:
        first: int = min(each.lineno for each in [node, *getattr(node, "decorator_list", [])])
        return (node.end_lineno or 0) - first + 1

    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    functions = [node for node in ast.walk(tree_of(name)) if isinstance(node, kinds)]
    assert [ast.unparse(each)[:60] for each in functions if lines(each) >= LONGEST_FUNCTION] == []


def public_in(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """What a module or class offers, under a condition too, and what its classes offer."""
    for each in ast.iter_child_nodes(node):
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from public_in(each)
        elif not each.name.startswith("_"):
            yield each
            yield from public_in(each) if isinstance(each, ast.ClassDef) else ()


@pytest.mark.parametrize("name", modules())
def test_what_is_public_is_described(name: str) -> None:
    assert ast.get_docstring(tree_of(name))
    assert [each.name for each in public_in(tree_of(name)) if not ast.get_docstring(each)] == []


TEXTS = [path for path in sorted(PACKAGE.rglob("*")) if path.is_file() and path.suffix not in {".pyc", ".png"}]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_document_is_spoken_of_that_is_not_here(path: Path) -> None:
    for word in re.findall(r"(?i)(?<![\w./-])[\w./-]*\w\.(?:md|rst|adoc)\b", path.read_text(encoding="utf-8")):
        place = word.lstrip("/")
        here = any((PACKAGE.parent / folder / place).is_file() for folder in (".", "docs"))
        assert (here and ".." not in place) or place in EXAMPLES, word


EXAMPLES = {"AGENTS.md", "CLAUDE.md", "README.md", "brief.md", "task.md"}


@pytest.mark.parametrize("name", NAMES)
def test_pytest_is_imported_by_what_it_plugs_in_alone(name: str) -> None:
    imports_pytest = any(each.split(".")[0] in {"pytest", "_pytest"} for each in named_in(name))
    assert not imports_pytest or floor_of(name) >= WITH_PYTEST or name in IN_THE_JUDGE


HEAVY = ("pydantic", "jinja2", "playwright", "git", "anyio", "rich", "psutil", "gherkin")


def test_the_plugin_itself_imports_nothing_heavy() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_chimera.plugin, pytest_chimera.hookspecs, "
        "pytest_chimera.session.plain; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in done.stdout.split()} & set(HEAVY)


PLAIN = """
import pytest

@pytest.mark.feature("User can add a todo")
def test_add_todo():
    '''Then I should see "Buy milk"'''

def test_plain():
    pass
"""


def test_a_plain_run_imports_nothing_heavy(tmp_path: Path) -> None:
    """From the options to the end of the session: only chimera's own modules and the standard library come with it."""
    (tmp_path / "test_plain.py").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "todo.feature").write_text("Feature: Todos\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    code = "import sys, pytest; pytest.main(sys.argv[1:]); print('loaded', *sys.modules)"

    def loaded(*arguments: str) -> set[str]:
        command = [sys.executable, "-c", code, "-q", "-p", "no:cacheprovider", *arguments, "."]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        assert "1 passed" in done.stdout, done.stdout + done.stderr
        return set(done.stdout.rpartition("loaded")[2].split())

    come = {name.split(".")[0] for name in loaded("-p", "pytest_chimera.plugin") - loaded("-k", "plain and not todo")}
    assert come - set(sys.stdlib_module_names) == {"pytest_chimera"}
    assert not come & {"asyncio", "sqlite3", "http", "multiprocessing", "ssl"}
