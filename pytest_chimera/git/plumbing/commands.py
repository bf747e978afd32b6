"""The only place that runs git: which program, in which environment, and which of its features are disabled.

GitPython finds the program and its version. Commands are not run with its ``Git.execute``, which can only add to
``os.environ``, so that an inherited ``GIT_DIR`` or ``GIT_INDEX_FILE`` (when a git hook starts pytest) would get
through, and which cannot pass bytes on standard input.
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
"""The time limit of a git command, after which it is taken to hang even in a very large repository."""

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
"""Environment variables that exclude the person's and the machine's configuration."""

NEUTRAL_SETTINGS = (f"core.attributesFile={os.devnull}", f"core.excludesFile={os.devnull}")


@dataclass(frozen=True)
class Answer:
    """Git's answer: its exit status, its output, and its error message."""

    status: int
    out: bytes
    complaint: str

    @property
    def text(self) -> str:
        """The output as text, without the newline at the end."""
        return as_text(self.out).removesuffix("\n")

    @property
    def items(self) -> list[str]:
        """The output of a command with ``-z``, as one string per item."""
        return [as_text(item) for item in self.out.split(b"\0") if item]


@dataclass(frozen=True)
class Git:
    """Git in one folder, with one environment.

    :param folder: the working directory.
    :param environment: variables on top of the cleaned ones; variables that begin with ``GIT_`` are *not* inherited.
    :param settings: configuration for the command line, such as ``"core.eol=lf"``: it takes precedence.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()

    def having(self, *, folder: Path | None = None, settings: Iterable[str] = (), **environment: str | Path) -> Git:
        """Return the same git with more variables or settings, or in another folder."""
        more = {name: str(value) for name, value in environment.items()}
        return replace(
            self,
            folder=folder or self.folder,
            environment={**self.environment, **more},
            settings=(*self.settings, *settings),
        )

    def ask(self, *arguments: str, stdin: bytes = b"", accept: Collection[int] = (0,)) -> Answer:
        """Run one git command to completion.

        :param accept: exit statuses that are valid answers; any other is an error.
        :raises RepositoryError: git is missing, failed (with git's message), or does not end.
        """
        if not self.folder.is_dir():
            raise RepositoryError("The folder for a git command no longer exists.", where=str(self.folder))
        try:
            done = self._run(arguments, stdin)
        except subprocess.TimeoutExpired:
            raise RepositoryError(
                f"git {arguments[0]} was stopped after {LONGEST_SECONDS:.0f} s.",
                where=str(self.folder),
                remedy="Check whether git works there from a terminal, then run the same command again.",
            ) from None
        answer = Answer(done.returncode, done.stdout, as_text(done.stderr).strip())
        if done.returncode not in accept and any(words in answer.complaint for words in NO_ROOM):
            raise EnvironmentTrouble(
                f"git {arguments[0]} could not write: {answer.complaint}",
                where=str(self.folder),
                remedy="Free some space there, then run the same command again.",
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
            start_new_session=True,  # pytest handles Ctrl-C: git finishes what it has begun
            timeout=LONGEST_SECONDS,
        )

    def says(self, *arguments: str, stdin: bytes = b"") -> bool:
        """Whether a command that answers with its exit status answers yes."""
        return self.ask(*arguments, stdin=stdin, accept=range(256)).status == 0


@cache
def program() -> str:
    """Return the git program to run.

    :raises RepositoryError: there is none, or it is too old.
    """
    try:
        from git import Git as GitPython  # imported here because the import fails if git is not installed
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
    """Decode git's output; bytes that are not UTF-8 survive a round trip."""
    return data.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """The inverse of :func:`as_text`."""
    return text.encode("utf-8", "surrogateescape")


def zipped(items: Iterable[str]) -> bytes:
    """Join items for the input of a command with ``-z``."""
    return b"".join(as_bytes(item) + b"\0" for item in items)


def quoted(path: str) -> bytes:
    """Quote a path as git does, for input formats without ``-z``."""
    return (
        b'"'
        + b"".join(b"\\%03o" % byte if byte < 0x20 or byte in b'"\\' else bytes([byte]) for byte in as_bytes(path))
        + b'"'
    )
