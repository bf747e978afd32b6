"""The coder's command and the served candidate in a sandbox, as a user meets it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pytest_chimera.system.sandbox import Sandboxes
from tests.session.conftest import RIGHT, App
from tests.session.fast import Fast, fast
from tests.session.test_merging import by_script

__all__ = ["fast"]

SPY = """
import json, os, pathlib, sys

repository, home, said = map(pathlib.Path, sys.argv[1:])
seen = {
    "repository": sorted(each.name for each in repository.iterdir()) if repository.is_dir() else [],
    "home": (home / "secret").exists(),
    "store": [str(each) for each in pathlib.Path.cwd().parents[2].iterdir() if each.name != "features"],
    "judge": [each for each in os.listdir("/proc") if each.isdigit() and int(each) > 9],
    "brief": pathlib.Path(os.environ["CHIMERA_BRIEF"]).read_text()[:1],
}
try:
    (repository / "planted.py").write_text("")
except OSError as error:
    seen["planted"] = str(error)
pathlib.Path("seen.json").write_text(json.dumps(seen))
pathlib.Path("test_a.txt").write_text("done")
"""


@pytest.fixture
def _works() -> None:
    found = Sandboxes("auto")
    if found.find() is None:
        pytest.skip(f"no sandbox works here: {found.why_not}")


@pytest.mark.usefixtures("_works")
def test_a_coders_command_sees_its_clone_and_its_brief_and_nothing_of_the_persons(
    fast: Fast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, script = tmp_path / "home", tmp_path / "tools" / "spy.py"
    for path, content in ((home / "secret", "x"), (script, SPY)):
        path.parent.mkdir()
        path.write_text(content)
    monkeypatch.setenv("HOME", str(home))
    command = f"{sys.executable} {script} {fast.path} {home} seen.json"
    fast.begin("a", config=f"chimera_coder = {command}\nchimera_check =")
    conftest = fast.path / "conftest.py"
    conftest.write_text(conftest.read_text().replace("pytest_chimera_implement_feature", "unused"))
    fast.commit("Leave it to the command")
    result = fast.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*chimera: coder and application run in a sandbox (bubblewrap)*"])
    assert fast.git("show", "chimera/test-a:seen.json") == (
        '{"repository": [".chimera"], "home": false, "store": [], "judge": [], "brief": "#"}'
    )
    assert not (fast.path / "planted.py").exists()


@pytest.fixture
def _broken_bwrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "bwrap"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.usefixtures("_broken_bwrap")
def test_without_a_sandbox_it_is_said_before_the_coder_and_what_rests_on_detection_at_the_end(fast: Fast) -> None:
    fast.begin("a b")
    result = fast.chimera()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "*no sandbox (bwrap: No permissions to create new namespace)*",
            "*✓ implement*",
            "*no sandbox (bwrap: No permissions*judge's packages*are detected, not prevented*",
        ]
    )
    assert result.stdout.str().count("are detected, not prevented") == 1


@pytest.mark.usefixtures("_broken_bwrap")
def test_a_sandbox_that_is_required_and_not_there_fails_the_features_with_the_remedy(fast: Fast) -> None:
    fast.begin("a b", config="chimera_sandbox = require")
    result = fast.chimera()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*there is no sandbox: bwrap: No permissions*", "*apt install bubblewrap*"])
    assert fast.said("implement") == []


SPYING_PAGE = RIGHT.replace(
    "def render(query):\n",
    """def render(query):
    import os, pathlib
    root = pathlib.Path(os.environ["APP_ROOT"])
    if any((root / each).exists() for each in (".git", "pytest.ini")):
        return "<!doctype html><p>the repository is in sight</p>"
""",
)


@pytest.mark.browser
@pytest.mark.usefixtures("_works")
def test_the_served_candidate_does_not_see_the_repository_and_a_coder_runs_the_sealed_test(app: App) -> None:
    by_script(
        app,
        f"page.write_text({SPYING_PAGE!r})\n"
        "done = subprocess.run([sys.executable, '-m', 'pytest', '-q', 'tests/e2e'], capture_output=True, text=True)\n"
        "pathlib.Path('said.txt').write_text(done.stdout + done.stderr)\n",
        f"chimera_env = APP_ROOT={app.path}",
    )
    app.chimera().assert_outcomes(passed=1)
    assert "1 passed" in app.git("show", "chimera/test-greet:said.txt")
