"""What counts as green in a record, whatever wrote it: the record alone is read, and no browser started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_chimera.judge.record import Doubt, DoubtKind, Line, Report, SessionEnded, Trace
from pytest_chimera.judge.results import Surroundings, read_run
from pytest_chimera.models import Failure, Reason, TestRun
from pytest_chimera.system.process import Finished
from tests.judge.conftest import body, sealed

NODEID = "test_page.py::test_todos[chromium]"
SETUP, CALL, TEARDOWN = (Report(NODEID, when, "passed") for when in ("setup", "call", "teardown"))
TRACE = Trace(NODEID, "trace.zip")


def read(folder: Path, *record: Line, **known: Any) -> TestRun:
    """What is read of a record when the judge's process ended with 0 and left a trace."""
    (folder / "trace.zip").write_bytes(b"PK")
    ended = Finished(exit_code=0, output="1 passed", seconds=1.0, timed_out=False, log=folder / "judge.log")
    test = sealed(body('page.goto("/")')).model_copy(update=known)
    around = Surroundings(test, "http://127.0.0.1", folder, "test_page.py", folder, "Chromium", ended, 1.0)
    return read_run((*record, SessionEnded()), around)


def test_a_report_of_each_phase_that_passed_and_a_trace_are_green(tmp_path: Path) -> None:
    assert read(tmp_path, SETUP, CALL, TEARDOWN, TRACE).status == "green"


@pytest.mark.parametrize(
    "record",
    [
        pytest.param((), id="nothing"),
        pytest.param((SETUP, CALL, TRACE), id="no teardown"),
        pytest.param((CALL, TRACE), id="the call alone"),
        pytest.param((SETUP, CALL, TEARDOWN, SETUP, CALL, TEARDOWN, TRACE), id="twice"),
        pytest.param((SETUP, replace(CALL, outcome="rerun"), CALL, TEARDOWN, TRACE), id="run again"),
        pytest.param((SETUP, replace(CALL, outcome="skipped"), TEARDOWN, TRACE), id="skipped"),
        pytest.param((SETUP, replace(CALL, expected_failure=True), TEARDOWN, TRACE), id="expected to fail"),
        pytest.param((SETUP, CALL, TEARDOWN), id="no trace"),
        pytest.param((SETUP, CALL, TEARDOWN, Trace(NODEID, "other.zip")), id="a trace that is not there"),
        pytest.param((SETUP, CALL, TEARDOWN, Trace("test_page.py::test_other", "trace.zip")), id="another's trace"),
    ],
)
def test_less_than_that_or_more_is_no_evidence(tmp_path: Path, record: tuple[Line, ...]) -> None:
    run = read(tmp_path, *record)
    assert (run.status, run.passed) == ("red", ())
    assert run.failure is not None
    assert run.failure.reason is Reason.NO_EVIDENCE


RED = TestRun(status="red", url="", held=("there",), unseen=("there",))
UNSEEN_RED = RED.model_copy(update={"failures": (Failure(nodeid="", reason=Reason.NOT_SEEN, message=""),)})


@pytest.mark.parametrize(
    ("doubt", "what", "known", "reason"),
    [
        pytest.param("unsettled", "there", {"red": RED}, Reason.UNSETTLED, id="unsettled"),
        pytest.param("unseen", "new", {}, Reason.NOT_SEEN, id="unseen"),
        pytest.param("unseen", "new", {"red": RED}, Reason.NOT_SEEN, id="unseen, and something else before"),
        pytest.param("unseen", "there", {"red": RED}, None, id="unseen before"),
        pytest.param("unseen", "there", {"red": UNSEEN_RED}, Reason.NOT_SEEN, id="unseen, and red for it before"),
        pytest.param("not caused", "new", {"red": RED}, Reason.NOT_CAUSED, id="not caused"),
        pytest.param("not caused", "there", {"red": RED}, None, id="held before"),
        pytest.param("not caused", "new", {}, None, id="no base to compare with"),
        pytest.param("not caused", "new", {"red": RED.model_copy(update={"held": None})}, None, id="not looked at"),
        pytest.param("not caused", "new", {"red": RED, "variation": "other data"}, None, id="of a variation"),
        pytest.param("not caused", "", {"red": RED}, Reason.NOT_CAUSED, id="another value beside it"),
    ],
)
def test_a_doubt_is_a_red_unless_the_base_excuses_it(
    doubt: DoubtKind, what: str, known: dict[str, Any], reason: Reason | None, tmp_path: Path
) -> None:
    seen = Doubt(NODEID, doubt, what, "why")
    run = read(tmp_path, SETUP, seen, CALL, TEARDOWN, TRACE, **known)
    assert (run.failure.reason if run.failure else None) is reason
