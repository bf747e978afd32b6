"""An impossible task ends as failed, whatever is tried, and stays failed until the person answers."""

from __future__ import annotations

from tests.session.fast import Fast, fast

__all__ = ["fast"]
NEVER_THERE = """
async def code(brief):
    (pathlib.Path(brief.folder) / "tried.txt").write_text(str(brief.attempt))
"""


def test_an_impossible_task_fails_and_is_not_tried_again_by_itself(fast: Fast) -> None:
    fast.begin("fly", body=NEVER_THERE, config="chimera_max_attempts = 2")
    fast.chimera().assert_outcomes(failed=1)
    assert len(fast.said("implement")) == 2
    assert "failed" in fast.journal("test_fly").read_text().splitlines()[-1]
    fast.chimera().assert_outcomes(failed=1)
    assert len(fast.said("implement")) == 2
