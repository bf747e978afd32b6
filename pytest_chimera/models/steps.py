"""The parsed steps of a feature, and the test that is generated from them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from pytest_chimera.models.base import StepKeyword, Value


class Target(Value):
    """The element that a step acts on or checks.

    :param role: the ARIA role named by the words (``"button"``), if any.
    :param name: the accessible name, label, placeholder or text; empty if the words give none.
    :param by: the kind of ``name`` according to the words: a ``"label"``, a ``"test id"`` …; empty if not specified.
    :param quoted: the name was quoted; ``exact``: the name must match exactly, so that longer names do not match.
    :param text: what it contains ("containing "Milk"").
    :param having: the role of an element inside it ("with an image").
    :param scope: the element in which it is located, if the words give one ("in the list "Todos"").
    :param ordinal: which of several: 1 is the first, -1 the last.
    :param level: a heading's level.
    :param css: a selector, only if the person wrote one.
    :param guessed: some of the words were treated as mere description.
    """

    role: str | None = None
    name: str = ""
    by: str = ""
    quoted: bool = False
    exact: bool = False
    text: str = ""
    having: str = ""
    scope: Target | None = None
    ordinal: int | None = None
    level: int | None = None
    css: str | None = None
    guessed: bool = False


class Call(Value):
    """One of the project's own functions, called by a step.

    :param path: the module that contains it; ``name`` is its name.
    :param arguments: the arguments, in the order of its parameters.
    :param arranges: it arranges data before the browser starts; otherwise it acts on the page.
    """

    path: str
    name: str
    arguments: dict[str, int | float | str] = Field(default_factory=dict)
    arranges: bool = False

    def as_text(self) -> str:
        """The call as Python: ``orders(count=3)``; one that acts on the page gets it first."""
        given = [] if self.arranges else ["page"]
        return f"{self.name}({', '.join([*given, *(f'{name}={value!r}' for name, value in self.arguments.items())])})"


class Step(Value):
    """One parsed line of a scenario.

    :param keyword: Given, When or Then; And and But have the keyword that they continue.
    :param text: the step as the person wrote it, without its keyword.
    :param line: its line in the file (1 is the first); 0 if there is none.
    :param kind: what is done or expected: ``"click"``, ``"fill"``, ``"assert-text"`` …
    :param target: what it acts on; ``value`` is what it types, chooses or expects.
    :param code: the Playwright code for it.
    :param certainty: 1.0 if the words are unambiguous; lower for an interpretation, which is printed as one.
    :param calls: the project's own functions that it calls.
    """

    keyword: StepKeyword
    text: str
    line: int = 0
    kind: str
    target: Target | None = None
    value: str | None = None
    code: tuple[str, ...] = ()
    certainty: float = 1.0
    calls: tuple[Call, ...] = ()

    @property
    def arranges(self) -> bool:
        """It arranges data before the browser starts, and does nothing else."""
        return bool(self.calls) and not self.code


class Scenario(Value):
    """The parsed acceptance steps of a feature.

    :param title: the scenario's title.
    :param url: the path where it starts.
    """

    title: str
    url: str = "/"
    steps: tuple[Step, ...]


class StepLines(Value):
    """The position of a step in the source: ``first`` and ``last`` are 1-based line numbers, both inclusive."""

    keyword: StepKeyword
    text: str
    first: int
    last: int


class GeneratedTest(Value):
    """The pytest + Playwright source generated from a scenario.

    :param source: the entire module.
    :param path: its path in the project: ``tests/e2e/test_add_todo.py``.
    :param name: the test function's name.
    :param steps: which lines belong to which step; empty for a test written by a person or a hook.
    """

    __test__: ClassVar[bool] = False

    source: str
    path: str
    name: str
    steps: tuple[StepLines, ...] = ()

    @property
    def lines(self) -> int:
        """The number of lines of the source."""
        return self.source.count("\n")
