"""Chimera's own bare repository, in which all of its commits are made.

The necessary objects are copied from the person's repository (nothing is shared), so that rewriting or pruning history
there does not affect features in progress.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple, cast

from filelock import FileLock

from pytest_chimera.errors import ConflictError, RepositoryError
from pytest_chimera.git.plumbing.commands import NEUTRAL, NEUTRAL_SETTINGS, Git, as_bytes, as_text, quoted, zipped
from pytest_chimera.git.plumbing.trailers import FEATURE, Trailers, all_trailers
from pytest_chimera.models import ChangedFile
from pytest_chimera.system.nesting import mark_work

REFS = "refs/chimera"
_WHOLE_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
OURSELVES = ("pytest-chimera", "pytest-chimera@localhost")
REGULAR, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"

CONFIG = """\
[safe]
\tdirectory = *
[core]
\tautocrlf = false
[uploadpack]
\tallowAnySHA1InWant = true
[receive]
\tautogc = false
"""


class Entry(NamedTuple):
    """A tree's entry at a path: git's mode and the object's id."""

    mode: str
    blob: str


class MadeCommit(NamedTuple):
    """A new commit, and the digest of its files."""

    commit: str
    tree: str


@dataclass(frozen=True)
class Candidate:
    """A change: a commit in the store.

    :param tree: the digest of its files.
    :param files: what changed since the commit that it is based on.
    :param left_out: paths that were found but not accepted, each with the reason.
    """

    commit: str
    tree: str
    files: tuple[ChangedFile, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Store:
    """The bare repository in the work folder.

    :param folder: its path; ``source``: the git folder of the person's repository.
    :param author: name and e-mail address of the person.
    """

    folder: Path
    source: Path
    git: Git
    author: tuple[str, str]
    _trees: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    _proofs: dict[str, dict[str, Trailers]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def open(cls, folder: Path, source: Path, object_format: str, author: tuple[str, str]) -> Store:
        """Return the store in ``folder``; create it if it does not exist."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        config = folder.with_name("gitconfig")
        environment = NEUTRAL | {"GIT_DIR": str(folder), "GIT_CONFIG_GLOBAL": str(config)}
        store = cls(folder, source, Git(folder.parent, environment, NEUTRAL_SETTINGS), author)
        with store.lock():
            if not config.exists() or config.read_text() != CONFIG:
                config.write_text(CONFIG)
            mark_work(folder.parent)
            if not (folder / "HEAD").exists():
                store.git.ask("init", "-q", "--bare", "--template=", f"--object-format={object_format}", str(folder))
        return store

    def lock(self) -> FileLock:
        """A lock for operations that git itself does not lock."""
        return FileLock(self.folder.with_name("store.lock"))

    @contextmanager
    def index(self, tree: str = "") -> Iterator[Git]:
        """Provide git with a temporary index, empty or read from a tree."""
        with tempfile.TemporaryDirectory(prefix="index-", dir=self.folder.parent) as scratch:
            git = self.git.having(GIT_INDEX_FILE=Path(scratch, "index"), GIT_WORK_TREE=scratch)
            if tree:
                git.ask("read-tree", tree)
            yield git

    # -- adding objects

    def bring(self, commit: str) -> None:
        """Copy a commit with its history from the person's repository.

        :raises RepositoryError: neither repository has it.
        """
        if self.holds(commit):
            return
        with self.lock():
            self.git.ask(
                *("fetch", "-q", "--no-tags", "--no-write-fetch-head", "--update-shallow"),
                *(str(self.source), f"+{commit}:{REFS}/base/{commit}"),
            )

    def holds(self, commit: str) -> bool:
        """Whether the store contains the complete commit."""
        return bool(self._tree(commit))

    def _tree(self, commit: str) -> str:
        """Return the tree of a commit, empty if it does not exist here. It can be cached: a commit never changes."""
        known = self._trees.get(commit, "")
        if known and (self.folder / "HEAD").exists():
            return known
        found = self.git.ask("rev-parse", "-q", "--verify", f"{commit}^{{tree}}", accept=(0, 1, 128)).text
        if found and _WHOLE_ID.fullmatch(commit):
            self._trees[commit] = found
        return found

    def keep(self, commit: str, name: str) -> None:
        """Keep a commit under ``refs/chimera/<name>``."""
        self.git.ask("update-ref", f"{REFS}/{name}", commit)

    def kept(self, name: str) -> str | None:
        """Return the commit that is kept under a name."""
        found = self.git.ask("rev-parse", "-q", "--verify", f"{REFS}/{name}", accept=(0, 1))
        return found.text or None

    def blob(self, data: bytes) -> str:
        """Store bytes unchanged."""
        return self.git.ask("hash-object", "-w", "--stdin", stdin=data).text

    def tree(self, base: str, changes: Mapping[str, Entry | None]) -> str:
        """Return the tree of ``base`` with some entries changed; ``None`` removes one."""
        with self.index(base) as git:
            write_entries(git, changes)
            return git.ask("write-tree").text

    def commit(self, tree: str, parents: tuple[str, ...], message: str, keep: str = "") -> str:
        """Commit a tree, with the person as author and chimera as committer. ``keep``: a name to keep it under."""
        git = self.git.having(
            GIT_AUTHOR_NAME=self.author[0],
            GIT_AUTHOR_EMAIL=self.author[1],
            GIT_COMMITTER_NAME=OURSELVES[0],
            GIT_COMMITTER_EMAIL=OURSELVES[1],
        )
        options = [part for parent in parents for part in ("-p", parent)]
        commit = git.ask("commit-tree", tree, *options, stdin=as_bytes(message)).text
        if keep:
            self.keep(commit, keep)
        self._trees[commit] = tree
        return commit

    def candidate(
        self, tree: str, parent: str, message: str, keep: str, left_out: Mapping[str, str] | None = None
    ) -> Candidate:
        """Commit a change."""
        commit = self.commit(tree, (parent,), message, keep)
        return Candidate(commit, tree, self.changed(parent, commit), dict(left_out or {}))

    # -- reading

    def tree_of(self, commit: str) -> str:
        """Return the digest of a commit's files."""
        return self._tree(commit) or self.git.ask("rev-parse", "--verify", f"{commit}^{{tree}}").text

    def read(self, commit: str, path: str) -> bytes | None:
        """Return the contents of a file in a commit; ``None`` if it does not exist."""
        answer = self.git.ask("cat-file", "blob", f"{commit}:{path}", accept=(0, 128))
        return answer.out if answer.status == 0 else None

    def read_blob(self, blob: str) -> bytes:
        """Return the contents of a blob."""
        return self.git.ask("cat-file", "blob", blob).out

    def entries(self, commit: str) -> dict[str, Entry]:
        """Return all entries of a commit or tree by path, including submodules."""
        return dict(_listed(item) for item in self.git.ask("ls-tree", "-r", "-z", "--full-tree", commit).items)

    def changed(self, old: str, new: str) -> tuple[ChangedFile, ...]:
        """Return the differences between two commits; a renamed file counts as one deleted and one added."""
        items = self.git.ask("diff-tree", "-r", "-z", "--no-renames", "--name-status", old, new).items
        pairs = zip(items[::2], items[1::2], strict=True)
        return tuple(
            ChangedFile(path=shown(path), status=cast(Literal["A", "M", "D", "T"], status)) for status, path in pairs
        )

    def patch(self, old: str, new: str) -> bytes:
        """Return the difference as a patch from which ``git apply`` reproduces every byte."""
        options = ("--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
        return self.git.ask("diff-tree", "-p", "-r", *options, old, new).out

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether ``old`` is in the history of ``new``."""
        return self.git.says("merge-base", "--is-ancestor", old, new)

    def came_with(self, commit: str, tip: str) -> str:
        """Return the commit on a branch's first-parent line with which a commit came into its history."""
        line = self.git.ask("rev-list", "--first-parent", f"{commit}..{tip}").text.split()
        later = set(self.git.ask("rev-list", "--ancestry-path", f"{commit}..{tip}").text.split())
        first = next((each for each in reversed(line) if each in later), commit)
        return commit if commit in {first, *self.parents(first)[:1]} else first

    def proofs(self, commit: str) -> dict[str, Trailers]:
        """Return the newest proof of each feature in a commit's history; cached, because a history never changes."""
        if commit not in self._proofs:
            self._proofs[commit] = self._proofs_in(commit)
        return dict(self._proofs[commit])

    def _proofs_in(self, commit: str) -> dict[str, Trailers]:
        found: dict[str, Trailers] = {}
        log = self.git.ask("log", "-z", "--format=%H%n%B", f"--grep=^[ *\t-]*{FEATURE}:", commit)
        for item in log.items:
            sha, _, message = item.partition("\n")
            for trailers in all_trailers(message):
                found.setdefault(trailers.feature, Trailers(**{**vars(trailers), "commit": sha}))
        return found

    def carried(self, commit: str) -> tuple[Trailers, ...]:
        """Return the proofs in a commit's message; for a merge without any, those of the commits that it merged."""
        found = self._carried("-1", commit)
        if not found and len(self.parents(commit)) > 1:
            found = self._carried(f"{commit}^1..{commit}")
        return found

    def _carried(self, *commits: str) -> tuple[Trailers, ...]:
        log = self.git.ask("log", "-z", "--format=%H%n%B", *commits)
        pairs = (item.partition("\n")[::2] for item in log.items)
        return tuple(replace(each, commit=sha) for sha, message in pairs for each in all_trailers(message))

    def is_reverted(self, commit: str, tip: str) -> bool:
        """Whether a later commit in a history reverts it, by the wording of ``git revert``."""
        words = ("--fixed-strings", f"--grep=This reverts commit {commit}")
        return bool(self.git.ask("log", "-1", "--format=%H", *words, f"{commit}..{tip}").text)

    def parents(self, commit: str) -> tuple[str, ...]:
        """Return a commit's parents, as far as the history is available here."""
        return tuple(self.git.ask("log", "-1", "--format=%P", commit).text.split())

    def checkout(self, commit: str, folder: Path) -> None:
        """Write the files of a commit to a new folder, without a ``.git``.

        :raises RepositoryError: the folder is not empty, or the store was tampered with.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise RepositoryError("A checkout needs an empty folder.", where=str(folder))
        entries = self.entries(commit)
        with self.index() as git:
            write_entries(git, entries)
            tree = git.ask("write-tree").text
            git.having(folder=folder, GIT_WORK_TREE=folder).ask("checkout-index", "-a", "-q")
        if tree != self.tree_of(commit):
            raise self._damaged(commit)
        self._verify(folder, entries)

    def _verify(self, folder: Path, entries: Mapping[str, Entry]) -> None:
        """Check the files' digests, because git checks only those of commits and others may be able to write to the
        store.
        """
        regular = [path for path, entry in entries.items() if entry.mode in {REGULAR, EXECUTABLE}]
        names = b"".join(quoted(path) + b"\n" for path in regular)
        ask = ("hash-object", "--no-filters", "--stdin-paths")
        found = dict(zip(regular, self.git.having(folder=folder).ask(*ask, stdin=names).text.split(), strict=True))
        for path, entry in entries.items():
            differs = entry.mode != SUBMODULE and found.get(path) != entry.blob  # a link, or converted line endings
            if differs and not self._is_whole(entry.blob):
                raise self._damaged(shown(path))

    def _is_whole(self, blob: str) -> bool:
        """Whether a blob's contents match its id, which is their digest."""
        return self.git.ask("hash-object", "--stdin", stdin=self.read_blob(blob)).text == blob

    def _damaged(self, what: str) -> RepositoryError:
        return RepositoryError(
            f"An object in chimera's own store does not match its digest: {what}.",
            where=str(self.folder),
            remedy="The store was tampered with. Remove that folder, then start over with --chimera-restart.",
        )

    # -- merging

    def rebase(self, candidate: str, sealed: str, onto: str, message: str, keep: str) -> MadeCommit:
        """Apply sealed..candidate to another commit with a three-way merge.

        :returns: the new commit, whose parent is ``onto``, and its tree.
        :raises ConflictError: both changed the same lines.
        """
        start = self.commit(self.tree_of(sealed), (), "where both started")
        ours = self.commit(self.tree_of(onto), (start,), "the branch")
        theirs = self.commit(self.tree_of(candidate), (start,), "the candidate")
        merge = self.git.ask("merge-tree", "--write-tree", "-z", "--name-only", ours, theirs, accept=(0, 1))
        about, _, messages = as_text(merge.out).partition("\0\0")
        tree, *paths = about.rstrip("\0\n").split("\0")
        if merge.status == 1:
            raise self._conflict(tree, paths, messages.split("\0"), {ours: "the branch", theirs: "the candidate"})
        return MadeCommit(self.commit(tree, (onto,), message, keep), tree)

    def _conflict(self, tree: str, paths: list[str], messages: list[str], names: Mapping[str, str]) -> ConflictError:
        told = [text.strip() for text in messages if re.match(r"CONFLICT \((?!content).*?\): ", text)]
        for path in paths:
            text = (self.read(tree, path) or b"").decode("utf-8", "replace")
            hunks = re.findall(r"^<{7} .*?^>{7} [^\n]*$", text, re.MULTILINE | re.DOTALL)
            told += ["\n".join([f"{shown(path)}:", *hunks])] if hunks else []
        hunks_told = "\n\n".join(told)
        for sha, name in names.items():
            hunks_told = hunks_told.replace(sha, name)
        where = tuple(map(shown, paths))
        return ConflictError(
            f"The candidate does not merge with the branch: {', '.join(where)}.", where, hunks=hunks_told
        )


def write_entries(git: Git, changes: Mapping[str, Entry | None]) -> None:
    """Change entries of an index, removing before adding."""
    gone = [path for path, entry in changes.items() if entry is None]
    come = [f"{entry.mode} {entry.blob}\t{path}" for path, entry in changes.items() if entry is not None]
    git.ask("update-index", "--force-remove", "-z", "--stdin", stdin=zipped(gone))
    git.ask("update-index", "--add", "--replace", "-z", "--index-info", stdin=zipped(come))


def staged(git: Git) -> dict[str, Entry]:
    """Return the entries of an index."""
    found = {}
    for item in git.ask("ls-files", "--stage", "-z").items:
        about, _, path = item.partition("\t")
        mode, blob, _stage = about.split()
        found[path] = Entry(mode, blob)
    return found


def _listed(item: str) -> tuple[str, Entry]:
    about, _, path = item.partition("\t")
    mode, _kind, blob = about.split()
    return path, Entry(mode, blob)


def shown(path: str) -> str:
    """Return a path for display: bytes that are not UTF-8 are escaped."""
    return as_bytes(path).decode("utf-8", "backslashreplace")
