"""The demo's project, and the result of each recorded change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pytest_chimera.demo.sample_project import write_project
from pytest_chimera.judge.browser import find_browser
from tests.demo.application import RIGHT, Recorded, replay


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for one module: pytest-playwright's lives for the entire run, like its event loop."""
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=find_browser().path) as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page in a context of its own."""
    with chromium.new_context() as context:
        yield context.new_page()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo as written; read-only."""
    folder = tmp_path_factory.mktemp("demo") / "project"
    write_project(folder)
    return folder


@pytest.fixture(scope="session")
def recorded(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The project with one recorded change, on top of the correct ones for the features before it."""
    done: dict[tuple[str, int], Path] = {}

    def with_change(feature: str, attempt: int) -> Path:
        if (feature, attempt) not in done:
            folder = tmp_path_factory.mktemp(feature) / f"attempt-{attempt}"
            before = list(RIGHT)[: list(RIGHT).index(feature)]
            shutil.copytree(with_change(before[-1], RIGHT[before[-1]]) if before else project, folder)
            replay(folder, feature, attempt)
            done[feature, attempt] = folder
        return done[feature, attempt]

    return with_change
