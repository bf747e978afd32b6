"""Commands as people write them: what they run is found through wrappers, shown in the sandbox, or reported missing."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from pytest_chimera.system.command_lines import commands_in, quoted, run_by, scripts_in
from pytest_chimera.system.sandbox import Sandboxes, logins_of, why_it_failed_to_start, why_not_started
from pytest_chimera.system.supervision import Finished, Supervised

WRAPPED = [
    "sh -c 'agent -p < brief.md'",
    "bash -lc 'cd . && FOO=1 agent -p \"$(cat brief.md)\" 2>&1 | tee log'",
    "bash -euo pipefail -c 'if true; then exec agent; fi'",
    "env -u LANG EFFORT=high agent -p",
    "env -S 'agent -p'",
    "nice -n 5 agent",
    "timeout -k 5 60 nice agent --x",
    "timeout --signal=INT 60 sh -c 'agent'",
    "nohup setsid stdbuf -o L agent",
    "npx -y -p some-package agent",
    "npm exec -- agent -p",
    "uv run --with x --no-sync agent -p",
    "uv tool run --from package agent",
    "uvx agent",
    "pipx run --spec package agent",
    "poetry run agent",
    "conda run -n name agent",
    "direnv exec . agent",
]


@pytest.mark.parametrize("line", WRAPPED)
def test_what_a_command_runs_is_found_through_its_wrappers(line: str) -> None:
    assert "agent" in [command[0] for command in commands_in(shlex.split(line))]


@pytest.mark.parametrize(
    "line", ["uv pip install agent", "npm install agent", "echo agent", "sh agent.sh", "sh -c", "env"]
)
def test_what_it_does_not_run_is_not_taken_for_it(line: str) -> None:
    assert "agent" not in [command[0] for command in commands_in(shlex.split(line))]


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("./agent.sh brief.md", ["./agent.sh"]),
        ("sh -e agent.sh brief.md", ["agent.sh"]),
        ("sh -c './agent.sh < brief.md'", ["./agent.sh"]),
        ("timeout 60 python3 -W ignore tools/agent.py --log run.log", ["tools/agent.py"]),
        ("/opt/python3.12 tools/agent.py run.log", ["/opt/python3.12", "tools/agent.py"]),
        ("uv run tools.py brief.md", ["tools.py"]),
        ("agent --config agent.toml brief.md", []),
        ("agent.py brief.md", []),
        ("sh -c 'agent < brief.md'", []),
    ],
)
def test_the_files_that_it_runs_are_told_from_those_that_it_is_given(line: str, files: list[str]) -> None:
    known = {"agent.sh", "brief.md", "tools/agent.py", "run.log", "agent.toml", "agent.py"}
    assert list(run_by(shlex.split(line), known.__contains__)) == files


@pytest.mark.parametrize(
    ("line", "login"),
    [
        ("sh -c 'claude -p < brief.md'", ".claude"),
        ("bash -lc 'cat brief.md | codex exec -'", ".codex"),
        ("npx -y @anthropic-ai/claude-code@latest -p x", ".claude"),
        ("npx @openai/codex exec", ".codex"),
        ("timeout 60 env A=b gemini", ".gemini"),
        ("uvx --from aider-chat aider", ".aider"),
        ("pipx run aider-chat==0.80", ".aider"),
    ],
)
def test_the_log_in_is_that_of_the_program_inside(
    line: str, login: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (".claude", ".codex", ".gemini", ".aider"):
        (tmp_path / name).mkdir()
    assert logins_of(shlex.split(line)) == (tmp_path / login,)


@pytest.mark.parametrize("path", ["/a/brief.md", "/a b/brief.md", '/it\'s "one" $HOME `id`/brief\\.md'])
@pytest.mark.parametrize(
    "script",
    [
        "printf %s {}",
        'printf %s "{}"',
        "printf %s '{}'",
        'printf %s "$(printf %s {})"',
        'printf %s "$(printf %s "{}")"',
        'printf %s "it\'s "{} | cut -c 6-',
    ],
)
def test_a_path_in_a_script_is_one_word_whatever_is_in_it(script: str, path: str) -> None:
    before, _, after = script.partition("{}")
    done = subprocess.run(
        ["sh", "-c", before + quoted(path, before) + after], capture_output=True, text=True, check=True
    )
    assert done.stdout.rstrip("\n") == path


@pytest.mark.parametrize(
    ("line", "scripts"),
    [("sh -c 'a {x}' {x}", [2]), ("env A=b timeout 5 bash -lc 'a' b", [6]), ("agent -c {x}", []), ("sh {x}", [])],
)
def test_which_words_a_shell_reads_is_known(line: str, scripts: list[int]) -> None:
    words = shlex.split(line)
    assert list(scripts_in(words)) == ([words.index("a", 5)] if "timeout" in line else scripts)


# -- in the sandbox


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    (folder / ".local" / "bin").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("PATH", f"{folder}/.local/bin:{os.environ['PATH']}")
    return folder


def script(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o755)
    return path


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}


def run(line: str, home: Path) -> Finished:
    sandboxes = Sandboxes("auto", (), (home / "code",))
    folder = home / ".cache" / "copy"
    folder.mkdir(parents=True, exist_ok=True)
    if sandboxes.find() is None:
        pytest.skip(f"no sandbox works here: {sandboxes.why_not}")
    how = {"folder": folder, "environment": environment(), "log": home / "log", "sandbox": sandboxes.for_folder(folder)}
    return Supervised(shlex.split(line), **how, time_limit=60).run()  # type: ignore[arg-type]


LINES = pytest.mark.parametrize("line", ["agent", "sh -c 'agent'", "timeout 60 nice agent", "env A=b agent"])


@LINES
def test_a_tool_whose_interpreter_lies_elsewhere_runs(home: Path, line: str) -> None:
    interpreter = home / "opt" / "python"
    venv.create(interpreter, symlinks=True, with_pip=False)
    tool = home / "opt" / "tools" / "agent"
    (tool / "bin").mkdir(parents=True)
    (tool / "pyvenv.cfg").write_text(f"home = {interpreter}/bin\n")
    (tool / "bin" / "python").symlink_to(interpreter / "bin" / "python")
    program = script(tool / "bin" / "agent", f"#!{tool}/bin/python\nprint('ran')\n")
    (home / ".local" / "bin" / "agent").symlink_to(program)
    assert run(line, home).output == "ran\n"


@LINES
def test_a_tool_of_node_runs_with_node(home: Path, line: str) -> None:
    node = home / "opt" / "node-20"
    script(node / "bin" / "node", f"#!/bin/sh\n. {node}/lib/version\n")
    (node / "lib").mkdir()
    (node / "lib" / "version").write_text("echo ran\n")
    module = script(home / "opt" / "global" / "node_modules" / "agent" / "cli.js", "#!/usr/bin/env node\n")
    (home / ".local" / "bin" / "agent").symlink_to(module)
    (home / ".local" / "bin" / "node").symlink_to(node / "bin" / "node")
    assert run(line, home).output == "ran\n"


def test_a_log_in_shell_reads_the_persons_start_up_files(home: Path) -> None:
    script(home / "opt" / "agents" / "agent", "#!/bin/sh\necho ran\n")
    (home / ".profile").write_text('echo "read"; PATH="$HOME/.local/bin:$PATH"\n')
    (home / ".local" / "bin" / "agent").symlink_to(home / "opt" / "agents" / "agent")
    assert run("sh -lc agent", home).output == "read\nran\n"
    assert run("sh -c agent", home).output == "ran\n"


# -- missing programs are reported


@pytest.mark.parametrize("line", ["agnet", "sh -c 'agnet < /dev/null'", "timeout 60 agnet", "env A=b agnet"])
def test_a_program_that_is_not_installed_is_named(line: str, tmp_path: Path) -> None:
    words = shlex.split(line)
    missing = why_not_started(words, tmp_path, environment(), None)
    assert missing
    assert missing.sentence == "'agnet' is not installed or not on PATH."
    if words[0] != "agnet":
        finished = Supervised(words, folder=tmp_path, environment=environment(), log=tmp_path / "log").run()
        assert why_it_failed_to_start(finished, words, tmp_path, environment(), None) == missing


def test_an_interpreter_that_is_gone_is_named(home: Path) -> None:
    program = script(home / ".local" / "bin" / "agent", "#!/gone/bin/python\n")
    missing = why_not_started(["sh", "-c", "agent"], home, environment(), None)
    assert missing
    assert missing.sentence == f"'agent' ({program}) asks for the interpreter '/gone/bin/python', which does not exist."


def test_a_program_that_the_sandbox_keeps_out_of_sight_is_named(home: Path) -> None:
    program = script(home / "code" / "tools" / "agent", "#!/bin/sh\necho ran\n")
    sandbox = Sandboxes("auto", (), (home / "code",)).find()
    if sandbox is None:
        pytest.skip("no sandbox works here")
    finished = run(f"sh -c {program}", home)
    missing = why_it_failed_to_start(
        finished, ["sh", "-c", str(program)], home / ".cache" / "copy", environment(), sandbox
    )
    assert missing
    assert "chimera_sandbox_paths" in missing.sentence


def test_what_fails_for_another_reason_is_not_called_missing(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "raise SystemExit(127)"]
    finished = Supervised(words, folder=tmp_path, environment=environment(), log=tmp_path / "log").run()
    assert why_it_failed_to_start(finished, words, tmp_path, environment(), None) is None
