"""Arranges a test's data before its browser starts, with the project's own functions in a process of their own.

The functions, and all other test code, are taken from the sealed commit. The application that they import is the
deployment's own, and they run in its folder: models have to match the tables made by this commit's migrations, and a
database that the settings put next to the code exists only in that folder.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pytest_chimera.context.project_tests import is_test_file
from pytest_chimera.errors import ArrangingFailed
from pytest_chimera.models import (
    Call,
    GeneratedTest,
)
from pytest_chimera.scenario.functions.helpers import arranging_step
from pytest_chimera.staging.arranging_program import DJANGO
from pytest_chimera.staging.local.framework_detection import django_settings
from pytest_chimera.staging.local.ports import HOST
from pytest_chimera.staging.local.server import environment_of
from pytest_chimera.system.import_paths import Origin
from pytest_chimera.system.supervision import Finished, describe_exit, tail_of

_SCRIPT = Path(__file__).with_name("arranging_program.py")


@dataclass(frozen=True)
class Where:
    """The deployment in which data is arranged.

    :param folder: its checkout; ``url``: its address. Empty if unknown, for a deployment made by someone else.
    :param origin: what ``folder`` is a copy of; ``None`` if it is the person's own.
    """

    folder: Path
    url: str
    port: int = 0
    data_dir: str = ""
    name: str = ""
    origin: Origin | None = None

    def environment(self, env: Sequence[str]) -> dict[str, str]:
        """Return the environment of the served application.

        :param env: from ``chimera_env``; lines that need unknown facts about the deployment are left out.
        """
        known = {"port": str(self.port or ""), "host": HOST if self.port else "", "data_dir": self.data_dir}
        values = {name: value for name, value in {**known, "name": self.name}.items() if value}
        given = [line for line in env if set(re.findall(r"\{([A-Za-z_]\w*)\}", line)) & _UNKNOWN <= values.keys()]
        told = {"CHIMERA_BASE_URL": self.url, "CHIMERA_DATA_DIR": self.data_dir}
        found = {DJANGO: django_settings(self.folder)}  # manage.py would set it, but only for the application
        chosen = found | environment_of(self.folder, given, values, self.origin) | told
        return {name: value for name, value in chosen.items() if value or name not in {*found, *told}}


_UNKNOWN = {"port", "host", "data_dir", "name"}


@dataclass(frozen=True)
class Code:
    """The sealed commit's files.

    :param folder: their folder; ``paths``: those that take precedence over the deployment's own.
    """

    folder: Path
    paths: tuple[str, ...]

    @classmethod
    def sealed(cls, folder: Path, files: Collection[str], calls: Sequence[Call]) -> Code:
        """Return all tests among a commit's files, and the modules that are called."""
        called = {call.path for call in calls}
        return cls(folder, tuple(path for path in files if path in called or _is_test_code(path)))


def _is_test_code(path: str) -> bool:
    return path.endswith(".py") and is_test_file(path) and not path.startswith("../")


class NotArranged(Exception):
    """A call failed.

    :param number: the index of the call, from 0; ``call``: the call itself.
    :param why: the error in a line; ``where``: the line of the project's code; ``output``: the end of the output.
    """

    def __init__(self, number: int, call: Call, why: str, where: str, output: str) -> None:
        super().__init__(f"{call.as_text()}: {why}")
        self.number, self.call = number, call
        self.why, self.where, self.output = why, where, output


@dataclass(frozen=True)
class Arranging:
    """One run of the calls.

    :param room: the folder for the log and the report.
    """

    calls: tuple[Call, ...]
    where: Where
    code: Code
    room: Path
    command: tuple[str, ...] = field(default=(sys.executable, "-P", str(_SCRIPT)))

    @property
    def log(self) -> Path:
        """The file with the calls' output."""
        return self.room / "arranging.log"

    @property
    def report(self) -> Path:
        """The file with the result of each call."""
        return self.room / "arranging.jsonl"

    def order(self) -> bytes:
        """What the program reads from standard input."""
        modules, packages = _modules(self.code), _packages(self.code, self.where.folder)
        calls = [
            {
                "module": _dotted(call.path),
                "file": str(self.code.folder / call.path),
                "name": call.name,
                "arguments": call.arguments,
            }
            for call in self.calls
        ]
        order = {
            "calls": calls,
            "modules": modules,
            "packages": packages,
            "folders": list(dict.fromkeys(_folders(self.calls, self.code))),
            "code": str(self.code.folder),
            "report": str(self.report),
        }
        return json.dumps(order).encode()

    def check(self, finished: Finished) -> None:
        """Check that all calls succeeded.

        :raises NotArranged: a call failed or was not made.
        """
        told = list(_lines(self.report))
        done = sum("done" in line for line in told)
        if done == len(self.calls) and finished.exit_code == 0:
            return
        number = min(done, len(self.calls) - 1)
        failed = next((line for line in told if "failed" in line), {})
        why = failed.get("failed") or f"its process {describe_exit(finished)}"
        call = self.calls[number]
        raise NotArranged(number, call, why, failed.get("where") or call.path, tail_of(finished.output, 30))


def _lines(report: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the report's entries; the candidate's code can write to the file, so that it may contain anything."""
    for line in report.read_text(encoding="utf-8", errors="replace").splitlines() if report.is_file() else ():
        with suppress(ValueError):
            told = json.loads(line)
            if isinstance(told, dict):
                yield told


# -- the names under which the sealed code is imported


def _dotted(path: str) -> str:
    parts = PurePosixPath(path).with_suffix("").parts
    parts = parts[1:] if parts[0] == "src" and len(parts) > 1 else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _modules(code: Code) -> dict[str, str]:
    return {_dotted(path): str(code.folder / path) for path in code.paths}


def _packages(code: Code, checkout: Path) -> dict[str, list[str]]:
    """Return the folders of sealed modules that are not regular packages."""
    folders = {folder for path in code.paths for folder in PurePosixPath(path).parents if folder.parts}
    return {
        _dotted(f"{folder}/__init__.py"): [str(code.folder / folder), str(checkout / folder)]
        for folder in folders
        if folder.as_posix() != "src" and not (code.folder / folder / "__init__.py").exists()
    }


def _folders(calls: Sequence[Call], code: Code) -> Iterator[str]:
    """Yield the folders from which pytest would import a called module's neighbours: the first that is not a
    package.
    """
    for call in calls:
        folder = (code.folder / call.path).parent
        while (folder / "__init__.py").exists() and folder != code.folder:
            folder = folder.parent
        if folder != code.folder:
            yield str(folder)


def not_arranged(failed: NotArranged, test: GeneratedTest, on: str, log: Path) -> ArrangingFailed:
    """Return the error for a function that fails while it arranges a test's data.

    :param on: the base, or the candidate.
    """
    step = arranging_step(test, failed.number)
    told = f"{step!r} ({failed.call.as_text()})" if step else failed.call.as_text()
    sentence = f"The arranging step {told} fails on the {on}: {failed.why}"
    return ArrangingFailed(sentence, where=f"{failed.where}, {log}", evidence=failed.output)
