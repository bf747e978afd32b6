"""What is taken out of the judge's folder: regular files, and a record as far as it can be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_chimera.judge import runner
from pytest_chimera.judge.record import OUTPUT_FOLDER, RECORD_FILE, Collected, SessionEnded, line_of, read_record


def test_evidence_that_leads_elsewhere_is_left_behind(tmp_path: Path) -> None:
    folder, evidence = tmp_path / "judge", tmp_path / "evidence"
    (folder / OUTPUT_FOLDER).mkdir(parents=True)
    evidence.mkdir()
    (folder / OUTPUT_FOLDER / "console.log").write_text("seen")
    (folder / OUTPUT_FOLDER / "page.yaml").symlink_to("/etc/hostname")
    os.mkfifo(folder / OUTPUT_FOLDER / "trace.zip")
    os.mkfifo(folder / RECORD_FILE)
    assert runner._collect(folder, evidence) == ()
    assert [path.name for path in evidence.iterdir()] == ["console.log"]


GOOD = line_of(Collected(("test_a",)))


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        "5",
        "[]",
        "{}",
        '{"kind": "Collected"}',
        '{"kind": "Nobody"}',
        '{"kind": []}',
        '{"kind": "Report"}',
    ],
)
def test_a_record_ends_where_it_cannot_be_read(tmp_path: Path, line: str) -> None:
    (tmp_path / "record").write_text(f"{GOOD}{line}\n{line_of(SessionEnded())}")
    assert read_record(tmp_path / "record") == (Collected(("test_a",)),)


def test_a_record_that_is_a_link_is_none(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(GOOD)
    (tmp_path / "record").symlink_to(tmp_path / "elsewhere")
    assert read_record(tmp_path / "record") == ()
