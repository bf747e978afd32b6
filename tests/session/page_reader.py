"""A plugin in place of server and browser: it imports the checkout's page.py, and reports what a person would see."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pytest_chimera.models import Checkout, Deployment, Failure, GeneratedTest, Reason, SealedTest, TestRun

_TYPED = re.compile(r"fill\(\s*[\"']([^\"']*)")
_EXPECTED = re.compile(r"get_by_text\(\s*[\"']([^\"']*)")


def pytest_chimera_deploy_to_staging(checkout: Checkout) -> Deployment:
    return Deployment(url=f"http://127.0.0.1/{checkout.name}", name=checkout.name)


def pytest_chimera_validate(sealed: SealedTest, deployment: Deployment) -> TestRun:
    failure = _failure(sealed, Path(deployment.folder) / "page.py")
    passed = () if failure else sealed.nodeids
    failures = (failure,) if failure else ()
    return TestRun(status="red" if failure else "green", url=deployment.url, passed=passed, failures=failures)


def _failure(sealed: SealedTest, page: Path) -> Failure | None:
    source = sealed.test.source
    module: dict[str, Any] = {}
    exec(page.read_text(encoding="utf-8"), module)
    typed = _TYPED.search(source)
    if typed and "<input" not in module["render"]({}):
        return _red(sealed, Reason.MISSING_ELEMENT, "fill(")
    shown = module["render"]({"name": typed[1]} if typed else {})
    missing = (text for text in _EXPECTED.findall(source) if text not in shown)
    return next((_red(sealed, Reason.ASSERTION, text) for text in missing), None)


def _red(sealed: SealedTest, reason: Reason, sought: str) -> Failure:
    line, code = next((number, line) for number, line in _lines(sealed.test) if sought in line)
    step = next((step for step in sealed.test.steps if step.first <= line <= step.last), None)
    return Failure(
        nodeid=sealed.nodeids[0],
        reason=reason,
        message=f"{sought} was not found.",
        step=step.text if step else "",
        keyword=step.keyword if step else None,
        line=line,
        code=code,
        signature=f"{reason} {line}",
    )


def _lines(test: GeneratedTest) -> list[tuple[int, str]]:
    return list(enumerate(test.source.splitlines(), start=1))
