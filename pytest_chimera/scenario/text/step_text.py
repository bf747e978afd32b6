"""Reads written steps from a docstring's text: keywords, bullets, tables and doc strings, each with its line."""

# ruff: noqa: RUF001  (people begin bullets with dashes of all lengths)

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pytest_chimera.models import StepKeyword
from pytest_chimera.scenario.language.languages import canonical, language_of

Table = tuple[tuple[str, ...], ...]

_BULLET = re.compile(r"^(?:[-*•–+]|\(?\d{1,3}[.)]|\[[ xX]?\])\s+")
_KEYWORD = re.compile(r"^(given|when|then|and|but|\*)(?:\s*:)?\s+(?=\S)", re.IGNORECASE)
_CONTEXT = re.compile(
    r"^(?:as an? |as the |in order to |i want |i would like |so that |so i |i need |feature:|background:|scenario:)",
    re.IGNORECASE,
)
_DELIMITERS = ('"""', "'''", "```")
_STATED: dict[str, StepKeyword] = {"given": "Given", "when": "When", "then": "Then"}


@dataclass(frozen=True)
class WrittenStep:
    """A step as written in the text.

    :param keyword: Given, When or Then, once resolved; ``None`` if the text has none.
    :param said: the keyword as written: ``And``; empty for none.
    :param table: the rows below it; ``docstring``: the text between delimiters below it.
    :param language: the code of its language; empty if unspecified.
    :param alone: it was taken out of its text, so rows or a text below it may be missing.
    """

    text: str
    keyword: StepKeyword | None = None
    said: str = ""
    line: int = 0
    table: Table = ()
    docstring: str | None = None
    language: str = ""
    alone: bool = False


def read_steps(text: str, first_line: int = 1, language: str = "") -> tuple[WrittenStep, ...]:
    """Return the steps of a text in plain lines; comments, blank lines and "As a … I want …" are not steps.

    :param first_line: the line of the text's first line in its file.
    :param language: its language, unless the text itself specifies one.
    """
    steps: list[WrittenStep] = []
    language = language_of(text) or language
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        line = lines[place].strip()
        opening = line[:3]
        if opening in _DELIMITERS and steps:
            end = _closing(lines, place, opening)
            steps[-1] = replace(steps[-1], docstring=_dedented(lines[place], lines[place + 1 : end]))
            place = end + 1
            continue
        if line.startswith("|") and steps:
            steps[-1] = replace(steps[-1], table=(*steps[-1].table, _cells(line)))
        elif line and not line.startswith("#") and not _CONTEXT.match(line):
            steps.append(_written(line, first_line + place, steps, language))
        place += 1
    return tuple(steps)


def keyword_of(text: str, language: str = "") -> tuple[str, str]:
    """Return a line's own keyword and the rest: ``("And", "I press Enter")``; the keyword may be empty."""
    text = _BULLET.sub("", text.strip()) if not text.strip().startswith("* ") else text.strip()
    text = canonical(text, language) if language else text
    found = _KEYWORD.match(text)
    if not found:
        return "", text
    return found.group(1).capitalize(), text[found.end() :]


def _written(line: str, number: int, before: list[WrittenStep], language: str) -> WrittenStep:
    said, rest = keyword_of(line, language)
    keyword = _STATED.get(said.lower())
    if keyword is None and said and before:
        keyword = before[-1].keyword
    return WrittenStep(rest.strip(), keyword, "" if said == "*" else said, number, language=language)


def _closing(lines: list[str], opening: int, delimiter: str) -> int:
    found = (place for place in range(opening + 1, len(lines)) if lines[place].strip() == delimiter)
    return next(found, len(lines))


def _dedented(opening: str, lines: list[str]) -> str:
    indent = len(opening) - len(opening.lstrip())
    return "\n".join(line[indent:] if not line[:indent].strip() else line.lstrip() for line in lines)


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip().strip("|")
    cells = re.split(r"(?<!\\)\|", inner)
    return tuple(cell.strip().replace("\\|", "|").replace("\\n", "\n").replace("\\\\", "\\") for cell in cells)
