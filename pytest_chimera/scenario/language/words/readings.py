"""What a clause was understood as, and what is known before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.words.wordings import Form, Wording


@dataclass(frozen=True)
class Reading:
    """A clause, understood.

    :param slots: what its words bound, by the slot's name; ``subject`` is the thing of a "be" clause.
    :param own: how many of its tokens are the wording's own words.
    :param opens: what it opens beside the page, which a later step speaks of; ``tab`` is the tab it happens in.
    """

    intent: str
    form: Form
    slots: Mapping[str, object] = field(default_factory=dict)
    subject: Target | None = None
    negated: bool = False
    own: int = 0
    wording: Wording | None = None
    certainty: float = 1.0
    opens: str = ""
    tab: str = ""

    def get(self, slot: str) -> object | None:
        """What a slot bound."""
        return self.slots.get(slot)


@dataclass(frozen=True)
class Setting:
    """What is known about a clause before it is read.

    :param outcome: the step states an outcome (its keyword is Then, or another step's words said so).
    :param given: its keyword is Given or When.
    :param table: the step carries a data table; ``docstring`` it carries a text.
    :param lenient: whole scenarios are read: what the words only suggest may be taken from them.
    """

    outcome: bool = False
    given: bool = False
    table: bool = False
    docstring: bool = False
    lenient: bool = False


def within(thing: Target, where: Target | None) -> Target:
    """``thing`` in the place ``where``, outside all the places it has already."""
    if where is None:
        return thing
    inner = within(thing.scope, where) if thing.scope else where
    return thing.model_copy(update={"scope": inner})
