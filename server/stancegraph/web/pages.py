"""The home page, which is that of the graph itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template, request

from stancegraph.engine import EXAMPLE
from stancegraph.sections import HOME
from stancegraph.web.entities import document, say_where
from stancegraph.web.negotiation import HTML, choose_document
from stancegraph.web.saved import by_theme, example_address
from stancegraph.web.sections import asking, places_at
from stancegraph.web.site import current_site

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

bp = Blueprint("pages", __name__)


@bp.get("/")
def home() -> Response:
    """What this is, what the release holds, and what can be asked of it.

    The address is that of the graph's own IRI: 200 with what the graph says of itself for who
    prefers data, as any other IRI of it does.
    """
    site = current_site()
    short_name = request.args.get("format")
    if choose_document(request.accept_mimetypes, short_name, HTML) != HTML:
        return document(site.release.base, default=HTML)
    with asking(site, places_at(site, HOME)) as sections:
        page = render_template(
            "home.html",
            site=site,
            address=example_address,
            example=EXAMPLE,
            sections=sections(),
            themes=by_theme(site.catalog),
        )
    response = make_response(page)
    say_where(response, site, site.release.base, HTML)
    return response
