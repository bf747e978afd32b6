"""git as Ann uses it in the projects of the tests."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(folder: Path, *words: str) -> str:
    """Run a git command in a folder; its output."""
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, message: str = "Work") -> str:
    """Commit everything in a folder; the commit."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def begin(folder: Path) -> str:
    """Make a folder's first commit, on ``main``; the commit."""
    git(folder, "init", "-q", "-b", "main")
    return commit(folder, "Begin")
