"""Reads a commit's settings, its sealed tests, and the markers of its features.

They are read as text from a checkout's files; nothing is imported or run.
"""

from __future__ import annotations

import ast
import configparser
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_chimera.context.project_tests import only_test
from pytest_chimera.errors import SettingError
from pytest_chimera.judge import seal_of
from pytest_chimera.markers import MARKER, ORIGIN, has_no_body
from pytest_chimera.models import Feature, GeneratedTest
from pytest_chimera.scenario.generated_source import steps_in
from pytest_chimera.settings import Settings, load_settings

INI_FILES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "pytest.toml": (("pytest",),),
    ".pytest.toml": (("pytest",),),
    "pytest.ini": (("pytest",),),
    ".pytest.ini": (("pytest",),),
    "pyproject.toml": (("tool", "pytest", "ini_options"), ("tool", "pytest")),
    "tox.ini": (("pytest",),),
    "setup.cfg": (("tool:pytest",),),
}
"""Where pytest looks for its configuration, in order: file → the tables that may hold it."""
_SKIPPED = {"node_modules", "__pycache__"}


# -- settings


def committed_settings(folder: Path, overrides: Sequence[str] = ()) -> Settings:
    """Return the settings of the project in a checkout.

    :param folder: the project's root in the checkout.
    :param overrides: ``key=value`` as given on the command line (``-o``); they take precedence.
    :raises SettingError: a file cannot be read, or a value is not valid.
    """
    ini = _ini_in(folder)
    ini |= dict(each.partition("=")[::2] for each in overrides)
    return load_settings(ini.get)


def _ini_in(folder: Path) -> dict[str, Any]:
    """Return the contents of the first file that holds pytest's configuration."""
    for name, tables in INI_FILES.items():
        if not (folder / name).is_file():
            continue
        content = _content(folder / name)
        found = next((table for table in (_table(content, each) for each in tables) if table is not None), None)
        if found is not None:
            return found
    return {}


def _content(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        if path.suffix == ".toml":
            return tomllib.loads(text)
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
        parser.optionxform = str  # type: ignore[assignment,method-assign] # how the library says: keep upper case
        parser.read_string(text)
    except (ValueError, configparser.Error) as error:
        raise SettingError(f"The committed {path.name} cannot be read: {error}", where=str(path)) from None
    return {name: dict(parser[name]) for name in parser.sections()}


def _table(content: Mapping[str, Any], way: Iterable[str]) -> dict[str, Any] | None:
    found: Any = content
    for name in way:
        found = found.get(name) if isinstance(found, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else None


# -- markers


@dataclass(frozen=True)
class Marked:
    """A marked function, read from its source.

    :param fixed: ``None`` when the marker does not give its words as a literal.
    """

    id: str
    function: str
    description: str
    empty: bool
    fixed: tuple[str, ...] | None = ()


def marked_in(source: str) -> list[Marked]:
    """Return the marked functions of a module; an empty list if it cannot be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    return [marked for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) if (marked := _marked(node))]


def _marked(node: ast.FunctionDef) -> Marked | None:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "attr", "") == MARKER:
            words = {each.arg: _literal(each.value) for each in decorator.keywords if each.arg}
            description = _literal(decorator.args[0]) if decorator.args else ""
            fixed = words.get("fixed", ())
            return Marked(
                id=str(words.get("id") or node.name),
                function=node.name,
                description=str(description or node.name),
                empty=has_no_body(node),
                fixed=None if fixed is None else tuple(map(str, fixed)),
            )
    return None


def _literal(node: ast.expr) -> Any:
    """Return the value of a literal; ``None`` for any other expression."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


# -- sealed tests


@dataclass(frozen=True)
class Committed:
    """A sealed test that was found by its digest, and its feature.

    :param marked: the feature's marker, if the commit contains it as Python.
    """

    test: GeneratedTest
    feature: Feature
    marked: Marked | None


def find_test(folder: Path, sha256: str, feature_id: str, first: str = "") -> Committed | None:
    """Return the test with a given digest among a checkout's files, and the marker of its feature.

    :param folder: the project's root in the checkout; ``first`` is a folder in it to search first.
    """
    marked, found = None, None
    name = feature_id.partition("[")[0]
    for path in _modules(folder, first):
        source = _text(path)
        if MARKER in source and marked is None:
            marked = next((each for each in marked_in(source) if each.id == name), None)
        if found is None and seal_of(source) == sha256:
            found = path.relative_to(folder).as_posix(), source
        if found and marked:
            break
    return _committed(*found, feature_id, marked) if found else None


def _committed(path: str, source: str, feature_id: str, marked: Marked | None) -> Committed:
    own = next((each for each in marked_in(source) if each.id == feature_id.partition("[")[0] and not each.empty), None)
    function = own.function if own else only_test(source)
    test = GeneratedTest(source=source, path=path, name=function, steps=steps_in(source) if ORIGIN in source else ())
    feature = Feature(
        id=feature_id,
        description=marked.description if marked else feature_id,
        function=function,
        path=path,
        handwritten=own is not None,
        fixed=(marked.fixed or ()) if marked else (),
    )
    return Committed(test, feature, marked)


def _modules(folder: Path, first: str) -> Iterator[Path]:
    """Yield a checkout's Python files: those of one folder, then those with a test's name, then the rest."""
    found = [
        path
        for path in sorted(folder.rglob("*.py"))
        if not _SKIPPED & set(path.parts) and path.is_file() and not path.is_symlink()
    ]
    yield from sorted(found, key=lambda path: (not path.is_relative_to(folder / first), "test" not in path.name))


def _text(path: Path) -> str:
    """Decode a source as it was sealed: as UTF-8, and every line ends with a line feed."""
    return path.read_text(encoding="utf-8", errors="replace")
