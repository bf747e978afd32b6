"""Run as a program: calls the functions that arrange data, one after the other.

The calls are read from standard input, and the result of each is written to a file. Test code is imported from the
sealed commit, everything else from the deployment's own checkout. Only the standard library is used, because the
program runs among the project's own packages.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

DJANGO = "DJANGO_SETTINGS_MODULE"


class SealedCode(MetaPathFinder):
    """Finds the modules of the sealed commit before all others.

    :param modules: dotted name → file; ``packages``: dotted name of a folder without ``__init__.py`` → its paths.
    """

    def __init__(self, modules: Mapping[str, str], packages: Mapping[str, Sequence[str]]) -> None:
        self._modules = modules
        self._packages = packages

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002  the import system passes it
        target: ModuleType | None = None,  # noqa: ARG002  the same
    ) -> ModuleSpec | None:
        """Return the spec of a sealed module, if it is one."""
        if fullname in self._modules:
            file = Path(self._modules[fullname])
            inside = [str(file.parent)] if file.name == "__init__.py" else None
            return importlib.util.spec_from_file_location(fullname, file, submodule_search_locations=inside)
        if fullname in self._packages:
            spec = ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = list(self._packages[fullname])
            return spec
        return None


def main() -> int:
    """Make the calls given on standard input; return 1 if a call fails."""
    order: dict[str, Any] = json.load(sys.stdin)
    sys.meta_path.insert(0, SealedCode(order["modules"], order["packages"]))
    sys.path[:0] = order["folders"]
    sys.argv = ["arrange"]
    with Path(order["report"]).open("w", encoding="utf-8", buffering=1) as report:
        for call in order["calls"]:
            report.write(json.dumps({"begun": True}) + "\n")
            try:
                _call(call)
            except BaseException as error:  # report any error with the call that raised it
                traceback.print_exc()
                report.write(json.dumps(_told(error, order["code"])) + "\n")
                return 1
            report.write(json.dumps({"done": True}) + "\n")
    return 0


def _call(call: Mapping[str, Any]) -> None:
    function = getattr(_module(call["module"], Path(call["file"])), call["name"])
    answer = function(**call["arguments"])
    if inspect.iscoroutine(answer):
        asyncio.run(answer)


def _module(name: str, file: Path) -> ModuleType:
    if os.environ.get(DJANGO) and importlib.util.find_spec("django"):
        importlib.import_module("django").setup()  # a second call does nothing; models need the first
    if all(map(str.isidentifier, name.split("."))):
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None, "a module's file ends in .py"
    assert spec.loader is not None, "a file has a loader"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _told(error: BaseException, code: str) -> dict[str, str]:
    """Return the error in a line, and the deepest line of the sealed code in its traceback."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(code)]
    where = f"{Path(frames[-1].filename).relative_to(code).as_posix()}:{frames[-1].lineno}" if frames else ""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    name = type(error).__name__
    return {"failed": f"{name}: {said}"[:500] if said else name, "where": where}


if __name__ == "__main__":
    sys.exit(main())
