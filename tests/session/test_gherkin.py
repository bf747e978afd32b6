"""``.feature`` files from the command line and from the marker, the dry run, and preconditions."""

from __future__ import annotations

import pytest

from tests.session.conftest import RIGHT, App

FILE = """
Feature: Greeting

  Background:
    Given I open "/"

  @smoke
  Scenario Outline: Greets <name>
    When I fill "Name" with "<name>"
    And I press the "Greet" button
    Then I should see "Hello, <name>!"

    Examples:
      | name |
      | Ada  |
      | Bob  |

  @wip
  Scenario: Not yet
    Then I should see "Nothing"
"""


@pytest.fixture
def features(app: App) -> App:
    (app.path / "features").mkdir()
    (app.path / "features" / "greet.feature").write_text(FILE)
    return app


def collected(app: App, *words: str) -> list[str]:
    lines = app.run("--chimera", "--collect-only", "-q", *words).stdout.lines
    return [line for line in lines if "::" in line]


def test_scenarios_of_a_named_folder_are_items(features: App) -> None:
    assert collected(features, "features") == [
        "features/greet.feature::Greets <name>",
        "features/greet.feature::Not yet",
    ]


def test_a_file_that_nobody_names_is_left_alone(features: App) -> None:
    assert collected(features) == ["tests/features/test_greeting.py::test_greet"]


def test_one_scenario_is_selected_by_its_node_id(features: App) -> None:
    assert collected(features, "features/greet.feature::Not yet") == ["features/greet.feature::Not yet"]


def test_tags_are_markers_and_a_tag_expression_chooses(features: App) -> None:
    assert collected(features, "features", "-m", "smoke") == ["features/greet.feature::Greets <name>"]
    assert collected(features, "features", "-o", "chimera_tags=not @smoke") == ["features/greet.feature::Not yet"]


def test_bad_gherkin_is_told_with_line_and_column(features: App) -> None:
    (features.path / "features" / "greet.feature").write_text("Feature: A\n  Scenario: B\n    Given C\n    Whenever\n")
    result = features.chimera("features")
    result.stdout.fnmatch_lines(["*features/greet.feature is not valid Gherkin*", "*4:5:*"])


def test_the_dry_run_shows_steps_and_test_and_touches_nothing(features: App) -> None:
    result = features.chimera("--chimera-dry-run", "features", "-m", "smoke")
    result.assert_outcomes(passed=1, deselected=1)
    result.stdout.fnmatch_lines(
        ['*I press the "Greet" button*click button "Greet"*', "*def test_greet_greets_name(page: Page, name: str)*"]
    )
    assert not (features.path / ".chimera").exists()
    assert not (features.path / "tests" / "e2e").exists()


def test_the_dry_run_names_what_is_not_understood(app: App) -> None:
    path = app.path / "tests" / "features" / "test_greeting.py"
    path.write_text(path.read_text().replace('I press the "Greet" button', "I frobnicate the gadget"))
    result = app.chimera("--chimera-dry-run")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*not understood: I frobnicate the gadget*"])


@pytest.mark.browser
def test_an_outline_is_one_feature_with_a_test_for_each_row(features: App) -> None:
    features.coder(RIGHT)
    features.chimera("features", "-m", "smoke").assert_outcomes(passed=1, deselected=1)
    assert 'parametrize("name", ["Ada", "Bob"])' in features.git(
        "show", "chimera/greet-greets-name:tests/e2e/test_greet_greets_name.py"
    )
    assert "Chimera-Green: 2 of 2" in features.git("log", "-1", "--format=%(trailers)", "chimera/greet-greets-name")


@pytest.mark.browser
@pytest.mark.exhaustive
def test_a_row_that_is_not_there_keeps_the_whole_outline_from_complete(features: App) -> None:
    features.coder(RIGHT.replace("query['name']", "query['name'].replace('Bob', 'Rob')"))
    features.config(f"chimera_coder = replay:{features.recorded}", "chimera_max_attempts = 1")
    result = features.chimera("features", "-m", "smoke")
    result.assert_outcomes(failed=1, deselected=1)


@pytest.mark.browser
def test_the_marker_names_a_file_beside_it_and_a_scenario(features: App) -> None:
    source = (
        "import pytest\n\n\n"
        "@pytest.mark.feature('Greets', file='../../features/greet.feature', scenario='Greets <name>')\n"
        "def test_greet():\n    ...\n"
    )
    features.write(tests__features__test_greeting=source)
    features.chimera("--chimera-until=red", "tests").assert_outcomes(passed=1)


@pytest.mark.browser
def test_what_is_not_ready_is_a_precondition(app: App) -> None:
    app.coder(RIGHT)
    app.config(f"chimera_coder = replay:{app.recorded}", 'chimera_ready = I should see the heading "Ready"')
    result = app.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['*a Given does not hold*I should see the heading "Ready"*'])
    app.config(f"chimera_coder = replay:{app.recorded}", 'chimera_ready = I should see the heading "Welcome"')
    app.chimera("--chimera-until=red").assert_outcomes(passed=1)
