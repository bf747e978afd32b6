"""What is expected after an action was not there before it, and no other value stands beside it."""

from __future__ import annotations

import pytest

from pytest_chimera.judge import Browser
from pytest_chimera.models import Failure, Reason
from tests.judge.conftest import judged_together

pytestmark = pytest.mark.browser

CLICK = 'page.get_by_role("button", name="Done").first.click()'
TWO = 'expect(page.get_by_text("2 left")).to_be_visible()'
BASE = "<button>Done</button><p>3 left</p>"
WORKS = "<button onclick='document.querySelector(`p`).textContent = `2 left`'>Done</button><p>3 left</p>"


Ends = dict[str, Failure | None]
Cases = dict[str, tuple[tuple[str, ...], str, str]]


def played(cases: Cases, factory: pytest.TempPathFactory, chromium: Browser) -> Ends:
    """How each case ends on its page, compared with how all of them were red on their bases."""
    before = {name: (lines, base) for name, (lines, base, _) in cases.items()}
    after = {name: (lines, page) for name, (lines, _, page) in cases.items()}
    red, ends = judged_together(before, factory.mktemp("base"), chromium, patience=0.3)
    assert None not in ends.values()
    return judged_together(after, factory.mktemp("candidate"), chromium, red=red)[1]


UNCAUSED: Cases = {
    "there from the start": ((CLICK, TWO), BASE, "<button>Done</button><p>2 left</p>"),
    "all answers": ((CLICK, TWO), BASE, f"{BASE}<p>{' '.join(f'<i>{n} left</i>' for n in range(9))}</p>"),
    "all answers once it is done": (
        (CLICK, TWO),
        BASE,
        "<button onclick='document.querySelector(`p`).innerHTML = `<i>0 left</i> <i>1 left</i> <i>2 left</i>`'>Done"
        "</button><p>3 left</p>",
    ),
    "the next answer beside this one": (
        ('expect(page.get_by_text("3 left")).to_be_visible()', CLICK, TWO),
        "<button>Done</button>",
        "<button>Done</button><p>3 left</p><p>2 left</p>",
    ),
    "a word that is always there": (
        (CLICK, 'expect(page.get_by_text("Finished")).to_be_visible()'),
        BASE,
        f"{BASE}<p>Finished</p>",
    ),
    "expected in a function": (
        ("def left(words):", "    expect(page.get_by_text(words)).to_be_visible()", CLICK, 'left("2 left")'),
        BASE,
        "<button>Done</button><p>2 left</p>",
    ),
    "expected of what is found first": (
        (CLICK, 'p = page.locator("p")', 'expect(p).to_have_text("2 left")'),
        BASE,
        "<button>Done</button><p>2 left</p>",
    ),
    "expected in a loop": (
        (CLICK, 'for word in ("2 left", "1 done"):', "    expect(page.get_by_text(word)).to_be_visible()"),
        BASE,
        "<button>Done</button><p>2 left</p><p>1 done</p>",
    ),
}


@pytest.fixture(scope="module")
def uncaused(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Ends:
    return played(UNCAUSED, tmp_path_factory, chromium)


@pytest.mark.parametrize("name", UNCAUSED)
def test_what_was_there_already_is_not_caused(name: str, uncaused: Ends) -> None:
    failure = uncaused[name]
    assert failure is not None
    assert failure.reason is Reason.NOT_CAUSED
    assert "expect(" in failure.code or "left(" in failure.code


CAUSED: Cases = {
    "what the action brings": ((CLICK, TWO), BASE, WORKS),
    "after it was opened anew": (
        (CLICK, TWO, "page.reload()", TWO),
        BASE,
        WORKS.replace("textContent", "textContent = sessionStorage.left")
        + "<script>if (sessionStorage.left) document.querySelector('p').textContent = sessionStorage.left</script>",
    ),
    "what was there on the base, too": (
        (CLICK, 'expect(page.get_by_text("Todos")).to_be_visible()', TWO),
        f"<h1>Todos</h1>{BASE}",
        f"<h1>Todos</h1>{WORKS}",
    ),
    "what the base had still when the test ended there": (
        (CLICK, TWO, CLICK, 'expect(page.get_by_text("Milk")).to_be_visible()'),
        f"{BASE}<i>Milk</i>",
        f"{WORKS}<i>Milk</i>",
    ),
    "what was typed is there still": (
        (
            'page.get_by_label("Item").fill("Milk")',
            'page.get_by_role("button", name="Add").click()',
            'expect(page.get_by_role("listitem")).to_have_text(["Milk"])',
            CLICK,
            TWO,
            'expect(page.locator("ul")).to_contain_text("Milk")',
        ),
        BASE,
        "<label>Item <input></label><button onclick='document.querySelector(`ul`).innerHTML += `<li>` + "
        f"document.querySelector(`input`).value + `</li>`'>Add</button><ul></ul>{WORKS}",
    ),
    "a counter for each list": (
        (CLICK, TWO),
        BASE,
        f"<h2>Work</h2>{WORKS}<section><h2>Home</h2><p>Home: 5 left</p></section>",
    ),
    "numbers in what is to be pressed": (
        (CLICK, 'expect(page.locator("p")).to_have_text("Page 2")'),
        BASE,
        "<button onclick='document.querySelector(`p`).textContent = `Page 2`'>Done</button><p>Page 1</p>"
        "<nav><a href='#'>Page 1</a> <a href='#'>Page 2</a> <a href='#'>Page 3</a></nav>",
    ),
    "numbers of items": (
        (CLICK, 'expect(page.get_by_text("Item 2")).to_be_visible()'),
        BASE,
        "<button onclick='document.querySelector(`ul`).innerHTML += `<li>Item 2 <b>new</b></li>`'>Done</button>"
        "<ul><li>Item 1 <b>old</b></li><li>Item 3 <b>old</b></li></ul>",
    ),
    "an old value that fades": (
        (CLICK, TWO),
        BASE,
        "<button onclick='document.querySelector(`p`).after(`2 left`); setTimeout(() => "
        "document.querySelector(`p`).remove(), 300)'>Done</button><p>3 left</p>",
    ),
}


@pytest.fixture(scope="module")
def caused(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Ends:
    return played(CAUSED, tmp_path_factory, chromium)


@pytest.mark.parametrize("name", CAUSED)
def test_what_an_action_brings_is_caused(name: str, caused: Ends) -> None:
    assert caused[name] is None
