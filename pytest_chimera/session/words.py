"""The words of the project in a folder, for commands that run no tests."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_chimera.scenario import ScenarioParser
from pytest_chimera.scenario.functions import HOOK, StepFunction
from pytest_chimera.session.conductor import functions_of, settings_of, tables_of
from pytest_chimera.settings import Settings, Tables, load_tables

_NOT_SEARCHED = frozenset({"node_modules", "site-packages", "__pycache__"})
_ANSWERS = re.compile(rf"\b({HOOK}|pytest_chimera_languages)\b")
_OF_A_PROJECT = ("conftest.py", "pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg", ".git")


def parser_of_project(root: Path) -> ScenarioParser:
    """A parser that knows a project's pages, glossary, languages and functions, as far as there are any.

    :raises SettingError: they are not written as they have to be.
    """
    words = _asked_of_pytest(root)
    return ScenarioParser(
        words.tables.pages,
        dict(words.tables.glossary),
        words.settings.test_id,
        languages=words.tables.languages,
        language=words.settings.language,
        functions=words.functions,
    )


@dataclass(frozen=True)
class _Words:
    settings: Settings
    tables: Tables
    functions: tuple[StepFunction, ...] = ()


def _asked_of_pytest(root: Path) -> _Words:
    """pytest reads its configuration and the conftest.py files that answer; nothing is collected."""
    if not any((root / name).exists() for name in _OF_A_PROJECT):
        return _Words(Settings(), load_tables(root))
    asking = _Asking()
    folders = [str(each) for each in _answering(root)]
    pytest.main(["-p", "no:terminal", f"--rootdir={root}", *folders], plugins=[asking])
    if asking.error is not None:
        raise asking.error
    return asking.found or _Words(Settings(), load_tables(root))


def _answering(root: Path) -> list[Path]:
    """The folders of a project whose conftest.py names the hook."""
    found: list[Path] = []
    for folder, inner, files in os.walk(root):
        inner[:] = [name for name in inner if name not in _NOT_SEARCHED and not name.startswith((".", "venv"))]
        path = Path(folder)
        if "conftest.py" in files and _ANSWERS.search(
            (path / "conftest.py").read_text(encoding="utf-8", errors="replace")
        ):
            found.append(path)
    return found


class _Asking:
    """Takes pytest's place once it is configured, asks, and ends the session."""

    def __init__(self) -> None:
        self.found: _Words | None = None
        self.error: Exception | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        """Ask, and run nothing."""
        try:
            settings = settings_of(config)
            self.found = _Words(settings, tables_of(config), functions_of(config, settings))
        except Exception as error:  # it is raised again, outside of pytest
            self.error = error
        return 0
