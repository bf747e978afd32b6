"""The report on an incomplete feature: the cause, the attempts, and the files."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from pytest_chimera.context.formatting import attempts_table, busy_text, shortened, shown
from pytest_chimera.models import Change, Evidence, Finding, Review, SealedTest, TestRun, first_line
from pytest_chimera.state.vault import newest_room
from pytest_chimera.system.supervision import tail_of
from pytest_chimera.workflow.machine import ChimeraWorkflow, PhaseResult
from pytest_chimera.workflow.transitions import ChimeraPhase, Outcome

LIMIT = 3_000
"""The maximum number of characters in a failure: VS Code loses longer ones from several workers."""
LONGEST_SENTENCE = 400
_BETWEEN = "\n\n"
_TABLE = 700
_LOG_LINES = 12
_PAGE_LINES = 10
_FINDINGS = 3


@dataclass(frozen=True)
class FailureDetails:
    """The parts below a verdict's sentence, in order.

    :param cause: the evidence of the failure; ``attempts`` is the table of attempts; ``files`` lists the other files,
        with commands.
    """

    cause: str = ""
    attempts: str = ""
    files: str = ""

    def fitted(self, room: int) -> str:
        """Return the parts in at most ``room`` characters: the table is cut first, then the cause, and paths never."""
        table = shortened(self.attempts, _TABLE)
        rest = room - len(table) - len(self.files) - 2 * len(_BETWEEN)
        return _BETWEEN.join(part for part in (shortened(self.cause, max(rest, 0)), table, self.files) if part)


@dataclass(frozen=True)
class FailureCauses:
    """Reads what ended a workflow from its results and from the vault.

    :param root: the project's folder, to which paths are relative; ``place`` holds the generation's evidence.
    """

    root: Path
    place: Path
    workflow: ChimeraWorkflow

    def account(self, cause: str, evidence: Evidence | None = None) -> FailureDetails:
        """Return a cause with the attempts before it and the files.

        :param evidence: where the trace is taken from, if not from the last red run.
        """
        last = self.last_red
        table = attempts_table(self.workflow)
        files = self._files(evidence or (last.evidence if last else None))
        return FailureDetails(cause, f"attempts:\n{table}" if table else "", "\n".join(files))

    @property
    def last_red(self) -> TestRun | None:
        """Return the judge's last red run: of a candidate if there is one, else of the base."""
        runs = (result.value for result in reversed(self.workflow.results))
        red = next((run for run in runs if isinstance(run, TestRun) and run.status == "red"), None)
        return red or (self.workflow.sealed.red if self.workflow.sealed else None)

    def of_result(self, result: PhaseResult) -> str:
        """Return the evidence of why a phase ended as it did."""
        value = result.value
        if isinstance(value, TestRun):
            return self.of_run(value)
        if isinstance(value, Review):
            return _rejected(value)
        if result.phase is ChimeraPhase.CODE_IMPLEMENTATION:
            return "\n".join(part for part in (self._coders_words(result), self._to_fix()) if part)
        return tail_of(result.details, _LOG_LINES)

    def _to_fix(self) -> str:
        """Return what the coder was to fix, if its last attempt was ended by the coder itself."""
        refused = (result for result in reversed(self.workflow.results) if result.outcome is not Outcome.SUCCESS)
        before = next((each for each in refused if each.phase is not ChimeraPhase.CODE_IMPLEMENTATION), None)
        return f"attempt {before.attempt} ended in {before.phase}:\n{self.of_result(before)}" if before else ""

    def of_run(self, run: TestRun | None) -> str:
        """Describe how a test fails: the step and its line, what was expected and found, and the page around it."""
        failure = run.failure if run else None
        if run is None or failure is None:
            return ""
        sealed = self.workflow.sealed
        place = f"  ({sealed.test.path}:{failure.line})" if sealed and failure.line else ""
        lines = [f"{failure.as_sentence()}{place}", *(f"  {line}" for line in failure.message.splitlines())]
        if busy := busy_text(run):
            lines.append(busy)
        about = f"{failure.step} {failure.code} {failure.message}"
        return "\n".join([*lines, *self.page(run.evidence, about)])

    def page(self, evidence: Evidence | None, about: str = "") -> list[str]:
        """Return a short excerpt of the last page, around the lines that match ``about``."""
        if evidence is None or not evidence.page or not Path(evidence.page).is_file():
            return []
        lines = excerpt(Path(evidence.page).read_text(encoding="utf-8", errors="replace"), about)
        return ["the page then:", *(f"  {shortened(line, 160)}" for line in lines)] if lines else []

    def red_on_base(self, sealed: SealedTest) -> str:
        """Describe how a sealed test fails on its base, and what a person should know about its expectations."""
        return "\n".join(
            part for part in (self.of_run(sealed.red), *(f"note: {note}" for note in sealed.notes)) if part
        )

    def evidence_in(self, where: str) -> Evidence | None:
        """Return the evidence of the run in a folder, if there is one."""
        folder = Path(where) if where else None
        if folder is None or not folder.is_absolute() or not folder.is_dir():
            return None
        trace, page = max(folder.glob("trace*.zip"), default=None), folder / "page.yaml"
        return Evidence(folder=where, trace=str(trace) if trace else "", page=str(page) if page.is_file() else "")

    # -- the coder

    def _coders_words(self, result: PhaseResult) -> str:
        """Return the end of the coder's output, and any notes on it."""
        log = self._in_attempt("coder*.log", result.attempt)
        printed = log.read_text(encoding="utf-8", errors="replace") if log else ""
        besides = [line for line in result.details.splitlines() if line.strip() and line not in printed]
        if not printed.strip():
            return "\n".join(besides[-_LOG_LINES:])
        end = tail_of(printed, _LOG_LINES).splitlines()
        lines = [f"  {shortened(line, 200)}" for line in end]
        return "\n".join(["the end of the coder's output:", *lines, *besides[-3:]])

    def _in_attempt(self, pattern: str, attempt: int) -> Path | None:
        room = newest_room(self.place, f"attempt-{attempt}")
        found = sorted(room.glob(pattern), key=lambda path: path.stat().st_mtime_ns) if room else []
        return found[-1] if found else None

    # -- the files

    def _files(self, evidence: Evidence | None) -> list[str]:
        """List the files; each path is relative to the project's folder, and each command is to be run there."""
        if not self.place.is_dir():
            return []
        lines = [f"evidence: {shown(self.place, self.root)}/"]
        if evidence and evidence.trace and Path(evidence.trace).is_file():
            path = shlex.quote(shown(evidence.trace, self.root))
            lines.append(f"open the trace of the last red run: python -m playwright show-trace {path}")
        implemented = self.workflow.latest(ChimeraPhase.CODE_IMPLEMENTATION)
        if implemented and (log := self._in_attempt("coder*.log", implemented.attempt)):
            lines.append(f"the coder's log: {shown(log, self.root)}")
        if self.workflow.change and (diff := self._diff(self.workflow.change)):
            lines.append(f"the change: {shown(diff, self.root)}")
        return lines

    def _diff(self, change: Change) -> Path | None:
        return Path(change.diff) if change.diff and Path(change.diff).is_file() else None


def _rejected(review: Review) -> str:
    """Describe the findings that reject a change: rule, place, sentence, remedy, and the end of the evidence."""
    findings = [each for each in review.findings if each.severity == "reject"]
    more = [f"… {len(findings) - _FINDINGS} more findings"] if len(findings) > _FINDINGS else []
    return "\n".join([*map(_finding, findings[:_FINDINGS]), *more])


def _finding(finding: Finding) -> str:
    place = f" at {finding.path}:{finding.line}" if finding.line else f" at {finding.path}" if finding.path else ""
    lines = [finding.sentence, finding.remedy, *tail_of(finding.details, _LOG_LINES).splitlines()]
    return "\n".join([f"rule {finding.rule}{place}:", *(f"  {shortened(line, 300)}" for line in lines if line.strip())])


def excerpt(snapshot: str, about: str, most: int = _PAGE_LINES) -> list[str]:
    """Return the lines of a snapshot around the one that has most words in common with ``about``."""
    lines = [line.rstrip() for line in snapshot.splitlines() if line.strip()]
    if len(lines) <= most:
        return lines
    words = _words(about)
    best = max(range(len(lines)), key=lambda number: (len(words & _words(lines[number])), -number))
    first = min(max(0, best - most // 2), len(lines) - most)
    before, after = first, len(lines) - first - most
    kept = lines[first : first + most]
    return [*([f"… {before} lines"] if before else []), *kept, *([f"… {after} lines"] if after else [])]


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 2}


def sentence_of(text: str) -> str:
    """Return the first line of a reason, short enough for a heading."""
    return shortened(first_line(text), LONGEST_SENTENCE)
