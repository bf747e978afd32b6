"""The values of the loop, in the order in which they are created.

``Feature → Scenario → GeneratedTest → SealedTest → Brief → Change → Review → Deployment → TestRun → Verdict``

All are frozen. Paths inside the project are POSIX and relative to its root, other paths are absolute; times are in
seconds.
"""

from pytest_chimera.models.base import StepKeyword, Value, first_line, slug_of
from pytest_chimera.models.change import Brief, Change, ChangedFile, Rejected
from pytest_chimera.models.deployment import Checkout, Deployment
from pytest_chimera.models.feature import Feature
from pytest_chimera.models.findings import Finding, Review
from pytest_chimera.models.judgement import OUTSIDE_CAUSES, RIGHT_REDS, TIMELY_REDS, Evidence, Failure, Reason, TestRun
from pytest_chimera.models.sealed_test import SealedTest
from pytest_chimera.models.steps import Call, GeneratedTest, Scenario, Step, StepLines, Target
from pytest_chimera.models.verdict import Proof, Verdict

__all__ = [
    "OUTSIDE_CAUSES",
    "RIGHT_REDS",
    "TIMELY_REDS",
    "Brief",
    "Call",
    "Change",
    "ChangedFile",
    "Checkout",
    "Deployment",
    "Evidence",
    "Failure",
    "Feature",
    "Finding",
    "GeneratedTest",
    "Proof",
    "Reason",
    "Rejected",
    "Review",
    "Scenario",
    "SealedTest",
    "Step",
    "StepKeyword",
    "StepLines",
    "Target",
    "TestRun",
    "Value",
    "Verdict",
    "first_line",
    "slug_of",
]
