"""Lets the Flask application, which speaks WSGI, be served over ASGI.

WSGI has no word for two things that this server owes its clients: a server does not tell
the application that a client has hung up while a query runs, and when a response fails
midway granian ends it over WSGI as though it were whole. Over ASGI it does tell, and breaks
the connection off. So this bridge runs the application in threads, one call for a response
and one for each further piece of it, and passes both on.
"""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from stancegraph.errors import StancegraphError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

THREADS = 64
HANG_UP = "stancegraph.hang_up"

_log = logging.getLogger("stancegraph.web")


class BrokenOff(Exception):  # noqa: N818 (not told to anybody: it ends the connection)
    """A response failed midway, so its connection must not end as though it were whole."""


class HangUp:
    """Tells those who work for a client that the client is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone = False
        self._callbacks: list[Callable[[], None]] = []

    def then(self, callback: Callable[[], None]) -> None:
        """Call *callback* when the client hangs up; at once if it has."""
        with self._lock:
            if not self._gone:
                self._callbacks.append(callback)
                return
        callback()

    def tell(self) -> None:
        """The client is gone."""
        with self._lock:
            self._gone = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


def on_hang_up(environ: WSGIEnvironment, callback: Callable[[], None]) -> None:
    """Call *callback* if the client of this request hangs up, where the server can tell."""
    hang_up = environ.get(HANG_UP)
    if isinstance(hang_up, HangUp):
        hang_up.then(callback)


@dataclass(slots=True)
class _Response:
    """What the application has said so far."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    pieces: Iterator[bytes] = field(default_factory=lambda: iter(()))
    close: Callable[[], None] | None = None

    def start(
        self, status: str, headers: list[tuple[str, str]], _exc_info: object = None
    ) -> Callable[[bytes], object]:
        """WSGI's ``start_response``; writing through its value is not supported."""
        self.status = int(status.split(" ", 1)[0])
        self.headers = [
            (name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers
        ]
        return _no_write


class Bridge:
    """The ASGI application that a WSGI application becomes."""

    def __init__(self, app: WSGIApplication, *, max_body: int) -> None:
        """Serve *app*, which itself refuses bodies of more than *max_body* bytes."""
        self._app = app
        self._max_body = max_body
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            BrokenOff: the response failed midway, or its client has hung up.
        """
        body, whole = await _read_body(receive, self._max_body)
        hang_up = HangUp()
        watch = asyncio.ensure_future(_watch(receive, hang_up, whole=whole))
        response = _Response()
        try:
            environ = _environ(scope, body) | {HANG_UP: hang_up}
            piece = await self._in_thread(self._begin, environ, response)
            await send(
                {
                    "type": "http.response.start",
                    "status": response.status,
                    "headers": response.headers,
                }
            )
            while True:
                following = await self._in_thread(_next, response.pieces) if piece else b""
                more = bool(following)
                await send({"type": "http.response.body", "body": piece, "more_body": more})
                if not more:
                    return
                piece = following
        except StancegraphError as error:
            _log.info("%s broken off: %s", scope["path"], error)
            raise BrokenOff from error
        finally:
            watch.cancel()
            if response.close is not None:
                await self._in_thread(response.close)

    def _begin(self, environ: WSGIEnvironment, response: _Response) -> bytes:
        """Call the application; its first piece, or all of them where they are at hand."""
        body = self._app(environ, response.start)
        response.close = getattr(body, "close", None)
        response.pieces = iter(body)
        return _next(response.pieces)

    async def _in_thread(self, call: Callable[..., Any], *arguments: object) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, call, *arguments)


def _next(pieces: Iterator[bytes]) -> bytes:
    """The next piece that is not empty; an empty one at the end."""
    return next((piece for piece in pieces if piece), b"")


def _no_write(_data: bytes) -> object:
    raise NotImplementedError("write() of WSGI is not supported")


async def _read_body(receive: Receive, bound: int) -> tuple[bytes, bool]:
    """The body of a request, or a little more than *bound* bytes; whether it is whole."""
    body = bytearray()
    while len(body) <= bound:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body), True
    return bytes(body), False


async def _watch(receive: Receive, hang_up: HangUp, *, whole: bool) -> None:
    """Wait until the client hangs up; nothing can tell while part of the body is unread."""
    while whole:
        if (await receive())["type"] == "http.disconnect":
            hang_up.tell()
            return


def _environ(scope: Message, body: bytes) -> WSGIEnvironment:
    """The WSGI environment of a request."""
    server = scope.get("server") or ("localhost", 80)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": str((scope.get("client") or ("",))[0]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_text in scope["headers"]:
        name, text = raw_name.decode("latin-1").upper(), raw_text.decode("latin-1")
        key = name.replace("-", "_")
        if name not in {"CONTENT-TYPE", "CONTENT-LENGTH"}:
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ
