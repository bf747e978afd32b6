"""The person's working tree as a candidate."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from pytest_chimera.errors import RepositoryError
from pytest_chimera.git import Candidate, Repository
from tests.git.conftest import Person


def paths(candidate: Candidate) -> dict[str, str]:
    return {file.path: file.status for file in candidate.files}


def test_a_clean_working_tree_is_head(repository: Repository) -> None:
    candidate = repository.snapshot("HEAD", "m", "k")
    assert candidate.files == ()
    assert candidate.tree == repository.tree_of("HEAD")


def test_it_holds_what_lies_on_the_disk(person: Person, repository: Repository) -> None:
    person.write("app.py", "print('staged')\n")
    person.git("add", "app.py")
    person.write("app.py", "print('on disk')\n")
    person.write("new file.py", "x = 1\n")
    person.write("staged.py", "y = 1\n")
    person.git("add", "staged.py")
    person.write("debug.log", "ignored\n")
    (person.root / "README.md").unlink()
    candidate = repository.snapshot("HEAD", "m", "k")
    assert paths(candidate) == {"README.md": "D", "app.py": "M", "new file.py": "A", "staged.py": "A"}
    assert repository.read(candidate.commit, "app.py") == b"print('on disk')\n"
    assert repository.read(candidate.commit, "staged.py") == b"y = 1\n"


def test_a_file_that_the_person_wants_added_later_is_in_it(person: Person, repository: Repository) -> None:
    person.write("later.py", "x = 1\n")
    person.git("add", "--intent-to-add", "later.py")
    assert paths(repository.snapshot("HEAD", "m", "k")) == {"later.py": "A"}


def test_a_change_within_the_same_second_and_of_the_same_size_is_seen(person: Person, repository: Repository) -> None:
    person.write("app.py", "print('abc')\n")
    person.git("add", "app.py")
    person.write("app.py", "print('xyz')\n")
    candidate = repository.snapshot("HEAD", "m", "k")
    assert repository.read(candidate.commit, "app.py") == b"print('xyz')\n"


def test_it_is_on_top_of_the_sealed_commit(person: Person, repository: Repository, sealed: str) -> None:
    person.write("app.py", "print('two')\n")
    candidate = repository.snapshot(sealed, "m", "k")
    assert paths(candidate) == {"app.py": "M", "tests/e2e/test_add.py": "D"}
    assert repository.is_ancestor(sealed, candidate.commit)


def test_the_vault_and_nested_repositories_stay_out(person: Person, repository: Repository) -> None:
    person.write(".chimera/brief.md", "x")
    person.git("init", "-q", "vendor")
    person.write("vendor/code.py", "x")
    (person.root / "link").symlink_to("app.py")
    candidate = repository.snapshot("HEAD", "m", "k")
    assert candidate.files == ()
    assert candidate.left_out == {"link": "a symbolic link (to app.py)", "vendor": "a nested repository"}


def test_what_the_person_ignores_everywhere_stays_out(person: Person, repository: Repository, home: Path) -> None:
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "ignore").write_text(".idea/\n")
    (person.root / ".git" / "info").mkdir(exist_ok=True)
    (person.root / ".git" / "info" / "exclude").write_text("scratch.py\n")
    person.write(".idea/workspace.xml", "x")
    person.write("scratch.py", "x")
    assert repository.snapshot("HEAD", "m", "k").files == ()


def test_the_excludes_file_that_the_person_names_counts(person: Person, repository: Repository, home: Path) -> None:
    (home / "ignored").write_text("*.scratch\n")
    person.git("config", "--global", "core.excludesFile", "~/ignored")
    person.write("a.scratch", "x")
    assert repository.snapshot("HEAD", "m", "k").files == ()


def test_line_endings_are_stored_as_the_attributes_say(person: Person, repository: Repository) -> None:
    person.write(".gitattributes", "*.txt text eol=crlf\n")
    person.write("notes.txt", b"one\r\ntwo\r\n")
    person.commit("Add notes")
    assert repository.snapshot("HEAD", "m", "k").files == ()
    person.write("notes.txt", b"one\r\ntwo\r\nthree\r\n")
    candidate = repository.snapshot("HEAD", "m", "k")
    assert repository.read(candidate.commit, "notes.txt") == b"one\ntwo\nthree\n"


def test_files_that_a_filter_made_stay_what_they_are_in_git(person: Person, repository: Repository) -> None:
    person.git("config", "filter.up.clean", "tr A-Z a-z")
    person.write(".gitattributes", "*.txt filter=up\n")
    os.utime(person.write("notes.txt", "LOUD\n"), (1_000_000_000, 1_000_000_000))
    person.commit("Add notes")
    assert repository.read("HEAD", "notes.txt") == b"loud\n"
    assert repository.snapshot("HEAD", "m", "k").files == ()


def test_a_large_file_is_unchanged_while_its_pointer_points_to_it(person: Person, repository: Repository) -> None:
    digest = hashlib.sha256(b"0123456789").hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 10\n"
    person.write(".gitattributes", "*.bin filter=lfs -text\n")
    person.write("model.bin", pointer)
    person.commit("Add a model")
    person.write("model.bin", b"0123456789")
    assert repository.snapshot("HEAD", "m", "k").files == ()
    person.write("model.bin", b"9876543210")
    assert paths(repository.snapshot("HEAD", "m", "k")) == {"model.bin": "M"}


def test_an_unfinished_merge_is_named(person: Person, repository: Repository) -> None:
    person.git("switch", "-q", "-c", "other")
    person.commit("Theirs", app__py="print('theirs')\n")
    person.git("switch", "-q", "main")
    person.commit("Ours", app__py="print('ours')\n")
    with pytest.raises(Exception, match="exit status 1"):
        person.git("merge", "other")
    with pytest.raises(RepositoryError, match="A merge is not finished") as caught:
        repository.snapshot("HEAD", "m", "k")
    assert caught.value.where == "app.py"


def test_a_submodule_stays_what_it_was(person: Person, repository: Repository, tmp_path: Path) -> None:
    library = Person(tmp_path / "library")
    library.root.mkdir()
    library.git("init", "-q")
    library.commit("Begin", lib__py="x = 1\n")
    person.git("submodule", "--quiet", "add", str(library.root), "lib")
    person.commit("Add a library")
    person.write("lib/lib.py", "x = 2\n")
    candidate = repository.snapshot("HEAD", "m", "k")
    assert (candidate.files, candidate.left_out) == ((), {})


def test_a_split_index_is_read(person: Person, repository: Repository) -> None:
    person.git("update-index", "--split-index")
    person.write("staged.py", "x = 1\n")
    person.git("add", "staged.py")
    assert paths(repository.snapshot("HEAD", "m", "k")) == {"staged.py": "A"}


def test_files_outside_a_sparse_checkout_stay(person: Person, repository: Repository) -> None:
    person.git("sparse-checkout", "set", "--no-cone", "/*", "!/todo/")
    assert not (person.root / "todo" / "models.py").exists()
    assert repository.snapshot("HEAD", "m", "k").files == ()


def test_a_folder_that_became_a_link_is_gone_and_named(person: Person, repository: Repository) -> None:
    (person.root / "todo").rename(person.root / "elsewhere")
    (person.root / "todo").symlink_to("elsewhere")
    candidate = repository.snapshot("HEAD", "m", "k")
    assert paths(candidate) == {"elsewhere/models.py": "A", "todo/models.py": "D"}
    assert candidate.left_out == {"todo": "a symbolic link (to elsewhere)"}


def test_a_linked_worktree_is_a_working_tree(person: Person, work: Path, tmp_path: Path) -> None:
    person.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side" / "app.py").write_text("print('side')\n")
    repository = Repository.find(tmp_path / "side", str(work))
    assert repository.branch() == "side"
    assert paths(repository.snapshot("HEAD", "m", "k")) == {"app.py": "M"}
