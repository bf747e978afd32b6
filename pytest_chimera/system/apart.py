"""A function in a process of its own, with an end: for what parses texts that somebody else wrote.

Whatever a text does to a parser happens to that process alone: that it never ends, takes all memory, or crashes the
interpreter.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import anyio
import anyio.to_thread

from pytest_chimera.system.environment import chosen_environment
from pytest_chimera.system.machine_load import stretched
from pytest_chimera.system.process import run_program
from pytest_chimera.system.supervision import Finished, How, Supervised, describe_exit

P = ParamSpec("P")
T = TypeVar("T")
MOST_MEMORY = 2_000_000_000
_RESULT = "result"
_START = """\
import pickle, sys
path, where, memory, function, arguments = pickle.load(sys.stdin.buffer)
sys.path += path
from pytest_chimera.system.apart import _serve
_serve(where, memory, function, arguments)
"""


class CouldNotRead(Exception):
    """A text could not be read: says why, in a few words that follow "could not be read"."""


async def apart(function: Callable[P, T], seconds: float, *arguments: P.args, **named: P.kwargs) -> T:
    """Call a function in a process of its own.

    :param function: one of a module's; its arguments and its result can be pickled.
    :param seconds: until it is ended, longer on a machine that is busy.
    :raises CouldNotRead: it did not come to its end, or raised.
    """
    with tempfile.TemporaryDirectory(prefix="chimera-") as room:
        limit = await anyio.to_thread.run_sync(stretched, seconds)
        command, how = _order(Path(room).resolve(), limit, partial(function, *arguments, **named))
        finished = await run_program(command, **how)
        answer: T = _answer(finished, Path(room), limit)
        return answer


def apart_and_wait(function: Callable[P, T], seconds: float, *arguments: P.args, **named: P.kwargs) -> T:
    """The same, for whoever is in no event loop."""
    with tempfile.TemporaryDirectory(prefix="chimera-") as room:
        limit = stretched(seconds)
        command, how = _order(Path(room).resolve(), limit, partial(function, *arguments, **named))
        answer: T = _answer(Supervised(command, **how).run(), Path(room), limit)
        return answer


def _order(room: Path, limit: float, call: partial[Any]) -> tuple[list[str], How]:
    function = f"{call.func.__module__}:{call.func.__qualname__}"
    arguments = pickle.dumps((call.args, call.keywords))
    order = pickle.dumps((_import_roots(), str(room / _RESULT), MOST_MEMORY, function, arguments))
    how = How(folder=room, environment=chosen_environment(), log=room / "log", time_limit=limit, stdin=order)
    return [sys.executable, "-I", "-S", "-B", "-c", _START], how


def _import_roots() -> list[str]:
    """What that process looks in after the library: our own package, installed ones, then what a project added."""
    package = str(Path(__file__).resolve().parents[2])
    installed = [each for each in sys.path if Path(each).name in {"site-packages", "dist-packages"}]
    return [*dict.fromkeys((package, *installed, *sys.path))]


def _answer(finished: Finished, room: Path, limit: float) -> Any:
    result = room / _RESULT
    if finished.exit_code is None:
        raise CouldNotRead(f"it took more than {limit:.0f} s")
    if finished.exit_code != 0 or not result.is_file():
        raise CouldNotRead(f"what reads it {describe_exit(finished)}")
    good, value = pickle.loads(result.read_bytes())
    if not good:
        raise CouldNotRead(str(value))
    return value


def _serve(where: str, memory: int, function: str, arguments: bytes) -> None:
    """Inside that process: call the function, and write down what it gives."""
    _limit_memory(memory)
    try:
        value: tuple[bool, Any] = (True, _called(function, arguments))
    except MemoryError:
        value = (False, "it takes too much memory")
    except RecursionError:
        value = (False, "it is nested too deeply")
    except Exception as error:  # whatever a text makes a parser raise
        value = (False, f"{type(error).__name__}: {str(error)[:200]}")
    Path(where).write_bytes(pickle.dumps(value))


def _called(function: str, arguments: bytes) -> Any:
    module, _, name = function.partition(":")
    __import__(module)
    positional, named = pickle.loads(arguments)
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part)
    return found(*positional, **named)


def _limit_memory(most: int) -> None:
    if sys.platform != "win32":
        import resource  # there is none on Windows

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
