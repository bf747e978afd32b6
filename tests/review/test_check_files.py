"""The files that a check's command leans on are known, and a change to what it runs is noticed."""

from __future__ import annotations

import pytest

from pytest_chimera.review.check_files import (
    changed_of,
    laid,
    leaned_on,
    ran_tests,
    says_nothing,
    tables_changed,
    tests,
)

FILES = {
    "Makefile": "check: lint\n\tbash scripts/check.sh\n\nlint:\n\truff check .\n",
    "scripts/check.sh": "python -m pytest tests && ./tools/more --all\n. ci/common.sh\n",
    "tools/more": "#!/bin/sh\n",
    "ci/common.sh": "true\n",
    "package.json": '{"scripts": {"test": "node test/run.js"}}',
    "test/run.js": "",
    "shop/app.py": "",
    "run_tests.py": "",
}


def read(path: str) -> bytes | None:
    return FILES[path].encode() if path in FILES else None


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("make check", {"Makefile", "GNUmakefile", "scripts/check.sh", "tools/more", "ci/common.sh", "ruff.toml"}),
        ("npm test", {"package.json", ".npmrc", "test/run.js"}),
        ("sh scripts/check.sh", {"scripts/check.sh", "tools/more"}),
        ("python run_tests.py", {"run_tests.py"}),
        ("nox -s tests", {"noxfile.py"}),
        ("python -m pytest -q", {"pytest.ini"}),
    ],
)
def test_what_a_command_names_and_what_that_names_is_leaned_on(command: str, expected: set[str]) -> None:
    assert expected <= leaned_on(command, read)


def test_the_application_is_not_leaned_on() -> None:
    assert leaned_on("python -m mypy shop/app.py", read) & FILES.keys() == set()


MAKE = ".PHONY: check\nFLAGS = -q\n\ncheck: lint\n\tpytest $(FLAGS)\n\nlint:\n\truff check .\n"


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("Makefile", MAKE, MAKE + "\n# runs it\nserve:\n\tpython -m shop\n", False),
        ("Makefile", MAKE, MAKE.replace(": check", ": check serve"), False),
        ("Makefile", MAKE, MAKE.replace("pytest $", "-pytest $"), True),
        ("Makefile", MAKE, MAKE.replace("-q", "-k nothing"), True),
        ("Makefile", MAKE, MAKE + "\ncheck:\n\t@true\n", True),
        ("Makefile", MAKE, MAKE + "\n.DEFAULT:\n\t@true\n", True),
        ("Makefile", MAKE, MAKE + "\nSHELL = /bin/true\n", True),
        ("Makefile", MAKE, MAKE + "\nserve check:\n\t@true\n", True),
        ("Makefile", MAKE, None, True),
        ("GNUmakefile", None, MAKE, True),
        ("package.json", '{"scripts": {"test": "a"}}', '{"scripts": {"test": "a", "build": "b"}, "x": 1}', False),
        ("package.json", '{"scripts": {"test": "a"}}', '{"scripts": {"test": "true"}}', True),
        ("package.json", '{"scripts": {"test": "a"}}', '{"scripts": {"test": "a", "pretest": "b"}}', True),
        ("package.json", '{"scripts": {"test": "a"}}', "[", True),
        ("scripts/check.sh", "pytest\n", "true\n", True),
        (".npmrc", None, "script-shell=/bin/true\n", True),
    ],
)
def test_a_change_to_what_a_check_runs_is_noticed_and_more_is_free(
    path: str, before: str | None, after: str | None, *, expected: bool
) -> None:
    assert changed_of(path, *(each and each.encode() for each in (before, after))) is expected  # type: ignore[arg-type]


def test_a_check_is_given_the_bases_files_with_what_a_change_needs() -> None:
    assert laid("Makefile", b"a", b"b") == b"a"
    assert laid("GNUmakefile", None, b"b") is None
    merged = laid("package.json", b'{"scripts": {"test": "a"}}', b'{"scripts": {"test": "b", "c": "d"}, "x": 1}')
    assert merged == b'{"scripts": {"test": "a", "c": "d"}, "x": 1}'


def test_a_tools_table_that_a_check_reads_is_compared() -> None:
    before, after = b"[tool.ruff]\nselect = ['E']\n", b"[tool.ruff]\nselect = []\n"
    assert tables_changed(["ruff check ."], before, after) == ["ruff"]
    assert tables_changed(["python -m pytest"], before, after) == []
    tasks = b"[tool.poe.tasks]\ntest = 'pytest'\n"
    assert tables_changed(["poe test"], tasks, tasks + b"serve = 'x'\n") == []
    assert tables_changed(["poe test"], tasks, tasks.replace(b"pytest", b"true")) == ["poe"]


@pytest.mark.parametrize(
    "output", ["make: 'check' is up to date.\n", "make: Nothing to be done for 'check'.\n", "Ran 0 tests in 0.0s\n"]
)
def test_a_command_that_did_nothing_says_so(output: str) -> None:
    assert says_nothing(output)
    assert not ran_tests(output)


@pytest.mark.parametrize(
    "output", ["3 passed in 1.2s\n", "Ran 3 tests in 0.1s\n\nOK\n", "...   [100%]\n", "  4 passing\n"]
)
def test_a_command_that_ran_tests_says_so(output: str) -> None:
    assert ran_tests(f"make: Nothing to be done for 'lint'.\n{output}")
    assert not says_nothing(f"make: Nothing to be done for 'lint'.\n{output}")


def test_a_command_runs_tests_where_what_it_leans_on_does() -> None:
    assert [tests(command, read) for command in ("make check", "python -m pytest", "npm test")] == [True, True, False]
