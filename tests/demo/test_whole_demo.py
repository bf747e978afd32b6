"""``python -m pytest_chimera demo`` from nothing to three proved features, and once more."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_chimera.git.plumbing.commands import Git
from tests.demo.application import RIGHT

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]


@dataclass(frozen=True)
class Shown:
    """What one run printed, and the commit that was HEAD after it."""

    folder: Path
    exit_code: int
    output: str
    head: str


def run_demo(folder: Path, work_dir: Path) -> Shown:
    outer = ("PYTEST_", "GIT_", "CI", "CHIMERA_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest_chimera", "demo", str(folder)],
        env=environment | {"PYTEST_ADDOPTS": f"-o chimera_work_dir={work_dir}", "GIT_DIR": "/nowhere"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return Shown(folder, done.returncode, done.stdout, Git(folder).ask("rev-parse", "HEAD").text)


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, work_dir: Path) -> Shown:
    return run_demo(tmp_path_factory.mktemp("whole") / "demo", work_dir)


@pytest.fixture(scope="module")
def second(first: Shown, work_dir: Path) -> Shown:
    return run_demo(first.folder, work_dir)


def message_of(folder: Path, feature: str) -> str:
    """Return the message of the commit of a feature."""
    return Git(folder).ask("log", "-1", "--format=%B", f"--grep=^Chimera-Feature: {feature}$", "HEAD").text


def test_the_demo_ends_well(first: Shown) -> None:
    assert first.exit_code == 0, first.output


@pytest.mark.parametrize("feature", RIGHT)
def test_each_feature_is_complete(first: Shown, feature: str) -> None:
    assert re.search(rf"{feature} +complete", first.output), first.output


@pytest.mark.parametrize("feature", RIGHT)
def test_each_takes_as_many_attempts_as_are_recorded(first: Shown, feature: str) -> None:
    assert f"Chimera-Attempts: {RIGHT[feature]}\n" in message_of(first.folder, feature) + "\n"


@pytest.mark.parametrize(
    "line",
    [
        r"test_finish_book +✗ review +The sealed test was changed",
        r"test_finish_book +✗ validate 2 +.*Then I should see \"Middlemarch\" in the list \"Finished\"",
        r"test_search +✗ review +.*pytest -q tests/unit",
    ],
    ids=["the guardian", "the browser", "the application's own tests"],
)
def test_each_wrong_change_is_refused_for_its_own_reason(first: Shown, line: str) -> None:
    assert re.search(line, first.output), first.output


def test_a_merged_feature_is_in_the_persons_branch_and_their_tree_is_clean(first: Shown) -> None:
    git = Git(first.folder)

    assert git.ask("branch", "--show-current").text == "main"
    assert git.ask("status", "--porcelain").text == ""
    assert {f"tests/e2e/{feature}.py" for feature in RIGHT} <= set(git.ask("ls-files").text.splitlines())


def test_the_person_sees_the_history_the_plain_tests_and_what_to_do_next(first: Shown) -> None:
    assert "git log --oneline --graph" in first.output
    assert "Ask for three features" in first.output
    assert "19 passed" in first.output
    assert 'chimera_coder = "replay:recorded"' in first.output
    assert "pytest --chimera-status" in first.output


def test_run_again_it_says_that_all_is_still_green_and_changes_nothing(first: Shown, second: Shown) -> None:
    assert second.exit_code == 0, second.output
    assert "holds the demo already" in second.output
    assert "All three features are still green. Nothing was changed." in second.output
    assert second.head == first.head
    assert Git(first.folder).ask("status", "--porcelain").text == ""
