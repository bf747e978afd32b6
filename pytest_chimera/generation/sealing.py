"""What may be sealed: a test that compiles, needs no product code beside it, and is red for the right reason."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import anyio.to_thread

from pytest_chimera.errors import ArrangingFailed, EnvironmentTrouble, PreconditionError, ScenarioError
from pytest_chimera.git import Repository
from pytest_chimera.judge import PAGE_TYPES, check_handwritten, data_type, freeze, product_modules, seal_of
from pytest_chimera.models import (
    OUTSIDE_CAUSES,
    RIGHT_REDS,
    Failure,
    Feature,
    GeneratedTest,
    Reason,
    SealedTest,
    TestRun,
)
from pytest_chimera.scenario import TestGenerator, meaning_of
from pytest_chimera.scenario.helpers import arrangements_of, arranging_step, is_arrangement, modules_of
from pytest_chimera.staging.arranging import NotArranged

_REMEDIES = {
    Reason.GIVEN_FAILED: "A Given has to hold before the feature exists: mend the step, or bring the state about, by "
    "steps in the glossary or by a function (docs/how-to/write-your-own-steps.md).",
    Reason.NO_START_PAGE: "Serve what holds the page: its files, or its front end beside the API "
    "(docs/how-to/serve-your-application.md). Or let the feature begin at a page that is there: "
    'feature(…, url="/…").',
    Reason.LOGIN_PAGE: "Write the log-in as steps of the scenario, or begin at a page that needs none.",
    Reason.BLANK_PAGE: "The page shows nothing: look at its console, and at what the server needs to build first. If "
    "it only takes longer, give it more seconds: chimera_patience.",
    Reason.PAGE_SCRIPT_ERROR: "A script of the application is broken on every page: mend it on the base first.",
    Reason.SERVER_ERROR: "The server answered with an error: see its log, and mend the base.",
    Reason.SCRIPT_ERROR: "Mend the test: the error is in its own code.",
    Reason.SETUP_ERROR: "Mend the fixture: the test did not begin.",
    Reason.NO_EVIDENCE: "The test has to run and to expect something: no skip, no xfail.",
    Reason.NO_BROWSER: "Install one: python -m playwright install chromium",
    Reason.NO_NETWORK: "Connect this machine, or have the application serve the file itself, then run the same command "
    "again. If its pages do without it, as without one that counts visitors, write in the settings:",
    Reason.UNREACHABLE: "See whether the server still runs: its log lies beside the evidence.",
    Reason.NAVIGATION_TIMEOUT: "See what the page waits for, then run the same command again.",
}
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
        remedy=f"{failure.message}\n{_REMEDIES.get(failure.reason, 'Look at the evidence and mend the cause.')}",
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
    return _probe(sealed, "test_elsewhere", source)


def _probe(sealed: SealedTest, name: str, source: str) -> SealedTest:
    """A test of our own that is run on the sealed one's base."""
    path = str(PurePosixPath(sealed.test.path).with_name(f"{name}.py"))
    test = GeneratedTest(source=source, path=path, name=name)
    update = {"test": test, "nodeids": (f"{path}::{test.name}",), "sha256": seal_of(source), "handwritten": False}
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
    return _probe(sealed, "test_answering", source)


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


def as_given(run: TestRun) -> TestRun:
    """A red of something that has to hold before the feature counts: it says nothing about the feature itself."""
    given = [failure.model_copy(update={"reason": Reason.GIVEN_FAILED}) for failure in run.failures]
    return run.model_copy(update={"failures": tuple(given)})


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


def outside(run: TestRun) -> EnvironmentTrouble:
    """The trouble that a run met outside the application."""
    failure = run.failure
    assert failure is not None, "a run without a failure met no trouble"
    passing = failure.reason not in {Reason.NO_BROWSER, Reason.NO_NETWORK}
    where = run.evidence.folder if run.evidence else ""
    remedy = _REMEDIES.get(failure.reason, "Run the same command again.")
    if failure.reason is Reason.NO_NETWORK:
        remedy += f"\nchimera_unneeded = {json.dumps(run.unloaded)}"
    return EnvironmentTrouble(f"{failure.reason}: {failure.message}", where=where, remedy=remedy, passing=passing)


def compiled(test: GeneratedTest) -> GeneratedTest:
    """The test, once its source is known to compile and to hold its function.

    :raises ScenarioError: it does not.
    """
    try:
        tree = ast.parse(test.source)
    except SyntaxError as error:
        raise ScenarioError(
            f"The generated test does not compile: {error.msg}.",
            where=f"{test.path}:{error.lineno}",
            remedy="Mend the generator: pytest_chimera_generate_test has to answer with valid Python.",
        ) from None
    if not any(isinstance(node, ast.FunctionDef) and node.name == test.name for node in tree.body):
        raise ScenarioError(
            f"The generated test holds no function {test.name}.", where=test.path, remedy="Name it as the feature."
        )
    return test


def e2e_files(git: Repository, commit: str, test_path: str) -> dict[str, bytes]:
    """A commit's files in a test's own folder, by their paths in the project: all that a hand-written test may use."""
    folder = PurePosixPath(test_path).parent.as_posix()
    read = ((path, git.read(commit, path)) for path in git.files(commit, folder))
    return {path: content for path, content in read if content is not None}


def beside(sealed: SealedTest, git: Repository) -> dict[str, Mapping[str, bytes]]:
    """What lies beside a sealed test where the judge runs it, all as it was sealed: the arguments of the judge."""
    if sealed.handwritten:
        return {"e2e_files": e2e_files(git, sealed.commit, sealed.test.path)}
    return {"helpers": helper_files(git, sealed.commit, sealed.test)}


def helper_files(git: Repository, commit: str, test: GeneratedTest) -> dict[str, bytes]:
    """A commit's modules for the step functions that a generated test imports; empty when it imports none.

    They may use whatever else lies in their folder, but for its tests and its conftest.py.
    """
    if not modules_of(test):
        return {}
    files = e2e_files(git, commit, test.path)
    return {path: content for path, content in files.items() if path != test.path and not _is_pytests(path)}


def _is_pytests(path: str) -> bool:
    name = PurePosixPath(path).name
    return name == "conftest.py" or (name.endswith(".py") and name.startswith("test_"))


def said_by(test: GeneratedTest, read: Callable[[str], bytes | None], *, handwritten: bool = False) -> str:
    """A digest of what a test says, together with the functions of the project that belong to it.

    :param read: gives a file of the project.
    """
    modules = [read(path) for path in functions_in(test, handwritten=handwritten)]
    said = [meaning_of(test.source), *(_meaning_or_digest(content or b"") for content in modules)]
    return seal_of("\n".join(said)) if modules else said[0]


def _meaning_or_digest(content: bytes) -> str:
    source = content.decode("utf-8", "replace")
    try:
        return meaning_of(source)
    except SyntaxError:
        return seal_of(source)


def functions_in(test: GeneratedTest, *, handwritten: bool = False) -> tuple[str, ...]:
    """The modules of the project's own functions that are sealed with a test: those that it has called before it, and
    those that a generated one imports.
    """
    imported = () if handwritten else modules_of(test)
    return tuple(dict.fromkeys([*imported, *(call.path for call in arrangements_of(test))]))


def not_arranged(failed: NotArranged, test: GeneratedTest, on: str, log: Path) -> ArrangingFailed:
    """What is said of a function that fails while it arranges what a test needs.

    :param on: the base, or the candidate.
    """
    step = arranging_step(test, failed.number)
    told = f"{step!r} ({failed.call.as_text()})" if step else failed.call.as_text()
    sentence = f"The arranging step {told} fails on the {on}: {failed.why}"
    return ArrangingFailed(sentence, where=f"{failed.where}, {log}", evidence=failed.output)


def _is_one_test(test: GeneratedTest) -> bool:
    tests = [node for node in ast.parse(test.source).body if isinstance(node, ast.FunctionDef) and _collected(node)]
    return len(tests) == 1 and all(map(is_arrangement, tests[0].decorator_list))


def _collected(node: ast.FunctionDef) -> bool:
    return node.name.startswith("test_")


def _whole(test: GeneratedTest) -> GeneratedTest:
    """The module with all of its tests, for one that holds several or has parameters."""
    return test.model_copy(update={"name": ""})


async def ready_test(generator: TestGenerator, step: str) -> SealedTest:
    """The step of ``chimera_ready`` as a test of its own.

    :raises ScenarioError: it is not understood.
    """
    feature = Feature(id="chimera_ready", description="The application is ready", text=step, path="chimera_ready")
    test = generator.generate(feature)
    return SealedTest(test=test, nodeids=await freeze(test), sha256=seal_of(test.source))


async def collected(test: GeneratedTest, git: Repository, commit: str) -> tuple[tuple[str, ...], bool]:
    """The node ids of a module of end-to-end tests as it lies in a commit, and whether it needs its folder beside it.

    :raises PreconditionError: it cannot be collected by itself.
    """
    files = await anyio.to_thread.run_sync(e2e_files, git, commit, test.path)
    if test.name and _is_one_test(test) and not any(PurePosixPath(path).name == "conftest.py" for path in files):
        return await freeze(test), False
    return await freeze(_whole(test), handwritten=True, e2e_files=files), True


async def frozen(feature: Feature, test: GeneratedTest, git: Repository, commit: str) -> tuple[str, ...]:
    """The node ids that have to pass: of a hand-written test those of the feature's own parameters.

    :raises PreconditionError: the test needs the product in its own process, or cannot be collected by itself.
    """
    if not feature.handwritten:
        helpers = await anyio.to_thread.run_sync(helper_files, git, commit, test)
        if helpers:
            product = product_modules(await anyio.to_thread.run_sync(git.files, commit))
            check_handwritten(test, {path: helpers[path] for path in modules_of(test) if path in helpers}, product)
        if _is_one_test(test):
            return await freeze(test)
        return await freeze(_whole(test), handwritten=True, helpers=helpers)
    files = await anyio.to_thread.run_sync(e2e_files, git, commit, test.path)
    product = product_modules(await anyio.to_thread.run_sync(git.files, commit))
    check_handwritten(test, files, product)
    nodeids = await freeze(test, handwritten=True, e2e_files=files)
    parameters = feature.id.rpartition("[")[2] if feature.id.endswith("]") else ""
    return tuple(each for each in nodeids if not parameters or each.endswith(f"[{parameters}"))
