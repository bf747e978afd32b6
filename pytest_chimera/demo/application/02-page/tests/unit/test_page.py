from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from readinglist import create_app


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_app(tmp_path).test_client()


def test_the_page_shows_what_waits(client: FlaskClient) -> None:
    page = unescape(client.get("/").text)

    assert "<h1>Reading list</h1>" in page
    assert "<cite>Middlemarch</cite>" in page
    assert "George Eliot" in page


def test_the_database_lies_in_the_folder_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READINGLIST_DATA", str(tmp_path / "data"))

    create_app()

    assert (tmp_path / "data" / "readinglist.db").is_file()
