"""The result of a query as pages show it: a table, a picture, or text; and as a picture alone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox
from flask import make_response

from stancegraph.engine import OFFERED, Ask, first_rows
from stancegraph.errors import NotAcceptable
from stancegraph.sparql import query_form
from stancegraph.web import pictures
from stancegraph.web.pictures.world import outlines
from stancegraph.web.site import current_site
from stancegraph.web.tables import cells, columns_of
from stancegraph.web.views import PICTURED_ROWS, draw, picture_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask import Response

    from stancegraph.engine import Term
    from stancegraph.queryfile import View
    from stancegraph.sparql import QueryForm
    from stancegraph.web.tables import Cell, Column
    from stancegraph.web.views import Picture
    from stancegraph.web.wishes import Wishes

SHOWN_ROWS = 1000  # that a page shows; a download has them all
SHOWN_TEXT = 2**16  # bytes of triples that a page shows
SVG = "svg"  # the short name of a picture


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
    """

    form: QueryForm
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[Cell]] = ()
    text: str = ""
    cut: bool = False
    limited: bool = False
    milliseconds: int = 0
    picture: Picture | None = None


def show(text: str, names: Sequence[str], view: View, wishes: Wishes, *, told: str) -> Shown:
    """Ask the query *text*; of a SELECT, show no more rows than are wished for.

    Args:
        names: The variables of a SELECT in their order.
        told: What a picture shows, for who does not see it.

    Raises:
        EngineError, RequestError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    form = query_form(text)
    start = time.perf_counter()
    if form == "SELECT":
        found, cut = _rows(text, view, wishes)
        taken = _milliseconds(start)
        columns = columns_of(names)
        site = current_site()
        shown = [cells(site, columns, row) for row in found[:SHOWN_ROWS]]
        picture = picture_of(site, view, found, told)
        cut = cut or len(found) > SHOWN_ROWS
        limited = wishes.limit is not None and wishes.limit <= SHOWN_ROWS
        return Shown(form, columns, shown, "", cut, limited, taken, picture)
    content = b"".join(current_site().engine.ask(_ask(text, wishes)))
    if form == "ASK":
        yes = ox.parse_query_results(content, ox.QueryResultsFormat.JSON)
        return Shown(form, text="yes" if yes else "no", milliseconds=_milliseconds(start))
    triples = content[:SHOWN_TEXT].decode(errors="ignore")
    cut = len(content) > SHOWN_TEXT
    return Shown(form, text=triples, cut=cut, milliseconds=_milliseconds(start))


def picture_file(
    text: str, view: View, wishes: Wishes, *, title: str, lines: Sequence[str]
) -> Response:
    """The picture of the rows of *text* as a file of SVG, with *lines* beneath it.

    Raises:
        NotAcceptable: there is nothing to draw of them.
        EngineError, RequestError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    found, cut = _rows(text, view, wishes)
    drawing = draw(current_site(), view, found)
    if drawing is None:
        raise NotAcceptable(OFFERED[query_form(text)])
    told = [f"Drawn of the first {len(found)} rows."] if cut else []
    if view.type == "map":
        told.append(f"Outlines: {outlines().source}.")
    response = make_response(pictures.whole(drawing, title=title, lines=[*told, *lines]))
    response.mimetype = "image/svg+xml"
    return response


def _rows(text: str, view: View, wishes: Wishes) -> tuple[Sequence[Mapping[str, Term]], bool]:
    """The rows that are shown or drawn, and whether there are more."""
    bound = SHOWN_ROWS if view.type == "table" else PICTURED_ROWS
    bound = bound if wishes.limit is None else min(wishes.limit, bound)
    return first_rows(current_site().engine, _ask(text, wishes), bound)


def _ask(text: str, wishes: Wishes) -> Ask:
    site = current_site()
    media_type = OFFERED[query_form(text)][0]
    return Ask(text, media_type, base=site.release.base, deadline=wishes.deadline(site))


def _milliseconds(start: float) -> int:
    return round(1000 * (time.perf_counter() - start))
