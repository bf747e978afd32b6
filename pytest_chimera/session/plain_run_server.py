"""A server and a browser for generated tests in a plain run."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import filelock
import pytest

from pytest_chimera.errors import ChimeraError
from pytest_chimera.judge import find_browser
from pytest_chimera.models import Call
from pytest_chimera.session.configuration import settings_of
from pytest_chimera.staging.arranging import Arranging, Code, NotArranged, Where
from pytest_chimera.staging.local.preparation import Prepared
from pytest_chimera.staging.local.server import Recipe, Served, left_to_the_person, recipe_of_working_tree, serve
from pytest_chimera.state.vault import PREPARED, Vault
from pytest_chimera.system.files import remove_folder
from pytest_chimera.system.machine_load import stretched
from pytest_chimera.system.supervision import Finished, Supervised


class TestServer:
    """Serves the working tree until :meth:`stop`; a test fails if its application cannot be served or arranged.

    A test with arranged data gets a fresh copy at the same address, and so does the test after it.
    """

    __test__ = False

    def __init__(self, config: pytest.Config) -> None:
        worker = getattr(config, "workerinput", {}).get("workerid", "")
        self._root: Path = config.rootpath
        self._folder = Vault(config.rootpath).scratch(f"plain-run-{worker}" if worker else "plain-run")
        self._run = str(getattr(config, "workerinput", {}).get("testrunuid", ""))
        self._served: Served | None = None
        self._prepared: Prepared | None = None
        self._is_fresh = True
        self.note = ""
        try:
            self._settings = settings_of(config)
            self.url = self._url()
        except ChimeraError as error:
            pytest.fail(f"No --base-url was given, and the project could not be served.\n{error}", pytrace=False)

    def _url(self) -> str:
        settings = self._settings
        if not settings.serve.strip() and settings.staging_url:
            return settings.staging_url.rstrip("/")
        recipe = recipe_of_working_tree(settings, self._root, self._folder)
        self.note = left_to_the_person(recipe.not_run) if recipe.not_run else ""
        self._served = self._start(recipe)
        return self._served.url

    def _start(self, recipe: Recipe) -> Served:
        """Start the server; the data that preparing commands create is kept, and shared by the workers of a run."""
        if not recipe.preparing:
            return serve(recipe, threading.Event())
        room = Vault(self._root).folder / f"{PREPARED}-{self._run or 'alone'}"
        if self._prepared is None:
            self._prepared = Prepared(room, {"data": recipe.data_dir}, shared=bool(self._run))
        with filelock.FileLock(room.with_name(f"{room.name}.lock")) if self._run else nullcontext():
            return serve(replace(recipe, prepared=self._prepared), threading.Event())

    def prepare(self, calls: Sequence[Call]) -> None:
        """Arrange the data that a test needs, before its browser starts."""
        if self._served is None:
            if calls:
                pytest.skip("what it needs is arranged where chimera serves the application: set chimera_serve")
            return
        try:
            if calls or not self._is_fresh:
                self._renew(self._served)
            if calls:
                self._is_fresh = False
                self._arrange(tuple(calls), self._served)
        except ChimeraError as error:
            said = str(error)
        except NotArranged as failed:
            said = f"What the test needs could not be arranged: {failed}\n{failed.output}"
        else:
            return
        pytest.fail(said, pytrace=False)

    def _renew(self, served: Served) -> None:
        served.stop()
        recipe = recipe_of_working_tree(self._settings, self._root, self._folder)
        self._served = self._start(replace(recipe, port=served.port, data_dir=served.recipe.data_dir))
        self._is_fresh = True

    def _arrange(self, calls: tuple[Call, ...], served: Served) -> None:
        recipe = served.recipe
        where = Where(self._root, served.url, served.port, str(recipe.data_dir), recipe.name)
        code = Code(self._root, tuple(dict.fromkeys(call.path for call in calls)))
        room = Vault(self._root).scratch(f"{self._folder.name}-arranged")
        arranging = Arranging(calls, where, code, room)
        arranging.check(_run(arranging, where.environment(self._settings.env), self._settings.arrange_timeout))

    def stop(self) -> None:
        """Stop the server."""
        if self._served is not None:
            self._served.stop()
        if self._prepared and not self._run:
            self._prepared.forget()


def forget_prepared(root: Path) -> None:
    """Remove what the workers of a run shared."""
    for each in Vault(root).folder.glob(f"{PREPARED}-*"):
        if each.is_dir():
            remove_folder(each)
        else:
            each.unlink(missing_ok=True)


def _run(arranging: Arranging, environment: dict[str, str], time_limit: float) -> Finished:
    program = Supervised(
        arranging.command,
        folder=arranging.where.folder,
        environment=environment,
        log=arranging.log,
        time_limit=stretched(time_limit) or None,
        stdin=arranging.order(),
    )
    return program.run()


def launch_args(config: pytest.Config, given: dict[str, Any]) -> dict[str, Any]:
    """Return Chromium's launch arguments; if Playwright's Chromium is not installed, they point to the machine's."""
    if "executable_path" in given or "channel" in given:
        return given
    try:
        browser = find_browser(settings_of(config).browser_path)
    except ChimeraError as error:
        pytest.fail(str(error), pytrace=False)
    return {**given, "executable_path": browser.path} if browser.path else given
