"""What is written to the person's repository: a branch, a fast-forward, a candidate applied to the working tree."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from pytest_chimera.errors import RepositoryError
from pytest_chimera.git import Repository, format_trailers
from pytest_chimera.git.working_tree import WorkTree
from pytest_chimera.models import Proof
from tests.git.conftest import Person

PROOF = Proof(
    feature="add", base="b" * 40, commit="", tree="", test_sha256="s", red="missing element", green="1 of 1", attempts=2
)


@pytest.fixture
def made(repository: Repository) -> str:
    """A commit on top of HEAD that adds, changes, deletes and moves."""
    overlay: dict[str, bytes | None] = {
        "app.py": b"print('two')\n",
        "todo/views.py": b"x = 1\n",
        "todo/models.py": None,
        "static/new/style.css": b"a {}\n",
    }
    return repository.seal("HEAD", overlay, "Add a todo", "add/made").commit


# -- publishing


def test_a_branch_is_made_and_moved(person: Person, repository: Repository, made: str) -> None:
    assert repository.publish("add", made) == "chimera/add"
    assert person.git("rev-parse", "chimera/add") == made
    again = repository.seal(made, {"app.py": b"print('three')\n"}, "m", "k").commit
    repository.publish("add", again)
    assert person.git("rev-parse", "chimera/add") == again
    person.git("fsck", "--strict")


def test_publishing_twice_is_publishing_once(repository: Repository, person: Person, made: str) -> None:
    repository.publish("add", made)
    person.git("switch", "-q", "chimera/add")
    assert repository.publish("add", made) == "chimera/add"


def test_a_branch_of_the_persons_own_is_never_moved(repository: Repository, person: Person, made: str) -> None:
    person.git("branch", "chimera/add")
    with pytest.raises(RepositoryError, match="that pytest-chimera did not make") as caught:
        repository.publish("add", made)
    assert caught.value.remedy == "Rename it: git branch -m chimera/add NEW-NAME"
    assert person.git("rev-parse", "chimera/add") == person.git("rev-parse", "HEAD")


def test_a_branch_that_the_person_went_on_with_is_never_moved(
    repository: Repository, person: Person, made: str
) -> None:
    repository.publish("add", made)
    person.git("switch", "-q", "chimera/add")
    mine = person.commit("My own touch", app__py="print('mine')\n")
    person.git("switch", "-q", "main")
    with pytest.raises(RepositoryError, match="did not make"):
        repository.publish("add", repository.seal(made, {"app.py": b"x"}, "m", "k").commit)
    assert person.git("rev-parse", "chimera/add") == mine


def test_a_proved_branch_is_known_without_the_store(
    repository: Repository, person: Person, made: str, tmp_path: Path
) -> None:
    proved = repository.commit(repository.tree_of(made), (made,), f"Add\n\n{format_trailers(PROOF)}", "add/proved")
    repository.publish("add", proved)
    other = Repository.find(person.root, str(tmp_path / "other work"))
    again = other.seal("HEAD", {"app.py": b"x"}, "m", "k").commit
    other.publish("add", again)
    assert person.git("rev-parse", "chimera/add") == again


def test_a_branch_that_is_checked_out_somewhere_is_never_moved(
    repository: Repository, person: Person, made: str, tmp_path: Path
) -> None:
    repository.publish("add", made)
    person.git("worktree", "add", "-q", str(tmp_path / "look"), "chimera/add")
    with pytest.raises(RepositoryError, match="is checked out") as caught:
        repository.publish("add", repository.seal(made, {"app.py": b"x"}, "m", "k").commit)
    assert caught.value.where == str(tmp_path / "look")


def test_a_branch_named_chimera_is_in_the_way(repository: Repository, person: Person, made: str) -> None:
    person.git("branch", "chimera")
    with pytest.raises(RepositoryError, match="A branch called chimera prevents"):
        repository.publish("add", made)


# -- fast-forward


def test_branch_index_and_files_move_together(person: Person, repository: Repository, made: str) -> None:
    repository.fast_forward(made, repository.head())
    assert person.git("rev-parse", "main") == made
    assert person.git("status", "--porcelain") == ""
    assert not (person.root / "todo" / "models.py").exists()
    assert person.git("reflog", "-1", "--format=%gs") == "chimera: fast-forward"


def test_what_the_change_does_not_touch_stays_as_it_is(person: Person, repository: Repository, made: str) -> None:
    person.write("README.md", "# mine\n")
    person.write("run.sh", "#!/bin/sh\nexit 1\n")
    person.git("add", "run.sh")
    person.write("new.py", "x\n")
    repository.fast_forward(made, repository.head())
    assert person.git("status", "--porcelain").split("\n") == [" M README.md", "M  run.sh", "?? new.py"]


def test_files_that_are_as_the_change_wants_them_are_fine(person: Person, repository: Repository, made: str) -> None:
    person.write("todo/views.py", "x = 1\n")
    person.write("app.py", "print('two')\n")
    person.git("add", "app.py")
    repository.fast_forward(made, repository.head())
    assert person.git("status", "--porcelain") == ""


@pytest.mark.parametrize("stage", [False, True])
def test_a_changed_file_is_named_and_nothing_happens(
    person: Person, repository: Repository, made: str, stage: bool
) -> None:
    person.write("app.py", "print('mine')\n")
    if stage:
        person.git("add", "app.py")
        person.write("app.py", "print('one')\n")
    before = person.state()
    with pytest.raises(RepositoryError, match=r"Changes of your own are in the way: app\.py\.") as caught:
        repository.fast_forward(made, repository.head())
    assert "Commit or stash" in caught.value.remedy
    assert person.state() == before


@pytest.mark.parametrize("path", ["todo/views.py", "static", "static/new/style.css/x"])
def test_a_file_of_the_persons_in_the_way_is_named(
    person: Person, repository: Repository, made: str, path: str
) -> None:
    person.write(".git/info/exclude", "static\n")
    person.write(path, "mine\n")
    before = person.state()
    with pytest.raises(RepositoryError, match="Changes of your own are in the way"):
        repository.fast_forward(made, repository.head())
    assert person.state() == before


def test_a_link_in_the_way_is_not_followed(person: Person, repository: Repository, made: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (person.root / "static").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RepositoryError, match="in the way"):
        repository.fast_forward(made, repository.head())
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_detached_head_is_refused(person: Person, repository: Repository, made: str) -> None:
    person.git("switch", "-q", "--detach")
    with pytest.raises(RepositoryError, match="No branch is checked out"):
        repository.fast_forward(made, repository.head())


def test_a_head_that_has_moved_is_refused(person: Person, repository: Repository, made: str) -> None:
    before = repository.head()
    person.commit("Something else", other__py="x = 1\n")
    with pytest.raises(RepositoryError, match="main has moved on"):
        repository.fast_forward(made, before)


def test_another_git_at_work_is_waited_for_by_the_person(person: Person, repository: Repository, made: str) -> None:
    (person.root / ".git" / "index.lock").touch()
    before = person.state()
    with pytest.raises(RepositoryError, match="Another git command is running"):
        repository.fast_forward(made, repository.head())
    assert person.state() == before
    assert (person.root / ".git" / "index.lock").exists()


def test_a_lock_that_we_left_when_we_were_killed_is_no_obstacle(
    person: Person, repository: Repository, made: str
) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    own = person.root / ".git" / f"index.chimera-{dead.pid}-1"
    own.touch()
    os.link(own, person.root / ".git" / "index.lock")
    repository.fast_forward(made, repository.head())
    assert person.git("rev-parse", "main") == made
    assert not own.exists()


def test_a_failure_in_the_middle_is_undone(
    person: Person, repository: Repository, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.write("todo/views.py", "x = 1\n")
    before = person.state()

    def fails(*_: object) -> None:
        assert (person.root / "app.py").read_text() == "print('two')\n"
        raise OSError("disk full")

    monkeypatch.setattr(WorkTree, "_move", fails)
    with pytest.raises(OSError, match="disk full"):
        repository.fast_forward(made, repository.head())
    assert person.state() == before
    assert not (person.root / "static").exists()
    assert not (person.root / ".git" / "index.lock").exists()


def test_ended_between_branch_and_index_it_goes_on(person: Person, repository: Repository, made: str) -> None:
    before = repository.head()
    index = (person.root / ".git" / "index").read_bytes()
    repository.fast_forward(made, before)
    (person.root / ".git" / "index").write_bytes(index)
    repository.fast_forward(made, before)
    assert person.git("status", "--porcelain") == ""


def test_line_endings_on_the_disk_are_the_persons(person: Person, repository: Repository) -> None:
    person.write(".gitattributes", "*.txt text eol=crlf\n")
    person.write("notes.txt", b"one\r\n")
    base = person.commit("Add notes")
    made = repository.seal(base, {"notes.txt": b"one\r\ntwo\r\n"}, "m", "k").commit
    assert repository.read(made, "notes.txt") == b"one\ntwo\n"
    repository.fast_forward(made, base)
    assert (person.root / "notes.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert person.git("status", "--porcelain") == ""


# -- applying a candidate to the working tree


def test_a_candidate_is_laid_unstaged(person: Person, repository: Repository, made: str) -> None:
    index = (person.root / ".git" / "index").read_bytes()
    repository.lay(made, "HEAD")
    assert (person.root / ".git" / "index").read_bytes() == index
    changes = [" M app.py", " D todo/models.py", "?? static/", "?? todo/views.py"]
    assert person.git("status", "--porcelain").split("\n") == changes


def test_a_candidate_is_not_laid_over_changes(person: Person, repository: Repository, made: str) -> None:
    person.write("app.py", "print('mine')\n")
    before = person.state()
    with pytest.raises(RepositoryError, match=re.escape("in the way: app.py.")):
        repository.lay(made, "HEAD")
    assert person.state() == before
