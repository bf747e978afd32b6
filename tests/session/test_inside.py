"""Inside a coder's work ``--chimera`` is plain pytest, and reports this: no loop starts in a loop."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_chimera.system.nesting import INSIDE, mark_clone, mark_work, why_inside
from tests.session.conftest import App, QuickApp
from tests.session.fast import Fast, fast

__all__ = ["fast"]

PLAIN = "*inside a coder's work (*): --chimera runs plain tests here, and builds nothing*"
NESTED = f"{sys.executable} -m pytest --chimera -p no:playwright tests/features"


def log_of(app: App | Fast) -> str:
    """Return the output of the coder's command."""
    return next(app.path.glob(".chimera/*/generation-1/attempt-1/coder.log")).read_text()


def is_plain(printed: str) -> None:
    pytest.LineMatcher(printed.splitlines()).fnmatch_lines([PLAIN])
    assert "1 skipped" in printed


def test_a_coder_that_is_the_loop_itself_runs_plain_tests(quick: QuickApp) -> None:
    quick.config(f"chimera_coder = {NESTED}", "chimera_max_attempts = 1", "chimera_check =")
    quick.chimera().assert_outcomes(failed=1)
    is_plain(log_of(quick))


def test_a_clean_environment_changes_nothing(quick: QuickApp) -> None:
    quick.config(f"chimera_coder = env -i {NESTED}", "chimera_max_attempts = 1", "chimera_check =")
    quick.chimera().assert_outcomes(failed=1)
    is_plain(log_of(quick))


def test_neither_does_a_clone_elsewhere(quick: QuickApp, tmp_path: Path) -> None:
    script = tmp_path / "elsewhere.sh"
    script.write_text(f'git clone -q . "$TMPDIR/other" && cd "$TMPDIR/other" && env -i {NESTED}\n')
    lines = f"chimera_coder = sh {script}", "chimera_max_attempts = 1", "chimera_check ="
    quick.config(*lines)
    quick.chimera().assert_outcomes(failed=1)
    is_plain(log_of(quick))


BY_FUNCTION = """
import subprocess, sys


async def code(brief):
    words = [sys.executable, "-m", "pytest", "--chimera", "--chimera-jobs=2", "-p", "no:hypothesispytest"]
    where = {where}
    done = subprocess.run(words, cwd=where, capture_output=True, text=True, env={env}, timeout=100)
    LOG.with_name("nested.txt").write_text(done.stdout + done.stderr)
    (pathlib.Path(brief.folder) / (brief.feature.id + ".txt")).write_text("done")
"""


@pytest.mark.parametrize(
    ("where", "env"), [("brief.folder", "{'PATH': os.environ['PATH']}"), ("HERE", "{**os.environ}")]
)
def test_a_function_that_starts_the_loop_runs_plain_tests(fast: Fast, where: str, env: str) -> None:
    fast.begin("a", body=BY_FUNCTION.format(where=where, env=env))
    fast.chimera().assert_outcomes(passed=1)
    is_plain(fast.log.with_name("nested.txt").read_text())
    assert INSIDE not in os.environ


def test_a_run_with_all_that_goes_with_the_mode_is_plain_too(fast: Fast, monkeypatch: pytest.MonkeyPatch) -> None:
    fast.begin("a")
    monkeypatch.setenv(INSIDE, "the coder of test_b")
    result = fast.chimera("--chimera-reprove", "--chimera-until=red", "-n1")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines([PLAIN.replace("(*)", f"({INSIDE}=the coder of test_b)")])


def test_the_demo_is_not_built_inside(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "pytest_chimera", "demo", str(tmp_path / "demo")]
    environment = {**os.environ, INSIDE: "the coder of test_b"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "The demo builds nothing inside a coder's work." in done.stderr
    assert not (tmp_path / "demo").exists()


def test_a_marked_folder_is_found_from_below_and_from_nowhere_else(tmp_path: Path) -> None:
    work, clone = tmp_path / "work", tmp_path / "clone"
    (work / "deep").mkdir(parents=True)
    (clone / ".git").mkdir(parents=True)
    mark_work(work)
    mark_clone(clone)
    assert why_inside(work / "deep", environment={}) == str(work)
    assert why_inside(tmp_path, clone, environment={}) == str(clone)
    assert not why_inside(tmp_path, environment={})
