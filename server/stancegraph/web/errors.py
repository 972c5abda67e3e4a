"""How failures are told: one handler, RFC 9457 problems or plain text."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, json, make_response, request
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES

from stancegraph.errors import (
    BadParameter,
    EngineDown,
    EngineError,
    NotAcceptable,
    QuerySyntaxError,
    RequestError,
    StancegraphError,
    TooLarge,
)
from stancegraph.web.negotiation import preferred
from stancegraph.web.site import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

PROBLEM = "application/problem+json"
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
        headers = {name: text for name, text in error.get_headers() if name == "Allow"}
        return _response(error.code, error.description or "", {}, headers)
    return _unforeseen(error)


def _unforeseen(error: BaseException) -> Response:
    """What nobody foresaw is logged in full, and told by the id under which it is."""
    ticket = secrets.token_hex(6)
    _log.error("request %s: %s %s", ticket, request.method, request.path, exc_info=error)
    told = f"something went wrong here; the log tells more under {ticket}"
    return _response(500, told, {"request": ticket}, {"X-Request-Id": ticket})


def _details(error: StancegraphError) -> dict[str, object]:
    """The members that a problem of this kind has beside the common ones."""
    details: dict[str, object] = {"error": type(error).__name__}
    if isinstance(error, QuerySyntaxError) and error.line is not None:
        details |= {"line": error.line, "column": error.column}
    if isinstance(error, BadParameter):
        details["parameters"] = error.problems
    if isinstance(error, NotAcceptable):
        details["offered"] = list(error.offered)
    return details


def _headers(error: StancegraphError) -> dict[str, str]:
    return {"Retry-After": RETRY_AFTER} if isinstance(error, EngineDown) else {}


def _response(
    status: int, detail: str, details: Mapping[str, object], headers: Mapping[str, str]
) -> Response:
    """A problem document, or one line of text for those who prefer text."""
    title = HTTP_STATUS_CODES.get(status, "Unknown")
    kinds = [PROBLEM, "application/json", "text/plain", "text/html"]
    if (preferred(request.accept_mimetypes, kinds) or PROBLEM).startswith("text/"):
        response = make_response(f"{status} {title}: {detail}\n")
        response.mimetype = "text/plain"
    else:
        common = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        problem = {**common, **details}
        response = make_response(json.dumps(problem, ensure_ascii=False) + "\n")
        response.mimetype = PROBLEM
    response.status_code = status
    response.headers.update(headers)
    response.headers["Cache-Control"] = "no-store"
    return response
