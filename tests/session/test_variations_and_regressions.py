"""What a green candidate has to pass besides its own test: a restart, and the existing behaviour."""

from __future__ import annotations

import json

import pytest

from tests.session.conftest import RIGHT, App

pytestmark = pytest.mark.browser

SERVER = """
import pathlib, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from page import render

STORE = pathlib.Path(sys.argv[2], "notes.txt")
MEMORY = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = render(STORE, MEMORY).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        note = form["note"][0]
        MEMORY.append(note)
        with STORE.open("a") as file:
            file.write(note + "\\n")
        self.send_response(303)
        self.send_header("Location", "/")
        self.end_headers()


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
BASE = """
def render(store, memory):
    return "<!doctype html><title>Notes</title><h1>Notes</h1>"
"""
LASTING = """
def render(store, memory):
    notes = store.read_text().splitlines() if store.exists() else []
    form = '<form method=post><label>Note <input name=note></label><button>Keep</button></form>'
    return "<!doctype html><title>Notes</title><h1>Notes</h1>" + form + "".join(f"<p>{note}</p>" for note in notes)
"""
IN_MEMORY = LASTING.replace("store.read_text().splitlines() if store.exists() else []", "memory")
FEATURE = '''
import pytest


@pytest.mark.feature("A note is kept")
def test_keep():
    """
    When I fill "Note" with "Water the plants" and press the "Keep" button
    Then I should see "Water the plants"
    When I reload the page
    Then I should see "Water the plants"
    """
'''


@pytest.fixture
def notes(app: App) -> App:
    app.write(server=SERVER, page=BASE)
    (app.path / "tests" / "features" / "test_greeting.py").unlink()
    app.write(tests__features__test_notes=FEATURE)
    return app


def played(notes: App, content: str) -> pytest.RunResult:
    notes.coder(content)
    serve = (notes.path / "pytest.ini").read_text().replace("{port}", "{port} {data_dir}")
    (notes.path / "pytest.ini").write_text(serve + "\nchimera_persistent = true\nchimera_max_attempts = 1\n")
    notes.commit()
    return notes.chimera()


@pytest.mark.exhaustive
def test_what_is_stored_lasts_over_a_restart(notes: App) -> None:
    played(notes, LASTING).assert_outcomes(passed=1)
    [proof] = notes.path.glob(".chimera/*/generation-1/proved/proof.json")
    assert "after a restart of the server" in json.loads(proof.read_text())["varied"]


def test_what_is_kept_in_memory_alone_is_refused_where_data_lasts(notes: App) -> None:
    result = played(notes, IN_MEMORY)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*gone after a restart*"])


EARLIER = """
from playwright.sync_api import Page, expect


def test_welcome(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
"""


def test_an_end_to_end_test_that_lies_on_the_base_has_to_be_green_still(app: App) -> None:
    app.write(tests__e2e____init__="", tests__e2e__test_welcome=EARLIER)
    app.commit()
    app.coder(RIGHT.replace("<h1>Welcome</h1>", ""), RIGHT)
    app.chimera("tests/features").assert_outcomes(passed=1)
    [proof] = app.path.glob(".chimera/*/generation-1/proved/proof.json")
    assert "tests/e2e/test_welcome.py" in json.loads(proof.read_text())["earlier"]
    [brief] = app.path.glob(".chimera/*/generation-1/attempt-2/brief.json")
    [rejected] = json.loads(brief.read_text())["rejected"]
    assert rejected["reason"].startswith("something that worked is broken: tests/e2e/test_welcome.py::test_welcome")
