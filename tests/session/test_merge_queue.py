"""Several features complete at once: landed one after the other, each proved on top of the ones before it."""

from __future__ import annotations

import signal

import pytest

from tests.session.fast import Fast, fast, wait_until

__all__ = ["fast"]

FOUR = ("a", "b", "c", "d")


def bases(fast: Fast, branch: str) -> list[tuple[str, str]]:
    """Return for each feature on a branch, from the oldest: the parent of its two commits, and the base in its
    proof.
    """
    form = "%H %P %(trailers:key=Chimera-Base,valueonly,separator=%x2C)"
    lines = [line.split() for line in fast.git("log", "--reverse", f"--format={form}", branch).splitlines()]
    parents = {line[0]: line[1] for line in lines if len(line) > 1}
    return [(parents[line[1]], line[2]) for line in lines if len(line) > 2]


def files(fast: Fast, rev: str) -> set[str]:
    return {name for name in fast.git("ls-tree", "-r", "--name-only", rev).splitlines() if name.endswith(".txt")}


def test_all_are_merged_each_proved_on_the_one_before(fast: Fast) -> None:
    fast.begin(" ".join(FOUR), config="chimera_merge = ff")
    fast.chimera("--chimera-jobs=4").assert_outcomes(passed=4)
    assert files(fast, "HEAD") == {f"test_{name}.txt" for name in FOUR}
    proofs = bases(fast, "main")
    assert len(proofs) == 4
    assert all(below == proved_on for below, proved_on in proofs)
    assert fast.git("status", "--porcelain") == ""


def test_a_stack_is_built_in_the_same_way_and_head_stays(fast: Fast) -> None:
    fast.begin(" ".join(FOUR), config="chimera_merge = stack")
    head = fast.git("rev-parse", "HEAD")
    result = fast.chimera("--chimera-jobs=4")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*git merge chimera/next*"])
    assert files(fast, "chimera/next") == {f"test_{name}.txt" for name in FOUR}
    assert fast.git("rev-parse", "HEAD") == head
    assert all(below == proved_on for below, proved_on in bases(fast, "chimera/next"))


def test_a_stack_begins_anew_when_head_has_moved_away_from_it(fast: Fast) -> None:
    fast.begin("a b", config="chimera_merge = stack")
    fast.chimera().assert_outcomes(passed=2)
    (fast.path / "other.txt").write_text("x")
    head = fast.commit("Something else")
    result = fast.chimera()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*HEAD is no longer part of chimera/next: starting that branch over*"])
    assert files(fast, "chimera/next") == {"test_a.txt", "test_b.txt", "other.txt"}
    assert fast.git("merge-base", "HEAD", "chimera/next") == head


@pytest.mark.parametrize("merge", ["ff", "stack"])
def test_two_that_are_green_alone_and_red_together_are_never_combined(fast: Fast, merge: str) -> None:
    body = (
        "async def code(brief):\n"
        "    name = brief.feature.id + ('.txt' if brief.attempt == 1 else '-other.txt')\n"
        "    (pathlib.Path(brief.folder) / (brief.feature.id + '.txt')).unlink(missing_ok=True)\n"
        "    (pathlib.Path(brief.folder) / name).write_text('done')\n\n\n"
        "def is_there(deployment, name):\n"
        "    here = {path.name for path in pathlib.Path(deployment.folder).glob('*.txt')}\n"
        "    alone = not {'test_a.txt', 'test_b.txt'} <= here\n"
        "    return bool(alone and {name + '.txt', name + '-other.txt'} & here)\n"
    )
    fast.begin("a b", body=body, config=f"chimera_merge = {merge}")
    fast.chimera("--chimera-jobs=2").assert_outcomes(passed=2)
    landed = files(fast, "HEAD" if merge == "ff" else "chimera/next")
    assert len(landed) == 2
    assert landed != {"test_a.txt", "test_b.txt"}


def test_a_conflict_is_another_attempt_on_top_of_what_was_merged(fast: Fast) -> None:
    body = (
        "async def code(brief):\n"
        "    page = pathlib.Path(brief.folder) / 'page.txt'\n"
        "    page.write_text((page.read_text() if page.exists() else '') + brief.feature.id + '\\n')\n\n\n"
        "def is_there(deployment, name):\n"
        "    page = pathlib.Path(deployment.folder) / 'page.txt'\n"
        "    return page.exists() and name in page.read_text()\n"
    )
    fast.begin("a b c", body=body, config="chimera_merge = ff")
    fast.chimera("--chimera-jobs=3").assert_outcomes(passed=3)
    assert sorted((fast.path / "page.txt").read_text().split()) == ["test_a", "test_b", "test_c"]


def test_two_runs_at_once_merge_into_one_line(fast: Fast) -> None:
    fast.begin("a b c d e f", config="chimera_merge = ff")
    other = fast.start("--chimera-jobs=2")
    try:
        wait_until(lambda: fast.said("implement"))
        fast.chimera("--chimera-jobs=2")
        other.wait(90)
    finally:
        other.end(signal.SIGKILL)
    fast.chimera("test_features.py").assert_outcomes(passed=6)
    assert len(fast.said("implement")) == 6, other.out.read_text()
    proofs = bases(fast, "main")
    assert len(proofs) == 6
    assert all(below == proved_on for below, proved_on in proofs)
    assert fast.git("status", "--porcelain") == ""


def test_a_detached_head_is_named_and_the_branch_waits(fast: Fast) -> None:
    fast.begin("a", config="chimera_merge = ff")
    fast.git("checkout", "-q", "--detach")
    result = fast.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_a*complete*chimera/test-a*"])
    fast.git("checkout", "-q", "main")
    fast.chimera().assert_outcomes(passed=1)
    assert files(fast, "HEAD") == {"test_a.txt"}
