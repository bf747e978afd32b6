"""Steps in other languages: a language's phrases, and the English step that each of them says."""

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
    :param default: the language of a text that names none.
    """

    def __init__(self, tables: Mapping[str, Table] | None = None, default: str = ENGLISH) -> None:
        self._tables = {code.lower(): dict(table) for code, table in (tables or {}).items()}
        self._phrases = {code: Glossary(table) for code, table in self._tables.items()}
        self._default = default

    def of(self, language: str) -> str:
        """The code under which a language is known here: its own, or without its region; else as it is."""
        code = (language or self._default).lower()
        return code if code in self._tables else next(iter(code.split("-")), code)

    def english(self, tokens: Tokens, language: str) -> tuple[str, ...] | None:
        """The English steps that a step says; ``None`` when no phrase of its language is its own."""
        phrases = self._phrases.get(self.of(language))
        return phrases.steps_for(tokens) if phrases else None

    def nearest(self, tokens: Tokens, language: str, limit: int = 3) -> tuple[str, ...]:
        """The phrases of a language that come nearest to a step, with the step's own literals filled in."""
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
    """The language that a text names in a comment above its steps, as Gherkin does; empty when it names none."""
    for line in text.splitlines():
        found = _COMMENT.match(line)
        if found:
            return found.group(1)
        if line.strip() and not line.lstrip().startswith("#"):
            return ""
    return ""


@lru_cache(maxsize=64)
def keywords_of(language: str) -> Mapping[str, str]:
    """A language's own keywords → ours, the longest first: ``{"Angenommen": "Given", …}``; English for one unknown."""
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
    """What a feature, its background and its scenarios are called in a language."""
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
    """A line with its language's keyword replaced by ours: ``"Wenn ich …"`` → ``"When ich …"``."""
    for word, ours in keywords_of(language).items():
        if line.startswith(word) and (not word[-1].isascii() or line[len(word) :][:1].isspace()):
            return f"{ours} {line[len(word) :].lstrip()}"
    return line
