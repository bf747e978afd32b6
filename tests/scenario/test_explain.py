"""The command line's output for each step of a text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pytest_chimera.scenario.explain import explain


def test_each_step_is_one_line_of_json() -> None:
    lines = [
        json.loads(line) for line in explain('When I fill "Title" with "Emma"\nAnd pigs fly\nAnd I wait 5 seconds')
    ]
    fill, pigs, wait = lines
    assert (fill["kind"], fill["value"], fill["target"]["name"], fill["certainty"]) == ("fill", "Emma", "Title", 1.0)
    assert pigs["not_understood"] == "pigs fly"
    assert "does not wait" in wait["reason"]


def test_the_command_knows_the_words_of_the_project_in_its_folder(tmp_path: Path) -> None:
    steps = "def orders(count: int): ...\n\ndef pytest_chimera_steps():\n    return {'{count} orders exist': orders}\n"
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "conftest.py").write_text(steps)
    (tmp_path / "tests" / "test_broken.py").write_text("raise RuntimeError('nothing is collected')\n")
    (tmp_path / "pyproject.toml").write_text('[tool.chimera.pages]\n"shop" = "/shop"\n')
    command = [sys.executable, "-m", "pytest_chimera", "explain", "-"]
    text = "Given 3 orders exist\nWhen I open the shop page\n"
    done = subprocess.run(command, cwd=tmp_path, input=text, capture_output=True, text=True, timeout=60, check=True)
    orders, shop = map(json.loads, done.stdout.splitlines())
    assert orders["calls"] == [
        {"path": "tests/conftest.py", "name": "orders", "arguments": {"count": 3}, "arranges": True}
    ]
    assert shop["code"] == ['page.goto("/shop")']
