"""A program under bubblewrap: what it sees, what it may write, and how it ends."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_chimera.errors import SettingError
from pytest_chimera.system.sandbox import Sandbox, Sandboxes, logins_of
from pytest_chimera.system.supervision import Supervised
from tests.system.waiting import gone, wait_for

Run = Callable[..., Supervised]


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with a repository and a login."""
    home = tmp_path / "home"
    for path, content in {
        "code/app/.git/config": "[core]",
        "code/app/page.py": "PAGE = 1",
        ".ssh/id_ed25519": "secret",
        ".claude/login.json": "token",
        "models/small.bin": "weights",
    }.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(content)
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def sandboxes(person: Path) -> Sandboxes:
    """The sandboxes of a run on the person's repository."""
    found = Sandboxes("auto", (), (person / "code" / "app",))
    if found.find() is None:
        pytest.skip(f"no sandbox works here: {found.why_not}")
    return found


@pytest.fixture
def clone(person: Path) -> Path:
    """A coder's folder, in the cache in the home folder."""
    folder = person / ".cache" / "pytest-chimera" / "clone"
    folder.mkdir(parents=True)
    return folder


def run(code: str, clone: Path, sandbox: Sandbox | None, *words: str, **environment: str) -> Supervised:
    program = Supervised(
        [sys.executable, "-c", textwrap.dedent(code), *words],
        folder=clone,
        environment={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment},
        log=clone.with_name("program.log"),
        time_limit=60,
        sandbox=sandbox,
    )
    program.start()
    return program


def told(program: Supervised) -> object:
    assert wait_for(program.poll, 60)
    finished = program.finished()
    assert finished.exit_code == 0, finished.output
    return json.loads(finished.output.splitlines()[-1])


LIST = "import json, os, sys\nprint(json.dumps([sorted(os.listdir(each)) for each in sys.argv[1:]]))"
CANNOT = """
    import json, sys
    refused = []
    for path in sys.argv[1:]:
        try:
            open(path, "a").close()
        except OSError:
            refused.append(path)
    print(json.dumps(refused))
"""


def test_home_and_repository_are_empty_and_its_own_folder_is_there(sandboxes: Sandboxes, clone: Path) -> None:
    (clone / "page.py").touch()
    seen = told(run(LIST, clone, sandboxes.for_folder(clone), ".", "..", "/tmp"))
    assert isinstance(seen, list)
    assert seen[:2] == [["page.py"], ["clone"]]
    program = run("import os; print(repr(os.path.exists(os.environ['HOME'] + '/.ssh')))", clone, sandboxes.find())
    assert wait_for(program.poll, 60)
    assert program.output().strip() == "False"


def test_it_writes_to_its_own_folder_and_not_to_the_system(person: Path, sandboxes: Sandboxes, clone: Path) -> None:
    packages = Path(json.__file__)
    seen = told(run(CANNOT, clone, sandboxes.for_folder(clone), "own.txt", str(packages), "/etc/chimera"))
    assert seen == [str(packages), "/etc/chimera"]
    assert (clone / "own.txt").exists()
    told(run(CANNOT, clone, sandboxes.for_folder(clone), str(person / "planted.txt")))
    assert not (person / "planted.txt").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root writes where nobody may")
def test_root_writes_to_its_own_folder_whatever_its_mode_says_and_undoes_nothing(
    sandboxes: Sandboxes, clone: Path
) -> None:
    (clone / "kept").mkdir(mode=0o555)
    remounts = "import json, subprocess; print(json.dumps(subprocess.call(['mount', '-o', 'remount,rw', '/']) != 0))"
    assert told(run(CANNOT, clone, sandboxes.for_folder(clone), "kept/new.txt")) == []
    assert told(run(remounts, clone, sandboxes.for_folder(clone))) is True


def test_no_other_process_is_seen(sandboxes: Sandboxes, clone: Path) -> None:
    code = """
        import json, os
        print(json.dumps(["cmdline" in os.listdir(f"/proc/{each}") for each in os.listdir("/proc") if each.isdigit()]))
    """
    seen = told(run(code, clone, sandboxes.for_folder(clone)))
    assert isinstance(seen, list)
    assert len(seen) <= 3


def test_paths_that_the_project_names_are_there(person: Path, clone: Path) -> None:
    given = Sandboxes("auto", ("~/models", "~/.claude:rw"), (person / "code" / "app",))
    if given.find() is None:
        pytest.skip(f"no sandbox works here: {given.why_not}")
    files = (str(person / "models" / "small.bin"), str(person / ".claude" / "login.json"))
    assert told(run(CANNOT, clone, given.for_folder(clone), *files)) == [files[0]]
    assert "weights" in str(told(run("print(open(__import__('sys').argv[1]).read().join('\"\"'))", clone,
                                     given.for_folder(clone), files[0])))  # fmt: skip


def test_a_folder_that_its_environment_names_is_read(person: Path, sandboxes: Sandboxes, clone: Path) -> None:
    code = "import json, os; print(json.dumps(os.listdir(os.environ['MODELS'])))"
    assert told(run(code, clone, sandboxes.for_folder(clone), MODELS=str(person / "models"))) == ["small.bin"]


def test_a_path_that_leads_into_the_repository_stays_hidden(person: Path, sandboxes: Sandboxes, clone: Path) -> None:
    repository = str(person / "code" / "app")
    code = "import json, os, sys; print(json.dumps(os.path.exists(sys.argv[1] + '/.git')))"
    assert told(run(code, clone, sandboxes.for_folder(clone), repository, APP=repository)) is False


@pytest.mark.parametrize("place", ["tools/node-20", ".nvm/versions/node-20", ".local/share/agent/1.0"])
def test_a_tool_in_the_home_folder_is_there_with_what_belongs_to_it(
    person: Path, sandboxes: Sandboxes, clone: Path, place: str
) -> None:
    program, link = person / place / "bin" / "agent", person / ".local" / "bin" / "agent"
    for folder in (program.parent, program.parents[1] / "lib", link.parent, person / ".local/share/keyrings"):
        folder.mkdir(parents=True)
    (program.parents[1] / "lib" / "library").touch()
    program.write_text(f"#!/bin/sh\nls {program.parents[1]}/lib\nls -A $HOME/.local/share\n")
    program.chmod(0o755)
    link.symlink_to(program)
    environment = {"PATH": f"{link.parent}:{os.environ['PATH']}", "HOME": str(person)}
    log, sandbox = clone.with_name("agent.log"), sandboxes.for_folder(clone)
    run = Supervised(["agent"], folder=clone, environment=environment, log=log, sandbox=sandbox)
    run.start()
    assert wait_for(run.poll, 60)
    assert "library" in run.output()
    assert "keyrings" not in run.output()


def test_a_coders_own_login_is_writable_and_no_other(person: Path) -> None:
    assert logins_of(["/usr/bin/env", "claude", "-p"]) == (person / ".claude",)
    assert logins_of(["/usr/bin/codex", "exec"]) == ()


def test_it_ends_when_it_is_told_to_with_all_that_it_started(sandboxes: Sandboxes, clone: Path) -> None:
    code = """
        import signal, subprocess, sys, time
        def ended(*_):
            open("ended.txt", "w").close()
            sys.exit(0)
        signal.signal(signal.SIGTERM, ended)
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        open("ready.txt", "w").close()
        time.sleep(600)
    """
    program = run(code, clone, sandboxes.for_folder(clone))
    assert wait_for((clone / "ready.txt").exists, 60)
    tree = program.tree()
    assert len(tree) >= 3
    program.stop()
    assert (clone / "ended.txt").exists()
    assert not [pid for pid in tree if not gone(pid)]


@pytest.fixture
def broken_bwrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that does not let users create namespaces."""
    program = tmp_path / "bin" / "bwrap"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.usefixtures("broken_bwrap")
def test_where_it_does_not_work_there_is_none_and_the_reason_is_known() -> None:
    found = Sandboxes("auto")
    assert found.find() is None
    assert found.why_not == "bwrap: No permissions to create new namespace"


@pytest.mark.usefixtures("broken_bwrap")
def test_one_that_is_required_and_does_not_work_is_an_error_with_a_remedy() -> None:
    with pytest.raises(SettingError, match="No permissions to create new namespace") as error:
        Sandboxes("require").find()
    assert "apt install bubblewrap" in error.value.remedy


def test_without_bubblewrap_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = Sandboxes("auto")
    assert found.find() is None
    assert found.why_not == "bubblewrap is not installed"
