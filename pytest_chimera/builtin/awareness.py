"""Code of an application that looks for its judge: what a change adds of it.

Python is read as a syntax tree, so that a word in a text, a comment or a dependency means nothing. In other languages
only names are looked for that have one meaning.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

TESTERS = {"pytest", "_pytest", "playwright", "pytest_chimera", "pytest_playwright", "selenium"}
_NAMES = re.compile(
    r"navigator\s*(?:\.|\[['\"])\s*webdriver|HeadlessChrome|PYTEST_CURRENT_TEST|__playwright|\bcdc_adoQ"
)
_TEXTS = re.compile(r"PYTEST_CURRENT_TEST|HeadlessChrome|navigator\.webdriver|__playwright")
_SCRIPTS = {
    ".js",
    ".mjs",
    ".cjs",
    ".jsx",
    ".ts",
    ".tsx",
    ".vue",
    ".svelte",
    ".html",
    ".htm",
    ".jinja",
    ".jinja2",
    ".j2",
    ".sh",
}
_PROCESSES = re.compile(r"/proc\b|cmdline")


def new_sights(path: str, before: bytes, after: bytes) -> list[tuple[str, str, int]]:
    """What a change adds to a file that looks for a judge: rule id, what was seen, line."""
    known = Counter((rule, what) for rule, what, _ in _sights(path, before))
    found = []
    for rule, what, line in _sights(path, after):
        if known[rule, what]:
            known[rule, what] -= 1
        else:
            found.append((rule, what, line))
    return found


def _sights(path: str, content: bytes) -> Iterator[tuple[str, str, int]]:
    suffix = PurePosixPath(path).suffix.lower()
    text = content.decode("utf-8", "replace")
    if suffix in _SCRIPTS:
        for match in _NAMES.finditer(text):
            yield "test-awareness", match[0], text.count("\n", 0, match.start()) + 1
    elif suffix in {".py", ".pyi"}:
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError):
            return
        yield from _in_python(tree)


def _in_python(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (
                ("test-awareness", f"import {each.name}", node.lineno) for each in node.names if _tests(each.name)
            )
        elif isinstance(node, ast.ImportFrom) and not node.level and _tests(node.module or ""):
            yield "tester-import", f"from {node.module} import …", node.lineno
        elif isinstance(node, ast.Compare | ast.Call | ast.Subscript) and (asked := _asks_modules(node)):
            yield "test-awareness", f"{asked} in sys.modules", node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            if match := _TEXTS.search(node.value):
                yield "test-awareness", match[0], node.lineno
            elif _PROCESSES.search(node.value):
                yield "process-list", node.value[:40], node.lineno


def _tests(module: str) -> bool:
    return module.partition(".")[0] in TESTERS


def _asks_modules(node: ast.AST) -> str:
    """Which tester a piece of code looks for among the loaded modules; empty when for none."""
    source = ast.unparse(node)
    if not re.search(r"\bmodules\b", source):
        return ""
    texts = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return next((text for text in texts if isinstance(text, str) and _tests(text)), "")
