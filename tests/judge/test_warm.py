"""Running judges: nothing that a test does reaches the next one, and a judge that breaks is replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from pytest_chimera.judge import Browser, is_vacuous, judge
from pytest_chimera.judge.interpreter import temporary_folder
from pytest_chimera.judge.warm import WARM_JUDGES_SUPPORTED, WarmJudges
from pytest_chimera.models import Reason, SealedTest, TestRun
from tests.judge.conftest import TODOS, body, sealed
from tests.judge.pages import Page, Serve, Site
from tests.system.waiting import gone, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not WARM_JUDGES_SUPPORTED, reason="forks a process")]

SEES_MILK = sealed(body('page.goto("/")', 'expect(page.get_by_text("Milk")).to_be_visible()'))


class Judging:
    """Runs tests in its own judges, all against one site."""

    def __init__(self, home: Path, browser: Browser, evidence: Path, site: Site) -> None:
        self.browser = browser
        self.evidence = evidence
        self.site = site
        self.said: list[str] = []
        self.judges = WarmJudges(home, lambda: self.browser, self.said.append)

    def __call__(self, test: SealedTest | str, **options: Any) -> TestRun:
        about = test if isinstance(test, SealedTest) else sealed(test)
        return anyio.run(lambda: self.judged(about, **options))

    async def judged(self, test: SealedTest, **options: Any) -> TestRun:
        """Judge a test in the current event loop."""
        about = {"evidence": self.evidence, "browser": self.browser, "time_limit": 60.0, "warm": self.judges, **options}
        return await judge(test, self.site.url, patience=0.6, **about)

    def process(self) -> int:
        """Return the process id of the only judge."""
        (judge,) = self.judges._idle
        return judge.pid


@pytest.fixture
def judging(serve: Serve, tmp_path: Path, chromium: Browser) -> Iterator[Judging]:
    worker = Page("self.addEventListener('fetch', () => {})", headers={"Content-Type": "text/javascript"})
    site = serve({"/": TODOS, "/worker.js": worker})
    with temporary_folder() as home:
        judging = Judging(home, chromium, tmp_path / "evidence", site)
        yield judging
        anyio.run(judging.judges.stop_idle)


LEAVES = {
    "a module's own names, and a module": (
        "import builtins, sys, types\n\n\n"
        + body('builtins.left = 1; sys.modules["left"] = types.ModuleType("left"); sys.path.insert(0, "/left")'),
        "import builtins, sys\n\n\n"
        + body(
            'assert not hasattr(builtins, "left")',
            'assert "left" not in sys.modules',
            'assert "/left" not in sys.path',
        ),
    ),
    "environment and folder": (
        "import os\n\n\n" + body('os.environ["LEFT"] = "1"', 'os.chdir("/")'),
        "import os\n\n\n" + body('assert "LEFT" not in os.environ', 'assert os.getcwd() != "/"'),
    ),
    "what Playwright's functions do": (
        "import playwright.sync_api as api\n\n\n"
        + body("api.expect = None", "type(page).title = lambda _page: 'left'", "expect.set_options(timeout=1)"),
        "import playwright.sync_api as api\n\n\n"
        + body('page.goto("/")', "assert api.expect is expect", 'assert page.title() == "Todos"'),
    ),
    "what the browser stores": (
        body(
            'page.goto("/")',
            "page.evaluate(\"document.cookie = 'left=1'; localStorage.left = 1; caches.open('left')\")",
            "page.evaluate(\"navigator.serviceWorker.register('/worker.js').then(() => true)\")",
        ),
        body(
            'page.goto("/")',
            'assert page.evaluate("document.cookie + Object.keys(localStorage)") == ""',
            'assert page.evaluate("caches.keys()") == []',
            'assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0',
        ),
    ),
    "routes, permissions and dialogs": (
        body(
            'page.context.route("**/*", lambda route: route.fulfill(body="left"))',
            'page.context.grant_permissions(["geolocation"])',
            'page.goto("/")',
            "page.evaluate(\"setTimeout(() => alert('left'))\")",
        ),
        body(
            'page.goto("/")',
            'expect(page.get_by_text("Milk")).to_be_visible()',
            "state = page.evaluate(\"navigator.permissions.query({name: 'geolocation'}).then(each => each.state)\")",
            'assert state == "prompt"',
        ),
    ),
    "the attribute of test ids, and listeners": (
        "from playwright.sync_api import Playwright\n\n\n"
        + body(
            'playwright.selectors.set_test_id_attribute("data-left")',
            'page.context.browser.on("context", lambda _context: 1 / 0)',
        ).replace("page: Page", "page: Page, playwright: Playwright"),
        body('page.goto("/")', "page.set_content('<p data-testid=milk>Milk')", 'page.get_by_test_id("milk").click()'),
    ),
}


@pytest.mark.parametrize(("leaves", "finds"), LEAVES.values(), ids=LEAVES)
def test_a_run_leaves_nothing_for_the_next_one(judging: Judging, leaves: str, finds: str) -> None:
    first = judging("import pytest\n\n\n" + body('page.goto("/")'))
    process = judging.process()
    assert judging(leaves).failures == ()
    found = judging(finds)
    assert (first.status, found.status, found.failures) == ("green", "green", ())
    assert judging.process() == process


OPENS = {
    "a context": body('page.goto("/")', "page.context.browser.new_context()"),
    "another browser": body('page.goto("/")', "page.context.browser.browser_type.launch()"),
    "a session with the browser": body('page.goto("/")', "page.context.browser.new_browser_cdp_session()"),
    "a process": "import subprocess\n\n\n" + body('page.goto("/")', 'subprocess.Popen(["sleep", "100"])'),
}


@pytest.mark.parametrize("opens", OPENS.values(), ids=OPENS)
def test_a_judge_in_which_a_run_has_left_something_open_serves_no_other_one(judging: Judging, opens: str) -> None:
    run = judging(opens)
    assert (run.status, run.failures) == ("green", ())
    process = judging.process()
    assert judging(SEES_MILK).status == "green"
    assert judging.process() != process
    assert not psutil.pid_exists(process)
    assert judging.said == []


def test_a_judge_that_was_lost_between_two_runs_is_replaced(judging: Judging) -> None:
    judging(SEES_MILK)
    process = judging.process()
    os.kill(process, signal.SIGKILL)
    assert judging(SEES_MILK).status == "green"
    assert judging.process() != process


def browsers_of(process: int) -> list[psutil.Process]:
    """Return the browsers among a process's descendants, some of which may end meanwhile."""
    found = []
    for each in psutil.Process(process).children(recursive=True):
        with suppress(psutil.Error):
            found += [each] if "--remote-debugging-pipe" in each.cmdline() else []
    return found


def test_a_browser_that_was_lost_between_two_runs_is_no_crash_of_the_next_one(judging: Judging) -> None:
    judging(SEES_MILK)
    process = judging.process()
    (browser,) = browsers_of(process)
    browser.kill()
    browser.wait(10)
    run = judging(SEES_MILK)
    assert (run.status, run.failures) == ("green", ())


def test_a_browser_that_is_lost_in_a_test_is_a_crash_and_is_not_tried_again_on_the_same_data(judging: Judging) -> None:
    closes = 'page.context.browser.new_browser_cdp_session().send("Browser.close")'
    run = judging(body('page.goto("/")', closes, "page.wait_for_timeout(30_000)"))
    assert run.failures[0].reason is Reason.BROWSER_CRASH
    assert [path for path, _ in judging.site.asked].count("/") == 1
    assert judging(SEES_MILK).status == "green"


def test_a_run_that_takes_too_long_ends_its_judge(judging: Judging) -> None:
    hold = threading.Event()
    judging(SEES_MILK)
    process = judging.process()
    judging.site.pages["/slow"] = Page(TODOS, hold=hold)
    run = judging(body('page.goto("/slow")'), time_limit=4.0)
    hold.set()
    assert run.failures[0].reason is Reason.JUDGE_BROKEN
    assert "cut off after" in run.failures[0].message
    assert not psutil.pid_exists(process)
    assert judging(SEES_MILK).status == "green"


def test_a_run_that_is_cancelled_ends_its_judge(judging: Judging) -> None:
    hold = threading.Event()
    judging(SEES_MILK)
    process = judging.process()
    judging.site.pages["/slow"] = Page(TODOS, hold=hold)

    async def cancel_in_the_middle() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(judging.judged, sealed(body('page.goto("/slow")')))
            while not any(path == "/slow" for path, _ in judging.site.asked):
                await anyio.sleep(0.02)
            group.cancel_scope.cancel()

    anyio.run(cancel_in_the_middle)
    hold.set()
    assert not psutil.pid_exists(process)
    assert judging(SEES_MILK).status == "green"


def test_a_process_that_ends_with_0_in_a_test_is_told_as_that(judging: Judging) -> None:
    run = judging("import os\n\n\n" + body('page.goto("/")', "os._exit(0)"))
    assert run.failures[0].reason is Reason.JUDGE_BROKEN
    assert "exited 0" in run.failures[0].message
    assert judging(SEES_MILK).status == "green"


def test_what_a_run_prints_lies_in_its_log(judging: Judging) -> None:
    run = judging(body('page.goto("/")', 'print("\\x1b[2Jtrolley")', "assert not 1"))
    assert run.evidence is not None
    log = Path(run.evidence.log).read_text(encoding="utf-8")
    assert "trolley" in log
    assert "\x1b" not in log


def test_one_is_started_before_anybody_asks_and_no_more_than_are_needed(judging: Judging) -> None:
    for _ in range(2):
        anyio.run(judging.judges.start_ahead)
    (early,) = judging.judges._idle
    judging(SEES_MILK)
    assert judging.judges._idle == [early]


def test_a_judge_does_not_grow_with_what_it_serves(judging: Judging) -> None:
    def size() -> tuple[int, int]:
        process = psutil.Process(judging.process())
        return process.num_fds(), process.memory_full_info().uss

    for _ in range(2):
        judging(SEES_MILK)
    process, (files, memory) = judging.process(), size()
    for _ in range(8):
        judging(SEES_MILK)
    assert judging.process() == process
    assert wait_for(lambda: size()[0] <= files)  # it may still look at what the last run has left
    assert size()[1] < memory + 500_000


def test_an_empty_page_is_judged_in_it_too(judging: Judging, chromium: Browser) -> None:
    async def ask() -> bool:
        return await is_vacuous(
            SEES_MILK, evidence=judging.evidence, browser=chromium, time_limit=60, warm=judging.judges
        )

    assert not anyio.run(ask)
    assert len(judging.judges._idle) == 1


def test_where_none_can_be_started_each_test_has_a_process_of_its_own(judging: Judging) -> None:
    judging.browser = Browser("/bin/false", "Chromium")
    for _ in range(2):
        assert judging(SEES_MILK).failures[0].reason is Reason.NO_BROWSER
    assert len(judging.said) == 1
    assert judging.said[0].startswith("each test runs in a new process from now on: ")


def test_the_end_leaves_no_process_and_no_file(judging: Judging) -> None:
    judging(SEES_MILK)
    (judge,) = judging.judges._idle
    processes = [judge.pid, *(each.pid for each in psutil.Process(judge.pid).children(recursive=True))]
    assert len(processes) > 3
    anyio.run(judging.judges.stop_idle)
    assert all(map(gone, processes))
    assert list(judging.judges.home.iterdir()) == []


def test_a_hand_written_test_has_a_process_and_a_browser_of_its_own(judging: Judging) -> None:
    conftest = b"import builtins\n\nassert not hasattr(builtins, 'left')\nbuiltins.left = 1\n"
    files = {"tests/e2e/conftest.py": conftest}
    for _ in range(2):
        assert judging(SEES_MILK, e2e_files=files).status == "green"
    assert judging.judges._idle == []


DIES = """
import sys
from pathlib import Path

import anyio

from pytest_chimera.judge import find_browser, judge
from pytest_chimera.judge.interpreter import temporary_folder
from pytest_chimera.judge.warm import WarmJudges
from tests.judge.conftest import body, sealed

test = sealed(body('page.goto("/")', 'page.goto("/slow")'))
with temporary_folder() as home:
    warm = WarmJudges(home, find_browser, print)
    about = {"evidence": Path(sys.argv[2]), "browser": find_browser(), "time_limit": 60.0, "warm": warm}
    anyio.run(lambda: judge(test, sys.argv[1], **about))
"""


def test_no_process_and_no_file_outlives_pytest_when_it_is_killed_in_a_run(judging: Judging) -> None:
    hold = threading.Event()
    judging.site.pages["/slow"] = Page(TODOS, hold=hold)
    temporary = judging.judges.home
    words = [sys.executable, "-c", DIES, judging.site.url, str(judging.evidence)]
    owner = subprocess.Popen(words, env={**os.environ, "TMPDIR": str(temporary)})
    assert wait_for(lambda: any(path == "/slow" for path, _ in judging.site.asked))
    processes = [each.pid for each in psutil.Process(owner.pid).children(recursive=True)]
    assert any(browsers_of(each) for each in processes)
    assert len(list(temporary.iterdir())) > 0
    owner.kill()
    owner.wait()
    hold.set()
    assert wait_for(lambda: all(map(gone, processes)))
    assert wait_for(lambda: list(temporary.iterdir()) == [])
