"""What is printed at the end and about recorded state: interrupted runs, the status, merged commits, the sandbox."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from pytest_chimera.session.confinement import Confinement
from pytest_chimera.session.tables import status_lines
from pytest_chimera.system.sandbox import Sandboxes
from pytest_chimera.workflow import ChimeraPhase
from tests.session.conftest import RIGHT, WRONG, QuickApp
from tests.session.fast import Fast, fast, wait_until
from tests.session.test_merging import by_script

__all__ = ["fast"]

WAITS = """
async def code(brief):
    while not (HERE / "go").exists():
        await asyncio.sleep(0.05)
    (pathlib.Path(brief.folder) / (brief.feature.id + ".txt")).write_text("done")
"""
KEPT = "chimera: interrupted: what 1 feature has reached is kept, and the same command goes on from there."


@pytest.mark.parametrize("words", [(), ("-q",), ("--no-summary",), ("-n1",), ("-p", "no:terminal")], ids=" ".join)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_what_is_kept_and_the_same_command_goes_on(
    fast: Fast, how: signal.Signals, words: tuple[str, ...]
) -> None:
    fast.begin("a", body=WAITS)
    run = fast.start(*words)
    wait_until(lambda: fast.said("implement"))
    run.end(how)
    assert run.result().stdout.lines.count(KEPT) == 1
    (fast.path / "go").write_text("")
    fast.chimera().assert_outcomes(passed=1)
    assert fast.said("generate") == ["generate test_a"]


def test_what_pytest_itself_ends_is_no_interruption(fast: Fast) -> None:
    fast.begin("a")
    (fast.path / "test_broken.py").write_text("import not_there\n")
    result = fast.chimera()
    result.assert_outcomes(errors=1)
    result.stdout.no_fnmatch_line("*chimera: interrupted*")


def test_the_header_says_how_many_features_are_recorded_and_not_how_many_are_collected(fast: Fast) -> None:
    fast.begin("a")
    folder = fast.path / ".pytest_cache" / "d" / "chimera"
    assert f"chimera: 0 features recorded in {folder}" in fast.chimera().stdout.lines
    assert f"chimera: 1 feature recorded in {folder}" in fast.chimera().stdout.lines


LONG = "a_visitor_who_is_logged_in_can_find_what_was_looked_at_before"
LOUD = """
async def code(brief):
    raise EnvironmentTrouble("The service is down:\\x00\\x1b[31m it says no.", remedy="Start it.\\nThen go on.")
"""


def test_the_status_is_a_line_a_feature_with_whole_names_and_what_there_is_to_say_below(
    fast: Fast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    fast.begin(f"a {LONG}")
    fast.chimera().assert_outcomes(passed=2)
    (fast.path / "conftest.py").write_text((fast.path / "conftest.py").read_text().replace("# -- the hooks", LOUD))
    fast.features(f"a {LONG} b")
    fast.commit()
    fast.chimera("-k", "test_b").assert_outcomes(errors=1)
    lines = fast.run("--chimera-status").stdout.lines
    table = [line.split() for line in lines if line.startswith("  test_")]
    branch = fast.git("branch", "--list", "chimera/test-a-visitor*").strip()
    found = next(words for words in table if words[0] == f"test_{LONG}")
    assert found[1] == "complete"
    assert found[-1] == branch
    assert next(words for words in table if words[0] == "test_b")[1] == "parked"
    below = next(number for number, line in enumerate(lines) if line.startswith("  test_b: "))
    assert "The service is down:" in lines[below]
    assert len([line for line in lines[:below] if "test_b" in line]) == 1
    assert all(letter.isprintable() for line in lines for letter in line)


def row_of(result: pytest.RunResult, feature: str = "test_a") -> tuple[str, str]:
    """Return state and attempts of a feature in the last table, the summary's or the status's."""
    line = next(line for line in reversed(result.stdout.lines) if line.startswith(f"  {feature} "))
    _, state, attempts, *_ = re.split(" {2,}", line.strip())
    return state, attempts if attempts.isdecimal() else ""


def test_the_status_says_what_the_last_run_said(quick: QuickApp) -> None:
    quick.coder(WRONG, RIGHT)
    quick.commit("Configure the coder")
    for words, told in {
        ("--chimera-until=red",): ("red", ""),
        ("-o", "chimera_coder="): ("waiting", ""),
        ("-o", "chimera_max_attempts=1"): ("failed", "1"),
        ("--chimera-hint=Say hello",): ("complete", "2"),
        (): ("proved", "2"),
        ("--chimera-reprove",): ("still green", "2"),
    }.items():
        assert row_of(quick.chimera("tests/features", *words), "test_greet") == told
        assert row_of(quick.run("--chimera-status"), "test_greet") == told
    quick.run("tests/features", "-rs").stdout.fnmatch_lines(["*chimera: still green, on chimera/test-greet"])


DOWN = """
def is_there(deployment, name):
    if (HERE / "down").exists():
        raise EnvironmentTrouble("The staging is down.", remedy="Start it.")
    return (pathlib.Path(deployment.folder) / (name + ".txt")).exists()
"""


def test_what_parked_while_it_was_proved_again_is_forgotten_once_it_is_proved(fast: Fast) -> None:
    fast.begin("a", body=DOWN)
    fast.chimera().assert_outcomes(passed=1)
    (fast.path / "down").write_text("")
    fast.chimera("--chimera-reprove").assert_outcomes(errors=1)
    assert row_of(fast.run("--chimera-status")) == ("parked", "1")
    (fast.path / "down").unlink()
    fast.chimera().assert_outcomes(passed=1)
    assert row_of(fast.run("--chimera-status")) == ("proved", "1")
    fast.run("--chimera-status").stdout.no_fnmatch_line("*The staging is down*")


def test_what_an_error_ended_is_told_with_it(fast: Fast) -> None:
    fast.begin("a")
    fast.chimera().assert_outcomes(passed=1)
    fast.git("branch", "-D", "chimera/test-a")
    fast.chimera().assert_outcomes(failed=1)
    assert row_of(fast.run("--chimera-status")) == ("failed", "1")
    fast.run("--chimera-status").stdout.fnmatch_lines(["  test_a: The branch chimera/test-a is gone*"])


def test_a_run_that_was_interrupted_leaves_the_phase_as_the_state(fast: Fast) -> None:
    fast.begin("a", body=WAITS)
    run = fast.start()
    wait_until(lambda: fast.said("implement"))
    run.end(signal.SIGINT)
    assert row_of(fast.run("--chimera-status")) == ("code_implementation", "")


def test_a_damaged_journal_is_told_below_the_table(tmp_path: Path) -> None:
    (tmp_path / "test_a.jsonl").write_bytes(b'{"seq": 1\x00}\n')
    lines = status_lines(tmp_path).splitlines()
    assert next(line for line in lines if "test_a" in line).split()[:2] == ["test_a", "damaged"]
    assert any(line.startswith("  test_a: The feature's journal is damaged: line 1 is damaged") for line in lines)


def test_the_summary_names_the_commit_that_was_merged(quick: QuickApp) -> None:
    by_script(quick, "page = pathlib.Path('page.py')\npage.write_text(RIGHT)\n", "chimera_merge = ff")
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"  test_greet: merged as {quick.git('rev-parse', 'HEAD')[:10]}"])


# -- what is reported about the sandbox


class Found(Sandboxes):
    """Simulate whether there is a sandbox."""

    def __init__(self, why_not: str) -> None:
        super().__init__("auto")
        self.why_not = why_not

    def find(self) -> object:  # type: ignore[override] # whether there is one is all that is asked
        return None if self.why_not else object()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("function", "command", "why_not", "line", "note"),
    [
        (False, True, "", "coder and application run in a sandbox (bubblewrap)", ""),
        (False, False, "", "the application runs in a sandbox (bubblewrap)", ""),
        (True, False, "", "it is in no sandbox; the application runs in one", "runs outside the sandbox"),
        (True, True, "", "it is in no sandbox; the command and the application run in one", "runs outside the sandbox"),
        (
            False,
            True,
            "none",
            "no sandbox (none): files that a coder must not touch",
            "detected, not prevented",
        ),
        (
            True,
            False,
            "none",
            "no sandbox (none): files that a coder must not touch",
            "detected, not prevented",
        ),
        (False, False, "none", "no sandbox (none): the application runs as any program", "as any program of yours"),
    ],
)
async def test_what_is_said_of_the_sandbox_is_true_of_who_implements(
    function: bool, command: bool, why_not: str, line: str, note: str
) -> None:
    said: list[str] = []
    confinement = Confinement(Found(why_not), said.append, function=function, command=command)
    await confinement.pytest_chimera_phase_started(ChimeraPhase.CODE_IMPLEMENTATION)
    assert len(said) == 1
    assert line in said[0]
    assert note in confinement.note
    assert bool(note) == bool(confinement.note)


def test_nothing_is_said_of_one_where_the_person_implements(quick: QuickApp) -> None:
    result = quick.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*sandbox*")


def test_recorded_changes_are_no_coder_that_one_holds(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*coder*sandbox*")
