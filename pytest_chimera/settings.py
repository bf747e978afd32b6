"""Every option, declared once: these tables make the command line, the ini keys and the reference.

Only the standard library is imported, because the plugin also reads this without ``--chimera``.
"""

from __future__ import annotations

import difflib
import math
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from pytest_chimera.errors import SettingError

IniType = Literal["string", "bool", "linelist", "int", "float"]


@dataclass(frozen=True)
class Ini:
    """One ini key: the field's name with the prefix ``chimera_``."""

    help: str
    type: IniType
    advanced: bool = False


_TYPES: dict[type, IniType] = {bool: "bool", int: "int", float: "float", str: "string", tuple: "linelist"}


def _ini(default: Any, help: str, *, advanced: bool = False) -> Any:
    return field(default=default, metadata={"ini": Ini(help, _TYPES[type(default)], advanced)})


@dataclass(frozen=True)
class Settings:
    """The project's configuration. Each field is the ini key ``chimera_<field>``."""

    coder: str = _ini("", "who writes the code: a command line with {brief}, replay:FOLDER, or empty for you")
    serve: str = _ini(
        "", "the command that serves a checkout, with {port}, {host}, {data_dir}, {name}; earlier lines prepare it"
    )
    staging_url: str = _ini("", "URL of an existing staging server")
    check: tuple[str, ...] = _ini(
        ("auto",),
        "commands that must succeed on a candidate, one per line; auto runs the tests that passed before it",
    )
    merge: str = _ini(
        "none", 'what to do with a complete feature: "none", "ff" (into your branch) or "stack" (onto chimera/next)'
    )
    max_attempts: int = _ini(5, "maximum number of attempts for a coder")
    jobs: int = _ini(1, "how many features to work on at once; 0 means as many as this machine can handle")

    language: str = _ini(
        "en", "the language of steps in docstrings; a docstring can set its own: # language: de", advanced=True
    )
    test_dir: str = _ini("tests/e2e", "the folder for generated tests", advanced=True)
    env: tuple[str, ...] = _ini(
        (), "environment variables of the served application: NAME=value, or NAME to pass yours on", advanced=True
    )
    coder_env: tuple[str, ...] = _ini(
        (), "environment variables of the coder's command: NAME=value, or NAME to pass yours on", advanced=True
    )
    prepare_working_tree: bool = _ini(
        False, "plain pytest also runs the preparation lines of chimera_serve in your working tree", advanced=True
    )
    health: str = _ini("/", "the path that answers once the application is ready", advanced=True)
    port: int = _ini(0, "the port to serve on if the command cannot take one; 0 means any free port", advanced=True)
    version_url: str = _ini("", "the path on the staging server that returns its commit", advanced=True)
    trust_staging: bool = _ini(False, "trust that the staging server runs the candidate, without proof", advanced=True)
    staging_variations: bool = _ini(True, "also run variations against an existing staging server", advanced=True)
    persistent: bool = _ini(
        False, "data in {data_dir} is persistent: a candidate is checked again after a restart", advanced=True
    )
    earlier_limit: float = _ini(
        300.0, "seconds that earlier features' tests may take on a candidate; 0 skips them", advanced=True
    )
    browser_path: str = _ini("", "the Chrome or Chromium executable to use", advanced=True)
    tags: str = _ini("", "which scenarios of .feature files to use: a tag expression such as not @wip", advanced=True)
    ready: str = _ini("", "a step that must hold on base and candidate before anything else is checked", advanced=True)
    patience: float = _ini(5.0, "seconds that the judge waits for an element or an expectation", advanced=True)
    unneeded: tuple[str, ...] = _ini(
        (),
        "scripts from other hosts that pages can do without when there is no network (globs), one per line",
        advanced=True,
    )
    test_id: str = _ini("data-testid", "the attribute that holds test ids", advanced=True)
    protected: tuple[str, ...] = _ini(
        (), "additional paths that a coder must not change (globs), one per line", advanced=True
    )
    allow: tuple[str, ...] = _ini((), "rules to relax for some paths: rule-id:path, one per line", advanced=True)
    sandbox: str = _ini(
        "auto",
        'whether coder and application run under bubblewrap: "auto" (if it works), "require" or "off"',
        advanced=True,
    )
    sandbox_paths: tuple[str, ...] = _ini(
        (), "additional paths that the sandbox can read, one per line; append :rw to make one writable", advanced=True
    )
    canaries: str = _ini(
        "all",
        'who is tested with planted cheats first: "all", "own" (not the project\'s own reviewers) or "off"',
        advanced=True,
    )
    work_dir: str = _ini(
        "", "the folder for clones and checkouts; by default in the user's cache folder", advanced=True
    )
    generation_timeout: float = _ini(300.0, "seconds for e2e_test_generation", advanced=True)
    implementation_timeout: float = _ini(1800.0, "seconds for code_implementation", advanced=True)
    review_timeout: float = _ini(600.0, "seconds for guardian_review", advanced=True)
    staging_timeout: float = _ini(900.0, "seconds for staging_deployment", advanced=True)
    validation_timeout: float = _ini(600.0, "seconds for e2e_validation", advanced=True)
    timeouts: str = _ini(
        "fixed", '"fixed", or "learned": shorter limits, based on how long the phases took here', advanced=True
    )
    feature_limit: float = _ini(0.0, "seconds that a run may spend on one feature; 0 means no limit", advanced=True)
    run_limit: float = _ini(0.0, "seconds that a run may take for all features; 0 means no limit", advanced=True)
    max_deployments: int = _ini(0, "how many deployments may run at once; 0 means no limit", advanced=True)
    max_browsers: int = _ini(0, "how many browsers may run at once for the judge; 0 means no limit", advanced=True)
    min_free_memory: int = _ini(500, "megabytes of memory that must be free to start another feature", advanced=True)
    arrange_timeout: float = _ini(60.0, "seconds that the functions that arrange a test's data may take", advanced=True)
    ready_timeout: float = _ini(60.0, "seconds within which a served application must answer", advanced=True)


@dataclass(frozen=True)
class Flag:
    """One command-line option; ``metavar`` is empty for a switch."""

    name: str
    help: str
    metavar: str = ""
    choices: tuple[str, ...] = ()

    @property
    def dest(self) -> str:
        """The name of its value in pytest's options."""
        return self.name.removeprefix("--").replace("-", "_")


FLAGS = (
    Flag("--chimera", "implement and prove the marked features"),
    Flag("--chimera-coder", "who writes the code in this run", metavar="CODER"),
    Flag("--chimera-jobs", "how many features to work on at once: a number, or auto", metavar="N"),
    Flag("--chimera-until", "stop early: 'red' stops before the first coder is called", "PHASE", ("red",)),
    Flag("--chimera-dry-run", "show how each feature's steps are understood, and its test; change nothing"),
    Flag("--chimera-draft", "have the coder draft steps for features that have none, for you to accept; build nothing"),
    Flag("--chimera-restart", "start the selected features over"),
    Flag("--chimera-reprove", "prove complete features again even if nothing has changed"),
    Flag(
        "--chimera-reject",
        "reject the selected features' last candidates and go on from there, with these words",
        metavar="WORDS",
    ),
    Flag(
        "--chimera-hint",
        "go on from the selected features' last candidates, with these words as a hint",
        metavar="WORDS",
    ),
    Flag("--chimera-apply", "apply a feature's candidate to the working tree, unstaged, and exit", metavar="ID"),
    Flag("--chimera-status", "list the features and their states, and exit"),
    Flag("--chimera-verify", "repeat the proofs of a commit, report whether they hold, and exit", metavar="REV"),
    Flag("--chimera-verify-state", "check every journal, report what is wrong, and exit"),
    Flag("--chimera-prune", "delete the vault folders of merged features, and exit"),
)


SERVE_PLACEHOLDERS = ("port", "host", "data_dir", "name")
"""The placeholders in ``chimera_serve`` and ``chimera_env``."""
CODER_PLACEHOLDERS = ("brief", "brief_json", "folder", "attempt", "feature")
"""The placeholders in ``chimera_coder``."""
_PLACEHOLDER = re.compile(r"(?<!\$)\{([A-Za-z_]\w*)\}")
"""A name in braces; after a dollar sign, it is the shell's."""


def ini_options() -> list[tuple[str, Ini, Any]]:
    """Return all ini keys as (key, declaration, default)."""
    return [(f"chimera_{each.name}", each.metadata["ini"], each.default) for each in fields(Settings)]


def load_settings(read: Callable[[str], Any], overrides: Mapping[str, str] | None = None) -> Settings:
    """Build the settings from ini values.

    :param read: returns the raw value of an ini key, or ``None`` if it is not set.
    :param overrides: field name → text from the command line.
    :raises SettingError: a value has the wrong type; the error gives the key and what it takes.
    """
    values: dict[str, Any] = {}
    for each in fields(Settings):
        raw = (overrides or {}).get(each.name)
        raw = read(f"chimera_{each.name}") if raw is None else raw
        if raw is not None:
            values[each.name] = _typed(f"chimera_{each.name}", raw, each.default)
    settings = Settings(**values)
    _check(settings)
    return settings


def _typed(key: str, raw: Any, default: Any) -> Any:
    if isinstance(default, tuple):
        lines = raw.splitlines() if isinstance(raw, str) else raw
        return tuple(str(line).strip() for line in lines if str(line).strip())
    if isinstance(default, bool):
        return raw if isinstance(raw, bool) else _truth(key, str(raw))
    if isinstance(default, int | float):
        return _number(key, raw, type(default))
    return str(raw)


def _truth(key: str, raw: str) -> bool:
    """Parse a switch like pytest."""
    word = raw.strip().lower()
    if word in {"y", "yes", "t", "true", "on", "1"}:
        return True
    if word in {"n", "no", "f", "false", "off", "0"}:
        return False
    raise SettingError(f"{key} is true or false, not {raw!r}.", remedy=f"Write: {key} = true")


def _number(key: str, raw: Any, kind: type[int] | type[float]) -> int | float:
    try:
        value = kind(raw)
    except ValueError:
        raise SettingError(f"{key} takes a number, not {raw!r}.", remedy=f"Write for example: {key} = 5") from None
    if not math.isfinite(value):
        raise SettingError(f"{key} takes a number, not {raw!r}.", remedy=f"Write for example: {key} = 5")
    if value < 0:
        raise SettingError(f"{key} cannot be negative ({raw}).", remedy=f"Write for example: {key} = 5")
    return value


def _check(settings: Settings) -> None:
    if settings.merge not in {"none", "ff", "stack"}:
        raise SettingError(
            f'chimera_merge is "none", "ff" or "stack", not {settings.merge!r}.', remedy='Write: chimera_merge = "none"'
        )
    if settings.sandbox not in {"auto", "off", "require"}:
        raise SettingError(
            f'chimera_sandbox is "auto", "off" or "require", not {settings.sandbox!r}.',
            remedy='Write: chimera_sandbox = "auto"',
        )
    if settings.canaries not in {"all", "own", "off"}:
        raise SettingError(
            f'chimera_canaries is "all", "own" or "off", not {settings.canaries!r}.',
            remedy='Write: chimera_canaries = "all"',
        )
    if settings.timeouts not in {"fixed", "learned"}:
        raise SettingError(
            f'chimera_timeouts is "fixed" or "learned", not {settings.timeouts!r}.',
            remedy='Write: chimera_timeouts = "fixed"',
        )
    if settings.max_attempts < 1:
        raise SettingError("chimera_max_attempts is at least 1.", remedy="Write: chimera_max_attempts = 5")
    for key, command in (("chimera_coder", settings.coder), ("chimera_serve", settings.serve)):
        split_command(key, command)
    _check_placeholders(settings)


def _check_placeholders(settings: Settings) -> None:
    """Check the placeholders in commands.

    :raises SettingError: a placeholder is unknown.
    """
    replays = settings.coder.startswith("replay:")
    commands = (
        ("chimera_serve", [settings.serve], SERVE_PLACEHOLDERS),
        ("chimera_env", settings.env, SERVE_PLACEHOLDERS),
        ("chimera_coder", [] if replays else [settings.coder], CODER_PLACEHOLDERS),
    )
    for key, lines, known in commands:
        for line in lines:
            filled(key, line, dict.fromkeys(known, ""))
    for line in settings.check:  # braces are also used by shells and awk: only those that look like ours are refused
        for found in _PLACEHOLDER.finditer(line):
            if difflib.get_close_matches(found[1], {*SERVE_PLACEHOLDERS, *CODER_PLACEHOLDERS}, 1, 0.75):
                raise SettingError(
                    f"chimera_check fills in no placeholder, and {found[0]} looks like one.",
                    where=line,
                    remedy="It runs in a checkout of the candidate: write the command without it.",
                )


def filled(
    key: str, text: str, values: Mapping[str, str], write: Callable[[str, str], str] = lambda value, _: value
) -> str:
    """Return a configured text with its placeholders filled in.

    :param write: returns a value as it should be written, from the value and the text before it.
    :raises SettingError: a placeholder is unknown.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] in values:
            return write(values[found[1]], text[: found.start()])
        known = ", ".join(f"{{{name}}}" for name in values)
        hint = did_you_mean(found[1], values, "{{{}}}")
        raise SettingError(
            f"{key} has no placeholder {found[0]}.{hint}", where=text, remedy=f"The placeholders are {known}."
        )

    return _PLACEHOLDER.sub(value, text)


def did_you_mean(name: str, known: Iterable[str], how: str = "{}") -> str:
    """Return the most similar name as a question to follow a sentence; empty if none is similar.

    :param how: how a name is written, with ``{}`` in its place.
    """
    near = difflib.get_close_matches(name, list(known), 1)
    return f" Did you mean {how.format(near[0])}?" if near else ""


def refuse_unknown_keys(keys: Iterable[str], where: str) -> None:
    """Refuse unknown ini keys that begin like ours, or are similar to one of ours.

    :param keys: those that no pytest plugin has declared.
    :raises SettingError: a key is unknown; the error suggests a similar one.
    """
    known = [key for key, _, _ in ini_options()]
    for key in keys:
        if key not in known and (key.startswith("chimera") or difflib.get_close_matches(key, known, 1, 0.9)):
            raise SettingError(
                f"There is no setting {key}.{did_you_mean(key, known)}",
                where=where,
                remedy="Correct its name or remove it; the settings are listed in docs/reference/options.md and by "
                "pytest --help.",
            )


@dataclass(frozen=True)
class Tables:
    """The project's own phrases: page name → path, phrase → steps, and language → phrase → English steps."""

    pages: Mapping[str, str] = field(default_factory=dict)
    glossary: Mapping[str, str | list[str]] = field(default_factory=dict)
    languages: Mapping[str, Mapping[str, str | list[str]]] = field(default_factory=dict)


def load_tables(root: Path) -> Tables:
    """Read ``[tool.chimera]`` of ``pyproject.toml`` and all of ``chimera.toml``, whose entries take precedence.

    :raises SettingError: a file is not TOML, or an entry is not a string; the error gives the file and the entry.
    """
    pages: dict[str, str] = {}
    glossary: dict[str, str | list[str]] = {}
    languages: dict[str, dict[str, str | list[str]]] = {}
    for path, inside in ((root / "pyproject.toml", ("tool", "chimera")), (root / "chimera.toml", ())):
        table = _own_table(path, inside)
        found = _as_table(path, "pages", table.get("pages", {}))
        pages |= {name: _text(path, "pages", name, value) for name, value in found.items()}
        glossary |= _phrases(path, "glossary", table.get("glossary", {}))
        for code, phrases in _as_table(path, "languages", table.get("languages", {})).items():
            languages[code] = languages.get(code, {}) | _phrases(path, f"languages.{code}", phrases)
    return Tables(pages, glossary, languages)


def _own_table(path: Path, inside: Iterable[str]) -> Mapping[str, Any]:
    """Return our table in a file.

    :raises SettingError: it contains an unknown table or key.
    """
    table: Mapping[str, Any] = _toml(path)
    for name in inside:
        table = _as_table(path, name, table.get(name, {}))
    known = [each.name for each in fields(Tables)]
    settings = [key for key, _, _ in ini_options()]
    for key in table:
        if key in known:
            continue
        setting = key if key.startswith("chimera_") else f"chimera_{key}"
        if setting in settings:
            hint, remedy = "", f"It is a setting of pytest's: write {setting} into [tool.pytest.ini_options]."
        else:
            hint, remedy = did_you_mean(key, known), f"The tables are {', '.join(known)}."
        raise SettingError(f"{_shown(inside, path)} has no table {key}.{hint}", where=str(path), remedy=remedy)
    return table


def _shown(inside: Iterable[str], path: Path) -> str:
    return f"[{'.'.join(inside)}]" if inside else path.name


def _as_table(path: Path, name: str, value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise SettingError(f"{name!r} is not a table: {value!r}.", where=str(path), remedy=f"Write a table [{name}].")


def _phrases(path: Path, table: str, phrases: Any) -> dict[str, str | list[str]]:
    if not isinstance(phrases, dict):
        raise SettingError(
            f"{table!r} is not a table of phrases: {phrases!r}.",
            where=str(path),
            remedy=f'Write [tool.chimera.{table}] (in chimera.toml: [{table}]), and below it: "phrase" = "step"',
        )
    found: dict[str, str | list[str]] = {}
    for phrase, steps in phrases.items():
        lines = steps if isinstance(steps, list) else [steps]
        found[phrase] = [_text(path, table, phrase, line) for line in lines]
    return found


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{path.name} is not TOML: {error}.", where=str(path), remedy="Fix that line.") from None


def _text(path: Path, table: str, name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise SettingError(
        f"{name!r} in the table of {table} is not a string: {value!r}.",
        where=str(path),
        remedy=f'Write: "{name}" = "…"',
    )


def split_command(key: str, command: str) -> list[str]:
    """Split a configured command line like a POSIX shell, without running one.

    :raises SettingError: its quotes do not match.
    """
    try:
        return shlex.split(command)
    except ValueError as error:
        raise SettingError(
            f"{key} cannot be read as a command: {error}.", where=command, remedy="Check its quotes."
        ) from None
