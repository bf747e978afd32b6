"""Plain pytest serves the working tree."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pytest_chimera.errors import SettingError
from pytest_chimera.settings import Settings
from pytest_chimera.staging.local.server import recipe_of_working_tree, serve
from tests.staging.applications import DJANGO, FLASK, page, write


def test_the_working_tree_is_served_until_it_is_stopped(tmp_path: Path) -> None:
    folder, vault = write(tmp_path / "project", {"app.py": FLASK}), tmp_path / "vault"
    served = serve(recipe_of_working_tree(Settings(), folder, vault), threading.Event())
    assert page(served.url) == "Flask says hello"
    served.stop()
    with pytest.raises(OSError, match="refused"):
        page(served.url)
    assert [path.name for path in vault.iterdir()] == ["server.log"]


def test_the_database_that_a_person_develops_with_is_left_alone(tmp_path: Path) -> None:
    folder = write(tmp_path / "project", DJANGO)
    with pytest.raises(SettingError, match="the database that you develop with") as caught:
        recipe_of_working_tree(Settings(), folder, tmp_path / "vault")
    assert "{data_dir}" in caught.value.remedy
    assert not (folder / "db.sqlite3").exists()


def test_serving_the_working_tree_imports_nothing_heavy() -> None:
    code = """
import sys
import pytest_chimera.staging.local.server
print(sorted({"anyio", "pydantic", "psutil", "jinja2", "playwright", "git", "pytest"} & set(sys.modules)))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
