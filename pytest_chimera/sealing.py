"""What may be sealed: a test that compiles, needs no product code beside it, and is red for the right reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from pytest_chimera.errors import EnvironmentTrouble, PreconditionError, ScenarioError
from pytest_chimera.models import OUTSIDE_CAUSES, RIGHT_REDS, Feature, GeneratedTest, Reason, TestRun

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


_PRODUCT_FIXTURES = {"live_server", "db", "transactional_db", "client", "admin_client", "django_db_setup"}


def refuse_product_tests(source: str, feature: Feature, files: list[str]) -> None:
    """Refuse a hand-written test that needs the product in its own process.

    :raises PreconditionError: names the import or the fixture, and the way to say it instead.
    """
    tree = ast.parse(source)
    own = _own_packages(files)
    for name, line in _imported(tree):
        if name.partition(".")[0] in own:
            raise _no_product(f"it imports {name}", feature, line)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == feature.function:
            asked = [each.arg for each in node.args.args if each.arg in _PRODUCT_FIXTURES]
            if asked:
                raise _no_product(f"it asks for {asked[0]}", feature, node.lineno)


def _own_packages(files: list[str]) -> set[str]:
    """The names under which the project's own code is imported."""
    code = [PurePosixPath(path.removeprefix("src/")) for path in files if path.endswith(".py")]
    return {path.parts[0].removesuffix(".py") for path in code} - {"tests", "conftest"}


def _imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno


def _no_product(why: str, feature: Feature, line: int) -> PreconditionError:
    return PreconditionError(
        f"This test cannot be sealed: {why}, and no code of the application runs beside the judge.",
        where=f"{feature.path}:{line}",
        remedy="Say it through the page (page.goto, fill, click). Data that has to exist belongs in what chimera_serve "
        "starts.",
    )
