"""The web application on an engine that does as it is told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from datetime import date
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
from stancegraph.web.bridge import REQUEST_ID, Bridge, BrokenOff, on_hang_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flask.testing import FlaskClient

    from stancegraph.engine import Ask

ASK = "/sparql?query=ASK%7B%7D"


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


def client_of(engine: Played) -> FlaskClient:
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
    site = Site(release=release, engine=engine, catalog=catalog, description="", query_timeout=1.0)
    return create_app(site).test_client()


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
    reply = client_of(Played(error)).get(ASK)

    assert reply.status_code == status
    assert reply.content_type == "application/problem+json"
    assert json.loads(reply.data)["detail"] == str(error)
    assert reply.headers.get("Retry-After") == retry
    assert reply.headers["Cache-Control"] == "no-store"
    assert "ETag" not in reply.headers


def test_what_nobody_foresaw_is_logged_and_told_by_an_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The client sees neither trace nor paths; the log has both under the id that it sees."""
    client = client_of(Played(RuntimeError("in /secret/place")))
    reply = client.get(ASK, environ_overrides={REQUEST_ID: "0123456789abcdef"})

    problem = json.loads(reply.data)
    assert reply.status_code == problem["status"] == 500
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text
    assert problem["request"] == "0123456789abcdef"
    assert problem["request"] in caplog.text
    assert "/secret/place" in caplog.text


def test_a_short_result_has_a_length_and_a_long_one_is_passed_on() -> None:
    """A frame that is not full is the last; after a full one, pieces go out as they come."""
    short = client_of(Played(b"{}")).get(ASK)
    long = client_of(Played(b"x" * MAX_FRAME, b"y")).get(ASK)

    assert short.headers["Content-Length"] == "2"
    assert "Content-Length" not in long.headers
    assert long.data == b"x" * MAX_FRAME + b"y"


def test_head_of_a_long_result_ends_the_work() -> None:
    """No more is read than the headers need."""
    engine = Played(b"x" * MAX_FRAME, AssertionError("read on"))

    reply = client_of(engine).head(ASK)
    reply.close()

    assert reply.status_code == 200
    assert engine.closed.is_set()


def test_the_home_page_writes_numbers_for_people() -> None:
    """Thousands are set apart."""
    assert "1,234,567" in client_of(Played()).get("/").text


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
