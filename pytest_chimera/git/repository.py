"""The project's git repository, as the rest of pytest-chimera knows it.

The person's repository is written to in three ways only: one branch is published when a feature is complete, the
branch that is checked out is fast-forwarded, and a candidate is laid into the working tree. The last two are asked for.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import platformdirs

from pytest_chimera.errors import ConflictError, RepositoryError
from pytest_chimera.git import clones
from pytest_chimera.git.clones import Manifest
from pytest_chimera.git.plumbing.commands import Git
from pytest_chimera.git.plumbing.object_store import OURSELVES, REGULAR, Candidate, Entry, Made, Store
from pytest_chimera.git.plumbing.trailers import Trailers, parse_trailers
from pytest_chimera.git.working_tree import WorkTree
from pytest_chimera.models import ChangedFile, slug_of


@dataclass(frozen=True)
class Repository:
    """The person's repository together with chimera's own store.

    Paths given to and by its methods are POSIX and relative to the *project*; what lies outside of a project that is a
    folder of a larger repository begins with ``../``. Clones and checkouts hold the whole repository: see
    :meth:`project_in`. A commit may be named as git names it (``HEAD``).

    :param root: the top level of the repository's working tree.
    :param prefix: where the project lies in it: empty, or ``"backend/"``.
    :param work: the folder outside the project that holds the store, clones and checkouts of this repository.
    """

    root: Path
    prefix: str
    work: Path
    person: Git
    store: Store
    worktree: WorkTree

    @classmethod
    def find(cls, folder: Path, work_dir: str = "", private: Iterable[Path] = ()) -> Repository:
        """The repository that a folder belongs to.

        :param work_dir: ``chimera_work_dir``; relative to ``folder``; the user's cache folder when empty.
        :param private: folders that never belong to a candidate: the pytest cache.
        :raises RepositoryError: there is none, or no git that is new enough.
        """
        git = Git(folder.resolve())
        asked = ("--show-toplevel", "--absolute-git-dir", "--show-object-format")
        found = git.ask("rev-parse", *asked, accept=(0, 128))
        if found.status:
            raise _no_repository(folder, found.complaint)
        top, git_dir, object_format = found.text.split("\n")
        root = Path(top)
        home = folder / Path(work_dir).expanduser() if work_dir else platformdirs.user_cache_path("pytest-chimera")
        work = home.absolute() / f"{slug_of(root.name)}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:10]}"
        person = git.having(folder=root, GIT_COMMITTER_NAME=OURSELVES[0], GIT_COMMITTER_EMAIL=OURSELVES[1])
        store = Store.open(work / "store.git", Path(git_dir), object_format, _author(git))
        own = tuple(_inside(root, each) for each in (*private, work) if each.resolve().is_relative_to(root.resolve()))
        prefix = git.ask("rev-parse", "--show-prefix").text
        return cls(root, prefix, work, person, store, WorkTree(root, person, store, own))

    # -- the person's history

    def head(self) -> str:
        """The commit that is checked out.

        :raises RepositoryError: there is no commit yet.
        """
        head = self._known("HEAD")
        if head is None:
            raise RepositoryError(
                "The repository has no commit yet, so that there is nothing a feature could start from.",
                where=str(self.root),
                remedy='Write: git add --all && git commit -m "Begin"',
            )
        return head

    def told_in_files(self, texts: Iterable[str]) -> set[str]:
        """Those of some texts that stand, as words, in files that are committed. They are on no command line."""
        wanted = sorted(text for text in texts if text and not re.search(r"[\r\n\0]", text))
        if not wanted or self._known("HEAD") is None:
            return set()
        grep = ("grep", "-I", "-h", "-o", "-w", "-F", "-f", "-", "HEAD")
        found = self.person.ask(*grep, stdin="\n".join(wanted).encode("utf-8", "surrogateescape"), accept=(0, 1))
        return set(wanted) & set(found.text.splitlines())

    def branch(self) -> str | None:
        """The branch that is checked out; ``None`` where HEAD is detached."""
        found = self.person.ask("symbolic-ref", "-q", "--short", "HEAD", accept=(0, 1))
        return found.text or None

    def git_folders(self) -> tuple[Path, ...]:
        """The git folders of the person's repository: a linked working tree has two."""
        common = self.person.ask("rev-parse", "--path-format=absolute", "--git-common-dir").text
        return tuple(dict.fromkeys((self.store.source, Path(common))))

    def tip(self, branch: str) -> str | None:
        """The commit that a branch points to; ``None`` where there is no such branch."""
        return self._known(f"refs/heads/{branch}")

    def exists(self, commit: str) -> bool:
        """Whether a commit is there, in the person's repository or in the store."""
        return self._found(commit) is not None

    def proofs(self, rev: str = "HEAD") -> dict[str, Trailers]:
        """Feature id → the newest proof in the history of ``rev``, squashed ones included; empty without a commit."""
        commit = self._found(rev)
        return self.store.proofs(self._brought(commit)) if commit else {}

    def is_reverted(self, commit: str, rev: str = "HEAD") -> bool:
        """Whether the history of ``rev`` takes a commit back that is in it."""
        return self.store.is_reverted(self._brought(commit), self._brought(rev))

    def proofs_of(self, rev: str) -> tuple[str, tuple[Trailers, ...]]:
        """A commit's id and the proofs that its message carries; for a merge, those of what it brought in.

        :raises RepositoryError: there is no such commit.
        """
        commit = self._brought(rev)
        return commit, self.store.carried(commit)

    def came_with(self, commit: str, rev: str = "HEAD") -> str:
        """The commit of ``rev``'s own line that brought in a commit of its history: the merge, or itself."""
        return self.store.came_with(self._brought(commit), self._brought(rev))

    def parents(self, commit: str) -> tuple[str, ...]:
        """The commits that a commit follows from, as far as the history is here."""
        return self.store.parents(self._brought(commit))

    # -- commits, wherever they are

    def bring(self, commit: str) -> None:
        """Make sure that a commit and its history are in the store.

        :raises RepositoryError: nobody has it.
        """
        self._brought(commit)

    def _brought(self, rev: str) -> str:
        """The id of a commit that is in the store from now on."""
        commit = self._found(rev)
        if commit is None:
            raise RepositoryError(
                f"There is no commit {rev}: neither here nor among those that pytest-chimera has made.",
                where=f"{self.root}; {self.store.folder}",
                remedy="Fetch it, if it is yours. If the folder of clones was removed, start over: --chimera-restart.",
            )
        self.store.bring(commit)
        return commit

    def _found(self, rev: str) -> str | None:
        """The id of a commit, wherever it is."""
        return rev if is_id(rev) and self.store.holds(rev) else self._known(rev)

    def _known(self, rev: str) -> str | None:
        """The id of a commit of the person's repository."""
        found = self.person.ask("rev-parse", "-q", "--verify", f"{rev}^{{commit}}", accept=(0, 1, 128))
        return found.text if found.status == 0 else None

    def tree_of(self, commit: str) -> str:
        """The digest of a commit's files."""
        return self.store.tree_of(self._brought(commit))

    def read(self, commit: str, path: str) -> bytes | None:
        """A file of a commit; ``None`` where it has none."""
        return self.store.read(self._brought(commit), self._from_top(path))

    def files(self, commit: str, under: str = "") -> list[str]:
        """The paths of a commit's files, those in the folder ``under`` only if one is given."""
        inside = f"{self._from_top(under)}/" if under else ""
        found = self.store.entries(self._brought(commit))
        return [self._from_project(path) for path in found if path.startswith(inside)]

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether ``old`` is in the history of ``new``; a commit that nobody has is in none."""
        known = [self._found(old), self._found(new)]
        brought = [self._brought(commit) for commit in known if commit]
        return len(brought) == len(known) and self.store.is_ancestor(*brought)

    def changed(self, old: str, new: str) -> tuple[ChangedFile, ...]:
        """What differs between two commits; a renamed file is one deleted and one added."""
        return self._files(self.store.changed(self._brought(old), self._brought(new)))

    def _files(self, files: Iterable[ChangedFile]) -> tuple[ChangedFile, ...]:
        return tuple(ChangedFile(path=self._from_project(file.path), status=file.status) for file in files)

    def _ours(self, candidate: Candidate) -> Candidate:
        left_out = {self._from_project(path): why for path, why in candidate.left_out.items()}
        return replace(candidate, files=self._files(candidate.files), left_out=left_out)

    def patch(self, old: str, new: str) -> bytes:
        """The difference between two commits, byte for byte, as ``git apply`` takes it back at the top level."""
        return self.store.patch(self._brought(old), self._brought(new))

    def diff(self, old: str, new: str) -> str:
        """The same to be read: bytes that are no UTF-8 are replaced."""
        return self.patch(old, new).decode("utf-8", "replace")

    # -- commits of our own

    def seal(self, base: str, overlay: Mapping[str, bytes | None], message: str, keep: str) -> Made:
        """A commit on top of ``base`` with some files as given (``None`` removes one).

        Line endings stay as they are in ``base``. The commit is kept under ``refs/chimera/<keep>`` in the store.
        """
        base = self._brought(base)
        entries = self.store.entries(base)
        changes: dict[str, Entry | None] = {}
        for name, data in overlay.items():
            path = self._from_top(name)
            changes[path] = None if data is None else self._sealed(entries.get(path), data)
        tree = self.store.tree(base, changes)
        return Made(self.store.commit(tree, (base,), message, keep), tree)

    def _sealed(self, before: Entry | None, data: bytes) -> Entry:
        if before is None or not before.mode.startswith("100"):
            return Entry(REGULAR, self.store.blob(data))
        known = self.store.read_blob(before.blob)
        has_lf_only = b"\n" in known and b"\r" not in known
        all_crlf = data.count(b"\n") == data.count(b"\r\n")
        return Entry(before.mode, self.store.blob(data.replace(b"\r\n", b"\n") if has_lf_only and all_crlf else data))

    def commit(self, tree: str, parents: tuple[str, ...], message: str, keep: str) -> str:
        """Commit a tree of the store; kept under ``refs/chimera/<keep>``."""
        return self.store.commit(tree, tuple(map(self._brought, parents)), message, keep)

    def snapshot(self, parent: str, message: str, keep: str) -> Candidate:
        """The person's working tree as it stands, as a candidate on top of ``parent``. Nothing of theirs is touched.

        :raises RepositoryError: a merge is not finished.
        """
        return self._ours(self.worktree.snapshot(self._brought(parent), message, keep))

    def rebase(self, candidate: str, sealed: str, onto: str, message: str, keep: str) -> Made:
        """Bring sealed..candidate onto another commit, which becomes the parent.

        :raises ConflictError: both changed the same lines; holds paths and hunks.
        """
        commits = self._brought(candidate), self._brought(sealed), self._brought(onto)
        try:
            return self.store.rebase(*commits, message, keep)
        except ConflictError as conflict:
            conflict.paths = tuple(map(self._from_project, conflict.paths))
            raise

    # -- paths

    def _from_top(self, path: str) -> str:
        return posixpath.normpath(self.prefix + path)

    def _from_project(self, path: str) -> str:
        return posixpath.relpath(path, self.prefix or ".")

    # -- folders

    def clone(self, commit: str, folder: Path) -> Manifest:
        """A private clone for a coder, and beside it what was checked out (``Manifest.load`` finds it again)."""
        return clones.clone(self.store, self._brought(commit), folder)

    def candidate(self, folder: Path, sealed: str, manifest: Manifest, message: str, keep: str) -> Candidate:
        """What a coder made of a private clone, read as plain files, as a commit on top of ``sealed``.

        :raises PhaseFailed: the coder deleted its clone.
        """
        sealed = self._brought(sealed)
        return self._ours(clones.candidate(self.store, folder, sealed, manifest, message, keep, self.worktree.private))

    def project_in(self, folder: Path) -> Path:
        """Where the project lies in a clone or a checkout."""
        return folder / self.prefix

    def checkout(self, commit: str, folder: Path) -> None:
        """The files of a commit in a new folder, without a ``.git``.

        :raises RepositoryError: the folder is not empty, or the store holds something else than its digests say.
        """
        self.store.checkout(self._brought(commit), folder)

    def discard(self, folder: Path) -> None:
        """Remove a clone or a checkout; one that is gone already is fine."""
        clones.discard(folder)

    # -- what is written to the person's repository

    def publish(self, slug: str, commit: str) -> str:
        """Make or move the branch ``chimera/<slug>``.

        :returns: the branch's name.
        :raises RepositoryError: a branch of that name is the person's own, or is checked out; nothing is changed.
        """
        name = f"chimera/{slug}"
        tip = self.tip(name)
        if tip != commit:
            self._refuse_branch(name, slug, tip)
            self._give(commit)
            self.person.ask(
                *("update-ref", "--create-reflog", "-m", "chimera: publish"),
                *(f"refs/heads/{name}", commit, tip or "0" * len(commit)),
            )
        self.store.keep(commit, f"{slug}/published")
        return name

    def _refuse_branch(self, name: str, slug: str, tip: str | None) -> None:
        blocks = self.tip("chimera")
        if blocks:
            raise RepositoryError(
                f"A branch named chimera leaves no room for {name}.", remedy="Rename it: git branch -m chimera NEW-NAME"
            )
        if tip is None:
            return
        if tip != self.store.kept(f"{slug}/published") and not parse_trailers(self._message(tip)):
            raise RepositoryError(
                f"There is a branch {name} that pytest-chimera did not make.",
                where=tip,
                remedy=f"Rename it: git branch -m {name} NEW-NAME",
            )
        at = self._checked_out(name)
        if at:
            raise RepositoryError(
                f"The branch {name} is checked out, so that it can't be moved.",
                where=at,
                remedy="Check out another branch there, then run this again.",
            )

    def _message(self, commit: str) -> str:
        return self.person.ask("log", "-1", "--format=%B", commit).text

    def _checked_out(self, branch: str) -> str:
        """The folder of the working tree that a branch is checked out in; empty where it is in none."""
        folder = ""
        for item in self.person.ask("worktree", "list", "--porcelain", "-z").items:
            if item.startswith("worktree "):
                folder = item.removeprefix("worktree ")
            elif item == f"branch refs/heads/{branch}":
                return folder
        return ""

    def _give(self, commit: str) -> None:
        """Copy a commit of the store into the person's repository."""
        if not self.person.says("cat-file", "-e", f"{commit}^{{commit}}"):
            where = ("fetch", "-q", "--no-tags", "--no-write-fetch-head", "--no-auto-gc")
            self.person.ask(*where, str(self.store.folder), commit)

    def fast_forward(self, commit: str, expected_head: str) -> None:
        """Move the person's branch, index and files to ``commit``.

        Called again after having been ended half-way it goes on; called when it is done it changes nothing.

        :raises RepositoryError: HEAD is detached or has moved on; the person's own changes are in the way (named).
            Nothing is changed then.
        """
        branch = self.branch()
        if branch is None:
            raise RepositoryError(
                "No branch is checked out, so that there is none to fast-forward.",
                where=str(self.root),
                remedy=f"Check a branch out (git switch BRANCH), or merge by hand: git merge {commit[:12]}",
            )
        if self.head() not in {expected_head, commit}:
            raise RepositoryError(f"The branch {branch} has moved on from {expected_head[:12]}.", where=str(self.root))
        if not self.is_ancestor(expected_head, commit):
            raise RepositoryError(f"{commit[:12]} does not follow from {expected_head[:12]}.", where=str(self.root))
        self._give(commit)
        self.worktree.fast_forward(commit, expected_head, branch)

    def lay(self, commit: str, base: str) -> None:
        """Lay base..commit into the person's working tree, unstaged.

        :raises RepositoryError: the person's own changes are in the way (named); nothing is changed.
        """
        self.worktree.lay(self._brought(commit), self._brought(base))


def is_id(rev: str) -> bool:
    """Whether a name is the full id of an object, which nothing can make ambiguous."""
    return re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", rev) is not None


def _no_repository(folder: Path, complaint: str) -> RepositoryError:
    if "dubious ownership" in complaint:
        return RepositoryError(
            "git does not trust this folder, because it belongs to another user.",
            where=str(folder),
            remedy=f"Write: git config --global --add safe.directory {folder}",
        )
    if "must be run in a work tree" in complaint:
        return RepositoryError("This git repository has no working tree.", where=str(folder))
    if "not a git repository" in complaint:
        return RepositoryError(
            "The project is not a git repository.",
            where=str(folder),
            remedy='Write: git init && git add --all && git commit -m "Begin"',
        )
    return RepositoryError(f"git does not open the repository: {complaint}", where=str(folder))


def _author(git: Git) -> tuple[str, str]:
    name, email = (git.ask("config", f"user.{key}", accept=(0, 1)).text for key in ("name", "email"))
    return name or OURSELVES[0], email or OURSELVES[1]


def _inside(root: Path, path: Path) -> str:
    return PurePosixPath(path.resolve().relative_to(root.resolve())).as_posix()
