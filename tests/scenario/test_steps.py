"""How steps are understood, and their Playwright code."""

from __future__ import annotations

import pytest

from pytest_chimera.scenario import ScenarioParser


def code(text: str, keyword: str = "When") -> str:
    """Return the step's lines, joined as on one line."""
    lines = ScenarioParser().parse_step(text, keyword).code
    return "\n".join(line.strip() for line in lines)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I open the page /books", "navigate"),
        ("the reader visits the home page", "navigate"),
        ("I reload the page", "navigate"),
        ("I go back", "navigate"),
        ('I press the "Borrow" button', "click"),
        ("I click on the borrow button", "click"),
        ("Maria clicks the “Borrow” link", "click"),
        ("click 'Borrow'", "click"),
        ("the borrow button is pressed", "click"),
        ('I double-click the item "Emma"', "click"),
        ('I right-click on "Emma"', "click"),
        ("I press Enter", "press-key"),
        ("I hit the Escape key", "press-key"),
        ("I press Ctrl+A", "press-key"),
        ('I press "Tab"', "press-key"),
        ('I fill "Title" with "Emma"', "fill"),
        ('the reader enters "Emma" in the title field', "fill"),
        ('I type title "Emma"', "fill"),
        ("I set the quantity field to 3", "fill"),
        ("I clear the title field", "fill"),
        ('I leave the "Title" field empty', "fill"),
        ('I choose "French" from the language dropdown', "select"),
        ('I select the "Hardback" radio button', "select"),
        ('I check "On loan"', "check"),
        ("I untick the on loan checkbox", "check"),
        ('I hover over the "Help" link', "hover"),
        ('I drag "Emma" to the "Read" list', "drag"),
        ('I upload the file "cover.png" to "Cover"', "upload"),
        ("I accept the alert", "dialog"),
        ("I dismiss the confirmation", "dialog"),
        ("I wait for the spinner to disappear", "wait"),
        ("I scroll to the footer", "scroll"),
        ("I focus the title field", "focus"),
    ],
)
def test_an_action_has_its_kind(text: str, kind: str) -> None:
    assert ScenarioParser().parse_step(text).kind == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('I should see "Emma"', "assert-text"),
        ('I see the message "Saved"', "assert-text"),
        ('an error message "No title" should be displayed', "assert-visible"),
        ('the page contains "Emma"', "assert-text"),
        ('the first book should be "Emma"', "assert-text"),
        ('I verify that "Emma" is displayed', "assert-visible"),
        ('I should see the "Borrow" button', "assert-visible"),
        ("the borrow button is visible", "assert-visible"),
        ("there is a login form", "assert-visible"),
        ("I expect to see a search results list", "assert-visible"),
        ('I should not see "Emma"', "assert-not-visible"),
        ("the dialog should be closed", "assert-not-visible"),
        ("no error message should be displayed", "assert-not-visible"),
        ("there should be no Borrow button", "assert-not-visible"),
        ("I should be on the shelf page", "assert-url"),
        ("I am redirected to the login page", "assert-url"),
        ('the URL should contain "/shelf"', "assert-url"),
        ('the page title is "Library"', "assert-title"),
        ("I should see 3 books", "assert-count"),
        ('the list "Read" should have 2 items', "assert-count"),
        ("3 rows are displayed", "assert-count"),
        ('the "Title" field should contain "Emma"', "assert-value"),
        ("the title field should be empty", "assert-value"),
        ('the "On loan" checkbox is not checked', "assert-checked"),
        ("the borrow button should be disabled", "assert-enabled"),
        ("the title field has focus", "assert-focus"),
        ('the "Help" link should have the attribute "href" with value "/help"', "assert-attr"),
        ("an alert box should be displayed", "assert-dialog"),
    ],
)
def test_an_expectation_has_its_kind(text: str, kind: str) -> None:
    assert ScenarioParser().parse_step(text, "Then").kind == kind


def test_a_quoted_button_is_found_by_role_and_name() -> None:
    assert code('I press the "Borrow" button') == 'page.get_by_role("button", name="Borrow").click()'


def test_a_field_is_found_by_its_name_or_its_placeholder() -> None:
    assert code('I fill "Title" with "Emma"') == (
        'page.get_by_role("textbox", name="Title").or_(\npage.get_by_role("combobox", name="Title")\n'
        ').or_(page.get_by_placeholder("Title")).fill("Emma")'
    )


def test_a_number_may_go_into_a_field_for_numbers() -> None:
    assert '"spinbutton", name="Copies"' in code('I fill "Copies" with "3"')
    assert "spinbutton" not in code('I fill "Copies" with "three"')


def test_a_search_box_need_not_be_named() -> None:
    lines = code('I type "austen" into the search box')
    assert 'get_by_role("searchbox")' in lines
    assert 'get_by_role("textbox", name="Search")' in lines


def test_a_password_has_no_role_and_is_found_by_its_label() -> None:
    assert "get_by_label(re.compile" in code('I fill "Password" with "x"')


def test_a_field_for_searching_may_have_the_role_for_it() -> None:
    assert '"searchbox", name="Search"' in code('I fill "Search" with "austen"')


def test_a_thing_in_a_list_item_is_looked_for_there() -> None:
    assert code('in the list item "Emma" I press the "Borrow" button') == (
        'page.get_by_role("listitem").filter(has_text="Emma").get_by_role(\n"button", name="Borrow"\n).click()'
    )


@pytest.mark.parametrize(
    ("text", "at"), [("first", ".first"), ("second", ".nth(1)"), ("3rd", ".nth(2)"), ("last", ".last")]
)
def test_an_ordinal_says_which_one(text: str, at: str) -> None:
    assert code(f"I click the {text} button") == f'page.get_by_role("button"){at}.click()'


def test_joined_actions_become_a_line_each() -> None:
    step = ScenarioParser().parse_step('I fill the notes field with "x", press the "Save" button and reload the page')
    calls = [line.rsplit(".", 1)[-1] for line in step.code]
    assert [call for call in calls if call in {'fill("x")', "click()", "reload()"}] == [
        'fill("x")',
        "click()",
        "reload()",
    ]


def test_a_first_name_is_no_ordinal() -> None:
    assert 'name="first name"' in code('I enter "Ada" as the first name')
    assert ".first" not in code('I fill in the last name field with "Lovelace"')


def test_a_second_field_needs_no_second_verb() -> None:
    lines = code('I enter username "ada" and email "a@b.c"')
    assert 'fill("ada")' in lines
    assert "a@b.c" in lines


def test_joined_expectations_keep_their_subject() -> None:
    lines = code('the "Borrow" button should be visible and disabled', "Then")
    assert "to_be_visible" in lines
    assert "to_be_disabled" in lines


def test_a_selector_is_used_only_where_it_is_written() -> None:
    assert code('I click on the element "#borrow"') == 'page.locator("#borrow").click()'
    assert 'get_by_text("#borrow")' in code('I should see "#borrow"', "Then")


def test_a_literal_keeps_its_quotes_and_backslashes() -> None:
    assert ScenarioParser().parse_step(r'I fill "Path" with "C:\new \"x\""').value == r"C:\new " + '"x"'


def test_a_page_is_known_by_the_name_that_the_project_gives_it() -> None:
    step = ScenarioParser(pages={"shelf": "/my/books"}).parse_step("I am on the shelf page", "Given")
    assert step.code == ('page.goto("/my/books")',)
    assert step.certainty == 1.0


def test_a_page_that_is_not_named_is_an_interpretation() -> None:
    step = ScenarioParser().parse_step("I am on the shelf page", "Given")
    assert step.code == ('page.goto("/shelf")',)
    assert step.certainty < 1


def test_i_am_on_a_page_opens_it_at_first_and_is_expected_afterwards() -> None:
    parser = ScenarioParser()
    assert parser.parse_step("I am on the shelf page", "Given").kind == "navigate"
    assert parser.parse_step("I am on the shelf page", "Then").kind == "assert-url"


def test_another_attribute_for_test_ids_is_used() -> None:
    step = ScenarioParser(test_id="data-test").parse_step('the element with test id "total" is visible', "Then")
    assert """page.locator('[data-test="total"]')""" in "\n".join(step.code)


def test_rows_fill_several_fields() -> None:
    scenario = ScenarioParser().parse("When I fill in the following:\n  | Title | Emma |\n  | Author | Austen |")
    code = "\n".join(scenario.steps[0].code)
    assert code.count(".fill(") == 2
    assert '"Austen"' in code


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('I click on "Lend" "button"', 'page.get_by_role("button", name="Lend").click()'),
        ('I click on ".lend" "css_element"', 'page.locator(".lend").click()'),
        ("I click the 'second' Lend button", 'page.get_by_role("button", name="Lend").nth(1).click()'),
        ("I check checkbox 2", 'page.get_by_role("checkbox").nth(1).check()'),
        ('I check the box "On loan"', 'page.get_by_role("checkbox", name="On loan").check()'),
        ('I choose to click the "Lend" link', 'page.get_by_role("link", name="Lend").click()'),
        ('I go to "shelf/emma"', 'page.goto("/shelf/emma")'),
        ("I go to the Loans tab", 'page.get_by_role("tab", name="Loans").click()'),
        ("I close the modal popup", 'page.get_by_role("dialog")'),
        ('I select the radio button "Soft"', 'page.get_by_role("radio", name="Soft").click()'),
        ("I click on logout in account menu", 'place = page.get_by_role("menu", name="account")'),
        ("on the sign in page I click the join link", 'page.get_by_role("link", name="join").click()'),
        ('I enter Title as "Emma"', 'page.get_by_role("textbox", name="Title")'),
        ("User Clicks Cancel Loan button", 'page.get_by_role("button", name="Cancel Loan").click()'),
        ('I click on the top menu item with text "Loans"', 'page.get_by_role("menuitem", name="Loans")'),
        ('I set the quality slider to "3"', 'page.get_by_role("slider", name="quality").fill("3")'),
    ],
)
def test_an_action_finds_its_thing(text: str, line: str) -> None:
    assert code(text).replace("\n", "").startswith(line)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("I should see a lending error", 'page.get_by_role("alert")'),
        ("the Nothing to lend message is displayed", 'page.get_by_text("Nothing to lend")'),
        ('I should get the lending error message: "Too many"', 'page.get_by_text("Too many")'),
        ('the value of the "Copies" field should be 3', '.to_have_value("3")'),
        ('the element "h1" should have text "Shelf"', 'page.locator("h1")).to_have_text("Shelf")'),
        ('"Lend" "button" should exist', 'page.get_by_role("button", name="Lend")).to_be_visible()'),
        ('I should see "15" book covers in the list', ".to_have_count(15)"),
        ('the note is displayed with the message "Late"', 'page.get_by_text("Late")'),
        ('the "Title" field shows the error "Too long"', 'page.get_by_text("Too long")'),
        ("a receipt and the due date are shown", 'page.get_by_label("due date")'),
        ("there are 2 Lend buttons displayed on the page", 'page.get_by_role("button", name="Lend")).to_have_count(2)'),
    ],
)
def test_an_expectation_finds_its_thing(text: str, part: str) -> None:
    assert part in code(text, "Then").replace("\n", "")


def test_the_action_before_a_new_tab_listens_for_it() -> None:
    steps = (
        ScenarioParser()
        .parse('When I click "Help"\nThen a new tab should open\nAnd I should see "x" in the new tab')
        .steps
    )
    assert [step.kind for step in steps] == ["click", "assert-visible", "assert-text"]
    assert steps[0].code[0] == "with page.expect_popup() as popup:"
    assert "popup.value.get_by_text" in "\n".join(steps[2].code)


def test_the_action_before_a_download_listens_for_it() -> None:
    steps = ScenarioParser().parse('When I press "Export"\nThen a file named "books.csv" should be downloaded').steps
    assert [step.kind for step in steps] == ["click", "assert-text"]
    assert steps[0].code[0] == "with page.expect_download() as download:"
    assert steps[1].code == ('assert download.value.suggested_filename == "books.csv"',)


def test_a_dialog_is_answered_before_the_action_that_opens_it() -> None:
    lines = ScenarioParser().parse_step('I press "Delete" and accept the alert').code
    assert lines[0].startswith("page.once(")


def test_it_is_the_thing_before() -> None:
    scenario = ScenarioParser().parse('When I focus the "Title" field\nThen it should be empty')
    assert 'name="Title"' in "\n".join(scenario.steps[1].code)


def test_a_name_that_is_part_of_another_means_itself_only() -> None:
    scenario = ScenarioParser().parse('When I fill "Name" with "a"\nAnd I fill "First name" with "b"')
    assert "exact=True" in "\n".join(scenario.steps[0].code)
    assert "exact=True" not in "\n".join(scenario.steps[1].code)


def test_nothing_is_seen_on_a_page_that_shows_nothing() -> None:
    scenario = ScenarioParser().parse('When I go to "/shelf"\nThen I should not see "Emma"')
    assert "use_inner_text=True" in scenario.steps[1].code[0]
    after_action = ScenarioParser().parse('When I press "Clear"\nThen I should not see "Emma"')
    assert "use_inner_text" not in after_action.steps[1].code[0]


def test_a_text_may_match_a_pattern() -> None:
    assert 'get_by_text(re.compile("Em+a .*n"))' in code("I should see text matching /Em+a .*n/", "Then")


def test_bullets_need_no_keywords() -> None:
    text = 'As a reader I want to borrow\n- open "/shelf"\n- press the "Borrow" button\n1. I should see "On loan"'
    assert [step.keyword for step in ScenarioParser().parse(text).steps] == ["When", "When", "Then"]


def test_and_continues_the_keyword_before() -> None:
    text = 'Given I am on "/"\nAnd I am on "/shelf"\nThen I should see "a"\nBut I should not see "b"'
    assert [step.keyword for step in ScenarioParser().parse(text).steps] == ["Given", "Given", "Then", "Then"]


def test_lines_are_counted_from_the_texts_own() -> None:
    scenario = ScenarioParser().parse('\nWhen I press Enter\n\nThen I should see "a"', line=10)
    assert [step.line for step in scenario.steps] == [11, 13]


@pytest.mark.parametrize(("words", "number"), [("twice", 2), ("25 times", 25), ("100 times", 100)])
def test_an_action_is_repeated_as_often_as_the_step_says(words: str, number: int) -> None:
    assert code(f'I click the "Add" button {words}').count(".click()") == number
