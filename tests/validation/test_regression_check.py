"""What of the base is compared with a candidate, and what is reported as not compared."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from pytest_chimera.errors import ChimeraError, EnvironmentTrouble, PreconditionError
from pytest_chimera.models import Change, Feature, GeneratedTest, SealedTest, TestRun
from pytest_chimera.settings import Settings
from pytest_chimera.validation import regression_check
from pytest_chimera.validation.regression_check import RegressionCheck, own_sources

EARLIER = "tests/e2e/test_loans.py"
SEALED = SealedTest(
    test=GeneratedTest(source="", path="tests/e2e/test_add.py", name="test_add"),
    nodeids=("tests/e2e/test_add.py::test_add",),
)


def test_what_a_preparing_command_installed_does_not_hide_the_applications_own_files(tmp_path: Path) -> None:
    installed = tmp_path / "node_modules" / "library"
    installed.mkdir(parents=True)
    for number in range(2001):
        (installed / f"{number}.js").touch()
    (tmp_path / "server.js").write_text('app.get("/loans")')
    (tmp_path / "README.md").write_text('"/not-an-address"')
    paths = ["README.md", "server.js", "gone.js", "../other/server.js"]
    assert own_sources(tmp_path, paths) == {str(tmp_path / "server.js"): b'app.get("/loans")'}


class BaseWithEarlierTest:
    """A project whose base has one more end-to-end test."""

    settings = Settings()

    @property
    def repository(self) -> BaseWithEarlierTest:
        return self

    def files(self, _commit: str, _under: str) -> list[str]:
        return [EARLIER, SEALED.test.path, "tests/e2e/pages.py"]

    def read(self, _commit: str, _path: str) -> bytes:
        return b"def test_loans(page): ...\n"


def run_of_earlier_tests(monkeypatch: pytest.MonkeyPatch, room: Path, error: ChimeraError) -> TestRun:
    """Run the earlier tests on a candidate when collecting them fails."""

    async def collected(*_: object) -> None:
        raise error

    monkeypatch.setattr(regression_check, "collected", collected)
    project, staging = cast("Any", BaseWithEarlierTest()), cast("Any", None)
    check = RegressionCheck(project, Feature(id="add", description="Add"), staging)
    run, change = TestRun(status="green", url=""), Change(commit="c", tree="t", base="b")
    return anyio.run(partial(check._earlier, run, SEALED, change, room, cast("Any", None)))


def test_an_earlier_test_that_cannot_be_collected_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = run_of_earlier_tests(monkeypatch, tmp_path, PreconditionError("It imports the shop."))
    assert run.not_varied == {EARLIER: "cannot be run on the base: It imports the shop"}


def test_trouble_of_the_machine_does_not_skip_an_earlier_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentTrouble, match="No judge"):
        run_of_earlier_tests(monkeypatch, tmp_path, EnvironmentTrouble("No judge."))
