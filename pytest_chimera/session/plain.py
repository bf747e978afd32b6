"""The ordinary tests: empty features are skipped with their state, generated tests get a server."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pytest_chimera.marked import MARKER, body_of, cache_key, feature_id, is_generated


class PlainRuns:
    """What ordinary tests need of us; imports nothing heavy until a generated test really runs."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._serving = ExitStack()
        self._generated: dict[Path, bool] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Without ``--chimera``, skip marked functions without a body."""
        if self._config.option.chimera:
            return
        for item in items:
            if item.get_closest_marker(MARKER) and hasattr(item, "function") and body_of(item.function).empty:
                item.add_marker(pytest.mark.skip(reason=self._state(feature_id(item))))

    def _state(self, feature: str) -> str:
        value = self._config.cache.get(cache_key(feature), None) if self._config.cache else None
        if not isinstance(value, dict):
            return "chimera: not built yet; pytest --chimera builds it"
        branch = f", on {value['branch']}" if value.get("branch") and not value.get("merged") else ""
        return f"chimera: {value.get('state', 'unknown')}{branch}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: Any) -> None:
        """Serve the working tree for the first generated test, when no base URL was given."""
        if self._config.getoption("base_url", None) or not self._is_generated(item):
            return
        from pytest_chimera.session.serving import serve_for_tests

        self._config.option.base_url = self._serving.enter_context(serve_for_tests(self._config))

    def _is_generated(self, item: Any) -> bool:
        if "page" not in getattr(item, "fixturenames", ()):
            return False
        path = Path(item.path)
        if path not in self._generated:
            self._generated[path] = is_generated(path)
        return self._generated[path]

    def pytest_unconfigure(self) -> None:
        """Stop the server."""
        self._serving.close()
