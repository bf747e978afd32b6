"""Options, marker, collection, commands: what needs no browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.session.conftest import BASE, FEATURE, RIGHT, App

HEAVY = ("pydantic", "jinja2", "playwright", "git", "anyio")


def everything(folder: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime for path in folder.rglob("*") if "runpytest" not in str(path)}


def test_help_shows_the_options_in_their_own_group(app: App) -> None:
    app.run("--help").stdout.fnmatch_lines(
        ["chimera: features, implemented and proved:", "*--chimera *", "*chimera_serve*"]
    )


def test_the_marker_is_documented(app: App) -> None:
    app.run("--markers").stdout.fnmatch_lines(["@pytest.mark.feature(description,*"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--chimera", "-p", "no:cacheprovider"], "*run it without -p no:cacheprovider*"),
        (["--chimera", "--chimera-jobs=none"], "*--chimera-jobs takes a number above 0 or auto, not 'none'*"),
        (["--chimera-restart"], "*--chimera-restart requires --chimera*"),
        (["--chimera", "--chimera-hint=a", "--chimera-reject=b"], "*give one of them*"),
        (["--chimera", "--chimera-until=green"], "*--chimera-until*red*"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_a_usage_error(app: App, words: list[str], message: str) -> None:
    result = app.run(*words)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_a_wrong_setting_fails_the_items_that_need_it_and_no_other(app: App) -> None:
    app.write(tests__test_other="def test_other():\n    pass\n")
    app.config("chimera_merge = rebase")
    result = app.chimera()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(['*chimera_merge is "none", "ff" or "stack", not*', '*Write: chimera_merge = "none"*'])


def test_collecting_starts_nothing_and_touches_no_file(app: App) -> None:
    before = everything(app.path)
    with_mode = app.run("--chimera", "--collect-only", "-q", "-p", "no:cacheprovider")
    assert with_mode.ret == pytest.ExitCode.USAGE_ERROR
    with_mode = app.run("--chimera", "--collect-only", "-q")
    without = app.run("--collect-only", "-q")
    ids = [line for line in with_mode.stdout.lines if "::" in line]
    assert ids == [line for line in without.stdout.lines if "::" in line] != []
    after = {path: time for path, time in everything(app.path).items() if "__pycache__" not in path}
    changed = {path for path, time in after.items() if before.get(path) != time}
    assert not {path for path in changed if ".chimera" in path or "chimera" in Path(path).name}
    assert not (app.path / ".chimera").exists()


def test_a_plain_run_imports_nothing_heavy_on_our_account(app: App) -> None:
    (app.path / "conftest.py").write_text(
        "import sys\n\n\ndef pytest_unconfigure():\n"
        f"    print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    plain = ("-p", "no:playwright", "-p", "no:anyio", "-p", "no:hypothesispytest")
    app.run(*plain, "-s").stdout.fnmatch_lines(["*HEAVY []*"])


def test_without_the_mode_an_empty_feature_is_skipped_with_its_state(app: App) -> None:
    result = app.run("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*chimera: not built yet; pytest --chimera builds it*"])


def test_without_the_mode_a_real_body_runs_as_the_test_that_it_is(app: App) -> None:
    body = "import pytest\n\n\n@pytest.mark.feature('Adds')\ndef test_adds():\n    assert 1 + 1 == 2\n"
    app.write(tests__features__test_greeting=body)
    app.run().assert_outcomes(passed=1)


def test_two_features_with_one_id_are_an_error_that_says_id(app: App) -> None:
    app.write(tests__features__test_more=FEATURE)
    result = app.chimera()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*2 features have the id 'test_greet'*", "*test_greeting.py:*test_more.py:*", "*id=*"])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("feature('A', color='red')", "*The feature marker takes no argument color=*"),
        ("feature()", "*The feature marker takes one sentence*"),
        ("feature", "*The feature marker takes one sentence*"),
    ],
)
def test_a_wrong_marker_fails_its_item_with_the_place(app: App, marker: str, message: str) -> None:
    app.write(tests__features__test_greeting=FEATURE.replace('feature("A visitor is greeted by name")', marker))
    result = app.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message, "*test_greeting.py:*"])


def test_outside_a_git_repository_the_remedy_is_git_init(app: App) -> None:
    subprocess.run(["rm", "-rf", str(app.path / ".git")], check=True)
    app.chimera().stdout.fnmatch_lines(["*git init*"])


def test_an_empty_repository_asks_for_a_first_commit(app: App) -> None:
    subprocess.run(["rm", "-rf", str(app.path / ".git")], check=True)
    app.git("init", "-q")
    app.chimera().stdout.fnmatch_lines(["*git commit*"])


def test_ordinary_tests_run_before_features(app: App) -> None:
    app.write(tests__test_zebra="def test_zebra():\n    pass\n", page=BASE)
    lines = app.run("--chimera", "--collect-only", "-q").stdout.lines
    ids = [line for line in lines if "::" in line]
    assert ids == ["tests/test_zebra.py::test_zebra", "tests/features/test_greeting.py::test_greet"]


def test_a_feature_named_after_another_follows_it(app: App) -> None:
    source = (
        "import pytest\n\n\n@pytest.mark.feature('B', after='test_a')\ndef test_b():\n    ...\n\n\n"
        "@pytest.mark.feature('A')\ndef test_a():\n    ...\n"
    )
    app.write(tests__features__test_greeting=source)
    lines = app.run("--chimera", "--collect-only", "-q").stdout.lines
    assert [line.rpartition("::")[2] for line in lines if "::" in line] == ["test_a", "test_b"]


def test_status_lists_nothing_before_the_first_run(app: App) -> None:
    result = app.run("--chimera-status")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*no features are recorded*"])


def test_applying_an_unknown_feature_is_a_usage_error(app: App) -> None:
    result = app.run("--chimera-apply=test_nothing")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*No feature 'test_nothing' is recorded*--chimera-status*"])


def test_a_damaged_journal_stops_its_feature_with_the_line_named_and_no_other(app: App) -> None:
    folder = app.path / ".pytest_cache" / "d" / "chimera"
    folder.mkdir(parents=True)
    (folder / "test_greet.jsonl").write_text('{"seq": 1}\n')
    app.write(page=RIGHT)
    result = app.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Line 1 of the feature's journal is damaged*", "*set aside*"])


def test_python_without_the_plugin_does_not_notice(app: App) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import pytest_chimera, sys; print('pydantic' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=app.path,
        env=os.environ.copy(),
    )
    assert done.stdout.strip() == "False"
