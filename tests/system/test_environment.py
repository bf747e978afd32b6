"""Which variables of our environment other programs get."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pytest_chimera.errors import SettingError
from pytest_chimera.system.environment import chosen_environment


def test_only_what_a_program_needs_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "LC_ALL", "DATABASE_URL", "PYTHONPATH", "CI"):
        monkeypatch.setenv(name, "x")
    passed = chosen_environment()
    assert {"HTTPS_PROXY", "https_proxy", "LC_ALL"} <= passed.keys()
    assert not {"DATABASE_URL", "PYTHONPATH", "CI"} & passed.keys()


@pytest.mark.parametrize(
    "name", ["PYTEST_CURRENT_TEST", "TEAMCITY_VERSION", "TEST_RUN_PIPE", "GIT_DIR", "COV_CORE_SOURCE"]
)
def test_what_tells_of_a_test_run_is_neither_passed_on_nor_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    assert name not in chosen_environment()
    with pytest.raises(SettingError, match=f"{name} is never passed to a program"):
        chosen_environment(given=[name])


def test_the_running_interpreter_comes_first() -> None:
    environment = chosen_environment()
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert environment.get("VIRTUAL_ENV") == (sys.prefix if sys.prefix != sys.base_prefix else None)


def test_a_checkouts_own_code_comes_first(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    environment = chosen_environment(folder=tmp_path, given=["PYTHONPATH=/lib/of/theirs"])
    assert environment["PYTHONPATH"].split(os.pathsep) == [str(tmp_path), str(tmp_path / "src"), "/lib/of/theirs"]


def test_the_project_sets_and_passes_on_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICENCE_SERVER", "10.0.0.1")
    monkeypatch.delenv("UNKNOWN", raising=False)
    environment = chosen_environment(given=["DEBUG=a=b", "EMPTY=", "LICENCE_SERVER", "UNKNOWN"], also={"DEBUG": "0"})
    assert (environment["DEBUG"], environment["EMPTY"], environment["LICENCE_SERVER"]) == ("0", "", "10.0.0.1")
    assert "UNKNOWN" not in environment


def test_a_line_that_is_no_variable_is_an_error_with_the_way_to_write_it() -> None:
    with pytest.raises(SettingError, match="Write NAME=value to set one"):
        chosen_environment(given=["my setting: 1"])
