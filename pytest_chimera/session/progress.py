"""Prints a line for each phase as it ends, and what the run is waiting for until then."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import pytest

from pytest_chimera.context.formatting import busy_text, span
from pytest_chimera.models import Change, Deployment, Feature, SealedTest, TestRun, first_line
from pytest_chimera.state.sanitize import Cleaner
from pytest_chimera.system.secret_detection import secret_values
from pytest_chimera.workflow.machine import ChimeraWorkflow, PhaseResult
from pytest_chimera.workflow.transitions import ChimeraPhase, Outcome

_VERBS = {
    ChimeraPhase.E2E_TEST_GENERATION: "test",
    ChimeraPhase.CODE_IMPLEMENTATION: "implement",
    ChimeraPhase.GUARDIAN_REVIEW: "review",
    ChimeraPhase.STAGING_DEPLOYMENT: "deploy",
    ChimeraPhase.E2E_VALIDATION: "validate",
}


LONGEST = 400
"""The maximum number of characters in a line about a feature."""


@dataclass
class _Running:
    phase: ChimeraPhase
    attempt: int
    since: float


class Progress:
    """Writes to the terminal, bypassing pytest's capturing; nothing under ``-q``.

    ``width`` is the length of the longest id. An xdist worker writes to file descriptor 2, because its standard output
    is discarded.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._quiet = config.get_verbosity() < 0
        self._running: dict[str, _Running] = {}
        self._in_worker = hasattr(config, "workerinput")
        self._live = False
        self._said: SimpleQueue[str] = SimpleQueue()
        self.clean = Cleaner(secret_values(os.environ))
        self.width = 0
        self.lines: dict[str, list[str]] = {}

    # -- events

    async def pytest_chimera_phase_started(
        self, feature: Feature, phase: ChimeraPhase, workflow: ChimeraWorkflow
    ) -> None:
        """Remember what the run is waiting for."""
        self._running[feature.id] = _Running(phase, workflow.attempt, time.monotonic())

    async def pytest_chimera_phase_finished(self, feature: Feature, result: PhaseResult) -> None:
        """Report how the phase ended."""
        self._running.pop(feature.id, None)
        mark = "✓" if result.outcome is Outcome.SUCCESS else "✗"
        what = told(result) if result.outcome is Outcome.SUCCESS else first_line(result.reason)
        verb = _VERBS[result.phase]
        attempt = f" {result.attempt}" if result.attempt > 1 else ""
        self.say(feature, f"{mark} {verb + attempt:<12} {what} ({span(result.seconds)})")
        for note in result.value.notes if isinstance(result.value, SealedTest) else ():
            self.say(feature, f"  {'note':<12} {note}")

    async def pytest_chimera_verdict(self, feature: Feature) -> None:
        """Forget what the run was waiting for."""
        self._running.pop(feature.id, None)

    # -- lines

    def say(self, feature: Feature, line: str) -> None:
        """Queue a line about a feature, from any thread; :meth:`show` writes it."""
        line = _one_line(self.clean.text(line))
        self.lines.setdefault(feature.id, []).append(line)
        if not self._quiet:
            self._said.put(f"  {feature.id:<{self.width}}  {line}")

    def note(self, line: str) -> None:
        """Queue a line about the run."""
        if not self._quiet:
            self._said.put(f"  {self.clean.text(line)}")

    def show(self, patience: float) -> None:
        """Write the queued lines, in pytest's own thread, and on a terminal what the run is waiting for.

        :param patience: seconds to wait for a first line.
        """
        try:
            self._write(self._said.get(timeout=patience) if patience else self._said.get_nowait())
            while True:
                self._write(self._said.get_nowait())
        except Empty:
            if patience:
                self._tick()

    def _tick(self) -> None:
        terminal = self._terminal()
        if self._quiet or self._in_worker or terminal is None or not terminal.isatty:
            return
        running = tuple(self._running.items())
        waiting = [f"{name}: {_VERBS[each.phase]} {span(time.monotonic() - each.since)}" for name, each in running]
        if waiting:
            with self._past_capture():
                if not self._live:
                    terminal.ensure_newline()
                terminal.rewrite(f"  … {' · '.join(waiting)}"[: terminal._tw.fullwidth - 1], erase=True)
            self._live = True

    def _write(self, line: str) -> None:
        with self._past_capture():
            terminal = self._terminal()
            if self._in_worker or terminal is None:
                os.write(2, f"{line}\n".encode())
                return
            if self._live:
                terminal.rewrite("", erase=True)
                terminal.write("\r")
                self._live = False
            else:
                terminal.ensure_newline()
            terminal.write_line(line, **_colour(line))

    def _terminal(self) -> pytest.TerminalReporter | None:
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        return terminal if isinstance(terminal, pytest.TerminalReporter) else None

    @contextmanager
    def _past_capture(self) -> Iterator[None]:
        capture = self._config.pluginmanager.getplugin("capturemanager")
        if capture is None:
            yield
            return
        with capture.global_and_fixture_disabled():
            yield
            sys.stdout.flush()


def _colour(line: str) -> dict[str, bool]:
    """Return the markup of a line: red for a failure, none for anything else."""
    return {"red": True} if " ✗ " in line else {}


def _one_line(text: str) -> str:
    """Return the first line of a text, cut if it is too long for a terminal."""
    line = text.partition("\n")[0]
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def told(result: PhaseResult) -> str:
    """Summarize a phase's result in a few words."""
    value = result.value
    if isinstance(value, SealedTest):
        failure = value.red.failure if value.red else None
        return f"red on {value.base[:10]}: {failure.as_sentence()}" if failure else f"{value.test.path} is written"
    if isinstance(value, Change):
        changed = f"{len(value.files)} file{'s' if len(value.files) != 1 else ''} changed"
        return f"{changed}. {value.ended}" if value.ended else changed
    if isinstance(value, Deployment):
        return f"serving {value.url}{f' ({value.found})' if value.found else ''}"
    if isinstance(value, TestRun):
        green = f"green in {value.browser}" if value.browser else "green"
        return ", ".join(filter(None, (green, busy_text(value))))
    return "approved"
