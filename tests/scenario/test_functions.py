"""Step functions: phrases that stand for the project's own functions."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from pytest_chimera.errors import ScenarioError, SettingError
from pytest_chimera.models import Feature, GeneratedTest
from pytest_chimera.scenario import ScenarioParser, TestGenerator, UnknownStepError, check_source
from pytest_chimera.scenario.explain import explain
from pytest_chimera.scenario.functions.helpers import arrangements_of, arranging_step, modules_of
from pytest_chimera.scenario.functions.registry import StepFunction, step_functions
from pytest_chimera.scenario.language.glossary import parts_of
from pytest_chimera.validation.variations import vary

E2E = "tests/e2e"
PAY = "from __future__ import annotations\n\ndef pay(page: Page, card: str, times: int = 1) -> None: ...\n"
ORDERS = "def orders(count: int, who: str = 'Ann') -> None: ...\n"

Load = Callable[[str, str], ModuleType]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes a module into a project, and imports it."""

    def loaded(path: str, source: str) -> ModuleType:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
        spec = importlib.util.spec_from_file_location("a_module_of_the_project", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return loaded


@pytest.fixture
def functions(load: Load, tmp_path: Path) -> tuple[StepFunction, ...]:
    pay, orders = load(f"{E2E}/steps.py", PAY).pay, load("tests/arranging.py", ORDERS).orders
    phrases = {
        "I pay with {card}": pay,
        "I pay {times} times with {card}": pay,
        "{count} paid orders exist": orders,
        "Given {count} paid orders of {who} exist": orders,
    }
    return step_functions([phrases], tmp_path, E2E)


def generated(
    functions: tuple[StepFunction, ...], text: str, glossary: dict[str, list[str]] | None = None
) -> GeneratedTest:
    generator = TestGenerator(functions=functions, glossary=glossary)
    return generator.generate(Feature(id="test_pay", function="test_pay", description="Pay", text=text))


def test_a_function_for_the_page_is_imported_and_called_with_what_the_step_says(
    functions: tuple[StepFunction, ...],
) -> None:
    test = generated(functions, 'When I pay with "4242"\nThen I should see "Paid"')
    assert "\nfrom .steps import pay\n" in test.source
    assert '    # When I pay with "4242"\n    pay(page, card="4242")\n' in test.source
    assert modules_of(test) == ("tests/e2e/steps.py",)


def test_parameters_are_typed_by_their_annotation(functions: tuple[StepFunction, ...]) -> None:
    assert ScenarioParser(functions=functions).parse_step('I pay three times with "4"').code == (
        'pay(page, card="4", times=3)',
    )
    with pytest.raises(UnknownStepError, match=r"\{times\}.* takes a whole number, not 'some'"):
        ScenarioParser(functions=functions).parse('When I pay some times with "4"')


def test_an_arranging_function_stands_on_the_test_as_a_marker(functions: tuple[StepFunction, ...]) -> None:
    test = generated(functions, 'Given 3 paid orders of "Ada" exist\nThen I should see "3"')
    marker = (
        '# Given 3 paid orders of "Ada" exist\n@pytest.mark.chimera_arrange("tests/arranging.py::orders", count=3, '
    )
    assert marker + 'who="Ada")\ndef test_pay(' in test.source.replace("(\n    ", "(").replace("\n)\ndef", ")\ndef")
    assert [call.as_text() for call in arrangements_of(test)] == ["orders(count=3, who='Ada')"]
    assert arranging_step(test, 0) == '3 paid orders of "Ada" exist'


def test_the_glossary_may_use_functions(functions: tuple[StepFunction, ...]) -> None:
    glossary = {"I have paid": ["2 paid orders exist", "I open /orders", 'I pay with "1"']}
    test = generated(functions, 'Given I have paid\nThen I should see "2"', glossary=glossary)
    assert [call.as_text() for call in arrangements_of(test)] == ["orders(count=2)"]
    assert 'page.goto("/orders")\n    pay(page, card="1")' in test.source


def test_what_is_arranged_cannot_follow_an_action(functions: tuple[StepFunction, ...]) -> None:
    with pytest.raises(UnknownStepError, match="before the browser starts") as caught:
        generated(functions, 'When I pay with "4"\nAnd 3 paid orders exist\nThen I should see "Paid"')
    assert "Write it as a Given" in str(caught.value)


def test_arranged_words_are_existing_data_in_the_variations(functions: tuple[StepFunction, ...]) -> None:
    text = 'Given 3 paid orders of "Ada" exist\nWhen I fill "Customer" with "Ada"\nThen I should see "Ada"'
    variations = vary(generated(functions, text), "seed")
    assert all("fill('Ada')" in each.test.source for each in variations.made)


def test_of_two_phrases_that_fit_the_more_literal_one_is_meant(functions: tuple[StepFunction, ...]) -> None:
    cash = {"I pay with cash": ['I click "Cash"']}
    text = 'When I pay with {what}\nThen I should see "Paid"'
    assert "pay(page, card" not in generated(functions, text.format(what="cash"), glossary=cash).source
    assert "pay(page, card='4')" in generated(functions, text.format(what='"4"'), glossary=cash).source.replace(
        '"', "'"
    )
    vague = {"I pay {how} {what}": ['I click "Cash"']}
    assert "pay(page, card=" in generated(functions, text.format(what='"4"'), glossary=vague).source


def test_of_two_functions_that_fit_the_more_literal_one_is_meant(functions: tuple[StepFunction, ...]) -> None:
    pay = next(each for each in functions if each.name == "pay")
    cash = replace(pay, phrase="I pay with cash", parts=parts_of("I pay with cash"), name="pay_cash", parameters={})
    for both in ((pay, cash), (cash, pay)):
        assert "pay_cash(page)" in generated(both, 'When I pay with cash\nThen I should see "Paid"').source


def test_words_that_fit_two_phrases_that_are_as_literal_are_refused_with_both(
    functions: tuple[StepFunction, ...],
) -> None:
    with pytest.raises(UnknownStepError, match=r"matches 2 phrases: 'I pay with \{card\}', 'I pay \{how\} cash'"):
        generated(functions, "When I pay with cash", glossary={"I pay {how} cash": ['I click "Cash"']})


def test_a_phrase_bound_twice_is_refused(functions: tuple[StepFunction, ...]) -> None:
    with pytest.raises(SettingError, match=r"'I pay with \{card\}' is bound twice") as caught:
        ScenarioParser(glossary={"I pay with {card}": ['I click "Pay"']}, functions=functions)
    assert "tests/e2e/steps.py:3, and the glossary" in str(caught.value)


def test_a_table_below_its_step_is_refused(functions: tuple[StepFunction, ...]) -> None:
    with pytest.raises(UnknownStepError, match="no table or text below it"):
        generated(functions, "Given 3 paid orders exist\n  | a | b |\nThen I should see 3")


def test_examples_that_need_different_things_arranged_are_refused(
    functions: tuple[StepFunction, ...], tmp_path: Path
) -> None:
    (tmp_path / "a.feature").write_text(
        "Feature: A\n\n  Scenario Outline: B\n    Given <n> paid orders exist\n    Then I should see <n>\n\n"
        "    Examples:\n      | n |\n      | 1 |\n      | 2 |\n"
    )
    feature = Feature(id="test_pay", function="test_pay", description="Pay", file="a.feature")
    with pytest.raises(ScenarioError, match=r"orders\(count=1\) and orders\(count=2\)"):
        TestGenerator(functions=functions, root=tmp_path).generate(feature)


def test_a_step_that_is_not_understood_names_the_hook_as_a_way_out() -> None:
    with pytest.raises(UnknownStepError, match=r"pytest_chimera_steps in conftest.py: \{.*twirl"):
        ScenarioParser().parse("When I twirl the frobnicator")


def test_explain_names_the_call(functions: tuple[StepFunction, ...]) -> None:
    [line] = explain('I pay with "4"', ScenarioParser(functions=functions))
    assert '"path": "tests/e2e/steps.py", "name": "pay", "arguments": {"card": "4"}' in line


# -- what the hook may return


@pytest.mark.parametrize(
    ("path", "source", "phrase", "message"),
    [
        ("tests/steps.py", PAY, "I pay with {card}", r"cannot import pay.*\n.*tests/steps.py:3\n.*tests/e2e/steps.py"),
        (f"{E2E}/conftest.py", PAY, "I pay with {card}", "cannot import pay"),
        (f"{E2E}/test_pay.py", PAY, "I pay with {card}", "cannot import pay"),
        (f"{E2E}/s.py", PAY, "I pay by {way}", r"has \{way\}, which its function does not take"),
        (f"{E2E}/s.py", PAY, "I pay", "takes card, which the phrase does not give"),
        (f"{E2E}/s.py", "def pay(page, card): ...", "I pay {card}", "parameter card .* has no annotation"),
        (f"{E2E}/s.py", "def pay(page, card: list): ...", "I pay {card}", "is annotated as list"),
        (f"{E2E}/s.py", "def pay(page, *cards: str): ...", "I pay", "which no phrase can give"),
        (f"{E2E}/s.py", "pay = lambda page: None", "I pay", "instead of a function for 'I pay'"),
        (f"{E2E}/s.py", "pay = 'I click x'", "I pay", "instead of a function for 'I pay'"),
        (f"{E2E}/s.py", "class A:\n    def pay(page): ...\npay = A.pay", "I pay", "A.pay.* cannot be imported"),
        (f"{E2E}/s.py", "def expect(page): ...\npay = expect", "I pay", "a name that generated tests use: expect"),
        (f"{E2E}/s.py", PAY, "", "has '' as a phrase"),
    ],
)
def test_an_answer_that_cannot_be_used_is_told_with_place_and_remedy(
    load: Load, tmp_path: Path, path: str, source: str, phrase: str, message: str
) -> None:
    module = load(path, source)
    with pytest.raises(SettingError) as caught:
        step_functions([{phrase: module.pay}], tmp_path, E2E)
    assert caught.match(f"(?s){message}")
    assert caught.value.remedy


def test_a_function_outside_the_project_is_refused(load: Load, tmp_path: Path) -> None:
    orders = load("elsewhere/arranging.py", ORDERS).orders
    with pytest.raises(SettingError, match="is outside the project"):
        step_functions([{"{count} orders exist": orders}], tmp_path / "project", E2E)


def test_an_answer_that_is_no_dictionary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="returned a list instead of a dictionary"):
        step_functions([["I pay"]], tmp_path, E2E)


# -- what a generated test may contain


@pytest.mark.parametrize(
    "statement",
    ["pay()", "pay(page, page)", "pay(page, card=open('x'))", "x = pay(page)", "print(page)", "page.on('x', pay)"],
)
def test_a_helper_is_called_with_the_page_and_literals_alone(statement: str) -> None:
    head = "from playwright.sync_api import Page\n\nfrom .steps import pay\n\n\ndef test_a(page: Page) -> None:\n"
    check_source(f"{head}    pay(page, card='1', n=-1)\n")
    with pytest.raises(ScenarioError):
        check_source(f"{head}    {statement}\n")


@pytest.mark.parametrize(
    "line", ["import os", "from os import path", "from playwright.sync_api import sync_playwright"]
)
def test_nothing_else_is_imported(line: str) -> None:
    with pytest.raises(ScenarioError, match="other than Playwright's own calls"):
        check_source(f"{line}\n\n\ndef test_a(page) -> None:\n    page.goto('/')\n")


def test_a_decorator_holds_literals_alone() -> None:
    source = "import pytest\n\n\n@pytest.mark.chimera_arrange({})\ndef test_a(page) -> None:\n    page.goto('/')\n"
    check_source(source.format("'a.py::b', count=3"))
    with pytest.raises(ScenarioError):
        check_source(source.format("open('x')"))


def test_no_module_is_left_behind() -> None:
    assert "a_module_of_the_project" not in sys.modules
