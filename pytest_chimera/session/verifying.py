"""``--chimera-verify``: repeats the proofs of a commit, and reports whether they hold."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from pytest_chimera.context.current_run import CurrentRun
from pytest_chimera.context.limits import time_limits
from pytest_chimera.context.project import Project
from pytest_chimera.errors import RepositoryError
from pytest_chimera.generation.sealing import ready_test
from pytest_chimera.git import Repository, Trailers
from pytest_chimera.judge import find_browser
from pytest_chimera.models import Feature
from pytest_chimera.run.canaries import Canaries
from pytest_chimera.run.committed_tests import committed_settings
from pytest_chimera.run.verification import Verified, proofs_at, verify
from pytest_chimera.session.configuration import functions_of, generator_of, private_folders, settings_of
from pytest_chimera.session.confinement import sandboxes_of
from pytest_chimera.session.screen import screen_of
from pytest_chimera.settings import Settings, load_tables
from pytest_chimera.staging.local.local_staging import Deployer
from pytest_chimera.state.vault import Vault
from pytest_chimera.validation.builtin_judge import Judge
from pytest_chimera.workflow.agents import Agents


def verify_commit(config: pytest.Config, rev: str) -> bool:
    """Repeat the proofs of a commit; return whether all hold. Nothing is written to the project's folder.

    :raises ChimeraError: the commit does not exist, carries no proof, or cannot be deployed here.
    """
    repository = Repository.find(config.rootpath, settings_of(config).work_dir, private_folders(config))
    commit, proofs = proofs_at(repository, rev)
    room = Path(tempfile.mkdtemp(prefix="chimera-verify-"))
    work = repository.work / "verify" / secrets.token_hex(4)
    found: list[Verified] = []
    try:
        found = anyio.run(_verified, config, repository, commit, proofs, room, work)
    finally:
        repository.discard(work)
        if not any(each.evidence for each in found if not each.holds):
            shutil.rmtree(room, ignore_errors=True)
    holds = all(each.holds for each in found)
    terminal = screen_of(config)
    for each in found:
        _tell(terminal, each, kept=not holds)
    return holds


async def _verified(
    config: pytest.Config, repository: Repository, commit: str, proofs: Sequence[Trailers], room: Path, work: Path
) -> list[Verified]:
    checkout = work / "commit"
    await anyio.to_thread.run_sync(repository.checkout, commit, checkout)
    folder = repository.project_in(checkout)
    settings = committed_settings(folder, config.getoption("override_ini") or ())
    if settings.staging_url and not settings.serve.strip():
        raise RepositoryError(
            "The proof was made on an existing staging; its base cannot be deployed there again.",
            where=f"chimera_staging_url = {settings.staging_url}",
            remedy="Say how a checkout is served: -o chimera_serve=…",
        )
    project = await _project(config, repository, settings, folder, room, work)
    deployer = Deployer(settings, lambda line: screen_of(config).write_line(f"  {line}"), project.run.sandboxes)
    plugins = {"chimera-deployer": deployer, "chimera-judge": Judge(settings, repository, project.browser)}
    for name, plugin in plugins.items():
        config.pluginmanager.register(plugin, name)
    try:
        return await verify(project, commit, proofs, folder)
    finally:
        with anyio.CancelScope(shield=True):
            await deployer.stop_all()


async def _project(
    config: pytest.Config, repository: Repository, settings: Settings, folder: Path, room: Path, work: Path
) -> Project:
    """Return a project with the commit's own settings and phrases, and a temporary state, vault and work folder."""
    tables = load_tables(folder)
    generator = generator_of(settings, tables, folder, functions_of(config, settings))
    ready = await ready_test(generator, settings.ready) if settings.ready else None
    browser = find_browser(settings.browser_path)

    def say(feature: Feature, line: str) -> None:
        screen_of(config).write_line(f"  {feature.id}  {line}")

    run = CurrentRun(
        agents=Agents(config.pluginmanager),
        transitions=time_limits(settings, None),
        canaries=Canaries(repository, settings, room / "state", by_hand=True),
        sandboxes=sandboxes_of(config.rootpath, settings_of(config), repository, room, by_hand=False),
        progress=say,
    )
    return Project(
        root=config.rootpath,
        state=room / "state",
        work=work,
        repository=repository,
        settings=settings,
        vault=Vault(room),
        run=run,
        by_hand=True,
        browser=lambda: browser,
        tables=tables,
        ready_test=ready,
    )


def _tell(terminal: Any, found: Verified, *, kept: bool) -> None:
    verdict = "the proof holds" if found.holds else "the proof does not hold"
    terminal.write_line(f"{found.feature}: {verdict}: {found.sentence}", green=found.holds, red=not found.holds)
    for each in found.differences:
        terminal.write_line(f"  differs: {each}")
    if kept and found.evidence:
        terminal.write_line(f"  evidence: {found.evidence}")
