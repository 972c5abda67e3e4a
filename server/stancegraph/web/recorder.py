"""The outermost application: it numbers, times, counts and logs requests, and says how it does.

``/health``, ``/ready`` and ``/metrics`` are answered here, so that neither a full queue nor a
release that fails to load stands in their way. A line of the log is a JSON object; it never
holds what people asked, which stands in the query string and the body.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import time
from datetime import UTC, datetime
from http import HTTPMethod, HTTPStatus
from typing import TYPE_CHECKING

from stancegraph.web import metrics
from stancegraph.web.bridge import REQUEST_ID
from stancegraph.web.turnstile import client_of, scheme_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from stancegraph.engine import Engine
    from stancegraph.web.bridge import Message, Receive, Send
    from stancegraph.web.cache import Application

ID_HEADER = b"x-request-id"
_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset(HTTPMethod)
_TEXT = "text/plain; charset=utf-8"
_ALLOWED = "GET, HEAD, OPTIONS"

_log = logging.getLogger("stancegraph.access")


class Recorder:
    """The ASGI application that stands before all others of its release."""

    def __init__(
        self, app: Application, engine: Engine, *, release_id: str, routes: Collection[str]
    ) -> None:
        """Stand before *app*, which answers from *engine*.

        Args:
            release_id: What is served.
            routes: The first parts of the paths that *app* knows, such as ``sparql``.
        """
        self._app = app
        self._engine = engine
        self._release_id = release_id
        self._routes = frozenset(routes)
        self._own: dict[str, Callable[[], tuple[HTTPStatus, str, bytes]]] = {
            "/health": self._health,
            "/ready": self._ready,
            "/metrics": self._metrics,
        }

    def begin(self) -> None:
        """Say that the release is served from now on."""
        metrics.release_loaded.labels(self._release_id).set(1)

    def leave(self) -> None:
        """Say that it is not any more."""
        metrics.release_loaded.labels(self._release_id).set(0)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            Exception: what the application raised; the answer is not whole then.
        """
        scope = {**scope, "scheme": scheme_of(scope)}
        record = _Record(scope, send)
        own = self._own.get(scope["path"])
        try:
            if own is not None and scope["method"] not in {"GET", "HEAD"}:
                await _refuse_method(scope["method"], record.send)
            elif own is not None:
                told = await asyncio.to_thread(own)
                await _give(told, scope["method"], record.send, self._release_id)
            else:
                await self._app({**scope, REQUEST_ID: record.id}, receive, record.send)
        finally:
            self._keep(record)

    def _keep(self, record: _Record) -> None:
        """Count a request that has ended, and log it."""
        first = record.path.removeprefix("/").partition("/")[0]
        route = first if first in self._routes or record.path in self._own else "other"
        method = record.method if record.method in _METHODS else "other"
        seconds = time.monotonic() - record.begun
        metrics.requests_of(method, route, record.status).inc()
        metrics.seconds_of(route).observe(seconds)
        metrics.cached_as(record.cache).inc()
        if not record.whole:
            metrics.broken_off.inc()
        _log.info(
            "%s",
            json.dumps(
                {
                    "time": record.time,
                    "request": record.id,
                    "client": record.client,
                    "method": record.method,
                    "path": record.path,
                    "status": record.status,
                    "bytes": record.size,
                    "ms": round(seconds * 1000, 1),
                    "cache": record.cache,
                    "whole": record.whole,
                    "release": self._release_id,
                }
            ),
        )

    def _health(self) -> tuple[HTTPStatus, str, bytes]:
        """This process lives."""
        return HTTPStatus.OK, _TEXT, b"alive\n"

    def _ready(self) -> tuple[HTTPStatus, str, bytes]:
        """The engine has a release loaded, and listens."""
        if self._engine.is_up():
            return HTTPStatus.OK, _TEXT, f"ready: {self._release_id}\n".encode()
        return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, b"not ready: the engine is starting\n"

    def _metrics(self) -> tuple[HTTPStatus, str, bytes]:
        """What was counted so far."""
        return HTTPStatus.OK, metrics.CONTENT_TYPE, metrics.text()


class _Record:
    """What is learnt of one request and its answer as they pass.

    Attributes:
        status: Of the answer; 0 where none was begun.
        size: Bytes of its body that were handed to the server.
        whole: Whether its last byte was.
    """

    def __init__(self, scope: Message, send: Send) -> None:
        self.id = _given_id(scope) or secrets.token_hex(8)
        self.begun = time.monotonic()
        self.time = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.client = client_of(scope)
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.status = 0
        self.size = 0
        self.whole = False
        self.cache = "miss"
        self._send = send

    async def send(self, message: Message) -> None:
        """Pass on a message of the application."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            for name, text in message["headers"]:
                if name == b"cache-status":
                    self.cache = "hit" if text.endswith(b"hit") else "collapsed"
            headers = [header for header in message["headers"] if header[0] != ID_HEADER]
            message = {**message, "headers": [*headers, (ID_HEADER, self.id.encode())]}
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
            self.whole = not message.get("more_body", False)
        await self._send(message)


def _given_id(scope: Message) -> str:
    """The id that a proxy before this server has given; empty where it is none."""
    given = next((text for name, text in scope["headers"] if name == ID_HEADER), b"")
    return given.decode("ascii") if _ID.fullmatch(given) else ""


async def _give(
    told: tuple[HTTPStatus, str, bytes], method: str, send: Send, release_id: str
) -> None:
    """Send what is true only now, of the release that is served."""
    status, content_type, body = told
    shown = b"" if method == "HEAD" else body
    release = (b"x-stancegraph-release", release_id.encode())
    await _send(send, status, shown, release, content_type=content_type, length=len(body))


async def _refuse_method(method: str, send: Send) -> None:
    """Say which methods there are."""
    body, status = b"", HTTPStatus.OK
    allow = (b"allow", _ALLOWED.encode())
    if method != "OPTIONS":
        body = f"{method} is not allowed here; allowed are {_ALLOWED}\n".encode()
        status = HTTPStatus.METHOD_NOT_ALLOWED
    await _send(send, status, body, allow, length=len(body))


async def _send(
    send: Send,
    status: int,
    body: bytes,
    *more: tuple[bytes, bytes],
    content_type: str = _TEXT,
    length: int,
) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(length).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *more,
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
