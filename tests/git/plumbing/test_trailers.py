"""The proof as trailers, written, read and found in a history."""

from __future__ import annotations

import pytest

from pytest_chimera.git import Repository, Trailers, all_trailers, format_trailers, parse_trailers
from pytest_chimera.models import Proof
from tests.git.conftest import Person

PROOF = Proof(
    feature="test_add_todo[x: y]",
    base="b" * 40,
    commit="c" * 40,
    tree="d" * 40,
    test_sha256="e" * 64,
    red="missing element 1a2b",
    green="2 of 2",
    attempts=3,
)


def test_what_is_written_is_read_back() -> None:
    block = format_trailers(PROOF, seed=17)
    assert block.split("\n") == [
        "Chimera-Feature: test_add_todo[x: y]",
        f"Chimera-Base: {'b' * 40}",
        f"Chimera-Tree: {'d' * 40}",
        f"Chimera-Test-SHA256: {'e' * 64}",
        "Chimera-Seed: 17",
        "Chimera-Red: missing element 1a2b",
        "Chimera-Green: 2 of 2",
        "Chimera-Attempts: 3",
    ]
    assert parse_trailers(f"Add a todo\n\nWords.\n\n{block}\n") == Trailers(
        feature="test_add_todo[x: y]",
        base="b" * 40,
        tree="d" * 40,
        test_sha256="e" * 64,
        seed="17",
        red="missing element 1a2b",
        green="2 of 2",
        attempts=3,
    )


def test_a_deployment_that_was_not_proved_is_said() -> None:
    trailers = parse_trailers(format_trailers(PROOF.model_copy(update={"deployment": "not proved"})))
    assert trailers is not None
    assert not trailers.deployment_proved
    assert trailers.green == "2 of 2; deployment not proved"


def test_git_reads_them_as_trailers(person: Person) -> None:
    person.git("commit", "-q", "--allow-empty", "-m", f"Add\n\n{format_trailers(PROOF)}")
    assert person.git("log", "-1", "--format=%(trailers:key=Chimera-Attempts,valueonly)").strip() == "3"


@pytest.mark.parametrize("message", ["", "Add a todo", "Chimera-Base: x", "See Chimera-Feature: in the docs"])
def test_other_messages_hold_none(message: str) -> None:
    assert parse_trailers(message) is None


def test_damaged_attempts_are_none() -> None:
    trailers = parse_trailers("Chimera-Feature: x\nChimera-Attempts: many")
    assert trailers == Trailers(feature="x")


def test_a_squashed_message_holds_several() -> None:
    first, second = (format_trailers(PROOF.model_copy(update={"feature": name})) for name in ("one", "two"))
    indented = "\n".join(f"    {line}" for line in first.split("\n"))
    message = f"Squashed commit of the following:\n\ncommit abc\n\n    Add one\n\n{indented}\n\n* Add two\n\n{second}\n"
    assert [(each.feature, each.base) for each in all_trailers(message)] == [("one", "b" * 40), ("two", "b" * 40)]


def test_the_newest_proof_in_the_history_counts(person: Person, repository: Repository) -> None:
    for attempts in (1, 2):
        proof = PROOF.model_copy(update={"attempts": attempts})
        person.git("commit", "-q", "--allow-empty", "-m", f"Add\n\n{format_trailers(proof)}")
    newest = person.git("rev-parse", "HEAD")
    person.commit("Later", app__py="x\n")
    person.git("commit", "-q", "--allow-empty", "-m", "    Squashed\n\n    Chimera-Feature: other\n    Chimera-Base: y")
    proofs = repository.proofs()
    assert proofs.keys() == {PROOF.feature, "other"}
    assert (proofs[PROOF.feature].attempts, proofs[PROOF.feature].commit) == (2, newest)
    assert repository.proofs("HEAD~2").keys() == {PROOF.feature}


def test_a_merge_carries_the_proofs_of_what_it_brought_in(person: Person, repository: Repository) -> None:
    first = person.git("rev-parse", "HEAD").strip()
    person.git("commit", "-q", "--allow-empty", "-m", "Before\n\nChimera-Feature: before")
    person.git("checkout", "-q", "-b", "feature", first)
    for name in ("one", "two"):
        message = f"Add\n\n{format_trailers(PROOF.model_copy(update={'feature': name}))}"
        person.git("commit", "-q", "--allow-empty", "-m", message)
    proved = person.git("rev-parse", "HEAD").strip()
    person.git("merge", "-q", "--no-ff", "-m", "Merge it", "main")
    commit, proofs = repository.proofs_of("HEAD")
    assert (commit, [each.feature for each in proofs]) == (person.git("rev-parse", "HEAD").strip(), ["before"])
    assert [(each.feature, each.commit) for each in repository.proofs_of("HEAD^1")[1]] == [("two", proved)]
    assert repository.proofs_of(first) == (first, ())
