"""The process that runs a project's own tests: ``python -E -P -B outcome_reporter.py``. It tells how each one ended.

It is started by its path, with nothing of the project on its own path: pytest and every plugin that is installed are
there before anything of the project can be imported. Outcomes go through a pipe that no other program inherits. Each
line has a number and an authentication code, so that a line that was left out, put in or changed makes the whole
unreadable. Between the project's tests it runs some of its own that have to fail: where one does not, somebody has
changed what runs tests.

What the tested code does not look for it does not meet; one that searches this process's memory shares it, and is
stopped by the review of its change alone.
"""

from __future__ import annotations

import hmac
import importlib
import json
import os
import random
import sys
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

BEGUN, COLLECTED, REPORTED, TAMPERED, ENDED = "begun", "collected", "reported", "tampered", "ended"
SEPARATOR = b"\x1f"
_BROWSER_FIXTURES = {"page", "context", "browser", "new_context"}
_CANARIES = 4
Tell = Callable[..., None]
Stamp = tuple[int, int, int] | None


def teller(pipe: int, key: bytes) -> Tell:
    """What writes a line into the pipe: its number, words, and the code over both.

    The key itself stays in no object of Python's, and everything that is needed is at hand already.
    """
    template, write, numbers = hmac.new(key, digestmod="sha256"), os.write, iter(range(sys.maxsize))

    def tell(*words: str) -> None:
        line = SEPARATOR.join([str(next(numbers)).encode(), *(word.encode("unicode_escape") for word in words)])
        code = template.copy()
        code.update(line)
        data = line + SEPARATOR + code.hexdigest().encode() + b"\n"
        while data:
            data = data[write(pipe, data) :]

    return tell


class Reporter:
    """Keeps what needs no browser, and tells of each report.

    :param tell: writes a line.
    :param imports_from: the project's own folders, which come first on the path when all plugins are loaded.
    :param watched: the files of the tests, which stay as they are while they run.
    """

    def __init__(self, tell: Tell, imports_from: list[str], watched: list[str]) -> None:
        self._tell = tell
        self._imports_from = imports_from
        self._folder = f"{Path.cwd()}{os.sep}"
        self._stat = os.stat
        self._stamps = {path: self._stamp(path) for path in watched}
        self._canaries: dict[str, Callable[[], None]] = {}

    def _stamp(self, path: str) -> Stamp:
        """What tells a file from itself after any change: the time of its last change cannot be set back."""
        try:
            seen = self._stat(path)
        except OSError:
            return None
        return seen.st_ino, seen.st_ctime_ns, seen.st_size

    def check(self, paths: Iterable[str]) -> None:
        """Tell of files that are not what they were when this began."""
        for path in paths:
            if self._stamps.get(path) is None or self._stamp(path) != self._stamps[path]:
                self._tell(TAMPERED, f"{Path(path).name} was changed while the tests ran")

    def check_all(self) -> None:
        """The same of all of them."""
        self.check([*self._stamps])

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        """The project comes first now, as it does where its tests are run by hand."""
        own = [each for each in self._imports_from if each]
        sys.path[:] = [*own, *(each for each in sys.path if each not in own)]
        importlib.invalidate_caches()

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """One process runs them all: this one."""
        for name, value in (("dist", "no"), ("tx", []), ("numprocesses", None)):
            if hasattr(config.option, name):
                setattr(config.option, name, value)

    def pytest_plugin_registered(self, plugin: object, plugin_name: str) -> None:
        """A conftest.py that is loaded is the one that was there."""
        if plugin_name.endswith("conftest.py") and plugin_name.startswith(self._folder):
            self.check([str(getattr(plugin, "__file__", ""))])

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path) -> None:
        """A module that is imported next is the one that was there."""
        if str(module_path) in self._stamps:
            self.check([str(module_path)])

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep what needs no browser: the rest is the judge's."""
        driven = [
            item
            for item in items
            if item.get_closest_marker("feature") or _BROWSER_FIXTURES & set(getattr(item, "fixturenames", ()))
        ]
        config.hook.pytest_deselected(items=driven)
        items[:] = [item for item in items if item not in driven]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """How many there are, before the first one runs; and before which of them one of our own is run."""
        self._tell(COLLECTED, str(len(session.items)))
        chance = random.SystemRandom()
        places = [item for item in session.items if item.getparent(pytest.Module)]
        chosen = {*places[:1], *places[-1:], *chance.sample(places, min(_CANARIES, len(places)))}
        for item in chosen:
            self._canaries[item.nodeid] = chance.choice(_FAILING)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Before some of the tests, run one that has to fail."""
        failing = self._canaries.pop(item.nodeid, None)
        module = item.getparent(pytest.Module)
        if failing is None or module is None:
            return
        name = f"{item.name.partition('[')[0]}_{random.SystemRandom().randrange(1000)}"
        canary = pytest.Function.from_parent(module, name=name, callobj=failing)
        if not any(report.failed for report in runtestprotocol(canary, log=False, nextitem=item)):
            self._tell(TAMPERED, "a test that has to fail did not")

    @pytest.hookimpl(tryfirst=True, wrapper=True)
    def pytest_runtest_makereport(self, call: Any) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A report that says otherwise than what was raised was made up."""
        report = yield
        raised = call.excinfo is not None
        if raised and report.outcome == "passed" and not hasattr(report, "wasxfail"):
            self._tell(TAMPERED, "a report said passed of what had raised")
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line for each report."""
        expected_failure = hasattr(report, "wasxfail")
        self._tell(REPORTED, report.nodeid, str(report.when), "xfailed" if expected_failure else report.outcome)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be imported has no item."""
        if report.failed:
            self._tell(REPORTED, report.nodeid, "collect", "failed")


def _compares() -> None:
    assert [1, 2] == [1, 3]


def _raises() -> None:
    raise AssertionError


def _fails() -> None:
    pytest.fail("as it has to")


def _is_false() -> None:
    assert not "text"


_FAILING = (_compares, _raises, _fails, _is_false)


def _order() -> dict[str, Any]:
    """What to run, read once: nobody reads it after us."""
    order: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    os.ftruncate(0, 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return order


def main() -> int:
    """Run the project's tests."""
    order = _order()
    os.set_inheritable(order["pipe"], False)
    tell = teller(order["pipe"], bytes.fromhex(order.pop("key")))
    own = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    hidden = tuple(order["hidden"])
    sys.path[:] = [each for each in sys.path if not _is_below(each, hidden)]
    sys.path += [each for each in own if each not in sys.path]  # last, until all plugins are there
    sys.argv[:] = ["pytest"]
    reporter = Reporter(tell, [str(Path.cwd()), *own], order["watched"])
    tell(BEGUN)
    code = int(pytest.main(order["options"], plugins=[reporter]))
    reporter.check_all()
    tell(ENDED, str(code))
    return code


def _is_below(path: str, folders: tuple[str, ...]) -> bool:
    packages = {"site-packages", "dist-packages"}
    is_own = any(Path(path).is_relative_to(each) for each in folders)
    return bool(path) and is_own and packages.isdisjoint(Path(path).parts)


if __name__ == "__main__":
    sys.exit(main())
