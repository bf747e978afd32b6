"""What the judge is loaded from: its own packages first, nothing that came later, and all of it as it was."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import py_compile
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from pytest_chimera.errors import PhaseFailed
from pytest_chimera.judge import packages, runner
from pytest_chimera.judge.packages import Before, before_the_coder
from pytest_chimera.judge.record import Loaded

before_the_coder()  # of the folders as they are, for whichever test runs first


def loaded(path: Path) -> tuple[str, str]:
    return str(path), hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of a folder of packages."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setattr(packages, "_roots", lambda: (str(folder),))
    (folder / "referee.py").write_text("fair = True\n")
    return folder / "referee.py"


def before(*files: Path) -> Before:
    return Before({}, frozenset(), (), {str(each): packages._print(each.stat()) for each in files}, time.time_ns())


def test_what_was_there_and_is_as_it_was_is_not_strange(module: Path) -> None:
    assert before(module).strange([loaded(module)]) == []


def test_what_was_not_there_is_strange(module: Path) -> None:
    [sentence] = before().strange([loaded(module)])
    assert sentence == f"{module} was not there before the coder came"


def test_what_was_written_anew_is_strange_though_size_and_time_are_the_same(module: Path) -> None:
    look, about = before(module), module.stat()
    module.write_text("fair = None\n")
    os.utime(module, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert "is not as it was" in look.strange([loaded(module)])[0]


def test_what_was_put_back_after_it_was_loaded_is_strange(module: Path) -> None:
    look = before(module)
    assert "is not what the judge has loaded" in look.strange([(str(module), "0" * 64)])[0]


def test_another_link_to_a_file_that_was_loaded_before_is_not_strange(module: Path) -> None:
    look = before(module)
    assert look.strange([loaded(module)]) == []
    time.sleep(0.02)  # so that the time of a file's last change differs
    os.link(module, module.with_name("other.py"))
    assert look.strange([loaded(module)]) == []


def test_compiled_code_is_strange_unless_its_source_says_it(module: Path) -> None:
    look = before(module)
    py_compile.compile(str(module))
    compiled = Path(importlib.util.cache_from_source(str(module)))
    assert look.strange([loaded(compiled)]) == []
    other = module.with_name("other.py")
    other.write_text("fair = None\n")
    py_compile.compile(str(other), cfile=str(compiled))
    assert "is not what its source says" in look.strange([loaded(compiled)])[0]


def test_what_lies_elsewhere_is_strange_if_it_came_later(module: Path, tmp_path: Path) -> None:
    helper = tmp_path / "shared.py"
    helper.write_text("a = 1\n")
    time.sleep(0.02)  # the clock of files is coarse
    look = before(module)
    assert look.strange([loaded(helper)]) == []
    time.sleep(0.02)  # as above
    helper.write_text("a = 2\n")
    assert "was not there" in look.strange([loaded(helper)])[0]


def test_what_lies_in_an_archive_is_strange_unless_the_archive_was_there(tmp_path: Path) -> None:
    archive = tmp_path / "library.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("slugify.py", "")
    told = [(str(archive / "slugify.py"), "")]
    assert before(archive).strange(told) == []
    assert "was not there" in before().strange(told)[0]
    assert "was not there" in before().strange([(str(tmp_path / "gone.py"), "")])[0]


def test_a_judge_that_has_loaded_something_strange_counts_for_nothing(module: Path, tmp_path: Path) -> None:
    with pytest.raises(PhaseFailed, match=r"counts for nothing\. \[judges-packages\]"):
        runner._refuse_strange((Loaded((loaded(module),)),), tmp_path / "judge")


def test_what_the_judge_itself_has_laid_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "test_page.py").write_text("")
    runner._refuse_strange((Loaded((loaded(tmp_path / "test_page.py"),)),), tmp_path)


# -- the judge's process


def started(folder: Path, *lines: str) -> str:
    """What the start of the judge's process prints, with other lines in place of its tests."""
    source = runner._start_file(folder).partition("import playwright.sync_api")[0]
    (folder / "start.py").write_text(source + "\n".join(lines) + "\n")
    command = [sys.executable, "-I", "-S", "-B", str(folder / "start.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return (done.stdout + done.stderr).strip().splitlines()[-1]


def test_nothing_stands_before_the_judges_own_packages(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "early.zip", "w") as archive:
        archive.writestr("slugify.py", "raise SystemExit('planted')\n")
    early = f"sys.path.insert(0, {str(tmp_path / 'early.zip')!r})"
    home = before_the_coder().own["slugify"]
    assert started(tmp_path, early, "import slugify", "print(slugify.__file__)").startswith(home)


def test_an_archive_that_was_not_there_is_not_on_the_path(tmp_path: Path) -> None:
    absent = before_the_coder().absent
    assert absent
    assert started(tmp_path, f"print([each for each in sys.path if each in {absent!r}])") == "[]"


def test_a_package_that_came_later_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "unidecode.py").write_text("raise SystemExit('planted')\n")
    later = f"sys.path.insert(0, {str(tmp_path / 'later')!r}); here = 'elsewhere'"
    assert started(tmp_path, later, "import unidecode") == "ModuleNotFoundError: No module named 'unidecode'"


def test_what_lies_beside_the_test_is_imported(tmp_path: Path) -> None:
    (tmp_path / "pages.py").write_text("name = 'beside'\n")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "deeper.py").write_text("name = 'in a folder that is no package'\n")
    lines = ("sys.path.insert(0, here)", "import pages, json, plain.deeper", "print(pages.name, plain.deeper.name)")
    assert started(tmp_path, *lines) == "beside in a folder that is no package"
