"""Questions to a page that it can neither notice nor answer: they run in a world of Playwright's own beside it.

A selector engine whose script is a content script sees the page's elements and none of its JavaScript objects. What it
answers is the text of an element that it makes and lays nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from playwright.sync_api import Error, Locator, Page, Selectors

from pytest_chimera.judge.rivals import RIVALS
from pytest_chimera.judge.settling import STILLNESS
from pytest_chimera.judge.visibility import EYE

ENGINE = "chimera"
_FUNCTIONS: Mapping[str, str] = {"stillness": STILLNESS, "eye": EYE, "rivals": RIVALS}
_SCRIPT = """(() => {
  const functions = {FUNCTIONS};
  const answer = (root, body) => {
    const [name, argument] = JSON.parse(decodeURIComponent(body));
    const made = document.createElement("i");
    made.textContent = JSON.stringify(functions[name](root, argument) ?? null);
    return made;
  };
  return { query: answer, queryAll: (root, body) => [answer(root, body)] };
})()"""


def teach(selectors: Selectors) -> None:
    """Let a browser's pages be asked; once is enough for one Playwright."""
    functions = ", ".join(f"{name}: {source}" for name, source in _FUNCTIONS.items())
    with suppress(Error):  # it has been taught already
        selectors.register(ENGINE, script=_SCRIPT.replace("FUNCTIONS", functions), content_script=True)


def ask(place: Page | Locator, name: str, argument: object, limit: float) -> Any:
    """What a function answers of an element, or of the document where a page is asked.

    :param limit: seconds that are waited for the element.
    :raises Error: there is no such element, or more than one.
    """
    answer = place.locator(f"{ENGINE}={_written([name, argument])}").text_content(timeout=limit * 1000)
    return json.loads(answer or "null")


def _written(value: object) -> str:
    """JSON in which nothing can be taken for a part of a selector."""
    return "".join(each if each.isalnum() and each.isascii() else _escaped(each) for each in json.dumps(value))


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
