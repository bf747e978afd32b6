"""Finding the repository that a project belongs to, and reporting what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_chimera.errors import RepositoryError
from pytest_chimera.git import Manifest, Repository
from pytest_chimera.git.plumbing import commands as git_module
from tests.git.conftest import Person


def test_a_folder_that_is_no_repository_gets_the_command_that_makes_it_one(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="The project is not a git repository") as caught:
        Repository.find(tmp_path)
    assert caught.value.remedy.startswith("Write: git init")


def test_an_empty_repository_gets_the_command_that_makes_a_commit(tmp_path: Path, work: Path) -> None:
    Person(tmp_path).git("init", "-q")
    with pytest.raises(RepositoryError, match="no commit yet") as caught:
        Repository.find(tmp_path, str(work)).head()
    assert caught.value.remedy.startswith("Write: git add --all && git commit")


def test_an_empty_repository_holds_no_proof(tmp_path: Path, work: Path) -> None:
    Person(tmp_path).git("init", "-q")
    assert Repository.find(tmp_path, str(work)).proofs() == {}


def test_a_bare_repository_has_no_working_tree(tmp_path: Path, work: Path) -> None:
    Person(tmp_path).git("init", "-q", "--bare", "bare.git")
    with pytest.raises(RepositoryError, match="has no working tree"):
        Repository.find(tmp_path / "bare.git", str(work))


def test_a_git_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch, person: Person) -> None:
    git_module.program.cache_clear()
    monkeypatch.setattr(git_module, "OLDEST", (99, 0))
    with pytest.raises(RepositoryError, match=r"git \d+\.\d+.* is too old"):
        Repository.find(person.root)


def test_the_branch_is_none_where_head_is_detached(person: Person, repository: Repository) -> None:
    assert repository.branch() == "main"
    person.git("switch", "-q", "--detach")
    assert repository.branch() is None


def test_a_branch_has_a_tip_and_a_missing_one_has_none(person: Person, repository: Repository) -> None:
    assert repository.tip("main") == person.git("rev-parse", "HEAD")
    assert repository.tip("other") is None


def test_the_work_folder_lies_in_the_persons_cache(
    person: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    work = Repository.find(person.root).work
    assert work.parent.name == "pytest-chimera"
    assert work.name.startswith("my-project-")


def test_a_work_folder_inside_the_project_never_belongs_to_a_candidate(person: Person) -> None:
    repository = Repository.find(person.root, "scratch")
    assert repository.work.is_relative_to(person.root / "scratch")
    assert repository.snapshot("HEAD", "m", "k").files == ()


def test_two_repositories_of_one_name_share_nothing(tmp_path: Path, work: Path) -> None:
    found = set()
    for parent in ("a", "b"):
        (tmp_path / parent / "todo").mkdir(parents=True)
        Person(tmp_path / parent / "todo").git("init", "-q")
        found.add(Repository.find(tmp_path / parent / "todo", str(work)).work)
    assert len(found) == 2


def test_a_project_in_a_folder_of_its_repository_speaks_of_its_own_paths(person: Person, work: Path) -> None:
    person.write("backend/app.py", "x = 1\n")
    person.commit("Add a backend")
    repository = Repository.find(person.root / "backend", str(work))
    assert repository.prefix == "backend/"
    assert repository.read("HEAD", "app.py") == b"x = 1\n"
    assert repository.read("HEAD", "../app.py") == b"print('one')\n"
    assert set(repository.files("HEAD")) >= {"app.py", "../app.py", "../todo/models.py"}
    assert repository.files("HEAD", under="../todo") == ["../todo/models.py"]
    sealed = repository.seal("HEAD", {"tests/e2e/test_add.py": b"x\n"}, "m", "k")
    assert [file.path for file in repository.changed("HEAD", sealed.commit)] == ["tests/e2e/test_add.py"]
    folder = work / "clone"
    repository.clone(sealed.commit, folder)
    project = repository.project_in(folder)
    (project / "views.py").write_text("x\n")
    (folder / "outside.py").write_text("x\n")
    (project / "link").symlink_to("app.py")
    candidate = repository.candidate(folder, sealed.commit, Manifest.load(folder), "m", "k")
    assert {file.path for file in candidate.files} == {"views.py", "../outside.py"}
    assert candidate.left_out.keys() == {"link"}


def test_the_author_is_us_where_the_person_has_no_name(person: Person, work: Path, home: Path) -> None:
    (home / ".gitconfig").unlink()
    repository = Repository.find(person.root, str(work))
    made = repository.seal("HEAD", {"a.py": b"x\n"}, "m", "k")
    said = repository.store.git.ask("log", "-1", "--format=%an <%ae>", made.commit).text
    assert said == "pytest-chimera <pytest-chimera@localhost>"


def test_a_git_that_hangs_is_stopped_and_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hanging = tmp_path / "git"
    hanging.write_text("#!/bin/sh\nexec sleep 600\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(git_module, "program", lambda: str(hanging))
    monkeypatch.setattr(git_module, "LONGEST_SECONDS", 0.5)
    with pytest.raises(RepositoryError, match="git status was stopped after"):
        git_module.Git(tmp_path).ask("status")
