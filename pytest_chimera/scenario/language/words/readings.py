"""The reading of a clause, and its context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_chimera.models import Target
from pytest_chimera.scenario.language.words.wordings import Form, Wording


@dataclass(frozen=True)
class Reading:
    """The interpretation of a clause.

    :param slots: slot name → what its words mean; ``subject``: the thing of a "be" clause.
    :param own: how many of its tokens are the wording's own words.
    :param opens: what it opens besides the page, for later steps; ``tab``: the tab in which it happens.
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
        """Return a slot's value."""
        return self.slots.get(slot)


@dataclass(frozen=True)
class Setting:
    """The context of a clause.

    :param outcome: the step states an outcome (its keyword is Then, or an earlier step's words said so).
    :param given: its keyword is Given or When.
    :param table: the step has a data table; ``docstring``: it has a text.
    :param lenient: complete scenarios are read: interpretations are allowed.
    """

    outcome: bool = False
    given: bool = False
    table: bool = False
    docstring: bool = False
    lenient: bool = False


def within(thing: Target, where: Target | None) -> Target:
    """Return ``thing`` in the place ``where``, outside all its existing places."""
    if where is None:
        return thing
    inner = within(thing.scope, where) if thing.scope else where
    return thing.model_copy(update={"scope": inner})
