"""A red page whose scripts throw: whether the feature is missing, or the application is broken everywhere."""

from __future__ import annotations

import pytest

from pytest_chimera.errors import PreconditionError
from pytest_chimera.models import Failure, GeneratedTest, Reason, SealedTest, TestRun
from pytest_chimera.sealing import elsewhere_test, refuse_wrong_red, with_script_error

SEALED = SealedTest(
    test=GeneratedTest(source="", path="tests/e2e/test_a.py", name="test_a"), nodeids=("tests/e2e/test_a.py::test_a",)
)


def red(message: str = "", *, thrown: tuple[str, ...] = (), reason: Reason = Reason.MISSING_ELEMENT) -> TestRun:
    failure = Failure(nodeid="tests/e2e/test_a.py::test_a", reason=reason, message=message, thrown=thrown)
    return TestRun(status="red", url="http://127.0.0.1:5000", failures=(failure,))


def test_where_nothing_was_thrown_no_other_page_is_looked_at() -> None:
    assert elsewhere_test(SEALED, red(), "/") is None
    assert elsewhere_test(SEALED, red(thrown=("boom",), reason=Reason.SERVER_ERROR), "/") is None


def test_the_other_pages_test_compiles_with_any_words() -> None:
    probe = elsewhere_test(SEALED, red(thrown=('it\'s "{broken}"\n',)), "/a?b={c}")
    assert probe is not None
    compile(probe.test.source, probe.test.path, "exec")
    assert probe.nodeids == ("tests/e2e/test_elsewhere.py::test_elsewhere",)


def test_what_other_pages_throw_too_goes_to_the_person() -> None:
    elsewhere = red("also thrown on http://127.0.0.1:5001/about\nassert not ['boom']", reason=Reason.ASSERTION)
    run = with_script_error(red(thrown=("boom",)), elsewhere)
    with pytest.raises(PreconditionError, match="uncaught exception on the page: boom, also thrown on /about"):
        refuse_wrong_red(run)


def test_what_one_page_alone_throws_may_be_the_missing_feature() -> None:
    run = red(thrown=("boom",))
    assert with_script_error(run, TestRun(status="green", url="")) == run
    assert with_script_error(run, red("Timeout", reason=Reason.NAVIGATION_TIMEOUT)) == run
