"""How failures are told: one handler; a problem document, plain text, or a page.

Programs get a problem document (RFC 9457), browsers a page, and terminals text. What a caller
is, the Accept header says; where that names neither form, curl and its like are terminals,
and whatever else is a program.
"""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from textwrap import indent
from typing import TYPE_CHECKING

from flask import Flask, g, json, make_response, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES

from stancegraph.engine import SHORT_NAMES
from stancegraph.errors import (
    BadParameter,
    EngineDown,
    EngineError,
    NotAcceptable,
    QueryError,
    QueryTimeout,
    RequestError,
    Retired,
    StancegraphError,
    TooLarge,
    UnknownRelease,
    UnknownThing,
    UnsupportedMediaType,
)
from stancegraph.sparql import excerpt
from stancegraph.web import links
from stancegraph.web.bridge import REQUEST_ID
from stancegraph.web.site import MAX_BODY, current_site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

PROBLEM = "application/problem+json"
TEXT = "text/plain"
HTML_PAGE = "text/html"
# Programs that people type at a terminal; all of them accept anything.
TERMINALS = re.compile(r"(?:curl|Wget|HTTPie|xh)/")
RETRY_AFTER = "5"  # seconds

_log = logging.getLogger("stancegraph.web")


def register(app: Flask) -> None:
    """Let *app* tell every failure in the one form."""
    app.register_error_handler(Exception, _tell)


def _tell(error: Exception) -> Response:
    """The answer for *error*."""
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        return _unforeseen(error.original_exception)
    if isinstance(error, RequestEntityTooLarge):
        error = TooLarge(MAX_BODY)
    if isinstance(error, RequestError | EngineError):
        return _response(error.status, str(error), _details(error), _headers(error))
    if isinstance(error, HTTPException) and error.code is not None:
        if error.code < HTTPStatus.BAD_REQUEST:  # a redirect
            return make_response(error.get_response())
        told = {"Allow", "Content-Range"}
        headers = {name: text for name, text in error.get_headers() if name in told}
        detail = error.description or ""
        if "Allow" in headers:
            detail = f"{request.method} is not allowed here; allowed are {headers['Allow']}"
        return _response(error.code, detail, {}, headers)
    return _unforeseen(error)


def _unforeseen(error: BaseException) -> Response:
    """What nobody foresaw is logged in full, and told by the id under which it is."""
    number = request.environ.get(REQUEST_ID, "")
    _log.error("request %s: %s %s", number, request.method, request.path, exc_info=error)
    return _response(500, f"something went wrong here; the log tells more under {number}", {}, {})


def _details(error: StancegraphError) -> dict[str, object]:
    """The members that a problem of this kind has beside the common ones."""
    details: dict[str, object] = {"error": type(error).__name__}
    if isinstance(error, QueryError):
        details |= _place(error)
    if isinstance(error, BadParameter):
        details["parameters"] = error.problems
    if isinstance(error, QueryTimeout):
        details["seconds"] = error.seconds
    if isinstance(error, NotAcceptable):
        details["offered"] = list(error.offered)
    if isinstance(error, UnsupportedMediaType):
        details["offered"] = list(error.read)
    if isinstance(error, UnknownThing | UnknownRelease) and error.addresses:
        details["see"] = [{"address": a, "name": name} for a, name in error.addresses.items()]
    if isinstance(error, Retired) and error.successors:
        site = current_site()
        details["see"] = [
            {"address": links.address(site, iri), "name": links.label(site, iri) or iri}
            for iri in error.successors
        ]
    return details


def _place(error: QueryError) -> dict[str, object]:
    """Where in the query, with that line of it and a caret below the place, and the hint."""
    place: dict[str, object] = {}
    query = g.get("query")
    if error.line is not None and error.column is not None:
        place |= {"line": error.line, "column": error.column}
        if isinstance(query, str):
            text, offset = excerpt(query, error.line, error.column)
            place["excerpt"] = f"{text}\n{' ' * offset}^"
    if error.hint:
        place["hint"] = error.hint
    return place


def _headers(error: StancegraphError) -> dict[str, str]:
    if isinstance(error, EngineDown):
        return {"Retry-After": RETRY_AFTER}
    if isinstance(error, UnsupportedMediaType):
        return {"Accept-Post": ", ".join(error.read)}
    if isinstance(error, Retired) and error.successors:
        return {"Link": ", ".join(f'<{iri}>; rel="successor-version"' for iri in error.successors)}
    return {}


def _response(
    status: int, detail: str, details: Mapping[str, object], headers: Mapping[str, str]
) -> Response:
    """The answer in the form that suits the caller; nobody is to keep it."""
    title = HTTP_STATUS_CODES.get(status, "Unknown")
    problem = {
        "type": "about:blank", "title": title, "status": status, "detail": detail, **details,
    }  # fmt: skip
    if number := request.environ.get(REQUEST_ID):
        problem["request"] = number
    media_type = _form()
    if media_type == HTML_PAGE:
        body = render_template(
            "error.html",
            site=current_site(),
            problem=problem,
            query=g.get("query"),
            short_names=SHORT_NAMES,
        )
    elif media_type == TEXT:
        body = _as_text(problem)
    else:
        body = json.dumps(problem, ensure_ascii=False) + "\n"
    response = make_response(body)
    response.mimetype = media_type
    response.status_code = status
    response.headers.update(headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _form() -> str:
    """The media type of a failure that suits the caller best."""
    accept = request.accept_mimetypes
    named = {media_type.lower(): quality for media_type, quality in accept if quality > 0}
    # Clients of RDF accept pages too, as a last resort; browsers prefer them.
    if HTML_PAGE in named and named[HTML_PAGE] >= max(named.values()):
        return HTML_PAGE
    as_json = max(named.get(PROBLEM, 0), named.get("application/json", 0))
    if as_json or TEXT in named:
        return PROBLEM if as_json >= named.get(TEXT, 0) else TEXT
    return TEXT if TERMINALS.match(request.user_agent.string) else PROBLEM


def _as_text(problem: Mapping[str, object]) -> str:
    """A problem as people read it at a terminal, the caret under the place."""
    lines = [f"{problem['status']} {problem['title']}: {problem['detail']}"]
    if "excerpt" in problem:
        lines += ["", indent(str(problem["excerpt"]), "  "), ""]
    if "hint" in problem:
        lines.append(f"hint: {problem['hint']}")
    return "\n".join(lines).rstrip() + "\n"
