"""A coder's changes to its clone, read as plain files."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_chimera.errors import PhaseFailed, RepositoryError
from pytest_chimera.git import Candidate, Manifest, Repository
from tests.as_ann import git
from tests.git.conftest import Person

Read = Callable[[], Candidate]


@pytest.fixture
def read(repository: Repository, clone: Path, sealed: str) -> Read:
    return lambda: repository.candidate(clone, sealed, Manifest.load(clone), "Add a todo", "add/1")


def paths(candidate: Candidate) -> dict[str, str]:
    return {file.path: file.status for file in candidate.files}


def test_an_untouched_clone_is_the_sealed_tree(read: Read, repository: Repository, sealed: str) -> None:
    candidate = read()
    assert candidate.files == ()
    assert candidate.left_out == {}
    assert candidate.tree == repository.tree_of(sealed)


def test_new_changed_and_deleted_files_are_taken(read: Read, clone: Path, repository: Repository) -> None:
    (clone / "app.py").write_text("print('two')\n")
    (clone / "todo" / "views.py").write_text("views = []\n")
    (clone / "README.md").unlink()
    candidate = read()
    assert paths(candidate) == {"README.md": "D", "app.py": "M", "todo/views.py": "A"}
    assert repository.read(candidate.commit, "app.py") == b"print('two')\n"


def test_ignored_files_stay_out(read: Read, clone: Path) -> None:
    for path in ("venv/bin/python", "todo/__pycache__/models.pyc", "debug.log", "new/debug.log", "new/code.py"):
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).write_text("x")
    assert paths(read()) == {"new/code.py": "A"}


def test_a_file_that_is_tracked_although_ignored_stays(person: Person, repository: Repository, work: Path) -> None:
    person.write("kept.log", "one\n")
    person.write("venv/pyvenv.cfg", "home\n")
    person.git("add", "-f", "kept.log", "venv/pyvenv.cfg")
    base = person.commit("Keep a log")
    folder = work / "clones" / "logs"
    repository.clone(base, folder)
    assert repository.candidate(folder, base, Manifest.load(folder), "m", "k").files == ()
    (folder / "venv/pyvenv.cfg").write_text("other\n")
    assert paths(repository.candidate(folder, base, Manifest.load(folder), "m", "k")) == {"venv/pyvenv.cfg": "M"}


@pytest.mark.parametrize(
    "name", ["a b.py", "quo\"te's.py", "new\nline.py", "tab\there.py", "ünï·ćode.py", "back\\slash", "-n"]
)
def test_names_of_every_kind_are_read(read: Read, clone: Path, repository: Repository, name: str) -> None:
    (clone / name).write_text("x = 1\n")
    candidate = read()
    assert paths(candidate) == {name: "A"}
    assert repository.read(candidate.commit, name) == b"x = 1\n"


def test_a_name_that_is_no_utf8_is_named(read: Read, clone: Path) -> None:
    Path(os.fsdecode(os.fsencode(clone) + b"/caf\xe9.py")).write_text("x")
    assert read().left_out == {"caf\\xe9.py": "a name that is not UTF-8"}


@pytest.mark.parametrize("name", [".GIT", "git~1", ".git ", ".git...", "a\\.git\\b", ".git::$INDEX_ALLOCATION"])
def test_a_name_that_is_gits_own_elsewhere_is_named(read: Read, clone: Path, name: str) -> None:
    (clone / "todo" / name).mkdir()
    (clone / "todo" / name / "config").write_text("x")
    (clone / "app.py").write_text("print('two')\n")
    candidate = read()
    assert paths(candidate) == {"app.py": "M"}
    assert candidate.left_out == {f"todo/{name}/config": "a name that means git's own folder somewhere"}


@pytest.mark.parametrize("name", ["dot.git", ".gitmodules", ".github", "git", ".gitkeep", "..."])
def test_a_name_that_only_looks_like_it_is_taken(read: Read, clone: Path, name: str) -> None:
    (clone / "todo" / name).write_text("")
    assert paths(read()) == {f"todo/{name}": "A"}


def test_the_executable_bit_is_taken(read: Read, clone: Path, repository: Repository) -> None:
    (clone / "run.sh").write_text("#!/bin/sh\nexit 1\n")
    (clone / "app.py").chmod(0o755)
    (clone / "new.sh").write_text("#!/bin/sh\n")
    (clone / "new.sh").chmod(0o755)
    entries = repository.store.entries(read().commit)
    assert {entries[path].mode for path in ("run.sh", "app.py", "new.sh")} == {"100755"}


def test_links_are_named_and_not_taken_in(read: Read, clone: Path, tmp_path: Path) -> None:
    (clone / "inside").symlink_to("todo/models.py")
    (clone / "outside").symlink_to(tmp_path)
    (clone / "above").symlink_to("../../other")
    (clone / "latest").unlink()
    (clone / "latest").symlink_to("README.md")
    candidate = read()
    assert candidate.files == ()
    assert candidate.left_out == {
        "above": "a symbolic link that leaves the tree (to ../../other)",
        "inside": "a symbolic link (to todo/models.py)",
        "latest": "a symbolic link (to README.md)",
        "outside": f"a symbolic link that leaves the tree (to {tmp_path})",
    }


def test_a_folder_replaced_by_a_link_is_named_and_never_followed(read: Read, clone: Path, tmp_path: Path) -> None:
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "models.py").write_text("stolen\n")
    shutil.rmtree(clone / "todo")
    (clone / "todo").symlink_to(tmp_path / "evil")
    candidate = read()
    assert paths(candidate) == {"todo/models.py": "D"}
    assert candidate.left_out["todo"].startswith("a symbolic link that leaves the tree")


def test_a_nested_repository_is_named_and_not_taken_in(read: Read, clone: Path) -> None:
    git(clone, "init", "-q", "vendor")
    (clone / "vendor" / "code.py").write_text("x = 1\n")
    candidate = read()
    assert candidate.files == ()
    assert candidate.left_out == {"vendor": "a nested repository"}


def test_a_git_folder_put_beside_tracked_files_hides_nothing(read: Read, clone: Path) -> None:
    git(clone / "todo", "init", "-q")
    (clone / "todo" / "models.py").write_text("class Other: ...\n")
    (clone / "todo" / "new.py").write_text("x = 1\n")
    candidate = read()
    assert paths(candidate) == {"todo/models.py": "M", "todo/new.py": "A"}
    assert candidate.left_out == {"todo/.git": "a git folder inside the project"}


def test_pipes_and_sockets_are_named_and_not_waited_for(
    read: Read, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(clone / "pipe")
    (clone / "app.py").unlink()
    os.mkfifo(clone / "app.py")
    monkeypatch.chdir(clone)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("sock")
        candidate = read()
    assert candidate.files == ()
    assert candidate.left_out.keys() == {"app.py", "pipe", "sock"}


def test_what_the_coder_did_with_its_git_has_no_influence(read: Read, clone: Path) -> None:
    (clone / "app.py").write_text("print('two')\n")
    (clone / "hidden.py").write_text("x = 1\n")
    git(clone, "update-index", "--skip-worktree", "app.py")
    git(clone, "update-index", "--assume-unchanged", "README.md")
    (clone / "README.md").write_text("changed\n")
    (clone / ".git" / "info").mkdir(exist_ok=True)
    (clone / ".git" / "info" / "exclude").write_text("hidden.py\n")
    git(clone, "config", "core.excludesFile", str(clone / ".git" / "info" / "exclude"))
    (clone / "staged.py").write_text("x = 1\n")
    git(clone, "add", "staged.py")
    git(clone, "-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "-m", "mine")
    git(clone, "checkout", "-q", "--orphan", "elsewhere")
    git(clone, "rm", "-q", "--cached", "-r", ".")
    assert paths(read()) == {"app.py": "M", "hidden.py": "A", "README.md": "M", "staged.py": "A"}


def test_nothing_that_the_clone_configures_is_run(read: Read, clone: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch '{tmp_path}/sprung'\ncat\n")
    trap.chmod(0o755)
    (clone / ".git" / "hooks").mkdir(exist_ok=True)
    for hook in ("post-index-change", "pre-commit", "reference-transaction", "post-checkout"):
        shutil.copy(trap, clone / ".git" / "hooks" / hook)
    for key in ("filter.x.clean", "filter.x.smudge", "filter.x.process", "core.fsmonitor", "diff.external"):
        git(clone, "config", key, f'"{trap}"')
    (clone / ".gitattributes").write_text("* filter=x diff=x\n")
    (clone / "app.py").write_text("print('two')\n")
    candidate = read()
    assert paths(candidate) == {".gitattributes": "A", "app.py": "M"}
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("ruin", ["gone", "garbage", "a file"])
def test_a_clone_without_a_working_git_folder_is_read_all_the_same(read: Read, clone: Path, ruin: str) -> None:
    shutil.rmtree(clone / ".git")
    if ruin == "garbage":
        (clone / ".git").mkdir()
        (clone / ".git" / "HEAD").write_bytes(b"\0")
    elif ruin == "a file":
        (clone / ".git").write_text("gitdir: /nonexistent\n")
    (clone / "app.py").write_text("print('two')\n")
    assert paths(read()) == {"app.py": "M"}


def test_a_deleted_clone_is_the_coders_failure(read: Read, clone: Path) -> None:
    shutil.rmtree(clone)
    with pytest.raises(PhaseFailed, match="The coder deleted its clone"):
        read()


def test_an_emptied_clone_is_a_deleted_one(read: Read, clone: Path) -> None:
    shutil.rmtree(clone)
    clone.mkdir()
    with pytest.raises(PhaseFailed, match="The coder deleted its clone"):
        read()


def test_the_vault_and_private_folders_never_belong_to_a_candidate(person: Person, work: Path) -> None:
    repository = Repository.find(person.root, str(work), private=[person.root / "my cache"])
    base = repository.head()
    folder = work / "clones" / "one"
    repository.clone(base, folder)
    for path in (".chimera/brief.md", "my cache/v", "sub/.chimera/x", "ok.py"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("x")
    assert paths(repository.candidate(folder, base, Manifest.load(folder), "m", "k")) == {"ok.py": "A"}


def test_a_vault_that_somebody_committed_stays_as_it_is(person: Person, repository: Repository, work: Path) -> None:
    person.write(".chimera/brief.md", "one")
    base = person.commit("Commit a vault")
    folder = work / "clones" / "one"
    manifest = repository.clone(base, folder)
    (folder / ".chimera" / "brief.md").write_text("two")
    assert repository.candidate(folder, base, manifest, "m", "k").files == ()


def test_line_endings_stay_as_the_base_has_them(person: Person, repository: Repository, work: Path) -> None:
    person.write(".gitattributes", "*.txt text eol=crlf\n")
    person.write("notes.txt", b"one\r\ntwo\r\n")
    person.write("other.txt", b"one\r\ntwo\r\n")
    base = person.commit("Add notes")
    folder = work / "clones" / "crlf"
    repository.clone(base, folder)
    assert (folder / "notes.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert repository.candidate(folder, base, Manifest.load(folder), "m", "k").files == ()
    (folder / "notes.txt").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    candidate = repository.candidate(folder, base, Manifest.load(folder), "m", "k")
    assert paths(candidate) == {"notes.txt": "M"}
    assert repository.read(candidate.commit, "notes.txt") == b"one\ntwo\nthree\n"


def test_large_file_pointers_stay_pointers(person: Person, repository: Repository, work: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"
    person.write(".gitattributes", "*.bin filter=lfs -text\n")
    person.write("model.bin", pointer)
    base = person.commit("Add a model")
    folder = work / "clones" / "lfs"
    repository.clone(base, folder)
    assert (folder / "model.bin").read_bytes() == pointer
    (folder / "app.py").write_text("print('two')\n")
    assert paths(repository.candidate(folder, base, Manifest.load(folder), "m", "k")) == {"app.py": "M"}


def test_a_submodule_stays_what_it_was(person: Person, repository: Repository, work: Path, tmp_path: Path) -> None:
    library = Person(tmp_path / "library")
    library.root.mkdir()
    library.git("init", "-q")
    library.commit("Begin", lib__py="x = 1\n")
    person.git("submodule", "--quiet", "add", str(library.root), "lib")
    base = person.commit("Add a library")
    folder = work / "clones" / "sub"
    repository.clone(base, folder)
    assert repository.candidate(folder, base, Manifest.load(folder), "m", "k").files == ()
    (folder / "lib" / "extra.py").write_text("x")
    candidate = repository.candidate(folder, base, Manifest.load(folder), "m", "k")
    assert candidate.files == ()
    assert candidate.left_out == {"lib": "files in a submodule"}
    shutil.rmtree(folder / "lib")
    assert repository.candidate(folder, base, Manifest.load(folder), "m", "k").files == ()


def test_a_file_may_become_a_folder_and_a_folder_a_file(read: Read, clone: Path) -> None:
    (clone / "app.py").unlink()
    (clone / "app.py").mkdir()
    (clone / "app.py" / "main.py").write_text("x = 1\n")
    shutil.rmtree(clone / "todo")
    (clone / "todo").write_text("a file now\n")
    assert paths(read()) == {"app.py": "D", "app.py/main.py": "A", "todo/models.py": "D", "todo": "A"}


def test_a_link_may_become_a_file(read: Read, clone: Path) -> None:
    (clone / "latest").unlink()
    (clone / "latest").write_text("x = 1\n")
    assert paths(read()) == {"latest": "T"}


def test_a_clone_that_was_never_finished_says_so(repository: Repository, sealed: str, work: Path) -> None:
    folder = work / "clones" / "half"
    folder.mkdir(parents=True)
    (folder / "app.py").write_text("x")
    with pytest.raises(RepositoryError, match="no readable manifest"):
        repository.candidate(folder, sealed, Manifest.load(folder), "m", "k")


def test_a_clone_of_an_earlier_candidate_is_read_against_the_sealed_commit(
    repository: Repository, clone: Path, sealed: str, work: Path, read: Read
) -> None:
    (clone / "app.py").write_text("print('two')\n")
    first = read()
    folder = work / "clones" / "second"
    repository.clone(first.commit, folder)
    (folder / "more.py").write_text("x = 1\n")
    assert paths(repository.candidate(folder, sealed, Manifest.load(folder), "m", "add/2")) == {
        "app.py": "M",
        "more.py": "A",
    }


def test_the_candidate_is_the_persons_work_on_top_of_the_sealed_commit(
    read: Read, clone: Path, repository: Repository, sealed: str
) -> None:
    (clone / "app.py").write_text("print('two')\n")
    candidate = read()
    said = repository.store.git.ask("log", "-1", "--format=%P|%an|%ae|%cn|%s", candidate.commit).text
    assert said == f"{sealed}|Ada Lovelace|ada@example.org|pytest-chimera|Add a todo"
    assert repository.store.kept("add/1") == candidate.commit


def test_a_manifest_that_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        Manifest("commit", {}).save(tmp_path / "clone")
    assert list(tmp_path.glob("*clone*")) == []
