"""The plugin works with any of pytest's own plugins disabled, and no check fails open."""

from __future__ import annotations

import pytest
from _pytest.config import default_plugins, essential_plugins

from tests.session.fast import Fast, fast

__all__ = ["fast"]

OPTIONAL = sorted(set(default_plugins) - set(essential_plugins) - {"python"})  # without python there are no functions
ORDINARY = "def test_ordinary():\n    assert True\n"


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_plain_run_needs_none_of_pytests_own_plugins(fast: Fast, name: str) -> None:
    fast.begin("a")
    (fast.path / "test_ordinary.py").write_text(ORDINARY)
    result = fast.run("-p", f"no:{name}")
    assert result.ret == pytest.ExitCode.OK
    assert "Error" not in result.stderr.str()
    if name not in {"terminal", "reports"}:
        result.assert_outcomes(passed=1, skipped=1)


@pytest.mark.parametrize("name", [name for name in OPTIONAL if name != "cacheprovider"])
def test_the_mode_needs_only_the_cache(fast: Fast, name: str) -> None:
    fast.begin("a")
    (fast.path / "test_ordinary.py").write_text(ORDINARY)
    result = fast.chimera("-p", f"no:{name}")
    assert result.ret == pytest.ExitCode.OK
    assert fast.git("branch", "--list", "chimera/*").strip() == "chimera/test-a"


@pytest.mark.parametrize("command", ["--chimera-status", "--chimera-verify-state", "--chimera-prune"])
def test_a_command_needs_no_terminal_plugin(fast: Fast, command: str) -> None:
    fast.begin("a")
    fast.chimera("--chimera-until=red").assert_outcomes(passed=1)
    result = fast.run(command, "-p", "no:terminal")
    assert result.ret == pytest.ExitCode.OK
    assert "prune" in command or "test_a" in result.stdout.str()


@pytest.mark.parametrize("command", ["--chimera-status", "--chimera-verify-state", "--chimera-apply=test_a"])
def test_a_command_without_the_cache_says_that_it_needs_it(fast: Fast, command: str) -> None:
    fast.begin("a")
    result = fast.run(command, "-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*run this without -p no:cacheprovider*"])


# -- chimera_check = auto

SHOP = "PRICE = 5\n"
TESTED = "import shop\n\n\ndef test_price():\n    assert shop.PRICE == 5\n"
CODE = """
async def code(brief):
    folder = pathlib.Path(brief.folder)
    (folder / (brief.feature.id + ".txt")).write_text("done")
    (folder / "shop.py").write_text({shop!r})
"""


def shop(fast: Fast, *, becomes: str = SHOP, body: str = "", config: str = "") -> None:
    """A project with one tested module, and a coder that writes it."""
    (fast.path / "shop.py").write_text(SHOP)
    (fast.path / "test_shop.py").write_text(TESTED)
    settings = f"chimera_check = auto\nchimera_max_attempts = 1\npythonpath = .\n{config}"
    fast.begin("a", body=CODE.format(shop=becomes) + body, config=settings)


def test_a_change_that_breaks_a_green_test_is_rejected(fast: Fast) -> None:
    shop(fast, becomes="PRICE = 6\n")
    result = fast.chimera()
    result.stdout.fnmatch_lines(["*test_shop.py::test_price was green before the change and is not green with it*"])
    assert not fast.git("branch", "--list", "chimera/*")


@pytest.mark.parametrize("options", ["--ff", "-n 2", "-p no:cacheprovider"])
def test_the_tests_of_the_base_are_seen_under_the_projects_own_options(fast: Fast, options: str) -> None:
    shop(fast, becomes="PRICE = 6\n")
    (fast.path / "tox.ini").write_text("")
    ini = fast.path / "pytest.ini"
    ini.write_text(ini.read_text() + f"addopts = {options}\n")
    fast.commit("Say how tests run")
    given = ("-o", "addopts=")
    fast.chimera(*given).stdout.fnmatch_lines(["*test_shop.py::test_price was green before*"])


def test_a_change_with_which_pytest_does_not_start_is_rejected_and_says_how_it_ended(fast: Fast) -> None:
    shop(fast, becomes="raise RuntimeError('no shop')\n", body="\nimport shop\n")
    result = fast.chimera()
    result.stdout.fnmatch_lines(["*test_price was green before*: pytest exited 4 (*no shop*)."])


ON_ITS_OWN = "\nif 'CHIMERA_OUTCOME_LOG' in os.environ:\n    {what}\n"


@pytest.mark.parametrize(
    ("what", "ended"),
    [
        ("raise RuntimeError('no database here')", "exited 4 (*no database here*)"),
        ("os._exit(3)", "exited 3"),
        ("os.kill(os.getpid(), 9)", ""),
    ],
)
def test_tests_that_cannot_be_run_on_the_base_park_the_feature(fast: Fast, what: str, ended: str) -> None:
    shop(fast, body=ON_ITS_OWN.format(what=what))
    result = fast.chimera()
    result.stdout.fnmatch_lines([f"*own tests could not be run on the base*pytest {ended}*", "*chimera_check*"])
    result.assert_outcomes(passed=1, errors=1)
    assert not fast.git("branch", "--list", "chimera/*")


def test_a_project_without_tests_is_told_that_nothing_is_compared(fast: Fast) -> None:
    fast.begin("a", config="chimera_check = auto")
    result = fast.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*chimera_check = auto: the project has no tests of its own on *"])
