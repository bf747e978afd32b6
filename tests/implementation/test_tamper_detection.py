"""What nobody touches while a coder works, and what is no tampering."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import py_compile
import site
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_chimera.implementation import tamper_detection
from pytest_chimera.implementation.tamper_detection import Fingerprints

Rules = Callable[[Callable[[], object]], list[str]]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages that belongs to the interpreter."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def git_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "git"
    (folder / "hooks").mkdir(parents=True)
    (folder / "config").write_text('[core]\n\tbare = false\n[branch "main"]\n\tremote = origin\n')
    return folder


@pytest.fixture
def rules(packages: Path, git_dir: Path) -> Rules:
    """Return the rules that an act between two snapshots breaks."""
    assert packages.is_dir()

    def broken(act: Callable[[], object]) -> list[str]:
        before = Fingerprints.taken(git_dir)
        act()
        return [each.rule for each in before.tamperings(Fingerprints.taken(git_dir))]

    return broken


def test_nothing_done_is_no_trespass(rules: Rules) -> None:
    assert rules(lambda: None) == []


@pytest.mark.parametrize("name", ["aaa_speedups.pth", "sitecustomize.py", "usercustomize.py"])
def test_a_file_that_runs_when_an_interpreter_starts_is_found(rules: Rules, packages: Path, name: str) -> None:
    assert rules(lambda: (packages / name).write_text("import sys\n")) == ["start-up-files"]


def test_a_start_up_file_that_was_there_and_is_changed_is_found(rules: Rules, packages: Path) -> None:
    (packages / "tool.pth").write_text("import tool\n")
    assert rules(lambda: (packages / "tool.pth").write_text("import os\n")) == ["start-up-files"]


def test_a_registration_of_a_pytest_plugin_that_nobody_installed_is_found(rules: Rules, packages: Path) -> None:
    def plant() -> None:
        folder = packages / "helper.egg-info"
        folder.mkdir()
        (folder / "entry_points.txt").write_text("[pytest11]\nhelper = helper\n")

    assert rules(plant) == ["start-up-files"]


def install(packages: Path, name: str, **files: str) -> None:
    """Install a distribution like an installer does, with its record."""
    folder = packages / f"{name}-1.0.dist-info"
    folder.mkdir()
    written = {f"{folder.name}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", **files}
    record = [f"{folder.name}/RECORD,,", f"{folder.name}/INSTALLER,,"]
    for path, text in written.items():
        (packages / path).parent.mkdir(parents=True, exist_ok=True)
        (packages / path).write_text(text)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record.append(f"{path},sha256={digest},{len(text)}")
    (folder / "INSTALLER").write_text("pip\n")
    (folder / "RECORD").write_text("\n".join(record) + "\n")


def test_an_installed_package_is_no_trespass(rules: Rules, packages: Path) -> None:
    files = {
        "useful.py": "x = 1\n",
        "useful.pth": "import useful\n",
        "useful-1.0.dist-info/entry_points.txt": "[pytest11]\nuseful = useful\n",
    }
    assert rules(lambda: install(packages, "useful", **files)) == []


def test_an_installed_start_up_file_that_is_not_as_it_was_installed_is_found(rules: Rules, packages: Path) -> None:
    def act() -> None:
        install(packages, "useful", **{"useful.pth": "import useful\n"})
        (packages / "useful.pth").write_text("import os\n")

    assert rules(act) == ["start-up-files"]


def test_a_change_to_what_judges_is_found(rules: Rules, packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(packages, "referee", **{"referee.py": "fair = True\n"})
    monkeypatch.setattr(tamper_detection, "JUDGES_PACKAGES", ("referee",))
    assert rules(lambda: (packages / "referee.py").write_text("fair = False\n")) == ["judges-packages"]


@pytest.mark.parametrize("name", ["referee/__init__.py", "referee.abi3.so", "rules/extra.py", "rules/offside.abi3.so"])
def test_what_would_be_imported_in_the_judges_place_is_found(
    rules: Rules, packages: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (packages / "rules").mkdir()
    install(packages, "referee", **{"referee.py": "fair = True\n", "rules/offside.py": "line = 0\n"})
    monkeypatch.setattr(tamper_detection, "JUDGES_PACKAGES", ("referee",))

    def plant() -> None:
        (packages / name).parent.mkdir(exist_ok=True)
        (packages / name).write_text("fair = False\n")

    assert rules(plant) == ["judges-packages"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("hooks/post-checkout", "#!/bin/sh\n"),
        ("info/attributes", "*.py filter=evil\n"),
        ("info/grafts", "a b\n"),
        ("objects/info/alternates", "/elsewhere\n"),
        ("refs/replace/0123", "4567\n"),
        ("packed-refs", "0123 refs/replace/4567\n"),
        ("config", "[core]\n\thooksPath = /elsewhere\n"),
        ("config", '[filter "evil"]\n\tclean = cat\n'),
        ("config", "[core]\n\tfsmonitor = /elsewhere/watch\n"),
    ],
)
def test_what_changes_what_git_does_in_the_persons_repository_is_found(
    rules: Rules, git_dir: Path, path: str, text: str
) -> None:
    def act() -> None:
        (git_dir / path).parent.mkdir(parents=True, exist_ok=True)
        (git_dir / path).write_text(text)

    assert set(rules(act)) == {"git-settings"}


def test_what_a_person_does_with_git_meanwhile_is_no_trespass(rules: Rules, git_dir: Path) -> None:
    def act() -> None:
        (git_dir / "refs" / "heads").mkdir(parents=True)
        (git_dir / "refs" / "heads" / "topic").write_text("0123\n")
        (git_dir / "info").mkdir()
        (git_dir / "info" / "exclude").write_text("notes.txt\n")
        with (git_dir / "config").open("a") as file:
            file.write('[branch "topic"]\n\tremote = origin\n')

    assert rules(act) == []


def test_a_journal_that_was_written_anew_is_found_and_one_that_was_added_to_is_not(
    git_dir: Path, tmp_path: Path, packages: Path
) -> None:
    assert packages.is_dir()
    (tmp_path / "a.jsonl").write_text("one\n")
    before = Fingerprints.taken(git_dir, tmp_path)
    (tmp_path / "a.jsonl").write_text("one\ntwo\n")
    assert before.tamperings(Fingerprints.taken(git_dir, tmp_path)) == []
    (tmp_path / "a.jsonl").write_text("not one\ntwo\n")
    assert [each.rule for each in before.tamperings(Fingerprints.taken(git_dir, tmp_path))] == ["state-files"]


def test_another_program_in_the_interpreters_place_is_found(
    rules: Rules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(program))

    def replace() -> None:
        program.unlink()
        program.write_text("#!/bin/sh\nexit 0\n")

    assert set(rules(replace)) == {"start-up-files"}


def test_a_start_up_file_in_the_users_own_packages_is_found(
    rules: Rules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "home" / "site-packages"
    monkeypatch.setattr(site, "getusersitepackages", lambda: str(own))

    def plant() -> None:
        own.mkdir(parents=True)
        (own / "usercustomize.py").write_text("import sys\n")

    assert rules(plant) == ["start-up-files"]


def test_compiled_code_that_is_not_what_its_source_says_is_found(
    rules: Rules, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(packages, "referee", **{"referee.py": "fair = True\n"})
    monkeypatch.setattr(tamper_detection, "JUDGES_PACKAGES", ("referee",))
    source = packages / "referee.py"
    assert rules(lambda: py_compile.compile(str(source))) == []

    def forge() -> None:
        other = packages / "other.py"
        other.write_text("fair = None\n")
        py_compile.compile(str(other), cfile=importlib.util.cache_from_source(str(source)))

    assert rules(forge) == ["judges-packages"]
