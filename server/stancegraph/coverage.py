"""How complete the lists are on which the rows of a saved query rest.

The header of a query whose rows could let absence be read as "no" names a companion: a query
that projects ``statement``, a sentence for each list. Whoever shows the rows shows these too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.catalog import read_terms, typed
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.parameters import as_tuple
from stancegraph.queryfile import STATEMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stancegraph.engine import Engine
    from stancegraph.names import Names
    from stancegraph.parameters import Terms
    from stancegraph.queryfile import SavedQuery
    from stancegraph.sparql import Term


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is said of the lists on which an answer rests.

    Attributes:
        query: The companion, which said it.
        terms: What its parameters were set to.
        statements: A sentence a list, in the order of the companion; empty where it is not
            known of any list.
    """

    query: SavedQuery
    terms: Mapping[str, Term | tuple[Term, ...]]
    statements: tuple[str, ...]

    def arguments(self, names: Names) -> list[tuple[str, str]]:
        """What a caller writes to ask the companion the same, by parameter."""
        return [
            (name, typed(self.query.params[name], term, names))
            for name, found in self.terms.items()
            for term in as_tuple(found)
        ]


def coverage_of(
    query: SavedQuery,
    terms: Terms,
    *,
    companions: Callable[[str], SavedQuery],
    names: Names,
    engine: Engine,
    deadline: float,
) -> Coverage | None:
    """How complete the lists are on which the answer to *query* rests; None if it says nothing.

    Args:
        terms: What the parameters of *query* are set to.
        companions: The saved query of a name.
        deadline: Seconds that the companion may take.

    Raises:
        BadParameter: the header of *query* gives the companion a value that means nothing.
        EngineError: there is no answer.
    """
    if query.coverage is None:
        return None
    companion = companions(query.coverage.query)
    asked = read_terms(companion, _values(query, terms), names)
    ask = Ask(companion.bind(asked), MediaType.JSON, base=names.base, deadline=deadline)
    told = (row.get(STATEMENT) for row in rows(engine, ask))
    statements = (term.value for term in told if isinstance(term, ox.Literal))
    return Coverage(companion, asked, tuple(dict.fromkeys(statements)))


def _values(query: SavedQuery, terms: Terms) -> dict[str, Sequence[str]]:
    """What the companion of *query* is asked: values of its parameters, and constants."""
    assert query.coverage is not None  # noqa: S101 - who calls has looked
    found: dict[str, Sequence[str]] = {}
    for name, given in query.coverage.values.items():
        texts: list[str] = []
        for value in given:
            if value in query.params:
                texts += [_text(term) for term in as_tuple(terms.get(value, ()))]
            else:
                texts.append(value)
        found[name] = texts
    return found


def _text(term: Term) -> str:
    return str(term) if isinstance(term, ox.Triple) else term.value
