"""Ports: a free one, a fixed one, and the processes that listen on them."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

from pytest_chimera.errors import EnvironmentTrouble

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def fixed_port(port: int) -> int:
    """Check that the project's fixed port is free, and return it.

    :raises EnvironmentTrouble: it is taken; the error says by which process, if that can be determined.
    """
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise port_taken(port, f"cannot be used ({error.strerror})") from error
    return port


def port_taken(port: int, how: str = "is taken") -> EnvironmentTrouble:
    """Return the error for a fixed port that is not available."""
    remedy = "Free it, or remove chimera_port and write {port} in chimera_serve."
    for number in sorted(owners_of(port) - {0}):
        how = f"is taken by process {number} ({_command_of(number)})"
        remedy = f"End it (kill {number}), or remove chimera_port and write {{port}} in chimera_serve."
    return EnvironmentTrouble(f"Port {port} {how}.", where=f"chimera_port = {port}", remedy=remedy)


def owners_of(port: int) -> set[int]:
    """Return the processes that listen on our address at a port; 0 for an unknown process."""
    return {
        process for address, number, process in listeners() if number == port and address in {HOST, "0.0.0.0", "::"}
    }


def listeners() -> list[tuple[str, int, int]]:
    """Return all listeners: (address, port, process); the process is 0 if unknown; empty if they cannot be listed."""
    import psutil  # imported only when needed: plain pytest starts faster without it

    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return []
    listening = (each for each in connections if each.status == psutil.CONN_LISTEN)
    return [(each.laddr.ip, each.laddr.port, each.pid or 0) for each in listening if each.laddr]


def _command_of(process: int) -> str:
    import psutil  # imported only when needed: plain pytest starts faster without it

    with suppress(psutil.Error):
        return " ".join(psutil.Process(process).cmdline())[:120]
    return "of another user"
