"""What is arranged for a deployment: the sealed functions, in the deployment's own folder and environment."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pytest_chimera.models import Call
from pytest_chimera.staging.arranging import Arranging, Code, NotArranged, Where
from pytest_chimera.system.process import run_program
from tests.staging.applications import DJANGO, deployed, page, write

ARRANGING = """
import os
from pathlib import Path

from shop import KIND
from tests.factories import make

def order(count: int = 1) -> None:
    text = f"{KIND} {make()} {count} {os.environ['CHIMERA_BASE_URL']} {os.environ.get('SHOP')} {Path.cwd().name}"
    Path(os.environ["CHIMERA_DATA_DIR"], "orders.txt").write_text(text)
"""
SEALED = {
    "tests/arranging.py": ARRANGING,
    "tests/factories.py": "def make(): return 'sealed'",
    "shop/__init__.py": "KIND = 'base'",
}
CANDIDATE = {
    "tests/arranging.py": "def order(count): pass",
    "tests/factories.py": "def make(): return 'changed'",
    "tests/__init__.py": "",
    "shop/__init__.py": "KIND = 'candidate'",
}


async def _arranged(
    tmp_path: Path,
    *calls: Call,
    sealed: dict[str, str] | None = None,
    env: tuple[str, ...] = (),
    time_limit: float | None = 30,
) -> str:
    """Call, and give what was stored."""
    files = sealed or SEALED
    code, folder = write(tmp_path / "sealed", files), write(tmp_path / "candidate", CANDIDATE)
    (tmp_path / "data").mkdir()
    where = Where(folder, "http://127.0.0.1:8", 8, str(tmp_path / "data"), "a_name")
    arranging = Arranging(calls, where, Code.sealed(code, files, calls), tmp_path / "room")
    finished = await run_program(
        arranging.command,
        folder=folder,
        environment=where.environment(env),
        log=arranging.log,
        time_limit=time_limit,
        stdin=arranging.order(),
    )
    arranging.check(finished)
    stored = tmp_path / "data" / "orders.txt"
    return stored.read_text() if stored.exists() else ""


def arranged(tmp_path: Path, *calls: Call, **more: Any) -> str:
    """The same, from a test."""
    return asyncio.run(_arranged(tmp_path, *calls, **more))


def call(path: str = "tests/arranging.py", name: str = "order", **arguments: int) -> Call:
    return Call(path=path, name=name, arguments=dict(arguments), arranges=True)


def test_tests_are_the_sealed_ones_and_the_application_is_the_deployments_own(tmp_path: Path) -> None:
    stored = arranged(tmp_path, call(count=3), env=("SHOP={data_dir}/{port}",))
    assert stored == f"candidate sealed 3 http://127.0.0.1:8 {tmp_path}/data/8 candidate"


def test_a_conftest_may_hold_functions_and_import_its_neighbours(tmp_path: Path) -> None:
    conftest = ARRANGING.replace("tests.factories", "factories")
    sealed = {**SEALED, "tests/deep/conftest.py": conftest, "tests/deep/factories.py": "def make(): return 'near'"}
    assert (arranged(tmp_path, call("tests/deep/conftest.py"), sealed=sealed)).startswith("candidate near 1 ")


def test_async_functions_are_awaited(tmp_path: Path) -> None:
    sealed = {**SEALED, "tests/arranging.py": ARRANGING.replace("def order", "async def order")}
    assert (arranged(tmp_path, call(), sealed=sealed)).startswith("candidate sealed 1 ")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise ValueError('no such\\nthing')", r"ValueError: no such$"),
        ("import os; os._exit(0)", "its process exited 0"),
        ("import sys; sys.exit('gone')", "SystemExit: gone"),
        ("while True: pass", "its process was cut off"),
    ],
)
def test_a_function_that_fails_is_named_with_the_reason(tmp_path: Path, body: str, why: str) -> None:
    sealed = {**SEALED, "tests/arranging.py": f"def fine():\n    print('fine')\n\ndef order():\n    {body}\n"}
    with pytest.raises(NotArranged, match=why) as caught:
        arranged(tmp_path, call(name="fine"), call(), sealed=sealed, time_limit=2 if "while" in body else 30)
    assert (caught.value.number, caught.value.call.name) == (1, "order")
    assert caught.value.where.startswith("tests/arranging.py")


def test_a_function_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotArranged, match="has no attribute 'gone'"):
        arranged(tmp_path, call(name="gone"))


def test_what_is_not_known_of_a_deployment_of_anothers_is_left_out(tmp_path: Path) -> None:
    environment = Where(tmp_path, "https://staging.example.com").environment(
        ("DB=sqlite:///{data_dir}/db", "P={port}", "MODE=test", 'JSON={"a": 1}')
    )
    assert {"DB", "P", "PORT", "CHIMERA_DATA_DIR"}.isdisjoint(environment)
    assert environment["MODE"] == "test"
    assert environment["CHIMERA_BASE_URL"] == "https://staging.example.com"


def test_in_a_django_project_models_are_written_into_the_database_that_is_served(tmp_path: Path) -> None:
    arranging = (
        "from django.contrib.auth.models import User\n\n\ndef user(name: str): User.objects.create(username=name)\n"
    )
    files = {**DJANGO, "tests/arranging.py": arranging}
    folder, code = write(tmp_path / "project", files), write(tmp_path / "sealed", files)

    async def served() -> str:
        async with deployed(folder) as deployment:
            calls = (Call(path="tests/arranging.py", name="user", arguments={"name": "Ada"}, arranges=True),)
            where = Where(folder, deployment.url, deployment.port, deployment.data_dir, deployment.name)
            run = Arranging(calls, where, Code.sealed(code, files, calls), tmp_path / "room")
            environment = where.environment(())
            run.check(
                await run_program(run.command, folder=folder, environment=environment, log=run.log, stdin=run.order())
            )
            return page(deployment.url)

    assert asyncio.run(served()) == "Django knows 1 users"
