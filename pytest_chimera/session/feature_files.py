"""``.feature`` files given on the command line: each scenario is an item and a feature.

Only files from the command line are collected, because a project's own ``.feature`` files may belong to pytest-bdd.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cucumber_tag_expressions import TagExpressionError, parse  # type: ignore[import-untyped] # it has no stubs

from pytest_chimera.errors import ChimeraError, SettingError
from pytest_chimera.models import Feature
from pytest_chimera.scenario.text.gherkin import GherkinScenario, read_gherkin

SUFFIX = ".feature"


def is_asked_for(path: Path, config: pytest.Config) -> bool:
    """Whether a ``.feature`` file, or a folder that contains it, is given on the command line."""
    if path.suffix != SUFFIX or config.args_source is not pytest.Config.ArgsSource.ARGS:
        return False
    named = [(config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args]
    return any(path.resolve().is_relative_to(each) for each in named)


class FeatureFile(pytest.File):
    """A Gherkin file."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Yield an item for each scenario; an outline is one item, whose test is parametrized with its examples."""
        config = self.config
        wanted = _tag_expression(config.getini("chimera_tags") or "")
        path = self.path.relative_to(config.rootpath).as_posix()
        seen: set[str] = set()
        for scenario in read_gherkin(self.path.read_text(encoding="utf-8"), path).scenarios:
            name = scenario.outline or scenario.name
            if name in seen or not wanted.evaluate(scenario.tags):
                continue
            seen.add(name)
            yield ScenarioItem.from_parent(self, name=name, scenario=scenario)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *style: Any) -> Any:
        """Report invalid Gherkin with line and column, without a traceback."""
        if isinstance(excinfo.value, ChimeraError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *style)


class ScenarioItem(pytest.Item):
    """One scenario of a Gherkin file."""

    def __init__(self, *, scenario: GherkinScenario, **rest: Any) -> None:
        super().__init__(**rest)
        self._scenario = scenario
        for tag in scenario.tags:
            name = tag.removeprefix("@")
            self.config.addinivalue_line("markers", f"{name}: a tag of a .feature file")
            self.add_marker(name)

    def runtest(self) -> None:
        """Do nothing; the run replaces this method when it adopts its features."""
        raise AssertionError("a scenario runs as a feature only")

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return file, line and name."""
        return self.path, self._scenario.line - 1, self.name

    def feature(self) -> Feature:
        """Return the feature that the scenario asks for."""
        path = self.path.relative_to(self.config.rootpath).as_posix()
        words = re.sub(r"\W+", "_", f"{self.path.stem} {self.name}".lower(), flags=re.ASCII).strip("_")
        return Feature(
            id=words,
            description=self.name,
            path=path,
            line=self._scenario.line,
            function=f"test_{words}",
            nodeid=self.nodeid,
            file=path,
            scenario=self.name,
        )


def _tag_expression(text: str) -> Any:
    try:
        return parse(text)
    except TagExpressionError as error:
        raise SettingError(
            f"chimera_tags cannot be read: {error}", where=text, remedy='Write for example: chimera_tags = "not @wip"'
        ) from None
