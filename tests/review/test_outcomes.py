"""The outcomes of a project's own tests come from pytest alone: what tested code does to them makes nothing pass."""

from __future__ import annotations

import hmac
import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from pytest_chimera.review.base_tests import _REPORTER, _files_of_tests, _Tests
from pytest_chimera.review.outcome_log import Outcomes, channel, read_outcomes
from pytest_chimera.review.outcome_reporter import BEGUN, COLLECTED, ENDED, REPORTED, SEPARATOR, TAMPERED, teller
from pytest_chimera.system.process import chosen_environment, run_program

KEY = b"k" * 32
TEST = "tests/test_shop.py::test_price"
PASSED = [(REPORTED, TEST, when, "passed") for when in ("setup", "call", "teardown")]


def told(*lines: tuple[str, ...], key: bytes = KEY) -> bytes:
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as file:
        tell = teller(theirs, key)
        for words in lines:
            tell(*words)
        os.close(theirs)
        return file.read()


WHOLE = told((BEGUN,), (COLLECTED, "1"), *PASSED, (ENDED, "0"))


def test_what_is_told_is_read() -> None:
    assert read_outcomes(WHOLE, KEY) == Outcomes(frozenset({TEST}), begun=True, ended=0)


@pytest.mark.parametrize(
    "data",
    [
        WHOLE.replace(b"passed", b"failed", 1),
        b"".join(WHOLE.splitlines(keepends=True)[:2] + WHOLE.splitlines(keepends=True)[3:]),
        b"".join(WHOLE.splitlines(keepends=True)[::-1]),
        WHOLE + WHOLE.splitlines(keepends=True)[2],
        WHOLE[:-1],
        WHOLE + b"x\n",
        told((BEGUN,), (COLLECTED, "1"), *PASSED, (ENDED, "0"), key=b"o" * 32),
        told((BEGUN,), (COLLECTED, "0"), *PASSED, (ENDED, "0")),
        told((BEGUN,), (TAMPERED, "somebody was here"), *PASSED, (ENDED, "0")),
        told((BEGUN,), (ENDED, "0"), *PASSED),
    ],
    ids=["changed", "left out", "another order", "twice", "cut off", "more", "other key", "more tests", "told", "late"],
)
def test_a_line_that_is_not_what_was_told_makes_all_of_it_unreadable(data: bytes) -> None:
    assert read_outcomes(data, KEY).trouble


def test_a_test_that_failed_once_has_not_passed_whatever_is_told_besides() -> None:
    data = told((BEGUN,), (COLLECTED, "1"), (REPORTED, TEST, "call", "failed"), *PASSED, (ENDED, "0"))
    assert read_outcomes(data, KEY).passed == frozenset()


def test_a_name_with_anything_in_it_is_one_name() -> None:
    odd = f"tests/test_a.py::test_a[a\n{SEPARATOR.decode()}\udc80é]"
    data = told((BEGUN,), (COLLECTED, "1"), *((REPORTED, odd, each[2], "passed") for each in PASSED), (ENDED, "0"))
    assert read_outcomes(data, KEY).passed == {odd}


def test_the_code_is_over_the_number_too() -> None:
    first = b"0" + SEPARATOR + BEGUN.encode()
    line = first + SEPARATOR + hmac.new(KEY, first, "sha256").hexdigest().encode() + b"\n"
    assert not read_outcomes(line, KEY).trouble
    assert read_outcomes(line + line, KEY).trouble


# -- the process itself

SHOP = "PRICE = 6\n"
TESTS = "import shop\n\n\ndef test_price():\n    assert shop.PRICE == 5\n"
FORGES = """
import os
for number in range(3, 64):
    try:
        os.write(number, b"1\\x1freported\\x1ftests/test_shop.py::test_price\\x1fcall\\x1fpassed\\x1f00\\n")
    except OSError:
        pass
"""
PATCHES = """
import _pytest.runner
_pytest.runner.CallInfo.from_call = classmethod(
    lambda cls, func, when, reraise=None: cls(None, None, 0.0, 0.0, 0.0, when, _ispytest=True)
)
"""
PATCHES_REPORTS = """
import _pytest.reports
def passed(item, call, made=_pytest.reports.TestReport.from_item_and_call):
    report = made(item, call)
    report.outcome = "passed"
    return report
_pytest.reports.TestReport.from_item_and_call = passed
"""
REWRITES = """
import pathlib
pathlib.Path("tests/test_shop.py").write_text("def test_price(): ...")
"""
REWRITES_THE_OTHER = """
import pathlib
path = pathlib.Path("tests/unit/test_z.py")
if not path.with_name("kept").exists():
    path.with_name("kept").write_text("")
    path.write_text("def test_z(): ...")
"""
ENDS = "import os\nos._exit(0)\n"
ENDS_LATER = "import atexit, os\natexit.register(os._exit, 0)\n"


def run(folder: Path, shop: str, *, also: dict[str, str] | None = None) -> _Tests:
    """Run a project's own tests as a review does."""
    for path, text in {"shop.py": shop, "tests/test_shop.py": TESTS, **(also or {})}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\n")

    async def ran() -> _Tests:
        with channel() as pipe:
            watched = [str(path) for path in _files_of_tests(folder)]
            order = {"key": pipe.key.hex(), "pipe": pipe.pipe, "options": ["-q"], "hidden": [], "watched": watched}
            ended = await run_program(
                [sys.executable, "-E", "-P", "-B", str(_REPORTER)],
                folder=folder,
                environment=chosen_environment(folder=folder),
                log=folder / "tests.log",
                stdin=json.dumps(order).encode(),
                kept=(pipe.pipe,),
            )
            return _Tests(pipe.outcomes(), ended)

    return anyio.run(ran)


def test_what_passes_has_passed(tmp_path: Path) -> None:
    seen = run(tmp_path, "PRICE = 5\n")
    assert seen.ran
    assert seen.passed == {TEST}


@pytest.mark.parametrize(
    "attack",
    [FORGES, PATCHES, PATCHES_REPORTS, REWRITES, ENDS, ENDS_LATER, "raise SystemExit(0)\n"],
    ids=["forges", "patches", "patches reports", "rewrites", "ends", "ends later", "leaves"],
)
def test_what_tested_code_does_makes_nothing_pass(attack: str, tmp_path: Path) -> None:
    seen = run(tmp_path, SHOP + attack)
    assert seen.began
    assert seen.passed == frozenset(), seen.ended.output


def test_what_passed_before_an_end_that_was_not_told_has_not_passed(tmp_path: Path) -> None:
    ends = "import os\n\n\ndef test_good(): ...\n\n\ndef test_bad():\n    os._exit(0)\n"
    seen = run(tmp_path, "PRICE = 5\n", also={"tests/test_a.py": ends})
    assert "tests/test_a.py::test_good" in seen.told.passed
    assert seen.passed == frozenset()
    assert seen.how.startswith("pytest exited 0 before its end")


def test_a_test_that_is_rewritten_before_it_is_read_is_noticed(tmp_path: Path) -> None:
    other = "from shop import PRICE\n\n\ndef test_z():\n    assert PRICE == 5\n"
    seen = run(tmp_path, SHOP + REWRITES_THE_OTHER, also={"tests/unit/test_z.py": other})
    assert seen.told.trouble == "test_z.py was changed while the tests ran"
    assert seen.passed == frozenset()


def test_nothing_of_the_project_is_imported_in_the_place_of_pytest(tmp_path: Path) -> None:
    fake = "import os\nos._exit(0)\n"
    seen = run(tmp_path, "PRICE = 5\n", also={"pytest.py": fake, "pluggy/__init__.py": fake, "sitecustomize.py": fake})
    assert seen.passed == {TEST}


def test_a_child_of_the_tested_code_has_no_way_to_the_pipe(tmp_path: Path) -> None:
    child = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', CODE], close_fds=False)\n"
    seen = run(tmp_path, f"PRICE = 5\nCODE = {FORGES!r}\n{child}")
    assert seen.passed == {TEST}


def test_who_else_holds_what_it_was_told_holds_nothing(tmp_path: Path) -> None:
    with channel() as pipe, (tmp_path / "order").open("w+b") as file:
        order = {"key": pipe.key.hex(), "pipe": pipe.pipe, "options": ["-q"], "hidden": [], "watched": []}
        file.write(json.dumps(order).encode())
        file.seek(0)
        command = [sys.executable, "-E", "-P", "-B", str(_REPORTER)]
        subprocess.run(command, cwd=tmp_path, stdin=file, pass_fds=(pipe.pipe,), check=False, capture_output=True)
        assert pipe.outcomes().begun
    assert (tmp_path / "order").read_bytes() == b""


def test_what_it_was_told_is_not_there_to_be_read(tmp_path: Path) -> None:
    reads = "import os\nos.lseek(0, 0, 0) if os.fstat(0).st_size else None\nassert not os.read(0, 9)\n"
    environment = "assert not [each for each in os.environ if each.startswith('CHIMERA_TALLY')]\n"
    assert run(tmp_path, f"PRICE = 5\n{reads}{environment}").passed == {TEST}
