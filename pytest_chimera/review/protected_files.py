"""The table of protected files: which they are, what they do, and which part of them is compared.

They define what is asked for or how it is judged, or run on somebody's machine without being asked to. A project adds
paths with ``chimera_protected``, and allows some with ``chimera_allow``.
"""

from __future__ import annotations

import configparser
from collections.abc import Callable, Collection
from dataclasses import dataclass

from pytest_chimera.review.rules import Severity, matches
from pytest_chimera.review.shared_files import (
    Differs,
    by,
    conftest_hooks,
    loses,
    marked,
    package_json,
    plugins_in_pyproject,
    pyproject,
    setup_cfg_plugins,
    setup_cfg_tests,
    setup_py,
    statements_lost,
    tasks_in_pyproject,
    tox,
)


@dataclass(frozen=True)
class Kind:
    """Files of one kind.

    :param patterns: lowercase globs, separated by blanks; ``**`` crosses folders.
    :param does: what such a file does, as the end of a sentence that begins with its path.
    :param why: why changing it is not part of building a feature.
    :param differs: whether the relevant part of the file has changed; without it, any change counts.
    :param first: the severity of adding a file of a kind that the project did not have.
    """

    name: str
    patterns: str
    does: str
    why: str
    differs: Differs | None = None
    first: Severity = "reject"

    @property
    def globs(self) -> tuple[str, ...]:
        """The patterns as separate strings."""
        return tuple(self.patterns.split())


@dataclass(frozen=True)
class TouchedFile:
    """A protected file that a change modifies: what it does, and how severe that is."""

    does: str
    severity: Severity = "reject"


def touched(
    path: str, before: bytes | None, after: bytes | None, base: Callable[[], Collection[str]]
) -> TouchedFile | None:
    """Return what is wrong with a change to a file; ``None`` if nothing is.

    :param before: its content on the base; ``after``: with the change; ``None`` if it does not exist there.
    :param base: returns the paths of the base.
    """
    found = [seen for kind in KINDS if matches(path.lower(), kind.globs) and (seen := _of(kind, before, after, base))]
    return min(found, key=lambda each: each.severity != "reject", default=None)


def _of(
    kind: Kind, before: bytes | None, after: bytes | None, base: Callable[[], Collection[str]]
) -> TouchedFile | None:
    if kind.differs:
        try:
            if not kind.differs(before or b"", after or b""):
                return None
        except (ValueError, SyntaxError, RecursionError, configparser.Error):
            return TouchedFile("can no longer be read")
    if before is None and kind.first == "note" and not any(matches(each.lower(), kind.globs) for each in base()):
        return TouchedFile(f"{kind.does}, and the project had none", "note")
    return TouchedFile(kind.does)


KINDS = (
    Kind(
        "steps",
        "**/*.feature",
        "defines what is asked for",
        "only a person changes what is asked for",
    ),
    Kind(
        "marked files",
        "**/*.py",
        "asks for features with the marker",
        "only a person changes what is asked for",
        by(marked),
    ),
    Kind(
        "settings of pytest and chimera",
        "**/pytest.ini **/.pytest.ini **/pytest.toml **/.pytest.toml **/chimera.toml",
        "changes how tests are collected or run",
        "it decides which tests run, and how",
    ),
    Kind(
        "settings in shared files",
        "**/pyproject.toml",
        "changes how tests are collected or run",
        "it decides which tests run, and how",
        by(pyproject),
    ),
    Kind(
        "settings in ini files",
        "**/setup.cfg **/tox.ini",
        "changes how tests are collected or run",
        "it decides which tests run, and how",
        by(setup_cfg_tests),
    ),
    Kind(
        "test hooks",
        "**/conftest.py",
        "changes how tests are collected or run",
        "its contents take part in every test",
        by(conftest_hooks),
    ),
    Kind(
        "settings of other test runners",
        """
        **/jest.config.* **/vitest.config.* **/vitest.workspace.* **/playwright.config.* **/cypress.config.*
        **/.mocharc* **/karma.conf.* **/ava.config.* **/.nycrc*
        """,
        "changes how tests are collected or run",
        "it decides which tests run, and how",
        first="note",
    ),
    Kind(
        "continuous integration",
        """
        .github/** .gitlab-ci*.yml .gitlab-ci*.yaml .gitlab/** .circleci/** .ci/** ci/*.yml **/jenkinsfile*
        **/*.jenkinsfile .jenkins/** .travis.yml .travis/** bitbucket-pipelines.yml azure-pipelines*
        .azure-pipelines/** .azuredevops/** .azure/** .vsts-ci.yml .woodpecker.* .woodpecker/** .drone.* .drone/**
        .crow.* .crow/** .buildkite/** appveyor.yml .appveyor.yml .appveyor/** .cirrus.* .semaphore/** .teamcity/**
        .buildbot/** buildspec*.yml cloudbuild.* codefresh.yml .codefresh/** .builds/** .build.yml wercker.yml
        .gitea/** .forgejo/** .tekton/** .harness/** .onedev-buildspec.yml .zuul.* .zuul.d/** zuul.d/**
        bamboo-specs/** concourse/** .concourse/** .dagger/** dagger.json earthfile codecov.yml .codecov.yml
        sonar-project.properties dangerfile* bors.toml .mergify.yml renovate.json* .renovaterc* .readthedocs.y*ml
        cloudbees* bitrise.yml codemagic.yaml
        """,
        "says what continuous integration runs",
        "it decides what is tested later, and runs with secrets",
        first="note",
    ),
    Kind(
        "commit hooks",
        """
        .pre-commit-config.y*ml .pre-commit-hooks.y*ml lefthook* .lefthook* **/.husky/** .huskyrc* **/.lintstagedrc*
        .overcommit.yml .simple-git-hooks* commitlint.config.* prek.toml
        """,
        "says what runs at each commit",
        "it decides what is checked later, on a person's machine",
        first="note",
    ),
    Kind(
        "task runners for tests",
        "**/noxfile.py",
        "says what the project's checks run",
        "it decides what is tested later",
        statements_lost,
        first="note",
    ),
    Kind(
        "tox",
        "**/tox.ini",
        "says what the project's checks run",
        "it decides what is tested later",
        loses(tox),
    ),
    Kind(
        "tasks in shared files",
        "**/pyproject.toml",
        "says what the project's checks run",
        "it decides what is tested later",
        loses(tasks_in_pyproject),
    ),
    Kind(
        "tox in TOML",
        "**/tox.toml",
        "says what the project's checks run",
        "it decides what is tested later",
        first="note",
    ),
    Kind(
        "files that run automatically",
        """
        **/.envrc **/.direnv/** **/.autoenv* **/.vscode/** **/.idea/** **/.fleet/** **/.zed/** **/*.code-workspace
        **/*.sublime-project **/.devcontainer/** **/.devcontainer.json **/.gitpod.yml **/.dir-locals*.el **/.exrc
        **/.nvimrc **/.nvim.lua **/.vimrc **/.lvimrc **/.vim/** **/mise.toml **/.mise.toml **/mise.*.toml
        **/.mise/** **/mise/** **/.rtx.toml **/.gdbinit **/.lldbinit **/.pdbrc* **/.pythonrc* **/.pythonstartup*
        **/.ipython/** **/.jupyter/** **/.npmrc **/.yarnrc* **/.yarn/** **/.pnpmfile.* **/pnpmfile.* **/bunfig.toml
        **/.bashrc **/.bash_profile **/.profile **/.zshrc **/.zshenv **/.netrc **/pip.conf **/.cargo/config*
        **/.bazelrc **/.nova/** **/.kakrc **/.helix/** **/.env.fish **/.ssh/**
        """,
        "runs automatically on a person's machine",
        "people who open the project do not expect it",
    ),
    Kind(
        "files that package managers run",
        "**/package.json",
        "says what a package manager or a test runner does by itself",
        "people who install the project do not expect it",
        by(package_json),
    ),
    Kind(
        "instructions for agents",
        """
        **/agent*.md **/claude*.md **/gemini*.md **/qwen*.md
        **/copilot-instructions*.md **/warp*.md **/.rules **/.goosehints **/.agents/** **/.claude/** **/.claude.json
        **/.cursor/** **/.cursorrules **/.cursorignore **/.windsurf/** **/.windsurfrules **/.clinerules
        **/.clinerules/** **/.cline/** **/.roo/** **/.roorules* **/.roomodes **/.kilocode/** **/.aider* **/.codex/**
        **/.gemini/** **/.qwen/** **/.goose/** **/.continue/** **/.continuerules **/.kiro/** **/.junie/**
        **/.augment/** **/.augment-guidelines **/.amazonq/** **/.trae/** **/.opencode/** **/opencode.json*
        **/.mcp.json **/mcp.json **/.github/instructions/** **/.github/agents/** **/.copilot/** **/.crush/**
        **/crush.json
        """,
        "tells agents what to do",
        "the next agent that works here would follow it",
    ),
    Kind(
        "git's own",
        "**/.git/** **/.gitattributes **/.gitmodules **/.gitconfig **/.githooks/** **/githooks/**",
        "changes what git shows or runs",
        "it runs as the person, or hides changes from them",
    ),
    Kind(
        "files that interpreters run at startup",
        """
        **/sitecustomize.* **/sitecustomize/** **/usercustomize.* **/usercustomize/** **/*.pth **/pyvenv.cfg
        **/*._pth
        """,
        "is run when an interpreter starts",
        "it takes part in every program, including the judge",
    ),
    Kind(
        "packages that register plugins",
        "**/*.egg-info/** **/*.egg-info **/*.dist-info/** **/*.egg-link **/*.egg **/entry_points.txt",
        "registers plugins",
        "other tools load the registered plugins",
    ),
    Kind(
        "plugins in shared files",
        "**/pyproject.toml",
        "registers plugins",
        "other tools load the registered plugins",
        by(plugins_in_pyproject),
    ),
    Kind(
        "plugins in setup.cfg",
        "**/setup.cfg",
        "registers plugins",
        "other tools load the registered plugins",
        by(setup_cfg_plugins),
    ),
    Kind(
        "setup.py",
        "**/setup.py",
        "runs when the project is installed",
        "people who install the project do not expect it",
        by(setup_py),
    ),
)
"""Every kind of protected file. Patterns are lowercase, because some file systems ignore case."""
