from pathlib import Path

import pytest

from readinglist.store import FIRST_BOOKS, Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "readinglist.db")


def test_a_new_shelf_holds_the_first_books(shelf: Shelf) -> None:
    assert {(book.title, book.author) for book in shelf.to_read()} == set(FIRST_BOOKS)


def test_books_stand_in_the_order_of_their_authors(shelf: Shelf) -> None:
    assert [book.title for book in shelf.to_read()] == [
        "Middlemarch",
        "Invisible Cities",
        "Beloved",
        "The Dispossessed",
        "The Word for World Is Forest",
    ]


def test_a_shelf_that_is_opened_again_is_not_filled_again(shelf: Shelf) -> None:
    assert Shelf(shelf.database).to_read() == shelf.to_read()
