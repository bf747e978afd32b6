"""Steps in other languages: a language's phrases, and the English step for each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from types import MappingProxyType

from gherkin.dialect import Dialect

from pytest_chimera.scenario.language.glossary import Glossary
from pytest_chimera.scenario.language.words.lexer import Tokens, phrase, quote_literal

Table = Mapping[str, Sequence[str] | str]
"""A language: phrase with ``{placeholders}`` → the English step, or several."""

_COMMENT = re.compile(r"^\s*#\s*language\s*:\s*([\w-]+)\s*$")
_PLACEHOLDER = re.compile(r'"?\{\w+\}"?')
ENGLISH = "en"


class Languages:
    """The languages that a project or a plugin has added.

    :param tables: code of the language (``"de"``, ``"pt-BR"``) → its table.
    :param default: the language of a text that specifies none.
    """

    def __init__(self, tables: Mapping[str, Table] | None = None, default: str = ENGLISH) -> None:
        self._tables = {code.lower(): dict(table) for code, table in (tables or {}).items()}
        self._phrases = {code: Glossary(table) for code, table in self._tables.items()}
        self._default = default

    def of(self, language: str) -> str:
        """Return the code under which a language is known here: its own, or without its region; else unchanged."""
        code = (language or self._default).lower()
        return code if code in self._tables else next(iter(code.split("-")), code)

    def english(self, tokens: Tokens, language: str) -> tuple[str, ...] | None:
        """Return the English steps for a step; ``None`` if no phrase of its language matches."""
        phrases = self._phrases.get(self.of(language))
        return phrases.steps_for(tokens) if phrases else None

    def nearest(self, tokens: Tokens, language: str, limit: int = 3) -> tuple[str, ...]:
        """Return the phrases of a language that are most similar to a step, with the step's literals filled in."""
        asked = phrase(tuple(token for token in tokens if not token.quoted)).lower()
        table = self._tables.get(self.of(language), {})

        def nearness(written: str) -> float:
            return SequenceMatcher(None, asked, _PLACEHOLDER.sub("", written).lower()).ratio()

        literals = [token.text for token in tokens if token.quoted]
        return tuple(_filled(written, literals) for written in sorted(table, key=nearness, reverse=True)[:limit])


def _filled(written: str, literals: Sequence[str]) -> str:
    given = iter(literals)
    return _PLACEHOLDER.sub(lambda _: quote_literal(next(given, "…")), written)


# -- keywords ---------------------------------------------------------------------------------------------------------


def language_of(text: str) -> str:
    """Return the language in a comment above a text's steps, as in Gherkin; empty if there is none."""
    for line in text.splitlines():
        found = _COMMENT.match(line)
        if found:
            return found.group(1)
        if line.strip() and not line.lstrip().startswith("#"):
            return ""
    return ""


@lru_cache(maxsize=64)
def keywords_of(language: str) -> Mapping[str, str]:
    """Return a language's keywords → ours, the longest first: ``{"Angenommen": "Given", …}``; English if unknown."""
    dialect = Dialect.for_name(language) or Dialect.for_name(ENGLISH)
    found = {word.strip(): ours for ours, words in _keywords(dialect) for word in words if word.strip() != "*"}
    return MappingProxyType(dict(sorted(found.items(), key=lambda pair: -len(pair[0]))))


def _keywords(dialect: Dialect | None) -> Iterator[tuple[str, Sequence[str]]]:
    if dialect is not None:
        yield "Given", dialect.given_keywords
        yield "When", dialect.when_keywords
        yield "Then", dialect.then_keywords
        yield "And", dialect.and_keywords
        yield "But", dialect.but_keywords


@lru_cache(maxsize=64)
def headings_of(language: str) -> tuple[str, ...]:
    """Return the headings of features, backgrounds and scenarios in a language."""
    dialect = Dialect.for_name(language)
    if dialect is None:
        return ()
    return (
        *dialect.feature_keywords,
        *dialect.rule_keywords,
        *dialect.background_keywords,
        *dialect.scenario_keywords,
        *dialect.scenario_outline_keywords,
    )


def canonical(line: str, language: str) -> str:
    """Return a line with its keyword replaced by the English one: ``"Wenn ich …"`` → ``"When ich …"``."""
    for word, ours in keywords_of(language).items():
        if line.startswith(word) and (not word[-1].isascii() or line[len(word) :][:1].isspace()):
            return f"{ours} {line[len(word) :].lstrip()}"
    return line
