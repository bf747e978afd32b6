"""Many features at once: limited, fair, reported in order; shared by several runs without harm."""

from __future__ import annotations

import re
import signal
from collections import Counter

import pytest

from tests.session.fast import Fast, fast, wait_until

__all__ = ["fast"]

SLOW = "async def code(brief):\n    await asyncio.sleep({seconds})\n    await done(brief)\n\n\n"
TOGETHER = (
    "NOW, MET = [], []\n\n\nasync def code(brief):\n    NOW.append(1)\n"
    "    while len(NOW) < {count} and not MET:\n        await asyncio.sleep(0.01)\n"
    "    MET.append(1)\n    await done(brief)\n    NOW.pop()\n\n\n"
)
DONE = "async def done(brief):\n    (pathlib.Path(brief.folder) / (brief.feature.id + '.txt')).write_text('done')\n\n\n"


def most_at_once(lines: list[str], begins: str, ends: str) -> int:
    """Return how many ran at the same time."""
    now = most = 0
    for line in lines:
        word = line.split()[0]
        now += (word == begins) - (word == ends)
        most = max(most, now)
    return most


def order_of_attempts(fast: Fast) -> list[int]:
    return [int(line.split()[2]) for line in fast.said("implement")]


def test_all_begin_with_the_first_item_and_no_more_at_a_time_than_jobs(fast: Fast) -> None:
    fast.begin("a b c d e f", body=DONE + TOGETHER.format(count=3))
    result = fast.chimera("--chimera-jobs=3")
    result.assert_outcomes(passed=6)
    assert most_at_once(fast.said(), "implement", "implemented") == 3


def test_one_job_works_on_one_feature_at_a_time(fast: Fast) -> None:
    fast.begin("a b c", body=DONE + SLOW.format(seconds=0.1))
    fast.chimera().assert_outcomes(passed=3)
    assert most_at_once(fast.said(), "implement", "implemented") == 1


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_every_feature_gets_its_first_attempt_before_any_gets_its_second(fast: Fast, jobs: str) -> None:
    body = (
        "async def code(brief):\n"
        "    if brief.attempt < 3:\n        raise PhaseFailed('Not yet, in attempt ' + str(brief.attempt))\n"
        "    (pathlib.Path(brief.folder) / (brief.feature.id + '.txt')).write_text('done')\n"
    )
    fast.begin("a b c d e", body=body)
    fast.chimera(f"--chimera-jobs={jobs}").assert_outcomes(passed=5)
    attempts = order_of_attempts(fast)
    assert attempts[:5] == [1] * 5
    assert Counter(attempts) == {1: 5, 2: 5, 3: 5}
    if jobs == "1":
        assert attempts == sorted(attempts)


def test_items_report_in_their_order_each_with_its_own_duration(fast: Fast) -> None:
    body = DONE + (
        "async def code(brief):\n"
        "    await asyncio.sleep({'test_slow': 6.0, 'test_quick': 0.0, 'test_middle': 3.0}[brief.feature.id])\n"
        "    await done(brief)\n"
    )
    fast.begin("slow quick middle", body=body)
    result = fast.chimera("--chimera-jobs=3", "-v", "--durations=3", "--durations-min=0")
    result.assert_outcomes(passed=3)
    reported = [line for line in result.outlines if re.search(r"::test_\w+.*PASSED|^PASSED", line)]
    assert len(reported) == 3
    seconds = {match[2]: float(match[1]) for match in re.finditer(r"([\d.]+)s call\s+\S+::(\w+)", result.stdout.str())}
    assert seconds["test_quick"] < seconds["test_middle"] < seconds["test_slow"]
    assert seconds["test_middle"] > 1.0


def test_after_a_failure_x_begins_no_further_feature(fast: Fast) -> None:
    body = "async def code(brief):\n    raise PhaseFailed('Never.')\n"
    fast.begin("a b c d", body=body, config="chimera_max_attempts = 1")
    result = fast.chimera("-x")
    result.assert_outcomes(failed=1)
    assert fast.said("implement") == ["implement test_a 1"]
    assert not fast.journal("test_b").exists()


def test_maxfail_counts_failures_that_are_not_reported_yet(fast: Fast) -> None:
    body = DONE + (
        "async def code(brief):\n"
        "    if brief.feature.id == 'test_a':\n        await asyncio.sleep(2)\n        return await done(brief)\n"
        "    raise PhaseFailed('Never.')\n"
    )
    fast.begin("a b c d e f", body=body, config="chimera_max_attempts = 1")
    result = fast.chimera("--maxfail=2", "--chimera-jobs=2")
    result.assert_outcomes(passed=1, failed=2)
    assert not fast.said("implement", "test_e")


def test_auto_is_a_number_of_jobs(fast: Fast) -> None:
    fast.begin("a b")
    fast.chimera("--chimera-jobs=auto").assert_outcomes(passed=2)


def test_a_wrong_number_of_jobs_is_a_usage_error(fast: Fast) -> None:
    fast.begin("a")
    result = fast.chimera("--chimera-jobs=many")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--chimera-jobs takes a number above 0 or auto, not 'many'*"])


def test_two_runs_share_ten_features_and_each_is_implemented_once(fast: Fast) -> None:
    fast.begin("a b c d e f g h i j", body=DONE + SLOW.format(seconds=0.2))
    other = fast.start("--chimera-jobs=2")
    wait_until(lambda: fast.said("implement"))
    fast.chimera("--chimera-jobs=2")
    other.wait(60)
    counted = Counter(fast.said("implement"))
    assert set(counted.values()) == {1}, other.out.read_text()
    assert len(counted) == 10
    fast.chimera().assert_outcomes(passed=10)
    assert len(fast.said("implement")) == 10


def test_a_feature_that_is_held_is_said_by_whom_and_since_when_and_the_rest_goes_on(fast: Fast) -> None:
    body = DONE + (
        "async def code(brief):\n"
        "    while brief.feature.id == 'test_a' and not (HERE / 'go.log').exists():\n"
        "        await asyncio.sleep(0.02)\n"
        "    await done(brief)\n"
    )
    fast.begin("a b c", body=body)
    other = fast.start("-k", "test_a")
    try:
        wait_until(lambda: fast.said("implement", "test_a"))
        result = fast.chimera()
        result.assert_outcomes(passed=2, errors=1)
        by_whom = rf".*test_a  Another run works on test_a: process {other.pid}, since \d{{4}}-\d\d-\d\d .*the rest.*"
        result.stdout.re_match_lines([by_whom])
        (fast.path / "go.log").touch()
        assert other.wait(60) == 0
    finally:
        other.end(signal.SIGKILL)
    fast.chimera().assert_outcomes(passed=3)


def test_under_xdist_each_worker_takes_its_own_items(fast: Fast) -> None:
    fast.begin("a b c d e f", body=DONE + SLOW.format(seconds=0.3))
    fast.chimera("-n2", "--chimera-jobs=4").assert_outcomes(passed=6)
    assert most_at_once(fast.said(), "implement", "implemented") <= 2
    assert set(Counter(fast.said("implement")).values()) == {1}


def test_under_xdist_a_feature_that_follows_another_finds_its_result(fast: Fast) -> None:
    fast.begin("a b", body=DONE + SLOW.format(seconds=0.3))
    path = fast.path / "test_features.py"
    path.write_text(path.read_text().replace('"Feature b"', '"Feature b", after="test_a"'))
    fast.commit()
    fast.chimera("-n2").assert_outcomes(passed=2)
    assert set(Counter(fast.said("implement")).values()) == {1}
