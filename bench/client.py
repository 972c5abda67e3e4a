"""A client that asks one thing after another and costs little itself.

It speaks as much HTTP/1.1 as the servers that are compared, over one connection that is
kept open, so that the time that it takes is that of the server.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from bench.questions import Question

LONGEST_GET = 6000  # characters of a query in an address; servers take more by POST alone
PIECE = 1 << 18  # bytes read at a time
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:\s*chunked", re.IGNORECASE)
_CLOSING = re.compile(rb"\r\nconnection:\s*close", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and when.

    Attributes:
        status: 0 where no answer came; the body tells why then.
        first, last: Seconds from asking to the first and to the last byte.
    """

    status: int
    head: bytes
    body: bytes
    first: float
    last: float

    @property
    def ok(self) -> bool:
        """Whether it is an answer, not an error."""
        return self.status == HTTPStatus.OK

    @property
    def media_type(self) -> str:
        """What the server says that the body is, without parameters."""
        found = re.search(rb"\r\ncontent-type:\s*([^;\r]+)", self.head, re.IGNORECASE)
        return found[1].decode().strip() if found else ""


def request(endpoint: str, question: Question) -> bytes:
    """The bytes that ask *question* at the SPARQL endpoint *endpoint*."""
    parts = urlsplit(endpoint)
    query = quote(question.text, safe="")
    common = f"Host: {parts.netloc}\r\nAccept: {question.accept}\r\n"
    if len(query) <= LONGEST_GET:
        return f"GET {parts.path or '/'}?query={query} HTTP/1.1\r\n{common}\r\n".encode()
    body = urlencode({"query": question.text})
    return (
        f"POST {parts.path or '/'} HTTP/1.1\r\n{common}"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Client:
    """One connection to a server."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._address = (parts.hostname or "", parts.port or 80)
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, wanted: bytes, *, timeout: float) -> Reply:
        """Send the bytes *wanted* and read the answer, for *timeout* seconds at most."""
        if self._socket is None:
            try:
                self._socket = socket.create_connection(self._address, timeout)
            except OSError as error:
                return Reply(0, b"", str(error).encode(), 0.0, 0.0)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = time.perf_counter()
        try:
            return self._exchange(self._socket, wanted, start, start + timeout)
        except OSError as error:
            self.close()
            took = time.perf_counter() - start
            return Reply(0, b"", (str(error) or type(error).__name__).encode(), took, took)

    def _exchange(
        self, connection: socket.socket, wanted: bytes, start: float, until: float
    ) -> Reply:
        """Ask and read one answer.

        Raises:
            OSError: the time is over, or the server ended the connection too early.
        """
        connection.sendall(wanted)
        received = bytearray()
        first = 0.0
        while (end := received.find(b"\r\n\r\n")) < 0:
            _receive(connection, received, until)
            first = first or time.perf_counter() - start
        head = bytes(received[:end])
        del received[: end + 4]
        if _CHUNKED.search(head):
            body = _chunks(connection, received, until)
        elif found := _LENGTH.search(head):
            while len(received) < int(found[1]):
                _receive(connection, received, until)
            body = bytes(received)
        else:
            body = _rest(connection, received, until)
            self.close()
        last = time.perf_counter() - start
        if _CLOSING.search(head):
            self.close()
        return Reply(int(head.split(b" ", 2)[1]), head, body, first, last)


def _receive(connection: socket.socket, received: bytearray, until: float) -> None:
    """Read some more.

    Raises:
        OSError: the time is over, or the server has ended the connection.
    """
    if not (part := _part(connection, until)):
        raise ConnectionError("the connection ended before the answer did")
    received += part


def _part(connection: socket.socket, until: float) -> bytes:
    left = until - time.perf_counter()
    if left <= 0:
        raise TimeoutError("no whole answer in time")
    connection.settimeout(left)
    return connection.recv(PIECE)


def _chunks(connection: socket.socket, received: bytearray, until: float) -> bytes:
    """The body of which the first bytes are *received*, without the marks between chunks."""
    parts: list[bytes] = []
    while True:
        while (end := received.find(b"\r\n")) < 0:
            _receive(connection, received, until)
        size = int(bytes(received[:end]).partition(b";")[0], 16)
        whole = end + 2 + size + 2
        while len(received) < whole:
            _receive(connection, received, until)
        if not size:
            return b"".join(parts)
        parts.append(bytes(received[end + 2 : whole - 2]))
        del received[:whole]


def _rest(connection: socket.socket, received: bytearray, until: float) -> bytes:
    while part := _part(connection, until):
        received += part
    return bytes(received)
