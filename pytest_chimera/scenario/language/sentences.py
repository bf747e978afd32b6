"""Sentence patterns: single sentences → the steps that they imply.

They are used for complete scenarios only, never for a single step, and their result is shown as an interpretation. To
add a pattern, add a row.
"""

# ruff: noqa: E501, RUF001  (a row is one line; many delete buttons show a multiplication sign)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_chimera.scenario.language.framing import said
from pytest_chimera.scenario.language.phrases.slots import read_slot
from pytest_chimera.scenario.language.words.lexer import Tokens, phrase, quote_literal
from pytest_chimera.scenario.language.words.patterns import first_words, match
from pytest_chimera.scenario.language.words.readings import Setting

LOG_IN = r"/^\W*(log|sign)[ -]?(in|on)\W*$/"
LOG_OUT = r"/(log|sign)[ -]?(out|off)/"
SIGN_UP = r"/(sign[ -]?up|register|create (an )?account)/"
USER = r"/user ?name|e-?mail|login|user/"
DELETE = r"/delete|remove|×/"
EDIT = r"/edit|rename|change/"
SORT = r"/sort|order/"
SEARCH = r"/search|find/"


@dataclass(frozen=True)
class Sentence:
    """A pattern, its steps, and the visible signs of its success.

    :param expects: the sentence says what should have happened.
    :param outcome: the expectations that make it a complete scenario if there are no other steps.
    """

    pattern: str
    steps: tuple[str, ...]
    outcome: tuple[str, ...] = ()
    expects: bool = False


def _row(pattern: str, steps: str, outcome: str = "", *, expects: bool = False) -> Sentence:
    return Sentence(pattern, _lines(steps), _lines(outcome), expects)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines() if line.strip())


_CREDENTIALS = f"""
    I fill the field matching {USER} with {{user}}
    I fill "Password" with {{password}}
    """
_NAMED = "[called|named|titled|labelled|with_text|with_title|with_name|with_the_text|with_the_title|:]"
_LOGGED_IN = f"I should not see the button matching {LOG_IN}"

SENTENCES: tuple[Sentence, ...] = (
    _row(
        "log|sign in|on|into [to] [the] [app|application|site|website|system] [with|using|as] [the] [valid] [username|user|email|e-mail|login|name|user_name] {user:value} and [with|the] [password] {password:value}",
        f"{_CREDENTIALS}\nI click the button matching {LOG_IN}",
        _LOGGED_IN,
    ),
    _row("log|sign in|on as {user:value} with [the] [password] {password:value}", f"{_CREDENTIALS}\nI click the button matching {LOG_IN}", _LOGGED_IN),
    _row("login [with|using|as] [the] [username|user|email|login|name] {user:value} and|with [with|the] [password] {password:value}", f"{_CREDENTIALS}\nI click the button matching {LOG_IN}", _LOGGED_IN),
    _row("log|sign out|off [of] [the] [app|application|site|system]", f"I click the control matching {LOG_OUT}", f"I should not see the control matching {LOG_OUT}"),
    _row("logout [of|from] [the] [app|application|site|system]", f"I click the control matching {LOG_OUT}", f"I should not see the control matching {LOG_OUT}"),
    _row("sign|register [up] [with|using|as] [the] [username|user|email|e-mail|name] {user:value} and|with [with|the] [password] {password:value}", f"{_CREDENTIALS}\nI click the button matching {SIGN_UP}", f"I should not see the button matching {SIGN_UP}"),
    _row("login|log|sign [in|on] [successfully]", _LOGGED_IN, expects=True),
    _row("be logged|signed in", _LOGGED_IN, expects=True),
    _row("be logged|signed out|off", f"I should not see the control matching {LOG_OUT}", expects=True),
    _row("search|look for [the] [word|words|term|text|phrase|product|item] {value}", f"I fill the field matching {SEARCH} with {{value}}\nI press Enter", "I should see {value}"),
    _row(f"add|create|enter|post|save [a|an|the|another] [new] {{noun}} {_NAMED} {{value}}", "I fill the text field with {value}\nI press Enter", "I should see {value}"),
    _row(f"have added|created [a|an|the|another] [new] {{noun}} {_NAMED} {{value}}", "I fill the text field with {value}\nI press Enter", "I should see {value}"),
    _row(f"delete|remove [a|an|the] {{noun}} {_NAMED} {{value}}", f"within the item {{value}} I click the button matching {DELETE}", "I should not see {value}"),
    _row("delete|remove {value}", f"within the item {{value}} I click the button matching {DELETE}", "I should not see {value}"),
    _row(f"edit|rename|change|update [a|an|the] {{noun}} {_NAMED} {{value}} to {{text:value}}", f'within the item {{value}} I click the button matching {EDIT}\nI enter {{text}}\nI press Enter', "I should see {text}"),
    _row(f"complete|finish [a|an|the] {{noun}} {_NAMED} {{value}}", "I check the checkbox in the item {value}", "the checkbox in the item {value} should be checked"),
    _row(f"mark|set [a|an|the] {{noun}} {_NAMED} {{value}} as complete|completed|done|finished", "I check the checkbox in the item {value}", "the checkbox in the item {value} should be checked"),
    _row("mark|set {item} as complete|completed|done|finished", "I check the checkbox in {item}", "the checkbox in {item} should be checked"),
    _row("complete|finish {item}", "I check the checkbox in {item}", "the checkbox in {item} should be checked"),
    _row("mark|set {item} as incomplete|open|undone|active|not_done", "I uncheck the checkbox in {item}", "the checkbox in {item} should not be checked"),
    _row("be marked as complete|completed|done|finished", "the checkbox in {subject} should be checked", expects=True),
    _row("be marked as incomplete|open|undone|not_done", "the checkbox in {subject} should not be checked", expects=True),
    _row("filter [the] [list|todos|items|tasks|results] by|as|for {value}", "I click {value}"),
    _row("filter [the] [list|todos|items|tasks|results] by|as|for {plain} [items|todos|tasks|results|entries]", "I click {plain}"),
    _row("sort|order [the] [list|products|items|results|table] by|as {value}", f"I select {{value}} from the dropdown matching {SORT}"),
)  # fmt: skip
"""All sentence patterns."""


def steps_for(tokens: Tokens, setting: Setting) -> Sentence | None:
    """Return the pattern that a sentence matches, with its words filled in; ``None`` if there is none."""
    for subject, rest, expects in said(tokens, setting):
        for row in SENTENCES:
            about_subject = any("{subject}" in step for step in row.steps)
            if row.expects != expects or about_subject != bool(subject) or rest[0].low not in first_words(row.pattern):
                continue
            found = match(row.pattern, rest, read_slot)
            if found is not None:
                slots = {**found.slots, "subject": phrase(subject)}
                return Sentence(row.pattern, _filled(row.steps, slots), _filled(row.outcome, slots), expects)
    return None


def _filled(lines: tuple[str, ...], slots: Mapping[str, object]) -> tuple[str, ...]:
    filled = []
    for line in lines:
        for name, value in slots.items():
            written = str(value) if name in {"item", "subject"} else quote_literal(str(value))
            line = line.replace(f"{{{name}}}", written)
        filled.append(line)
    return tuple(filled)
