"""Refuses options of pytest-playwright that the judge does not support, instead of ignoring them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pytest_chimera.errors import SettingError

_PLAIN = "run the generated tests with it in a plain pytest, without --chimera"
_KEPT = "the judge keeps a trace, a screenshot and the console of each run in .chimera/"
_INSTEAD = {
    "--browser": f"The judge only uses Chromium. For another browser, {_PLAIN}.",
    "--browser-channel": "Set chimera_browser_path to the Chrome or Chromium to use.",
    "--device": f"The judge only emulates a desktop. For a device, {_PLAIN}.",
    "--headed": f"Look at the trace that the judge keeps in .chimera/, or {_PLAIN}.",
    "--slowmo": f"Look at the trace that the judge keeps in .chimera/, or {_PLAIN}.",
    "--video": f"Look at the trace: {_KEPT}.",
    "--screenshot": f"Nothing is needed: {_KEPT}.",
    "--full-page-screenshot": f"Nothing is needed: {_KEPT}.",
    "--tracing": f"Nothing is needed: {_KEPT}.",
    "--output": f"Nothing is needed: {_KEPT}.",
    "--base-url": "Set chimera_staging_url to an existing staging, or let chimera_serve serve.",
}
"""Option → what to do instead."""


def refused_options(config: pytest.Config) -> Iterator[SettingError]:
    """Yield an error for each option of pytest-playwright that differs from its default; it says what to do instead."""
    for flag, dest, default in _of_playwright(config):
        value = config.getoption(dest, default)
        if value == default or (flag == "--browser" and set(value) <= {"chromium"}):
            continue
        if flag == "--base-url" and not is_on_command_line(config, flag):
            continue  # the ordinary tests' address; a feature's is its deployment's
        told = f"{flag} {' '.join(value) if isinstance(value, list) else value}" if value is not True else flag
        yield SettingError(
            f"{told} is not honoured under --chimera: the judge's browser is its own.",
            where="" if is_on_command_line(config, flag) else "addopts",
            remedy=f"Leave {flag} out. {_INSTEAD.get(flag, f'To use it, {_PLAIN}.')}",
        )


def _of_playwright(config: pytest.Config) -> Iterator[tuple[str, str, Any]]:
    """Yield each of the plugin's options: name, attribute of ``config.option``, and default."""
    if not config.pluginmanager.hasplugin("playwright"):
        return
    for option in config._parser.getgroup("playwright").options:
        names = [name for name in option.names() if name.startswith("--")]
        if names:
            yield names[0], option.dest, getattr(option, "default", None)


def is_on_command_line(config: pytest.Config, flag: str) -> bool:
    """Whether an option is on the command line itself, rather than in ``addopts``."""
    return any(word == flag or word.startswith(f"{flag}=") for word in map(str, config.invocation_params.args))
