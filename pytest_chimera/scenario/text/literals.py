"""Python literals for texts."""

from __future__ import annotations

import unicodedata

WIDTH = 88


def quote(text: str) -> str:
    r"""Return ``text`` as a Python literal: in double quotes unless single ones avoid escapes."""
    body = repr(text)
    inner = body[1:-1]
    if body[0] == '"':
        return body
    if text.count('"') > text.count("'"):
        return body
    return '"' + inner.replace("\\'", "'").replace('"', '\\"') + '"'


def width(text: str) -> int:
    """Return the number of columns of a text: wide characters count two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def raw(pattern: str) -> str:
    """Return a regular expression as a Python literal, raw if possible."""
    if '"' in pattern or "\n" in pattern or pattern.endswith("\\") or not pattern.isprintable():
        return quote(pattern)
    return f'r"{pattern}"' if "\\" in pattern else f'"{pattern}"'
