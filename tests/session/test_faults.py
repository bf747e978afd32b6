"""Faults of the machine: each has its own message, and leaves the state intact."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_chimera.models import TestRun
from pytest_chimera.state.journal import Journal
from pytest_chimera.system.time_limits import slept_so_far
from tests import as_ann
from tests.session.fast import Fast, fast

__all__ = ["fast"]


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[None]:
    """A separate disk in a folder; the test is skipped if this user may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("only root, on Linux, may mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


WRITES = "    (pathlib.Path(brief.folder) / (brief.feature.id + '.txt')).write_text('done')\n"
NOT_NOW = "    if not (HERE / 'now.log').exists():\n        raise EnvironmentTrouble('Not now.')\n"
ONCE = "    if not (HERE / 'once.log').exists():\n        (HERE / 'once.log').touch()\n"
FILLS = (
    "        try:\n"
    "            with ({folder} / 'filler').open('wb') as file:\n"
    "                while True:\n                    file.write(b'x' * 4096)\n"
    "        except OSError:\n            pass\n"
)


def coder(*lines: str) -> str:
    """A coder that does something else before its work."""
    return "".join(("async def code(brief):\n", *lines, WRITES))


def parked_before_the_coder(fast: Fast) -> None:
    """A feature that has its sealed test, and waits until ``now.log`` exists."""
    fast.begin("a", body=coder(NOT_NOW))
    fast.chimera().assert_outcomes(errors=1)


def attempts(fast: Fast, name: str = "test_a") -> int:
    workflow = Journal(fast.journal(name)).record.workflow
    return workflow.attempts if workflow else 0


# -- disks


def test_a_full_disk_under_the_journal_parks_and_loses_nothing(fast: Fast) -> None:
    fast.begin("a", body=coder(ONCE, FILLS.format(folder="HERE / '.pytest_cache'")))
    with small_disk(fast.path / ".pytest_cache", "size=200k"):
        result = fast.chimera()
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*No space left on device*", "*Free some space*"])
        (fast.path / ".pytest_cache" / "filler").unlink()
        assert fast.verify().ret == 0
        fast.chimera("test_features.py").assert_outcomes(passed=1)
        assert attempts(fast) == 1


def test_a_full_disk_under_the_clones_parks_and_spends_no_attempt(fast: Fast) -> None:
    work = fast.log.with_name("work")
    fills = coder() + ONCE + FILLS.format(folder="pathlib.Path(brief.folder)")
    fast.begin("a", body=fills, config=f"chimera_work_dir = {work}")
    with small_disk(work, "size=2m"):
        result = fast.chimera()
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*git * could not write*", "*Free some space*"])
        assert attempts(fast) == 1
        fast.chimera("test_features.py").assert_outcomes(passed=1)
        assert attempts(fast) == 1


def test_a_read_only_cache_is_said_before_a_coder_is_called(fast: Fast) -> None:
    fast.begin("a")
    with small_disk(fast.path / ".pytest_cache", "size=200k,ro"):
        result = fast.chimera()
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*ead-only file system*", "*cache folder*"])
        assert not fast.said("implement")
    fast.chimera("test_features.py").assert_outcomes(passed=1)


def test_a_cache_that_is_deleted_during_the_run_is_said_and_the_feature_starts_over(fast: Fast) -> None:
    fast.begin("a", body=coder("    import shutil\n", ONCE, "        shutil.rmtree(HERE / '.pytest_cache')\n"))
    result = fast.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*The journal was removed during this run.*", "*run the same command*"])
    fast.chimera("test_features.py").assert_outcomes(passed=1)


# -- clocks


def test_a_clock_that_is_set_back_changes_nothing(fast: Fast) -> None:
    body = (
        "import datetime, pytest_chimera.state.journal\n\n\n"
        "class Later(datetime.datetime):\n"
        "    @classmethod\n    def now(cls, tz=None):\n"
        "        years = 0 if (HERE / 'now.log').exists() else 5\n"
        "        return super().now(tz) + datetime.timedelta(days=365 * years)\n\n\n"
        "pytest_chimera.state.journal.datetime = Later\n\n\n"
    )
    fast.begin("a", body=body + coder(NOT_NOW))
    fast.chimera().assert_outcomes(errors=1)
    (fast.path / "now.log").touch()
    fast.chimera("test_features.py").assert_outcomes(passed=1)
    assert attempts(fast) == 1
    assert fast.verify().ret == 0


SLEEPS = """
from importlib import import_module  # the module that is used, also where an earlier one was forgotten

executor = import_module("pytest_chimera.run.executor")
SLEPT = [0.0]
executor.slept_so_far = lambda: SLEPT[0]


"""
SLEEPS_ONCE = "    if not SLEPT[0]:\n        SLEPT[0] = 2400.0\n"


@pytest.mark.parametrize(
    "meanwhile",
    [
        "        raise PhaseFailed('The connection was lost.')\n",
        "        raise EnvironmentTrouble('No route to host.')\n",
        "        return\n",
    ],
    ids=["it failed", "it met trouble", "it did nothing"],
)
def test_a_phase_in_which_the_machine_slept_is_done_again_free(fast: Fast, meanwhile: str) -> None:
    fast.begin("a", body=SLEEPS + coder(SLEEPS_ONCE, meanwhile), config="chimera_max_attempts = 1")
    result = fast.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*The machine slept for 2400 s during this phase. code_implementation is repeated*"])
    assert attempts(fast) == 1
    assert fast.said("implement") == ["implement test_a 1"] * 2


def test_a_phase_that_succeeded_although_the_machine_slept_is_not_done_again(fast: Fast) -> None:
    fast.begin("a", body=SLEEPS + coder(SLEEPS_ONCE))
    fast.chimera().assert_outcomes(passed=1)
    assert len(fast.said("implement")) == 1


def test_a_machine_that_is_awake_has_not_slept() -> None:
    before = slept_so_far()
    assert sum(range(100_000)) > 0
    assert abs(slept_so_far() - before) < 1


# -- the person's actions during a run


def test_a_branch_that_the_person_deleted_is_told_with_the_command_that_brings_it_back(fast: Fast) -> None:
    fast.begin("a")
    fast.chimera().assert_outcomes(passed=1)
    commit = fast.git("rev-parse", "chimera/test-a")
    fast.git("branch", "-D", "chimera/test-a")
    result = fast.chimera("test_features.py")
    result.assert_outcomes(failed=1)
    command = f"git branch chimera/test-a {commit[:10]}"
    result.stdout.fnmatch_lines(["*The branch chimera/test-a is gone*", f"*{command}*"])
    fast.git(*command.split()[1:])
    fast.chimera("test_features.py").assert_outcomes(passed=1)
    assert fast.git("show", "chimera/test-a:test_a.txt") == "done"
    assert len(fast.said("implement")) == 1


def test_clones_that_the_person_deleted_with_their_commits_are_named(fast: Fast) -> None:
    parked_before_the_coder(fast)
    shutil.rmtree(fast.cache)
    (fast.path / "now.log").touch()
    result = fast.chimera("test_features.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*There is no commit*", "*If the folder of clones was removed*--chimera-restart*"])
    fast.chimera("--chimera-restart", "test_features.py").assert_outcomes(passed=1)


def test_a_base_that_was_rewritten_between_runs_is_still_there(fast: Fast) -> None:
    parked_before_the_coder(fast)
    fast.git("commit", "-q", "--amend", "-m", "Begin, written anew")
    fast.git("reflog", "expire", "--expire=now", "--all")
    fast.git("gc", "-q", "--prune=now")
    (fast.path / "now.log").touch()
    fast.chimera("test_features.py").assert_outcomes(passed=1)
    assert fast.git("show", "chimera/test-a:test_a.txt") == "done"


# -- repositories of every kind


def detached(fast: Fast) -> None:
    fast.git("checkout", "-q", "--detach")


def shallow(fast: Fast) -> None:
    fast.git("commit", "-q", "--allow-empty", "-m", "Another")
    fast.git("clone", "-q", "--bare", "--depth=1", f"file://{fast.path}", str(fast.path / ".shallow"))
    shutil.rmtree(fast.path / ".git")
    (fast.path / ".shallow").rename(fast.path / ".git")
    fast.git("config", "core.bare", "false")
    fast.git("reset", "-q")


def submodules(fast: Fast) -> None:
    other = fast.log.with_name("other")
    other.mkdir()
    (other / "README.md").touch()
    as_ann.begin(other)
    fast.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "vendored")
    fast.commit("Add a submodule")


def failing_hooks(fast: Fast) -> None:
    hooks = fast.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-commit", "commit-msg", "post-checkout", "reference-transaction", "post-commit", "pre-push"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)


def failing_signer(fast: Fast) -> None:
    for name, value in (("commit.gpgSign", "true"), ("tag.gpgSign", "true"), ("gpg.program", "/bin/false")):
        fast.git("config", name, value)


@pytest.mark.parametrize("kind", [detached, shallow, submodules, failing_hooks, failing_signer])
def test_a_repository_of_every_kind_is_worked_in(fast: Fast, kind) -> None:  # type: ignore[no-untyped-def] # one of the above
    fast.begin("a")
    kind(fast)
    head = fast.git("rev-parse", "HEAD")
    fast.chimera().assert_outcomes(passed=1)
    assert fast.git("show", "chimera/test-a:test_a.txt") == "done"
    assert fast.git("rev-parse", "HEAD") == head
    assert fast.git("status", "--porcelain") == ""


NAMES = ["with space.txt", 'it\'s "quoted".txt', "two\nlines.txt", "Grüße/öffne mich, 名前.txt", "-rf", "tab\there"]


def test_files_may_be_named_anything(fast: Fast) -> None:
    body = (
        "async def code(brief):\n"
        f"    for name in {NAMES!r}:\n"
        "        path = pathlib.Path(brief.folder) / name\n"
        "        path.parent.mkdir(exist_ok=True)\n        path.write_text(name)\n"
        "    (pathlib.Path(brief.folder) / (brief.feature.id + '.txt')).write_text('done')\n"
    )
    fast.begin("a", body=body, config="chimera_merge = ff")
    fast.chimera().assert_outcomes(passed=1)
    assert {name: (fast.path / name).read_text() for name in NAMES} == {name: name for name in NAMES}
    assert fast.git("status", "--porcelain") == ""


def test_a_name_that_is_no_utf8_is_named_and_breaks_nothing(fast: Fast) -> None:
    body = (
        "async def code(brief):\n"
        "    (pathlib.Path(brief.folder) / os.fsdecode(b'caf\\xe9.txt')).write_text('x')\n"
        "    (pathlib.Path(brief.folder) / (brief.feature.id + '.txt')).write_text('done')\n"
    )
    fast.begin("a", body=body)
    result = fast.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*✗ review*caf?xe9.txt is a name that is not UTF-8, and only regular files are accepted.*"]
    )
    assert fast.verify().ret == 0


def test_the_project_may_lie_anywhere(fast: Fast, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fast.path / "My Projects" / 'it\'s "mine", Grüße'
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    fast.path = folder
    monkeypatch.setenv("XDG_CACHE_HOME", str(fast.path.parent / "a cache"))
    fast.begin("a", config="chimera_merge = ff")
    fast.chimera().assert_outcomes(passed=1)
    assert (folder / "test_a.txt").read_text() == "done"


HURRIED = """

validate_on_a_quiet_machine = pytest_chimera_validate


async def pytest_chimera_validate(sealed, deployment):
    seen = HERE / f"{'candidate' if is_there(deployment, sealed.test.name) else 'base'}.log"
    with seen.open("a") as log:
        log.write(f"{sealed.stretch:g}\\n")
    if len(seen.read_text().split()) <= TIMES:
        failure = Failure(nodeid=sealed.nodeids[0], reason=Reason.ASSERTION, message="It came late.")
        told = {"slowdown": 9.0, "patience": 5.0, "hurried": True}
        return TestRun(status="red", url=deployment.url, failures=(failure,), **told)
    return await validate_on_a_quiet_machine(sealed, deployment)
"""


def on_a_busy_machine(fast: Fast, times: int) -> None:
    """A feature whose base and candidate are each judged several times while the machine is too busy."""
    fast.begin("a")
    with (fast.path / "conftest.py").open("a") as conftest:
        conftest.write(f"\n\nTIMES = {times}\n{HURRIED}")
    fast.commit()


def test_a_red_that_a_busy_machine_brought_about_is_seen_again_before_anybody_is_blamed(fast: Fast) -> None:
    on_a_busy_machine(fast, 1)
    done = fast.chimera()
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*It came late*seen on a busy machine*patience of 5 s*judged again*"])
    assert [(fast.path / f"{name}.log").read_text().split()[:2] for name in ("base", "candidate")] == [["1", "8"]] * 2
    workflow = Journal(fast.journal("test_a")).record.workflow
    assert workflow is not None
    assert workflow.attempts == 1
    run = workflow.results[-1].value
    assert isinstance(run, TestRun)
    assert [failure.message for failure in run.set_aside] == ["It came late."]


HURRIED_BESIDES = """

validate_at_once = pytest_chimera_validate


async def pytest_chimera_validate(sealed, deployment):
    seen = HERE / f"{sealed.test.name} {sealed.variation}.log"
    is_own = sealed.test.name == "test_a" and not sealed.variation
    if not is_own and not seen.exists():
        seen.touch()
        failure = Failure(nodeid=sealed.nodeids[0], reason=Reason.ASSERTION, message="It came late.")
        told = {"slowdown": 9.0, "patience": 5.0, "hurried": True}
        return TestRun(status="red", url=deployment.url, failures=(failure,), **told)
    run = await validate_at_once(sealed, deployment)
    failures = tuple(each.model_copy(update={"thrown": ("TypeError",)}) for each in run.failures)
    return run.model_copy(update={"failures": failures})
"""


def test_a_look_that_is_not_the_features_own_test_is_named_and_not_told_by_its_failure(fast: Fast) -> None:
    fast.begin("a")
    with (fast.path / "conftest.py").open("a") as conftest:
        conftest.write(HURRIED_BESIDES)
    fast.commit()
    done = fast.chimera()
    done.assert_outcomes(passed=1)
    for what in ("other pages of the application", "other data, another browser"):
        done.stdout.fnmatch_lines([f"* {what} (seen on a busy machine, with a patience of 5 s): it is judged again"])
    done.stdout.no_fnmatch_line("*It came late.*")


def test_a_machine_that_never_leaves_enough_time_parks_the_feature_and_blames_nobody(fast: Fast) -> None:
    on_a_busy_machine(fast, 99)
    done = fast.chimera()
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*The machine became busier each of the 3 times*", "*chimera_patience*"])
    assert attempts(fast) == 0
