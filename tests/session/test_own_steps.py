"""Steps that are the project's own functions: one arranges records, one performs a gesture on the page."""

from __future__ import annotations

import json

import pytest

from tests.session.conftest import RIGHT as RIGHT_GREETER
from tests.session.conftest import App, QuickApp

SERVER = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import shop


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = shop.render().encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)


shop.prepare()
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
SHOP = '''
import os
import sqlite3

COLUMNS = "paid"
BODY = """<p>{count} orders</p>"""


def database():
    return sqlite3.connect(os.environ["SHOP"])


def prepare():
    with database() as connection:
        connection.execute(f"create table orders ({COLUMNS})")


def order():
    with database() as connection:
        connection.execute("insert into orders values (1)")


def render():
    with database() as connection:
        [[count]] = connection.execute("select count(*) from orders")
    return "<!doctype html><title>Shop</title><h1>Orders</h1>" + BODY.format(count=count)
'''
SHOWN = """
<button ondblclick="document.querySelector('p').hidden = false">Show</button>
<p hidden>{count} orders are paid</p>
"""
# The candidate's table has another column, so that the base's own way to order would fail on it.
RIGHT = (
    SHOP.replace('COLUMNS = "paid"', 'COLUMNS = "paid, colour"')
    .replace("values (1)", "values (1, 'red')")
    .replace("<p>{count} orders</p>", SHOWN)
)
BROKEN = RIGHT.replace("values (1, 'red')", "values (1)")
CONFTEST = """
from tests.arranging import paid_orders
from tests.e2e.steps import show_slowly


def pytest_chimera_steps():
    return {"{count} paid orders exist": paid_orders, "I show them by the button {name}": show_slowly}
"""
ARRANGING = """
from shop import order


def paid_orders(count: int) -> None:
    print("arranging", count)
    for _ in range(count):
        order()
"""
STEPS = """
from playwright.sync_api import Page


def show_slowly(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).dblclick()
"""
FEATURE = '''
import pytest


@pytest.mark.feature("The paid orders are shown")
def test_paid_orders():
    """
    Given 3 paid orders exist
    When I show them by the button "Show"
    Then I should see "3 orders are paid"
    """
'''


@pytest.fixture
def shop(app: App) -> App:
    """A shop without the feature; the steps are not committed yet."""
    (app.path / "tests" / "features" / "test_greeting.py").unlink()
    (app.path / "page.py").unlink()
    app.write(server=SERVER, shop=SHOP)
    for folder in ("tests", "tests/e2e"):
        (app.path / folder).mkdir(exist_ok=True)
        (app.path / folder / "__init__.py").touch()
    app.commit("A shop")
    app.write(conftest=CONFTEST, tests__arranging=ARRANGING, tests__e2e__steps=STEPS)
    app.write(tests__features__test_orders=FEATURE)
    return app


def configure(app: App, *contents: str) -> None:
    for number, content in enumerate(contents, start=1):
        folder = app.recorded / str(number)
        folder.mkdir(parents=True)
        (folder / "shop.py").write_text(content)
    app.config(f"chimera_coder = replay:{app.recorded}", "chimera_env = SHOP={data_dir}/shop.db")


@pytest.mark.browser
def test_the_functions_are_called_as_they_were_sealed_with_the_candidates_own_tables(shop: App) -> None:
    configure(shop, BROKEN, RIGHT)
    result = shop.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*red on*missing element: When I show them*", "*test_paid_orders*complete*2*chimera/test-paid-orders*"]
    )
    vault = shop.path / ".chimera" / "test-paid-orders" / "generation-1"
    brief = json.loads((vault / "attempt-2" / "brief.json").read_text())
    assert "'3 paid orders exist' (paid_orders(count=3)) fails on the candidate" in brief["rejected"][0]["reason"]
    assert "OperationalError" in brief["rejected"][0]["reason"]
    assert {"tests/arranging.py", "tests/e2e/steps.py"} <= set(brief["protected"])
    arranged = [path.parent.name for path in vault.rglob("arranging.log")]
    assert {"red", "validation-1", "validation-2", "variation-1"} <= set(arranged)
    source = shop.git("show", "chimera/test-paid-orders:tests/e2e/test_paid_orders.py")
    assert "from .steps import show_slowly" in source


ORDINARY = """
from urllib.request import urlopen

import pytest


def said(base_url):
    return urlopen(base_url).read().decode()


@pytest.mark.chimera_arrange("tests/arranging.py::paid_orders", count=3)
def test_three(base_url):
    assert "3 orders" in said(base_url)


@pytest.mark.chimera_arrange("tests/arranging.py::paid_orders", count=1)
@pytest.mark.chimera_arrange("tests/arranging.py::paid_orders", count=1)
def test_two(base_url):
    assert "2 orders" in said(base_url)


@pytest.mark.chimera_arrange("tests/arranging.py::paid_orders", count="many")
def test_fails(base_url):
    pass
"""


def test_in_an_ordinary_run_each_test_has_its_own_things_arranged(shop: App) -> None:
    configure(shop)
    shop.write(tests__e2e__test_orders=ORDINARY)
    result = shop.run("tests/e2e")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*could not be arranged: paid_orders(count='many'): TypeError*"])


def test_in_an_ordinary_run_nothing_is_arranged_elsewhere(shop: App) -> None:
    configure(shop)
    shop.write(tests__e2e__test_orders=ORDINARY)
    result = shop.run("tests/e2e", "--base-url=http://127.0.0.1:9", "-rs")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["*run it without --base-url*"])


LETTERS = """
from pathlib import Path


def letters(count: int) -> None:
    # it brings the post
    Path("letters.txt").write_text("letter" * count)


def pytest_chimera_steps():
    return {"{count} letters came": letters}
"""


@pytest.fixture
def post(quick: QuickApp) -> QuickApp:
    """The greeter, which needs existing letters."""
    path = quick.path / "tests" / "features" / "test_greeting.py"
    path.write_text(path.read_text().replace("    When", "    Given 2 letters came\n    When", 1))
    quick.write(conftest=LETTERS)
    quick.coder(RIGHT_GREETER)
    return quick


def test_a_function_that_fails_on_the_base_is_the_persons_to_mend(post: QuickApp) -> None:
    post.write(conftest=LETTERS.replace("Path(", "raise ValueError('no post') or Path("))
    result = post.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*The arranging step '2 letters came' (letters(count=2)) fails on the base: ValueError: no post",
            "*conftest.py:7*",
        ]
    )
    result.stdout.no_fnmatch_line("*implement*")


def test_a_changed_function_is_a_changed_scenario_and_a_comment_is_not(post: QuickApp) -> None:
    post.chimera().assert_outcomes(passed=1)
    post.write(conftest=LETTERS.replace("the post", "some post"))
    post.chimera().stdout.no_fnmatch_line("*new generation*")
    post.write(conftest=LETTERS.replace('"letter" * count', '"card" * count'))
    post.chimera("--chimera-until=red").stdout.fnmatch_lines(["*the scenario has changed: starting a new generation*"])


def test_a_coder_that_changes_a_function_is_refused(post: QuickApp) -> None:
    (post.recorded / "1" / "conftest.py").write_text(LETTERS.replace("* count", ""))
    (post.recorded / "2").mkdir()
    (post.recorded / "2" / "page.py").write_text(RIGHT_GREETER.replace("Greeter", "The greeter"))
    result = post.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*✗ review*conftest.py is a protected path*", "*✓ review 2*"])


def test_the_dry_run_names_the_functions(shop: App) -> None:
    configure(shop)
    result = shop.chimera("--chimera-dry-run")
    result.stdout.fnmatch_lines(
        [
            "*Given 3 paid orders exist*arranged before the browser starts: paid_orders(count=3), tests/arranging.py",
            "*When*I show them by the button*show_slowly(page, name='Show'), tests/e2e/steps.py",
        ]
    )


def test_a_function_that_no_test_could_import_fails_the_features_and_names_the_remedy(shop: App) -> None:
    configure(shop)
    path = shop.path / "conftest.py"
    path.write_text(path.read_text().replace("tests.e2e.steps", "tests.steps"))
    shop.write(tests__steps=STEPS)
    result = shop.chimera("--chimera-dry-run")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*cannot import show_slowly*", "*tests/steps.py:*", "*move it to tests/e2e/steps.py*"])
