"""Python that somebody else wrote: a tree that can be walked, or why not."""

from __future__ import annotations

import pytest

from pytest_chimera.system.python_source import LARGEST, Unreadable, parse

DEEP = {
    "a sum": "a = " + "+".join(["'a'"] * 3000),
    "brackets": "a = " + "[" * 150 + "]" * 150 + "\nb = " + "(" * 400 + ")" * 400,
    "calls": "a" + "()" * 5000,
    "attributes": "a" + ".b" * 5000,
    "negations": "a = " + "not " * 3000 + "b",
    "signs": "a = " + "-" * 50_000 + "1",
    "otherwise": "if a: b\n" + "elif c: d\n" * 3000,
    "lambdas": "a = " + "lambda: " * 2000 + "b",
    "loops": "".join(f"{' ' * depth}for a in b:\n" for depth in range(90)) + " " * 90 + "a" + ".b" * 200,
}


@pytest.mark.parametrize("source", DEEP.values(), ids=DEEP)
def test_what_is_nested_too_deeply_is_told(source: str) -> None:
    with pytest.raises(SyntaxError):
        parse(source)


def test_what_is_too_large_is_told() -> None:
    with pytest.raises(Unreadable, match="larger than 1 MB"):
        parse(b"#" * (LARGEST + 1))


def test_what_people_write_is_read() -> None:
    wide = f"a = {list(range(20_000))}\n"
    chain = "if a: b\n" + "elif c: d\n" * 90
    assert len(parse(wide + chain).body) == 2
