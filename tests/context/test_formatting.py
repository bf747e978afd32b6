"""Results are formatted for people."""

from __future__ import annotations

from pytest_chimera.context.formatting import counted


def test_a_number_of_things_is_in_the_singular_or_the_plural() -> None:
    assert [counted(number, "address", "addresses") for number in (0, 1, 2)] == [
        "0 addresses",
        "1 address",
        "2 addresses",
    ]
