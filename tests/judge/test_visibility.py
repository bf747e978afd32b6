"""What a person sees of a page, rule by rule: each has pages that break it, and none is broken by an honest page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from pytest_chimera.judge import Browser
from pytest_chimera.judge.asking import ask, teach
from pytest_chimera.judge.visibility import SENTENCES

pytestmark = pytest.mark.browser

PRESSED = {"pressed": True}
READ = {"texts": ["2 left"]}

BROKEN = {
    "hidden in a box that is seen": ("hidden", READ, "<div id=x>Todos <b style='display:none'>2 left</b></div>"),
    "in a closed part": ("hidden", READ, "<details id=x><summary>More</summary><p>2 left</p></details>"),
    "invisible letters": ("hidden", READ, "<p id=x>Todos <b style='visibility:hidden'>2 left</b></p>"),
    "a transparent button": ("opacity", PRESSED, "<button id=x style='opacity:0'>Done</button>"),
    "in a transparent box": (
        "opacity",
        READ,
        "<div style='opacity:.1'><div style='opacity:.9'><p id=x>2 left</p></div></div>",
    ),
    "a transparent filter": ("opacity", READ, "<p id=x style='filter:opacity(4%)'>2 left</p>"),
    "three that multiply": (
        "opacity",
        READ,
        "<div style='opacity:.5'><div style='opacity:.5'><p id=x style='opacity:.4'>2 left</p></div></div>",
    ),
    "a button of two pixels": (
        "size",
        PRESSED,
        "<button id=x aria-label=Done style='width:2px;height:2px;border:0;padding:0'></button>",
    ),
    "letters of one pixel": ("size", READ, "<p id=x style='font-size:1px'>2 left</p>"),
    "scaled away": ("size", READ, "<p id=x style='transform:scale(.05)'>2 left</p>"),
    "no height for its words": ("size", READ, "<p id=x style='font-size:0'>2 left</p>"),
    "left of the page": ("off the page", READ, "<p id=x style='position:absolute;left:-9999px'>2 left</p>"),
    "above the page": ("off the page", PRESSED, "<button id=x style='position:fixed;top:-500px'>Done</button>"),
    "indented away": ("off the page", READ, "<p id=x style='text-indent:-5000px'>2 left</p>"),
    "moved away": ("off the page", READ, "<p id=x style='transform:translateX(-3000px)'>2 left</p>"),
    "in a box without height": (
        "clipped",
        READ,
        "<div style='height:0;overflow:hidden'><p id=x>2 left</p></div>",
    ),
    "for screen readers": (
        "size|clipped|covered",
        READ,
        "<p id=x style='position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0,0,0,0);white-space:nowrap'>"
        "2 left</p>",
    ),
    "a path that leaves nothing": ("covered", READ, "<p id=x style='clip-path:inset(50%)'>2 left</p>"),
    "pushed out of its box": (
        "clipped",
        READ,
        "<div style='width:100px;height:20px;overflow:hidden;position:relative'>"
        "<p id=x style='position:absolute;left:300px;margin:0'>2 left</p></div>",
    ),
    "under a sheet": (
        "covered",
        READ,
        "<p id=x>2 left</p><div style='position:fixed;inset:0;background:white'></div>",
    ),
    "under a sheet that the pointer goes through": (
        "covered",
        PRESSED,
        "<button id=x>Done</button><div style='position:fixed;inset:0;background:white;pointer-events:none'></div>",
    ),
    "under a picture, far down": (
        "covered",
        READ,
        "<div style='height:3000px'></div><div style='position:relative'><p id=x>2 left</p><img alt='' "
        'src=\'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>\' '
        "style='position:absolute;inset:0;width:100%;height:100%'></div>",
    ),
    "a number that is not displayed": ("hidden", READ, "<p id=x><b style='display:none'>2</b> left</p>"),
    "a number in white": ("contrast", READ, "<p id=x><b style='color:white'>2</b> left</p>"),
    "white on white": ("contrast", READ, "<p id=x style='color:white'>2 left</p>"),
    "nearly white on white": ("contrast", READ, "<p id=x style='color:#f4f4f4'>2 left</p>"),
    "letters without a color": ("contrast", READ, "<p id=x style='color:transparent'>2 left</p>"),
    "navy on navy": (
        "contrast",
        READ,
        "<div style='background:navy'><p id=x style='color:rgb(0 0 120)'>2 left</p></div>",
    ),
    "filled white": ("contrast", READ, "<p id=x style='-webkit-text-fill-color:white'>2 left</p>"),
    "a word that is no button to the eye": (
        "contrast",
        PRESSED,
        "<button id=x style='color:white;background:white;border:0'>Done</button>",
    ),
    "a button of nothing": (
        "nothing drawn",
        PRESSED,
        "<button id=x aria-label=Done style='width:40px;height:20px;background:none;border:0'></button>",
    ),
    "a link of nothing": (
        "nothing drawn",
        PRESSED,
        "<a id=x href='#' aria-label=Done style='display:block;width:40px;height:20px'></a><p>Other</p>",
    ),
    "another name": ("name", PRESSED, "<button id=x aria-label=Done>Delete</button>"),
    "a name from elsewhere": ("name", PRESSED, "<button id=x aria-labelledby=y>Delete</button><i id=y>Done</i>"),
    "another number": ("name", {}, "<span id=x aria-label='2 left'>0 left</span>"),
    "a field that is called otherwise": (
        "name",
        PRESSED,
        "<label for=x>Telephone</label> <input id=x aria-label=Title>",
    ),
}

HONEST = {
    "a text": (READ, "<p id=x>2 left</p>"),
    "a text in parts": (READ, "<p id=x><b>2</b> left</p>"),
    "pale gray": (READ, "<p id=x style='color:#ccc'>2 left</p>"),
    "pale on a picture": (
        READ,
        "<div style='background:linear-gradient(navy,black)'><p id=x style='color:white'>2 left</p></div>",
    ),
    "white on a dark card": (READ, "<div style='background:#222'><p id=x style='color:#fff'>2 left</p></div>"),
    "white on a card beside its text": (
        READ,
        "<div style='position:relative'><div style='position:absolute;inset:0;background:black'></div>"
        "<p id=x style='position:relative;color:white'>2 left</p></div>",
    ),
    "letters in a gradient": (
        READ,
        "<p id=x style='background:linear-gradient(red,blue);background-clip:text;color:transparent'>2 left</p>",
    ),
    "far down": (READ, "<div style='height:4000px'></div><p id=x>2 left</p>"),
    "far to the right": (
        READ,
        "<div style='width:4000px;display:flex'><p id=x style='margin-left:3000px'>2 left</p></div>",
    ),
    "scrolled away": (
        READ,
        "<div style='height:60px;overflow:auto'><div style='height:900px'></div><p id=x>2 left</p></div>",
    ),
    "scrolled away in what is far down": (
        READ,
        "<div style='height:2000px'></div><div style='height:60px;overflow-y:scroll'><div style='height:900px'></div>"
        "<p id=x>2 left</p></div>",
    ),
    "an app that fills the window": (
        READ,
        "<style>html,body{height:100%;overflow:hidden;margin:0}</style><main style='height:100%;overflow:auto'>"
        "<div style='height:1500px'></div><p id=x>2 left</p></main>",
    ),
    "a message that is fixed": (READ, "<p id=x style='position:fixed;bottom:8px;right:8px'>2 left</p>"),
    "a menu that leaves its box": (
        READ,
        "<div style='overflow:hidden;height:10px'><p id=x style='position:absolute;top:40px'>2 left</p></div>",
    ),
    "under a sheet that one sees through": (
        READ,
        "<p id=x>2 left</p><div style='position:fixed;inset:0;background:rgb(0 0 0/.5)'></div>",
    ),
    "a text with another one for screen readers": (
        READ,
        "<p id=x>2 left<span style='position:absolute;opacity:0'>2 left of 3</span></p>",
    ),
    "words between others": (READ, "<p id=x><i>2</i> <b>left</b> <span style='display:none'>of 3</span></p>"),
    "a text that is written twice": (READ, "<div id=x><b style='display:none'>2 left</b><i>2 left</i></div>"),
    "the case that a style gives": (READ, "<p id=x style='text-transform:uppercase'>2 left</p>"),
    "a value": ({}, "<input id=x value='2 left'>"),
    "a progress bar": ({}, "<div id=x role=progressbar style='height:4px;background:teal;width:200px'></div>"),
    "a heading in a dialog": (READ, "<dialog open><h2 id=x>2 left</h2></dialog>"),
    "inside a shadow tree": (
        READ,
        "<div id=host></div><script>host.attachShadow({mode:'open'}).innerHTML='<p id=x>2 left</p>'</script>",
    ),
    "a button": (PRESSED, "<button id=x>Done</button>"),
    "a button that looks disabled": (
        PRESSED,
        "<button id=x style='color:#999;background:#eee;opacity:.5'>Done</button>",
    ),
    "an icon": (
        PRESSED,
        "<button id=x aria-label=Delete style='border:0;background:none'><svg width=16 height=16><path d='M0 0L9 9'/>"
        "</svg></button>",
    ),
    "an icon of a font": (
        PRESSED,
        "<button id=x aria-label=Remove style='border:0;background:none'><i style='font-family:Material Icons'>"
        "delete_forever</i></button>",
    ),
    "an icon of a style": (
        PRESSED,
        "<style>#x::before{content:'\\1F5D1'}</style><button id=x aria-label=Delete style='border:0;background:none'>"
        "</button>",
    ),
    "a cross": (PRESSED, "<button id=x aria-label=Close>\u00d7</button>"),
    "an x": (PRESSED, "<button id=x aria-label=Close style='width:16px;height:16px;padding:0'>x</button>"),
    "a longer name": (PRESSED, "<button id=x aria-label='Delete Buy milk'>Delete</button>"),
    "other forms of a word": (PRESSED, "<a id=x href='#' aria-label='Editing of Buy milk'>Edit</a>"),
    "a box for color alone": (
        PRESSED,
        "<button id=x aria-label=Red style='width:20px;height:20px;border:0;background:red'></button>",
    ),
    "a checkbox that its label shows": (
        PRESSED,
        "<input id=x type=checkbox style='position:absolute;opacity:0;width:1px;height:1px'><label for=x>Done</label>",
    ),
    "a switch": (
        PRESSED,
        "<span style='position:relative;display:inline-block;width:40px;height:20px'>"
        "<input id=x type=checkbox aria-label=Dark style='opacity:0;width:40px;height:20px;margin:0;position:absolute'>"
        "<span style='display:block;width:40px;height:20px;background:gray'></span></span>",
    ),
    "a link over a card": (
        PRESSED,
        "<div style='position:relative;width:200px'><h3>Emma</h3><p>A novel</p>"
        "<a id=x href='#' aria-label='Open Emma' style='position:absolute;inset:0'></a></div>",
    ),
    "a field without a frame": (PRESSED, "<input id=x placeholder=Title style='border:0;outline:0'>"),
    "an empty field without anything": (PRESSED, "<label for=x>Title</label> <input id=x style='border:0'>"),
    "an option": (READ, "<select><option id=x>2 left</option></select>"),
    "a row of a table": (READ, "<table><tr id=x><td>Milk</td><td>2 left</td></tr></table>"),
    "stars": ({}, "<span id=x aria-label='5 of 5'>\u2605\u2605\u2605\u2605\u2605</span>"),
    "a list with a name": ({}, "<ul id=x aria-label=Todos><li>Milk</li></ul>"),
    "a box that is none": (READ, "<div id=x style='display:contents'><p>2 left</p></div>"),
    "a thing in a box that is none": ({}, "<ul id=x style='display:contents'><li>2 left</li></ul>"),
    "a pattern of Python's": ({"texts": [["(?P<n>2) left", ""]]}, "<p id=x>2 left</p>"),
    "a list without items": ({}, "<ul id=x aria-label=Todos style='height:8px'></ul>"),
}


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    with sync_playwright() as playwright:
        teach(playwright.selectors)
        browser = playwright.chromium.launch(executable_path=chromium.path)
        yield browser.new_page()
        browser.close()


def seen(page: Page, html: str, wish: object) -> str:
    page.set_content(f"<!doctype html><title>Page</title><body>{html}")
    answer: str = ask(page.locator("#x"), "eye", wish, 5.0)
    return answer


@pytest.mark.parametrize("name", BROKEN)
def test_what_no_person_sees_is_found(name: str, page: Page) -> None:
    rule, wish, html = BROKEN[name]
    assert seen(page, html, wish) in rule.split("|")


@pytest.mark.parametrize("name", HONEST)
def test_what_a_person_sees_is_seen(name: str, page: Page) -> None:
    assert seen(page, HONEST[name][1], HONEST[name][0]) == ""


def test_each_rule_has_a_page_that_breaks_it() -> None:
    broken = {rule for rules, *_ in BROKEN.values() for rule in rules.split("|")}
    assert broken == set(SENTENCES) - {"not to be looked at"}


def test_looking_leaves_nothing_behind_that_the_page_could_notice(page: Page) -> None:
    watches = (
        "<script>window.noticed = []; new MutationObserver(all => noticed.push(all.length)).observe(document, "
        "{subtree: true, childList: true, attributes: true}); window.before = 0; "
        "window.before = Object.keys(window).length</script>"
    )
    html = f"<div style='height:3000px'></div><p id=x>2 left</p>{watches}"
    assert seen(page, html, READ) == ""
    page.wait_for_timeout(50)
    noticed = "() => [scrollY, document.adoptedStyleSheets.length, Object.keys(window).length - before]"
    assert page.evaluate(noticed) == [0, 0, 0]
