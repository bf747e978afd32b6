"""Which browser is used, and what a person is told if there is none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import playwright
import pytest

from pytest_chimera.errors import EnvironmentTrouble, SettingError
from pytest_chimera.judge import browser as finding
from pytest_chimera.judge import find_browser

REGISTRY = json.loads((Path(playwright.__path__[0]) / "driver/package/browsers.json").read_text(encoding="utf-8"))
REVISION = {each["name"]: each["revision"] for each in REGISTRY["browsers"]}
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="lays out files as on Linux")


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any browser."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.setattr(finding, "_LINUX", ())
    (tmp_path / "bin").mkdir()


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@linux
def test_without_any_browser_the_error_has_the_command_that_installs_one() -> None:
    with pytest.raises(EnvironmentTrouble) as caught:
        find_browser()
    assert "python -m playwright install chromium" in caught.value.remedy


@linux
def test_a_browser_of_the_machine_is_taken(tmp_path: Path) -> None:
    path = program(tmp_path / "bin" / "chromium")
    assert find_browser() == finding.Browser(str(path), f"Chromium ({path})")


def test_playwrights_own_browser_is_preferred(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "chromium")
    home = tmp_path / "playwright" / f"chromium_headless_shell-{REVISION['chromium-headless-shell']}"
    program(home / "INSTALLATION_COMPLETE")
    found = find_browser()
    assert found.path is None
    assert found.name.startswith("Playwright Chromium ")


@linux
def test_an_installation_that_was_broken_off_is_none(tmp_path: Path) -> None:
    path = program(tmp_path / "bin" / "chromium")
    (tmp_path / "playwright" / f"chromium_headless_shell-{REVISION['chromium-headless-shell']}").mkdir(parents=True)
    assert find_browser().path == str(path)


@linux
def test_playwrights_whole_browser_is_taken_when_its_headless_one_is_missing(tmp_path: Path) -> None:
    home = tmp_path / "playwright" / f"chromium-{REVISION['chromium']}"
    program(home / "INSTALLATION_COMPLETE")
    path = program(home / "chrome-linux64" / "chrome")
    assert find_browser().path == str(path)


def test_the_setting_overrides_everything(tmp_path: Path) -> None:
    program(tmp_path / "playwright" / "chromium_headless_shell-1" / "INSTALLATION_COMPLETE")
    path = program(tmp_path / "my" / "chrome")
    assert find_browser(str(path)) == finding.Browser(str(path), f"Chrome ({path})")


def test_a_setting_that_names_no_program_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="chimera_browser_path is not a program"):
        find_browser(str(tmp_path / "nothing"))
