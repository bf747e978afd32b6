"""One way to run a program: time limit, captured output, a supervisor that ends its whole tree when we die.

This is the asynchronous face of :mod:`pytest_chimera.supervised`; waiting looks at the supervisor every few
milliseconds, so that it can be cancelled anywhere and binds a program to no event loop and no thread.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import anyio
import anyio.to_thread

from pytest_chimera.environment import chosen_environment, secret_values
from pytest_chimera.sandbox import Sandbox
from pytest_chimera.supervised import Finished, ProgramNotFound, Supervised, describe_exit

__all__ = [
    "Finished",
    "Program",
    "ProgramNotFound",
    "chosen_environment",
    "describe_exit",
    "run_program",
    "secret_values",
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

    async def wait(self) -> Finished:
        """Wait until it has ended and nothing of its tree is left."""
        while not self._supervised.poll():
            await anyio.sleep(_LOOK_EVERY)
        return self._supervised.finished()

    async def stop(self) -> None:
        """End it and all its descendants: terminate, wait shortly, kill. Not interrupted by a cancellation."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._supervised.stop)


async def start_program(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    time_limit: float | None = None,
    stdin: bytes = b"",
    secrets: Collection[str] = (),
    sandbox: Sandbox | None = None,
) -> Program:
    """Start a program, a server for example, that lives until it is stopped or this process dies, however it dies.

    :param command: the program and its arguments; no shell is involved.
    :param folder: where it runs; ``environment`` is all that it inherits (:func:`chosen_environment`).
    :param log: where its output goes, numbered when it is there already.
    :param time_limit: seconds; ``None`` when there is no limit.
    :param stdin: what it reads on its standard input.
    :param secrets: texts that are masked in its output.
    :param sandbox: what it runs in; ``None`` for the system as it is.
    :raises ProgramNotFound: there is no such program.
    :raises EnvironmentTrouble: ``folder`` is not there.
    """
    supervised = Supervised(
        command,
        folder=folder,
        environment=environment,
        log=log,
        time_limit=time_limit,
        stdin=stdin,
        secrets=secrets,
        sandbox=sandbox,
    )
    program = Program(supervised)
    try:
        await anyio.to_thread.run_sync(supervised.start)
    except BaseException:
        await program.stop()
        raise
    return program


async def run_program(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    time_limit: float | None = None,
    stdin: bytes = b"",
    secrets: Collection[str] = (),
    sandbox: Sandbox | None = None,
) -> Finished:
    """Run a program to its end. Its whole tree is gone when this returns, raises or is cancelled.

    The arguments and errors are those of :func:`start_program`.
    """
    program = await start_program(
        command,
        folder=folder,
        environment=environment,
        log=log,
        time_limit=time_limit,
        stdin=stdin,
        secrets=secrets,
        sandbox=sandbox,
    )
    try:
        return await program.wait()
    finally:
        await program.stop()
