"""``python -m pytest_chimera``: runs the demo, and explains how the steps in a file are understood."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_chimera.errors import ChimeraError

_FOLDER, _OWN = "chimera-demo", "chimera-demo-own-coder"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    :returns: the exit code: 0, pytest's, or 2 for a user's mistake.
    """
    chosen = _parser().parse_args(arguments)
    try:
        return _demo(chosen.folder, chosen.coder) if chosen.command == "demo" else _explain(chosen.file)
    except ChimeraError as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pytest_chimera", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="write a small application and have three features built and proved in it")
    demo.add_argument(
        "folder", nargs="?", type=Path, help=f"a new folder, or the demo's; default: {_FOLDER}, with --coder {_OWN}"
    )
    demo.add_argument(
        "--coder",
        default=None,
        metavar="COMMAND",
        help="have your own coder build the features, instead of recorded changes: a command line as in chimera_coder, "
        'for example "my-agent --brief {brief}"; it runs in a private clone, in a sandbox where there is one',
    )
    explain = commands.add_parser(
        "explain", help="show how each step in a file is understood, as one line of JSON per step"
    )
    explain.add_argument("file", help="a file with steps, or - for standard input")
    return parser


def _demo(folder: Path | None, coder: str | None) -> int:
    from pytest_chimera.demo.walkthrough import run_demo

    return run_demo((folder or Path(_FOLDER if coder is None else _OWN)).resolve(), coder)


def _explain(file: str) -> int:
    from pytest_chimera.scenario.explain import explain
    from pytest_chimera.session.project_phrases import parser_of_project

    for line in explain(_text_of(file), parser_of_project(Path.cwd())):
        print(line)
    return 0


def _text_of(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ChimeraError(
            f"The file with the steps cannot be read: {error}",
            remedy="Give a text file in UTF-8, or - for standard input.",
        ) from error


if __name__ == "__main__":
    sys.exit(main())
