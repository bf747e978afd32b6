"""Our own reviewers: the seal and the protected paths, what is no regular file, and the project's own checks."""

from __future__ import annotations

import ast
import configparser
import re
import shlex
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import anyio
import anyio.to_thread
import pytest

from pytest_chimera.context.project_tests import is_test_file
from pytest_chimera.errors import EnvironmentTrouble
from pytest_chimera.git import Repository
from pytest_chimera.models import Brief, Change, ChangedFile, Finding, Review
from pytest_chimera.review.base_tests import AUTO
from pytest_chimera.review.judge_awareness import new_sights
from pytest_chimera.review.rules import RULES, matches, softened
from pytest_chimera.review.weakened_tests import blunted
from pytest_chimera.settings import Settings, split_command
from pytest_chimera.system.nesting import INSIDE
from pytest_chimera.system.process import ProgramNotFound, chosen_environment, describe_exit, run_program
from pytest_chimera.system.program_start import why_not_begun
from pytest_chimera.system.sandbox import HINT, Sandboxes, why_it_failed_to_start, why_not_started
from pytest_chimera.workflow.machine import ChimeraWorkflow

Read = Callable[[str, str], bytes | None]

PROTECTED = (
    "**/pytest.ini",
    "**/.pytest.ini",
    "**/pytest.toml",
    "**/.pytest.toml",
    "chimera.toml",
    ".github/**",
    ".gitlab-ci.yml",
    ".circleci/**",
    ".ci/**",
    "**/.git/**",
    ".gitmodules",
    "**/sitecustomize.py",
    "**/usercustomize.py",
    "**/*.pth",
)
"""Paths that a coder leaves alone, besides the sealed test's own folder. Globs; ``**`` crosses folders."""


class Guardian:
    """Reviews a change by its paths, and where a path is shared, by what changed in it.

    :param settings: ``protected`` adds patterns.
    :param read: gives a commit's file, ``None`` when it is not there.
    :param by_hand: the person implements: then only what breaks the seal is a rejection, all else is a note.
    """

    def __init__(self, settings: Settings, read: Read, *, by_hand: bool) -> None:
        self._settings = settings
        self._read = read
        self._by_hand = by_hand

    @pytest.hookimpl(trylast=True)
    def pytest_chimera_review_change(self, change: Change, workflow: ChimeraWorkflow) -> Review:
        """Find what a change touches that it must not."""
        found = (
            *self._sealed(change, workflow),
            *self._protected(change, workflow),
            *self._left_out(change),
            *self._aware(change),
            *self._blunted(change),
        )
        findings = softened(found, self._settings.allow)
        rejects = any(finding.severity == "reject" for finding in findings)
        return Review(
            decision="reject" if rejects else "approve",
            findings=findings,
            reviewer="chimera",
            score=0.0 if rejects else 1.0,
        )

    def _sealed(self, change: Change, workflow: ChimeraWorkflow) -> Iterator[Finding]:
        if any(file.path == workflow.test_path for file in change.files):
            yield RULES["sealed-test"].finding(workflow.test_path or "", "The sealed test was changed.")

    def _protected(self, change: Change, workflow: ChimeraWorkflow) -> Iterator[Finding]:
        kept = workflow.sealed.protected if workflow.sealed else ()
        patterns = (*PROTECTED, *self._settings.protected)
        for file in change.files:
            if file.path == workflow.test_path:
                continue
            if file.path in kept or self._in_test_dir(file.path) or matches(file.path, patterns):
                yield self._hands_off(file.path, f"{file.path} is a protected path.")
            elif why := self._shared_file(change, file):
                yield self._hands_off(file.path, why)

    def _hands_off(self, path: str, sentence: str) -> Finding:
        return RULES["protected-path"].finding(path, sentence, by_hand=self._by_hand)

    def _aware(self, change: Change) -> Iterator[Finding]:
        """What the application, not its tests, asks about who is looking."""
        for file in change.files:
            if file.status == "D" or is_test_file(file.path):
                continue
            before, after = (self._read(commit, file.path) or b"" for commit in (change.base, change.commit))
            for rule, what, line in new_sights(file.path, before, after):
                yield RULES[rule].finding(file.path, f"It says {what}.", line, by_hand=self._by_hand)

    def _blunted(self, change: Change) -> Iterator[Finding]:
        """Tests of the project that no longer test."""
        for each in blunted(self._read, change):
            sentence = f"The test {each.name} no longer tests: {each.what}."
            yield RULES["removed-test"].finding(each.path, sentence, each.line, by_hand=self._by_hand)

    def _in_test_dir(self, path: str) -> bool:
        return path.startswith(f"{self._settings.test_dir.strip('/')}/")

    def _shared_file(self, change: Change, file: ChangedFile) -> str:
        """What is wrong with a change to a file that is configuration in part; empty when nothing is."""
        reader = _SHARED.get(PurePosixPath(file.path).name)
        if reader is None:
            return ""
        before, after = (self._read(commit, file.path) or b"" for commit in (change.base, change.commit))
        try:
            if reader(before) == reader(after):
                return ""
        except (ValueError, SyntaxError, configparser.Error):
            return f"{file.path} cannot be read any more."
        return f"{file.path} changes how tests are collected or run."

    def _left_out(self, change: Change) -> Iterator[Finding]:
        for path, why in change.left_out.items():
            sentence = f"{path} is {why}, and only regular files are taken."
            yield RULES["regular-files"].finding(path, sentence, by_hand=self._by_hand)


def _pyproject_tests(content: bytes) -> Any:
    """What pyproject.toml says of pytest and chimera, but for what a new test may need, or a person at a terminal."""
    whole = tomllib.loads(content.decode())
    tool = whole.get("tool", {})
    config = tool.get("pytest", {})
    rest = {key: value for key, value in config.items() if key != "ini_options"}
    plugins = whole.get("project", {}).get("entry-points", {}).get("pytest11", {})
    return _telling(rest), _telling(config.get("ini_options", {})), tool.get("chimera", {}), plugins


def _setup_cfg_tests(content: bytes) -> Any:
    """What setup.cfg and tox.ini say of pytest; a linter's or a packager's sections are free."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(content.decode())
    sections = {name: _telling(dict(parser[name])) for name in ("pytest", "tool:pytest") if parser.has_section(name)}
    points = dict(parser["options.entry_points"]) if parser.has_section("options.entry_points") else {}
    return sections, points.get("pytest11", "")


def _telling(options: dict[str, Any]) -> dict[str, Any]:
    """The options that say which tests run and how, without those that only say what is printed."""
    telling = {key: value for key, value in options.items() if not _ONLY_PRINTS.fullmatch(key)}
    if isinstance(added := telling.get("addopts"), str | list):
        words = shlex.split(added) if isinstance(added, str) else added
        telling["addopts"] = [word for word in words if not _PRINTING_OPTION.fullmatch(str(word))]
    return telling


_ONLY_PRINTS = re.compile(r"markers|log_(cli_)?(level|format|date_format|file.*)|log_cli|junit_.*|console_output_style")
_PRINTING_OPTION = re.compile(
    r"-[qv]+|-r[a-zA-Z]+|--strict(-markers|-config)?|--durations(-min)?=\d.*|--tb=\w+|--color=\w+|--show-capture=\w+"
)


def _conftest_hooks(content: bytes) -> Any:
    """All of a conftest.py but its imports, docstring and fixtures that no other test has yet relied upon by name."""
    tree = ast.parse(content)
    return [ast.dump(node) for node in tree.body if not _is_fixture(node) and not _is_harmless(node)]


def _is_fixture(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    decorators = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
    names = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in decorators}
    autouse = any("autouse" in ast.dump(each) for each in node.decorator_list)
    return "fixture" in names and not autouse and node.name not in _BROWSER_FIXTURES


def _is_harmless(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


_BROWSER_FIXTURES = {"page", "context", "browser", "base_url", "browser_type_launch_args", "browser_context_args"}
_SHARED: dict[str, Callable[[bytes], Any]] = {
    "pyproject.toml": _pyproject_tests,
    "setup.cfg": _setup_cfg_tests,
    "tox.ini": _setup_cfg_tests,
    "conftest.py": _conftest_hooks,
}


class Checks:
    """Runs the commands of ``chimera_check`` in a clean checkout of the candidate.

    :param work: the folder in which the checkout is made.
    :param by_hand: the person implements: a failing check is a note.
    :param sandboxes: what the commands run in, where there is one.
    """

    def __init__(
        self,
        settings: Settings,
        repository: Repository,
        work: Path,
        *,
        by_hand: bool,
        sandboxes: Sandboxes | None = None,
    ) -> None:
        self._settings = settings
        self._sandboxes = sandboxes or Sandboxes()
        self._repository = repository
        self._work = work
        self._by_hand = by_hand
        self._on_base: dict[tuple[str, str], str] = {}

    @pytest.hookimpl(trylast=True)
    async def pytest_chimera_review_change(self, change: Change, brief: Brief) -> Review | None:
        """Run each command; one that fails is a finding with the end of its output."""
        commands = [line for line in self._settings.check if line != AUTO]
        if not commands:
            return None
        slug, room = brief.feature.slug, Path(change.diff).parent
        async with self._checkout(change.commit, slug) as project:
            ended = {line: await self._run(line, project, room, "") for line in commands}
        for line, each in ended.items():
            if each.not_begun:
                await self._refuse_what_cannot_begin(line, change.base, slug, room)
        findings = [self._finding(line, each) for line, each in ended.items() if not each.good]
        rejects = any(finding.severity == "reject" for finding in findings)
        return Review(decision="reject" if rejects else "approve", findings=tuple(findings), reviewer="chimera_check")

    @asynccontextmanager
    async def _checkout(self, commit: str, slug: str) -> AsyncIterator[Path]:
        """The project in a clean checkout, for as long as it is needed."""
        folder = self._work / "checks" / f"{slug}-{commit[:10]}"
        try:
            await anyio.to_thread.run_sync(self._fresh, commit, folder)
            yield self._repository.project_in(folder)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._repository.discard, folder)

    def _fresh(self, commit: str, folder: Path) -> None:
        self._repository.discard(folder)
        self._repository.checkout(commit, folder)

    async def _run(self, line: str, folder: Path, room: Path, suffix: str) -> _Ended:
        command = self._sandboxes.programs(split_command("chimera_check", line), folder)
        log = room / f"check-{self._settings.check.index(line) + 1}{suffix}.log"
        environment = chosen_environment(
            folder=folder, origin=self._sandboxes.origin, given=self._settings.env, also={INSIDE: "a check"}
        )
        sandbox = await anyio.to_thread.run_sync(self._sandboxes.for_folder, folder)
        try:
            done = await run_program(command, folder=folder, environment=environment, log=log, sandbox=sandbox)
        except ProgramNotFound as missing:
            why = (why_not_started(command, folder, environment, sandbox) or missing).sentence
            return _Ended(how=f"cannot be started: {why}", not_begun=why)
        hint = HINT if sandbox else ""
        details = "\n".join(part for part in (_end_of(done.output), hint) if part)
        if done.exit_code == 0:
            return _Ended(how="exited 0.", good=True)
        absent = why_it_failed_to_start(done, command, folder, environment, sandbox)
        not_begun = absent.sentence if absent else why_not_begun(command, done)
        return _Ended(f"{describe_exit(done)}.", details, not_begun)

    async def _refuse_what_cannot_begin(self, line: str, base: str, slug: str, room: Path) -> None:
        """
        :raises EnvironmentTrouble: a check cannot begin on the base either, so that it says nothing of a change.
        """
        if (base, line) not in self._on_base:
            async with self._checkout(base, f"{slug}-base") as project:
                self._on_base[base, line] = (await self._run(line, project, room, "-base")).not_begun
        if why := self._on_base[base, line]:
            hint = HINT if self._sandboxes.find() else ""
            raise EnvironmentTrouble(
                f"The check `{line}` cannot be started, on the base either: {why}",
                where="chimera_check",
                remedy=f"Install what it needs, or change chimera_check. {hint}".rstrip(),
            )

    def _finding(self, line: str, ended: _Ended) -> Finding:
        found = RULES["check"].finding("", f"`{line}` {ended.how}", by_hand=self._by_hand)
        return found.model_copy(update={"details": ended.details})


class _Ended(NamedTuple):
    """How a check ended.

    :param not_begun: why it could not begin; empty when it did.
    """

    how: str
    details: str = ""
    not_begun: str = ""
    good: bool = False


def _end_of(output: str, lines: int = 25) -> str:
    return "\n".join(output.rstrip().splitlines()[-lines:])
