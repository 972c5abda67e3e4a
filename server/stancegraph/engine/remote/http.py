"""A kept connection to one address, with the two kinds of authentication that HTTP has."""

from __future__ import annotations

import http.client
import io
import os
import re
import ssl
import time
import urllib.request
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from stancegraph import __version__
from stancegraph.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import WriteableBuffer

USER, PASSWORD = "STANCEGRAPH_ENGINE_USER", "STANCEGRAPH_ENGINE_PASSWORD"
CONNECT_BOUND = 3.0  # seconds
TOLD_BOUND = 2000  # bytes of what a server says of a failure
USER_AGENT = f"stancegraph/{__version__}"
SHOWN = 300  # characters of that
_TAG = re.compile(r"<head>.*</head>|<[!/a-z][^>]*>", re.IGNORECASE | re.DOTALL)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where something is asked.

    Attributes:
        url: Without credentials, so that it can be told.
        user, password: The credentials; empty for none.
    """

    url: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def read(cls, text: str) -> Address:
        """What an operator writes; credentials stand in it, or in two variables.

        Raises:
            OperationError: it is no address of HTTP.
        """
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            parts, host, port = urlsplit(""), "", None
        if parts.scheme not in _PORTS or not host or parts.fragment:
            shown = text.rpartition("@")[2]
            raise OperationError(f"{shown} is no address such as http://127.0.0.1:7878/query")
        place = f"[{host}]" if ":" in host else host
        netloc = place if port is None else f"{place}:{port}"
        user, password = os.environ.get(USER, ""), os.environ.get(PASSWORD, "")
        if parts.username is not None:
            user, password = unquote(parts.username), unquote(parts.password or "")
        url = urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))
        return cls(url, user, password)

    def at(self, url: str) -> Address:
        """Another address of the same server, with the same credentials."""
        return Address(url, self.user, self.password)


class NotReached(Exception):  # between our own modules; whoever asked tells it in its words
    """There was no answer: nobody listens, or the connection ended before one began."""


class Ended(NotReached):
    """A connection that was kept had ended when a request was sent over it."""


class Refused(Exception):  # likewise
    """The server answered with a status that is no success.

    Attributes:
        after: Seconds after which it wants to be asked again; None where it does not say.
    """

    def __init__(self, status: int, told: str, after: float | None) -> None:
        super().__init__(f"status {status}" + (f": {told}" if told else ""))
        self.status = status
        self.told = told
        self.after = after

    @property
    def passing(self) -> bool:
        """Whether the same question may be answered a little later."""
        return self.status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}


class Body(io.RawIOBase):
    """The body of an answer, read as it comes.

    Attributes:
        headers: Those of the answer.
        has_end: Whether the server marks the end, so that a broken answer is known for one.
        failure: What went wrong, once something has.
    """

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.headers = answer.headers
        self.has_end = answer.chunked or answer.length is not None
        self.failure: NotReached | None = None
        self._answer = answer

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill *buffer* as far as what has come does; 0 at the end.

        Raises:
            OSError: the answer broke off.
        """
        view = memoryview(buffer).cast("B")
        try:
            found = self._answer.read1(len(view))
            if not found and self._answer.length:
                raise http.client.IncompleteRead(b"", self._answer.length)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.failure = NotReached("the answer broke off")
            raise OSError("the answer broke off") from error
        if not found or self._answer.length == 0:
            self._answer.close()  # the connection is free again
        view[: len(found)] = found
        return len(found)


class Client:
    """Sends requests to one address, one after another, over a connection that is kept.

    Redirects are not followed: whom to ask is for the operator to say.

    Attributes:
        server: What it calls itself; empty until it has answered.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.server = ""
        self._parts = urlsplit(address.url)
        self._connection: http.client.HTTPConnection | None = None
        self._answer: http.client.HTTPResponse | None = None
        self._authorization = _Authorization(address)

    @property
    def is_free(self) -> bool:
        """Whether nothing is left to be read of the answer before."""
        return self._answer is None or self._answer.isclosed()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection over which the next request would go."""
        link = self._connection
        return self.is_free and link is not None and link.sock is not None

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._answer = None

    def send(
        self,
        method: str,
        body: bytes | None = None,
        *,
        parameters: str = "",
        headers: Mapping[str, str] | None = None,
        patience: float,
        again: bool = True,
    ) -> Body:
        """Send a request; the answer, which is to be read before the next is sent.

        Args:
            parameters: What to add to the query string of the address.
            patience: Seconds that the server may be silent.
            again: Whether to connect anew where the connection that was kept has ended.

        Raises:
            Ended: it has, and that is not wanted.
            NotReached: there is no answer, though the request may have come through.
            Refused: it is no success, which a redirect is not either.
        """
        target = self._parts.path or "/"
        query = "&".join(part for part in (self._parts.query, parameters) if part)
        target += f"?{query}" if query else ""
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(headers or {})}
        answer = self._exchange(method, target, body, sent, patience, again=again)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._authorization.challenge(answer):
            answer.read()
            answer = self._exchange(method, target, body, sent, patience, again=True)
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise self._refusal(answer)
        return Body(answer)

    def _exchange(
        self,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
        patience: float,
        *,
        again: bool,
    ) -> http.client.HTTPResponse:
        """Send one request; if wanted anew, where a kept connection turns out to have ended.

        Raises:
            Ended: it has, and that is not wanted.
            NotReached: there is no answer.
        """
        signed = {**headers, **self._authorization.header(method, target, self.address.url)}
        kept = self.is_connected
        if not kept:
            self.close()
        for fresh in (False, True) if kept else (True,):
            if fresh:
                self.close()
            try:
                connection = self._connected(patience)
                connection.request(method, target, body, signed)
                self._answer = connection.getresponse()
                self.server = self._answer.getheader("Server", "")
            except (OSError, http.client.HTTPException) as error:
                self.close()
                # Only one that had ended, for the server may be at work on what it was sent.
                ended = isinstance(error, ConnectionError | http.client.BadStatusLine)
                if fresh or not ended:
                    raise NotReached(_reason(error)) from error
                if not again:
                    raise Ended(_reason(error)) from error
            else:
                return self._answer
        raise NotReached("the connection ended")

    def _connected(self, patience: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port or _PORTS[self._parts.scheme]
        if self._connection is None or self._connection.sock is None:
            if self._parts.scheme == "https":
                self._connection = http.client.HTTPSConnection(
                    host, port, timeout=CONNECT_BOUND, context=trust()
                )
            else:
                self._connection = http.client.HTTPConnection(host, port, timeout=CONNECT_BOUND)
            self._connection.connect()
        self._connection.sock.settimeout(patience)
        return self._connection

    def _refusal(self, answer: http.client.HTTPResponse) -> Refused:
        """What the server says; where it sends us elsewhere, that nobody goes there."""
        told = b""
        with suppress(OSError, http.client.HTTPException):
            told = answer.read(TOLD_BOUND)
        self.close()
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            return Refused(answer.status, "it sends elsewhere, which is not followed", None)
        text = " ".join(_TAG.sub(" ", told.decode("utf-8", "replace")).split())
        return Refused(answer.status, text[:SHOWN], _retry_after(answer))


@cache
def trust() -> ssl.SSLContext:
    """The certificates that are trusted; read once, before workers are forked."""
    return ssl.create_default_context()


def _reason(error: Exception) -> str:
    """Why there is no answer, without what only the operator may know."""
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, ssl.SSLError):
        return "its certificate is not trusted, or it speaks no TLS"
    return "the connection failed"


def _retry_after(answer: http.client.HTTPResponse) -> float | None:
    """The header Retry-After (RFC 9110, section 10.2.3) in seconds."""
    text = answer.getheader("Retry-After", "")
    if text.isdecimal():
        return float(text)
    with suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    return None


class _Authorization:
    """The header that names who asks: Basic (RFC 7617) or Digest (RFC 7616), as is demanded.

    The password is sent by Basic only when the server demands that scheme.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._basic = ""
        self._digest: dict[str, str] | None = None
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, address.url, address.user, address.password)
        self._handler = urllib.request.AbstractDigestAuthHandler(passwords)

    def challenge(self, answer: http.client.HTTPResponse) -> bool:
        """Take what the server demands; whether that is new and can be given."""
        if not self._address.user:
            return False
        for header in answer.headers.get_all("WWW-Authenticate", []):
            scheme, _, rest = header.partition(" ")
            if scheme.lower() == "digest":
                known = self._digest
                self._digest = urllib.request.parse_keqv_list(
                    list(filter(None, urllib.request.parse_http_list(rest)))
                )
                stale = self._digest.get("stale", "").lower() == "true"
                return known is None or stale or known.get("nonce") != self._digest.get("nonce")
            if scheme.lower() == "basic":
                return self._take_basic()
        return False

    def _take_basic(self) -> bool:
        known = self._basic
        pair = f"{self._address.user}:{self._address.password}".encode()
        self._basic = f"Basic {b64encode(pair).decode()}"
        return known != self._basic

    def header(self, method: str, target: str, url: str) -> dict[str, str]:
        """The header for one request; nothing until the server has demanded it."""
        if self._digest is not None:
            request: Any = urllib.request.Request(url, method=method)  # noqa: S310 (not sent)
            request.selector = target
            told = self._handler.get_authorization(request, self._digest)
            return {"Authorization": f"Digest {told}"} if told else {}
        return {"Authorization": self._basic} if self._basic else {}


def drained(body: Body) -> bytes:
    """All of a short body.

    Raises:
        NotReached: it broke off.
    """
    try:
        return io.BufferedReader(body).read()
    except OSError as error:
        raise NotReached("the answer broke off") from error
