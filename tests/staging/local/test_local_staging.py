"""An existing staging."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from pytest_chimera.errors import EnvironmentTrouble, SettingError
from pytest_chimera.models import Deployment
from pytest_chimera.settings import Settings
from pytest_chimera.staging.local.local_staging import Deployer, is_version
from pytest_chimera.workflow import ChimeraPhase
from tests.staging.applications import checkout_in, deploy


@contextmanager
def staging(version: Callable[[], str]) -> Iterator[str]:
    """A server whose ``/version`` returns a given answer."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/version" else 404)
            self.end_headers()
            self.wfile.write(version().encode())

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def deployment(folder: Path, phase: ChimeraPhase = ChimeraPhase.STAGING_DEPLOYMENT, **settings: Any) -> Deployment:
    return anyio.run(deploy, Deployer(Settings(**settings)), folder, phase)


def test_a_staging_that_shows_the_commit_is_proved(tmp_path: Path) -> None:
    commit = checkout_in(tmp_path).commit
    with staging(lambda: f'{{"commit": "{commit[:8]}"}}') as url:
        shown = deployment(tmp_path, staging_url=f"{url}/", version_url="/version")
    assert (shown.url, shown.proved) == (url, True)


def test_a_staging_is_waited_for(tmp_path: Path) -> None:
    answers = iter(["deploying", checkout_in(tmp_path).commit])
    with staging(lambda: next(answers)) as url:
        assert deployment(tmp_path, staging_url=url, version_url="version").proved


def test_a_staging_that_runs_another_commit_is_no_fault_of_the_change(tmp_path: Path) -> None:
    with (
        staging(lambda: "build 7 of abc1234") as url,
        pytest.raises(EnvironmentTrouble, match="Staging runs abc1234, not 0123456789") as caught,
    ):
        deployment(tmp_path, staging_url=url, version_url="/version", staging_timeout=1.0)
    assert "pytest_chimera_deploy_to_staging" in caught.value.remedy


def test_a_staging_that_is_down_is_no_fault_of_the_change(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentTrouble, match="Staging runs nothing that answers"):
        deployment(tmp_path, staging_url="http://127.0.0.1:9", version_url="/version", staging_timeout=1.0)


def test_a_staging_without_a_version_needs_trust_and_the_error_shows_both_ways(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        deployment(tmp_path, staging_url="https://staging.example.com")
    assert 'chimera_version_url = "/version"' in caught.value.remedy
    assert "chimera_trust_staging = true" in caught.value.remedy


def test_a_trusted_staging_is_not_proved(tmp_path: Path) -> None:
    assert not deployment(tmp_path, staging_url="https://staging.example.com", trust_staging=True).proved


def test_the_red_is_what_a_staging_shows_before_the_change(tmp_path: Path) -> None:
    with staging(lambda: "abc1234") as url:
        red = deployment(tmp_path, ChimeraPhase.E2E_TEST_GENERATION, staging_url=url, version_url="/version")
    assert not red.proved


@pytest.mark.parametrize(
    ("answer", "expected"), [("0123456", True), ("012345", False), ("v1 (0123456789AB)", False), ("x0123456", False)]
)
def test_seven_characters_of_a_commit_are_enough(answer: str, expected: bool) -> None:
    assert is_version(answer, "0123456789" * 4) is expected
