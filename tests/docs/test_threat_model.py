"""Every row of the threat model names tests that there are."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "explanation" / "threat-model.md"
DEFENDED = PAGE.read_text(encoding="utf-8").partition("## What is judged")[2].partition("## What is not defended")[0]
ROWS = [line for line in DEFENDED.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", DEFENDED)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_a_row_names_its_test(row: str) -> None:
    assert re.search(r"`tests/[\w/]+\.py::\w+`", row.split("|")[3])


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_exists(name: str) -> None:
    path, _, function = name.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
