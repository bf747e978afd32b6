"""What reads a stranger's text in a process of its own: whatever happens there, there is an answer here."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import anyio
import pytest

from pytest_chimera.system.apart import CouldNotRead, apart, apart_and_wait


def upper(text: str, *, end: str = "") -> str:
    return text.upper() + end


def sleeps() -> None:
    time.sleep(600)


def dies() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def eats() -> int:
    return len(b"x" * 8_000_000_000)


def descends() -> None:
    descends()


def refuses(text: str) -> None:
    raise AssertionError(text)


def test_it_gives_what_the_function_gives() -> None:
    assert apart_and_wait(upper, 30, "a", end="!") == "A!"
    assert anyio.run(lambda: apart(upper, 30, "a", end="?")) == "A?"


def test_what_takes_too_long_is_cut_off() -> None:
    with pytest.raises(CouldNotRead, match="it took more than"):
        apart_and_wait(sleeps, 0.5)


def test_what_crashes_crashes_alone() -> None:
    with pytest.raises(CouldNotRead, match="SIGSEGV"):
        apart_and_wait(dies, 30)


@pytest.mark.parametrize(
    ("act", "why"), [(eats, "too much memory"), (descends, "nested too deeply")], ids=["memory", "recursion"]
)
def test_what_asks_for_too_much_is_told(act: object, why: str) -> None:
    with pytest.raises(CouldNotRead, match=why):
        apart_and_wait(act, 60)  # type: ignore[arg-type] # either of them


def test_what_raises_is_told(tmp_path: Path) -> None:
    with pytest.raises(CouldNotRead, match=f"AssertionError: {tmp_path.name}"):
        apart_and_wait(refuses, 30, tmp_path.name)
