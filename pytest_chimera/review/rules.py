"""The table of the guardian's rules: what each forbids, why, and what to do instead.

A project allows exceptions with ``chimera_allow = ["rule-id:path"]``; they are still reported as notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from pytest_chimera.errors import SettingError
from pytest_chimera.models import Finding

Severity = Literal["reject", "note"]


@dataclass(frozen=True)
class Rule:
    """One rule.

    :param forbids: what it forbids; ``why``: why that is not part of a feature; ``remedy``: what to do instead.
    :param breaks_seal: it also applies to a person, and cannot be allowed: without it nothing is proved.
    :param around: it is about something outside the change, so that no path of it could be allowed.
    """

    id: str
    forbids: str
    why: str
    remedy: str
    severity: Severity = "reject"
    breaks_seal: bool = False
    around: bool = False

    @property
    def may_be_allowed(self) -> bool:
        """Whether it can be used in ``chimera_allow``."""
        return self.severity == "reject" and not self.breaks_seal and not self.around

    def finding(self, path: str, sentence: str, line: int = 0, *, by_hand: bool = False) -> Finding:
        """Return a finding against this rule; if a person implements, it is only a note."""
        severity: Severity = "note" if by_hand and not self.breaks_seal else self.severity
        return Finding(rule=self.id, path=path, line=line, sentence=sentence, remedy=self.remedy, severity=severity)


RULES = {
    rule.id: rule
    for rule in (
        Rule(
            "sealed-test",
            "changing or removing the sealed test",
            "it was red on the base, and only the same test can show that the feature exists now",
            "Leave the test as it is and change the application; to ask for something else, edit the steps on the "
            "marker.",
            breaks_seal=True,
        ),
        Rule(
            "protected-path",
            "changing what was asked for, the end-to-end tests' folder, how tests run, CI, what runs automatically on "
            "a person's machine, instructions for agents, and what registers plugins",
            "it changes what is asked for, judged or run later instead of what the application does",
            "Undo that: change only the application and your own tests. If the feature is about this file, a person "
            "can allow it with chimera_allow.",
        ),
        Rule(
            "regular-files",
            "links, nested repositories, pipes and files that cannot be read",
            "their contents may differ between review and deployment",
            "Put a regular file in its place, or remove it.",
        ),
        Rule(
            "test-awareness",
            "application code that checks for a test, pytest or an automated browser",
            "an application that detects tests can behave differently without them",
            "Build the feature for everybody; configure what differs between environments from outside.",
        ),
        Rule(
            "tester-import",
            "application code that imports test tools",
            "it may modify its judge, or take screenshots of pages",
            "Check that this belongs to the feature.",
            severity="note",
        ),
        Rule(
            "process-list",
            "application code that lists other processes, or reads their command lines and environments",
            "it may look for its judge, and behave differently without one",
            "Leave other processes alone; if the feature is about them, the project can allow it with chimera_allow.",
        ),
        Rule(
            "temporary-files",
            "application code that lists the shared folder of temporary files",
            "it may look for the judge's files",
            "Make a temporary folder of its own, and look there.",
        ),
        Rule(
            "removed-test",
            "removing a test while what it tests stays, and marking one to be skipped or to fail",
            "what it guarded may break later without anybody noticing",
            "Keep the test; remove it only together with what it tests.",
        ),
        Rule(
            "base-tests",
            "breaking a test of the project that was green on the base",
            "what worked before still has to work",
            "Make it pass unchanged; a test may only be removed together with what it tests.",
        ),
        Rule(
            "test-with-subject",
            "nothing: it reports tests that were removed together with what they tested",
            "a person may want to know",
            "",
            severity="note",
        ),
        Rule(
            "check",
            "a command of chimera_check that fails",
            "the project requires it",
            "Make it succeed; if it is no longer needed, a person removes the command.",
            around=True,
        ),
        Rule(
            "start-up-files",
            "files that run when the interpreter starts, and plugins that register with pytest",
            "they would run in all later processes of the person",
            "Remove it: a change must stay inside its folder. Install what it needs with pip.",
            around=True,
        ),
        Rule(
            "judges-packages",
            "changing the packages that judge",
            "changing the judge means deciding the verdict",
            "Install that package again.",
            around=True,
        ),
        Rule(
            "git-settings",
            "changing what git does in the person's repository",
            "a hook or a filter there later runs as the person",
            "Restore it: a coder works in its own clone.",
            around=True,
        ),
        Rule(
            "state-files",
            "changing what the journals have recorded",
            "they record what was proved, and only chimera writes them",
            "Leave .pytest_cache alone; the feature may have to be started over with --chimera-restart.",
            around=True,
        ),
    )
}
"""Rule id → rule."""


def checked_allowances(allow: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Parse ``chimera_allow`` into pairs of a rule's id and a pattern for paths.

    :raises SettingError: an entry has no known rule, or one that cannot be allowed.
    """
    pairs = []
    for entry in allow:
        rule, _, pattern = entry.partition(":")
        if rule not in RULES or not RULES[rule].may_be_allowed or not pattern:
            known = ", ".join(each.id for each in RULES.values() if each.may_be_allowed)
            raise SettingError(
                f"chimera_allow cannot allow {entry!r}.",
                remedy=f'Write "rule-id:path", the path as a glob. Rules that can be allowed: {known}.',
            )
        pairs.append((rule, pattern))
    return tuple(pairs)


def softened(findings: Iterable[Finding], allow: Iterable[str]) -> tuple[Finding, ...]:
    """Return the findings, with those that the project allows as notes."""
    pairs = checked_allowances(allow)

    def allowed(finding: Finding) -> bool:
        return any(rule == finding.rule and matches(finding.path, (pattern,)) for rule, pattern in pairs)

    return tuple(each.model_copy(update={"severity": "note"}) if allowed(each) else each for each in findings)


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether a path matches one of the patterns; ``**/x`` also matches ``x`` at the top."""
    return any(fnmatchcase(path, pattern) or fnmatchcase(path, pattern.removeprefix("**/")) for pattern in patterns)
