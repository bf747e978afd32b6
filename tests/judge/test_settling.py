"""What is said to be absent, or exactly so, is so on a page that has settled, and in the end still."""

from __future__ import annotations

import pytest

from pytest_chimera.judge import Browser
from pytest_chimera.models import Failure, Reason
from tests.judge.conftest import TODOS, Judged, body, judged_together, sealed
from tests.judge.pages import Page, Serve

pytestmark = pytest.mark.browser

Ends = dict[str, Failure | None]

FETCHES = (
    "<ul></ul><script>fetch('/items').then(a => a.text())"
    ".then(t => document.querySelector('ul').innerHTML = t)</script>"
)
BREAD = FETCHES.replace("<ul></ul>", "<ul><li>Bread</li></ul>")
LATER = "<ul></ul><script>setTimeout(() => document.querySelector('ul').innerHTML = '<li>Milk</li>', 1200)</script>"
CHANGES = "<p>2 left</p><script>fetch('/left').then(a => a.text()).then(t => document.body.innerHTML = t)</script>"
MORE = {
    "/items": Page("<li>Bread</li><li>Milk</li>", seconds=2.5),
    "/left": Page("<p>3 left</p>", seconds=2.5),
    "/nothing": Page("", seconds=0.8),
    "/stream": Page("data: 1", headers={"Content-Type": "text/event-stream", "Content-Length": "900"}),
}
SEES_TWO = 'expect(page.get_by_text("2 left")).to_be_visible()'
TOO_EARLY = {
    "not seen": ('expect(page.get_by_text("Milk")).not_to_be_visible()', FETCHES),
    "hidden": ('expect(page.get_by_text("Milk")).to_be_hidden()', FETCHES),
    "none of it": ('expect(page.get_by_role("listitem")).to_have_count(0)', FETCHES),
    "empty": ('expect(page.locator("ul")).to_be_empty()', FETCHES),
    "not in it": ('expect(page.locator("ul")).not_to_contain_text("Milk")', FETCHES),
    "no texts": ('expect(page.locator("li")).to_have_text([])', FETCHES),
    "a count that is read": ('assert page.locator("li").count() == 0', FETCHES),
    "what is read": ('assert not page.get_by_text("Milk").is_visible()', FETCHES),
    "exactly these": ('expect(page.locator("li")).to_have_text(["Bread"])', BREAD),
    "exactly one": ('expect(page.locator("li")).to_have_count(1)', BREAD),
}


@pytest.fixture(scope="module")
def too_early(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Ends:
    cases = {name: ((line,), page) for name, (line, page) in TOO_EARLY.items()}
    return judged_together(cases, tmp_path_factory.mktemp("early"), chromium, MORE)[1]


@pytest.mark.parametrize("name", TOO_EARLY)
def test_what_is_not_so_waits_for_what_the_page_is_fetching(name: str, too_early: Ends) -> None:
    failure = too_early[name]
    assert failure is not None
    assert failure.reason in {Reason.ASSERTION, Reason.SCRIPT_ERROR}
    assert failure.code == TOO_EARLY[name][0]


def test_an_absence_that_has_come_to_an_end_when_the_test_has_is_none(serve: Serve, judged: Judged) -> None:
    lines = ('expect(page.get_by_text("Milk")).to_have_count(0)', "page.wait_for_timeout(900)")
    run = judged(sealed(body('page.goto("/")', *lines)), serve({"/": LATER}).url)
    assert run.failure is not None
    assert (run.failure.reason, run.failure.code) == (Reason.UNSETTLED, lines[0])
    assert "It held at first" in run.failure.message


def test_a_value_that_is_as_it_was_has_to_stay_so_when_the_page_is_opened_anew(serve: Serve, judged: Judged) -> None:
    lines = (SEES_TWO, 'page.goto("/again")', SEES_TWO)
    site = serve({**MORE, "/": "<p>2 left</p>", "/again": CHANGES})
    run = judged(sealed(body('page.goto("/")', *lines)), site.url)
    assert run.failure is not None
    assert (run.failure.reason, run.failure.line) == (Reason.MISSING_ELEMENT, 8)


HONEST = {
    "a page that is slow, and empty": (
        "<ul></ul><script>setTimeout(() => fetch('/nothing'), 100)</script>",
        'expect(page.get_by_role("listitem")).to_have_count(0)',
    ),
    "a thing that is taken away": (
        TODOS + "<script>setTimeout(() => document.querySelector('li').remove(), 300)</script>",
        'expect(page.get_by_text("Milk")).to_be_hidden()',
    ),
    "a spinner without an end": (
        "<i></i><ul><li>Milk</li></ul><script>setInterval(() => document.querySelector('i').style.rotate = "
        "Math.random() + 'turn', 16)</script>",
        'expect(page.get_by_role("listitem")).to_have_count(1)\n    expect(page.get_by_text("Bread")).to_be_hidden()',
    ),
    "a toast that vanishes": (
        "<button onclick='toast()'>Save</button><script>function toast() { const t = document.createElement('p'); "
        "t.role = 'alert'; t.append('Saved'); document.body.append(t); setTimeout(() => t.remove(), 1500) }</script>",
        'page.get_by_role("button").click()\n    expect(page.get_by_role("alert")).to_have_text("Saved")\n    '
        'expect(page.get_by_role("alert")).to_have_count(1)\n    expect(page.get_by_role("alert")).to_be_hidden()',
    ),
    "what comes after a while": (
        "<p>Working</p><script>setTimeout(() => document.querySelector('p').textContent = 'Ready', 1500)</script>",
        'expect(page.get_by_text("Ready")).to_be_hidden()\n    '
        'expect(page.locator("p")).to_have_text("Ready", timeout=5000)',
    ),
    "what an action brings": (
        "<button onclick='this.after(`Milk`)'>More</button>",
        'expect(page.get_by_text("Milk")).to_be_hidden()\n    page.get_by_role("button").click()\n    '
        'expect(page.get_by_text("Milk")).to_be_visible()',
    ),
    "an event stream": (
        "<ul></ul><script>new EventSource('/stream')</script>",
        'expect(page.get_by_role("listitem")).to_have_count(0)',
    ),
    "a stream that is fetched": (
        "<ul></ul><script>fetch('/stream')</script>",
        'expect(page.get_by_role("listitem")).to_have_count(0)',
    ),
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Ends:
    cases = {name: (tuple(lines.split("\n    ")), page) for name, (page, lines) in HONEST.items()}
    return judged_together(cases, tmp_path_factory.mktemp("honest"), chromium, MORE, patience=2.0)[1]


@pytest.mark.parametrize("name", HONEST)
def test_what_is_so_and_stays_so_is_green(name: str, honest: Ends) -> None:
    assert honest[name] is None


def test_a_request_without_an_end_is_a_long_poll_after_a_while(serve: Serve, judged: Judged) -> None:
    lines = ('expect(page.locator("li")).to_have_count(0)',) * 2
    site = serve({"/": "<ul></ul><script>fetch('/poll')</script>", "/poll": Page("", seconds=50)})
    run = judged(sealed(body('page.goto("/")', *lines)), site.url)
    assert run.failure is None
    assert run.seconds < 45
