"""Each refusal is covered by a test: disabled in a copy of the project, it makes some test fail."""

from __future__ import annotations

import datetime
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_chimera.review.protected_files import KINDS

ROOT = Path(__file__).parents[2]
GUARDIAN, CUSTODY = "review/guardian.py", "implementation/tamper_detection.py"
PROTECTED, SHARED_FILES = "review/protected_files.py", "review/shared_files.py"
UNIT, OWN, WATCH = (
    "tests/review/test_guardian.py",
    "tests/cheats/own/test_own_cases.py",
    "tests/implementation/test_tamper_detection.py",
)
JUDGE, READING = "tests/judge/test_judge.py", "tests/judge/reading/test_results.py"


@dataclass(frozen=True)
class Mutant:
    """A disabled refusal."""

    name: str
    path: str
    old: str
    new: str
    tests: str
    slow: bool = False


MUTANTS = [
    Mutant("sealed test", GUARDIAN, "*self._sealed(change, workflow),", "", UNIT),
    Mutant("protected paths", GUARDIAN, "*self._protected(change, workflow),", "", UNIT),
    Mutant("what is no file", GUARDIAN, "*self._left_out(change),", "", UNIT),
    Mutant("awareness", GUARDIAN, "*self._aware(change),", "", UNIT),
    Mutant("weakened tests", GUARDIAN, "*self._weakened(change),", "", UNIT),
    Mutant(
        "a decision",
        GUARDIAN,
        '"reject" if rejects else "approve",\n            findings',
        '"approve",\n            findings',
        UNIT,
    ),
    *(Mutant(each.name, PROTECTED, f'"{each.name}",\n', f'"{each.name}",\n        "" and ', UNIT) for each in KINDS),
    Mutant(
        "a first file of its kind",
        PROTECTED,
        " and not any(matches(each.lower()",
        " and (True or any(matches(each.lower()",
        UNIT,
    ),
    Mutant("small letters", PROTECTED, "matches(path.lower(), kind", "matches(path, kind", UNIT),
    Mutant("what cannot be read", PROTECTED, 'return TouchedFile("can no longer be read")', "return None", UNIT),
    Mutant("names bound anew", SHARED_FILES, " or not bound.isdisjoint(_bound(node))", "", UNIT),
    Mutant("code in setup.py", SHARED_FILES, "each.arg not in _PACKED or not _is_plain(each.value)", "False", UNIT),
    Mutant("autouse fixtures", SHARED_FILES, "and not autouse", "", UNIT),
    Mutant("browser fixtures", SHARED_FILES, "and node.name not in _BROWSER_FIXTURES", "", UNIT),
    Mutant("rules that hold", "review/rules.py", " and not self.breaks_seal and not self.around", "", UNIT),
    Mutant(
        "loaded modules", "review/judge_awareness.py", "    if not re.search(", "    if True or not re.search(", UNIT
    ),
    Mutant("other processes", "review/judge_awareness.py", '        return "process-list"', '        return ""', UNIT),
    Mutant(
        "temporary files", "review/judge_awareness.py", '        return "temporary-files"', '        return ""', UNIT
    ),
    Mutant("skipped tests", "review/weakened_tests.py", "elif _stops(same) > _stops(test):", "elif False:", UNIT),
    Mutant(
        "emptied tests",
        "review/weakened_tests.py",
        "elif _asserted(test) and not _asserted(same):",
        "elif False:",
        UNIT,
    ),
    Mutant("start-up files", CUSTODY, "**dict(_start_up_files()), ", "", WATCH),
    Mutant("the interpreter", CUSTODY, "**dict(_interpreter())", "", WATCH),
    Mutant("judging packages", CUSTODY, "dict(_packages())", "{}", WATCH),
    Mutant("compiled code", CUSTODY, "return bool(loaded == compiled)", "return True", WATCH),
    Mutant("git's settings", CUSTODY, "dict(_git(git_dir))", "{}", WATCH),
    Mutant("journals", CUSTODY, "if not _is_continued(Path(path), known)", "if False", WATCH),
    Mutant("old buttons", "validation/exploration.py", "if now.shown == before.shown:", "if True:", OWN),
    Mutant(
        "gone buttons",
        "validation/exploration.py",
        "    if now is None:\n",
        "    if now is None:\n        return None\n",
        OWN,
    ),
    Mutant("old addresses", "validation/exploration.py", "if page.status >= 500 or", "if False and", OWN),
    Mutant("old data", "validation/exploration.py", "not _holds(page.json(), data)", "False", OWN),
    Mutant(
        "flaky reds",
        "generation/red_on_base.py",
        "if signatures[0] == signatures[1]:",
        "if True:",
        "tests/generation/test_flaky_red.py",
    ),
    Mutant(
        "digests of a journal",
        "state/journal.py",
        "line[-_SEAL:] != _seal_of(line[:-_SEAL])",
        "False",
        "tests/state/test_journal.py",
    ),
    Mutant(
        "other words",
        "validation/variations.py",
        "        node.value = replaced(",
        "        replaced(",
        "tests/validation/test_variations.py",
    ),
    Mutant(
        "a second one",
        "validation/data/more_data.py",
        "        return [*action,",
        "        return [][:0] and [*action,",
        "tests/validation/test_variations.py",
    ),
    Mutant(
        "links",
        "git/clones.py",
        "        if stat.S_ISLNK(mode):",
        "        if False:",
        "tests/git/test_reading_a_clone.py",
    ),
    Mutant("skips", "judge/reading/results.py", "    if unclear is not None:", "    if False:", READING),
    Mutant(
        "traces",
        "judge/reading/results.py",
        "if not any(trace.is_file()",
        "if False and not any(trace.is_file()",
        READING,
    ),
    Mutant(
        "whole runs",
        "judge/reading/results.py",
        "    if [(each.when, each.outcome)",
        "    if False and [(each.when, each.outcome)",
        READING,
    ),
    Mutant("the seal's digest", "judge/runner.py", "if sealed.sha256 and", "if False and", JUDGE, slow=True),
]
TODAY = random.Random(os.environ.get("CHEATS_SEED") or datetime.datetime.now(datetime.UTC).date().isoformat())
QUICK = [each.name for each in MUTANTS if each.tests == UNIT and each.path not in {PROTECTED, SHARED_FILES}]
SHOWN = set(TODAY.sample(QUICK, 2))


def mutants() -> list[object]:
    """Return all of them, of which two quick ones are run each day."""
    marks = {True: (), False: (pytest.mark.exhaustive,)}
    return [
        pytest.param(
            each, id=each.name, marks=(*marks[each.name in SHOWN], *((pytest.mark.browser,) if each.slow else ()))
        )
        for each in MUTANTS
    ]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this project to change."""
    folder = tmp_path_factory.mktemp("mutant")
    for name in ("pytest_chimera", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize("mutant", mutants())
def test_a_refusal_that_is_switched_off_is_missed(mutant: Mutant, project: Path) -> None:
    path = project / "pytest_chimera" / mutant.path
    source = path.read_text()
    assert mutant.old in source, "the refusal is written otherwise now: mend this table"
    path.write_text(source.replace(mutant.old, mutant.new, 1))
    try:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", mutant.tests]
        environment = {**os.environ, "PYTHONPATH": str(project)}
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
    finally:
        path.write_text(source)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-1000:]
    assert " failed" in done.stdout
