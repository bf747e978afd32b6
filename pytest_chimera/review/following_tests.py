"""What became of a test: the same, stronger, one that follows a changed answer, or one that asserts less.

A test follows when what it expects has grown, and everything old is still there: a key, a column, a line. Any other
change is taken for a weaker test, because the test as it was either passes still, and needs no change, or says that
something is broken.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from itertools import zip_longest

Function = ast.FunctionDef | ast.AsyncFunctionDef
STOPS = {"skip", "skipif", "xfail", "importorskip", "exit", "expectedFailure", "skipIf", "skipUnless", "skipTest"}
"""Words that switch a test off."""
_TAMPERS = {
    "setattr",
    "delattr",
    "monkeypatch",
    "patch",
    "mock",
    "Mock",
    "MagicMock",
    "globals",
    "vars",
    "exec",
    "eval",
}
_MARKS = {"parametrize", "usefixtures", "asyncio", "anyio", "django_db"}
_EQUALS = {
    "assertEqual",
    "assertEquals",
    "assertDictEqual",
    "assertListEqual",
    "assertTupleEqual",
    "assertMultiLineEqual",
}
_LINES = {
    "splitlines",
    "readlines",
    "lines",
    "split",
    "columns",
    "fieldnames",
    "header",
    "headers",
    "keys",
    "field_names",
}
_SEPARATORS = ",;\t|"


class Fate(IntEnum):
    """What became of a test, the best first."""

    SAME = 0
    STRONGER = 1
    FOLLOWS = 2
    WEAKER = 3


def fate_of(old: ast.stmt, new: ast.stmt) -> Fate:
    """What became of a test, of a function that tests use, or of a value in a test module."""
    if dumped(old) == dumped(new):
        return Fate.SAME
    if isinstance(old, Function) and isinstance(new, Function) and type(old) is type(new):
        return max(_arguments(old, new), _decorators(old, new), _body(_said(old), _said(new)))
    if isinstance(old, ast.Assign) and isinstance(new, ast.Assign) and _same(old.targets, new.targets):
        return Fate.STRONGER if _holds_rows(old.value, new.value) else Fate.WEAKER
    return Fate.WEAKER


def dumped(node: ast.AST) -> str:
    """A piece of code without its layout; which side of a comparison for equality stands first does not count."""
    return ast.dump(_Sides().visit(ast.parse(ast.unparse(node))))


class _Sides(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.body = _said(node) or node.body
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        self.generic_visit(node)
        node.body = _said(node) or node.body
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            node.left, node.comparators[0] = sorted((node.left, node.comparators[0]), key=ast.dump)
        return node


def word(node: ast.AST) -> str:
    """The last word of a name."""
    if isinstance(node, ast.Call):
        return word(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def bound_by(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
            yield each.id
        elif isinstance(each, Function | ast.ClassDef):
            yield each.name
        elif isinstance(each, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in each.names)
        elif isinstance(each, ast.Global | ast.Nonlocal):
            yield from each.names


def _same(old: Sequence[ast.AST], new: Sequence[ast.AST]) -> bool:
    return [dumped(each) for each in old] == [dumped(each) for each in new]


def _said(function: Function) -> list[ast.stmt]:
    """A function's statements without its docstring."""
    return [each for each in function.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]


# -- a function's head


def _arguments(old: Function, new: Function) -> Fate:
    """More fixtures may be asked for; none may go, and defaults stay."""
    before, after = ([each.arg for each in function.args.args] for function in (old, new))
    plain = [ast.dump(function.args.args[0]) if function.args.args else "" for function in (old, new)]
    old_rest, new_rest = (ast.dump(ast.arguments([], [], *_of_rest(function.args))) for function in (old, new))
    if old_rest != new_rest or not set(before) <= set(after) or (before and after and before[0] == "self" != after[0]):
        return Fate.WEAKER
    return Fate.SAME if plain[0] == plain[1] and before == after else Fate.STRONGER


def _of_rest(
    given: ast.arguments,
) -> tuple[ast.arg | None, list[ast.arg], list[ast.expr | None], ast.arg | None, list[ast.expr]]:
    return given.vararg, given.kwonlyargs, given.kw_defaults, given.kwarg, given.defaults


def _decorators(old: Function, new: Function) -> Fate:
    before, after = list(old.decorator_list), list(new.decorator_list)
    fate = Fate.SAME
    for each in before:
        match = next((other for other in after if _holds_mark(each, other)), None)
        if match is None:
            return Fate.WEAKER
        fate = fate if dumped(each) == dumped(match) else Fate.STRONGER
        after.remove(match)
    return fate if all(word(each) in _MARKS for each in after) else Fate.WEAKER


def _holds_mark(old: ast.expr, new: ast.expr) -> bool:
    if dumped(old) == dumped(new):
        return True
    if not isinstance(old, ast.Call) or not isinstance(new, ast.Call) or not word(old) == word(new) == "parametrize":
        return False
    said, says = ([key for key in each.keywords if key.arg != "ids"] for each in (old, new))
    if len(old.args) != len(new.args) or not _same(said, says):
        return False
    return len(old.args) > 1 and _same(old.args[:1], new.args[:1]) and _holds_rows(old.args[1], new.args[1])


def _holds_rows(old: ast.expr, new: ast.expr) -> bool:
    """Whether a list of values has all its values still; more may have come."""
    if not (isinstance(old, ast.List | ast.Tuple) and isinstance(new, ast.List | ast.Tuple)):
        return dumped(old) == dumped(new)
    left = [dumped(each) for each in new.elts]
    return all(_taken(left, dumped(each)) for each in old.elts)


def _taken(left: list[str], wanted: str) -> bool:
    if wanted not in left:
        return False
    left.remove(wanted)
    return True


# -- a function's body


def _body(old: list[ast.stmt], new: list[ast.stmt]) -> Fate:
    """Every statement is still there, in the same order, and what was added undoes none of them."""
    fate, left, added = Fate.SAME, list(old), []
    for statement in new:
        grown = _statement(left[0], statement) if left else Fate.WEAKER
        if grown is not Fate.WEAKER:
            fate = max(fate, grown)
            left.pop(0)
        else:
            added.append(statement)
    if left:
        return Fate.WEAKER
    names = {each.id for statement in old for each in ast.walk(statement) if isinstance(each, ast.Name)}
    if not all(_is_harmless(each, names) for each in added):
        return Fate.WEAKER
    return max(fate, Fate.STRONGER) if added else fate


def _is_harmless(node: ast.stmt, names: set[str]) -> bool:
    if not isinstance(
        node, ast.Assert | ast.Assign | ast.AnnAssign | ast.Expr | ast.With | ast.For | ast.Import | ast.ImportFrom
    ):
        return False
    words = {word(each) for each in ast.walk(node)}
    stores = (each for each in ast.walk(node) if isinstance(each, ast.Attribute | ast.Subscript))
    leaves = any(isinstance(each, ast.Return | ast.Raise | ast.Try | ast.Break) for each in ast.walk(node))
    is_changing = any(not isinstance(each.ctx, ast.Load) for each in stores)
    return not (words & (STOPS | _TAMPERS) or is_changing or leaves or not names.isdisjoint(bound_by(node)))


def _statement(old: ast.stmt, new: ast.stmt) -> Fate:
    if dumped(old) == dumped(new):
        return Fate.SAME
    pairs = list(_compared(old, new))
    return Fate.FOLLOWS if pairs and all(_has_grown(*pair) for pair in pairs) else Fate.WEAKER


def _compared(old: ast.stmt, new: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr, ast.expr]]:
    """What two assertions of equality compare where one side is the same in both: that side, the old and new other."""
    before, after = _sides(old), _sides(new)
    if before and after:
        for mine, yours in ((0, 1), (1, 0)):
            for at in (0, 1):
                if dumped(before[mine]) == dumped(after[at]):
                    yield before[mine], before[yours], after[1 - at]
                    return


def _sides(node: ast.stmt) -> tuple[ast.expr, ast.expr] | None:
    if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare) and len(node.test.ops) == 1:
        return (node.test.left, node.test.comparators[0]) if isinstance(node.test.ops[0], ast.Eq) else None
    call = node.value if isinstance(node, ast.Expr) else None
    is_equal = isinstance(call, ast.Call) and word(call) in _EQUALS and len(call.args) >= 2
    return (call.args[0], call.args[1]) if is_equal and isinstance(call, ast.Call) else None


# -- a value that has grown


def _has_grown(seen: ast.expr, old: ast.expr, new: ast.expr) -> bool:
    try:
        before, after = ast.literal_eval(old), ast.literal_eval(new)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    flat = bool({word(each) for each in ast.walk(seen)} & _LINES)
    return before != after and has_grown(before, after, flat=flat)


def has_grown(old: object, new: object, *, flat: bool = False) -> bool:
    """Whether a value is the old one, or the old one with a key, a column or a line more.

    :param flat: the value is a list of lines or of columns: one without that is a list of things, of which one more is
        another answer.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        return bool(old or not new) and all(key in new and has_grown(value, new[key]) for key, value in old.items())
    if isinstance(old, bytes) and isinstance(new, bytes):
        return _text_has_grown(old.decode("latin-1"), new.decode("latin-1"))
    if isinstance(old, str) and isinstance(new, str):
        return _text_has_grown(old, new)
    if isinstance(old, list | tuple) and isinstance(new, list | tuple) and type(old) is type(new):
        return _list_has_grown(old, new, flat=flat)
    return type(old) is type(new) and old == new


def _list_has_grown(old: Sequence[object], new: Sequence[object], *, flat: bool) -> bool:
    if flat and old:
        return _are_still_there(old, new)
    if len(old) != len(new):
        return False
    rows = [
        (a, b) for a, b in zip(old, new, strict=True) if isinstance(a, list | tuple) and isinstance(b, list | tuple)
    ]
    if len(rows) == len(old) and rows:
        wider = {len(after) - len(before) for before, after in rows}
        return len(wider) == 1 and all(_row_has_grown(before, after) for before, after in rows)
    return all(has_grown(before, after) for before, after in zip(old, new, strict=True))


def _row_has_grown(old: Sequence[object], new: Sequence[object]) -> bool:
    if len(old) == len(new):
        return has_grown(list(old), list(new))
    return bool(old) and _are_still_there(old, new, twice=True)


def _are_still_there(old: Sequence[object], new: Sequence[object], *, twice: bool = False) -> bool:
    """Whether new values hold all old ones in their order.

    :param twice: what was added may say what is there already, as a cell may and a line may not.
    """
    rest, added = list(old), []
    for each in new:
        if rest and rest[0] == each:
            rest.pop(0)
        else:
            added.append(each)
    return not rest and (twice or not any(each in old for each in added))


def _text_has_grown(old: str, new: str) -> bool:
    """Lines or columns were added; an empty text has nothing that could still be there."""
    if old == new:
        return True
    before, after = old.splitlines(), new.splitlines()
    if not old.strip():
        return False
    if len(before) == len(after):
        return any(_columns_were_added(before, after, each) for each in _SEPARATORS)
    return len(before) > 1 and _are_still_there(before, after)


def _columns_were_added(old: Sequence[str], new: Sequence[str], separator: str) -> bool:
    cells: Callable[[str], list[str]] = lambda line: [each.strip() for each in line.split(separator)]  # noqa: E731
    rows = [(cells(a), cells(b)) for a, b in zip_longest(old, new, fillvalue="")]
    return all(len(before) > 1 and _are_still_there(before, after, twice=True) for before, after in rows)
