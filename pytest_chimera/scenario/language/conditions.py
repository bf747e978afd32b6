"""A Given that states a condition, as the expectation that it is: nothing brings it about, so it has to hold.

These are tried last, in whole scenarios only: the project's own words come first, and what the grammar reads by itself.
Adding a wording is adding one row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_chimera.scenario.language.words.lexer import Tokens, phrase

CERTAINTY = 0.6
"""How certain an expectation is that was made of a condition."""
_HAVE = r"(?:there (?:is|are|exists?)|(?:i|we|they|(?:the|a) (?:user|customer|visitor|person)) (?:have|has|own|owns))"
_NUMBER = r"(?P<number>\d+|one|two|three|four|five|six|seven|eight|nine|ten)"
_THINGS = r"(?P<things>[^,]+)"
_HOLDS = r"(?:already )?(?:contains?|has|have|holds?|shows?)"
_PLACE = r"(?:the|my|our|their|his|her) (?P<place>[^,]+?)"


@dataclass(frozen=True)
class Condition:
    """What states a condition: a sentence for an example, the pattern of a step's words, and the expectation."""

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
"""All wordings of conditions; the first that fits counts."""


def expectation_for(tokens: Tokens) -> str:
    """The expectation that a condition comes to; empty when the words state none."""
    said = phrase(tokens)
    for each in CONDITIONS:
        found = re.fullmatch(each.pattern, said, re.IGNORECASE)
        if found is not None:
            return each.expectation.format(**found.groupdict())
    return ""
