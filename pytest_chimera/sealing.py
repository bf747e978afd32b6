"""What may be sealed: a test that compiles, needs no product code beside it, and is red for the right reason."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

import anyio.to_thread

from pytest_chimera.errors import EnvironmentTrouble, PreconditionError, ScenarioError
from pytest_chimera.judging import check_handwritten, freeze, product_modules, seal_of
from pytest_chimera.models import OUTSIDE_CAUSES, RIGHT_REDS, Feature, GeneratedTest, Reason, SealedTest, TestRun
from pytest_chimera.repository import Repository
from pytest_chimera.scenario import TestGenerator

_REMEDIES = {
    Reason.GIVEN_FAILED: "A Given has to hold before the feature exists: mend the step, or bring the state about.",
    Reason.LOGIN_PAGE: "Write the log-in as steps of the scenario, or begin at a page that needs none.",
    Reason.BLANK_PAGE: "The page shows nothing: look at its console, and at what the server needs to build first.",
    Reason.SERVER_ERROR: "The server answered with an error: see its log, and mend the base.",
    Reason.SCRIPT_ERROR: "Mend the test: the error is in its own code.",
    Reason.SETUP_ERROR: "Mend the fixture: the test did not begin.",
    Reason.NO_EVIDENCE: "The test has to run and to expect something: no skip, no xfail.",
    Reason.NO_BROWSER: "Install one: python -m playwright install chromium",
    Reason.UNREACHABLE: "See whether the server still runs: its log lies beside the evidence.",
    Reason.NAVIGATION_TIMEOUT: "See what the page waits for, then run the same command again.",
}
_UNCLEAR = frozenset(
    {Reason.GIVEN_FAILED, Reason.LOGIN_PAGE, Reason.BLANK_PAGE, Reason.PAGE_SCRIPT_ERROR, Reason.SERVER_ERROR}
)


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
    passing = failure.reason not in {Reason.NO_BROWSER}
    where = run.evidence.folder if run.evidence else ""
    remedy = _REMEDIES.get(failure.reason, "Run the same command again.")
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


def _is_one_test(test: GeneratedTest) -> bool:
    tests = [node for node in ast.parse(test.source).body if isinstance(node, ast.FunctionDef) and _collected(node)]
    return len(tests) == 1 and not tests[0].decorator_list


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
        return await freeze(test) if _is_one_test(test) else await freeze(_whole(test), handwritten=True)
    files = await anyio.to_thread.run_sync(e2e_files, git, commit, test.path)
    product = product_modules(await anyio.to_thread.run_sync(git.files, commit))
    check_handwritten(test, files, product)
    nodeids = await freeze(test, handwritten=True, e2e_files=files)
    parameters = feature.id.rpartition("[")[2] if feature.id.endswith("]") else ""
    return tuple(each for each in nodeids if not parameters or each.endswith(f"[{parameters}"))
