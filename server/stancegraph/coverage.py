"""How complete the lists are on which the rows of a saved query rest.

The header of a query whose rows could let absence be read as "no" names a companion: a query
that projects ``statement``, a sentence for each list. Whoever shows the rows shows these too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.catalog import Allowed, read_terms, typed
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.parameters import as_tuple
from stancegraph.queryfile import STATEMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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
    found = companion_of(query, terms, companions=companions, names=names)
    return None if found is None else _asked(*found, engine, names, deadline)


def companion_of(
    query: SavedQuery, terms: Terms, *, companions: Callable[[str], SavedQuery], names: Names
) -> tuple[SavedQuery, dict[str, Term | tuple[Term, ...]]] | None:
    """The query that tells how complete those lists are, and with what to ask it; None if none.

    Raises:
        BadParameter: the header of *query* gives the companion a value that means nothing.
    """
    if query.coverage is None:
        return None
    companion = companions(query.coverage.query)
    return companion, read_terms(companion, _values(query, terms), names)


def coverage_of_thing(
    iri: str, *, queries: Iterable[SavedQuery], names: Names, engine: Engine, deadline: float
) -> Coverage | None:
    """How complete the lists of the thing *iri* are; None where nothing here tells.

    The companion that most of *queries* name is asked, if it has a parameter, optional or the
    only one needed, that may be such a thing.

    Args:
        queries: All saved queries.
        deadline: Seconds that the companion may take.

    Raises:
        EngineError: there is no answer.
    """
    by_name = {query.name: query for query in queries}
    named = Counter(query.coverage.query for query in by_name.values() if query.coverage)
    key = names.key(iri)
    if not named or key is None:
        return None
    companion = by_name[named.most_common(1)[0][0]]
    for name, parameter in companion.params.items():
        others = [each for each in companion.params.values() if each is not parameter]
        allowed = Allowed.by(parameter, names)
        if (
            parameter.type == "iri"
            and not allowed.anything
            and allowed.has(key, names)
            and not any(each.needed for each in others)
        ):
            asked = read_terms(companion, {name: iri}, names)
            return _asked(companion, asked, engine, names, deadline)
    return None


def _asked(
    companion: SavedQuery,
    terms: dict[str, Term | tuple[Term, ...]],
    engine: Engine,
    names: Names,
    deadline: float,
) -> Coverage:
    """What *companion* says when it is asked with *terms*."""
    ask = Ask(companion.bind(terms), MediaType.JSON, base=names.base, deadline=deadline)
    told = (row.get(STATEMENT) for row in rows(engine, ask))
    statements = (term.value for term in told if isinstance(term, ox.Literal))
    return Coverage(companion, terms, tuple(dict.fromkeys(statements)))


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
