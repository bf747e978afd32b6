"""Runs the demo: the project is written, ``pytest --chimera`` runs in it, and the result is explained."""

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
from pytest_chimera.demo.interesting_results import brief_with_most_to_say, newest_trace, shortened, trace_command
from pytest_chimera.demo.sample_project import CODER, has_recorded_changes, is_demo, write_project
from pytest_chimera.errors import ChimeraError
from pytest_chimera.git.plumbing.commands import Git
from pytest_chimera.settings import Settings, split_command
from pytest_chimera.system.nesting import why_inside

INTRODUCTION = """\
A reading list, written with Flask and SQLite, with a git history and tests of its own. It lacks three features:

  [bold]A reader can add a book[/]
  [bold]A reader can finish a book[/]
  [bold]A reader can search the list[/]

They are asked for in [cyan]tests/features/test_reading_list.py[/]. Each becomes a test that fails in a real
browser; a coder changes the application; a guardian reviews the change; it is deployed and proved in the browser.
{who}"""

RECORDED_CODER = """\
Recorded changes stand in for the coder, with the mistakes that coders make. It takes one to two minutes."""

OWN_CODER = """\
Your own coder builds them: [cyan]{coder}[/]. It has {attempts} attempts for each."""

CLOSING = """\
[bold]Where to look[/]
  [cyan]tests/features/[/]               what was asked for
  [cyan]tests/e2e/[/]                    the sealed tests, which any plain [bold]pytest[/] runs from now on
  [cyan].chimera/[/]                     the vault: each attempt's brief, change, review, trace and screenshots
  [bold]pytest --chimera-status[/]       where each feature stands
  [bold]git show --stat HEAD[/]          the last feature, with its proof in the trailers
  [bold]flask --app readinglist run[/]   the reading list itself

{next}

    {enter}
    pytest --chimera"""

NEXT_WITH_RECORDED = """\
[bold]With your own coder[/]
  The same, built by it:

    {python} -m pytest_chimera demo --coder "my-agent --brief {{brief}}"

  Or in [cyan]pyproject.toml[/] put an agent's command line in the place of the recorded changes,

    chimera_coder = "{coder}"   →   chimera_coder = "my-agent --brief {{brief}}"

  or remove the line: then the coder is you. Ask for a fourth feature in [cyan]tests/features/[/], then:"""

NEXT_WITH_OWN = """\
[bold]Go on[/]
  Ask for a fourth feature in [cyan]tests/features/[/], then:"""


def run_demo(folder: Path, coder: str | None = None) -> int:
    """Write the demo into a folder, or use an existing one, and have its three features built and proved.

    :param coder: the command line of the person's own coder; by default, recorded changes are used.
    :returns: pytest's exit code.
    :raises ChimeraError: the folder contains something else, the coder does not exist, or Flask is not installed.
    """
    _require_flask()
    _refuse_inside(folder)
    coder = "" if coder is None else _checked(coder)
    if coder and is_demo(folder) and has_recorded_changes(folder):
        raise _holds_recorded_changes(folder, coder)
    console = Console(highlight=False, soft_wrap=True)
    if write_project(folder, coder):
        console.print(f"[bold]The demo is in {escape(str(folder))}[/]\n\n{_introduction(coder)}\n")
    else:
        console.print(f"[bold]{escape(str(folder))} holds the demo already:[/] it is used as it is.\n")
    before = _head(folder)
    failed = _pytest(console, folder, "--chimera", *_named_coder(folder, coder))
    if not failed and _head(folder) == before:
        console.print("\n[bold green]All three features are still green.[/] Nothing was changed.\n")
        return 0
    _show_brief(console, folder)
    if failed:
        _show_evidence(console, folder)
        console.print(f"\nTo go on where this stopped: [bold]{escape(_again(folder, coder))}[/]")
        return failed
    failed = _tell(console, folder)
    _show_evidence(console, folder)
    return failed


def _introduction(coder: str) -> str:
    own = OWN_CODER.format(coder=escape(coder), attempts=Settings().max_attempts)
    return INTRODUCTION.format(who=own if coder else RECORDED_CODER)


def _again(folder: Path, coder: str) -> str:
    return shlex.join(["python", "-m", "pytest_chimera", "demo", str(folder), *(["--coder", coder] if coder else [])])


def _show_brief(console: Console, folder: Path) -> None:
    if brief := brief_with_most_to_say(folder):
        console.print(f"\n[bold]What a coder is given[/], shortened; all of it: {_link(brief)}\n")
        for line in shortened(brief.read_text(encoding="utf-8")).splitlines():
            console.print(f"  [dim]│[/] {escape(line)}")


def _show_evidence(console: Console, folder: Path) -> None:
    if trace := newest_trace(folder):
        console.print("\n[bold]What the judge saw last[/]: screenshot, page, console and every step")
        console.print(f"  {_link(trace.parent)}\n  {escape(trace_command(sys.executable, trace))}")


def _link(path: Path) -> str:
    """Return a path as a URL, which terminals open on a click."""
    url = path.resolve().as_uri()
    return f"[link={url}][cyan]{escape(url)}[/][/link]"


def _tell(console: Console, folder: Path) -> int:
    console.print("\n[bold]The history now[/]")
    _run(console, folder, ["git", "log", "--oneline", "--graph"], program=["git", "--no-pager"])
    console.print("\n[bold]The project's tests[/], as any colleague runs them")
    failed = _pytest(console, folder)
    python = escape(shlex.quote(sys.executable))
    following = NEXT_WITH_RECORDED.format(coder=CODER, python=python)
    following = following if has_recorded_changes(folder) else NEXT_WITH_OWN
    console.print("\n" + CLOSING.format(next=following, enter=escape(_enter(folder))))
    return failed


def _checked(coder: str) -> str:
    """Return the coder's command line after checking that its program exists; a path is made absolute.

    :raises ChimeraError: there is no such program.
    """
    program, *words = split_command("--coder", coder) or [""]
    found = shutil.which(Path(program).expanduser()) if program else None
    if found is None:
        raise ChimeraError(
            f"The coder {program!r} is not installed or not on PATH." if program else "--coder is empty.",
            where=f"--coder={coder!r}",
            remedy='Write a command line as a terminal takes it, for example: --coder "my-agent --brief {brief}"',
        )
    named = program if Path(program).name == program else str(Path(found).absolute())
    return shlex.join([named, *words])


def _holds_recorded_changes(folder: Path, coder: str) -> ChimeraError:
    other = folder.with_name(f"{folder.name}-2")
    return ChimeraError(
        "The demo in this folder has recorded changes in place of a coder: nothing was touched.",
        where=str(folder),
        remedy=f"Name another folder: {_again(other, coder)}",
    )


def _enter(folder: Path) -> str:
    """Return the commands to enter the demo's folder, with this environment active."""
    activate = Path(sys.prefix) / "bin" / "activate"
    found = shutil.which("pytest")
    is_active = found is not None and Path(found).parent == Path(sys.executable).parent
    steps = [f"cd {shlex.quote(str(folder))}"]
    return " && ".join(steps if is_active or not activate.is_file() else [f". {shlex.quote(str(activate))}", *steps])


def _refuse_inside(folder: Path) -> None:
    if why := why_inside(folder, Path.cwd()):
        raise ChimeraError(
            "The demo builds nothing inside a coder's work.",
            where=why,
            remedy="Run it in a terminal of your own.",
        )


def _require_flask() -> None:
    if find_spec("flask") is None:
        raise ChimeraError(
            "The demo's application needs Flask, which is not installed.",
            remedy='Install it: pip install "pytest-chimera[demo]"',
        )


def _named_coder(folder: Path, coder: str) -> list[str]:
    """Return the option that sets the coder, because under CI a coder is called only if it is on the command line."""
    coder = coder or (CODER if os.environ.get("CI") and has_recorded_changes(folder) else "")
    return [f"--chimera-coder={coder}"] if coder else []


def _pytest(console: Console, folder: Path, *arguments: str) -> int:
    program = [sys.executable, "-m", "pytest", "-p", leash.__name__]
    return _run(console, folder, ["pytest", *arguments], program)


def _run(console: Console, folder: Path, command: list[str], program: list[str]) -> int:
    """Print a command and run it in the person's own terminal, which ``process.py`` cannot do.

    :param program: what is started in place of the command's first word.
    """
    console.print(f"[bold]$ {escape(_typed(command))}[/]")
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


def _typed(command: list[str]) -> str:
    return " ".join(f"'{word}'" if " " in word else word for word in command)


@contextmanager
def _interrupts_left_to_the_command() -> Iterator[None]:
    """Ignore Ctrl-C, which also reaches the command: it stops in an orderly way, and we wait for it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _head(folder: Path) -> str:
    return Git(folder).ask("rev-parse", "HEAD").text
