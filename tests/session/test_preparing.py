"""How often preparing lines run for an entire feature, and in a plain run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_chimera.markers import ORIGIN
from tests.session.conftest import RIGHT, App

NOTE = """
import pathlib, sys

with open(sys.argv[1], "a") as file:
    file.write(("candidate" if "Hello" in pathlib.Path("page.py").read_text() else "base") + "\\n")
"""


def with_preparing(app: App, note: Path, *config: str) -> None:
    """Add a preparing line that notes which tree it runs in."""
    app.write(note=NOTE)
    ini = (app.path / "pytest.ini").read_text()
    serving = f"{sys.executable} server.py {{port}}"
    ini = ini.replace(f"= {serving}", f"=\n    {sys.executable} note.py {note}\n    {serving}")
    (app.path / "pytest.ini").write_text(ini + "\n".join(config) + "\n")
    app.commit("Prepare")


def test_preparing_lines_run_once_for_the_base_and_once_for_the_candidate(app: App, tmp_path: Path) -> None:
    app.coder(RIGHT)
    notes = tmp_path / "notes"
    notes.mkdir()
    with_preparing(app, notes / "note", "chimera_persistent = true", f"chimera_sandbox_paths = {notes}:rw")
    app.chimera().assert_outcomes(passed=1)
    assert (notes / "note").read_text().splitlines() == ["base", "candidate"]
    logs = sorted(app.path.glob(".chimera/test-greet/**/prepare.log"))
    assert sum("Prepared before" in path.read_text() for path in logs) >= len(logs) - 2 > 0
    assert not list((tmp_path / "cache").rglob("*.prepared"))


PLAIN = f"""# {ORIGIN}
def test_it(page):
    page.goto("/")
    assert page.title() == "{{title}}"
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_plain_run_asks_before_it_prepares_the_working_tree(
    app: App, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    with_preparing(app, tmp_path / "note")
    app.write(tests__e2e__test_a=PLAIN.format(title="Greeter"), tests__e2e__test_b=PLAIN.format(title="Other"))
    result = app.run("tests/e2e", *workers)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*preparing lines of chimera_serve were not run*", "*note.py*", "*chimera_prepare_*"])
    assert not (tmp_path / "note").exists()
    app.run("tests/e2e", *workers, "-o", "chimera_prepare_working_tree=true").assert_outcomes(passed=1, failed=1)
    assert (tmp_path / "note").read_text() == "base\n"
    assert not list(app.path.glob(".chimera/plain-run-prepared*"))
