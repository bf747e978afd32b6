"""Recorded state that came with a clone, another machine or an older version makes nothing complete unseen."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.session.fast import Fast, fast

__all__ = ["fast"]


PYTESTS_OWN = {"v", "cache", "nodeids", "lastfailed", "stepwise", "README.md", ".gitignore", "CACHEDIR.TAG"}


def unsigned(path: Path, words: dict[str, str] | None = None, but: tuple[str, ...] = ()) -> bytes:
    """A journal as the first schema had it, with other words in place of some, and without some events."""

    def walked(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: walked(each) for key, each in value.items()}
        if isinstance(value, list):
            return [walked(each) for each in value]
        return (words or {}).get(value, value) if isinstance(value, str) else value

    previous, lines = "0" * 64, []
    events = [json.loads(line) for line in path.read_text().splitlines()]
    for seq, event in enumerate((each for each in events if each["event"] not in but), 1):
        kept = {name: value for name, value in event.items() if name not in {"mac", "digest"}}
        kept |= {"schema_version": 1, "seq": seq, "previous": previous, "data": walked(event["data"])}
        body = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()[:-1]
        previous = hashlib.sha256(body).hexdigest()
        lines.append(body + b',"digest":"' + previous.encode() + b'"}')
    return b"\n".join(lines) + b"\n"


def change_in(path: Path) -> dict[str, Any]:
    """The candidate that a journal tells of."""
    results = [json.loads(line)["data"].get("result", {}) for line in path.read_text().splitlines()]
    found: dict[str, Any] = next(each["value"] for each in results if each.get("phase") == "code_implementation")
    return found


def on_another_machine(fast: Fast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(fast.log.parent / "other-state"))


def complete(fast: Fast, **about: str) -> None:
    fast.begin("a", **about)
    fast.chimera("test_features.py").assert_outcomes(passed=1)


def test_what_an_older_version_completed_is_proved_again_without_a_coder(fast: Fast) -> None:
    complete(fast)
    fast.journal("test_a").write_bytes(unsigned(fast.journal("test_a")))
    said = len(fast.said())
    result = fast.chimera("test_features.py")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*(complete) does not count: it has no signature*", "*is reviewed and judged anew*"])
    assert [line.split()[0] for line in fast.said()[said:] if "a" in line].count("implement") == 0
    assert len(fast.said("validate", "test_a", "green")) >= 2
    assert fast.journal("test_a").with_name("test_a.jsonl.unsigned-1").exists()
    said = len(fast.said())
    fast.chimera("test_features.py").assert_outcomes(passed=1)
    assert len(fast.said()) == said


def test_two_machines_that_share_a_folder_prove_it_once_each(fast: Fast, monkeypatch: pytest.MonkeyPatch) -> None:
    complete(fast)
    on_another_machine(fast, monkeypatch)
    fast.chimera("test_features.py").assert_outcomes(passed=1)
    assert len(fast.said("implement")) == 1


def test_ci_with_a_restored_cache_proves_it_without_a_coder(fast: Fast, monkeypatch: pytest.MonkeyPatch) -> None:
    complete(fast)
    on_another_machine(fast, monkeypatch)
    monkeypatch.setenv("CI", "true")
    fast.chimera("test_features.py").assert_outcomes(passed=1)
    assert len(fast.said("implement")) == 1


def test_a_forged_proof_of_a_commit_without_the_feature_is_none(fast: Fast, monkeypatch: pytest.MonkeyPatch) -> None:
    complete(fast)
    evil = fast.git("commit", "-q", "--allow-empty", "-m", "Say something") or fast.git("rev-parse", "HEAD")
    tree = fast.git("rev-parse", "HEAD^{tree}")
    events = [json.loads(line) for line in fast.journal("test_a").read_text().splitlines()]
    [proof] = [event["data"]["proof"] for event in events if event["event"] == "proved"]
    words = {proof["commit"]: evil, proof["tree"]: tree}
    fast.journal("test_a").write_bytes(unsigned(fast.journal("test_a"), words, but=("published",)))
    fast.git("branch", "-D", "chimera/test-a")
    shutil.rmtree(fast.cache)
    monkeypatch.setenv("CI", "true")
    result = fast.chimera("test_features.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*not proved: red here*"])


def test_a_forged_sealed_test_and_a_forged_review_are_not_taken_over(fast: Fast) -> None:
    body = "async def code(brief):\n    (pathlib.Path(brief.folder) / 'other.txt').write_text('x')\n"
    fast.begin("a", body=body, config="chimera_max_attempts = 1")
    fast.chimera("test_features.py").assert_outcomes(failed=1)
    source = next(
        event["data"]["result"]["value"]["test"]["source"]
        for event in map(json.loads, fast.journal("test_a").read_text().splitlines())
        if event["event"] == "phase_finished"
    )
    words = {source: "def test_a():\n    pass\n", "failed": "complete"}
    fast.journal("test_a").write_bytes(unsigned(fast.journal("test_a"), words))
    result = fast.chimera("test_features.py")
    result.assert_outcomes(failed=1)
    assert "complete after" not in result.stdout.str()


def test_what_failed_elsewhere_spends_nothing_until_the_person_answers(
    fast: Fast, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "async def code(brief):\n    (pathlib.Path(brief.folder) / 'other.txt').write_text('x')\n"
    fast.begin("a", body=body, config="chimera_max_attempts = 1")
    fast.chimera("test_features.py").assert_outcomes(failed=1)
    on_another_machine(fast, monkeypatch)
    said = len(fast.said())
    for _ in range(2):
        result = fast.chimera("test_features.py")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*failed before, as a journal tells that does not count here*"])
        assert len(fast.said()) == said
    fast.chimera("--chimera-restart", "test_features.py").assert_outcomes(failed=1)
    assert len(fast.said("implement")) == 2


def test_a_journal_that_git_tracks_is_set_aside_and_said(fast: Fast) -> None:
    complete(fast)
    fast.git("add", "-f", ".pytest_cache/d/chimera/test_a.jsonl")
    fast.git("commit", "-q", "-m", "By accident")
    result = fast.chimera("test_features.py")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*does not count: git tracks it*"])


def test_a_project_that_was_moved_keeps_what_was_proved(fast: Fast, monkeypatch: pytest.MonkeyPatch) -> None:
    complete(fast, config="chimera_work_dir = ../work")
    moved = fast.path.with_name("moved")
    shutil.move(fast.path, moved)
    fast.path = moved
    monkeypatch.chdir(moved)
    said = len(fast.said())
    result = fast.chimera("test_features.py")
    result.assert_outcomes(passed=1)
    assert "does not count" not in result.stdout.str()
    assert len(fast.said()) == said


def test_status_says_what_does_not_count_and_prune_leaves_it_alone(fast: Fast, monkeypatch: pytest.MonkeyPatch) -> None:
    complete(fast, config="chimera_merge = ff")
    on_another_machine(fast, monkeypatch)
    fast.run("--chimera-status").stdout.fnmatch_lines(["*complete*", "*does not count: it is signed with another key*"])
    fast.run("--chimera-prune").stdout.fnmatch_lines(["test_a.jsonl: left alone: *does not count here*"])
    assert (fast.path / ".chimera" / "test-a").is_dir()


@pytest.mark.parametrize("name", [".chimera", ".pytest_cache"])
def test_a_linked_vault_or_cache_is_refused_before_anything_is_written(fast: Fast, name: str) -> None:
    fast.begin("a")
    elsewhere = fast.log.parent / "documents"
    (elsewhere / "plain-run-prepared-x").mkdir(parents=True)
    (fast.path / name).symlink_to(elsewhere)
    for words in ((), ("--chimera",), ("--chimera-prune",), ("--chimera-status",)):
        result = fast.run(*words)
        if words and (name, words) != (".chimera", ("--chimera-status",)):
            assert result.ret != 0
            assert f"{name} is a link" in result.stdout.str() + result.stderr.str()
    ours = [path.name for path in elsewhere.rglob("*") if path.name not in PYTESTS_OWN]
    assert ours == ["plain-run-prepared-x"]


def test_a_recorded_candidate_that_is_no_coders_work_is_not_taken_over(fast: Fast) -> None:
    complete(fast)
    base = fast.git("rev-parse", "HEAD")
    (fast.path / "test_a.txt").symlink_to("/etc/hostname")
    evil = fast.commit("A link")
    fast.git("reset", "-q", "--hard", base)
    change = change_in(fast.journal("test_a"))
    words = {change["commit"]: evil, change["base"]: base}
    fast.journal("test_a").write_bytes(unsigned(fast.journal("test_a"), words))
    result = fast.chimera("test_features.py")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*cannot be taken over: * holds a link, or a repository, at test_a.txt*"])
    assert len(fast.said("implement")) == 2


def test_git_is_asked_for_no_commit_that_is_an_option(fast: Fast) -> None:
    complete(fast)
    change = change_in(fast.journal("test_a"))
    fast.journal("test_a").write_bytes(unsigned(fast.journal("test_a"), {change["commit"]: "--upload-pack=evil"}))
    result = fast.chimera("test_features.py")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*cannot be taken over: '--upload-pack=evil' is no commit's id*"])
