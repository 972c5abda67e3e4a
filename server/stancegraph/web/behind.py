"""What stands behind a row: the page of the saved query that lists the claims it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import url_for

from stancegraph.catalog import Allowed, typed
from stancegraph.parameters import as_tuple
from stancegraph.web.tables import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stancegraph.engine import Term
    from stancegraph.parameters import Terms
    from stancegraph.queryfile import SavedQuery
    from stancegraph.web.site import Site

COLUMN = Column("", None, "evidence")


def behind(
    site: Site, query: SavedQuery, terms: Terms
) -> Callable[[Mapping[str, Term]], Cell] | None:
    """What makes the cell that leads from a row of *query* to its claims; None where none does.

    The cell is empty where the row has nothing to ask that list for. It may be made in any
    thread.

    Args:
        terms: What the parameters of *query* are set to.
    """
    if query.behind is None:
        return None
    companion, values = site.catalog.query(query.behind.query), query.behind.values
    names = site.catalog.names
    address = url_for("saved.run_saved", name=companion.name)

    allowed = {
        name: Allowed.by(companion.params[name], names)
        for name in values
        if companion.params[name].type == "iri"
    }

    def may_be(name: str, term: object) -> bool:
        if name not in allowed or not isinstance(term, ox.NamedNode):
            return True
        key = names.key(term.value)
        return allowed[name].anything or (key is not None and allowed[name].has(key, names))

    def cell(row: Mapping[str, Term]) -> Cell:
        pairs: list[tuple[str, str]] = []
        for name, sought in values.items():
            parameter = companion.params[name]
            found = [row[value] for value in sought if value in row]
            found += [
                term
                for value in sought
                if value not in row and value in terms
                for term in as_tuple(terms[value])
            ]
            for term in found:
                if not may_be(name, term):
                    return Cell()
                if isinstance(term, ox.NamedNode | ox.Literal):
                    pairs.append((name, typed(parameter, term, names)))
            if parameter.needed and not found:
                return Cell()
        href = f"{address}?{urlencode(pairs, safe='/:')}" if pairs else address
        return Cell(companion.summary, href, grounds="list")

    return cell
