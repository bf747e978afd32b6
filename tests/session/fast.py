"""A project whose conftest.py answers every hook at once: for tests of the engine that need no browser."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright._impl import _assertions

import pytest_chimera.session.state_commands  # noqa: F401 # so that a forked run has it imported already
from tests import as_ann

CONFTEST = """
import asyncio, os, pathlib, signal, time

from pytest_chimera.errors import EnvironmentTrouble, PhaseFailed
from pytest_chimera.models import Deployment, Failure, Finding, Reason, TestRun

LOG = pathlib.Path({log!r})
HERE = pathlib.Path(__file__).parent


def note(*words):
    handle = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(handle, (" ".join(map(str, words)) + "\\n").encode())
    os.close(handle)


async def code(brief):
    (pathlib.Path(brief.folder) / (brief.feature.id + ".txt")).write_text("done")


def is_there(deployment, name):
    return (pathlib.Path(deployment.folder) / (name + ".txt")).exists()


# -- what this project does otherwise
{body}
# -- the hooks


def pytest_chimera_generate_test(feature):
    note("generate", feature.id)
    return "def " + feature.function + "():\\n    assert " + repr(feature.id) + "\\n"


async def pytest_chimera_implement_feature(brief):
    note("implement", brief.feature.id, brief.attempt)
    await code(brief)
    note("implemented", brief.feature.id, brief.attempt)
    return "done"


async def pytest_chimera_deploy_to_staging(checkout):
    note("deploy", checkout.name)
    return Deployment(url="http://127.0.0.1/" + checkout.name)


async def pytest_chimera_deployment_ended(deployment):
    note("ended", deployment.name)


async def pytest_chimera_validate(sealed, deployment):
    feature = sealed.test.name.removeprefix("test_")
    green = is_there(deployment, "test_" + feature)
    note("validate", sealed.test.name, "green" if green else "red")
    if green:
        return TestRun(status="green", url=deployment.url, passed=sealed.nodeids)
    failure = Failure(
        nodeid=sealed.nodeids[0], reason=Reason.ASSERTION, message="It is not there.", signature="not there"
    )
    return TestRun(status="red", url=deployment.url, failures=(failure,))
"""
LEAN = ("-p", "no:hypothesispytest", "-p", "no:warnings")
FEATURE = '''
@pytest.mark.feature("Feature {name}"{more})
def test_{name}():
    """Then I should see "{name}"."""

'''


class Run:
    """Pytest in a forked process, which has imported everything already.

    :param project: the folder it runs in; ``folder`` for what it prints.
    """

    def __init__(self, project: Path, folder: Path, words: tuple[str, ...]) -> None:
        self.out, self.err = folder / "out.txt", folder / "err.txt"
        self.code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            self._be(project, words)

    def _be(self, project: Path, words: tuple[str, ...]) -> None:
        code = 70
        try:
            for number, path in ((1, self.out), (2, self.err)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 # for good
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.chdir(project)
            vars(_assertions)["_soft_errors"] = None  # the scope of the test that we were forked in
            code = int(pytest.main(list(words)))
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; ``None`` while it runs."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def ends_within(self, seconds: float) -> bool:
        """Whether it ends by itself within some seconds."""
        deadline = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)  # its end is the condition
        return self.code is not None

    def wait(self, seconds: float = 120) -> int:
        """Wait until it ends."""
        wait_until(lambda: self.poll() is not None, seconds)
        assert self.code is not None
        return self.code

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """Send a signal, and wait until it ends."""
        if self.poll() is None:
            os.kill(self.pid, how)
        return self.wait(30)

    def result(self) -> pytest.RunResult:
        """Return its output, once it has ended."""
        began = time.monotonic()
        code = self.wait(180)
        out, err = self.out.read_text(), self.err.read_text()
        print(out, err)  # to diagnose a failing test
        return pytest.RunResult(code, out.splitlines(), err.splitlines(), time.monotonic() - began)


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)  # the condition cannot notify us


class Fast:
    """The project's folder and the commands that a user would type in it."""

    def __init__(self, pytester: pytest.Pytester, folder: Path) -> None:
        self.pytester = pytester
        self.path = pytester.path
        self.log = folder / "said.log"
        self.cache = folder / "cache"

    def begin(
        self, names: str, *, body: str = "", config: str = "", more: str = "", path: str = "test_features.py"
    ) -> None:
        """Write and commit a project with features of these names.

        :param body: replaces or adds functions of the conftest.py: ``code``, ``is_there``, or hooks.
        :param config: lines of the pytest.ini; the project's own tests are no check unless they say so.
        :param more: what every marker says besides.
        """
        self.features(names, more=more, path=path)
        (self.path / "conftest.py").write_text(CONFTEST.format(log=str(self.log), body=body))
        checks = "" if "chimera_check" in config else "chimera_check ="
        (self.path / "pytest.ini").write_text(f"[pytest]\nchimera_canaries = off\n{checks}\n{config}\n")
        (self.path / ".gitignore").write_text(".pytest_cache/\n__pycache__/\nrunpytest-*\nstdout\nstderr\n*.log\n")
        self.git("init", "-q", "-b", "main")
        self.commit("Begin")

    def features(self, names: str, *, more: str = "", path: str = "test_features.py") -> None:
        """Write the module with the features."""
        written = "".join(FEATURE.format(name=name, more=more) for name in names.split())
        (self.path / path).write_text(f"import pytest\n\n{written}")

    def git(self, *words: str) -> str:
        return as_ann.git(self.path, *words)

    def commit(self, message: str = "Work") -> str:
        return as_ann.commit(self.path, message)

    def chimera(self, *words: str) -> pytest.RunResult:
        """Run ``pytest --chimera`` in a process of its own, to its end."""
        return self._finished("--chimera", *LEAN, *words)

    def verify(self) -> pytest.RunResult:
        """Run ``pytest --chimera-verify-state``."""
        return self._finished("--chimera-verify-state", *LEAN)

    def run(self, *words: str) -> pytest.RunResult:
        """Run plain ``pytest`` in a process of its own, to its end."""
        return self._run(words).result()

    def _finished(self, *words: str) -> pytest.RunResult:
        return self._run(words).result()

    def start(self, *words: str) -> Run:
        """Start ``pytest --chimera`` without waiting."""
        return self._run(("--chimera", *LEAN, *words))

    def _run(self, words: tuple[str, ...]) -> Run:
        return Run(self.path, Path(tempfile.mkdtemp(dir=self.log.parent)), words)

    def said(self, *beginning: str) -> list[str]:
        """Return the notes of the hooks, in order; only lines that begin with these words."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if line.split()[: len(beginning)] == list(beginning)]

    def journal(self, name: str) -> Path:
        """A feature's journal."""
        return self.path / ".pytest_cache" / "d" / "chimera" / f"{name}.jsonl"


@pytest.fixture
def fast(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fast:
    """An empty project."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CI", raising=False)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    return Fast(pytester, tmp_path)
