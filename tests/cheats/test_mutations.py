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
JUDGE, READING = "tests/judge/test_judge.py", "tests/judge/test_results.py"
SIGNING, PLANTED = "tests/state/test_signing.py", "tests/session/test_planted_state.py"
VERIFYING, CREDENTIALS = "tests/session/test_verifying.py", "tests/system/test_credentials.py"
UNREAD = "tests/review/test_unreadable.py"
PACKAGES = "tests/judge/test_packages.py"
OWN_PATHS, JOURNAL = "system/own_paths.py", "state/journal.py"


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
    Mutant("blunted tests", GUARDIAN, "*self._blunted(change),", "", UNIT),
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
    Mutant("start-up files", CUSTODY, "**dict(_start_up_files()), ", "", WATCH),
    Mutant("the interpreter", CUSTODY, "**dict(_interpreter())", "", WATCH),
    Mutant("judging packages", CUSTODY, "dict(_packages())", "{}", WATCH),
    Mutant("compiled code", CUSTODY, "return bool(loaded == compiled)", "return True", WATCH),
    Mutant("git's settings", CUSTODY, "dict(_git(git_dir))", "{}", WATCH),
    Mutant("journals", CUSTODY, "if not _is_continued(Path(path), known)", "if False", WATCH),
    Mutant("links in our places", OWN_PATHS, "        if here.is_symlink():", "        if False:", SIGNING),
    Mutant("names in our places", OWN_PATHS, '        if name in {"", ".", ".."} or', "        if False and", SIGNING),
    Mutant(
        "links in the state",
        OWN_PATHS,
        "            if not (stat.S_ISREG(mode)",
        "            if False and not (stat.S_ISREG(mode)",
        SIGNING,
    ),
    Mutant(
        "signed journals",
        JOURNAL,
        '    return "" if signer.has_signed(name, line) else',
        '    return "" if True else',
        SIGNING,
    ),
    Mutant("unsigned journals", JOURNAL, "    if signature_in(line) is None:", "    if False:", PLANTED),
    Mutant("tracked journals", JOURNAL, "    if tracked:", "    if False:", SIGNING),
    Mutant("linked journals", JOURNAL, "    if not stat.S_ISREG(path.lstat().st_mode):", "    if False:", SIGNING),
    Mutant(
        "names in a signature",
        "system/signing.py",
        'name.encode("utf-8", "surrogateescape") + b"\\0" + content',
        "content",
        SIGNING,
    ),
    Mutant("names in a log", "state/write_ahead_log.py", "_JOURNAL.fullmatch(name) and ", "", SIGNING),
    Mutant(
        "unsigned lines put back",
        "state/write_ahead_log.py",
        "    if signer.has_signed(journal.name, line):",
        "    if False:",
        SIGNING,
    ),
    Mutant(
        "what is no key",
        "system/signing.py",
        "    if not stat.S_ISREG(about.st_mode) or",
        "    if False and",
        SIGNING,
    ),
    Mutant(
        "signed canaries",
        "run/canaries.py",
        "return keys if self._is_signed(",
        "return keys if True or self._is_signed(",
        "tests/run/test_canaries.py",
    ),
    Mutant(
        "planted journals",
        CUSTODY,
        "elif self.signer and not _is_signed(Path(path), self.signer):",
        "elif False:",
        WATCH,
    ),
    Mutant("links among journals", CUSTODY, "elif after == _LINK:", "elif False:", WATCH),
    Mutant("our own locks", CUSTODY, "if path in HELD or lock", "if lock", WATCH),
    Mutant(
        "irregular candidates",
        "git/repository.py",
        "entry.mode not in {REGULAR, EXECUTABLE}:",
        "False:",
        PLANTED,
    ),
    Mutant(
        "ids of candidates", "git/repository.py", "            if not is_id(commit):", "            if False:", PLANTED
    ),
    Mutant(
        "a commit's settings",
        "run/committed_tests.py",
        "replace(own or told, **",
        "replace(told, **",
        "tests/run/test_committed_tests.py",
    ),
    Mutant(
        "a stranger's sandbox",
        "system/sandbox.py",
        '        if sandbox is None and self.setting != "off":',
        "        if False:",
        VERIFYING,
        slow=True,
    ),
    Mutant(
        "a stranger's test",
        "judge/runner.py",
        "sandbox=await anyio.to_thread.run_sync(_around, folder, sandboxes, browser) if sandboxes else None",
        "sandbox=None",
        VERIFYING,
        slow=True,
    ),
    Mutant(
        "what passes secrets on",
        "system/credentials.py",
        "for each, name, sets, value in pairs if sets}",
        "for each, name, sets, value in pairs}",
        CREDENTIALS,
    ),
    Mutant("secrets that are said", "system/credentials.py", "if not values - known)", "if True)", CREDENTIALS),
    Mutant(
        "linked evidence",
        "judge/runner.py",
        "        if stat.S_ISREG(file.lstat().st_mode):",
        "        if True:",
        "tests/judge/test_collecting.py",
    ),
    Mutant("unreadable code", GUARDIAN, "*self._unread(unread),", "", UNREAD),
    Mutant("deep code", "system/python_source.py", "    if _is_deep(tree):", "    if False:", UNREAD),
    Mutant("large code", "system/python_source.py", "    if len(source) > LARGEST:", "    if False:", UNREAD),
    Mutant(
        "an end of reading",
        "review/unreadable.py",
        "return apart_and_wait(why_unread, SECONDS, files)",
        "return why_unread(tuple(each for each in files if b'slow' not in each[1]))",
        UNREAD,
    ),
    Mutant(
        "what cannot be read any more",
        "validation/old_behaviour.py",
        "        if path not in known",
        "        if False",
        "tests/validation/test_old_behaviour.py",
    ),
    Mutant(
        "an end of answers",
        "system/bounded_http.py",
        "        if time.monotonic() >= ends:",
        "        if False:",
        "tests/judge/test_html_pages.py",
    ),
    Mutant(
        "an end of headers",
        "system/bounded_http.py",
        "        watch.start()",
        "        pass",
        "tests/judge/test_html_pages.py",
    ),
    Mutant("streams", "judge/html_pages.py", 'b"" if kind in _STREAMS else ', "", "tests/judge/test_html_pages.py"),
    Mutant(
        "memory of what reads",
        "system/apart.py",
        "    _limit_memory(memory)\n",
        "",
        "tests/system/test_apart.py",
    ),
    Mutant("the judge's own first", "judge/runner.py", "        if name in own:", "        if False:", PACKAGES),
    Mutant(
        "later packages",
        "judge/runner.py",
        "        if spec and not any(",
        "        if False and not any(",
        PACKAGES,
    ),
    Mutant(
        "archives on the path",
        "judge/runner.py",
        "[each for each in sys.path if each not in {absent!r}]",
        "sys.path[:] + [{absent!r}][:0]",
        PACKAGES,
    ),
    Mutant(
        "what is loaded",
        "judge/runner.py",
        "before_the_coder().strange(loaded)",
        "before_the_coder().strange([])",
        PACKAGES,
    ),
    Mutant(
        "digests of what is loaded",
        "judge/packages.py",
        "        if _digest(path) != digest:",
        "        if False:",
        PACKAGES,
    ),
    Mutant(
        "times of what is loaded",
        "judge/packages.py",
        "        if now == known:",
        "        if known and now[:2] == known[:2]:",
        PACKAGES,
    ),
    Mutant(
        "what came later",
        "judge/packages.py",
        "and max(now[1:3]) < self.at",
        "",
        PACKAGES,
    ),
    Mutant(
        "what lies in archives",
        "judge/packages.py",
        "if archive and known == _print(archive.stat())",
        "if True",
        PACKAGES,
    ),
    Mutant("the judge's programs", CUSTODY, " or name in _PROGRAMS", "", WATCH),
    Mutant("archives", CUSTODY, "if entry and not Path(entry).is_dir():", "if False:", WATCH),
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
        "generation/sealing.py",
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
