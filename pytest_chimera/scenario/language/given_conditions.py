"""Reads a Given that states a condition as an expectation: nothing arranges it, so it has to hold.

Conditions are tried last, and in complete scenarios only, after the project's own phrases and the grammar. To add a
wording, add a row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_chimera.scenario.language.words.lexer import Tokens, phrase

CERTAINTY = 0.6
"""The certainty of an expectation that was derived from a condition."""
_HAVE = r"(?:there (?:is|are|exists?)|(?:i|we|they|(?:the|a) (?:user|customer|visitor|person)) (?:have|has|own|owns))"
_NUMBER = r"(?P<number>\d+|one|two|three|four|five|six|seven|eight|nine|ten)"
_THINGS = r"(?P<things>[^,]+)"
_HOLDS = r"(?:already )?(?:contains?|has|have|holds?|shows?)"
_PLACE = r"(?:the|my|our|their|his|her) (?P<place>[^,]+?)"


@dataclass(frozen=True)
class Condition:
    """A condition: an example sentence, the pattern of its words, and the expectation."""

    example: str
    pattern: str
    expectation: str


CONDITIONS = (
    Condition(
        "there are no todos", rf"{_HAVE} (?:currently |already )?(?:no|not any) {_THINGS}", "I should see 0 {things}"
    ),
    Condition("there aren't any todos", rf"{_HAVE} not any {_THINGS}", "I should see 0 {things}"),
    Condition("no todos exist", rf"no {_THINGS} (?:exist|exists|are there)", "I should see 0 {things}"),
    Condition(
        "I have 3 todos", rf"{_HAVE} (?:currently |already )?{_NUMBER} {_THINGS}", "I should see {number} {things}"
    ),
    Condition(
        "the cart is empty",
        rf"{_PLACE}(?: list)? (?:is|are) (?:currently |still )?empty",
        "the {place} list should be empty",
    ),
    Condition(
        "the cart contains no items", rf"{_PLACE} {_HOLDS} no {_THINGS}", "I should see 0 {things} in the {place}"
    ),
    Condition(
        "the cart contains 2 items",
        rf"{_PLACE} {_HOLDS} {_NUMBER} {_THINGS}",
        "I should see {number} {things} in the {place}",
    ),
)
"""All wordings of conditions; the first that matches counts."""


def expectation_for(tokens: Tokens) -> str:
    """Return the expectation for a condition; empty if the words state none."""
    said = phrase(tokens)
    for each in CONDITIONS:
        found = re.fullmatch(each.pattern, said, re.IGNORECASE)
        if found is not None:
            return each.expectation.format(**found.groupdict())
    return ""
