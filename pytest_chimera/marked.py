"""What the marker says, and whether the marked function has a body. Only the standard library: for plain runs too."""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
import textwrap
from dataclasses import dataclass
from typing import Any

MARKER = "feature"
MARKER_HELP = (
    "feature(description, *, url='/', id=None, after=None, replaces=None, fixed=(), file=None, scenario=None): "
    "what the web application should do; `pytest --chimera` has it built and proved"
)
ARGUMENTS = ("url", "id", "after", "replaces", "fixed", "file", "scenario")


@dataclass(frozen=True)
class Body:
    """What a marked function holds.

    :param empty: nothing but a docstring, ``...`` or ``pass``.
    :param docstring: cleaned, without its indentation; ``line`` is the line of its first text in the file.
    """

    empty: bool
    docstring: str = ""
    line: int = 0


def body_of(function: Any) -> Body:
    """Read a function's body from its source; a function whose source can't be had counts as written."""
    try:
        lines, first = inspect.getsourcelines(inspect.unwrap(function))
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return Body(empty=False)
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        return Body(empty=False)
    rest = definition.body
    docstring, line = ast.get_docstring(definition) or "", 0
    if docstring:
        line = first + rest[0].lineno - 1 + _blank_lines_before_text(rest[0])
        rest = rest[1:]
    return Body(empty=all(_says_nothing(node) for node in rest), docstring=docstring, line=line)


def _says_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...
    )


def _blank_lines_before_text(node: ast.stmt) -> int:
    text = str(ast.literal_eval(node.value)) if isinstance(node, ast.Expr) else ""
    return text[: len(text) - len(text.lstrip())].count("\n")


def feature_id(item: Any) -> str:
    """The feature's lasting name: ``id=`` on the marker, else the function's; a parametrized item's own id is added."""
    marker = item.get_closest_marker(MARKER)
    name = str(marker.kwargs.get("id") or getattr(item, "originalname", None) or item.name)
    callspec = getattr(item, "callspec", None)
    return f"{name}[{callspec.id}]" if callspec else name


def journal_name(feature: str) -> str:
    """A feature's id as a file's name: itself where that is safe, else readable with a digest."""
    if re.fullmatch(r"[a-z0-9_][a-z0-9_.-]{0,99}", feature):
        return feature
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", feature).strip("-.")[:80]
    return f"{readable}-{hashlib.sha256(feature.encode()).hexdigest()[:8]}"


def cache_key(feature: str) -> str:
    """Where pytest's cache shows a feature's standing."""
    return f"chimera/{journal_name(feature)}"
