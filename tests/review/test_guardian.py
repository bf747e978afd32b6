"""Sealed and protected paths: what a change may touch."""

from __future__ import annotations

from typing import Literal

import pytest

from pytest_chimera import create_chimera_task
from pytest_chimera.errors import SettingError
from pytest_chimera.models import Change, ChangedFile, GeneratedTest, SealedTest
from pytest_chimera.review.guardian import Guardian
from pytest_chimera.review.protected_files import KINDS, Kind
from pytest_chimera.review.rules import RULES
from pytest_chimera.settings import Settings
from pytest_chimera.workflow import ChimeraWorkflow, Moved

SEALED = SealedTest(
    test=GeneratedTest(source="", path="tests/e2e/test_a.py", name="test_a"),
    nodeids=("a",),
    protected=("tests/e2e/test_a.py", "tests/features/test_a.py"),
)


def workflow() -> ChimeraWorkflow:
    return create_chimera_task("A", "/").begin().model_copy(update={"moved": Moved(sealed=SEALED)})


def reviewed(
    path: str,
    before: str | None = None,
    after: str | None = "x = 1\n",
    *,
    by_hand: bool = False,
    settings: Settings | None = None,
    listed: tuple[str, ...] = (".gitlab-ci.yml",),
) -> list[tuple[str, str]]:
    contents = {"base": before, "candidate": after}

    def read(commit: str, _path: str) -> bytes | None:
        text = contents[commit]
        return None if text is None else text.encode()

    status: Literal["A", "M", "D"] = "A" if before is None else "D" if after is None else "M"
    change = Change(base="base", commit="candidate", files=(ChangedFile(path=path, status=status),))
    guardian = Guardian(settings or Settings(), read, by_hand=by_hand, listed=lambda _commit: listed)
    review = guardian.pytest_chimera_review_change(change, workflow())
    assert (review.decision == "reject") == any(finding.severity == "reject" for finding in review.findings)
    return [(finding.rule, finding.severity) for finding in review.findings]


REJECTED = [("protected-path", "reject")]


def test_the_sealed_test_breaks_the_seal_whoever_changes_it() -> None:
    assert reviewed("tests/e2e/test_a.py", "a", "b") == [("sealed-test", "reject")]
    assert reviewed("tests/e2e/test_a.py", "a", "b", by_hand=True) == [("sealed-test", "reject")]
    assert reviewed("tests/e2e/test_a.py", "a", None) == [("sealed-test", "reject")]


@pytest.mark.parametrize(
    "path",
    [
        "tests/features/test_a.py",
        "tests/e2e/conftest.py",
        "tests/e2e/helpers.py",
        "pytest.ini",
        "backend/pytest.ini",
        "chimera.toml",
        ".github/workflows/ci.yml",
        "sitecustomize.py",
        "lib/evil.pth",
    ],
)
def test_a_protected_path_is_rejected(path: str) -> None:
    assert reviewed(path) == REJECTED


@pytest.mark.parametrize(
    "path", ["app.py", "tests/test_unit.py", "templates/skip.html", "ruff.toml", "requirements.txt"]
)
def test_the_application_and_tests_of_ones_own_are_free(path: str) -> None:
    assert reviewed(path) == []


WHOLE = [kind for kind in KINDS if kind.differs is None]


@pytest.mark.parametrize("kind", WHOLE, ids=lambda kind: kind.name)
def test_files_of_each_kind_are_protected(kind: Kind) -> None:
    names = [glob.replace("**", "x").replace("*", "x") for glob in kind.globs]
    assert [name for name in names if reviewed(name, "a", "b") != REJECTED] == []
    assert [name for name in names if reviewed(name.upper(), "a", None) != REJECTED] == []
    first = [("protected-path", kind.first)]
    assert [name for name in names if reviewed(name, listed=()) != first] == []


MARKED = "import pytest\n\n\n@pytest.mark.feature('A shopper sorts')\ndef test_sort(): ...\n"
TOX = "[tox]\nenvlist = py\n\n[testenv]\ndeps = pytest\ncommands = pytest -q\n"
NOX = "import nox\n\n\n@nox.session\ndef tests(session):\n    session.run('pytest')\n"
SETUP = "from setuptools import setup\n\nsetup(name='a', install_requires=['flask'])\n"
NODE = '{"scripts": {"test": "jest"}, "jest": {"bail": 1}}'
SETUP_CFG = "[options.entry_points]\nconsole_scripts =\n    shop = shop:main\n"


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("tests/test_sort.py", MARKED, MARKED.replace("sorts", "looks"), REJECTED),
        ("tests/test_sort.py", MARKED, None, REJECTED),
        ("tests/test_sort.py", MARKED, MARKED.replace("\n\n\n", "\n\n"), []),
        ("tests/test_sort.py", MARKED.replace("mark.feature", "mark.slow"), MARKED, REJECTED),
        ("tox.ini", TOX, TOX.replace("pytest -q", "true"), REJECTED),
        ("tox.ini", TOX, TOX.replace("[testenv]", "[other]"), REJECTED),
        ("tox.ini", TOX, TOX.replace("deps = pytest", "deps = pytest, flask"), []),
        ("tox.ini", TOX, f"{TOX}\n[testenv:docs]\ncommands = sphinx-build\n", []),
        ("tox.toml", "[env_run_base]\ncommands = [['pytest']]\n", "[env_run_base]\ncommands = []\n", REJECTED),
        ("noxfile.py", NOX, NOX.replace("pytest", "true"), REJECTED),
        ("noxfile.py", NOX, f"{NOX}\n\n@nox.session\ndef docs(session):\n    session.run('sphinx')\n", []),
        ("noxfile.py", NOX, f"{NOX}\n\ndef tests(session):\n    pass\n", REJECTED),
        ("noxfile.py", NOX, f"{NOX}\nnox.options.sessions = []\nimport os as tests\n", REJECTED),
        ("noxfile.py", NOX, f"{NOX}\nvars(nox).clear()\n", REJECTED),
        ("noxfile.py", NOX, "def (\n", REJECTED),
        ("setup.py", SETUP, SETUP.replace("['flask']", "['flask', 'rich']"), []),
        ("setup.py", SETUP, SETUP.replace("['flask']", "print('x') or []"), REJECTED),
        ("setup.py", SETUP, f"import os\n{SETUP}", REJECTED),
        ("setup.cfg", SETUP_CFG, f"{SETUP_CFG}\n[options]\ninstall_requires = rich\n", []),
        ("setup.cfg", SETUP_CFG, f"{SETUP_CFG}pytest11 =\n    a = shop.a\n", REJECTED),
        ("package.json", NODE, NODE.replace('"test"', '"build": "vite", "test"'), []),
        ("package.json", NODE, NODE.replace('"test"', '"postinstall": "sh run.sh", "test"'), REJECTED),
        ("package.json", NODE, NODE.replace('"bail"', '"passWithNoTests"'), REJECTED),
        ("pyproject.toml", "", '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n', []),
        ("pyproject.toml", "", '[build-system]\nbuild-backend = "own"\nbackend-path = ["."]\n', REJECTED),
        ("pyproject.toml", "", "[tool.hatch.build.hooks.custom]\n", REJECTED),
        ("pyproject.toml", "", '[project.entry-points."sphinx.builders"]\na = "shop.a"\n', REJECTED),
        ("pyproject.toml", "", "[tool.poe.tasks]\ntest = 'pytest'\n", []),
        ("pyproject.toml", "[tool.poe.tasks]\ntest = 'pytest'\n", "[tool.poe.tasks]\ntest = 'true'\n", REJECTED),
        ("pyproject.toml", "[tool.hatch.envs.a.scripts]\nt = 'pytest'\n", "[tool.hatch.envs.a]\n", REJECTED),
    ],
)
def test_of_a_shared_file_only_a_part_is_protected(
    path: str, before: str, after: str | None, expected: list[tuple[str, str]]
) -> None:
    found = [each for each in reviewed(path, before, after) if each[0] == "protected-path"]
    assert found == expected


def test_a_protected_path_is_told_with_what_it_does() -> None:
    def read(commit: str, _path: str) -> bytes | None:
        return b"touch x\n" if commit == "candidate" else None

    change = Change(base="base", commit="candidate", files=(ChangedFile(path=".envrc", status="A"),))
    guardian = Guardian(Settings(), read, by_hand=False, listed=lambda _commit: ())
    [finding] = guardian.pytest_chimera_review_change(change, workflow()).findings
    assert finding.sentence == ".envrc is a protected path: it runs automatically on a person's machine."


def test_the_owner_is_only_told() -> None:
    assert reviewed("pytest.ini", by_hand=True) == [("protected-path", "note")]


def test_a_project_protects_more_paths() -> None:
    assert reviewed("migrations/0001.py", settings=Settings(protected=("migrations/**",))) == REJECTED


FIXTURE = "import pytest\n\n\n@pytest.fixture\ndef client():\n    return 1\n"
MORE = FIXTURE + "\n\n@pytest.fixture(scope='session')\ndef filled(client):\n    return 2\n"


def test_fixtures_for_new_tests_are_welcome_in_a_conftest() -> None:
    assert reviewed("conftest.py", FIXTURE, MORE) == []


@pytest.mark.parametrize(
    "added",
    [
        "def pytest_collection_modifyitems(items):\n    items.clear()\n",
        "pytest_plugins = ['evil']\n",
        "import sys\nsys.modules['playwright'] = None\n",
        "@pytest.fixture\ndef page():\n    return None\n",
        "@pytest.fixture(autouse=True)\ndef always():\n    return None\n",
        "def (\n",
    ],
)
def test_anything_else_in_a_conftest_is_not(added: str) -> None:
    assert reviewed("conftest.py", FIXTURE, f"{FIXTURE}\n\n{added}") == REJECTED
    assert reviewed("tests/conftest.py", None, f"import pytest\n\n\n{added}") == REJECTED


PYPROJECT = """\
[project]
name = "a"
dependencies = ["flask"]

[tool.pytest.ini_options]
addopts = "-ra"
testpaths = ["tests"]
"""


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (PYPROJECT.replace('"flask"', '"flask", "rich"'), []),
        (PYPROJECT + 'markers = ["slow"]\n', []),
        (PYPROJECT + "\n[tool.ruff]\nline-length = 100\n", []),
        (PYPROJECT.replace("-ra", "-ra --deselect tests/e2e"), REJECTED),
        (PYPROJECT.replace("-ra", "-ra -v --strict-markers --durations=5"), []),
        (PYPROJECT + '\n[project.entry-points.pytest11]\nhelper = "a.helper"\n', REJECTED),
        (PYPROJECT + 'python_files = "x_*.py"\n', REJECTED),
        (PYPROJECT + "\n[tool.chimera.pages]\nhome = '/'\n", REJECTED),
        ("[[[", REJECTED),
        ('[project]\nname = "a"\n', REJECTED),
        (PYPROJECT.replace("\n", "\r\n") + "# formatted by poetry\n", []),
        (PYPROJECT.replace('addopts = "-ra"', "addopts='-ra'"), []),
    ],
)
def test_pyproject_is_free_but_for_pytest_and_chimera(after: str, expected: list[tuple[str, str]]) -> None:
    assert reviewed("pyproject.toml", PYPROJECT, after) == expected


def test_what_is_no_regular_file_is_named() -> None:
    change = Change(base="base", commit="candidate", left_out={"data": "a symbolic link"})
    review = Guardian(
        Settings(), lambda *_where: None, by_hand=False, listed=lambda _commit: ()
    ).pytest_chimera_review_change(change, workflow())
    assert review.decision == "reject"
    assert "data is a symbolic link" in review.findings[0].sentence


AWARE = [("test-awareness", "reject")]


@pytest.mark.parametrize(
    ("path", "added"),
    [
        ("app/__init__.py", "import sys\nif 'pytest' in sys.modules:\n    pass\n"),
        ("app/__init__.py", "import sys\nready = sys.modules.get('playwright')\n"),
        ("app/__init__.py", "import os\nTEST = 'PYTEST_CURRENT_TEST' in os.environ\n"),
        ("app/views.py", "def real(agent):\n    return 'HeadlessChrome' not in agent\n"),
        ("app/static/app.js", "if (navigator.webdriver) show()\n"),
        ("app/templates/index.html", "<script>navigator['webdriver'] && show()</script>"),
    ],
)
def test_an_application_that_looks_for_its_judge_is_rejected(path: str, added: str) -> None:
    assert reviewed(path, "", added) == AWARE
    assert reviewed(path, "", added, by_hand=True) == [("test-awareness", "note")]
    assert reviewed(path, added, f"{added}\n") == []


@pytest.mark.parametrize(
    ("path", "added"),
    [
        ("app/views.py", '"""Run the tests with pytest."""\nmessage = "pytest is a tool; skip it for now"\n'),
        ("requirements.txt", "pytest\nplaywright\n"),
        ("tests/test_app.py", "import pytest\n"),
        ("app/flags.py", "import os\nNEW_LIST = os.environ.get('NEW_LIST') == '1'\n"),
        ("app/templates/index.html", "<button>Skip for now</button> Tested with Playwright"),
        ("app/broken.py", "def (\n"),
    ],
)
def test_words_about_tests_are_free(path: str, added: str) -> None:
    assert reviewed(path, "", added) == []


def test_what_may_have_its_reason_is_told() -> None:
    assert reviewed("app/shots.py", "", "from playwright.sync_api import sync_playwright\n") == [
        ("tester-import", "note")
    ]


def test_reading_other_processes_is_rejected() -> None:
    assert reviewed("app/monitor.py", "", "open('/proc/1/cmdline')\n") == [("process-list", "reject")]


def test_a_project_allows_a_rule_for_some_paths() -> None:
    settings = Settings(allow=("protected-path:.github/**",))
    assert reviewed(".github/workflows/ci.yml", settings=settings) == [("protected-path", "note")]
    assert reviewed("pytest.ini", settings=settings) == REJECTED


@pytest.mark.parametrize("entry", ["sealed-test:*", "git-settings:*", "check:*", "nonsense:*", "protected-path"])
def test_what_cannot_be_allowed_is_a_mistake_in_the_settings(entry: str) -> None:
    with pytest.raises(SettingError, match="chimera_allow cannot allow"):
        reviewed("app.py", settings=Settings(allow=(entry,)))


def test_every_rule_says_what_it_forbids_why_and_what_to_do() -> None:
    assert all(rule.forbids and rule.why and (rule.remedy or rule.severity == "note") for rule in RULES.values())


@pytest.mark.parametrize("path", ["tox.ini", "setup.cfg"])
def test_a_linters_section_is_free_and_pytests_is_not(path: str) -> None:
    assert reviewed(path, None, "[flake8]\nmax-line-length = 100\n") == []
    section = "pytest" if path == "tox.ini" else "tool:pytest"
    assert reviewed(path, None, f"[{section}]\naddopts = --deselect tests\n") == REJECTED


TESTED = "import pytest\n\n\ndef test_add():\n    assert 1 + 1 == 2\n\n\ndef test_more():\n    assert 2 + 1 == 3\n"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (TESTED + "\n\ndef test_other():\n    assert 3\n", []),
        (TESTED.replace("test_add", "test_addition"), []),
        (TESTED.replace("1 + 1 == 2", "2 == 1 + 1"), []),
        (TESTED.replace("def test_add", "@pytest.mark.skip\ndef test_add"), [("removed-test", "reject")]),
        (TESTED.replace("def test_add", "@pytest.mark.xfail\ndef test_add"), [("removed-test", "reject")]),
        (TESTED.replace("assert 1 + 1 == 2", "pass"), [("removed-test", "reject")]),
        (TESTED.replace("assert 1 + 1 == 2", "assert True"), [("removed-test", "reject")]),
        (TESTED.replace("    assert 1", "    return\n    assert 1"), [("removed-test", "reject")]),
        (TESTED.replace("    assert 1", "    pytest.skip()\n    assert 1"), [("removed-test", "reject")]),
        (TESTED.partition("def test_more")[0], [("removed-test", "reject")]),
        (TESTED.replace("def test_more", "def _more"), [("removed-test", "reject")]),
        (TESTED.replace("\n\n\n", "\n\npytestmark = pytest.mark.skip\n\n\n", 1), [("removed-test", "reject")]),
        (None, [("removed-test", "reject")] * 2),
    ],
)
def test_a_test_that_no_longer_tests_is_missed(after: str | None, expected: list[tuple[str, str]]) -> None:
    assert reviewed("tests/unit/test_add.py", TESTED, after) == expected


@pytest.mark.parametrize(
    ("added", "rule"),
    [
        ("import os\nnames = [p for p in os.listdir('/proc') if p.isdigit()]\n", "process-list"),
        ("import os\ntext = open('/pr' + 'oc/1/cmdline').read()\n", "process-list"),
        ("import os\nparent = f'/proc/{os.getppid()}/environ'\n", "process-list"),
        ("import psutil\nnames = [p.name() for p in psutil.process_iter()]\n", "process-list"),
        ("import subprocess\ntext = subprocess.run(['ps', 'aux'])\n", "process-list"),
        ("import os\nos.system('pgrep -f chrome')\n", "process-list"),
        ("import glob\nfound = glob.glob('/tmp/*/plan.json')\n", "temporary-files"),
        ("import os, tempfile\nfound = os.listdir(tempfile.gettempdir())\n", "temporary-files"),
        ("state = open('/home/ann/shop/.pytest_cache/d/chimera/a.jsonl').read()\n", "test-awareness"),
        ("from _pytest import runner\n", "test-awareness"),
    ],
)
def test_looking_for_the_judge_is_rejected(added: str, rule: str) -> None:
    assert set(reviewed("app/views.py", "", added)) == {(rule, "reject")}


def test_an_application_may_ask_about_itself_and_keep_temporary_files() -> None:
    own = "import tempfile\nmemory = open('/proc/self/status').read() + open('/proc/meminfo').read()\n"
    assert reviewed("app/health.py", "", own + "folder = tempfile.mkdtemp(dir='/tmp')\n") == []
