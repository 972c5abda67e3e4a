"""Coverage: of each list, how complete it is here, as the queries that say so tell it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox
from flask import Blueprint, Response, jsonify, make_response, render_template, request

from stancegraph.engine import Ask, MediaType, rows
from stancegraph.queryfile import STATEMENT
from stancegraph.web.arguments import Arguments
from stancegraph.web.negotiation import preferred
from stancegraph.web.saved import address_of
from stancegraph.web.site import current_site
from stancegraph.web.tables import cells, columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stancegraph.engine import Term
    from stancegraph.queryfile import SavedQuery
    from stancegraph.web.site import Site
    from stancegraph.web.tables import Cell, Column

bp = Blueprint("completeness", __name__)

HTML, JSON = "text/html", "application/json"
ENDINGS = {"html": HTML, "json": JSON}
COMPLETENESS = "completeness"  # the column of such a query that says it in a word


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists that one query tells of.

    Attributes:
        counts: How many there are, by how complete they are; empty where it does not say so.
        shown: The rows, of the completeness that was chosen.
        beside: Other queries of its theme.
    """

    query: SavedQuery
    counts: Mapping[str, int]
    columns: Sequence[Column]
    shown: Sequence[Sequence[Cell]]
    statements: Sequence[str]
    beside: Sequence[SavedQuery]


@bp.get("/coverage")
@bp.get("/coverage.<ending>")
def report(ending: str = "") -> Response:
    """How complete each list is, as HTML or JSON by Accept or the address's ending.

    200; 400 for a completeness of which there is no list; 500, 503, 504 as the endpoint.
    """
    site = current_site()
    arguments = Arguments(COMPLETENESS, "format")
    form = ENDINGS.get(arguments.choice("format", [*ENDINGS, ""], ending))
    chosen = arguments.text(COMPLETENESS, longest=300)
    found = [(query, _rows(site, query)) for query in companions(site)]
    known = {_text(row, COMPLETENESS) for _, told in found for row in told} - {""}
    if chosen and chosen not in known:
        arguments.wrong(COMPLETENESS, f"is one of {', '.join(sorted(known))}")
    arguments.check()
    lists = [_lists(site, query, told, chosen) for query, told in found]
    if (form or preferred(request.accept_mimetypes, (HTML, JSON))) == JSON:
        return jsonify(
            {
                "lists": [
                    {
                        "query": each.query.name,
                        "address": address_of(each.query, {}),
                        "counts": each.counts,
                        "statements": each.statements,
                    }
                    for each in lists
                ]
            }
        )
    page = render_template(
        "coverage.html", site=site, lists=lists, chosen=chosen, address_of=address_of
    )
    return make_response(page)


def companions(site: Site) -> list[SavedQuery]:
    """The queries that tell how complete lists are, those that most others name first."""
    named = Counter(query.coverage.query for query in site.catalog if query.coverage)
    found = [site.catalog.query(name) for name, _ in named.most_common()]
    return [query for query in found if not any(p.needed for p in query.params.values())]


def _rows(site: Site, query: SavedQuery) -> list[dict[str, Term]]:
    """What *query* tells of all lists.

    Raises:
        EngineError: there is no answer.
    """
    base, deadline = site.release.base, site.query_timeout
    return rows(site.engine, Ask(query.bind({}), MediaType.JSON, base=base, deadline=deadline))


def _lists(site: Site, query: SavedQuery, told: Sequence[Mapping[str, Term]], chosen: str) -> Lists:
    wanted = [row for row in told if not chosen or _text(row, COMPLETENESS) == chosen]
    words = Counter(_text(row, COMPLETENESS) for row in told if COMPLETENESS in row)
    # What the sentence says stands in no column of its own, but that on which it rests does.
    columns = [column for column in columns_of(query.columns) if column.name != STATEMENT]
    beside = [each for each in site.catalog if each.theme == query.theme and each != query]
    return Lists(
        query,
        dict(words.most_common()),
        columns,
        [cells(site, columns, row) for row in wanted],
        [_text(row, STATEMENT) for row in wanted],
        beside,
    )


def _text(row: Mapping[str, Term], name: str) -> str:
    term = row.get(name)
    return term.value if isinstance(term, ox.Literal) else ""
