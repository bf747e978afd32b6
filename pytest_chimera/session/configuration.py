"""Reads pytest's configuration: settings, options, the project's own phrases, and the files that contain them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_chimera.context.current_run import RunOptions
from pytest_chimera.errors import SettingError
from pytest_chimera.markers import cache_of
from pytest_chimera.scenario import TestGenerator
from pytest_chimera.scenario.functions.registry import StepFunction, step_functions
from pytest_chimera.settings import Settings, Tables, ini_options, load_settings, load_tables, refuse_unknown_keys

_WRONG_VALUE = (TypeError, ValueError, pytest.UsageError)
"""What pytest raises for an ini value of the wrong type; it depends on pytest's version."""
_TAKES = {
    "string": "text",
    "bool": "true or false",
    "linelist": "a list, or text with a line for each entry",
    "int": "a whole number",
    "float": "a number",
}


def settings_of(config: pytest.Config) -> Settings:
    """Return the settings from the ini file and the command line.

    :raises SettingError: a setting is wrong or unknown.
    """
    refuse_unknown_keys(_unknown_to_pytest(config), str(config.inipath or "the command line"))

    def read(key: str) -> Any:
        try:
            return config.getini(key)
        except _WRONG_VALUE as error:
            taken = _TAKES[next(ini.type for name, ini, _ in ini_options() if name == key)]
            raise SettingError(f"{key}: {error}.", where=str(config.inipath), remedy=f"It takes {taken}.") from None

    overrides = {
        name: value for name in ("coder", "jobs") if (value := config.getoption(f"chimera_{name}", None)) is not None
    }
    if overrides.get("jobs") == "auto":
        overrides["jobs"] = "0"
    return load_settings(read, overrides)


def _unknown_to_pytest(config: pytest.Config) -> list[str]:
    """Return the ini keys that are set in a file or with ``-o`` and that no plugin has declared."""
    written = getattr(config, "_inicfg", None)  # pytest 9 deprecates the public name, and pytest 8 has no other
    keys = [*(config.inicfg if written is None else written)]
    keys += [each.partition("=")[0].strip() for each in config.getoption("override_ini", None) or ()]
    return [key for key in dict.fromkeys(keys) if not _is_declared(config, key)]


def _is_declared(config: pytest.Config, key: str) -> bool:
    try:
        config.getini(key)
    except _WRONG_VALUE as error:
        return "unknown configuration value" not in str(error)
    return True


def run_options_of(config: pytest.Config) -> RunOptions:
    """Return what the command line asks for."""
    option = config.getoption
    return RunOptions(
        restart=option("chimera_restart"),
        reprove=option("chimera_reprove"),
        until_red=option("chimera_until") == "red",
        words=option("chimera_reject") or option("chimera_hint") or "",
        rejects=bool(option("chimera_reject")),
        calls_coder=not os.environ.get("CI") or bool(option("chimera_coder")),
    )


def tables_of(config: pytest.Config) -> Tables:
    """Return the project's own phrases and the languages that plugins add; the project's take precedence.

    :raises SettingError: a table is malformed.
    """
    tables = load_tables(config.rootpath)
    languages: dict[str, dict[str, str | list[str]]] = {}
    for answer in [*config.hook.pytest_chimera_languages(), tables.languages]:
        for code, phrases in answer.items():
            languages[code] = languages.get(code, {}) | dict(phrases)
    return replace(tables, languages=languages)


def functions_of(config: pytest.Config, settings: Settings) -> tuple[StepFunction, ...]:
    """Return the functions from every ``pytest_chimera_steps`` hook of this run, wherever its conftest.py is.

    :raises SettingError: a phrase is not valid, or its function cannot be called from a step.
    """
    return step_functions(config.hook.pytest_chimera_steps(), config.rootpath, settings.test_dir)


def generator_of_project(config: pytest.Config) -> TestGenerator:
    """Return a test generator that knows the project's own phrases.

    :raises SettingError: the phrases are malformed.
    """
    settings = settings_of(config)
    return generator_of(settings, tables_of(config), config.rootpath, functions_of(config, settings))


def generator_of(
    settings: Settings, tables: Tables, root: Path, functions: tuple[StepFunction, ...] = ()
) -> TestGenerator:
    """Return a test generator for a project in a folder."""
    return TestGenerator(
        settings.test_dir,
        pages=tables.pages,
        glossary=dict(tables.glossary),
        test_id=settings.test_id,
        root=root,
        languages=tables.languages,
        language=settings.language,
        functions=functions,
    )


def config_files_of(config: pytest.Config) -> tuple[str, ...]:
    """Return the files that configure the run, relative to the project; files outside the project are left out."""
    root = config.rootpath
    candidates = [config.inipath, root / "chimera.toml"]
    return tuple(
        path.relative_to(root).as_posix()
        for path in candidates
        if path is not None and path.is_relative_to(root) and path.is_file()
    )


def private_folders(config: pytest.Config) -> tuple[Path, ...]:
    """Return folders that never belong to a change: pytest's cache."""
    cache = cache_of(config)
    return (Path(str(cache._cachedir)),) if cache else ()
