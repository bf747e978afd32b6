"""What pytest-playwright offers and the judge does not do is refused by name, instead of being passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pytest_chimera.errors import SettingError

_PLAIN = "run the generated tests with it in a plain pytest, without --chimera"
_KEPT = "the judge keeps a trace, a screenshot and the console of each run in .chimera/"
_INSTEAD = {
    "--browser": f"The judge proves in Chromium. For another browser, {_PLAIN}.",
    "--browser-channel": "Name the Chrome or Chromium to use in chimera_browser_path.",
    "--device": f"The judge's page is a desktop's. For a device, {_PLAIN}.",
    "--headed": f"Look at the trace that the judge keeps in .chimera/, or {_PLAIN}.",
    "--slowmo": f"Look at the trace that the judge keeps in .chimera/, or {_PLAIN}.",
    "--video": f"Look at the trace: {_KEPT}.",
    "--screenshot": f"Nothing is needed: {_KEPT}.",
    "--full-page-screenshot": f"Nothing is needed: {_KEPT}.",
    "--tracing": f"Nothing is needed: {_KEPT}.",
    "--output": f"Nothing is needed: {_KEPT}.",
    "--base-url": "Name a staging that is already there in chimera_staging_url, or let chimera_serve serve.",
}
"""Option → what to do instead."""


def refused_options(config: pytest.Config) -> Iterator[SettingError]:
    """The options of pytest-playwright's that stand with a value of their own; each says what to do instead."""
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
    """The plugin's options: name, where pytest keeps the value, and default."""
    if not config.pluginmanager.hasplugin("playwright"):
        return
    for option in config._parser.getgroup("playwright").options:
        names = [name for name in option.names() if name.startswith("--")]
        if names:
            yield names[0], option.dest, getattr(option, "default", None)


def is_on_command_line(config: pytest.Config, flag: str) -> bool:
    """Whether the person typed an option, in contrast to one from ``addopts``."""
    return any(word == flag or word.startswith(f"{flag}=") for word in map(str, config.invocation_params.args))
