"""Git: clones, snapshots, candidates, diffs, branches and the proofs in the history."""

from __future__ import annotations

from pytest_chimera.git.clones import Manifest, apply_patch, holds, put_back
from pytest_chimera.git.plumbing.object_store import Candidate, MadeCommit
from pytest_chimera.git.plumbing.trailers import Trailers, all_trailers, format_trailers, parse_trailers
from pytest_chimera.git.repository import Repository

__all__ = [
    "Candidate",
    "MadeCommit",
    "Manifest",
    "Repository",
    "Trailers",
    "all_trailers",
    "apply_patch",
    "format_trailers",
    "holds",
    "parse_trailers",
    "put_back",
]
