"""Compatibility with pytest: xdist, junit, -k, -x, -q, classes, other runners of items."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.session.conftest import FEATURE, RIGHT, App, QuickApp
from tests.session.test_merging import BOTH, TWO, by_script

NOT_UNDERSTOOD = FEATURE.replace('I press the "Greet" button', "I frobnicate the gadget")


def not_understood(*names: str) -> str:
    """A module of features that fail before anything is started."""
    body = NOT_UNDERSTOOD.partition("\n\n\n")[2]
    return "import pytest\n\n\n" + "\n\n".join(body.replace("test_greet", name) for name in names)


@pytest.mark.browser
@pytest.mark.exhaustive
def test_under_xdist_each_worker_takes_its_own_items(app: App) -> None:
    app.write(tests__features__test_greeting=TWO.format(after=""))
    by_script(app, BOTH)
    result = app.chimera("-n", "2")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines_random(["*test_greet*complete*chimera/test-greet*", "*test_goodbye*complete*"])


def test_two_at_once_are_reported_in_their_order(quick: QuickApp) -> None:
    quick.write(tests__features__test_greeting=TWO.format(after=""))
    by_script(quick, BOTH)
    result = quick.chimera("--chimera-jobs=2", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*::test_greet*", "*::test_goodbye*"])


def test_junit_holds_the_verdict_and_the_reason(app: App) -> None:
    app.write(tests__features__test_greeting=not_understood("test_greet"))
    app.chimera("--junitxml=out.xml")
    case = ET.parse(app.path / "out.xml").find(".//testcase")
    assert case is not None
    failure = case.find("failure")
    assert failure is not None
    assert "not understood: I frobnicate the gadget" in (failure.text or "")
    properties = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert properties["chimera-state"] == "failed"


def test_a_failure_holds_no_traceback_and_at_most_three_thousand_characters(app: App) -> None:
    steps = "\n".join(f"    When I frobnicate the gadget number {number}" for number in range(100))
    app.write(tests__features__test_greeting=FEATURE.replace('    When I fill "Name" with "Ada"', steps))
    app.chimera("--junitxml=out.xml")
    failure = ET.parse(app.path / "out.xml").find(".//failure")
    assert failure is not None
    assert len(failure.text or "") <= 3000
    assert "Traceback" not in (failure.text or "")
    assert "characters left out" in (failure.text or "")


def test_maxfail_stops_before_the_next_feature(app: App) -> None:
    app.write(tests__features__test_greeting=not_understood("test_a", "test_b"))
    app.chimera("-x").assert_outcomes(failed=1)


def test_selecting_by_keyword_works_on_only_those(app: App) -> None:
    app.write(tests__features__test_greeting=not_understood("test_a", "test_b"))
    app.chimera("-k", "test_b").assert_outcomes(failed=1, deselected=1)


def test_last_failed_runs_the_failed_ones(app: App) -> None:
    app.write(
        tests__features__test_greeting=not_understood("test_a"), tests__test_other="def test_other():\n    pass\n"
    )
    app.chimera().assert_outcomes(failed=1, passed=1)
    app.chimera("--lf").assert_outcomes(failed=1)


def test_quiet_is_quiet(app: App) -> None:
    app.write(tests__features__test_greeting=not_understood("test_a"))
    result = app.chimera("-q")
    result.stdout.no_fnmatch_line("*= chimera =*")


@pytest.mark.parametrize("option", ["--setup-plan", "--setup-only"])
def test_planning_the_set_up_starts_no_workflow(app: App, option: str) -> None:
    app.chimera(option)
    assert not (app.path / ".chimera").exists()


def test_methods_and_test_cases_are_features_too(app: App) -> None:
    source = (
        "import unittest\nimport pytest\n\n\n"
        "class TestPage:\n    @pytest.mark.feature('A')\n    def test_method(self):\n"
        "        '''When I frobnicate the gadget'''\n\n\n"
        "class Case(unittest.TestCase):\n    @pytest.mark.feature('B')\n    def test_case(self):\n"
        "        '''When I frobnicate the widget'''\n"
    )
    app.write(tests__features__test_greeting=source)
    result = app.chimera()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*not understood: I frobnicate the gadget*", "*not understood: I frobnicate the widget*"]
    )


def test_a_parametrized_feature_is_one_for_each_item(app: App) -> None:
    source = (
        not_understood("test_a")
        .replace("@pytest.mark.feature", "@pytest.mark.parametrize('name', ['Ada', 'Bob'])\n@pytest.mark.feature")
        .replace("def test_a()", "def test_a(name)")
    )
    app.write(tests__features__test_greeting=source)
    result = app.chimera()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*test_a*Ada*: *", "*test_a*Bob*: *"])


def test_a_fixture_of_the_body_is_not_set_up(app: App) -> None:
    source = not_understood("test_a").replace("def test_a()", "def test_a(explode)")
    app.write(
        tests__features__test_greeting=source,
        conftest="import pytest\n\n\n@pytest.fixture\ndef explode():\n    raise SystemExit('set up')\n",
    )
    app.chimera().assert_outcomes(failed=1)


@pytest.mark.browser
def test_a_project_installed_as_an_editable_is_served_from_the_checkout(app: App, tmp_path: Path) -> None:
    """The candidate's code answers, not the person's own tree that an editable install points to."""
    (app.path / "src").mkdir()
    (app.path / "page.py").rename(app.path / "src" / "page.py")
    app.commit("Use the src layout")
    link = tmp_path / "site"
    link.mkdir()
    (link / "sitecustomize.py").write_text(f"import sys\nsys.path.append({str(app.path / 'src')!r})\n")
    by_script(
        app,
        "page = pathlib.Path('src/page.py')\npage.write_text(RIGHT)\n",
        f"chimera_env = PYTHONPATH={link}" if sys.platform == "win32" else "",
    )
    app.chimera().assert_outcomes(passed=1)
    assert RIGHT not in (app.path / "src" / "page.py").read_text()
