"""Each refusal is held by a test: switched off in a copy of the project, it makes some test fail."""

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
WEAKENED, FOLLOWING, REMOVED = (
    "review/weakened_tests.py",
    "review/following_tests.py",
    "review/removed_tests.py",
)
REPORTER, LOG, BASE_TESTS = "review/outcome_reporter.py", "review/outcome_log.py", "review/base_tests.py"
CHECK_FILES = "review/check_files.py"
FATES, GONE = "tests/review/test_following_tests.py", "tests/review/test_removed_tests.py"
OUTCOMES, CHECKS = "tests/review/test_outcomes.py", "tests/review/test_check_files.py"
SWITCHED = "tests/session/test_switched_off.py"
FOLLOWED = f"{SWITCHED}::test_a_test_that_follows_a_longer_answer_is_run_as_it_is_now"
CHECKED = f"{SWITCHED}::test_a_check_runs_what_it_ran_on_the_base"
JUDGE, READING = "tests/judge/test_judge.py", "tests/judge/test_results.py"


@dataclass(frozen=True)
class Mutant:
    """A refusal switched off.

    :param path: the module, in the package; ``old`` its source, ``new`` what stands there instead.
    :param tests: the tests of which one has to fail.
    :param slow: they drive a browser.
    """

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
    Mutant("weakened tests", GUARDIAN, "*self._weakened(change, brief),", "", UNIT),
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
        " and any(matches(each.lower()",
        UNIT,
    ),
    Mutant("small letters", PROTECTED, "matches(path.lower(), kind", "matches(path, kind", UNIT),
    Mutant("what cannot be read", PROTECTED, 'return Touched("cannot be read any more")', "return None", UNIT),
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
    *(Mutant(name, GUARDIAN, f"            *self._{name}(change),\n", "", OWN) for name in ("reaching", "shadowing")),
    Mutant("tests that follow", WEAKENED, "elif fate is Fate.WEAKER:", "elif False:", OWN),
    Mutant("helpers of tests", WEAKENED, "fate_of(node, same) > Fate.STRONGER", "False", OWN),
    Mutant("data of tests", WEAKENED, "elif _data_has_grown(path, before, after):", "elif True:", OWN),
    Mutant("modules of tests", WEAKENED, "(line := _does_more(before.tree, after.tree))", "(line := 0)", OWN),
    Mutant(
        "what was added to a test",
        FOLLOWING,
        "if not all(_is_harmless(each, names) for each in added):",
        "if False:",
        FATES,
    ),
    Mutant(
        "statements that are gone",
        FOLLOWING,
        "    if left:\n        return Fate.WEAKER",
        "    if False:\n        return Fate.WEAKER",
        FATES,
    ),
    Mutant("decorators", FOLLOWING, "all(word(each) in _MARKS for each in after)", "True", FATES),
    Mutant("defaults", FOLLOWING, "if old_rest != new_rest or", "if", FATES),
    Mutant("what had nothing", FOLLOWING, "bool(old or not new) and", "", FATES),
    Mutant(
        "a thing more",
        FOLLOWING,
        "    if len(old) != len(new):\n        return False",
        "    if False:\n        return False",
        FATES,
    ),
    Mutant("a line twice", FOLLOWING, "(twice or not any(each in old for each in added))", "True", FATES),
    Mutant(
        "code called otherwise",
        REMOVED,
        "_resembles(was, name, node) or (each == path and _takes_the_same(was, node))",
        "False",
        GONE,
    ),
    Mutant("code that takes the same", REMOVED, " or (each == path and _takes_the_same(was, node))", "", GONE),
    Mutant("code in use", REMOVED, "if _users(old, name) & {", "if set() & {", GONE),
    Mutant("codes of outcomes", LOG, "if not hmac.compare_digest(", "if False and not hmac.compare_digest(", OUTCOMES),
    Mutant("numbers of outcomes", LOG, "if first == str(number).encode() else []", "", OUTCOMES),
    Mutant("lines after the end", LOG, "if not words or ended is not None:", "if not words:", OUTCOMES),
    Mutant("half a line", LOG, 'if data and not data.endswith(b"\\n"):', "if False:", OUTCOMES),
    Mutant("more tests than there are", LOG, "len(passed) > int(counted)", "False", OUTCOMES),
    Mutant("what speaks against it", LOG, "trouble = trouble or words[1]", "pass", OUTCOMES),
    Mutant(
        "an end that was told",
        BASE_TESTS,
        "told.ended is not None and told.ended == self.ended.exit_code",
        "True",
        OUTCOMES,
    ),
    Mutant(
        "tests that have to fail",
        REPORTER,
        "if not any(report.failed for",
        "if False and not any(report.failed for",
        OUTCOMES,
    ),
    Mutant("files of tests", REPORTER, "self._stamp(path) != self._stamps[path]", "False", OUTCOMES),
    Mutant("inherited pipes", REPORTER, 'os.set_inheritable(order["pipe"], False)', "pass", OUTCOMES),
    Mutant("what it was told", REPORTER, "    os.ftruncate(0, 0)\n", "", OUTCOMES),
    Mutant("a tests' version", BASE_TESTS, "broken -= followed - still", "broken -= followed", FOLLOWED),
    Mutant(
        "files of checks", CHECK_FILES, "    if before == after:\n        return False\n", "    return False\n", CHECKS
    ),
    Mutant("targets", CHECK_FILES, " or not targets.isdisjoint(named)", "", CHECKS),
    Mutant("scripts around", CHECK_FILES, " or bool((new.keys() - old.keys()) & around)", "", CHECKS),
    Mutant("what did nothing", GUARDIAN, "return self.good and says_nothing(self.output)", "return False", CHECKED),
    Mutant("what a check is given", GUARDIAN, "(*self._changed(change, files, commands), *failed)", "failed", CHECKED),
    Mutant("start-up files", CUSTODY, "**dict(_start_up_files()), ", "", WATCH),
    Mutant("the interpreter", CUSTODY, "**dict(_interpreter())", "", WATCH),
    Mutant("judging packages", CUSTODY, "dict(_packages())", "{}", WATCH),
    Mutant("compiled code", CUSTODY, "return bool(loaded == compiled)", "return True", WATCH),
    Mutant("git's settings", CUSTODY, "dict(_git(git_dir))", "{}", WATCH),
    Mutant("journals", CUSTODY, "if not _is_continued(Path(path), known)", "if False", WATCH),
    Mutant("old buttons", "validation/old_behaviour.py", "if now.shown == before.shown:", "if True:", OWN),
    Mutant(
        "gone buttons",
        "validation/old_behaviour.py",
        "    if now is None:\n",
        "    if now is None:\n        return None\n",
        OWN,
    ),
    Mutant("old addresses", "validation/old_behaviour.py", "if page.status >= 500 or", "if False and", OWN),
    Mutant("old data", "validation/old_behaviour.py", "not _holds(page.json(), data)", "False", OWN),
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
        "validation/variants.py",
        "        node.value = replaced(",
        "        replaced(",
        "tests/validation/test_variants.py",
    ),
    Mutant(
        "a second one",
        "validation/more_data.py",
        "        return [*action,",
        "        return [][:0] and [*action,",
        "tests/validation/test_variants.py",
    ),
    Mutant(
        "links",
        "git/clones.py",
        "        if stat.S_ISLNK(mode):",
        "        if False:",
        "tests/git/test_reading_a_clone.py",
    ),
    Mutant("skips", "judge/results.py", "    if unclear is not None:", "    if False:", READING),
    Mutant(
        "traces",
        "judge/results.py",
        "if not any(trace.is_file()",
        "if False and not any(trace.is_file()",
        READING,
    ),
    Mutant(
        "whole runs",
        "judge/results.py",
        "    if [(each.when, each.outcome)",
        "    if False and [(each.when, each.outcome)",
        READING,
    ),
    Mutant("the seal's digest", "judge/runner.py", "if sealed.sha256 and", "if False and", JUDGE, slow=True),
]
TODAY = random.Random(os.environ.get("CHEATS_SEED") or datetime.datetime.now(datetime.UTC).date().isoformat())
SHOWN = set(TODAY.sample([each.name for each in MUTANTS if each.tests == UNIT], 2))


def mutants() -> list[object]:
    """Every one; two that are quick run each day."""
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
