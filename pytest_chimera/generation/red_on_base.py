"""Whether a red on the base says that the feature is missing; other causes are looked for and named."""

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
    """Let a red pass that says that the feature is missing, and no other.

    :raises EnvironmentTrouble: the cause lies outside the application.
    :raises PreconditionError: the cause is the person's to mend, and no coder's.
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
        remedy=f"{failure.message}\n{REMEDIES.get(failure.reason, 'Look at the evidence and mend the cause.')}",
    )


def elsewhere_test(sealed: SealedTest, run: TestRun, url: str) -> SealedTest | None:
    """A test that is red where other pages of the application throw what the page of a red run threw.

    :param url: the path at which the feature begins.
    :returns: ``None`` where the run is not red for the right reason, or nothing was thrown.
    """
    failure = run.failure
    if failure is None or failure.reason not in RIGHT_REDS or not failure.thrown:
        return None
    source = _ELSEWHERE.format(known=failure.thrown, url=url, most=_MOST_ELSEWHERE, found=_FOUND_ELSEWHERE)
    return _probe(sealed, "test_elsewhere", source, _ELSEWHERE_IS)


def _probe(sealed: SealedTest, name: str, source: str, what: str) -> SealedTest:
    """A test of our own that is run on the sealed one's base; ``what`` tells a person what it looks at."""
    path = str(PurePosixPath(sealed.test.path).with_name(f"{name}.py"))
    test = GeneratedTest(source=source, path=path, name=name)
    nodeids = (f"{path}::{test.name}",)
    update = {"test": test, "nodeids": nodeids, "sha256": seal_of(source), "handwritten": False, "variation": what}
    return sealed.model_copy(update=update)


def with_script_error(run: TestRun, elsewhere: TestRun) -> TestRun:
    """The red run with its true reason, when the application's other pages throw the same."""
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
    """A test that is red where an application has no page at ``/``, and says which of the usual addresses answer what.

    :param front_ends: files of the project that could be served.
    :returns: ``None`` where the run is not red because no page is there at which the feature itself begins. Data is
        none, as far as the project could serve one beside it.
    """
    failure = run.failure
    if failure is None or not failure.at_start or failure.reason not in RIGHT_REDS:
        return None
    if failure.reason is not Reason.MISSING_PAGE and not (failure.data and front_ends):
        return None
    source = _ANSWERING.format(places=_PLACES, pages=PAGE_TYPES, found=_FOUND_ANSWERING)
    return _probe(sealed, "test_answering", source, _ANSWERING_IS)


def without_start_page(run: TestRun, answering: TestRun, front_ends: Sequence[str]) -> TestRun:
    """The red run with its true reason: where there is no page at ``/`` either, more is missing than the feature's.

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
    lines += [f"What the project holds beside it, and could be served: {', '.join(front_ends)}"] if front_ends else []
    update = {"reason": Reason.NO_START_PAGE, "message": "\n".join(lines), "step": "", "code": ""}
    return run.model_copy(update={"failures": (run.failure.model_copy(update=update),)})


def _answers(message: str) -> dict[str, str]:
    """What answers, by its address: the content type of data, and nothing for a page."""
    words = message.partition(_FOUND_ANSWERING)[2].partition("\n")[0].split()
    return {place: data_type(kind) for place, _, kind in (word.partition("=") for word in words)}


def _no_page(run: TestRun, failure: Failure, data_at_root: str) -> str:
    """What stands in place of a page at which the feature begins, and at ``/`` where that is another address."""
    missing = failure.reason is Reason.MISSING_PAGE
    own = failure.message.rstrip(".") if missing else f"{run.final_url} answered {failure.data}, which is no page"
    if _is_root(run):
        return f"{own}."
    return f"{own}, and / answered {data_at_root}." if data_at_root else f"{own}, and nothing answers at / either."


def _is_root(run: TestRun) -> bool:
    return urlsplit(run.final_url).path in {"", "/"}


def is_unclear(run: TestRun) -> bool:
    """A red that may say that the feature is missing, or that something went wrong this once: it is run again."""
    return run.failure is not None and run.failure.reason in _UNCLEAR


def refuse_flaky(first: TestRun, second: TestRun) -> None:
    """Two runs on the same base have to end the same way.

    :raises PreconditionError: they don't.
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
