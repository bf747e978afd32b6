"""A test that follows a changed answer keeps everything old; whatever else is changed of one makes it weaker."""

from __future__ import annotations

import ast

import pytest

from pytest_chimera.review.following_tests import Fate, fate_of, has_grown

TEST = """
@pytest.mark.parametrize("number", [1, 2])
def test_items(app, number):
    app.put("flour")
    assert app.json == [{"id": 1, "name": "flour"}]
    assert number in [1, 2]
"""


def fate(new: str, old: str = TEST) -> Fate:
    return fate_of(ast.parse(old).body[0], ast.parse(new).body[0])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", Fate.SAME),
        ("def test", "# why\ndef test", Fate.SAME),
        ("    app.put", '    """What it is for."""\n    app.put', Fate.SAME),
        ('"flour"}]', '"flour"}]\n    assert app.json', Fate.STRONGER),
        ("[1, 2])", "[1, 2, 3])", Fate.STRONGER),
        ("(app, number)", "(app, number, caplog)", Fate.STRONGER),
        ('"flour"}]', '"flour", "got": False}]', Fate.FOLLOWS),
        ('"flour"}]', '"flour"}, {"id": 2}]', Fate.WEAKER),
        ('"id": 1, ', "", Fate.WEAKER),
        ("== [{", ">= [{", Fate.WEAKER),
        ("in [1, 2]", "in [1, 2, 3]", Fate.WEAKER),
        ("[1, 2])", "[1])", Fate.WEAKER),
        ('put("flour")', 'put("flour", now=True)', Fate.WEAKER),
        ("def test_items", "@patch('app.put')\ndef test_items", Fate.WEAKER),
        ("(app, number)", "(app, number=1)", Fate.WEAKER),
        ("    app.put", "    app = Fake()\n    app.put", Fate.WEAKER),
        ("    app.put", "    app.json = []\n    app.put", Fate.WEAKER),
        ("    app.put", "    monkeypatch.setattr('a', 1)\n    app.put", Fate.WEAKER),
        ("    app.put", "    if number:\n        return\n    app.put", Fate.WEAKER),
        ("    app.put", "    with suppress(Exception):\n        raise Done\n    app.put", Fate.WEAKER),
    ],
)
def test_what_became_of_a_test(old: str, new: str, expected: Fate) -> None:
    assert fate(TEST.replace(old, new, 1)) is expected


@pytest.mark.parametrize(
    ("old", "new", "flat", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, False, True),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, False, True),
        ({"a": 1}, {"a": 2, "b": 2}, False, False),
        ({"a": 1}, {"b": 2}, False, False),
        ({}, {"a": 1}, False, False),
        ([], [{"a": 1}], False, False),
        ({"a": []}, {"a": [1]}, False, False),
        ([{"a": 1}], [{"a": 1, "b": 1}], False, True),
        ([(1, "a"), (2, "b")], [(1, "a", 0), (2, "b", 0)], False, True),
        ([(1, "a"), (2, "b")], [(1, "a", 0), (2, "b")], False, False),
        ([()], [(1,)], False, False),
        (["id", "name"], ["id", "name", "got"], False, False),
        (["id", "name"], ["id", "name", "got"], True, True),
        (["id", "name"], ["id", "name", "name"], True, False),
        ("id,name\n1,a\n", "id,name,got\n1,a,0\n", False, True),
        (b"id;name", b"id;name;got", False, True),
        ("one\ntwo\n", "one\nthree\ntwo\n", False, True),
        ("one\ntwo\n", "one\none\ntwo\n", False, False),
        ("one", "one and two", False, False),
        ("", "one", False, False),
        (1, 2, False, False),
        (0, False, False, False),
    ],
)
def test_a_value_has_grown_by_a_key_a_column_or_a_line(old: object, new: object, *, flat: bool, expected: bool) -> None:
    assert has_grown(old, new, flat=flat) is expected
