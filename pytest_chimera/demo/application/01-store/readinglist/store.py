"""The shelf: books in a SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SCHEMA = """
CREATE TABLE IF NOT EXISTS book (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    author TEXT NOT NULL
);
"""

FIRST_BOOKS = (
    ("Beloved", "Toni Morrison"),
    ("The Word for World Is Forest", "Ursula K. Le Guin"),
    ("Middlemarch", "George Eliot"),
    ("The Dispossessed", "Ursula K. Le Guin"),
    ("Invisible Cities", "Italo Calvino"),
)
"""What stands on a new shelf."""


class Book(NamedTuple):
    """A book on the shelf."""

    id: int
    title: str
    author: str


class Shelf:
    """The books in one database; a new database begins with :data:`FIRST_BOOKS`."""

    def __init__(self, database: Path) -> None:
        self.database = database
        is_new = not database.exists()
        database.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as db:
            db.executescript(SCHEMA)
            if is_new:
                db.executemany("INSERT INTO book (title, author) VALUES (?, ?)", FIRST_BOOKS)

    def to_read(self) -> list[Book]:
        """The books that wait, in the order of their authors."""
        with self._open() as db:
            rows = db.execute("SELECT id, title, author FROM book ORDER BY author, title").fetchall()
        return [Book(*row) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.database)
        try:
            with db:
                yield db
        finally:
            db.close()
