"""One coder's change, played against the entire loop: a small Flask application, a real git, a real Chromium."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import site
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from tests import as_ann

SHARED = Path(__file__).parents[3] / "shared" / "cheats"
OWN = Path(__file__).parent / "data"
FEATURE = "A user can mark a todo as done; the page shows how many are left."
STEPS = '''
import pytest


@pytest.mark.feature("{feature}")
def test_mark_done():
    """
    When I fill "New todo" with "Buy milk" and press the "Add" button
    And I fill "New todo" with "Walk the dog" and press the "Add" button
    And I fill "New todo" with "Pay rent" and press the "Add" button
    Then I should see "3 left"
    When I press the "Done" button in the list item "Walk the dog"
    Then I should see "2 left"
    When I reload the page
    Then I should see "2 left"
    """
'''
SETTINGS = {
    "chimera_serve": "sh scripts/serve.sh {port}",
    "chimera_health": "/health",
    "chimera_patience": "2",
    "chimera_max_attempts": "1",
}
"""Given on the command line, because a case replaces files of the base, including its pyproject.toml."""

Form = Literal["hand-written", "generated"]


def shared_cases(kind: str) -> list[Path]:
    """Return the folders of one kind of case; none if they are not available."""
    folder = SHARED / kind
    return sorted(each for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []


@dataclass(frozen=True)
class Played:
    """How a case ended: the verdict's state and its text."""

    passed: bool
    verdict: dict[str, Any]
    output: str

    @property
    def reason(self) -> str:
        """Why it was refused, in one line."""
        return " | ".join(line.strip() for line in (self.verdict.get("details") or "").splitlines()[:1])


Play = Callable[[Path, Form], Played]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site-packages of a temporary environment that sees everything installed in ours."""
    folder = tmp_path_factory.mktemp("throw-away") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    [found] = folder.glob("lib/python*/site-packages")
    lines = [f"import site; site.addsitedir({each!r})" for each in (*site.getsitepackages(),)]
    (found / "ours.pth").write_text("\n".join(lines) + "\n")
    return found


@pytest.fixture
def play(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Play a case: its base in a separate repository, the case as the coder, ``pytest --chimera``."""
    for name in [name for name in os.environ if name.startswith("GIT_") or name in {"CI", "PYTEST_ADDOPTS"}]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kept = {path.name for path in packages.iterdir()}

    def run(case: Path, form: Form) -> Played:
        project = tmp_path / "todo"
        shutil.copytree(SHARED / "base", project)
        _write_feature(project, form)
        coder = [sys.executable, str(SHARED / "coder.py"), str(case)]
        coder += ["--main", str(project), "--site-packages", str(packages)]
        settings = {**SETTINGS, "chimera_coder": shlex.join(coder)}
        _commit(project)
        python = packages.parents[2] / "bin" / "python"
        report = tmp_path / "report.json"
        options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        done = subprocess.run(
            [python, "-m", "pytest", "--chimera", "-p", "tests.cheats.told", "-q", "--no-header", *options],
            cwd=project,
            env={**os.environ, "CHEATS_REPORT": str(report), "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        verdict = json.loads(report.read_text()) if report.exists() else {}
        return Played(verdict.get("state") == "complete", verdict, done.stdout + done.stderr)

    yield run
    for path in packages.iterdir():
        if path.name not in kept:
            path.unlink() if path.is_file() else shutil.rmtree(path)


def _write_feature(project: Path, form: Form) -> None:
    test = project / "tests" / "e2e" / "test_mark_done.py"
    if form == "hand-written":
        marked = f"@pytest.mark.feature({FEATURE!r})\ndef test_mark_todo_done("
        source = test.read_text().replace("def test_mark_todo_done(", marked)
        test.write_text(source.replace("from playwright", "import pytest\nfrom playwright", 1))
        return
    shutil.rmtree(test.parent)
    steps = project / "tests" / "features" / "test_todo.py"
    steps.parent.mkdir()
    steps.write_text(STEPS.format(feature=FEATURE))


def _commit(project: Path) -> None:
    as_ann.begin(project)
    as_ann.git(project, "config", "user.name", "Ann")
    as_ann.git(project, "config", "user.email", "ann@example.org")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Play all cases only on request: ``-m exhaustive``."""
    if "exhaustive" in (config.option.markexpr or ""):
        return
    slow = [
        item for item in items if item.get_closest_marker("exhaustive") and Path(__file__).parent in item.path.parents
    ]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]
