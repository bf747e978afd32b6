"""Checks what is sealed: a test that compiles, needs no product code in its process, and is red for the right
reason.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import anyio.to_thread

from pytest_chimera.context.sealed_files import (
    e2e_files,
    helper_files,
    is_one_test,
    whole_module,
)
from pytest_chimera.errors import ScenarioError
from pytest_chimera.git import Repository
from pytest_chimera.judge import check_handwritten, freeze, product_modules, seal_of
from pytest_chimera.models import (
    Feature,
    GeneratedTest,
    SealedTest,
)
from pytest_chimera.scenario import TestGenerator, meaning_of
from pytest_chimera.scenario.functions.helpers import arrangements_of, modules_of


def compiled(test: GeneratedTest) -> GeneratedTest:
    """Return the test after checking that its source compiles and contains its function.

    :raises ScenarioError: it does not.
    """
    try:
        tree = ast.parse(test.source)
    except SyntaxError as error:
        raise ScenarioError(
            f"The generated test does not compile: {error.msg}.",
            where=f"{test.path}:{error.lineno}",
            remedy="Fix the generator: pytest_chimera_generate_test has to return valid Python.",
        ) from None
    if not any(isinstance(node, ast.FunctionDef) and node.name == test.name for node in tree.body):
        raise ScenarioError(
            f"The generated test has no function {test.name}.", where=test.path, remedy="Give it the feature's name."
        )
    return test


def meaning_digest(test: GeneratedTest, read: Callable[[str], bytes | None], *, handwritten: bool = False) -> str:
    """Return a digest of a test's meaning, including the project's functions that it uses.

    :param read: returns a file of the project.
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
    """Return the modules of the project's functions that are sealed with a test: those called before it, and those that
    a generated one imports.
    """
    imported = () if handwritten else modules_of(test)
    return tuple(dict.fromkeys([*imported, *(call.path for call in arrangements_of(test))]))


async def ready_test(generator: TestGenerator, step: str) -> SealedTest:
    """Return the step of ``chimera_ready`` as a separate test.

    :raises ScenarioError: it is not understood.
    """
    feature = Feature(id="chimera_ready", description="The application is ready", text=step, path="chimera_ready")
    test = generator.generate(feature)
    return SealedTest(test=test, nodeids=await freeze(test), sha256=seal_of(test.source))


async def frozen(feature: Feature, test: GeneratedTest, git: Repository, commit: str) -> tuple[str, ...]:
    """Return the node ids that must pass: for a hand-written test, those of the feature's own parameters.

    :raises PreconditionError: the test needs the product in its own process, or cannot be collected by itself.
    """
    if not feature.handwritten:
        helpers = await anyio.to_thread.run_sync(helper_files, git, commit, test)
        if helpers:
            product = product_modules(await anyio.to_thread.run_sync(git.files, commit))
            check_handwritten(test, {path: helpers[path] for path in modules_of(test) if path in helpers}, product)
        if is_one_test(test):
            return await freeze(test)
        return await freeze(whole_module(test), handwritten=True, helpers=helpers)
    files = await anyio.to_thread.run_sync(e2e_files, git, commit, test.path)
    product = product_modules(await anyio.to_thread.run_sync(git.files, commit))
    check_handwritten(test, files, product)
    nodeids = await freeze(test, handwritten=True, e2e_files=files)
    parameters = feature.id.rpartition("[")[2] if feature.id.endswith("]") else ""
    return tuple(each for each in nodeids if not parameters or each.endswith(f"[{parameters}"))
