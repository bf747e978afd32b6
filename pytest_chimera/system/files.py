"""Writes files entirely or not at all, and removes folders. What a later run reads is written here."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path


def write_file(path: Path, content: str | bytes) -> Path:
    """Write a file atomically; its folder is created."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def remove_folder(folder: Path) -> bool:
    """Remove a folder, including read-only files; return whether it is gone. If it is a link, remove only the link."""
    if folder.is_symlink():
        folder.unlink()
    _make_writable(folder)
    for each, folders, _files in os.walk(folder):
        for name in folders:
            _make_writable(Path(each, name))
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _make_writable(folder: Path) -> None:
    if not folder.is_symlink():
        with contextlib.suppress(OSError):  # removing it will show what cannot be made writable
            folder.chmod(0o700)
