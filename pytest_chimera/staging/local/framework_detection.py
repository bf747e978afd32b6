"""Detects how to serve a project without configuration: only unambiguous cases, from its files, without imports."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_chimera.errors import PhaseFailed, SettingError

_NOT_THE_APPLICATION = frozenset(
    {
        "tests",
        "test",
        "docs",
        "doc",
        "examples",
        "example",
        "migrations",
        "node_modules",
        "build",
        "dist",
        "venv",
        "env",
    }
)
_NO_ENTRY = re.compile(r"(conftest|setup|manage|noxfile|tasks|fabfile|test_.*|.*_test)\.py")
_ENTRIES = ("__init__.py", "app.py", "main.py", "wsgi.py", "asgi.py", "application.py", "server.py", "api.py", "web.py")
_UVICORN = "uvicorn {module}:{name}{factory} --host {{host}} --port {{port}}"
FRAMEWORKS = {
    "Flask": "flask --app {found_in} run --port {{port}}",
    "FastAPI": _UVICORN,
    "Starlette": _UVICORN,
}
"""Frameworks by the name of their class, with the command that serves an application.

``module`` and ``name`` are those of its variable or factory; ``factory`` is uvicorn's option for one; ``found_in`` is
the module alone if Flask finds the name in it by itself.
"""
_USUAL_NAMES = ("app", "application")
_FACTORIES = ("create_app", "make_app")
_INSIDE = re.compile(r"BASE_DIR / '[^'/]+'|os\.path\.join\(BASE_DIR, '[^'/]+'\)")
_STATIC_FOLDERS = (".", "public", "site", "www", "web", "static")


@dataclass(frozen=True)
class Found:
    """A way to serve a project.

    :param command: as for ``chimera_serve``, with placeholders; all lines but the last are preparing commands.
    :param sentence: what was found where, and the command.
    :param blocked: why it cannot be used without the person's configuration; empty if it can.
    :param own_database: in a working tree, it would use the person's development database.
    """

    command: str
    sentence: str
    blocked: str = ""
    own_database: bool = False


def find_serve(folder: Path) -> Found | None:
    """Return the only way to serve the project in a folder; ``None`` if there is none, or more than one."""
    ways = candidates(folder)
    return ways[0] if len(ways) == 1 and not ways[0].blocked else None


def candidates(folder: Path) -> list[Found]:
    """Return all ways to serve the project in a folder; static files count only if there is no program."""
    looks: Sequence[Callable[[Path], list[Found]]] = (_python_applications, _django, _node)
    programs = [found for look in looks for found in look(folder)]
    return programs or ([] if (folder / "package.json").exists() else _static(folder))


def no_serve_known(folder: Path) -> SettingError | PhaseFailed:
    """Return the error if :func:`find_serve` finds nothing: what was found, and the line to write."""
    ways = candidates(folder)
    if not ways and (broken := next(_unreadable(folder), None)):
        return broken
    if len(ways) > 1:
        sentence = "There is more than one way to serve this project: " + "; ".join(way.sentence for way in ways) + "."
    elif ways:
        sentence = f"{ways[0].sentence}; but {ways[0].blocked}."
    else:
        sentence = "No way to serve this project is known."
    line = _as_setting(ways[0].command if ways else "flask --app todo run --port {port}")
    return SettingError(
        sentence, remedy=f"Write in pyproject.toml, under [tool.pytest.ini_options], for example:\n{line}"
    )


def _as_setting(command: str) -> str:
    if "\n" not in command:
        return f'chimera_serve = "{command}"'
    return f'chimera_serve = """\n{command}\n"""'


# -- Python applications: Flask, FastAPI, Starlette


@dataclass(frozen=True)
class _Application:
    """``name`` is the variable that holds the application, or its factory without arguments."""

    framework: str
    module: str
    path: str
    name: str
    factory: bool = False

    def found(self) -> Found:
        known = self.name in (_FACTORIES if self.factory else _USUAL_NAMES)
        command = FRAMEWORKS[self.framework].format(
            module=self.module,
            name=self.name,
            factory=" --factory" if self.factory else "",
            found_in=self.module if known else f"{self.module}:{self.name}",
        )
        return Found(command, f"{self.framework} application found in {self.path}: {command}")


def _python_applications(folder: Path) -> list[Found]:
    applications = [each for path, module in _entries(folder) if (each := _application_in(folder, path, module))]
    existing = [each for each in applications if not each.factory]
    return [each.found() for each in existing or applications]


def _entries(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files that may define an application, each with its module's name."""
    for place in (folder, folder / "src"):
        for path in sorted(place.glob("*.py")):
            if not _NO_ENTRY.fullmatch(path.name) and path.name != "__init__.py":
                yield path, path.stem
        for package in sorted(path.parent for path in place.glob("*/__init__.py")):
            if package.name in _NOT_THE_APPLICATION or package.name.startswith("."):
                continue
            for path in (package / name for name in _ENTRIES):
                if path.is_file():
                    yield path, package.name if path.name == "__init__.py" else f"{package.name}.{path.stem}"


def _application_in(folder: Path, path: Path, module: str) -> _Application | None:
    tree = _parsed(path)
    if tree is None:
        return None
    shown = path.relative_to(folder).as_posix()
    for statement in tree.body:
        if made := _made_by(statement):
            name, framework = made
            return _Application(framework, module, shown, name)
    for statement in tree.body:
        framework = _factory_of(statement)
        if framework and isinstance(statement, ast.FunctionDef):
            return _Application(framework, module, shown, statement.name, factory=True)
    return None


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return None


def _made_by(statement: ast.stmt) -> tuple[str, str] | None:
    """Return the variable's name and the framework for ``app = Flask(...)``, also annotated."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return None
    framework = _called(statement.value)
    return (target.id, framework) if isinstance(target, ast.Name) and framework else None


def _called(value: ast.expr | None) -> str:
    """Return the framework whose class is called: ``Flask(...)`` or ``flask.Flask(...)``."""
    if not isinstance(value, ast.Call):
        return ""
    function = value.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name if name in FRAMEWORKS else ""


def _factory_of(statement: ast.stmt) -> str:
    """Return the framework of a factory that can be called without arguments."""
    if not isinstance(statement, ast.FunctionDef) or statement.name not in _FACTORIES:
        return ""
    arguments = statement.args
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    if needed > 0 or any(default is None for default in arguments.kw_defaults):
        return ""
    calls = (_called(node) for node in ast.walk(statement) if isinstance(node, ast.Call))
    return next((framework for framework in calls if framework), "")


def _unreadable(folder: Path) -> Iterator[PhaseFailed]:
    for path, _ in _entries(folder):
        try:
            ast.parse(path.read_bytes())
        except SyntaxError as error:
            place = f"{path.relative_to(folder).as_posix()}:{error.lineno}"
            yield PhaseFailed(f"{place} cannot be read: {error.msg}", remedy="Fix the file.", evidence=error.text or "")
        except (ValueError, OSError) as error:
            yield PhaseFailed(f"{path.relative_to(folder).as_posix()} cannot be read: {error}", remedy="Fix the file.")


# -- Django


def _django(folder: Path) -> list[Found]:
    """Find a Django project; its database is migrated only if the settings clearly use a SQLite file in the
    checkout.
    """
    for manage in _manage_files(folder):
        settings = _django_settings(manage)
        if settings:
            shown = manage.relative_to(folder).as_posix()
            runs = f"python {shown} runserver {{host}}:{{port}} --noreload"
            migrates = f"python {shown} migrate --noinput"
            own = _has_own_sqlite(manage.parent.joinpath(*settings.split(".")))
            command = f"{migrates}\n{runs}" if own else runs
            how = f"{migrates}, then {runs}" if own else f"{runs} (its database is not migrated)"
            return [Found(command, f"Django project found in {shown}: {how}", own_database=True)]
    return []


def django_settings(folder: Path) -> str:
    """Return the settings module of the Django project in a folder; empty if there is none."""
    return next(filter(None, map(_django_settings, _manage_files(folder))), "")


def _manage_files(folder: Path) -> tuple[Path, ...]:
    return folder / "manage.py", folder / "src" / "manage.py"


def _django_settings(manage: Path) -> str:
    """Return the settings module given in a ``manage.py``."""
    tree = _parsed(manage) if manage.is_file() else None
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "setdefault":
            words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            if len(words) == 2 and words[0] == "DJANGO_SETTINGS_MODULE":
                return str(words[1])
    return ""


def _has_own_sqlite(module: Path) -> bool:
    tree = _parsed(module.with_suffix(".py"))
    if tree is None or any(isinstance(each, ast.ImportFrom) and each.names[0].name == "*" for each in tree.body):
        return False
    values = [node.value for node in tree.body if isinstance(node, ast.Assign) and _assigns(node, "DATABASES")]
    mentions = sum(isinstance(node, ast.Name) and node.id == "DATABASES" for node in ast.walk(tree))
    return mentions == len(values) == 1 and _is_sqlite_inside(values[0])


def _assigns(statement: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in statement.targets)


def _is_sqlite_inside(databases: ast.expr) -> bool:
    """Whether it is ``{"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}``."""
    aliases = _entries_of(databases)
    default = _entries_of(aliases.get("default"))
    engine, name = (ast.unparse(default[key]) if key in default else "" for key in ("ENGINE", "NAME"))
    return len(aliases) == 1 and engine == "'django.db.backends.sqlite3'" and bool(_INSIDE.fullmatch(name))


def _entries_of(value: ast.expr | None) -> dict[Any, ast.expr]:
    if not isinstance(value, ast.Dict):
        return {}
    return {
        key.value: each for key, each in zip(value.keys, value.values, strict=True) if isinstance(key, ast.Constant)
    }


# -- package.json


def _node(folder: Path) -> list[Found]:
    package = _package(folder)
    scripts = package.get("scripts")
    runs = _script(scripts) if isinstance(scripts, dict) else ""
    if not runs:
        return []
    manager, install = _package_manager(folder)
    command = f"{manager} {runs}"
    sentence = f"a start script found in package.json: {command}"
    needs = bool(package.get("dependencies") or package.get("devDependencies"))
    if not needs or (folder / "node_modules").is_dir():
        return [Found(command, sentence)]
    return [Found(f"{install}\n{command}", sentence, blocked="its packages are not in a clean checkout")]


def _package(folder: Path) -> dict[str, Any]:
    try:
        package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return package if isinstance(package, dict) else {}


def _script(scripts: dict[str, Any]) -> str:
    """Return the command for ``start``, which gets its port in PORT; Vite, also as ``dev``, takes it as an argument."""
    for name, call in (("start", "start"), ("dev", "run dev")):
        words = str(scripts.get(name, "")).split()
        if words and words[0] == "vite" and "preview" not in words:
            return f"{call} -- --host {{host}} --port {{port}} --strictPort"
        if words and name == "start":
            return call
    return ""


def _package_manager(folder: Path) -> tuple[str, str]:
    """Return the package manager and its command that installs from the lock file."""
    if (folder / "pnpm-lock.yaml").exists():
        return "pnpm", "pnpm install --frozen-lockfile"
    if (folder / "yarn.lock").exists():
        return "yarn", "yarn install --frozen-lockfile"
    return "npm", "npm ci" if (folder / "package-lock.json").exists() else "npm install"


# -- a front end besides the served application


def front_ends(folder: Path) -> list[str]:
    """Return the folders of front ends: with a ``package.json`` that starts or builds something, or with a page."""
    places = [folder, *_folders_in(folder), *(inner for place in _folders_in(folder) for inner in _folders_in(place))]
    held = (place / "package.json" if _starts_or_builds(place) else place / "index.html" for place in places)
    return [path.relative_to(folder).as_posix() for path in held if path.is_file()]


def _folders_in(folder: Path) -> list[Path]:
    """Return the project's folders that may contain a part of an application."""
    apart = _NOT_THE_APPLICATION | {"templates"}
    return [
        each for each in sorted(folder.iterdir()) if each.is_dir() and each.name[0] != "." and each.name not in apart
    ]


def _starts_or_builds(folder: Path) -> bool:
    scripts = _package(folder).get("scripts")
    return isinstance(scripts, dict) and not scripts.keys().isdisjoint({"start", "dev", "serve", "preview", "build"})


# -- static files


def _static(folder: Path) -> list[Found]:
    places = [place for place in _STATIC_FOLDERS if (folder / place / "index.html").is_file()]
    return [_static_in(place) for place in (places[:1] if "." in places else places)]


def _static_in(place: str) -> Found:
    command = f"python -m http.server --bind {{host}} --directory {place} {{port}}"
    page = "index.html" if place == "." else f"{place}/index.html"
    return Found(command, f"{page} found: {command}")
