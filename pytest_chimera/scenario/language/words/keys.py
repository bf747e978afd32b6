"""Keys and key combinations, as in Playwright."""

from __future__ import annotations

import re

from pytest_chimera.scenario.language.words.lexer import Tokens
from pytest_chimera.scenario.language.words.vocabulary import KEYS, MODIFIERS

_CHORD = re.compile(r"\s*\+\s*|(?<=\w)-(?=\w)")


def read_keys(tokens: Tokens) -> str | None:
    """Return a key or a combination as Playwright writes it: "Enter", "ctrl+a", "{up}", "Shift and Tab"."""
    if len(tokens) == 1 and tokens[0].quoted:
        written = tokens[0].text
        key = chord_of(written)
        unclear = written.strip("{}").lower() in _LABELS and not written.startswith("{")
        return None if unclear else key
    text = " ".join("+" if token.low == "and" else token.text for token in tokens if token.kind != "literal")
    return chord_of(text) if len(text.split()) == len(tokens) else None


_LABELS = frozenset(
    [
        "delete",
        "del",
        "insert",
        "home",
        "end",
        "up",
        "down",
        "left",
        "right",
        "space",
        "option",
        "control",
        "command",
        "return",
        "shift",
        "a",
    ]
)


def chord_of(text: str) -> str | None:
    """Return a key combination as Playwright writes it, modifiers first; ``None`` if ``text`` is not one."""
    text = text.strip().strip("{}<>")
    whole = KEYS.get(text.lower())
    if whole:
        return whole
    parts = [part.strip() for part in _CHORD.split(text)]
    if len(parts) < 2 or not all(parts):
        return None
    keys = [KEYS.get(part.lower()) or (part.lower() if len(part) == 1 else "") for part in parts]
    return "+".join(keys) if all(keys) and set(keys[:-1]) <= MODIFIERS else None
