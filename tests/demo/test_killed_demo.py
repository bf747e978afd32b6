"""The demo's project after the demo was killed and ``pytest --chimera`` started again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]

JOURNAL = ".pytest_cache/d/chimera/test_add_book.jsonl"


def start(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    outer = ("PYTEST_", "GIT_", "CI", "CHIMERA_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment | {"PYTEST_ADDOPTS": f"-o chimera_work_dir={folder.with_name('work')}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def events(folder: Path) -> list[dict[str, Any]]:
    try:
        lines = (folder / JOURNAL).read_text().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def kill_in(phase: str, folder: Path) -> None:
    """Start the demo, kill it as soon as the phase has begun, and check that nothing of it is left."""
    demo = start(folder, "pytest_chimera", "demo", str(folder))
    try:
        limit = time.monotonic() + 120
        while not (told := events(folder)) or not (
            told[-1]["event"] == "phase_started" and told[-1]["data"]["phase"] == phase
        ):
            assert demo.poll() is None, f"The demo ended before {phase} began."
            assert time.monotonic() < limit
            time.sleep(0.005)  # the event is the condition
        family = psutil.Process(demo.pid).children(recursive=True)
    finally:
        demo.send_signal(signal.SIGKILL)
        demo.wait()
    assert family
    assert not psutil.wait_procs(family, timeout=20)[1]


def count(folder: Path, event: str) -> Counter[str]:
    told = [each["data"] for each in events(folder) if each["event"] == event]
    return Counter((data.get("result") or data)["phase"] for data in told)


def test_killed_in_implementation_and_in_validation_it_goes_on_and_repeats_nothing_that_was_finished(
    project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(project, folder)

    kill_in("code_implementation", folder)
    kill_in("e2e_validation", folder)
    last = start(folder, "pytest", "--chimera", "-k", "test_add_book").wait(timeout=120)

    assert last == 0
    finished, started = count(folder, "phase_finished"), count(folder, "phase_started")
    assert set(finished.values()) == {1}
    assert len(finished) == 5
    assert {phase for phase, times in started.items() if times > 1} <= {"code_implementation", "e2e_validation"}
