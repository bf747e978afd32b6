"""The environment for other programs: selected variables instead of everything inherited."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_chimera.errors import SettingError
from pytest_chimera.system.import_paths import Origin, own_packages, python_path, roots_of

_PASSED_ON = re.compile(
    r"""
      PATH | HOME | USER | LOGNAME | SHELL | TMPDIR | TEMP | TMP | XDG_(CONFIG|CACHE|DATA|STATE)_HOME | XDG_RUNTIME_DIR
    | LANG | LANGUAGE | LC_.* | TZ
    | (HTTP|HTTPS|ALL|FTP|NO)_PROXY | SSL_CERT_(FILE|DIR) | REQUESTS_CA_BUNDLE | CURL_CA_BUNDLE | NODE_EXTRA_CA_CERTS
    | LD_LIBRARY_PATH | DYLD_(FALLBACK_)?LIBRARY_PATH
    | CONDA_PREFIX | PYENV_ROOT | ASDF_DIR | ASDF_DATA_DIR | NVM_DIR | NVM_BIN | VOLTA_HOME | JAVA_HOME
    | SYSTEMROOT | WINDIR | COMSPEC | PATHEXT | USERPROFILE | (LOCAL)?APPDATA | PROGRAMDATA | PROGRAMFILES
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NEVER = re.compile(r"PYTEST_.*|TEAMCITY_VERSION|TEST_RUN_PIPE|GIT_.*|COV_.*|COVERAGE_.*", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def chosen_environment(
    *,
    folder: Path | None = None,
    origin: Origin | None = None,
    given: Iterable[str] = (),
    also: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the environment for one of the project's programs.

    Variables that a program needs to find its files, language, proxy and certificates are passed on from our own
    environment; variables that reveal a test run, or redirect git, never are. ``PATH`` begins with the running
    interpreter's folder, so that ``python`` and ``flask`` are those of pytest's environment even if it is not
    activated.

    :param folder: a checkout whose code is to be imported, even if an editable install points to another tree: it and
        its ``src/`` are put on ``PYTHONPATH``, before our own interpreter's entries.
    :param origin: what it is a checkout of: what we import from there is imported from the same path in the checkout.
    :param given: from the project's configuration: ``NAME=value`` sets a variable, ``NAME`` passes ours on.
    :param also: additional variables; they take precedence.
    :raises SettingError: an entry of ``given`` is malformed, or a variable that is never passed on.
    """
    environment = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    environment |= _own_interpreter(environment.get("PATH", os.defpath))
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "TERM": "dumb"}
    environment |= _environment_of_uv(origin)
    environment |= _given(given)
    if folder is not None:
        environment["PYTHONPATH"] = _python_path(folder, origin, environment.get("PYTHONPATH"))
    return environment | dict(also or {})


def _own_interpreter(path: str) -> dict[str, str]:
    bin_folder = str(Path(sys.executable).parent)
    folders = [bin_folder, *(each for each in path.split(os.pathsep) if each and each != bin_folder)]
    chosen = {"PATH": os.pathsep.join(folders)}
    return chosen | {"VIRTUAL_ENV": sys.prefix} if sys.prefix != sys.base_prefix else chosen


def _environment_of_uv(origin: Origin | None) -> dict[str, str]:
    """Make ``uv run`` use the current environment; in a checkout, which has none, it would create one."""
    own = [each / ".venv" for each in (origin.project, origin.root)] if origin else []
    found = next((each for each in own if (each / "pyvenv.cfg").is_file()), Path(sys.prefix))
    if not (found / "pyvenv.cfg").is_file():
        return {}
    return {"UV_PROJECT_ENVIRONMENT": str(found), "UV_NO_SYNC": "1"}


def _python_path(folder: Path, origin: Origin | None, configured: str | None) -> str:
    own = [folder, *([folder / "src"] if (folder / "src").is_dir() else [])]
    if configured is None:
        after = [str(each) for each in python_path(os.environ.get("PYTHONPATH", ""))]
    else:
        after = [each for each in configured.split(os.pathsep) if each]
    copies = [copy for each in roots_of(own_packages()) if (copy := _copy(each, folder, origin))]
    placed = [_copy(Path(each), folder, origin) or each if Path(each).is_absolute() else each for each in after]
    return os.pathsep.join(dict.fromkeys(str(each) for each in (*own, *copies, *placed)))


def _copy(path: Path, folder: Path, origin: Origin | None) -> Path | None:
    copy = origin.copied(path, folder) if origin else None
    return copy if copy and copy.is_dir() else None


def _given(given: Iterable[str]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for entry in given:
        name, sets, value = entry.partition("=")
        name = name.strip()
        if not _NAME.fullmatch(name):
            raise SettingError(
                f"{entry!r} is not an environment variable.",
                remedy="Write NAME=value to set one, or NAME to pass it on.",
            )
        if _NEVER.fullmatch(name):
            raise SettingError(
                f"{name} is never passed to a program: it would reveal the test run, or redirect git.",
                remedy=f"Remove the line {entry!r}.",
            )
        if sets or name in os.environ:
            chosen[name] = value if sets else os.environ[name]
    return chosen
