"""Sanitizes text from a coder, a page, a server or a hook for display and storage: harmless, masked, bounded.

Only text for people is changed. What must stay exact, such as a test's source, an id or a path, is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pytest_chimera.models import Change, Deployment, Failure, Finding, Review, TestRun, Value, Verdict
from pytest_chimera.system.files import write_file
from pytest_chimera.system.supervisor import Mask, harmless
from pytest_chimera.workflow.machine import PhaseResult

MOST = 20_000
"""How many characters of a text are kept: its beginning and end; the omitted characters are counted."""
_ROOM = 60
TEXTS: Mapping[type[Value], frozenset[str]] = {
    PhaseResult: frozenset({"reason", "details"}),
    Failure: frozenset({"message", "step", "code"}),
    TestRun: frozenset({"browser", "not_varied"}),
    Change: frozenset({"summary", "ended", "left_out"}),
    Finding: frozenset({"sentence", "remedy", "details"}),
    Review: frozenset({"reviewer"}),
    Deployment: frozenset({"command", "found"}),
    Verdict: frozenset({"sentence", "details"}),
}
"""The fields that are read by people only, so that nothing depends on their exact text."""

T = TypeVar("T")


def bounded(text: str, most: int = MOST) -> str:
    """Return the beginning and end of a text that is too long, with the number of omitted characters."""
    if len(text) <= most:
        return text
    half = (most - _ROOM) // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"


@dataclass(frozen=True)
class Cleaner:
    """Sanitizes text from outside.

    :param secrets: texts to mask.
    """

    secrets: Collection[str] = ()
    _mask: Mask = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_mask", Mask(list(self.secrets)))

    def text(self, text: str) -> str:
        """Return a text without control characters and secrets, and not too long."""
        return bounded(self._mask(harmless(text)))

    def file(self, path: Path) -> None:
        """Mask the secrets in a text file; the rest of it, line endings included, stays as it is."""
        text = path.read_bytes().decode("utf-8", errors="surrogateescape")
        if (masked := self._mask(text)) != text:
            write_file(path, masked.encode("utf-8", errors="surrogateescape"))

    def value(self, value: T) -> T:
        """Return a value with its texts, and those of nested values, sanitized; the same object if nothing changes."""
        return self._cleaned(value) if isinstance(value, Value) else value  # type: ignore[return-value] # same type

    def _cleaned(self, value: Value) -> Value:
        texts = TEXTS.get(type(value), frozenset())
        changes = {}
        for name, before in vars(value).items():
            after = self._texts(before) if name in texts else self._within(before)
            if after is not before:
                changes[name] = after
        return value.model_copy(update=changes) if changes else value

    def _within(self, part: Any) -> Any:
        if isinstance(part, Value):
            return self._cleaned(part)
        if isinstance(part, tuple) and any(isinstance(each, Value) for each in part):
            cleaned = tuple(self._within(each) for each in part)
            return part if all(one is other for one, other in zip(cleaned, part, strict=True)) else cleaned
        return part

    def _texts(self, part: Any) -> Any:
        if isinstance(part, dict):
            cleaned = {self._texts(name): self._texts(text) for name, text in part.items()}
            return part if cleaned == part else cleaned
        if not isinstance(part, str):
            return part
        text = self.text(part)
        return part if text == part else text
