"""A plugin for the pytest run of a case: writes the verdict to the file given in the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_chimera.models import Verdict


def pytest_chimera_verdict(verdict: Verdict) -> None:
    """Write the verdict."""
    Path(os.environ["CHEATS_REPORT"]).write_text(verdict.model_dump_json())
