"""Our own cheats are refused for the right reason, and our own honest changes are accepted: without a browser."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pytest_chimera import create_chimera_task
from pytest_chimera.judge.reading.html_pages import addresses_in
from pytest_chimera.models import Change, ChangedFile, GeneratedTest, SealedTest
from pytest_chimera.review.guardian import Guardian
from pytest_chimera.settings import Settings
from pytest_chimera.validation.exploration import Difference, Memory, differences, fresh_words, remember
from pytest_chimera.workflow import ChimeraWorkflow, Moved
from tests.cheats.own.base import FILES, Files
from tests.cheats.own.cases import HONEST, LOOPED, REVIEWED, WALKED, Case

SEALED = SealedTest(
    test=GeneratedTest(
        source=FILES["tests/e2e/test_tick_off.py"], path="tests/e2e/test_tick_off.py", name="test_tick_off"
    ),
    nodeids=("test_tick_off",),
)
PATIENCE = 20.0


def workflow() -> ChimeraWorkflow:
    task = create_chimera_task("Tick off", "/").begin()
    return task.model_copy(update={"moved": Moved(sealed=SEALED)})


def rejections(case: Case) -> set[str]:
    """Return the rules by which the guardian rejects a change to the project."""
    before = {**FILES, **case.also}
    after = case.change(before)
    states = {"base": before, "candidate": after}

    def read(commit: str, path: str) -> bytes | None:
        text = states[commit].get(path)
        return None if text is None else text.encode()

    paths = sorted(path for path in {**before, **after} if before.get(path) != after.get(path))
    files = tuple(
        ChangedFile(path=path, status="A" if path not in before else "D" if path not in after else "M")
        for path in paths
    )
    guardian = Guardian(Settings(), read, by_hand=False, listed=lambda commit: [*states[commit]])
    review = guardian.pytest_chimera_review_change(Change(base="base", commit="candidate", files=files), workflow())
    return {finding.rule for finding in review.findings if finding.severity == "reject"}


def named(cases: list[Case]) -> list[object]:
    return [pytest.param(case, id=case.name) for case in cases]


@pytest.mark.parametrize("case", named(REVIEWED))
def test_a_cheat_is_rejected_by_the_right_rule(case: Case) -> None:
    assert case.told in rejections(case)


@pytest.mark.parametrize("case", named([*HONEST, *WALKED]))
def test_nothing_is_rejected_by_its_looks_alone(case: Case) -> None:
    assert rejections(case) == set()


# -- exploring what existed before


@contextmanager
def served(folder: Path, files: Files) -> Iterator[str]:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "shop", "--port", str(port)], cwd=folder)
    try:
        _wait_for(f"http://127.0.0.1:{port}/", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert server.poll() is None, "the application ended"
        with suppress(OSError), urllib.request.urlopen(url):
            return
        time.sleep(0.02)  # the answer is the condition
    raise AssertionError("the application does not answer")


Walk = Callable[[Files], list[Difference]]


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    import random

    addresses = addresses_in({path: text.encode() for path, text in FILES.items()})
    with served(tmp_path_factory.mktemp("base"), FILES) as url:
        return remember(url, "/", fresh_words(random.Random(1)), addresses, SEALED.test.source)


@pytest.fixture
def walk(memory: Memory, tmp_path: Path) -> Walk:
    """Return the differences found when exploring a changed project like its base."""

    def walked(after: Files) -> list[Difference]:
        own = addresses_in({path: text.encode() for path, text in after.items()})
        gone = {path for path, _ in memory.answers} - set(own)
        with served(tmp_path, after) as url:
            return differences(url, memory, SEALED.test.source, gone)

    return walked


def test_the_base_is_remembered_with_its_buttons_and_addresses(memory: Memory) -> None:
    assert memory.looked_at == ("typing, and 'Put on the list'", "the button 'Remove'", "4 addresses")
    assert memory.pressed[0].shown.count(False) == 1


@pytest.mark.parametrize("case", named(WALKED))
def test_what_worked_and_is_broken_is_missed(case: Case, walk: Walk) -> None:
    found = walk(case.change(FILES))
    assert case.told in " | ".join(each.sentence for each in found)
    assert not any(each.scripted for each in found)


@pytest.mark.parametrize("case", named(HONEST))
def test_nothing_is_missed_of_an_honest_change(case: Case, walk: Walk) -> None:
    found = walk(case.change({**FILES, **case.also}))
    assert [each.sentence for each in found if not each.scripted] == []
    assert bool(found) == (case.name == "n-script-removes"), "a browser looks at what scripts may do"


def test_there_are_as_many_of_each_kind_as_are_promised() -> None:
    assert len({case.name for case in (*REVIEWED, *WALKED, *LOOPED)}) >= 40
    assert len({case.name for case in HONEST}) >= 15
