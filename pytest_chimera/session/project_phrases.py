"""The phrases of the project in a folder, for commands that run no tests."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_chimera.errors import SettingError
from pytest_chimera.scenario import ScenarioParser
from pytest_chimera.scenario.functions.registry import HOOK as FUNCTIONS
from pytest_chimera.scenario.functions.registry import StepFunction
from pytest_chimera.session.configuration import functions_of, settings_of, tables_of
from pytest_chimera.settings import Settings, Tables, load_tables

_NOT_SEARCHED = frozenset({"node_modules", "site-packages", "__pycache__"})
_OF_A_PROJECT = ("conftest.py", "pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg", ".git")


_HOOKS = (FUNCTIONS, "pytest_chimera_languages")


@dataclass(frozen=True)
class ProjectWords:
    """The phrases that a project defines itself."""

    settings: Settings
    tables: Tables
    functions: tuple[StepFunction, ...] = ()


def parser_of_project(root: Path) -> ScenarioParser:
    """Return a parser that knows a project's pages, glossary, languages and functions, if it has any.

    :raises SettingError: they are malformed.
    """
    words = _asked_of_pytest(root)
    settings, tables = words.settings, words.tables
    return ScenarioParser(
        tables.pages,
        dict(tables.glossary),
        settings.test_id,
        languages=tables.languages,
        language=settings.language,
        functions=words.functions,
    )


def _asked_of_pytest(root: Path) -> ProjectWords:
    """Have pytest read its configuration and the conftest.py files that implement the hooks; nothing is collected."""
    folders = [str(each) for each in _answering(root)]
    if not folders:
        return ProjectWords(Settings(), load_tables(root))
    asking = _Asking()
    pytest.main(["-p", "no:terminal", f"--rootdir={root}", *folders], plugins=[asking])
    if asking.error is not None:
        raise asking.error
    if asking.found is None:
        raise SettingError(
            "pytest cannot read the project's configuration, or a conftest.py.",
            where=str(root),
            remedy="See why: pytest --collect-only",
        )
    return asking.found


def _answering(root: Path) -> list[Path]:
    """Return the folders of a project whose conftest.py mentions one of the hooks."""
    found: list[Path] = []
    if not any((root / name).exists() for name in _OF_A_PROJECT):
        return found
    for folder, inner, files in os.walk(root):
        inner[:] = [name for name in inner if name not in _NOT_SEARCHED and not name.startswith((".", "venv"))]
        path = Path(folder)
        if "conftest.py" in files and _asks(path / "conftest.py"):
            found.append(path)
    return found


def _asks(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    return any(hook in text for hook in _HOOKS)


class _Asking:
    """Takes over from pytest once it is configured, calls the hooks, and ends the session."""

    def __init__(self) -> None:
        self.found: ProjectWords | None = None
        self.error: Exception | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        """Call the hooks, and run nothing."""
        try:
            settings = settings_of(config)
            self.found = ProjectWords(settings, tables_of(config), functions_of(config, settings))
        except Exception as error:  # it is raised again, outside of pytest
            self.error = error
        return 0
