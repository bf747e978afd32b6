"""Setting up says what it does while it does it: ``make`` in a fresh clone, with a Python whose pip takes its time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOLD = ROOT / ".ci" / "told"
EVERY = {"EVERY": "0.2"}
PYTHON = """#!/bin/sh
case "$*" in
  *venv*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  *pip*) echo "Collecting flask"; sleep 1 ;;
esac
"""

pytestmark = pytest.mark.skipif(os.name != "posix" or not shutil.which("make"), reason="needs make and a shell")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=os.environ | EVERY, capture_output=True, text=True, check=False)


def test_each_step_of_a_fresh_set_up_is_said_before_it_begins_and_goes_on_being_said(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text(PYTHON)
    python.chmod(0o755)
    venv = tmp_path / "venv"
    done = run("make", "--no-print-directory", f"VENV={venv}", f"PYTHON={python}", f"{venv}/.installed")
    assert done.returncode == 0, done.stderr
    steps = re.findall(r"^(\w.* \(\d of 3\)).*…$", done.stdout, re.MULTILINE)
    assert [step[-8:] for step in steps] == ["(1 of 3)", "(2 of 3)", "(3 of 3)"]
    assert len(re.findall(r"^  … +\d+ s  Collecting flask$", done.stdout, re.MULTILINE)) >= 4


def test_a_step_that_fails_shows_all_that_it_said() -> None:
    done = run(TOLD, "Installing", "sh", "-c", "echo no such package; echo and why >&2; exit 7")
    assert done.returncode == 7
    assert done.stdout == "Installing …\n"
    assert done.stderr == "no such package\nand why\n"


def test_a_step_that_hangs_is_ended() -> None:
    done = run("env", "LIMIT=1", TOLD, "Downloading", "sleep", "60")
    assert done.returncode != 0
    assert "It was ended after 1 s." in done.stderr


def test_what_may_take_long_in_finding_a_browser_goes_through_it() -> None:
    text = (ROOT / ".ci" / "browser").read_text(encoding="utf-8").replace("\\\n", " ")
    long = [line for line in text.splitlines() if re.search(r"playwright install chromium|apt-get \w+|-c \"", line)]
    assert len([line for line in long if '"$told"' in line]) == 4
    assert all('"$told"' in line for line in long if not line.startswith("  $python"))
