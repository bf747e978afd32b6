"""A test that goes together with what it tested is no removed test; one that goes alone is."""

from __future__ import annotations

from typing import Literal

import pytest

from pytest_chimera.context.project_tests import is_test_file
from pytest_chimera.models import Change, ChangedFile
from pytest_chimera.review.removed_tests import removed_subjects
from pytest_chimera.review.weakened_tests import following, weakened

LEGACY = "def parse(line):\n    return line\n\n\ndef render(line):\n    return line\n"
TESTS = "from app.legacy import parse, render\n\n\ndef test_parse():\n    assert parse('a')\n\n\n"
TESTS += "def test_render():\n    assert render('a')\n"


def covered(before: dict[str, str], after: dict[str, str], *names: str) -> list[bool]:
    def read(commit: str, path: str) -> bytes | None:
        text = {"base": before, "candidate": after}[commit].get(path)
        return None if text is None else text.encode()

    def status(path: str) -> Literal["A", "M", "D"]:
        return "A" if path not in before else "D" if path not in after else "M"

    paths = sorted(path for path in {**before, **after} if before.get(path) != after.get(path))
    files = tuple(ChangedFile(path=path, status=status(path)) for path in paths)
    removed = removed_subjects(read, Change(base="base", commit="candidate", files=files))
    return [removed.covers(f"tests/test_legacy.py::{name}") for name in names]


BASE = {"app/legacy.py": LEGACY, "tests/test_legacy.py": TESTS}


def test_a_module_and_its_tests_go_together() -> None:
    assert covered(BASE, {}, "test_parse", "test_render[x]") == [True, True]


def test_tests_that_go_alone_are_missed() -> None:
    assert covered(BASE, {"app/legacy.py": LEGACY}, "test_parse") == [False]


@pytest.mark.parametrize(
    "now",
    [
        "def parse_a_line(line):\n    return line.strip()\n",
        "def _parse(text):\n    return text\n",
        "def taken(line):\n    return ''\n",
    ],
)
def test_code_that_is_called_otherwise_is_not_gone(now: str) -> None:
    code, tests = LEGACY.partition("\n\n\n")[2], TESTS.partition("\n\n\n")[2].partition("\n\n\n")[2]
    kept = {"app/legacy.py": code, "tests/test_legacy.py": f"from app.legacy import render\n\n\n{tests}"}
    assert covered(BASE, kept, "test_parse") == [True]
    assert covered(BASE, {**kept, "app/legacy.py": code + now}, "test_parse") == [False]


def test_code_that_is_still_used_is_not_gone() -> None:
    base = {**BASE, "app/views.py": "from app.legacy import parse\n\n\ndef show(line):\n    return parse(line)\n"}
    after = {"app/views.py": "def show(line):\n    return line\n"}
    assert covered(base, after, "test_parse") == [False]
    assert covered(base, {}, "test_parse") == [True]


def test_code_that_resembles_nothing_new_is_gone() -> None:
    after = {"app/store.py": "def sort_by_name(items):\n    return sorted(items, key=str)\n"}
    assert covered(BASE, after, "test_parse") == [True]


def test_one_function_and_its_test_go_together_and_the_others_stay() -> None:
    code, tests = LEGACY.partition("\n\n\n")[2], TESTS.partition("\n\n\n")[2].partition("\n\n\n")[2]
    after = {"app/legacy.py": code, "tests/test_legacy.py": f"from app.legacy import render\n\n\n{tests}"}
    assert covered(BASE, after, "test_parse", "test_render") == [True, False]


def test_a_test_that_is_weakened_beside_one_that_goes_is_missed() -> None:
    after = {
        "app/legacy.py": LEGACY.partition("\n\n\n")[2],
        "tests/test_legacy.py": "from app.legacy import render\n\n\ndef test_render():\n    pass\n",
    }
    assert covered(BASE, after, "test_parse", "test_render") == [False, False]


SPEC = "test('a', () => {\n  expect(add(1)).toBe(2);\n});\n"


@pytest.mark.parametrize(
    ("after", "is_weaker"),
    [
        (SPEC + SPEC.replace("'a'", "'b'"), False),
        (SPEC.replace("  expect", "    expect").replace("'", '"'), False),
        (SPEC.replace("toBe(2)", "toBeDefined()"), True),
        (SPEC.replace("  expect", "  return;\n  expect"), True),
        (SPEC + "describe.only('b', () => {});\n", True),
    ],
)
def test_tests_in_another_language_are_compared_by_their_lines(after: str, *, is_weaker: bool) -> None:
    contents = {"base": SPEC.encode(), "candidate": after.encode()}
    files = (ChangedFile(path="web/src/add.spec.ts", status="M"),)
    change = Change(base="base", commit="candidate", files=files)
    assert [each.rule for each in weakened(lambda commit, _path: contents[commit], change)] == (
        ["weakened-test"] if is_weaker else []
    )


def test_data_that_has_grown_concerns_any_test_and_data_that_was_changed_none() -> None:
    def followed(after: str) -> bool:
        contents = {"base": b'{"kilo": 1}', "candidate": after.encode()}
        files = (ChangedFile(path="tests/data/a.json", status="M"),)
        change = Change(base="base", commit="candidate", files=files)
        return following(lambda commit, _path: contents[commit], change).covers("tests/test_a.py::test_a")

    assert followed('{"kilo": 1, "gram": 2}')
    assert not followed('{"kilo": 2}')
    assert not followed('{ "kilo":1 }')


def test_what_belongs_to_the_tests_is_known_by_its_name_or_its_folder() -> None:
    assert [
        is_test_file(path)
        for path in ("conftest.py", "a/tests.py", "a/test_x.py", "a/x_test.py", "a/x.test.js", "tests/x.json")
    ] == [True] * 6
    assert [is_test_file(path) for path in ("app.py", "contest.py", "latest/test.html", "attest.py")] == [False] * 4
