"""Without a coder, the person implements in their own working tree."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.session.conftest import BASE, RIGHT, App, QuickApp

HAND_WRITTEN = """
import pytest
from playwright.sync_api import Page, expect


@pytest.mark.feature("A visitor is greeted by name")
def test_greet(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name").fill("Ada")
    page.get_by_role("button", name="Greet").click()
    expect(page.get_by_text("Hello, Ada!")).to_be_visible()
"""


def wrong(number: int) -> str:
    return RIGHT.replace("Hello, ", f"Bye {number}, ")


def untouched(app: App) -> tuple[bytes, str, str]:
    return (app.path / ".git" / "index").read_bytes(), app.git("stash", "list"), app.git("rev-parse", "HEAD")


@pytest.mark.browser
def test_the_item_fails_with_how_the_test_fails_and_where_it_is(app: App) -> None:
    result = app.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*red: the feature is not there yet, and no coder is configured*",
            '*missing element: When I fill "Name" with "Ada"*',
            "*The test is tests/e2e/test_greet.py. Change the code, then run the same command again.*",
        ]
    )
    assert "def test_greet(page: Page) -> None:" in (app.path / "tests" / "e2e" / "test_greet.py").read_text()
    assert (app.path / "tests" / "e2e" / "__init__.py").exists()


def test_waiting_costs_no_attempt_and_no_browser(quick: QuickApp) -> None:
    quick.chimera()
    vault = sorted((quick.path / ".chimera").rglob("*"))
    quick.chimera("tests/features").assert_outcomes(failed=1)
    assert sorted((quick.path / ".chimera").rglob("*")) == vault


@pytest.mark.browser
@pytest.mark.parametrize("edits", [1, pytest.param(10, marks=pytest.mark.exhaustive)])
def test_after_wrong_edits_and_a_right_one_it_completes_and_gives_the_commit_to_type(app: App, edits: int) -> None:
    app.chimera("tests/features").assert_outcomes(failed=1)
    before = untouched(app)
    for number in range(edits):
        app.write(page=wrong(number))
        app.chimera("tests/features").assert_outcomes(failed=1)
    app.write(page=RIGHT)
    result = app.chimera("tests/features")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"*test_greet*complete*{edits + 1}*", "*git add --all && git commit --file=*"])
    assert untouched(app) == before
    line = next(line for line in result.stdout.lines if "git commit --file=" in line)
    for command in line.split(": ", 1)[1].split(" && "):
        app.git(*shlex.split(command)[1:])
    assert "Chimera-Feature: test_greet" in app.git("log", "-1", "--format=%(trailers)")
    app.chimera("tests/features").stdout.fnmatch_lines(["*test_greet*proved*"])


@pytest.mark.browser
def test_a_wrong_edit_is_told_with_its_evidence(app: App) -> None:
    app.chimera()
    app.write(page=wrong(1))
    result = app.chimera()
    result.stdout.fnmatch_lines(['*still red*I should see "Hello, Ada!"*', "*evidence: *"])


@pytest.mark.browser
def test_the_generated_test_is_left_to_its_feature_while_that_is_worked_on(app: App) -> None:
    app.chimera()
    app.chimera().assert_outcomes(failed=1, skipped=1)
    app.write(page=RIGHT)
    app.chimera().assert_outcomes(passed=1, skipped=1)
    app.chimera().assert_outcomes(passed=2)


SKIPS = """
import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.{mark})
"""


@pytest.mark.parametrize("mark", ["skip(reason='later')", "skipif(True, reason='later')"])
def test_a_generated_test_that_is_skipped_in_a_plain_run_has_nothing_served(quick: QuickApp, mark: str) -> None:
    quick.chimera("tests/features").assert_outcomes(failed=1)
    (quick.path / "tests" / "e2e" / "conftest.py").write_text(SKIPS.format(mark=mark))
    quick.run("tests/e2e").assert_outcomes(skipped=1)
    assert not (quick.path / ".chimera" / "plain-run").exists()


AS_IT_IS_JUDGED = """
import os
import pathlib


def pytest_chimera_phase_started(phase):
    if phase == "e2e_validation" and "DIES" in os.environ:
        os._exit(9)
    if phase == "e2e_validation" and "EDITS" in os.environ:
        (pathlib.Path(__file__).parent / "page.py").write_text(os.environ["EDITS"])
"""


def test_what_was_edited_after_a_run_that_died_is_what_counts(quick: QuickApp, monkeypatch: pytest.MonkeyPatch) -> None:
    (quick.path / "conftest.py").write_text(AS_IT_IS_JUDGED)
    quick.commit("Die")
    quick.chimera("tests/features").assert_outcomes(failed=1)
    wrong = (quick.path / "page.py").read_text() + "\n"
    quick.write(page=RIGHT)
    monkeypatch.setenv("DIES", "1")
    quick.chimera("tests/features")
    monkeypatch.delenv("DIES")
    quick.write(page=wrong)
    result = quick.chimera("tests/features")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*your working tree has changed since it was read*"])
    quick.write(page=RIGHT)
    quick.chimera("tests/features").assert_outcomes(passed=1)


def test_what_is_edited_while_it_is_judged_is_not_called_proved(
    quick: QuickApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    (quick.path / "conftest.py").write_text(AS_IT_IS_JUDGED)
    quick.commit("Edit")
    quick.chimera("tests/features").assert_outcomes(failed=1)
    quick.write(page=RIGHT)
    monkeypatch.setenv("EDITS", "BROKEN = True")
    result = quick.chimera("tests/features")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*your working tree has changed since, and is not proved as it is now*"])
    monkeypatch.delenv("EDITS")
    quick.write(page=RIGHT)
    quick.chimera("tests/features").assert_outcomes(passed=1)


def test_changing_the_sealed_test_is_refused(quick: QuickApp) -> None:
    quick.chimera()
    test = quick.path / "tests" / "e2e" / "test_greet.py"
    test.write_text(test.read_text().replace("Hello, Ada!", "Welcome"))
    result = quick.chimera("tests/features")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*The sealed test was changed.*"])


def test_a_changed_scenario_brings_its_new_test(quick: QuickApp) -> None:
    quick.chimera()
    path = quick.path / "tests" / "features" / "test_greeting.py"
    path.write_text(path.read_text().replace("Hello, Ada!", "Dear Ada!"))
    quick.chimera("tests/features").stdout.fnmatch_lines(["*starting a new generation*"])
    assert "Dear Ada!" in (quick.path / "tests" / "e2e" / "test_greet.py").read_text()
    quick.write(page=RIGHT.replace("Hello, ", "Dear "))
    quick.chimera("tests/features").assert_outcomes(passed=1)


def test_the_owner_may_edit_conftest_and_configuration(quick: QuickApp) -> None:
    quick.chimera()
    quick.write(page=RIGHT, conftest="import pytest\n\n\ndef pytest_configure(config):\n    pass\n")
    quick.config("addopts = -q")
    quick.chimera("tests/features").assert_outcomes(passed=1)


@pytest.mark.browser
@pytest.mark.exhaustive
def test_the_generated_test_runs_by_itself_beside_a_file_of_the_same_name(app: App) -> None:
    (app.path / "tests" / "features" / "test_greeting.py").rename(app.path / "tests" / "features" / "test_greet.py")
    app.commit("Name the file as the feature")
    app.chimera()
    app.write(page=RIGHT)
    app.chimera("tests/features").assert_outcomes(passed=1)
    app.run().assert_outcomes(passed=1, skipped=1)


def test_on_the_first_day_nothing_is_committed(quick: QuickApp) -> None:
    quick.git("rm", "-q", "-r", "--cached", "tests", "pytest.ini")
    quick.git("commit", "-q", "-m", "Before the first feature")
    result = quick.chimera()
    result.stdout.fnmatch_lines(["*✓ test*red on*"])
    quick.write(page=RIGHT)
    quick.chimera("tests/features").assert_outcomes(passed=1)


def test_a_coder_that_takes_over_has_its_own_attempts(quick: QuickApp) -> None:
    quick.chimera("tests/features")
    for number in range(2):
        quick.write(page=wrong(number))
        quick.chimera("tests/features").assert_outcomes(failed=1)
    quick.write(page=BASE)
    quick.coder(BASE, BASE, wrong(3), RIGHT)
    with (quick.path / "pytest.ini").open("a") as file:
        file.write("chimera_max_attempts = 2\n")
    quick.chimera("tests/features").assert_outcomes(passed=1)


def test_a_hand_written_test_is_sealed_as_it_is(quick: QuickApp) -> None:
    quick.write(tests__features__test_greeting=HAND_WRITTEN)
    quick.commit("Write the test by hand")
    result = quick.chimera()
    result.stdout.fnmatch_lines(['*page.get_by_label("Name").fill("Ada")*', "*The test is tests/features/*"])
    quick.write(page=RIGHT)
    quick.chimera("tests/features").assert_outcomes(passed=1)
    assert not (quick.path / "tests" / "e2e").exists()


@pytest.mark.browser
def test_a_hand_written_test_that_imports_the_application_is_refused_with_what_to_write(app: App) -> None:
    source = (
        "import pytest\nimport page\n\n\n@pytest.mark.feature('A')\ndef test_greet():\n    assert page.render({})\n"
    )
    app.write(tests__features__test_greeting=source)
    result = app.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*An end-to-end test cannot import the application: page*", "*runs without the product's code*"]
    )


@pytest.mark.browser
def test_started_from_another_folder_with_no_environment_activated(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/local/bin:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    config = app.path / "pytest.ini"
    config.write_text(config.read_text().replace(config.read_text().split("chimera_serve = ")[1].split()[0], "python"))
    result = app.run("--chimera", "-c", str(config), f"--rootdir={app.path}", str(app.path / "tests"))
    result.stdout.fnmatch_lines(["*✓ test*red on*"])


@pytest.mark.browser
def test_a_hand_written_test_with_parameters_is_a_feature_for_each(app: App) -> None:
    source = HAND_WRITTEN.replace(
        "@pytest.mark.feature", "@pytest.mark.parametrize('name', ['Ada', 'Bob-1'])\n@pytest.mark.feature"
    )
    source = source.replace("page: Page)", "page: Page, name: str)").replace('fill("Ada")', "fill(name)")
    source = source.replace('"Hello, Ada!"', 'f"Hello, {name}!"')
    app.write(tests__features__test_greeting=source)
    app.commit("Write the test by hand")
    app.chimera().assert_outcomes(failed=2)
    app.write(page=RIGHT)
    result = app.chimera()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_greet?Ada?*complete*", "*test_greet?Bob-1?*complete*"])
