"""No files around the judge affect it, it reveals nothing to the application, and it leaves nothing behind."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import psutil
import pytest

from pytest_chimera.judge import Browser, judge
from pytest_chimera.judge.record import BrowserProfile
from pytest_chimera.models import Reason, SealedTest
from tests.judge.conftest import TODOS, Judged, body, cold_and_warm, sealed
from tests.judge.pages import Page, Serve

pytestmark = pytest.mark.browser

SEES_BREAD = sealed(body('page.goto("/")', 'expect(page.get_by_text("Bread")).to_be_visible()'))
SEES_MILK = sealed(body('page.goto("/")', 'expect(page.get_by_text("Milk")).to_be_visible()'))
CHEAT = """
import pathlib
pathlib.Path({marker!r}).touch()

def pytest_pyfunc_call(pyfuncitem):
    return True
"""
LIMIT = 30.0


@pytest.fixture
def littered(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of files that would make any test pass, and the marker that they write when they are read."""
    marker = tmp_path / "was-read"
    folder = tmp_path / "littered"
    folder.mkdir()
    for name in ("conftest.py", "sitecustomize.py", "usercustomize.py", "cheat.py", "playwright.py"):
        (folder / name).write_text(CHEAT.format(marker=str(marker)), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p cheat\n", encoding="utf-8")
    return folder, marker


@cold_and_warm
def test_the_folder_that_pytest_runs_in_is_not_read(
    littered: tuple[Path, Path], serve: Serve, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, marker = littered
    monkeypatch.chdir(folder)
    assert judged(SEES_BREAD, serve({"/": TODOS}).url).failures[0].reason is Reason.MISSING_ELEMENT
    assert not marker.exists()


@cold_and_warm
def test_the_environment_is_not_read(
    littered: tuple[Path, Path], serve: Serve, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, marker = littered
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p cheat")
    monkeypatch.setenv("PYTEST_PLUGINS", "cheat")
    monkeypatch.setenv("PYTHONSTARTUP", str(folder / "cheat.py"))
    assert judged(SEES_BREAD, serve({"/": TODOS}).url).failures[0].reason is Reason.MISSING_ELEMENT
    assert not marker.exists()


@pytest.mark.parametrize("e2e_files", [None, {"tests/e2e/conftest.py": b""}], ids=["generated", "hand-written"])
@cold_and_warm
def test_a_conftest_above_the_judges_folder_is_not_read(
    littered: tuple[Path, Path],
    serve: Serve,
    judged: Judged,
    monkeypatch: pytest.MonkeyPatch,
    e2e_files: dict[str, bytes] | None,
) -> None:
    folder, marker = littered
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    run = judged(SEES_BREAD, serve({"/": TODOS}).url, e2e_files=e2e_files)
    assert run.failures[0].reason is Reason.MISSING_ELEMENT
    assert not marker.exists()


@cold_and_warm
def test_the_end_to_end_folder_of_a_hand_written_test_comes_with_it(serve: Serve, judged: Judged) -> None:
    files = {
        "tests/e2e/conftest.py": b"import pytest\nfrom words import WORD\n\n@pytest.fixture\ndef word(): return WORD\n",
        "tests/e2e/words.py": b"WORD = 'Milk'\n",
    }
    test = sealed(
        body('page.goto("/")', "expect(page.get_by_text(word)).to_be_visible()").replace("Page)", "Page, word: str)")
    )
    run = judged(test, serve({"/": TODOS}).url, e2e_files=files)
    assert run.status == "green", run.failures


@cold_and_warm
def test_the_conftest_of_a_hand_written_test_says_how_long_is_waited(serve: Serve, judged: Judged) -> None:
    files = {"tests/e2e/conftest.py": b"from playwright.sync_api import expect\nexpect.set_options(timeout=300)\n"}
    run = judged(SEES_BREAD, serve({"/": TODOS}).url, e2e_files=files, patience=50.0)
    assert run.seconds < 45
    assert run.failures[0].reason is Reason.MISSING_ELEMENT


@cold_and_warm
def test_the_judges_process_loads_nothing_that_it_does_not_need(serve: Serve, judged: Judged) -> None:
    names = "{'pydantic', 'git', 'anyio', 'jinja2', 'rich', 'pytest_chimera.models', 'pytest_chimera.plugin'}"
    source = "import sys\n\n\n" + body('page.goto("/")', f"assert {names} & set(sys.modules) == set()")
    run = judged(sealed(source), serve({"/": TODOS}).url)
    assert run.status == "green", run.failures


@cold_and_warm
def test_what_pytest_has_compiled_before_is_not_read(serve: Serve, judged: Judged) -> None:
    source = "import os\nimport sys\n\n\n" + body('page.goto("/")', "assert not os.path.exists(sys.pycache_prefix)")
    run = judged(sealed(source), serve({"/": TODOS}).url)
    assert run.status == "green", run.failures


@cold_and_warm
def test_the_sealed_source_wins_over_the_file_of_its_name(serve: Serve, judged: Judged) -> None:
    files = {SEES_BREAD.test.path: SEES_MILK.test.source.encode()}
    assert judged(SEES_BREAD, serve({"/": TODOS}).url, e2e_files=files).status == "red"


@cold_and_warm
def test_an_ordinary_browser_asks_for_the_page(serve: Serve, judged: Judged) -> None:
    site = serve({"/": TODOS})
    judged(SEES_MILK, site.url)
    sent = " ".join(f"{name}: {value}" for name, value in site.asked[0][1].items()).lower()
    assert "chimera" not in sent
    assert "pytest" not in sent
    assert "playwright" not in sent


def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, and fail if it does not become true."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def family() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def told(process: psutil.Process) -> str:
    """Return everything that another program of the same user can read about a process."""
    try:
        return "\n".join([*process.cmdline(), *(f"{name}={value}" for name, value in process.environ().items())])
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return ""


@pytest.mark.skipif(os.name != "posix", reason="reads other processes' environments")
@cold_and_warm
def test_no_process_names_the_test_to_the_application(serve: Serve, judged: Judged) -> None:
    hold = threading.Event()
    site = serve({"/": Page(TODOS, hold=hold)})
    thread = threading.Thread(target=judged, args=(SEES_MILK, site.url))
    thread.start()
    try:
        until(lambda: site.asked)
        known = "\n".join(told(process) for process in family() if "supervisor" not in told(process))
    finally:
        hold.set()
        thread.join(LIMIT)
    assert "--type=renderer" in known
    assert "todos" not in known
    assert "evidence" not in known


def gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def temporary_files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*")]


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that is not shared."""
    folder = Path(tempfile.mkdtemp(dir=tmp_path_factory.getbasetemp().parent))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("judged", ["cold"], indirect=True)
def test_a_judge_that_is_cut_off_leaves_no_process_and_no_file(serve: Serve, judged: Judged, temporary: Path) -> None:
    hold = threading.Event()
    site = serve({"/": Page(TODOS, hold=hold)})
    before = family()
    seen: list[psutil.Process] = []

    def look() -> None:
        until(lambda: site.asked)
        seen.extend(each for each in family() if each not in before)

    watch = threading.Thread(target=look)
    watch.start()
    run = judged(SEES_MILK, site.url, time_limit=6.0)
    watch.join(LIMIT)
    hold.set()
    assert run.failures[0].reason is Reason.JUDGE_BROKEN
    assert "cut off" in run.failures[0].message
    assert len(seen) > 3
    assert gone(seen)
    assert temporary_files(temporary) == []


def test_a_judge_that_is_cancelled_leaves_no_process_and_no_file(
    serve: Serve, tmp_path: Path, chromium: Browser, temporary: Path
) -> None:
    hold = threading.Event()
    site = serve({"/": Page(TODOS, hold=hold)})
    before = family()
    seen: list[psutil.Process] = []

    async def cancel_in_the_middle() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(
                lambda: judge(SEES_MILK, site.url, evidence=tmp_path / "e", browser=chromium, time_limit=60)
            )
            await anyio.to_thread.run_sync(until, lambda: site.asked)
            seen.extend(each for each in family() if each not in before)
            group.cancel_scope.cancel()

    anyio.run(cancel_in_the_middle)
    hold.set()
    assert len(seen) > 3
    assert gone(seen)
    assert temporary_files(temporary) == []


TELLS = """() => JSON.stringify([
  navigator.webdriver, navigator.userAgent, navigator.language,
  Object.getOwnPropertyNames(window).filter(name => /playwright|pw_/i.test(name)).length])"""


def tells(*expected: object) -> SealedTest:
    return sealed(
        "import json\n\n\n"
        + body('page.goto("/")', f"assert json.loads(page.evaluate({TELLS!r}))[{expected[0]}] == {expected[1]!r}")
    )


@cold_and_warm
def test_a_page_cannot_read_that_no_person_sits_before_the_browser(serve: Serve, judged: Judged) -> None:
    site = serve({"/": TODOS})
    run = judged(tells(0, False), site.url)
    assert run.status == "green", run.failures
    assert "Headless" not in site.asked[0][1]["User-Agent"]
    assert "Chrome/" in site.asked[0][1]["User-Agent"]


@cold_and_warm
def test_another_browser_tells_something_else_and_is_traced_without_a_script_on_the_page(
    serve: Serve, judged: Judged
) -> None:
    site = serve({"/": TODOS})
    looks = BrowserProfile(locale="en-GB", viewport=(1440, 900), system="Windows NT 10.0; Win64; x64", snapshots=False)
    run = judged(tells(3, 0), site.url, looks=looks)
    assert run.status == "green", run.failures
    assert site.asked[0][1]["Accept-Language"].startswith("en-GB")
    assert "(Windows NT 10.0; Win64; x64)" in site.asked[0][1]["User-Agent"]


@cold_and_warm
def test_no_file_beside_the_packages_is_run_because_the_judge_starts(serve: Serve, judged: Judged) -> None:
    source = "import sys\n\n\n" + body('page.goto("/")', "assert sys.flags.no_site")
    run = judged(sealed(source), serve({"/": TODOS}).url)
    assert run.status == "green", run.failures
