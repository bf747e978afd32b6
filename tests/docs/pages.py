"""The documentation's pages, read into what can be run or checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
LEFT_OUT = "[…]"

_FENCE = re.compile(r"(`{3,})(\w*)[^\n]*")
_FILE = re.compile(r"# (\S+)\n+")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the page and the line that it begins at."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands: a test's id."""
        return f"{shown(self.page)}:{self.line}"

    @property
    def file(self) -> tuple[str, str] | None:
        """The path and content of the file that it shows, when its first line is a comment that names one."""
        found = _FILE.match(self.text)
        if found is None or not re.search(r"[./]", found[1]):
            return None
        return found[1], self.text[found.end() :]


@dataclass(frozen=True)
class Command:
    """A command of a ``console`` block and what the page says it prints; a line of ``[…]`` stands for any lines."""

    line: str
    output: tuple[str, ...]


def shown(page: Path) -> str:
    """A page's path as people name it."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    fence, language, first = "", "", 0
    held: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        opening = _FENCE.fullmatch(line)
        if fence and line == fence:
            yield Block(page, first, language, "\n".join(held) + "\n")
            fence = ""
        elif fence:
            held.append(line)
        elif opening:
            fence, language, first, held = opening[1], opening[2], number, []


def all_blocks(*languages: str) -> list[Block]:
    """Every block of every page in one of these languages."""
    return [block for page in PAGES for block in blocks(page) if block.language in languages]


def prose(page: Path) -> str:
    """A page without its fenced blocks, line for line."""
    fence, kept = "", []
    for line in page.read_text(encoding="utf-8").splitlines():
        opening = _FENCE.fullmatch(line)
        kept.append("" if fence or opening else line)
        fence = "" if fence and line == fence else fence or (opening[1] if opening else "")
    return "\n".join(kept)


def commands(block: Block) -> Iterator[Command]:
    """The commands of a ``console`` block, each with its output."""
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    for part in parts:
        line, *output = part.splitlines()
        yield Command(line, tuple(line for line in output if line.strip()))


# -- comparing


def differs(expected: tuple[str, ...], printed: str) -> str:
    """The first line of the page that was not printed where it should have been; empty when all were."""
    actual = [_plain(line) for line in printed.splitlines() if line.strip() and not _ON_A_BUSY_MACHINE.search(line)]
    position, anywhere = 0, False
    for line in expected:
        if line.strip() == LEFT_OUT:
            anywhere = True
            continue
        pattern = _pattern(line)
        found = (index for index in range(position, len(actual)) if re.fullmatch(pattern, actual[index]))
        index = next(found, None) if anywhere or position == 0 else position
        if index is None or index >= len(actual) or not re.fullmatch(pattern, actual[index]):
            return line
        position, anywhere = index + 1, False
    return ""


def _plain(line: str) -> str:
    """A line without what depends on a terminal's width."""
    return re.sub(r"([=_─])\1+", r"\1", re.sub(r"\s+", " ", line)).strip()


_ON_A_BUSY_MACHINE = re.compile(r": it is judged again$|^ *(E +)?seen on a busy machine")
"""What is printed there, and stands on no page."""
_VARIES = (
    (r"\\\[…\\\]", ".*"),
    (r"\b[0-9a-f]{7,64}\b", "[0-9a-f]{7,64}"),
    (r"\b(\d+\\ h\\ )?(\d+\\ min\\ )?\d+(\\\.\d+)?\\?\ ?s\b", r"(\\d+ h )?(\\d+ min )?\\d+(\\.\\d+)? ?s"),
    (r"127\\\.0\\\.0\\\.1:\d+", r"127\\.0\\.0\\.1:\\d+"),
    (r"/evidence/", r"/evidence(-\\d+)?/"),
    (r"green\\ in\\ [A-Za-z]+(\\ [\d\\.]+)?", "green in .*"),
)


def _pattern(line: str) -> str:
    """A pattern for a documented line, whatever its hashes, ports and spans of time are."""
    pattern = re.escape(_plain(line))
    for varies, instead in _VARIES:
        pattern = re.sub(varies, instead, pattern)
    return pattern
