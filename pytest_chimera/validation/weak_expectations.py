"""Notes on a scenario for the person, before it is implemented: expectations that prove nothing by themselves."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator

from pytest_chimera.models import GeneratedTest, StepLines, TestRun
from pytest_chimera.scenario.rendering.row_helper import is_call, says
from pytest_chimera.validation.data.typed_literals import Script, strings

_ABSENCE = frozenset({"to_be_hidden", "not_to_be_visible", "not_to_be_attached"})
_NAMES_TEXT = re.compile(r"get_by_|to_have_text$|to_contain_text$")
_SOMETHING_SHOWN = 'page.locator("body")'


def notes_on(test: GeneratedTest, red: TestRun | None = None) -> tuple[str, ...]:
    """Return notes on a test's expectations, each in one sentence; none for a test without steps.

    :param red: the run that was red on the base; the expectation that failed there is one that the feature has to meet.
    """
    if not test.steps:
        return ()
    failure = red.failure if red else None
    failed = next((step for step in test.steps if failure and step.first <= failure.line <= step.last), None)
    notes = [*_on_absence(test, failed)]
    if failed is not None:
        held = [step for step in _expectations(test) if step.last < failed.first and step.keyword == "Then"]
        notes += [f"It held before the feature, and proves nothing by itself: {_named(step)}" for step in held]
    return tuple(notes)


HOLDS_ALREADY = (
    "Every expectation holds on the base although nothing was done, so that a feature that does nothing meets them. "
    "Expect something that shows only after an action."
)


def without_actions(test: GeneratedTest, red: TestRun, page: str) -> GeneratedTest | None:
    """Return a test with the same expectations and no actions; ``None`` if its result would be meaningless.

    :param red: the run that was red on the base: if an expectation failed, not all of them hold.
    :param page: the page's text at that point; an expectation of words that are not in it does not hold.
    """
    actions = [step for step in test.steps if step.keyword == "When"]
    failure = red.failure
    script = Script.of(test)
    if failure is None or script is None or not all(word in page.lower() for word in _expected_words(test)):
        return None
    if not _expectations(test) or script.data() or not any(step.first <= failure.line <= step.last for step in actions):
        return None
    done = {line for step in actions for line in range(step.first, step.last + 1)}
    script.function.body = [each for each in script.function.body if each.lineno not in done]
    return test.model_copy(update={"source": script.source, "steps": ()})


def _expected_words(test: GeneratedTest) -> list[str]:
    """Return the texts and names that are expected to exist."""
    calls = [call for step in _expectations(test) for call in _expects(test, step) if not _says_absent(call)]
    inner = (node for call in calls for node in ast.walk(call) if isinstance(node, ast.Call))
    rows = (text.value for call in calls if is_call(call) for text in strings(call.args[1:]))
    named = (node for node in inner if isinstance(node.func, ast.Attribute) and _NAMES_TEXT.match(node.func.attr))
    values = (value for node in named for value in _words_of(node))
    return [value.lower() for value in (*values, *rows)]


def _words_of(call: ast.Call) -> Iterator[str]:
    by_role = isinstance(call.func, ast.Attribute) and call.func.attr == "get_by_role"
    names = [each.value for each in call.keywords if each.arg == "name"] if by_role else call.args
    yield from (each.value for each in names if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _on_absence(test: GeneratedTest, failed: StepLines | None) -> Iterator[str]:
    expected = _expectations(test)
    if not expected and not _calls_helper(test):
        yield "It expects nothing: it is green as soon as its actions can be done. Add a Then."
    if failed in expected:
        return
    first_action = next((step.first for step in test.steps if step.keyword == "When"), None)
    for step in expected:
        if is_absence(test, step) and (first_action is None or step.last < first_action):
            yield f"Nothing is done before it, so that it holds without the feature, too: {_named(step)}"
    if expected and all(is_absence(test, step) for step in expected):
        yield (
            "Every expectation says that something is not there, which is also so where nothing works. "
            "Add one that names what a person would see."
        )


def _expectations(test: GeneratedTest) -> list[StepLines]:
    return [step for step in test.steps if step.keyword == "Then" and list(_expects(test, step))]


def is_absence(test: GeneratedTest, step: StepLines) -> bool:
    """Whether a step only expects something to be absent."""
    calls = [call for call in _expects(test, step) if _SOMETHING_SHOWN not in ast.unparse(call).replace("'", '"')]
    return bool(calls) and all(map(_says_absent, calls))


def _says_absent(call: ast.Call) -> bool:
    if is_call(call):
        return says(call, "absent")
    assert isinstance(call.func, ast.Attribute), "only assertions' calls are asked about"
    count = call.args[0] if call.func.attr == "to_have_count" and call.args else None
    return call.func.attr in _ABSENCE or (isinstance(count, ast.Constant) and count.value == 0)


def _expects(test: GeneratedTest, step: StepLines) -> Iterator[ast.Call]:
    """Yield the assertions in a step's lines."""
    for statement in statements_of(test, step):
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and is_call(call):
            yield call
        elif isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            inner = call.func.value
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "expect":
                yield call


def statements_of(test: GeneratedTest, step: StepLines) -> list[ast.stmt]:
    """Return the statements in a step's lines; none for a step that is a decorator."""
    lines = test.source.splitlines()[step.first - 1 : step.last]
    try:
        return ast.parse(textwrap.dedent("\n".join(lines))).body
    except SyntaxError:
        return []


def _calls_helper(test: GeneratedTest) -> bool:
    """Whether a step calls one of the project's functions, which may expect something."""
    statements = [each for step in test.steps for each in statements_of(test, step)]
    calls = [each.value for each in statements if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call)]
    return any(isinstance(call.func, ast.Name) for call in calls)


def _named(step: StepLines) -> str:
    return f"{step.keyword} {step.text}"
