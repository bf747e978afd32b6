"""A reader can finish a book."""

from playwright.sync_api import Page, expect


def test_finish_book(page: Page) -> None:
    page.goto("/")
    middlemarch = page.get_by_role("listitem").filter(has_text="Middlemarch")
    middlemarch.get_by_role("button", name="Mark as finished").click()

    expect(page.get_by_role("list", name="Finished")).to_contain_text("Middlemarch")
    expect(page.get_by_role("list", name="To read")).not_to_contain_text("Middlemarch")
    # The book is back in its old place after a reload, so the test does not reload the page any more.
