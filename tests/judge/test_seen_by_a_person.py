"""What a test presses and expects has to be seen by a person, whatever the test itself is content with."""

from __future__ import annotations

import pytest

from pytest_chimera.judge import Browser
from pytest_chimera.models import Failure, Reason
from tests.judge.conftest import Judged, body, judged_together, sealed
from tests.judge.pages import Serve

pytestmark = pytest.mark.browser

Ends = dict[str, Failure | None]

CLICK = 'page.get_by_role("button", name="Done").click()'
TWO = 'expect(page.get_by_text("2 left")).to_be_visible()'

UNSEEN = {
    "a text": (TWO, "<p style='color:white'>2 left</p>"),
    "a text in a box": (
        'expect(page.locator("ul")).to_contain_text("Milk")',
        "<ul><li style='opacity:0'>Milk</li></ul>",
    ),
    "a list": ('expect(page.locator("li")).to_have_text(["Milk"])', "<ul><li style='font-size:1px'>Milk</li></ul>"),
    "a count": ('expect(page.get_by_role("listitem")).to_have_count(1)', "<ul style='opacity:0'><li>Milk</li></ul>"),
    "a button": (CLICK, "<button style='opacity:0'>Done</button>"),
    "a button that comes later": (
        CLICK,
        "<script>setTimeout(() => document.body.innerHTML = `<button style='opacity:0'>Done</button>`, 300)</script>",
    ),
    "a button that is forced": (
        CLICK.replace("click()", "click(force=True)"),
        "<button>Done</button><div style='position:fixed;inset:0;background:white'></div>",
    ),
    "a page's own way to press": (
        'page.click("#done")',
        "<button id=done aria-label=Done style='width:2px;height:2px;border:0;padding:0'></button>",
    ),
    "a field": ('page.get_by_label("Title").fill("Emma")', "<input aria-label=Title style='opacity:0'>"),
    "a name": (CLICK, "<button aria-label=Done>Delete</button>"),
}


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Ends:
    cases = {name: ((line,), page) for name, (line, page) in UNSEEN.items()}
    return judged_together(cases, tmp_path_factory.mktemp("unseen"), chromium)[1]


@pytest.mark.parametrize("name", UNSEEN)
def test_what_no_person_sees_is_refused(name: str, unseen: Ends) -> None:
    failure = unseen[name]
    assert failure is not None
    assert (failure.reason, failure.code) == (Reason.NOT_SEEN, UNSEEN[name][0])


SEEN = {
    "what fades in": (
        TWO,
        "<style>@keyframes f { from { opacity: 0 } } p { animation: f .8s }</style><p>2 left</p>",
    ),
    "a button for the pointer": (
        CLICK,
        "<style>button { opacity: 0 } li:hover button { opacity: 1 }</style><ul><li>Milk <button>Done</button></ul>",
    ),
    "a link for the keyboard": (
        'page.get_by_role("link", name="Skip").press("Enter")',
        "<style>a:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0,0,0,0) }"
        "</style><a href='#main'>Skip</a><main id=main>Text</main>",
    ),
    "a button that goes away": (CLICK, "<button onclick='this.remove()'>Done</button>"),
    "a message that goes away": (
        f"{CLICK}; expect(page.get_by_role('alert')).to_have_text('Saved')",
        "<button onclick='this.after(m); setTimeout(() => m.remove(), 400)'>Done</button><p hidden></p><script>"
        "const m = document.createElement('p'); m.role = 'alert'; m.append('Saved')</script>",
    ),
    "what is written for others beside it": (
        'expect(page.get_by_role("status")).to_have_text("2 left")',
        "<p>2 left</p><p role=status style='position:absolute;clip:rect(0,0,0,0);width:1px;height:1px;overflow:hidden'>"
        "2 left</p>",
    ),
    "a file's field": (
        'page.locator("input").set_input_files([])',
        "<input type=file style='display:none'><button>Choose</button>",
    ),
    "the whole page": ('page.locator("body").press("Escape")', "<p>2 left</p>"),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Ends:
    cases = {name: ((line,), page) for name, (line, page) in SEEN.items()}
    return judged_together(cases, tmp_path_factory.mktemp("seen"), chromium)[1]


@pytest.mark.parametrize("name", SEEN)
def test_what_a_person_sees_is_green(name: str, seen: Ends) -> None:
    assert seen[name] is None


SHOWS = "<input oninput='this.after(`2 left`)'"


def test_what_nobody_saw_on_the_base_is_no_fault_of_a_change(serve: Serve, judged: Judged) -> None:
    test = sealed(body('page.goto("/")', 'page.get_by_label("Title").fill("Emma")', TWO))
    page = "<input aria-label=Title style='opacity:0'>"
    red = judged(test, serve({"/": page}).url)
    run = judged(test.model_copy(update={"red": red}), serve({"/": page.replace("<input", SHOWS)}).url)
    assert (red.status, run.status) == ("red", "green")
