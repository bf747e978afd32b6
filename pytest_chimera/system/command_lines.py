"""Finds out what a command line runs, through ``env``, ``timeout 60``, ``sh -c "…"``, ``npx``, ``uv run`` and others.

No shell is run: the command is only analysed, to find out what it needs and to report what is missing.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pytest_chimera.settings import filled
from pytest_chimera.system.import_paths import environment_of, home_of

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "busybox"})
_INTERPRETER = re.compile(r"(python|pypy)[\d.]*|node|nodejs|deno|bun|ruby|perl|php|lua|Rscript")
_NOT_STARTED = (126, 127)
"""Exit codes of shells, ``env`` and ``timeout`` when they could not start their command."""
_SHELL_WORDS = frozenset({"if", "then", "else", "elif", "do", "while", "until", "!", "{", "exec", "command", "time"})
_BUILT_IN = re.compile(
    r"""
      alias | bg | break | builtin | case | cd | continue | declare | done | echo | esac | eval | exit | export | fg
    | fi | for | function | hash | jobs | kill | let | local | printf | pwd | read | readonly | return | set | shift
    | shopt | source | test | trap | true | false | type | ulimit | umask | unset | wait | [.:\[\]{}]+
    """,
    re.VERBOSE,
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_DEEPEST = 8
_OPERATORS = "();<>|&\n"


@dataclass(frozen=True)
class Wrapper:
    """A program that runs the command given after its own arguments.

    :param valued: options whose value is the next word; ``operands``: the number of words before the command.
    :param verbs: one of these comes first, ``run`` for example; its other subcommands run no command.
    :param fetches: what it runs need not be installed.
    """

    valued: frozenset[str] = frozenset()
    operands: int = 0
    verbs: tuple[str, ...] = ()
    fetches: bool = False


def _runs(valued: str = "", operands: int = 0, verbs: str = "", *, fetches: bool = False) -> Wrapper:
    return Wrapper(frozenset(valued.split()), operands, tuple(verbs.split()), fetches)


_OF_UV = (
    "--with --with-editable --with-requirements --python -p --from --project --directory --extra --group --env-file"
)
WRAPPERS: Mapping[str, Wrapper] = {
    "env": _runs("-u --unset -C --chdir"),
    "nice": _runs("-n --adjustment"),
    "ionice": _runs("-c --class -n --classdata"),
    "nohup": _runs(),
    "setsid": _runs(),
    "stdbuf": _runs("-i -o -e"),
    "time": _runs("-f -o"),
    "timeout": _runs("-k --kill-after -s --signal", 1),
    "gtimeout": _runs("-k --kill-after -s --signal", 1),
    "taskset": _runs("", 1),
    "chrt": _runs("", 1),
    "caffeinate": _runs("-t -w"),
    "unbuffer": _runs(),
    "xvfb-run": _runs("-n -s -e -f -w -p --server-args --server-num"),
    "sudo": _runs("-u -g -h -p -C"),
    "direnv": _runs("", 1, "exec"),
    "mise": _runs("", verbs="exec x", fetches=True),
    "asdf": _runs("", verbs="exec", fetches=True),
    "op": _runs("--env-file", verbs="run"),
    "doppler": _runs("-p -c", verbs="run"),
    "dotenv": _runs("-f", verbs="run"),
    "npx": _runs("-p --package", fetches=True),
    "bunx": _runs("-p --package", fetches=True),
    "npm": _runs("-p --package", verbs="exec x", fetches=True),
    "pnpm": _runs("--package -C --dir", verbs="dlx exec", fetches=True),
    "yarn": _runs("-p --package", verbs="dlx exec", fetches=True),
    "uv": _runs(_OF_UV, verbs="run tool", fetches=True),
    "uvx": _runs(_OF_UV, fetches=True),
    "pipx": _runs("--spec --python --pip-args --index-url", verbs="run", fetches=True),
    "poetry": _runs("-C --directory -P --project", verbs="run", fetches=True),
    "pdm": _runs("-p --project", verbs="run", fetches=True),
    "hatch": _runs("-e --env", verbs="run", fetches=True),
    "rye": _runs("", verbs="run", fetches=True),
    "pipenv": _runs("", verbs="run", fetches=True),
    "conda": _runs("-n --name -p --prefix --cwd", verbs="run", fetches=True),
    "mamba": _runs("-n --name -p --prefix --cwd", verbs="run", fetches=True),
    "micromamba": _runs("-n --name -p --prefix --cwd", verbs="run", fetches=True),
    "pixi": _runs("-e --environment --manifest-path", verbs="run", fetches=True),
}


def commands_in(command: Sequence[str], depth: int = 0) -> Iterator[Sequence[str]]:
    """Yield a command line and each command that it runs, outermost first."""
    if not command or depth > _DEEPEST:
        return
    yield command
    for inner in _inner(command):
        yield from commands_in(inner, depth + 1)


def words_in(command: Sequence[str]) -> Iterator[str]:
    """Yield all words of a command line, and of the scripts in it."""
    for each in commands_in(command):
        yield from each
        if index := script_index(each):
            yield from _tokens(each[index])


def run_by(command: Sequence[str], is_file: Callable[[str], bool]) -> Iterator[str]:
    """Yield the programs and scripts that a command line runs and gives as files: ``./agent``, ``tools/agent.py``.

    :param is_file: whether a word is a file; an interpreter runs the first of its arguments that is.
    """
    for each in commands_in(command):
        name = _name_of(each[0])
        if "/" in each[0] or (each is not command and name.endswith(".py")):
            yield each[0]
        if _INTERPRETER.fullmatch(name) or (name in SHELLS and not script_index(each)):
            yield from islice((word for word in each[1:] if not word.startswith("-") and is_file(word)), 1)


def _inner(command: Sequence[str]) -> Iterator[Sequence[str]]:
    name = _name_of(command[0])
    if name in SHELLS and (index := script_index(command)):
        yield from _commands_of_script(command[index])
    elif wrapper := WRAPPERS.get(name):
        yield from _wrapped(wrapper, command[1:])


def _name_of(word: str) -> str:
    return Path(word).name.removesuffix(".exe")


def _wrapped(wrapper: Wrapper, words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield what follows a wrapper's own words; ``env -S`` and ``npx -c`` take a command in one word."""
    verbs, operands, index = wrapper.verbs, wrapper.operands, 0
    while index < len(words):
        word = words[index]
        if word in {"-S", "--split-string", "-c", "--call"} and word not in wrapper.valued and index + 1 < len(words):
            yield from _commands_of_script(words[index + 1])
            return
        if word.startswith("-"):
            index += 2 if word in wrapper.valued else 1
        elif verbs:
            if word not in verbs:
                return
            verbs = ("run",) if word == "tool" else ()
            index += 1
        elif operands or _ASSIGNMENT.match(word):
            operands -= 0 if _ASSIGNMENT.match(word) else 1
            index += 1
        else:
            yield words[index:]
            return


# -- shells


def script_index(command: Sequence[str]) -> int:
    """Return the index of a shell's script, after ``-c`` or ``-lc`` for example; 0 if there is none."""
    if not command or _name_of(command[0]) not in SHELLS:
        return 0
    for index, word in enumerate(command[1:-1], 1):
        if re.fullmatch(r"-[A-Za-z]*c[A-Za-z]*", word):
            return next((place for place in range(index + 1, len(command)) if command[place][:1] not in "-+"), 0)
    return 0


def scripts_in(command: Sequence[str]) -> Iterator[int]:
    """Yield the indexes of the words that a shell will parse, however it is wrapped."""
    start = 0
    for each in commands_in(command):
        start = len(command) - len(each)
        if list(command[start:]) != list(each):
            return  # inside a script
        if index := script_index(each):
            yield start + index
    return


def reads_profile(command: Sequence[str]) -> bool:
    """Whether a shell in it is asked to read the person's start-up files, like a login shell."""
    shells = (each for each in commands_in(command) if _name_of(each[0]) in SHELLS)
    return any(re.fullmatch(r"-[A-Za-z]*[li][A-Za-z]*|--login", word) for each in shells for word in each[1:3])


def _tokens(script: str) -> Iterator[str]:
    lexer = shlex.shlex(script, posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    with suppress(ValueError):  # mismatched quotes: the shell will report them
        yield from lexer


def _commands_of_script(script: str) -> Iterator[Sequence[str]]:
    words: list[str] = []
    redirects = False
    for token in _tokens(script):
        if token and set(token) <= set(_OPERATORS):
            redirects = bool(set(token) & set("<>"))
            if not redirects:
                yield from _command(words)
                words = []
        elif not redirects:
            words.append(token)
        else:
            redirects = False
    yield from _command(words)


def _command(words: list[str]) -> Iterator[Sequence[str]]:
    while words and (words[0] in _SHELL_WORDS or _ASSIGNMENT.match(words[0])):
        words = words[1:]
    if words:
        yield words


def words_filled(key: str, words: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """Return the words of a configured command with placeholders filled in, quoted inside shell scripts.

    :raises SettingError: a placeholder is unknown.
    """
    scripts = set(scripts_in(words))
    plain = (index not in scripts for index in range(len(words)))
    return [
        filled(key, word, values) if is_plain else filled(key, word, values, quoted)
        for word, is_plain in zip(words, plain, strict=True)
    ]


def quoted(value: str, before: str) -> str:
    """Quote a value so that a shell reads it as one piece, at a place in a script.

    :param before: the script before that place, which determines the quotes around it.
    """
    quotes = _quotes_at_the_end(before)
    if quotes == "'":
        return value.replace("'", "'\\''")
    return re.sub(r'([\\"$`])', r"\\\1", value) if quotes == '"' else shlex.quote(value)


def _quotes_at_the_end(script: str) -> str:
    within = [""]
    index = 0
    while index < len(script):
        character, quotes = script[index], within[-1]
        if character == "\\" and quotes != "'":
            index += 1
        elif script.startswith("$(", index) and quotes != "'":
            within += [""]
            index += 1
        elif character == ")" and not quotes and len(within) > 1:
            within.pop()
        elif character in "'\"" and quotes in {"", character}:
            within[-1] = "" if quotes else character
        index += 1
    return within[-1]


# -- programs


def find(name: str, folder: Path, path: str) -> Path | None:
    """Return a command's program: a bare name is searched for on ``path``, one with a slash is relative to
    ``folder``.
    """
    found = shutil.which(name, path=path) if Path(name).name == name else shutil.which(str(folder / name))
    return Path(found).absolute() if found else None


def needed_by(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the programs that a command line runs, with their links and interpreters."""
    path = environment.get("PATH", os.defpath)
    seen: set[Path] = set()
    for each in commands_in(command):
        if program := find(each[0], folder, path):
            yield from _with_interpreters(program, path, seen)


def _with_interpreters(program: Path, path: str, seen: set[Path]) -> Iterator[Path]:
    for each in links_from(program):
        if each in seen:
            return
        seen.add(each)
        yield each
        environment = environment_of(each)
        if environment and (home := home_of(environment)):
            yield home
            yield home.resolve()
    if interpreter := interpreter_of(program, path):
        yield from _with_interpreters(interpreter, path, seen)


def links_from(path: Path) -> Iterator[Path]:
    """Yield a path, each target of its chain of links, and the file at the end."""
    for _ in range(40):
        yield path
        if not path.is_symlink():
            break
        path = Path(os.path.normpath(path.parent / path.readlink()))
    if path.resolve() != path:
        yield path.resolve()


def interpreter_of(program: Path, path: str) -> Path | None:
    """Return the interpreter in a script's first line, whether it exists or not."""
    try:
        with program.open("rb") as file:
            lines = file.read(2048).decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    if not lines or not lines[0].startswith("#!"):
        return None
    words = lines[0][2:].split()
    if words and len(lines) > 1 and lines[1].startswith("'''exec'"):  # pip's workaround for paths that are too long
        words = shlex.split(lines[1].removeprefix("'''exec'"))
    if words and _name_of(words[0]) == "env":
        inner = next(_wrapped(WRAPPERS["env"], [word for word in words[1:] if word != "-S"]), ())
        return Path(shutil.which(inner[0], path=path) or inner[0]) if inner else None
    return Path(words[0]) if words else None


@dataclass(frozen=True)
class Missing:
    """What a command line could not start.

    :param in_folder: it is given as a file of the folder that the command runs in.
    """

    sentence: str
    in_folder: bool = False


def what_is_missing(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Missing | None:
    """Return the program that a command line could not start; ``None`` if all exist, as far as can be determined."""
    path = environment.get("PATH", os.defpath)
    for each in commands_in(command):
        name = each[0]
        if _BUILT_IN.fullmatch(name) or re.search(r"[$`*?{]", name):
            continue
        in_folder = Path(name).name != name and not Path(name).is_absolute()
        program = find(name, folder, path)
        if program is None:
            where = "does not exist, or cannot be executed" if "/" in name else "is not installed or not on PATH"
            return Missing(f"{name!r} {where}.", in_folder)
        interpreter = interpreter_of(program, path)
        if interpreter and not interpreter.exists():
            sentence = f"{name!r} ({program}) asks for the interpreter {str(interpreter)!r}, which does not exist."
            return Missing(sentence, in_folder)
        if (wrapper := WRAPPERS.get(_name_of(name))) and wrapper.fetches:
            break
    return None


def was_not_started(exit_code: int | None, output: str) -> bool:
    """Whether an exit looks as if the program could not start what it should run."""
    return exit_code in _NOT_STARTED or output.lstrip().startswith("bwrap: execvp")
