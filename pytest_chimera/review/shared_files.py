"""Compares the protected parts of files that also have other contents."""

from __future__ import annotations

import ast
import configparser
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Reader = Callable[[bytes], Any]
Differs = Callable[[bytes, bytes], bool]


def by(read: Reader) -> Differs:
    """Return a function that checks whether what a reader finds in a file has changed."""
    return lambda before, after: bool(read(before) != read(after))


def loses(read: Reader) -> Differs:
    """Return a function that checks whether something a reader finds was removed or changed; additions are fine."""
    return lambda before, after: not _holds(read(before), read(after))


def _holds(old: Any, new: Any) -> bool:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return all(key in new and _holds(value, new[key]) for key, value in old.items())
    return bool(old == new)


def marked(content: bytes) -> str:
    """Return a test module with marked functions, without its layout; an empty string for any other module."""
    return ast.dump(ast.parse(content)) if _MARK.search(content) else ""


_MARK = re.compile(rb"\bmark\s*\.\s*feature\b")


def pyproject(content: bytes) -> Any:
    """Return the settings of pytest and chimera in pyproject.toml, without those that new tests or terminals may
    need.
    """
    tool = tomllib.loads(content.decode()).get("tool", {})
    config = tool.get("pytest", {})
    rest = {key: value for key, value in config.items() if key != "ini_options"}
    return _telling(rest), _telling(config.get("ini_options", {})), tool.get("chimera", {})


def plugins_in_pyproject(content: bytes) -> Any:
    """Return the plugins that a package registers, and the code of its own that runs during a build."""
    whole = tomllib.loads(content.decode())
    tool, build = whole.get("tool", {}), whole.get("build-system", {})
    return (
        whole.get("project", {}).get("entry-points", {}),
        [
            _deep(tool, path)
            for path in ("poetry.plugins", "poetry.build", "pdm.build.run-setuptools", "flit.entrypoints")
        ],
        [_deep(tool, path) for path in ("setuptools.cmdclass", "hatch.build.hooks", "hatch.metadata.hooks")],
        {key: value for key, value in build.items() if key != "requires"} if "backend-path" in build else {},
    )


def tasks_in_pyproject(content: bytes) -> Any:
    """Return the commands in pyproject.toml for task runners."""
    tool = tomllib.loads(content.decode()).get("tool", {})
    paths = ("tox", "nox", "poe", "taskipy", "pdm.scripts", "pixi.tasks", "cibuildwheel", "pre-commit", "tbump")
    environments = _deep(tool, "hatch.envs")
    scripts = {name: each.get("scripts", {}) for name, each in environments.items() if isinstance(each, Mapping)}
    return {path: _deep(tool, path) for path in paths} | {"hatch": scripts}


def _deep(table: Any, path: str) -> Any:
    for name in path.split("."):
        table = table.get(name, {}) if isinstance(table, Mapping) else {}
    return table


def _sections(content: bytes) -> Mapping[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(content.decode())
    return {name: dict(parser[name]) for name in parser.sections()}


def setup_cfg_tests(content: bytes) -> Any:
    """Return pytest's settings in setup.cfg or tox.ini; other tools' sections may change."""
    return {name: _telling(each) for name, each in _sections(content).items() if name in {"pytest", "tool:pytest"}}


def setup_cfg_plugins(content: bytes) -> Any:
    """Return the plugins that setup.cfg registers, and its aliases for commands."""
    sections = _sections(content)
    points = sections.get("options.entry_points", {})
    own = {key: value for key, value in points.items() if key not in {"console_scripts", "gui_scripts"}}
    return own, sections.get("aliases", {}), sections.get("options", {}).get("cmdclass", "")


def tox(content: bytes) -> Any:
    """Return what tox runs; linters also keep their settings in its file."""
    return {
        name: {key: value for key, value in each.items() if key not in {"deps", "description", "extras"}}
        for name, each in _sections(content).items()
        if name == "tox" or name.startswith(("testenv", "gh", "tox:"))
    }


def setup_py(content: bytes) -> Any:
    """Return a setup.py without the literal arguments of ``setup()`` about packaging and requirements."""
    tree = ast.parse(content)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "setup":
            node.keywords = [each for each in node.keywords if each.arg not in _PACKED or not _is_plain(each.value)]
    return ast.dump(tree)


_PACKED = {
    "install_requires",
    "extras_require",
    "package_data",
    "packages",
    "version",
    "description",
    "python_requires",
}


def _is_plain(node: ast.expr) -> bool:
    plain = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Load)
    return all(isinstance(each, plain) for each in ast.walk(node))


def package_json(content: bytes) -> Any:
    """Return what package managers run automatically, and what test runners read."""
    whole = json.loads(content or b"{}")
    scripts = whole.get("scripts", {})
    tools = ("jest", "mocha", "ava", "c8", "nyc", "husky", "simple-git-hooks", "lint-staged", "pre-commit", "gitHooks")
    return {name: scripts[name] for name in _BY_THEMSELVES if name in scripts}, {
        name: whole.get(name) for name in tools
    }


_BY_THEMSELVES = (
    "preinstall",
    "install",
    "postinstall",
    "prepare",
    "prepublish",
    "preprepare",
    "postprepare",
    "dependencies",
)


def conftest_hooks(content: bytes) -> Any:
    """Return a conftest.py without its imports, docstring and fixtures that no existing test relies on by name."""
    tree = ast.parse(content)
    return [ast.dump(node) for node in tree.body if not _is_fixture(node) and not _is_harmless(node)]


def _is_fixture(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    decorators = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
    names = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in decorators}
    autouse = any("autouse" in ast.dump(each) for each in node.decorator_list)
    return "fixture" in names and not autouse and node.name not in _BROWSER_FIXTURES


def _is_harmless(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


_BROWSER_FIXTURES = {"page", "context", "browser", "base_url", "browser_type_launch_args", "browser_context_args"}


def _telling(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that determine which tests run and how, without those that only affect output."""
    telling = {key: value for key, value in options.items() if not _ONLY_PRINTS.fullmatch(key)}
    if isinstance(added := telling.get("addopts"), str | list):
        words = shlex.split(added) if isinstance(added, str) else added
        telling["addopts"] = [word for word in words if not _PRINTING_OPTION.fullmatch(str(word))]
    return telling


_ONLY_PRINTS = re.compile(r"markers|log_(cli_)?(level|format|date_format|file.*)|log_cli|junit_.*|console_output_style")
_PRINTING_OPTION = re.compile(
    r"-[qv]+|-r[a-zA-Z]+|--strict(-markers|-config)?|--durations(-min)?=\d.*|--tb=\w+|--color=\w+|--show-capture=\w+"
)


def statements_lost(before: bytes, after: bytes) -> bool:
    """Whether a module has lost or changed a statement, or has a new one that rebinds an existing name."""
    old, new = ast.parse(before).body, ast.parse(after).body
    left = [ast.dump(node) for node in old]
    added = []
    for node in new:
        if left and ast.dump(node) == left[0]:
            left.pop(0)
        else:
            added.append(node)
    bound = {name for node in old for name in _bound(node)}
    return bool(left) or any(_is_harmful(node) or not bound.isdisjoint(_bound(node)) for node in added)


def _is_harmful(node: ast.stmt) -> bool:
    return not isinstance(
        node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
    ) and not _is_harmless(node)


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((each.asname or each.name).partition(".")[0] for each in node.names)
    else:
        yield from (
            each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        )
