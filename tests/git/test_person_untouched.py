"""The person's index, stash, HEAD, refs and files stay unchanged, and none of their programs runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_chimera.git import Repository
from tests.git.conftest import Person

Deed = Callable[[Repository, Path], object]

DEEDS: dict[str, Deed] = {
    "finding": lambda git, _work: git.head(),
    "sealing": lambda git, _work: git.seal("HEAD", {"a.py": b"x\n"}, "m", "k"),
    "taking a snapshot": lambda git, _work: git.snapshot(git.head(), "m", "k"),
    "cloning": lambda git, work: git.clone(git.head(), work / "clone"),
    "checking out": lambda git, work: git.checkout(git.head(), work / "checkout"),
    "looking for proofs": lambda git, _work: git.proofs(),
    "comparing": lambda git, _work: git.diff("HEAD~1", "HEAD"),
}


@pytest.fixture
def messy(person: Person) -> Person:
    """The person in the middle of work: a stash, staged, changed and new files."""
    person.write("app.py", "print('stashed')\n")
    person.git("stash", "-q")
    person.write("app.py", "print('staged')\n")
    person.write("staged.py", "x = 1\n")
    person.git("add", "app.py", "staged.py")
    person.write("app.py", "print('on disk')\n")
    person.write("new.py", "x = 1\n")
    return person


@pytest.fixture
def trapped(person: Person, tmp_path: Path) -> Path:
    """Hooks, filters, a monitor and a signing program of the person, each of which writes a file when it runs."""
    sprung = tmp_path / "sprung"
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{sprung}'\ncat\n")
    trap.chmod(0o755)
    person.write(".gitattributes", "*.py filter=x diff=x merge=x\n")
    person.commit("Filter everything")
    person.write("app.py", "print('filtered')\n")
    person.write("more.py", "print('new and filtered')\n")
    for hook in (
        "post-checkout",
        "post-commit",
        "post-index-change",
        "post-merge",
        "pre-commit",
        "reference-transaction",
    ):
        (person.root / ".git" / "hooks").mkdir(exist_ok=True)
        shutil.copy(trap, person.root / ".git" / "hooks" / hook)
    for key in ("clean", "smudge"):
        person.git("config", f"filter.x.{key}", f'"{trap}"')
    person.git("config", "filter.x.required", "true")
    for key in (
        "core.fsmonitor",
        "diff.x.textconv",
        "diff.x.command",
        "merge.x.driver",
        "gpg.program",
        "diff.external",
    ):
        person.git("config", key, f'"{trap}"')
    for key in ("commit.gpgSign", "tag.gpgSign", "log.showSignature"):
        person.git("config", key, "true")
    sprung.unlink(missing_ok=True)
    return sprung


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_of_the_persons_changes(messy: Person, work: Path, deed: str) -> None:
    before = messy.state()
    DEEDS[deed](Repository.find(messy.root, str(work)), work)
    assert messy.state() == before


@pytest.mark.parametrize("deed", DEEDS)
def test_no_object_is_written_to_the_persons_repository(messy: Person, work: Path, deed: str) -> None:
    before = messy.git("count-objects", "-v")
    DEEDS[deed](Repository.find(messy.root, str(work)), work)
    assert messy.git("count-objects", "-v") == before


def test_publishing_adds_a_branch_and_changes_nothing_else(messy: Person, work: Path) -> None:
    repository = Repository.find(messy.root, str(work))
    index, stash, head, refs, files = messy.state()
    made = repository.seal("HEAD", {"a.py": b"x\n"}, "m", "k")
    repository.publish("add", made.commit)
    assert messy.state() == (index, stash, head, f"{made.commit} commit\trefs/heads/chimera/add\n{refs}", files)


@pytest.mark.parametrize("deed", DEEDS)
def test_no_program_of_the_persons_runs(person: Person, trapped: Path, work: Path, deed: str) -> None:
    DEEDS[deed](Repository.find(person.root, str(work)), work)
    assert not trapped.exists()


@pytest.mark.usefixtures("person")
def test_no_program_of_the_persons_runs_when_their_repository_is_written_to(
    person: Person, trapped: Path, work: Path
) -> None:
    person.git("-c", f"core.hooksPath={work}", "-c", "core.fsmonitor=false", "stash", "list")
    trapped.unlink(missing_ok=True)
    repository = Repository.find(person.root, str(work))
    head = repository.head()
    made = repository.seal(head, {"todo/views.py": b"x = 1\n", "todo/models.py": b"class Other: ...\n"}, "m", "k")
    repository.publish("add", made.commit)
    repository.fast_forward(made.commit, head)
    more = repository.seal(made.commit, {"todo/views.py": b"x = 2\n"}, "m", "k")
    repository.lay(more.commit, made.commit)
    assert not trapped.exists()
    assert (person.root / "todo" / "views.py").read_text() == "x = 2\n"


def test_variables_of_a_git_hook_do_not_leak_in(
    person: Person, work: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.bare")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    repository = Repository.find(person.root, str(work))
    assert repository.root == person.root
    assert repository.snapshot("HEAD", "m", "k").files == ()
    assert not (tmp_path / "elsewhere").exists()
