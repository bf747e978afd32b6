"""Text from outside is sanitized; text that must be exact is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_chimera.models import Change, Failure, Finding, GeneratedTest, Reason, Review, SealedTest, TestRun
from pytest_chimera.state.sanitize import MOST, Cleaner
from pytest_chimera.workflow import ChimeraPhase, Outcome, PhaseResult

SECRET = "hunter2-and-more"
BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|" + SECRET)
CLEAN = Cleaner([SECRET])
ANY = st.text(st.characters(), max_size=50) | st.sampled_from(["\x1b[31m", "\ud800", "\u202e", "\r\n", SECRET])
TEXTS = st.lists(ANY, max_size=8).map("".join)


@given(TEXTS)
def test_no_text_steers_a_terminal_or_tells_a_secret(text: str) -> None:
    cleaned = CLEAN.text(text)
    assert not BAD.search(cleaned)
    assert CLEAN.text(cleaned) == cleaned
    cleaned.encode()


def test_of_a_long_text_head_and_tail_are_kept_and_the_middle_is_counted() -> None:
    cleaned = CLEAN.text("a" * 50_000 + "b" * 50_000)
    assert len(cleaned) <= MOST
    assert re.fullmatch(r"a+\n… 80,060 characters left out …\nb+", cleaned)
    assert CLEAN.text(cleaned) == cleaned


@given(TEXTS)
def test_the_texts_of_a_result_are_cleaned_however_deep(text: str) -> None:
    failure = Failure(nodeid="a", reason=Reason.ASSERTION, message=text)
    run = TestRun(status="red", url="http://127.0.0.1:1", failures=(failure,))
    finding = Finding(rule="ours", sentence=text, details=text)
    for value in (run, Review(decision="reject", findings=(finding,)), Change(commit="c", summary=text)):
        result = PhaseResult(
            phase=ChimeraPhase.E2E_VALIDATION, attempt=1, outcome=Outcome.REJECTED, reason=text, value=value
        )
        assert not BAD.search(CLEAN.value(result).model_dump_json().encode().decode())


def test_what_counts_to_the_letter_stays() -> None:
    source = f"def test_a():\n    assert '\x1b[31m{SECRET}'\n"
    test = GeneratedTest(source=source, path="tests/e2e/test_a.py", name="test_a")
    sealed = SealedTest(test=test, nodeids=("a",), commit=SECRET)
    result = PhaseResult(
        phase=ChimeraPhase.E2E_TEST_GENERATION, attempt=0, outcome=Outcome.SUCCESS, value=sealed, reason="fine"
    )
    assert CLEAN.value(result) is result


def test_in_a_file_only_the_secret_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(f"<p>\r\n{SECRET}\r\n\xff".encode("latin-1"))
    CLEAN.file(page)
    assert page.read_bytes() == b"<p>\r\n***\r\n\xff"


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"before {SECRET} after")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        CLEAN.file(page)
    assert page.read_text() == f"before {SECRET} after"
    assert list(tmp_path.iterdir()) == [page]
