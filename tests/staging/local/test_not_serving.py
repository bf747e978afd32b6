"""Applications that do not start: each with its own message, and the log."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import anyio
import pytest

from pytest_chimera.errors import PhaseFailed
from pytest_chimera.staging.local.ports import free_port
from tests.staging.applications import TOLD_WHO_LISTENS, deployed, write

ANSWERS = """
import http.server, sys

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[2]) if self.path == "/" else int(sys.argv[3]))
        self.end_headers()

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
"""


def served(folder: Path, **settings: Any) -> str:
    async def body() -> str:
        async with deployed(folder, **settings) as deployment:
            return deployment.url

    return anyio.run(body)


def failure(folder: Path, **settings: Any) -> PhaseFailed:
    with pytest.raises(PhaseFailed) as caught:
        served(folder, **settings)
    return caught.value


def test_an_early_exit_is_noticed_at_once_and_shows_the_log(tmp_path: Path) -> None:
    folder = write(tmp_path / "checkout", {"server.py": "import flask\nraise RuntimeError('no such table: todo')"})
    began = time.monotonic()
    failed = failure(folder, serve="python server.py {port}")
    assert time.monotonic() - began < 15
    assert failed.sentence == "The application exited before it answered: `python server.py {port}` exited 1."
    assert failed.evidence.splitlines()[-1] == "RuntimeError: no such table: todo"
    assert failed.where == str(tmp_path / "vault" / "server.log")


def test_a_server_that_goes_into_the_background_is_told_to_stay(tmp_path: Path) -> None:
    folder = write(tmp_path / "checkout", {"server.py": "import os, time\nif os.fork() == 0: time.sleep(600)"})
    assert "has to stay in the foreground" in failure(folder, serve="python server.py").remedy


def test_a_preparing_line_that_fails_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "checkout", {"index.html": ""})
    failed = failure(folder, serve="python -c 'print(1 / 0)'\npython -m http.server {port}")
    assert failed.sentence == "`python -c print(1 / 0)`, which prepares the application, exited 1."
    assert "ZeroDivisionError" in failed.evidence
    assert failed.where.endswith("prepare.log")


def test_a_script_of_the_projects_own_that_is_gone_is_the_changes_fault(tmp_path: Path) -> None:
    failed = failure(write(tmp_path / "checkout", {"serve.txt": ""}), serve="./serve.sh {port}")
    assert failed.sentence == "The application cannot be served: './serve.sh' does not exist, or cannot be executed."


def test_one_that_never_answers_has_the_time_that_is_set(tmp_path: Path) -> None:
    folder = write(tmp_path / "checkout", {"server.py": "import time\nprint('working', flush=True)\ntime.sleep(600)"})
    failed = failure(folder, serve="python server.py", ready_timeout=1.0)
    assert "did not answer on port" in failed.sentence
    assert "within 1 s" in failed.sentence
    assert "chimera_ready_timeout" in failed.remedy
    assert failed.evidence == "working"


def test_one_that_starts_slowly_on_a_busy_machine_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_chimera.system.machine_load.slowdown", lambda: 8.0)
    folder = write(tmp_path / "checkout", {"server.py": f"import time\ntime.sleep(1.5)\n{ANSWERS}"})
    assert served(folder, serve="python server.py {port} 200 200", ready_timeout=0.8)


def test_one_that_accepts_and_never_answers_has_no_more_time(tmp_path: Path) -> None:
    server = "import socket, sys\nsocket.create_server(('127.0.0.1', int(sys.argv[1]))).accept()[0].recv(9)\ninput()"
    folder = write(tmp_path / "checkout", {"server.py": f"{server}".replace("input()", "import time; time.sleep(600)")})
    assert "did not answer" in failure(folder, serve="python server.py {port}", ready_timeout=1.0).sentence


@TOLD_WHO_LISTENS
def test_one_that_listens_on_another_port_is_told_where_to_write_the_port(tmp_path: Path) -> None:
    port = free_port()
    failed = failure(
        write(tmp_path / "checkout", {}), serve=f"python -m http.server --bind {{host}} {port}", ready_timeout=3.0
    )
    assert f"it listens on 127.0.0.1:{port}" in failed.sentence
    assert "Write {port}" in failed.remedy


@pytest.mark.parametrize(("status", "seconds"), [(500, 60.0), (503, 1.0)])
def test_one_that_answers_with_errors_only_is_not_ready(tmp_path: Path, status: int, seconds: float) -> None:
    folder = write(tmp_path / "checkout", {"server.py": ANSWERS})
    failed = failure(folder, serve=f"python server.py {{port}} {status} 200", ready_timeout=seconds)
    assert failed.sentence == f"The application is not ready: / answers {status}."


@pytest.mark.parametrize("status", [200, 302, 401, 404])
def test_the_front_page_may_answer_anything_but_a_servers_error(tmp_path: Path, status: int) -> None:
    folder = write(tmp_path / "checkout", {"server.py": ANSWERS})
    assert served(folder, serve=f"python server.py {{port}} {status} 500")


def test_a_path_of_ones_own_has_to_succeed(tmp_path: Path) -> None:
    folder = write(tmp_path / "checkout", {"server.py": ANSWERS})
    assert served(folder, serve="python server.py {port} 500 204", health="/ready")
    failed = failure(folder, serve="python server.py {port} 200 404", health="ready", ready_timeout=1.0)
    assert failed.sentence == "The application is not ready: /ready answers 404."
