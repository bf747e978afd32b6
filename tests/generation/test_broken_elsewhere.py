"""A red page whose scripts throw: whether the feature is missing, or the application is broken everywhere."""

from __future__ import annotations

import pytest

from pytest_chimera.errors import PreconditionError
from pytest_chimera.generation.red_on_base import (
    answering_test,
    elsewhere_test,
    refuse_wrong_red,
    with_script_error,
    without_start_page,
)
from pytest_chimera.models import Failure, GeneratedTest, Reason, SealedTest, TestRun

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
    assert probe.variation == "other pages of the application"


def test_what_other_pages_throw_too_goes_to_the_person() -> None:
    elsewhere = red("also thrown on http://127.0.0.1:5001/about\nassert not ['boom']", reason=Reason.ASSERTION)
    run = with_script_error(red(thrown=("boom",)), elsewhere)
    with pytest.raises(PreconditionError, match="uncaught exception on the page: boom, also thrown on /about"):
        refuse_wrong_red(run)


def test_what_one_page_alone_throws_may_be_the_missing_feature() -> None:
    run = red(thrown=("boom",))
    assert with_script_error(run, TestRun(status="green", url="")) == run
    assert with_script_error(run, red("Timeout", reason=Reason.NAVIGATION_TIMEOUT)) == run


def missing(url: str, *, at_start: bool = True) -> TestRun:
    run = red(f"http://127.0.0.1:5000{url} answered 404 Not Found.", reason=Reason.MISSING_PAGE)
    failure = run.failures[0].model_copy(update={"at_start": at_start})
    return run.model_copy(update={"failures": (failure,), "final_url": f"http://127.0.0.1:5000{url}"})


def data(url: str, *, at_start: bool = True, reason: Reason = Reason.MISSING_ELEMENT) -> TestRun:
    run = red('get_by_label("Title") was not found', reason=reason)
    failure = run.failures[0].model_copy(update={"at_start": at_start, "data": "application/json"})
    return run.model_copy(update={"failures": (failure,), "final_url": f"http://127.0.0.1:5000{url}"})


FRONT_END = ["web/package.json"]


@pytest.mark.parametrize("run", [missing("/basket"), data("/"), data("/api/")])
def test_where_no_page_is_at_the_start_others_are_looked_for(run: TestRun) -> None:
    probe = answering_test(SEALED, run, FRONT_END)
    assert probe is not None
    assert probe.variation == "the usual addresses of an application"
    compile(probe.test.source, probe.test.path, "exec")


@pytest.mark.parametrize(
    "run", [missing("/basket", at_start=False), red(), data("/", at_start=False), data("/", reason=Reason.LOGIN_PAGE)]
)
def test_where_a_page_was_at_the_start_no_others_are_looked_for(run: TestRun) -> None:
    assert answering_test(SEALED, run, FRONT_END) is None


def test_without_a_front_end_data_is_the_page_as_it_is() -> None:
    assert answering_test(SEALED, data("/"), []) is None
    assert answering_test(SEALED, missing("/about"), []) is not None
    answering = red("these answer: /=application/json\nassert 'application/json'", reason=Reason.ASSERTION)
    assert without_start_page(missing("/about"), answering, []) == missing("/about")


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (data("/"), "http://127.0.0.1:5000/ answered application/json, which is no page.\n"),
        (
            data("/api/"),
            "http://127.0.0.1:5000/api/ answered application/json, which is no page, and / answered text/plain.",
        ),
        (missing("/about"), "http://127.0.0.1:5000/about answered 404 Not Found, and / answered text/plain."),
    ],
)
def test_data_in_place_of_the_front_end_goes_to_the_person(run: TestRun, told: str) -> None:
    answering = red("these answer: /=text/plain /docs=text/html\nassert 'text/plain'", reason=Reason.ASSERTION)
    with pytest.raises(PreconditionError, match="no page to start at") as caught:
        refuse_wrong_red(without_start_page(run, answering, FRONT_END))
    assert told in str(caught.value)
    assert "What answers: / (text/plain), /docs\n" in str(caught.value)
    assert "could be served: web/package.json" in str(caught.value)


def test_a_missing_page_beside_others_is_the_missing_feature() -> None:
    run = missing("/about")
    assert without_start_page(run, TestRun(status="green", url=""), ["web/package.json"]) == run
    refuse_wrong_red(run)


@pytest.mark.parametrize("url", ["/", "/about"])
def test_where_there_is_no_page_at_all_the_person_is_told_what_could_be_served(url: str) -> None:
    nothing = red("these answer: /docs=text/html /app/=\nassert None in ('',)", reason=Reason.ASSERTION)
    with pytest.raises(PreconditionError, match="no page to start at") as caught:
        refuse_wrong_red(without_start_page(missing(url), nothing, ["web/package.json"]))
    for told in ("404", "/docs, /app/", "web/package.json", 'url="/…"'):
        assert told in str(caught.value)
    assert ("nothing answers at / either" in str(caught.value)) is (url == "/about")
