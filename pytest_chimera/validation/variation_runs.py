"""The sealed test's variations, each run against a deployment of its own.

They are made from a seed that is drawn after the coder has ended and its candidate has been read, and that is recorded
with the results, never before: nothing that a coder can read reveals future variations. An interrupted validation draws
a new seed. The coder is only told that the variations were not green.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_chimera.errors import PhaseFailed
from pytest_chimera.judge import seal_of
from pytest_chimera.models import Change, Failure, Feature, GeneratedTest, Reason, SealedTest, TestRun
from pytest_chimera.settings import Settings
from pytest_chimera.validation.variations import (
    MORE_ITEMS,
    OTHER_DATA,
    SECOND_CONTEXT,
    Variations,
    counts,
    shares_data,
    vary,
)
from pytest_chimera.validation.weak_expectations import HOLDS_ALREADY, notes_on, without_actions
from pytest_chimera.workflow.machine import ChimeraWorkflow, sealed_of

Look = Callable[[SealedTest, str, str, Path, ChimeraWorkflow], Awaitable[TestRun]]
EXISTING_DATA = 'Or is this existing data? Then add it to the marker: fixed=["…"].'
_NO_ACTIONS = "the test without its actions"
_NOT_WITH_OTHER_DATA = "The test is green as it is written, and not with other data than it shows."


@dataclass(frozen=True)
class VariationRuns:
    """The variations of one feature's test.

    :param look: deploys a commit, runs a test against it, and stops it.
    """

    settings: Settings
    feature: Feature
    look: Look

    @property
    def _on_staging(self) -> bool:
        return bool(self.settings.staging_url) and not self.settings.serve.strip()

    async def shares_data(self, sealed: SealedTest, room: Path, workflow: ChimeraWorkflow) -> bool:
        """Whether the base shows in one browser context what was typed in another."""
        probe = shares_data(sealed.test, self.feature.fixed)
        return probe is not None and await self._is_green_on_base(_as(sealed, probe, SECOND_CONTEXT), room, workflow)

    async def notes(self, sealed: SealedTest, room: Callable[[], Path], workflow: ChimeraWorkflow) -> tuple[str, ...]:
        """Return notes for the person on a test that was red on its base, before it is implemented.

        :param room: makes the folder for the evidence.
        """
        assert sealed.red is not None, "it is asked once the test was red"
        evidence = sealed.red.evidence
        shown = Path(evidence.page) if evidence and evidence.page else None
        page = shown.read_text(encoding="utf-8") if shown and shown.is_file() else ""
        probe = without_actions(sealed.test, sealed.red, page)
        held = probe is not None and await self._is_green_on_base(_as(sealed, probe, _NO_ACTIONS), room(), workflow)
        return (*notes_on(sealed.test, sealed.red), *([HOLDS_ALREADY] if held else []))

    async def _is_green_on_base(self, probe: SealedTest, room: Path, workflow: ChimeraWorkflow) -> bool:
        if self._on_staging:
            return False
        try:
            run = await self.look(probe, probe.commit, probe.tree, room, workflow)
        except PhaseFailed:
            return False
        return run.status == "green"

    async def varied(
        self, run: TestRun, change: Change, room: Path, workflow: ChimeraWorkflow, seed: str = ""
    ) -> TestRun:
        """Return the green run with its variations, or the first red one, reported without the typed words.

        :param seed: the recorded one, to repeat the same variations.
        """
        sealed = sealed_of(workflow)
        seed = seed or secrets.token_hex(8)
        variations = self._variations(sealed, seed)
        for number, each in enumerate(variations.made, 1):
            own_room = room / f"variation-{number}"
            own_room.mkdir()
            other = _as(sealed, each.test, each.name, other_browser=each.other_browser)
            seen = await self.look(other, change.commit, change.tree, own_room, workflow)
            if seen.status != "green":
                return _refused(seen, sealed)
        names = tuple(each.name for each in variations.made)
        return run.model_copy(update={"varied": names, "not_varied": dict(variations.left_out), "seed": seed})

    def _variations(self, sealed: SealedTest, seed: str) -> Variations:
        if not self._on_staging:
            return vary(sealed.test, seed, self.feature.fixed, shared=sealed.shared)
        if not self.settings.staging_variations:
            return Variations((), {OTHER_DATA: "chimera_staging_variations is off"})
        if counts(sealed.test):
            return Variations((), {OTHER_DATA: "it counts, and the staging keeps data from earlier runs"})
        made = vary(sealed.test, seed, self.feature.fixed)
        only = tuple(each for each in made.made if each.name == OTHER_DATA)
        return Variations(only, {**made.left_out, MORE_ITEMS: "the staging keeps data from earlier runs"})


def _as(sealed: SealedTest, test: GeneratedTest, name: str, *, other_browser: bool = False) -> SealedTest:
    """Return a test that is run in place of the sealed one."""
    update = {"test": test, "sha256": seal_of(test.source), "variation": name, "other_browser": other_browser}
    return sealed.model_copy(update=update)


def _refused(seen: TestRun, sealed: SealedTest) -> TestRun:
    nodeid = seen.failure.nodeid if seen.failure else sealed.nodeids[0]
    failure = Failure(nodeid=nodeid, reason=Reason.OTHER_DATA, message=_NOT_WITH_OTHER_DATA)
    return seen.model_copy(update={"failures": (failure,), "passed": ()})
