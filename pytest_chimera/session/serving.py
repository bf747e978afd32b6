"""A server and a browser for generated tests in a plain run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_chimera.builtin.serving import serve_working_tree
from pytest_chimera.errors import ChimeraError
from pytest_chimera.judging import find_browser
from pytest_chimera.session.conductor import settings_of
from pytest_chimera.vault import Vault


@contextmanager
def serve_for_tests(config: pytest.Config) -> Iterator[str]:
    """The URL of the working tree, served until the run ends; fails the test that asked when it can't be served."""
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    folder = Vault(config.rootpath).scratch(f"plain-run-{worker}" if worker else "plain-run")
    try:
        serving = serve_working_tree(settings_of(config), config.rootpath, folder)
        url = serving.__enter__()
    except ChimeraError as error:
        pytest.fail(f"No --base-url was given, and the project could not be served.\n{error}", pytrace=False)
    try:
        yield url
    finally:
        serving.__exit__(None, None, None)


def launch_args(config: pytest.Config, given: dict[str, Any]) -> dict[str, Any]:
    """The launch arguments with the path of the machine's browser, where Playwright has none of its own."""
    if "executable_path" in given or "channel" in given:
        return given
    try:
        browser = find_browser(settings_of(config).browser_path)
    except ChimeraError as error:
        pytest.fail(str(error), pytrace=False)
    return {**given, "executable_path": browser.path} if browser.path else given
