"""The result of a query as pages show it: a table, a picture, or text; and as a picture alone."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyoxigraph as ox
from flask import make_response

from stancegraph.engine import OFFERED, MediaType, first_rows
from stancegraph.errors import NotAcceptable
from stancegraph.sparql import query_form
from stancegraph.web import pictures
from stancegraph.web.behind import COLUMN
from stancegraph.web.pictures.world import outlines
from stancegraph.web.site import current_site
from stancegraph.web.tables import cells, columns_of
from stancegraph.web.views import PICTURED_ROWS, draw, picture_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flask import Response

    from stancegraph.engine import Ask, Term
    from stancegraph.queryfile import View
    from stancegraph.sparql import QueryForm
    from stancegraph.web.tables import Cell, Column
    from stancegraph.web.views import Picture

SHOWN_ROWS = 1000  # that a page shows; a download has them all
SHOWN_TEXT = 2**16  # bytes of triples that a page shows
DRAWN_TEXT = 2**20  # bytes of triples that a network is drawn of
SVG, SVG_TYPE = "svg", "image/svg+xml"  # the short name of a picture, and its media type


@dataclass(frozen=True, slots=True)
class Shown:
    """The result of a query as a page shows it.

    Attributes:
        columns: Of a SELECT.
        rows: Of a SELECT, up to ``SHOWN_ROWS``.
        text: Of other forms: the answer to an ASK, the triples as Turtle.
        cut: Whether there is more.
        limited: Whether no more was asked for.
        milliseconds: How long the engine took for what is shown.
        picture: Where there is one.
        found: The rows of a SELECT that were read.
    """

    form: QueryForm
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[Cell]] = ()
    text: str = ""
    cut: bool = False
    limited: bool = False
    milliseconds: int = 0
    picture: Picture | None = None
    found: Sequence[Mapping[str, Term]] = ()


def show(
    ask: Ask,
    names: Sequence[str],
    view: View,
    *,
    told: str,
    behind: Callable[[Mapping[str, Term]], Cell] | None = None,
) -> Shown:
    """Ask, and show no more than a page does.

    Args:
        names: The variables of a SELECT in their order; those that are found, if none.
        told: What a picture shows, for who does not see it.
        behind: What makes a cell that leads from a row to the claims it rests on.

    Raises:
        EngineError, RequestError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    form = query_form(ask.query)
    site = current_site()
    start = time.perf_counter()
    if form == "SELECT":
        found, cut = _rows(ask, view)
        taken = _milliseconds(start)
        columns = columns_of(names or list(dict.fromkeys(name for row in found for name in row)))
        shown = [cells(site, columns, row) for row in found[:SHOWN_ROWS]]
        if behind is not None:
            columns = [*columns, COLUMN]
            shown = [
                [*row, behind(terms)] for row, terms in zip(shown, found[:SHOWN_ROWS], strict=True)
            ]
        return Shown(
            form,
            columns,
            shown,
            cut=cut or len(found) > SHOWN_ROWS,
            limited=ask.limit is not None and ask.limit <= SHOWN_ROWS,
            milliseconds=taken,
            picture=picture_of(site, view, found, told, behind),
            found=found,
        )
    if form == "ASK":
        content = b"".join(site.engine.ask(replace(ask, media_type=MediaType.JSON)))
        yes = ox.parse_query_results(content, ox.QueryResultsFormat.JSON)
        return Shown(form, text="yes" if yes else "no", milliseconds=_milliseconds(start))
    text, cut = beginning(ask, MediaType.TURTLE)
    taken = _milliseconds(start)
    picture = None
    if view.type == "network":
        picture = picture_of(site, view, triples(ask), told)
    return Shown(form, text=text, cut=cut, milliseconds=taken, picture=picture)


def triples(ask: Ask) -> list[dict[str, Term]]:
    """The first triples that a CONSTRUCT or DESCRIBE makes, as rows of what links two things.

    Raises:
        EngineError, RequestError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    text, cut = beginning(ask, MediaType.N_TRIPLES, DRAWN_TEXT)
    whole = text[: text.rindex("\n") + 1] if cut and "\n" in text else text
    return [
        {"subject": triple.subject, "predicate": triple.predicate, "object": triple.object}
        for triple in ox.parse(whole, format=ox.RdfFormat.N_TRIPLES)
        if isinstance(triple.subject, ox.NamedNode | ox.BlankNode)
        and isinstance(triple.object, ox.NamedNode | ox.BlankNode)
    ]


def beginning(ask: Ask, media_type: MediaType, bound: int = SHOWN_TEXT) -> tuple[str, bool]:
    """The text of an answer up to *bound* bytes, and whether there is more, which is not read.

    Raises:
        EngineError, RequestError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    answer = current_site().engine.ask(replace(ask, media_type=media_type))
    pieces: list[bytes] = []
    length = 0
    try:
        for piece in answer:
            pieces.append(piece)
            length += len(piece)
            if length > bound:
                break
    finally:
        answer.close()
    return b"".join(pieces)[:bound].decode(errors="ignore"), length > bound


def picture_file(ask: Ask, view: View, *, title: str, lines: Sequence[str]) -> Response:
    """The picture of the rows of an answer as a file of SVG, with *lines* beneath it.

    Raises:
        NotAcceptable: there is nothing to draw of them.
        EngineError, RequestError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    found, cut = _rows(ask, view)
    drawing = draw(current_site(), view, found)
    if drawing is None:
        raise NotAcceptable(OFFERED[query_form(ask.query)])
    told = [f"Drawn of the first {len(found)} rows."] if cut else []
    if view.type == "map":
        told.append(f"Outlines: {outlines().source}.")
    response = make_response(pictures.whole(drawing, title=title, lines=[*told, *lines]))
    response.mimetype = SVG_TYPE
    return response


def _rows(ask: Ask, view: View) -> tuple[Sequence[Mapping[str, Term]], bool]:
    """The rows that are shown or drawn, and whether there are more."""
    bound = SHOWN_ROWS if view.type == "table" else PICTURED_ROWS
    if ask.limit is not None:
        bound = min(ask.limit, bound)
    return first_rows(current_site().engine, replace(ask, limit=None), bound)


def _milliseconds(start: float) -> int:
    return round(1000 * (time.perf_counter() - start))
