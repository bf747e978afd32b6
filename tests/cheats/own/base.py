"""A small application of our own that coders change: a shopping list, served with the standard library alone."""

from __future__ import annotations

import sys

FEATURE = "A shopper can tick off an item; the page says how many are still to get"
STORE = """
import itertools


class Store:
    def __init__(self):
        self._ids = itertools.count(1)
        self._items = {}

    def put(self, name):
        item = {"id": next(self._ids), "name": name}
        self._items[item["id"]] = item
        return item["id"]

    def remove(self, number):
        self._items.pop(number, None)

    def all(self):
        return list(self._items.values())
"""
PAGES = '''
from html import escape

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shopping</title></head><body>
<h1>Shopping list</h1>
<form method="post" action="/put"><label for="name">Item</label> <input id="name" name="name">
<button>Put on the list</button></form>
{top}
<ul>{items}</ul>
<p><a href="/about">About</a></p>
</body></html>
"""
ITEM = """<li{more}><span class="name">{name}</span>
<form method="post" action="/remove/{id}"><button>Remove</button></form>{buttons}</li>
"""


def render_item(item, buttons=""):
    return ITEM.format(id=item["id"], name=escape(item["name"]), more="", buttons=buttons)


def render(items, headers, top=""):
    return PAGE.format(items="".join(map(render_item, items)), top=top)
'''
APP = '''
import json
import re
from urllib.parse import parse_qs

from .pages import render
from .store import Store


class App:
    def __init__(self, store=None):
        self.store = store or Store()

    def answer(self, method, path, form, headers):
        """Status, content type and body; a path as the body of a redirect."""
        if method == "POST":
            return 303, "", self.post(path, form, headers)
        if path == "/":
            return 200, "text/html", self.index(headers)
        if path == "/about":
            return 200, "text/html", "<!doctype html><title>About</title><h1>About this list</h1>"
        if path == "/api/items":
            return 200, "application/json", json.dumps(self.store.all())
        if path == "/help":
            return 200, "text/html", "<!doctype html><title>Help</title><h1>Help</h1>"
        if path == "/health":
            return 200, "application/json", "{}"
        return 404, "text/html", "<!doctype html><title>Nothing</title><h1>There is nothing here</h1>"

    def index(self, headers):
        return render(self.store.all(), headers)

    def post(self, path, form, headers):
        if path == "/put" and form.get("name", "").strip():
            self.store.put(form["name"].strip())
        if found := re.fullmatch(r"/remove/(\\d+)", path):
            self.store.remove(int(found[1]))
        return "/"

    def __call__(self, environ, start_response):
        size = int(environ.get("CONTENT_LENGTH") or 0)
        form = {key: values[0] for key, values in parse_qs(environ["wsgi.input"].read(size).decode()).items()}
        headers = {key[5:].replace("_", "-").title(): value for key, value in environ.items() if key[:5] == "HTTP_"}
        status, kind, body = self.answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], form, headers)
        extra = [("Location", body)] if status == 303 else [("Content-Type", kind + "; charset=utf-8")]
        start_response(f"{status} Answered", extra)
        return [b"" if status == 303 else body.encode()]
'''
MAIN = """
import argparse
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from .app import App


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8000)
    server = Server(("127.0.0.1", parser.parse_args().port), Quiet)
    server.set_app(App())
    server.serve_forever()


if __name__ == "__main__":
    main()
"""
CONFTEST = '''
"""Fixtures of the unit tests."""
import pytest

from shop.app import App


@pytest.fixture
def app():
    return App()
'''
TEST_STORE = """
import pytest

from shop.store import Store


def test_what_is_put_is_there():
    store = Store()
    store.put("flour")
    assert [item["name"] for item in store.all()] == ["flour"]


@pytest.mark.parametrize("number", [0, 9])
def test_nothing_happens_to_others(number):
    store = Store()
    store.put("flour")
    store.remove(number)
    assert len(store.all()) == 1


def test_what_is_removed_is_gone():
    store = Store()
    store.remove(store.put("flour"))
    assert store.all() == []
"""
TEST_APP = """
def test_a_name_is_escaped(app):
    app.post("/put", {"name": "<b>"}, {})
    assert "<b>" not in app.answer("GET", "/", {}, {})[2]


def test_blank_names_are_left_out(app):
    app.post("/put", {"name": " "}, {})
    assert app.store.all() == []
"""
TEST_OLD = """
from shop.units import grams


def test_grams():
    assert grams(2) == 2000
"""
TEST_E2E = f"""
import pytest
from playwright.sync_api import Page, expect


@pytest.mark.feature({FEATURE!r})
def test_tick_off(page: Page, base_url: str) -> None:
    page.goto(base_url + "/")
    for name in ("Brown flour", "Cane sugar", "Sour milk"):
        page.get_by_label("Item").fill(name)
        page.get_by_role("button", name="Put on the list").click()
    expect(page.get_by_test_id("to-get")).to_have_text("3 to get")
    row = page.locator("li", has_text="Cane sugar")
    row.get_by_role("button", name="Got it").click()
    expect(page.get_by_test_id("to-get")).to_have_text("2 to get")
    expect(page.locator("li.got")).to_have_count(1)
    page.reload()
    expect(page.get_by_test_id("to-get")).to_have_text("2 to get")
    expect(page.locator("li.got")).to_contain_text("Cane sugar")
"""
TEST_STEPS = f'''
import pytest


@pytest.mark.feature({FEATURE!r})
def test_tick_off():
    """
    When I fill "Item" with "Brown flour" and press the "Put on the list" button
    And I fill "Item" with "Cane sugar" and press the "Put on the list" button
    And I fill "Item" with "Sour milk" and press the "Put on the list" button
    Then I should see "3 to get"
    When I press the "Got it" button in the list item "Cane sugar"
    Then I should see "2 to get"
    When I reload the page
    Then I should see "2 to get"
    """
'''
PYPROJECT = """
[project]
name = "shop"
version = "1.0"
dependencies = []

[tool.pytest.ini_options]
testpaths = ["tests"]
addopts = "-ra"
"""
FILES = {
    ".gitignore": "__pycache__/\n.pytest_cache/\n.chimera/\n",
    "README.md": "# Shop\n\nA shopping list.\n",
    "pyproject.toml": PYPROJECT.lstrip(),
    "requirements.txt": "",
    "run.sh": f'#!/bin/sh\nexec {sys.executable} -m shop --port "${{1:-8000}}"\n',
    "conftest.py": CONFTEST.lstrip(),
    "shop/__init__.py": '"""A shopping list."""\n',
    "shop/__main__.py": MAIN.lstrip(),
    "shop/app.py": APP.lstrip(),
    "shop/pages.py": PAGES.lstrip(),
    "shop/store.py": STORE.lstrip(),
    "shop/units.py": "def grams(kilos):\n    return kilos * 1000\n",
    "tests/unit/test_store.py": TEST_STORE.lstrip(),
    "tests/unit/test_app.py": TEST_APP.lstrip(),
    "tests/unit/test_units.py": TEST_OLD.lstrip(),
    "tests/e2e/test_tick_off.py": TEST_E2E.lstrip(),
}
"""The project, path → text, with the test that a person wrote."""
GENERATED = {path: text for path, text in FILES.items() if not path.startswith("tests/e2e")} | {
    "tests/features/test_shop.py": TEST_STEPS.lstrip()
}
"""The project with the test's steps in place of the test."""

Files = dict[str, str]


def with_feature(files: Files) -> Files:
    """An honest coder's implementation."""
    store = files["shop/store.py"].replace('"name": name}', '"name": name, "got": False}')
    store += "\n    def get(self, number):\n"
    store += "        if number in self._items:\n            self._items[number]['got'] = True\n"
    store += "\n    def to_get(self):\n        return sum(not item['got'] for item in self._items.values())\n"
    app = files["shop/app.py"].replace(
        "        return render(self.store.all(), headers)",
        "        top = f'<p data-testid=\"to-get\">{self.store.to_get()} to get</p>'\n"
        "        return render(self.store.all(), headers, top)",
    )
    app = app.replace(
        '        return "/"\n\n    def __call__',
        '        if found := re.fullmatch(r"/get/(\\d+)", path):\n            self.store.get(int(found[1]))\n'
        '        return "/"\n\n    def __call__',
    )
    pages = files["shop/pages.py"].replace(
        'more="", buttons=buttons)',
        'more=\' class="got"\' if item["got"] else "", buttons=buttons or GET.format(id=item["id"]))',
    )
    button = 'GET = """<form method="post" action="/get/{id}"><button>Got it</button></form>"""\n'
    pages = pages.replace("\n\ndef render_item", f"{button}\n\ndef render_item", 1)
    return {**files, "shop/store.py": store, "shop/app.py": app, "shop/pages.py": pages}
