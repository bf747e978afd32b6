"""Splits a step's text into tokens: words, literals, numbers, paths and patterns."""

# ruff: noqa: RUF001  (people write curly quotes)

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["word", "literal", "number", "path", "pattern", "mark"]

MAX_STEP_LENGTH = 4000
"""The maximum number of characters in a step; a longer one is refused before it is parsed."""

_LITERAL = r"""
    <[^\W\d][\w -]*>
  | "(?:[^"\\]|\\.)*"
  | “[^“”]*”
  | „[^„“”"]*[“”"]
  | 「[^「」]*」
  | «[^«»]*»
  | ‘[^‘]*?’(?!\w)
  | `[^`]*`
  | (?<![^\s(\[,])'(?:[^'\\]|\\.|'(?=\w)){0,300}'(?!\w)
"""
_PATTERN = r"(?<!\S)/(?![\s*])(?:[^/\\\s]|\\.|[ ](?=[^/]{0,80}/)){1,200}/(?=$|[\s,.:])"
_TOKEN = re.compile(
    rf"""
    (?P<literal>{_LITERAL})
  | (?P<pattern>{_PATTERN})
  | (?P<path>(?:[a-zA-Z][a-zA-Z0-9+.-]*://|about:|(?<!\S)/)[^\s"'“”]*)
  | (?P<number>[$€£¥]?\d+(?:[.,]\d+)*(?![\w-])[€%]?)
  | (?P<word>[^\W_][\w]*(?:['’&/@.+-]\w+|[_-](?=\W|$))*(?:[!?](?=[ ]\w))?)
  | (?P<mark>[^\s])
    """,
    re.VERBOSE,
)
_NEGATIONS = {"cannot": ("can", "not"), "can't": ("can", "not"), "won't": ("will", "not"), "shan't": ("shall", "not")}
_SHORT = {"i'm": ("i", "am"), "i've": ("i", "have"), "i'll": ("i", "will"), "i'd": ("i", "would")}
_SHORT |= {"we're": ("we", "are"), "we've": ("we", "have"), "they're": ("they", "are"), "you're": ("you", "are")}
_SHORT |= {"gonna": ("going", "to"), "wanna": ("want", "to"), "there's": ("there", "is")}


@dataclass(frozen=True, slots=True, eq=True)
class Token:
    """A token of a step.

    :param kind: its type; ``text``: as written, for a literal without its quotes.
    :param low: the word in lowercase, as in the tables; empty for literals.
    """

    kind: TokenKind
    text: str
    low: str = ""

    @property
    def quoted(self) -> bool:
        """Whether it is in quotes."""
        return self.kind == "literal"


Tokens = tuple[Token, ...]


def tokenize(text: str) -> Tokens:
    """Return the tokens of a step, without a final full stop or colon."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text.strip().rstrip(".:; ")):
        found.extend(_tokens_of(match))
    return tuple(found)


def _tokens_of(match: re.Match[str]) -> list[Token]:
    written = match.group()
    if match.lastgroup == "literal":
        return [Token("literal", written if written[0] == "<" else unescape(written[1:-1]))]
    if match.lastgroup == "word":
        return _word(written)
    if match.lastgroup in {"pattern", "path", "number"}:
        kind: TokenKind = match.lastgroup  # type: ignore[assignment]  # the group's name is one of the kinds
        return [Token(kind, written[1:-1] if kind == "pattern" else written, written.lower())]
    return [Token("mark", written, written)]


def _word(written: str) -> list[Token]:
    low = written.lower().replace("’", "'")
    parts = _NEGATIONS.get(low) or _SHORT.get(low)
    if parts is None and low.endswith("n't"):
        parts = (low[:-3], "not")
    if parts:
        return [Token("word", part, part) for part in parts]
    return [Token("word", written, low)]


def unescape(written: str) -> str:
    r"""Return a literal without its escapes: ``\"``, ``\'`` and ``\\`` lose their backslash, nothing else does."""
    return re.sub(r"""\\(["'\\])""", r"\1", written)


def quote_literal(text: str) -> str:
    """Return ``text`` as a literal in a step: in double quotes, escaped, so that parsing it gives ``text`` again."""
    escaped = re.sub(r'\\(?=["\'\\]|$)', r"\\\\", text)
    return '"' + escaped.replace('"', '\\"') + '"'


def phrase(tokens: Tokens) -> str:
    """Return the words for people, with literals in double quotes."""
    return " ".join(quote_literal(token.text) if token.quoted else token.text for token in tokens)


def plain(tokens: Tokens) -> str:
    """Return the words without any quotes."""
    return " ".join(token.text for token in tokens)
