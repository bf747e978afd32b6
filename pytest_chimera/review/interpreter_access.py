"""Code of an application that reaches into the interpreter that it shares with its tests: what a change adds of it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from pytest_chimera.review.judge_awareness import TESTERS

_CALLS = {
    "gc": {"get_objects", "get_referrers", "get_referents"},
    "sys": {"_getframe", "_current_frames", "settrace", "setprofile", "_getframemodulename"},
    "threading": {"settrace", "setprofile", "settrace_all_threads", "setprofile_all_threads"},
    "inspect": {"stack", "currentframe", "trace", "getouterframes"},
    "os": {"_exit", "abort", "closerange"},
    "faulthandler": {"cancel_dump_traceback_later"},
}
_TABLES = {("sys", "meta_path"), ("sys", "path_hooks"), ("sys", "monitoring"), ("sys", "modules")}
_CHANGES = {
    "append",
    "insert",
    "extend",
    "clear",
    "pop",
    "remove",
    "update",
    "setdefault",
    "register_callback",
    "set_events",
}
_FOREIGN = {"builtins", "unittest", "_pytest", "pytest", "atexit", "json", "hmac", "os", "sys", "ast", "importlib"}
_DESCRIPTORS = re.compile(r"/(?:proc/[^/]+|dev)/fd\b|/proc/(?:self|thread-self|\d+)/(?:mem|maps|map_files)\b")
_INSIDES = {"__code__", "__globals__", "__closure__", "__defaults__", "__kwdefaults__", "__bases__"}
_ANSWERS = {"__eq__", "__ne__", "__contains__", "__lt__", "__gt__", "__le__", "__ge__", "__bool__", "__len__"}


def new_access(path: str, before: bytes, after: bytes) -> list[tuple[str, int]]:
    """What a change adds to a file of Python: what was seen, and its line."""
    if not path.endswith((".py", ".pyi")):
        return []
    try:
        known, seen = Counter(what for what, _ in _access(before)), [*_access(after)]
    except RecursionError:
        return [("what is nested too deeply to be read", 0)]
    found = []
    for what, line in seen:
        if known[what]:
            known[what] -= 1
        else:
            found.append((what, line))
    return found


def _access(content: bytes) -> Iterator[tuple[str, int]]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    names = dict(_imported(tree))
    for node in ast.walk(tree):
        if what := _reaches_in(node, names) or _imports_tests(node) or _takes_module(node, names):
            yield what, getattr(node, "lineno", 0)


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What a name stands for: ``objects`` for ``gc.get_objects``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((each.asname or each.name.partition(".")[0], each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((each.asname or each.name, f"{node.module}.{each.name}") for each in node.names)


def _reaches_in(node: ast.AST, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute | ast.Name):
        return _names_it(node, names)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _DESCRIPTORS.search(node.value):
        return node.value[:40]
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
        targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
        return next((what for each in targets if (what := _changes(each, names))), "")
    if isinstance(node, ast.Call):
        return _calls(node, names)
    if isinstance(node, ast.FunctionDef) and node.name in _ANSWERS and _says_one_thing(node):
        return f"{node.name} that gives the same answer always"
    return ""


def _imports_tests(node: ast.AST) -> str:
    """Tests import the application, and not the other way round."""
    found: list[str] = []
    if isinstance(node, ast.Import):
        found = [each.name for each in node.names]
    elif isinstance(node, ast.ImportFrom) and not node.level:
        found = [node.module or ""]
    return next((f"import {name}" for name in found if _OF_TESTS.match(name)), "")


_OF_TESTS = re.compile(r"(?:tests?(?:\.|$)|test_\w+$|conftest$)")


def _takes_module(node: ast.AST, names: dict[str, str]) -> str:
    """A module that is loaded already, taken out of the table of them all; its own a module may have."""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript) and _whole(node.value, names) == "sys.modules":
        key = node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        takes = _whole(node.func.value, names) == "sys.modules" and node.func.attr in {"get", "values", "items"}
        key = (node.args[0] if node.args else node) if takes else None
    if key is None or (isinstance(key, ast.Name) and key.id == "__name__"):
        return ""
    is_told_already = isinstance(key, ast.Constant) and str(key.value).partition(".")[0] in TESTERS
    return "" if is_told_already else "sys.modules"


def _whole(node: ast.AST, names: dict[str, str]) -> str:
    """A dotted name as it was imported."""
    if isinstance(node, ast.Attribute):
        inner = _whole(node.value, names)
        return f"{inner}.{node.attr}" if inner else ""
    return names.get(node.id, "") if isinstance(node, ast.Name) else ""


def _names_it(node: ast.Attribute | ast.Name, names: dict[str, str]) -> str:
    whole = _whole(node, names)
    module, _, name = whole.rpartition(".")
    return whole if name in _CALLS.get(module, ()) or whole == "ctypes.pythonapi" else ""


def _changes(target: ast.expr, names: dict[str, str]) -> str:
    """A table of the interpreter, or something of a module of others', that is given another value."""
    if isinstance(target, ast.Subscript):
        target = target.value
        whole = _whole(target, names)
        return f"a change to {whole}" if tuple(whole.rsplit(".", 1)) in _TABLES else ""
    if isinstance(target, ast.Attribute) and target.attr in _INSIDES:
        return f"a change to {target.attr}"
    whole = _whole(target, names) if isinstance(target, ast.Attribute) else ""
    return f"a change to {whole}" if whole.partition(".")[0] in _FOREIGN and whole.count(".") else ""


def _calls(node: ast.Call, names: dict[str, str]) -> str:
    if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
        whole = _whole(node.func.value, names)
        return f"a change to {whole}" if tuple(whole.rsplit(".", 1)) in _TABLES else ""
    is_set = isinstance(node.func, ast.Name) and node.func.id in {"setattr", "delattr"} and node.args
    whole = _whole(node.args[0], names) if is_set else ""
    return f"a change to {whole}" if whole.partition(".")[0] in _FOREIGN else ""


def _says_one_thing(node: ast.FunctionDef) -> bool:
    said = [each for each in node.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    last = said[0] if len(said) == 1 else None
    return isinstance(last, ast.Return) and isinstance(last.value, ast.Constant) and bool(node.args.args[1:])
