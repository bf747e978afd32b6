"""Every planted cheat is one: the guardian refuses each change by its rule, and the judge refuses each test."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from pytest_chimera.git import Repository
from pytest_chimera.judge import empty_pages, find_browser, judge
from pytest_chimera.models import Change, ChangedFile, Review, TestRun
from pytest_chimera.review.guardian import Guardian
from pytest_chimera.run.canaries import CHANGES, TESTS, Canaries, PlantedChange, _sealed_test, _workflow
from pytest_chimera.settings import Settings

TEST = "tests/e2e/test_reader_searches.py"


def reviewed(planted: PlantedChange, settings: Settings, *, by_hand: bool = False) -> Review:
    files = {name.format(test_dir="tests/e2e", test=TEST): text for name, text in planted.files.items()}

    def read(commit: str, path: str) -> bytes | None:
        return files[path].encode() if commit == "candidate" else None

    change = Change(
        base="base",
        commit="candidate",
        files=tuple(ChangedFile(path=path, status="A") for path in files),
        left_out=dict(planted.left_out),
    )
    return Guardian(settings, read, by_hand=by_hand, listed=lambda _commit: ()).pytest_chimera_review_change(
        change, _workflow(_sealed_test(TEST, ""), change)
    )


def refuses(planted: PlantedChange, review: Review | None, settings: Settings, *, by_hand: bool = False) -> bool:
    canaries = Canaries(Repository.__new__(Repository), settings, Path(), by_hand)
    return canaries._is_refused(planted, review)


@pytest.mark.parametrize("planted", CHANGES, ids=lambda planted: planted.name)
def test_the_guardian_refuses_each_planted_change_by_its_rule(planted: PlantedChange) -> None:
    review = reviewed(planted, Settings())
    assert review.decision == "reject"
    assert refuses(planted, review, Settings())
    without = tuple(finding for finding in review.findings if finding.rule != planted.rule)
    assert not refuses(planted, review.model_copy(update={"findings": without}), Settings())
    assert not refuses(planted, review.model_copy(update={"decision": "approve"}), Settings())
    assert not refuses(planted, None, Settings())


def test_what_a_project_allows_and_what_a_person_is_only_told_is_refused_by_being_told() -> None:
    planted = next(each for each in CHANGES if ".envrc" in each.files)
    allows = Settings(allow=("protected-path:.envrc",))
    assert refuses(planted, reviewed(planted, allows), allows)
    assert refuses(planted, reviewed(planted, Settings(), by_hand=True), Settings(), by_hand=True)
    assert not refuses(planted, Review(decision="approve"), allows)


@pytest.mark.browser
@pytest.mark.parametrize("name", TESTS)
def test_the_judge_finds_no_planted_test_green(name: str, tmp_path: Path) -> None:
    async def judged() -> TestRun:
        with empty_pages() as url:
            sealed = _sealed_test(TEST, TESTS[name])
            return await judge(sealed, url, evidence=tmp_path, browser=find_browser(), time_limit=60)

    assert anyio.run(judged).status == "red"
