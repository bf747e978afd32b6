"""The application of the demo and every recorded change: the correct ones work, the wrong ones fail as described."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page, expect

from tests.demo.application import RIGHT, Recorded, served

SHORT = 2_000  # milliseconds: the server is on this machine


def list_named(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name=name)


def add_book(page: Page) -> None:
    page.get_by_role("textbox", name="Title").fill("The Waves", timeout=SHORT)
    page.get_by_role("textbox", name="Author").fill("Virginia Woolf")
    page.get_by_role("button", name="Add").click()
    expect(list_named(page, "To read")).to_contain_text("The Waves", timeout=SHORT)
    page.reload()
    expect(list_named(page, "To read")).to_contain_text("The Waves", timeout=SHORT)


def finish_book_until_reload(page: Page) -> None:
    waiting = page.get_by_role("listitem").filter(has_text="Middlemarch")
    waiting.get_by_role("button", name="Mark as finished").click(timeout=SHORT)
    expect(list_named(page, "Finished")).to_contain_text("Middlemarch", timeout=SHORT)
    expect(list_named(page, "To read")).not_to_contain_text("Middlemarch", timeout=SHORT)


def finish_book(page: Page) -> None:
    finish_book_until_reload(page)
    page.reload()
    expect(list_named(page, "Finished")).to_contain_text("Middlemarch", timeout=SHORT)


def search(page: Page) -> None:
    page.get_by_label("Search").fill("le guin", timeout=SHORT)
    page.keyboard.press("Enter")
    expect(list_named(page, "To read")).to_contain_text("The Dispossessed", timeout=SHORT)
    expect(list_named(page, "To read").get_by_role("listitem")).to_have_count(2, timeout=SHORT)
    expect(page.get_by_text("Beloved")).to_have_count(0, timeout=SHORT)


SCENARIOS = {"test_add_book": add_book, "test_finish_book": finish_book, "test_search": search}


def unit_tests(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_applications_own_tests_pass_before_anything_is_built(project: Path) -> None:
    assert unit_tests(project).returncode == 0


@pytest.mark.parametrize(
    ("feature", "attempt"),
    [("test_add_book", 1), ("test_finish_book", 2), ("test_finish_book", 3), ("test_search", 2)],
)
def test_its_own_tests_pass_with_a_change(recorded: Recorded, feature: str, attempt: int) -> None:
    done = unit_tests(recorded(feature, attempt))

    assert done.returncode == 0, done.stdout


def test_the_first_search_breaks_the_order_that_a_unit_test_holds(recorded: Recorded) -> None:
    done = unit_tests(recorded("test_search", 1))

    assert done.returncode == 1
    assert "FAILED tests/unit/test_store.py::test_books_stand_in_the_order_of_their_authors" in done.stdout
    assert "1 failed" in done.stdout


def test_the_first_finish_edits_the_sealed_test(recorded: Recorded) -> None:
    before, after = recorded("test_add_book", 1), recorded("test_finish_book", 1)

    assert not (before / "tests" / "e2e").exists()
    assert "def test_finish_book(" in (after / "tests/e2e/test_finish_book.py").read_text()
    assert "reload()" not in (after / "tests/e2e/test_finish_book.py").read_text()


@pytest.mark.parametrize("feature", RIGHT)
def test_the_folder_of_a_feature_holds_one_change_an_attempt(project: Path, feature: str) -> None:
    recordings = {path.stem for path in (project / "recorded" / feature).iterdir()}

    assert recordings == {str(attempt + 1) for attempt in range(RIGHT[feature])}


@pytest.mark.browser
@pytest.mark.parametrize("feature", RIGHT)
def test_a_feature_is_not_there_at_first(project: Path, page: Page, tmp_path: Path, feature: str) -> None:
    with served(project, tmp_path) as url:
        page.goto(url)
        expect(page.get_by_role("heading", name="Reading list")).to_be_visible()

        with pytest.raises((AssertionError, PlaywrightError)):
            SCENARIOS[feature](page)


@pytest.mark.browser
@pytest.mark.parametrize("feature", RIGHT)
def test_the_last_recorded_change_brings_the_feature(
    recorded: Recorded, page: Page, tmp_path: Path, feature: str
) -> None:
    with served(recorded(feature, RIGHT[feature]), tmp_path) as url:
        page.goto(url)

        SCENARIOS[feature](page)


@pytest.mark.browser
@pytest.mark.parametrize("attempt", [1, 2])
def test_a_book_that_is_finished_in_the_page_only_is_back_after_a_reload(
    recorded: Recorded, page: Page, tmp_path: Path, attempt: int
) -> None:
    with served(recorded("test_finish_book", attempt), tmp_path) as url:
        page.goto(url)
        finish_book_until_reload(page)

        page.reload()

        expect(list_named(page, "To read")).to_contain_text("Middlemarch")
        expect(list_named(page, "Finished")).not_to_contain_text("Middlemarch")


@pytest.mark.browser
def test_all_three_features_live_beside_each_other_and_in_an_older_database(
    recorded: Recorded, page: Page, tmp_path: Path
) -> None:
    with served(recorded("test_add_book", 1), tmp_path) as url:
        page.goto(url)
        add_book(page)
    with served(recorded("test_search", 2), tmp_path) as url:
        page.goto(url)
        finish_book(page)
        search(page)


@pytest.mark.browser
def test_no_page_complains_in_the_console(recorded: Recorded, page: Page, tmp_path: Path) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.on("response", lambda response: complaints.append(response.url) if response.status >= 400 else None)

    with served(recorded("test_search", 2), tmp_path) as url:
        page.goto(url)
        finish_book(page)

    assert complaints == []
