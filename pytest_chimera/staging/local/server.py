"""Serves a folder: its commands, its port, its data folder, and waiting until it answers.

It blocks and has light imports, because plain ``pytest`` serves the working tree with it; a deployment runs it in a
thread (:mod:`pytest_chimera.staging.local.local_staging`).
"""

from __future__ import annotations

import http.client
import re
import secrets
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NoReturn

from pytest_chimera.errors import EnvironmentTrouble, PhaseFailed, SettingError
from pytest_chimera.judge.reading.html_pages import AS_A_BROWSER
from pytest_chimera.settings import Settings, filled, split_command
from pytest_chimera.staging.local.framework_detection import find_serve, no_serve_known
from pytest_chimera.staging.local.ports import HOST, fixed_port, free_port, listeners, owners_of, port_taken
from pytest_chimera.staging.local.preparation import Prepared, lasting_lines
from pytest_chimera.system.command_lines import Missing, words_filled
from pytest_chimera.system.environment import chosen_environment
from pytest_chimera.system.files import write_file
from pytest_chimera.system.import_paths import Origin
from pytest_chimera.system.machine_load import Deadline
from pytest_chimera.system.sandbox import HINT, Sandbox, why_it_failed_to_start, why_not_started
from pytest_chimera.system.supervision import ProgramNotFound, Supervised, describe_exit

_PORT_TRIES = 4
_SHELL_WORDS = frozenset({"&&", "||", "|", ";", "&", ">", ">>", "<"})
_TAKEN = re.compile(
    r"address already in use|EADDRINUSE|port \d+ is (already )?(in use|used)|port is already in use", re.I
)
_BROKEN_AFTER_SECONDS = 5.0
_LOOK_EVERY = 0.05


class Cancelled(Exception):
    """The server is no longer wanted."""


class _PortLost(Exception):
    """Another process took the port between our check and the server's start."""


@dataclass(frozen=True)
class Recipe:
    """What to serve and how.

    :param serve: command lines with placeholders; all but the last one prepare, and run to their end.
    :param folder: the files; ``name``: the deployment's name.
    :param data_dir: a folder for stored data, outside ``folder``; created and removed with the server.
    :param vault: the folder for its log.
    :param env: the project's environment variables for it, with placeholders.
    :param port: a fixed port, or 0 for any free one.
    :param health: the path that answers when it is ready; ``ready_timeout``: how many seconds it may take.
    :param prepare_timeout: seconds that each preparing line may take.
    :param sandbox: what it runs in; ``None`` for no sandbox.
    :param prepared: what preparing lines made of the same files earlier, or where to keep it.
    :param not_run: preparing lines that the person has to run.
    :param origin: what ``folder`` is a copy of; ``None`` if it is the person's own.
    """

    serve: str
    folder: Path
    name: str
    data_dir: Path
    vault: Path
    env: tuple[str, ...] = ()
    port: int = 0
    health: str = "/"
    ready_timeout: float = 60.0
    prepare_timeout: float = 900.0
    sandbox: Sandbox | None = None
    prepared: Prepared | None = None
    not_run: tuple[str, ...] = ()
    origin: Origin | None = None

    @property
    def command(self) -> str:
        """The command that serves."""
        return _lines(self.serve)[-1]

    @property
    def preparing(self) -> list[str]:
        """The commands that run before it."""
        return _lines(self.serve)[:-1]


@dataclass(frozen=True)
class Served:
    """A running server."""

    recipe: Recipe
    program: Supervised
    port: int

    @property
    def url(self) -> str:
        """Its address, without a trailing slash."""
        return f"http://{HOST}:{self.port}"

    def stop(self) -> None:
        """Stop it with all its child processes, and remove its data."""
        self.program.stop()
        shutil.rmtree(self.recipe.data_dir, ignore_errors=True)


def recipe_for(settings: Settings, serve: str, folder: Path, name: str, data_dir: Path, vault: Path) -> Recipe:
    """Return the recipe for a folder from the settings.

    :param serve: the command lines, configured or detected.
    """
    return Recipe(
        serve=serve,
        folder=folder,
        name=name,
        data_dir=data_dir,
        vault=vault,
        env=settings.env,
        port=settings.port,
        health="/" + settings.health.lstrip("/"),
        ready_timeout=settings.ready_timeout,
        prepare_timeout=settings.staging_timeout,
    )


def serve(recipe: Recipe, cancelled: threading.Event) -> Served:
    """Start a server and wait until it answers.

    :param cancelled: an event that ends the wait when set from another thread.
    :raises SettingError: the command or its environment is malformed, or the program does not exist.
    :raises EnvironmentTrouble: the port is taken.
    :raises PhaseFailed: the program ended, never answered, or answers with errors only.
    :raises Cancelled: the event was set.
    """
    try:
        return _served_anew(recipe, cancelled)
    except PhaseFailed as failed:
        if not recipe.not_run:
            raise
        failed.remedy = "\n".join(filter(None, (left_to_the_person(recipe.not_run), failed.remedy)))
        raise


def left_to_the_person(not_run: Sequence[str]) -> str:
    """Return a note on what was not run in a working tree, and the two ways out."""
    lines = "\n".join(f"    {line}" for line in not_run)
    return (
        f"These preparing lines of chimera_serve were not run, because this is your working tree:\n{lines}\n"
        "Run them yourself, or write: chimera_prepare_working_tree = true"
    )


def _served_anew(recipe: Recipe, cancelled: threading.Event) -> Served:
    """Serve with an empty data folder, from prepared copies if the application starts from them."""
    prepared = recipe.prepared
    try:
        _empty(recipe.data_dir)
        return _served_on_some_port(recipe, cancelled)
    except PhaseFailed:
        shutil.rmtree(recipe.data_dir, ignore_errors=True)
        if not (prepared and prepared.in_use):
            raise
        prepared.undo()
        return _served_anew(replace(recipe, prepared=None), cancelled)
    except BaseException:
        shutil.rmtree(recipe.data_dir, ignore_errors=True)
        raise
    finally:
        if prepared:
            prepared.accept()


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def serve_again(served: Served, cancelled: threading.Event) -> Served:
    """Stop a server, and restart it with its stored data. The errors are those of :func:`serve`."""
    served.program.stop()
    return _served_on_some_port(served.recipe, cancelled, prepares=False)


def _served_on_some_port(recipe: Recipe, cancelled: threading.Event, *, prepares: bool = True) -> Served:
    for number in range(_PORT_TRIES):
        with suppress(_PortLost):
            return _served_once(recipe, cancelled, prepares=prepares and number == 0)
    raise EnvironmentTrouble(
        f"The server was started {_PORT_TRIES} times, each time on a free port, and each time the port was taken.",
        where=str(recipe.vault),
        remedy="Check in its log which port it uses, and write {port} in chimera_serve where the port belongs.",
        passing=True,
    )


def _served_once(recipe: Recipe, cancelled: threading.Event, *, prepares: bool) -> Served:
    port = fixed_port(recipe.port) if recipe.port else free_port()
    values = {"port": str(port), "host": HOST, "data_dir": str(recipe.data_dir), "name": recipe.name}
    environment = environment_of(recipe.folder, recipe.env, values, recipe.origin)
    *preparing, serving = (_at_home(recipe, _words(line, values, environment)) for line in _lines(recipe.serve))
    if prepares:
        _prepare(recipe, preparing, environment, cancelled)
    program = _start(recipe, words=serving, environment=environment, log="server.log")
    try:
        _await_answer(recipe, program, port, cancelled)
        _check_owner(recipe, program, port)
    except BaseException:
        program.stop()
        raise
    return Served(recipe, program, port)


def _at_home(recipe: Recipe, words: list[str]) -> list[str]:
    return recipe.origin.programs(words, recipe.folder) if recipe.origin else words


def environment_of(
    folder: Path, env: Sequence[str], values: Mapping[str, str], origin: Origin | None = None
) -> dict[str, str]:
    """Return the environment of everything that runs for a deployment.

    :param folder: its files; ``env``: the project's environment variables, with placeholders.
    :param values: the placeholders' values; ``origin``: what ``folder`` is a copy of.
    """
    given = [filled("chimera_env", line, values) for line in env]
    also = {name.upper(): values[name] for name in ("port", "host") if name in values}
    return chosen_environment(folder=folder, origin=origin, given=given, also=also)


# -- the command


def _lines(serve: str) -> list[str]:
    return [line.strip() for line in serve.splitlines() if line.strip()]


def _words(line: str, values: Mapping[str, str], environment: Mapping[str, str]) -> list[str]:
    words = split_command("chimera_serve", line)
    if operator := next((word for word in words if word in _SHELL_WORDS), ""):
        raise SettingError(
            f"chimera_serve is run without a shell, which {operator!r} would need.",
            where=line,
            remedy="Write each command on a line of its own (the last one serves), or use a script.",
        )
    if re.match(r"[A-Za-z_]\w*=", words[0]):
        raise SettingError(
            "chimera_serve is run without a shell, so it cannot begin with a variable.",
            where=line,
            remedy=f'Write: chimera_env = ["{words[0]}"]',
        )
    if words[0] in {"python", "python3"} and not shutil.which(words[0], path=environment["PATH"]):
        words[0] = sys.executable
    return words_filled("chimera_serve", words, values)


def _start(
    recipe: Recipe, *, words: Sequence[str], environment: Mapping[str, str], log: str, time_limit: float | None = None
) -> Supervised:
    program = Supervised(
        words,
        folder=recipe.folder,
        environment=environment,
        log=recipe.vault / log,
        time_limit=time_limit,
        sandbox=recipe.sandbox,
    )
    try:
        program.start()
    except ProgramNotFound as missing:
        why = why_not_started(words, recipe.folder, environment, recipe.sandbox)
        raise _not_found(recipe, missing, why) from missing
    return program


def _not_found(recipe: Recipe, missing: ProgramNotFound, why: Missing | None) -> SettingError | PhaseFailed:
    """Return the error for a missing program: the change's if it is in the checkout, otherwise the person's to
    install.
    """
    sentence = f"The application cannot be served: {(why or missing).sentence}"
    where = f"chimera_serve = {recipe.serve!r}"
    if not missing.path:
        return PhaseFailed(sentence, where=where, remedy=f"Make sure that {missing.name!r} exists and is executable.")
    return SettingError(
        sentence,
        where=f"{where}, {missing.where}",
        remedy=f"Install {missing.name!r} into the environment that pytest runs in, or write in pyproject.toml, "
        'for example:\nchimera_serve = "python -m flask --app todo run --port {port}"',
    )


def _prepare(
    recipe: Recipe, preparing: Sequence[list[str]], environment: Mapping[str, str], cancelled: threading.Event
) -> None:
    """Run the preparing lines whose results are not available as copies."""

    def may_go_on() -> None:
        if cancelled.is_set():
            raise Cancelled

    prepared = recipe.prepared
    lasting = lasting_lines(recipe.preparing, recipe.env, environment) if prepared else 0
    if prepared and lasting and prepared.restore(may_go_on):
        lines = "".join(f"  {line}\n" for line in recipe.preparing[:lasting])
        write_file(recipe.vault / "prepare.log", f"Prepared before, and copied from there:\n{lines}{prepared.log}\n")
    else:
        for words in preparing[:lasting]:
            _run_line(recipe, words, environment, cancelled)
        if prepared and lasting:
            prepared.log = str(recipe.vault / "prepare.log")
            prepared.keep(may_go_on)
    for words in preparing[lasting:]:
        _run_line(recipe, words, environment, cancelled)


def _run_line(recipe: Recipe, words: list[str], environment: Mapping[str, str], cancelled: threading.Event) -> None:
    program = _start(recipe, words=words, environment=environment, log="prepare.log", time_limit=recipe.prepare_timeout)
    try:
        while not program.poll():
            if cancelled.wait(_LOOK_EVERY):
                raise Cancelled
    finally:
        program.stop()
    finished = program.finished()
    if finished.exit_code != 0:
        raise PhaseFailed(
            f"`{' '.join(words)}`, which prepares the application, {describe_exit(finished)}.",
            where=str(program.log),
            remedy=_hint(recipe),
            evidence=program.tail(40),
        )


def _hint(recipe: Recipe) -> str:
    return HINT if recipe.sandbox else ""


# -- the answer


def _knock(port: int, path: str, timeout: float, answers: SimpleQueue[int], enough: threading.Event) -> None:
    """Send requests until told to stop; 0 in the queue means that there was no answer."""
    while not enough.wait(_LOOK_EVERY):
        connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
        try:
            connection.request("GET", path, headers=AS_A_BROWSER)
            answers.put(connection.getresponse().status)
        except (OSError, http.client.HTTPException):
            answers.put(0)
        finally:
            connection.close()


@contextmanager
def _knocking(port: int, path: str, timeout: float) -> Iterator[SimpleQueue[int]]:
    answers: SimpleQueue[int] = SimpleQueue()
    enough = threading.Event()
    arguments = (port, path, timeout, answers, enough)
    threading.Thread(target=_knock, args=arguments, daemon=True, name="chimera-health").start()
    try:
        yield answers
    finally:
        enough.set()


def is_ready(status: int, health: str) -> bool:
    """Whether an answer means that the application is ready: at ``/`` any but a server error, else a success."""
    return 0 < status < 500 if health == "/" else 200 <= status < 400


def _await_answer(recipe: Recipe, program: Supervised, port: int, cancelled: threading.Event) -> None:
    deadline, broken = Deadline(recipe.ready_timeout), None
    status = 0
    with _knocking(port, recipe.health, recipe.ready_timeout) as answers:
        while not deadline.is_over():
            if cancelled.is_set():
                raise Cancelled
            if program.poll():
                _report_exit(recipe, program)
            with suppress(Empty):
                status = answers.get(timeout=_LOOK_EVERY)
                if is_ready(status, recipe.health):
                    return
                broken = (broken or Deadline(_BROKEN_AFTER_SECONDS)) if status == 500 else None
            if broken and broken.is_over():
                break
    if status:
        _report_errors(recipe, program, status)
    _report_silence(recipe, program, port, deadline.seconds)


def _report_exit(recipe: Recipe, program: Supervised) -> NoReturn:
    if _TAKEN.search(program.output()):
        raise port_taken(recipe.port) if recipe.port else _PortLost
    finished = program.finished()
    why = why_it_failed_to_start(finished, program.command, recipe.folder, program.environment, recipe.sandbox)
    if why and not why.in_folder:
        sentence = f"The application cannot be served: {why.sentence}"
        raise SettingError(
            sentence, where=f"chimera_serve = {recipe.serve!r}", remedy="Install it, or use another program."
        )
    raise PhaseFailed(
        f"The application exited before it answered: `{recipe.command}` {describe_exit(finished)}.",
        where=str(program.log),
        remedy=_hint(recipe)
        if program.exit_code
        else "The command has to stay in the foreground for as long as it serves.",
        evidence=program.tail(40),
    )


def _report_silence(recipe: Recipe, program: Supervised, port: int, seconds: float) -> NoReturn:
    tree = program.tree()
    elsewhere = sorted({_place(address, number) for address, number, process in listeners() if process in tree})
    listens = f"; it listens on {', '.join(elsewhere)}" if elsewhere else ""
    busy = f" ({seconds:.0f} s, because the machine is busy)" if seconds > recipe.ready_timeout else ""
    program.stop()
    raise PhaseFailed(
        f"The application did not answer on port {port} within {recipe.ready_timeout:g} s{busy}{listens}.",
        where=str(program.log),
        remedy="Write {port} and {host} in chimera_serve where the server takes them."
        if elsewhere
        else "If it needs longer, write for example: chimera_ready_timeout = 120",
        evidence=program.tail(40),
    )


def _place(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _report_errors(recipe: Recipe, program: Supervised, status: int) -> NoReturn:
    program.stop()
    raise PhaseFailed(
        f"The application is not ready: {recipe.health} answers {status}.",
        where=str(program.log),
        remedy="Look at the log; chimera_health can be set to another path.",
        evidence=program.tail(40),
    )


def _check_owner(recipe: Recipe, program: Supervised, port: int) -> None:
    """Check that the answer came from our server; if listeners cannot be listed, this cannot be known.

    :raises _PortLost: another process has the port.
    """
    owners = owners_of(port)
    if owners and 0 not in owners and not owners & program.tree():
        raise port_taken(port) if recipe.port else _PortLost


# -- the working tree, for plain pytest


def recipe_of_working_tree(settings: Settings, folder: Path, vault: Path) -> Recipe:
    """Return the recipe for a working tree, from the settings or the detected command.

    Preparing lines run only if they use our own data folder, unless the person has allowed all of them.

    :raises SettingError: no way to serve it is known.
    """
    name = f"working_tree_{secrets.token_hex(3)}"
    command = settings.serve.strip() or _found_for_working_tree(folder)
    *preparing, serving = _lines(command)
    not_run = tuple(line for line in preparing if not settings.prepare_working_tree and "{data_dir}" not in line)
    command = "\n".join((*(line for line in preparing if line not in not_run), serving))
    return replace(recipe_for(settings, command, folder, name, vault / f"data-{name}", vault), not_run=not_run)


def _found_for_working_tree(folder: Path) -> str:
    found = find_serve(folder)
    if found is None:
        raise no_serve_known(folder)
    if found.own_database:
        raise SettingError(
            f"{found.sentence}; but in your working tree it would use the database that you develop with.",
            remedy="Write in pyproject.toml how it is served with another one, for example:\n"
            'chimera_env = ["DATABASE_URL=sqlite:///{data_dir}/db.sqlite3"]\n'
            f'chimera_serve = """\n{found.command}\n"""\n'
            "chimera_prepare_working_tree = true",
        )
    return found.command
