"""The SPARQL 1.1 endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request, url_for

from stancegraph.engine import MediaType
from stancegraph.web.arguments import read_arguments
from stancegraph.web.byhand import page
from stancegraph.web.negotiation import (
    DOCUMENTS,
    FORMATS,
    HTML,
    choose_document,
    content_type,
)
from stancegraph.web.service import describe_service, write

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

bp = Blueprint("sparql", __name__)


@bp.route("/sparql", methods=["GET", "POST"], strict_slashes=False)
def get() -> Response:
    """Tell what the endpoint is, to people or to programs: in a format of RDF, or as a page.

    200; 406 for no format. Of queries only those come here that want a page or a picture, for
    which see `page`: `stancegraph.web.endpoint` answers the others, and hands over what goes
    wrong, to be told as everywhere.
    """
    arguments = read_arguments(request.query_string)
    if request.method == "POST":
        arguments.update(read_arguments(request.get_data()))
    if not arguments.keys().isdisjoint({"query", "example"}):
        return page(arguments)
    short_name = format_of(arguments)
    form = choose_document(request.accept_mimetypes, short_name, "ttl")
    if form != HTML:
        endpoint = url_for("sparql.get", _external=True)
        media_type = MediaType(DOCUMENTS[form])
        body = write(describe_service(endpoint), media_type)
        return Response(body, content_type=content_type(media_type))
    response = page(arguments)
    described = url_for("sparql.get", format="ttl")
    response.headers.add("Link", f'<{described}>; rel="alternate"; type="{MediaType.TURTLE}"')
    return response


def format_of(arguments: MultiDict[str, str]) -> str | None:
    """The format that the address names: the first known one, since clients give two names."""
    given = arguments.getlist("format")
    return next((name for name in given if name in FORMATS), given[0] if given else None)
