"""The test of a feature as it was sealed."""

from __future__ import annotations

from pytest_chimera.models.base import Value
from pytest_chimera.models.judgement import TestRun
from pytest_chimera.models.scenario import GeneratedTest


class SealedTest(Value):
    """The test as it was when it was proved red.

    :param test: the source with its path.
    :param handwritten: the person wrote it.
    :param nodeids: the node ids that have to pass, frozen.
    :param sha256: digest of the source.
    :param meaning: digest of the source's syntax tree: comments and layout do not count.
    :param base: the commit the feature starts from; ``commit`` is base plus the sealed files, ``tree`` its digest.
    :param files: every path that ``commit`` adds to or changes in base.
    :param protected: paths that a change must leave alone: touching one breaks the seal.
    :param red: the run that was red on base.
    :param shared: on base, one browser context shows what was typed in another one.
    :param notes: what a person should know of its expectations: which held before the feature, which prove nothing.
    :param variation: this is no sealed test but a variation of one, or what is looked at beside it, of that name;
        ``other_browser``: to be run in a browser that tells something else of itself.
    :param stretch: how many times longer than usual the judge waits at least, because the machine was busy before.
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
        """The same test, for which the judge waits at least so many times longer than usual."""
        return self.model_copy(update={"stretch": times}) if times > 1 else self
