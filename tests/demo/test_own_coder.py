"""``python -m pytest_chimera demo --coder``: the person's own coder in place of the recorded changes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pytest_chimera.__main__ import main
from pytest_chimera.demo import interesting_results as kept
from pytest_chimera.demo.sample_project import write_project
from pytest_chimera.git.plumbing.commands import Git
from tests.demo.application import RIGHT

CODER = """#!/bin/sh
set -e
test -f "$1"
test ! -e recorded
git apply "$(dirname "$0")/$CHIMERA_FEATURE.patch"
echo "It is done."
"""


@pytest.fixture
def coder(tmp_path: Path, project: Path) -> Path:
    """A script that makes the correct changes, which are next to it."""
    script = tmp_path / "agent" / "my-agent"
    script.parent.mkdir()
    script.write_text(CODER)
    script.chmod(0o755)
    for feature, attempt in RIGHT.items():
        shutil.copy(project / "recorded" / feature / f"{attempt}.patch", script.parent / f"{feature}.patch")
    return script


def run_demo(folder: Path, coder: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    outer = ("PYTEST_", "GIT_", "CI", "CHIMERA_")
    mine = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    return subprocess.run(
        [sys.executable, "-m", "pytest_chimera", "demo", str(folder), "--coder", coder],
        cwd=cwd,
        env=mine | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.browser
def test_ones_own_coder_builds_the_demo_also_under_ci(tmp_path: Path, coder: Path) -> None:
    folder = tmp_path / "demo"
    options = f"-k 'test_add_book or unit' -o chimera_work_dir={tmp_path / 'work'}"
    done = run_demo(folder, "./agent/my-agent {brief}", tmp_path, CI="1", PYTEST_ADDOPTS=options)

    assert done.returncode == 0, done.stdout
    assert f"Your own coder builds them: {coder} {{brief}}." in done.stdout.replace("'", "")
    assert "ecorded change" not in done.stdout
    assert re.search(r"test_add_book +complete +1 ", done.stdout), done.stdout
    assert "In pyproject.toml" not in done.stdout

    brief = folder / ".chimera/test-add-book/generation-1/attempt-1/brief.md"
    assert f"What a coder is given, shortened; all of it: {brief.as_uri()}" in done.stdout
    assert "│ # A reader can add a book" in done.stdout
    assert '│ When I fill "Title" with "The Waves"' in done.stdout
    *_, folder_line, trace_line = done.stdout.rstrip().splitlines()
    evidence = folder / ".chimera/test-add-book/generation-1/validation-1/evidence"
    assert folder_line == f"  {evidence.as_uri()}"
    assert (evidence / "trace.zip").is_file()
    assert trace_line.endswith(f" {evidence / 'trace.zip'}")
    assert "-m playwright show-trace " in trace_line


def test_the_project_for_ones_own_coder_tells_it_nothing_of_the_recorded_changes(tmp_path: Path) -> None:
    command = 'my-agent --say "well done" --brief {brief}'
    write_project(tmp_path / "demo", command)

    settings = tomllib.loads((tmp_path / "demo/pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["pytest"]["ini_options"]["chimera_coder"] == command
    names = Git(tmp_path / "demo").ask("ls-tree", "-r", "--name-only", "HEAD").text.splitlines()
    assert not [name for name in names if "ecorded" in (tmp_path / "demo" / name).read_text(encoding="utf-8")]
    assert Git(tmp_path / "demo").ask("status", "--porcelain").text == ""


@pytest.mark.parametrize("coder", ["no-such-agent-anywhere --brief {brief}", "./agent.sh", ""])
def test_a_coder_that_is_not_there_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], coder: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["demo", "demo", "--coder", coder]) == 2

    complaint = capsys.readouterr().err
    assert coder.partition(" ")[0] in complaint
    assert '--coder "my-agent --brief {brief}"' in complaint
    assert not (tmp_path / "demo").exists()


def test_a_demo_with_recorded_changes_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_project(tmp_path / "demo")

    assert main(["demo", str(tmp_path / "demo"), "--coder", f"{sys.executable} agent.py {{brief}}"]) == 2

    complaint = capsys.readouterr().err
    assert "nothing was touched" in complaint
    assert f"demo {tmp_path / 'demo-2'} --coder" in complaint


def test_a_long_brief_is_shortened_part_by_part() -> None:
    asked = "\n".join(f"And step {number}" for number in range(30))
    brief = (
        f"# A feature\n\nDo it.\n\n## What was asked for\n\n```\n{asked}\n```\n\n## The test\n\nx\n\n## Rules\n\n- y\n"
    )
    assert kept.shortened(brief).splitlines() == [
        "# A feature",
        "",
        "Do it.",
        "",
        "## What was asked for",
        "",
        "```",
        *(f"And step {number}" for number in range(4)),
        "[…]",
        "```",
        "",
        "[…]",
    ]
