"""Every reason why a test is not green, seen by a real browser on a real page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from pytest_chimera.judge import Browser, judge
from pytest_chimera.models import Failure, Reason, TestRun
from tests.judge.conftest import sealed
from tests.judge.pages import Page, Site, serving

pytestmark = pytest.mark.browser

PAGES: dict[str, Page | str] = {
    "/": "<title>Todos</title><h1>Todos</h1><ul aria-label='Todos'><li>Milk</li></ul><div id='plain'>x</div>"
    "<button>Add</button><button>Add</button><button disabled>Save</button><a href='/broken'>More</a>",
    "/broken": Page("<h1>Oops</h1>", 500),
    "/broken-without-words": Page("", 500),
    "/nothing-here": Page("", 404),
    "/cut": Page(drop=True),
    "/private": Page(status=302, headers={"Location": "/accounts/login/?next=/private"}),
    "/accounts/login/?next=/private": "<h1>Welcome</h1><form><input aria-label='Name'><input type='password'></form>",
    "/members": Page("<h1>Members only</h1>", 403),
    "/blank": "<body><div id='root'></div><script>render(42)</script></body>",
    "/empty": "",
    "/picture": "<body><canvas width='200' height='200'></canvas></body>",
    "/throws": "<h1>Todos</h1><script>setTimeout(() => { throw new TypeError('basket is undefined') })</script>",
    "/moved": "<script>location.replace('/welcome')</script>",
    "/welcome": "<h1>Welcome</h1><label>Password <input type='password'></label>",
    "/with-corner": "<h1>Todos</h1><label>Password <input type='password'></label>",
    "/more": "<a href='/cut'>More</a>",
    "/data": Page('{"todos": []}', headers={"Content-Type": "application/json; charset=utf-8"}),
    "/to-data": Page(status=302, headers={"Location": "/data"}),
    "/round": Page(status=302, headers={"Location": "/round"}),
}
TABLE = {
    "missing_text": ('page.goto("/"); expect(page.get_by_text("Bread")).to_be_visible()', Reason.MISSING_ELEMENT),
    "other_text": (
        'page.goto("/"); expect(page.get_by_role("listitem")).to_have_text("Bread", timeout=2500)',
        Reason.ASSERTION,
    ),
    "other_count": (
        'page.goto("/"); expect(page.get_by_role("listitem")).to_have_count(3, timeout=2500)',
        Reason.ASSERTION,
    ),
    "other_title": ('page.goto("/"); expect(page).to_have_title("Shopping")', Reason.ASSERTION),
    "plain_assert": ('page.goto("/"); assert page.title() == "Shopping"', Reason.ASSERTION),
    "given_up": ('import pytest; page.goto("/"); pytest.fail("no basket")', Reason.ASSERTION),
    "no_field": ('page.goto("/"); page.get_by_label("New todo").fill("Bread")', Reason.MISSING_ELEMENT),
    "disabled": ('page.goto("/"); page.get_by_role("button", name="Save").click(timeout=2500)', Reason.ASSERTION),
    "no_input": ('page.goto("/"); page.locator("#plain").fill("Bread")', Reason.ASSERTION),
    "two_buttons": (
        'page.goto("/"); page.get_by_role("button", name="Add").click(timeout=2500)',
        Reason.AMBIGUOUS_ELEMENT,
    ),
    "two_seen": (
        'page.goto("/"); expect(page.get_by_text("Add")).to_be_visible(timeout=2500)',
        Reason.AMBIGUOUS_ELEMENT,
    ),
    "no_page": ('page.goto("/basket"); expect(page.get_by_text("Bread")).to_be_visible()', Reason.MISSING_PAGE),
    "no_page_no_words": ('page.goto("/nothing-here")', Reason.MISSING_PAGE),
    "server_error": ('page.goto("/broken"); expect(page.get_by_text("Bread")).to_be_visible()', Reason.SERVER_ERROR),
    "server_error_later": (
        'page.goto("/"); page.get_by_role("link").click(); expect(page.get_by_text("Bread")).to_be_visible()',
        Reason.SERVER_ERROR,
    ),
    "server_error_no_words": ('page.goto("/broken-without-words")', Reason.SERVER_ERROR),
    "round_and_round": ('page.goto("/round")', Reason.SERVER_ERROR),
    "dropped": ('page.goto("/cut")', Reason.UNREACHABLE),
    "unreachable": ('page.goto("http://127.0.0.1:1/")', Reason.UNREACHABLE),
    "slow": ('page.set_default_navigation_timeout(700); page.goto("/slow")', Reason.NAVIGATION_TIMEOUT),
    "private": ('page.goto("/private"); expect(page.get_by_text("Bread")).to_be_visible()', Reason.LOGIN_PAGE),
    "private_by_script": ('page.goto("/moved"); expect(page.get_by_text("Bread")).to_be_visible()', Reason.LOGIN_PAGE),
    "corner": (
        'page.goto("/with-corner"); expect(page.get_by_text("Bread")).to_be_visible()',
        Reason.MISSING_ELEMENT,
    ),
    "data": ('page.goto("/data"); expect(page.get_by_text("Bread")).to_be_visible()', Reason.MISSING_ELEMENT),
    "data_behind": ('page.goto("/to-data"); page.get_by_label("New todo").fill("Bread")', Reason.MISSING_ELEMENT),
    "data_later": (
        'page.goto("/"); page.goto("/data"); expect(page.get_by_text("Bread")).to_be_visible()',
        Reason.MISSING_ELEMENT,
    ),
    "dropped_later": (
        'page.goto("/more"); page.get_by_role("link").click(); expect(page.get_by_text("Bread")).to_be_visible()',
        Reason.UNREACHABLE,
    ),
    "members": ('page.goto("/members"); expect(page.get_by_text("Bread")).to_be_visible()', Reason.LOGIN_PAGE),
    "blank": ('page.goto("/blank"); expect(page.get_by_text("Bread")).to_be_visible()', Reason.BLANK_PAGE),
    "empty": ('page.goto("/empty"); expect(page.get_by_text("Bread")).to_be_visible()', Reason.BLANK_PAGE),
    "picture": ('page.goto("/picture"); expect(page.get_by_text("Bread")).to_be_visible()', Reason.MISSING_ELEMENT),
    "throws": ('page.goto("/throws"); expect(page.get_by_text("Bread")).to_be_visible()', Reason.MISSING_ELEMENT),
    "name_error": ('page.goto("/"); trolley.open()', Reason.SCRIPT_ERROR),
    "type_error": ('page.goto("/"); page.get_by_role()', Reason.SCRIPT_ERROR),
    "bad_selector": ('page.goto("/"); page.locator("##").click()', Reason.SCRIPT_ERROR),
    "closed": ("page.close(); page.title()", Reason.SCRIPT_ERROR),
    "skipped": ('import pytest; page.goto("/"); pytest.skip("not today")', Reason.NO_EVIDENCE),
    "xfailed": ('import pytest; page.goto("/"); pytest.xfail("one day")', Reason.NO_EVIDENCE),
}
MARKED = """
import pytest


@pytest.mark.xfail
def test_xpassed(page: Page) -> None:
    page.goto("/")


@pytest.mark.xfail(strict=True)
def test_xpassed_strictly(page: Page) -> None:
    page.goto("/")


@pytest.mark.skip(reason="flaky")
def test_marked_skip(page: Page) -> None:
    page.goto("/")


def test_no_browser_used() -> None:
    assert True


def test_unknown_fixture(page: Page, live_server: object) -> None:
    page.goto("/")


@pytest.fixture
def basket(page: Page) -> None:
    page.goto("/")
    raise RuntimeError("no basket")


def test_broken_fixture(basket: None) -> None:
    assert True


@pytest.fixture
def cleaned(page: Page):
    yield
    raise RuntimeError("cannot clean")


def test_broken_teardown(cleaned: None, page: Page) -> None:
    page.goto("/")


def test_good(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_text("Milk")).to_be_visible()
"""
MARKED_REASONS = {
    "xpassed": Reason.NO_EVIDENCE,
    "xpassed_strictly": Reason.NO_EVIDENCE,
    "marked_skip": Reason.NO_EVIDENCE,
    "no_browser_used": Reason.NO_EVIDENCE,
    "unknown_fixture": Reason.SETUP_ERROR,
    "broken_fixture": Reason.SETUP_ERROR,
    "broken_teardown": Reason.SETUP_ERROR,
    "not_there": Reason.NO_EVIDENCE,
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    hold = threading.Event()
    with serving({**PAGES, "/slow": Page("late", hold=hold)}) as site:
        yield site
        hold.set()


@pytest.fixture(scope="module")
def run(site: Site, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> TestRun:
    """Run the judge once for the entire table: each situation is a separate test in it."""
    functions = [
        f"def test_{name}(page: Page) -> None:\n    " + "\n    ".join(code.split("; ")) + "\n"
        for name, (code, _reason) in TABLE.items()
    ]
    names = [f"test_{name}" for name in (*TABLE, *MARKED_REASONS, "good")]
    test = sealed("\n\n".join([*functions, MARKED]), *names)
    evidence = tmp_path_factory.mktemp("evidence")
    return anyio.run(lambda: judge(test, site.url, evidence=evidence, browser=chromium, time_limit=180, patience=0.5))


def failure_of(run: TestRun, name: str) -> Failure:
    found = [each for each in run.failures if each.nodeid.endswith(f"::test_{name}")]
    assert len(found) == 1, [each.nodeid for each in run.failures]
    return found[0]


@pytest.mark.parametrize(("name", "reason"), [(name, reason) for name, (_code, reason) in TABLE.items()])
def test_each_situation_has_its_reason(run: TestRun, name: str, reason: Reason) -> None:
    failure = failure_of(run, name)
    assert failure.reason is reason, failure.message


@pytest.mark.parametrize(("name", "reason"), MARKED_REASONS.items())
def test_what_did_not_run_and_pass_is_never_green(run: TestRun, name: str, reason: Reason) -> None:
    failure = failure_of(run, name)
    assert failure.reason is reason, failure.message


def test_only_what_passed_counts_as_passed(run: TestRun) -> None:
    assert run.passed == ("tests/e2e/test_todos.py::test_good",)
    assert run.status == "red"


@pytest.mark.parametrize(
    ("name", "parts"),
    {
        "missing_text": ['get_by_text("Bread"): expected to be visible', "found: nothing"],
        "other_text": ["expected to have text 'Bread'", "found: Milk"],
        "other_title": ["Page title expected to be 'Shopping'", "found: Todos"],
        "plain_assert": ["assert 'Todos' == 'Shopping'"],
        "no_field": ['get_by_label("New todo") was not found', "fill"],
        "disabled": ["element is not enabled", "<button disabled"],
        "no_input": ["not an <input>"],
        "two_buttons": ['get_by_role("button", name="Add") fits 2 elements', "<button>Add</button>", ".nth(1)"],
        "no_page": ["/basket answered 404 Not Found"],
        "server_error": ["/broken answered 500 Internal Server Error"],
        "unreachable": ["http://127.0.0.1:1/ cannot be reached: ERR_UNSAFE_PORT"],
        "dropped": ["/cut cannot be reached: ERR_EMPTY_RESPONSE"],
        "slow": ["/slow did not finish loading within 0.7 s"],
        "private": ["/private led to the log-in page", "no step logs in"],
        "members": ["/members answered 403 Forbidden"],
        "blank": ["shows nothing at all", "On the page, uncaught: render is not defined"],
        "throws": ["found: nothing", "On the page, uncaught: basket is undefined"],
        "name_error": ["NameError: name 'trolley' is not defined"],
        "unknown_fixture": ["fixture 'live_server' not found", "chimera_serve"],
        "broken_teardown": ["broke after the test itself: RuntimeError: cannot clean"],
        "skipped": ["was skipped", "not today"],
        "no_browser_used": ["opened no page"],
        "not_there": ["was not collected"],
    }.items(),
)
def test_a_message_says_what_was_expected_and_found(run: TestRun, name: str, parts: list[str]) -> None:
    message = failure_of(run, name).message
    assert [part for part in parts if part not in message] == [], message


def test_no_message_holds_terminal_codes_or_a_call_log(run: TestRun) -> None:
    text = "\n".join(failure.message for failure in run.failures)
    assert "\x1b" not in text
    assert "Call log" not in text
    assert "Aria snapshot" not in text


def test_a_failure_names_the_line_of_the_sealed_test(run: TestRun) -> None:
    failure = failure_of(run, "missing_text")
    assert failure.code == 'expect(page.get_by_text("Bread")).to_be_visible()'


@pytest.mark.parametrize(
    ("name", "at_start", "data"),
    [
        ("missing_text", True, ""),
        ("data", True, "application/json"),
        ("data_behind", True, "application/json"),
        ("data_later", False, "application/json"),
    ],
)
def test_a_failure_tells_whether_it_is_on_data_and_at_the_start(
    run: TestRun, name: str, at_start: bool, data: str
) -> None:
    failure = failure_of(run, name)
    assert (failure.at_start, failure.data) == (at_start, data)


def test_different_failures_have_different_signatures(run: TestRun) -> None:
    names = ["missing_text", "other_text", "two_buttons", "no_page", "private"]
    assert len({failure_of(run, name).signature for name in names}) == len(names)


def test_the_log_of_the_judge_is_kept(run: TestRun) -> None:
    assert run.evidence is not None
    assert "test session starts" in Path(run.evidence.log).read_text(encoding="utf-8")
