"""Git is asked here and nowhere else: which program, in which environment, with which of its features off.

GitPython finds the program and tells its version. Its ``Git.execute`` does not run it for us: that one starts from
``os.environ`` and can only add to it, so that an inherited ``GIT_DIR`` or ``GIT_INDEX_FILE`` (pytest started by a git
hook) would get through, and it takes no bytes on standard input.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from pytest_chimera.errors import NO_ROOM, EnvironmentTrouble, RepositoryError

OLDEST = (2, 38)
"""The first version with ``git merge-tree --write-tree``."""
LONGEST_SECONDS = 1800.0
"""After which a git command is taken to hang, in a repository however large."""

ALWAYS_OFF = (
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.quotePath=false",
    "core.splitIndex=false",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "log.showSignature=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "protocol.file.allow=always",
    "advice.detachedHead=false",
)
ALWAYS_SET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
    "LANGUAGE": "C",
}
NEUTRAL = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
}
"""What keeps the person's and the machine's configuration out."""

NEUTRAL_SETTINGS = (f"core.attributesFile={os.devnull}", f"core.excludesFile={os.devnull}")


@dataclass(frozen=True)
class Answer:
    """What git said: its exit status, its output, and its complaint."""

    status: int
    out: bytes
    complaint: str

    @property
    def text(self) -> str:
        """The output as text, without the newline at its end."""
        return as_text(self.out).removesuffix("\n")

    @property
    def items(self) -> list[str]:
        """The output of a command with ``-z``, one string an item."""
        return [as_text(item) for item in self.out.split(b"\0") if item]


@dataclass(frozen=True)
class Git:
    """Git in one folder, with one environment.

    :param folder: the working directory.
    :param environment: variables on top of the cleaned ones; everything that begins with ``GIT_`` is *not* inherited.
    :param settings: configuration for the command line, ``"core.eol=lf"``: it has the last word.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()

    def having(self, *, folder: Path | None = None, settings: Iterable[str] = (), **environment: str | Path) -> Git:
        """The same git with more variables or settings, or in another folder."""
        more = {name: str(value) for name, value in environment.items()}
        return replace(
            self,
            folder=folder or self.folder,
            environment={**self.environment, **more},
            settings=(*self.settings, *settings),
        )

    def ask(self, *arguments: str, stdin: bytes = b"", accept: Collection[int] = (0,)) -> Answer:
        """Run one git command to its end.

        :param accept: exit statuses that are answers; any other one is an error.
        :raises RepositoryError: git is missing, failed, in its own words, or does not come to an end.
        """
        if not self.folder.is_dir():
            raise RepositoryError("A folder that git was to work in is gone.", where=str(self.folder))
        try:
            done = self._run(arguments, stdin)
        except subprocess.TimeoutExpired:
            raise RepositoryError(
                f"git {arguments[0]} had not ended after {LONGEST_SECONDS:.0f} s, and was stopped.",
                where=str(self.folder),
                remedy="See whether git works there from a terminal, then run the same command again.",
            ) from None
        answer = Answer(done.returncode, done.stdout, as_text(done.stderr).strip())
        if done.returncode not in accept and any(words in answer.complaint for words in NO_ROOM):
            raise EnvironmentTrouble(
                f"git {arguments[0]} could not write: {answer.complaint}",
                where=str(self.folder),
                remedy="Make room there, then run the same command again.",
            )
        if done.returncode not in accept:
            raise RepositoryError(
                f"git {arguments[0]} failed: {answer.complaint or f'exit status {done.returncode}'}",
                where=str(self.folder),
            )
        return answer

    def _run(self, arguments: Collection[str], stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        options = [part for setting in (*self.settings, *ALWAYS_OFF) for part in ("-c", setting)]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        return subprocess.run(
            [program(), *options, *arguments],
            cwd=self.folder,
            env={**inherited, **ALWAYS_SET, **self.environment},
            input=stdin,
            capture_output=True,
            check=False,
            start_new_session=True,  # Ctrl-C is pytest's to handle: git finishes what it has begun
            timeout=LONGEST_SECONDS,
        )

    def says(self, *arguments: str, stdin: bytes = b"") -> bool:
        """Whether a command that answers by its exit status answers yes."""
        return self.ask(*arguments, stdin=stdin, accept=range(256)).status == 0


@cache
def program() -> str:
    """The git program that is run.

    :raises RepositoryError: there is none, or it is too old.
    """
    try:
        from git import Git as GitPython  # only now: importing it fails where git is not installed
    except ImportError as error:
        raise RepositoryError(
            "git is not installed, or is not on the PATH.", remedy="Install git 2.38 or newer."
        ) from error
    version = GitPython().version_info
    if version < OLDEST:
        raise RepositoryError(
            f"git {'.'.join(map(str, version))} is too old.", remedy="Install git 2.38 or newer and run this again."
        )
    return str(GitPython.GIT_PYTHON_GIT_EXECUTABLE)


def as_text(data: bytes) -> str:
    """Git's bytes as text; what is not UTF-8 comes back out as the same bytes."""
    return data.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """The opposite of :func:`as_text`."""
    return text.encode("utf-8", "surrogateescape")


def zipped(items: Iterable[str]) -> bytes:
    """Items as the input of a command with ``-z``."""
    return b"".join(as_bytes(item) + b"\0" for item in items)


def quoted(path: str) -> bytes:
    """A path as git quotes it, for the inputs that know no ``-z``."""
    return (
        b'"'
        + b"".join(b"\\%03o" % byte if byte < 0x20 or byte in b'"\\' else bytes([byte]) for byte in as_bytes(path))
        + b'"'
    )
