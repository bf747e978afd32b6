"""The built-in judge: answers ``pytest_chimera_validate``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio.to_thread
import pytest

from pytest_chimera.context.sealed_files import beside
from pytest_chimera.git import Repository
from pytest_chimera.judge import Browser, judge
from pytest_chimera.judge.record import BrowserProfile
from pytest_chimera.judge.warm import WarmJudges
from pytest_chimera.models import Deployment, SealedTest, TestRun
from pytest_chimera.settings import Settings

OTHER_BROWSER = BrowserProfile(
    locale="en-GB",
    viewport=(1440, 900),
    screen=(2560, 1440),
    system="Windows NT 10.0; Win64; x64",
    snapshots=False,
)
"""The browser profile of a variation: the same language, but a different region and window size."""


class Judge:
    """Runs a sealed test in a process of its own.

    :param repository: holds the base's end-to-end folder, for a hand-written test.
    :param browser: finds the browser when it is first needed.
    :param warm: running judges, for tests that need no files of the project.
    """

    def __init__(
        self,
        settings: Settings,
        repository: Repository,
        browser: Callable[[], Browser],
        warm: WarmJudges | None = None,
    ) -> None:
        self._settings = settings
        self._repository = repository
        self._browser = browser
        self._warm = warm

    @pytest.hookimpl(trylast=True)
    async def pytest_chimera_validate(self, sealed: SealedTest, deployment: Deployment, evidence: str) -> TestRun:
        """Judge the deployment."""
        files = await anyio.to_thread.run_sync(beside, sealed, self._repository)
        return await judge(
            sealed,
            deployment.url,
            evidence=Path(evidence),
            browser=self._browser(),
            time_limit=self._settings.validation_timeout,
            **files,
            test_id=self._settings.test_id,
            patience=self._settings.patience,
            looks=OTHER_BROWSER if sealed.other_browser else None,
            unneeded=self._settings.unneeded,
            warm=self._warm,
        )
