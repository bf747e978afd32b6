"""The write-ahead log: one flush for all journals, and nothing lost when the machine crashes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import anyio
import filelock
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_chimera import create_chimera_task
from pytest_chimera.state import write_ahead_log as module
from pytest_chimera.state.journal import Journal, examined
from pytest_chimera.state.write_ahead_log import WriteAheadLog, recovered

NAMES = ("test_a", "test_b", "test_ä und ö")


def written(folder: Path, ahead: WriteAheadLog | None = None, lines: int = 3) -> dict[str, bytes]:
    """Journals with some events, as they were written in turns."""
    journals = {name: Journal(folder / f"{name}.jsonl", ahead=ahead) for name in NAMES}
    for name, journal in journals.items():
        journal.write("begun", feature=name, workflow=create_chimera_task(name, "/").begin(), asked="digest")
    for number in range(lines):
        for journal in journals.values():
            journal.write("parked", reason=f"no browser, {number}")
    return {name: journal.path.read_bytes() for name, journal in journals.items()}


def power_fails(folder: Path, ahead: WriteAheadLog, cut: Callable[[str, bytes], bytes]) -> None:
    """What is left of the journals is up to ``cut``; the process is gone, and its lock with it."""
    ahead._held.release()
    for name in NAMES:
        path = folder / f"{name}.jsonl"
        left = cut(name, path.read_bytes())
        path.unlink()
        if left:
            path.write_bytes(left)


@given(st.tuples(*[st.floats(0, 1)] * len(NAMES)))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_journals_lost_is_put_back(tmp_path: Path, kept: tuple[float, ...]) -> None:
    folder = tmp_path / os.urandom(4).hex()
    ahead = WriteAheadLog(folder)
    truth = written(folder, ahead)
    ahead.flush()
    shares = dict(zip(NAMES, kept, strict=True))
    power_fails(folder, ahead, lambda name, whole: whole[: int(len(whole) * shares[name])])
    said = recovered(folder)
    assert {name: (folder / f"{name}.jsonl").read_bytes() for name in NAMES} == truth
    assert len(said) == sum(share < 1 for share in kept)
    assert not list(folder.glob("*.ahead*"))


def test_what_the_file_itself_lost_is_lost_and_the_rest_is_whole(tmp_path: Path) -> None:
    ahead = WriteAheadLog(tmp_path)
    truth = written(tmp_path, ahead)
    whole = ahead.path.read_bytes()
    power_fails(tmp_path, ahead, lambda _name, _whole: b"")
    ahead.path.write_bytes(whole[: len(whole) * 2 // 3])
    recovered(tmp_path)
    for name in NAMES:
        path = tmp_path / f"{name}.jsonl"
        assert truth[name].startswith(path.read_bytes())
        assert not examined(path).damage


def test_a_journal_that_went_on_since_is_left_alone(tmp_path: Path) -> None:
    ahead = WriteAheadLog(tmp_path)
    written(tmp_path, ahead)
    power_fails(tmp_path, ahead, lambda _name, whole: whole)
    later = Journal(tmp_path / "test_a.jsonl")
    later.append("parked", reason="another run")
    assert recovered(tmp_path) == []
    assert Journal(tmp_path / "test_a.jsonl").record.parked == "another run"


def test_the_file_of_a_process_that_lives_is_left_alone(tmp_path: Path) -> None:
    ahead = WriteAheadLog(tmp_path)
    written(tmp_path, ahead)
    (tmp_path / "test_a.jsonl").unlink()
    assert recovered(tmp_path) == []
    assert ahead.path.exists()
    with pytest.raises(filelock.Timeout):
        filelock.FileLock(f"{ahead.path}.lock", timeout=0).acquire()


def test_a_run_that_ends_leaves_the_journals_alone_behind(tmp_path: Path) -> None:
    ahead = WriteAheadLog(tmp_path)
    truth = written(tmp_path, ahead)
    ahead.close()
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.jsonl" for name in truth}


def test_a_file_that_has_grown_large_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1000)
    ahead = WriteAheadLog(tmp_path)
    truth = written(tmp_path, ahead, lines=20)
    assert ahead.path.stat().st_size < 3000
    power_fails(tmp_path, ahead, lambda _name, whole: whole)
    recovered(tmp_path)
    assert {name: (tmp_path / f"{name}.jsonl").read_bytes() for name in NAMES} == truth


def test_features_that_are_at_the_same_point_share_one_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes: list[int] = []
    monkeypatch.setattr(module, "_flush", flushes.append)
    ahead = WriteAheadLog(tmp_path)

    async def one(name: str) -> None:
        journal = Journal(tmp_path / f"{name}.jsonl", ahead=ahead)
        for number in range(5):
            journal.write("parked", reason=str(number))
            await journal.flushed()

    async def all_of_them() -> None:
        async with anyio.create_task_group() as group:
            for number in range(40):
                group.start_soon(one, str(number))

    anyio.run(all_of_them)
    assert len(flushes) == 5
