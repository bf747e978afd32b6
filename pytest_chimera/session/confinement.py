"""Reports on the sandbox: before the first coder is called, and in the summary."""

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
"""The user property of an item that holds a note for the summary."""
_DETECTION = "changes to your repository, the judge's packages and chimera's own state are detected, not prevented"


def sandboxes_of(root: Path, settings: Settings, repository: Repository, state: Path, *, by_hand: bool) -> Sandboxes:
    """Return the run's sandboxes, which hide the repository and chimera's own folders.

    :param root: what the paths in the settings are relative to.
    :raises SettingError: a sandbox is required but not available.
    """
    private = (repository.root, *repository.git_folders(), repository.work, state)
    paths = tuple(str(root / Path(each).expanduser()) for each in settings.sandbox_paths)
    found = Sandboxes(settings.sandbox, paths, private, Origin(repository.root, repository.prefix), not by_hand)
    if settings.sandbox == "require":
        found.find()
    return found


class Confinement:
    """Reports once what runs in a sandbox.

    :param function: a hook function implements features, in pytest's own process.
    :param command: a command implements features, at least where no function does. With neither, chimera itself applies
        recorded changes.
    """

    def __init__(self, sandboxes: Sandboxes, say: Callable[[str], None], *, function: bool, command: bool) -> None:
        self._sandboxes = sandboxes
        self._say = say
        self._function = function
        self._command = command
        self._said = False
        self.note = ""

    async def pytest_chimera_phase_started(self, phase: ChimeraPhase) -> None:
        """Report before the first coder is called."""
        if phase is ChimeraPhase.CODE_IMPLEMENTATION and not self._said and self._sandboxes.wanted:
            self._said = True
            found = await anyio.to_thread.run_sync(self._sandboxes.find)
            line, self.note = self._held() if found else self._open(self._sandboxes.why_not)
            self._say(f"chimera: {line}")

    def _held(self) -> tuple[str, str]:
        """Return what to report where there is a sandbox: now, and in the summary."""
        if self._function:
            held = "the command and the application run in one" if self._command else "the application runs in one"
            line = f"a coder that is a function runs in pytest's own process: it is in no sandbox; {held}"
            return line, f"a coder that is a function runs outside the sandbox: {_DETECTION}"
        who = "coder and application run" if self._command else "the application runs"
        return f"{who} in a sandbox (bubblewrap)", ""

    def _open(self, why_not: str) -> tuple[str, str]:
        """Return what to report where there is no sandbox."""
        if not (self._function or self._command):
            line = f"no sandbox ({why_not}): the application runs as any program of yours does"
            return line, line
        line = f"no sandbox ({why_not}): files that a coder must not touch are watched, but within its reach"
        return line, f"no sandbox ({why_not}): {_DETECTION}"
