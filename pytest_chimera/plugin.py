"""The plugin's entry point: options, marker, hooks. Everything else is imported only under ``--chimera``."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_chimera.settings import FLAGS, ini_options

if TYPE_CHECKING:
    from pytest_chimera.session.conductor import Conductor

_CONDUCTOR: pytest.StashKey[Conductor] = pytest.StashKey()
_INSIDE: pytest.StashKey[str] = pytest.StashKey()
"""The sign that this runs inside a coder's work."""
_COMMANDS = ("chimera_status", "chimera_apply", "chimera_prune", "chimera_verify_state", "chimera_verify")
_MODIFIERS = (
    "chimera_restart",
    "chimera_reprove",
    "chimera_reject",
    "chimera_hint",
    "chimera_until",
    "chimera_dry_run",
    "chimera_draft",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options from their tables."""
    group = parser.getgroup("chimera", "chimera: features, implemented and proved")
    for flag in FLAGS:
        if not flag.metavar:
            group.addoption(flag.name, action="store_true", default=False, help=flag.help)
        else:
            group.addoption(flag.name, metavar=flag.metavar, choices=flag.choices or None, default=None, help=flag.help)
    for key, ini, default in ini_options():
        parser.addini(key, f"{ini.help} (default: {default!r})", type=ini.type, default=None)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register chimera's hook specifications, so that conftest.py files can implement them."""
    from pytest_chimera import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    """Document the marker; refuse a command line that cannot work."""
    from pytest_chimera.markers import MARKER_ARRANGE_HELP, MARKER_HELP
    from pytest_chimera.session import base_url, browsers
    from pytest_chimera.session.plain import PlainRuns

    config.addinivalue_line("markers", MARKER_HELP)
    config.addinivalue_line("markers", MARKER_ARRANGE_HELP)
    config.pluginmanager.register(PlainRuns(config), "chimera-plain")
    config.pluginmanager.register(browsers, "chimera-browsers")
    if config.pluginmanager.hasplugin(base_url.STANDS_IN_FOR):
        config.pluginmanager.register(base_url, "chimera-base-url")
    _be_plain_inside(config)
    if config.option.chimera:
        _check_command_line(config)
        if not hasattr(config, "workerinput"):
            from pytest_chimera.session.interruption import Interruption

            config.pluginmanager.register(Interruption(config), "chimera-interruption")
    else:
        for name in _MODIFIERS:
            if config.getoption(name):
                raise pytest.UsageError(f"--{name.replace('_', '-')} requires --chimera.")


def _be_plain_inside(config: pytest.Config) -> None:
    """Inside a coder's work, ignore ``--chimera`` and its options."""
    from pytest_chimera.system.nesting import why_inside

    if config.option.chimera and (why := why_inside(config.rootpath, config.invocation_params.dir)):
        config.stash[_INSIDE] = why
        for name in ("chimera", *_MODIFIERS):
            setattr(config.option, name, None)


def _check_command_line(config: pytest.Config) -> None:
    if not config.pluginmanager.hasplugin("cacheprovider"):
        raise pytest.UsageError("--chimera keeps its state in pytest's cache: run it without -p no:cacheprovider.")
    jobs = config.getoption("chimera_jobs")
    if jobs is not None and jobs != "auto" and not (jobs.isdecimal() and int(jobs) > 0):
        raise pytest.UsageError(f"--chimera-jobs takes a number above 0 or auto, not {jobs!r}.")
    in_workers = getattr(config.option, "dist", "no") != "no"
    if config.option.chimera_draft and (config.option.chimera_dry_run or in_workers):
        raise pytest.UsageError("--chimera-draft edits files: run it without --chimera-dry-run and without -n.")
    if config.getoption("chimera_reject") and config.getoption("chimera_hint"):
        raise pytest.UsageError("--chimera-reject and --chimera-hint exclude each other: give one of them.")
    if not config.option.collectonly:
        _refuse_what_is_not_honoured(config)


def _refuse_what_is_not_honoured(config: pytest.Config) -> None:
    """Refuse unsupported options on the command line; those from ``addopts`` make the features fail instead."""
    from pytest_chimera.session.refused_options import refused_options

    for error in refused_options(config):
        if not error.where:
            raise pytest.UsageError(str(error))


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Run the commands that end the session at once."""
    if not any(config.getoption(name) for name in _COMMANDS):
        return None
    from _pytest.main import wrap_session

    from pytest_chimera.session.state_commands import run_command

    return int(wrap_session(config, run_command))


def pytest_report_header(config: pytest.Config) -> str | None:
    """Report the folder of the state, and how many features are recorded there."""
    if why := config.stash.get(_INSIDE, ""):
        return f"chimera: inside a coder's work ({why}): --chimera runs plain tests here, and builds nothing"
    if not config.option.chimera or config.option.collectonly:
        return None
    from pytest_chimera.markers import cache_of

    cache = cache_of(config)
    try:
        folder = cache.mkdir("chimera") if cache else None
    except OSError as error:
        return f"chimera: the state cannot be written: {error}"
    count = len(list(folder.glob("*.jsonl"))) if folder else 0
    return f"chimera: {count} feature{'s' if count != 1 else ''} recorded in {folder}"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Under ``--chimera``, collect the ``.feature`` files given on the command line."""
    if not parent.config.option.chimera or file_path.suffix != ".feature":
        return None
    from pytest_chimera.session.feature_files import FeatureFile, is_asked_for

    return FeatureFile.from_parent(parent, path=file_path) if is_asked_for(file_path, parent.config) else None


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> Generator[None]:
    """Under ``--chimera``, let the marked items run workflows, after the ordinary ones."""
    result = yield
    if not config.option.chimera:
        return result
    from pytest_chimera.session.conductor import Conductor
    from pytest_chimera.session.items import adopt, in_order, is_feature, leave_to_features

    items[:] = in_order(items)
    features = [item for item in items if is_feature(item)]
    conductor = config.stash[_CONDUCTOR] = Conductor(config)
    leave_to_features(items, conductor.plan(features))
    for item in features:
        adopt(item, conductor.run)
    return result


def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
    """Report a parked feature, or one of a broken run, as an error: nothing is wrong with the feature."""
    if getattr(report, "when", "") != "call" or report.outcome != "failed":
        return None
    state = next((value for key, value in getattr(report, "user_properties", ()) if key == "chimera-state"), "")
    return ("error", "E", state.upper()) if state in {"parked", "error"} else None


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the summary."""
    if config.option.chimera:
        from pytest_chimera.session.summary import write_summary

        write_summary(terminalreporter)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop what still runs."""
    conductor = session.config.stash.get(_CONDUCTOR, None)
    if conductor is not None:
        conductor.close()
