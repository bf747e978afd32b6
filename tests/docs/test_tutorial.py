"""The tutorial, played from its first file to its last command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks, commands, differs

TUTORIAL = ROOT / "docs" / "tutorial.md"


def a_persons_environment(home: Path) -> dict[str, str]:
    """What a person's shell would hold, with the environment activated and git configured."""
    outer = ("PYTEST_", "GIT_", "CHIMERA_", "COV_")
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith(outer)}
    kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    config = home / "gitconfig"
    config.write_text("[user]\n\tname = Ann\n\temail = ann@example.org\n")
    return kept | {"GIT_CONFIG_GLOBAL": str(config), "XDG_CACHE_HOME": str(home / "cache"), "COLUMNS": "100"}


@pytest.mark.browser
def test_whoever_follows_the_tutorial_sees_what_it_shows(tmp_path: Path) -> None:
    environment, folder = a_persons_environment(tmp_path), tmp_path / "todo"
    folder.mkdir()
    for block in blocks(TUTORIAL):
        if block.file:
            name, content = block.file
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        if block.language != "console":
            continue
        for command in commands(block):
            done = subprocess.run(
                ["sh", "-c", command.line],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=180,
                check=False,
            )
            missing = differs(command.output, done.stdout)
            assert not missing, f"{block.place}: $ {command.line}\nnot printed: {missing}\n{done.stdout}"


def test_what_is_not_played_only_prepares_the_machine() -> None:
    unplayed = [line for block in blocks(TUTORIAL) if block.language == "shell" for line in block.text.splitlines()]
    assert all(line.startswith(("mkdir ", "cd ", "python -m ", ". .venv", "pip install ")) for line in unplayed)
