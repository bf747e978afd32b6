"""The base class of all values."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict

StepKeyword = Literal["Given", "When", "Then"]


class Value(BaseModel):
    """A frozen value that rejects unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def slug_of(text: str) -> str:
    """Return a name for files and branches: lowercase letters, digits and single hyphens, 1 to 60 characters."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-") or "feature"


def first_line(text: str) -> str:
    """Return the first line of a text that is not blank."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
