"""The seed of the variations: drawn for each validation, and recorded only with the results."""

from __future__ import annotations

from pathlib import Path

import anyio

from pytest_chimera import create_chimera_task
from pytest_chimera.models import Change, Feature, GeneratedTest, SealedTest, TestRun
from pytest_chimera.settings import Settings
from pytest_chimera.validation.variation_runs import VariationRuns
from pytest_chimera.workflow import ChimeraWorkflow, Moved

SOURCE = """
from playwright.sync_api import expect


def test_a(page):
    page.get_by_label("Name").fill("Ada Lovelace")
    expect(page.get_by_text("Hello, Ada Lovelace!")).to_be_visible()
"""
SEALED = SealedTest(test=GeneratedTest(source=SOURCE, path="tests/e2e/test_a.py", name="test_a"), nodeids=("a",))
GREEN = TestRun(status="green", url="http://127.0.0.1")


def test_each_validation_draws_its_own_seed_and_the_sealed_test_holds_none(tmp_path: Path) -> None:
    workflow = create_chimera_task("A", "/").begin().model_copy(update={"moved": Moved(sealed=SEALED)})

    async def look(_test: SealedTest, _commit: str, _tree: str, _room: Path, _workflow: ChimeraWorkflow) -> TestRun:
        return GREEN

    async def seed_of(room: Path) -> str:
        room.mkdir()
        variation_runs = VariationRuns(Settings(), Feature(id="a", description="A"), look)
        return (await variation_runs.varied(GREEN, Change(commit="c"), room, workflow)).seed

    first, second = anyio.run(seed_of, tmp_path / "1"), anyio.run(seed_of, tmp_path / "2")
    assert first
    assert first != second
    assert "seed" not in SealedTest.model_fields
