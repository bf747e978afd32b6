"""The values that go through the loop, in the order in which they come to be.

``Feature → Scenario → GeneratedTest → SealedTest → Brief → Change → Review → Deployment → TestRun → Verdict``

All are frozen; paths inside the project are POSIX and relative to its root, other paths are absolute; times are
seconds.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field


class Value(BaseModel):
    """A frozen value that knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def slug_of(text: str) -> str:
    """A name for files and branches: lower case, digits and single hyphens, never empty, at most 60 characters."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-") or "feature"


# -- Feature ----------------------------------------------------------------------------------------------------------


class Feature(Value):
    """What a person asked for: one marked function.

    :param id: its lasting name: the function's, with the parameters' id, unless the marker gives one.
    :param description: the sentence on the marker.
    :param url: the path (or URL) at which its scenario begins.
    :param text: the steps as written in the docstring; empty when there are none.
    :param path: the file that holds the marked function; ``line`` is its first line there, ``text_line`` the
        docstring's.
    :param function: the marked function's name; ``nodeid`` its item's node id.
    :param handwritten: the function has a body of its own, which then is the test.
    :param after: the id of the feature from whose result this one starts.
    :param replaces: the accepted test that this feature changes: a file, which goes with it, or the node id of one of
        the project's own tests, which then says something else.
    :param fixed: words that are existing data and never varied.
    :param file: a Gherkin file that holds the steps; ``scenario`` is the scenario's name in it.
    """

    id: str
    description: str
    url: str = "/"
    text: str = ""
    path: str = ""
    line: int = 0
    text_line: int = 0
    function: str = ""
    nodeid: str = ""
    handwritten: bool = False
    after: str | None = None
    replaces: str | None = None
    fixed: tuple[str, ...] = ()
    file: str | None = None
    scenario: str | None = None

    @property
    def slug(self) -> str:
        """The id as a name for files and branches."""
        return slug_of(self.id)


# -- Scenario ---------------------------------------------------------------------------------------------------------

StepKeyword = Literal["Given", "When", "Then"]


class Target(Value):
    """What a step acts on or looks at.

    :param role: the ARIA role that the words name (``"button"``), when they name one.
    :param name: the accessible name, label, placeholder or text; empty when the words give none.
    :param by: what the words say that ``name`` is: a ``"label"``, a ``"test id"`` …; empty when they don't.
    :param quoted: the name was written in quotes; ``exact``: no longer name is meant.
    :param text: what it contains ("containing "Milk"").
    :param having: the role of something in it ("with an image").
    :param scope: the place it is looked for in, when the words give one ("in the list "Todos"").
    :param ordinal: which of several: 1 is the first, -1 the last.
    :param level: a heading's level.
    :param css: a selector, only where the person wrote one.
    :param guessed: part of the words was read as mere description.
    """

    role: str | None = None
    name: str = ""
    by: str = ""
    quoted: bool = False
    exact: bool = False
    text: str = ""
    having: str = ""
    scope: Target | None = None
    ordinal: int | None = None
    level: int | None = None
    css: str | None = None
    guessed: bool = False


class Call(Value):
    """A function of the project's own that a step calls.

    :param path: the module that holds it; ``name`` is its own.
    :param arguments: what its parameters are given, in their order.
    :param arranges: it arranges what is there before the browser comes; otherwise it works on the page.
    """

    path: str
    name: str
    arguments: dict[str, int | float | str] = Field(default_factory=dict)
    arranges: bool = False

    def as_text(self) -> str:
        """The call as Python: ``orders(count=3)``; one that works on the page is given it first."""
        given = [] if self.arranges else ["page"]
        return f"{self.name}({', '.join([*given, *(f'{name}={value!r}' for name, value in self.arguments.items())])})"


class Step(Value):
    """One line of a scenario, understood.

    :param keyword: Given, When or Then; And and But carry the keyword that they continue.
    :param text: the step as the person wrote it, without its keyword.
    :param line: its line in the file (1 is the first); 0 when it has none.
    :param kind: what is done or expected: ``"click"``, ``"fill"``, ``"assert-text"`` …
    :param target: what it acts on; ``value`` is what it types, chooses or expects.
    :param code: the Playwright lines that it becomes.
    :param certainty: 1.0 when the words say it; lower for an interpretation that is printed as one.
    :param calls: the project's own functions that it stands for.
    """

    keyword: StepKeyword
    text: str
    line: int = 0
    kind: str
    target: Target | None = None
    value: str | None = None
    code: tuple[str, ...] = ()
    certainty: float = 1.0
    calls: tuple[Call, ...] = ()

    @property
    def arranges(self) -> bool:
        """It says what is there before the browser comes, and nothing else."""
        return bool(self.calls) and not self.code


class Scenario(Value):
    """A feature's acceptance steps, parsed.

    :param title: the sentence that the scenario is named by.
    :param url: the path at which it begins.
    """

    title: str
    url: str = "/"
    steps: tuple[Step, ...]


# -- GeneratedTest ----------------------------------------------------------------------------------------------------


class StepLines(Value):
    """Where a step stands in the source: ``first`` and ``last`` are 1-based line numbers, both included."""

    keyword: StepKeyword
    text: str
    first: int
    last: int


class GeneratedTest(Value):
    """The pytest + Playwright source rendered from a scenario.

    :param source: the whole module.
    :param path: where it lies in the project: ``tests/e2e/test_add_todo.py``.
    :param name: the test function's name.
    :param steps: which lines belong to which step; empty for a test that a person or a hook wrote.
    """

    __test__: ClassVar[bool] = False

    source: str
    path: str
    name: str
    steps: tuple[StepLines, ...] = ()

    @property
    def lines(self) -> int:
        """How many lines the source has."""
        return self.source.count("\n")


# -- TestRun: what the judge saw --------------------------------------------------------------------------------------


class Reason(StrEnum):
    """Why a test is not green, as the judge read it. The first group are reds for the right reason."""

    ASSERTION = "assertion"
    MISSING_ELEMENT = "missing element"
    AMBIGUOUS_ELEMENT = "ambiguous element"
    MISSING_PAGE = "missing page"

    GIVEN_FAILED = "a Given does not hold"
    NO_START_PAGE = "no page to start at"
    LOGIN_PAGE = "log-in page"
    BLANK_PAGE = "blank page"
    PAGE_SCRIPT_ERROR = "uncaught exception on the page"
    SERVER_ERROR = "server error"
    SCRIPT_ERROR = "script error in the test"
    SETUP_ERROR = "set-up error"
    NO_EVIDENCE = "no positive evidence"
    OTHER_DATA = "not with other data"
    NOT_LASTING = "gone after a restart"
    EARLIER_BROKEN = "something that worked is broken"
    FLAKY = "flaky"

    NO_NETWORK = "no network"
    UNREACHABLE = "unreachable"
    NAVIGATION_TIMEOUT = "navigation timed out"
    BROWSER_CRASH = "browser crash"
    NO_BROWSER = "no browser"
    JUDGE_BROKEN = "the judge itself failed"


RIGHT_REDS = frozenset(
    {Reason.ASSERTION, Reason.MISSING_ELEMENT, Reason.AMBIGUOUS_ELEMENT, Reason.MISSING_PAGE},
)
OUTSIDE_CAUSES = frozenset({Reason.BROWSER_CRASH, Reason.NO_BROWSER, Reason.JUDGE_BROKEN, Reason.NO_NETWORK})
TIMELY_REDS = frozenset(
    {
        Reason.ASSERTION,
        Reason.MISSING_ELEMENT,
        Reason.AMBIGUOUS_ELEMENT,
        Reason.GIVEN_FAILED,
        Reason.LOGIN_PAGE,
        Reason.BLANK_PAGE,
        Reason.SERVER_ERROR,
        Reason.SETUP_ERROR,
        Reason.UNREACHABLE,
        Reason.NAVIGATION_TIMEOUT,
    }
)
"""What a machine that is too busy can bring about by itself."""


class Failure(Value):
    """One expectation that did not hold.

    :param nodeid: the frozen node id of the test that failed.
    :param reason: the typed reason.
    :param message: what Playwright or Python said, shortened to what a person needs.
    :param step: the step's text; empty for hand-written tests.
    :param line: the line in the sealed test; ``code`` is that line.
    :param signature: the same for two failures that are the same one: a short digest of reason, place and expectation.
    :param thrown: what scripts of the page threw and nobody caught, at most two.
    :param at_start: it failed on the first page that the test opened.
    :param data: the content type of what it failed on, where that is data and no page.
    """

    nodeid: str
    reason: Reason
    message: str
    step: str = ""
    keyword: StepKeyword | None = None
    line: int = 0
    code: str = ""
    signature: str = ""
    thrown: tuple[str, ...] = ()
    at_start: bool = False
    data: str = ""

    def as_sentence(self) -> str:
        """What failed, where, in one line."""
        where = f"{self.keyword} {self.step}" if self.step else self.code.strip()
        return f"{self.reason}: {where}" if where else f"{self.reason}: {first_line(self.message)}"


class Evidence(Value):
    """Files that show what happened, absolute; empty where the run did not get that far."""

    folder: str
    trace: str = ""
    screenshot: str = ""
    page: str = ""
    console: str = ""
    log: str = ""


class TestRun(Value):
    """What the judge saw when it ran a sealed test against a URL.

    :param status: ``green`` only when every frozen node id was run and passed, each in its own report.
    :param url: the base URL that was given; ``final_url`` the one the page had at the end.
    :param passed: node ids that passed.
    :param failures: what did not hold; empty exactly when green.
    :param varied: the variations that were green too; ``seed`` what they were made from; ``not_varied`` what the test
        does not bear, each with the reason.
    :param earlier: what the base had and the candidate has still: buttons, addresses, tests of earlier features.
    :param patience: seconds that the judge waited for an element or an expectation; 0 when it is not known.
    :param slowdown: how many times longer work took meanwhile than on a quiet machine.
    :param hurried: red for a reason that time alone can bring, while the machine was busier than the judge had allowed
        for: it says nothing of the application, and is judged again.
    :param set_aside: the failures of such runs before this one.
    :param scripts: the scripts of other hosts that its pages asked for, by address; ``None`` where that was not looked
        at. ``unloaded`` are those that a page lacked in the end, because no network leads there.
    """

    __test__: ClassVar[bool] = False

    status: Literal["green", "red"]
    url: str
    final_url: str = ""
    passed: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    evidence: Evidence | None = None
    browser: str = ""
    seconds: float = 0.0
    varied: tuple[str, ...] = ()
    not_varied: dict[str, str] = Field(default_factory=dict)
    seed: str = ""
    earlier: tuple[str, ...] = ()
    patience: float = 0.0
    slowdown: float = 1.0
    hurried: bool = False
    set_aside: tuple[Failure, ...] = ()
    scripts: tuple[str, ...] | None = None
    unloaded: tuple[str, ...] = ()

    @property
    def failure(self) -> Failure | None:
        """The first failure, if any: what the person and the coder are told."""
        return self.failures[0] if self.failures else None


# -- SealedTest -------------------------------------------------------------------------------------------------------


class SealedTest(Value):
    """The test as it was when it was proved red.

    :param test: the source with its path.
    :param handwritten: the person wrote it.
    :param nodeids: the node ids that have to pass, frozen.
    :param sha256: digest of the source.
    :param meaning: digest of the source's syntax tree: comments and layout do not count.
    :param base: the commit the feature starts from; ``commit`` is base plus the sealed files, ``tree`` its digest.
    :param files: every path that ``commit`` adds to or changes in base.
    :param protected: paths that a change must leave alone: touching one breaks the seal.
    :param red: the run that was red on base.
    :param shared: on base, one browser context shows what was typed in another one.
    :param notes: what a person should know of its expectations: which held before the feature, which prove nothing.
    :param variation: this is no sealed test but a variation of one, or what is looked at beside it, of that name;
        ``other_browser``: to be run in a browser that tells something else of itself.
    :param stretch: how many times longer than usual the judge waits at least, because the machine was busy before.
    """

    test: GeneratedTest
    handwritten: bool = False
    nodeids: tuple[str, ...]
    sha256: str = ""
    meaning: str = ""
    base: str = ""
    commit: str = ""
    tree: str = ""
    files: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    red: TestRun | None = None
    shared: bool = False
    notes: tuple[str, ...] = ()
    variation: str = ""
    other_browser: bool = False
    stretch: float = 1.0

    def stretched(self, times: float) -> SealedTest:
        """The same test, for which the judge waits at least so many times longer than usual."""
        return self.model_copy(update={"stretch": times}) if times > 1 else self


# -- Brief ------------------------------------------------------------------------------------------------------------


class Rejected(Value):
    """An earlier attempt and why it did not do."""

    attempt: int
    phase: str
    reason: str
    details: str = ""


class Brief(Value):
    """What the coder is given.

    :param feature: what is asked for; ``test`` is the sealed test, ``failing`` how it fails now.
    :param sealed: the sealed commit; a change is what differs from it.
    :param folder: the private clone to work in: absolute; empty when the person works in their own tree.
    :param attempt: 1 for the first.
    :param protected: paths that must stay as they are.
    :param rejected: earlier attempts and why each did not do, oldest first.
    :param words: what the person said about earlier attempts.
    :param markdown: the brief as a file for people and agents to read; ``json_file`` the same as data.
    :param time_limit: seconds; 0 when there is none.
    """

    feature: Feature
    test: GeneratedTest
    failing: str
    sealed: str = ""
    folder: str = ""
    attempt: int = 1
    protected: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    words: tuple[str, ...] = ()
    markdown: str = ""
    json_file: str = ""
    time_limit: float = 0.0


# -- Change -----------------------------------------------------------------------------------------------------------


class ChangedFile(Value):
    """One path of a change. ``status`` is git's letter: added, modified, deleted, or type changed."""

    path: str
    status: Literal["A", "M", "D", "T"]


class Change(Value):
    """What the coder did: base..candidate.

    :param base: the sealed commit; ``commit`` the candidate; ``tree`` the digest of the candidate's files.
    :param files: what changed between the two.
    :param left_out: paths that were found and not taken in, each with its reason ("a symbolic link").
    :param branch: the branch or pull request that holds it, once it has one.
    :param diff: the diff as a file, absolute; ``log`` what the coder printed.
    :param summary: what the coder said of it; told to nobody who judges.
    :param digest: of the lines that it changes, wherever they lie: the same for the same change on another base.
    :param ended: how the coder ended, in a sentence, where that was not as it should: with an error, or cut off.
    """

    base: str = ""
    commit: str
    tree: str = ""
    files: tuple[ChangedFile, ...] = ()
    left_out: dict[str, str] = Field(default_factory=dict)
    branch: str = ""
    diff: str = ""
    log: str = ""
    summary: str = ""
    digest: str = ""
    ended: str = ""

    def is_same(self, other: Change) -> bool:
        """Whether both change the same: they give the same files, or on other bases they change the same lines."""
        if self.base == other.base:
            return (self.tree or self.commit) == (other.tree or other.commit)
        return bool(self.digest) and self.digest == other.digest


# -- Review -----------------------------------------------------------------------------------------------------------


class Finding(Value):
    """One thing a reviewer found.

    :param rule: the rule's id; ``sentence`` what is wrong; ``remedy`` what to do instead.
    :param path: the file; ``line`` the line in the candidate, 0 when it concerns the whole file.
    :param details: what shows it: the end of a command's output.
    """

    rule: str
    sentence: str
    path: str = ""
    line: int = 0
    remedy: str = ""
    details: str = ""
    severity: Literal["reject", "note"] = "reject"

    def as_text(self) -> str:
        """The finding: place, what is wrong, the rule and what to do instead in one line, then what shows it."""
        place = f"{self.path}:{self.line}: " if self.line else f"{self.path}: " if self.path else ""
        return f"{place}{self.sentence} [{self.rule}] {self.remedy}\n{self.details}".strip()


class Review(Value):
    """What one reviewer, or all of them together, said of a change.

    :param score: 0.0 to 1.0, for people; only ``decision`` counts.
    """

    decision: Literal["approve", "reject"]
    findings: tuple[Finding, ...] = ()
    reviewer: str = ""
    score: float = 1.0


# -- Deployment -------------------------------------------------------------------------------------------------------


class Checkout(Value):
    """A clean folder that holds exactly the files of one commit.

    :param name: one deployment's own name, good for a database's or a queue's: lower-case letters, digits, underscores.
    :param vault: the folder that its log goes to.
    :param data_of: the URL of a deployment of the same files that is to be started again, with what it has stored.
    """

    commit: str
    tree: str
    folder: str
    name: str
    vault: str
    data_of: str = ""


class Deployment(Value):
    """A running copy of one commit.

    :param url: where it answers, without a trailing slash.
    :param name: its own name; ``folder``, ``data_dir`` and ``port`` are its own too.
    :param command: what was started; ``found`` says how it was found when nothing was configured.
    :param proved: chimera started it from the commit's checkout, or it proved its commit.
    """

    url: str
    commit: str = ""
    tree: str = ""
    name: str = ""
    folder: str = ""
    data_dir: str = ""
    port: int = 0
    command: str = ""
    found: str = ""
    log: str = ""
    proved: bool = True


# -- Verdict ----------------------------------------------------------------------------------------------------------


class Proof(Value):
    """What a complete feature rests on; the trailers of its commit say the same.

    :param base: the commit on which the test was red; ``commit`` and ``tree`` the candidate on which it was green.
    :param red: the red's reason and signature; ``green`` how many runs were green.
    :param varied: the variations that were green; ``seed`` what they were made from; ``not_varied`` what was left out.
    :param tools: the versions of what judged, in one line.
    :param earlier: what the base had and the candidate has still.
    """

    feature: str
    base: str
    commit: str
    tree: str
    test_sha256: str
    red: str
    green: str
    attempts: int
    deployment: str = "proved"
    seed: str = ""
    varied: tuple[str, ...] = ()
    not_varied: dict[str, str] = Field(default_factory=dict)
    tools: str = ""
    earlier: tuple[str, ...] = ()


class Verdict(Value):
    """How it stands with a feature at the end of a run, and what a person reads about it.

    :param state: see the table of outcomes in the reference.
    :param sentence: the one line.
    :param details: what stands below it: failure, attempts, evidence.
    :param next_command: what to type next.
    :param merged: the commit that the person's branch was moved to, where it was.
    """

    feature: str
    state: Literal[
        "complete",
        "proved",
        "still green",
        "present",
        "vacuous",
        "failed",
        "waiting",
        "parked",
        "red",
        "error",
    ]
    sentence: str
    details: str = ""
    attempts: int = 0
    seconds: float = 0.0
    branch: str = ""
    next_command: str = ""
    merged: str = ""

    @property
    def passed(self) -> bool:
        """The feature is there, as far as this state says it."""
        return self.state in {"complete", "proved", "still green", "present", "red"}

    @property
    def outside(self) -> bool:
        """Nothing is said about the feature: the cause lies outside of it, or the run is broken."""
        return self.state in {"parked", "error"}


def first_line(text: str) -> str:
    """The first line of a text that is not blank."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
