"""A program never outlives the process that started it, however that process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.waiting import gone, number_in, wait_for

STARTS_A_PROGRAM = """
import signal, sys
from pathlib import Path
import anyio
from pytest_chimera.system.process import chosen_environment, run_program

signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in the background

PROGRAM = '''
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    name = "grandchild"
else:
    name = "child"
with open(name + ".new", "w") as file:
    file.write(str(os.getpid()))
os.rename(name + ".new", name)
time.sleep(600)
'''

folder = Path(sys.argv[1])
(folder / "scratch").mkdir()
how = {"folder": folder, "environment": chosen_environment(), "log": folder / "log", "scratch": folder / "scratch"}

async def main():
    if sys.argv[2] == "forks":
        import os, time
        from pytest_chimera.system.supervision import Supervised
        program = Supervised(["python", "-c", PROGRAM], **how)
        program.start()
        if os.fork() == 0:
            (folder / "forked").write_text(str(os.getpid()))
            time.sleep(600)
        program._supervisor.wait()
    await run_program(["python", "-c", PROGRAM], **how)

anyio.run(main)
"""


def start(folder: Path, how: str) -> tuple[subprocess.Popen[bytes], list[int]]:
    owner = subprocess.Popen([sys.executable, "-c", STARTS_A_PROGRAM, str(folder), how], start_new_session=True)
    return owner, [number_in(folder / "child"), number_in(folder / "grandchild")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=["kill", "terminate", "ctrl-c"])
def test_the_tree_is_gone_when_the_process_that_started_it_is_ended(tmp_path: Path, number: int) -> None:
    owner, tree = start(tmp_path, "plainly")
    os.kill(owner.pid, number)
    owner.wait()
    assert wait_for(lambda: all(map(gone, tree)))


def test_the_folder_that_a_program_works_in_goes_with_it(tmp_path: Path) -> None:
    owner, _ = start(tmp_path, "plainly")
    (tmp_path / "scratch" / "file").touch()
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    assert wait_for(lambda: not (tmp_path / "scratch").exists())


def test_the_tree_is_gone_even_when_a_fork_of_that_process_lives_on(tmp_path: Path) -> None:
    owner, tree = start(tmp_path, "forks")
    forked = number_in(tmp_path / "forked")
    try:
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
        assert wait_for(lambda: all(map(gone, tree)))
    finally:
        os.kill(forked, signal.SIGKILL)
