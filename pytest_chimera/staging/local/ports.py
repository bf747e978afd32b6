"""Ports: a free one, a fixed one, and who listens where."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

from pytest_chimera.errors import EnvironmentTrouble

HOST = "127.0.0.1"


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def fixed_port(port: int) -> int:
    """The port that the project insists on.

    :raises EnvironmentTrouble: it is taken; names who holds it, where that can be known.
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
    """The error for a fixed port that is not ours."""
    remedy = "Free it, or remove chimera_port and write {port} in chimera_serve."
    for number in sorted(owners_of(port) - {0}):
        how = f"is taken by process {number} ({_command_of(number)})"
        remedy = f"End it (kill {number}), or remove chimera_port and write {{port}} in chimera_serve."
    return EnvironmentTrouble(f"Port {port} {how}.", where=f"chimera_port = {port}", remedy=remedy)


def owners_of(port: int) -> set[int]:
    """The processes that listen on our address at a port; 0 for one that is not told."""
    return {
        process for address, number, process in listeners() if number == port and address in {HOST, "0.0.0.0", "::"}
    }


def listeners() -> list[tuple[str, int, int]]:
    """Who listens where: (address, port, process), the process 0 where it is not told; empty where nothing is."""
    import psutil  # only when somebody asks: plain pytest starts quicker without it

    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return []
    listening = (each for each in connections if each.status == psutil.CONN_LISTEN)
    return [(each.laddr.ip, each.laddr.port, each.pid or 0) for each in listening if each.laddr]


def _command_of(process: int) -> str:
    import psutil  # only when somebody asks: plain pytest starts quicker without it

    with suppress(psutil.Error):
        return " ".join(psutil.Process(process).cmdline())[:120]
    return "of another user"
