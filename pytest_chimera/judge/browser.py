"""Finds a browser without starting one: Playwright's own, or a Chrome or Chromium on the machine."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_chimera.errors import EnvironmentTrouble, SettingError

INSTALL_COMMAND = "python -m playwright install chromium"

_NAMES = {
    "google-chrome-stable": "Chrome",
    "google-chrome": "Chrome",
    "chromium": "Chromium",
    "chromium-browser": "Chromium",
    "chrome": "Chrome",
    "microsoft-edge-stable": "Edge",
    "microsoft-edge": "Edge",
}
_LINUX = ("/usr/bin", "/usr/local/bin", "/opt/google/chrome", "/snap/bin", "/run/current-system/sw/bin")
_MAC = {
    "Google Chrome.app/Contents/MacOS/Google Chrome": "Chrome",
    "Chromium.app/Contents/MacOS/Chromium": "Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge": "Edge",
}
_WINDOWS = {
    r"Google\Chrome\Application\chrome.exe": "Chrome",
    r"Chromium\Application\chrome.exe": "Chromium",
    r"Microsoft\Edge\Application\msedge.exe": "Edge",
}
# The full browser's path inside its folder; Playwright finds headless_shell itself.
_OWN_PLACES = (
    "chrome-linux64/chrome",
    "chrome-linux-arm64/chrome",
    "chrome-linux/chrome",
    "chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
    "chrome-mac-x64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
    "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
    "chrome-win64/chrome.exe",
    "chrome-win/chrome.exe",
)


@dataclass(frozen=True)
class Browser:
    """The browser that the judge uses.

    :param path: its executable, absolute; ``None`` lets Playwright start its own.
    :param name: its name for people.
    """

    path: str | None
    name: str


def find_browser(setting: str = "") -> Browser:
    """Return the browser to judge with. Nothing is started to find it.

    :param setting: ``chimera_browser_path``: a path, or a program's name; if empty, Playwright's own is used, or else
        one on the machine.
    :raises SettingError: the setting gives no existing program.
    :raises EnvironmentTrouble: there is none; the remedy is the command that installs it.
    """
    if setting.strip():
        return _configured(setting.strip())
    found = _playwrights_own(os.environ) or next(_on_the_machine(os.environ), None)
    if found is None:
        raise EnvironmentTrouble(
            "There is no browser: neither Playwright's own nor a Chrome or Chromium on this machine.",
            remedy=f"Install one:  {INSTALL_COMMAND}\nOr say where it is:  chimera_browser_path = /path/to/chrome",
        )
    return found


def _configured(setting: str) -> Browser:
    path = shutil.which(Path(setting).expanduser())
    if path is None:
        raise SettingError(
            f"chimera_browser_path is not a program: {setting!r}.",
            remedy=f"Correct the path, or remove the line and install a browser:  {INSTALL_COMMAND}",
        )
    path = str(Path(path).absolute())
    return Browser(path, f"{_NAMES.get(Path(path).stem.lower(), Path(path).name)} ({path})")


# -- Playwright's own


def _playwrights_own(environment: Mapping[str, str]) -> Browser | None:
    package = _driver_package()
    if package is None:
        return None
    folder = _registry(environment, package)
    for name, revision, version in _revisions(package):
        home = folder / f"{name.replace('-', '_')}-{revision}"
        if not (home / "INSTALLATION_COMPLETE").is_file():
            continue
        if name == "chromium-headless-shell":
            return Browser(None, f"Playwright Chromium {version}")
        path = next((home / place for place in _OWN_PLACES if (home / place).is_file()), None)
        if path is not None:
            return Browser(str(path), f"Playwright Chromium {version}")
    return None


def _driver_package() -> Path | None:
    spec = importlib.util.find_spec("playwright")
    folders = spec.submodule_search_locations if spec else None
    return Path(next(iter(folders))) / "driver" / "package" if folders else None


def _revisions(package: Path) -> list[tuple[str, str, str]]:
    """Return name, revision and major version of the Chromiums for this Playwright, the preferred one first."""
    browsers = json.loads((package / "browsers.json").read_text(encoding="utf-8"))["browsers"]
    known = {each["name"]: each for each in browsers}
    wanted = [known[name] for name in ("chromium-headless-shell", "chromium") if name in known]
    return [(each["name"], str(each["revision"]), str(each.get("browserVersion", "")).split(".")[0]) for each in wanted]


def _registry(environment: Mapping[str, str], package: Path) -> Path:
    """Return the folder of Playwright's browsers by its own rules, starting with ``PLAYWRIGHT_BROWSERS_PATH``."""
    configured = environment.get("PLAYWRIGHT_BROWSERS_PATH", "")
    if configured == "0":
        return package / ".local-browsers"
    if configured:
        return Path(configured).absolute()
    home = Path.home()
    if sys.platform == "win32":
        cache = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        cache = home / "Library" / "Caches"
    else:
        cache = Path(environment.get("XDG_CACHE_HOME") or home / ".cache")
    return cache / "ms-playwright"


# -- the machine's


def _on_the_machine(environment: Mapping[str, str]) -> Iterator[Browser]:
    if sys.platform == "darwin":
        folders = [Path("/Applications"), Path.home() / "Applications"]
        yield from _in_places(folders, _MAC)
    elif sys.platform == "win32":
        keys = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        yield from _in_places([Path(environment[key]) for key in keys if environment.get(key)], _WINDOWS)
    search = os.pathsep.join([environment.get("PATH", os.defpath), *_LINUX])
    for program, name in _NAMES.items():
        path = shutil.which(program, path=search)
        if path is not None:
            yield Browser(path, f"{name} ({path})")


def _in_places(folders: list[Path], places: Mapping[str, str]) -> Iterator[Browser]:
    for place, name in places.items():
        for folder in folders:
            if (folder / place).is_file():
                yield Browser(str(folder / place), f"{name} ({folder / place})")
