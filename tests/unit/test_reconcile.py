"""What is told where the engine does not answer, and names that contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stancegraph.errors import QueryTimeout
from stancegraph.matching import UNSURE, Matcher
from stancegraph.names import Names
from stancegraph.reconcile import Condition, Query, Reconciler

if TYPE_CHECKING:
    from stancegraph.engine import Answer, Ask

NAMES = Names("https://example.org/", {"state/COD": ("Zaire",), "state/FRA": ("France", "Gaul")})


class TooLate:
    """An engine that never answers in time."""

    release_id = "none"

    def ask(self, ask: Ask) -> Answer:
        """It is too late."""
        raise QueryTimeout(ask.deadline)

    def is_up(self) -> bool:
        """It listens."""
        return True

    def close(self) -> None:
        """Nothing is held."""


RECONCILER = Reconciler(NAMES, Matcher(NAMES), TooLate(), deadline=1)


def test_only_queries_that_need_the_engine_fail_with_it() -> None:
    """Names are matched without it."""
    code = Condition("https://example.org/code", ("COD",))
    plain, constrained, by_value = RECONCILER.answer(
        [
            Query(("Zaire",)),
            Query(("Zaire",), conditions=(code,)),
            Query((), conditions=(code,)),
        ]
    )

    assert isinstance(plain, list)
    assert [each.key for each in plain] == ["state/COD"]
    assert isinstance(constrained, QueryTimeout)
    assert isinstance(by_value, QueryTimeout)


def test_names_of_one_thing_make_it_certain_and_of_two_neither() -> None:
    """Where a query has several names, any of which may fit."""
    one, two = RECONCILER.answer([Query(("France", "Gaul")), Query(("France", "Zaire"))])

    assert isinstance(one, list)
    assert isinstance(two, list)
    assert [(each.key, each.certain) for each in one] == [("state/FRA", True)]
    assert [(each.score, each.certain) for each in two] == [(UNSURE, False), (UNSURE, False)]
