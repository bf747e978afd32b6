"""What of the base is compared with a candidate, and what is reported as not compared."""

from __future__ import annotations

from pathlib import Path

from pytest_chimera.validation.regression_check import own_sources


def test_what_a_preparing_command_installed_does_not_hide_the_applications_own_files(tmp_path: Path) -> None:
    installed = tmp_path / "node_modules" / "library"
    installed.mkdir(parents=True)
    for number in range(2001):
        (installed / f"{number}.js").touch()
    (tmp_path / "server.js").write_text('app.get("/loans")')
    (tmp_path / "README.md").write_text('"/not-an-address"')
    paths = ["README.md", "server.js", "gone.js", "../other/server.js"]
    assert own_sources(tmp_path, paths) == {str(tmp_path / "server.js"): b'app.get("/loans")'}
