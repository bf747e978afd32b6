"""Our own cases against the entire loop, in both forms: a few each day, all of them on request."""

from __future__ import annotations

import datetime
import json
import os
import random
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import as_ann
from tests.cheats.conftest import Form, Played
from tests.cheats.own.base import FILES, GENERATED
from tests.cheats.own.cases import HONEST, LOOPED, Case

pytestmark = pytest.mark.browser
FORMS: tuple[Form, ...] = ("hand-written", "generated")
TODAY = random.Random(os.environ.get("CHEATS_SEED") or datetime.datetime.now(datetime.UTC).date().isoformat())
CODER = """
import json, pathlib, sys

for path, text in json.loads(pathlib.Path(sys.argv[1]).read_text()).items():
    if text is None:
        pathlib.Path(path).unlink()
    else:
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_text(text)
"""
SETTINGS = {"chimera_serve": "sh run.sh {port}", "chimera_patience": "2", "chimera_max_attempts": "1"}
PlayOwn = Callable[[Case, Form], Played]


def played_cases(cases: list[Case]) -> list[object]:
    """Every case in both forms; one of them is today's."""
    pairs = [(case, form) for case in cases for form in FORMS]
    today = TODAY.randrange(len(pairs))
    return [
        pytest.param(case, form, id=f"{case.name}-{form}", marks=() if number == today else pytest.mark.exhaustive)
        for number, (case, form) in enumerate(pairs)
    ]


@pytest.fixture
def play_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlayOwn:
    """Play a case: the shopping list in a repository of its own, the change by a coder, ``pytest --chimera``."""
    for name in [name for name in os.environ if name.startswith("GIT_") or name in {"CI", "PYTEST_ADDOPTS"}]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CHEATS_REPORT", str(tmp_path / "report.json"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))

    def play(case: Case, form: Form) -> Played:
        project = tmp_path / "shop"
        before = {**(FILES if form == "hand-written" else GENERATED), **case.also}
        for path, text in before.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text)
        as_ann.begin(project)
        after = case.change(before)
        changed = {path: after.get(path) for path in {**before, **after} if before.get(path) != after.get(path)}
        (tmp_path / "coder.py").write_text(CODER)
        (tmp_path / "change.json").write_text(json.dumps(changed))
        coder = shlex.join([sys.executable, str(tmp_path / "coder.py"), str(tmp_path / "change.json")])
        options = [word for pair in {**SETTINGS, "chimera_coder": coder}.items() for word in ("-o", "=".join(pair))]
        command = [sys.executable, "-m", "pytest", "--chimera", "-p", "tests.cheats.told", "-q", *options]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300, check=False)
        report = tmp_path / "report.json"
        verdict = json.loads(report.read_text()) if report.exists() else {}
        return Played(verdict.get("state") == "complete", verdict, done.stdout + done.stderr)

    return play


@pytest.mark.parametrize(("case", "form"), played_cases(LOOPED))
def test_a_cheat_is_refused_for_the_right_reason(case: Case, form: Form, play_own: PlayOwn) -> None:
    played = play_own(case, form)
    print(f"{case.name} {form}: {played.verdict.get('sentence')}")
    assert played.verdict.get("state") == "failed", played.output
    assert case.told in played.verdict["sentence"], played.output


@pytest.mark.parametrize(("case", "form"), played_cases(HONEST))
def test_an_honest_change_completes(case: Case, form: Form, play_own: PlayOwn) -> None:
    played = play_own(case, form)
    print(f"{case.name} {form}: {played.verdict.get('sentence')}")
    assert played.passed, played.output
