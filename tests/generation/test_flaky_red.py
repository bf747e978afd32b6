"""A red that may be accidental is judged twice; two different results go to the person."""

from __future__ import annotations

import pytest

from pytest_chimera.errors import PreconditionError
from pytest_chimera.generation.red_on_base import is_unclear, refuse_flaky
from pytest_chimera.models import Failure, Reason, TestRun


def red(reason: Reason, signature: str = "a") -> TestRun:
    failure = Failure(nodeid="t::a", reason=reason, message="It is not there.", code="expect(x)", signature=signature)
    return TestRun(status="red", url="http://127.0.0.1", failures=(failure,))


GREEN = TestRun(status="green", url="http://127.0.0.1")


def test_a_red_of_the_right_kind_is_clear() -> None:
    assert not is_unclear(red(Reason.ASSERTION))
    assert not is_unclear(GREEN)
    assert is_unclear(red(Reason.SERVER_ERROR))


def test_the_same_red_twice_is_no_chance() -> None:
    refuse_flaky(red(Reason.SERVER_ERROR), red(Reason.SERVER_ERROR))


@pytest.mark.parametrize("second", [red(Reason.ASSERTION, "b"), GREEN], ids=["another red", "green"])
def test_two_ends_that_differ_are_flaky(second: TestRun) -> None:
    with pytest.raises(PreconditionError, match="flaky") as caught:
        refuse_flaky(red(Reason.SERVER_ERROR), second)
    assert "server error" in caught.value.remedy
