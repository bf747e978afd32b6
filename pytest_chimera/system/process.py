"""Runs programs: time limit, captured output, and a supervisor that ends the entire process tree if we die.

This is the asynchronous interface of :mod:`pytest_chimera.system.supervision`; it polls the supervisor every few
milliseconds, so that waiting can be cancelled anywhere, and a program is not tied to an event loop or a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import anyio
import anyio.to_thread

from pytest_chimera.system.environment import chosen_environment
from pytest_chimera.system.supervision import Finished, ProgramNotFound, Supervised, SupervisionOptions, describe_exit

__all__ = [
    "Finished",
    "Program",
    "ProgramNotFound",
    "chosen_environment",
    "describe_exit",
    "run_program",
    "start_program",
]

_LOOK_EVERY = 0.02


class Program:
    """A program that runs until it ends, is stopped, or this process dies."""

    def __init__(self, supervised: Supervised) -> None:
        self._supervised = supervised

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._supervised.pid

    @property
    def log(self) -> Path:
        """The file with its output."""
        return self._supervised.log

    @property
    def exit_code(self) -> int | None:
        """``None`` while it runs, and if its time limit has cut it off."""
        return self._supervised.exit_code

    def tail(self, lines: int = 20) -> str:
        """Return the last lines of its output."""
        return self._supervised.tail(lines)

    async def start(self) -> None:
        """Start it; it has a process id afterwards."""
        await anyio.to_thread.run_sync(self._supervised.start)

    async def wait(self) -> Finished:
        """Wait until it has ended and no process of its tree is left."""
        while not self._supervised.poll():
            await anyio.sleep(_LOOK_EVERY)
        return self._supervised.finished()

    async def stop(self) -> None:
        """Stop it and all its descendants: terminate, wait briefly, kill. Not interrupted by a cancellation."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._supervised.stop)


async def start_program(command: Sequence[str], **how: Unpack[SupervisionOptions]) -> Program:
    """Start a program, a server for example, that runs until it is stopped or this process dies in any way.

    :param command: the program and its arguments; no shell is involved.
    :param how: the arguments of :class:`pytest_chimera.system.supervision.Supervised`: folder, environment, log, time
        limit and standard input.
    :raises ProgramNotFound: the program does not exist.
    :raises EnvironmentTrouble: its folder does not exist.
    """
    program = Program(Supervised(command, **how))
    try:
        await program.start()
    except BaseException:
        await program.stop()
        raise
    return program


async def run_program(command: Sequence[str], **how: Unpack[SupervisionOptions]) -> Finished:
    """Run a program to its end. Its entire process tree is gone when this returns, raises or is cancelled.

    The arguments and errors are those of :func:`start_program`.
    """
    program = await start_program(command, **how)
    try:
        return await program.wait()
    finally:
        await program.stop()
