"""What a person and a coder are told about a change that is green only with the test's own words."""

from __future__ import annotations

import json

import pytest

from tests.session.conftest import RIGHT, App, QuickApp

FITTED = RIGHT.replace('if "name" in query', 'if query.get("name") == "Ada"')


@pytest.mark.browser
def test_a_change_that_knows_the_tests_own_words_is_refused_without_telling_others(app: App) -> None:
    app.coder(FITTED, RIGHT)
    result = app.chimera()
    result.assert_outcomes(passed=1)
    vault = app.path / ".chimera" / "test-greet" / "generation-1"
    brief = json.loads((vault / "attempt-2" / "brief.json").read_text())
    assert brief["rejected"][0]["reason"].startswith("not with other data")
    typed = (vault / "validation-1" / "variation-1" / "evidence" / "page.yaml").read_text()
    fresh = {
        word for word in typed.replace('"', " ").split() if word.startswith("A") and word.isalpha() and len(word) == 3
    }
    assert not any(word in (vault / "attempt-2" / "brief.md").read_text() for word in fresh - {"And"})


def test_the_person_is_asked_whether_it_is_existing_data(quick: QuickApp) -> None:
    quick.coder(FITTED)
    with (quick.path / "pytest.ini").open("a") as file:
        file.write("chimera_max_attempts = 1\n")
    result = quick.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*not with other data*", "*Or is this existing data? Then add it to the marker: fixed=*"]
    )


def test_words_that_the_person_calls_existing_data_are_not_varied(quick: QuickApp) -> None:
    path = quick.path / "tests" / "features" / "test_greeting.py"
    path.write_text(path.read_text().replace('by name")', 'by name", fixed=["Ada"])'))
    quick.coder(FITTED)
    quick.chimera().assert_outcomes(passed=1)
    [proof] = (quick.path / ".chimera" / "test-greet" / "generation-1").glob("proved/proof.json")
    told = json.loads(proof.read_text())
    assert told["red"]["reason"] == "missing element"
    assert told["varied"] == ["other data, another browser"]
    assert "other words" in told["not_varied"]
    assert told["seed"] in quick.git("log", "-1", "--format=%(trailers)", "chimera/test-greet")
