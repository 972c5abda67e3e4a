"""Saved queries: questions that have an address."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, jsonify, make_response, render_template, request, url_for

from stancegraph.catalog import read_terms, typed_example
from stancegraph.errors import BadRequest
from stancegraph.web.answers import respond
from stancegraph.web.negotiation import preferred
from stancegraph.web.site import current_site
from stancegraph.web.sparql import read_arguments

if TYPE_CHECKING:
    from flask import Response

    from stancegraph.parameters import Parameter
    from stancegraph.queryfile import SavedQuery

bp = Blueprint("saved", __name__)


@bp.get("/queries/")
def list_queries() -> Response:
    """The saved queries, what they ask and their parameters, as HTML or JSON by Accept."""
    catalog = current_site().catalog
    if preferred(request.accept_mimetypes, ["text/html", "application/json"]) == "text/html":
        response = make_response(
            render_template("queries.html", site=current_site(), address=example_address)
        )
    else:
        response = jsonify({"queries": [_described(query) for query in catalog]})
    return response


@bp.get("/queries/<path:name>")
def run_saved(name: str) -> Response:
    """Answer a saved query; its parameters are the address's arguments.

    200 with the result as ``Accept`` or ``format`` prefers it; 400 for a bad parameter; 404
    for an unknown name; 406 for no format; 500, 503, 504 as the endpoint.
    """
    catalog = current_site().catalog
    query = catalog.query(name)
    arguments = read_arguments(request.query_string)
    values = dict(arguments.lists())
    formats = [] if "format" in query.params else values.pop("format", [])
    if len(formats) > 1:
        raise BadRequest(f"the argument 'format' was given {len(formats)} times")
    short_name = formats[0] if formats else None
    return respond(query.bind(read_terms(query, values, catalog.names)), short_name=short_name)


def example_address(query: SavedQuery) -> str:
    """The address that asks *query* with the parameters of its own example."""
    values = {name: _typed(parameter) for name, parameter in query.params.items()}
    address = url_for("saved.run_saved", name=query.name)
    return f"{address}?{urlencode(values, safe='/:')}" if values else address


def _typed(parameter: Parameter) -> str:
    """A parameter's example as a caller may type it."""
    return typed_example(parameter, current_site().catalog.names).partition("=")[2]


def _described(query: SavedQuery) -> dict[str, object]:
    return {
        "name": query.name,
        "summary": query.summary,
        "description": query.description,
        "example": example_address(query),
        "parameters": [
            {
                "name": parameter.name,
                "type": parameter.type,
                "kinds": list(parameter.kinds),
                "choices": list(parameter.choices),
                "description": parameter.description,
                "example": _typed(parameter),
            }
            for parameter in query.params.values()
        ],
        "columns": list(query.columns),
    }
