"""Pages that need a script from another host, on a machine without a network connection to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from pytest_chimera.models import Reason, TestRun
from tests.judge.conftest import Judged, body, sealed
from tests.judge.pages import Page, Serve, serving

pytestmark = pytest.mark.browser

NOWHERE = "http://cdn.invalid/vue.js"
STATIC = "<h1>Todos</h1><p>Milk</p>"
ROOT = "<div id='root'></div>"
DRAWS = "<script>Vue.createApp({}).mount('#root')</script>"
LOOKS = 'page.goto("/"); expect(page.get_by_text("Bread")).to_be_visible()'


@pytest.fixture
def refusing() -> Iterator[str]:
    """Return a script's address at a port where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/vue.js"


def asks(*urls: str) -> str:
    return "".join(f"<script src='{url}'></script>" for url in urls)


def looking(*lines: str) -> str:
    return body(*"; ".join(lines).split("; "))


@pytest.mark.parametrize(
    "page",
    [STATIC, ROOT, ROOT + DRAWS, STATIC + "<script>throw new Error('broken')</script>"],
    ids=["something is missing", "it stays blank", "a script throws and it stays blank", "a script throws"],
)
def test_whatever_a_page_lacks_the_reason_is_the_script_that_it_could_not_load(
    judged: Judged, serve: Serve, page: str
) -> None:
    run = judged(sealed(looking(LOOKS)), serve({"/": asks(NOWHERE) + page}).url)
    assert run.failure is not None
    assert run.failure.reason is Reason.NO_NETWORK
    assert f"could not load {NOWHERE}: no network (ERR_NAME_NOT_RESOLVED)" in run.failure.message
    assert run.unloaded == run.scripts == (NOWHERE,)


@pytest.mark.parametrize("kind", ["defer", "async", "type='module'"])
def test_a_refused_connection_and_every_kind_of_script_count(
    judged: Judged, serve: Serve, refusing: str, kind: str
) -> None:
    run = judged(sealed(looking(LOOKS)), serve({"/": f"<script {kind} src='{refusing}'></script>{STATIC}"}).url)
    assert run.failure is not None
    assert run.failure.reason is Reason.NO_NETWORK


def test_a_module_that_imports_from_elsewhere_counts(judged: Judged, serve: Serve, refusing: str) -> None:
    page = f"<script type='module'>import {{ render }} from '{refusing}'; render()</script>{ROOT}"
    run = judged(sealed(looking(LOOKS)), serve({"/": page}).url)
    assert run.failure is not None
    assert run.failure.reason is Reason.NO_NETWORK


def test_a_host_that_never_answers_is_no_network_either(judged: Judged, serve: Serve) -> None:
    hold = threading.Event()
    with serving({"/vue.js": Page("", hold=hold)}) as elsewhere:
        page = f"{STATIC}<script>import('{elsewhere.url}/vue.js')</script>"
        run = judged(sealed(looking(LOOKS)), serve({"/": page}).url)
        hold.set()
    assert run.failure is not None
    assert run.failure.reason is Reason.NO_NETWORK


def reason_of(run: TestRun) -> Reason:
    assert run.failure is not None
    return run.failure.reason


def test_what_a_page_can_be_read_without_does_not_count(judged: Judged, serve: Serve, refusing: str) -> None:
    host = refusing.removesuffix("vue.js")
    page = (
        f"<link rel=stylesheet href='{host}a.css'><img src='{host}a.png'>"
        f"<style>@font-face{{font-family:F;src:url({host}a.woff)}}</style><p style='font-family:F'>Milk</p>"
        "<script src='/own.js'></script>"
    )
    site = serve({"/": page, "/own.js": Page(drop=True)})
    assert reason_of(judged(sealed(looking(LOOKS)), site.url)) is Reason.MISSING_ELEMENT


def test_a_script_that_another_host_answers_for_does_not_count(judged: Judged, serve: Serve) -> None:
    elsewhere = serve({"/here.js": Page("1", headers={"Content-Type": "text/javascript"})}).url
    run = judged(
        sealed(looking(LOOKS)), serve({"/": asks(f"{elsewhere}/here.js", f"{elsewhere}/gone.js") + STATIC}).url
    )
    assert reason_of(run) is Reason.MISSING_ELEMENT
    assert set(run.scripts or ()) == {f"{elsewhere}/here.js", f"{elsewhere}/gone.js"}  # in the order of the answers
    assert run.unloaded == ()


def test_the_page_before_does_not_count(judged: Judged, serve: Serve) -> None:
    pages = {"/": asks(NOWHERE) + "<a href='/next'>Next</a>", "/next": STATIC}
    lines = 'page.goto("/"); page.get_by_role("link").click(); expect(page.get_by_text("Bread")).to_be_visible()'
    assert reason_of(judged(sealed(looking(lines)), serve(pages).url)) is Reason.MISSING_ELEMENT


def test_an_error_of_the_server_or_of_the_test_comes_before(judged: Judged, serve: Serve) -> None:
    broken = serve({"/": Page(asks(NOWHERE), 500)}).url
    assert reason_of(judged(sealed(looking(LOOKS)), broken)) is Reason.SERVER_ERROR
    wrong = sealed(looking('page.goto("/"); trolley.open()'))
    assert reason_of(judged(wrong, serve({"/": asks(NOWHERE) + STATIC}).url)) is Reason.SCRIPT_ERROR


def test_what_the_pages_do_without_is_named(judged: Judged, serve: Serve) -> None:
    url = serve({"/": asks(NOWHERE) + STATIC}).url
    for unneeded in (NOWHERE, "http://cdn.invalid/*"):
        assert reason_of(judged(sealed(looking(LOOKS)), url, unneeded=(unneeded,))) is Reason.MISSING_ELEMENT
    assert reason_of(judged(sealed(looking(LOOKS)), url, unneeded=("*/other.js",))) is Reason.NO_NETWORK


def test_a_green_run_stays_green_and_tells_it(judged: Judged, serve: Serve) -> None:
    lines = 'page.goto("/"); expect(page.get_by_text("Milk")).to_be_visible()'
    run = judged(sealed(looking(lines)), serve({"/": asks(NOWHERE) + STATIC}).url)
    assert run.status == "green"
    assert run.unloaded == (NOWHERE,)


@pytest.mark.parametrize(("before", "brought"), [((), True), ((NOWHERE,), False), (None, False)])
def test_a_script_that_the_base_does_not_ask_for_is_said_to_be_the_changes(
    judged: Judged, serve: Serve, before: tuple[str, ...] | None, brought: bool
) -> None:
    red = TestRun(status="red", url="", scripts=before)
    test = sealed(looking(LOOKS)).model_copy(update={"red": red})
    run = judged(test, serve({"/": asks(NOWHERE) + STATIC}).url)
    assert run.failure is not None
    assert ("the change brought" in run.failure.message) is brought


def test_a_page_that_stays_blank_names_the_setting_for_patience(judged: Judged, serve: Serve) -> None:
    run = judged(sealed(looking(LOOKS)), serve({"/": ROOT}).url, patience=0.7)
    assert run.failure is not None
    assert run.failure.reason is Reason.BLANK_PAGE
    assert "with chimera_patience = 0.7" in run.failure.message
