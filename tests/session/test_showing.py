"""What ended a feature, and why: the same text in the terminal and in every report."""

from __future__ import annotations

import json
import re
import shlex
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from tests.session.conftest import RIGHT, WRONG, App, QuickApp

LONG = "word " * 60
SAYS_WHY = "print('\\n'.join(f'thinking {n}' for n in range(50)))\nraise SystemExit('quota exceeded until 17:00')"


def coded_by(app: App, body: str, *config: str, attempts: int = 2) -> None:
    """A coder that is a Python script."""
    script = app.recorded.parent / "coder.py"
    script.write_text(f"import os, pathlib\n{body}\n")
    app.config(
        f"chimera_coder = {sys.executable} {script}",
        f"chimera_max_attempts = {attempts}",
        "chimera_sandbox = off",
        *config,
    )


def failure_of(app: App) -> str:
    """Return the failure from the JUnit report."""
    failure = ET.parse(app.path / "out.xml").find(".//failure")
    assert failure is not None
    text = failure.text or ""
    assert (failure.get("message") or "")[:200] == text[:200]  # pytest shortens it since 9.1
    return text


def told(app: App, *words: str) -> str:
    """Return the output of a failing run about its only feature."""
    result = app.chimera("--junitxml=out.xml", *words)
    text = failure_of(app)
    assert len(text) <= 3_000
    assert text in "\n".join(result.stdout.lines)
    return text


def in_order(text: str, *parts: str) -> None:
    """Check that each part follows the one before it."""
    rest = text
    for part in parts:
        _, found, rest = rest.partition(part)
        assert found, f"not told there: {part}\n{text}"


def trace_of(text: str) -> str:
    """Return the trace in the command that opens it."""
    [command] = [line.partition(": ")[2] for line in text.splitlines() if "show-trace" in line]
    *words, path = shlex.split(command)
    assert words == ["python", "-m", "playwright", "show-trace"]
    return path


@pytest.mark.browser
def test_a_red_validation_is_told_with_what_was_expected_and_found_the_page_and_the_trace(app: App) -> None:
    coded_by(app, f"pathlib.Path('page.py').write_text({WRONG!r} + '# ' + os.environ['CHIMERA_ATTEMPT'])")
    text = told(app)
    in_order(
        text,
        'test_greet: failed in e2e_validation: missing element: Then I should see "Hello, Ada!"',
        "(tests/e2e/test_greet.py:",
        "expected to be visible",
        "found: nothing",
        "- paragraph: Bye, Ada!",
        "attempt 1  e2e_validation",
        "attempt 2  e2e_validation",
        "evidence: .chimera/test-greet/generation-1/",
        "the coder's log: .chimera/test-greet/generation-1/attempt-2/coder.log",
        "the change: .chimera/test-greet/generation-1/attempt-2/change.diff",
        "next: pytest --chimera --chimera-hint",
    )
    assert trace_of(text).startswith(".chimera/test-greet/generation-1/validation-2/evidence")
    assert (app.path / trace_of(text)).is_file()


@pytest.mark.browser
def test_who_waits_for_the_person_or_is_parked_shows_the_red_and_its_trace(app: App) -> None:
    waiting = told(app)
    in_order(waiting, "no coder is configured", "was not found", '- heading "Welcome"', "evidence: ")
    assert (app.path / trace_of(waiting)).is_file()
    parked = told(app, "--chimera-coder=no-such-agent {brief}")
    in_order(parked, "parked in code_implementation: ", "no-such-agent", "was not found", '- heading "Welcome"')
    assert trace_of(parked) == trace_of(waiting)


@pytest.mark.browser
def test_red_on_the_base_for_another_reason_shows_the_page_and_its_trace(app: App) -> None:
    path = app.path / "tests" / "features" / "test_greeting.py"
    path.write_text(path.read_text().replace("    When I fill", '    Given I see "Shop"\n    When I fill'))
    text = told(app)
    in_order(text, "not because the feature is missing", "Shop", '- heading "Welcome"', "evidence: ")
    assert (app.path / trace_of(text)).is_file()


def test_a_rejection_is_told_with_its_rule_its_place_and_its_remedy(quick: QuickApp) -> None:
    coded_by(
        quick,
        f"pathlib.Path('page.py').write_text({RIGHT!r} + '# ' + os.environ['CHIMERA_ATTEMPT'])\n"
        "pathlib.Path('tests/e2e/test_greet.py').unlink()",
    )
    in_order(
        told(quick),
        "failed in guardian_review: ",
        "rule sealed-test at tests/e2e/test_greet.py:",
        "attempt 1  guardian_review",
        "the change: .chimera/test-greet/generation-1/",
    )


def test_a_coder_that_repeats_itself_is_told_with_what_it_was_to_mend(quick: QuickApp) -> None:
    coded_by(quick, f"pathlib.Path('page.py').write_text({WRONG!r})")
    in_order(
        told(quick),
        "The coder made the same change as in attempt 1.",
        "attempt 1 ended in e2e_validation:",
        "Hello, Ada! was not found",
        "attempts:",
    )


def test_a_coder_that_gave_up_is_told_with_its_last_words(quick: QuickApp) -> None:
    coded_by(quick, SAYS_WHY)
    text = told(quick)
    in_order(text, "failed in code_implementation: ", "thinking 49", "quota exceeded until 17:00", "attempt 2")
    assert "thinking 20" not in text
    assert (quick.path / ".chimera/test-greet/generation-1/attempt-2/coder.log").is_file()


def test_a_coder_that_changed_nothing_is_told_with_what_it_said(quick: QuickApp) -> None:
    coded_by(quick, "print('I may not write here, so I stop.')")
    in_order(told(quick), "The coder changed nothing.", "I may not write here, so I stop.")


def test_the_next_command_of_a_failed_feature_works(quick: QuickApp) -> None:
    coded_by(quick, "print('nothing')")
    [command] = [line for line in told(quick).splitlines() if line.startswith("next: ")]
    coded_by(quick, f"pathlib.Path('page.py').write_text({RIGHT!r})")
    quick.run(*shlex.split(command)[2:]).assert_outcomes(passed=1)


def test_long_words_and_many_attempts_leave_room_for_the_files(quick: QuickApp) -> None:
    coded_by(
        quick,
        f"print({LONG!r} * 30)\nprint(('x' * 5000 + '\\n') * 30)\nraise SystemExit(int(os.environ['CHIMERA_ATTEMPT']))",
        attempts=12,
    )
    text = told(quick)
    in_order(text, "exited 12", "attempt 1 ", "attempt 12 ", "attempt-12/coder.log", "next: ")


def test_the_coders_secrets_are_masked_in_what_is_told(quick: QuickApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_API_KEY", "sk-93hf83hKfj3")
    coded_by(quick, "raise SystemExit('wrong key: sk-93' + 'hf83hKfj3')", "chimera_coder_env = AGENT_API_KEY")
    text = told(quick)
    assert "wrong key: ***" in text


# -- every report says the same


def _json_report(folder: Path) -> str:
    report = json.loads((folder / "report.json").read_text())
    return str(report["tests"][0]["call"]["longrepr"])


def _allure(folder: Path) -> str:
    [path] = (folder / "allure").glob("*-result.json")
    return str(json.loads(path.read_text())["statusDetails"]["trace"])


def _html(folder: Path) -> str:
    blob = re.search(r'data-jsonblob="([^"]*)"', (folder / "report.html").read_text())
    assert blob is not None
    [[test]] = json.loads(unescape(blob[1]))["tests"].values()
    return unescape(str(test["log"]).partition("\n\n-----")[0])


def _teamcity(folder: Path) -> str:
    [line] = [line for line in (folder / "said.txt").read_text().splitlines() if "testFailed" in line]
    details = re.search(r"details='((?:\|.|[^'|])*)'", line)
    assert details is not None
    return re.sub(r"\|(0x(\w{4})|.)", _unescaped, details[1]).partition("\n\n-----")[0]


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[2], 16)) if match[2] else {"n": "\n", "r": ""}.get(match[1], match[1])


REPORTERS: dict[str, tuple[tuple[str, ...], Callable[[Path], str]]] = {
    "pytest_jsonreport": (("--json-report", "--json-report-file=report.json"), _json_report),
    "allure_pytest": (("--alluredir=allure",), _allure),
    "pytest_html": (("--html=report.html", "--self-contained-html"), _html),
    "teamcity": (("--teamcity",), _teamcity),
}


@pytest.mark.parametrize("module", REPORTERS)
def test_every_report_holds_the_same_text(quick: QuickApp, module: str) -> None:
    pytest.importorskip(module)
    options, read = REPORTERS[module]
    coded_by(quick, SAYS_WHY)
    result = quick.chimera("--junitxml=out.xml", *options)
    (quick.path / "said.txt").write_text("\n".join(result.outlines))
    assert read(quick.path).strip() == failure_of(quick)


def test_allure_calls_a_failed_feature_failed_and_a_parked_one_broken(quick: QuickApp) -> None:
    pytest.importorskip("allure_pytest")

    def status() -> str:
        newest = max((quick.path / "allure").glob("*-result.json"), key=lambda path: path.stat().st_mtime_ns)
        return str(json.loads(newest.read_text())["status"])

    coded_by(quick, SAYS_WHY)
    quick.chimera("--alluredir=allure").assert_outcomes(failed=1)
    assert status() == "failed"
    quick.chimera("--alluredir=allure", "--chimera-restart", "--chimera-coder=no-such-agent").assert_outcomes(errors=1)
    assert status() == "broken"


def test_a_failed_feature_is_an_assertion_that_does_not_hold(quick: QuickApp) -> None:
    """Reporters use this to distinguish a failed test from a broken one."""
    (quick.path / "conftest.py").write_text(
        "import pytest\n\n\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
        "    if call.excinfo:\n        print('it is', call.excinfo.errisinstance(AssertionError))\n"
        "    return (yield)\n"
    )
    coded_by(quick, SAYS_WHY)
    quick.chimera("-s").stdout.fnmatch_lines(["*it is True"])
    again = quick.chimera("-s", "--chimera-restart", "--chimera-coder=no-such-agent")
    again.stdout.fnmatch_lines(["*it is False"])


# -- an item that is run again


def test_a_rerun_shows_the_section_once_and_starts_no_workflow_again(quick: QuickApp) -> None:
    pytest.importorskip("pytest_rerunfailures")
    coded_by(quick, SAYS_WHY)
    (quick.path / "conftest.py").write_text(
        "def pytest_runtest_logreport(report):\n    print('properties', [name for name, _ in report.user_properties])\n"
    )
    result = quick.chimera("--reruns=2", "-s")
    text = "\n".join(result.stdout.lines)
    assert text.count("Captured stdout chimera call") == 1
    assert text.count("✗ implement  ") == 2  # as it happened, and in the section
    assert "properties ['chimera', 'chimera-state', 'chimera-note']" in result.outlines
    assert not (quick.path / ".chimera/test-greet/generation-1/attempt-3").exists()


def test_a_rerun_of_a_feature_that_cannot_be_read_says_the_same(quick: QuickApp) -> None:
    pytest.importorskip("pytest_rerunfailures")
    path = quick.path / "tests" / "features" / "test_greeting.py"
    path.write_text(path.read_text().replace('I press the "Greet" button', "I frobnicate the gadget"))
    quick.chimera("--reruns=1").stdout.fnmatch_lines(["*not understood: I frobnicate the gadget*"])
