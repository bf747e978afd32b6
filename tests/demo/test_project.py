"""Writing the demo's project: once, with its own history, whatever the person's git configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_chimera.__main__ import main
from pytest_chimera.demo.sample_project import HISTORY, is_demo, write_project
from pytest_chimera.errors import ChimeraError
from pytest_chimera.git.plumbing.commands import Git


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_history_has_the_applications_commits(project: Path) -> None:
    log = Git(project).ask("log", "--reverse", "--format=%s by %an <%ae>, %cn").text.splitlines()

    assert log == [f"{message} by Reading List <readinglist@example.org>, Reading List" for _, message in HISTORY]
    assert Git(project).ask("status", "--porcelain").text == ""
    assert Git(project).ask("branch", "--show-current").text == "main"


@pytest.mark.parametrize("is_configured", [True, False], ids=["configured", "without a name"])
def test_a_persons_git_configuration_does_not_matter_and_is_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_configured: bool
) -> None:
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    (template / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (template / "pre-commit").chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    if is_configured:
        (home / ".gitconfig").write_text(
            "[commit]\n\tgpgsign = true\n\ttemplate = /nowhere\n[gpg]\n\tprogram = false\n"
            f"[init]\n\ttemplateDir = {template.parent}\n\tdefaultBranch = trunk\n"
            f"[core]\n\thooksPath = {template}\n\tautocrlf = true\n\texcludesFile = {tmp_path / 'ignore'}\n"
            "[user]\n\tuseConfigOnly = true\n"
        )
    (tmp_path / "ignore").write_text("*.patch\n")
    before = files_of(home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "somewhere-else"))

    write_project(tmp_path / "demo")

    committed = Git(tmp_path / "demo").ask("ls-tree", "-r", "--name-only", "HEAD").text.splitlines()
    assert "recorded/test_finish_book/2.patch" in committed
    assert Git(tmp_path / "demo").ask("branch", "--show-current").text == "main"
    assert not list((tmp_path / "demo/.git").glob("hooks/*"))
    assert files_of(home) == before


def test_it_is_written_once(tmp_path: Path) -> None:
    assert write_project(tmp_path / "demo") is True
    (tmp_path / "demo" / "README.md").write_text("mine\n")
    before = files_of(tmp_path / "demo")

    assert write_project(tmp_path / "demo") is False

    assert files_of(tmp_path / "demo") == before


def test_an_empty_folder_is_taken_also_inside_another_repository(tmp_path: Path) -> None:
    Git(tmp_path).ask("init", "--quiet")
    (tmp_path / "demo").mkdir()

    write_project(tmp_path / "demo")

    assert is_demo(tmp_path / "demo")
    assert Git(tmp_path / "demo").ask("rev-parse", "--show-toplevel").text == str(tmp_path / "demo")


@pytest.mark.parametrize("kind", ["folder", "file", "repository"])
def test_what_is_not_the_demos_is_left_alone(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / "taken"
    if kind == "file":
        taken.write_text("mine")
    else:
        taken.mkdir()
        (taken / "notes.txt").write_text("mine")
    if kind == "repository":
        Git(taken).ask("init", "--quiet")
    before = files_of(tmp_path)

    assert main(["demo", str(taken)]) == 2

    complaint = capsys.readouterr().err
    assert "nothing was touched" in complaint
    assert str(taken) in complaint
    assert "python -m pytest_chimera demo taken-2" in complaint
    assert files_of(tmp_path) == before


def test_a_place_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ChimeraError, match="cannot be written") as said:
        write_project(tmp_path / "file" / "demo")

    assert said.value.remedy


def test_what_was_half_written_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_chimera.demo.sample_project.HISTORY", (*HISTORY[:2], ("no-such-stage", "Fail")))

    with pytest.raises(ChimeraError):
        write_project(tmp_path / "demo")

    assert not list((tmp_path / "demo").iterdir())
    monkeypatch.undo()
    assert write_project(tmp_path / "demo") is True


def test_the_project_says_nothing_of_the_place_it_was_written_to(project: Path) -> None:
    told = [path for path in project.rglob("*") if path.is_file() and not {".git", "__pycache__"} & set(path.parts)]

    assert not [path for path in told if str(project.parent).encode() in path.read_bytes()]


def test_without_flask_the_demo_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pytest_chimera.demo.walkthrough.find_spec", lambda _: None)

    assert main(["demo", str(tmp_path / "demo")]) == 2

    assert 'pip install "pytest-chimera[demo]"' in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()
