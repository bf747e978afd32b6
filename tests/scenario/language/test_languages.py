"""Steps in other languages: their keywords, their phrases, and the error for a step that has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_chimera.errors import SettingError
from pytest_chimera.scenario import ScenarioParser, UnknownStepError
from pytest_chimera.scenario.text.step_text import read_steps
from pytest_chimera.settings import load_tables

FRENCH = {
    "je clique sur {name}": 'I click "{name}"',
    "je vois {text}": 'I should see "{text}"',
    "je suis connecté": ['I open "/login"', 'I press "Entrer"'],
}


@pytest.mark.parametrize(
    ("language", "line", "keyword"),
    [("de", "Wenn ich klicke", "When"), ("fr", "Étant donné que je lis", "Given"), ("ja", "もし読む", "When")],
)
def test_a_languages_own_keywords_are_known(language: str, line: str, keyword: str) -> None:
    (step,) = read_steps(line, language=language)
    assert step.keyword == keyword
    assert step.language == language


def test_a_step_of_another_language_is_of_the_kind_that_its_english_has() -> None:
    parser = ScenarioParser(languages={"fr": FRENCH})
    steps = parser.parse("# language: fr\nQuand je clique sur «Prêter»\nAlors je vois «Prêté»").steps
    assert [(step.kind, step.value) for step in steps] == [("click", None), ("assert-text", "Prêté")]
    assert steps[0].text == "je clique sur «Prêter»"


def test_one_phrase_may_stand_for_several_steps() -> None:
    parser = ScenarioParser(languages={"fr": FRENCH}, language="fr")
    (step,) = parser.parse("Étant donné je suis connecté").steps
    assert step.kind == "compound"
    assert step.code[0] == 'page.goto("/login")'


def test_english_is_still_understood_beside_another_language() -> None:
    parser = ScenarioParser(languages={"fr": FRENCH}, language="fr")
    assert parser.parse('Quand I press Enter\nAlors je vois "Emma"').steps[0].kind == "press-key"


def test_a_region_has_its_languages_words() -> None:
    parser = ScenarioParser(languages={"fr": FRENCH}, language="fr-CA")
    assert parser.parse_step('je clique sur "Prêter"').kind == "click"


def test_an_unknown_step_is_answered_in_its_own_language() -> None:
    with pytest.raises(UnknownStepError) as caught:
        ScenarioParser(languages={"fr": FRENCH}, language="fr").parse('Quand je clic sur "Prêter"')
    assert caught.value.suggestions[0] == 'je clique sur "Prêter"'
    assert "[tool.chimera.languages.fr]" in str(caught.value)


def test_a_language_that_is_no_table_is_a_mistake_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "chimera.toml").write_text('[languages]\nfr = "oui"\n')
    with pytest.raises(SettingError, match=r"languages\.fr"):
        load_tables(tmp_path)
