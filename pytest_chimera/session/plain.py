"""Plain runs: features without a body are skipped with their state, and generated tests get a server."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from pytest_chimera.markers import MARKER, MARKER_ARRANGE, body_of, cached_record, feature_id, is_generated
from pytest_chimera.state.vault import PREPARED, VAULT

if TYPE_CHECKING:
    from pytest_chimera.models import Call
    from pytest_chimera.session.plain_run_server import TestServer


class PlainRuns:
    """Hooks for plain runs; imports nothing heavy until a generated test actually runs."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._server: TestServer | None = None
        self._generated: dict[Path, bool] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Without ``--chimera``, skip marked functions without a body, even where pytest's own marks have no effect."""
        if self._config.option.chimera:
            return
        for item in items:
            if item.get_closest_marker(MARKER) and hasattr(item, "function") and body_of(item.function).empty:
                item.setup = partial(_skip, self._state(feature_id(item)))

    def _state(self, feature: str) -> str:
        value = cached_record(self._config, feature)
        if value is None:
            return "chimera: not built yet; pytest --chimera builds it"
        branch = f", on {value['branch']}" if value.get("branch") and not value.get("merged") else ""
        return f"chimera: {value.get('state', 'unknown')}{branch}"

    def pytest_runtest_setup(self, item: Any) -> None:
        """Serve the working tree for the first generated test if no base URL was given; arrange the test's data.

        It is not called for a test that pytest skips: skips are evaluated first, and fixtures are set up last.
        """
        arranges = item.get_closest_marker(MARKER_ARRANGE)
        if self._config.option.chimera and item.get_closest_marker(MARKER):
            return
        if not (arranges or self._is_generated(item)) or self._is_elsewhere(arranges):
            return
        from pytest_chimera.session.plain_run_server import TestServer

        if self._server is None:
            self._server = TestServer(self._config)
            self._config.option.base_url = self._server.url
        if self._server.note:
            item.add_report_section("setup", "chimera", self._server.note)
        self._server.prepare(arrangements_of_item(item))

    def _is_elsewhere(self, arranges: object) -> bool:
        """Whether ``--base-url`` says what to test: then nothing is served, and nothing is arranged."""
        if self._server is not None or not self._config.getoption("base_url", None):
            return False
        if arranges:
            pytest.skip("what it needs is arranged where chimera serves the application: run it without --base-url")
        return True

    def _is_generated(self, item: Any) -> bool:
        if "page" not in getattr(item, "fixturenames", ()):
            return False
        path = Path(item.path)
        if path not in self._generated:
            self._generated[path] = is_generated(path)
        return self._generated[path]

    def pytest_unconfigure(self) -> None:
        """Stop the server, and remove what the servers of several workers shared."""
        if self._server is not None:
            self._server.stop()
        if not hasattr(self._config, "workerinput") and any((self._config.rootpath / VAULT).glob(f"{PREPARED}-*")):
            from pytest_chimera.session.plain_run_server import forget_prepared

            forget_prepared(self._config.rootpath)


def _skip(reason: str) -> NoReturn:
    raise pytest.skip.Exception(reason, _use_item_location=True)


def arrangements_of_item(item: Any) -> list[Call]:
    """Return what a test arranges, in the order of its decorators."""
    from pytest_chimera.models import Call

    calls = []
    for marker in reversed(list(item.iter_markers(MARKER_ARRANGE))):
        path, _, name = str(marker.args[0]).partition("::")
        calls.append(Call(path=path, name=name, arguments=dict(marker.kwargs), arranges=True))
    return calls
