"""Signatures of recorded state: what was written here is told from what came with a clone, or was planted.

The key lies in the user's own state folder and nowhere else, readable by nobody else. Whoever has it can sign: a home
folder that machines share makes one of them, and a copied key makes two.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import platformdirs

from pytest_chimera.errors import StateError, StateOutOfReach

KEY_FILE = "key"
_BYTES = 32
DIGEST = b',"digest":"'
SEAL = len(DIGEST) + 64 + len(b'"}')
"""How many bytes the digest takes that each line of a journal ends with."""
_MAC = b',"mac":"'
_SIGNATURE = len(_MAC) + 64 + len(b'"')
_PATIENCE = 5.0
"""Seconds in which another process that makes the key at the same time has written it."""


@dataclass(frozen=True)
class Signer:
    """Signs what is recorded, and tells what it has signed.

    :param path: where the key lies.
    """

    key: bytes = field(repr=False)
    path: Path

    def sign(self, name: str, content: bytes) -> str:
        """The signature of some content under a name: 64 hexadecimal digits."""
        return hmac.new(self.key, name.encode("utf-8", "surrogateescape") + b"\0" + content, hashlib.sha256).hexdigest()

    def signed(self, name: str, content: bytes, signature: str) -> bool:
        """Whether this key has signed the content under that name."""
        return hmac.compare_digest(self.sign(name, content).encode(), signature.encode("utf-8", "replace"))

    def with_signature(self, name: str, line: bytes) -> bytes:
        """A line of a journal, begun, with its signature; the journal's name is part of what is signed."""
        return b'%b%b%b"' % (line, _MAC, self.sign(name, line).encode())

    def has_signed(self, name: str, line: bytes) -> bool:
        """Whether this key has signed a whole line of the journal of that name."""
        signature = signature_in(line)
        return signature is not None and self.signed(name, line[: -SEAL - _SIGNATURE], signature)


def signature_in(line: bytes) -> str | None:
    """The signature that a journal's whole line holds; ``None`` when it holds none."""
    told = line[-SEAL - _SIGNATURE : -SEAL]
    return told[len(_MAC) : -1].decode("ascii", "replace") if told.startswith(_MAC) else None


def key_folder() -> Path:
    """Where the key lies: the user's state folder, ``XDG_STATE_HOME`` where that is set."""
    return platformdirs.user_state_path("pytest-chimera").absolute()


def signer_of_machine() -> Signer:
    """The signer with this machine's key, which is made when there is none.

    :raises StateOutOfReach: it can neither be read nor made.
    :raises StateError: something else lies in its place.
    """
    return _signer_in(key_folder())


@cache
def _signer_in(folder: Path) -> Signer:
    """Read once: what happens to the file during a run changes nothing in it."""
    path = folder / KEY_FILE
    try:
        if not os.path.lexists(path):
            _make(path)
        return Signer(_read(path), path)
    except OSError as error:
        raise StateOutOfReach(
            f"The key that signs recorded state cannot be kept: {error.strerror or error}.",
            where=str(path),
            remedy="Make that folder writable, or set XDG_STATE_HOME to a folder of your own.",
        ) from error


def _make(path: Path) -> None:
    """Make the key, whole or not at all; of two processes that make it at once, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ignore = path.with_name(".gitignore")
    if not os.path.lexists(ignore):  # a home folder may lie in a repository, or be one
        ignore.write_text("*\n", encoding="utf-8")
    temporary = path.with_name(f".{KEY_FILE}-{secrets.token_hex(4)}")
    content = secrets.token_hex(_BYTES).encode()
    _write_private(temporary, content)
    try:
        with suppress(FileExistsError):
            _give_name(temporary, path, content)
    finally:
        temporary.unlink(missing_ok=True)


def _give_name(temporary: Path, path: Path, content: bytes) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links of that kind
        _write_private(path, content)


def _write_private(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> bytes:
    """
    :raises StateError: it is no key, or somebody else's.
    """
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode) or _is_anothers(about):
        raise _no_key(path, "is a link, or not yours")
    if os.name == "posix" and about.st_mode & 0o077:
        path.chmod(0o600)
    deadline = time.monotonic() + _PATIENCE
    while True:
        with suppress(ValueError):
            key = bytes.fromhex(path.read_text(encoding="ascii"))
            if len(key) == _BYTES:
                return key
        if time.monotonic() > deadline:
            raise _no_key(path, "holds something else than a key")
        time.sleep(0.05)  # another process may be writing it


def _is_anothers(about: os.stat_result) -> bool:
    return os.name == "posix" and os.getuid() not in {0, about.st_uid}


def _no_key(path: Path, why: str) -> StateError:
    return StateError(
        f"The key that signs recorded state {why}.",
        where=str(path),
        remedy="Remove it and run the same command again: a new one is made, and what was recorded is proved again.",
    )
