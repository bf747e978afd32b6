"""``chimera_merge = "ff"``, a HEAD that moves, and features that follow each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.session.conftest import RIGHT, App, QuickApp

TWO = '''
import pytest


@pytest.mark.feature("A visitor is greeted by name")
def test_greet():
    """
    When I fill "Name" with "Ada"
    And I press the "Greet" button
    Then I should see "Hello, Ada!"
    """


@pytest.mark.feature("The page says goodbye"{after})
def test_goodbye():
    """
    Then I should see "Goodbye"
    """
'''


def coder_script(app: App, body: str) -> Path:
    """A coder command that runs Python in the clone; ``MAIN`` is the person's repository."""
    script = app.recorded.parent / "coder.py"
    script.write_text(
        "import os, pathlib, subprocess, sys\n"
        f"MAIN = {str(app.path)!r}\nRIGHT = {RIGHT!r}\n"
        "FEATURE, ATTEMPT = os.environ['CHIMERA_FEATURE'], int(os.environ['CHIMERA_ATTEMPT'])\n"
        "page = pathlib.Path('page.py')\n" + body
    )
    return script


def by_script(app: App, body: str, *lines: str) -> None:
    """Configure a script as the coder; one that acts as the person in ``MAIN`` must not run in a sandbox."""
    app.config(f"chimera_coder = {sys.executable} {coder_script(app, body)}", *lines)
    app.commit("Configure the coder")


BOTH = """
text = page.read_text()
if FEATURE == 'test_greet':
    text = RIGHT + text.partition('# more')[2]
else:
    text = text.replace('<h1>Welcome</h1>', '<h1>Welcome</h1><p>Goodbye</p>')
page.write_text(text)
"""


@pytest.mark.browser
def test_a_complete_feature_is_merged_and_the_next_one_starts_from_it(app: App) -> None:
    app.write(tests__features__test_greeting=TWO.format(after=""))
    by_script(app, BOTH, "chimera_merge = ff")
    result = app.chimera()
    result.assert_outcomes(passed=2)
    subjects = app.git("log", "--first-parent", "--format=%s").splitlines()
    assert subjects[:4] == [
        "The page says goodbye",
        "Test: The page says goodbye",
        "A visitor is greeted by name",
        "Test: A visitor is greeted by name",
    ]
    assert app.git("status", "--porcelain") == ""
    app.run().assert_outcomes(passed=2, skipped=2)


def test_run_again_they_are_still_green_and_nothing_changes(quick: QuickApp) -> None:
    quick.write(tests__features__test_greeting=TWO.format(after=""))
    by_script(quick, BOTH, "chimera_merge = ff")
    quick.chimera().assert_outcomes(passed=2)
    head = quick.git("rev-parse", "HEAD")
    quick.chimera("tests/features").assert_outcomes(passed=2)
    assert quick.git("rev-parse", "HEAD") == head
    assert quick.git("status", "--porcelain") == ""


def test_a_head_that_has_moved_means_proving_again_on_top_of_it(quick: QuickApp) -> None:
    body = BOTH + (
        "pathlib.Path(MAIN, 'note.txt').write_text('somebody was here')\n"
        "git = ['git', '-C', MAIN, '-c', 'user.name=Bob', '-c', 'user.email=bob@example.org']\n"
        "subprocess.run([*git, 'add', 'note.txt'], check=True)\n"
        "subprocess.run([*git, 'commit', '-q', '-m', 'Meanwhile'], check=True)\n"
    )
    by_script(quick, body, "chimera_merge = ff", "chimera_sandbox = off")
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*HEAD has moved to*proving the change again on top of it*", "*complete*"])
    assert quick.git("log", "--first-parent", "--format=%s").splitlines()[:3] == [
        "A visitor is greeted by name",
        "Test: A visitor is greeted by name",
        "Meanwhile",
    ]
    meanwhile = quick.git("rev-parse", "HEAD~2")
    assert f"Chimera-Base: {meanwhile}" in quick.git("log", "-1", "--format=%(trailers)")


def test_a_conflict_goes_back_to_implementation_with_the_conflict_in_the_brief(quick: QuickApp) -> None:
    body = (
        "if ATTEMPT == 1:\n"
        "    page.write_text(RIGHT)\n"
        "    other = pathlib.Path(MAIN, 'page.py')\n"
        "    other.write_text(other.read_text().replace('Welcome', 'Willkommen'))\n"
        "    git = ['git', '-C', MAIN, '-c', 'user.name=Bob', '-c', 'user.email=bob@example.org']\n"
        "    subprocess.run([*git, 'commit', '-q', '-am', 'Meanwhile'], check=True)\n"
        "else:\n"
        "    assert 'Willkommen' in page.read_text()\n"
        "    page.write_text(RIGHT.replace('Welcome', 'Willkommen'))\n"
    )
    by_script(quick, body, "chimera_merge = ff", "chimera_sandbox = off")
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    brief = quick.path / ".chimera" / "test-greet" / "generation-1" / "attempt-2" / "brief.md"
    tried = brief.read_text().partition("Earlier attempts, and why they failed")[2]
    assert "page.py" in tried
    assert "<<<<<<<" in tried
    assert "Willkommen" in (quick.path / "page.py").read_text()


def test_files_that_are_not_clean_stay_and_the_branch_waits(quick: QuickApp) -> None:
    body = BOTH + "main = pathlib.Path(MAIN, 'page.py')\nmain.write_text(main.read_text() + '# mine\\n')\n"
    by_script(quick, body, "chimera_merge = ff", "chimera_sandbox = off")
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*complete*chimera/test-greet*"])
    assert "# mine" in (quick.path / "page.py").read_text()
    assert quick.git("log", "-1", "--format=%s") == "Configure the coder"


def test_after_starts_a_feature_from_the_others_result(quick: QuickApp) -> None:
    quick.write(tests__features__test_greeting=TWO.format(after=", after='test_greet'"))
    body = BOTH.replace(
        "text = page.read_text()", "text = page.read_text()\nassert FEATURE == 'test_greet' or 'Greet' in text"
    )
    by_script(quick, body)
    quick.chimera().assert_outcomes(passed=2)
    assert quick.git("merge-base", "--is-ancestor", "chimera/test-greet", "chimera/test-goodbye") == ""


def test_after_waits_while_the_other_is_not_there(quick: QuickApp) -> None:
    quick.write(tests__features__test_greeting=TWO.format(after=", after='test_greet'"))
    by_script(quick, "page.write_text(page.read_text() + '# attempt ' + str(ATTEMPT))\n", "chimera_max_attempts = 1")
    result = quick.chimera()
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(["*waits for test_greet, which is failed*"])


@pytest.mark.browser
def test_the_person_merges_an_uncommitted_first_feature_with_the_command_shown(app: App) -> None:
    app.coder(RIGHT)
    app.git("rm", "-q", "-r", "--cached", "tests")
    app.git("commit", "-q", "-m", "Before the first feature")
    result = app.chimera()
    result.assert_outcomes(passed=1)
    line = next(line for line in result.stdout.lines if "git merge chimera/test-greet" in line)
    command = line.split(": ", 1)[1]
    identity = "export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@b; "
    subprocess.run(["sh", "-c", identity + command], cwd=app.path, check=True)
    app.run("tests/e2e").assert_outcomes(passed=1)
