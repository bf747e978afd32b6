"""The one way to write a file, and to remove a folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path


def write_file(path: Path, content: str | bytes) -> Path:
    """Write a file whole or not at all; its folder is made."""
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
    """Remove a folder, read-only files and all; whether it is gone. Where it is a link, the link goes."""
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
        with contextlib.suppress(OSError):  # what can't be opened up is found out by removing it
            folder.chmod(0o700)
