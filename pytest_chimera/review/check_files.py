"""The files that a command of ``chimera_check`` leans on: they are the base's, whatever a change makes of them.

A command says little by itself: ``make check`` runs what a Makefile says. What it names, and what that names in turn,
is laid over the candidate as it was on the base, and a change to it is a finding.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

Reads = Callable[[str], bytes | None]
_DEPTH = 4
_NODE = "package.json .npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs pnpmfile.cjs bunfig.toml"
_TEST = "pytest.ini .pytest.ini pytest.toml .pytest.toml tox.ini setup.cfg .coveragerc"
LEANS: Mapping[str, str] = {
    "make": "GNUmakefile makefile Makefile",
    "gmake": "GNUmakefile makefile Makefile",
    "npm": _NODE,
    "pnpm": _NODE,
    "yarn": _NODE,
    "bun": _NODE,
    "npx": _NODE,
    "nox": "noxfile.py",
    "tox": f"tox.ini tox.toml {_TEST}",
    "just": "justfile Justfile .justfile",
    "task": "Taskfile.yml Taskfile.yaml taskfile.yml taskfile.yaml Taskfile.dist.yml Taskfile.dist.yaml",
    "invoke": "tasks.py invoke.yaml invoke.toml invoke.json invoke.py",
    "inv": "tasks.py invoke.yaml invoke.toml invoke.json invoke.py",
    "rake": "Rakefile rakefile Rakefile.rb rakefile.rb",
    "poe": "poe_tasks.toml poe_tasks.yaml poe_tasks.json",
    "doit": "dodo.py",
    "scons": "SConstruct",
    "pre-commit": ".pre-commit-config.yaml",
    "pytest": _TEST,
    "py.test": _TEST,
    "coverage": f".coveragerc {_TEST}",
    "mypy": "mypy.ini .mypy.ini setup.cfg",
    "pyright": "pyrightconfig.json",
    "ruff": "ruff.toml .ruff.toml",
    "flake8": ".flake8 setup.cfg tox.ini",
    "pylint": ".pylintrc pylintrc pylintrc.toml .pylintrc.toml setup.cfg",
    "bandit": ".bandit bandit.yaml",
    "eslint": "eslint.config.js eslint.config.mjs eslint.config.cjs .eslintrc .eslintrc.js .eslintrc.json",
    "jest": "jest.config.js jest.config.ts jest.config.mjs jest.config.cjs jest.config.json",
    "vitest": "vitest.config.js vitest.config.ts vitest.config.mjs vite.config.js vite.config.ts",
    "mocha": ".mocharc.js .mocharc.json .mocharc.yml .mocharc.yaml .mocharc.cjs",
    "tsc": "tsconfig.json",
}
"""Program → the files that it reads: those that are not there on the base are not there for the check either."""
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "fish", "source", ".", "node", "deno", "ruby", "perl"}
_PYTHON = re.compile(r"python[\d.]*|uv|poetry|hatch|pdm|pipenv|rye")
_SCRIPTS = (".sh", ".bash", ".zsh", ".mk", ".ps1", ".bat", ".cmd")
_OWN_FOLDERS = {"scripts", "script", "tools", "tool", "ci", "bin", "dev", "hack", "build_tools", "checks"}
_TABLES = {
    "poe": "poe",
    "taskipy": "taskipy",
    "task": "taskipy",
    "hatch": "hatch",
    "pdm": "pdm",
    "tox": "tox",
    "nox": "nox",
}
_NOTHING_RAN = re.compile(
    r"is up to date\.$|Nothing to be done for|^Ran 0 tests|no tests ran|No tests? (were )?found|collected 0 items"
    r"|^\s*0 passing|no test files|^0 tests|NO TESTS RAN|Tests:\s+0 total",
    re.MULTILINE | re.IGNORECASE,
)
_RAN = re.compile(
    r"\b[1-9]\d* (?:passed|passing)|^Ran [1-9]\d* tests?|^ok\s+\S+\s+[\d.]+s|test result: ok|\[100%\]", re.MULTILINE
)
_TESTERS = re.compile(r"\b(?:pytest|py\.test|unittest|jest|vitest|mocha)\b")


def leaned_on(command: str, reads: Reads) -> set[str]:
    """The files that a command leans on, whether they are there or not.

    :param reads: gives a file as it is on the base.
    """
    found: set[str] = set()
    texts, depth = [command], 0
    while texts and depth < _DEPTH:
        new = {path for text in texts for path in _named(text, reads)} - found
        found |= new
        texts = [content.decode("utf-8", "replace") for path in sorted(new) if (content := reads(path)) is not None]
        depth += 1
    return found


def tests(command: str, reads: Reads) -> bool:
    """Whether a command runs tests, as far as it and the files that it leans on say."""
    texts = [command, *((reads(path) or b"").decode("utf-8", "replace") for path in leaned_on(command, reads))]
    return any(_TESTERS.search(text) for text in texts)


def says_nothing(output: str) -> bool:
    """Whether a command that ended well says that there was nothing to do."""
    return bool(_NOTHING_RAN.search(output)) and not ran_tests(output)


def ran_tests(output: str) -> bool:
    """Whether a command says that tests have passed."""
    return bool(_RAN.search(output))


def _named(text: str, reads: Reads) -> Iterator[str]:
    for line in text.splitlines():
        words = _words(line)
        for number, word in enumerate(words):
            name = PurePosixPath(word).name
            yield from LEANS.get(name, "").split()
            path = _normal(word)
            before = PurePosixPath(words[number - 1]).name if number else ""
            if path and _is_run(word, path, before, first=not number) and reads(path) is not None:
                yield path


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        words = line.split()
    return [part for word in words for part in re.split(r"[\s;&|(){}\[\]@$'\"`,]+", word) if part]


def _normal(word: str) -> str:
    path = PurePosixPath(word)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        return ""
    return path.as_posix()


def _is_run(word: str, path: str, before: str, *, first: bool) -> bool:
    """Whether a word names a program of the project's own that is run, or read by one; its application is not."""
    parts = PurePosixPath(path).parts
    if path.endswith(_SCRIPTS) or word.startswith("./") or before in _SHELLS or before in {"include", "-include", "-f"}:
        return True
    if len(parts) > 1 and parts[0] in _OWN_FOLDERS:
        return True
    return first or (bool(_PYTHON.fullmatch(before)) and parts[-1].startswith(("check", "test", "run_test", "lint")))


# -- what changed of them


def laid(path: str, base: bytes | None, candidate: bytes | None) -> bytes | None:
    """What a check is given for a file: the base's, but for what a change may add to it, such as what it needs."""
    if PurePosixPath(path).name in _COMPARED_ELSEWHERE:
        return candidate
    if PurePosixPath(path).name == "package.json" and base is not None and candidate is not None:
        return _with_scripts_of(base, candidate)
    return base


def _with_scripts_of(base: bytes, candidate: bytes) -> bytes:
    try:
        old, new = json.loads(base), json.loads(candidate)
        return json.dumps({**new, "scripts": {**new.get("scripts", {}), **old.get("scripts", {})}}).encode()
    except (ValueError, AttributeError, TypeError, RecursionError):
        return base


_COMPARED_ELSEWHERE = {"setup.cfg", "tox.ini"}
"""What of them counts is compared by the table of protected files."""


def changed_of(path: str, before: bytes | None, after: bytes | None) -> bool:
    """Whether what a check finds in a file is not what it was: new targets and new scripts are free."""
    if before == after:
        return False
    name = PurePosixPath(path).name
    if before is not None and after is not None:
        if name.lower() in {"makefile", "gnumakefile"} or name.endswith(".mk"):
            return _makefile_lost(before.decode("utf-8", "replace"), after.decode("utf-8", "replace"))
        if name == "package.json":
            return _scripts_lost(before, after)
    return name not in _COMPARED_ELSEWHERE


def tables_changed(commands: Iterable[str], before: bytes, after: bytes) -> list[str]:
    """The tools whose table in ``pyproject.toml`` has changed while a command names them."""
    words = {PurePosixPath(word).name for command in commands for word in _words(command)}
    tools = {_TABLES.get(word, word) for word in words}
    try:
        old, new = (tomllib.loads(each.decode()).get("tool", {}) for each in (before, after))
    except ValueError:
        return []
    shared = tools & (old.keys() | new.keys()) - {"pytest"}
    return sorted(tool for tool in shared if old.get(tool) != new.get(tool) and not _grew(old.get(tool), new.get(tool)))


def _grew(old: Any, new: Any) -> bool:
    """Tasks were added, and those that there were are what they were."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and {"tasks", "envs", "scripts"} & old.keys():
        return all(key in new and (new[key] == value or _all_kept(value, new[key])) for key, value in old.items())
    return False


def _all_kept(old: Any, new: Any) -> bool:
    both = isinstance(old, Mapping) and isinstance(new, Mapping)
    return both and all(new.get(key) == value for key, value in old.items())


def _scripts_lost(before: bytes, after: bytes) -> bool:
    try:
        old, new = (json.loads(each).get("scripts", {}) for each in (before, after))
    except (ValueError, AttributeError, RecursionError):
        return True
    around = {f"{when}{name}" for name in old for when in ("pre", "post")}
    return any(new.get(name) != line for name, line in old.items()) or bool((new.keys() - old.keys()) & around)


def _makefile_lost(before: str, after: str) -> bool:
    """Whether a rule or a setting is gone, changed, or new and no plain target."""
    old, new = _rules(before), _rules(after)
    added = new.keys() - old.keys()
    targets = {name for key in old for name in key.split()}
    named = {name for key in added for name in key.split()}
    odd = any(name.startswith((".", "%")) or "$" in name for name in named)
    return any(new.get(key) != rule for key, rule in old.items()) or odd or not targets.isdisjoint(named)


def _rules(text: str) -> dict[str, str]:
    """Target → its line and recipe; everything that is no rule stands under the empty name."""
    rules: dict[str, str] = {"": ""}
    current = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#") or line.startswith(".PHONY"):
            continue
        head = re.match(r"^([^\s:=#][^:=#]*?)\s*::?(?!=)", line)
        if line.startswith("\t"):
            rules[current] += f"\n{line.strip()}"
        elif head:
            current = head[1]
            rules[current] = f"{rules.get(current, '')}\n{line.strip()}"
        else:
            current = ""
            rules[""] += f"\n{line.strip()}"
    return rules
