"""What the documentation says there is, and what there is."""

from __future__ import annotations

import inspect
import pkgutil
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

import pytest_chimera
from pytest_chimera import hookspecs, models, workflow
from pytest_chimera.git.plumbing import trailers
from pytest_chimera.implementation import coders
from pytest_chimera.markers import ARGUMENTS, MARKER_ARRANGE
from pytest_chimera.models import Brief, Feature, GeneratedTest, Reason, Value, Verdict
from pytest_chimera.review.rules import RULES, checked_allowances
from pytest_chimera.settings import CODER_PLACEHOLDERS, FLAGS, SERVE_PLACEHOLDERS, ini_options, load_settings
from pytest_chimera.state.replay import _FOLDS, Event, FeatureRecord, cache_mirror
from pytest_chimera.workflow import TRANSITIONS, ChimeraPhase
from tests.docs.pages import PAGES, ROOT, Block, all_blocks, blocks, prose, shown
from tests.docs.write_tables import tables, with_table

README = ROOT / "README.md"
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
CODER = DOCS / "how-to" / "use-your-own-coder.md"
KEYS = {key for key, _, _ in ini_options()}
HOOKS = {
    name: list(inspect.signature(function).parameters)
    for name, function in inspect.getmembers(hookspecs, inspect.isfunction)
    if name.startswith("pytest_chimera_")
}


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def rows(page: Path, heading: str = "") -> list[list[str]]:
    """The cells of a page's table rows; of one section's, when a heading is given."""
    text = text_of(page)
    if heading:
        text = re.split(r"^#+ ", text.partition(f" {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def code(cell: str) -> str:
    """A cell's first words in code."""
    found = re.search(r"`+([^`]+)`+", cell)
    return found[1] if found else ""


# -- settings and options


@pytest.mark.parametrize(("page_and_head", "expected"), tables().items(), ids=str)
def test_a_table_of_settings_is_made_from_their_declarations(page_and_head: tuple[Path, str], expected: Any) -> None:
    page, head = page_and_head
    text = text_of(page)
    assert with_table(text, head, expected) == text, "run: python -m tests.docs.write_tables"


@pytest.mark.parametrize("document", PAGES, ids=shown)
def test_every_setting_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"(?<![\w/])chimera_\w*[a-z]", text_of(document)))
    assert named <= KEYS | {MARKER_ARRANGE}


@pytest.mark.parametrize("document", PAGES, ids=shown)
def test_every_option_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"--chimera(?:-[a-z]+)*", text_of(document)))
    assert named <= {flag.name for flag in FLAGS}


@pytest.mark.parametrize("block", all_blocks("toml"), ids=lambda block: block.place)
def test_toml_is_read_as_settings(block: Block) -> None:
    ini = tomllib.loads(block.text)["tool"].get("pytest", {}).get("ini_options", {})
    settings = load_settings(ini.get)
    checked_allowances(settings.allow)
    assert {key for key in ini if key.startswith("chimera_")} <= KEYS
    placeholders = set(re.findall(r"\{(\w+)\}", f"{settings.serve}{settings.env}"))
    assert placeholders <= set(SERVE_PLACEHOLDERS)
    assert set(re.findall(r"\{(\w+)\}", settings.coder)) <= set(CODER_PLACEHOLDERS)


# -- hooks


def test_the_reference_has_each_hook_with_its_arguments() -> None:
    shown_hooks = {}
    for block in blocks(REFERENCE / "hooks.md"):
        found = re.fullmatch(r"def (pytest_chimera_\w+)\((.*)\): \.\.\.\n", block.text)
        if found:
            shown_hooks[found[1]] = [each for each in found[2].split(", ") if each]
    assert shown_hooks == HOOKS


def test_the_readme_has_each_hook_with_its_arguments() -> None:
    shown_hooks = {code(row[0]) for row in rows(README, "Hooks")} - {""}
    assert shown_hooks == {f"{name}({', '.join(arguments)})" for name, arguments in HOOKS.items()}


@pytest.mark.parametrize("document", PAGES, ids=shown)
def test_every_hook_that_is_named_exists(document: Path) -> None:
    assert set(re.findall(r"\bpytest_chimera_\w+", text_of(document))) <= HOOKS.keys()


def test_the_table_of_transitions_is_the_one_that_is_used() -> None:
    found = {code(row[0]): row for row in rows(REFERENCE / "hooks.md", "pytest_chimera_transitions")}
    for phase, route in TRANSITIONS.items():
        leads_to = [code(cell) for cell in found[phase.value][1:4]]
        assert leads_to == [str(route.on_success), str(route.on_rejected), str(route.on_failure)]
        assert found[phase.value][4].startswith(f"{route.timeout:g}")


# -- models and outcomes

MODELS = {
    name: model
    for module in (models, workflow)
    for name, model in vars(module).items()
    if inspect.isclass(model)
    and issubclass(model, Value)
    and model.__module__.startswith(module.__name__)
    and model is not Value
}


def test_the_values_of_the_workflow_are_where_the_page_says() -> None:
    assert MODELS.keys() >= {"Feature", "TestRun", "PhaseResult", "Route", "ChimeraWorkflow"}


@pytest.mark.parametrize("name", MODELS)
def test_every_field_of_a_model_is_described(name: str) -> None:
    described = [code(row[0]) for row in rows(REFERENCE / "models.md", name) if code(row[0])]
    assert described == list(MODELS[name].model_fields)


@pytest.mark.parametrize("name", MODELS)
def test_the_default_of_a_field_is_the_one_that_is_shown(name: str) -> None:
    shown_defaults = {code(row[0]): code(row[2]) for row in rows(REFERENCE / "models.md", name) if code(row[0])}
    for field, info in MODELS[name].model_fields.items():
        default = info.get_default(call_default_factory=True)
        told = f'"{default!s}"' if isinstance(default, str) else repr(default)
        assert shown_defaults[field] == ("" if info.is_required() else told)


def test_every_reason_is_described() -> None:
    assert sorted(code(row[0]) for row in rows(REFERENCE / "models.md", "Reasons") if code(row[0])) == sorted(Reason)


def verdict(state: str) -> Verdict:
    return Verdict.model_validate({"feature": "", "state": state, "sentence": ""})


STATES = get_args(Verdict.model_fields["state"].annotation)


@pytest.mark.parametrize("state", STATES)
def test_every_outcome_is_described_and_passes_where_the_page_says_so(state: str) -> None:
    page = REFERENCE / "outcomes.md"
    assert f"\n## {state}\n" in text_of(page)
    row = next(row for row in rows(page) if code(row[0]) == state)
    assert (row[1] == "passed") == verdict(state).passed


def test_the_readme_names_outcomes_that_there_are() -> None:
    for row in rows(README, "Outcomes")[1:]:
        assert (row[1] == "passed") == verdict(code(row[0])).passed


# -- files


def test_every_event_is_described() -> None:
    assert {code(row[0]) for row in rows(REFERENCE / "files.md", "Journal")} >= _FOLDS.keys()


def test_every_field_of_a_journals_line_is_described() -> None:
    assert {code(row[0]) for row in rows(REFERENCE / "files.md", "Journal")} >= set(Event._fields)


def test_every_key_of_the_mirror_is_described() -> None:
    assert [code(row[0]) for row in rows(REFERENCE / "files.md", "Mirror")[1:]] == list(cache_mirror(FeatureRecord()))


def test_every_trailer_is_described() -> None:
    assert [code(row[0]) for row in rows(REFERENCE / "files.md", "Trailers")[1:]] == list(trailers.FIELDS)


# -- coders, rules, names


def test_what_a_coder_is_told_is_described() -> None:
    brief = Brief(
        feature=Feature(id="a", description="A"), test=GeneratedTest(source="", path="t.py", name="t"), failing=""
    )
    described = [code(row[0]) for row in rows(CODER, "A command line")]
    assert set(described) >= {f"{{{name}}}" for name in CODER_PLACEHOLDERS}
    assert {name for name in described if name.startswith("CHIMERA_")} == coders._told(brief).keys()


def test_every_rule_of_the_guardian_is_described() -> None:
    assert RULES.keys() == {code(row[0]) for row in rows(REFERENCE / "hooks.md", "pytest_chimera_review_change")} - {""}


def test_the_how_to_says_of_each_rule_what_it_does_and_whether_it_may_be_allowed() -> None:
    told = {code(row[0]): row for row in rows(DOCS / "how-to" / "allow-a-rule.md")[1:]}
    assert told.keys() - {""} == RULES.keys()
    for name, rule in RULES.items():
        assert told[name][2].startswith(rule.severity)
        assert told[name][3].startswith("yes") == rule.may_be_allowed


def test_every_public_name_is_in_the_library() -> None:
    text = text_of(REFERENCE / "library.md")
    assert [name for name in pytest_chimera.__all__ if name != "__version__" and f"`{name}`" not in text] == []


def test_every_phase_is_in_the_library() -> None:
    found = {code(row[0]): row for row in rows(REFERENCE / "library.md", "Phases")}
    assert {phase.name: phase.value for phase in ChimeraPhase} == {
        name: code(row[1]) for name, row in found.items() if name in ChimeraPhase.__members__
    }


def test_every_module_has_its_place_in_the_architecture() -> None:
    text = text_of(DOCS / "explanation" / "architecture.md")
    package = Path(pytest_chimera.__file__).parent
    names = [path.name for path in package.glob("*.py") if path.name != "__init__.py"]
    names += [f"{path.parent.name}/" for path in package.glob("*/__init__.py")]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_name_that_the_pages_give_can_be_imported() -> None:
    pages = [README, *sorted(DOCS.rglob("*.md"))]
    named = {name for page in pages for name in re.findall(r"\bpytest_chimera(?:\.\w+)+", text_of(page))}
    assert named
    for name in sorted(named - {"pytest_chimera.__main__"}):
        pkgutil.resolve_name(name)


def test_the_walk_through_the_architecture_names_what_is_there() -> None:
    modules = {path.stem: path for path in Path(pytest_chimera.__file__).parent.rglob("*.py")}
    named = re.findall(r"`(?:\w+\.)?(\w+)\.(\w+)(?:\.(\w+))?`", text_of(DOCS / "explanation" / "architecture.md"))
    named = [each for each in named if each[0] in modules and each[1] != "py"]
    assert len(named) > 10
    for module, *names in named:
        source = modules[module].read_text(encoding="utf-8")
        assert all(re.search(rf"(def|class) {name}\b", source) for name in names if name), (module, names)


def test_the_readme_describes_arguments_of_the_marker_that_there_are() -> None:
    described = {code(row[0]) for row in rows(README, "The marker")} - {""}
    assert described <= {"description", *ARGUMENTS}


# -- links


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return {
        name if not plain[:index].count(name) else f"{name}-{plain[:index].count(name)}"
        for index, name in enumerate(plain)
    }


@pytest.mark.parametrize("document", PAGES, ids=shown)
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_index_leads_to_every_page() -> None:
    links = {(DOCS / link).resolve() for link in re.findall(r"\]\(([^)#\s]+)\)", text_of(DOCS / "index.md"))}
    assert {page for page in DOCS.rglob("*.md") if page.name != "index.md"} <= links
