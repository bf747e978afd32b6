"""The reference of the language is generated from its tables, and the tables are complete."""

from __future__ import annotations

from pathlib import Path

from pytest_chimera.errors import ScenarioError
from pytest_chimera.scenario import ScenarioParser
from pytest_chimera.scenario.language.phrases.slots import SLOT_TYPES
from pytest_chimera.scenario.language.sentences import SENTENCES
from pytest_chimera.scenario.language.words.patterns import Element, Optional, Slot, compile_pattern
from pytest_chimera.scenario.language.words.wordings import WORDINGS
from pytest_chimera.scenario.reference import example_of, reference
from pytest_chimera.scenario.rendering.idioms.intents import INTENTS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "language.md"


def test_the_page_is_what_the_tables_say() -> None:
    """To regenerate it: ``python -m pytest_chimera.scenario.reference > docs/reference/language.md``."""
    assert PAGE.read_text(encoding="utf-8") == reference()


def test_every_wording_names_an_intent_and_every_intent_has_a_wording() -> None:
    assert {row.intent for row in WORDINGS} == set(INTENTS)


def slots_of(elements: tuple[Element, ...]) -> list[str]:
    """The types of all slots in a pattern."""
    inner = [slots_of(element.elements) for element in elements if isinstance(element, Optional)]
    return [element.type for element in elements if isinstance(element, Slot)] + [
        kind for found in inner for kind in found
    ]


def test_every_slot_has_a_type_that_is_known_and_every_type_is_used() -> None:
    patterns = [row.pattern for row in WORDINGS] + [row.pattern for row in SENTENCES]
    assert {kind for pattern in patterns for kind in slots_of(compile_pattern(pattern))} == SLOT_TYPES


def test_the_steps_of_every_sentence_are_understood() -> None:
    values = {"user": '"a"', "password": '"b"', "value": '"c"', "text": '"d"', "plain": '"e"', "noun": '"f"'}
    for sentence in SENTENCES:
        for step in (*sentence.steps, *sentence.outcome):
            for name, value in {**values, "item": 'the item "g"', "subject": 'the item "g"'}.items():
                step = step.replace(f"{{{name}}}", value)
            keyword = "Then" if sentence.expects or "should" in step else "When"
            assert ScenarioParser().parse_step(step, keyword).code, step


def test_most_wordings_have_a_sentence_of_their_own() -> None:
    understood = [row for row in WORDINGS if _is_understood(example_of(row), "When" if row.form == "do" else "Then")]
    assert len(understood) >= len(WORDINGS) * 0.9


def _is_understood(text: str, keyword: str) -> bool:
    try:
        return bool(ScenarioParser().parse_step(text, keyword))
    except ScenarioError:
        return False
