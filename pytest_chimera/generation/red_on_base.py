"""Determines whether a red on the base means that the feature is missing; other causes are found and reported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pytest_chimera.errors import PreconditionError
from pytest_chimera.judge import PAGE_TYPES, data_type, seal_of
from pytest_chimera.judge.reading.remedies import REMEDIES, outside
from pytest_chimera.models import (
    OUTSIDE_CAUSES,
    RIGHT_REDS,
    Failure,
    GeneratedTest,
    Reason,
    SealedTest,
    TestRun,
)

_UNCLEAR = frozenset({Reason.GIVEN_FAILED, Reason.LOGIN_PAGE, Reason.BLANK_PAGE, Reason.SERVER_ERROR})


_ELSEWHERE = """\
from urllib.parse import urlsplit

from playwright.sync_api import Page

KNOWN = {known!r}


def test_elsewhere(page: Page) -> None:
    thrown = []
    page.on("pageerror", lambda error: thrown.append(error.message))
    page.goto({url!r})
    here = urlsplit(page.url)
    links = page.eval_on_selector_all("a[href]", "all => all.map(each => each.href)")
    own = [each for each in dict.fromkeys(links) if urlsplit(each).netloc == here.netloc]
    for place in ["/", *own[:{most}]]:
        if urlsplit(place).path == here.path:
            continue
        del thrown[:]
        page.goto(place)
        same = [each for each in thrown if each in KNOWN]
        assert not same, "{found}" + page.url
"""


_MOST_ELSEWHERE = 3


_FOUND_ELSEWHERE = "also thrown on "


_ELSEWHERE_IS = "other pages of the application"


def refuse_wrong_red(run: TestRun) -> None:
    """Accept a red that means that the feature is missing, and no other.

    :raises EnvironmentTrouble: the cause lies outside the application.
    :raises PreconditionError: the cause has to be fixed by the person, not by a coder.
    """
    failure = run.failure
    if failure is None or failure.reason in RIGHT_REDS:
        return
    if failure.reason in OUTSIDE_CAUSES | {Reason.UNREACHABLE, Reason.NAVIGATION_TIMEOUT}:
        raise outside(run)
    evidence = run.evidence.folder if run.evidence else ""
    raise PreconditionError(
        f"The test is red on the base, but not because the feature is missing: {failure.as_sentence()}",
        where=evidence,
        remedy=f"{failure.message}\n{REMEDIES.get(failure.reason, 'Look at the evidence and fix the cause.')}",
    )


def elsewhere_test(sealed: SealedTest, run: TestRun, url: str) -> SealedTest | None:
    """Return a test that is red if other pages of the application throw the same exceptions as a red run's page.

    :param url: the path at which the feature begins.
    :returns: ``None`` if the run is not red for the right reason, or nothing was thrown.
    """
    failure = run.failure
    if failure is None or failure.reason not in RIGHT_REDS or not failure.thrown:
        return None
    source = _ELSEWHERE.format(known=failure.thrown, url=url, most=_MOST_ELSEWHERE, found=_FOUND_ELSEWHERE)
    return _probe(sealed, "test_elsewhere", source, _ELSEWHERE_IS)


def _probe(sealed: SealedTest, name: str, source: str, what: str) -> SealedTest:
    """Return a probe to run on the sealed test's base; ``what`` describes its purpose for people."""
    path = str(PurePosixPath(sealed.test.path).with_name(f"{name}.py"))
    test = GeneratedTest(source=source, path=path, name=name)
    nodeids = (f"{path}::{test.name}",)
    update = {"test": test, "nodeids": nodeids, "sha256": seal_of(source), "handwritten": False, "variation": what}
    return sealed.model_copy(update=update)


def with_script_error(run: TestRun, elsewhere: TestRun) -> TestRun:
    """Return the red run with its actual reason, if the application's other pages throw the same."""
    found = elsewhere.failure
    if run.failure is None or found is None or _FOUND_ELSEWHERE not in found.message:
        return run
    place = found.message.partition(_FOUND_ELSEWHERE)[2].split()[0]
    message = f"{run.failure.thrown[0]}, {_FOUND_ELSEWHERE}{urlsplit(place).path or '/'}"
    update = {"reason": Reason.PAGE_SCRIPT_ERROR, "message": message, "step": "", "code": ""}
    return run.model_copy(update={"failures": (run.failure.model_copy(update=update),)})


_ANSWERING = """\
from playwright.sync_api import Page


def test_answering(page: Page) -> None:
    found = {{}}
    for place in {places!r}:
        answer = page.request.get(place, headers={{"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}})
        if answer.status < 400:
            found[place] = next(iter(answer.headers.get("content-type", "").replace(";", " ").split()), "").lower()
    assert found.get("/") in {pages!r}, "{found} " + " ".join(f"{{place}}={{kind}}" for place, kind in found.items())
"""


_PLACES = ("/", "/index.html", "/app/", "/ui/", "/web/", "/home", "/static/index.html", "/docs")


_FOUND_ANSWERING = "these answer:"


_ANSWERING_IS = "the usual addresses of an application"


def answering_test(sealed: SealedTest, run: TestRun, front_ends: Sequence[str]) -> SealedTest | None:
    """Return a test that is red if an application has no page at ``/``, and reports what the usual addresses answer.

    :param front_ends: files of the project that could be served.
    :returns: ``None`` unless the run is red because the feature's first page does not exist. Data does not count as a
        page if the project could serve a page as well.
    """
    failure = run.failure
    if failure is None or not failure.at_start or failure.reason not in RIGHT_REDS:
        return None
    if failure.reason is not Reason.MISSING_PAGE and not (failure.data and front_ends):
        return None
    source = _ANSWERING.format(places=_PLACES, pages=PAGE_TYPES, found=_FOUND_ANSWERING)
    return _probe(sealed, "test_answering", source, _ANSWERING_IS)


def without_start_page(run: TestRun, answering: TestRun, front_ends: Sequence[str]) -> TestRun:
    """Return the red run with its actual reason: without a page at ``/``, more is missing than the feature's page.

    :param answering: the run of :func:`answering_test`, whose ``front_ends`` are the same.
    """
    found = answering.failure
    if run.failure is None or found is None or _FOUND_ANSWERING not in found.message:
        return run
    answers = _answers(found.message)
    if "/" in answers and not front_ends:
        return run
    told = [f"{place} ({kind})" if kind else place for place, kind in answers.items()]
    lines = [_no_page(run, run.failure, answers.get("/", ""))]
    lines += [f"What answers: {', '.join(told)}"] if told else []
    lines += [f"What the project also contains, and could be served: {', '.join(front_ends)}"] if front_ends else []
    update = {"reason": Reason.NO_START_PAGE, "message": "\n".join(lines), "step": "", "code": ""}
    return run.model_copy(update={"failures": (run.failure.model_copy(update=update),)})


def _answers(message: str) -> dict[str, str]:
    """Return what answers, by address: the content type of data, and an empty string for a page."""
    words = message.partition(_FOUND_ANSWERING)[2].partition("\n")[0].split()
    return {place: data_type(kind) for place, _, kind in (word.partition("=") for word in words)}


def _no_page(run: TestRun, failure: Failure, data_at_root: str) -> str:
    """Describe the answers in place of the feature's first page, and of ``/`` if that is another address."""
    missing = failure.reason is Reason.MISSING_PAGE
    own = failure.message.rstrip(".") if missing else f"{run.final_url} answered {failure.data}, which is no page"
    if _is_root(run):
        return f"{own}."
    return f"{own}, and / answered {data_at_root}." if data_at_root else f"{own}, and nothing answers at / either."


def _is_root(run: TestRun) -> bool:
    return urlsplit(run.final_url).path in {"", "/"}


def is_unclear(run: TestRun) -> bool:
    """Whether a red may mean that the feature is missing, or a one-time problem: then the test is run again."""
    return run.failure is not None and run.failure.reason in _UNCLEAR


def refuse_flaky(first: TestRun, second: TestRun) -> None:
    """Check that two runs on the same base ended the same way.

    :raises PreconditionError: they did not.
    """
    told = [run.failure.as_sentence() if run.failure else "green" for run in (first, second)]
    signatures = [run.failure.signature if run.failure else "" for run in (first, second)]
    if signatures[0] == signatures[1]:
        return
    raise PreconditionError(
        f"{Reason.FLAKY}: two runs on the same base ended differently.",
        where=second.evidence.folder if second.evidence else "",
        remedy=f"First: {told[0]}\nThen: {told[1]}\nMake the base answer the same way each time, then run it again.",
    )
