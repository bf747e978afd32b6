"""Properties of any text: it results quickly in a scenario or a typed error; scenarios compile; literals survive."""

from __future__ import annotations

import ast
import contextlib
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_chimera.errors import ScenarioError
from pytest_chimera.models import Feature
from pytest_chimera.scenario import ScenarioParser, TestGenerator
from pytest_chimera.scenario.language.grammar import read_clause, read_step
from pytest_chimera.scenario.language.phrases.nouns import read_target
from pytest_chimera.scenario.language.words.lexer import quote_literal, tokenize
from pytest_chimera.scenario.text.gherkin import read_gherkin
from tests.scenario.test_generated_source import is_formatted

VOCABULARY = """
I the user should not see click press fill enter with in into from and then list item row button
field page named containing visible is be first second 2 items Enter select check open wait for to
of a an it within , . : "Emma" "Read list" 'On loan' “x” "#id" /shelf /a+b/ 100px <who> $5 expect
that verify can no longer
"""
WORDS = VOCABULARY.split()
LITERALS = st.text(
    st.characters(exclude_categories=["Cs", "Zl", "Zp"], exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85")
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sentences() -> st.SearchStrategy[str]:
    """Texts made of the language's own words, in any order."""
    return st.lists(st.sampled_from(WORDS), min_size=1, max_size=60).map(" ".join)


@QUICK
@given(st.one_of(st.text(max_size=400), sentences()))
def test_any_text_ends_in_a_scenario_or_a_typed_error(text: str) -> None:
    try:
        scenario = ScenarioParser().parse(text)
    except ScenarioError:
        return
    assert scenario.steps


PER_KILOBYTE = 0.05
NOISE = 1.5
"""Other work on the machine makes everything take longer, including CPU time."""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join), st.integers(20, 120))
def test_no_text_takes_longer_than_its_length_allows(words: str, times: int) -> None:
    soon_enough(" ".join([words] * times))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=2, max_size=40), min_size=30, max_size=60))
def test_no_lines_take_longer_than_their_length_allows(lines: list[list[str]]) -> None:
    soon_enough("\n".join(" ".join(words) for words in lines))


@pytest.mark.parametrize(
    "words",
    ["'a ", '"x" ', '" ', "/a ", "a ", "and ", "in the list ", 'with "a" and name "b" ', "should be ", ", ", "<a "],
)
def test_a_long_text_of_one_kind_takes_no_longer_than_its_length_allows(words: str) -> None:
    soon_enough(words * (3600 // len(words)))


@pytest.mark.parametrize("words", ["I click the ", "should be in the ", 'enter "a" in ', "'a ", "<a ", "a, "])
def test_a_text_four_times_as_long_takes_no_more_than_about_four_times_as_long(words: str) -> None:
    short, long = (words * (length // len(words)) for length in (900, 3600))
    base = max(min(seconds_for(short) for _ in range(3)), 0.002)
    assert min(seconds_for(long) for _ in range(3)) < 4 * 2 * base


def soon_enough(text: str) -> None:
    """Return the limit: 50 ms for each kilobyte, at least for one."""
    allowed = PER_KILOBYTE * max(len(text) / 1000, 1) * NOISE
    taken = (seconds_for(text) for _ in range(3))
    assert any(seconds < allowed for seconds in taken), f"more than {allowed:.3f} s for {len(text)} characters"


def seconds_for(text: str) -> float:
    """Return the CPU time for reading a text for the first time, whatever the result."""
    for remembered in (read_step, read_clause, read_target):
        remembered.cache_clear()
    begin = time.process_time()
    with contextlib.suppress(ScenarioError):
        ScenarioParser().parse(text)
    return time.process_time() - begin


@QUICK
@given(sentences())
def test_what_is_parsed_compiles(text: str) -> None:
    try:
        test = TestGenerator().generate(Feature(id="any", description="Any", text=text))
    except ScenarioError:
        return
    assert ast.parse(test.source)


@settings(max_examples=25, deadline=None)
@given(LITERALS, LITERALS)
def test_any_literal_gives_formatted_source(name: str, value: str) -> None:
    text = f"When I fill {quote_literal(name)} with {quote_literal(value)}\nThen I should see {quote_literal(value)}"
    try:
        source = TestGenerator().generate(Feature(id="any", description="Any", text=text)).source
    except ScenarioError:
        return
    assert is_formatted(source)


@QUICK
@given(LITERALS)
def test_any_literal_is_read_as_it_was_written(text: str) -> None:
    (token,) = tokenize(quote_literal(text))
    assert (token.kind, token.text) == ("literal", text)


@QUICK
@given(st.text(max_size=300))
def test_any_text_is_gherkin_or_a_typed_error(text: str) -> None:
    with contextlib.suppress(ScenarioError):
        assert read_gherkin(f"Feature: {text}").path == ""
