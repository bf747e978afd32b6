"""Runs a program in a sandbox: it reads the system, writes to its own folders, and sees no other personal files.

It uses Bubblewrap (``bwrap``), if the system has a working one. The sandbox has its own process namespace, so that
neither the judge's command line nor its environment can be read; the network is shared with the machine, because a
coder talks to its service and the judge to the application.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_chimera.errors import ChimeraError, SettingError
from pytest_chimera.system.command_lines import (
    Missing,
    needed_by,
    reads_profile,
    was_not_started,
    what_is_missing,
    words_in,
)
from pytest_chimera.system.import_paths import (
    Origin,
    environment_of,
    own_packages,
    own_roots,
    packages_of,
    projects_of,
    roots_of,
)
from pytest_chimera.system.machine_load import stretched
from pytest_chimera.system.supervision import Finished, Supervised, describe_exit

PROGRAM = "bwrap"
_PROBE_SECONDS = 10.0
_NAMESPACES = ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--cap-drop", "ALL")
_OF_ROOT = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETGID", "SETUID", "KILL", "NET_BIND_SERVICE")
"""Root's remaining capabilities inside, as in a container: none of them undoes read-only mounts or hidden folders."""
_SOCKETS = ("/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock")
_TOOLS_IN_PARTS = frozenset({".local", ".cargo", ".config", ".cache"})
_OWN_FOLDERS = ("HOME", "TMPDIR", "TEMP", "TMP")
_NOT_SHOWN = frozenset({*_OWN_FOLDERS, "PWD", "PATH", "PYTHONPATH"})

HINT = (
    "It ran in a sandbox, in which the home folder is empty and packages are read-only. To show it more, a person "
    "sets chimera_sandbox_paths, with :rw after paths that it writes to."
)
"""A hint for programs that failed in a sandbox."""

LOGINS: Mapping[str, tuple[str, ...]] = {
    "claude": (".claude", ".claude.json"),
    "codex": (".codex",),
    "gemini": (".gemini",),
    "qwen": (".qwen",),
    "aider": (".aider", ".aider.conf.yml"),
    "opencode": (".config/opencode", ".local/share/opencode", ".local/state/opencode", ".cache/opencode"),
    "mini": (".config/mini-swe-agent",),
    "goose": (".config/goose", ".local/share/goose", ".local/state/goose"),
    "copilot": (".copilot", ".config/github-copilot"),
    "cursor-agent": (".cursor", ".config/cursor"),
}
"""What a coder's program keeps in the home folder: its login, its settings, its sessions."""
_OF_PACKAGES: Mapping[str, str] = {
    "claude-code": "claude",
    "gemini-cli": "gemini",
    "qwen-code": "qwen",
    "aider-chat": "aider",
    "opencode-ai": "opencode",
    "mini-swe-agent": "mini",
    "goose-ai": "goose",
}
"""Package names that ``npx`` or ``uvx`` are given → the packages' programs."""
_PROFILES = (".profile", ".bash_profile", ".bash_login", ".bashrc", ".zshenv", ".zprofile", ".zshrc")
_ENVIRONMENTS = ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT")


@dataclass(frozen=True)
class Sandbox:
    """What a program sees, and what it may write to. The rest of the system is visible, read-only.

    :param program: bubblewrap's absolute path.
    :param hidden: folders that are empty inside, and whose contents are discarded afterwards.
    :param private: folders that are never shown again, whatever refers to them: the person's repository, chimera's own.
    :param shown: paths in hidden folders that may be read; ``writable``: paths that may be written to.
    """

    program: str
    hidden: tuple[Path, ...]
    private: tuple[Path, ...]
    shown: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()

    def showing(self, *paths: Path, writable: Iterable[Path] = ()) -> Sandbox:
        """Return the same sandbox with more paths to read or write, for our own use."""
        return replace(self, shown=(*self.shown, *paths), writable=(*self.writable, *writable))

    def around(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[str]:
        """Return the command line that runs a command inside.

        :param command: its program as an absolute path; ``folder``: where it runs, which it may write to.
        :param environment: paths in its values are shown.
        """
        shown = self._shown_for(command, folder, environment)
        options = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        for path in self.hidden:
            options += ["--tmpfs", str(path)]
        for socket in _SOCKETS:
            options += ["--ro-bind", "/dev/null", socket] if Path(socket).exists() else []
        for path in (*_outermost(shown), *dict.fromkeys(self.shown)):
            options += ["--ro-bind-try", str(path), str(path)]
        for path in dict.fromkeys((*self.writable, folder)):
            options += ["--bind-try", str(path), str(path)]
        for name in _OWN_FOLDERS:
            options += ["--dir", environment[name]] if self._is_hidden(environment.get(name, "")) else []
        return [self.program, *options, *_NAMESPACES, *_kept_by_root(), "--chdir", str(folder), "--", *command]

    def _shown_for(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[Path]:
        needed = list(needed_by(command, folder, environment))
        named = [*_in_words(command), *_in_environment(environment), *_of_profile(command)]
        named += [each for path in needed for each in _with_installation(path)]
        roots = [part for root in _import_roots(needed, environment) for part in self._parts_of(root)]
        return [path for path in (*_of_interpreter(), *named, *roots) if self._may_show(path)]

    def out_of_sight(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Path | None:
        """Return a program or interpreter that a command line needs and that is hidden inside."""
        hides = self.hiding(command, folder, environment)
        return next((path for path in needed_by(command, folder, environment) if path.is_file() and hides(path)), None)

    def hiding(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Callable[[Path], bool]:
        """Return a function that checks whether a path is hidden from a command inside."""
        seen = [*self._shown_for(command, folder, environment), *self.shown, *self.writable, folder]
        return lambda path: self._is_hidden(str(path)) and not any(path.is_relative_to(each) for each in seen)

    def _is_hidden(self, path: str) -> bool:
        return bool(path) and any(Path(path).is_relative_to(each) for each in self.hidden)

    def _parts_of(self, root: Path) -> Iterator[Path]:
        """Yield what to show of a folder to import from: all of it, or only the entries around hidden ones.

        If it contains an entire home folder, only modules and packages.
        """
        kept = (*self.private, *self.hidden, *homes())
        if not any(each.is_relative_to(root) for each in kept):
            yield root
        elif not any(root.is_relative_to(each) for each in self.private):
            holds_home = any(each.is_relative_to(root) for each in (*self.hidden, *homes()))
            for entry in _entries(root):
                if not entry.name.startswith(".") and (not holds_home or _is_module(entry)):
                    yield from self._parts_of(entry)

    def _may_show(self, path: Path) -> bool:
        """Whether it is in a hidden folder, and is not private, except for an environment of packages."""
        kept = (*self.private, *self.hidden, *homes())
        if not self._is_hidden(str(path)) or any(each.is_relative_to(path) for each in kept):
            return False
        return not any(path.is_relative_to(each) for each in self.private) or self._is_of_environment(path)

    def _is_of_environment(self, path: Path) -> bool:
        """Whether it belongs to an environment of packages; of an environment around the repository, only parts do."""
        environment = environment_of(path)
        if environment is None or not any(each.is_relative_to(environment) for each in self.private):
            return environment is not None
        return any(path.is_relative_to(each) for each in _parts_of_environment(environment))


def _kept_by_root() -> list[str]:
    is_root = sys.platform != "win32" and os.getuid() == 0
    return [word for name in _OF_ROOT for word in ("--cap-add", f"CAP_{name}")] if is_root else []


def _parts_of_environment(environment: Path) -> Iterator[Path]:
    yield from (environment / name for name in ("bin", "pyvenv.cfg"))
    yield from packages_of(environment)


def _entries(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(folder.iterdir())
    return []


def _is_module(path: Path) -> bool:
    return path.suffix in {".py", ".so"} or (path / "__init__.py").is_file()


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Return paths without those inside others."""
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda each: (len(each.parts), each)):
        if not any(path.is_relative_to(each) for each in kept):
            kept.append(path)
    return kept


# -- what is shown by default


def _of_interpreter() -> Iterator[Path]:
    """Yield the running interpreter, with its packages."""
    for prefix in dict.fromkeys((sys.prefix, sys.base_prefix, sys.exec_prefix)):
        yield Path(prefix)
        yield from _parts_of_environment(Path(prefix))
    yield Path(sys.executable).resolve().parent.parent


def _import_roots(programs: Iterable[Path], environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield what programs import besides their packages: the running interpreter's, and those of a command's own.

    :param programs: what the command needs; ``environment``: its environment.
    """
    named = [Path(environment[name]) for name in _ENVIRONMENTS if environment.get(name)]
    others = [found for path in programs if (found := environment_of(path))]
    packages = [*own_packages(), *(each for found in dict.fromkeys((*named, *others)) for each in packages_of(found))]
    roots = [Path(__file__).resolve().parents[1], *(Path(each) for each in sys.path), *own_roots()]
    roots += [*packages, *roots_of(packages), *(project for each in packages for project in projects_of(each))]
    roots += [Path(each) for each in environment.get("PYTHONPATH", "").split(os.pathsep)]
    for root in dict.fromkeys(roots):
        if root.is_absolute():
            yield from dict.fromkeys((root, root.resolve()))


def _of_profile(command: Sequence[str]) -> Iterator[Path]:
    """Yield the person's start-up files, for a shell that should read them."""
    if reads_profile(command):
        yield from (home / name for home in homes() for name in _PROFILES if (home / name).is_file())


def _in_words(command: Sequence[str]) -> Iterator[Path]:
    """Yield the programs and files on a command line, each with what belongs to it."""
    for word in words_in(command):
        value = word.partition("=")[2] if word.startswith("-") else word
        path = Path(value)
        if value and path.is_absolute() and path.exists():
            yield from _with_installation(path)


def _in_environment(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield paths from environment variables: certificates, tools, folders that a project configures."""
    for name, value in environment.items():
        path = Path(value)
        if name in _NOT_SHOWN or name.startswith(("XDG_", "CHIMERA_")) or not value or not path.is_absolute():
            continue
        if path.exists():
            yield path
    for entry in environment.get("PATH", "").split(os.pathsep):
        if entry and Path(entry).is_dir():
            yield from _with_installation(Path(entry))


def _with_installation(path: Path) -> Iterator[Path]:
    """Yield a path, and the folder of the tool that it belongs to: ``~/.nvm`` for a Node program in it."""
    for each in dict.fromkeys((path, path.resolve())):
        yield each
        yield from (each.parent,) if each.is_file() else ()
        if environment := environment_of(each):
            yield environment
            yield from _parts_of_environment(environment)
        if each.parent.name == "bin" and (each.parents[1] / "lib").is_dir():
            yield each.parents[1]
        yield from (parent for parent in each.parents if parent.name == "node_modules")
        yield from _tools(each)


def _tools(path: Path) -> Iterator[Path]:
    """Yield the folder in a home folder of the tool that a path belongs to, without logins of others next to it."""
    for home in homes():
        parts = path.relative_to(home).parts if path.is_relative_to(home) else ()
        if parts and parts[0].startswith("."):
            yield home.joinpath(*parts[: 3 if parts[:2] == (".local", "share") else 1 + (parts[0] in _TOOLS_IN_PARTS)])
        elif "bin" in parts[1:]:
            yield home.joinpath(*parts[: parts.index("bin", 1)])


def homes() -> tuple[Path, ...]:
    """Return the person's home folders: from ``HOME``, and from the system."""
    known = [Path.home()]
    if sys.platform != "win32":
        import pwd  # not available on Windows

        with suppress(KeyError):
            known.append(Path(pwd.getpwuid(os.getuid()).pw_dir))
    return tuple(dict.fromkeys(each.resolve() for each in known if each.is_dir() and each != Path("/")))


def logins_of(command: Sequence[str]) -> tuple[Path, ...]:
    """Return where a coder's program keeps its login, also if it is run through another one."""
    words = {Path(word).name for word in words_in(command)}
    plain = {re.sub(r"(?<=.)(@|==).*", "", word) for word in words}
    names = {_OF_PACKAGES.get(name, name) for name in plain}
    places = [place for name in sorted(names & LOGINS.keys()) for place in LOGINS[name]]
    return tuple(Path.home() / place for place in places if (Path.home() / place).exists())


def why_not_started(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], sandbox: Sandbox | None
) -> Missing | None:
    """Return what a command line needs and does not find; ``None`` if it finds everything, as far as can be
    determined.
    """
    if missing := what_is_missing(command, folder, environment):
        return missing
    unseen = sandbox.out_of_sight(command, folder, environment) if sandbox else None
    sentence = f"{str(unseen)!r} is hidden in the sandbox; a person can add it to chimera_sandbox_paths."
    return Missing(sentence) if unseen else None


def why_it_failed_to_start(
    ended: Finished, command: Sequence[str], folder: Path, environment: Mapping[str, str], sandbox: Sandbox | None
) -> Missing | None:
    """Return the same for a command that has ended; ``None`` unless it ended like one that could not start a
    program.
    """
    started = not was_not_started(ended.exit_code, ended.output)
    return None if started else why_not_started(command, folder, environment, sandbox)


# -- whether there is one


@dataclass
class Sandboxes:
    """Finds out once in a run whether there is a sandbox.

    :param setting: ``chimera_sandbox``; ``paths``: ``chimera_sandbox_paths``.
    :param private: the person's repository with its git folder, and chimera's own folders.
    :param origin: the person's repository, of which the folders that programs run in are copies.
    :param wanted: a coder, not the person, changes the application.
    """

    setting: str = "off"
    paths: tuple[str, ...] = ()
    private: tuple[Path, ...] = ()
    origin: Origin | None = None
    wanted: bool = True
    why_not: str = ""
    _found: list[Sandbox | None] = field(default_factory=list)

    def find(self) -> Sandbox | None:
        """Return the sandbox, if one works and is wanted.

        :raises SettingError: one is required, and there is none.
        """
        if not self._found:
            self._found.append(self._looked())
        return self._found[0]

    def for_folder(self, folder: Path, *shown: Path, writable: Iterable[Path] = ()) -> Sandbox | None:
        """Return the sandbox for a program in a project's folder: it may write to the entire checkout or clone.

        :param shown: additional paths that it may read; ``writable``: paths that it may write to.
        :raises SettingError: one is required, and there is none.
        """
        sandbox = self.find()
        if sandbox is None:
            return None
        return sandbox.showing(*shown, *self._not_copied(folder), writable=(self.top_of(folder), *writable))

    def top_of(self, folder: Path) -> Path:
        """Return the top folder of the checkout or clone that contains a project's folder."""
        return self.origin.top_of(folder) if self.origin else folder

    def programs(self, command: list[str], folder: Path) -> list[str]:
        """Return a command in a copy, with a program from an environment that only the person's repository has."""
        return self.origin.programs(command, folder) if self.origin else command

    def _not_copied(self, folder: Path) -> Iterator[Path]:
        """Yield what is imported from the person's repository but is in no copy, such as generated files."""
        for root in own_roots():
            copy = self.origin.copied(root, folder) if self.origin else None
            if copy and not copy.exists() and not any(each.is_relative_to(root) for each in self.private):
                yield root

    def _looked(self) -> Sandbox | None:
        if self.setting == "off" or not (self.wanted or self.setting == "require"):
            self.why_not = "chimera_sandbox is off" if self.setting == "off" else "you are the coder"
            return None
        program = shutil.which(PROGRAM)
        private = tuple(dict.fromkeys(each.resolve() for each in self.private if each.exists()))
        sandbox = Sandbox(program or PROGRAM, tuple(_hidden(private)), private)
        self.why_not = why_not(sandbox) if program else "bubblewrap is not installed"
        if self.why_not and self.setting == "require":
            raise SettingError(
                f'chimera_sandbox is "require", but there is no sandbox: {self.why_not}.',
                where="chimera_sandbox",
                remedy="Install bubblewrap (apt install bubblewrap) on a system that lets users create namespaces, or "
                'write: chimera_sandbox = "auto"',
            )
        if self.why_not:
            return None
        shown, writable = _asked_for(self.paths)
        return sandbox.showing(*shown, writable=writable)


def _hidden(private: Iterable[Path]) -> Iterator[Path]:
    """Return the folders that are empty inside, without those inside others."""
    temporary = (Path(each).resolve() for each in ("/tmp", "/var/tmp", "/run/user", tempfile.gettempdir()))
    return iter(_outermost(path for path in (*homes(), *temporary, *private) if path.is_dir()))


def _asked_for(paths: Iterable[str]) -> tuple[list[Path], list[Path]]:
    """Parse ``chimera_sandbox_paths``: paths that may be read, and, if followed by ``:rw``, written to."""
    shown: list[Path] = []
    writable: list[Path] = []
    for entry in paths:
        path = Path(entry.removesuffix(":rw")).expanduser().absolute()
        (writable if entry.endswith(":rw") else shown).append(path)
    return shown, writable


def why_not(sandbox: Sandbox) -> str:
    """Return why a sandbox does not work on this machine, in a few words; empty if it does."""
    with tempfile.TemporaryDirectory(prefix="chimera-") as room:
        folder = Path(room).resolve()
        environment = {"PATH": os.environ.get("PATH", os.defpath)}
        command = sandbox.around([shutil.which("true") or "/bin/true"], folder, environment)
        probe = Supervised(
            command, folder=folder, environment=environment, log=folder / "log", time_limit=stretched(_PROBE_SECONDS)
        )
        try:
            finished = probe.run()
        except ChimeraError as error:
            return error.sentence
    if finished.exit_code == 0:
        return ""
    return finished.output.strip().partition("\n")[0] or f"bubblewrap {describe_exit(finished)}"
