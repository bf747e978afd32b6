"""What nobody touches while a coder works: the interpreter's start-up files, the judge's packages, git's own settings.

A look is taken before the coder starts and compared with one afterwards. What a package installer put there, and wrote
down in its record, is no trespass.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import re
import site
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path, PurePath

import filelock

from pytest_chimera.judge.packages import CODE, DISTRIBUTIONS, before_the_coder, is_compiled_from_source, required
from pytest_chimera.state.journal import HELD
from pytest_chimera.system.signing import Signer

JUDGES_PACKAGES = DISTRIBUTIONS

_START_UP = re.compile(r".+\.(pth|start)|(sitecustomize|usercustomize)(\..+)?")
_REGISTRATION = re.compile(r".+\.(dist-info|egg-info)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_GIT_FILES = (
    "hooks",
    "info/attributes",
    "info/grafts",
    "info/sparse-checkout",
    "objects/info/alternates",
    "refs/replace",
)
_DANGEROUS = re.compile(
    rb"^\s*(hookspath|fsmonitor|attributesfile|worktree|sshcommand|askpass|editor|pager|external|textconv|clean|smudge|"
    rb"process|helper|program|insteadof|path|templatedir|partialclone|worktreeconfig)\s*=.*$|^\s*\[(include|filter|alias).*$",
    re.IGNORECASE | re.MULTILINE,
)


_PROGRAMS = frozenset({"node", "node.exe"})
"""Programs that the judge's packages run."""
_LINK = "a link"
_SET_ASIDE = re.compile(r"\.damaged-\d+\.jsonl$")


@dataclass(frozen=True)
class Trespass:
    """Something that was changed.

    :param rule: the rule's id; ``path`` what was changed, absolute; ``sentence`` says it.
    """

    rule: str
    path: str
    sentence: str
    remedy: str


@dataclass(frozen=True)
class Custody:
    """A look at what nobody touches: what → its fingerprint."""

    start_up: Mapping[str, str]
    packages: Mapping[str, str]
    git: Mapping[str, str]
    state: Mapping[str, str] = field(default_factory=dict)
    signer: Signer | None = field(default=None, repr=False)

    @classmethod
    def taken(cls, git_dir: Path, state: Path | None = None, signer: Signer | None = None) -> Custody:
        """The look as it is now.

        :param git_dir: the git folder of the person's repository.
        :param state: the folder of the journals; ``signer`` knows what was written there by a run.
        """
        journals = dict(_recorded_state(state, signer)) if state else {}
        return cls(
            {**dict(_start_up_files()), **dict(_interpreter())},
            dict(_packages()),
            dict(_git(git_dir)),
            journals,
            signer,
        )

    def fingerprints(self) -> dict[str, str]:
        """One digest for each kind of thing."""
        return {
            kind: _digest_of(found)
            for kind, found in (("start_up", self.start_up), ("packages", self.packages), ("git", self.git))
        }

    def trespasses(self, now: Custody) -> list[Trespass]:
        """What was changed since, and by no package installer."""
        planted = _changed(self.start_up, now.start_up)
        installed = _recorded() if planted else set()
        found = [
            Trespass(
                "start-up-files",
                path,
                f"{path} was {_how(path, self.start_up, now.start_up)}: the interpreter that judges reads it.",
                "Remove it: a change stays inside its folder; what it needs is installed with pip.",
            )
            for path in planted
            if path not in installed
        ]
        found += [
            Trespass(
                "judges-packages",
                path,
                f"{path} was {_how(path, self.packages, now.packages)}: it belongs to what judges.",
                "Install that package again.",
            )
            for path in _changed(self.packages, now.packages)
            if not _is_compiled(Path(path))
        ]
        found += [
            Trespass(
                "git-settings",
                path,
                f"{path} was {_how(path, self.git, now.git)}: it says what git does in the person's repository.",
                "Put it back as it was: a coder works in its own clone.",
            )
            for path in _changed(self.git, now.git)
        ]
        found += [
            Trespass(
                "state-files",
                path,
                f"{path} {what}: it records how a feature stands, and only a run writes it.",
                "Remove it, or begin that feature anew with --chimera-restart. Where another machine works in this "
                "folder at the same time, run the same command again.",
            )
            for path, what in self._in_state(now)
        ]
        return found

    def _in_state(self, now: Custody) -> Iterator[tuple[str, str]]:
        """What no run has done to the recorded state: path, and what was done."""
        for path in sorted({*self.state, *now.state}):
            before, after = self.state.get(path, ""), now.state.get(path, "")
            if before == after or (before and not after) or _is_being_written(Path(path)):
                continue
            if before and not _is_continued(Path(path), before):
                yield path, "no longer holds what it held"
            elif after == _LINK:
                yield path, "is a link, which leads elsewhere"
            elif self.signer and not _is_signed(Path(path), self.signer):
                yield path, "was added to by nobody who may" if before else "was put there"


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(path for path in {**before, **now} if before.get(path) != now.get(path))


def _how(path: str, before: Mapping[str, str], now: Mapping[str, str]) -> str:
    return "added" if path not in before else "removed" if path not in now else "changed"


# -- the interpreter


def site_folders() -> list[Path]:
    """The folders with installed packages that the interpreter looks in."""
    known = [Path(each) for each in dict.fromkeys(sys.path) if Path(each).name in {"site-packages", "dist-packages"}]
    own = site.getusersitepackages()  # not on the path before it exists, and on it as soon as it does
    return known if Path(own) in known else [*known, Path(own)]


def _interpreter() -> Iterator[tuple[str, str]]:
    """The program that judges run in, with what says where it finds its packages."""
    program = Path(sys.executable)
    for path in (program, Path(sys.prefix) / "pyvenv.cfg"):
        yield from _digests(path)
    real = program.resolve()
    about = real.stat()
    for entry in (*sys.path, *before_the_coder().absent):  # an archive among them is read before any folder
        if entry and not Path(entry).is_dir():
            yield from _digests(Path(entry))
    yield str(real), f"{about.st_size} {about.st_mtime_ns} {about.st_ino}"


def _start_up_files() -> Iterator[tuple[str, str]]:
    """Files that run when an interpreter starts, and registrations of pytest's plugins."""
    for folder in site_folders():
        for entry in _entries(folder):
            if _START_UP.fullmatch(entry.name):
                yield from _digests(Path(entry.path))
            elif _REGISTRATION.fullmatch(entry.name) and (points := _plugins(Path(entry.path))):
                yield entry.path, points


def _plugins(registration: Path) -> str:
    """The plugins that a distribution registers with pytest."""
    text = _text(registration / "entry_points.txt")
    return " ".join(text.partition("[pytest11]")[2].partition("[")[0].split())


def _recorded() -> set[str]:
    """What package installers have put into the site folders, as far as their records say and the bytes bear it out."""
    known: set[str] = set()
    for distribution in metadata.distributions(path=[str(each) for each in site_folders()]):
        if distribution.read_text("RECORD") is None or distribution.read_text("INSTALLER") is None:
            continue
        for file in distribution.files or ():
            path = Path(str(distribution.locate_file(file)))
            if file.hash is not None and _start_up_or_points(path) and _has_hash(path, file.hash.mode, file.hash.value):
                known.add(str(path.parent) if path.name == "entry_points.txt" else str(path))
    return known


def _start_up_or_points(path: Path) -> bool:
    return path.name == "entry_points.txt" or _START_UP.fullmatch(path.name) is not None


def _has_hash(path: Path, mode: str, value: str) -> bool:
    try:
        digest = hashlib.new(mode, path.read_bytes()).digest()
    except (OSError, ValueError):
        return False
    return _base64(digest) == value


def _base64(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _packages() -> Iterator[tuple[str, str]]:
    """Every file that the judge's packages are run from, and that an interpreter would take for one of them."""
    tops = {Path(__file__).parents[1], *(top for each in required(JUDGES_PACKAGES) for top in _tops(each))}
    for path in sorted(path for top in tops for path in _code_in(top)):
        yield from _with_compiled(path)


def _tops(distribution: metadata.Distribution) -> set[Path]:
    """A distribution's packages and single modules, as the site folder holds them."""
    names = {file.parts[0] for file in distribution.files or () if file.suffix in CODE and len(file.parts) > 1}
    alone = {file.parts[0] for file in distribution.files or () if file.suffix in CODE and len(file.parts) == 1}
    folders = {Path(str(distribution.locate_file(name))) for name in names if name not in {"..", "__pycache__"}}
    modules = {Path(str(distribution.locate_file(name))) for name in alone}
    return folders | {other for module in modules for other in (module, *_in_the_place_of(module))}


def _in_the_place_of(module: Path) -> Iterator[Path]:
    """What would be imported instead of a module that is a file: a package, or a compiled one."""
    stem = module.name.partition(".")[0]
    found = (Path(entry.path) for entry in _entries(module.parent))
    return (path for path in found if path.name.partition(".")[0] == stem and (path.is_dir() or path.suffix in CODE))


def _code_in(top: Path) -> Iterator[Path]:
    if top.is_file():
        yield top
    for folder, inner, files in os.walk(top):
        inner[:] = [name for name in inner if name != "__pycache__"]
        yield from (Path(folder, name) for name in files if _is_code(name))


def _is_code(name: str) -> bool:
    return PurePath(name).suffix in CODE or name in _PROGRAMS


def _with_compiled(path: Path) -> Iterator[tuple[str, str]]:
    """A file, and what an interpreter would load in its place because it was compiled from it."""
    if path.name in _PROGRAMS:  # too large to be read each time
        about = path.stat()
        yield str(path), f"{about.st_size} {about.st_mtime_ns} {about.st_ctime_ns} {about.st_ino}"
        return
    yield str(path), hashlib.sha256(_bytes(path)).hexdigest()
    if path.suffix == ".py":
        compiled = Path(importlib.util.cache_from_source(str(path)))
        if content := _bytes(compiled):
            yield str(compiled), hashlib.sha256(content).hexdigest()


def _is_compiled(path: Path) -> bool:
    """What running a program leaves behind."""
    return path.suffix == ".pyc" and is_compiled_from_source(path)


def packages_digest() -> str:
    """One digest of every file that the judge's process loads of its packages."""
    return _digest_of(dict(_packages()))


def _digest_of(found: Mapping[str, str]) -> str:
    """What was compiled is left out: it comes and goes."""
    kept = sorted((path, value) for path, value in found.items() if not path.endswith(".pyc"))
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()


# -- git


def _git(git_dir: Path) -> Iterator[tuple[str, str]]:
    """What git is told to do in a repository: hooks, filters, replaced objects, and the settings that run programs."""
    for name in _GIT_FILES:
        yield from _digests(git_dir / name)
    for name in ("config", "config.worktree"):
        told = b"\n".join(match[0].strip() for match in _DANGEROUS.finditer(_bytes(git_dir / name)))
        if told:
            yield str(git_dir / name), hashlib.sha256(told).hexdigest()
    replaced = [line for line in _bytes(git_dir / "packed-refs").splitlines() if b" refs/replace/" in line]
    if replaced:
        yield str(git_dir / "packed-refs"), hashlib.sha256(b"\n".join(replaced)).hexdigest()


# -- chimera's own state


def _recorded_state(folder: Path, signer: Signer | None) -> Iterator[tuple[str, str]]:
    """What is recorded: how long, and what it holds. Other runs may add to theirs, and begin others, at any time."""
    for entry in _entries(folder):
        path = Path(entry.path)
        if path.is_symlink():
            yield entry.path, _LINK
        elif path.suffix == ".jsonl" and not _SET_ASIDE.search(entry.name) and path.is_file():
            content = _bytes(path)
            yield entry.path, f"{len(content)} {hashlib.sha256(content).hexdigest()}"
    if signer is not None:
        yield str(signer.path), f"0 {hashlib.sha256(_bytes(signer.path)).hexdigest()}"


def _is_continued(path: Path, known: str) -> bool:
    """A journal still begins as it was; one that was set aside for damage, or cleared, is found by its reader."""
    if known == _LINK:
        return False
    size, _, digest = known.partition(" ")
    return hashlib.sha256(_bytes(path)[: int(size)]).hexdigest() == digest


def _is_signed(path: Path, signer: Signer) -> bool:
    """Its last line is a run's; the key's own file never changes."""
    if path == signer.path:
        return False
    content = _bytes(path)
    return signer.has_signed(path.name, content[: content.rfind(b"\n") + 1].rstrip(b"\n").rpartition(b"\n")[2])


def _is_being_written(path: Path) -> bool:
    """Another process than ours holds it at this moment, on another machine maybe."""
    lock = path.with_suffix(".lock")
    if path in HELD or lock.is_symlink() or not lock.is_file():
        return False
    held = filelock.FileLock(lock, timeout=0)
    try:
        held.acquire()
    except filelock.Timeout:
        return True
    held.release()
    return False


# -- files


def _digests(path: Path) -> Iterator[tuple[str, str]]:
    """The digests of a file, or of every file in a folder."""
    if path.is_dir() and not path.is_symlink():
        for entry in _entries(path):
            yield from _digests(Path(entry.path))
    elif os.path.lexists(path):
        link = path.readlink() if path.is_symlink() else ""
        mode = path.lstat().st_mode & 0o111
        yield str(path), hashlib.sha256(_bytes(path)).hexdigest() + f" {mode:o} {link}"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8", "replace")
