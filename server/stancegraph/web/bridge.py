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
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeAlias

from werkzeug.wsgi import FileWrapper

from stancegraph.errors import StancegraphError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

THREADS = 64
WATCH_AFTER = 0.05  # seconds
WHOLE = 2**20  # bytes of a response that is passed on in one piece
PIECE = 256 * 2**10  # bytes of a piece of a file
BODY_BOUND = 10.0  # seconds in which the body of a request must have come
_ANNOUNCING = frozenset({b"content-length", b"transfer-encoding"})  # that there is one
HANG_UP = "stancegraph.hang_up"
# What outer applications add to ASGI's scope, and the inner one finds in WSGI's environment.
REQUEST_ID = "stancegraph.request_id"
REFUSED = "stancegraph.refused"  # a `Refusal` or error, where that is all there is to tell
QUERY = "stancegraph.query"  # the SPARQL text to which such an error belongs
PASSED = (REQUEST_ID, REFUSED, QUERY)

_log = logging.getLogger("stancegraph.web")


class Refusal(Enum):
    """Why a request is refused before it is looked at."""

    OVERLOADED = auto()
    TOO_SLOW = auto()


class BrokenOff(Exception):  # not told to anybody: it ends the connection
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


class Bridge:
    """The ASGI application that a WSGI application becomes."""

    def __init__(self, app: WSGIApplication, *, max_body: int) -> None:
        """Serve *app*, which itself refuses bodies of more than *max_body* bytes."""
        self._app = app
        self._max_body = max_body
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    def close(self) -> None:
        """Let the threads end, once all requests are answered."""
        self._threads.shutdown(wait=False)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            BrokenOff: the response failed midway, or its client has hung up.
        """
        loop = asyncio.get_running_loop()
        body, whole = b"", False
        if REFUSED not in scope:  # else the body does not matter, and may never come
            try:
                body, whole = await read_body(scope, receive, self._max_body)
            except TimeoutError:
                scope = {**scope, REFUSED: Refusal.TOO_SLOW}
        hang_up = HangUp()
        response = _Response(self._app, _environ(scope, body) | {HANG_UP: hang_up})
        watch = Watch(loop, receive if whole else None, hang_up)
        try:
            piece = await loop.run_in_executor(self._threads, response.begin)
            start = {"status": response.status, "headers": response.headers}
            await send({"type": "http.response.start", **start})
            while not response.ended:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await loop.run_in_executor(self._threads, response.go_on)
            await send({"type": "http.response.body", "body": piece})
        except StancegraphError as error:
            _log.info("%s broken off: %s", scope["path"], error)
            raise BrokenOff from error
        finally:
            watch.end()
            if not response.ended:  # it was given up, not read to its end
                await loop.run_in_executor(self._threads, response.close)


class _Response:
    """A call of the application, from which its response is read piece by piece.

    Attributes:
        ended: Whether the last piece was read, and the response closed.
    """

    def __init__(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        self._app = app
        self._environ = environ
        self._pieces: Iterator[bytes] = iter(())
        self._close: Callable[[], None] | None = None
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.ended = False

    def begin(self) -> bytes:
        """Call the application; the first piece, or all where it is known to be short."""
        body = self._app(self._environ, self._start)
        self._close = getattr(body, "close", None)
        self._pieces = iter(body)
        length = next((text for name, text in self.headers if name == b"content-length"), b"")
        if length and int(length) <= WHOLE:
            whole = b"".join(self._pieces)
            self.close()
            return whole
        return self.go_on()

    def go_on(self) -> bytes:
        """The next piece; an empty one at the end."""
        piece = next((piece for piece in self._pieces if piece), b"")
        if not piece:
            self.close()
        return piece

    def close(self) -> None:
        """Let the application tidy up."""
        self.ended = True
        if self._close is not None:
            self._close()

    def _start(
        self, status: str, headers: list[tuple[str, str]], _exc_info: object = None
    ) -> Callable[[bytes], object]:
        """WSGI's ``start_response``; writing through its value is not supported."""
        self.status = int(status.split(" ", 1)[0])
        self.headers = [
            (name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers
        ]
        return _no_write


class Watch:
    """Waits for the client to hang up, once a response takes longer than most do."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, receive: Receive | None, hang_up: HangUp
    ) -> None:
        """Watch what *receive* tells; nothing, where part of the body is unread."""
        self._receive = receive
        self._hang_up = hang_up
        self._task: asyncio.Task[None] | None = None
        self._timer = loop.call_later(WATCH_AFTER, self._begin) if receive else None

    def end(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._wait())

    async def _wait(self) -> None:
        assert self._receive is not None  # noqa: S101 (else there is no timer)
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._hang_up.tell()


def _no_write(_data: bytes) -> object:
    raise NotImplementedError("write() of WSGI is not supported")


async def read_body(scope: Message, receive: Receive, bound: int) -> tuple[bytes, bool]:
    """The body of a request, or a little more than *bound* bytes; whether it is whole.

    For one that has none, as most have, nothing is received: that alone takes long.

    Raises:
        TimeoutError: it did not come in time.
        BrokenOff: the client has hung up, so that what came is not the whole.
    """
    if scope["method"] in {"GET", "HEAD"} and not any(
        name in _ANNOUNCING for name, _ in scope["headers"]
    ):
        return b"", True
    body = bytearray()
    async with asyncio.timeout(BODY_BOUND):
        while len(body) <= bound:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BrokenOff
            body += message.get("body", b"")
            if not message.get("more_body", False):
                return bytes(body), True
    return bytes(body), False


def replayed(body: bytes, whole: bool, receive: Receive) -> Receive:
    """Gives *body*, which was received, once more, then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": not whole}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


def _environ(scope: Message, body: bytes) -> WSGIEnvironment:
    """The WSGI environment of a request."""
    server = scope.get("server") or ("localhost", 80)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", ""),
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
        "wsgi.file_wrapper": lambda file, _size=0: FileWrapper(file, PIECE),
        **{name: scope[name] for name in PASSED if name in scope},
    }
    for raw_name, raw_text in scope["headers"]:
        name, text = raw_name.decode("latin-1").upper(), raw_text.decode("latin-1")
        key = name.replace("-", "_")
        if name not in {"CONTENT-TYPE", "CONTENT-LENGTH"}:
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    # Of a body in chunks Werkzeug would take what fits, and leave the rest without a word.
    if environ.pop("HTTP_TRANSFER_ENCODING", None) is not None:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ
