"""Files of the person's project that a coder's command refers to but cannot reach where it runs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_chimera.git import holds
from pytest_chimera.system.command_lines import run_by, words_in
from pytest_chimera.system.import_paths import Origin, environment_of


@dataclass(frozen=True)
class OutOfReach:
    """One such file.

    :param word: the file as written in the command; ``path``: its path from the project's root.
    :param runs: the command runs it, as a program or a script, rather than taking it as an argument.
    """

    word: str
    path: str
    runs: bool

    @property
    def why(self) -> str:
        """Why it cannot be reached, as a continuation of its name."""
        if Path(self.word).is_absolute():
            return "is in your project, which the sandbox hides"
        return "is not committed, and the coder works in a clone"

    @property
    def remedy(self) -> str:
        """What the person can do about it."""
        path = shlex.quote(self.path)
        commit = f"git add {path} && git commit -m {shlex.quote(f'Add {Path(self.path).name}')}"
        if Path(self.word).is_absolute():
            return f"Give its path in the project, {self.path!r}, and commit it: {commit}"
        return f"Commit it: {commit}\nOr keep it outside the project, and give its absolute path."


def out_of_reach(
    command: Sequence[str], folder: Path, origin: Origin, commit: str, is_hidden: Callable[[Path], bool]
) -> Iterator[OutOfReach]:
    """Yield the files of the person's project that a command refers to but cannot reach.

    :param folder: where it runs: the project in a clone that no coder has changed yet.
    :param commit: the commit that the clone was made from; files that a coder has removed since are not reported.
    :param is_hidden: whether a path is hidden from the command.
    """
    runs = tuple(run_by(command, lambda word: _is_file(origin.project / word)))
    for word in dict.fromkeys((*runs, *map(_value, words_in(command)))):
        own = Path(os.path.normpath(origin.project / word))
        copy = origin.copied(own, folder)
        if not _is_file(own) or copy is None or environment_of(own):
            continue
        path = os.path.relpath(own, origin.project)
        is_gone = is_hidden(own) if Path(word).is_absolute() else not copy.exists() and not holds(folder, commit, path)
        if is_gone:
            yield OutOfReach(word, path, word in runs)


def _value(word: str) -> str:
    return word.partition("=")[2] if word.startswith("-") else word


def _is_file(path: Path) -> bool:
    """Whether a word is a file's path; any word may be passed, however long."""
    try:
        return path.is_file()
    except OSError:
        return False
