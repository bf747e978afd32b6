"""The project's own functions for steps: phrase → function, from ``pytest_chimera_steps``.

A function whose first parameter is ``page`` works on the page: the generated test imports it. Any other function
arranges data before the browser starts, in a process of its own.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pytest_chimera.errors import SettingError
from pytest_chimera.models import Call
from pytest_chimera.scenario.language.glossary import Glossary, Parts, bind, literalness, parts_of, without_keyword
from pytest_chimera.scenario.language.words.lexer import Tokens
from pytest_chimera.scenario.language.words.vocabulary import NUMBERS
from pytest_chimera.scenario.text.literals import quote

HOOK = "pytest_chimera_steps"
CALL = "call"
"""The intent of a reading that is a call; the call is in its slot of that name."""
_PAGE = "page"
_KINDS: Mapping[str, Callable[[str], int | float | str]] = {"int": int, "float": float, "str": str}
_TAKEN = frozenset(
    {"expect", "re", "place", "dialog", "dialogs", "list", "str", "popup", "download", "len", "pytest", _PAGE}
)
_TAKES = {"int": "a whole number", "float": "a number"}


class NotCallable(Exception):
    """A step matches a phrase, but its values cannot be passed to the function; the text says why."""


@dataclass(frozen=True)
class StepFunction:
    """A phrase and its function.

    :param path: the function's module in the project; ``line``: the function's first line.
    :param parameters: name → the type that it takes; without ``page``.
    :param arranges: it takes no ``page``.
    """

    phrase: str
    parts: Parts
    path: str
    line: int
    name: str
    parameters: Mapping[str, str]
    arranges: bool

    def call(self, bound: Mapping[str, str]) -> Call:
        """Return the call with the phrase's parameters filled in.

        :raises NotCallable: a value does not have the parameter's type.
        """
        arguments = {name: self._typed(name, bound[name]) for name in self.parameters if name in bound}
        return Call(path=self.path, name=self.name, arguments=arguments, arranges=self.arranges)

    def _typed(self, name: str, text: str) -> int | float | str:
        kind = self.parameters[name]
        if kind == "int" and text.lower() in NUMBERS:
            return NUMBERS[text.lower()]
        try:
            return _KINDS[kind](text)
        except ValueError:
            where = f"{self.path}:{self.line}"
            raise NotCallable(
                f"{{{name}}} of {self.phrase!r} takes {_TAKES[kind]}, not {text!r} (its function: {where})."
            ) from None


class StepFunctions:
    """All phrases with a function.

    :raises SettingError: two of them, or one of them and a phrase of the glossary, are the same.
    """

    def __init__(self, functions: Sequence[StepFunction] = (), glossary: Glossary | None = None) -> None:
        self._functions = tuple(functions)
        self._glossary = glossary or Glossary()
        defined = dict.fromkeys(self._glossary.phrases, "the glossary")
        for each in self._functions:
            if each.parts in defined:
                raise SettingError(
                    f"The phrase {each.phrase!r} is bound twice.",
                    where=f"{each.path}:{each.line}, and {defined[each.parts]}",
                    remedy=f"Let {HOOK} or the glossary bind it, one of them.",
                )
            defined[each.parts] = f"{each.path}:{each.line}"

    def call_for(self, tokens: Tokens) -> Call | None:
        """Return the call for a step; ``None`` if no function's phrase matches.

        If several phrases match, the most literal one is used: ``I pay with cash`` rather than ``I pay with {card}``.

        :raises NotCallable: several equally literal phrases match, or a value has the wrong type.
        """
        found = [(each, bound) for each in self._functions if (bound := bind(each.parts, tokens)) is not None]
        if not found:
            return None
        others = self._glossary.fitting(tokens)
        most = max(
            literalness(parts) for parts in [*(each.parts for each, _ in found), *(each.parts for each in others)]
        )
        found = [(each, bound) for each, bound in found if literalness(each.parts) == most]
        names = [each.phrase for each, _ in found]
        names += [each.phrase for each in others if literalness(each.parts) == most]
        if not found:
            return None
        if len(names) > 1:
            raise NotCallable(f"It matches {len(names)} phrases: {', '.join(map(repr, names))}. Reword one of them.")
        function, bound = found[0]
        return function.call(bound)


def code_of(call: Call) -> list[str]:
    """Return a call as a statement of the test; empty for an arranging one."""
    if call.arranges:
        return []
    return [f"{call.name}({', '.join([_PAGE, *written_arguments(call)])})"]


def written_arguments(call: Call) -> list[str]:
    """Return a call's arguments as source."""
    return [
        f"{name}={quote(value) if isinstance(value, str) else repr(value)}" for name, value in call.arguments.items()
    ]


# -- reading the hook's answers


def step_functions(answers: Iterable[Any], root: Path, test_dir: str) -> tuple[StepFunction, ...]:
    """Return the functions in the answers to ``pytest_chimera_steps``.

    :param root: the project's root; ``test_dir``: the folder of generated tests in it.
    :raises SettingError: an entry is not a phrase or not a function, or the function cannot be called; the error gives
        its place.
    """
    given = dict.fromkeys(pair for answer in answers for pair in _pairs(answer))
    return tuple(_read(phrase, function, root, PurePosixPath(test_dir)) for phrase, function in given)


def _pairs(answer: Any) -> Iterator[tuple[str, Any]]:
    if inspect.iscoroutine(answer):
        answer.close()
    if not isinstance(answer, Mapping):
        raise SettingError(
            f"{HOOK} returned a {type(answer).__name__} instead of a dictionary.",
            remedy='Answer from a plain function: return {"{count} paid orders exist": paid_orders}',
        )
    for phrase, function in answer.items():
        if not isinstance(phrase, str) or not parts_of(without_keyword(phrase)):
            raise SettingError(f"{HOOK} has {phrase!r} as a phrase.", remedy="A phrase is the text of a step.")
        if not inspect.isfunction(function) or function.__name__ == "<lambda>":
            raise SettingError(
                f"{HOOK} gives {function!r} instead of a function for {phrase!r}.",
                remedy="Define one with def at the top of a module, and pass it without calling it.",
            )
        yield phrase, function


def _read(phrase: str, function: Any, root: Path, test_dir: PurePosixPath) -> StepFunction:
    written = inspect.unwrap(function)
    path, line = _place(written, root), written.__code__.co_firstlineno
    where = f"{path}:{line}"
    if path.is_absolute():
        remedy = "Put it into a module of the project."
        raise SettingError(
            f"{written.__name__}, the function for {phrase!r}, is outside the project.", where=where, remedy=remedy
        )
    if "." in written.__qualname__:
        raise SettingError(
            f"{written.__qualname__}, the function for {phrase!r}, cannot be imported.",
            where=where,
            remedy="Define it at the top of its module.",
        )
    parameters = list(inspect.signature(written).parameters.values())
    arranges = not (parameters and _is_page(parameters[0]))
    if not arranges:
        _check_importable(phrase, written.__name__, path, where, test_dir)
    parts = parts_of(without_keyword(phrase))
    kinds = _parameters(phrase, parts, parameters if arranges else parameters[1:], where)
    return StepFunction(phrase, parts, path.as_posix(), line, written.__name__, kinds, arranges)


def _place(function: Any, root: Path) -> PurePosixPath:
    path = Path(inspect.getsourcefile(function) or function.__code__.co_filename).resolve()
    root = root.resolve()
    return PurePosixPath((path.relative_to(root) if path.is_relative_to(root) else path).as_posix())


def _kind(annotation: Any) -> str:
    """Return an annotation's last name, for a class or a string."""
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    return str(name).strip("\"' ").rpartition(".")[2]


def _is_page(parameter: inspect.Parameter) -> bool:
    return parameter.name == _PAGE or _kind(parameter.annotation) == "Page"


def _check_importable(phrase: str, name: str, path: PurePosixPath, where: str, test_dir: PurePosixPath) -> None:
    """Check that a generated test can import the function.

    :raises SettingError: it cannot.
    """
    inside = path.relative_to(test_dir) if path.is_relative_to(test_dir) else None
    parts = inside.with_suffix("").parts if inside else ()
    if name in _TAKEN:
        raise SettingError(
            f"The function for {phrase!r} has a name that generated tests use: {name}.",
            where=where,
            remedy="Give it another name.",
        )
    if parts and all(map(str.isidentifier, parts)) and not re.match(r"conftest$|test_", parts[-1]):
        return
    raise SettingError(
        f"A generated test cannot import {name}, the function for {phrase!r}.",
        where=where,
        remedy=f"A function that takes page has to be in a module below {test_dir}/ that is neither a test nor a "
        f"conftest.py: move it to {test_dir}/steps.py, and import it from there.",
    )


def _parameters(phrase: str, parts: Parts, parameters: Sequence[inspect.Parameter], where: str) -> dict[str, str]:
    named = [what for kind, what in parts if kind == "parameter"]
    known = {each.name: each for each in parameters}
    for name in named:
        if name not in known:
            raise SettingError(
                f"{phrase!r} has {{{name}}}, which its function does not take.",
                where=where,
                remedy=f"Add the parameter {name}: str, or change it in the phrase.",
            )
    for each in parameters:
        if each.kind not in {each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY}:
            raise SettingError(
                f"The function for {phrase!r} takes {each}, which no phrase can give.",
                where=where,
                remedy="Let it take parameters by their names.",
            )
        if each.name not in named and each.default is each.empty:
            raise SettingError(
                f"The function for {phrase!r} takes {each.name}, which the phrase does not give.",
                where=where,
                remedy=f"Write {{{each.name}}} in the phrase, or give the parameter a default.",
            )
    return {name: _known_kind(phrase, known[name], where) for name in known if name in named}


def _known_kind(phrase: str, parameter: inspect.Parameter, where: str) -> str:
    kind = _kind(parameter.annotation)
    if kind in _KINDS:
        return kind
    said = "has no annotation" if parameter.annotation is parameter.empty else f"is annotated as {kind}"
    raise SettingError(
        f"The parameter {parameter.name} of the function for {phrase!r} {said}.",
        where=where,
        remedy=f"Write {parameter.name}: str, {parameter.name}: int or {parameter.name}: float.",
    )
