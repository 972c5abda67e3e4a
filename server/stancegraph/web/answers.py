"""From a query to an HTTP response that carries its result as it comes."""

from __future__ import annotations

import hashlib
import itertools
import re

from flask import Response, request

from stancegraph.engine import UPDATE_REFUSED, Ask
from stancegraph.engine.wire import MAX_FRAME
from stancegraph.errors import QueryRefused
from stancegraph.sparql import is_update, query_form
from stancegraph.web.bridge import on_hang_up
from stancegraph.web.negotiation import choose
from stancegraph.web.site import current_site

# Functions whose value is another one each time, called anywhere in a query.
_VOLATILE = re.compile(r"(?:NOW|RAND|UUID|BNODE)(?:\s|#.*\n)*\(", re.IGNORECASE)


def respond(
    query: str,
    *,
    short_name: str | None = None,
    default_graphs: tuple[str, ...] = (),
    named_graphs: tuple[str, ...] = (),
) -> Response:
    """Evaluate *query* and answer in the format that the request prefers.

    Errors up to the first bytes of the result are raised here, and so become the status;
    one that comes later is raised while the response is read, which breaks it off.

    Args:
        short_name: The ``format`` parameter, where one was given.

    Raises:
        RequestError, EngineError: as :meth:`stancegraph.engine.Answer.__next__` does, and
            where no format fits.
    """
    site = current_site()
    if is_update(query):
        raise QueryRefused(UPDATE_REFUSED)
    media_type, content_type = choose(query_form(query), request.accept_mimetypes, short_name)
    ask = Ask(
        query,
        media_type,
        default_graphs,
        named_graphs,
        base=site.release.base,
        deadline=site.query_timeout,
    )
    tag = _tag(site.release.checksum, ask, content_type)
    if tag and tag in request.if_none_match and request.method in {"GET", "HEAD"}:
        response = Response(status=304)
    else:
        answer = site.engine.ask(ask)
        on_hang_up(request.environ, answer.close)
        first = next(answer, b"")
        if len(first) < MAX_FRAME:  # a frame that is not full is the last one
            response = Response(first + b"".join(answer), content_type=content_type)
        else:
            response = Response(itertools.chain((first,), answer), content_type=content_type)
            response.call_on_close(answer.close)
    if tag:
        response.set_etag(tag)
    return response


def _tag(checksum: str, ask: Ask, content_type: str) -> str | None:
    """What names this answer for ever; None where asking again gives another one."""
    if _VOLATILE.search(ask.query):
        return None
    key = repr((checksum, content_type, ask.query, ask.default_graphs, ask.named_graphs))
    return hashlib.sha256(key.encode()).hexdigest()[:32]
