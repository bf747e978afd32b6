"""Generates the reference of the language from its tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_chimera.errors import ScenarioError
from pytest_chimera.scenario.language.given_conditions import CONDITIONS, expectation_for
from pytest_chimera.scenario.language.sentences import SENTENCES
from pytest_chimera.scenario.language.words.lexer import tokenize
from pytest_chimera.scenario.language.words.patterns import Element, Slot, Word, compile_pattern
from pytest_chimera.scenario.language.words.roles import ROLES
from pytest_chimera.scenario.language.words.vocabulary import ACTORS, KEYS, NOT_ON_PAGE, ORDINALS
from pytest_chimera.scenario.language.words.wordings import WORDINGS, Wording
from pytest_chimera.scenario.parser import ScenarioParser
from pytest_chimera.scenario.rendering.idioms.intents import INTENTS
from pytest_chimera.scenario.understanding.step_reader import MOST_TIMES

_SAMPLES = {
    "target": '"Save" button', "named": '"Save" button', "control": '"Save" button',
    "field": '"Name" field', "fillable": '"Name" field', "fieldlike": '"Name" field', "label": "name",
    "select": '"Colour" dropdown', "dropdown": '"Colour" dropdown', "checkbox": '"Terms" checkbox',
    "checkbox-role": '"Terms" checkbox', "choice": '"Red" radio button', "form": '"Sign-up" form',
    "menu": '"File" menu', "closable": '"Settings" dialog', "opener": '"File" menu', "file": '"Avatar" field',
    "message": "error message", "place": '"Cart" region', "page": '"/cart"', "openable": '"/cart"', "site": "cart page",
    "dialog": "alert", "native": "alert box", "value": '"Milk"', "texts": '"Milk"',
    "literal": '"Milk"', "url": '"/cart"', "pattern": "/M.lk/", "name": '"href"',
    "shown": "Milk", "files": '"a.png"', "filenames": '"a.png"', "number": "2", "times": "twice", "nth": "2nd",
    "count": "2 items", "pixels": "100px", "duration": "2 seconds", "keys": "Enter",
}  # fmt: skip
_BARE = frozenset({"label", "page", "openable", "value", "texts", "literal", "url", "pattern", "name", "shown"})
"""Types whose words take no article, such as numbers, files and keys."""
_COUNTED = frozenset({"files", "filenames", "number", "times", "nth", "count", "pixels", "duration", "keys"})
_SUBJECTS = {
    "page": "the page", "page-expected": "the cart page", "browser": "the browser", "url": "the URL",
    "title": "the title",
    "dialog": "the alert box", "field": 'the "Name" field', "focus": "the focus", "number": "the number of items",
    "attribute": 'the attribute "href" of the "Help" link', "counted": "2 items", "task": "the first task",
    "holds-items": 'the list "Todos"', "closable": 'the "Settings" dialog', "place": 'the list "Todos"',
    "expandable": 'the "Menu" button', "quoted": '"Milk"', "fillable": 'the "Name" field',
}  # fmt: skip

_REPEATED = f"An action can be repeated 1 to {MOST_TIMES} times; a step with another number is refused."

_NOTES = {
    "click": _REPEATED,
    "press": _REPEATED,
    "table": """\
The rows below the step are rows of a table on the page: a `table`, or an element with the role `table` or `grid`. All
of them must be in the same table. The cells of one row of the step must be in one row of the table. A cell matches the
entire text of a cell, apart from white space.

- If the first row contains headings of the table, it selects the columns, in any order; the table may have other
  columns. Without headings, the cells are the first ones of their row; a single cell may be any cell of its row.
- Each row must occur as many times as it is listed, among other rows and in any order. With `exactly`, there must be no
  other rows, and the order must be that of the step; with `in this order`, only the order matters. With `not`, none of
  the rows may occur.
- A cell that spans several rows or columns counts in each of them.
- In a list, or among articles, a row of several texts is one item that contains them one after another, each as whole
  words. In a column of single texts, each text is expected separately; for "the list … with", they are all the items,
  in their order.

```gherkin
Then the "Cart" table should contain the following rows:
  | Name | Price |
  | Milk | 2     |
```""",
}

_HEAD = """# The language

This page is generated from the tables of the grammar: `wordings.py`, `intents.py`, `vocabulary.py`, `sentences.py`.

A step has a subject (I, the user, a named person, or none), a verb, an element with its role, a value and a negation.
In the wordings below, a word in brackets is optional, `a|b` means one of several words, and `{slot}` stands for your
own words. You can use any form of a verb. Write names in quotes (double, single or curly) or as plain words; `<name>`
is a placeholder of a scenario outline.
"""


def reference() -> str:
    """The entire page, as Markdown."""
    parts = [
        _HEAD,
        "## Intents\n",
        *_intents(),
        "## Roles\n",
        *_roles(),
        "## Sentences\n",
        *_sentences(),
        *_conditions(),
        *_words(),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _intents() -> Iterator[str]:
    for name, intent in INTENTS.items():
        rows = [row for row in WORDINGS if row.intent == name]
        if not rows:
            continue
        yield f"### {name}\n"
        yield f"Kind: `{intent.kind}`" + (f"; negated: `{intent.negated}`" if intent.negated else "") + "\n"
        if name in _NOTES:
            yield f"{_NOTES[name]}\n"
        yield from (f"- `{_pattern(row)}`" for row in rows)
        yield from _example(rows)


def _pattern(row: Wording) -> str:
    before = {"do": "", "see": "(I should) ", "be": "(the thing) should "}[row.form]
    return before + row.pattern.replace("_", " ")


def _example(rows: list[Wording]) -> Iterator[str]:
    """Yield the first row that results in a sentence, with its code."""
    for row in rows:
        if "{table}" in row.pattern and row.intent in _NOTES:
            continue
        text = example_of(row)
        try:
            step = ScenarioParser().parse_step(text, "When" if row.form == "do" else "Then")
        except ScenarioError:
            continue
        if step.code:
            code = "\n".join(step.code)
            yield f"\n{text}\n\n```python\n{code}\n```\n"
            return
    yield ""


def example_of(row: Wording) -> str:
    """Return the simplest sentence of a row."""
    words = " ".join(_spoken(compile_pattern(row.pattern)))
    if row.form == "be":
        subject = _SUBJECTS.get(row.of, 'the "Save" button')
        return f"{subject} should {words}"
    return f"I should {words}" if row.form == "see" else f"I {words}"


def _spoken(elements: tuple[Element, ...]) -> Iterator[str]:
    for place, element in enumerate(elements):
        if isinstance(element, Word) and not element.optional:
            yield " ".join(element.phrases[-1] if len(element.phrases[0]) > 1 else element.phrases[0])
        elif isinstance(element, Slot) and element.type in _SAMPLES:
            article = "the " if element.type not in _BARE | _COUNTED and not _has_article(elements[:place]) else ""
            yield article + _SAMPLES[element.type]


def _has_article(before: tuple[Element, ...]) -> bool:
    last = before[-1] if before else None
    return isinstance(last, Word) and not last.optional and last.phrases[0] == ("the",)


def _roles() -> Iterator[str]:
    yield "| words | ARIA role | found by |\n|---|---|---|"
    for role in ROLES.values():
        aria = ", ".join(f"`{name}`" for name in role.aria) or "any"
        yield f"| {', '.join(role.words)} | {aria} | {', '.join(role.ways)} |"
    yield ""


def _sentences() -> Iterator[str]:
    yield "In a scenario, each of these sentences stands for several steps. They are shown as an interpretation.\n"
    for sentence in SENTENCES:
        steps = "; ".join(f"`{step}`" for step in sentence.steps)
        yield f"- `{re.sub('_', ' ', sentence.pattern)}`: {steps}"
    yield ""


def _conditions() -> Iterator[str]:
    yield "## Conditions\n"
    yield "In a scenario, a Given can state a condition. The condition must hold, and is shown as an interpretation:"
    yield "nothing makes it true, unless the glossary or a function defines the step.\n"
    for condition in CONDITIONS:
        expectation = expectation_for(tokenize(condition.example))
        yield f"- `Given {condition.example}`: `{expectation}`"
    yield ""


def _words() -> Iterator[str]:
    yield "## Other words\n"
    yield f"- Subjects: {', '.join(sorted(ACTORS))}; or a person's name before a verb."
    yield f"- Ordinals: {', '.join(ORDINALS)}, 1st, 2nd, 3rd …"
    yield f"- Keys: {', '.join(KEYS)}; single characters; chords with `+`."
    yield f"- Never on a page, so a step about them is an error: {', '.join(sorted(NOT_ON_PAGE))}."


if __name__ == "__main__":
    print(reference(), end="")
