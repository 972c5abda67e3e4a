"""Whether things that have no names, such as claims, are in the graph at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.engine import Ask, MediaType, rows
from stancegraph.errors import BadParameter
from stancegraph.parameters import as_tuple
from stancegraph.sparql import term_text

if TYPE_CHECKING:
    from stancegraph.engine import Engine
    from stancegraph.names import Names
    from stancegraph.parameters import Terms
    from stancegraph.queryfile import SavedQuery

SUGGESTED = 3


def check_known(
    query: SavedQuery, terms: Terms, names: Names, engine: Engine, *, deadline: float
) -> None:
    """Ask *engine* about those of *terms* whose parameters are limited, but no list has them.

    Nothing is asked where names tell already.

    Raises:
        BadParameter: the graph says nothing of one of them.
        EngineError: there is no answer.
    """
    unlisted = {
        term: name
        for name, parameter in query.params.items()
        if parameter.kinds or parameter.classes
        for term in as_tuple(terms.get(name, ()))
        if isinstance(term, ox.NamedNode) and names.key(term.value) not in names.by_key
    }
    if not unlisted:
        return
    values = " ".join(map(term_text, unlisted))
    text = f"SELECT DISTINCT ?thing {{ VALUES ?thing {{ {values} }} ?thing ?property ?value }}"
    known = {row["thing"] for row in rows(engine, _ask(text, names, deadline))}
    problems = {
        name: _told(term, names, engine, deadline)
        for term, name in unlisted.items()
        if term not in known
    }
    if problems:
        (first, told), *others = problems.items()
        raise BadParameter(first, told, **dict(others))


def _told(term: ox.NamedNode, names: Names, engine: Engine, deadline: float) -> str:
    """That nothing is known of *term*, and what is known of its neighbours."""
    above = ox.Literal(term.value.rpartition("/")[0] + "/")
    text = (
        "SELECT DISTINCT ?thing { ?thing a ?class . "
        f"FILTER (isIRI(?thing) && STRSTARTS(STR(?thing), {term_text(above)})) }} "
        f"ORDER BY ?thing LIMIT {SUGGESTED}"
    )
    found = [row["thing"] for row in rows(engine, _ask(text, names, deadline))]
    near = [names.key(thing.value) for thing in found if isinstance(thing, ox.NamedNode)]
    hint = f"; did you mean {' or '.join(key for key in near if key)}?" if any(near) else ""
    return f"nothing is known of {names.key(term.value) or term.value!r}{hint}"


def _ask(text: str, names: Names, deadline: float) -> Ask:
    return Ask(text, MediaType.JSON, base=names.base, deadline=deadline)
