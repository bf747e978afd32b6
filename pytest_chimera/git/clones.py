"""Private clones for coders, and reading a coder's changes from one.

A clone is read as plain files, with our own git folder and index: its ``.git``, which the coder may have changed, is
not used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pytest_chimera.errors import PhaseFailed, RepositoryError
from pytest_chimera.git.plumbing.commands import NEUTRAL, NEUTRAL_SETTINGS, Git, as_bytes, quoted
from pytest_chimera.git.plumbing.object_store import (
    EXECUTABLE,
    LINK,
    REGULAR,
    SUBMODULE,
    Candidate,
    Entry,
    Store,
    shown,
)
from pytest_chimera.system.files import remove_folder, write_file
from pytest_chimera.system.nesting import mark_clone

BRANCH = "feature"
OWN_FOLDER = ".chimera"


class SeenFile(NamedTuple):
    """A regular file as it was checked out."""

    sha256: str
    executable: bool


@dataclass(frozen=True)
class Manifest:
    """The regular files of a clone as they were checked out, by path; written last, next to the clone."""

    commit: str
    files: Mapping[str, SeenFile]

    @staticmethod
    def beside(folder: Path) -> Path:
        """Return the path of a clone's manifest."""
        return folder.with_name(f"{folder.name}.manifest.json")

    def save(self, folder: Path) -> None:
        """Write it next to the clone, atomically."""
        write_file(self.beside(folder), json.dumps({"commit": self.commit, "files": self.files}))

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read the manifest of a clone.

        :raises RepositoryError: there is none: the clone was never finished.
        """
        try:
            stored = json.loads(cls.beside(folder).read_text(encoding="utf-8"))
            return cls(stored["commit"], {path: SeenFile(*seen) for path, seen in stored["files"].items()})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RepositoryError("A private clone has no readable manifest next to it.", where=str(folder)) from error


def clone(store: Store, commit: str, folder: Path) -> Manifest:
    """Make a private clone: with its own ``.git``, the commit's history, one branch, no remote, and nothing shared.

    :raises RepositoryError: the folder is not empty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise RepositoryError("A private clone needs an empty folder.", where=str(folder))
    git = Git(folder, {**store.git.environment, "GIT_DIR": str(folder / ".git")}, store.git.settings)
    object_format = store.git.ask("rev-parse", "--show-object-format").text
    git.ask("init", "-q", "--template=", f"--initial-branch={BRANCH}", f"--object-format={object_format}")
    mark_clone(folder)
    git.ask("config", "user.name", store.author[0])
    git.ask("config", "user.email", store.author[1])
    where = ("fetch", "-q", "--no-tags", "--no-write-fetch-head", "--update-shallow")
    git.ask(*where, str(store.folder), f"{commit}:refs/heads/{BRANCH}", "--update-head-ok")
    git.ask("reset", "-q", "--hard", f"refs/heads/{BRANCH}")
    manifest = Manifest(commit, _checked_out(folder, store.entries(commit)))
    manifest.save(folder)
    return manifest


def _checked_out(folder: Path, entries: Mapping[str, Entry]) -> dict[str, SeenFile]:
    regular = (path for path, entry in entries.items() if entry.mode in {REGULAR, EXECUTABLE})
    seen = ((path, read_regular(folder / path)) for path in regular)
    return {path: each for path, each in seen if each is not None}


def read_regular(path: Path) -> SeenFile | None:
    """Return the contents of a regular file; ``None`` for anything else. Links are not followed, and pipes not read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            return None
        return SeenFile(hashlib.file_digest(file, "sha256").hexdigest(), bool(about.st_mode & stat.S_IXUSR))


def discard(folder: Path) -> None:
    """Remove a clone or checkout with its manifest, including read-only files; it may be gone already."""
    Manifest.beside(folder).unlink(missing_ok=True)
    if not remove_folder(folder):
        raise RepositoryError(
            "A folder that is no longer needed cannot be removed.", where=str(folder), remedy="Remove it by hand."
        )


# -- reading


@dataclass
class _CloneScan:
    """The contents of a clone: its regular files, and the paths that stay as they were, with the reason."""

    store: Store
    folder: Path
    private: tuple[str, ...]
    base: Mapping[str, Entry]
    regular: dict[str, SeenFile] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)

    def sort(self, path: str) -> None:
        """Classify a path that is not a folder, and note why it is left out, if it is."""
        mode = (self.folder / path).lstat().st_mode
        if stat.S_ISLNK(mode):
            self._sort_link(path)
        elif not stat.S_ISREG(mode):
            self.left_out[path] = "no regular file: a pipe, a socket or a device"
        elif path not in self.base and (why := why_no_name(path)):
            self.left_out[path] = why
        elif (seen := read_regular(self.folder / path)) is None:
            self.left_out[path] = "a file that cannot be read"
        else:
            self.regular[path] = seen

    def _sort_link(self, path: str) -> None:
        target = link_target(self.folder / path)
        before = self.base.get(path)
        if before is not None and before.mode == LINK and self.store.read_blob(before.blob) == as_bytes(target):
            self.kept.add(path)
        else:
            self.left_out[path] = why_no_link(path, target)

    def stays(self, path: str) -> bool:
        """Whether the entry of ``path`` is taken from the base, whatever is on disk."""
        before = self.base.get(path)
        return (
            path in self.kept
            or path in self.left_out
            or is_private(path, self.private)
            or (before is not None and before.mode == SUBMODULE)
        )


def candidate(
    store: Store, folder: Path, sealed: str, manifest: Manifest, message: str, keep: str, private: tuple[str, ...] = ()
) -> Candidate:
    """Commit a coder's changes to a clone on top of ``sealed``.

    :param private: paths that never belong to a candidate.
    :raises PhaseFailed: the clone is gone.
    """
    if folder.is_symlink() or not folder.is_dir() or not any(folder.iterdir()):
        raise PhaseFailed("The coder deleted its clone.", where=str(folder))
    reading = _CloneScan(store, folder, private, store.entries(manifest.commit))
    for path in _walk(reading, _ignored(reading, manifest.commit)):
        reading.sort(path)
    for path in reading.base.keys() - reading.regular.keys():
        if not reading.stays(path) and is_there(folder, path):
            reading.sort(path)
    tree = store.tree(manifest.commit, _changes(reading, manifest))
    left_out = {shown(path): why for path, why in sorted(reading.left_out.items())}
    return store.candidate(tree, sealed, message, keep, left_out)


def _ignored(reading: _CloneScan, commit: str) -> frozenset[str]:
    """Return what the clone's ``.gitignore`` files ignore; a completely ignored folder ends with a slash."""
    with reading.store.index(commit) as git:
        options = ("--others", "--ignored", "--exclude-per-directory=.gitignore", "--directory", "-z")
        there = git.having(folder=reading.folder, GIT_WORK_TREE=reading.folder)
        return frozenset(there.ask("ls-files", *options).items)


def _walk(reading: _CloneScan, ignored: frozenset[str]) -> Iterator[str]:
    """Yield every path other than a folder that can belong to a candidate; the others are noted with the reason."""
    homes = {parent for path in reading.base for parent in parents(path)}
    waiting = [""]
    while waiting:
        under = waiting.pop()
        for entry in _scan(reading, under):
            path = f"{under}{entry.name}"
            if is_private(path, reading.private) or path in ignored or f"{path}/" in ignored:
                continue
            if entry.name == ".git":
                reading.left_out |= {path: "a git folder inside the project"} if under else {}
            elif not entry.is_dir(follow_symlinks=False):
                yield path
            elif not _belongs_to_another(reading, path, homes):
                waiting.append(f"{path}/")


def _scan(reading: _CloneScan, under: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(reading.folder / under) as entries:
            return list(entries)
    except OSError as error:
        reading.left_out[under] = f"a folder that cannot be read: {error.strerror}"
        return []


def _belongs_to_another(reading: _CloneScan, path: str, homes: set[str]) -> bool:
    before = reading.base.get(path)
    if before is not None and before.mode == SUBMODULE:
        if any((reading.folder / path).iterdir()):
            reading.left_out[path] = "files in a submodule"
        return True
    if path not in homes and os.path.lexists(reading.folder / path / ".git"):
        reading.left_out[path] = "a nested repository"
        return True
    return False


def _changes(reading: _CloneScan, manifest: Manifest) -> dict[str, Entry | None]:
    """Return the changes to the tree that was checked out: files with unchanged contents keep their entry."""
    known = reading.base.keys() - reading.regular.keys()
    changes: dict[str, Entry | None] = {path: None for path in known if not reading.stays(path)}
    rewritten = []
    for path, seen in reading.regular.items():
        before, checked_out = reading.base.get(path), manifest.files.get(path)
        if before is None or checked_out is None or seen.sha256 != checked_out.sha256:
            rewritten.append(path)
        elif seen.executable != checked_out.executable:
            changes[path] = Entry(_mode(seen), before.blob)
    blobs = _stored(reading, manifest, rewritten)
    return changes | {path: Entry(_mode(reading.regular[path]), blobs[path]) for path in rewritten}


def _mode(seen: SeenFile) -> str:
    return EXECUTABLE if seen.executable else REGULAR


def _stored(reading: _CloneScan, manifest: Manifest, paths: list[str]) -> dict[str, str]:
    """Store files as blobs without any filter; line endings that our checkout converted are converted back."""
    names = b"".join(quoted(path) + b"\n" for path in paths)
    git = reading.store.git.having(folder=reading.folder)
    shas = git.ask("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names).text.split()
    blobs = dict(zip(paths, shas, strict=True))
    for path in paths:
        if _crlf_is_ours(reading, manifest, path):
            blobs[path] = reading.store.blob((reading.folder / path).read_bytes().replace(b"\r\n", b"\n"))
    return blobs


def _crlf_is_ours(reading: _CloneScan, manifest: Manifest, path: str) -> bool:
    before, checked_out = reading.base.get(path), manifest.files.get(path)
    if before is None or checked_out is None:
        return False
    data = reading.store.read_blob(before.blob)
    if b"\n" not in data or b"\r" in data:
        return False
    return hashlib.sha256(data.replace(b"\n", b"\r\n")).hexdigest() == checked_out.sha256


def is_there(folder: Path, path: str) -> bool:
    """Whether there is something other than a folder at a path that leads through no link."""
    behind = any((folder / parent).is_symlink() for parent in parents(path))
    at = folder / path
    return not behind and os.path.lexists(at) and (at.is_symlink() or not at.is_dir())


def _top_of(folder: Path) -> Path:
    return next((each for each in (folder, *folder.parents) if (each / ".git").is_dir()), folder)


def put_back(folder: Path, commit: str) -> None:
    """Restore the files of an earlier commit in a folder's clone, as if it had just been checked out.

    Only for a clone that no coder has changed yet: its own git is used.
    """
    Git(_top_of(folder), NEUTRAL, NEUTRAL_SETTINGS).ask("read-tree", "--reset", "-u", commit)


def holds(folder: Path, commit: str, path: str) -> bool:
    """Whether a commit contains a path, relative to a folder of a clone that no coder has changed yet."""
    return Git(folder, NEUTRAL, NEUTRAL_SETTINGS).says("cat-file", "-e", f"{commit}:./{path}")


def apply_patch(folder: Path, patch: Path) -> None:
    """Apply a patch, atomically, to the clone that a folder belongs to, or else to the folder itself.

    :raises PhaseFailed: it does not apply; the error has git's message.
    """
    top = _top_of(folder)
    git = Git(top, NEUTRAL | {"GIT_DIR": os.devnull}, NEUTRAL_SETTINGS)
    done = git.ask("apply", "--whitespace=nowarn", str(patch.absolute()), accept=range(256))
    if done.status:
        sentence = done.complaint.partition("\n")[0].removeprefix("error: ")
        raise PhaseFailed(f"{patch.name} does not apply: {sentence}", where=str(patch), evidence=done.complaint)


def parents(path: str) -> Iterator[str]:
    """Yield a path's parent folders: ``a/b/c`` → ``a``, ``a/b``."""
    at = path.find("/")
    while at > 0:
        yield path[:at]
        at = path.find("/", at + 1)


def is_private(path: str, private: tuple[str, ...]) -> bool:
    """Whether a path is chimera's own: a vault anywhere, or one of ``private`` (relative to the repository's root)."""
    return OWN_FOLDER in path.split("/") or any(path == own or path.startswith(f"{own}/") for own in private)


def why_no_name(path: str) -> str:
    """Return why a name cannot be accepted; empty if it can."""
    if shown(path) != path:
        return "a name that is not UTF-8"
    names = (re.split(r"[ .]*(?::|$)", name)[0].lower() for name in re.split(r"[/\\]", path))
    return "a name that means git's own folder somewhere" if {".git", "git~1"} & set(names) else ""


def link_target(path: Path) -> str:
    """Return a symbolic link's exact target."""
    return os.readlink(path)  # noqa: PTH115 - Path.readlink normalizes the text


def why_no_link(path: str, target: str) -> str:
    """Return why a symbolic link is left out."""
    where = os.path.normpath(Path(path).parent / target)
    leaves = Path(target).is_absolute() or where.split("/")[0] == os.pardir
    return f"a symbolic link{' that leaves the tree' if leaves else ''} (to {shown(target)})"
