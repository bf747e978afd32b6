"""The judge: runs a sealed test against a URL in a process of its own with an empty folder."""

from __future__ import annotations

import hashlib
import importlib.util
import shlex
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath

import anyio.to_thread

from pytest_chimera.errors import EnvironmentTrouble, PreconditionError, StateError
from pytest_chimera.judge.browser import Browser, find_browser
from pytest_chimera.judge.interpreter import (
    ONE_RUN,
    judge_command,
    judge_environment,
    temporary_folder,
    write_start_file,
)
from pytest_chimera.judge.reading.results import JudgeContext, read_run
from pytest_chimera.judge.record import (
    OUTPUT_FOLDER,
    RECORD_FILE,
    BrowserProfile,
    Collected,
    CollectionBroken,
    Document,
    JudgePlan,
    Line,
    Report,
    Unreached,
    key_of,
    read_record,
)
from pytest_chimera.judge.warm import WarmJudges
from pytest_chimera.models import TIMELY_REDS, GeneratedTest, SealedTest, TestRun
from pytest_chimera.system.machine_load import slowdown, stretch, stretched, watching
from pytest_chimera.system.process import Finished, describe_exit, run_program

COLLECTION_SECONDS = 60.0
_MARGIN = 1.5
"""How much busier than allowed for the machine may become before a red does not count."""
_LOOKS_AT_NOTHING = 3
EMPTY_PAGE = b"<!DOCTYPE html><html><head><title></title></head><body></body></html>"
_NEUTRAL_NAME = "test_page.py"
_PLUGINS = ("pytest_playwright.pytest_playwright", "pytest_chimera.judge.witness", "no:cacheprovider")
# Only older versions of pytest-playwright require pytest-base-url.
_OPTIONAL_PLUGIN = "pytest_base_url.plugin"


# -- the seal


def seal_of(source: str) -> str:
    """Return the digest of a test's source, which :class:`~pytest_chimera.models.SealedTest` holds as ``sha256``."""
    return hashlib.sha256(source.encode()).hexdigest()


def _check_seal(sealed: SealedTest) -> None:
    if sealed.sha256 and seal_of(sealed.test.source) != sealed.sha256:
        raise StateError(
            "The sealed test was changed: its digest differs.",
            where=sealed.test.path,
            remedy="Start this feature over with --chimera-restart.",
        )


# -- the judge's folder


@dataclass(frozen=True)
class _Layout:
    """The contents of the judge's folder, without the plan.

    :param file: the test's path in it; neutral for a generated test, so that the folder does not reveal what is judged.
    :param files: everything to write there, by path. ``conftest``: a conftest.py among them is loaded.
    :param imports_from: the folders in it that modules are imported from.
    """

    file: str
    files: Mapping[str, bytes]
    conftest: bool
    imports_from: tuple[str, ...] = ()

    @property
    def is_only_the_test(self) -> bool:
        """Whether the test runs without any code of the project."""
        return not self.conftest and not self.imports_from


def _layout(test: GeneratedTest, e2e_files: Mapping[str, bytes] | None, helpers: Mapping[str, bytes] | None) -> _Layout:
    source = test.source.encode()
    if e2e_files:
        return _Layout(test.path, {**e2e_files, test.path: source}, conftest=True, imports_from=(".",))
    if helpers:
        file = str(PurePosixPath(test.path).with_name(_NEUTRAL_NAME))
        folders = PurePosixPath(file).parents[:-1]
        packages = {str(folder / "__init__.py"): b"" for folder in folders}
        # A helper may import its neighbours from the project's root, or like pytest from a folder that is not a
        # package.
        imports_from = (".", *map(str, folders[1:]))
        return _Layout(file, {**packages, **helpers, file: source}, conftest=False, imports_from=imports_from)
    return _Layout(_NEUTRAL_NAME, {_NEUTRAL_NAME: source}, conftest=False)


def _lay(folder: Path, layout: _Layout, plan: JudgePlan, url: str, *options: str) -> None:
    for name, content in layout.files.items():
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts:
            raise PreconditionError(f"{name} lies outside the end-to-end folder.", remedy="Move it inside.")
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(content)
    (folder / OUTPUT_FOLDER).mkdir()
    (folder / "pytest.ini").write_text(_ini(layout, url, options), encoding="utf-8")
    write_start_file(folder, ONE_RUN)
    plan.write(folder)


def _ini(layout: _Layout, url: str, options: tuple[str, ...]) -> str:
    """Return the ini file with all of pytest's options, so that the command line reveals nothing."""
    optional = (_OPTIONAL_PLUGIN,) if importlib.util.find_spec("pytest_base_url") else ()
    arguments = [word for plugin in (*optional, *_PLUGINS) for word in ("-p", plugin)]
    arguments += ["--tracing=off", "--import-mode=prepend", "--disable-warnings", *options]
    arguments += [] if layout.conftest else ["--noconftest"]
    lines = ["[pytest]", f"addopts = {shlex.join(arguments)}", f"testpaths = {shlex.quote(layout.file)}"]
    lines += [f"base_url = {url}"] if url else []
    lines += [f"pythonpath = {shlex.join(layout.imports_from)}"] if layout.imports_from else []
    return "\n".join(lines) + "\n"


# -- the judge's process


@dataclass(frozen=True)
class _CompletedRun:
    """A completed run: its folder, which is removed, the witness's record, and how the process ended."""

    folder: Path
    record: tuple[Line, ...]
    exit: Finished


@dataclass(frozen=True)
class _RunSetup:
    """What a run needs, and where its evidence is stored."""

    layout: _Layout
    plan: JudgePlan
    url: str
    evidence: Path
    time_limit: float

    @property
    def log(self) -> Path:
        return self.evidence / "judge.log"

    async def run(self) -> _CompletedRun:
        """Run in a new process."""
        with temporary_folder() as folder:
            _lay(folder, self.layout, self.plan, self.url)
            return self._completed(folder, await _run(folder, self.log, self.time_limit))

    async def run_warm(self, judges: WarmJudges) -> _CompletedRun | None:
        """Run in a fork of a running judge. Return ``None`` if there is no judge, or if the test did not begin.

        A test that has begun is not run again: it may have changed the application's data, so that this needs another
        deployment.
        """
        with temporary_folder(judges.home) as folder:
            _lay(folder, self.layout, self.plan, self.url)
            finished = await judges.run(folder, self.log, self.time_limit)
            if finished is None:
                return None
            if _has_begun(read_record(folder / RECORD_FILE)):
                return self._completed(folder, finished)
        judges.give_up("a test did not begin in a running judge")
        return None

    def _completed(self, folder: Path, finished: Finished) -> _CompletedRun:
        for file in (folder / OUTPUT_FOLDER).iterdir():
            shutil.move(file, self.evidence / file.name)
        return _CompletedRun(folder, read_record(folder / RECORD_FILE), finished)


def _has_begun(record: Iterable[Line]) -> bool:
    """Return whether the test may have sent a request to the application, or cannot begin in any process."""
    return any(
        isinstance(line, Document | Unreached | CollectionBroken)
        or (isinstance(line, Report) and line.when == "setup" and line.outcome != "failed")
        for line in record
    )


async def _run(folder: Path, log: Path, time_limit: float) -> Finished:
    return await run_program(
        judge_command(folder),
        folder=folder,
        environment=judge_environment(folder),
        log=log,
        time_limit=time_limit,
        scratch=folder,
    )


def _fresh(folder: Path) -> Path:
    """Return ``folder``, or one with a number if it is not empty: evidence is never overwritten."""
    fresh, number = folder.absolute(), 1
    while fresh.exists() and any(fresh.iterdir()):
        number += 1
        fresh = folder.absolute().with_name(f"{folder.name}-{number}")
    fresh.mkdir(parents=True, exist_ok=True)
    return fresh


# -- the judge's functions


async def judge(
    sealed: SealedTest,
    url: str,
    *,
    evidence: Path,
    browser: Browser,
    time_limit: float,
    e2e_files: Mapping[str, bytes] | None = None,
    helpers: Mapping[str, bytes] | None = None,
    test_id: str = "data-testid",
    patience: float = 5.0,
    looks: BrowserProfile | None = None,
    unneeded: Sequence[str] = (),
    warm: WarmJudges | None = None,
) -> TestRun:
    """Run a sealed test against a URL and return the results.

    :param evidence: the folder for trace, screenshot, page snapshot, console and log; if it is not empty, one with a
        number is used.
    :param time_limit: seconds for the entire run; longer on a busy machine.
    :param e2e_files: for a hand-written test: the base commit's end-to-end folder with its ``conftest.py``, path in the
        project → content. No other files of the project are put next to the test.
    :param test_id: the attribute for test ids.
    :param patience: seconds until an action or an expectation times out; longer on a busy machine.
    :param looks: the browser profile.
    :param unneeded: scripts of other hosts that the pages work without: globs of their addresses.
    :param warm: running judges; one of them runs the test, unless it needs files of the project.
    :raises StateError: the source is not the one that was sealed.
    """
    _check_seal(sealed)
    keys = tuple(map(key_of, sealed.nodeids))
    plan = JudgePlan(
        keys=keys, browser=browser.path, test_id=test_id, patience=patience, looks=looks or BrowserProfile()
    )
    layout = _layout(sealed.test, e2e_files, helpers)
    return await _judge(sealed, url, plan, evidence, browser, time_limit, layout, tuple(unneeded), warm)


async def _judge(
    sealed: SealedTest,
    url: str,
    plan: JudgePlan,
    evidence: Path,
    browser: Browser,
    time_limit: float,
    layout: _Layout,
    unneeded: tuple[str, ...] = (),
    warm: WarmJudges | None = None,
) -> TestRun:
    began = time.monotonic()
    evidence = _fresh(evidence)
    allowed = max(sealed.stretch, stretch(await anyio.to_thread.run_sync(slowdown)))
    patience, plan = plan.patience, plan.stretched(allowed)
    setup = _RunSetup(layout, plan, url, evidence, time_limit * allowed)
    with watching() as machine:
        ran = await setup.run_warm(warm) if warm and layout.is_only_the_test else None
        ran = ran or await setup.run()
    around = JudgeContext(
        sealed=sealed,
        url=url,
        folder=ran.folder,
        file=layout.file,
        evidence=evidence,
        browser=browser.name,
        exit=ran.exit,
        seconds=time.monotonic() - began,
        patience=patience,
        unneeded=unneeded,
    )
    run = read_run(ran.record, around).model_copy(
        update={"patience": round(plan.patience, 1), "slowdown": round(machine.slowdown, 1)}
    )
    return run.model_copy(update={"hurried": _is_hurried(run, allowed)})


def _is_hurried(run: TestRun, allowed: float) -> bool:
    """Whether it is a red that a page may show because it had too little time.

    :param allowed: how many times longer than on a quiet machine the judge waited.
    """
    is_timely = run.failure is not None and run.failure.reason in TIMELY_REDS
    return is_timely and stretch(run.slowdown) > allowed * _MARGIN


async def is_vacuous(
    sealed: SealedTest,
    *,
    evidence: Path,
    browser: Browser,
    time_limit: float,
    e2e_files: Mapping[str, bytes] | None = None,
    helpers: Mapping[str, bytes] | None = None,
    warm: WarmJudges | None = None,
) -> bool:
    """Whether a test is green even against a server that answers every request with an empty page.

    Such a test expects nothing. The parameters are those of :func:`judge`.
    """
    _check_seal(sealed)
    # On an empty page there is nothing to wait for.
    plan = JudgePlan(keys=tuple(map(key_of, sealed.nodeids)), browser=browser.path, patience=0.5, navigation=10.0)
    with empty_pages() as url:
        layout = _layout(sealed.test, e2e_files, helpers)
        for _ in range(_LOOKS_AT_NOTHING):
            run = await _judge(sealed, url, plan, evidence, browser, time_limit, layout, warm=warm)
            if not run.hurried:
                break
    return run.status == "green"


class _EmptyPage(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(EMPTY_PAGE)))
        self.end_headers()
        self.wfile.write(EMPTY_PAGE)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815  the names that http.server requires

    def log_message(self, *_args: object) -> None:
        """Print nothing."""


@contextmanager
def empty_pages() -> Iterator[str]:
    """Provide the URL of a server that answers every request with an empty page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _EmptyPage) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


# -- freezing


async def freeze(
    test: GeneratedTest,
    *,
    handwritten: bool = False,
    e2e_files: Mapping[str, bytes] | None = None,
    helpers: Mapping[str, bytes] | None = None,
    time_limit: float = COLLECTION_SECONDS,
) -> tuple[str, ...]:
    """Return the node ids that must pass, without the browser's name, as on ``pytest``'s command line.

    A generated test is one function. A hand-written one is collected by the judge, because only pytest knows its
    parameters. No browser is started.

    :param test: ``name`` is the function, or ``Class::function``; empty for all tests of the module.
    :raises PreconditionError: the hand-written test cannot be collected where the judge runs it.
    :raises EnvironmentTrouble: the judge's process itself does not work.
    """
    if not handwritten:
        return (f"{test.path}::{test.name}",)
    layout = _layout(test, e2e_files, helpers)
    with temporary_folder() as folder:
        _lay(folder, layout, JudgePlan(), "", "--collect-only")
        limit = await anyio.to_thread.run_sync(stretched, time_limit)
        finished = await _run(folder, folder / "judge.log", limit)
        keys = _collected_keys(read_record(folder / RECORD_FILE), test, finished)
    return tuple(f"{test.path}::{key}" for key in keys)


def _collected_keys(record: tuple[Line, ...], test: GeneratedTest, finished: Finished) -> list[str]:
    broken = next((line for line in record if isinstance(line, CollectionBroken)), None)
    if broken is not None:
        raise PreconditionError(
            f"The test cannot be imported where the judge runs it: {broken.message}",
            where=f"{test.path}:{broken.line}" if broken.line else test.path,
            remedy="A hand-written test drives the browser alone: no product code, no live_server, no db. Put what it "
            "needs into a conftest.py next to it, or arrange data in a preparing line of chimera_serve.",
        )
    collected = next((line for line in record if isinstance(line, Collected)), None)
    if collected is None:
        raise EnvironmentTrouble(
            f"The judge's process {describe_exit(finished.exit_code, finished.seconds)} before it had read the test.",
            where=finished.output.strip()[-2000:],
            remedy="Check that pytest, pytest-playwright and pytest-chimera are installed in one environment.",
        )
    keys = [key_of(nodeid) for nodeid in collected.nodeids]
    wanted = [key for key in keys if f"::{key.split('[')[0]}".endswith(f"::{test.name}") or not test.name]
    if not wanted:
        raise PreconditionError(
            f"The judge finds no test{f' called {test.name}' if test.name else ''} in {test.path}.",
            where=finished.output.strip()[-2000:],
            remedy="Check the function's name, and that pytest collects it.",
        )
    return wanted


# -- the library's interface


@dataclass
class TestExecutor:
    """Runs tests in the judge, for use outside pytest.

    :param browser_path: the Chrome or Chromium to use; empty to find one.
    :param time_limit: seconds for each run; ``patience``: seconds until an action or an expectation times out; both are
        longer on a busy machine.
    :param test_id: the attribute for test ids.
    :param e2e_files: files to put next to the test, path → content: its ``conftest.py`` for example.
    """

    __test__ = False

    browser_path: str = ""
    time_limit: float = 600.0
    test_id: str = "data-testid"
    patience: float = 5.0
    e2e_files: Mapping[str, bytes] = field(default_factory=dict)

    async def execute(
        self, test: GeneratedTest | SealedTest | str, url: str, evidence: Path | str | None = None
    ) -> TestRun:
        """Run a test against a URL.

        :param test: a sealed or generated test, or a test module's source, all of whose tests are run.
        :param evidence: the folder for the evidence; a new temporary one by default.
        :raises EnvironmentTrouble: there is no browser.
        :raises PreconditionError: the source contains no test.
        """
        return await judge(
            test if isinstance(test, SealedTest) else await self._sealed(test),
            url,
            evidence=Path(evidence) if evidence is not None else Path(tempfile.mkdtemp(prefix="chimera-")),
            browser=find_browser(self.browser_path),
            time_limit=self.time_limit,
            e2e_files=self.e2e_files,
            test_id=self.test_id,
            patience=self.patience,
        )

    async def _sealed(self, test: GeneratedTest | str) -> SealedTest:
        generated = test if isinstance(test, GeneratedTest) else GeneratedTest(source=test, path=_NEUTRAL_NAME, name="")
        nodeids = await freeze(generated, handwritten=not generated.name, e2e_files=self.e2e_files)
        return SealedTest(test=generated, nodeids=nodeids, sha256=seal_of(generated.source))
