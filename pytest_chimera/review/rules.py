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
            "changing what was asked, the end-to-end tests' folder, how tests run, CI, what runs by itself on a "
            "person's machine, what agents are told, and what registers plugins",
            "it changes what is asked, judged or run tomorrow instead of what the application does",
            "Undo that: the application and tests of your own are yours to change. Where the feature is about this "
            "file, a person allows it with chimera_allow.",
        ),
        Rule(
            "regular-files",
            "links, nested repositories, pipes and files that can't be read",
            "they would hold something else where the change is deployed than where it was reviewed",
            "Put a regular file in its place, or remove it.",
        ),
        Rule(
            "test-awareness",
            "code of the application that asks whether a test, pytest or an automated browser is there",
            "an application that knows that it is tested can do something else when it is not",
            "Build the feature for everybody; configure what differs between environments from outside.",
        ),
        Rule(
            "tester-import",
            "code of the application that imports what tests are made of",
            "it may be there to change its judge, or to make pictures of pages",
            "See that this belongs to the feature.",
            severity="note",
        ),
        Rule(
            "process-list",
            "code of the application that lists other processes, or reads their command lines and environments",
            "it may be looking for who judges it, and do something else when nobody does",
            "Leave other processes alone; where the feature is about them, the project allows it with chimera_allow.",
        ),
        Rule(
            "temporary-files",
            "code of the application that lists the folder of everybody's temporary files",
            "it may be looking for what the judge keeps there",
            "Make a temporary folder of its own, and look there.",
        ),
        Rule(
            "removed-test",
            "removing a test while what it tests stays, and marking one to be skipped or to fail",
            "what it guarded may break later without anybody noticing",
            "Leave the test; one goes only together with what it tests.",
        ),
        Rule(
            "base-tests",
            "breaking a test of the project that was green on the base",
            "what worked before still has to work",
            "Make it pass as it was; a test goes only together with what it tests.",
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
            "the project asks for it",
            "Make it succeed; a person who wants it no longer removes the command.",
            around=True,
        ),
        Rule(
            "start-up-files",
            "files that run when the interpreter starts, and plugins that register with pytest",
            "they would run in every later process of the person's",
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
            "a hook or a filter there runs as the person, later",
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
