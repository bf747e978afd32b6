"""What a draft may contain, and how it is inserted into Python files of all layouts."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_chimera.errors import ScenarioError
from pytest_chimera.models import Feature
from pytest_chimera.scenario.text.drafts import LONGEST, MARK, WIDEST, edit_function, read_draft

STEP = 'Then I should see "Milk"'
FEATURE = Feature(id="test_a", description="A", function="test_a", nodeid="tests/test_f.py::test_a")
LAYOUTS = {
    "one line": "def test_a(): ...\n",
    "one line with annotation": "def test_a() -> None: pass  # later\n",
    "pass": "def test_a():\n    pass\n\nx = 1\n",
    "docstring of context": 'def test_a():\n    """As a shopper I want peace.\n\n    So that I rest."""\n',
    "docstring of prose": "def test_a():\n    'It is nice here.'\n    ...\n",
    "raw docstring": 'def test_a():\n    r"""Nice\\ways."""\n',
    "wide letters": "ä = '🐈'; é = 1\n\n\ndef test_a(): ...  # ünïcode\n",
    "windows": "import x\r\n\r\n\r\ndef test_a():\r\n    ...\r\n",
    "form feed": "x = 1\n\x0c\ndef test_a():\n    ...\n",
    "no newline at the end": "def test_a(): ...",
    "decorated": "@mark(\n    1,\n)\ndef test_a(\n    a=1,\n): ...\n",
}


def docstring(source: str) -> str:
    function = next(
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef) and node.name == "test_a"
    )
    return ast.get_docstring(function) or ""


@pytest.mark.parametrize("source", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_draft_is_laid_in_whatever_the_layout(source: str) -> None:
    edit = edit_function("f.py", source, FEATURE, [STEP])
    assert docstring(edit.after).splitlines()[-2:] == [MARK, STEP]
    head, tail = source.partition("test_a")[0], source.rpartition("\n")[2]
    assert edit.after.startswith(head)
    assert edit.after.endswith(tail) or not tail.startswith("x")
    assert edit.after.count("\r\n") == (edit.after.count("\n") if "\r" in source else 0)


def test_what_the_docstring_says_stays_above_as_context_or_comment() -> None:
    edit = edit_function("f.py", LAYOUTS["docstring of context"], FEATURE, [STEP])
    assert docstring(edit.after).splitlines()[:2] == ["As a shopper I want peace.", ""]
    edit = edit_function("f.py", LAYOUTS["docstring of prose"], FEATURE, [STEP])
    assert docstring(edit.after).splitlines()[0] == "# It is nice here."


def test_a_method_is_found_by_its_class() -> None:
    source = "def test_a(): ...\n\n\nclass TestB:\n    def test_a(self): ...\n"
    feature = FEATURE.model_copy(update={"nodeid": "f.py::TestB::test_a"})
    after = edit_function("f.py", source, feature, [STEP]).after
    assert after.startswith("def test_a(): ...\n")
    assert f'        """\n        {MARK}\n        {STEP}\n        """\n' in after


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Zs", "Cn", "Co")), min_size=1))
def test_any_line_survives_in_the_docstring(text: str) -> None:
    line = f"Then {text} {text}"
    assert docstring(edit_function("f.py", LAYOUTS["pass"], FEATURE, [line]).after).splitlines() == [MARK, line]


@pytest.mark.parametrize(
    "text", ['a """ b', "a \\ b", "ends in \\", 'ends in "', '\'\'\' """ \\"\\"\\"', "\\N{DASH}", "{x}"]
)
def test_quotes_and_backslashes_survive(text: str) -> None:
    edit = edit_function("f.py", LAYOUTS["one line"], FEATURE, [text])
    assert docstring(edit.after).splitlines() == [MARK, text]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "contains no steps"),
        ("# only\n```\n", "contains no steps"),
        (f"{STEP}\n" * (LONGEST + 1), "too long"),
        ("x" * (WIDEST + 1), "too long"),
        ('Then I should see "\x1b[31mred"', "invisible characters"),
        ('Then I should see "\u202egnp.exe"', "invisible characters"),
    ],
)
def test_a_draft_that_cannot_be_shown_is_refused(text: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        read_draft(text)


def test_fences_and_comments_are_no_steps() -> None:
    assert read_draft(f"```gherkin\n  # a comment\n  {STEP}\n```\n") == (STEP,)
