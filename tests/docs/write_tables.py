"""Writes the tables of settings and options from their declarations: ``python -m tests.docs.write_tables``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pytest_chimera.review.protected_files import KINDS, Kind
from pytest_chimera.settings import FLAGS, Flag, Ini, ini_options
from tests.docs.pages import ROOT

README = ROOT / "README.md"
OPTIONS = ROOT / "docs" / "reference" / "options.md"
ALLOW = ROOT / "docs" / "how-to" / "allow-a-rule.md"
Option = tuple[str, Ini, Any]


def option_row(option: Option) -> list[str]:
    """A setting's key, type, default and meaning."""
    key, ini, default = option
    told = str(default).lower() if isinstance(default, bool) else str(default)
    return [f"`{key}`", ini.type, f"`{told}`" if default not in ("", ()) else "", ini.help]


def short_row(option: Option) -> list[str]:
    """The same without its type."""
    key, _, default, help = option_row(option)
    return [key, default, help]


def flag_row(flag: Flag) -> list[str]:
    """An option of the command line, and its meaning."""
    return [f"`{flag.name}={flag.metavar}`" if flag.metavar else f"`{flag.name}`", flag.help]


def kind_row(kind: Kind) -> list[str]:
    """A kind of protected files: which they are, and why."""
    files = ", ".join(f"`{glob.removeprefix('**/')}`" for glob in kind.globs)
    return [kind.name, files, f"{kind.does}: {kind.why}", kind.first]


def tables() -> dict[tuple[Path, str], list[list[str]]]:
    """Page and first words of a table's head → its rows."""
    plain = [option for option in ini_options() if not option[1].advanced]
    advanced = [option for option in ini_options() if option[1].advanced]
    flags = [flag_row(flag) for flag in FLAGS]
    return {
        (README, "| setting |"): [short_row(option) for option in plain],
        (README, "| option |"): flags,
        (OPTIONS, "## The settings\n\n| setting |"): [option_row(option) for option in plain],
        (OPTIONS, "## Advanced\n\n| setting |"): [option_row(option) for option in advanced],
        (OPTIONS, "| option |"): flags,
        (ALLOW, "| kind |"): [kind_row(kind) for kind in KINDS],
    }


def with_table(text: str, head: str, rows: list[list[str]]) -> str:
    """A page's text with the rows of one table put in the place of those that it has."""
    body = "".join(f"| {' | '.join(row)} |\n" for row in rows).replace("|  |", "| |")
    pattern = rf"({re.escape(head)}[^\n]*\n\|[-|]+\n)(?:\|[^\n]*\n)*"
    return re.sub(pattern, lambda found: found[1] + body, text, count=1)


if __name__ == "__main__":
    for (page, head), rows in tables().items():
        page.write_text(with_table(page.read_text(encoding="utf-8"), head, rows), encoding="utf-8")
