"""Unsupported options of pytest-playwright, and unknown settings and placeholders, are refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_chimera.errors import SettingError
from pytest_chimera.settings import ini_options, load_settings, load_tables
from tests.session.fast import Fast, fast

__all__ = ["fast"]

OPTIONS = [
    "--browser=firefox",
    "--browser=webkit",
    "--browser-channel=msedge",
    "--device=iPhone 13",
    "--headed",
    "--slowmo=100",
    "--video=on",
    "--screenshot=only-on-failure",
    "--full-page-screenshot",
    "--tracing=on",
    "--output=elsewhere",
    "--playwright-debug=cli",
    "--base-url=http://127.0.0.1:1",
]


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_that_the_judge_ignores_is_a_usage_error_that_says_what_to_do(fast: Fast, option: str) -> None:
    fast.begin("a")
    result = fast.chimera(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    flag = option.partition("=")[0]
    result.stderr.fnmatch_lines([f"*{flag}* is not honoured under --chimera*", f"*Leave {flag} out. *"])


def test_every_option_of_pytest_playwright_is_either_refused_or_honoured(pytestconfig: pytest.Config) -> None:
    options = pytestconfig._parser.getgroup("playwright").options
    assert {option.names()[0] for option in options} == {option.partition("=")[0] for option in OPTIONS}


def test_discovery_with_such_an_option_goes_on(fast: Fast) -> None:
    fast.begin("a")
    assert fast.chimera("--headed", "--collect-only").ret == pytest.ExitCode.OK


@pytest.mark.parametrize("option", ["--browser=chromium", "--video=off"])
def test_an_option_that_asks_for_what_is_done_anyway_is_fine(fast: Fast, option: str) -> None:
    fast.begin("a")
    fast.chimera(option).assert_outcomes(passed=1)


def test_such_an_option_in_addopts_fails_the_features_alone(fast: Fast) -> None:
    fast.begin("a b", config="addopts = --screenshot only-on-failure")
    (fast.path / "test_ordinary.py").write_text("def test_ordinary():\n    pass\n")
    result = fast.chimera()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*--screenshot only-on-failure is not honoured under --chimera*", "*addopts*"])
    fast.run().assert_outcomes(passed=1, skipped=2)


LAUNCHED = """
def test_ordinary(browser_name, browser_type_launch_args):
    assert ("executable_path" in browser_type_launch_args) == (browser_name == "chromium")
"""


@pytest.mark.parametrize("browsers", [("firefox",), ("chromium",), ("firefox", "chromium", "webkit")])
def test_another_browser_in_a_plain_run_is_not_given_the_path_of_chromium(
    fast: Fast, browsers: tuple[str, ...]
) -> None:
    fast.begin("a", config=f"chimera_browser_path = {sys.executable}")
    (fast.path / "test_ordinary.py").write_text(LAUNCHED)
    fast.run(*(f"--browser={name}" for name in browsers)).assert_outcomes(passed=len(browsers), skipped=1)


# -- settings


def test_a_misspelt_setting_fails_the_features_with_the_nearest_name(fast: Fast) -> None:
    fast.begin("a", config="chimera_max_atempts = 3\n")
    (fast.path / "test_ordinary.py").write_text("def test_ordinary():\n    pass\n")
    result = fast.chimera()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*There is no setting chimera_max_atempts. Did you mean chimera_max_attempts?*", "*where: *pytest.ini*"]
    )


@pytest.mark.parametrize("table", ["tool.pytest.ini_options", "tool.pytest"])
def test_a_misspelt_setting_is_found_in_pyproject(fast: Fast, table: str) -> None:
    if table == "tool.pytest" and pytest.version_tuple < (9,):
        pytest.skip("pytest 9 reads it")
    fast.begin("a")
    (fast.path / "pytest.ini").unlink()
    (fast.path / "pyproject.toml").write_text(f'[{table}]\nchimera_sevre = "x"\n')
    fast.chimera().stdout.fnmatch_lines(["*There is no setting chimera_sevre. Did you mean chimera_serve?*"])


def test_a_misspelt_setting_on_the_command_line_is_found(fast: Fast) -> None:
    fast.begin("a")
    result = fast.chimera("-o", "chimera_sandbx=off")
    result.stdout.fnmatch_lines(["*There is no setting chimera_sandbx. Did you mean chimera_sandbox?*"])


def test_the_prefix_may_be_misspelt_too(fast: Fast) -> None:
    fast.begin("a", config="chimra_max_attempts = 3")
    fast.chimera().stdout.fnmatch_lines(["*Did you mean chimera_max_attempts?*"])


def test_a_setting_of_another_plugins_is_none_of_ours(fast: Fast) -> None:
    body = "\n\ndef pytest_addoption(parser):\n    parser.addini('chimera_of_theirs', 'theirs')\n"
    fast.begin("a", body=body, config="chimera_of_theirs = 1")
    fast.chimera().assert_outcomes(passed=1)


def test_a_switch_that_is_neither_true_nor_false_fails_the_features(fast: Fast) -> None:
    fast.begin("a", config="chimera_persistent = flase")
    result = fast.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*chimera_persistent: *flase*", "*It takes true or false.*"])


def raw(**settings: str) -> Callable[[str], str | None]:
    return lambda key: settings.get(key)


@pytest.mark.parametrize("key", [key for key, ini, _ in ini_options() if ini.type == "bool"])
def test_a_switch_is_read_as_pytest_reads_it_or_not_at_all(key: str) -> None:
    for word in ("yes", "True", "on", "1"):
        assert getattr(load_settings(raw(**{key: word})), key.removeprefix("chimera_")) is True
    for word in ("no", "False", "off", "0"):
        assert getattr(load_settings(raw(**{key: word})), key.removeprefix("chimera_")) is False
    with pytest.raises(SettingError, match="is true or false, not 'flase'"):
        load_settings(raw(**{key: "flase"}))


@pytest.mark.parametrize("number", ["nan", "inf", "five"])
def test_a_number_is_a_number(number: str) -> None:
    with pytest.raises(SettingError, match="chimera_patience takes a number"):
        load_settings(raw(chimera_patience=number))


@pytest.mark.parametrize(
    ("key", "command", "message"),
    [
        ("chimera_serve", "flask run --port {prot}", "has no placeholder {prot}. Did you mean {port}?"),
        ("chimera_serve", "flask run --port {brief}", "has no placeholder {brief}."),
        ("chimera_env", "DATABASE={data_dri}/x", "has no placeholder {data_dri}. Did you mean {data_dir}?"),
        ("chimera_coder", "agent --brief {breif}", "has no placeholder {breif}. Did you mean {brief}?"),
        ("chimera_coder", "agent --port {port}", "has no placeholder {port}."),
        ("chimera_check", "ruff check {folder}", "fills in no placeholder, and {folder} looks like one"),
        ("chimera_check", "ruff check {fodler}", "fills in no placeholder, and {fodler} looks like one"),
    ],
)
def test_a_placeholder_that_there_is_not_is_an_error_with_the_nearest_name(
    key: str, command: str, message: str
) -> None:
    with pytest.raises(SettingError) as caught:
        load_settings(raw(**{key: command}))
    assert message in caught.value.sentence
    assert caught.value.where == command


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("chimera_check", "awk '{print}' x"),
        ("chimera_check", "sh -c 'echo {a,b} ${HOME}'"),
        ("chimera_coder", "sh -c 'agent ${MODEL} < {brief}'"),
        ("chimera_coder", "replay:{port}"),
        ("chimera_env", 'JSON={"a": 1}'),
    ],
)
def test_braces_that_are_no_placeholder_stay(key: str, command: str) -> None:
    load_settings(raw(**{key: command}))


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("chimera.toml", '[glosary]\nx = "y"\n', "chimera.toml has no table glosary. Did you mean glossary?"),
        ("pyproject.toml", '[tool.chimera.page]\nx = "/"\n', "[tool.chimera] has no table page. Did you mean pages?"),
        ("pyproject.toml", '[tool.chimera]\nserve = "x"\n', "[tool.chimera] has no table serve."),
        ("pyproject.toml", '[tool]\nchimera = "x"\n', "'chimera' is not a table"),
        ("chimera.toml", 'pages = "x"\n', "'pages' is not a table"),
        ("chimera.toml", 'languages = "x"\n', "'languages' is not a table"),
        ("chimera.toml", '[pages]\nhome = ["/"]\n', "'home' in the table of pages is not a string"),
    ],
)
def test_a_table_that_nobody_reads_is_an_error(tmp_path: Path, file: str, content: str, message: str) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(SettingError) as caught:
        load_tables(tmp_path)
    assert message in caught.value.sentence


def test_a_setting_in_the_wrong_table_is_told_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / "chimera.toml").write_text('serve = "x"\n')
    with pytest.raises(SettingError, match="chimera_serve") as caught:
        load_tables(tmp_path)
    assert "[tool.pytest.ini_options]" in caught.value.remedy
