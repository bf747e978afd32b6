"""Converts the witness's record to a :class:`~pytest_chimera.models.TestRun`.

Green needs positive evidence: each frozen node id was run and passed, with its own reports of set-up, call and
teardown, and a trace. An exit code is never evidence.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pytest_chimera.judge.reading.messages import PlaywrightMessage, clipped
from pytest_chimera.judge.reading.reasons import Case, is_out_of_reach, is_unreachable, reason_for
from pytest_chimera.judge.record import (
    CONSOLE_FILE,
    CollectionBroken,
    Crash,
    Document,
    FinalPage,
    Launched,
    Line,
    PageException,
    Report,
    Script,
    SessionEnded,
    Trace,
    Unreached,
    key_of,
)
from pytest_chimera.models import Evidence, Failure, Reason, SealedTest, StepLines, TestRun
from pytest_chimera.system.process import Finished, describe_exit

_PHASES = ["setup", "call", "teardown"]
_CODE_WIDTH = 300
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class JudgeContext:
    """What the judge knows besides the record.

    :param folder: the judge's folder; ``file``: the test's path in it. Neither means anything to a person.
    :param evidence: the folder of the files in the record; ``exit``: how the judge's process ended.
    :param browser: the browser's name; ``seconds``: how long the entire run took.
    :param patience: seconds to wait for an element on a quiet machine.
    :param unneeded: scripts of other hosts that the pages work without: addresses, or globs of them.
    """

    sealed: SealedTest
    url: str
    folder: Path
    file: str
    evidence: Path
    browser: str
    exit: Finished
    seconds: float
    patience: float = 5.0
    unneeded: tuple[str, ...] = ()

    @property
    def before(self) -> tuple[str, ...] | None:
        """The scripts of other hosts that the base's pages request; ``None`` if unknown."""
        return self.sealed.red.scripts if self.sealed.red else None


def read_run(record: tuple[Line, ...], around: JudgeContext) -> TestRun:
    """Return the judge's results as a test run."""
    seen = {nodeid: _Seen(record, key_of(nodeid), around.unneeded) for nodeid in around.sealed.nodeids}
    failures = {nodeid: _failure(nodeid, each, around) for nodeid, each in seen.items()}
    failed = tuple(failure for failure in failures.values() if failure is not None)
    if not seen:
        failed = (_made("", Reason.NO_EVIDENCE, "The sealed test has no node id that would have to pass.", around),)
    shown = seen.get(failed[0].nodeid if failed else around.sealed.nodeids[0])
    sight = shown.sight if shown else None
    return TestRun(
        status="red" if failed else "green",
        url=around.url,
        final_url=sight.url if sight else "",
        passed=tuple(nodeid for nodeid, failure in failures.items() if failure is None),
        failures=failed,
        evidence=_evidence(shown, around),
        browser=_browser(record, around.browser),
        seconds=round(around.seconds, 3),
        scripts=_each(script.url for each in seen.values() for script in each.scripts),
        unloaded=_each(script.url for each in seen.values() for script in each.lacking),
    )


def _each(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(urls))


class _Seen:
    """The part of the record that belongs to one node id."""

    def __init__(self, record: tuple[Line, ...], key: str, unneeded: Sequence[str] = ()) -> None:
        mine = [line for line in record if key_of(getattr(line, "nodeid", "")) == key]
        self.record = record
        self.reports = [line for line in mine if isinstance(line, Report)]
        self.exceptions = [line.message for line in mine if isinstance(line, PageException)]
        self.crash = next((line for line in mine if isinstance(line, Crash)), None)
        self.traces = [line.name for line in mine if isinstance(line, Trace)]
        self._arrivals = [
            line
            for line in mine
            if isinstance(line, Document) or (isinstance(line, Unreached) and is_unreachable(line))
        ]
        self.scripts = [line for line in mine if isinstance(line, Script)]
        self.lacking = tuple(script for script in _lacking(mine) if not _matches(script.url, unneeded))
        self._sights = [line for line in mine if isinstance(line, FinalPage)]

    @property
    def asked(self) -> str:
        """The first address that the test requested."""
        return next((line.asked for line in self._arrivals if isinstance(line, Document)), "")

    @property
    def at_start(self) -> bool:
        """Whether the current page is the first that was opened, after any redirects."""
        redirects = [each for each in self._arrivals if isinstance(each, Document) and each.status in _REDIRECTS]
        return len(self._arrivals) - len(redirects) == 1

    @property
    def arrived(self) -> Document | Unreached | None:
        """How the last navigation ended; its page is the current one."""
        return self._arrivals[-1] if self._arrivals else None

    @property
    def sight(self) -> FinalPage | None:
        """The current page at the end."""
        current = [each for each in self._sights if self.arrived is not None and each.page == self.arrived.page]
        return next(reversed(current or self._sights), None)


def _lacking(record: Sequence[Line]) -> list[Script]:
    """Return scripts of other hosts that the network could not reach, and that a page still lacked at the end."""
    lacking: dict[str, Script] = {}
    for line in record:
        if isinstance(line, Document):
            lacking = {url: script for url, script in lacking.items() if script.page != line.page}
        elif isinstance(line, Script) and is_out_of_reach(line):
            lacking[line.url] = line
        elif isinstance(line, Script):
            lacking.pop(line.url, None)
    return list(lacking.values())


def _matches(url: str, patterns: Sequence[str]) -> bool:
    return any(url == pattern or fnmatchcase(url, pattern) for pattern in patterns)


# -- one node id


def _failure(nodeid: str, seen: _Seen, around: JudgeContext) -> Failure | None:
    failing = next((report for report in seen.reports if report.outcome == "failed"), None)
    unclear = next((report for report in seen.reports if report.outcome == "skipped" or report.expected_failure), None)
    if unclear is not None:
        word = "was expected to fail" if unclear.expected_failure else "was skipped"
        return _made(nodeid, Reason.NO_EVIDENCE, f"The test {word}: that proves nothing. {unclear.message}", around)
    if failing is not None:
        return _failed(nodeid, failing, seen, around)
    return _broken(nodeid, seen, around) or _unproved(nodeid, seen, around)


def _broken(nodeid: str, seen: _Seen, around: JudgeContext) -> Failure | None:
    broken = next((line for line in seen.record if isinstance(line, CollectionBroken)), None)
    if broken is not None:
        text = f"The test cannot be imported: {broken.type.rpartition('.')[2]}: {broken.message}"
        return _made(nodeid, Reason.SCRIPT_ERROR, clipped(_without_folder(text, around)), around, broken.line)
    if any(isinstance(line, SessionEnded) for line in seen.record) and around.exit.exit_code not in {3, 4}:
        return None
    if seen.crash is not None:
        return _made(nodeid, Reason.BROWSER_CRASH, f"{seen.crash.what.capitalize()} crashed in the test.", around)
    how = describe_exit(around.exit.exit_code, around.exit.seconds)
    end = "\n".join(around.exit.output.strip().splitlines()[-8:])
    return _made(nodeid, Reason.JUDGE_BROKEN, f"The judge's process {how}.\n{clipped(end)}", around)


def _unproved(nodeid: str, seen: _Seen, around: JudgeContext) -> Failure | None:
    if not seen.reports:
        return _made(nodeid, Reason.NO_EVIDENCE, "The test was not collected, so that it did not run.", around)
    if [(each.when, each.outcome) for each in seen.reports] != [(phase, "passed") for phase in _PHASES]:
        phases = ", ".join(f"{each.when} {each.outcome}" for each in seen.reports)
        return _made(nodeid, Reason.NO_EVIDENCE, f"The test did not run once and to its end: {phases}.", around)
    traces = [around.evidence / name for name in seen.traces]
    if not any(trace.is_file() and trace.stat().st_size for trace in traces):
        return _made(nodeid, Reason.NO_EVIDENCE, "There is no trace: the test opened no page in a browser.", around)
    return None


def _failed(nodeid: str, report: Report, seen: _Seen, around: JudgeContext) -> Failure:
    test = around.sealed.test
    case = Case(
        report=report,
        said=PlaywrightMessage.of(_without_folder(report.message, around)),
        test=test,
        step=_step_at(test.steps, report.line),
        asked=seen.asked,
        arrived=seen.arrived,
        sight=seen.sight,
        crash=seen.crash,
        lacking=seen.lacking,
        before=around.before,
        patience=around.patience,
    )
    reason, message = reason_for(case)
    failure = _made(nodeid, reason, message, around, report.line, tuple(dict.fromkeys(seen.exceptions))[:2])
    return failure.model_copy(update={"at_start": seen.at_start, "data": case.data})


def _without_folder(text: str, around: JudgeContext) -> str:
    path = around.sealed.test.path
    return text.replace(str(around.folder / around.file), path).replace(around.file, path)


def _made(
    nodeid: str, reason: Reason, message: str, around: JudgeContext, line: int = 0, thrown: tuple[str, ...] = ()
) -> Failure:
    """Return a complete failure. Uncaught exceptions of the page are reported, but not part of its signature."""
    test = around.sealed.test
    step = _step_at(test.steps, line)
    code = _statement_at(test.source, line)
    remarks = [f"On the page, uncaught: {clipped(each, 2)}" for each in thrown]
    return Failure(
        nodeid=nodeid,
        reason=reason,
        message="\n".join([message.strip(), *remarks]),
        step=step.text if step else "",
        keyword=step.keyword if step else None,
        line=line,
        code=code,
        signature=_signature(reason, code, message),
        thrown=thrown,
    )


def _step_at(steps: tuple[StepLines, ...], line: int) -> StepLines | None:
    return next((step for step in steps if line and step.first <= line <= step.last), None)


def _statement_at(source: str, line: int) -> str:
    """Return the statement that contains a line, on one line."""
    lines = source.splitlines()
    if not 0 < line <= len(lines):
        return ""
    try:
        statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    except SyntaxError:
        return lines[line - 1].strip()
    around = [each for each in statements if each.lineno <= line <= (each.end_lineno or each.lineno)]
    inner = max(around, key=lambda each: each.lineno, default=None)
    if inner is None or hasattr(inner, "body"):
        return lines[line - 1].strip()
    return re.sub(r"\s+", " ", ast.get_source_segment(source, inner) or lines[line - 1].strip())[:_CODE_WIDTH]


def _signature(reason: Reason, code: str, message: str) -> str:
    """Return a signature that is equal for two failures that are the same: without numbers such as ports and times."""
    normal = re.sub(r"\s+", " ", re.sub(r"\d+", "#", message))
    return hashlib.sha256(f"{reason}|{code}|{normal}".encode()).hexdigest()[:12]


# -- the entire run


def _evidence(seen: _Seen | None, around: JudgeContext) -> Evidence:
    sight = seen.sight if seen else None
    return Evidence(
        folder=str(around.evidence),
        trace=_there(around.evidence, seen.traces[-1] if seen and seen.traces else ""),
        screenshot=_there(around.evidence, sight.screenshot if sight else ""),
        page=_there(around.evidence, sight.snapshot if sight else ""),
        console=_there(around.evidence, CONSOLE_FILE),
        log=str(around.exit.log),
    )


def _there(folder: Path, name: str) -> str:
    return str(folder / name) if name and (folder / name).is_file() else ""


def _browser(record: tuple[Line, ...], name: str) -> str:
    """Return the browser's name with the version that actually ran."""
    version = next((line.version for line in record if isinstance(line, Launched)), "")
    if not version:
        return name
    known, _, place = name.partition(" (")
    return f"{known.removesuffix(' ' + version.split('.')[0])} {version}" + (f" ({place}" if place else "")
