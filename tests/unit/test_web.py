"""The web application on an engine that does as it is told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stancegraph.build.release import Release
from stancegraph.catalog import Catalog
from stancegraph.engine import Notice
from stancegraph.engine.wire import MAX_FRAME
from stancegraph.errors import EngineDown, QueryFailed, QueryTimeout
from stancegraph.names import Names
from stancegraph.web import Site, create_app
from stancegraph.web.bridge import (
    HANG_UP,
    REFUSED,
    REQUEST_ID,
    Bridge,
    BrokenOff,
    HangUp,
    Refusal,
    on_hang_up,
)
from stancegraph.web.endpoint import Endpoint
from stancegraph.web.site import MAX_BODY
from stancegraph.web.turnstile import SPARQL_ROOM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stancegraph.engine import Ask


class Played:
    """An engine whose answer is a list of pieces, or of errors to raise in their place."""

    release_id = "2026-11-22-0123456789ab"
    notice = Notice()

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.closed = threading.Event()

    def is_up(self) -> bool:
        """It always is."""
        return True

    def ask(self, _ask: Ask) -> Played:
        """The answer to any question."""
        self.rest = iter(self.pieces)
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self.rest)
        if isinstance(piece, Exception):
            raise piece
        return piece

    def close(self) -> None:
        """Remember that the work was ended."""
        self.closed.set()


class Streamed(Played):
    """The same for an event loop."""

    def ask(self, ask: Ask) -> Streamed:
        """The answer to any question."""
        super().ask(ask)
        return self

    def __aiter__(self) -> Streamed:
        return self

    async def __anext__(self) -> bytes:
        try:
            return next(self)
        except StopIteration:
            raise StopAsyncIteration from None


@dataclass
class Reply:
    """What a client gets; the body as far as it came, and how it ended."""

    status: int
    headers: dict[str, str]
    body: bytes
    pieces: int
    whole: bool


def site_of(engine: Played) -> Site:
    release = Release(
        id=engine.release_id,
        date=date(2026, 11, 22),
        digest="",
        checksum="",
        base="https://example.org/",
        title="T",
        licence="https://example.org/licence",
        previous=None,
        counts={"triples": 1234567},
        path=Path("/nowhere"),
    )
    catalog = Catalog([], Names("", {}))
    return Site(release=release, engine=engine, catalog=catalog, description="", query_timeout=1.0)


def asked(
    engine: Streamed,
    method: str = "GET",
    *,
    number: str = "",
    headers: dict[str, str] | None = None,
) -> Reply:
    """What the endpoint answers to ``ASK {}``; *number* is the id of the request."""
    site = site_of(engine)
    endpoint = Endpoint(Bridge(create_app(site).wsgi_app, max_body=MAX_BODY), site, engine)
    given = {"accept": "*/*", "host": "h", **(headers or {})}
    scope = {
        "type": "http", "method": method, "path": "/sparql", "query_string": b"query=ASK%7B%7D",
        "http_version": "1.1", "scheme": "http", "server": ("h", 80), "client": ("c", "1"),
        "headers": [(name.encode(), text.encode()) for name, text in given.items()],
        REQUEST_ID: number,
    }  # fmt: skip
    messages = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not messages:
            await asyncio.sleep(60)
        return messages.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    with suppress(BrokenOff):
        asyncio.run(endpoint(scope, receive, send))
    start, *bodies = sent
    return Reply(
        status=start["status"],
        headers={name.decode().title(): text.decode() for name, text in start["headers"]},
        body=b"".join(body["body"] for body in bodies),
        pieces=len(bodies),
        whole=bool(bodies) and not bodies[-1].get("more_body", False),
    )


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (QueryFailed("it broke a bound"), 500, None),
        (EngineDown("too many"), 503, "5"),
        (QueryTimeout(1), 504, None),
    ],
)
def test_what_the_engine_says_becomes_the_status(
    error: Exception, status: int, retry: str | None
) -> None:
    """An error before the first byte is told as a problem that nobody keeps."""
    reply = asked(Streamed(error))

    assert reply.status == status
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert json.loads(reply.body)["detail"] == str(error)
    assert reply.headers.get("Retry-After") == retry
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Etag" not in reply.headers


def test_what_nobody_foresaw_is_logged_and_told_by_an_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The client sees neither trace nor paths; the log has both under the id that it sees."""
    reply = asked(Streamed(RuntimeError("in /secret/place")), number="0123456789abcdef")

    problem = json.loads(reply.body)
    assert reply.status == problem["status"] == 500
    assert b"secret" not in reply.body
    assert b"Traceback" not in reply.body
    assert problem["request"] == "0123456789abcdef"
    assert problem["request"] in caplog.text
    assert "/secret/place" in caplog.text


def test_a_short_result_has_a_length_and_a_long_one_is_passed_on() -> None:
    """A frame that is not full is the last; after a full one, pieces go out as they come."""
    short = asked(Streamed(b"{}"))
    long = asked(Streamed(b"x" * MAX_FRAME, b"y"))

    assert short.headers["Content-Length"] == "2"
    assert "Content-Length" not in long.headers
    assert long.body == b"x" * MAX_FRAME + b"y"
    assert long.whole


def test_an_answer_that_fails_midway_is_broken_off() -> None:
    """What came before is given; the end of the response is not."""
    engine = Streamed(b"x" * MAX_FRAME, QueryTimeout(1))

    reply = asked(engine)

    assert reply.status == 200
    assert reply.body == b"x" * MAX_FRAME
    assert not reply.whole
    assert engine.closed.is_set()


def test_head_of_a_long_result_ends_the_work() -> None:
    """No more is read than the headers need."""
    engine = Streamed(b"x" * MAX_FRAME, AssertionError("read on"))

    reply = asked(engine, "HEAD")

    assert (reply.status, reply.body, reply.whole) == (200, b"", True)
    assert engine.closed.is_set()


@pytest.mark.parametrize("weakened", ["", "W/"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_client_that_holds_the_answer_is_told_so(encoding: str, weakened: str) -> None:
    """By the tag of the answer as it was encoded; the engine is not asked."""
    headers = {"accept-encoding": encoding}
    whole = asked(Streamed(b"{}" * 1000), headers=headers)
    tag = whole.headers["Etag"]

    known = asked(Streamed(), headers={**headers, "if-none-match": f'"x", {weakened}{tag}'})

    assert (known.status, known.body, known.headers["Etag"]) == (304, b"", tag)
    assert known.headers["Vary"] == whole.headers["Vary"]


def test_the_home_page_writes_numbers_for_people() -> None:
    """Thousands are set apart."""
    assert "1,234,567" in create_app(site_of(Played())).test_client().get("/").text


# The bridge to ASGI


def bridged(
    app: Callable[..., Iterable[bytes]], *received: dict[str, Any], body: bytes = b""
) -> list[dict[str, Any]]:
    """What a WSGI application sends over the bridge, when it receives these after its body."""
    scope = {
        "type": "http", "method": "POST", "path": "/ä", "query_string": b"a=b",
        "http_version": "1.1", "scheme": "http", "server": ("h", 80), "client": ("c", "1"),
        "headers": [(b"host", b"h"), (b"accept", b"a"), (b"accept", b"b")],
    }  # fmt: skip
    messages = [{"type": "http.request", "body": body, "more_body": False}, *received]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not messages:
            await asyncio.sleep(60)
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Bridge(app, max_body=100)(scope, receive, send))
    return sent


def test_a_request_reaches_the_application_whole() -> None:
    """Path, headers and body as WSGI has them; the response in one piece."""
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        start("201 Created", [("Content-Length", "2"), ("X-Y", "z")])
        return [b"a", b"b"]

    sent = bridged(app, body=b"hello")

    assert seen["PATH_INFO"] == "/ä".encode().decode("latin-1")
    assert (seen["HTTP_ACCEPT"], seen["QUERY_STRING"], seen["body"]) == ("a,b", "a=b", b"hello")
    assert sent == [
        {
            "type": "http.response.start",
            "status": 201,
            "headers": [(b"content-length", b"2"), (b"x-y", b"z")],
        },
        {"type": "http.response.body", "body": b"ab"},
    ]


def test_queries_that_wait_for_other_endpoints_leave_the_threads_of_all_else_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As many as are let in at a time ask by SERVICE and wait; ``/ready`` needs a thread too."""
    waiting, answered = threading.Barrier(SPARQL_ROOM + 1), threading.Event()

    def slow(*_: object) -> None:
        waiting.wait(30)
        answered.wait(30)
        raise QueryFailed("nothing came")

    async def nothing(*_: object) -> Any:
        return {}

    async def scene() -> None:
        site = replace(site_of(Played()), services=frozenset(["https://example.org/sparql"]))
        endpoint = Endpoint(nothing, site, Streamed())
        scope = {
            "method": "GET", "path": "/sparql", "query_string": b"query=ASK%7B%7D", "headers": [],
        }  # fmt: skip
        asking = [
            asyncio.create_task(endpoint(scope, nothing, nothing)) for _ in range(SPARQL_ROOM)
        ]
        await asyncio.to_thread(waiting.wait, 30)

        assert await asyncio.to_thread(answered.is_set) is False
        answered.set()
        await asyncio.gather(*asking)
        endpoint.close()

    monkeypatch.setattr("stancegraph.web.endpoint._read", slow)
    asyncio.run(scene())


def test_the_body_of_a_refused_request_is_not_waited_for() -> None:
    """Who is told that it did not come in time is told so at once, not after that time again."""

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body is read")

    async def send(message: Any) -> None:
        sent.append(message)

    sent: list[dict[str, Any]] = []
    app = create_app(site_of(Played())).wsgi_app
    scope = {
        "type": "http", "method": "POST", "path": "/sparql", "query_string": b"",
        "http_version": "1.1", "scheme": "http", "server": ("h", 80), "client": ("c", "1"),
        "headers": [(b"host", b"h"), (b"content-length", b"100")], REFUSED: Refusal.TOO_SLOW,
    }  # fmt: skip

    asyncio.run(Bridge(app, max_body=100)(scope, receive, send))

    assert sent[0]["status"] == HTTPStatus.REQUEST_TIMEOUT


def test_pieces_are_passed_on_and_the_response_closed() -> None:
    """Without a length each piece is sent as it comes; empty ones are no end."""
    engine = Played(b"a", b"", b"b")

    def app(_environ: object, start: Callable[..., object]) -> Played:
        start("200 OK", [])
        return engine.ask(None)  # type: ignore[arg-type]

    bodies = [(m["body"], m.get("more_body", False)) for m in bridged(app)[1:]]

    assert bodies == [(b"a", True), (b"b", True), (b"", False)]
    assert engine.closed.is_set()


def test_a_response_that_fails_midway_is_broken_off() -> None:
    """The server is told by an exception, and never that the response ended."""
    engine = Played(b"a", QueryTimeout(1))

    def app(_environ: object, start: Callable[..., object]) -> Played:
        start("200 OK", [])
        return engine.ask(None)  # type: ignore[arg-type]

    with pytest.raises(BrokenOff):
        bridged(app)

    assert engine.closed.is_set()


@pytest.mark.parametrize("path", ["/id/state/CAN", "/describe?iri=x:y"])
def test_a_page_ends_its_questions_when_its_client_is_gone(path: str) -> None:
    """Whatever it would ask next too."""

    class Watched(Played):
        def __next__(self) -> bytes:
            assert self.closed.is_set()
            raise EngineDown("it was broken off")

    engine = Watched()
    hang_up = HangUp()
    hang_up.tell()

    client = create_app(site_of(engine)).test_client()
    reply = client.get(path, environ_overrides={HANG_UP: hang_up})

    assert reply.status_code == 503


def test_a_client_that_hangs_up_is_told_of() -> None:
    """While the application works, whoever asked to be called is; at once if it is late."""
    called = threading.Event()

    def app(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
        on_hang_up(environ, called.set)
        assert called.wait(5)
        late = threading.Event()
        on_hang_up(environ, late.set)
        start("200 OK", [("Content-Length", "0")])
        return [] if late.is_set() else [b"!"]

    started = time.monotonic()
    sent = bridged(app, {"type": "http.disconnect"})

    assert sent[1]["body"] == b""
    assert time.monotonic() - started < 5
