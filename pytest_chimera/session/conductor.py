"""Runs the workflows of the selected items in one event loop that lasts for the entire run."""

from __future__ import annotations

import asyncio
import os
import secrets
from concurrent.futures import Future
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

import anyio.to_thread
import psutil
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from pytest_chimera.context.circuit_breaker import Breakers
from pytest_chimera.context.current_run import CurrentRun
from pytest_chimera.context.limits import RunLimits, time_limits
from pytest_chimera.context.project import Project, state_out_of_reach
from pytest_chimera.context.scheduler import NotBegun, Scheduler, Turn
from pytest_chimera.errors import ChimeraError, EnvironmentTrouble
from pytest_chimera.generation.builtin_generator import Generator
from pytest_chimera.generation.drafting import draft_of, lacks_steps, lay
from pytest_chimera.generation.sealing import ready_test
from pytest_chimera.git import Repository
from pytest_chimera.implementation.coders import CommandCoder, coder_plugin
from pytest_chimera.judge import Browser, find_browser
from pytest_chimera.judge.interpreter import temporary_folder
from pytest_chimera.judge.warm import WARM_JUDGES_SUPPORTED, WarmJudges
from pytest_chimera.markers import cache_key, cache_of, journal_name
from pytest_chimera.models import Feature, SealedTest, Verdict
from pytest_chimera.review.base_tests import BaseTests
from pytest_chimera.review.guardian import Checks, Guardian
from pytest_chimera.run.canaries import Canaries
from pytest_chimera.run.feature_run import run_feature
from pytest_chimera.session.configuration import (
    config_files_of,
    functions_of,
    generator_of_project,
    private_folders,
    run_options_of,
    settings_of,
    tables_of,
)
from pytest_chimera.session.confinement import NOTE, Confinement, sandboxes_of
from pytest_chimera.session.feature_text import drafted_lines, dry_lines, failure_text
from pytest_chimera.session.interruption import terminating_as_interrupt
from pytest_chimera.session.items import (
    DURATION,
    Durations,
    FeatureFailed,
    FeatureParked,
    feature_of,
    refuse_double_ids,
    say,
    show,
)
from pytest_chimera.session.progress import Progress
from pytest_chimera.session.refused_options import refused_options
from pytest_chimera.settings import Settings
from pytest_chimera.staging.local.local_staging import Deployer
from pytest_chimera.state.journal import record_of
from pytest_chimera.state.sanitize import Cleaner
from pytest_chimera.state.vault import Vault
from pytest_chimera.state.write_ahead_log import WriteAheadLog, recovered
from pytest_chimera.system.nesting import inside
from pytest_chimera.system.secret_detection import has_known_form, secret_values
from pytest_chimera.validation.builtin_judge import Judge
from pytest_chimera.workflow.agents import Agents

MEMORY_OF_A_FEATURE = 1_000_000_000
"""Bytes of memory to allow for one feature's server, browser and coder, for ``--chimera-jobs auto``."""
TICK = 0.5
"""Seconds between two checks of a workflow's progress."""


class Conductor:
    """Owns a run's project and event loop; each item asks it for its verdict."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._progress = Progress(config)
        self._running = ExitStack()
        self._portal: BlockingPortal
        self._begun: dict[str, Future[Verdict]] = {}
        self._scheduler = Scheduler()
        self._failing: set[int] = set()
        self._failed_before: int | None = None
        self._order: dict[str, int] = {}
        self._waiting: list[tuple[pytest.Item, Feature]] = []
        self._errors: dict[str, ChimeraError] = {}
        self._told: dict[str, FeatureFailed | FeatureParked | None] = {}
        self._project: Project | None = None
        self._confinement: Confinement | None = None

    def plan(self, items: list[Any]) -> list[Feature]:
        """Read the selected items into features; an item's error is kept until the item runs."""
        pairs = []
        for order, item in enumerate(items):
            self._order[item.nodeid] = order
            try:
                pairs.append((item, feature_of(item)))
            except ChimeraError as error:
                self._errors[item.nodeid] = error
        self._errors |= refuse_double_ids(pairs)
        for refused in refused_options(self._config):
            self._errors |= {item.nodeid: refused for item, _ in pairs}
        self._failing = {self._order[nodeid] for nodeid in self._errors}
        self._waiting = [(item, feature) for item, feature in pairs if item.nodeid not in self._errors]
        self._progress.width = max((len(feature.id) for _, feature in self._waiting), default=0)
        return [feature for _, feature in self._waiting]

    def run(self, item: pytest.Item) -> None:
        """Run an item's workflow, or wait for it; fail the item unless its feature is complete.

        An item that is run again, by pytest-rerunfailures for example, gets the same result as before.

        :raises FeatureFailed: the feature is not complete.
        :raises FeatureParked: the cause lies outside the feature.
        """
        if item.nodeid not in self._told:
            self._told[item.nodeid] = self._run(item)
        if failure := self._told[item.nodeid]:
            raise type(failure)(str(failure))

    def _run(self, item: pytest.Item) -> FeatureFailed | FeatureParked | None:
        if self._failed_before is None:
            self._failed_before = item.session.testsfailed
        try:
            if item.nodeid in self._errors:
                raise self._errors[item.nodeid]
            if self._config.option.chimera_dry_run:
                self._show(item)
            elif self._config.option.chimera_draft:
                self._draft(item)
            else:
                return self._report(item, self._verdict(item))
        except EnvironmentTrouble as trouble:
            say(item, "chimera-state", "parked")
            return FeatureParked(str(trouble))
        except ChimeraError as error:
            return FeatureFailed(str(error))
        return None

    def _report(self, item: pytest.Item, verdict: Verdict) -> FeatureFailed | FeatureParked | None:
        """Attach a verdict to the item for its reports; return the failure to raise, if any."""
        item.stash[DURATION] = verdict.seconds
        say(item, "chimera", verdict.model_dump_json())
        say(item, "chimera-state", verdict.state)
        if self._confinement and self._confinement.note:
            say(item, NOTE, self._confinement.note)
        show(item, "stdout chimera", "\n".join(self._progress.lines.get(verdict.feature, [])))
        if verdict.passed:
            return None
        return (FeatureParked if verdict.outside else FeatureFailed)(failure_text(verdict))

    def _feature(self, item: pytest.Item) -> Feature:
        return next(feature for each, feature in self._waiting if each is item)

    def _show(self, item: pytest.Item) -> None:
        """Show what would be done without doing it."""
        for line in dry_lines(self._feature(item), generator_of_project(self._config)):
            self._progress.note(line)
        self._progress.show(0)

    def _draft(self, item: pytest.Item) -> None:
        """Have steps drafted for a feature without any, show the edit, and write it to the marked file."""
        feature, config = self._feature(item), self._config
        try:
            generator = generator_of_project(config)
            if not lacks_steps(feature, generator):
                self._progress.note(f"{feature.id}: it has steps; nothing to draft")
            else:
                self._project = self._project or self._open(item)
                project = self._project.asking(Agents(config.pluginmanager, item.ihook))
                draft = self._portal.call(draft_of, project, feature, generator)
                for line in drafted_lines(feature, draft.edit):
                    self._progress.note(line)
                lay(config.rootpath, draft.edit)
        finally:
            self._progress.show(0)

    def close(self) -> None:
        """Stop what is still running in an orderly way, and close the loop."""
        for future in self._begun.values():
            future.cancel()
        self._running.close()

    # -- the loop: in a thread of its own, because Playwright's own tests keep one running in this thread

    def _verdict(self, item: pytest.Item) -> Verdict:
        if self._project is None:
            self._project = self._open(item)
        self._begin(item)
        future = self._begun[item.nodeid]
        try:
            while not future.done():
                self._progress.show(TICK)
        except KeyboardInterrupt:
            self.close()
            raise
        self._progress.show(0)
        return future.result()

    def _open(self, item: pytest.Item) -> Project:
        with ExitStack() as opening:
            opening.callback(self._close_ahead)
            self._portal = opening.enter_context(start_blocking_portal())
            opening.enter_context(terminating_as_interrupt())
            opening.enter_context(inside("a run"))  # for functions of a conftest.py that start a coder
            project = self._open_project(item, self._warm_judges(item, opening))
            self._scheduler = Scheduler(jobs_of(project.settings), project.run.limits.has_room)
            self._portal.call(_have_threads_for, self._scheduler.jobs)
            opening.callback(self._stop_deployments, self._register(project))
            self._running = opening.pop_all()
        return project

    def _warm_judges(self, item: pytest.Item, opening: ExitStack) -> WarmJudges | None:
        """Return judges that keep running; ``None`` if the system has none, or if the project has its own judge."""
        if not WARM_JUDGES_SUPPORTED or item.ihook.pytest_chimera_validate.get_hookimpls():
            return None
        judges = WarmJudges(opening.enter_context(temporary_folder()), lambda: self._browser, self._note)
        opening.callback(lambda: self._portal.call(judges.stop_idle))
        return judges

    def _note(self, line: str) -> None:
        self._progress.note(f"chimera: {line}")

    def _stop_deployments(self, deployer: Deployer) -> None:
        self._portal.call(deployer.stop_all)

    def _close_ahead(self) -> None:
        try:
            if self._project and self._project.write_ahead_log:
                self._project.write_ahead_log.close()
        except OSError as error:
            self._progress.note(f"the journals are written, and may not be on the disk yet: {error}")

    def _begin(self, item: pytest.Item) -> None:
        """Start all workflows with the first item; in an xdist worker only the item's own and those that it follows."""
        items = [(each, feature) for each, feature in self._waiting if each.nodeid not in self._begun]
        if hasattr(self._config, "workerinput"):
            own = self._with_those_before(item)
            items = [(each, feature) for each, feature in items if each.nodeid in own]
        turns = [None if feature.after else self._scheduler.enrol(self._order[each.nodeid]) for each, feature in items]
        for (each, feature), turn in zip(items, turns, strict=True):
            self._begun[each.nodeid] = self._portal.start_task_soon(self._pursue, each, feature, turn)

    def _with_those_before(self, item: pytest.Item) -> set[str]:
        by_id = {feature.id: (each, feature) for each, feature in self._waiting}
        found = {item.nodeid}
        feature = next(feature for each, feature in self._waiting if each is item)
        while feature.after in by_id and by_id[feature.after][0].nodeid not in found:
            each, feature = by_id[feature.after]
            found.add(each.nodeid)
        return found

    async def _pursue(self, item: pytest.Item, feature: Feature, turn: Turn | None) -> Verdict:
        assert self._project is not None, "the project is opened with the first item"
        project = self._project.asking(Agents(self._config.pluginmanager, item.ihook))
        base = await self._base(project, feature)
        if isinstance(base, Verdict):
            self._mind_failure(item, base)
            return base
        turn = turn or self._scheduler.enrol(self._order[item.nodeid])
        try:
            await turn.begin()
            verdict = await run_feature(project.in_turn(turn), feature, base)
            self._mind_failure(item, verdict)
        except NotBegun:
            return Verdict(
                feature=feature.id, state="parked", sentence="not started: the run stopped at an earlier failure"
            )
        finally:
            turn.end()
        return verdict

    def _mind_failure(self, item: pytest.Item, verdict: Verdict) -> None:
        """With ``-x`` or ``--maxfail``, start nothing that comes after the failure at which the run will stop."""
        if verdict.passed:
            return
        self._failing.add(self._order[item.nodeid])
        limit = (self._config.getoption("maxfail") or 0) - (self._failed_before or 0)
        if 0 < limit <= len(self._failing):
            self._scheduler.begin_no_more_after(sorted(self._failing)[limit - 1])

    async def _base(self, project: Project, feature: Feature) -> str | Verdict | None:
        """Return the commit to start from, ``None`` for HEAD, or a verdict if the ``after=`` feature is incomplete."""
        if feature.after is None:
            return None
        for item, other in self._waiting:
            if other.id == feature.after and item.nodeid in self._begun:
                await asyncio.wait([asyncio.wrap_future(self._begun[item.nodeid])])
        return await anyio.to_thread.run_sync(result_of, project, feature)

    # -- the project

    def _open_project(self, item: pytest.Item, judges: WarmJudges | None) -> Project:
        config = self._config
        settings = settings_of(config)
        root = config.rootpath
        repository = Repository.find(root, settings.work_dir, private_folders(config))
        repository.head()
        cache = cache_of(config)
        assert cache is not None, "--chimera without the cache is a usage error"
        state = self._state(cache)
        manager = config.pluginmanager
        clean = self._progress.clean = cleaner_of(settings, repository)
        by_hand = not settings.coder and not item.ihook.pytest_chimera_implement_feature.get_hookimpls()
        answered = item.ihook.pytest_chimera_transitions()
        tables = tables_of(config)
        run = CurrentRun(
            agents=Agents(manager, item.ihook),
            options=run_options_of(config),
            transitions=time_limits(settings, answered, state),
            limits=RunLimits(settings),
            breakers=Breakers(self._progress.note),
            canaries=Canaries(repository, settings, state, by_hand),
            sandboxes=sandboxes_of(config.rootpath, settings, repository, state, by_hand=by_hand),
            judges=judges,
            mirror=lambda feature, value: cache.set(cache_key(feature.id), value),
            progress=self._progress.say,
            id=_run_of(config),
        )
        return Project(
            root=root,
            state=state,
            work=repository.work,
            repository=repository,
            settings=settings,
            vault=Vault(root),
            run=run,
            by_hand=by_hand,
            browser=lambda: self._browser,
            config_files=config_files_of(config),
            tables=tables,
            functions=functions_of(config, settings),
            ready_test=self._ready(settings),
            cleaner=clean,
            write_ahead_log=WriteAheadLog(state),
        )

    def _state(self, cache: pytest.Cache) -> Path:
        """Return the journals' folder, after recovering what the machine had not written to disk."""
        try:
            state = Path(cache.mkdir("chimera"))
            for line in recovered(state):
                self._progress.note(line)
        except OSError as error:
            raise state_out_of_reach(Path(str(cache._cachedir)), error) from error
        return state

    def _ready(self, settings: Settings) -> SealedTest | None:
        if not settings.ready:
            return None
        return self._portal.call(ready_test, generator_of_project(self._config), settings.ready)

    @cached_property
    def _browser(self) -> Browser:
        return find_browser(settings_of(self._config).browser_path)

    def _register(self, project: Project) -> Deployer:
        settings = project.settings
        sandboxes = project.run.sandboxes
        deployer = Deployer(settings, self._note, sandboxes)
        coder = coder_plugin(settings, project.root, sandboxes)
        functions = bool(project.run.agents.named("pytest_chimera_implement_feature"))
        self._confinement = Confinement(
            sandboxes,
            self._progress.note,
            function=functions,
            command=isinstance(coder, CommandCoder),
        )
        plugins = {
            "chimera-generator": Generator(generator_of_project(self._config)),
            "chimera-coder": coder,
            "chimera-confinement": self._confinement,
            "chimera-guardian": Guardian(
                settings, project.repository.read, by_hand=project.by_hand, listed=project.repository.files
            ),
            "chimera-checks": Checks(
                settings, project.repository, project.work, by_hand=project.by_hand, sandboxes=sandboxes
            ),
            "chimera-base-tests": BaseTests(
                settings,
                project.repository,
                project.work,
                project.by_hand,
                sandboxes,
                self._note,
            ),
            "chimera-deployer": deployer,
            "chimera-judge": Judge(settings, project.repository, project.browser, project.run.judges),
            "chimera-progress": self._progress,
            "chimera-durations": Durations(),
        }
        for name, plugin in plugins.items():
            if plugin is not None:
                self._config.pluginmanager.register(plugin, name)
        return deployer


def cleaner_of(settings: Settings, repository: Repository) -> Cleaner:
    """Return a cleaner that masks secrets in our environment and in the environment of the project's programs.

    A value that appears in the project's committed files is not a secret, unless its form says that it is.
    """
    given = (entry.partition("=") for entry in (*settings.env, *settings.coder_env))
    secret = secret_values({**os.environ, **{name.strip(): value for name, sets, value in given if sets}})
    told = repository.committed_texts(each for each in secret if not has_known_form(each))
    return Cleaner(secret - told)


def jobs_of(settings: Settings) -> int:
    """Return how many features to work on at once: as configured, or as many as the cores and memory allow."""
    if settings.jobs:
        return settings.jobs
    return max(1, min(os.cpu_count() or 1, psutil.virtual_memory().available // MEMORY_OF_A_FEATURE))


def _have_threads_for(jobs: int) -> None:
    """Raise the thread limit: a hook that is a plain function occupies a thread while it works."""
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = max(limiter.total_tokens, 40 + 2 * jobs)


def _run_of(config: pytest.Config) -> str:
    """Return the run's id, which xdist's workers share."""
    return str(getattr(config, "workerinput", {}).get("testrunuid") or secrets.token_hex(8))


def result_of(project: Project, feature: Feature) -> str | Verdict | None:
    """Return where a feature with ``after=`` starts: at the other's proved commit, or at HEAD once that contains it."""
    assert feature.after is not None, "only a feature with after= follows another"
    path = project.state / f"{journal_name(feature.after)}.jsonl"
    record = record_of(path)
    proof = record.proof
    ends = [commit for commit in (proof and proof.commit, record.merged) if commit]
    if record.settled or (proof and any(project.repository.is_ancestor(each, "HEAD") for each in ends)):
        return None
    if proof and record.branch:
        return proof.commit
    return Verdict(
        feature=feature.id,
        state="parked",
        sentence=f"waits for {feature.after}, which is {record.state}",
        next_command=f"pytest --chimera -k {feature.after}",
    )
