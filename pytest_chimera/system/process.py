"""One way to run a program: time limit, captured output, a supervisor that ends its whole tree when we die.

This is the asynchronous face of :mod:`pytest_chimera.system.supervision`; waiting looks at the supervisor every few
milliseconds, so that it can be cancelled anywhere and binds a program to no event loop and no thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

import anyio
import anyio.to_thread

from pytest_chimera.system.environment import chosen_environment
from pytest_chimera.system.supervision import Finished, How, ProgramNotFound, Supervised, describe_exit

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
        """Its process's number."""
        return self._supervised.pid

    @property
    def log(self) -> Path:
        """The file that its output goes to."""
        return self._supervised.log

    @property
    def exit_code(self) -> int | None:
        """``None`` while it runs, and when its time limit has cut it off."""
        return self._supervised.exit_code

    def tail(self, lines: int = 20) -> str:
        """The last lines that it has printed."""
        return self._supervised.tail(lines)

    async def start(self) -> None:
        """Start it; it has its number afterwards."""
        await anyio.to_thread.run_sync(self._supervised.start)

    async def wait(self) -> Finished:
        """Wait until it has ended and nothing of its tree is left."""
        while not self._supervised.poll():
            await anyio.sleep(_LOOK_EVERY)
        return self._supervised.finished()

    async def stop(self) -> None:
        """End it and all its descendants: terminate, wait shortly, kill. Not interrupted by a cancellation."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._supervised.stop)


async def start_program(command: Sequence[str], **how: Unpack[How]) -> Program:
    """Start a program, a server for example, that lives until it is stopped or this process dies, however it dies.

    :param command: the program and its arguments; no shell is involved.
    :param how: what :class:`pytest_chimera.system.supervision.Supervised` takes: where it runs, with which environment,
        where its output goes, how long it may take, what it reads.
    :raises ProgramNotFound: there is no such program.
    :raises EnvironmentTrouble: its folder is not there.
    """
    program = Program(Supervised(command, **how))
    try:
        await program.start()
    except BaseException:
        await program.stop()
        raise
    return program


async def run_program(command: Sequence[str], **how: Unpack[How]) -> Finished:
    """Run a program to its end. Its whole tree is gone when this returns, raises or is cancelled.

    The arguments and errors are those of :func:`start_program`.
    """
    program = await start_program(command, **how)
    try:
        return await program.wait()
    finally:
        await program.stop()
