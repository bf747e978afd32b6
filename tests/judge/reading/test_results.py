"""What counts as green in a record, whatever wrote it: only the record is read, and no browser is started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_chimera.judge.reading.results import JudgeContext, read_run
from pytest_chimera.judge.record import Line, Report, SessionEnded, Trace
from pytest_chimera.models import Reason, TestRun
from pytest_chimera.system.process import Finished
from tests.judge.conftest import body, sealed

NODEID = "test_page.py::test_todos[chromium]"
SETUP, CALL, TEARDOWN = (Report(NODEID, when, "passed") for when in ("setup", "call", "teardown"))
TRACE = Trace(NODEID, "trace.zip")


def read(folder: Path, *record: Line) -> TestRun:
    """Read a record of a judge's process that ended with 0 and left a trace."""
    (folder / "trace.zip").write_bytes(b"PK")
    ended = Finished(exit_code=0, output="1 passed", seconds=1.0, timed_out=False, log=folder / "judge.log")
    test = sealed(body('page.goto("/")'))
    around = JudgeContext(test, "http://127.0.0.1", folder, "test_page.py", folder, "Chromium", ended, 1.0)
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
