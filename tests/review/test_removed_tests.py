"""A test that is removed with its subject is not a removed test; one that is removed alone is."""

from __future__ import annotations

from typing import Literal

from pytest_chimera.context.project_tests import is_test_file
from pytest_chimera.models import Change, ChangedFile
from pytest_chimera.review.removed_tests import removed_subjects

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


def test_what_belongs_to_the_tests_is_known_by_its_name_or_its_folder() -> None:
    assert [is_test_file(path) for path in ("conftest.py", "a/test_x.py", "a/x_test.py", "tests/data/x.json")] == [
        True
    ] * 4
    assert [is_test_file(path) for path in ("app.py", "contest.py", "latest/test.html", "attest.py")] == [False] * 4
