"""The SPARQL 1.1 endpoint."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from stancegraph.engine import SHORT_NAMES, TABLES, UPDATE_REFUSED, MediaType
from stancegraph.errors import BadRequest, QueryRefused, UnsupportedMediaType
from stancegraph.web.answers import respond
from stancegraph.web.negotiation import (
    DOCUMENTS,
    FORMATS,
    HTML,
    choose_document,
    content_type,
    is_document,
)
from stancegraph.web.service import describe_service, write
from stancegraph.web.site import EXAMPLE, current_site
from stancegraph.web.wishes import read_wishes

bp = Blueprint("sparql", __name__)

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
MAX_ARGUMENTS = 1000


@bp.get("/sparql", strict_slashes=False)
def get() -> Response:
    """Answer ``?query=``; without it, tell what the endpoint is, to people or to programs.

    200 with the result; 400 for bad SPARQL (with line, column and a hint), an update,
    SERVICE or a bad argument; 406 for a format that cannot hold the result; 500, 503, 504 if
    the query broke a bound, the engine is down or the deadline passed.
    """
    arguments = read_arguments(request.query_string)
    short_name = _format(arguments)
    asks_nothing = not arguments.keys() - {"format"}
    if asks_nothing and (short_name is None or is_document(short_name)):
        return _tell_of_itself(short_name)
    return _respond(arguments, _one(arguments, "query"))


@bp.post("/sparql", strict_slashes=False)
def post() -> Response:
    """Answer a query sent as a form, or as it is; statuses as GET, and 413, 415."""
    arguments = read_arguments(request.query_string)
    if request.mimetype == FORM:
        arguments.update(read_arguments(request.get_data()))
        return _respond(arguments, _one(arguments, "query"))
    if request.mimetype == QUERY:
        if "query" in arguments:
            raise BadRequest("the query was given twice, in the body and in the address")
        return _respond(arguments, _text(request.get_data()))
    if request.mimetype == UPDATE:
        raise QueryRefused(UPDATE_REFUSED)
    raise UnsupportedMediaType(request.mimetype, (FORM, QUERY))


def _tell_of_itself(short_name: str | None) -> Response:
    """The service description in one of the formats of RDF, or the page for people."""
    form = choose_document(request.accept_mimetypes, short_name, "ttl")
    if form != HTML:
        endpoint = url_for("sparql.get", _external=True)
        media_type = MediaType(DOCUMENTS[form])
        body = write(describe_service(endpoint), media_type)
        return Response(body, content_type=content_type(media_type))
    response = make_response(
        render_template(
            "sparql.html",
            site=current_site(),
            example=EXAMPLE,
            short_names=SHORT_NAMES,
            tables=TABLES,
        )
    )
    described = url_for("sparql.get", format="ttl")
    response.headers.add("Link", f'<{described}>; rel="alternate"; type="{MediaType.TURTLE}"')
    return response


def _respond(arguments: MultiDict[str, str], query: str) -> Response:
    g.query = query  # for what is told of a mistake in it
    return respond(
        query,
        short_name=_format(arguments),
        wishes=read_wishes(dict(arguments.lists()), request.headers.getlist("Prefer")),
        default_graphs=tuple(arguments.getlist("default-graph-uri")),
        named_graphs=tuple(arguments.getlist("named-graph-uri")),
    )


def _format(arguments: MultiDict[str, str]) -> str | None:
    """The format that the address names: the first known one, since clients give two names."""
    given = arguments.getlist("format")
    return next((name for name in given if name in FORMATS), given[0] if given else None)


def read_arguments(encoded: bytes) -> MultiDict[str, str]:
    """The arguments in a query string or form, in order.

    Raises:
        BadRequest: they are not UTF-8, or too many.
    """
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_ARGUMENTS,
        )
    except UnicodeDecodeError:
        raise BadRequest("the arguments are not percent-encoded UTF-8") from None
    except ValueError:
        raise BadRequest(f"there are more than {MAX_ARGUMENTS} arguments") from None
    return MultiDict(pairs)


def _one(arguments: MultiDict[str, str], name: str) -> str:
    """The only value of an argument.

    Raises:
        BadRequest: it is missing, or given more than once.
        QueryRefused: an update was sent in its stead.
    """
    found = arguments.getlist(name)
    if not found and "update" in arguments:
        raise QueryRefused(UPDATE_REFUSED)
    if not found:
        raise BadRequest(f"the argument {name!r} is missing")
    if len(found) > 1:
        raise BadRequest(f"the argument {name!r} was given {len(found)} times")
    return found[0]


def _text(body: bytes) -> str:
    """A query that is the whole body.

    Raises:
        BadRequest: it is not UTF-8.
        UnsupportedMediaType: its Content-Type names another charset.
    """
    charset = request.mimetype_params.get("charset", "utf-8")
    if charset.lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(f"{QUERY} in {charset}", (f"{QUERY} in UTF-8", FORM))
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"the query is not UTF-8: byte {error.start} is wrong") from None
