"""What is visible of a program that was run."""

from __future__ import annotations

import asyncio
import re
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from pytest_chimera.errors import EnvironmentTrouble
from pytest_chimera.system import supervision as supervised
from pytest_chimera.system import supervisor
from pytest_chimera.system.process import (
    Finished,
    ProgramNotFound,
    chosen_environment,
    describe_exit,
    run_program,
    start_program,
)
from tests.system.waiting import gone, number_in, wait_for

LEAVES_A_DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(sys.argv[1] + ".new", "w").write(str(os.getpid()))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        time.sleep(600)
    os._exit(0)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
"""


def run(folder: Path, *command: str, **how: Any) -> Finished:
    async def body() -> Finished:
        log = folder / "program.log"
        environment = chosen_environment() | how.pop("environment", {})
        return await run_program(command, folder=folder, environment=environment, log=log, **how)

    return anyio.run(body)


def python(folder: Path, code: str, *arguments: str, **how: Any) -> Finished:
    return run(folder, "python", "-c", code, *arguments, **how)


def test_the_exit_code_and_both_outputs_are_given(tmp_path: Path) -> None:
    finished = python(tmp_path, "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)")
    assert (finished.exit_code, finished.timed_out, finished.output) == (3, False, "out\nerr\n")


def test_the_log_holds_the_same_text(tmp_path: Path) -> None:
    finished = python(tmp_path, "print('grüße')")
    assert finished.log.read_text(encoding="utf-8") == finished.output == "grüße\n"


def test_an_earlier_log_is_never_overwritten(tmp_path: Path) -> None:
    first, second = python(tmp_path, "print(1)"), python(tmp_path, "print(2)")
    assert (first.log.read_text(), second.log.read_text(), second.log.name) == ("1\n", "2\n", "program-2.log")


def test_a_program_runs_in_its_folder_with_its_environment_alone(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("FROM_OUTSIDE", "1")
    finished = python(tmp_path, "import os; print(os.getcwd(), 'FROM_OUTSIDE' in os.environ)")
    assert finished.output == f"{tmp_path.resolve()} False\n"


def test_a_signal_that_ended_a_program_is_named(tmp_path: Path) -> None:
    finished = python(tmp_path, "import os; os.kill(os.getpid(), 9)")
    assert describe_exit(finished) == "was killed by signal 9 (SIGKILL)"


def test_a_program_past_its_limit_is_cut_off(tmp_path: Path) -> None:
    finished = python(tmp_path, "import time; print('begun', flush=True); time.sleep(600)", time_limit=3)
    assert (finished.exit_code, finished.timed_out, finished.output) == (None, True, "begun\n")
    assert describe_exit(finished) == "was cut off after 3 s"


def test_past_the_limit_a_daemon_that_ignores_the_request_is_gone_too(tmp_path: Path) -> None:
    code = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{LEAVES_A_DAEMON}\ntime.sleep(600)"
    finished = python(tmp_path, code, str(tmp_path / "pid"), time_limit=2)
    assert finished.timed_out
    assert gone(number_in(tmp_path / "pid"))


def test_what_a_program_leaves_behind_is_gone_when_it_has_ended(tmp_path: Path) -> None:
    finished = python(tmp_path, LEAVES_A_DAEMON, str(tmp_path / "pid"))
    assert finished.exit_code == 0
    assert gone(number_in(tmp_path / "pid"))


def test_fifty_megabytes_of_output_are_bounded(tmp_path: Path) -> None:
    code = """
import sys
print("the very beginning")
for number in range(50):
    sys.stdout.write("x" * 999_999 + "\\n")
print("the very end")
"""
    began = time.monotonic()
    finished = python(tmp_path, code)
    assert time.monotonic() - began < 15
    assert finished.output.startswith("the very beginning\n")
    assert finished.output.endswith("the very end\n")
    assert re.search(r"^… 4\d,\d{3},\d{3} bytes left out …$", finished.output, re.MULTILINE)
    assert finished.log.stat().st_size < 1_500_000


def test_a_program_reads_its_standard_input(tmp_path: Path) -> None:
    size = 3_000_000
    finished = python(tmp_path, "import sys; print(len(sys.stdin.buffer.read()))", stdin=b"x" * size)
    assert finished.output == f"{size}\n"


def test_without_one_the_standard_input_is_empty(tmp_path: Path) -> None:
    assert python(tmp_path, "import sys; print(repr(sys.stdin.read()))").output == "''\n"


def test_a_program_that_never_reads_its_input_ends_all_the_same(tmp_path: Path) -> None:
    assert python(tmp_path, "pass", stdin=b"x" * 3_000_000).exit_code == 0


def test_a_secret_is_masked_also_when_it_is_printed_in_pieces(tmp_path: Path) -> None:
    code = "import time\nfor c in 'key=tOpSeCrEt!\\n': print(c, end='', flush=True); time.sleep(0.05)"
    finished = python(tmp_path, code, environment={"MY_TOKEN": "tOpSeCrEt"})
    assert finished.output == "key=***!\n"


def test_a_secret_at_the_cut_is_masked_too(tmp_path: Path) -> None:
    code = "import sys\nsys.stdout.write('tOpSeCrEt' * 400_000)"
    finished = python(tmp_path, code, environment={"MY_TOKEN": "tOpSeCrEt"})
    assert "bytes left out" in finished.output
    assert not set("OpSCE") & set(finished.output)


def test_colours_are_removed_and_other_controls_are_shown(tmp_path: Path) -> None:
    code = r"import sys; sys.stdout.buffer.write(b'\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x07 50%\r100%\r\n\xff')"
    assert python(tmp_path, code).output == "red bell␇ 50%\n100%\n\ufffd"


def test_a_program_that_is_not_there_is_named_with_the_path(tmp_path: Path) -> None:
    with pytest.raises(ProgramNotFound, match="'no-such-program' was not found") as caught:
        run(tmp_path, "no-such-program")
    assert caught.value.name == "no-such-program"
    assert str(Path(sys.executable).parent) in caught.value.path


def test_a_file_that_is_no_program_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("no program")
    (tmp_path / "notes").chmod(0o755)
    with pytest.raises(ProgramNotFound, match=r"could not be started: .*Exec format error"):
        run(tmp_path, "./notes")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentTrouble, match="does not exist") as caught:
        python(tmp_path / "nowhere", "pass")
    assert caught.value.where == str(tmp_path / "nowhere")


def test_a_program_that_deletes_its_folder_and_its_log_breaks_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    folder.mkdir()
    finished = python(folder, "import os, shutil; print('bye'); shutil.rmtree(os.getcwd())")
    assert (finished.exit_code, finished.output) == (0, "bye\n")


def test_a_program_can_not_lead_its_log_elsewhere(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    finished = python(
        tmp_path, "import os; os.remove('program.log'); os.symlink('theirs', 'program.log'); print('mine')"
    )
    assert (finished.output, theirs.read_text()) == ("mine\n", "theirs")


def test_cancelling_ends_the_whole_tree_within_two_seconds(tmp_path: Path) -> None:
    code = f"{LEAVES_A_DAEMON}\ntime.sleep(600)"
    ended: list[float] = []

    async def body() -> None:
        async with anyio.create_task_group() as group:
            command = ["python", "-c", code, str(tmp_path / "pid")]
            how: dict[str, Any] = {"folder": tmp_path, "environment": chosen_environment(), "log": tmp_path / "log"}

            async def victim() -> None:
                try:
                    await run_program(command, **how)
                finally:
                    ended.append(time.monotonic())

            group.start_soon(victim)
            while not (tmp_path / "pid").exists():
                await anyio.sleep(0.01)
            ended.append(time.monotonic())
            group.cancel_scope.cancel()

    anyio.run(body)
    assert gone(number_in(tmp_path / "pid"))
    assert ended[1] - ended[0] < 2


def test_a_task_that_asyncio_itself_cancels_ends_its_program_too(tmp_path: Path) -> None:
    code = f"{LEAVES_A_DAEMON}\ntime.sleep(600)"

    async def body() -> None:
        command = ["python", "-c", code, str(tmp_path / "pid")]
        running = run_program(command, folder=tmp_path, environment=chosen_environment(), log=tmp_path / "log")
        task = asyncio.create_task(running)
        while not (tmp_path / "pid").exists():
            await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(body())
    assert gone(number_in(tmp_path / "pid"))


def test_a_stopped_server_is_gone_with_what_it_started(tmp_path: Path) -> None:
    async def body() -> tuple[list[int], int | None]:
        program = await start_program(
            [
                "python",
                "-c",
                f"{LEAVES_A_DAEMON}\nprint('serving', flush=True)\ntime.sleep(600)",
                str(tmp_path / "pid"),
            ],
            folder=tmp_path,
            environment=chosen_environment(),
            log=tmp_path / "server.log",
        )
        while "serving" not in program.tail():
            assert program.exit_code is None
            await anyio.sleep(0.01)
        numbers = [program.pid, number_in(tmp_path / "pid")]
        assert all(psutil.pid_exists(number) for number in numbers)
        await program.stop()
        await program.stop()
        return numbers, program.exit_code

    numbers, exit_code = anyio.run(body)
    assert all(gone(number) for number in numbers)
    assert exit_code == -15


def test_when_the_supervisor_is_killed_the_program_is_gone_and_its_end_is_said_to_be_unknown(tmp_path: Path) -> None:
    numbers: list[int] = []

    async def body() -> None:
        program = await start_program(
            ["sleep", "600"], folder=tmp_path, environment=chosen_environment(), log=tmp_path / "log"
        )
        numbers.append(program.pid)
        parent = psutil.Process(program.pid).parent()
        assert parent is not None
        parent.kill()
        await program.wait()

    with pytest.raises(EnvironmentTrouble, match="its supervisor was killed"):
        anyio.run(body)
    assert wait_for(lambda: gone(numbers[0]))


WITHOUT_SUBREAPER = f"""
import runpy
supervisor = runpy.run_path({str(Path(supervisor.__file__))!r})
main = supervisor["main"]
main.__globals__["become_subreaper"] = lambda: False
main()
"""


def test_where_orphans_do_not_come_to_us_the_tree_is_known_from_looking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "elsewhere.py"
    script.write_text(WITHOUT_SUBREAPER)
    monkeypatch.setattr(supervised, "_SCRIPT", script)
    code = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    open(sys.argv[1] + ".new", "w").write(str(os.getpid()))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)
"""
    finished = python(tmp_path, code, str(tmp_path / "pid"), time_limit=2)
    assert finished.timed_out
    assert gone(number_in(tmp_path / "pid"))


@pytest.fixture
def start_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Replace the interpreter by one of an environment in which a ``.pth`` file runs a line at every start."""
    environment = tmp_path / "environment"
    venv.create(environment, symlinks=True, with_pip=False)
    packages = next(environment.glob("lib/python*/site-packages"))

    def runs(line: str) -> None:
        (packages / "tells.pth").write_text(f"import os, sys; {line}\n")
        monkeypatch.setattr(supervised, "_COMMAND", (str(environment / "bin" / "python"), *supervised._COMMAND[1:]))

    return runs


@pytest.mark.parametrize(
    "line",
    [
        "print('deprecated')",
        "print('deprecated', file=sys.stderr)",
        'os.write(1, b\'{"pid": 1, "exit_code": 0}\\n\')',
        "sys.stderr.write('x' * 1_000_000)",
    ],
    ids=["to stdout", "to stderr", "as if it were ours", "more than a pipe holds"],
)
@pytest.mark.parametrize("options", [("-I", "-S", "-B"), ("-I", "-B")], ids=["as it is", "were it started with site"])
def test_what_prints_whenever_an_interpreter_starts_disturbs_nobody(
    tmp_path: Path,
    start_up: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    options: tuple[str, ...],
) -> None:
    monkeypatch.setattr(supervised, "_COMMAND", (sys.executable, *options))
    start_up(line)
    finished = run(tmp_path, sys.executable, "-S", "-c", "print('ran'); raise SystemExit(3)", time_limit=20)
    assert (finished.exit_code, finished.output) == (3, "ran\n")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import time; print('loading', flush=True); time.sleep(600)", "said nothing for 1 s"),
        ("print('loading')", "could not be started"),
        ("import os; os.write(int(__import__('sys').argv[1]), b'loading\\n[]\\n')", "could not be started"),
    ],
    ids=["silent", "gone", "other words"],
)
def test_a_supervisor_that_does_not_tell_is_an_error_within_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    script = tmp_path / "script.py"
    script.write_text(code)
    monkeypatch.setattr(supervised, "_SCRIPT", script)
    monkeypatch.setattr(supervised, "_FIRST_WORD_SECONDS", 1.0 if "sleep" in code else 30.0)
    with pytest.raises(EnvironmentTrouble, match=f"supervisor {said}") as error:
        run(tmp_path, "true", stdin=b"x" * 1_000_000)
    assert "loading" in error.value.where
    assert "Run the same command again" in error.value.remedy
