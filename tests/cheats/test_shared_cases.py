"""Every cheat is refused, and every honest change completes: the cases next to this project, in both forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cheats.conftest import SHARED, Form, Play, shared_cases

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of cases is not beside this project"),
]
ALWAYS = {
    ("g01-literal", "generated"),
    ("i01-delete-tests", "hand-written"),
    ("n08-dead-code-and-its-test", "hand-written"),
    ("n11-static-js", "generated"),
}
"""One case of each kind that is also played in a normal run."""


def cases(kind: str) -> list[object]:
    forms: tuple[Form, ...] = ("hand-written", "generated")
    return [
        pytest.param(
            case,
            form,
            id=f"{case.name}-{form}",
            marks=() if (case.name, form) in ALWAYS else pytest.mark.exhaustive,
        )
        for case in shared_cases(kind)
        for form in forms
    ]


@pytest.mark.parametrize(("case", "form"), cases("cheats"))
def test_a_cheat_is_refused(case: Path, form: Form, play: Play) -> None:
    played = play(case, form)
    print(f"{case.name} {form}: {played.verdict.get('sentence')}")
    assert played.verdict.get("state") == "failed", played.output


@pytest.mark.parametrize(("case", "form"), cases("honest"))
def test_an_honest_change_completes(case: Path, form: Form, play: Play) -> None:
    played = play(case, form)
    assert played.passed, played.output
