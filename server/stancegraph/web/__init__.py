"""The web front end: a Flask application made for one site."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Flask, g, redirect, request

from stancegraph.errors import BadRequest, EngineDown, TooSlow
from stancegraph.web import (
    assets,
    changes,
    citing,
    codebook,
    compare,
    completeness,
    completion,
    disputes,
    downloads,
    encoding,
    entities,
    errors,
    examples,
    explore,
    frame,
    mementos,
    openapi,
    pages,
    quality,
    reconcile,
    saved,
    search,
    sitemap,
    sparql,
)
from stancegraph.web.bridge import BODY_BOUND, QUERY, REFUSED, Refusal
from stancegraph.web.cache import FRESHNESS, LASTING, UNKEPT
from stancegraph.web.headers import common_headers
from stancegraph.web.site import MAX_BODY, AttendedEngine, Site, current_site

if TYPE_CHECKING:
    from flask import Response
    from flask.typing import ResponseReturnValue

__all__ = ["Site", "create_app"]


WITH_SLASH = frozenset({"/", "/queries/", "/sparql/"})


def create_app(site: Site) -> Flask:
    """The application that serves *site*; it is kept in ``app.extensions["stancegraph"]``."""
    app = Flask(__name__)
    app.extensions["stancegraph"] = replace(site, engine=AttendedEngine(site.engine))
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    frame.register(app)
    for page in (
        pages, search, explore, compare, disputes, completeness, sparql, completion, saved,
        openapi, examples, changes, downloads, quality, codebook, entities, mementos, reconcile,
        sitemap,
    ):  # fmt: skip
        app.register_blueprint(page.bp)
    assets.register(app)
    errors.register(app)
    encoding.register(app)  # whose hook comes last: those after a request run in reverse
    search.prepare(app)
    downloads.prepare(app)
    app.jinja_env.globals["feed_address"] = changes.feed_address
    reconcile.prepare(app)
    compare.prepare(app)
    app.before_request(_refuse)
    app.before_request(_without_slash)
    citing.register(app)
    app.jinja_env.globals["latest"] = _without_root
    app.after_request(_common_headers)
    return app


def _refuse() -> None:
    """Tell a request that those before the application let go.

    Raises:
        EngineDown, TooSlow: it waited in vain for its turn, or its body did not come.
        BadRequest: what stands behind the question mark is no text, or no host is named.
        Exception: whatever else is to be told.
    """
    g.query = request.environ.get(QUERY)  # for what is told of a mistake in it
    match request.environ.get(REFUSED):
        case Refusal.OVERLOADED:
            raise EngineDown("too many requests are waiting; try again soon")
        case Refusal.TOO_SLOW:
            raise TooSlow(BODY_BOUND)
        case Exception() as error:
            raise error
    try:
        request.query_string.decode()
    except UnicodeDecodeError:
        raise BadRequest("the arguments are not percent-encoded UTF-8") from None
    if "Host" in request.headers and not request.host:  # RFC 9112, section 3.2
        raise BadRequest("the header Host names no host")


def _without_slash() -> ResponseReturnValue | None:
    """The way to the address without the slash at its end, where only that one leads on."""
    path = request.path
    if not path.endswith("/") or path in WITH_SLASH or request.method not in {"GET", "HEAD"}:
        return None
    # One slash at its beginning: after two there would stand another host.
    address = request.script_root + "/" + quote(path.strip("/"), safe="/:@!$&'()*+,;=~")
    asked = request.query_string.decode("latin-1")
    return redirect(f"{address}?{asked}" if asked else address, HTTPStatus.PERMANENT_REDIRECT)


def _without_root() -> str:
    """The address of the request in the release that is served."""
    asked = request.query_string.decode("latin-1")
    path = quote(request.path, safe="/:@!$&'()*+,;=~")
    return f"{path}?{asked}" if asked else path


def _common_headers(response: Response) -> Response:
    """What every response says: the release, and that any site's scripts may read it."""
    site: Site = current_site()
    response.headers.update(common_headers(site.release.id))
    if request.method == "OPTIONS":
        allowed = response.headers.get("Allow", "GET, HEAD, OPTIONS")
        response.headers["Access-Control-Allow-Methods"] = allowed
        response.headers["Access-Control-Allow-Headers"] = (
            "Accept, Content-Type, If-None-Match, Prefer, *"
        )
        response.headers["Access-Control-Max-Age"] = "86400"
    response.vary.add("Accept")
    lasting = bool(site.root) and response.status_code == HTTPStatus.OK
    if "Cache-Control" not in response.headers:
        wrong = response.status_code >= HTTPStatus.BAD_REQUEST
        fresh = LASTING if lasting and response.mimetype != "text/html" else FRESHNESS
        response.headers["Cache-Control"] = UNKEPT if wrong else fresh
    if site.root:
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers.add("Link", f'<{_without_root()}>; rel="latest-version"')
        if lasting and response.headers["Cache-Control"] != UNKEPT:
            mementos.tell_the_release(response)
    return response
