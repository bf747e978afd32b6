"""A requested feature."""

from __future__ import annotations

from pytest_chimera.models.base import Value, slug_of


class Feature(Value):
    """A requested feature: one marked function.

    :param id: its permanent id: the function's, with the parameters' id, unless the marker gives one.
    :param description: the sentence on the marker.
    :param url: the path (or URL) where its scenario starts.
    :param text: the steps as written in the docstring; empty if there are none.
    :param path: the file with the marked function; ``line`` is its first line there, ``text_line`` the
        docstring's.
    :param function: the marked function's name; ``nodeid`` its item's node id.
    :param handwritten: the function has a body, which is then the test.
    :param after: the id of the feature from whose result this one starts.
    :param replaces: the accepted test that is removed with this feature.
    :param fixed: words that are existing data and never varied.
    :param file: a Gherkin file with the steps; ``scenario`` is the scenario's name in it.
    """

    id: str
    description: str
    url: str = "/"
    text: str = ""
    path: str = ""
    line: int = 0
    text_line: int = 0
    function: str = ""
    nodeid: str = ""
    handwritten: bool = False
    after: str | None = None
    replaces: str | None = None
    fixed: tuple[str, ...] = ()
    file: str | None = None
    scenario: str | None = None

    @property
    def slug(self) -> str:
        """The id as a name for files and branches."""
        return slug_of(self.id)
