"""The built-in coders: a command line or recorded patches; otherwise the person implements.

Each works in ``brief.folder`` and answers with a summary; the change is read from the files afterwards.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread
import pytest

from pytest_chimera.errors import CouldNotBegin, EnvironmentTrouble, PhaseFailed, SettingError
from pytest_chimera.git import apply_patch, put_back
from pytest_chimera.implementation.out_of_reach import OutOfReach, out_of_reach
from pytest_chimera.models import Brief, Feature, GeneratedTest
from pytest_chimera.settings import Settings, split_command
from pytest_chimera.system.command_lines import words_filled
from pytest_chimera.system.files import write_file
from pytest_chimera.system.nesting import INSIDE
from pytest_chimera.system.process import Finished, ProgramNotFound, chosen_environment, describe_exit, run_program
from pytest_chimera.system.sandbox import HINT, Sandbox, Sandboxes, logins_of, why_it_failed_to_start, why_not_started
from pytest_chimera.system.start_failures import why_not_begun
from pytest_chimera.system.supervision import tail_of
from pytest_chimera.workflow.questions import DRAFT_FILE

REPLAY = "replay:"
_LARGEST_DRAFT = 100_000


class _Place(NamedTuple):
    """A command, and where it runs."""

    command: list[str]
    folder: Path
    environment: dict[str, str]
    sandbox: Sandbox | None


class CommandCoder:
    """Runs ``chimera_coder`` in the private clone, with the brief as Markdown and JSON.

    :param settings: ``coder`` is the command line, ``coder_env`` its additional environment variables.
    :param sandboxes: provides the sandbox that the command runs in, if any.
    """

    def __init__(self, settings: Settings, sandboxes: Sandboxes) -> None:
        self._settings = settings
        self._sandboxes = sandboxes

    @pytest.hookimpl(trylast=True)
    async def pytest_chimera_implement_feature(self, brief: Brief) -> str:
        """Run the command; its last line of output is the summary."""
        with _own_temporary() as temporary:
            return await self._run(brief, temporary)

    async def _run(self, brief: Brief, temporary: Path) -> str:
        folder = Path(brief.folder)
        command = self._sandboxes.programs(command_for(brief, self._settings.coder), folder)
        environment = chosen_environment(
            folder=folder,
            origin=self._sandboxes.origin,
            given=self._settings.coder_env,
            also={**_told(brief), "TMPDIR": str(temporary)},
        )
        log = Path(brief.markdown).with_name("coder.log")
        sandbox = await anyio.to_thread.run_sync(self._sandbox, command, brief, temporary)
        place = _Place(command, folder, environment, sandbox)
        lacking = await anyio.to_thread.run_sync(self._lacking, place, brief)
        for each in lacking:
            if each.runs:
                raise self._not_started(f"{each.word!r} {each.why}.", _remedy(each, brief))
        try:
            done = await run_program(command, folder=folder, environment=environment, log=log, sandbox=sandbox)
        except ProgramNotFound as missing:
            why = why_not_started(command, folder, environment, sandbox) or missing
            raise self._not_started(why.sentence) from missing
        if done.exit_code:
            still = (each for each in lacking if Path(each.word).is_absolute() or not (folder / each.word).exists())
            raise self._failed(done, place, next(still, None), brief)
        return tail_of(done.output, 3)

    def _lacking(self, place: _Place, brief: Brief) -> list[OutOfReach]:
        """Return the project's files that the command refers to but cannot reach."""
        origin = self._sandboxes.origin
        if origin is None:
            return []
        command, folder, environment, sandbox = place
        is_hidden = sandbox.hiding(command, folder, environment) if sandbox else lambda _path: False
        return list(out_of_reach(command, folder, origin, brief.sealed or "HEAD", is_hidden))

    def _failed(self, done: Finished, place: _Place, lacking: OutOfReach | None, brief: Brief) -> PhaseFailed:
        """Return the error for a coder's exit code.

        :param lacking: a file that its command refers to and that was missing.
        """
        hint = HINT if place.sandbox else ""
        ended = f"The coder {place.command[0]!r} {describe_exit(done)}"
        absent = why_it_failed_to_start(done, *place)
        if cause := absent.sentence if absent else why_not_begun(place.command, done):
            trouble = self._not_started(cause)
            return CouldNotBegin(trouble.sentence, where=trouble.where, remedy=f"{trouble.remedy} {hint}".rstrip())
        if lacking:
            sentence = f"{ended}, and {lacking.word!r}, which its command refers to, {lacking.why}."
            return CouldNotBegin(sentence, where=str(done.log), remedy=_remedy(lacking, brief))
        evidence = "\n".join(part for part in (tail_of(done.output, 40), hint) if part)
        return PhaseFailed(f"{ended}.", where=str(done.log), evidence=evidence)

    def _not_started(
        self, why: str, remedy: str = "Install what is missing, or change chimera_coder."
    ) -> EnvironmentTrouble:
        where = f"chimera_coder = {self._settings.coder!r}"
        return EnvironmentTrouble(f"The coder cannot be started: {why}", where=where, remedy=remedy)

    def _sandbox(self, command: list[str], brief: Brief, temporary: Path) -> Sandbox | None:
        briefs = (Path(brief.markdown), Path(brief.json_file))
        writable = (temporary, *logins_of(command))
        return self._sandboxes.for_folder(Path(brief.folder), *briefs, writable=writable)

    @pytest.hookimpl(trylast=True)
    async def pytest_chimera_draft_steps(self, feature: Feature, task: str, folder: str) -> str:
        """Run the same command with a different brief; the draft is what it writes to the file given there."""
        no_test = GeneratedTest(source="", path="", name="")
        json_file = write_file(Path(task).with_suffix(".json"), feature.model_dump_json(indent=2))
        brief = Brief(feature=feature, test=no_test, failing="", folder=folder, markdown=task, json_file=str(json_file))
        draft = Path(folder) / DRAFT_FILE
        try:
            await self.pytest_chimera_implement_feature(brief)
        except PhaseFailed:
            if not draft.is_file():
                raise
        return _written_draft(draft, Path(task).with_name("coder.log"))


def _remedy(lacking: OutOfReach, brief: Brief) -> str:
    """Return the remedy; a feature that has been worked on keeps its base, even if the file is committed now."""
    worked_on = brief.rejected or brief.words
    again = "If it is committed by now, the feature still has an older base: start over with --chimera-restart."
    return f"{lacking.remedy}\n{again}" if worked_on else lacking.remedy


def _written_draft(path: Path, log: Path) -> str:
    """Return the draft that the coder wrote.

    :raises PhaseFailed: there is no such file, or it cannot be a draft.
    """
    if path.is_symlink() or not path.is_file():
        raise PhaseFailed(f"The coder wrote no file {DRAFT_FILE}.", where=str(log))
    with path.open("rb") as file:
        return file.read(_LARGEST_DRAFT).decode("utf-8", "replace")


def command_for(brief: Brief, coder: str) -> list[str]:
    """Return the coder's command line with its placeholders filled in.

    :raises SettingError: it contains an unknown placeholder.
    """
    values = {
        "brief": brief.markdown,
        "brief_json": brief.json_file,
        "folder": brief.folder,
        "attempt": str(brief.attempt),
        "feature": brief.feature.id,
    }
    return words_filled("chimera_coder", split_command("chimera_coder", coder), values)


def _told(brief: Brief) -> dict[str, str]:
    """Return the coder's additional environment variables, as documented in the reference."""
    return {
        "CHIMERA_BRIEF": brief.markdown,
        "CHIMERA_BRIEF_JSON": brief.json_file,
        "CHIMERA_FEATURE": brief.feature.id,
        "CHIMERA_ATTEMPT": str(brief.attempt),
        "CHIMERA_TEST": brief.test.path,
        INSIDE: f"the coder of {brief.feature.id}",
    }


@contextmanager
def _own_temporary() -> Iterator[Path]:
    """Create a folder with a short path, so that a browser started by the coder can create its sockets in it."""
    with tempfile.TemporaryDirectory(prefix="chimera-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


class ReplayCoder:
    """Replays recorded changes, one for each attempt: patches (``1.patch``) or folders (``1/``) copied over the clone.

    Each is a change against the sealed commit, like the vault's ``change.diff``.

    :param folder: holds them, in a folder of the feature's id or directly.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @pytest.hookimpl(trylast=True)
    def pytest_chimera_implement_feature(self, brief: Brief) -> str:
        """Apply the attempt's change."""
        records = self._records(brief)
        if brief.attempt > len(records):
            recorded = f"{len(records)} change{' is' if len(records) == 1 else 's are'} recorded"
            raise EnvironmentTrouble(
                f"Only {recorded}, and this is attempt {brief.attempt}.",
                where=str(self._place(brief.feature)),
                remedy="Record another one, or set chimera_coder to a coder, then run the same command again.",
            )
        record = records[brief.attempt - 1]
        put_back(Path(brief.folder), brief.sealed)
        if record.is_dir():
            shutil.copytree(record, brief.folder, dirs_exist_ok=True)
        else:
            apply_patch(Path(brief.folder), record)
        return f"replayed {record.name}"

    @pytest.hookimpl(trylast=True)
    def pytest_chimera_draft_steps(self, feature: Feature) -> str | None:
        """Return the recorded draft, ``draft.txt``, if it exists."""
        recorded = self._place(feature) / "draft.txt"
        return recorded.read_text(encoding="utf-8") if recorded.is_file() else None

    def _place(self, feature: Feature) -> Path:
        for name in (feature.id, feature.slug):
            if (self._folder / name).is_dir():
                return self._folder / name
        return self._folder

    def _records(self, brief: Brief) -> list[Path]:
        place = self._place(brief.feature)
        if not place.is_dir():
            raise SettingError(
                "The folder of recorded changes does not exist.",
                where=str(place),
                remedy='Write: chimera_coder = "replay:FOLDER", with the folder relative to the project\'s root.',
            )
        found = [path for path in place.iterdir() if re.fullmatch(r"\d+(\.patch|\.diff)?", path.name)]
        return sorted(found, key=lambda path: int(path.stem))


def coder_plugin(settings: Settings, root: Path, sandboxes: Sandboxes) -> CommandCoder | ReplayCoder | None:
    """Return the plugin for ``chimera_coder``; ``None`` if it is not set."""
    if settings.coder.startswith(REPLAY):
        return ReplayCoder(root / settings.coder.removeprefix(REPLAY))
    return CommandCoder(settings, sandboxes) if settings.coder else None
