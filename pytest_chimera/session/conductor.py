"""Runs the workflows of the selected items, in one event loop that lives between them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from pytest_chimera.agents import Agents
from pytest_chimera.builtin.coders import coder_plugin
from pytest_chimera.builtin.guardian import Checks, Guardian
from pytest_chimera.builtin.serving import Deployer
from pytest_chimera.builtin.testing import Generator, Judge
from pytest_chimera.errors import ChimeraError
from pytest_chimera.journal import Journal, Standing, journal_name
from pytest_chimera.judging import Browser, find_browser
from pytest_chimera.models import Feature, Verdict
from pytest_chimera.project import Orders, Project, time_limits
from pytest_chimera.proving import pursue
from pytest_chimera.repository import Repository
from pytest_chimera.scenario import TestGenerator
from pytest_chimera.session.items import FeatureFailed, feature_of, refuse_double_ids
from pytest_chimera.session.progress import Progress
from pytest_chimera.session.report import failure_text
from pytest_chimera.settings import Settings, load_settings
from pytest_chimera.vault import Vault

TICK = 1.0
"""Seconds between two updates of what is being waited for."""


class Conductor:
    """Owns a run's project and event loop; each item asks it for its verdict."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._progress = Progress(config)
        self._runner: asyncio.Runner | None = None
        self._tasks: dict[str, asyncio.Task[Verdict]] = {}
        self._waiting: list[tuple[pytest.Item, Feature]] = []
        self._errors: dict[str, ChimeraError] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._project: Project | None = None

    def plan(self, items: list[Any]) -> None:
        """Read the selected items; what is wrong with one is kept until it runs."""
        pairs = []
        for item in items:
            try:
                pairs.append((item, feature_of(item)))
            except ChimeraError as error:
                self._errors[item.nodeid] = error
        self._errors |= refuse_double_ids(pairs)
        self._waiting = [(item, feature) for item, feature in pairs if item.nodeid not in self._errors]

    def run(self, item: pytest.Item) -> None:
        """Run an item's workflow, or wait for it; fails the item unless the feature is there."""
        if item.nodeid in self._errors:
            raise FeatureFailed(str(self._errors[item.nodeid]))
        try:
            verdict = self._verdict(item)
        except ChimeraError as error:
            raise FeatureFailed(str(error)) from None
        feature = next(feature for each, feature in self._waiting if each is item)
        item.user_properties.append(("chimera", verdict.model_dump_json()))
        item.user_properties.append(("chimera-state", verdict.state))
        item.add_report_section("call", "stdout chimera", "\n".join(self._progress.lines.get(feature.id, [])))
        if not verdict.passed:
            raise FeatureFailed(failure_text(verdict))

    def close(self) -> None:
        """End what still runs, orderly, and the loop."""
        if self._runner is None:
            return
        with contextlib.suppress(asyncio.CancelledError):
            self._runner.run(self._cancel_all())
        self._runner.close()
        self._runner = None

    # -- the loop

    def _verdict(self, item: pytest.Item) -> Verdict:
        if self._runner is None:
            self._project = self._open_project(item)
            self._runner = asyncio.Runner()
        return self._runner.run(self._wait_for(item))

    async def _wait_for(self, item: pytest.Item) -> Verdict:
        self._begin_up_to(item)
        ticking = asyncio.create_task(self._tick())
        try:
            return await self._tasks[item.nodeid]
        finally:
            ticking.cancel()

    def _begin_up_to(self, item: pytest.Item) -> None:
        """Begin this item's workflow and as many after it as may run at once."""
        assert self._project is not None, "the project is opened with the first item"
        index = next(number for number, (each, _) in enumerate(self._waiting) if each is item)
        for each, feature in self._waiting[index : index + max(1, self._project.settings.jobs)]:
            if each.nodeid not in self._tasks:
                self._tasks[each.nodeid] = asyncio.create_task(self._pursue(each, feature))

    async def _pursue(self, item: pytest.Item, feature: Feature) -> Verdict:
        assert self._project is not None, "the project is opened with the first item"
        agents = Agents(self._config.pluginmanager, item.ihook)
        project = replace(self._project, agents=agents)
        base = await self._base(project, feature)
        if isinstance(base, Verdict):
            return base
        verdict = await pursue(project, feature, base)
        self._verdicts[feature.id] = verdict
        return verdict

    async def _base(self, project: Project, feature: Feature) -> str | Verdict | None:
        """The commit that ``after=`` names: ``None`` for HEAD; a verdict when that feature is not there yet."""
        if feature.after is None:
            return None
        for item, other in self._waiting:
            if other.id == feature.after and item.nodeid in self._tasks:
                await asyncio.wait([self._tasks[item.nodeid]])
        return await asyncio.to_thread(result_of, project, feature)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._progress.tick()

    async def _cancel_all(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # -- the project

    def _open_project(self, item: pytest.Item) -> Project:
        config = self._config
        settings = settings_of(config)
        root = config.rootpath
        repository = Repository.find(root, settings.work_dir, private_folders(config))
        repository.head()
        cache = config.cache
        assert cache is not None, "--chimera without the cache is a usage error"
        manager = config.pluginmanager
        by_hand = not settings.coder and not item.ihook.pytest_chimera_implement_feature.get_hookimpls()
        answered = item.ihook.pytest_chimera_transitions()
        project = Project(
            root=root,
            state=Path(cache.mkdir("chimera")),
            work=repository.work,
            repository=repository,
            settings=settings,
            vault=Vault(root),
            agents=Agents(manager, item.ihook),
            orders=orders_of(config),
            by_hand=by_hand,
            browser=lambda: self._browser,
            config_files=_config_files(config),
            mirror=lambda feature, value: cache.set(f"chimera/{journal_name(feature.id)}", value),
            progress=self._progress.say,
            table=time_limits(settings, answered),
        )
        self._register(project)
        return project

    @cached_property
    def _browser(self) -> Browser:
        return find_browser(settings_of(self._config).browser_path)

    def _register(self, project: Project) -> None:
        settings = project.settings
        plugins = {
            "chimera-generator": Generator(TestGenerator(test_dir=settings.test_dir)),
            "chimera-coder": coder_plugin(settings, project.root),
            "chimera-guardian": Guardian(settings, project.repository.read, by_hand=project.by_hand),
            "chimera-checks": Checks(settings, project.repository, project.work, by_hand=project.by_hand),
            "chimera-deployer": Deployer(settings),
            "chimera-judge": Judge(settings, project.repository, project.browser),
            "chimera-progress": self._progress,
        }
        for name, plugin in plugins.items():
            if plugin is not None:
                self._config.pluginmanager.register(plugin, name)


def settings_of(config: pytest.Config) -> Settings:
    """The settings as the ini file and the command line give them.

    :raises SettingError: one is wrong.
    """
    inicfg = config.inicfg

    def read(key: str) -> Any:
        return config.getini(key) if key in inicfg or _overridden(config, key) else None

    overrides = {
        name: value for name in ("coder", "jobs") if (value := config.getoption(f"chimera_{name}", None)) is not None
    }
    return load_settings(read, overrides)


def _overridden(config: pytest.Config, key: str) -> bool:
    return any(str(each).startswith(f"{key}=") for each in config.getoption("override_ini", None) or ())


def orders_of(config: pytest.Config) -> Orders:
    """What the command line asks."""
    option = config.getoption
    return Orders(
        restart=option("chimera_restart"),
        reprove=option("chimera_reprove"),
        until_red=option("chimera_until") == "red",
        words=option("chimera_reject") or option("chimera_hint") or "",
        calls_coder=not os.environ.get("CI") or bool(option("chimera_coder")),
    )


def _config_files(config: pytest.Config) -> tuple[str, ...]:
    root = config.rootpath
    candidates = [config.inipath, root / "chimera.toml"]
    return tuple(
        path.relative_to(root).as_posix()
        for path in candidates
        if path is not None and path.is_relative_to(root) and path.is_file()
    )


def result_of(project: Project, feature: Feature) -> str | Verdict | None:
    """Where a feature that follows another starts: the other's proved commit, or HEAD once that holds it."""
    assert feature.after is not None, "only a feature with after= follows another"
    path = project.state / f"{journal_name(feature.after)}.jsonl"
    standing = Journal(path).standing if path.exists() else Standing()
    proof = standing.proof
    if standing.settled or (proof and project.repository.is_ancestor(proof.commit, "HEAD")):
        return None
    if proof and standing.branch:
        return proof.commit
    return Verdict(
        feature=feature.id,
        state="parked",
        sentence=f"waits for {feature.after}, which is {standing.state}",
        next_command=f"pytest --chimera -k {feature.after}",
    )


def private_folders(config: pytest.Config) -> tuple[Path, ...]:
    """Folders that never belong to a change: pytest's cache."""
    return (Path(str(config.cache._cachedir)),) if config.cache else ()
