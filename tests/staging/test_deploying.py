"""Real applications, served from a folder by the built-in deployer."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from pytest_chimera.errors import EnvironmentTrouble, SettingError
from pytest_chimera.models import Deployment
from pytest_chimera.settings import Settings
from pytest_chimera.staging.local.local_staging import Deployer
from pytest_chimera.staging.local.ports import HOST, free_port
from pytest_chimera.workflow import ChimeraPhase
from tests.staging.applications import (
    DJANGO,
    FACTORY,
    FASTAPI,
    FLASK,
    NODE,
    TOLD_WHO_LISTENS,
    checkout_in,
    deploy,
    deployed,
    page,
    workflow_at,
    write,
)
from tests.system.waiting import gone

SERVE_FLASK = "flask --app app run --port {port}"


def shown(folder: Path, path: str = "/", **settings: Any) -> tuple[str, Deployment]:
    """Return the text of a page of the deployed folder."""

    async def body() -> tuple[str, Deployment]:
        async with deployed(folder, **settings) as deployment:
            return await anyio.to_thread.run_sync(page, deployment.url, path), deployment

    return anyio.run(body)


@pytest.mark.parametrize(
    ("files", "says", "found"),
    [
        ({"app.py": FLASK}, "Flask says hello", "Flask application found in app.py: flask --app app run --port {port}"),
        ({"src/todo/__init__.py": FACTORY}, "a factory made this", "Flask application found in src/todo/__init__.py"),
        ({"todo/main.py": FASTAPI, "todo/__init__.py": ""}, "FastAPI says hello", "FastAPI application found in todo/"),
        (DJANGO, "Django knows 0 users", "Django project found in manage.py: python manage.py migrate"),
        pytest.param(
            {"package.json": '{"scripts": {"start": "node server.js"}}', "server.js": NODE},
            "Node says hello",
            "a start script found in package.json: npm start",
            marks=pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm on this machine"),
        ),
        ({"index.html": "<h1>Files say hello</h1>"}, "Files say hello", "index.html found: python -m http.server"),
    ],
    ids=["flask", "flask factory", "fastapi", "django", "node", "files"],
)
def test_an_unmistakable_project_is_served_without_configuration(
    tmp_path: Path, files: dict[str, str], says: str, found: str
) -> None:
    text, deployment = shown(write(tmp_path / "checkout", files))
    assert says in text
    assert deployment.found.startswith(found)
    assert deployment.proved


def test_what_was_found_is_said_once_and_holds_for_the_whole_run(tmp_path: Path) -> None:
    said: list[str] = []
    base = write(tmp_path / "base", {"app.py": FLASK})
    candidate = write(tmp_path / "candidate", {"app.py": FLASK, "another.py": FLASK})

    async def body() -> None:
        deployer = Deployer(Settings(), said.append)
        assert (await deploy(deployer, base)).command == (await deploy(deployer, candidate)).command
        await deployer.stop_all()

    anyio.run(body)
    assert said == ["Flask application found in app.py: flask --app app run --port {port}"]


def test_the_application_is_told_its_port_its_data_folder_and_its_name(tmp_path: Path) -> None:
    folder = write(tmp_path / "checkout", {"app.py": FLASK})
    env = ("STORE={data_dir}/store.db", "NAME={name}")
    text, deployment = shown(folder, "/told", serve=SERVE_FLASK, env=env)
    assert json.loads(text) == {
        "PORT": str(deployment.port),
        "HOST": "127.0.0.1",
        "STORE": f"{deployment.data_dir}/store.db",
        "NAME": deployment.name,
        "PYTEST_VERSION": "",
    }
    assert not Path(deployment.data_dir).is_relative_to(folder)


def test_two_deployments_of_one_commit_share_nothing(tmp_path: Path) -> None:
    folders = [write(tmp_path / name, {"app.py": FLASK}) for name in ("one", "two")]

    async def body() -> list[Deployment]:
        deployer = Deployer(Settings(serve=SERVE_FLASK))
        deployments = [await deploy(deployer, folder) for folder in folders]
        assert all(Path(each.data_dir).is_dir() for each in deployments)
        await deployer.stop_all()
        return deployments

    one, two = anyio.run(body)
    for what in ("url", "port", "name", "data_dir", "log"):
        assert getattr(one, what) != getattr(two, what)
    assert not Path(one.data_dir).exists()


def test_lines_before_the_last_one_prepare(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "checkout",
        {"prepare.py": "open('index.html', 'w').write('prepared')", "unused.txt": ""},
    )
    text, _ = shown(folder, serve="python prepare.py\npython -m http.server --bind {host} {port}")
    assert text == "prepared"


@TOLD_WHO_LISTENS
def test_an_ended_deployment_leaves_no_process(tmp_path: Path) -> None:
    """Two children of one server, one of them a daemon in its own session, all of them ignoring SIGTERM."""
    server = """
import http.server, os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    time.sleep(600)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
    folder = write(tmp_path / "checkout", {"server.py": server})
    tree: list[int] = []

    async def body() -> None:
        async with deployed(folder, serve="python server.py {port}") as deployment:
            (listener,) = (
                each.pid
                for each in psutil.net_connections("tcp")
                if each.laddr and each.laddr.port == deployment.port and each.status == psutil.CONN_LISTEN
                if each.pid and psutil.Process(each.pid).cmdline()[1:2] == ["server.py"]
            )
            tree.extend(each.pid for each in _supervisor_of(listener).children(recursive=True))

    anyio.run(body)
    assert len(tree) >= 3
    assert all(gone(number) for number in tree)


def _supervisor_of(number: int) -> psutil.Process:
    process = psutil.Process(number)
    while not any(word.endswith("supervisor.py") for word in process.cmdline()):
        process = process.parent() or pytest.fail("there is no supervisor")
    return process


def test_cancelling_while_it_starts_leaves_no_process(tmp_path: Path) -> None:
    folder = write(tmp_path / "checkout", {})
    started = tmp_path / "vault" / "server.log"
    serve = "python -c 'import os, time; print(os.getpid(), flush=True); time.sleep(600)'"

    async def body() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(partial(deploy, Deployer(Settings(serve=serve)), folder))
            while not (started.exists() and started.read_text().endswith("\n")):
                await anyio.sleep(0.01)
            group.cancel_scope.cancel()

    anyio.run(body)
    assert gone(int(started.read_text()))
    assert not (tmp_path / "checkout.data").exists()


@TOLD_WHO_LISTENS
def test_a_fixed_port_that_is_taken_is_said_with_who_holds_it(tmp_path: Path) -> None:
    folder = write(tmp_path / "checkout", {"index.html": "hello"})
    with socket.create_server((HOST, 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(
            EnvironmentTrouble, match=f"Port {port} is taken by process {psutil.Process().pid} "
        ) as caught:
            shown(folder, serve="python -m http.server --bind {host} {port}", port=port)
    assert f"kill {psutil.Process().pid}" in caught.value.remedy
    assert "remove chimera_port and write {port} in chimera_serve" in caught.value.remedy


def test_on_a_fixed_port_one_deployment_waits_for_the_other(tmp_path: Path) -> None:
    folders = [write(tmp_path / name, {"index.html": name}) for name in ("one", "two")]
    texts = []

    async def body() -> None:
        deployer = Deployer(Settings(serve="python -m http.server --bind {host} {port}", port=free_port()))
        first = await deploy(deployer, folders[0])

        async def second() -> None:
            deployment = await deploy(deployer, folders[1])
            texts.append(await anyio.to_thread.run_sync(page, deployment.url))
            await deployer.pytest_chimera_deployment_ended(deployment)

        async with anyio.create_task_group() as group:
            group.start_soon(second)
            texts.append(await anyio.to_thread.run_sync(page, first.url))
            await deployer.pytest_chimera_deployment_ended(first)

    anyio.run(body)
    assert texts == ["one", "two"]


def test_a_server_that_finds_its_port_taken_is_given_another_one(tmp_path: Path) -> None:
    """The first time, report a port that another process took between our check and the server's start."""
    server = """
import http.server, os, sys
if not os.path.exists("second"):
    open("second", "w").close()
    sys.exit("OSError: [Errno 98] Address already in use")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
    folder = write(tmp_path / "checkout", {"server.py": server, "index.html": "at last"})
    text, deployment = shown(folder, serve="python server.py {port}")
    assert text == "at last"
    assert Path(deployment.log).name == "server-2.log"


def test_a_server_that_never_finds_its_port_free_is_no_fault_of_the_change(tmp_path: Path) -> None:
    folder = write(tmp_path / "checkout", {})
    with pytest.raises(EnvironmentTrouble, match="each time the port was taken"):
        shown(folder, serve="python -c 'raise SystemExit(\"Address already in use\")'")


@TOLD_WHO_LISTENS
def test_a_port_that_another_process_answers_is_not_believed(tmp_path: Path) -> None:
    """The first time, let another process take the port before the server starts."""
    somebody_else = """
import http.server, os, sys, time
while not os.path.exists("taken"):
    time.sleep(0.01)
address = "127.0.0.1", int(open("taken").read())
http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""
    server = """
import http.server, os, sys, time
if not os.path.exists("taken"):
    open("new", "w").write(sys.argv[1])
    os.rename("new", "taken")
    time.sleep(600)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
    folder = write(tmp_path / "checkout", {"server.py": server, "index.html": "hello"})
    with subprocess.Popen([sys.executable, "-c", somebody_else], cwd=folder, stderr=subprocess.DEVNULL) as other:
        try:
            _, deployment = shown(folder, serve="python server.py {port}")
        finally:
            other.kill()
    assert deployment.port != int((folder / "taken").read_text())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"serve": "flask --app app run --port {prot}"},
            r"chimera_serve has no placeholder {prot}.*are {port}, {host}, {data_dir}",
        ),
        ({"serve": SERVE_FLASK, "env": ("DB={database}",)}, r"chimera_env has no placeholder {database}"),
        ({"serve": "cd app && flask run"}, r"run without a shell, which '&&' would need.*a line of its own"),
        ({"serve": "DEBUG=1 flask run"}, r'cannot begin with a variable.*chimera_env = \["DEBUG=1"\]'),
        (
            {"serve": "no-such-server {port}"},
            r"cannot be served: 'no-such-server' is not installed or not on PATH.*Install",
        ),
        ({}, r"No way to serve this project is known.*pyproject.toml.*chimera_serve = \"flask"),
    ],
    ids=["placeholder", "environment", "shell", "variable", "program", "nothing"],
)
def test_a_wrong_setting_is_an_error_with_the_line_to_write(
    tmp_path: Path, settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(SettingError, match=f"(?s){says}"):
        shown(write(tmp_path / "checkout", {}), **settings)


def test_outside_a_project_the_built_in_deployer_has_no_answer(tmp_path: Path) -> None:
    checkout = checkout_in(tmp_path).model_copy(update={"folder": ""})
    workflow = workflow_at(ChimeraPhase.STAGING_DEPLOYMENT)
    assert anyio.run(Deployer(Settings()).pytest_chimera_deploy_to_staging, checkout, workflow) is None
