"""Planted cheats: a reviewer or judge that accepts one is found before anything of a run counts."""

from __future__ import annotations

import pytest

from tests.session.conftest import RIGHT, App
from tests.session.fast import Fast, fast

__all__ = ["fast"]

OWN_REVIEWER = """
from pytest_chimera.models import Review

def pytest_chimera_review_change(change):
    note("reviewed", "change" if change.files[0].path.endswith(".txt") else "planted")
    {answer}
"""
APPROVES = 'return Review(decision="approve")'
CAREFUL = 'return Review(decision="approve" if change.files[0].path.endswith(".txt") else "reject")'
BROKEN_GUARDIAN = """
from pytest_chimera.review import guardian
from pytest_chimera.models import Review

guardian.Guardian.pytest_chimera_review_change.__code__ = (lambda self, change, workflow: None).__code__
"""
BROKEN_WRAPPER = """
import pytest
from pytest_chimera.models import Review

@pytest.hookimpl(wrapper=True)
def pytest_chimera_review_change(change):
    answers = yield
    return [Review(decision="approve") for _ in answers]
"""
BLIND_JUDGE = """
def is_there(deployment, name):
    return name == "test_reader_searches" or (pathlib.Path(deployment.folder) / (name + ".txt")).exists()
"""


def begun(fast: Fast, body: str, config: str = "") -> Fast:
    fast.begin("a b", body=body, config=f"chimera_check =\n{config}".replace("off", "all"))
    ini = fast.path / "pytest.ini"
    ini.write_text(ini.read_text().replace("chimera_canaries = off\n", "" if "canaries" in config else "\n"))
    fast.commit("Show canaries")
    return fast


@pytest.mark.parametrize("body", [BROKEN_GUARDIAN, BROKEN_WRAPPER], ids=["replaced", "wrapped"])
def test_a_guardian_that_accepts_everything_stops_the_run_before_a_coder_is_called(fast: Fast, body: str) -> None:
    result = begun(fast, body).chimera()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*The guardian let a planted cheat pass: *; nothing of this run counts.*"])
    assert fast.said("implement") == []
    assert "1 passed" not in result.stdout.str()


def test_a_reviewer_that_approves_everything_stops_the_run(fast: Fast) -> None:
    result = begun(fast, OWN_REVIEWER.format(answer=APPROVES)).chimera()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*The reviewer *conftest.py let a planted cheat pass: *"])
    assert fast.said("implement") == []


@pytest.mark.parametrize("answer", [CAREFUL, "return None", "return []"])
def test_a_reviewer_that_refuses_or_has_nothing_to_say_is_shown_them_once(fast: Fast, answer: str) -> None:
    begun(fast, OWN_REVIEWER.format(answer=answer)).chimera("-k", "test_a").assert_outcomes(passed=1, deselected=1)
    assert len(fast.said("reviewed", "planted")) == 3
    fast.chimera("--chimera-restart", "-k", "test_a").assert_outcomes(passed=1, deselected=1)
    assert len(fast.said("reviewed", "planted")) == 3
    assert len(fast.said("reviewed", "change")) == 2


def test_the_projects_reviewers_can_be_left_out(fast: Fast) -> None:
    begun(fast, OWN_REVIEWER.format(answer=APPROVES), "chimera_canaries = own").chimera().assert_outcomes(passed=2)
    assert fast.said("reviewed", "planted") == []


def test_a_judge_that_finds_everything_green_stops_the_run(fast: Fast) -> None:
    result = begun(fast, BLIND_JUDGE).chimera()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*The judge let a planted cheat pass: a test that *"])
    assert fast.said("implement") == []


@pytest.mark.browser
def test_the_real_judge_refuses_and_is_asked_once_for_each_set_of_tools(app: App) -> None:
    app.coder(RIGHT)
    ini = app.path / "pytest.ini"
    ini.write_text(ini.read_text().replace("chimera_canaries = off\n", ""))
    app.commit("Show canaries")
    app.chimera("--chimera-until=red").assert_outcomes(passed=1)
    known = app.path / ".pytest_cache" / "d" / "chimera" / "canaries.json"
    before = known.read_text()
    app.chimera("--chimera-until=red", "--chimera-restart").assert_outcomes(passed=1)
    assert known.read_text() == before
