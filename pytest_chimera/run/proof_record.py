"""The complete proof that is kept in the vault: what was red, what was green, and the tools that judged it."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
from dataclasses import asdict
from importlib import metadata
from typing import Any

from pytest_chimera.implementation.tamper_detection import Fingerprints
from pytest_chimera.models import Deployment, Proof, Review, SealedTest, TestRun
from pytest_chimera.review.rules import RULES
from pytest_chimera.workflow.machine import ChimeraWorkflow
from pytest_chimera.workflow.transitions import ChimeraPhase

FORMAT = 1
_PLACE = re.compile(r" \(.*\)$")
_TOOLS = ("pytest-chimera", "pytest", "pytest-playwright", "playwright")


def whole_proof(proof: Proof, workflow: ChimeraWorkflow, fingerprints: Fingerprints) -> dict[str, Any]:
    """Return everything that a proof rests on, as plain data.

    :param workflow: the finished workflow.
    :param fingerprints: the state of everything that a change must not touch.
    """
    return {
        "format": FORMAT,
        **proof.model_dump(),
        "test": _test(workflow.sealed),
        "red": _run(workflow.sealed.red if workflow.sealed else None),
        "green": _run(_made(workflow, ChimeraPhase.E2E_VALIDATION)),
        "review": _review(_made(workflow, ChimeraPhase.GUARDIAN_REVIEW)),
        "deployment": _deployment(_made(workflow, ChimeraPhase.STAGING_DEPLOYMENT)),
        "rules": rules(),
        "fingerprints": fingerprints.fingerprints(),
        "tools": tools(),
    }


def tool_versions(green: TestRun | None) -> str:
    """Return the versions of the judge's tools in one line, the browser's last, as in a trailer."""
    browser = _PLACE.sub("", green.browser) if green else ""
    told = [f"{name} {metadata.version(name)}" for name in _TOOLS]
    return ", ".join([*told, browser] if browser else told)


def rules() -> dict[str, Any]:
    """Return the guardian's rules and the digest of their texts: a different digest means different rules."""
    said = json.dumps([asdict(rule) for rule in RULES.values()])
    return {"ids": list(RULES), "sha256": hashlib.sha256(said.encode()).hexdigest()}


def tools() -> dict[str, str]:
    """Return the versions of the judge's tools."""
    return {"python": platform.python_version(), "system": sys.platform} | {
        name: metadata.version(name) for name in _TOOLS
    }


def _made(workflow: ChimeraWorkflow, phase: ChimeraPhase) -> Any:
    result = workflow.latest(phase)
    return result.value if result else None


def _test(sealed: SealedTest | None) -> dict[str, Any]:
    if sealed is None:
        return {}
    return {
        "path": sealed.test.path,
        "sha256": sealed.sha256,
        "nodeids": list(sealed.nodeids),
        "handwritten": sealed.handwritten,
        "sealed_commit": sealed.commit,
        "sealed_tree": sealed.tree,
    }


def _run(run: TestRun | None) -> dict[str, Any]:
    if run is None:
        return {}
    failure = run.failure
    return {
        "status": run.status,
        "passed": list(run.passed),
        "reason": failure.reason.value if failure else "",
        "expectation": failure.as_sentence() if failure else "",
        "signature": failure.signature if failure else "",
        "browser": run.browser,
        "evidence": run.evidence.folder if run.evidence else "",
        "varied": list(run.varied),
        "not_varied": dict(run.not_varied),
        "earlier": list(run.earlier),
    }


def _review(review: Review | None) -> dict[str, Any]:
    if review is None:
        return {}
    return {
        "decision": review.decision,
        "reviewers": review.reviewer,
        "notes": [finding.as_text() for finding in review.findings],
    }


def _deployment(deployment: Deployment | None) -> dict[str, Any]:
    if deployment is None:
        return {}
    return deployment.model_dump(include={"commit", "tree", "name", "url", "command", "found", "proved"})
