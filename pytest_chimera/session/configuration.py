"""What pytest's configuration says: the settings and orders, the project's own words, the files it stands in."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_chimera.context.project import Orders
from pytest_chimera.errors import SettingError
from pytest_chimera.markers import cache_of
from pytest_chimera.scenario import TestGenerator
from pytest_chimera.scenario.functions.step_functions import StepFunction, step_functions
from pytest_chimera.settings import Settings, Tables, ini_options, load_settings, load_tables, refuse_unknown_keys

_WRONG_VALUE = (TypeError, ValueError, pytest.UsageError)
"""What pytest raises for an ini value that is not of its key's type; which of them, differs between its versions."""
_TAKES = {
    "string": "text",
    "bool": "true or false",
    "linelist": "a list, or text with a line for each entry",
    "int": "a whole number",
    "float": "a number",
}


def settings_of(config: pytest.Config) -> Settings:
    """The settings as the ini file and the command line give them.

    :raises SettingError: one is wrong, or there is none of its name.
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
    """The ini keys that are written in a file or with ``-o``, and that no plugin has declared."""
    written = getattr(config, "_inicfg", None)  # pytest 9 warns of the public name, and 8 knows no other
    keys = [*(config.inicfg if written is None else written)]
    keys += [each.partition("=")[0].strip() for each in config.getoption("override_ini", None) or ()]
    return [key for key in dict.fromkeys(keys) if not _is_declared(config, key)]


def _is_declared(config: pytest.Config, key: str) -> bool:
    try:
        config.getini(key)
    except _WRONG_VALUE as error:
        return "unknown configuration value" not in str(error)
    return True


def orders_of(config: pytest.Config) -> Orders:
    """What the command line asks."""
    option = config.getoption
    return Orders(
        restart=option("chimera_restart"),
        reprove=option("chimera_reprove"),
        until_red=option("chimera_until") == "red",
        words=option("chimera_reject") or option("chimera_hint") or "",
        rejects=bool(option("chimera_reject")),
        calls_coder=not os.environ.get("CI") or bool(option("chimera_coder")),
    )


def tables_of(config: pytest.Config) -> Tables:
    """The project's own words, and the languages that plugins add: where both have a phrase, the project's counts.

    :raises SettingError: a table is none.
    """
    tables = load_tables(config.rootpath)
    languages: dict[str, dict[str, str | list[str]]] = {}
    for answer in [*config.hook.pytest_chimera_languages(), tables.languages]:
        for code, phrases in answer.items():
            languages[code] = languages.get(code, {}) | dict(phrases)
    return replace(tables, languages=languages)


def functions_of(config: pytest.Config, settings: Settings) -> tuple[StepFunction, ...]:
    """What every ``pytest_chimera_steps`` of this run answers, wherever its conftest.py lies.

    :raises SettingError: something in it is no phrase or no function that a step could be given to.
    """
    return step_functions(config.hook.pytest_chimera_steps(), config.rootpath, settings.test_dir)


def generator_of_project(config: pytest.Config) -> TestGenerator:
    """The test writer that knows the project's own words.

    :raises SettingError: they are not written as they have to be.
    """
    settings = settings_of(config)
    return generator_of(settings, tables_of(config), config.rootpath, functions_of(config, settings))


def generator_of(
    settings: Settings, tables: Tables, root: Path, functions: tuple[StepFunction, ...] = ()
) -> TestGenerator:
    """The test writer for a project in a folder."""
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
    """The files that configure the run, by their paths in the project; one that lies outside of it is none of these."""
    root = config.rootpath
    candidates = [config.inipath, root / "chimera.toml"]
    return tuple(
        path.relative_to(root).as_posix()
        for path in candidates
        if path is not None and path.is_relative_to(root) and path.is_file()
    )


def private_folders(config: pytest.Config) -> tuple[Path, ...]:
    """Folders that never belong to a change: pytest's cache."""
    cache = cache_of(config)
    return (Path(str(cache._cachedir)),) if cache else ()
