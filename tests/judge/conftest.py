"""What every test of the judge needs: a site, a sealed test, a browser."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest

from pytest_chimera.judge import Browser, find_browser, judge, seal_of
from pytest_chimera.judge.interpreter import temporary_folder
from pytest_chimera.judge.warm import WarmJudges
from pytest_chimera.models import GeneratedTest, SealedTest, StepLines, TestRun
from tests.judge.pages import Page, Serve, Site, serving

HEADER = "from playwright.sync_api import Page, expect\n\n\n"
TODOS = "<title>Todos</title><h1>Todos</h1><ul aria-label='Todos'><li>Milk</li></ul><button>Add</button>"

Judged = Callable[..., TestRun]


def sealed(source: str, *names: str, steps: tuple[StepLines, ...] = ()) -> SealedTest:
    """A sealed test of the functions named; without its imports, which are the same in all."""
    text = HEADER + textwrap.dedent(source).strip() + "\n"
    path = "tests/e2e/test_todos.py"
    test = GeneratedTest(source=text, path=path, name=(names or ("test_todos",))[0], steps=steps)
    return SealedTest(
        test=test, nodeids=tuple(f"{path}::{name}" for name in names or ("test_todos",)), sha256=seal_of(text)
    )


def body(*lines: str) -> str:
    """The source of one test function with these lines."""
    return "def test_todos(page: Page) -> None:\n" + textwrap.indent("\n".join(lines), "    ")


@pytest.fixture(scope="session")
def chromium() -> Browser:
    return find_browser()


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(pages: Mapping[str, Page | str]) -> Site:
            return stack.enter_context(serving(pages))

        yield start


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmJudges]:
    """Return warm judges for all tests."""
    with temporary_folder() as home:
        judges = WarmJudges(home, find_browser, pytest.fail)
        yield judges
        anyio.run(judges.stop_idle)


cold_and_warm = pytest.mark.parametrize("judged", ["cold", "warm"], indirect=True)
"""For what must hold in a new process, and in a warm judge that has served other runs."""


@pytest.fixture
def judged(request: pytest.FixtureRequest, tmp_path: Path, chromium: Browser) -> Judged:
    """Judge a sealed test with little patience: what exists is there at once or never."""
    is_cold = getattr(request, "param", "warm") == "cold"
    judges = None if is_cold else request.getfixturevalue("warm")

    def run(test: SealedTest, url: str, **options: Any) -> TestRun:
        options = {
            "evidence": tmp_path / "evidence",
            "browser": chromium,
            "time_limit": 60.0,
            "patience": 0.6,
            "warm": judges,
            **options,
        }
        return anyio.run(lambda: judge(test, url, **options))

    return run
