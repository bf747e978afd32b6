"""A change that cannot be read is refused by name, and the review comes to an end."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_chimera.models import Change, ChangedFile, Review
from pytest_chimera.review import unreadable
from pytest_chimera.review.guardian import Guardian
from pytest_chimera.settings import Settings
from pytest_chimera.workflow.machine import ChimeraWorkflow, create_chimera_task


def reviewed(after: Mapping[str, str], before: Mapping[str, str] | None = None) -> Review:
    def read(commit: str, path: str) -> bytes | None:
        files = after if commit == "candidate" else before or {}
        return files[path].encode() if path in files else None

    files = tuple(ChangedFile(path=path, status="M" if path in (before or {}) else "A") for path in after)
    change = Change(base="base", commit="candidate", files=files)
    workflow: ChimeraWorkflow = create_chimera_task("A", "/").begin()
    return Guardian(Settings(), read, by_hand=False, listed=lambda _commit: ()).pytest_chimera_review_change(
        change, workflow
    )


def refused(review: Review) -> list[tuple[str, str]]:
    return [(each.rule, each.path) for each in review.findings if each.severity == "reject"]


SUM = "DATA = " + "+".join(["'a'"] * 3000)


@pytest.mark.parametrize(
    "content",
    [SUM, "a = " + "-" * 60_000 + "1", "x = 1\n" * 300_000, "a" + "()" * 30_000, "(" * 30_000],
    ids=["a sum", "signs", "size", "calls", "brackets"],
)
def test_python_that_cannot_be_read_is_refused(content: str) -> None:
    review = reviewed({"app/data.py": content, "app/good.py": "a = 1\n"})
    if content.startswith("(("):
        assert review.decision == "approve"  # it is no Python, and does nothing
        return
    assert refused(review) == [("unreadable", "app/data.py")]
    assert "app/data.py could not be read: it " in review.findings[0].sentence


def test_what_makes_a_reader_run_on_is_cut_off_and_the_rest_is_reviewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unreadable, "SECONDS", 1.0)
    monkeypatch.setattr(unreadable, "why_unread", unreadable_reader)
    review = reviewed({"a.sh": "#" * 30_000, "b.sh": "# slow" + "#" * 30_000, "c.py": "import pytest\n"})
    assert ("unreadable", "b.sh") in refused(review)
    assert ("test-awareness", "c.py") in refused(review)
    assert ("unreadable", "a.sh") not in refused(review)


def unreadable_reader(files: tuple[tuple[str, bytes], ...]) -> dict[str, str]:
    """A reader that some text keeps busy."""
    while any(b"slow" in content for _, content in files):
        pass
    return {}


def test_many_line_ends_cost_no_more_than_they_are_long() -> None:
    assert reviewed({"run.sh": "\n" * 400_000}).decision == "approve"


def test_large_files_of_people_are_read() -> None:
    table = "TABLE = {\n" + "".join(f"    {number}: 'word {number}',\n" for number in range(20_000)) + "}\n"
    script = "".join(f"function f{number}() {{ return {number}; }}\n" for number in range(20_000))
    assert reviewed({"app/table.py": table, "static/bundle.js": script}).decision == "approve"


def test_a_test_that_was_unreadable_and_is_changed_is_refused() -> None:
    review = reviewed({"tests/test_a.py": "def test_a(): pass\n"}, {"tests/test_a.py": SUM})
    assert ("unreadable", "tests/test_a.py") in refused(review)


def test_configuration_that_is_nested_too_deeply_is_refused() -> None:
    review = reviewed({"pyproject.toml": "a = " + "[" * 5000 + "]" * 5000})
    assert refused(review) == [("protected-path", "pyproject.toml")]
