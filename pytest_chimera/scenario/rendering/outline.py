"""Renders a scenario outline as one parametrized test: its placeholders are literals in the code, and become names."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence

from pytest_chimera.models import Scenario, Step
from pytest_chimera.scenario.rendering.layout import lay_out
from pytest_chimera.scenario.text.literals import quote

_RESERVED = frozenset({"page", "expect", "re", "place", "dialog", "pytest"})

Row = Mapping[str, str]


def parameter_names(columns: Sequence[str]) -> dict[str, str]:
    """Return the parameter for each column: a unique Python name."""
    names: dict[str, str] = {}
    for column in columns:
        name = re.sub(r"\W+", "_", column.strip().lower()).strip("_") or "value"
        name = f"value_{name}" if name[0].isdigit() else name
        name = f"{name}_" if keyword.iskeyword(name) or name in _RESERVED else name
        while name in names.values():
            name += "_"
        names[column] = name
    return names


def with_parameters(outline: Scenario, rows: Sequence[Scenario], values: Sequence[Row]) -> Scenario | None:
    """Return the outline with names in its code in place of the placeholders.

    :param outline: compiled with the placeholders as literals; ``rows``: compiled with each row's values filled in.
    :returns: ``None`` if some row's code differs from the outline's with its values filled in.
    """
    if not all(_is_filled(outline, row, given) for row, given in zip(rows, values, strict=True)):
        return None
    names = parameter_names(list(values[0]))
    steps = tuple(step.model_copy(update={"code": tuple(_named(step, names))}) for step in outline.steps)
    return outline.model_copy(update={"steps": steps})


def _is_filled(outline: Scenario, row: Scenario, values: Row) -> bool:
    """Whether the row's code is the outline's with the values in place of the placeholders."""
    if len(outline.steps) != len(row.steps):
        return False
    pairs = zip(outline.steps, row.steps, strict=True)
    return all(_tree(step, values) == _tree(other, {}) for step, other in pairs)


def _tree(step: Step, values: Row) -> str:
    tree = ast.parse("\n".join(step.code))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = _filled(node.value, values)
    return ast.dump(tree)


def _filled(text: str, values: Row) -> str:
    return re.sub(r"<([^<>]+)>", lambda found: values.get(found.group(1), found.group()), text)


def _named(step: Step, names: Mapping[str, str]) -> Iterator[str]:
    for statement in ast.parse("\n".join(step.code)).body:
        source = _flat(ast.get_source_segment("\n".join(step.code), statement) or "")
        yield from lay_out(_with_names(source, names))


def _flat(source: str) -> str:
    """Return a statement of several lines on one."""
    flat = ""
    for line in source.splitlines():
        text = line.strip()
        flat = flat.removesuffix(",") if text[:1] in {")", "]"} else flat
        flat += f" {text}" if flat.endswith((",", "=")) else text
    return flat


def _with_names(source: str, names: Mapping[str, str]) -> str:
    texts = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    encoded = source.encode()
    for node in sorted(texts, key=lambda node: -node.col_offset):
        if isinstance(node.value, str) and any(f"<{column}>" in node.value for column in names):
            expression = _expression(node.value, names).encode()
            encoded = encoded[: node.col_offset] + expression + encoded[node.end_col_offset :]
    return encoded.decode()


def _expression(text: str, names: Mapping[str, str]) -> str:
    """Return the name of a placeholder, or a concatenation of literals and names."""
    parts = re.split(r"<([^<>]+)>", text)
    written = [
        names.get(part, quote(f"<{part}>")) if number % 2 else quote(part) for number, part in enumerate(parts) if part
    ]
    return " + ".join(written)
