"""What the steps of a feature mean, and the test that they become."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from pytest_chimera.models.base import StepKeyword, Value


class Target(Value):
    """What a step acts on or looks at.

    :param role: the ARIA role that the words name (``"button"``), when they name one.
    :param name: the accessible name, label, placeholder or text; empty when the words give none.
    :param by: what the words say that ``name`` is: a ``"label"``, a ``"test id"`` …; empty when they don't.
    :param quoted: the name was written in quotes; ``exact``: no longer name is meant.
    :param text: what it contains ("containing "Milk"").
    :param having: the role of something in it ("with an image").
    :param scope: the place it is looked for in, when the words give one ("in the list "Todos"").
    :param ordinal: which of several: 1 is the first, -1 the last.
    :param level: a heading's level.
    :param css: a selector, only where the person wrote one.
    :param guessed: part of the words was read as mere description.
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
    """A function of the project's own that a step calls.

    :param path: the module that holds it; ``name`` is its own.
    :param arguments: what its parameters are given, in their order.
    :param arranges: it arranges what is there before the browser comes; otherwise it works on the page.
    """

    path: str
    name: str
    arguments: dict[str, int | float | str] = Field(default_factory=dict)
    arranges: bool = False

    def as_text(self) -> str:
        """The call as Python: ``orders(count=3)``; one that works on the page is given it first."""
        given = [] if self.arranges else ["page"]
        return f"{self.name}({', '.join([*given, *(f'{name}={value!r}' for name, value in self.arguments.items())])})"


class Step(Value):
    """One line of a scenario, understood.

    :param keyword: Given, When or Then; And and But carry the keyword that they continue.
    :param text: the step as the person wrote it, without its keyword.
    :param line: its line in the file (1 is the first); 0 when it has none.
    :param kind: what is done or expected: ``"click"``, ``"fill"``, ``"assert-text"`` …
    :param target: what it acts on; ``value`` is what it types, chooses or expects.
    :param code: the Playwright lines that it becomes.
    :param certainty: 1.0 when the words say it; lower for an interpretation that is printed as one.
    :param calls: the project's own functions that it stands for.
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
        """It says what is there before the browser comes, and nothing else."""
        return bool(self.calls) and not self.code


class Scenario(Value):
    """A feature's acceptance steps, parsed.

    :param title: the sentence that the scenario is named by.
    :param url: the path at which it begins.
    """

    title: str
    url: str = "/"
    steps: tuple[Step, ...]


class StepLines(Value):
    """Where a step stands in the source: ``first`` and ``last`` are 1-based line numbers, both included."""

    keyword: StepKeyword
    text: str
    first: int
    last: int


class GeneratedTest(Value):
    """The pytest + Playwright source rendered from a scenario.

    :param source: the whole module.
    :param path: where it lies in the project: ``tests/e2e/test_add_todo.py``.
    :param name: the test function's name.
    :param steps: which lines belong to which step; empty for a test that a person or a hook wrote.
    """

    __test__: ClassVar[bool] = False

    source: str
    path: str
    name: str
    steps: tuple[StepLines, ...] = ()

    @property
    def lines(self) -> int:
        """How many lines the source has."""
        return self.source.count("\n")
