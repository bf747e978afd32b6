"""``--chimera-verify``: a proof is repeated from its commit alone, in another clone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pytest_chimera.judge import seal_of
from pytest_chimera.models import Feature
from pytest_chimera.scenario import TestGenerator
from tests.session.conftest import RIGHT, WRONG, App

pytestmark = pytest.mark.browser
STEPS = """
When I fill "Name" with "Ada"
And I press the "Greet" button
Then I should see "Hello, Ada!"
"""


def proved(app: App) -> str:
    app.coder(RIGHT)
    app.commit("Configure the coder")
    app.chimera().assert_outcomes(passed=1)
    return app.git("rev-parse", "chimera/test-greet")


def a_clone_of(app: App, folder: Path, *options: str) -> Path:
    subprocess.run(["git", "clone", "-q", *options, app.path.as_uri(), str(folder)], check=True)
    return folder


def verify(app: App, folder: Path, rev: str) -> pytest.RunResult:
    with pytest.MonkeyPatch.context() as there:
        there.setenv("XDG_CACHE_HOME", str(folder.with_name("another-machine")))
        there.chdir(folder)
        return app.run(f"--chimera-verify={rev}")


def test_a_proof_holds_in_a_fresh_clone_and_nothing_is_written_there(app: App, tmp_path: Path) -> None:
    proved(app)
    clone = a_clone_of(app, tmp_path / "clone")
    result = verify(app, clone, "origin/chimera/test-greet")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["test_greet: the proof holds: red on * (missing element: When*), green on *, with 1 *"]
    )
    result.stdout.no_fnmatch_line("*differs*")
    assert sorted(path.name for path in clone.iterdir()) == [
        ".git",
        ".gitignore",
        "page.py",
        "pytest.ini",
        "server.py",
        "tests",
    ]


def handmade(app: App, page: str = RIGHT, *, test: str = "") -> str:
    """Make a commit like the loop does, with the trailers that are needed to repeat its proof."""
    base = app.git("rev-parse", "HEAD")
    feature = Feature(id="test_greet", description="A visitor is greeted", function="test_greet", text=STEPS)
    generated = TestGenerator("tests/e2e").generate(feature)
    app.git("checkout", "-q", "-b", "chimera/test-greet")
    app.write(tests__e2e__test_greet=test or generated.source, page=page)
    trailers = {"Feature": "test_greet", "Base": base, "Test-SHA256": seal_of(generated.source), "Tree": "d" * 40}
    return app.commit("Greet\n\n" + "\n".join(f"Chimera-{name}: {value}" for name, value in trailers.items()))


def test_a_red_candidate_does_not_hold_whatever_its_trailers_say(app: App, tmp_path: Path) -> None:
    handmade(app, WRONG)
    result = verify(app, a_clone_of(app, tmp_path / "clone"), "HEAD")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            'test_greet: the proof does not hold: red on *: missing element: Then I should see "Hello, Ada!"',
            "*differs: its files are not those that were proved*",
        ]
    )
    [kept] = (line.partition("evidence: ")[2] for line in result.stdout.lines if "evidence: " in line)
    assert list(Path(kept).glob("test-greet/*/green/evidence/screenshot.png"))
    shutil.rmtree(Path(kept).parent)


def test_a_merge_is_judged_as_it_is_for_what_it_brought_in(app: App, tmp_path: Path) -> None:
    handmade(app)
    app.git("checkout", "-q", "main")
    app.write(other="later = True\n")
    app.commit("Meanwhile")
    app.git("merge", "-q", "--no-edit", "chimera/test-greet")
    result = verify(app, a_clone_of(app, tmp_path / "clone"), "HEAD")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["test_greet: the proof holds: *", "*differs: it records no seed: *"])


def test_a_changed_test_does_not_hold_and_nothing_is_served(app: App) -> None:
    handmade(app, test="def test_greet(page):\n    page.goto('/')\n")
    result = app.run("--chimera-verify=HEAD")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*does not hold: no file of * has the sealed test's digest*"])
    result.stdout.no_fnmatch_line("*judging*")


def test_each_feature_of_a_squashed_commit_is_told(app: App) -> None:
    handmade(app, test="def test_greet(page):\n    page.goto('/')\n")
    squashed = f"{app.git('log', '-1', '--format=%B')}\n\n    Chimera-Feature: test_other\n    Chimera-Base: abc\n"
    app.git("commit", "-q", "--amend", "-m", squashed)
    result = app.run("--chimera-verify=HEAD")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "test_greet: the proof does not hold: no file of *",
            "test_other: the proof does not hold: the trailer Chimera-Test-SHA256 is missing",
        ]
    )


def test_a_shallow_clone_says_how_to_bring_the_base(app: App, tmp_path: Path) -> None:
    handmade(app)
    clone = a_clone_of(app, tmp_path / "clone", "--depth=1", "--branch=chimera/test-greet")
    result = verify(app, clone, "HEAD")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*does not hold: its base * is not in this repository*git fetch --unshallow*"])


def test_a_commit_without_a_proof_is_a_usage_error_that_names_the_nearest(app: App) -> None:
    commit = handmade(app)
    app.write(other="later = True\n")
    app.commit("Later")
    result = app.run("--chimera-verify=HEAD")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["*HEAD (*) carries no proof*", f"The newest proof in its history is {commit[:10]}, of test_greet."]
    )
    unknown = app.run("--chimera-verify=no-such-branch")
    assert unknown.ret == 4
    unknown.stderr.fnmatch_lines(["*There is no commit no-such-branch.*"])
