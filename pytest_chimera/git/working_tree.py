"""The person's working tree: read without touching it, and changed in the two ways that a person can ask for.

Both use the store's git with a separate index. From the person's configuration only the few settings are used that
determine a file's contents (line endings, the executable bit); none of their filters, hooks or monitors is run.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from pytest_chimera.errors import RepositoryError
from pytest_chimera.git.clones import is_private, is_there, link_target, parents, read_regular, why_no_link, why_no_name
from pytest_chimera.git.plumbing.commands import Answer, Git, as_bytes, quoted, zipped
from pytest_chimera.git.plumbing.object_store import Candidate, Entry, Store, shown, staged, write_entries

COUNTS = ("autocrlf", "eol", "filemode", "symlinks", "ignorecase", "precomposeunicode", "excludesfile")


@dataclass(frozen=True)
class WorkTree:
    """The person's working tree.

    :param root: its top level; ``person``: git there, with the person's own configuration.
    :param private: paths that never belong to a candidate.
    """

    root: Path
    person: Git
    store: Store
    private: tuple[str, ...]

    # -- reading

    def snapshot(self, parent: str, message: str, keep: str) -> Candidate:
        """Commit the current working tree on top of ``parent``: tracked files, and new files that are not ignored.

        :raises RepositoryError: a merge is not finished.
        """
        with self._index_as_it_is() as git:
            if unmerged := git.ask("ls-files", "--unmerged", "-z").items:
                paths = ", ".join(sorted({shown(item.partition("\t")[2]) for item in unmerged}))
                raise RepositoryError(
                    "A merge is not finished.", where=paths, remedy="Finish it (git add …, git commit)."
                )
            tracked = _statuses(git.ask("diff-files", "--name-status", "-z", "--no-renames", "--ignore-submodules=all"))
            gone = [path for path, status in tracked.items() if status == "D"]
            left_out: dict[str, str] = {}
            new = [*self._untracked(git), *(path for path, status in tracked.items() if status != "D")]
            same = self._behind_pointers(git, [path for path, status in tracked.items() if status == "M"], staged(git))
            taken = [path for path in new if path not in same and self._takes(path, left_out)]
            git.ask("update-index", "--force-remove", "-z", "--stdin", stdin=zipped(gone))
            git.ask("update-index", "--add", "--replace", "-z", "--stdin", stdin=zipped(taken))
            tree = git.ask("write-tree").text
            self._carry_over(git, tree, parent)
        return self.store.candidate(tree, parent, message, keep, left_out)

    def _untracked(self, git: Git) -> list[str]:
        own = self.person.ask("rev-parse", "--path-format=absolute", "--git-path", "info/exclude").text
        more = (f"--exclude-from={own}",) if Path(own).is_file() else ()
        paths = git.ask("ls-files", "--others", "--exclude-standard", *more, "-z").items
        return [path for path in paths if not is_private(path.rstrip("/"), self.private)]

    def _takes(self, path: str, left_out: dict[str, str]) -> bool:
        at = self.root / path
        if at.is_symlink():
            left_out[shown(path)] = why_no_link(path, link_target(at))
        elif at.is_dir():
            left_out[shown(path.rstrip("/"))] = "a nested repository"
        elif why := why_no_name(path):
            left_out[shown(path)] = why
        elif not os.access(at, os.R_OK):
            left_out[shown(path)] = "a file that cannot be read"
        else:
            return True
        return False

    def _behind_pointers(self, git: Git, paths: Sequence[str], entries: Mapping[str, Entry]) -> set[str]:
        """Return the paths whose file matches the Git LFS pointer in git: unchanged, without running a filter."""
        answers = git.ask("check-attr", "-z", "--stdin", "filter", stdin=zipped(paths)).items
        large = [path for path, value in zip(answers[::3], answers[2::3], strict=True) if value == "lfs"]
        return {
            path for path in large if points_to(git.ask("cat-file", "blob", entries[path].blob).out, self.root / path)
        }

    def _carry_over(self, git: Git, tree: str, parent: str) -> None:
        """Copy objects that the tree needs from the person's repository to the store: what they have staged."""
        pack = git.ask("pack-objects", "-q", "--revs", "--stdout", stdin=as_bytes(f"{tree}\n^{parent}\n")).out
        self.store.git.ask("unpack-objects", "-q", stdin=pack)

    def _git(self, index: Path) -> Git:
        """Return the store's git for this working tree, with read access to the person's objects."""
        objects = self.person.ask("rev-parse", "--path-format=absolute", "--git-path", "objects").text
        return self.store.git.having(
            folder=self.root,
            settings=self._settings_that_count(),
            GIT_WORK_TREE=self.root,
            GIT_INDEX_FILE=index,
            GIT_ALTERNATE_OBJECT_DIRECTORIES=os.fsdecode(quoted(objects)),
        )

    def _settings_that_count(self) -> tuple[str, ...]:
        pattern = rf"^core\.({'|'.join(COUNTS)})$"
        items = self.person.ask("config", "--includes", "-z", "--get-regexp", pattern, accept=(0, 1)).items
        found = dict(item.partition("\n")[::2] for item in items)
        if ignored := found.get("core.excludesfile"):
            found["core.excludesfile"] = str(Path(ignored).expanduser())
        else:
            config = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
            found["core.excludesfile"] = str(Path(config, "git", "ignore"))
        return tuple(f"{name}={value}" for name, value in found.items())

    @property
    def _index_file(self) -> Path:
        return Path(self.person.ask("rev-parse", "--path-format=absolute", "--git-path", "index").text)

    @contextmanager
    def _index_as_it_is(self) -> Iterator[Git]:
        """Provide git with a copy of the person's index, including its cached file information."""
        with tempfile.TemporaryDirectory(prefix="index-", dir=self.store.folder.parent) as scratch:
            index = self._index_file
            copy = Path(scratch, "index")
            for shared in index.parent.glob("sharedindex.*"):
                shutil.copy2(shared, self.store.folder)
            with suppress(FileNotFoundError):
                shutil.copy2(index, copy)
            yield self._git(copy)

    @contextmanager
    def _index_of(self, commit: str) -> Iterator[Git]:
        with tempfile.TemporaryDirectory(prefix="index-", dir=self.store.folder.parent) as scratch:
            git = self._git(Path(scratch, "index"))
            git.ask("read-tree", commit)
            yield git

    # -- changing

    def lay(self, commit: str, base: str) -> None:
        """Apply base..commit to the working tree, unstaged.

        :raises RepositoryError: a file that it touches differs from ``base``; nothing is changed.
        """
        change = self._change(base, commit)
        self._refuse(self._disturbed(change), "Changes of your own are in the way")
        with self._index_of(commit) as git, self._undone_on_failure(change):
            self._write(git, change)

    def fast_forward(self, commit: str, expected: str, branch: str) -> None:
        """Move the branch that is checked out, the index and the files from ``expected`` to ``commit``, together.

        If the process is killed half-way, the same call finishes the move.

        :raises RepositoryError: a file that it touches is changed, in the working tree or the index, or git is busy
            there; nothing is changed.
        """
        with self._lock_on_index() as lock, self._index_as_it_is() as git:
            change = self._change(expected, commit)
            now = staged(git)
            mixed = [path for path in change.new if now.get(path) not in change.both(path)]
            self._refuse([*self._disturbed(change), *mixed], "Changes of your own are in the way")
            with self._undone_on_failure(change):
                write_entries(git, change.new)
                self._write(git, change)
                self._move(lock, Path(git.environment["GIT_INDEX_FILE"]), f"refs/heads/{branch}", commit, expected)

    def _move(self, lock: Path, index: Path, ref: str, commit: str, expected: str) -> None:
        """Move the branch and the index to where the files are already."""
        before = self.person.ask("rev-parse", "--verify", ref).text
        if before not in {expected, commit}:
            raise RepositoryError(f"The branch has moved on from {expected[:12]} just now.", where=ref)
        lock.write_bytes(index.read_bytes())
        self.person.ask("update-ref", "-m", "chimera: fast-forward", ref, commit, before)
        try:
            lock.replace(lock.with_suffix(""))
        except OSError:
            self.person.ask("update-ref", ref, before, commit)
            raise

    @contextmanager
    def _lock_on_index(self) -> Iterator[Path]:
        """Hold git's own lock; a second name for it identifies it as ours, so that a killed process's lock can be
        removed.
        """
        index = self._index_file
        lock = index.with_name("index.lock")
        _remove_stale_locks(lock)
        own = index.with_name(f"index.chimera-{os.getpid()}-{threading.get_ident()}")
        own.touch()
        try:
            try:
                os.link(own, lock)
            except FileExistsError as error:
                raise RepositoryError(
                    "Another git command is running in the repository.",
                    where=str(lock),
                    remedy="Wait until it ends (if none is running, remove that file) and run this again.",
                ) from error
            yield lock
        finally:
            _unlock(lock, own)

    def _change(self, base: str, commit: str) -> _Change:
        before, after = self.store.entries(base), self.store.entries(commit)
        paths = [path for path in {**before, **after} if before.get(path) != after.get(path)]
        return _Change(
            old={path: before.get(path) for path in paths},
            new={path: after.get(path) for path in paths},
            here=self._held(base, paths),
        )

    def _held(self, base: str, paths: Sequence[str]) -> dict[str, Entry | None]:
        """Return the working tree's entries at some paths, as git would store them."""
        there = [path for path in paths if is_there(self.root, path)]
        with self._index_of(base) as git:
            before = staged(git)
            same = self._behind_pointers(git, [path for path in there if path in before], before)
            taken = [path for path in there if path not in same]
            git.ask("update-index", "--add", "--replace", "-z", "--stdin", stdin=zipped(taken))
            held = staged(git)
        return {path: held.get(path) if path in there else None for path in paths}

    def _disturbed(self, change: _Change) -> list[str]:
        return [
            path for path in change.new if change.here[path] not in change.both(path) or self._blocked(path, change)
        ]

    def _blocked(self, path: str, change: _Change) -> bool:
        """Whether something that does not belong to the change is in the way of one of its files."""
        if change.new[path] is None:
            return False
        goes = {each for each, entry in change.new.items() if entry is None}
        above = (self.root / parent for parent in parents(path) if parent not in goes)
        if any(os.path.lexists(each) and (each.is_symlink() or not each.is_dir()) for each in above):
            return True
        at = self.root / path
        if at.is_symlink() or not at.is_dir():
            return False
        return any(not each.is_dir() and each.relative_to(self.root).as_posix() not in goes for each in at.rglob("*"))

    def _refuse(self, paths: Sequence[str], sentence: str) -> None:
        if paths:
            raise RepositoryError(
                f"{sentence}: {', '.join(sorted({shown(path) for path in paths}))}.",
                where=str(self.root),
                remedy="Commit or stash them, then run this again.",
            )

    def _write(self, git: Git, change: _Change) -> None:
        """Write the change's files from an index that contains them; files that are correct already are not written."""
        for path, entry in change.new.items():
            if entry is None and change.here[path] is not None:
                (self.root / path).unlink()
                self._prune(path)
        come = {path: entry for path, entry in change.new.items() if entry is not None}
        writes = [path for path, entry in come.items() if change.here[path] != entry]
        git.ask("checkout-index", "-f", "-u", "-q", "-z", "--stdin", stdin=zipped(writes))
        git.ask("update-index", "-z", "--stdin", stdin=zipped(path for path in come if path not in set(writes)))

    def _prune(self, path: str) -> None:
        for parent in reversed(list(parents(path))):
            with suppress(OSError):
                (self.root / parent).rmdir()

    @contextmanager
    def _undone_on_failure(self, change: _Change) -> Iterator[None]:
        kept = {path: _Kept.of(self.root / path) for path in change.new if is_there(self.root, path)}
        try:
            yield
        except BaseException:
            for path in change.new:
                if is_there(self.root, path):
                    (self.root / path).unlink()
                    self._prune(path)
            for path, each in kept.items():
                each.put_back(self.root / path)
            raise


@dataclass(frozen=True)
class _Change:
    """The paths that a change touches: before the change, after it, and in the working tree."""

    old: Mapping[str, Entry | None]
    new: Mapping[str, Entry | None]
    here: Mapping[str, Entry | None]

    def both(self, path: str) -> tuple[Entry | None, Entry | None]:
        """Return the two states of a path in which it has no modification by the person."""
        return self.old[path], self.new[path]


@dataclass(frozen=True)
class _Kept:
    """A file's original state: a link's target, or contents, mode and time."""

    link: str
    data: bytes
    mode: int
    times: tuple[int, int]

    @classmethod
    def of(cls, path: Path) -> _Kept:
        about = path.lstat()
        times = (about.st_atime_ns, about.st_mtime_ns)
        if stat.S_ISLNK(about.st_mode):
            return cls(link_target(path), b"", 0, times)
        return cls("", path.read_bytes(), stat.S_IMODE(about.st_mode), times)

    def put_back(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.link:
            path.symlink_to(self.link)
            return
        path.write_bytes(self.data)
        path.chmod(self.mode)
        os.utime(path, ns=self.times)


def points_to(pointer: bytes, file: Path) -> bool:
    """Whether a blob is a Git LFS pointer to a file's contents."""
    told = re.match(rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n", pointer)
    if told is None or not file.is_file() or file.stat().st_size != int(told[2]):
        return False
    seen = read_regular(file)
    return seen is not None and seen.sha256 == told[1].decode()


def _statuses(answer: Answer) -> dict[str, str]:
    items = answer.items
    return dict(zip(items[1::2], items[::2], strict=True))


def _remove_stale_locks(lock: Path) -> None:
    for own in lock.parent.glob("index.chimera-*"):
        if not psutil.pid_exists(int(own.name.split("-")[1])):
            _unlock(lock, own)


def _unlock(lock: Path, own: Path) -> None:
    with suppress(FileNotFoundError):
        if lock.samefile(own):
            lock.unlink()
    own.unlink(missing_ok=True)
