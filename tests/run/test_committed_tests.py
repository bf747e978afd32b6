"""What a commit contains: settings, markers, sealed tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_chimera.errors import SettingError
from pytest_chimera.judge import seal_of
from pytest_chimera.markers import body_of
from pytest_chimera.models import Feature
from pytest_chimera.run.committed_tests import committed_settings, find_test, marked_in
from pytest_chimera.scenario import TestGenerator
from pytest_chimera.scenario.generated_source import steps_in


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pytest.ini", "[pytest]\nchimera_serve = run {port}\nchimera_env =\n    A=%s1\n    B=2\n"),
        ("tox.ini", "[tox]\nenvlist = py\n[pytest]\nchimera_serve: run {port}\nchimera_env =\n    A=%s1\n    B=2\n"),
        ("setup.cfg", "[tool:pytest]\nchimera_serve = run {port}\nchimera_env =\n    A=%s1\n    B=2\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\nchimera_serve = "run {port}"\nchimera_env = ["A=%s1", "B=2"]\n'),
        ("pyproject.toml", '[tool.pytest]\nchimera_serve = "run {port}"\nchimera_env = ["A=%s1", "B=2"]\n'),
        ("pytest.toml", '[pytest]\nchimera_serve = "run {port}"\nchimera_env = ["A=%s1", "B=2"]\n'),
    ],
)
def test_settings_are_read_wherever_pytest_reads_them(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    settings = committed_settings(tmp_path, ["chimera_patience=2.5", "addopts=-x"])
    assert (settings.serve, settings.env, settings.patience) == ("run {port}", ("A=%s1", "B=2"), 2.5)


def test_a_file_without_a_table_of_pytests_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\n')
    (tmp_path / "tox.ini").write_text("[pytest]\nchimera_serve = run\n")
    assert committed_settings(tmp_path).serve == "run"
    assert committed_settings(tmp_path, ["chimera_serve=other"]).serve == "other"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[[[")
    with pytest.raises(SettingError, match=r"The committed pyproject\.toml cannot be read"):
        committed_settings(tmp_path)


MODULE = '''
import pytest
from pytest import mark

@pytest.mark.feature("A visitor is greeted", fixed=["Ada"])
def test_greet():
    """Then I should see "Hello"."""

@mark.feature("By hand", id="by_hand", fixed=WORDS)
def test_by_hand(page):
    page.goto("/")
    assert page.title()

@pytest.mark.skip
def test_ordinary(page): ...
'''


def test_markers_are_read_without_running_anything() -> None:
    greet, by_hand = marked_in(MODULE)
    assert (greet.id, greet.description, greet.empty, greet.fixed) == (
        "test_greet",
        "A visitor is greeted",
        True,
        ("Ada",),
    )
    assert (by_hand.id, by_hand.function, by_hand.empty, by_hand.fixed) == ("by_hand", "test_by_hand", False, None)
    assert marked_in("def (") == []


STEPS = 'Given I open the page /\nWhen I fill "Name" with "Ada"\nAnd I press "Greet"\nThen I should see "Hello, Ada!"'


def test_a_generated_test_is_found_by_its_digest_with_its_steps_and_its_marker(tmp_path: Path) -> None:
    feature = Feature(id="test_greet", description="A visitor is greeted", function="test_greet", text=STEPS)
    generated = TestGenerator("tests/e2e").generate(feature)
    for path, content in {
        generated.path: generated.source.replace("\n", "\r\n"),
        "tests/test_marked.py": MODULE,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content.encode())
    found = find_test(tmp_path, seal_of(generated.source), "test_greet", "tests/e2e")
    assert found is not None
    assert found.test == generated
    assert (found.feature.handwritten, found.feature.fixed) == (False, ("Ada",))
    assert find_test(tmp_path, "0" * 64, "test_greet") is None


def test_a_test_written_by_hand_is_its_marked_function(tmp_path: Path) -> None:
    (tmp_path / "test_all.py").write_text(MODULE)
    found = find_test(tmp_path, seal_of(MODULE), "by_hand[a-b]")
    assert found is not None
    assert (found.test.name, found.feature.id, found.feature.handwritten) == ("test_by_hand", "by_hand[a-b]", True)


OUTLINE = """Feature: Greeting
  Scenario Outline: Greets
    When I fill "Name" with "<name>"
    And I press "Greet"
    Then I should see "Hello, <name>!"
    Examples:
      | name |
      | Ada  |
      | Bob  |
"""


def test_the_steps_of_a_rendered_module_are_read_from_it(tmp_path: Path) -> None:
    (tmp_path / "a.feature").write_text(OUTLINE)
    generator = TestGenerator("tests/e2e", root=tmp_path)
    for feature in (
        Feature(id="a", description="A", function="test_a", text=f'{STEPS}\nAnd I should see "Bye"'),
        Feature(id="b", description="B", function="test_b", file="a.feature"),
    ):
        generated = generator.generate(feature)
        assert generated.steps
        assert steps_in(generated.source) == generated.steps


BODIES = '''
from pytest import mark

@mark.feature("Only words")
def test_words():
    """Words."""

@mark.feature("Nothing")
def test_nothing(): ...

@mark.feature("A docstring and nothing")
def test_docstring():
    """"""
    pass

@mark.feature("A value")
def test_value():
    """Words."""
    1
'''


def test_a_committed_function_has_a_body_if_the_function_itself_has_one(tmp_path: Path) -> None:
    (tmp_path / "bodies.py").write_text(BODIES)
    module: dict[str, Any] = {}
    exec(compile(BODIES, str(tmp_path / "bodies.py"), "exec"), module)
    committed = {each.function: each.empty for each in marked_in(BODIES)}
    assert committed == {name: body_of(module[name]).empty for name in committed}
    assert committed == {"test_words": True, "test_nothing": True, "test_docstring": True, "test_value": False}
