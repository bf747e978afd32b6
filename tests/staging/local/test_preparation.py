"""Preparing lines run once per tree, and in a person's working tree only on request."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from pytest_chimera.errors import PhaseFailed
from pytest_chimera.models import Checkout
from pytest_chimera.settings import Settings
from pytest_chimera.staging.local.local_staging import Deployer
from pytest_chimera.staging.local.preparation import lasting_lines
from pytest_chimera.staging.local.server import recipe_of_working_tree, serve
from pytest_chimera.workflow import ChimeraPhase
from tests.staging.applications import page, workflow_at, write

STATIC = "python -m http.server --bind {host} {port}"
PREPARE = """
import os, pathlib, sys

noted, *places = map(pathlib.Path, sys.argv[1:])
with noted.open("a") as file:
    file.write(noted.name)
for place in places:
    place = place.resolve()
    (place / "made.txt").write_text(str(place))
    (place / "node_modules" / "tool").mkdir(parents=True)
    (place / "node_modules" / "link").symlink_to("tool")
    (place / "index.html").write_text(noted.name)
"""


class Place:
    """A place where checkouts of one feature are made and served, one after the other."""

    def __init__(self, path: Path, *lines: str, **settings: str) -> None:
        self.path = path
        self.notes = path / "notes"
        self.notes.mkdir()
        serve = "\n".join([*lines, STATIC])
        self.deployer = Deployer(Settings(serve=serve.replace("NOTES", str(self.notes)), **settings))  # type: ignore[arg-type]

    def runs(self, name: str = "a") -> int:
        """Return how often a line that notes its runs has run."""
        note = self.notes / name
        return len(note.read_text()) if note.exists() else 0

    @property
    def kept(self) -> list[str]:
        """Return what is next to the checkouts."""
        return sorted(each.name for each in (self.path / "place").iterdir())

    async def look(self, tree: str = "base", path: str = "/", **files: str) -> str:
        """Make a checkout, deploy it, read a page of it, and end it."""
        folder = write(self.path / "place" / f"{tree}-1", {"prepare.py": PREPARE, **files})
        room = self.path / "vault"
        room.mkdir(exist_ok=True)
        (room / "prepare.log").unlink(missing_ok=True)
        checkout = Checkout(commit="c" * 40, tree=tree, folder=str(folder), name=tree, vault=str(room))
        workflow = workflow_at(ChimeraPhase.STAGING_DEPLOYMENT)
        deployment = await self.deployer.pytest_chimera_deploy_to_staging(checkout, workflow)
        assert deployment is not None
        try:
            return await anyio.to_thread.run_sync(page, deployment.url, path)
        finally:
            (folder / "index.html").write_text("what the server did")
            await self.deployer.pytest_chimera_deployment_ended(deployment)
            await anyio.to_thread.run_sync(partial(_remove, folder))


def _remove(folder: Path) -> None:
    folder.rename(folder.parents[1] / f"ended-{len(list(folder.parents[1].iterdir()))}")


def test_the_lines_of_a_tree_run_once_for_all_of_its_deployments(tmp_path: Path) -> None:
    place = Place(tmp_path, "python prepare.py NOTES/a .", "python prepare.py NOTES/b {data_dir}")

    async def body() -> None:
        assert await place.look() == "a"
        log = (tmp_path / "vault" / "prepare.log").read_text()
        assert "before" not in log
        assert await place.look() == "a", "what the server wrote before is not there"
        assert "Prepared before" in (tmp_path / "vault" / "prepare.log").read_text()
        assert await place.look(path="/made.txt") == str(tmp_path / "place" / "base-1"), "absolute paths stay true"
        assert (place.runs("a"), place.runs("b")) == (1, 1)
        await place.look("candidate")
        assert (place.runs("a"), place.runs("b")) == (2, 2)
        await place.look()
        assert place.runs() == 2
        assert place.kept == ["base-1.prepared", "candidate-1.prepared"]
        await place.deployer.stop_all()
        assert place.kept == []

    anyio.run(body)
    links = [path for path in tmp_path.glob("ended-*/node_modules/link") if path.is_symlink()]
    assert len(links) == 5


def test_the_data_folder_is_as_the_lines_left_it(tmp_path: Path) -> None:
    place = Place(tmp_path, "python prepare.py NOTES/a {data_dir}")
    deployer = Deployer(
        Settings(serve=place.deployer._settings.serve.replace(STATIC, f"{STATIC} --directory {{data_dir}}"))
    )
    place.deployer = deployer

    async def body() -> list[str]:
        seen = [await place.look(path="/made.txt") for _ in range(2)]
        await deployer.stop_all()
        return seen

    assert anyio.run(body) == [str(tmp_path / "place" / "base-1.data")] * 2
    assert place.runs() == 1


def test_what_acts_elsewhere_runs_for_each_deployment_and_so_does_what_follows(tmp_path: Path) -> None:
    lines = ("python prepare.py NOTES/a .", "python -c pass {name}", "python prepare.py NOTES/b")
    place = Place(tmp_path, *lines)

    async def body() -> None:
        for _ in range(3):
            assert await place.look() == "a"
        await place.deployer.stop_all()

    anyio.run(body)
    assert (place.runs("a"), place.runs("b")) == (1, 3)


def test_what_was_kept_and_touched_is_not_used(tmp_path: Path) -> None:
    place = Place(tmp_path, "python prepare.py NOTES/a .")

    async def body() -> None:
        await place.look()
        (tmp_path / "place" / "base-1.prepared" / "checkout" / "index.html").write_text("mine")
        assert await place.look() == "a"
        await place.deployer.stop_all()

    anyio.run(body)
    assert place.runs() == 2


def test_an_application_that_does_not_start_from_a_copy_is_prepared_anew(tmp_path: Path) -> None:
    """The line also has an invisible effect: here it makes a folder that the server removes."""
    mark = tmp_path / "mark"
    start = f"import os, runpy, sys; os.rmdir({str(mark)!r}); runpy.run_module('http.server', run_name='__main__')"
    make = f"import os; os.mkdir({str(mark)!r}); open('NOTES/a', 'a').write('a')"
    place = Place(tmp_path, f'python -c "{make}"')
    serve = place.deployer._settings.serve.replace("-m http.server", f'-c "{start}"')
    place.deployer = Deployer(Settings(serve=serve))

    async def body() -> None:
        for _ in range(2):
            await place.look(path="/prepare.py")
        await place.deployer.stop_all()

    anyio.run(body)
    assert place.runs() == 2


def test_a_line_that_fails_is_told_each_time(tmp_path: Path) -> None:
    place = Place(tmp_path, "python prepare.py NOTES/a", "python -c print(1/0)")

    async def body() -> None:
        for _ in range(2):
            with pytest.raises(PhaseFailed, match="which prepares the application, exited 1"):
                await place.look()
            _remove(tmp_path / "place" / "base-1")

    anyio.run(body)
    assert place.runs() == 2


@pytest.mark.parametrize(
    ("preparing", "env", "lasting"),
    [
        (["npm ci", "npm run build"], [], 2),
        (["npm ci", "flask init-db {data_dir}"], ["DATABASE_URL=sqlite:///{data_dir}/db"], 2),
        (["npm ci", "migrate"], ["npm_config_registry=https://npm.example.org"], 2),
        (["npm ci", "createdb {name}", "migrate"], ["DATABASE_URL=postgresql:///{name}", "PGHOST"], 1),
        (["migrate"], ["DATABASE_URL=postgresql:///{name}"], 0),
        (["migrate"], ["DATABASE_URL=postgresql://localhost/test"], 0),
        (["migrate"], ["PGHOST"], 0),
        (["build"], ["PUBLIC_URL=http://{host}:{port}"], 0),
        (["build --base http://{host}:{port}"], [], 0),
    ],
)
def test_which_lines_need_run_only_once(preparing: list[str], env: list[str], lasting: int) -> None:
    given = dict(entry.partition("=")[::2] for entry in env) | {"PORT": "1", "HOST": "127.0.0.1"}
    environment = {name: value or "db.example.org" for name, value in given.items()}
    assert lasting_lines(preparing, env, environment) == lasting


# -- the working tree


def working_tree(path: Path, **settings: object) -> tuple[Path, Settings]:
    """A project whose three preparing lines say in which folder they have run."""
    lines = ("python note.py build", "python note.py seed {data_dir}", "python note.py create {name}", STATIC)
    files = {"note.py": "import sys\nopen('ran-' + sys.argv[1], 'w')"}
    return write(path / "project", files), Settings(serve="\n".join(lines), **settings)  # type: ignore[arg-type]


def test_in_a_working_tree_only_what_fills_our_own_data_folder_runs(tmp_path: Path) -> None:
    folder, settings = working_tree(tmp_path)
    served = serve(recipe_of_working_tree(settings, folder, tmp_path / "vault"), threading.Event())
    served.stop()
    assert sorted(path.name for path in folder.iterdir()) == ["note.py", "ran-seed"]
    assert served.recipe.not_run == ("python note.py build", "python note.py create {name}")


def test_in_a_working_tree_all_lines_run_when_they_are_asked_for(tmp_path: Path) -> None:
    folder, settings = working_tree(tmp_path, prepare_working_tree=True)
    serve(recipe_of_working_tree(settings, folder, tmp_path / "vault"), threading.Event()).stop()
    assert sorted(path.name for path in folder.iterdir()) == ["note.py", "ran-build", "ran-create", "ran-seed"]


def test_a_working_tree_that_does_not_serve_says_what_was_not_run_and_both_ways_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "project", {"index.html": "hello"})
    settings = Settings(serve="npm run build\npython -c print(1/0)")
    with pytest.raises(PhaseFailed) as caught:
        serve(recipe_of_working_tree(settings, folder, tmp_path / "vault"), threading.Event())
    assert "    npm run build\nRun them yourself, or write: chimera_prepare_working_tree = true" in str(caught.value)
