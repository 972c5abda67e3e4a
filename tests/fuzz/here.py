"""The whole web application in this process, on tests/small, without a server or workers."""

from __future__ import annotations

import asyncio
import atexit
import logging
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote_to_bytes

from stancegraph.build import build
from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.engine import Notice, worker
from stancegraph.engine.index import InMemory
from stancegraph.engine.wire import DATA, FRAME, NOTICE, read_notice
from stancegraph.errors import QueryFailed, StancegraphError
from stancegraph.folder import GraphFolder
from stancegraph.web import Site, create_app
from stancegraph.web.bridge import Bridge, BrokenOff
from stancegraph.web.cache import AnswerCache
from stancegraph.web.endpoint import Endpoint
from stancegraph.web.recorder import Recorder
from stancegraph.web.site import MAX_BODY
from stancegraph.web.turnstile import Turnstile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stancegraph.engine import Ask
    from stancegraph.web.bridge import Message

SMALL = Path(__file__).parents[1] / "small"
THERE = SMALL.parents[1]  # a place that no stranger is to hear of
MEBIBYTE = 2**20
_NAME = re.compile(rb"[a-z0-9-]+")
_OF_THE_BODY = frozenset({b"content-length", b"transfer-encoding"})


@dataclass(frozen=True)
class Request:
    """One request as HTTP writes it."""

    method: str
    path: str
    query_string: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @classmethod
    def read(cls, data: bytes) -> Request:
        """What *data* says, as far as a server would let it through."""
        head, _, body = data.partition(b"\n\n")
        first, *lines = head.split(b"\n")
        method, _, target = first.partition(b" ")
        path, _, query_string = target.strip().partition(b"?")
        headers = [(b"host", b"example.org")]
        for line in lines:
            name, colon, text = line.partition(b":")
            name = name.strip().lower()
            if colon and _NAME.fullmatch(name) and name not in _OF_THE_BODY:
                headers.append((name, text.strip()))
        known = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE"}
        return cls(
            method.decode("ascii", "replace") if method.decode("latin-1") in known else "GET",
            "/" + unquote_to_bytes(path).decode("utf-8", "replace").removeprefix("/"),
            query_string,
            headers,
            body,
        )


class Failures(logging.Handler):
    """Keeps what the application logs of failures that nobody foresaw."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.seen.append(f"{record.getMessage()}: {record.exc_info}")


FAILURES = Failures()


@dataclass
class Reply:
    """What was answered."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def ask_here(request: Request) -> Reply:
    """The reply to *request*; its status is 0 where it broke off."""
    return _loop().run_until_complete(_ask(request))


async def _ask(request: Request) -> Reply:
    headers = request.headers
    if request.body:
        headers = [*headers, (b"content-length", str(len(request.body)).encode())]
    scope: Message = {
        "type": "http", "method": request.method, "path": request.path, "scheme": "http",
        "query_string": request.query_string, "http_version": "1.1", "headers": headers,
        "client": ("192.0.2.1", 1234), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    messages: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]
    reply = Reply()

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()  # for ever: the client stays
        return messages.pop()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {n.decode(): text.decode("latin-1") for n, text in message["headers"]}
        else:
            reply.body += message.get("body", b"")

    try:
        await _site()(scope, receive, send)
    except BrokenOff:
        return Reply(headers=reply.headers)
    return reply


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@cache
def _site() -> Recorder:
    """All that stands between a server and the engine, as `stancegraph.web.server` makes it."""
    folder = Path(tempfile.mkdtemp(prefix="stancegraph-here-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    build(GraphFolder.at(SMALL), folder, release_date=date(2026, 11, 22))
    logging.getLogger("stancegraph.access").disabled = True
    logging.getLogger("stancegraph.web").addHandler(FAILURES)
    release = open_release(folder)
    engine = Here(release.quads_file, release.id)
    site = Site(
        release=release,
        engine=engine,
        catalog=Catalog.load(release.path),
        description="",
        query_timeout=30.0,
        max_rows=1000,
        max_bytes=MEBIBYTE,
    )
    app = create_app(site)
    endpoint = Endpoint(Bridge(app.wsgi_app, max_body=MAX_BODY), site, HereToo(engine))
    turnstile = Turnstile(endpoint, max_body=MAX_BODY)
    cache = AnswerCache(turnstile, size=MEBIBYTE, max_body=MAX_BODY)
    return Recorder(cache, engine, release_id=release.id, routes=["sparql", "queries"])


class Here:
    """The engine without its processes: what a worker does, done here."""

    def __init__(self, quads: Path, release_id: str) -> None:
        self.release_id = release_id
        self._graph = InMemory(quads).open()

    def is_up(self) -> bool:
        """It always is."""
        return True

    def close(self) -> None:
        """Nothing is held."""

    def ask(self, ask: Ask) -> Said:
        """The answer, made at once."""
        frames = _Kept()
        try:
            worker._evaluate(self._graph, ask, frames)
            frames.end()
        except StancegraphError as error:
            return Said(bytes(frames.sent), error)
        except (OSError, ValueError, RuntimeError, MemoryError) as error:
            return Said(bytes(frames.sent), QueryFailed(f"it could not be evaluated: {error}"))
        return Said(bytes(frames.sent), None)


class Said:
    """An answer that is there."""

    def __init__(self, frames: bytes, error: StancegraphError | None) -> None:
        self.notice = Notice()
        self._error = error
        self._pieces = []
        while frames:
            kind, length = FRAME.unpack(frames[: FRAME.size])
            payload = frames[FRAME.size : FRAME.size + length]
            frames = frames[FRAME.size + length + 1 :]
            if kind == NOTICE:
                self.notice = read_notice(payload)
            elif kind == DATA:
                self._pieces.append(payload)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._pieces:
            return self._pieces.pop(0)
        if self._error is not None:
            raise self._error
        raise StopIteration

    def close(self) -> None:
        """Nothing goes on."""


class HereToo:
    """The same engine, for an event loop."""

    def __init__(self, engine: Here) -> None:
        self._engine = engine

    def ask(self, ask: Ask) -> SaidToo:
        """The answer, made at once."""
        return SaidToo(self._engine.ask(ask))


class SaidToo:
    """An answer that is there, for an event loop."""

    def __init__(self, said: Said) -> None:
        self.notice = said.notice
        self._said = said

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            return next(self._said)
        except StopIteration:
            raise StopAsyncIteration from None

    def close(self) -> None:
        """Nothing goes on."""


class _Kept(worker._Frames):
    """Frames that are kept."""

    def __init__(self) -> None:
        super().__init__(None)
        self.sent = bytearray()

    def _send(self, frames: bytes) -> None:
        self.sent += frames
