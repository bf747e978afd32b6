"""--chimera-draft: steps that the coder drafts, shown as a diff, and inserted into the person's file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_chimera.scenario.text.drafts import MARK
from tests.session.conftest import App

SENTENCE = """import pytest


@pytest.mark.feature("Visitors feel welcome")
def test_welcome(): ...
"""
STEPS = 'When I fill "Name" with "Ada"\nAnd I press the "Greet" button\nThen I should see "Hello, Ada!"\n'
DRAFTED = f'''import pytest


@pytest.mark.feature("Visitors feel welcome")
def test_welcome():
    """
    {MARK}
    When I fill "Name" with "Ada"
    And I press the "Greet" button
    Then I should see "Hello, Ada!"
    """
'''


@pytest.fixture
def marked(app: App) -> Path:
    """The file with a feature that is only a sentence."""
    path = app.path / "tests" / "features" / "test_greeting.py"
    path.write_text(SENTENCE)
    return path


def scripted(app: App, draft: str) -> None:
    """Configure a command as the coder that reads its brief and writes this draft."""
    script = app.recorded.parent / "coder.py"
    script.write_text(
        "import pathlib, sys\n"
        "assert 'Draft the acceptance steps' in pathlib.Path(sys.argv[1]).read_text()\n"
        f"pathlib.Path('chimera-draft.txt').write_text({draft!r})\n"
        "pathlib.Path('page.py').write_text('broken')\n"
    )
    app.config(f"chimera_coder = {sys.executable} {script} {{brief}}")


def test_a_draft_is_shown_and_laid_into_the_docstring_and_nothing_else_happens(app: App, marked: Path) -> None:
    scripted(app, STEPS)
    head, page = app.git("rev-parse", "HEAD"), (app.path / "page.py").read_text()
    result = app.chimera("--chimera-draft")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*test_welcome: steps are drafted in tests/features/test_greeting.py",
            "*-def test_welcome(): ...",
            f"*+    {MARK}",
            '*+    Then I should see "Hello, Ada!"',
            "*next: read tests/features/test_greeting.py, delete the line*",
        ]
    )
    assert marked.read_text() == DRAFTED
    assert (app.git("rev-parse", "HEAD"), (app.path / "page.py").read_text()) == (head, page)
    room = app.path / ".chimera" / "test-welcome" / "generation-0" / "draft"
    assert (room / "brief.md").read_text().startswith("# Visitors feel welcome")
    assert not list((app.path / ".pytest_cache" / "d" / "chimera").glob("*.jsonl"))


def test_a_draft_is_used_only_when_its_mark_is_deleted(app: App, marked: Path) -> None:
    marked.write_text(DRAFTED)
    refused = app.chimera("--chimera-dry-run")
    refused.assert_outcomes(failed=1)
    refused.stdout.fnmatch_lines(["*a draft that nobody has accepted*", "*tests/features/test_greeting.py:7*"])
    marked.write_text(DRAFTED.replace(f"    {MARK}\n", ""))
    app.chimera("--chimera-dry-run").assert_outcomes(passed=1)


def test_a_draft_that_the_grammar_does_not_understand_is_refused_with_its_lines(app: App, marked: Path) -> None:
    scripted(app, STEPS + "And the visitor is happy\n")
    result = app.chimera("--chimera-draft")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*The draft cannot be used*the visitor is happy*", "*chimera-draft.txt:4*"])
    assert marked.read_text() == SENTENCE


def test_a_draft_that_expects_nothing_is_refused(app: App, marked: Path) -> None:
    scripted(app, 'When I press "Greet"\n')
    app.chimera("--chimera-draft").stdout.fnmatch_lines(["*cannot be used: it expects nothing*"])
    assert marked.read_text() == SENTENCE


def test_without_a_coder_the_template_is_shown(app: App, marked: Path) -> None:
    result = app.chimera("--chimera-draft")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*No coder is configured that drafts steps*", '*Then I should see "<text>"*'])
    assert marked.read_text() == SENTENCE


def test_under_ci_no_coder_drafts(app: App, marked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(app, STEPS)
    monkeypatch.setenv("CI", "true")
    app.chimera("--chimera-draft").stdout.fnmatch_lines(["*No coder is called under CI*"])
    assert marked.read_text() == SENTENCE


def test_a_function_may_draft(app: App, marked: Path) -> None:
    app.write(conftest=f"def pytest_chimera_draft_steps(feature):\n    return {STEPS.splitlines()!r}\n")
    app.chimera("--chimera-draft").assert_outcomes(passed=1)
    assert marked.read_text() == DRAFTED


def test_a_scenario_without_steps_is_drafted_in_its_file(app: App) -> None:
    (app.path / "features").mkdir()
    path = app.path / "features" / "welcome.feature"
    path.write_text(
        "Feature: Welcome\n\n  Scenario: Visitors feel welcome\n    whoever they are\n\n  Scenario: Other\n"
    )
    app.write(conftest=f"def pytest_chimera_draft_steps(feature):\n    return {STEPS!r}\n")
    app.chimera("--chimera-draft", "features", "-k", "feel").assert_outcomes(passed=1)
    drafted = "".join(f"    {line}\n" for line in (MARK, *STEPS.splitlines()))
    assert path.read_text() == (
        f"Feature: Welcome\n\n  Scenario: Visitors feel welcome\n    whoever they are\n{drafted}\n  Scenario: Other\n"
    )
    app.chimera("--chimera-dry-run", "features", "-k", "feel").stdout.fnmatch_lines(["*nobody has accepted*"])


def test_features_with_steps_are_left_alone(app: App) -> None:
    path = app.path / "tests" / "features" / "test_greeting.py"
    before = path.read_text()
    app.chimera("--chimera-draft").stdout.fnmatch_lines(["*test_greet: it has steps; nothing to draft"])
    path.write_text(before.replace("I press the", "I wibble the"))
    app.chimera("--chimera-draft").stdout.fnmatch_lines(["*This step is not understood: I wibble the*"])


def test_workers_of_xdist_do_not_draft(app: App, marked: Path) -> None:
    result = app.chimera("--chimera-draft", "-n", "2")
    result.stderr.fnmatch_lines(["*--chimera-draft edits files*without -n*"])
    assert marked.read_text() == SENTENCE
