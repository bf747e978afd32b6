"""Which marked items become features, and which of them conflict."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pytest_chimera.models import Feature, Finding, Review
from pytest_chimera.session.items import refuse_double_ids
from pytest_chimera.workflow.questions import combined


def pairs(*ids: str) -> list[tuple[Any, Feature]]:
    features = [Feature(id=each, description=each, path="t.py", line=number) for number, each in enumerate(ids, 1)]
    return [(SimpleNamespace(nodeid=f"t.py::{number}"), each) for number, each in enumerate(features, 1)]


def test_two_features_with_one_id_are_refused_with_both_places() -> None:
    refused = refuse_double_ids(pairs("test_add", "test_add", "test_remove"))
    assert refused.keys() == {"t.py::1", "t.py::2"}
    assert str(refused["t.py::1"]).startswith("2 features have the id 'test_add'.\n  where: t.py:1, t.py:2")


def test_two_ids_that_would_share_a_branch_and_a_folder_are_refused() -> None:
    refused = refuse_double_ids(pairs("Add a todo", "add_a_todo", "test_add"))
    assert refused.keys() == {"t.py::1", "t.py::2"}
    assert "one branch, chimera/add-a-todo: ['Add a todo', 'add_a_todo']" in str(refused["t.py::2"])


def test_ids_of_their_own_are_fine() -> None:
    assert refuse_double_ids(pairs("test_add[a]", "test_add[b]", "test_remove")) == {}


def test_a_rejection_by_anybody_leaves_nothing_of_the_score() -> None:
    finding = Finding(rule="x", sentence="No.")
    review = combined([("a", [finding]), ("b", Review(decision="approve", score=0.9))])
    assert (review.decision, review.score) == ("reject", 0.0)
    assert combined([("b", Review(decision="approve", score=0.9))]).score == 0.9
