"""The key that signs recorded state, and what a signature tells."""

from __future__ import annotations

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_chimera import create_chimera_task
from pytest_chimera.errors import StateError, StateOutOfReach
from pytest_chimera.state.journal import Journal, examined, own_standing_of, standing_of
from pytest_chimera.state.replay import Standing
from pytest_chimera.state.vault import Vault
from pytest_chimera.state.write_ahead_log import recovered
from pytest_chimera.system import signing
from pytest_chimera.system.own_paths import below, refuse_links
from pytest_chimera.system.signing import Signer, signer_of_machine


@pytest.fixture
def another_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The state folder of another machine, which the following code runs on."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other-state"))
    return tmp_path / "other-state"


def begun(path: Path, signer: Signer | None = None) -> Journal:
    journal = Journal(path, signer=signer)
    journal.append("begun", feature=path.stem, workflow=create_chimera_task("A", "/").begin(), asked="digest")
    return journal


def test_the_key_is_made_once_and_only_its_owner_reads_it(another_machine: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = [another_machine / "pytest-chimera"] * 8
        keys = {signer.key for signer in pool.map(signing._signer_in.__wrapped__, folders)}
    path = another_machine / "pytest-chimera" / "key"
    assert keys == {bytes.fromhex(path.read_text())}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(each.name for each in path.parent.iterdir()) == [".gitignore", "key"]


def test_a_key_that_others_may_read_is_closed_to_them(another_machine: Path) -> None:
    path = another_machine / "pytest-chimera" / "key"
    path.parent.mkdir(parents=True)
    path.write_text("ab" * 32)
    path.chmod(0o644)
    assert signer_of_machine().key == b"\xab" * 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_no_key_is_named(another_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "_PATIENCE", 0.0)
    path = another_machine / "pytest-chimera" / "key"
    path.parent.mkdir(parents=True)
    path.write_text("secret")
    with pytest.raises(StateError, match="holds something else"):
        signer_of_machine()
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(StateError, match="is a link"):
        signer_of_machine()


def test_a_home_that_takes_nothing_is_named(another_machine: Path) -> None:
    another_machine.write_text("a file, where the folder should be")
    with pytest.raises(StateOutOfReach, match="cannot be kept"):
        signer_of_machine()


def test_what_another_key_has_signed_is_set_aside_and_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "test_a.jsonl"
    begun(path)
    content = path.read_bytes()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other-state"))
    assert "another key" in examined(path).foreign
    assert standing_of(path).feature == "test_a"
    with pytest.raises(StateError, match="does not count here"):
        own_standing_of(path)
    journal = Journal(path)
    assert journal.standing == Standing()
    assert journal.foreign is not None
    assert journal.foreign.standing.feature == "test_a"
    assert journal.foreign.where.read_bytes() == content
    assert not path.exists()
    begun(path)
    assert own_standing_of(path).feature == "test_a"


def test_the_journal_of_one_feature_is_none_of_another(tmp_path: Path) -> None:
    begun(tmp_path / "test_a.jsonl")
    (tmp_path / "test_b.jsonl").write_bytes((tmp_path / "test_a.jsonl").read_bytes())
    assert Journal(tmp_path / "test_a.jsonl").foreign is None
    assert Journal(tmp_path / "test_b.jsonl").foreign is not None


def test_what_git_tracks_counts_for_nothing_whoever_signed_it(tmp_path: Path) -> None:
    begun(tmp_path / "test_a.jsonl")
    foreign = Journal(tmp_path / "test_a.jsonl", tracked=True).foreign
    assert foreign is not None
    assert "git tracks it" in foreign.why


def test_a_journal_that_is_a_link_is_refused_and_what_it_leads_to_is_left_as_it_is(tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("no line feed at its end")
    (tmp_path / "test_a.jsonl").symlink_to(precious)
    with pytest.raises(StateError, match="is a link"):
        Journal(tmp_path / "test_a.jsonl")
    assert precious.read_text() == "no line feed at its end"


def test_a_write_ahead_file_leads_out_of_no_folder_and_adds_nothing_unsigned(tmp_path: Path) -> None:
    state = tmp_path / "state"
    journal = begun(state / "test_a.jsonl")
    before = journal.path.read_bytes()
    forged = begun(tmp_path / "elsewhere" / "test_a.jsonl", Signer(b"x" * 32, Path("key")))
    first = forged.path.read_bytes()
    unsigned = b'{"schema_version":1,"previous":"%b","digest":"%b"}\n' % (journal._last.encode(), b"0" * 64)
    lines = [b"../../stolen.jsonl\t" + first, b".hidden.jsonl\t" + first, b"test_a.jsonl\t" + unsigned]
    (state / "1-aa.ahead").write_bytes(b"".join(lines))
    recovered(state)
    assert journal.path.read_bytes() == before
    assert {path.name for path in tmp_path.rglob("*.jsonl")} == {"test_a.jsonl"}
    assert not list(tmp_path.parent.glob("stolen.jsonl"))


# -- places


@pytest.mark.parametrize("names", [("..",), ("a", "../b"), ("",), ("a/b",), (".",), ("a\0b",)])
def test_a_name_that_leads_elsewhere_is_none(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(StateError, match="is no name"):
        below(tmp_path, *names)


@pytest.mark.parametrize("linked", [".chimera", ".chimera/test-a", ".chimera/test-a/generation-1"])
def test_a_vault_that_leads_elsewhere_is_neither_written_nor_emptied(tmp_path: Path, linked: str) -> None:
    elsewhere, root = tmp_path / "documents", tmp_path / "project"
    (elsewhere / "test-a" / "generation-1").mkdir(parents=True)
    (elsewhere / "thesis.txt").write_text("precious")
    (root / linked).parent.mkdir(parents=True)
    (root / linked).symlink_to(elsewhere)
    before = sorted(elsewhere.rglob("*"))
    acts: list[Callable[[Vault], object]] = [lambda vault: vault.room("test-a", 1, "red")]
    if not linked.endswith("generation-1"):
        acts += [lambda vault: vault.scratch("test-a"), lambda vault: vault.clear("test-a")]
    for act in acts:
        with pytest.raises(StateError, match="is a link"):
            act(Vault(root))
    assert sorted(elsewhere.rglob("*")) == before
    assert (root / linked).is_symlink()


def test_the_vault_of_a_project_that_is_reached_through_a_link_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "disk" / "project").mkdir(parents=True)
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    room = Vault(tmp_path / "home" / "project").room("test-a", 1, "red")
    assert room.is_dir()
    assert Vault(tmp_path / "home" / "project").clear("test-a")


def test_a_state_folder_with_a_link_on_the_way_or_in_it_is_refused(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    state = root / ".pytest_cache" / "d" / "chimera"
    (elsewhere / "d" / "chimera").mkdir(parents=True)
    root.mkdir()
    refuse_links(root, state)
    (root / ".pytest_cache").symlink_to(elsewhere)
    with pytest.raises(StateError, match=r"\.pytest_cache is a link"):
        refuse_links(root, state)
    (root / ".pytest_cache").unlink()
    state.mkdir(parents=True)
    (state / "test_a.lock").symlink_to(elsewhere / "precious")
    with pytest.raises(StateError, match=r"test_a\.lock is a link"):
        refuse_links(root, state)


def test_a_cache_that_a_setting_puts_elsewhere_may_lie_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "fast").symlink_to(tmp_path / "disk")
    refuse_links(tmp_path / "project", tmp_path / "fast" / "cache" / "d" / "chimera")
