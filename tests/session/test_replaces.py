"""A feature that changes what an accepted test expects: ``replaces=`` on the marker."""

from __future__ import annotations

from tests.session.fast import Fast, fast

__all__ = ["fast"]

OLD = "tests/e2e/test_old.py"


def begun(fast: Fast, more: str) -> None:
    old = fast.path / OLD
    old.parent.mkdir(parents=True)
    old.write_text("def test_old(page):\n    page.goto('/')\n")
    (old.parent / "__init__.py").write_text("")
    fast.begin("a", more=more, config="chimera_check =")


def test_the_replaced_test_goes_with_the_feature_from_the_sealed_commit_on(fast: Fast) -> None:
    begun(fast, f", replaces={OLD!r}")
    fast.chimera("test_features.py").assert_outcomes(passed=1)
    changed = fast.git("show", "--name-status", "--format=", "chimera/test-a~1")
    assert f"D\t{OLD}" in changed.splitlines()
    assert fast.git("ls-tree", "--name-only", "chimera/test-a", OLD) == ""
    assert (fast.path / OLD).exists()
    fast.git("merge", "-q", "chimera/test-a")
    assert not (fast.path / OLD).exists()


def test_a_test_that_there_is_not_stops_the_feature_with_the_way_to_write_it(fast: Fast) -> None:
    begun(fast, ", replaces='tests/e2e/test_other.py'")
    result = fast.chimera("test_features.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no test 'tests/e2e/test_other.py' in * to replace.", '*replaces="tests/e2e/*'])
    assert fast.said("implement") == []
