"""Seven phases, one table of transitions, and the workflow that walks it: no clock, no file, no process."""

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
"""A failure that is the same in so many attempts ends the round."""
PhaseValue = SealedTest | Change | Review | Deployment | TestRun
_KINDS = {"nodeids": "SealedTest", "decision": "Review", "status": "TestRun", "url": "Deployment", "commit": "Change"}


def _kind(value: Any) -> str | None:
    """Which kind of value it is; a stored one is known by a field that it has and those before it have not."""
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
    :param details: what the next brief should hold: a log's end, findings.
    :param value: what the phase made, also when it was refused.
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
        """What a result is recorded under, beside the feature."""
        return self.phase, self.attempt


class Moved(Value):
    """A sealed test and, when it could be brought along, its candidate, on a newer base."""

    sealed: SealedTest
    change: Change | None = None


class Turned(Value):
    """A candidate that the person has turned down, and their words."""

    change: Change
    words: str


class NextAction(Value):
    """Who is to do what now.

    :param action: the hook to ask; ``params`` what the workflow knows for it; ``timeout`` in seconds.
    """

    agent: str
    action: str
    params: dict[str, Any]
    timeout: float


class ChimeraWorkflow(Value):
    """Where one feature stands: every result so far, and what comes next.

    A value: ``transition_to`` and ``after`` give a new one. ``ChimeraWorkflow(**stored)`` goes on where it was.

    :param max_attempts: how many attempts a coder has; 0 is no limit (a person).
    :param results: every phase's result, in order: the audit trail.
    :param words: what the person said about earlier candidates; ``answered_after`` the last attempt before they did.
    :param turned_down: the candidates that the person has rejected: no attempt may come to one of them again.
    :param generation: counts from 1; a changed scenario or a regression begins a new one.
    :param moved: the sealed test and the candidate on a newer base, when the person's branch moved on meanwhile.
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

    # -- where it stands

    @property
    def is_terminal(self) -> bool:
        """Nothing leads on from here."""
        return self.current_phase in {ChimeraPhase.COMPLETE, ChimeraPhase.FAILED}

    @property
    def attempts(self) -> int:
        """How many attempts were begun."""
        return self.attempt

    @property
    def attempts_ended(self) -> int:
        """How many attempts got as far as a change or a failure: the one that waits for its coder did not."""
        return self.attempt - (self.current_phase is ChimeraPhase.CODE_IMPLEMENTATION)

    @property
    def attempts_of_a_round(self) -> int:
        """How many attempts a coder has in this round; 0 is no limit."""
        return self.max_attempts and self.max_attempts - self.answered_after

    @property
    def attempts_left(self) -> bool:
        """Another attempt may begin."""
        return self.max_attempts == 0 or self.attempt < self.max_attempts

    def latest(self, phase: ChimeraPhase) -> PhaseResult | None:
        """The last result of a phase, if it has one."""
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
        """The last candidate, also a refused one."""
        if self.moved and self.moved.change:
            return self.moved.change
        value = self._made(ChimeraPhase.CODE_IMPLEMENTATION)
        return value if isinstance(value, Change) else None

    @property
    def has_candidate(self) -> bool:
        """There is a candidate, also a refused one, on the base where the test is sealed."""
        return bool(self.sealed and self.change and self.change.base == self.sealed.commit)

    @property
    def test_path(self) -> str | None:
        """Where the sealed test lies in the project."""
        return self.sealed.test.path if self.sealed else None

    @property
    def code_pr_id(self) -> str | None:
        """The branch or pull request that holds the candidate."""
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
        """Where the last deployment answered."""
        value = self._made(ChimeraPhase.STAGING_DEPLOYMENT)
        return value.url if isinstance(value, Deployment) else None

    @property
    def validation_status(self) -> str | None:
        """``green`` or ``red``, of the last validation."""
        value = self._made(ChimeraPhase.E2E_VALIDATION)
        return value.status if isinstance(value, TestRun) else None

    # -- whether it gets anywhere

    def _of_this_round(self) -> tuple[PhaseResult, ...]:
        return tuple(result for result in self.results if result.attempt > self.answered_after)

    def made_before(self, change: Change) -> int:
        """The attempt of this round in which the coder made the same change, on the same base; 0 for none."""
        for result in self._of_this_round():
            before = result.value
            if isinstance(before, Change) and before.base == change.base and before.is_same(change):
                return result.attempt
        return 0

    def turned_down_with(self, change: Change) -> str:
        """The words with which the person rejected the same change; empty when they did not."""
        return next((each.words for each in self.turned_down if each.change.is_same(change)), "")

    @property
    def in_circles(self) -> str:
        """Why another attempt would be a waste: the same change twice, or the same failure three times; else empty."""
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

    # -- where it goes

    def leads_to(self, result: PhaseResult, table: Mapping[ChimeraPhase, Route] = TRANSITIONS) -> Destination:
        """Where a result of the current phase leads; to ``failed`` when it shows that the coder goes in circles."""
        leads_to = self.destination(result.outcome, table)
        if leads_to is ChimeraPhase.CODE_IMPLEMENTATION:
            after = self.model_copy(update={"results": (*self.results, result)})
            return ChimeraPhase.FAILED if after.in_circles else leads_to
        return leads_to

    def get_next_action(self, table: Mapping[ChimeraPhase, Route] = TRANSITIONS) -> NextAction | None:
        """Who is to do what now; ``None`` at an end."""
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
        """Where an outcome of the current phase leads: with no attempts left, ``failed`` instead of another one."""
        if self.is_terminal:
            raise TransitionError(f"{self.current_phase} is an end: nothing leads on from it.")
        route = table[self.current_phase]
        if outcome is Outcome.SUCCESS:
            return route.on_success
        leads_to = route.on_rejected if outcome is Outcome.REJECTED else route.on_failure
        if leads_to is ChimeraPhase.CODE_IMPLEMENTATION and not self.attempts_left:
            return ChimeraPhase.FAILED
        return leads_to

    def after(self, result: PhaseResult, table: Mapping[ChimeraPhase, Route] = TRANSITIONS) -> ChimeraWorkflow:
        """The workflow once the current phase has ended with ``result``.

        :raises TransitionError: the result belongs to another phase or attempt, or its key is recorded already.
        """
        leads_to = self.leads_to(result, table)
        if leads_to == PARKED:
            raise TransitionError(f"{result.phase} ended {result.outcome}: that parks the feature and ends no phase.")
        return self.transition_to(ChimeraPhase(leads_to), result, table)

    def transition_to(
        self, phase: ChimeraPhase, result: PhaseResult, table: Mapping[ChimeraPhase, Route] = TRANSITIONS
    ) -> ChimeraWorkflow:
        """Enter ``phase``, the current one having ended with ``result``.

        :raises TransitionError: the table does not lead there, or the result is not the current phase's.
        """
        if result.phase is not self.current_phase or result.attempt != self.attempt:
            raise TransitionError(
                f"A result of {result.phase}, attempt {result.attempt}, came in {self.current_phase}, "
                f"attempt {self.attempt}."
            )
        if any(known.key == result.key for known in self.results):
            raise TransitionError(f"{result.phase}, attempt {result.attempt}, has its result already.")
        if phase != self.leads_to(result, table):
            raise TransitionError(f"{self.current_phase} ended {result.outcome}: that does not lead to {phase}.")
        return self.entered(phase, result)

    def entered(self, phase: ChimeraPhase, result: PhaseResult) -> ChimeraWorkflow:
        """``phase`` entered with ``result``, as it was recorded: the table may have been another one then."""
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
        """The same workflow on a newer base: the sealed test there, and the candidate, unless it conflicts."""
        return self.model_copy(update={"moved": Moved(sealed=sealed, change=change)})

    @property
    def candidate_under_way(self) -> Change | None:
        """The candidate that is being reviewed, deployed or judged, or was just judged."""
        return self.change if self.current_phase in {*OF_A_CANDIDATE, ChimeraPhase.COMPLETE} else None

    def edited(self) -> ChimeraWorkflow:
        """The person has gone on editing: their files are read anew, as another attempt."""
        return self.model_copy(update={"current_phase": ChimeraPhase.CODE_IMPLEMENTATION, "attempt": self.attempt + 1})

    def answered(self, words: str, attempts: int | None = None, *, rejects: bool = False) -> ChimeraWorkflow:
        """The person has spoken: their words stand in every brief from now on. Another round begins from an end, and
        where they reject a candidate that is still under way.

        :param attempts: how many the coder has in it, 0 for no limit; as many as in the round before unless given.
        :param rejects: they reject the last candidate, so that it must not come again.
        :raises TransitionError: it failed before anything was implemented, so that there is nothing to go on from.
        """
        said: dict[str, Any] = {"words": (*self.words, words)}
        if rejects and self.change:
            said["turned_down"] = (*self.turned_down, Turned(change=self.change, words=words))
        if not self.is_terminal and not (rejects and self.current_phase in OF_A_CANDIDATE):
            return self.model_copy(update=said)
        if self.change is None:
            raise TransitionError(f"{self.feature_description!r} has no candidate yet that one could go on from.")
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
    """The same for two results that failed in the same way."""
    value = result.value
    if isinstance(value, TestRun) and value.failure:
        return result.phase, value.failure.signature or result.reason
    if isinstance(value, Review):
        return result.phase, *(f"{finding.rule} {finding.path} {finding.sentence}" for finding in value.findings)
    return result.phase, result.outcome, result.reason


class ChimeraTask(Value):
    """What a workflow is about.

    :param feature: what is asked for; ``target_url`` where it is to be seen; ``staging_url`` a staging that is there.
    """

    feature: Feature
    target_url: str
    staging_url: str | None = None

    @property
    def feature_description(self) -> str:
        """The feature's sentence."""
        return self.feature.description

    def begin(self, max_attempts: int = 5, generation: int = 1) -> ChimeraWorkflow:
        """A workflow at its first phase."""
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
    """A task for a feature that is described in a sentence or in steps.

    :param feature_description: a sentence, or steps; its first line names the feature.
    :param target_url: where the feature is to be seen.
    :param staging_url: a staging that is already there.
    """
    title, _, rest = feature_description.strip().partition("\n")
    feature = Feature(id=slug_of(title), description=title.strip(), text=rest.strip(), url=target_url)
    return ChimeraTask(feature=feature, target_url=target_url, staging_url=staging_url)


def sealed_of(workflow: ChimeraWorkflow) -> SealedTest:
    """The sealed test of a workflow that is past its first phase."""
    assert workflow.sealed is not None, "the table leads here from e2e_test_generation only"
    return workflow.sealed


def change_of(workflow: ChimeraWorkflow) -> Change:
    """The candidate of a workflow that is past its implementation."""
    assert workflow.change is not None, "the table leads here from code_implementation only"
    return workflow.change


def outcome_of(value: PhaseValue) -> dict[str, Any]:
    """What a phase's value says about how it ended: a rejecting review and a red run are refusals."""
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
