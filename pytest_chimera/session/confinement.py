"""What is said of the sandbox: before the first coder is called, and at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio.to_thread

from pytest_chimera.git import Repository
from pytest_chimera.settings import Settings
from pytest_chimera.system.import_paths import Origin
from pytest_chimera.system.sandbox import Sandboxes
from pytest_chimera.workflow.transitions import ChimeraPhase

NOTE = "chimera-note"
"""The user property of an item that holds what is to be said at the end."""
_DETECTION = "that your repository, the judge's packages and chimera's own state were left alone rests on detection"


def sandboxes_of(root: Path, settings: Settings, repository: Repository, state: Path, *, by_hand: bool) -> Sandboxes:
    """The run's sandboxes, which hide the person's repository and chimera's own folders.

    :param root: what the paths in the settings are relative to.
    :raises SettingError: one is required, and there is none.
    """
    private = (repository.root, *repository.git_folders(), repository.work, state)
    paths = tuple(str(root / Path(each).expanduser()) for each in settings.sandbox_paths)
    found = Sandboxes(settings.sandbox, paths, private, Origin(repository.root, repository.prefix), not by_hand)
    if settings.sandbox == "require":
        found.find()
    return found


class Confinement:
    """Says once what runs in a sandbox.

    :param function: a function of a conftest.py or a plugin implements, which runs in pytest's own process.
    :param command: a command implements, maybe where no function does. With neither, recorded changes are laid by
        chimera itself.
    """

    def __init__(self, sandboxes: Sandboxes, say: Callable[[str], None], *, function: bool, command: bool) -> None:
        self._sandboxes = sandboxes
        self._say = say
        self._function = function
        self._command = command
        self._said = False
        self.note = ""

    async def pytest_chimera_phase_started(self, phase: ChimeraPhase) -> None:
        """Say it before the first coder is called."""
        if phase is ChimeraPhase.CODE_IMPLEMENTATION and not self._said and self._sandboxes.wanted:
            self._said = True
            found = await anyio.to_thread.run_sync(self._sandboxes.find)
            line, self.note = self._held() if found else self._open(self._sandboxes.why_not)
            self._say(f"chimera: {line}")

    def _held(self) -> tuple[str, str]:
        """What is said where there is a sandbox: now, and at the end."""
        if self._function:
            held = "the command and the application run in one" if self._command else "the application runs in one"
            line = f"a coder that is a function runs in pytest's own process: no sandbox holds it; {held}"
            return line, f"a coder that is a function is held by no sandbox: {_DETECTION}"
        who = "coder and application run" if self._command else "the application runs"
        return f"{who} in a sandbox (bubblewrap)", ""

    def _open(self, why_not: str) -> tuple[str, str]:
        """What is said where there is none."""
        if not (self._function or self._command):
            line = f"no sandbox ({why_not}): the application runs as any program of yours does"
            return line, line
        line = f"no sandbox ({why_not}): what a coder must not touch is watched, not out of its reach"
        return line, f"no sandbox ({why_not}): {_DETECTION}"
