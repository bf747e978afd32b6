"""Detects changes to what nobody may touch while a coder works: start-up files, the judge's packages, git's settings.

The state before the coder starts is compared with the state afterwards. Files that a package installer added, and
listed in its record, are not tampering.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import marshal
import os
import re
import site
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path, PurePath

JUDGES_PACKAGES = ("pytest", "pytest-playwright", "playwright", "pytest-chimera")
"""Distributions that the judge's process loads; their requirements are included."""

_START_UP = re.compile(r".+\.(pth|start)|(sitecustomize|usercustomize)(\..+)?")
_CODE = frozenset({".py", ".so", ".pyd", ".dll", ".js"})
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


@dataclass(frozen=True)
class Tampering:
    """A forbidden modification.

    :param rule: the rule's id; ``path``: the absolute path that was changed; ``sentence``: the message.
    """

    rule: str
    path: str
    sentence: str
    remedy: str


@dataclass(frozen=True)
class Fingerprints:
    """The state of what nobody may touch: kind → fingerprint."""

    start_up: Mapping[str, str]
    packages: Mapping[str, str]
    git: Mapping[str, str]
    state: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def taken(cls, git_dir: Path, state: Path | None = None) -> Fingerprints:
        """Record the current state.

        :param git_dir: the git folder of the person's repository.
        :param state: the folder of the journals.
        """
        journals = dict(_journals(state)) if state else {}
        return cls(
            {**dict(_start_up_files()), **dict(_interpreter())}, dict(_packages()), dict(_git(git_dir)), journals
        )

    def fingerprints(self) -> dict[str, str]:
        """Return one digest for each kind."""
        return {
            kind: _digest_of(found)
            for kind, found in (("start_up", self.start_up), ("packages", self.packages), ("git", self.git))
        }

    def tamperings(self, now: Fingerprints) -> list[Tampering]:
        """Return what was changed since, other than by a package installer."""
        planted = _changed(self.start_up, now.start_up)
        installed = _recorded() if planted else set()
        found = [
            Tampering(
                "start-up-files",
                path,
                f"{path} was {_how(path, self.start_up, now.start_up)}: the judge's interpreter reads it.",
                "Remove it: a change must stay inside its folder. Install what it needs with pip.",
            )
            for path in planted
            if path not in installed
        ]
        found += [
            Tampering(
                "judges-packages",
                path,
                f"{path} was {_how(path, self.packages, now.packages)}: it belongs to the judge's packages.",
                "Install that package again.",
            )
            for path in _changed(self.packages, now.packages)
            if not _is_compiled_from_source(Path(path))
        ]
        found += [
            Tampering(
                "git-settings",
                path,
                f"{path} was {_how(path, self.git, now.git)}: it configures git in the person's repository.",
                "Restore it: a coder works in its own clone.",
            )
            for path in _changed(self.git, now.git)
        ]
        found += [
            Tampering(
                "state-files",
                path,
                f"{path} has lost entries: it is a feature's journal, which is append-only.",
                "Start that feature over with --chimera-restart.",
            )
            for path, known in self.state.items()
            if not _is_continued(Path(path), known)
        ]
        return found


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(path for path in {**before, **now} if before.get(path) != now.get(path))


def _how(path: str, before: Mapping[str, str], now: Mapping[str, str]) -> str:
    return "added" if path not in before else "removed" if path not in now else "changed"


# -- the interpreter


def site_folders() -> list[Path]:
    """Return the folders with installed packages on the interpreter's path."""
    known = [Path(each) for each in dict.fromkeys(sys.path) if Path(each).name in {"site-packages", "dist-packages"}]
    own = site.getusersitepackages()  # not on the path until it exists
    return known if Path(own) in known else [*known, Path(own)]


def _interpreter() -> Iterator[tuple[str, str]]:
    """Yield the interpreter that the judge runs in, and the files that configure where it finds packages."""
    program = Path(sys.executable)
    for path in (program, Path(sys.prefix) / "pyvenv.cfg"):
        yield from _digests(path)
    real = program.resolve()
    about = real.stat()
    yield str(real), f"{about.st_size} {about.st_mtime_ns} {about.st_ino}"


def _start_up_files() -> Iterator[tuple[str, str]]:
    """Yield files that run when an interpreter starts, and registrations of pytest plugins."""
    for folder in site_folders():
        for entry in _entries(folder):
            if _START_UP.fullmatch(entry.name):
                yield from _digests(Path(entry.path))
            elif _REGISTRATION.fullmatch(entry.name) and (points := _plugins(Path(entry.path))):
                yield entry.path, points


def _plugins(registration: Path) -> str:
    """Return the plugins that a distribution registers with pytest."""
    text = _text(registration / "entry_points.txt")
    return " ".join(text.partition("[pytest11]")[2].partition("[")[0].split())


def _recorded() -> set[str]:
    """Return the files that package installers put into the site folders, where their records match the contents."""
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
    """Yield every file of the judge's packages, and files that an interpreter would import in their place."""
    tops = {Path(__file__).parents[1], *(top for each in _required(JUDGES_PACKAGES) for top in _tops(each))}
    for path in sorted(path for top in tops for path in _code_in(top)):
        yield from _with_compiled(path)


def _tops(distribution: metadata.Distribution) -> set[Path]:
    """Return a distribution's top-level packages and modules in the site folder."""
    names = {file.parts[0] for file in distribution.files or () if file.suffix in _CODE and len(file.parts) > 1}
    alone = {file.parts[0] for file in distribution.files or () if file.suffix in _CODE and len(file.parts) == 1}
    folders = {Path(str(distribution.locate_file(name))) for name in names if name not in {"..", "__pycache__"}}
    modules = {Path(str(distribution.locate_file(name))) for name in alone}
    return folders | {other for module in modules for other in (module, *_in_the_place_of(module))}


def _in_the_place_of(module: Path) -> Iterator[Path]:
    """Yield what would be imported instead of a single-file module: a package, or an extension module."""
    stem = module.name.partition(".")[0]
    found = (Path(entry.path) for entry in _entries(module.parent))
    return (path for path in found if path.name.partition(".")[0] == stem and (path.is_dir() or path.suffix in _CODE))


def _code_in(top: Path) -> Iterator[Path]:
    if top.is_file():
        yield top
    for folder, inner, files in os.walk(top):
        inner[:] = [name for name in inner if name != "__pycache__"]
        yield from (Path(folder, name) for name in files if PurePath(name).suffix in _CODE)


def _with_compiled(path: Path) -> Iterator[tuple[str, str]]:
    """Yield a file, and the compiled file that an interpreter would load in its place."""
    yield str(path), hashlib.sha256(_bytes(path)).hexdigest()
    if path.suffix == ".py":
        compiled = Path(importlib.util.cache_from_source(str(path)))
        if content := _bytes(compiled):
            yield str(compiled), hashlib.sha256(content).hexdigest()


def _is_compiled_from_source(path: Path) -> bool:
    """Whether a compiled file matches its source, or no longer exists: running a program creates such files."""
    if path.suffix != ".pyc":
        return False
    content = _bytes(path)
    if not content:
        return True
    source = Path(importlib.util.source_from_cache(str(path)))
    try:
        loaded = marshal.loads(content[16:])
        compiled = compile(_bytes(source), str(source), "exec", dont_inherit=True)
    except (ValueError, EOFError, TypeError, SyntaxError):
        return False
    return bool(loaded == compiled)


def packages_digest() -> str:
    """Return one digest of all files that the judge's process loads from its packages."""
    return _digest_of(dict(_packages()))


def _digest_of(found: Mapping[str, str]) -> str:
    """Compiled files are left out: they come and go."""
    kept = sorted((path, value) for path, value in found.items() if not path.endswith(".pyc"))
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()


def _required(names: Iterable[str]) -> Iterator[metadata.Distribution]:
    """Yield distributions with their requirements, without extras."""
    waiting, seen = list(names), set[str]()
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        yield distribution
        if name != "pytest-chimera":  # of its own requirements, the judge loads only the three given here
            needs = (need for need in distribution.requires or () if "extra ==" not in need)
            waiting += [match[0] for need in needs if (match := _NAME.match(need))]


# -- git


def _git(git_dir: Path) -> Iterator[tuple[str, str]]:
    """Yield what configures git in a repository: hooks, filters, replaced objects, and settings that run programs."""
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


def _journals(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the state of the journals: their length and contents. Other processes may append to theirs at any time."""
    for path in sorted(folder.glob("*.jsonl")):
        content = _bytes(path)
        yield str(path), f"{len(content)} {hashlib.sha256(content).hexdigest()}"


def _is_continued(path: Path, known: str) -> bool:
    """Whether a journal still begins with its old contents; one that was set aside or cleared is reported elsewhere."""
    size, _, digest = known.partition(" ")
    return not path.exists() or hashlib.sha256(_bytes(path)[: int(size)]).hexdigest() == digest


# -- files


def _digests(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the digest of a file, or of every file in a folder."""
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
