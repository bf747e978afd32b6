"""The examples, run."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_chimera.errors import ScenarioError
from pytest_chimera.markers import ARGUMENTS
from pytest_chimera.models import Brief, Change, Checkout, Deployment, Feature, GeneratedTest, Verdict
from pytest_chimera.scenario import ScenarioParser, TestGenerator
from pytest_chimera.scenario.text.drafts import MARK
from pytest_chimera.settings import load_tables
from pytest_chimera.workflow import ChimeraPhase, ChimeraWorkflow, checked_transitions
from pytest_chimera.workflow.agents import Agents, registry_of
from tests.docs.pages import PAGES, ROOT, Block, all_blocks, blocks, commands, differs, shown

PYTHON = all_blocks("python")
CONFTESTS = [block for block in PYTHON if block.file and block.file[0] == "conftest.py"]
LIBRARY = ROOT / "docs" / "reference" / "library.md"
WORKFLOW = ChimeraWorkflow(feature_description="User can add a todo", target_url="/")


def place(block: Block) -> str:
    return block.place


def conftest(page: str, hook: str, nth: int = 0) -> ModuleType:
    """The nth example of a page that implements a hook, as a module."""
    found = [block for block in CONFTESTS if shown(block.page) == page and f"def {hook}(" in block.text]
    module = ModuleType("conftest")
    exec(compile(found[nth].text, found[nth].place, "exec"), module.__dict__)
    return module


def ask(plugin: object, hook: str, **arguments: Any) -> Any:
    return asyncio.run(Agents(registry_of([plugin])).ask(hook, **arguments))


# -- all of them


@pytest.mark.parametrize("block", PYTHON, ids=place)
def test_python_compiles(block: Block) -> None:
    compile(block.text, block.place, "exec")


OWN_STEPS = ROOT / "docs" / "how-to" / "write-your-own-steps.md"
MARKED = [
    block for block in PYTHON if "mark.feature(" in block.text and block.page != OWN_STEPS and MARK not in block.text
]


@pytest.mark.parametrize("block", MARKED, ids=place)
def test_the_steps_of_an_example_are_understood(block: Block) -> None:
    for node in ast.parse(block.text).body:
        if isinstance(node, ast.FunctionDef):
            marker = node.decorator_list[0]
            assert isinstance(marker, ast.Call)
            arguments = {keyword.arg for keyword in marker.keywords}
            assert arguments <= set(ARGUMENTS)
            if "file" in arguments:
                continue
            feature = Feature(
                id=node.name,
                description=ast.literal_eval(marker.args[0]),
                text=ast.get_docstring(node) or "",
                function=node.name,
            )
            assert TestGenerator().generate(feature).steps


@pytest.mark.parametrize("block", [each for each in CONFTESTS if "_steps():" not in each.text], ids=place)
def test_the_hooks_of_a_conftest_take_arguments_that_there_are(block: Block) -> None:
    module = ModuleType("conftest")
    exec(compile(block.text, block.place, "exec"), module.__dict__)
    assert registry_of([module]).hook is not None


# -- the library


def library_examples() -> list[Any]:
    found = [block for block in blocks(LIBRARY) if block.language == "python"]
    in_browser = [pytest.mark.browser] if found else []
    return [
        pytest.param(block, marks=in_browser if "TestExecutor(" in block.text else [], id=block.place)
        for block in found
    ]


@pytest.mark.parametrize("block", library_examples())
def test_the_library_prints_what_the_page_says(block: Block, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block.text], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed_by(block)


def printed_by(example: Block) -> str:
    """What stands below an example, after the words "It prints"."""
    lines = example.page.read_text(encoding="utf-8").splitlines()
    below = example.line + example.text.count("\n") + 1
    if lines[below + 1 : below + 2] != ["It prints:"]:
        return ""
    return next(block.text for block in blocks(example.page) if block.line > below)


# -- hooks


def test_the_example_of_a_generated_test_answers_for_headings_alone() -> None:
    plugin = conftest("docs/reference/hooks.md", "pytest_chimera_generate_test")
    heading = Feature(id="test_title", description="Heading: Welcome", function="test_title")
    source = ask(plugin, "pytest_chimera_generate_test", feature=heading, workflow=WORKFLOW)
    assert 'get_by_role("heading", name="Welcome")' in source
    assert "def test_title(page: Page)" in source
    other = Feature(id="test_other", description="Something else")
    assert ask(plugin, "pytest_chimera_generate_test", feature=other, workflow=WORKFLOW) is None


def test_the_example_of_a_review_finds_a_print(tmp_path: Path) -> None:
    plugin = conftest("docs/reference/hooks.md", "pytest_chimera_review_change")
    brief = a_brief(tmp_path)
    for line, rules in (("+    print('here')", ["no-print"]), ("+    log.debug('here')", [])):
        (tmp_path / "change.diff").write_text(f"{line}\n")
        change = Change(commit="1" * 40, diff=str(tmp_path / "change.diff"))
        answer = ask(plugin, "pytest_chimera_review_change", change=change, brief=brief, workflow=WORKFLOW)
        assert [finding.rule for finding in answer or []] == rules


def test_the_example_of_a_drafting_function_answers_with_steps() -> None:
    plugin = conftest("docs/how-to/draft-steps.md", "pytest_chimera_draft_steps")
    feature = Feature(id="test_title", description="Heading: Welcome")
    answer = ask(plugin, "pytest_chimera_draft_steps", feature=feature, task="", folder="")
    assert [ScenarioParser().parse_step(step).kind for step in answer] == ["assert-visible"]


def test_the_example_of_other_transitions_is_accepted() -> None:
    plugin = conftest("docs/reference/hooks.md", "pytest_chimera_transitions")
    table = checked_transitions(plugin.pytest_chimera_transitions())
    assert table[ChimeraPhase.STAGING_DEPLOYMENT].on_failure == "parked"


def test_the_example_of_a_verdict_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    plugin = conftest("docs/reference/hooks.md", "pytest_chimera_verdict")
    verdict = Verdict(feature="test_add_todo", state="complete", sentence="complete", attempts=2)
    plugin.pytest_chimera_verdict(Feature(id="test_add_todo", description="User can add a todo"), verdict)
    assert capsys.readouterr().out == "test_add_todo: complete after 2 attempts\n"


def a_brief(folder: Path) -> Brief:
    feature = Feature(id="test_add_todo", description="User can add a todo")
    test = GeneratedTest(source="", path="tests/e2e/test_add_todo.py", name="test_add_todo")
    return Brief(feature=feature, test=test, failing="", folder=str(folder), markdown=str(folder / "brief.md"))


def test_the_example_of_a_coder_changes_a_file(tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text("TITLE = 'Welcome'\n")
    plugin = conftest("docs/how-to/use-your-own-coder.md", "pytest_chimera_implement_feature")
    said = ask(plugin, "pytest_chimera_implement_feature", brief=a_brief(tmp_path), workflow=WORKFLOW)
    assert (tmp_path / "page.py").read_text() == "TITLE = 'Welcome back'\n"
    assert said == "Greets the visitor again."


def test_the_example_of_an_async_coder_runs_an_agent_in_the_clone(tmp_path: Path) -> None:
    (tmp_path / "my_agent.py").write_text("import pathlib, sys\npathlib.Path('seen.txt').write_text(sys.argv[2])\n")
    plugin = conftest("docs/how-to/use-your-own-coder.md", "pytest_chimera_implement_feature", nth=1)
    ask(plugin, "pytest_chimera_implement_feature", brief=a_brief(tmp_path), workflow=WORKFLOW)
    assert (tmp_path / "seen.txt").read_text() == str(tmp_path / "brief.md")


DOCKER = """\
#!/bin/sh
echo "$@" >> "$(dirname "$0")/asked.txt"
case $1 in
  run) echo 4f1c0ffee ;;
  port) echo 127.0.0.1:49153 ;;
esac
"""


def test_the_example_of_a_deployment_builds_runs_and_removes_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    plugin = conftest("docs/how-to/serve-your-application.md", "pytest_chimera_deploy_to_staging")
    checkout = Checkout(commit="1" * 40, tree="2" * 40, folder=str(tmp_path), name="todo_1", vault=str(tmp_path))
    deployment = ask(plugin, "pytest_chimera_deploy_to_staging", checkout=checkout, workflow=WORKFLOW)
    assert deployment == Deployment(url="http://127.0.0.1:49153", name="todo_1")
    plugin.pytest_chimera_deployment_ended(deployment)
    asked = (tmp_path / "asked.txt").read_text().splitlines()
    assert [line.split()[0] for line in asked] == ["build", "run", "port", "rm"]


def test_the_example_of_a_version_page_answers_with_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_COMMIT", "1f64db83f4")
    example = next(block for block in PYTHON if '@app.get("/version")' in block.text)
    module = ModuleType("version")
    exec(compile(example.text, example.place, "exec"), module.__dict__)
    assert module.app.test_client().get("/version").text == "1f64db83f4"


# -- the command line


def test_explain_prints_what_the_page_says(tmp_path: Path) -> None:
    page = ROOT / "docs" / "reference" / "command-line.md"
    steps = next(block for block in blocks(page) if block.text.startswith("When I press"))
    (tmp_path / "steps.txt").write_text(steps.text)
    for command in (command for block in blocks(page) if block.language == "console" for command in commands(block)):
        words = command.line.replace("python", sys.executable, 1).split()
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        assert not differs(command.output, done.stdout)


MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", all_blocks("shell"), ids=place)
def test_a_command_that_is_not_run_here_is_one_that_there_is(block: Block) -> None:
    for line in block.text.splitlines():
        program, *words = line.split()
        assert program in {"pytest", "python", "pip", "make", "git", "mkdir", "cd", "."}, line
        if program == "make":
            assert re.search(rf"^{words[0]}:", MAKEFILE, re.MULTILINE)
        if words[:2] == ["-m", "pytest_chimera"]:
            assert words[2] in {"demo", "explain"}


def test_every_page_is_read() -> None:
    assert len(PAGES) > 15
    assert len(PYTHON) > 15


def test_the_examples_of_a_projects_own_words_are_understood(tmp_path: Path) -> None:
    page = ROOT / "docs" / "reference" / "options.md"
    block = next(block for block in blocks(page) if "[tool.chimera.glossary]" in block.text)
    (tmp_path / "pyproject.toml").write_text(block.text)
    tables = load_tables(tmp_path)
    parser = ScenarioParser(tables.pages, dict(tables.glossary))
    scenario = parser.parse('Given I am logged in as Ann\nWhen I open the shop page\nThen I should see "Milk"')
    code = "\n".join(line for step in scenario.steps for line in step.code)
    assert 'page.goto("/login")' in code
    assert 'page.goto("/shop")' in code


def test_the_glossary_of_the_page_makes_steps_of_its_scenario(tmp_path: Path) -> None:
    page = ROOT / "docs" / "how-to" / "write-a-glossary.md"
    tables = [block.text for block in blocks(page) if "[tool.chimera.glossary]" in block.text]
    (tmp_path / "pyproject.toml").write_text(tables[0])
    words = load_tables(tmp_path)
    steps = next(block.text for block in blocks(page) if block.language == "gherkin")
    scenario = ScenarioParser(words.pages, dict(words.glossary)).parse(steps)
    assert [step.kind for step in scenario.steps] == ["compound", "compound", "assert-text", "compound"]
    code = "\n".join(line for step in scenario.steps for line in step.code)
    for part in ('page.goto("/login")', 'page.goto("/desk")', 'fill("Librarian")', 'select_option("Ada")'):
        assert part in code
    (tmp_path / "pyproject.toml").write_text(tables[1])
    with pytest.raises(ScenarioError, match=r"I lend \{book\} → I hand over \{book\} → I lend \{book\}"):
        ScenarioParser(glossary=dict(load_tables(tmp_path).glossary))


LANGUAGE = ROOT / "docs" / "how-to" / "write-steps-in-another-language.md"


def german(tmp_path: Path) -> dict[str, Any]:
    block = next(block for block in blocks(LANGUAGE) if "[tool.chimera.languages.de]" in block.text)
    (tmp_path / "pyproject.toml").write_text(block.text)
    return {"languages": load_tables(tmp_path).languages}


def test_the_example_in_german_says_what_its_english_says(tmp_path: Path) -> None:
    name, text = next(block.file for block in blocks(LANGUAGE) if block.language == "gherkin" and block.file)
    (tmp_path / "features").mkdir()
    (tmp_path / name).write_text(text)
    feature = Feature(id="regal", description="Regal", file=name, function="test_regal")
    source = TestGenerator(root=tmp_path, **german(tmp_path)).generate(feature).source
    assert "# Then sehe ich" in source
    for part in (
        'page.goto("/login")',
        'fill("Ada")',
        'name="Anmelden"',
        'name="Titel"',
        'fill("Emma")',
        'name="Gelesen"',
    ):
        assert part in source
    plain = next(block.text for block in blocks(LANGUAGE) if block.text.startswith("# language: de\nWenn"))
    kinds = [step.kind for step in ScenarioParser(**german(tmp_path)).parse(plain).steps]
    assert kinds == ["fill", "click", "assert-text"]


def test_an_unknown_german_step_is_refused_as_the_page_says(tmp_path: Path) -> None:
    printed = next(block.text for block in blocks(LANGUAGE) if block.text.startswith("This step is not understood"))
    steps = 'Wenn ich auf den Schalter "Eintragen" klicke'
    with pytest.raises(ScenarioError) as caught:
        ScenarioParser(language="de", **german(tmp_path)).parse(steps, line=7, path="features/regal.feature")
    assert str(caught.value) == printed.rstrip("\n")


def test_a_language_of_a_conftest_is_known_to_a_run(pytester: pytest.Pytester) -> None:
    _, text = next(block.file for block in CONFTESTS if shown(block.page) == shown(LANGUAGE) and block.file)
    pytester.makeconftest(text)
    pytester.makeini("[pytest]\nchimera_language = es\n")
    pytester.makepyfile(
        '''
        import pytest

        @pytest.mark.feature("Guardar", url="/")
        def test_guardar():
            """
            Cuando escribo "Emma" en el campo "Título"
            Y hago clic en el botón "Guardar"
            Entonces veo "Emma"
            """
        '''
    )
    result = pytester.runpytest_subprocess("--chimera", "--chimera-dry-run")
    result.stdout.fnmatch_lines(['*get_by_role("button", name="Guardar").click()*'])


def test_the_example_of_a_feature_file_is_collected_as_the_page_says(pytester: pytest.Pytester) -> None:
    page = ROOT / "docs" / "how-to" / "use-feature-files.md"
    name, text = next(block.file for block in blocks(page) if block.language == "gherkin" and block.file)
    (pytester.path / name).parent.mkdir()
    (pytester.path / name).write_text(text)
    pytester.makeini("[pytest]")
    for command in (command for block in blocks(page) if block.language == "console" for command in commands(block)):
        result = pytester.runpytest_inprocess(*shlex.split(command.line)[1:])
        assert not differs(command.output, result.stdout.str())
    feature = Feature(id="todos", description="Todos", file=name, scenario="User can add a todo", function="test_todos")
    source = TestGenerator(root=pytester.path).generate(feature).source
    assert 'parametrize("todo", ["Buy milk", "Call Ann"])' in source


def test_the_example_of_own_steps_is_understood_as_the_page_says(pytester: pytest.Pytester) -> None:
    for name, text in (block.file for block in blocks(OWN_STEPS) if block.file):
        (pytester.path / name).parent.mkdir(parents=True, exist_ok=True)
        (pytester.path / name).write_text(text)
    for folder in ("tests", "tests/e2e"):
        (pytester.path / folder / "__init__.py").touch()
    result = pytester.runpytest_subprocess("--chimera", "--chimera-dry-run", "-s")
    result.stdout.fnmatch_lines(
        [
            "*Given three paid orders of*paid_orders(count=3, customer='Ada'), tests/arranging.py",
            "*When*I sign as*sign(page, name='Ada'), tests/e2e/steps.py",
            '*@pytest.mark.chimera_arrange("tests/arranging.py::paid_orders", count=3, customer="Ada")',
        ]
    )
