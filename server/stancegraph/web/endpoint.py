"""Answers queries sent to ``/sparql``, without Flask and its threads.

Nobody can foresee what strangers ask, so most of it is not in the cache; and most of it is
evaluated in less time than Flask takes to dispatch it. So this ASGI application stands before
the bridge: it asks the engine from the event loop and passes the answer on as it comes. What
the question is, how the answer is written and which headers go with it, `read_question` and
its like decide, as for saved queries. Whatever else concerns ``/sparql``, its page, its
description and all that goes wrong, Flask tells.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.datastructures import MIMEAccept, MultiDict
from werkzeug.http import parse_accept_header, parse_etags, parse_options_header

from stancegraph.engine import GRAPHS, TABLES, UPDATE_REFUSED, Notice
from stancegraph.errors import (
    BadRequest,
    QueryRefused,
    StancegraphError,
    TooLarge,
    UnsupportedMediaType,
)
from stancegraph.web import encoding
from stancegraph.web.answers import is_whole, read_question
from stancegraph.web.arguments import read_arguments
from stancegraph.web.bridge import (
    QUERY,
    REFUSED,
    BrokenOff,
    HangUp,
    Watch,
    read_body,
    replayed,
)
from stancegraph.web.cache import FRESHNESS, LASTING
from stancegraph.web.headers import common_headers
from stancegraph.web.negotiation import (
    ALIASES,
    ALIASES_OF_GRAPHS,
    DOCUMENTS,
    HTML,
    is_document,
    preferred,
)
from stancegraph.web.site import MAX_BODY
from stancegraph.web.sparql import format_of
from stancegraph.web.turnstile import SPARQL_ROOM
from stancegraph.web.wishes import read_wishes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stancegraph.engine.stream import AsyncAnswer, AsyncEngine
    from stancegraph.web.answers import Question
    from stancegraph.web.bridge import Message, Receive, Send
    from stancegraph.web.cache import Application
    from stancegraph.web.site import Site

FORM = "application/x-www-form-urlencoded"
QUERY_TYPE = "application/sparql-query"
UPDATE_TYPE = "application/sparql-update"
PATHS = frozenset({"/sparql", "/sparql/"})
# Longer texts are read, and longer pieces compressed, in a thread: others must not wait for it.
READ_AT_ONCE = 8 * 2**10  # bytes
COMPRESSED_AT_ONCE = 16 * 2**10
KEPT_ACCEPT = 512  # characters of a header of which it is kept what it says
PAGES = (b"html", b"svg")
CITING = (b"cite=", b"check=")  # how to cite a page is told where the page is made
ANY_FORMAT = (*TABLES, *GRAPHS, *ALIASES, *ALIASES_OF_GRAPHS, DOCUMENTS[HTML])
_VARY = (b"vary", b"Prefer, Accept, Accept-Encoding")

_log = logging.getLogger("stancegraph.web")


class Endpoint:
    """The ASGI application that answers queries, and lets another one do the rest.

    An instance belongs to one event loop.
    """

    def __init__(self, app: Application, site: Site, engine: AsyncEngine) -> None:
        """Stand before *app*, which tells what goes wrong.

        Args:
            engine: Holds what *site* serves.
        """
        self._app = app
        self._site = site
        self._engine = engine
        common = common_headers(site.release.id)
        self._common = [(name.lower().encode(), text.encode()) for name, text in common.items()]
        self._freshness = (LASTING if site.root else FRESHNESS).encode()
        # Not the event loop's own: asking others takes long, and those have all else to do.
        self._readers = ThreadPoolExecutor(SPARQL_ROOM, thread_name_prefix="sparql")

    def close(self) -> None:
        """Let the threads end, once all questions are read."""
        self._readers.shutdown(wait=False)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            BrokenOff: the answer failed midway, or its client has hung up.
            TimeoutError: the body did not come, for which a `Turnstile` waits before.
            Exception: what *app* raised; the answer is not whole then.
        """
        asks = scope["method"] == "POST" or (
            scope["method"] in {"GET", "HEAD"} and not _asks_nothing(scope["query_string"])
        )
        if scope["path"] not in PATHS or REFUSED in scope or not asks:
            await self._app(scope, receive, send)
            return
        body, whole = await read_body(scope, receive, MAX_BODY)
        told: dict[str, object] = {}
        reply = None
        request = _Request(scope, body, fits=whole and len(body) <= MAX_BODY)
        if request.fits and _wants_page(request):
            await self._app(scope, replayed(body, True, receive), send)
            return
        try:
            question = await self._question(request, told)
            reply = _Reply(request, question, self._common, send, self._freshness)
            if not await reply.known():
                await self._answer(reply, question, receive if whole else None)
        except Exception as error:  # which Flask tells, and logs if need be
            if reply is not None and reply.begun:
                if not isinstance(error, StancegraphError):
                    raise
                _log.info("%s broken off: %s", scope["path"], error)
                raise BrokenOff from error
            if isinstance(error, BrokenOff):
                raise
            refused = {**scope, REFUSED: error, **told}
            await self._app(refused, replayed(b"", True, receive), send)

    async def _question(self, request: _Request, told: dict[str, object]) -> Question:
        """What is asked; in a thread, where it takes long to read or others must be asked.

        Raises:
            RequestError, EngineError: it cannot be asked.
        """
        if request.size > READ_AT_ONCE or self._site.services:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._readers, _read, self._site, request, told)
        return _read(self._site, request, told)

    async def _answer(self, reply: _Reply, question: Question, receive: Receive | None) -> None:
        """Ask, and give the answer as it comes.

        Raises:
            StancegraphError: there is none, or not the whole.
        """
        answer = self._engine.ask(question.ask)
        hang_up = HangUp()
        hang_up.then(answer.close)
        watch = Watch(asyncio.get_running_loop(), receive, hang_up)
        try:
            first = await anext(answer, b"")
            whole = is_whole(first)
            notice = answer.notice
            first, last = question.first(first, notice), question.last(notice)
            if whole:
                rest = [piece async for piece in answer]
                await reply.give(b"".join((first, *rest, last)), notice)
            else:
                await reply.pass_on(first, answer, last, notice)
        finally:
            watch.end()
            answer.close()


class _Request:
    """A request as far as it must be read.

    Attributes:
        fits: Whether the body is no longer than it may be.
        size: Bytes of the text that it holds.
    """

    def __init__(self, scope: Message, body: bytes, *, fits: bool) -> None:
        self.fits = fits
        self.method: str = scope["method"]
        self.query_string: bytes = scope["query_string"]
        self.body = body
        self.size = len(self.query_string) + len(body)
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]

    def header(self, name: bytes) -> str:
        """All values of a header, whose name is in lower case."""
        return b",".join(text for given, text in self._headers if given == name).decode("latin-1")


def _asks_nothing(query_string: bytes) -> bool:
    """Whether a GET wants to know what the endpoint is, in one of the formats of documents."""
    if not query_string or b"query=" in query_string:
        return not query_string
    try:
        arguments = read_arguments(query_string)
    except BadRequest:
        return False
    short_name = format_of(arguments)
    asks_nothing = not arguments.keys() - {"format"}
    return asks_nothing and (short_name is None or is_document(short_name))


def _wants_page(request: _Request) -> bool:
    """Whether a person asks, who is shown a page, or for a picture: neither is rows alone.

    A browser says that it prefers HTML to all else. Clients of SPARQL name the formats of
    results, or take anything.
    """
    accept = _accept(request.header(b"accept"))
    asked = request.query_string.split(b"&")
    if request.method != "POST" and any(each.startswith(CITING) for each in asked):
        return True
    formats = [b"format=" + name for name in PAGES]
    if b"format=" in request.query_string:
        return any(each in asked for each in formats)
    posted = request.method == "POST"
    if posted and not request.header(b"content-type").lower().startswith(FORM):
        return False
    return preferred(accept, ANY_FORMAT) == DOCUMENTS[HTML] and b"format=" not in request.body


def _read(site: Site, request: _Request, told: dict[str, object]) -> Question:
    """What *request* asks of *site*; its query is put into *told*, to be shown with mistakes.

    Raises:
        BadRequest, QueryRefused, UnsupportedMediaType, TooLarge, BadParameter: it asks nothing
            that can be answered.
        RequestError, EngineError: as `read_question` does.
    """
    arguments = read_arguments(request.query_string)
    posted = request.method == "POST"
    query = _posted(request, arguments) if posted else _one(arguments, "query")
    told[QUERY] = query
    return read_question(
        site,
        query,
        accept=_accept(request.header(b"accept")),
        short_name=format_of(arguments),
        wishes=read_wishes(dict(arguments.lists()), [request.header(b"prefer")]),
        default_graphs=tuple(arguments.getlist("default-graph-uri")),
        named_graphs=tuple(arguments.getlist("named-graph-uri")),
    )


def _posted(request: _Request, arguments: MultiDict[str, str]) -> str:
    """The query in a body, as a form or as it is; a form's fields join *arguments*."""
    content_type = request.header(b"content-type")
    media_type, options = parse_options_header(content_type)
    media_type = media_type.lower()
    if media_type == UPDATE_TYPE:
        raise QueryRefused(UPDATE_REFUSED)
    if media_type not in {FORM, QUERY_TYPE}:
        raise UnsupportedMediaType(media_type, (FORM, QUERY_TYPE))
    if not request.fits:
        raise TooLarge(MAX_BODY)
    if media_type == QUERY_TYPE and "query" in arguments:
        raise BadRequest("the query was given twice, in the body and in the address")
    if media_type == FORM:
        arguments.update(read_arguments(request.body))
        return _one(arguments, "query")
    return _text(request.body, options.get("charset", "utf-8"))


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


def _text(body: bytes, charset: str) -> str:
    """A query that is the whole body.

    Raises:
        BadRequest: it is not UTF-8.
        UnsupportedMediaType: its Content-Type names another charset.
    """
    if charset.lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(f"{QUERY_TYPE} in {charset}", (f"{QUERY_TYPE} in UTF-8", FORM))
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"the query is not UTF-8: byte {error.start} is wrong") from None


def _accept(header: str) -> MIMEAccept:
    return _kept_accept(header) if len(header) <= KEPT_ACCEPT else _read_accept(header)


def _read_accept(header: str) -> MIMEAccept:
    return parse_accept_header(header, MIMEAccept)


_kept_accept = lru_cache(256)(_read_accept)


class _Reply:
    """The answer to one request, as HTTP.

    Attributes:
        begun: Whether its head was sent, after which no error can be told.
    """

    def __init__(
        self,
        request: _Request,
        question: Question,
        common: list[tuple[bytes, bytes]],
        send: Send,
        freshness: bytes,
    ) -> None:
        self.begun = False
        self._freshness = freshness
        self._question = question
        self._common = common
        self._send = send
        self._head = request.method == "HEAD"
        accepted = request.header(b"accept-encoding")
        self._encoding = "" if request.header(b"range") else encoding.chosen(accepted)
        self._held = "" if request.method == "POST" else request.header(b"if-none-match")

    async def known(self) -> bool:
        """Tell a client that holds the answer so, where it does.

        Compared weakly, since a proxy that compresses weakens the tag; and ``*`` counts for
        nothing here, where it is not known whether there is an answer at all.
        """
        tag = self._question.tag
        if not self._held or tag is None:
            return False
        plain = encoding.plain_tags(self._held, self._encoding) if self._encoding else self._held
        held = parse_etags(plain)
        if not (held.is_strong(tag) or held.is_weak(tag)):
            return False
        headers = self._question.headers(Notice())
        await self._start(HTTPStatus.NOT_MODIFIED, headers, encoded=plain != self._held)
        await self._send({"type": "http.response.body", "body": b""})
        return True

    async def give(self, body: bytes, notice: Notice) -> None:
        """Send a whole answer."""
        headers = self._question.headers(notice)
        headers["Content-Type"] = self._question.content_type
        encoded = bool(self._encoding) and len(body) >= encoding.WORTH
        if encoded and len(body) > COMPRESSED_AT_ONCE:
            body = await asyncio.to_thread(encoding.compressed, body, self._encoding)
        elif encoded:
            body = encoding.compressed(body, self._encoding)
        headers["Content-Length"] = str(len(body))
        await self._start(HTTPStatus.OK, headers, encoded=encoded)
        await self._send({"type": "http.response.body", "body": b"" if self._head else body})

    async def pass_on(self, first: bytes, answer: AsyncAnswer, last: bytes, notice: Notice) -> None:
        """Send an answer piece by piece.

        Raises:
            StancegraphError: it is not whole.
        """
        headers = self._question.headers(notice)
        headers["Content-Type"] = self._question.content_type
        await self._start(HTTPStatus.OK, headers, encoded=bool(self._encoding))
        if self._head:
            await self._send({"type": "http.response.body", "body": b""})
            return
        encoder = encoding.encoder(self._encoding) if self._encoding else None

        def shortened(piece: bytes) -> bytes:
            return encoder.add(piece) + encoder.go_on() if encoder else piece

        piece = first
        while piece:
            if encoder:
                piece = await asyncio.to_thread(shortened, piece)
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await anext(answer, b"")
        if encoder:
            last = (encoder.add(last) if last else b"") + encoder.end()
        await self._send({"type": "http.response.body", "body": last})

    async def _start(
        self, status: HTTPStatus, headers: Mapping[str, str], *, encoded: bool
    ) -> None:
        said = [(name.lower().encode(), text.encode("latin-1")) for name, text in headers.items()]
        if self._question.tag is not None:
            tag = self._question.tag
            named = encoding.tag_of(tag, self._encoding) if encoded else tag
            said += (b"etag", f'"{named}"'.encode()), (b"cache-control", self._freshness)
        if encoded and status is HTTPStatus.OK:
            said.append((b"content-encoding", self._encoding.encode()))
        self.begun = True
        start = {"status": int(status), "headers": [*said, _VARY, *self._common]}
        await self._send({"type": "http.response.start", **start})
