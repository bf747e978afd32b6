"""The demo as a person sees it: the project is written, ``pytest --chimera`` runs in it, and the result is told."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from pytest_chimera.demo import leash
from pytest_chimera.demo.project import write_project
from pytest_chimera.errors import ChimeraError
from pytest_chimera.repository.git import Git

_CODER = "replay:recorded"

INTRODUCTION = """\
A reading list, written with Flask and SQLite, with a git history and tests of its own. It lacks three features:

  [bold]A reader can add a book[/]
  [bold]A reader can finish a book[/]
  [bold]A reader can search the list[/]

They are asked for in [cyan]tests/features/test_reading_list.py[/]. Each becomes a test that fails in a real
browser; a coder changes the application; a guardian reviews the change; it is deployed and proved in the browser.
Recorded changes stand in for the coder, with the mistakes that coders make."""

CLOSING = """\
[bold]Where to look[/]
  [cyan]tests/features/[/]               what was asked for
  [cyan]tests/e2e/[/]                    the sealed tests, which any plain [bold]pytest[/] runs from now on
  [cyan].chimera/[/]                     the vault: each attempt's brief, change, review, trace and screenshots
  [bold]pytest --chimera-status[/]       where each feature stands
  [bold]git show --stat HEAD[/]          the last feature, with its proof in the trailers
  [bold]flask --app readinglist run[/]   the reading list itself

[bold]With your own coder[/]
  In [cyan]pyproject.toml[/] put an agent's command line in the place of the recorded changes,

    chimera_coder = "{coder}"   →   chimera_coder = "my-agent --brief {{brief}}"

  or remove the line: then the coder is you. Ask for a fourth feature in [cyan]tests/features/[/], then:

    {enter}
    pytest --chimera"""


def run_demo(folder: Path) -> int:
    """Write the demo into a folder, or find it there, and have its three features built and proved.

    :returns: pytest's exit code.
    :raises ChimeraError: the folder holds something else, or Flask is not installed.
    """
    _require_flask()
    console = Console(highlight=False, soft_wrap=True)
    if write_project(folder):
        console.print(f"[bold]The demo is in {escape(str(folder))}[/]\n\n{INTRODUCTION}\n")
    else:
        console.print(f"[bold]{escape(str(folder))} holds the demo already:[/] it is used as it is.\n")
    before = _head(folder)
    failed = _pytest(console, folder, "--chimera", *_coder_in_ci())
    if failed:
        console.print(f"\nTo go on where this stopped: [bold]python -m pytest_chimera demo {escape(str(folder))}[/]")
        return failed
    if _head(folder) == before:
        console.print("\n[bold green]All three features are still green.[/] Nothing was changed.\n")
        return 0
    return _tell(console, folder)


def _tell(console: Console, folder: Path) -> int:
    console.print("\n[bold]The history now[/]")
    _run(console, folder, ["git", "log", "--oneline", "--graph"], program=["git", "--no-pager"])
    console.print("\n[bold]The project's tests[/], as any colleague runs them")
    failed = _pytest(console, folder)
    console.print("\n" + CLOSING.format(coder=_CODER, enter=escape(_enter(folder))))
    return failed


def _enter(folder: Path) -> str:
    """What a person types to stand in the demo, with this environment active."""
    activate = Path(sys.prefix) / "bin" / "activate"
    found = shutil.which("pytest")
    is_active = found is not None and Path(found).parent == Path(sys.executable).parent
    steps = [f"cd {shlex.quote(str(folder))}"]
    return " && ".join(steps if is_active or not activate.is_file() else [f". {shlex.quote(str(activate))}", *steps])


def _require_flask() -> None:
    if find_spec("flask") is None:
        raise ChimeraError(
            "The demo's application needs Flask, which is not installed.",
            remedy='Install it: pip install "pytest-chimera[demo]"',
        )


def _coder_in_ci() -> list[str]:
    """Under CI a coder is called only when the command line names it."""
    return [f"--chimera-coder={_CODER}"] if os.environ.get("CI") else []


def _pytest(console: Console, folder: Path, *arguments: str) -> int:
    program = [sys.executable, "-m", "pytest", "-p", leash.__name__]
    return _run(console, folder, ["pytest", *arguments], program)


def _run(console: Console, folder: Path, command: list[str], program: list[str]) -> int:
    """Show a command and run it with the person's own terminal, which is why ``process.py`` does not run it.

    :param program: what is started in the place of the command's first word.
    """
    console.print(f"[bold]$ {escape(' '.join(command))}[/]")
    sys.stdout.flush()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    theirs, ours = os.pipe()
    with os.fdopen(ours), os.fdopen(theirs), _interrupts_left_to_the_command():
        return subprocess.run(
            [*program, *command[1:]],
            cwd=folder,
            env=environment | {leash.VARIABLE: str(theirs)},
            pass_fds=(theirs,),
            check=False,
        ).returncode


@contextmanager
def _interrupts_left_to_the_command() -> Iterator[None]:
    """Ctrl-C reaches the command too, which ends what it has begun; we wait for it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _head(folder: Path) -> str:
    return Git(folder).ask("rev-parse", "HEAD").text
