"""Generated tests in a real Chromium: red on a page without the feature, green on one that has it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import HealthCheck, given, settings
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from pytest_chimera.models import Feature
from pytest_chimera.scenario import TestGenerator
from pytest_chimera.scenario.language.words.lexer import quote_literal
from tests.scenario import pages
from tests.scenario.test_properties import LITERALS

pytestmark = pytest.mark.browser

Serve = Callable[[str], str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHIMERA_BROWSER_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve one page at every path of a server of its own; return its URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(html: str) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(html))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _handler(html: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = html.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    return Handler


def play(browser: Browser, url: str, text: str, seconds: float = 2) -> str:
    """Run the generated test of ``text`` against ``url``: return the failure, or an empty string if green."""
    test = TestGenerator(pages={"shelf": "/"}).generate(Feature(id="played", description="Played", text=text))
    namespace: dict[str, Callable[[Page], None]] = {}
    exec(compile(test.source, test.path, "exec"), namespace)
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.set_default_timeout(seconds * 1000)
    expect.set_options(timeout=seconds * 1000)
    try:
        namespace[test.name](page)
    except (AssertionError, PlaywrightError) as error:
        return str(error) or repr(error)
    finally:
        expect.set_options(timeout=5000)
        context.close()
    return ""


ADD = 'Given I open the application\nWhen I add a task "read Emma"\n'
LOG_IN = 'Given the home page is open\nWhen the reader logs in with username "ada" and password "x"\n'

SCENARIOS = {
    "adding": (
        pages.TASKS,
        "list.append(item);",
        ADD + 'Then I should see 1 task\nAnd the task should be "read Emma"\nWhen I add a task "walk"\n'
        'Then I should see 2 tasks\nAnd the tasks should be "read Emma" and "walk"',
    ),
    "clearing the field": (pages.TASKS, "box.value = '';", ADD + "Then the input field should be empty"),
    "counting": (pages.TASKS, "count.innerHTML =", ADD + 'Then the counter should show "1 item left"'),
    "clearing completed": (
        pages.TASKS,
        "each => each.parentElement.remove()",
        ADD
        + 'And I add a task "walk"\nAnd I mark the second task as complete\nAnd I click the clear completed button\n'
        'Then I should see 1 task\nAnd the first task should be "read Emma"',
    ),
    "deleting": (
        pages.TASKS,
        "item.remove();",
        ADD + 'And in the list item "read Emma" I press the "Delete" button\nThen I should not see "read Emma"',
    ),
    "logging in": (
        pages.ACCOUNT,
        "inside();\n  };",
        'Given I open "/"\nWhen I type "ada" into "username"\nAnd I type "x" into "password"\nAnd I click "Login"\n'
        'Then I should see "You entered the reading room!"\nAnd I should see the heading "Reading room"',
    ),
    "refusing": (
        pages.ACCOUNT,
        "return say('Your username is unknown!');",
        'Given I launch the login page\nWhen I enter "eve" into the username field\nAnd I enter "x" into the password '
        'field\nAnd I click the login button\nThen I should see "Your username is unknown!" in the error message',
    ),
    "logging out": (
        pages.ACCOUNT,
        "say('You left the reading room!');",
        LOG_IN + 'And the reader logs out\nThen the message "You left the reading room!" is shown',
    ),
    "controls": (
        pages.CONTROLS,
        "button.onclick =",
        'Given I am on the "Shelf" page\nWhen I click on Remove button\n'
        "Then I verify that It's gone message is displayed\n"
        "And I verify that Add button is displayed\nWhen I click on Add button\n"
        "Then I verify that It's back message is displayed\nAnd I verify that the only checkbox is unchecked",
    ),
    "listing": (
        pages.SHELF,
        "append(item)",
        'When I fill "Title" with "Persuasion"\nAnd I press the "Add" button\n'
        'Then I should see "Persuasion" in the list "Read"\nAnd the list "Read" should have 2 items\n'
        'And the list "Read" should contain "Emma"',
    ),
    "asking": (
        pages.SHELF,
        "confirm('Lend it?')",
        'When in the list item "Emma" I press the "Lend" button\n'
        'Then I should see an alert box with the text "Lend it?"',
    ),
    "opening a tab": (
        pages.OPENING,
        'target="_blank"',
        'When I click the "Help" link\nThen a new tab should open\nAnd in the new tab I should see "How to lend"\n'
        'And the new tab should have the title "Help"\nAnd I should not see "How to lend"',
    ),
    "working in a tab": (
        pages.OPENING,
        'target="_blank"',
        'When I click the "Help" link\nAnd I switch to the new tab\nThen I should see "How to lend"\n'
        'When I switch back to the first tab\nThen I should not see "How to lend"',
    ),
    "downloading": (
        pages.OPENING,
        'download="books.csv"',
        'When I click "Export"\nThen a file named "books.csv" should be downloaded\nAnd I should see "Shelf"',
    ),
    "downloading by name": (
        pages.OPENING,
        'download="books.csv"',
        'When I download "Export"\nThen the ".csv" file is downloaded',
    ),
    "confirming": (
        pages.SHELF,
        "said.hidden = false;",
        'When in the list item "Emma" I press the "Lend" button\nAnd I accept the alert\nThen I should see "Lent"',
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_red_without_the_feature_and_green_with_it(browser: Browser, serve: Serve, name: str) -> None:
    page, feature, text = SCENARIOS[name]
    assert feature in page
    broken = page.replace(feature, _without(feature))
    assert play(browser, serve(page), text) == ""
    assert play(browser, serve(broken), text, seconds=0.7) != ""


def _without(feature: str) -> str:
    """Return the same script without the feature, still well-formed."""
    if feature.endswith("="):
        return "window.unused ="
    return (
        "};"
        if feature.endswith("};")
        else feature.replace(feature.strip(), "void 0;" if feature.endswith(";") else "void 0")
    )


EVERYDAY = """
    Given I visit "/"
    When I fill "Password" with "a"
    And I fill "Confirm password" with "b"
    And I set "Copies" to 3
    And I select "French" from the language dropdown
    And I check "On loan"
    And I choose the "Hardback" radio button
    And I press Tab
    And I reload the page
    And I check the on loan checkbox
    And I uncheck the on loan checkbox
    And I type "Emma" in the title field
    And I clear the title field
    And I go to the shelf page
    Then the page title should be "Library"
    And the URL should be "/"
    And I should be on the shelf page
    And I should see the heading "Shelf"
    And the "Shelf" heading is visible
    And I should see the "Add" button
    And the add button should be enabled
    And the "Title" field should be empty
    And the "On loan" checkbox should not be checked
    And the "Language" dropdown should have "English" selected
    And there should be 2 rows in the table
    And the table should contain "Emma"
    And I should not see "Persuasion"
    And the list "Read" should not contain "Persuasion"
    And the first list item in the list "Read" should contain "Emma"
    And I should see "Emma" and "Shelf"
    And I should see text matching /She.f/
    And there is a link "Home"
    And the "Home" link should have attribute "href" with value "/"
    And I should not see any dialog
"""


def test_everyday_steps_do_and_see_what_they_say(browser: Browser, serve: Serve) -> None:
    assert play(browser, serve(pages.SHELF), EVERYDAY) == ""


EVERY_FIELD = """
    When I type "Emma" into the search box
    And I enter "Bath" in the "Town" field
    And I set the "Copies" field to 3
    And I move the "Quality" slider to 80
    And I fill in the note with "To read"
    And I select "Soft" from the "Cover" group
    And I check the first item
    And I check the item "Persuasion"
    Then the search box should contain "Emma"
    And the "Town" field should have value "Bath"
    And the "Copies" field should contain "3"
    And the value of the "Quality" slider should be "80"
    And the note field should contain "To read"
    And the "Soft" radio button should be checked
    And the "Hard" radio button should not be checked
    And I should see the following buttons:
        | Lend   |
        | Return |
    And the search box should not be empty
"""


def test_a_field_of_any_kind_is_found_by_its_words(browser: Browser, serve: Serve) -> None:
    assert play(browser, serve(pages.FIELDS), EVERY_FIELD) == ""


@pytest.mark.parametrize(
    "lie",
    [
        'I should see "Persuasion"', 'I should not see "Emma"', 'the page title should be "Shelf"',
        'the URL should contain "/other"', 'I should see the "Remove" button', "the add button should be disabled",
        'the "Title" field should contain "x"', 'the "On loan" checkbox should be checked',
        'the list "Read" should have 2 items', 'I should see "Persuasion" in the list "Read"',
        "there should be 3 rows in the table", 'the "Language" dropdown should have "French" selected',
        'there is no link "Home"', "I should be on the other page", 'the heading should be "Other"',
        'the list "Read" should not contain "Emma"', 'the first list item in the list "Read" should contain "x"',
    ],
)  # fmt: skip
def test_an_expectation_that_does_not_hold_is_red(browser: Browser, serve: Serve, lie: str) -> None:
    assert play(browser, serve(pages.SHELF), f"Then {lie}", seconds=0.3) != ""


def test_nothing_is_not_enough_to_see_nothing(browser: Browser, serve: Serve) -> None:
    blank = "<!doctype html><title>x</title><div id=root></div>"
    assert play(browser, serve(blank), 'When I open "/"\nThen I should not see "Emma"', seconds=0.5) != ""


def said_and_seen(literal: str) -> str:
    """Steps that type a literal and expect it in the field and on the page."""
    return (
        f'When I fill "Said" with {literal}\nThen the "Said" field should contain {literal}\nAnd I should see {literal}'
    )


def test_any_literal_survives_from_step_to_page_and_back(browser: Browser, serve: Serve) -> None:
    url = serve(pages.ECHO)

    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(LITERALS.map(str.strip).filter(lambda text: text.isprintable() and bool(text)))
    def survives(text: str) -> None:
        literal = quote_literal(text)
        assert play(browser, url, said_and_seen(literal)) == ""

    survives()


@pytest.mark.parametrize(
    "text",
    ['say "hi"', "it's", "back\\slash", r"\n", "emoji 🎉👩‍👩‍👧", "שלום", "مرحبا \u200f!", "日本語", "a  b", "<b>&amp;"],
)
def test_quotes_backslashes_emoji_and_right_to_left_survive(browser: Browser, serve: Serve, text: str) -> None:
    literal = quote_literal(text)
    steps = (
        f'When I fill "Said" with {literal}\nThen the "Said" field should contain {literal}\nAnd I should see {literal}'
    )
    assert play(browser, serve(pages.ECHO), steps) == ""
