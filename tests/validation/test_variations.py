"""Variations: what varies, what stays, and what is left out because a test does not support it."""

from __future__ import annotations

import ast
import textwrap

import pytest

from pytest_chimera.models import GeneratedTest, StepLines
from pytest_chimera.validation.variations import (
    MORE_ITEMS,
    OTHER_DATA,
    STEADY,
    after_restart,
    counts,
    shares_data,
    vary,
)


def written(body: str, *steps: StepLines) -> GeneratedTest:
    source = "from playwright.sync_api import Page, expect\n\n\ndef test_it(page: Page) -> None:\n"
    return GeneratedTest(
        source=source + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n",
        path="tests/e2e/test_it.py",
        name="test_it",
        steps=steps,
    )


def texts(test: GeneratedTest) -> list[str]:
    nodes = [node for node in ast.walk(ast.parse(test.source)) if isinstance(node, ast.Constant)]
    return [
        node.value
        for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset))
        if isinstance(node.value, str)
    ]


def other_data(test: GeneratedTest, *, seed: str = "a", fixed: tuple[str, ...] = ()) -> list[str]:
    return texts(vary(test, seed, fixed).made[0].test)


GREET = """
page.get_by_label("Name").fill("Ada Lovelace")
page.get_by_role("button", name="Greet").click()
expect(page.get_by_text("Hello, Ada Lovelace!")).to_be_visible()
"""


def test_what_is_typed_and_expected_again_becomes_fresh_words_of_the_same_shape() -> None:
    label, name, _, button, hello = other_data(written(GREET))
    assert (label, button) == ("Name", "Greet")
    assert hello == f"Hello, {name}!"
    assert name != "Ada Lovelace"
    assert [len(word) for word in name.split()] == [3, 8]
    assert [word[0] for word in name.split()] == ["A", "L"]


def test_the_same_seed_gives_the_same_words_and_another_seed_others() -> None:
    test = written(GREET)
    assert other_data(test, seed="a") == other_data(test, seed="a")
    assert other_data(test, seed="a") != other_data(test, seed="b")


def test_words_in_another_case_stay_the_same_word() -> None:
    test = written('page.get_by_label("Name").fill("ada")\nexpect(page.get_by_text("ADA")).to_be_visible()')
    _, name, shouted = other_data(test)
    assert name != "ada"
    assert shouted == name.upper()


@pytest.mark.parametrize(
    "body",
    [
        # expected nowhere: it may be a word that the application knows
        'page.get_by_label("City").fill("Berlin")\nexpect(page.get_by_text("12 degrees")).to_be_visible()',
        # searched for: existing data
        'page.get_by_placeholder("Search").fill("Milk")\nexpect(page.get_by_text("Milk")).to_be_visible()',
        # a part of it is a button's name
        'page.get_by_label("Note").fill("Add")\npage.get_by_role("button", name="Add").click()\n'
        'expect(page.locator("li")).to_have_text("Add")',
        # the expectation has it in another form
        'page.get_by_label("Word").fill("stressed")\nexpect(page.get_by_text("stressed: desserts")).to_be_visible()',
        # the beginning of another word
        'page.get_by_label("Fruit").fill("App")\nexpect(page.get_by_text("App, Apple")).to_be_visible()',
        # words with a meaning for programs, numbers, addresses
        'page.get_by_label("Day").fill("Monday")\nexpect(page.get_by_text("Monday")).to_be_visible()',
        'page.get_by_label("Year").fill("2026")\nexpect(page.get_by_text("2026")).to_be_visible()',
        'page.get_by_label("Link").fill("https://shop.example/milk")\n'
        'expect(page.get_by_text("https://shop.example/milk")).to_be_visible()',
        # a log-in
        'page.get_by_label("User").fill("grace")\npage.get_by_label("Password").fill("hopper")\n'
        'expect(page.get_by_text("grace")).to_be_visible()',
    ],
)  # fmt: skip
def test_what_may_be_existing_data_stays(body: str) -> None:
    test = written(body)
    assert other_data(test) == texts(test)
    assert "other words" in vary(test, "a").left_out


def test_words_that_are_declared_fixed_stay() -> None:
    assert other_data(written(GREET), fixed=("Ada Lovelace",)) == texts(written(GREET))


def test_words_of_a_given_stay() -> None:
    given = StepLines(keyword="Given", text="a person Ada Lovelace", first=5, last=5)
    assert other_data(written(GREET, given)) == texts(written(GREET, given))


def test_the_domain_of_an_address_and_the_order_of_words_stay() -> None:
    body = "\n".join(
        f'page.get_by_label("E-mail").fill({each!r})\nexpect(page.get_by_text({each!r})).to_be_visible()'
        for each in ("milena@example.org", "mustafa@example.org")
    )
    for seed in "abcdefgh":
        first, second = [each for each in dict.fromkeys(other_data(written(body), seed=seed)) if "@" in each]
        assert first.endswith("@example.org")
        assert second.endswith("@example.org")
        assert first < second
        assert first != "milena@example.org"


def test_a_loop_over_literals_is_varied_too() -> None:
    test = written(
        """
        for name, role in (("Grace", "Admiral"), ("Alan", "Reader")):
            page.get_by_label("Name").fill(name)
            expect(page.get_by_text(f"Hello, {name}")).to_be_visible()
        """
    )
    source = vary(test, "a").made[0].test.source
    assert "Grace" not in source
    assert "for " not in source


TODOS = """
for text in ("Buy milk", "Walk the dog", "Pay rent"):
    page.get_by_label("New todo").fill(text)
    page.get_by_role("button", name="Add").click()
expect(page.get_by_test_id("left")).to_have_text("3 left")
row = page.locator("li", has_text="Walk the dog")
row.get_by_role("button", name="Done").click()
expect(page.get_by_test_id("left")).to_have_text("2 left")
expect(page.locator("li.done")).to_have_count(1)
page.reload()
expect(page.get_by_test_id("left")).to_have_text("2 left")
"""


def more_items(test: GeneratedTest, *, shared: bool = False) -> str:
    variations = vary(test, "a", shared=shared)
    return next((each.test.source for each in variations.made if each.name == MORE_ITEMS), "")


def test_more_items_raise_the_counts_that_depend_on_them_and_no_other() -> None:
    source = more_items(written(TODOS))
    items = source.count(".fill(")
    assert items in {5, 6}
    assert f"'{items} left'" in source
    assert f"'{items - 1} left'" in source
    assert "to_have_count(1)" in source


def test_what_counts_those_that_something_was_done_with_counts_one_more_after_a_second_one() -> None:
    assert more_items(written(TODOS)).count("to_have_count(2)") == 2  # before and after a reload


def test_what_is_done_with_one_item_is_done_with_a_second_one() -> None:
    source = more_items(written(TODOS))
    assert source.count("name='Done').click()") == 2
    assert f"'{source.count('.fill(') - 2} left'" in source


def test_a_second_context_looks_where_the_base_shares_what_is_typed() -> None:
    assert "new_context" not in more_items(written(TODOS))
    assert "new_context" in more_items(written(TODOS), shared=True)
    probe = shares_data(written(TODOS))
    assert probe is not None
    assert "new_context" in probe.source
    assert "left" not in probe.source


def test_what_can_be_done_with_one_item_alone_is_done_with_one() -> None:
    source = more_items(written(TODOS.replace('"Done"', '"Choose"')))
    assert source.count("name='Choose').click()") == 1


@pytest.mark.parametrize(
    "body",
    [
        TODOS.replace('"3 left"', '"5 left"'),
        TODOS.replace('"3 left"', '"3 of 3"'),
        TODOS.replace('"2 left"', '"3 left"'),
        TODOS.replace("to_have_count(1)", "to_have_count(2)"),
        TODOS.replace('page.locator("li.done")', 'page.locator("li").nth(1)'),
        TODOS.replace("page.reload()", 'page.get_by_role("button", name="Clear").click()'),
        TODOS + 'expect(page.get_by_text("Enough for today")).to_be_visible()\n',
        TODOS.replace('("Buy milk", "Walk the dog", "Pay rent")', '("Walk the dog",)'),
        GREET,
    ],
)
def test_a_test_that_does_not_say_how_its_counts_depend_gets_no_more_items(body: str) -> None:
    variations = vary(written(body), "a")
    assert [each.name for each in variations.made] == [OTHER_DATA]
    assert MORE_ITEMS in variations.left_out


def test_whether_a_test_counts_anything_is_known() -> None:
    assert counts(written(TODOS))
    assert not counts(written(GREET))


def test_what_is_expected_after_a_reload_is_expected_after_many() -> None:
    variations = vary(written(TODOS), "a")
    source = variations.made[0].test.source
    assert STEADY not in variations.left_out
    assert "range(30)" in source
    assert source.count("page.reload()") == 2
    assert STEADY in vary(written(TODOS.replace("page.reload()", "page.reload(); row.click()")), "a").left_out
    assert STEADY in vary(written(GREET), "a").left_out


def test_after_a_restart_only_what_was_expected_in_the_end_is() -> None:
    test = after_restart(written(TODOS), "/list")
    assert test is not None
    assert "page.goto('/list')" in test.source
    assert "fill" not in test.source
    assert test.source.count("2 left") == 1
    assert after_restart(written(GREET), "/") is None


ROWS = """
page.get_by_label("New").fill("Milk")
page.get_by_role("button", name="Add").click()
page.get_by_label("New").fill("Bread")
page.get_by_role("button", name="Add").click()
expect(page.get_by_text("2 items")).to_be_visible()
expect_rows(page.get_by_role("table"), [["Name", "Place"], ["Milk", "2"], ["Bread", "3"]])
"""


def test_what_is_typed_is_varied_in_the_rows_that_are_expected() -> None:
    found = other_data(written(ROWS))
    typed = [found[1], found[5]]
    assert "Milk" not in typed
    assert found[-6:] == ["Name", "Place", typed[0], "2", typed[1], "3"]


@pytest.mark.parametrize("rows", ['[["Milk", "2"], ["Bread", "3"]]', '[["Milk"], ["Bread"]], exact=True'])
def test_rows_that_may_say_how_many_items_there_are_do_not_bear_more(rows: str) -> None:
    body = ROWS.rpartition("expect_rows")[0] + f"expect_rows(page.get_by_role('table'), {rows})"
    assert (
        "how many items"
        in vary(written(body + "\nexpect(page.get_by_text('1 items')).to_be_visible()"), "a").left_out[MORE_ITEMS]
    )
