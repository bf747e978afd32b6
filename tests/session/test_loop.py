"""The entire loop, as a user sees it: a real server, a real git, a real Chromium."""

from __future__ import annotations

import json

import pytest

from tests.session.conftest import RIGHT, WRONG, App, QuickApp


@pytest.mark.browser
def test_a_feature_goes_from_its_sentence_to_a_proved_branch(app: App) -> None:
    app.coder(RIGHT)
    head = app.commit("Configure the coder")
    result = app.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            '*test_greet*✓ test*red on*missing element: When I fill "Name" with "Ada"*',
            "*✓ implement*1 file changed*",
            "*✓ review*",
            "*✓ deploy*serving http://127.0.0.1:*",
            "*✓ validate*green in*",
            "*test_greet*complete*1*chimera/test-greet*",
            "*git merge chimera/test-greet*",
        ]
    )
    assert app.git("log", "--format=%s", "main..chimera/test-greet").splitlines() == [
        "A visitor is greeted by name",
        "Test: A visitor is greeted by name",
    ]
    assert app.git("rev-parse", "HEAD") == head
    assert app.git("status", "--porcelain") == ""


def test_the_proof_stands_in_the_trailers(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    head = quick.commit("Configure the coder")
    quick.chimera()
    trailers = quick.git("log", "-1", "--format=%(trailers)", "chimera/test-greet")
    assert f"Chimera-Base: {head}" in trailers
    assert "Chimera-Red: missing element" in trailers
    assert "Chimera-Attempts: 1" in trailers
    assert f"Chimera-Tree: {quick.git('rev-parse', 'chimera/test-greet^{tree}')}" in trailers
    assert "Chimera-Tools: pytest-chimera " in trailers


def test_the_proof_in_full_is_in_the_vault(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    head = quick.commit("Configure the coder")
    quick.chimera()
    proof = json.loads((quick.path / ".chimera/test-greet/generation-1/proved/proof.json").read_text())
    assert (proof["base"], proof["tree"]) == (head, quick.git("rev-parse", "chimera/test-greet^{tree}"))
    assert proof["test"]["sha256"] == proof["test_sha256"]
    assert (proof["red"]["reason"], proof["green"]["status"]) == ("missing element", "green")
    assert proof["deployment"]["tree"] == proof["tree"]
    assert proof["review"]["decision"] == "approve"
    assert "sealed-test" in proof["rules"]["ids"]
    assert {"start_up", "packages", "git"} == proof["fingerprints"].keys()
    assert {"python", "pytest", "playwright", "pytest-chimera"} <= proof["tools"].keys()


@pytest.mark.browser
def test_a_change_that_is_wrong_in_the_browser_goes_back_with_the_evidence(app: App) -> None:
    app.coder(WRONG, RIGHT)
    app.chimera().assert_outcomes(passed=1)
    vault = app.path / ".chimera" / "test-greet" / "generation-1"
    brief = json.loads((vault / "attempt-2" / "brief.json").read_text())
    assert [each["phase"] for each in brief["rejected"]] == ["e2e_validation"]
    assert 'I should see "Hello, Ada!"' in brief["rejected"][0]["reason"]
    evidence = {path.name for path in (vault / "validation-1" / "evidence").iterdir()}
    assert {"trace.zip", "screenshot.png", "page.yaml", "console.log"} <= evidence
    assert "Bye, Ada!" in (vault / "validation-1" / "evidence" / "page.yaml").read_text()


def test_no_attempts_left_is_failed_and_stays_failed_without_spending_anything(quick: QuickApp) -> None:
    quick.coder(WRONG, WRONG.replace("Bye", "Ciao"), RIGHT)
    with (quick.path / "pytest.ini").open("a") as file:
        file.write("chimera_max_attempts = 2\n")
    first = quick.chimera()
    first.assert_outcomes(failed=1)
    first.stdout.fnmatch_lines(["*failed in e2e_validation*", "*attempt 1*", "*attempt 2*", "evidence: *"])
    again = quick.chimera()
    again.assert_outcomes(failed=1)
    again.stdout.no_fnmatch_line("*implement*✓*")
    assert not (quick.path / ".chimera" / "test-greet" / "generation-1" / "attempt-3").exists()


def test_the_persons_words_open_another_round_and_reach_the_brief(quick: QuickApp) -> None:
    quick.coder(WRONG, RIGHT)
    with (quick.path / "pytest.ini").open("a") as file:
        file.write("chimera_max_attempts = 1\n")
    quick.chimera().assert_outcomes(failed=1)
    quick.chimera("--chimera-hint=say Hello").assert_outcomes(passed=1)
    brief = quick.path / ".chimera" / "test-greet" / "generation-1" / "attempt-2" / "brief.md"
    assert "> say Hello" in brief.read_text()


def test_a_rejected_green_change_goes_on_and_moves_its_branch(quick: QuickApp) -> None:
    quick.coder(RIGHT, RIGHT.replace("Greeter", "The greeter"))
    quick.chimera().assert_outcomes(passed=1)
    result = quick.chimera("--chimera-reject=name it The greeter")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*✓ implement 2*", "*complete*2*chimera/test-greet*"])
    assert "The greeter" in quick.git("show", "chimera/test-greet:page.py")


def test_pages_and_glossary_are_the_projects_own_words(quick: QuickApp) -> None:
    (quick.path / "chimera.toml").write_text(
        '[pages]\n"front" = "/"\n\n[glossary]\n'
        '"I greet {name}" = ["I fill \\"Name\\" with {name}", "I press the \\"Greet\\" button"]\n'
    )
    path = quick.path / "tests" / "features" / "test_greeting.py"
    steps = 'Given I am on the front page\n    When I greet "Ada"\n    Then I should see "Hello, Ada!"'
    path.write_text(path.read_text().partition("    When")[0] + f'    {steps}\n    """\n')
    quick.coder(RIGHT)
    quick.chimera().assert_outcomes(passed=1)
    source = quick.git("show", "chimera/test-greet:tests/e2e/test_greet.py")
    assert '"Ada"' in source
    assert 'get_by_role("button", name="Greet")' in source


def test_a_complete_feature_is_proved_without_a_browser_when_nothing_has_changed(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    quick.chimera().assert_outcomes(passed=1)
    before = sorted(path for path in (quick.path / ".chimera").rglob("*"))
    again = quick.chimera()
    again.assert_outcomes(passed=1)
    again.stdout.fnmatch_lines(["*test_greet*proved*"])
    assert sorted(path for path in (quick.path / ".chimera").rglob("*")) == before


def test_once_merged_it_is_proved_again_on_head(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    quick.commit("Configure the coder")
    quick.chimera().assert_outcomes(passed=1)
    quick.git("merge", "-q", "--no-ff", "-m", "Merge it", "chimera/test-greet")
    quick.write(other="")
    quick.commit("Something else")
    quick.chimera("tests/features").stdout.fnmatch_lines(["*test_greet*still green*"])


def test_a_regression_begins_a_new_generation(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    quick.commit("Configure the coder")
    quick.chimera().assert_outcomes(passed=1)
    quick.git("merge", "-q", "chimera/test-greet")
    quick.write(page=WRONG)
    quick.commit("Break it")
    result = quick.chimera("tests/features")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*regressed*", "*complete*"])
    assert (quick.path / ".chimera" / "test-greet" / "generation-2").is_dir()


def test_another_machine_knows_a_proved_feature_by_its_trailers(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    quick.commit("Configure the coder")
    quick.chimera().assert_outcomes(passed=1)
    quick.git("merge", "-q", "--squash", "chimera/test-greet")
    quick.git("commit", "-q", "-m", quick.git("log", "-1", "--format=%B", "chimera/test-greet"))
    quick.run("--cache-clear", "--co")
    quick.chimera("tests/features").stdout.fnmatch_lines(["*proved in*still green*"])


def test_a_feature_that_was_there_is_present_and_never_seen_red(quick: QuickApp) -> None:
    quick.write(page=RIGHT)
    quick.commit("It was there all along")
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*present, never seen red*"])


def test_until_red_calls_no_coder(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    result = quick.chimera("--chimera-until=red")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*red for the right reason*"])
    quick.chimera().assert_outcomes(passed=1)


@pytest.mark.browser
def test_expectations_that_held_before_the_feature_are_named_before_a_coder_is_called(app: App) -> None:
    path = app.path / "tests" / "features" / "test_greeting.py"
    steps = 'Given there are no errors\n    When I press the "Greet" button\n    Then I should see "Welcome"'
    path.write_text(path.read_text().partition("    When")[0] + f'    {steps}\n    """\n')
    result = app.chimera("--chimera-until=red")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*note*Every expectation holds on the base although nothing was done*"])


def test_ci_calls_no_coder_unless_the_command_line_names_one(quick: QuickApp, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.coder(RIGHT)
    monkeypatch.setenv("CI", "true")
    result = quick.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*not proved: red here, and no coder is called under CI*"])
    quick.chimera(f"--chimera-coder=replay:{quick.recorded}").assert_outcomes(passed=1)


def test_a_changed_scenario_begins_a_new_generation_and_shows_the_difference(quick: QuickApp) -> None:
    quick.coder(RIGHT, RIGHT.replace("Hello, ", "Dear "))
    quick.chimera("--chimera-until=red")
    path = quick.path / "tests" / "features" / "test_greeting.py"
    path.write_text(path.read_text().replace("Hello, Ada!", "Dear Ada!"))
    result = quick.chimera("--chimera-until=red")
    result.stdout.fnmatch_lines(["*the scenario has changed: starting a new generation*"])


def test_a_comment_in_the_scenario_changes_nothing(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    quick.chimera().assert_outcomes(passed=1)
    path = quick.path / "tests" / "features" / "test_greeting.py"
    path.write_text(f"# a comment\n{path.read_text()}")
    result = quick.chimera()
    result.stdout.no_fnmatch_line("*new generation*")
