"""A person's real repository with everything that can go wrong, and ways to inspect it from outside."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_chimera.git import Repository


@dataclass(frozen=True)
class Person:
    """The person and their repository, used with plain git."""

    root: Path

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, check=True)
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def write(self, path: str, data: str | bytes) -> Path:
        at = self.root / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(data.encode() if isinstance(data, str) else data)
        return at

    def commit(self, message: str, **files: str | bytes) -> str:
        """Commit everything, after writing some ``path__ext`` files."""
        for name, data in files.items():
            self.write(name.replace("__", "."), data)
        self.git("add", "--all")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def state(self) -> tuple[bytes, str, str, str, dict[str, bytes]]:
        """Return what must not change: the index byte for byte, the stash, HEAD, the refs and the files."""
        files = {
            each.relative_to(self.root).as_posix(): each.read_bytes()
            for each in sorted(self.root.rglob("*"))
            if each.is_file() and ".git" not in each.relative_to(self.root).parts
        }
        index = (self.root / ".git" / "index").read_bytes()
        refs = self.git("for-each-ref")
        return index, self.git("stash", "list"), self.git("symbolic-ref", "HEAD"), refs, files


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the person's own with a name in its configuration, isolated from this machine's."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
        '[protocol "file"]\n\tallow = always\n'
    )
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


@pytest.fixture
def person(tmp_path: Path) -> Person:
    """A repository with two commits, a folder, an executable, a link and ignored files, at a path with a space."""
    root = tmp_path / "my project"
    root.mkdir()
    person = Person(root)
    person.git("init", "-q")
    person.commit("Begin", app__py="print('one')\n", README__md="# todo\n")
    person.write("run.sh", "#!/bin/sh\n").chmod(0o755)
    person.write("todo/models.py", "class Todo: ...\n")
    person.write(".gitignore", "*.log\n/venv/\n__pycache__/\n")
    (root / "latest").symlink_to("app.py")
    person.commit("Add models")
    return person


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Chimera's work folder."""
    return tmp_path / "work dir"


@pytest.fixture
def repository(person: Person, work: Path) -> Repository:
    """The person's repository, found."""
    return Repository.find(person.root, str(work))


@pytest.fixture
def sealed(repository: Repository) -> str:
    """A sealed commit on top of HEAD."""
    commit, _tree = repository.seal(
        repository.head(), {"tests/e2e/test_add.py": b"def test_add(): ...\n"}, "Seal", "add/sealed"
    )
    return commit


@pytest.fixture
def clone(repository: Repository, sealed: str, work: Path) -> Iterator[Path]:
    """A private clone of the sealed commit."""
    folder = work / "clones" / "add 1"
    repository.clone(sealed, folder)
    yield folder
    repository.discard(folder)
