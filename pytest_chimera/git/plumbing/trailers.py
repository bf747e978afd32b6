"""The proof as trailers of a commit message: one table for writing and reading."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_chimera.models import Proof

FEATURE, BASE, TREE, TEST = "Chimera-Feature", "Chimera-Base", "Chimera-Tree", "Chimera-Test-SHA256"
SEED, VARIED, RED, GREEN = "Chimera-Seed", "Chimera-Varied", "Chimera-Red", "Chimera-Green"
ATTEMPTS, TOOLS = "Chimera-Attempts", "Chimera-Tools"

FIELDS = {
    FEATURE: "feature",
    BASE: "base",
    TREE: "tree",
    TEST: "test_sha256",
    SEED: "seed",
    VARIED: "varied",
    RED: "red",
    GREEN: "green",
    ATTEMPTS: "attempts",
    TOOLS: "tools",
}
NOT_PROVED = "; deployment not proved"
BETWEEN = "; "

_LINE = re.compile(rf"^[ \t*-]*({'|'.join(FIELDS)}):[ \t]*(.*?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Trailers:
    """The contents of a feature's trailers; missing trailers are empty.

    :param commit: the commit with the message; empty if it was read from a text alone.
    """

    feature: str
    base: str = ""
    tree: str = ""
    test_sha256: str = ""
    seed: str = ""
    varied: str = ""
    red: str = ""
    green: str = ""
    attempts: int = 0
    tools: str = ""
    commit: str = ""

    @property
    def deployment_proved(self) -> bool:
        """Whether the green deployment was proved to be the candidate."""
        return not self.green.endswith(NOT_PROVED)


def format_trailers(proof: Proof, seed: str | int | None = None) -> str:
    """Return the block of trailers for a proof, one line each, without an empty line before it."""
    values = {
        FEATURE: proof.feature,
        BASE: proof.base,
        TREE: proof.tree,
        TEST: proof.test_sha256,
        SEED: proof.seed if seed is None else str(seed),
        VARIED: BETWEEN.join(proof.varied),
        RED: proof.red,
        GREEN: proof.green + ("" if proof.deployment == "proved" else NOT_PROVED),
        ATTEMPTS: str(proof.attempts),
        TOOLS: proof.tools,
    }
    return "\n".join(f"{name}: {' '.join(value.split())}" for name, value in values.items() if value)


def parse_trailers(message: str) -> Trailers | None:
    """Return the first proof in a commit message, if any."""
    return next(iter(all_trailers(message)), None)


def all_trailers(message: str) -> tuple[Trailers, ...]:
    """Return every proof in a commit message: a squashed one may contain several, indented and anywhere in its body."""
    found: list[dict[str, str]] = []
    for name, value in _LINE.findall(message):
        if name == FEATURE:
            found.append({})
        if found:
            found[-1][FIELDS[name]] = value
    return tuple(_trailers(**each) for each in found)


def _trailers(attempts: str = "", **fields: str) -> Trailers:
    return Trailers(**fields, attempts=int(attempts) if attempts.isdecimal() else 0)
