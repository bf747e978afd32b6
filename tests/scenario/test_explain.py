"""What the command line says about each step of a text."""

from __future__ import annotations

import json

from pytest_chimera.scenario.explain import explain


def test_each_step_is_one_line_of_json() -> None:
    lines = [
        json.loads(line) for line in explain('When I fill "Title" with "Emma"\nAnd pigs fly\nAnd I wait 5 seconds')
    ]
    fill, pigs, wait = lines
    assert (fill["kind"], fill["value"], fill["target"]["name"], fill["certainty"]) == ("fill", "Emma", "Title", 1.0)
    assert pigs["not_understood"] == "pigs fly"
    assert "does not wait" in wait["reason"]
