"""The commands that end the session at once: status, apply, prune, and the two that verify."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_chimera.context.formatting import counted
from pytest_chimera.errors import ChimeraError
from pytest_chimera.git import Repository
from pytest_chimera.markers import cache_of, journal_name
from pytest_chimera.models import slug_of
from pytest_chimera.session.configuration import private_folders, settings_of
from pytest_chimera.session.screen import screen_of
from pytest_chimera.session.tables import state_lines, status_lines
from pytest_chimera.session.verifying import verify_commit
from pytest_chimera.state.journal import record_of
from pytest_chimera.state.replay import FeatureRecord
from pytest_chimera.state.vault import Vault


def run_command(config: pytest.Config, _session: pytest.Session) -> pytest.ExitCode:
    """Run the command given on the command line.

    :returns: pytest's exit code: a failure if the state is damaged.
    :raises pytest.UsageError: the command cannot be carried out; the error says why and what to do.
    """
    try:
        if config.getoption("chimera_verify_state"):
            return _verify_state(config)
        if rev := config.getoption("chimera_verify"):
            return _verify(config, rev)
        if config.getoption("chimera_status"):
            _status(config)
        elif config.getoption("chimera_apply"):
            _apply(config, config.getoption("chimera_apply"))
        else:
            _prune(config)
    except ChimeraError as error:
        raise pytest.UsageError(str(error)) from None
    return pytest.ExitCode.OK


def _verify_state(config: pytest.Config) -> pytest.ExitCode:
    terminal = screen_of(config)
    text, whole = state_lines(_state(config), terminal._tw.fullwidth)
    terminal.write(text)
    return pytest.ExitCode.OK if whole else pytest.ExitCode.TESTS_FAILED


def _verify(config: pytest.Config, rev: str) -> pytest.ExitCode:
    """Verify without the plugins that write the run's node ids to pytest's cache at the end: there are none."""
    for name in ("lfplugin", "nfplugin", "stepwiseplugin"):
        if config.pluginmanager.hasplugin(name):
            config.pluginmanager.unregister(name=name)
    return pytest.ExitCode.OK if verify_commit(config, rev) else pytest.ExitCode.TESTS_FAILED


def _state(config: pytest.Config) -> Path:
    cache = cache_of(config)
    if cache is None:
        raise pytest.UsageError("The state is in pytest's cache: run this without -p no:cacheprovider.")
    return Path(cache.mkdir("chimera"))


def _status(config: pytest.Config) -> None:
    screen_of(config).write(status_lines(_state(config)))


def _record(config: pytest.Config, feature: str) -> FeatureRecord:
    path = _state(config) / f"{journal_name(feature)}.jsonl"
    if not path.exists():
        raise pytest.UsageError(f"No feature {feature!r} is recorded; pytest --chimera-status lists those that are.")
    return record_of(path)


def _apply(config: pytest.Config, feature: str) -> None:
    workflow = _record(config, feature).workflow
    change = workflow.change if workflow else None
    if change is None:
        raise pytest.UsageError(f"{feature!r} has no candidate yet.")
    repository = Repository.find(config.rootpath, settings_of(config).work_dir, private_folders(config))
    base = workflow.sealed.base if workflow and workflow.sealed else change.base
    repository.lay(change.commit, base)
    files = counted(len(repository.changed(base, change.commit)), "file", "files")
    screen_of(config).write_line(f"{feature}: {files} copied into the working tree, unstaged")


def _prune(config: pytest.Config) -> None:
    vault, terminal = Vault(config.rootpath), screen_of(config)
    for path in sorted(_state(config).glob("*.jsonl")):
        record = record_of(path)
        if record.merged and record.feature and vault.clear(slug_of(record.feature)):
            terminal.write_line(f"{record.feature}: its evidence is removed")
