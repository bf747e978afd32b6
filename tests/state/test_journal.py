"""The journal: what is written is stored, and damage is detected."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from pytest_chimera import create_chimera_task
from pytest_chimera.errors import EnvironmentTrouble, StateError
from pytest_chimera.markers import journal_name
from pytest_chimera.state.journal import Journal, cut_torn_line, events_in
from pytest_chimera.state.replay import Event, FeatureRecord, cache_mirror
from pytest_chimera.workflow import ChimeraPhase, Outcome, PhaseResult


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "test_a.jsonl"


def begun(path: Path) -> Journal:
    journal = Journal(path)
    workflow = create_chimera_task("User can add a todo", "/").begin()
    journal.append("begun", feature="test_a", workflow=workflow, asked="digest")
    journal.append("phase_started", phase="e2e_test_generation", attempt=0)
    return journal


def events(path: Path) -> list[Event]:
    whole, torn = cut_torn_line(path.read_bytes())
    assert not torn
    return list(events_in(whole))


FAILED = PhaseResult(phase=ChimeraPhase.E2E_TEST_GENERATION, attempt=0, outcome=Outcome.FAILURE, reason="no server")


def test_another_process_reads_what_one_wrote(path: Path) -> None:
    begun(path).append("phase_finished", result=FAILED, leads_to="failed")
    workflow = Journal(path).record.workflow
    assert workflow is not None
    assert workflow.current_phase is ChimeraPhase.FAILED
    assert workflow.results == (FAILED,)


def test_a_started_phase_is_open_until_it_ends(path: Path) -> None:
    journal = begun(path)
    assert journal.record.open_phase == (ChimeraPhase.E2E_TEST_GENERATION, 0)
    journal.append("phase_finished", result=FAILED, leads_to="failed")
    assert journal.record.open_phase is None


def test_a_second_result_for_a_key_is_an_error(path: Path) -> None:
    journal = begun(path)
    journal.append("phase_finished", result=FAILED, leads_to="e2e_test_generation")
    with pytest.raises(ValueError, match="a second result"):
        journal.append("phase_finished", result=FAILED, leads_to="failed")
    assert len(events(path)) == 3


def test_cut_at_every_byte_it_is_read_as_a_prefix_of_the_truth(path: Path) -> None:
    begun(path)
    whole, truth = path.read_bytes(), events(path)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        Journal(path)
        assert events(path) == truth[: len(events(path))]
        assert path.read_bytes() == whole[: len(path.read_bytes())]


def test_a_torn_last_line_is_cut_off_and_said_so(path: Path) -> None:
    begun(path)
    with path.open("ab") as file:
        file.write(b'{"seq": 3, "ev')
    journal = Journal(path)
    assert "torn last line (14 bytes)" in journal.repaired
    journal.append("parked", reason="no browser")
    assert Journal(path).record.parked == "no browser"


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda lines: [lines[0].replace("digest", "dijest"), lines[1]], "line 1"),
        (lambda lines: [lines[1], lines[0]], "line 1"),
        (lambda lines: [lines[0], "{}"], "line 2"),
        (lambda lines: [lines[0], lines[1].replace('"attempt":0', '"attempt":7')], "line 2"),
    ],
    ids=["changed", "swapped", "not a journal's", "another value"],
)
def test_damage_is_set_aside_with_its_line(path: Path, damage, why: str) -> None:  # type: ignore[no-untyped-def] # a lambda
    begun(path)
    damaged = "\n".join(damage(path.read_text().splitlines())) + "\n"
    path.write_text(damaged)
    with pytest.raises(StateError, match=f"(?i){why} of the feature's journal is damaged") as error:
        Journal(path)
    assert Path(error.value.where).read_text() == damaged
    assert Journal(path).record == FeatureRecord()


def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    begun(path)
    newer = json.loads(path.read_text().splitlines()[0]) | {"schema_version": 99}
    path.write_text(json.dumps(newer) + "\n")
    with pytest.raises(StateError, match="schema 99"):
        Journal(path)
    assert json.loads(path.read_text()) == newer


def test_a_journal_that_somebody_else_changed_is_not_written(path: Path) -> None:
    journal = begun(path)
    Journal(path).append("parked", reason="no browser")
    with pytest.raises(StateError, match="changed by another process"):
        journal.append("parked", reason="port taken")


def test_a_journal_out_of_reach_fails_loudly(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, where the folder should be")
    with pytest.raises(StateError, match="cannot be read: Not a directory"):
        begun(tmp_path / "state" / "test_a.jsonl")


def test_a_line_that_the_disk_took_in_part_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = begun(path)
    whole, write = path.read_bytes(), os.write

    def takes_half(handle: int, data: bytes) -> int:
        if len(data) < 100:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", takes_half)
    with pytest.raises(EnvironmentTrouble, match="No space left on device"):
        journal.append("parked", reason="no browser")
    monkeypatch.undo()
    assert path.read_bytes() == whole
    journal.append("parked", reason="no browser")
    assert Journal(path).record.parked == "no browser"


def test_the_mirror_shows_the_standing(path: Path) -> None:
    seen: list[FeatureRecord] = []
    journal = Journal(path, seen.append)
    journal.append("begun", feature="a", workflow=create_chimera_task("A", "/").begin(), asked="")
    assert cache_mirror(seen[-1])["phase"] == "e2e_test_generation"


def test_different_ids_have_different_journals() -> None:
    names = {journal_name(name) for name in ("add-todo", "add todo", "Add todo", "add[todo]")}
    assert len(names) == 4
