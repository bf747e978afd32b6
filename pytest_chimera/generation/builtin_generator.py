"""The built-in generator: answers ``pytest_chimera_generate_test``."""

from __future__ import annotations

import pytest

from pytest_chimera.models import Feature, GeneratedTest
from pytest_chimera.scenario import TestGenerator


class Generator:
    """Writes the test of a feature from its steps."""

    def __init__(self, generator: TestGenerator) -> None:
        self._generator = generator

    @pytest.hookimpl(trylast=True)
    def pytest_chimera_generate_test(self, feature: Feature) -> GeneratedTest:
        """Parse the steps and render them."""
        return self._generator.generate(feature)
