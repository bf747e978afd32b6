"""The marked items: they are read into features, and run workflows instead of their bodies."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from pytest_chimera.errors import ScenarioError
from pytest_chimera.markers import ARGUMENTS, MARKER, body_of, cached_record, feature_id, is_generated, parameters_id
from pytest_chimera.models import Feature
from pytest_chimera.session.feature_files import ScenarioItem

Run = Callable[[pytest.Item], None]
DURATION: pytest.StashKey[float] = pytest.StashKey()
"""How many seconds were spent on a feature."""


class FeatureFailed(AssertionError):
    """A feature is not complete; the text is what the report shows.

    Reporters like Allure call a test failed when it raises an AssertionError, and broken for any other exception.
    """

    __module__ = "builtins"  # so that reporters print the bare name, as they do for pytest's own


class FeatureParked(Exception):
    """A feature has no result, for a cause outside it; the text is what the report shows."""

    __module__ = "builtins"


def say(item: pytest.Item, name: str, value: str) -> None:
    """Set a user property of an item once, however often the item is run."""
    item.user_properties[:] = [pair for pair in item.user_properties if pair[0] != name]
    item.user_properties.append((name, value))


def show(item: pytest.Item, section: str, text: str) -> None:
    """Add a section to the report of an item's call once, however often the item is run."""
    item._report_sections[:] = [each for each in item._report_sections if each[:2] != ("call", section)]
    item.add_report_section("call", section, text)


def is_feature(item: pytest.Item) -> bool:
    """Whether an item is a marked function, or a scenario of a Gherkin file."""
    marked = item.get_closest_marker(MARKER) is not None and hasattr(item, "function")
    return marked or isinstance(item, ScenarioItem)


def feature_of(item: Any) -> Feature:
    """Read an item's marker and docstring.

    :raises ScenarioError: an argument of the marker is not valid; the error says where.
    """
    if isinstance(item, ScenarioItem):
        return item.feature()
    marker = item.get_closest_marker(MARKER)
    where = f"{_path(item)}:{item.location[1] + 1 if item.location[1] is not None else 0}"
    unknown = [name for name in marker.kwargs if name not in ARGUMENTS]
    if unknown:
        known = ", ".join(f"{name}=" for name in ARGUMENTS)
        raise ScenarioError(
            f"The feature marker takes no argument {unknown[0]}=.", where=where, remedy=f"It takes {known}."
        )
    if len(marker.args) != 1 or not isinstance(marker.args[0], str) or not marker.args[0].strip():
        raise ScenarioError(
            "The feature marker takes one sentence.",
            where=where,
            remedy='Write: @pytest.mark.feature("User can add a todo")',
        )
    if not feature_id(item).isprintable():
        raise ScenarioError(
            "The feature's id contains characters that cannot be printed.",
            where=where,
            remedy=f"Choose another one than {feature_id(item)!r}.",
        )
    body = body_of(item.function)
    kwargs = marker.kwargs
    return Feature(
        id=feature_id(item),
        description=marker.args[0].strip(),
        url=str(kwargs.get("url") or "/"),
        text=body.docstring,
        path=_path(item),
        line=(item.location[1] or 0) + 1,
        text_line=body.line,
        function=_function_name(item),
        nodeid=item.nodeid,
        handwritten=not body.empty,
        after=kwargs.get("after"),
        replaces=kwargs.get("replaces"),
        fixed=tuple(kwargs.get("fixed") or ()),
        file=_file(item, kwargs.get("file")),
        scenario=kwargs.get("scenario"),
    )


def _file(item: Any, name: str | None) -> str | None:
    """Return a Gherkin file's path from the project's root; the marker may give it relative to the marked file."""
    root, beside = item.config.rootpath, Path(item.path).parent / (name or "")
    if name is None or (root / name).is_file() or not beside.is_file() or not beside.is_relative_to(root):
        return name
    return beside.relative_to(root).as_posix()


def _function_name(item: Any) -> str:
    name = str(getattr(item, "originalname", None) or item.name)
    parameters = parameters_id(item)
    if not parameters:
        return name
    words = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in parameters)
    return f"{name}_{words.strip('_').lower()}"


def _path(item: pytest.Item) -> str:
    root, path = item.config.rootpath, Path(item.path)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def refuse_double_ids(features: Iterable[tuple[pytest.Item, Feature]]) -> dict[str, ScenarioError]:
    """Return an error for each node id whose feature would share its branch and its folders with another."""
    pairs = list(features)
    same: dict[str, list[Feature]] = {}
    for _, feature in pairs:
        same.setdefault(feature.slug, []).append(feature)
    return {item.nodeid: _shared(feature, same[feature.slug]) for item, feature in pairs if len(same[feature.slug]) > 1}


def _shared(feature: Feature, features: list[Feature]) -> ScenarioError:
    ids = sorted({each.id for each in features})
    told = f"the id {ids[0]!r}" if len(ids) == 1 else f"ids that share one branch, chimera/{feature.slug}: {ids}"
    return ScenarioError(
        f"{len(features)} features have {told}.",
        where=", ".join(f"{each.path}:{each.line}" for each in features),
        remedy=f'Give one of them a name of its own: @pytest.mark.feature("…", id="{feature.id}_2")',
    )


def adopt(item: Any, run: Run) -> None:
    """Make an item run its workflow: same id, name, place and parent; the fixtures of its body are not set up."""
    original = item.repr_failure
    item.setup = item.teardown = lambda: None
    item.runtest = lambda: run(item)

    def repr_failure(excinfo: pytest.ExceptionInfo[BaseException], *style: Any) -> Any:
        ours = isinstance(excinfo.value, FeatureFailed | FeatureParked)
        return str(excinfo.value) if ours else original(excinfo, *style)

    item.repr_failure = repr_failure
    if item.config.pluginmanager.hasplugin("timeout"):
        item.add_marker(pytest.mark.timeout(0))


class Durations:
    """Reports for each feature the time spent on it, without the time that its item waited for the workflow."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Set the duration of an item's call."""
        report = yield
        if call.when == "call" and DURATION in item.stash:
            report.duration = item.stash[DURATION]
        return report


def leave_to_features(items: Iterable[Any], features: Iterable[Feature]) -> None:
    """Skip the generated tests of features that this run works on: they are red until the feature is complete."""
    functions = {feature.function: feature.id for feature in features if not feature.handwritten}
    for item in items:
        feature = functions.get(getattr(item, "originalname", ""))
        if (
            feature
            and not is_feature(item)
            and is_generated(Path(item.path))
            and not _is_complete(item.config, feature)
        ):
            item.add_marker(pytest.mark.skip(reason=f"chimera: judged with its feature {feature}"))


def _is_complete(config: pytest.Config, feature: str) -> bool:
    return (cached_record(config, feature) or {}).get("state") in {"complete", "proved", "still green", "present"}


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return ordinary items first, then features; a feature with ``after=`` comes after the one that it refers to."""
    features = [item for item in items if is_feature(item)]
    rest = [item for item in items if not is_feature(item)]
    return rest + _after_each_other(features)


def _after_each_other(items: list[pytest.Item]) -> list[pytest.Item]:
    by_id = {feature_id(item): item for item in items if not isinstance(item, ScenarioItem)}
    ordered: list[pytest.Item] = []

    def place(item: pytest.Item, path: tuple[pytest.Item, ...]) -> None:
        if item in ordered or item in path:
            return
        marker = item.get_closest_marker(MARKER)
        before = by_id.get(str(marker.kwargs.get("after"))) if marker else None
        if before is not None:
            place(before, (*path, item))
        ordered.append(item)

    for item in items:
        place(item, ())
    return ordered
