"""The project's git repository, as the rest of pytest-chimera uses it.

The person's repository is modified in three ways only: the branch of a complete feature is published, the branch that
is checked out is fast-forwarded, and a candidate is copied into the working tree. The last two happen on request only.
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
from pytest_chimera.git.plumbing.object_store import OURSELVES, REGULAR, Candidate, Entry, MadeCommit, Store
from pytest_chimera.git.plumbing.trailers import Trailers, parse_trailers
from pytest_chimera.git.working_tree import WorkTree
from pytest_chimera.models import ChangedFile, slug_of


@dataclass(frozen=True)
class Repository:
    """The person's repository together with chimera's own store.

    Paths given to and returned by its methods are POSIX and relative to the *project*; if the project is a folder of a
    larger repository, paths outside it begin with ``../``. Clones and checkouts contain the entire repository: see
    :meth:`project_in`. Commits may be given in any form that git accepts (``HEAD``).

    :param root: the top level of the repository's working tree.
    :param prefix: the project's path in it: empty, or ``"backend/"``.
    :param work: the folder outside the project with the store, clones and checkouts of this repository.
    """

    root: Path
    prefix: str
    work: Path
    person: Git
    store: Store
    worktree: WorkTree

    @classmethod
    def find(cls, folder: Path, work_dir: str = "", private: Iterable[Path] = ()) -> Repository:
        """Return the repository that a folder belongs to.

        :param work_dir: ``chimera_work_dir``; relative to ``folder``; the user's cache folder if empty.
        :param private: folders that never belong to a candidate: the pytest cache.
        :raises RepositoryError: there is none, or git is missing or too old.
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
        """Return the commit that is checked out.

        :raises RepositoryError: there is no commit yet.
        """
        head = self._known("HEAD")
        if head is None:
            raise RepositoryError(
                "The repository has no commit yet that a feature could start from.",
                where=str(self.root),
                remedy='Write: git add --all && git commit -m "Begin"',
            )
        return head

    def committed_texts(self, texts: Iterable[str]) -> set[str]:
        """Return the texts that occur as words in committed files. They are never passed on a command line."""
        wanted = sorted(text for text in texts if text and not re.search(r"[\r\n\0]", text))
        if not wanted or self._known("HEAD") is None:
            return set()
        grep = ("grep", "-I", "-h", "-o", "-w", "-F", "-f", "-", "HEAD")
        found = self.person.ask(*grep, stdin="\n".join(wanted).encode("utf-8", "surrogateescape"), accept=(0, 1))
        return set(wanted) & set(found.text.splitlines())

    def branch(self) -> str | None:
        """Return the branch that is checked out; ``None`` if HEAD is detached."""
        found = self.person.ask("symbolic-ref", "-q", "--short", "HEAD", accept=(0, 1))
        return found.text or None

    def git_folders(self) -> tuple[Path, ...]:
        """Return the git folders of the person's repository: a linked working tree has two."""
        common = self.person.ask("rev-parse", "--path-format=absolute", "--git-common-dir").text
        return tuple(dict.fromkeys((self.store.source, Path(common))))

    def tip(self, branch: str) -> str | None:
        """Return the commit that a branch points to; ``None`` if the branch does not exist."""
        return self._known(f"refs/heads/{branch}")

    def exists(self, commit: str) -> bool:
        """Whether a commit exists, in the person's repository or in the store."""
        return self._found(commit) is not None

    def proofs(self, rev: str = "HEAD") -> dict[str, Trailers]:
        """Return the newest proof of each feature in the history of ``rev``, squashed ones included; empty without a
        commit.
        """
        commit = self._found(rev)
        return self.store.proofs(self._brought(commit)) if commit else {}

    def is_reverted(self, commit: str, rev: str = "HEAD") -> bool:
        """Whether the history of ``rev`` contains a revert of one of its commits."""
        return self.store.is_reverted(self._brought(commit), self._brought(rev))

    def proofs_of(self, rev: str) -> tuple[str, tuple[Trailers, ...]]:
        """Return a commit's id and the proofs in its message; for a merge, those of what it merged.

        :raises RepositoryError: there is no such commit.
        """
        commit = self._brought(rev)
        return commit, self.store.carried(commit)

    def came_with(self, commit: str, rev: str = "HEAD") -> str:
        """Return the commit on ``rev``'s first-parent line that brought a commit into its history: the merge, or
        itself.
        """
        return self.store.came_with(self._brought(commit), self._brought(rev))

    def parents(self, commit: str) -> tuple[str, ...]:
        """Return a commit's parents, as far as the history is available here."""
        return self.store.parents(self._brought(commit))

    # -- commits, wherever they are

    def bring(self, commit: str) -> None:
        """Make sure that a commit and its history are in the store.

        :raises RepositoryError: neither repository has it.
        """
        self._brought(commit)

    def _brought(self, rev: str) -> str:
        """Copy a commit to the store if necessary, and return its id."""
        commit = self._found(rev)
        if commit is None:
            raise RepositoryError(
                f"There is no commit {rev}, neither here nor in pytest-chimera's own store.",
                where=f"{self.root}; {self.store.folder}",
                remedy="Fetch it, if it is yours. If the folder of clones was removed, start over: --chimera-restart.",
            )
        self.store.bring(commit)
        return commit

    def _found(self, rev: str) -> str | None:
        """Return the id of a commit in either repository."""
        return rev if is_id(rev) and self.store.holds(rev) else self._known(rev)

    def _known(self, rev: str) -> str | None:
        """Return the id of a commit in the person's repository."""
        found = self.person.ask("rev-parse", "-q", "--verify", f"{rev}^{{commit}}", accept=(0, 1, 128))
        return found.text if found.status == 0 else None

    def tree_of(self, commit: str) -> str:
        """Return the digest of a commit's files."""
        return self.store.tree_of(self._brought(commit))

    def read(self, commit: str, path: str) -> bytes | None:
        """Return the contents of a file in a commit; ``None`` if it does not exist."""
        return self.store.read(self._brought(commit), self._from_top(path))

    def files(self, commit: str, under: str = "") -> list[str]:
        """Return the paths of a commit's files; only those in the folder ``under`` if it is given."""
        inside = f"{self._from_top(under)}/" if under else ""
        found = self.store.entries(self._brought(commit))
        return [self._from_project(path) for path in found if path.startswith(inside)]

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether ``old`` is in the history of ``new``; false for an unknown commit."""
        known = [self._found(old), self._found(new)]
        brought = [self._brought(commit) for commit in known if commit]
        return len(brought) == len(known) and self.store.is_ancestor(*brought)

    def changed(self, old: str, new: str) -> tuple[ChangedFile, ...]:
        """Return the differences between two commits; a renamed file counts as one deleted and one added."""
        return self._files(self.store.changed(self._brought(old), self._brought(new)))

    def _files(self, files: Iterable[ChangedFile]) -> tuple[ChangedFile, ...]:
        return tuple(ChangedFile(path=self._from_project(file.path), status=file.status) for file in files)

    def _ours(self, candidate: Candidate) -> Candidate:
        left_out = {self._from_project(path): why for path, why in candidate.left_out.items()}
        return replace(candidate, files=self._files(candidate.files), left_out=left_out)

    def patch(self, old: str, new: str) -> bytes:
        """Return the difference between two commits as a patch for ``git apply`` at the top level, exact to the
        byte.
        """
        return self.store.patch(self._brought(old), self._brought(new))

    def diff(self, old: str, new: str) -> str:
        """Return the same for display: bytes that are not UTF-8 are replaced."""
        return self.patch(old, new).decode("utf-8", "replace")

    # -- commits of our own

    def seal(self, base: str, overlay: Mapping[str, bytes | None], message: str, keep: str) -> MadeCommit:
        """Return a commit on top of ``base`` with some files replaced (``None`` removes one).

        Line endings stay as they are in ``base``. The commit is kept under ``refs/chimera/<keep>`` in the store.
        """
        base = self._brought(base)
        entries = self.store.entries(base)
        changes: dict[str, Entry | None] = {}
        for name, data in overlay.items():
            path = self._from_top(name)
            changes[path] = None if data is None else self._sealed(entries.get(path), data)
        tree = self.store.tree(base, changes)
        return MadeCommit(self.store.commit(tree, (base,), message, keep), tree)

    def _sealed(self, before: Entry | None, data: bytes) -> Entry:
        if before is None or not before.mode.startswith("100"):
            return Entry(REGULAR, self.store.blob(data))
        known = self.store.read_blob(before.blob)
        has_lf_only = b"\n" in known and b"\r" not in known
        all_crlf = data.count(b"\n") == data.count(b"\r\n")
        return Entry(before.mode, self.store.blob(data.replace(b"\r\n", b"\n") if has_lf_only and all_crlf else data))

    def commit(self, tree: str, parents: tuple[str, ...], message: str, keep: str) -> str:
        """Commit a tree of the store, and keep the commit under ``refs/chimera/<keep>``."""
        return self.store.commit(tree, tuple(map(self._brought, parents)), message, keep)

    def snapshot(self, parent: str, message: str, keep: str) -> Candidate:
        """Return the person's current working tree as a candidate on top of ``parent``, without touching anything.

        :raises RepositoryError: a merge is not finished.
        """
        return self._ours(self.worktree.snapshot(self._brought(parent), message, keep))

    def rebase(self, candidate: str, sealed: str, onto: str, message: str, keep: str) -> MadeCommit:
        """Apply sealed..candidate to another commit, which becomes the parent.

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
        """Make a private clone for a coder, with its manifest next to it (see ``Manifest.load``)."""
        return clones.clone(self.store, self._brought(commit), folder)

    def candidate(self, folder: Path, sealed: str, manifest: Manifest, message: str, keep: str) -> Candidate:
        """Commit a coder's changes to a private clone, read as plain files, on top of ``sealed``.

        :raises PhaseFailed: the coder deleted its clone.
        """
        sealed = self._brought(sealed)
        return self._ours(clones.candidate(self.store, folder, sealed, manifest, message, keep, self.worktree.private))

    def project_in(self, folder: Path) -> Path:
        """Return the path of the project in a clone or a checkout."""
        return folder / self.prefix

    def checkout(self, commit: str, folder: Path) -> None:
        """Write the files of a commit to a new folder, without a ``.git``.

        :raises RepositoryError: the folder is not empty, or an object in the store does not match its digest.
        """
        self.store.checkout(self._brought(commit), folder)

    def discard(self, folder: Path) -> None:
        """Remove a clone or a checkout; it may be gone already."""
        clones.discard(folder)

    # -- what is written to the person's repository

    def publish(self, slug: str, commit: str) -> str:
        """Create or move the branch ``chimera/<slug>``.

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
                f"A branch called chimera prevents {name}.",
                remedy="Rename it: git branch -m chimera NEW-NAME",
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
                f"The branch {name} is checked out, so it cannot be moved.",
                where=at,
                remedy="Check out another branch there, then run this again.",
            )

    def _message(self, commit: str) -> str:
        return self.person.ask("log", "-1", "--format=%B", commit).text

    def _checked_out(self, branch: str) -> str:
        """Return the folder of the working tree in which a branch is checked out; empty if there is none."""
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

        After an interruption, calling it again finishes the move; after that it changes nothing.

        :raises RepositoryError: HEAD is detached or has moved, or the person's own changes are in the way (the error
            lists them). Nothing is changed then.
        """
        branch = self.branch()
        if branch is None:
            raise RepositoryError(
                "No branch is checked out that could be fast-forwarded.",
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
        """Apply base..commit to the person's working tree, unstaged.

        :raises RepositoryError: the person's own changes are in the way (the error lists them); nothing is changed.
        """
        self.worktree.lay(self._brought(commit), self._brought(base))


def is_id(rev: str) -> bool:
    """Whether a name is an object's full id, which cannot be ambiguous."""
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
    return RepositoryError(f"git cannot open the repository: {complaint}", where=str(folder))


def _author(git: Git) -> tuple[str, str]:
    name, email = (git.ask("config", f"user.{key}", accept=(0, 1)).text for key in ("name", "email"))
    return name or OURSELVES[0], email or OURSELVES[1]


def _inside(root: Path, path: Path) -> str:
    return PurePosixPath(path.resolve().relative_to(root.resolve())).as_posix()
