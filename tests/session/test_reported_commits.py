"""Which commits are reported: those that carry the proof on the person's own branch."""

from __future__ import annotations

import shlex

import pytest

from tests.session.conftest import RIGHT, WRONG, QuickApp


def tells(app: QuickApp, *, proved: str, merged: str) -> None:
    """Check that a run reports where the feature is proved, and the status the commit with which it was merged."""
    result = app.chimera("tests/features")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"  test_greet: proved in {app.git('rev-parse', proved)[:10]}*"])
    told = app.run("--chimera-status").stdout
    told.fnmatch_lines([f"  test_greet: merged as {app.git('rev-parse', merged)[:10]}"])


def completed(app: QuickApp, *changes: str, merge: str = "none") -> None:
    app.coder(*(changes or (RIGHT,)))
    app.config(f"chimera_coder = replay:{app.recorded}", f"chimera_merge = {merge}")
    app.commit("Configure the coder")
    app.chimera().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("how", "proved"), [("--ff-only", "HEAD"), ("--no-ff", "HEAD^2"), ("--squash", "HEAD")], ids=lambda value: value
)
def test_after_a_merge(quick: QuickApp, how: str, proved: str) -> None:
    completed(quick)
    quick.git("merge", "-q", how, *(["--no-edit"] if how == "--no-ff" else []), "chimera/test-greet")
    if how == "--squash":
        quick.git("commit", "-q", "--no-edit")
    tells(quick, proved=proved, merged="HEAD")
    quick.write(other="")
    quick.commit("Something else")
    result = quick.chimera("tests/features")
    result.stdout.fnmatch_lines(
        [f"*proved in {quick.git('rev-parse', proved.replace('HEAD', 'HEAD^'))[:10]}, still green*"]
    )


def test_after_an_automatic_merge(quick: QuickApp) -> None:
    completed(quick, merge="ff")
    tells(quick, proved="HEAD", merged="HEAD")


def test_after_the_merged_commit_was_written_anew(quick: QuickApp) -> None:
    completed(quick, merge="ff")
    tells(quick, proved="HEAD", merged="HEAD")
    quick.git("commit", "-q", "--amend", "-m", f"Greet\n\n{quick.git('log', '-1', '--format=%(trailers)')}")
    tells(quick, proved="HEAD", merged="HEAD")


def done_by_hand(app: QuickApp) -> str:
    """Complete the person's change, and return the command that commits it."""
    app.chimera("tests/features").assert_outcomes(failed=1)
    app.write(page=RIGHT)
    return command_of(app.chimera("tests/features"))


def command_of(result: pytest.RunResult) -> str:
    result.assert_outcomes(passed=1)
    return next(line.partition(": ")[2] for line in result.stdout.lines if "git commit --file=" in line)


def typed(app: QuickApp, command: str) -> None:
    for each in command.split(" && "):
        app.git(*shlex.split(each)[1:])


def test_after_the_person_has_committed_what_they_did_by_hand(quick: QuickApp) -> None:
    typed(quick, done_by_hand(quick))
    tells(quick, proved="HEAD", merged="HEAD")


def test_before_the_person_has_committed_it_no_commit_is_named(quick: QuickApp) -> None:
    command = done_by_hand(quick)
    again = quick.chimera("tests/features")
    assert command_of(again) == command
    again.stdout.no_fnmatch_line("*proved in*")


def test_after_the_person_has_committed_it_without_the_proof(quick: QuickApp) -> None:
    done_by_hand(quick)
    quick.commit("Greet")
    result = quick.chimera("tests/features")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["  test_greet: proved; it is committed without its proof"])
    result.stdout.no_fnmatch_line("*git commit*")


def test_an_earlier_generations_commit_is_not_taken_for_this_ones(quick: QuickApp) -> None:
    completed(quick, RIGHT, RIGHT.replace("Greeter", "The greeter"))
    quick.git("merge", "-q", "chimera/test-greet")
    quick.write(page=WRONG)
    quick.commit("Break it")
    quick.chimera("tests/features").stdout.fnmatch_lines(["*regressed*", "*complete*"])
    for words in ((), ("--chimera-reject=Name it The greeter",)):
        result = quick.chimera("tests/features", *words)
        result.assert_outcomes(passed=1)
        result.stdout.no_fnmatch_line("*regressed*")
        result.stdout.fnmatch_lines(["  test_greet: git merge chimera/test-greet"])


def test_what_follows_a_feature_that_was_committed_by_hand_starts_from_head(quick: QuickApp) -> None:
    typed(quick, done_by_hand(quick))
    quick.chimera("tests/features").assert_outcomes(passed=1)
    source = (quick.path / "tests" / "features" / "test_greeting.py").read_text()
    more = (
        source.replace("test_greet", "test_bye").replace('by name"', 'off", after="test_greet"').replace("Hello", "Bye")
    )
    quick.write(tests__features__test_greeting=source + more)
    result = quick.chimera("tests/features", "-k", "test_bye")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*red: the feature is not there yet*"])


def test_the_merge_command_commits_only_what_is_not_committed(quick: QuickApp) -> None:
    completed(quick)
    marker = quick.path / "tests" / "e2e" / "__init__.py"
    marker.parent.mkdir(exist_ok=True)
    marker.touch()
    result = quick.chimera("tests/features")
    result.stdout.fnmatch_lines(["  test_greet: git add tests/e2e/__init__.py && git commit * && git merge chimera/*"])
    quick.commit("Begin the folder of the generated tests")
    quick.chimera("tests/features").stdout.fnmatch_lines(["  test_greet: git merge chimera/test-greet"])
