"""Everything that an interpreter imports from is readable in the sandbox, and copied if it is in the repository."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_chimera.system.environment import chosen_environment
from pytest_chimera.system.import_paths import Origin
from pytest_chimera.system.sandbox import Sandboxes
from pytest_chimera.system.supervision import Finished, Supervised

IMPORTS = """
    import importlib, json, os, sys
    found = [importlib.import_module(name).__file__ for name in sys.argv[1].split()]
    print(json.dumps([found, [path for path in json.loads(sys.argv[2]) if os.path.exists(path)]]))
"""
Install = Callable[[str], Path]
FINDER = """
from __future__ import annotations
MAPPING: dict[str, str] = {mapping!r}
NAMESPACES: dict[str, list[str]] = {{}}
import sys
from importlib.util import spec_from_file_location
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        place = MAPPING.get(name)
        return spec_from_file_location(name, place + "/__init__.py") if place else None
def install():
    sys.meta_path.append(Finder)
"""


def write(folder: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)


def by_pth(packages: Path, root: Path) -> None:
    write(packages, {"__editable__.tool.pth": f"{root}\n"})


def by_finder(packages: Path, root: Path) -> None:
    finder = "__editable___tool_1_0_finder"
    mapping = {path.name: str(path) for path in root.iterdir() if (path / "__init__.py").is_file()}
    write(
        packages, {f"{finder}.py": FINDER.format(mapping=mapping), "tool.pth": f"import {finder}; {finder}.install()\n"}
    )


def by_another_finder(packages: Path, root: Path) -> None:
    """An editable install of an unknown build backend: its mapping is in none of the known files."""
    mapping = {path.name: str(path) for path in root.iterdir() if (path / "__init__.py").is_file()}
    told = {"url": root.as_uri(), "dir_info": {"editable": True}}
    files = {"_hook.py": FINDER.format(mapping=mapping), "tool.pth": "import _hook; _hook.install()\n"}
    write(packages, {**files, "tool-1.0.dist-info/direct_url.json": json.dumps(told)})


WAYS = pytest.mark.parametrize("installs", [by_pth, by_finder, by_another_finder])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


def environment_at(place: Path) -> Path:
    """A virtual environment; gives its folder of packages."""
    venv.create(place, symlinks=True, with_pip=False)
    return next(place.glob("lib/python3*/site-packages"))


@pytest.fixture(params=["sandbox", "none"])
def sandboxed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "sandbox")


def run(command: list[str], copy: Path, origin: Origin, *, sandboxed: bool = True, **environment: str) -> Finished:
    """A command in a copy of the repository."""
    sandboxes = Sandboxes("auto" if sandboxed else "off", (), (origin.root,), origin)
    if sandboxed and sandboxes.find() is None:
        pytest.skip(f"no sandbox works here: {sandboxes.why_not}")
    given = [f"{name}={value}" for name, value in environment.items()]
    program = Supervised(
        sandboxes.programs(command, copy),
        folder=copy,
        environment=chosen_environment(folder=copy, origin=origin, given=given),
        log=copy.with_name("log"),
        time_limit=60,
        sandbox=sandboxes.for_folder(copy),
    )
    return program.run()


def imported(
    python: Path, names: str, copy: Path, origin: Origin, *seen: Path, sandboxed: bool = True
) -> tuple[list[str], list[str]]:
    """Where modules come from in a copy of the repository, and which paths are there."""
    command = [str(python), "-c", textwrap.dedent(IMPORTS), names, json.dumps([str(each) for each in seen])]
    finished = run(command, copy, origin, sandboxed=sandboxed)
    assert finished.exit_code == 0, finished.output
    found, there = json.loads(finished.output.splitlines()[-1])
    return found, there


def a_copy(home: Path) -> Path:
    copy = home / ".cache" / "pytest-chimera" / "copy"
    copy.mkdir(parents=True, exist_ok=True)
    return copy


@WAYS
@pytest.mark.parametrize("place", ["home/code", "elsewhere"])
def test_a_project_inside_an_editable_one_stays_hidden_and_that_one_is_read(
    home: Path, tmp_path: Path, installs: Callable[[Path, Path], None], place: str
) -> None:
    around = tmp_path / place / "clone"
    write(
        around, {"tool/__init__.py": "", "demo/.git/config": "", "demo/page.py": "", ".env": "KEY=1", ".git/config": ""}
    )
    installs(environment_at(around / ".venv"), around)
    hidden = [around / "demo" / "page.py", around / ".env", around / ".git" / "config"]
    found, there = imported(around / ".venv/bin/python", "tool", a_copy(home), Origin(around / "demo"), *hidden)
    assert found == [str(around / "tool" / "__init__.py")]
    assert there == []


def test_of_a_home_folder_that_is_imported_from_modules_are_read_and_nothing_else(home: Path) -> None:
    repository = home / "code" / "app"
    write(home, {"helper.py": "", "lib/__init__.py": "", "notes/diary": "", ".ssh/key": "", "code/app/page.py": ""})
    by_pth(environment_at(home / "envs" / "one"), home)
    hidden = [home / "notes" / "diary", home / ".ssh", repository / "page.py"]
    python = home / "envs/one/bin/python"
    found, there = imported(python, "helper lib", a_copy(home), Origin(repository), *hidden)
    assert found == [str(home / "helper.py"), str(home / "lib" / "__init__.py")]
    assert there == []


@pytest.fixture
def own_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that the running interpreter has besides."""
    folder = tmp_path / "more" / "site-packages"
    folder.mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    return folder


@WAYS
@pytest.mark.parametrize("prefix", ["", "apps/web"])
def test_a_package_of_the_repository_itself_is_imported_from_the_copy(
    home: Path, own_packages: Path, installs: Callable[[Path, Path], None], sandboxed: bool, prefix: str
) -> None:
    repository, copy = home / "code" / "app", a_copy(home)
    for root in (repository, copy):
        write(root, {"packages/core/core/__init__.py": "", f"{prefix or '.'}/page.py": ""})
    installs(own_packages, repository / "packages" / "core")
    origin, project = Origin(repository, prefix), copy / prefix
    found, there = imported(
        Path(sys.executable), "core page", project, origin, repository / "packages", sandboxed=sandboxed
    )
    assert found == [str(copy / "packages/core/core/__init__.py"), str(project / "page.py")]
    assert bool(there) is not sandboxed


def test_what_pythonpath_names_in_the_repository_is_imported_from_the_copy_and_the_rest_as_it_is(
    home: Path, sandboxed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, copy = home / "code" / "app", a_copy(home)
    write(copy, {"lib/within.py": ""})
    write(repository, {"lib/within.py": "", "generated/schema.py": ""})
    write(home, {"shared/beside.py": ""})
    entries = [repository / "lib", repository / "generated", home / "shared"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, entries)))
    names = "within schema beside"
    found, _ = imported(Path(sys.executable), names, copy, Origin(repository), sandboxed=sandboxed)
    expected = [copy / "lib/within.py", repository / "generated/schema.py", home / "shared/beside.py"]
    assert found == [str(path) for path in expected]


@WAYS
def test_a_command_of_an_environment_in_the_repository_runs_in_a_copy_that_has_none(
    home: Path, installs: Callable[[Path, Path], None], sandboxed: bool
) -> None:
    repository, copy, library = home / "code" / "app", a_copy(home), home / "code" / "library"
    write(library, {"tool/__init__.py": "def main(): import page; print(page.__file__)"})
    for root in (repository, copy):
        write(root, {"page.py": ""})
    installs(environment_at(repository / ".venv"), library)
    program = repository / ".venv" / "bin" / "serve"
    program.write_text(f"#!{repository}/.venv/bin/python\nimport tool\ntool.main()\n")
    program.chmod(0o755)
    finished = run([".venv/bin/serve"], copy, Origin(repository), sandboxed=sandboxed)
    assert finished.output == f"{copy / 'page.py'}\n"


def test_of_an_environment_that_is_the_repository_its_packages_are_read_and_nothing_else(home: Path) -> None:
    repository = home / "code" / "app"
    write(environment_at(repository), {"dependency.py": ""})
    write(repository, {"page.py": "", ".git/config": ""})
    hidden = [repository / "page.py", repository / ".git"]
    found, there = imported(repository / "bin/python", "dependency", a_copy(home), Origin(repository), *hidden)
    assert found[0].endswith("site-packages/dependency.py")
    assert there == []


def test_uv_takes_the_environment_that_is_there(home: Path) -> None:
    repository = home / "code" / "app"
    environment_at(repository / ".venv")
    environment = chosen_environment(folder=a_copy(home), origin=Origin(repository))
    assert environment["UV_PROJECT_ENVIRONMENT"] == str(repository / ".venv")
    assert environment["UV_NO_SYNC"] == "1"
