"""What a generated test holds besides Playwright's own calls: how rows are expected of a table or a list.

Everything below the imports is written into each test that needs it, so that the test stands by itself. It is laid out
for the width of generated tests.
"""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, expect

# -- rows: Playwright has no expectation of them

TABLES = r"""place => {
  const ROW = "tr, [role=row]", TABLE = "table, [role=table], [role=grid], [role=treegrid]";
  const CELL = "td, th, " + ["cell", "gridcell", "rowheader", "columnheader"]
    .map(role => `[role=${role}]`).join();
  const HEAD = "th:not([scope=row]), thead td, [role=columnheader]";
  const ITEM = "li, article, [role=listitem], [role=option], [role=article]";
  const shown = all => [...all].filter(e => e.checkVisibility({visibilityProperty: true}));
  const plain = text => text.replace(/[\u00ad\u200b]/g, "").replace(/\s+/g, " ").trim();
  const texts = e => {  // what is seen, and how it is written: a style may change its case
    const seen = plain(e.innerText), written = plain(e.textContent);
    const letters = text => text.toLowerCase().replace(/\s/g, "");
    return letters(written) === letters(seen) ? [seen, written] : [seen];
  };
  const grouped = (all, key) => {
    const groups = new Map();
    for (const e of all) groups.set(key(e), [...(groups.get(key(e)) ?? []), e]);
    return [...groups.values()];
  };
  const grid = rows => {
    const lines = rows.map(() => []);
    rows.forEach((row, y) => {
      let x = 0;
      for (const cell of shown(row.querySelectorAll(CELL))) {
        if (cell.closest(ROW) !== row) continue;
        while (lines[y][x]) x++;
        for (let down = 0; down < (cell.rowSpan || 1) && lines[y + down]; down++)
          for (let right = 0; right < (cell.colSpan || 1); right++)
            lines[y + down][x + right] = {texts: texts(cell), head: cell.matches(HEAD)};
      }
    });
    const full = lines.map(line => Array.from(line, cell => cell ?? {texts: [""]}));
    const isHead = line => line.some(cell => cell.head)
      && line.every(cell => cell.head || !cell.texts[0]);
    const cells = line => line.map(cell => cell.texts);
    return {
      heads: full.filter(isHead).map(cells),
      rows: full.filter(line => line.length && !isHead(line)).map(cells),
    };
  };
  const rows = grouped(place.querySelectorAll(ROW), row => row.closest(TABLE));
  const items = grouped(shown(place.querySelectorAll(ITEM)), item => item.parentElement);
  return [
    ...rows.map(grid),
    ...items.map(all => ({heads: [], items: true, rows: all.map(item => [texts(item)])})),
  ];
}"""


def expect_rows(
    place: Locator,
    rows: list[list[str]],
    *,
    exact: bool = False,
    ordered: bool = False,
    absent: bool = False,
) -> None:
    """The rows are rows of one table in the place, cell by cell, or items of one list.

    A first row of the table's own headings says which columns are meant; without one
    the cells are the first of their row. It is waited for as by any expectation.
    """
    __tracebackhide__ = True
    expect(place).to_be_visible()
    wrong = ""
    for _ in range(50):
        seen = place.inner_text()
        wrong = wrong_rows(place.evaluate(TABLES), rows, exact, ordered, absent)
        if not wrong:
            return
        try:
            expect(place).not_to_have_text(seen, use_inner_text=True)
        except AssertionError:
            break
    raise AssertionError(wrong)


def wrong_rows(
    tables: list[dict[str, Any]],
    rows: list[list[str]],
    exact: bool,
    ordered: bool,
    absent: bool,
) -> str:
    """What is wrong with the rows of all tables and lists; empty when nothing is."""
    found = [(table, *missing_rows(table, rows, ordered)) for table in tables]
    if absent:
        there = [row for _, all_, lacks in found for row in all_ if row not in lacks]
        return f"These rows are there:\n{told(there)}" if there else ""
    all_of_them = (len(table["rows"]) == len(wanted) for table, wanted, _ in found)
    for (_, _, lacks), whole in zip(found, all_of_them, strict=True):
        if not lacks and (whole or not exact):
            return ""
    lacks = min((lacks for *_, lacks in found), key=len, default=rows) or rows
    how = " and no others" * exact + " in this order" * ordered
    shown = [[cell[0] for cell in row] for table in tables for row in table["rows"]]
    missing = f"No table or list has the rows{how}:\n{told(lacks)}"
    return f"{missing}\nThere is:\n{told(shown)}"


def missing_rows(
    table: dict[str, Any],
    rows: list[list[str]],
    ordered: bool,
) -> tuple[list[list[str]], list[list[str]]]:
    """The rows without their headings, and those that the table lacks."""
    columns: list[int] = []
    for head in table["heads"]:
        at = [[name in cell for cell in head] for name in rows[0]]
        if not columns and all(map(any, at)):
            again = [rows[0][:place].count(name) for place, name in enumerate(rows[0])]
            places = [[n for n, fits in enumerate(each) if fits] for each in at]
            columns = [found[min(n, len(found) - 1)] for found, n in zip(places, again, strict=True)]
    wanted, left, lacks = rows[1:] if columns else rows, table["rows"], []
    for row in wanted:
        fits = [has_cells(own, row, columns, "items" in table) for own in left]
        if True not in fits:
            lacks.append(row)
            continue
        at_row = fits.index(True)
        left = left[at_row + 1 :] if ordered else left[:at_row] + left[at_row + 1 :]
    return wanted, lacks


def has_cells(
    own: list[list[str]],
    row: list[str],
    columns: list[int],
    item: bool,
) -> bool:
    """Whether a row has the cells; an item of a list has their texts one after another."""
    if item:
        word = r"(?<!\w)(?<!\d[.,]){}(?!\w)(?![.,]\d)"
        pattern = ".*?".join(word.format(re.escape(text)) for text in row if text)
        return any(re.search(pattern, text) for text in own[0])
    if not columns and len(row) == 1:
        return any(row[0] in cell for cell in own)
    places = columns or range(len(row))
    cells = [own[place] if place < len(own) else [""] for place in places]
    return all(text in cell for text, cell in zip(row, cells, strict=True))


def told(rows: list[list[str]]) -> str:
    """Rows as they are written in a step."""
    return "\n".join(f"  | {' | '.join(row)} |" for row in rows) or "  nothing"
