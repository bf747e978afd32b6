"""Coders that misbehave, environments that are broken, processes that are killed: nothing is lost."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.session.conftest import RIGHT, App, QuickApp
from tests.session.fast import Run
from tests.session.test_merging import by_script, coder_script


def phases(app: App) -> Counter[tuple[str, str, int]]:
    """Return how often each phase of each attempt was started and finished, from the journal."""
    journal = app.path / ".pytest_cache" / "d" / "chimera" / "test_greet.jsonl"
    lines = journal.read_text().rpartition("\n")[0].splitlines() if journal.exists() else []
    found: Counter[tuple[str, str, int]] = Counter()
    for event in map(json.loads, lines):
        data = event["data"].get("result", event["data"])
        if event["event"] in {"phase_started", "phase_finished"}:
            found[event["event"], data["phase"], data["attempt"]] += 1
    return found


# -- coders


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.exit(1)\n", "*✗ implement*The coder * exited 1*"),
        ("import time\ntime.sleep(600)\n", "*✗ implement*cut off after 3 s*"),
        ("import shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)\n", "*✗ implement*deleted its clone*"),
        ("print('I did it')\n", "*✗ implement*The coder changed nothing*"),
    ],
    ids=["exits 1", "hangs", "deletes its clone", "changes nothing"],
)
def test_a_coder_that_does_not_do_it_has_its_own_clear_reason(quick: QuickApp, body: str, reason: str) -> None:
    by_script(quick, body, "chimera_max_attempts = 1", "chimera_implementation_timeout = 3")
    result = quick.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([reason])


def test_fifty_megabytes_of_output_are_kept_in_part(quick: QuickApp) -> None:
    body = "page.write_text(RIGHT)\nfor _ in range(50):\n    sys.stdout.write('x' * 1_000_000 + '\\n')\n"
    by_script(quick, body)
    quick.chimera().assert_outcomes(passed=1)
    log = quick.path / ".chimera" / "test-greet" / "generation-1" / "attempt-1" / "coder.log"
    assert log.stat().st_size < 2_000_000
    assert "left out" in log.read_text()


def test_a_shell_reads_the_brief_of_a_project_with_a_blank_in_its_path(quick: QuickApp, tmp_path: Path) -> None:
    script = coder_script(quick, "page.write_text(RIGHT)\npathlib.Path('said.txt').write_text(sys.stdin.readline())\n")
    quick.config(f"chimera_coder = sh -c '{sys.executable} {script} < {{brief}}'")
    quick.commit("Configure the coder")
    quick.path = shutil.copytree(quick.path, tmp_path / "my project")
    quick.chimera().assert_outcomes(passed=1)
    assert quick.git("show", "chimera/test-greet:said.txt").startswith("#")


@pytest.mark.parametrize("command", ["no-such-agent --brief {brief}", "timeout 60 sh -c 'no-such-agent < {brief}'"])
def test_a_coder_that_is_not_installed_parks_the_feature(quick: QuickApp, command: str) -> None:
    quick.config(f"chimera_coder = {command}")
    result = quick.chimera()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*'no-such-agent' is not installed or not on PATH*", "*parked*"])
    quick.coder(RIGHT)
    quick.chimera().assert_outcomes(passed=1)


def test_an_unknown_placeholder_is_told_with_those_that_there_are(quick: QuickApp) -> None:
    quick.config("chimera_coder = agent {prompt}")
    result = quick.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*chimera_coder has no placeholder {prompt}*", "*The placeholders are {brief}*"])


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_function_in_conftest_is_a_coder(quick: QuickApp, kind: str) -> None:
    quick.write(
        conftest=f"import pathlib\nRIGHT = {RIGHT!r}\n\n\n"
        f"{kind} pytest_chimera_implement_feature(brief):\n"
        "    pathlib.Path(brief.folder, 'page.py').write_text(RIGHT)\n"
    )
    quick.commit("Write a coder")
    quick.chimera().assert_outcomes(passed=1)
    assert quick.git("status", "--porcelain") == ""


def test_a_change_of_the_sealed_test_is_rejected_and_the_next_brief_says_so(quick: QuickApp) -> None:
    body = (
        "if ATTEMPT == 1:\n"
        "    pathlib.Path('tests/e2e/test_greet.py').write_text('def test_greet():\\n    pass\\n')\n"
        "else:\n"
        "    assert 'Hello, Ada!' in pathlib.Path('tests/e2e/test_greet.py').read_text()\n"
        "    page.write_text(RIGHT)\n"
    )
    by_script(quick, body)
    result = quick.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*✗ review*The sealed test was changed*"])
    brief = quick.path / ".chimera" / "test-greet" / "generation-1" / "attempt-2" / "brief.md"
    assert "Leave the test as it is and change the application" in brief.read_text()


def test_a_failing_check_is_a_finding(quick: QuickApp) -> None:
    quick.write(tests__test_unit="import page\n\n\ndef test_title():\n    assert 'Greeter' in page.render({})\n")
    body = "page.write_text(RIGHT.replace('Greeter', 'X') if ATTEMPT == 1 else RIGHT)\n"
    by_script(quick, body, f"chimera_check = {sys.executable} -m pytest -q -p no:cacheprovider tests/test_unit.py")
    result = quick.chimera()
    result.stdout.fnmatch_lines(["*✗ review*tests/test_unit.py* exited 1*", "*complete*2*"])


# -- environments


@pytest.mark.browser
def test_a_base_that_does_not_serve_parks_with_its_log(app: App) -> None:
    app.write(server="raise SystemExit('no database')")
    app.commit("Break the server")
    result = app.chimera()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*The base does not serve*", "*no database*", "*parked*"])


@pytest.mark.browser
def test_a_port_that_is_taken_parks_and_names_it(app: App) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        app.config(f"chimera_port = {port}")
        result = app.chimera()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{port}*"])


@pytest.mark.browser
def test_no_serve_command_is_told_with_the_line_to_add(app: App) -> None:
    (app.path / "pytest.ini").write_text("[pytest]\n")
    result = app.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*chimera_serve = *"])


def test_a_step_that_is_not_understood_stops_the_feature_with_its_line(quick: QuickApp) -> None:
    path = quick.path / "tests" / "features" / "test_greeting.py"
    path.write_text(path.read_text().replace('I press the "Greet" button', "I frobnicate the gadget"))
    result = quick.chimera()
    result.assert_outcomes(failed=1)
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if "frobnicate" in text)
    result.stdout.fnmatch_lines(["*not understood: I frobnicate the gadget", f"*test_greeting.py:{line}"])


@pytest.mark.browser
def test_a_test_that_expects_nothing_is_vacuous(app: App) -> None:
    body = (
        "import pytest\nfrom playwright.sync_api import Page\n\n\n@pytest.mark.feature('Opens')\n"
        "def test_greet(page: Page):\n    page.goto('/')\n"
    )
    app.write(tests__features__test_greeting=body)
    result = app.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*vacuous: it expects nothing*"])


# -- death


def start(app: App) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "--chimera", "-p", "no:warnings"],
        cwd=app.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for(app: App, phase: str, process: subprocess.Popen[bytes] | Run) -> None:
    """Wait until a phase has begun."""
    deadline = time.monotonic() + 90
    while not any(event == "phase_started" and name == phase for event, name, _ in phases(app)):
        assert time.monotonic() < deadline, "the phase did not begin"
        assert process.poll() is None, "pytest ended before the phase began"
        time.sleep(0.02)  # the journal is the condition, and cannot notify us


def gone(folder: Path) -> Iterator[psutil.Process]:
    """Return the processes that still work in a folder."""
    for process in psutil.process_iter(["cwd", "cmdline"]):
        if str(folder) in (process.info["cwd"] or "") or str(folder) in " ".join(process.info["cmdline"] or ()):
            yield process


@pytest.mark.browser
@pytest.mark.parametrize(
    ("phase", "how"),
    [
        pytest.param("code_implementation", signal.SIGKILL, marks=pytest.mark.exhaustive),
        ("e2e_validation", signal.SIGKILL),
        pytest.param("e2e_validation", signal.SIGTERM, marks=pytest.mark.exhaustive),
        pytest.param("code_implementation", signal.SIGINT, marks=pytest.mark.exhaustive),
        pytest.param("code_implementation", signal.SIGTERM, marks=pytest.mark.exhaustive),
        pytest.param("e2e_validation", signal.SIGINT, marks=pytest.mark.exhaustive),
    ],
)
def test_killed_it_goes_on_and_no_finished_phase_runs_again(
    app: App, phase: str, how: signal.Signals, tmp_path: Path
) -> None:
    slow = "import time\ntime.sleep(2)\n" if phase == "code_implementation" else ""
    by_script(app, f"{slow}page.write_text(RIGHT)\n")
    process = start(app)
    wait_for(app, phase, process)
    process.send_signal(how)
    process.wait(timeout=30)
    app.chimera().assert_outcomes(passed=1)
    counted = phases(app)
    assert all(times == 1 for (event, _, _), times in counted.items() if event == "phase_finished")
    assert {name for (_, name, _), times in counted.items() if times > 1} == {phase}
    deadline = time.monotonic() + 10
    while any(gone(tmp_path / "cache")) and time.monotonic() < deadline:
        time.sleep(0.05)  # processes of the killed run end within two seconds; the list of processes is the condition
    assert not list(gone(tmp_path / "cache"))
    work = next((tmp_path / "cache" / "pytest-chimera").glob("*-*/features"), None)
    assert work is None or not any(work.iterdir())


def test_restart_starts_the_feature_over(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    quick.chimera().assert_outcomes(passed=1)
    result = quick.chimera("--chimera-restart")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*✓ test*red on*", "*complete*"])


def test_a_feature_that_another_process_works_on_is_said_by_whom(quick: QuickApp) -> None:
    by_script(quick, "import time\ntime.sleep(20)\n")
    other = quick.start("--chimera")
    try:
        wait_for(quick, "code_implementation", other)
        result = quick.chimera()
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines([f"*Another run works on test_greet: process {other.pid}*"])
    finally:
        other.end()


def test_a_deleted_cache_leaves_the_branch_and_the_feature_is_known_by_it(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    quick.commit("Configure the coder")
    quick.chimera().assert_outcomes(passed=1)
    quick.git("merge", "-q", "chimera/test-greet")
    shutil.rmtree(quick.path / ".pytest_cache")
    quick.chimera("tests/features").stdout.fnmatch_lines(["*proved in*still green*"])


def test_the_environment_of_the_coder_is_chosen(quick: QuickApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")
    monkeypatch.setenv("MY_AGENT_KEY", "s3cr3t-key")
    body = "page.write_text(RIGHT)\nprint(sorted(os.environ), os.environ.get('MY_AGENT_KEY'))\n"
    by_script(quick, body, "chimera_coder_env = MY_AGENT_KEY")
    quick.chimera().assert_outcomes(passed=1)
    log = (quick.path / ".chimera" / "test-greet" / "generation-1" / "attempt-1" / "coder.log").read_text()
    assert "DATABASE_PASSWORD" not in log
    assert "CHIMERA_BRIEF" in log
    assert "s3cr3t-key" not in log
    assert "MY_AGENT_KEY" in log


def test_status_lists_features_with_phase_attempts_and_branch(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    quick.chimera()
    quick.run("--chimera-status").stdout.fnmatch_lines(["*test_greet*complete*1*chimera/test-greet*"])
    quick.run("--cache-show", "chimera/*").stdout.fnmatch_lines(
        ["*chimera/test_greet contains*", "*'phase': 'complete'*"]
    )


def test_apply_lays_a_candidate_into_the_working_tree_unstaged(quick: QuickApp) -> None:
    quick.coder(RIGHT)
    quick.commit("Configure the coder")
    quick.chimera()
    applied = quick.run("--chimera-apply=test_greet")
    applied.stdout.fnmatch_lines(["test_greet: 3 files copied into the working tree, unstaged"])
    assert (quick.path / "page.py").read_text() == RIGHT
    assert quick.git("diff", "--cached", "--name-only") == ""
    assert (quick.path / "tests" / "e2e" / "test_greet.py").exists()


def test_a_script_that_is_broken_on_every_page_goes_to_the_person(app: App) -> None:
    app.write(page='def render(query):\n    return "<script>boom()</script><h1>Hi</h1><a href=/about>About</a>"\n')
    app.commit("Break every page")
    result = app.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*uncaught exception on the page: boom is not defined, also thrown on /about*", "*fix it on the base first*"]
    )
