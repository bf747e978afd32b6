"""Files of the person's project that a coder's command names, and that it will not find where it runs."""

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

    :param word: as the command names it; ``path`` the same from the project's root.
    :param runs: it is what the command runs, a program or a script, and not only something that it is told of.
    """

    word: str
    path: str
    runs: bool

    @property
    def why(self) -> str:
        """Why it is not there, to stand behind its name."""
        if Path(self.word).is_absolute():
            return "lies in your project, which is out of sight in the sandbox"
        return "is not committed, and the coder works in a clone"

    @property
    def remedy(self) -> str:
        """What the person does about it."""
        path = shlex.quote(self.path)
        commit = f"git add {path} && git commit -m {shlex.quote(f'Add {Path(self.path).name}')}"
        if Path(self.word).is_absolute():
            return f"Name it as it lies in the project, {self.path!r}, and have it committed: {commit}"
        return f"Commit it: {commit}\nOr keep it outside of the project, and name it by its absolute path."


def out_of_reach(
    command: Sequence[str], folder: Path, origin: Origin, commit: str, is_hidden: Callable[[Path], bool]
) -> Iterator[OutOfReach]:
    """The files that a command names, that the person's project holds, and that it cannot reach.

    :param folder: where it runs: the project in a clone that no coder has had in its hands yet.
    :param commit: what the clone was made of at first; what a coder has removed since is not ours to tell of.
    :param is_hidden: says whether a path is out of sight there.
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
    """Any word may be asked about, however long it is."""
    try:
        return path.is_file()
    except OSError:
        return False
