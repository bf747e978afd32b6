"""A feature's sealed test."""

from __future__ import annotations

from pytest_chimera.models.base import Value
from pytest_chimera.models.judgement import TestRun
from pytest_chimera.models.steps import GeneratedTest


class SealedTest(Value):
    """The test as it was when it was red on the base.

    :param test: the source with its path.
    :param handwritten: the person wrote it.
    :param nodeids: the node ids that must pass, frozen.
    :param sha256: digest of the source.
    :param meaning: digest of the source's syntax tree: comments and layout do not count.
    :param base: the commit the feature starts from; ``commit`` is base plus the sealed files, ``tree`` its digest.
    :param files: every path that ``commit`` adds to or changes in base.
    :param protected: paths that a change must not touch: touching one breaks the seal.
    :param red: the run that was red on base.
    :param shared: on base, one browser context shows what was typed in another one.
    :param notes: notes about its expectations: which ones held before the feature, which ones prove nothing.
    :param variation: the name of the variation, if this is a variation of a sealed test or a check in addition to it;
        ``other_browser``: to be run with another browser profile.
    :param stretch: the minimum factor by which the judge waits longer than usual, because the machine was busy before.
    """

    test: GeneratedTest
    handwritten: bool = False
    nodeids: tuple[str, ...]
    sha256: str = ""
    meaning: str = ""
    base: str = ""
    commit: str = ""
    tree: str = ""
    files: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    red: TestRun | None = None
    shared: bool = False
    notes: tuple[str, ...] = ()
    variation: str = ""
    other_browser: bool = False
    stretch: float = 1.0

    def stretched(self, times: float) -> SealedTest:
        """Return the same test with at least the given factor for the judge's waits."""
        return self.model_copy(update={"stretch": times}) if times > 1 else self
