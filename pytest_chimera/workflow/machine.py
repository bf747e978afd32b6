"""Seven phases, one table of transitions, and the workflow that follows it: no clock, no file, no process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from pytest_chimera.errors import TransitionError
from pytest_chimera.models import (
    Change,
    Deployment,
    Feature,
    Review,
    SealedTest,
    TestRun,
    Value,
    slug_of,
)
from pytest_chimera.workflow.transitions import (
    OF_A_CANDIDATE,
    PARKED,
    TRANSITIONS,
    ChimeraPhase,
    Destination,
    Outcome,
    Route,
)

SAME_FAILURES = 3
"""After how many attempts with the same failure a round ends."""
PhaseValue = SealedTest | Change | Review | Deployment | TestRun
_KINDS = {"nodeids": "SealedTest", "decision": "Review", "status": "TestRun", "url": "Deployment", "commit": "Change"}


def _kind(value: Any) -> str | None:
    """Return the kind of a value; a stored one is recognized by a field that earlier kinds lack."""
    if isinstance(value, Mapping):
        return next((kind for field, kind in _KINDS.items() if field in value), None)
    return type(value).__name__


_Stored = Annotated[
    Annotated[SealedTest, Tag("SealedTest")]
    | Annotated[Change, Tag("Change")]
    | Annotated[Review, Tag("Review")]
    | Annotated[Deployment, Tag("Deployment")]
    | Annotated[TestRun, Tag("TestRun")],
    Discriminator(_kind),
]


class PhaseResult(Value):
    """How one phase of one attempt ended: recorded exactly once.

    :param attempt: 0 for e2e_test_generation, then counted from 1.
    :param reason: one sentence; empty on success.
    :param details: what the next brief should contain: the end of a log, findings.
    :param value: the phase's result, even if it was refused.
    :param seconds: how long it took.
    """

    phase: ChimeraPhase
    attempt: int
    outcome: Outcome
    reason: str = ""
    details: str = ""
    value: _Stored | None = None
    seconds: float = 0.0

    @property
    def key(self) -> tuple[ChimeraPhase, int]:
        """The key under which a result is recorded within its feature."""
        return self.phase, self.attempt


class Moved(Value):
    """A sealed test on a newer base, and its candidate, if it could be rebased."""

    sealed: SealedTest
    change: Change | None = None


class Turned(Value):
    """A candidate that the person has rejected, and their words."""

    change: Change
    words: str


class NextAction(Value):
    """Who is to do what now.

    :param action: the hook to call; ``params``: its arguments from the workflow; ``timeout``: in seconds.
    """

    agent: str
    action: str
    params: dict[str, Any]
    timeout: float


class ChimeraWorkflow(Value):
    """One feature's progress: every result so far, and what comes next.

    It is immutable: ``transition_to`` and ``after`` return a new one. ``ChimeraWorkflow(**stored)`` restores a stored
    one.

    :param max_attempts: how many attempts a coder has; 0 means no limit (a person).
    :param results: every phase's result, in order: the audit trail.
    :param words: the person's comments on earlier candidates; ``answered_after``: the last attempt before the latest.
    :param turned_down: candidates that the person has rejected: no attempt may produce one of them again.
    :param generation: counts from 1; a changed scenario or a regression starts a new one.
    :param moved: the sealed test and the candidate on a newer base, if the person's branch has moved in the meantime.
    """

    feature_description: str
    target_url: str
    staging_url: str | None = None
    current_phase: ChimeraPhase = ChimeraPhase.E2E_TEST_GENERATION
    attempt: int = 0
    max_attempts: int = Field(default=5, ge=0)
    generation: int = 1
    results: tuple[PhaseResult, ...] = ()
    words: tuple[str, ...] = ()
    answered_after: int = 0
    turned_down: tuple[Turned, ...] = ()
    moved: Moved | None = None

    # -- progress

    @property
    def is_terminal(self) -> bool:
        """Whether the workflow has ended."""
        return self.current_phase in {ChimeraPhase.COMPLETE, ChimeraPhase.FAILED}

    @property
    def attempts(self) -> int:
        """How many attempts were started."""
        return self.attempt

    @property
    def attempts_ended(self) -> int:
        """How many attempts resulted in a change or a failure: the one that waits for its coder did not."""
        return self.attempt - (self.current_phase is ChimeraPhase.CODE_IMPLEMENTATION)

    @property
    def attempts_of_a_round(self) -> int:
        """How many attempts a coder has in this round; 0 means no limit."""
        return self.max_attempts and self.max_attempts - self.answered_after

    @property
    def attempts_left(self) -> bool:
        """Whether another attempt may start."""
        return self.max_attempts == 0 or self.attempt < self.max_attempts

    def latest(self, phase: ChimeraPhase) -> PhaseResult | None:
        """Return the last result of a phase, if it has one."""
        return next((result for result in reversed(self.results) if result.phase is phase), None)

    def _made(self, phase: ChimeraPhase) -> PhaseValue | None:
        result = self.latest(phase)
        return result.value if result else None

    @property
    def sealed(self) -> SealedTest | None:
        """The sealed test, once it was proved red."""
        if self.moved:
            return self.moved.sealed
        value = self._made(ChimeraPhase.E2E_TEST_GENERATION)
        return value if isinstance(value, SealedTest) else None

    @property
    def change(self) -> Change | None:
        """The last candidate, even if it was refused."""
        if self.moved and self.moved.change:
            return self.moved.change
        value = self._made(ChimeraPhase.CODE_IMPLEMENTATION)
        return value if isinstance(value, Change) else None

    @property
    def has_candidate(self) -> bool:
        """Whether there is a candidate, even a refused one, on the base where the test is sealed."""
        return bool(self.sealed and self.change and self.change.base == self.sealed.commit)

    @property
    def test_path(self) -> str | None:
        """The path of the sealed test in the project."""
        return self.sealed.test.path if self.sealed else None

    @property
    def code_pr_id(self) -> str | None:
        """The branch or pull request with the candidate."""
        return self.change.branch if self.change else None

    @property
    def code_commit_sha(self) -> str | None:
        """The candidate's commit."""
        return self.change.commit if self.change else None

    @property
    def review_decision(self) -> str | None:
        """``approve`` or ``reject``, of the last review."""
        value = self._made(ChimeraPhase.GUARDIAN_REVIEW)
        return value.decision if isinstance(value, Review) else None

    @property
    def deployment_url(self) -> str | None:
        """The URL of the last deployment."""
        value = self._made(ChimeraPhase.STAGING_DEPLOYMENT)
        return value.url if isinstance(value, Deployment) else None

    @property
    def validation_status(self) -> str | None:
        """``green`` or ``red``, of the last validation."""
        value = self._made(ChimeraPhase.E2E_VALIDATION)
        return value.status if isinstance(value, TestRun) else None

    # -- going in circles

    def _of_this_round(self) -> tuple[PhaseResult, ...]:
        return tuple(result for result in self.results if result.attempt > self.answered_after)

    def made_before(self, change: Change) -> int:
        """Return the attempt of this round in which the coder made the same change on the same base; 0 for none."""
        for result in self._of_this_round():
            before = result.value
            if isinstance(before, Change) and before.base == change.base and before.is_same(change):
                return result.attempt
        return 0

    def turned_down_with(self, change: Change) -> str:
        """Return the words with which the person rejected the same change; empty if they did not."""
        return next((each.words for each in self.turned_down if each.change.is_same(change)), "")

    @property
    def in_circles(self) -> str:
        """Why another attempt would be pointless: the same change twice, or the same failure three times; else
        empty.
        """
        if not self.max_attempts or not self.results:
            return ""
        last, round_ = self.results[-1], self._of_this_round()
        if last.outcome is Outcome.SUCCESS or not last.attempt:
            return ""
        change = next((result.value for result in reversed(round_) if isinstance(result.value, Change)), None)
        first = self.made_before(change) if change else 0
        if first and any(first < result.attempt and result.value == change for result in round_):
            return f"the coder made the same change as in attempt {first}."
        same = {result.attempt for result in round_ if _signature(result) == _signature(last)}
        return f"the same failure {len(same)} times." if len(same) >= SAME_FAILURES else ""

    # -- transitions

    def leads_to(self, result: PhaseResult, table: Mapping[ChimeraPhase, Route] = TRANSITIONS) -> Destination:
        """Return where a result of the current phase leads: to ``failed`` if the coder goes in circles."""
        leads_to = self.destination(result.outcome, table)
        if leads_to is ChimeraPhase.CODE_IMPLEMENTATION:
            after = self.model_copy(update={"results": (*self.results, result)})
            return ChimeraPhase.FAILED if after.in_circles else leads_to
        return leads_to

    def get_next_action(self, table: Mapping[ChimeraPhase, Route] = TRANSITIONS) -> NextAction | None:
        """Return who is to do what now; ``None`` after the end."""
        if self.is_terminal:
            return None
        route = table[self.current_phase]
        params = {
            "feature_description": self.feature_description,
            "target_url": self.target_url,
            "staging_url": self.staging_url,
            "attempt": self.attempt,
            "test_path": self.test_path,
            "code_commit_sha": self.code_commit_sha,
            "deployment_url": self.deployment_url,
        }
        return NextAction(agent=route.agent, action=route.hook, params=params, timeout=route.timeout)

    def destination(self, outcome: Outcome, table: Mapping[ChimeraPhase, Route] = TRANSITIONS) -> Destination:
        """Return where an outcome of the current phase leads: to ``failed`` if no attempts are left for another one."""
        if self.is_terminal:
            raise TransitionError(f"{self.current_phase} is terminal: it has no transitions.")
        route = table[self.current_phase]
        if outcome is Outcome.SUCCESS:
            return route.on_success
        leads_to = route.on_rejected if outcome is Outcome.REJECTED else route.on_failure
        if leads_to is ChimeraPhase.CODE_IMPLEMENTATION and not self.attempts_left:
            return ChimeraPhase.FAILED
        return leads_to

    def after(self, result: PhaseResult, table: Mapping[ChimeraPhase, Route] = TRANSITIONS) -> ChimeraWorkflow:
        """Return the workflow after the current phase has ended with ``result``.

        :raises TransitionError: the result belongs to another phase or attempt, or is recorded already.
        """
        leads_to = self.leads_to(result, table)
        if leads_to == PARKED:
            raise TransitionError(
                f"{result.phase} ended {result.outcome}: that parks the feature without ending the phase."
            )
        return self.transition_to(ChimeraPhase(leads_to), result, table)

    def transition_to(
        self, phase: ChimeraPhase, result: PhaseResult, table: Mapping[ChimeraPhase, Route] = TRANSITIONS
    ) -> ChimeraWorkflow:
        """Enter ``phase`` after the current one has ended with ``result``.

        :raises TransitionError: the table does not lead there, or the result is not the current phase's.
        """
        if result.phase is not self.current_phase or result.attempt != self.attempt:
            raise TransitionError(
                f"A result of {result.phase}, attempt {result.attempt}, came in {self.current_phase}, "
                f"attempt {self.attempt}."
            )
        if any(known.key == result.key for known in self.results):
            raise TransitionError(f"{result.phase}, attempt {result.attempt}, already has a result.")
        if phase != self.leads_to(result, table):
            raise TransitionError(f"{self.current_phase} ended {result.outcome}: that does not lead to {phase}.")
        return self.entered(phase, result)

    def entered(self, phase: ChimeraPhase, result: PhaseResult) -> ChimeraWorkflow:
        """Enter ``phase`` with ``result`` without checking the table, which may have been different when it was
        recorded.
        """
        begins_attempt = phase is ChimeraPhase.CODE_IMPLEMENTATION
        new_change = isinstance(result.value, Change) and self.moved
        return self.model_copy(
            update={
                "current_phase": phase,
                "attempt": self.attempt + begins_attempt,
                "results": (*self.results, result),
                "moved": Moved(sealed=self.moved.sealed) if new_change and self.moved else self.moved,
            }
        )

    def moved_to(self, sealed: SealedTest, change: Change | None) -> ChimeraWorkflow:
        """Return the same workflow on a newer base: the sealed test there, and the candidate, unless it conflicts."""
        return self.model_copy(update={"moved": Moved(sealed=sealed, change=change)})

    @property
    def candidate_under_way(self) -> Change | None:
        """Return the candidate that is being reviewed, deployed or judged, or was just judged."""
        return self.change if self.current_phase in {*OF_A_CANDIDATE, ChimeraPhase.COMPLETE} else None

    def edited(self) -> ChimeraWorkflow:
        """Return the workflow after further edits by the person: their files are read again, as another attempt."""
        return self.model_copy(update={"current_phase": ChimeraPhase.CODE_IMPLEMENTATION, "attempt": self.attempt + 1})

    def answered(self, words: str, attempts: int | None = None, *, rejects: bool = False) -> ChimeraWorkflow:
        """Return the workflow with the person's words, which are in every brief from now on. A new round starts after
        an end, or if they reject a candidate that is still in progress.

        :param attempts: how many the coder has in it, 0 for no limit; by default as many as in the previous round.
        :param rejects: they reject the last candidate, which must not be produced again.
        :raises TransitionError: it failed before anything was implemented, so there is nothing to go on from.
        """
        said: dict[str, Any] = {"words": (*self.words, words)}
        if rejects and self.change:
            said["turned_down"] = (*self.turned_down, Turned(change=self.change, words=words))
        if not self.is_terminal and not (rejects and self.current_phase in OF_A_CANDIDATE):
            return self.model_copy(update=said)
        if self.change is None:
            raise TransitionError(f"{self.feature_description!r} has no candidate yet to go on from.")
        attempts = self.attempts_of_a_round if attempts is None else attempts
        return self.model_copy(
            update={
                "current_phase": ChimeraPhase.CODE_IMPLEMENTATION,
                "attempt": self.attempt + 1,
                "max_attempts": attempts and self.attempt + attempts,
                "answered_after": self.attempt,
                **said,
            }
        )


def _signature(result: PhaseResult) -> tuple[str, ...]:
    """Return a key that is equal for two results that failed in the same way."""
    value = result.value
    if isinstance(value, TestRun) and value.failure:
        return result.phase, value.failure.signature or result.reason
    if isinstance(value, Review):
        return result.phase, *(f"{finding.rule} {finding.path} {finding.sentence}" for finding in value.findings)
    return result.phase, result.outcome, result.reason


class ChimeraTask(Value):
    """What a workflow is about.

    :param feature: the requested feature; ``target_url``: where it is visible; ``staging_url``: an existing staging.
    """

    feature: Feature
    target_url: str
    staging_url: str | None = None

    @property
    def feature_description(self) -> str:
        """The feature's sentence."""
        return self.feature.description

    def begin(self, max_attempts: int = 5, generation: int = 1) -> ChimeraWorkflow:
        """Return a workflow at its first phase."""
        return ChimeraWorkflow(
            feature_description=self.feature.description,
            target_url=self.target_url,
            staging_url=self.staging_url,
            max_attempts=max_attempts,
            generation=generation,
        )


Act = Callable[[ChimeraTask, ChimeraWorkflow], Awaitable[PhaseValue]]
"""What a phase does."""


def create_chimera_task(feature_description: str, target_url: str, staging_url: str | None = None) -> ChimeraTask:
    """Create a task for a feature that is described in a sentence or in steps.

    :param feature_description: a sentence, or steps; its first line is the feature's description.
    :param target_url: where the feature is visible.
    :param staging_url: an existing staging.
    """
    title, _, rest = feature_description.strip().partition("\n")
    feature = Feature(id=slug_of(title), description=title.strip(), text=rest.strip(), url=target_url)
    return ChimeraTask(feature=feature, target_url=target_url, staging_url=staging_url)


def sealed_of(workflow: ChimeraWorkflow) -> SealedTest:
    """Return the sealed test of a workflow that is past its first phase."""
    assert workflow.sealed is not None, "the table leads here from e2e_test_generation only"
    return workflow.sealed


def change_of(workflow: ChimeraWorkflow) -> Change:
    """Return the candidate of a workflow that is past its implementation."""
    assert workflow.change is not None, "the table leads here from code_implementation only"
    return workflow.change


def outcome_of(value: PhaseValue) -> dict[str, Any]:
    """Return how a phase ended, from its value: a rejecting review and a red run are refusals."""
    if isinstance(value, Review) and value.decision == "reject":
        findings = [finding for finding in value.findings if finding.severity == "reject"]
        details = "\n".join(finding.as_text() for finding in findings)
        reason = findings[0].sentence if findings else f"{value.reviewer or 'a reviewer'} rejected the change"
        return {"outcome": Outcome.REJECTED, "reason": reason, "details": details, "value": value}
    if isinstance(value, TestRun) and value.status != "green":
        return {
            "outcome": Outcome.REJECTED,
            "reason": value.failure.as_sentence() if value.failure else "the test is not green",
            "details": value.failure.message if value.failure else "",
            "value": value,
        }
    return {"outcome": Outcome.SUCCESS, "value": value}
