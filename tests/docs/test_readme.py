"""The recorded run in the README is one of the demo."""

from __future__ import annotations

import ast
import re

import pytest

from pytest_chimera.demo.sample_project import HISTORY
from tests.demo.application import RIGHT
from tests.docs.pages import ROOT, blocks

RUN = next(block.text for block in blocks(ROOT / "README.md") if block.text.startswith("$ pytest --chimera\n"))
ASKED = ROOT / "pytest_chimera/demo/application/03-features/tests/features/test_reading_list.py"
FEATURES = {
    node.name: (ast.literal_eval(node.decorator_list[0].args[0]), (ast.get_docstring(node) or "").splitlines())
    for node in ast.parse(ASKED.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and isinstance(node.decorator_list[0], ast.Call)
}


@pytest.mark.parametrize("feature", FEATURES)
def test_each_of_the_demos_features_is_red_in_its_first_step(feature: str) -> None:
    first_step = FEATURES[feature][1][0]
    assert re.search(rf"  {feature} +✓ test +red on \w+: missing element: {re.escape(first_step)} \(", RUN)


@pytest.mark.parametrize("feature", FEATURES)
def test_each_is_complete_after_as_many_attempts_as_are_recorded(feature: str) -> None:
    assert re.search(rf"  {feature} +complete +{RIGHT[feature]} ", RUN)


def test_the_history_is_the_demos_with_two_commits_for_each_feature() -> None:
    shown = re.findall(r"^\* \w+ (.+)$", RUN, re.MULTILINE)
    sentences = [sentence for sentence, _ in FEATURES.values()]
    proved = [subject for sentence in sentences for subject in (f"Test: {sentence}", sentence)]
    assert shown[::-1] == [*(message for _, message in HISTORY), *proved]
