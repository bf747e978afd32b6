"""Commits in chimera's own store: copied, sealed, compared, merged, checked out, cloned and applied."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_chimera.errors import ConflictError, PhaseFailed, RepositoryError
from pytest_chimera.git import Manifest, Repository, apply_patch
from tests.as_ann import git
from tests.git.conftest import Person

# -- copying


def test_what_was_brought_outlives_a_rewritten_and_pruned_history(person: Person, repository: Repository) -> None:
    base = repository.head()
    repository.bring(base)
    person.git("commit", "-q", "--amend", "-m", "Rewritten")
    person.git("reflog", "expire", "--expire=now", "--all")
    person.git("gc", "-q", "--prune=now")
    assert not repository.person.says("cat-file", "-e", base)
    assert repository.exists(base)
    assert repository.read(base, "app.py") == b"print('one')\n"
    made = repository.seal(base, {"a.py": b"x\n"}, "m", "k").commit
    repository.publish("add", made)
    assert person.git("log", "--format=%s", "chimera/add") == "m\nAdd models\nBegin"


def test_a_commit_that_nobody_has_is_named(repository: Repository) -> None:
    with pytest.raises(RepositoryError, match="There is no commit 0123"):
        repository.bring("0123" * 10)


def test_replaced_objects_are_seen_as_what_they_are(person: Person, repository: Repository) -> None:
    base = repository.head()
    person.git("replace", base, "HEAD~1")
    assert repository.read(base, "todo/models.py") == b"class Todo: ...\n"


def test_a_shallow_clone_is_enough(person: Person, tmp_path: Path, work: Path) -> None:
    person.git("clone", "-q", "--depth=1", f"file://{person.root}", str(tmp_path / "shallow"))
    shallow = Person(tmp_path / "shallow")
    repository = Repository.find(shallow.root, str(work))
    made = repository.seal("HEAD", {"a.py": b"x\n"}, "m", "k")
    folder = work / "clone"
    manifest = repository.clone(made.commit, folder)
    assert git(folder, "log", "--format=%s") == "m\nAdd models"
    (folder / "app.py").write_text("print('two')\n")
    candidate = repository.candidate(folder, made.commit, manifest, "m", "k")
    repository.publish("add", candidate.commit)
    repository.fast_forward(candidate.commit, repository.head())
    assert shallow.git("status", "--porcelain") == ""
    assert repository.proofs() == {}


def test_a_shallow_clone_that_was_deepened_is_published_to(person: Person, tmp_path: Path, work: Path) -> None:
    person.git("clone", "-q", "--depth=1", f"file://{person.root}", str(tmp_path / "shallow"))
    shallow = Person(tmp_path / "shallow")
    repository = Repository.find(shallow.root, str(work))
    made = repository.seal("HEAD", {"a.py": b"x\n"}, "m", "k")
    shallow.git("fetch", "-q", "--unshallow")
    repository.publish("add", made.commit)
    assert shallow.git("log", "--format=%s", "chimera/add") == "m\nAdd models\nBegin"
    later = shallow.commit("Later", later__py="x\n")
    repository.bring(later)
    repository.publish("more", repository.seal(later, {"b.py": b"x\n"}, "n", "k").commit)
    assert shallow.git("log", "--format=%s", "chimera/more") == "n\nLater\nAdd models\nBegin"


def test_many_features_at_once_do_not_disturb_each_other(person: Person, repository: Repository, work: Path) -> None:
    def one(number: int) -> str:
        git = Repository.find(person.root, str(work))
        sealed = git.seal("HEAD", {f"t{number}.py": b"x\n"}, "m", f"f{number}/sealed")
        folder = work / "clones" / str(number)
        manifest = git.clone(sealed.commit, folder)
        (folder / "app.py").write_text(f"print({number})\n")
        candidate = git.candidate(folder, sealed.commit, manifest, "m", f"f{number}/candidate")
        git.publish(f"f{number}", candidate.commit)
        return git.diff(sealed.commit, candidate.commit)

    with ThreadPoolExecutor(8) as pool:
        diffs = list(pool.map(one, range(16)))
    assert [f"+print({number})" in diff for number, diff in enumerate(diffs)] == [True] * 16
    assert len(person.git("branch", "--list", "chimera/*").split("\n")) == 16
    assert repository.store.git.says("fsck", "--strict")


# -- sealing and comparing


def test_a_sealed_commit_is_the_base_with_the_files(repository: Repository) -> None:
    overlay: dict[str, bytes | None] = {
        "tests/e2e/test_add.py": b"def test(): ...\n",
        "run.sh": b"#!/bin/sh\nexit 0\n",
        "README.md": None,
    }
    commit, tree = repository.seal("HEAD", overlay, "Seal", "add/sealed")
    assert repository.tree_of(commit) == tree
    assert {file.path: file.status for file in repository.changed("HEAD", commit)} == {
        "README.md": "D",
        "run.sh": "M",
        "tests/e2e/test_add.py": "A",
    }
    assert repository.store.entries(commit)["run.sh"].mode == "100755"
    assert repository.read(commit, "README.md") is None


def test_a_diff_is_applied_back_byte_for_byte(repository: Repository, work: Path, tmp_path: Path) -> None:
    overlay: dict[str, bytes | None] = {
        "logo.bin": bytes(range(256)),
        "latin.txt": b"caf\xe9\n",
        "no newline.txt": b"end",
        "app.py": b"print('two')\r\n",
        "README.md": None,
    }
    made = repository.seal("HEAD", overlay, "m", "k")
    folder = work / "clone"
    manifest = repository.clone(repository.head(), folder)
    (tmp_path / "1.patch").write_bytes(repository.patch("HEAD", made.commit))
    apply_patch(folder, tmp_path / "1.patch")
    assert repository.candidate(folder, repository.head(), manifest, "m", "k").tree == made.tree


def test_a_moved_file_is_one_deleted_and_one_added(repository: Repository) -> None:
    made = repository.seal("HEAD", {"app.py": None, "main.py": b"print('one')\n"}, "m", "k")
    assert [(file.status, file.path) for file in repository.changed("HEAD", made.commit)] == [
        ("D", "app.py"),
        ("A", "main.py"),
    ]
    assert "rename" not in repository.diff("HEAD", made.commit)


def test_a_patch_that_does_not_apply_changes_nothing_and_says_why(
    repository: Repository, clone: Path, tmp_path: Path
) -> None:
    made = repository.seal("HEAD", {"README.md": b"# two\n", "app.py": b"print('two')\n"}, "m", "k")
    (tmp_path / "1.patch").write_bytes(repository.patch("HEAD", made.commit))
    (clone / "app.py").write_text("quite different\n")
    with pytest.raises(PhaseFailed, match=r"1\.patch does not apply: patch failed: app\.py:1"):
        apply_patch(clone, tmp_path / "1.patch")
    assert (clone / "README.md").read_text() == "# todo\n"


def test_ancestors_are_known_and_strangers_are_none(repository: Repository) -> None:
    assert repository.is_ancestor("HEAD~1", "HEAD")
    assert not repository.is_ancestor("HEAD", "HEAD~1")
    assert not repository.is_ancestor("0" * 40, "HEAD")


# -- merging


def test_a_change_is_brought_onto_a_head_that_has_moved(person: Person, repository: Repository, sealed: str) -> None:
    candidate = repository.seal(sealed, {"todo/views.py": b"x = 1\n", "app.py": b"print('two')\n"}, "m", "k").commit
    head = person.commit("Meanwhile", README__md="# changed\n")
    onto = repository.seal(head, {"tests/e2e/test_add.py": b"def test_add(): ...\n"}, "Seal", "k").commit
    moved = repository.rebase(candidate, sealed, onto, "Add a todo", "add/moved")
    assert {file.path for file in repository.changed(onto, moved.commit)} == {"app.py", "todo/views.py"}
    assert repository.read(moved.commit, "README.md") == b"# changed\n"
    assert repository.is_ancestor(onto, moved.commit)


def test_a_change_made_on_a_rewritten_history_is_brought_over(
    person: Person, repository: Repository, sealed: str
) -> None:
    candidate = repository.seal(sealed, {"app.py": b"print('two')\n"}, "m", "k").commit
    person.git("commit", "-q", "--amend", "-m", "Rewritten")
    moved = repository.rebase(candidate, sealed, repository.head(), "m", "k")
    assert repository.read(moved.commit, "app.py") == b"print('two')\n"


def test_a_conflict_names_files_and_shows_the_lines(person: Person, repository: Repository, sealed: str) -> None:
    candidate = repository.seal(sealed, {"app.py": b"print('two')\n", "new.py": b"x\n"}, "m", "k").commit
    head = person.commit("Meanwhile", app__py="print('other')\n")
    with pytest.raises(ConflictError, match=r"does not merge with the branch: app\.py") as caught:
        repository.rebase(candidate, sealed, head, "m", "k")
    assert caught.value.paths == ("app.py",)
    assert caught.value.hunks == (
        "app.py:\n<<<<<<< the branch\nprint('other')\n=======\nprint('two')\n>>>>>>> the candidate"
    )


def test_a_file_changed_here_and_deleted_there_is_a_conflict(
    person: Person, repository: Repository, sealed: str
) -> None:
    candidate = repository.seal(sealed, {"app.py": b"print('two')\n"}, "m", "k").commit
    person.git("rm", "-q", "app.py")
    with pytest.raises(ConflictError) as caught:
        repository.rebase(candidate, sealed, person.commit("Delete"), "m", "k")
    assert caught.value.paths == ("app.py",)
    assert "deleted in the branch" in caught.value.hunks


# -- folders


def test_a_checkout_is_the_files_and_no_git(repository: Repository, work: Path) -> None:
    folder = work / "checkout one"
    repository.checkout("HEAD", folder)
    assert sorted(each.name for each in folder.iterdir()) == [
        ".gitignore",
        "README.md",
        "app.py",
        "latest",
        "run.sh",
        "todo",
    ]
    assert os.access(folder / "run.sh", os.X_OK)


def test_a_checkout_wants_an_empty_folder(repository: Repository, work: Path) -> None:
    (work / "full").mkdir()
    (work / "full" / "x").touch()
    with pytest.raises(RepositoryError, match="needs an empty folder"):
        repository.checkout("HEAD", work / "full")


@pytest.mark.parametrize("what", ["", "^{tree}", ":todo", ":todo/models.py"])
def test_a_checkout_of_objects_that_somebody_changed_is_refused(
    repository: Repository, work: Path, sealed: str, what: str
) -> None:
    honest, evil = (
        repository.seal(sealed, {"todo/models.py": data}, "m", "k").commit for data in (b"good\n", b"evil\n")
    )

    def loose(commit: str) -> Path:
        name = repository.store.git.ask("rev-parse", f"{commit}{what}").text
        return repository.store.folder / "objects" / name[:2] / name[2:]

    loose(honest).chmod(0o600)
    loose(honest).write_bytes(loose(evil).read_bytes())
    with pytest.raises(RepositoryError, match=r"There is no commit|hash mismatch|does not match its digest"):
        repository.checkout(honest, work / "checkout")


def test_a_checkout_has_the_line_endings_that_its_attributes_say(
    person: Person, repository: Repository, work: Path
) -> None:
    person.write(".gitattributes", "*.bat text eol=crlf\n*.txt text=auto\n")
    person.write("run.bat", b"one\r\ntwo\r\n")
    person.commit("Add a batch file")
    repository.checkout("HEAD", work / "checkout")
    assert (work / "checkout" / "run.bat").read_bytes() == b"one\r\ntwo\r\n"


def test_a_clone_is_a_repository_of_its_own(clone: Path, sealed: str) -> None:
    assert git(clone, "log", "--format=%s") == "Seal\nAdd models\nBegin"
    assert git(clone, "rev-parse", "HEAD") == sealed
    assert git(clone, "symbolic-ref", "--short", "HEAD") == "feature"
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "remote") == ""
    assert git(clone, "config", "--local", "user.name") == "Ada Lovelace"
    assert not (clone / ".git" / "objects" / "info" / "alternates").exists()
    objects = [each for each in (clone / ".git" / "objects").rglob("*") if each.is_file()]
    assert objects
    assert {each.stat().st_nlink for each in objects} == {1}
    git(clone, "fsck", "--strict")


def test_a_clone_outlives_the_store(repository: Repository, clone: Path) -> None:
    shutil.rmtree(repository.store.folder)
    git(clone, "fsck", "--strict")
    git(clone, "commit", "-q", "--allow-empty", "-m", "mine")


def test_the_manifest_is_found_beside_the_clone(repository: Repository, work: Path, sealed: str) -> None:
    folder = work / "clones" / "one"
    manifest = repository.clone(sealed, folder)
    assert Manifest.load(folder) == manifest
    assert not list(folder.glob("*manifest*"))


def test_discarding_removes_read_only_folders_and_is_content_when_there_is_nothing(
    repository: Repository, work: Path, sealed: str
) -> None:
    folder = work / "clones" / "one"
    repository.clone(sealed, folder)
    (folder / "todo" / "models.py").chmod(0o400)
    (folder / "todo").chmod(0o500)
    repository.discard(folder)
    repository.discard(folder)
    assert list((work / "clones").iterdir()) == []


def test_discarding_a_link_leaves_what_it_points_to(repository: Repository, work: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "x").touch()
    (work / "clone").symlink_to(tmp_path / "precious")
    repository.discard(work / "clone")
    assert (tmp_path / "precious" / "x").exists()
    assert not (work / "clone").is_symlink()
