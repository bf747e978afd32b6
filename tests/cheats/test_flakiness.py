"""What appears late is accepted; what appears four times out of five is not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_chimera.judge import Browser, find_browser, seal_of
from pytest_chimera.models import SealedTest
from pytest_chimera.validation.variations import vary
from tests.judge.conftest import Judged, body, judged, sealed
from tests.judge.pages import Page, Site, serving

__all__ = ["judged"]
pytestmark = pytest.mark.browser
TEST = sealed(
    body(
        'page.goto("/")',
        'expect(page.get_by_text("Bread")).to_be_visible()',
        "page.reload()",
        'expect(page.get_by_text("Bread")).to_be_visible()',
    )
)
LATE = "<h1>List</h1><script>setTimeout(() => document.body.append('Bread'), {milliseconds})</script>"


class Changing(dict[str, Page]):
    """Serves pages that are made for each request."""

    def __init__(self, chance: random.Random, *, late: bool) -> None:
        super().__init__()
        self._chance = chance
        self._late = late

    def get(self, path: str, default: Page | None = None) -> Page:  # type: ignore[override]  # the one that is asked for
        if path != "/":
            return default or Page(status=404)
        if self._late:
            return Page(LATE.format(milliseconds=int(3000 * self._chance.random())))
        return Page("<h1>List</h1>" + ("Bread" if self._chance.random() > 0.2 else ""))


@pytest.fixture(scope="session")
def chromium() -> Browser:
    return find_browser()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving({}) as running:
        yield running


def looks() -> tuple[SealedTest, ...]:
    """The sealed test, and its variation with many reloads."""
    varied = vary(TEST.test, "a").made[0].test
    return TEST, TEST.model_copy(update={"test": varied, "sha256": seal_of(varied.source)})


def rounds(name: str) -> list[object]:
    return [
        pytest.param(number, id=f"{name}-{number}", marks=pytest.mark.exhaustive if number else ())
        for number in range(30)
    ]


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", rounds("late"))
def test_what_appears_after_up_to_three_seconds_is_green(
    number: int, site: Site, judged: Judged, tmp_path: Path
) -> None:
    site.pages = Changing(random.Random(number), late=True)
    runs = [judged(each, site.url, patience=8.0, evidence=tmp_path / each.sha256) for each in looks()]
    assert [run.status for run in runs] == ["green", "green"], runs


@pytest.mark.parametrize("number", rounds("now-and-then"))
def test_what_fails_one_time_in_five_is_never_green(number: int, site: Site, judged: Judged, tmp_path: Path) -> None:
    site.pages = Changing(random.Random(number), late=False)
    runs = [judged(each, site.url, evidence=tmp_path / each.sha256) for each in looks()]
    assert "red" in [run.status for run in runs]
