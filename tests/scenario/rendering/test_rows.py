"""Rows of tables and lists in a real Chromium: the cells of a row are expected together."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from pytest_chimera.models import Feature
from pytest_chimera.scenario import TestGenerator
from tests.scenario.test_in_browser import Serve, browser, play, serve

__all__ = ["browser", "serve"]

HEAD = "<tr><th>Name<th>Price<th>Stock"
MILK, BREAD, MORE = "<tr><td>Milk<td>2<td>10", "<tr><td>Bread<td>3<td>20", "<tr><td>Eggs<td>4<td>30"
STEPS = 'Given I open "/"\nThen {said}:\n{rows}'
FOLLOWING = "I should see a table with the following rows"
NAMED = (("Name", "Price"), ("Milk", "2"), ("Bread", "3"))
BARE = NAMED[1:]


def steps(rows: tuple[tuple[str, ...], ...], said: str = FOLLOWING) -> str:
    return STEPS.format(said=said, rows="\n".join(f"  | {' | '.join(row)} |" for row in rows))


def table(*rows: str, around: str = "table") -> str:
    return f"<h1>Shop</h1><{around}>{''.join(rows)}</{around}>"


def aria(*rows: tuple[str, ...]) -> str:
    head, *others = rows
    first = "".join(f"<span role=columnheader>{text}</span>" for text in head)
    lines = ("".join(f"<span role=gridcell>{text}</span>" for text in row) for row in others)
    return f"<div role=grid>{''.join(f'<div role=row>{line}</div>' for line in (first, *lines))}</div>"


RIGHT = {
    "headings and rows": (table(HEAD, MILK, BREAD), NAMED),
    "rows without headings": (table(HEAD, MILK, BREAD), BARE),
    "another order of rows": (table(HEAD, BREAD, MORE, MILK), NAMED),
    "another order of columns": (table(HEAD, MILK, BREAD), (("Price", "Name"), ("2", "Milk"), ("3", "Bread"))),
    "columns apart": (table(HEAD, MILK, BREAD), (("Stock", "Name"), ("10", "Milk"))),
    "no headings on the page": (table(MILK, BREAD), BARE),
    "first row of plain cells": (table("<tr><td>Name<td>Price", MILK, BREAD), NAMED),
    "an empty corner and names of rows": (
        table("<tr><td><th>2024<th>2025", "<tr><th scope=row>Milk<td>1<td>2"),
        (("2025",), ("2",)),
    ),
    "a cell over two rows": (
        table("<tr><th>Kind<th>Name", "<tr><td rowspan=2>Dairy<td>Milk", "<tr><td>Butter"),
        (("Kind", "Name"), ("Dairy", "Milk"), ("Dairy", "Butter")),
    ),
    "a cell over two columns": (table("<tr><td colspan=2>All<td>5"), (("All", "All", "5"),)),
    "two columns of one name": (table("<tr><th>N<th>N", "<tr><td>1<td>A"), (("N", "N"), ("1", "A"))),
    "a soft hyphen": (table(HEAD, "<tr><td>Butter&shy;milk<td>2<td>1"), (("Buttermilk", "2"),)),
    "the same row twice": (table(HEAD, MILK, MILK), (("Milk", "2"), ("Milk", "2"))),
    "blanks and links in a cell": (table(HEAD, "<tr><td> <a href=#>Oat\n  milk</a> <td>2<td>1"), (("Oat milk", "2"),)),
    "headings in capitals by style": (
        "<style>th{text-transform:uppercase}</style>" + table(HEAD, MILK),
        (("Name", "Price"), ("Milk", "2")),
    ),
    "a column without a heading before": (
        table("<tr><th><th>Name", "<tr><td><input type=checkbox><td>Milk"),
        (("Name",), ("Milk",)),
    ),
    "one column anywhere": (table(HEAD, MILK, BREAD), (("2",), ("3",))),
}
WRONG = {
    "prices swapped": (table(HEAD, MILK.replace("2", "3"), BREAD.replace("3", "2")), NAMED),
    "prices swapped without headings": (table(MILK.replace("2", "3"), BREAD.replace("3", "2")), BARE),
    "cells swapped in a row": (table(MILK, BREAD), (("2", "Milk"),)),
    "a heading that is not there": (table(HEAD, MILK, BREAD), (("Name", "Cost"), ("Milk", "2"))),
    "headings swapped": (table("<tr><th>Price<th>Name", MILK, BREAD), NAMED),
    "a column more before": (table("<tr><td>x<td>Milk<td>2"), (("Milk", "2"),)),
    "part of a cell": (table(HEAD, MILK.replace("Milk", "Milkshake"), BREAD), NAMED),
    "a number with a longer one": (table(HEAD, MILK.replace("2", "20"), BREAD), NAMED),
    "the same row once": (table(HEAD, MILK), (("Milk", "2"), ("Milk", "2"))),
    "a hidden text": (table(HEAD, "<tr><td><span hidden>Milk</span><td>2<td>10", BREAD), NAMED),
    "a hidden end of a text": (table(HEAD, "<tr><td>Mi<span hidden>lk</span><td>2<td>10", BREAD), NAMED),
    "a hidden row": (table(HEAD, MILK.replace("<tr", "<tr style='display:none'"), BREAD), NAMED),
    "rows of two tables": (f"<main>{table(HEAD, MILK)}{table(HEAD, BREAD)}</main>", NAMED),
}
LISTS = {
    "each item has its own": ("<ul><li>Milk <b>2</b><li>Bread <b>3</b></ul>", True),
    "numbers swapped": ("<ul><li>Milk <b>3</b><li>Bread <b>2</b></ul>", False),
    "part of a number": ("<ul><li>Milk <b>20</b><li>Bread <b>3.5</b></ul>", False),
    "items apart": ("<ul><li>Milk<li>2<li>Bread<li>3</ul>", False),
    "articles": ("<div><article><h2>Milk</h2>2</article><article><h2>Bread</h2>3</article></div>", True),
}


@pytest.mark.browser
@pytest.mark.parametrize(("page", "rows"), RIGHT.values(), ids=RIGHT)
def test_right_rows_are_green(browser: Browser, serve: Serve, page: str, rows: tuple[tuple[str, ...], ...]) -> None:
    assert play(browser, serve(page), steps(rows)) == ""


@pytest.mark.browser
@pytest.mark.parametrize(("page", "rows"), WRONG.values(), ids=WRONG)
def test_wrong_rows_are_red(browser: Browser, serve: Serve, page: str, rows: tuple[tuple[str, ...], ...]) -> None:
    said = "I should see the following rows" if "<main>" in page else FOLLOWING
    assert "No table or list has the rows" in play(browser, serve(page), steps(rows, said), 0.8)


@pytest.mark.browser
@pytest.mark.parametrize(("page", "right"), LISTS.values(), ids=LISTS)
def test_texts_of_an_item_belong_together(browser: Browser, serve: Serve, page: str, right: bool) -> None:
    assert (play(browser, serve(page), steps(BARE, "I should see the following items"), 0.8) == "") is right


@pytest.mark.browser
def test_a_grid_of_roles_is_a_table(browser: Browser, serve: Serve) -> None:
    said = "the grid should contain the following rows"
    assert play(browser, serve(aria(*NAMED)), steps(NAMED, said)) == ""
    swapped = aria(NAMED[0], ("Milk", "3"), ("Bread", "2"))
    assert "| Milk | 2 |" in play(browser, serve(swapped), steps(NAMED, said), 0.8)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("said", "shown", "right"),
    [
        ("the table should contain the following rows in this order", (HEAD, MILK, MORE, BREAD), True),
        ("the table should contain the following rows in this order", (HEAD, BREAD, MILK), False),
        ("the table should contain exactly the following rows", (HEAD, MILK, BREAD), True),
        ("the table should contain exactly the following rows", (HEAD, BREAD, MILK), False),
        ("the table should contain exactly the following rows", (HEAD, MILK, BREAD, MORE), False),
        ("the table should not contain the following rows", (HEAD, MORE), True),
        ("the table should not contain the following rows", (HEAD, MORE, MILK.replace("2", "3")), True),
        ("the table should not contain the following rows", (HEAD, MORE, MILK), False),
    ],
)
def test_order_and_others_count_where_the_words_say_so(
    browser: Browser, serve: Serve, said: str, shown: tuple[str, ...], right: bool
) -> None:
    assert (play(browser, serve(table(*shown)), steps(NAMED, said), 0.8) == "") is right


@pytest.mark.browser
def test_rows_are_waited_for(browser: Browser, serve: Serve) -> None:
    later = "<script>setTimeout(() => document.querySelector('table').insertRow().innerHTML = '<td>Bread<td>3', 900)"
    page = table(HEAD, MILK) + later + "</script>"
    assert play(browser, serve(page), steps(NAMED), 3) == ""


@pytest.mark.browser
def test_the_message_shows_the_rows_that_are_missing_and_those_that_are_there(browser: Browser, serve: Serve) -> None:
    said = play(browser, serve(table(HEAD, MILK, BREAD.replace("3", "4"))), steps(NAMED), 0.8)
    assert said.splitlines() == [
        "No table or list has the rows:", "  | Bread | 3 |", "There is:", "  | Milk | 2 | 10 |", "  | Bread | 4 | 20 |"
    ]  # fmt: skip


@pytest.mark.browser
def test_the_rows_are_looked_for_where_the_words_say(browser: Browser, serve: Serve) -> None:
    page = f"<h2>Food</h2>{table(HEAD, MILK, BREAD)}<h2>Cart</h2>{table(HEAD, MORE)}"
    for said in (
        'the "{}" table should contain the following rows',
        'I should see the following rows in the "{}" table',
        'I should see the "{}" table with the following rows',
    ):
        assert play(browser, serve(page), steps(NAMED, said.format("Food"))) == ""
        assert play(browser, serve(page), steps(NAMED, said.format("Cart")), 0.8)


def test_only_a_test_that_needs_it_holds_the_helper() -> None:
    with_rows = TestGenerator().generate(Feature(id="t", description="T", text=steps(NAMED)))
    without = TestGenerator().generate(Feature(id="t", description="T", text='Then I should see "Milk"'))
    assert with_rows.source.count("def expect_rows(") == 1
    assert "expect_rows" not in without.source
