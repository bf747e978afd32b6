"""The built-in deployer: a separate server for each commit, or an existing staging."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

import anyio
import anyio.to_thread
import pytest

from pytest_chimera.errors import EnvironmentTrouble, SettingError
from pytest_chimera.models import Checkout, Deployment
from pytest_chimera.settings import Settings
from pytest_chimera.staging.local.framework_detection import Found, find_serve, no_serve_known
from pytest_chimera.staging.local.preparation import Prepared
from pytest_chimera.staging.local.server import Recipe, Served, recipe_for, serve, serve_again
from pytest_chimera.system.machine_load import stretched
from pytest_chimera.system.sandbox import Sandboxes
from pytest_chimera.workflow.machine import ChimeraWorkflow
from pytest_chimera.workflow.transitions import ChimeraPhase

_LOOK_EVERY = 0.02
_TREES_KEPT = 3
"""How many prepared trees are kept for a feature: the base's, a candidate's, and one that either was rebased to."""
_SHARE_OF_THE_PHASE = 0.9
_ASK_STAGING_EVERY = 2.0
_REQUEST_SECONDS = 10.0
_COMMIT = re.compile(r"\b[0-9a-f]{7,40}\b")


class Deployer:
    """Serves checkouts with ``chimera_serve`` or the detected command, or uses ``chimera_staging_url``.

    :param say: called once with the detected command if nothing is configured.
    :param sandboxes: provides the sandbox that the application runs in, if any.
    """

    def __init__(
        self, settings: Settings, say: Callable[[str], None] | None = None, sandboxes: Sandboxes | None = None
    ) -> None:
        self._settings = settings
        self._sandboxes = sandboxes or Sandboxes()
        self._say = say
        self._found: Found | None = None
        self._served: dict[str, Served] = {}
        self._prepared: dict[tuple[Path, str], Prepared] = {}
        self._fixed_port = anyio.Semaphore(1)

    @pytest.hookimpl(trylast=True)
    async def pytest_chimera_deploy_to_staging(
        self, checkout: Checkout, workflow: ChimeraWorkflow
    ) -> Deployment | None:
        """Serve the checkout and wait until it answers.

        :raises SettingError: no way to serve it is known, or the configured command cannot be run.
        :raises EnvironmentTrouble: a fixed port is taken, or a staging does not run the commit.
        :raises PhaseFailed: the application does not start.
        """
        if not self._settings.serve.strip() and self._settings.staging_url:
            return await self._staging(checkout, workflow)
        if not checkout.folder:
            return None
        return await self._serve_again(checkout) if checkout.data_of else await self._serve(checkout)

    @pytest.hookimpl(trylast=True)
    async def pytest_chimera_deployment_ended(self, deployment: Deployment) -> None:
        """Stop the server and its child processes, and remove its data."""
        served = self._served.pop(deployment.url, None)
        if served is not None:
            await self._stop(served)

    async def stop_all(self) -> None:
        """Stop all servers that still run, and remove kept trees."""
        while self._served:
            _, served = self._served.popitem()
            await self._stop(served)
        while self._prepared:
            _, prepared = self._prepared.popitem()
            await anyio.to_thread.run_sync(prepared.forget)

    # -- a separate server

    async def _serve(self, checkout: Checkout) -> Deployment:
        found = (
            None if self._settings.serve.strip() else await anyio.to_thread.run_sync(self._find, Path(checkout.folder))
        )
        recipe = await anyio.to_thread.run_sync(self._recipe, checkout, found)
        served = await self._started(recipe)
        return self._deployment(checkout, served, found.sentence if found else "")

    async def _serve_again(self, checkout: Checkout) -> Deployment:
        """Restart the server with its stored data."""
        before = self._served.pop(checkout.data_of)
        served = replace(before, recipe=replace(before.recipe, vault=Path(checkout.vault)))
        try:
            return self._deployment(checkout, await _in_thread(partial(serve_again, served)), "")
        except BaseException:
            await self._stop(before)
            raise

    def _deployment(self, checkout: Checkout, served: Served, found: str) -> Deployment:
        self._served[served.url] = served
        return Deployment(
            url=served.url,
            commit=checkout.commit,
            tree=checkout.tree,
            name=served.recipe.name,
            folder=checkout.folder,
            data_dir=str(served.recipe.data_dir),
            port=served.port,
            command=served.recipe.command,
            found=found,
            log=str(served.program.log),
        )

    def _recipe(self, checkout: Checkout, found: Found | None) -> Recipe:
        """Return the recipe; since a commit may be deployed again, its name and its data folder are new each time."""
        name = f"{checkout.name}_{secrets.token_hex(3)}"
        folder = Path(checkout.folder)
        command = found.command if found else self._settings.serve
        data_dir = folder.with_name(f"{folder.name}.data")
        recipe = recipe_for(self._settings, command, folder, name, data_dir, Path(checkout.vault))
        sandbox = self._sandboxes.for_folder(folder, writable=(data_dir,))
        prepared = self._prepared_for(checkout, data_dir)
        return replace(recipe, sandbox=sandbox, prepared=prepared, origin=self._sandboxes.origin)

    def _prepared_for(self, checkout: Checkout, data_dir: Path) -> Prepared:
        """Return what was prepared from the same tree at the same path; only the last trees of a path are kept."""
        top = self._sandboxes.top_of(Path(checkout.folder))
        if (top, checkout.tree) not in self._prepared:
            of_the_same_place = [key for key in self._prepared if key[0].parent == top.parent]
            for key in of_the_same_place[: 1 - _TREES_KEPT]:
                self._prepared.pop(key).forget()
        places = {"checkout": top} | ({} if data_dir.is_relative_to(top) else {"data": data_dir})
        prepared = self._prepared.pop((top, checkout.tree), None)
        self._prepared[top, checkout.tree] = prepared or Prepared(top.with_name(f"{top.name}.prepared"), places)
        return self._prepared[top, checkout.tree]

    def _find(self, folder: Path) -> Found:
        """Return the detected command of the run's first checkout: a change is served with its base's command."""
        if self._found is None:
            self._found = find_serve(folder)
            if self._found is None:
                raise no_serve_known(folder)
            if self._say:
                self._say(self._found.sentence)
        return self._found

    async def _started(self, recipe: Recipe) -> Served:
        """Start the server; with a fixed port, wait for the previous deployment to end."""
        if not recipe.port:
            return await _in_thread(partial(serve, recipe))
        await self._fixed_port.acquire()
        try:
            return await _in_thread(partial(serve, recipe))
        except BaseException:
            self._fixed_port.release()
            raise

    async def _stop(self, served: Served) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(served.stop)
        if served.recipe.port:
            self._fixed_port.release()

    # -- an existing staging

    async def _staging(self, checkout: Checkout, workflow: ChimeraWorkflow) -> Deployment:
        """Return the staging as a deployment, if it runs the commit.

        A base is never deployed there: the red is that of whatever the staging runs before the change, and the
        deployment says "not proved". A candidate counts only if the staging reports its commit, or is trusted.
        """
        settings = self._settings
        url = settings.staging_url.rstrip("/")
        shown = partial(Deployment, url=url, commit=checkout.commit, tree=checkout.tree, name=checkout.name)
        if not settings.version_url and not settings.trust_staging:
            raise _no_version(url)
        if workflow.current_phase is ChimeraPhase.E2E_TEST_GENERATION:
            return shown(found="the red is what the staging shows before the change", proved=False)
        if not settings.version_url:
            return shown(found="chimera_trust_staging: the deployment is not proved", proved=False)
        await self._shows(checkout.commit, urljoin(f"{url}/", settings.version_url))
        return shown(found=f"{settings.version_url} answers with the commit")

    async def _shows(self, commit: str, address: str) -> None:
        """Wait until the staging reports a commit, for most of the phase's time.

        :raises EnvironmentTrouble: it does not.
        """
        limit = self._settings.staging_timeout * _SHARE_OF_THE_PHASE
        said = "nothing was answered"
        with anyio.move_on_after(limit or None):
            while True:
                said = await anyio.to_thread.run_sync(_fetch, address, abandon_on_cancel=True)
                if is_version(said, commit):
                    return
                await anyio.sleep(_ASK_STAGING_EVERY)
        runs = max(_COMMIT.findall(said), key=len, default=said.strip()[:80])
        raise EnvironmentTrouble(
            f"Staging runs {runs}, not {commit[:10]}.",
            where=address,
            remedy="Deploy that commit there (a function pytest_chimera_deploy_to_staging in conftest.py can), and run "
            "the same command again.",
        )


def is_version(answer: str, commit: str) -> bool:
    """Whether a version page contains a commit's id, or at least its first seven characters."""
    return any(commit.startswith(word) for word in _COMMIT.findall(answer.lower()))


def _fetch(address: str) -> str:
    """Return a page's text, or the error as text."""
    try:
        with urlopen(
            Request(address, headers={"Cache-Control": "no-cache"}), timeout=stretched(_REQUEST_SECONDS)
        ) as page:
            return str(page.read(65_536).decode("utf-8", "replace"))
    except HTTPError as error:
        return f"an error page ({error.code})"
    except (OSError, ValueError) as error:
        return f"nothing that answers ({error})"


def _no_version(url: str) -> SettingError:
    return SettingError(
        f"{url} does not report which commit it runs, so that no result there proves a change.",
        where="chimera_staging_url",
        remedy='Let a page answer with the running commit, and write chimera_version_url = "/version". In Flask:\n'
        '    @app.get("/version")\n'
        "    def version():\n"
        '        return os.environ["GIT_COMMIT"]\n'
        "Or write chimera_trust_staging = true; every verdict then says that the deployment is not proved.",
    )


async def _in_thread(start: Callable[[threading.Event], Served]) -> Served:
    """Start a server in a thread; a cancellation is passed on to it, and it cleans up before this returns."""
    cancelled = threading.Event()
    executor = ThreadPoolExecutor(1, "chimera-serve")
    future = executor.submit(start, cancelled)
    executor.shutdown(wait=False)
    try:
        while not future.done():
            await anyio.sleep(_LOOK_EVERY)
    except BaseException:
        cancelled.set()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_give_up, future)
        raise
    return future.result()


def _give_up(future: Future[Served]) -> None:
    if future.exception() is None:
        future.result().stop()
