"""Answers that are kept before the application, so that each is made once a release.

What is served never changes while it is served: a release is immutable, and a server opens
one when it starts. So an answer can be given again, byte for byte, to whoever asks the same,
and neither Flask nor the engine needs to know of it. The cache is a plain ASGI application
before all that makes answers.

It decides by what the application says in HTTP, and knows nothing of queries:

- Kept is a 200 to GET, and to a POST of a query where the application gave it an ETag, in
  which it vouches that the same request gets the same; not one with ``no-store``,
  ``private`` or a cookie, nor one that varies by more than Accept, Accept-Datetime,
  Accept-Encoding and Prefer. A request with Prefer or Accept-Datetime asks for something
  else, so the cache has no part in it.
- Two requests are the same if their scheme, Host, path, query string and Accept are, and the
  encoding that is chosen by Accept-Encoding; a POST's type and body too. Nothing else that a
  client sends may change an answer; Host and scheme stand in the links of pages. GET and POST
  are kept apart: what an address makes of either is its own affair.
- A GET that was not given an ETag gets one made from its bytes. HEAD is answered as GET.
- Only a whole answer is kept: one is complete when the application says so, never when
  its connection ends.
- Of many clients that ask the same at once, one has its answer made and the others wait for
  it. Should it come to nothing, because that one hung up or because the answer is not one
  to be kept, they go on by themselves.

Each web process keeps its own. Of requests that repeat as people's do (Zipf's law over 2,000
addresses), two processes together find 78 of 100 among what they keep when 10,000 have come,
where one would find 85, and 96 against 98 when it is 100,000. What they would share, in another
process or a file, costs every miss a look that is most often in vain, and every answer a second
writing, to spare those few one evaluation of about a millisecond; and it would have to survive
the death of whoever holds it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from stancegraph.web.bridge import REFUSED, Refusal, read_body, replayed
from stancegraph.web.encoding import chosen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from stancegraph.web.bridge import Message, Receive, Send

    Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

# What may be kept by others, and for how long. The same address gives another answer once the
# next release is served, which nobody can foresee; so a browser or a CDN may take an answer
# for good during a minute, a time in which a page still loads as one, and asks afterwards
# whether it holds, which costs a 304 and no query. Never may it pass off an old release for
# the current one because it cannot reach the server.
FRESHNESS = "public, max-age=60, must-revalidate"
# Under the address of a release nothing but pages changes, which name the one that is served.
# A year would hold as well, but for the program, which may write the same otherwise some day.
LASTING = "public, max-age=86400, immutable"
UNKEPT = "no-store"

# What Cache-Status (RFC 9211) says of an answer that was not made for this client.
HIT = b"stancegraph; hit"
COLLAPSED = b"stancegraph; fwd=miss; collapsed"

ANSWER_SHARE = 16  # an answer may take this part of the whole, so that none drives out all
DRAFT_SHARE = 4  # answers that are still being made may together take this part beside it
# Bytes that Python takes beside the content, measured: for an entry, and for each header.
OVERHEAD = 640
HEADER_OVERHEAD = 128

_QUERIED_BY_POST = frozenset({"/sparql", "/sparql/"})
_KEY_HEADERS = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"transfer-encoding",
    }
)
# With these a client asks for something else than the answer as it is.
_PASSED_BY = frozenset(
    {
        b"accept-datetime",
        b"authorization",
        b"if-match",
        b"if-range",
        b"if-unmodified-since",
        b"prefer",
        b"range",
    }
)
_VARY = frozenset({b"accept", b"accept-datetime", b"accept-encoding", b"prefer"})
_NOT_IN_304 = frozenset({b"content-encoding", b"content-length", b"content-type"})
# A run of white space is looked at from its beginning only, and once, however long it is.
_AROUND = re.compile(rb"(?<=[,;])[ \t]++|(?<![ \t])[ \t]++(?=[,;])")
_TAG = re.compile(rb'(?:W/)?("[^"]*")')


class Key(NamedTuple):
    """What makes two requests the same.

    *content* is that of a POST, its type and digest; *encoding* how the client wants it.
    """

    scheme: str
    host: bytes
    path: str
    query_string: bytes
    accept: bytes
    content: bytes
    encoding: str = ""

    @property
    def size(self) -> int:
        """Its length in bytes, about."""
        return sum(map(len, self))


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        headers = sum(len(name) + len(text) + HEADER_OVERHEAD for name, text in self.headers)
        return len(self.body) + headers

    @property
    def tag(self) -> bytes:
        """The ETag, in its quotes; empty where it has none."""
        return next((text for name, text in self.headers if name == b"etag"), b"")

    def tagged(self) -> Answer:
        """With an ETag: its own, else one made from its type and bytes."""
        if self.tag:
            return self
        media_type = next((text for name, text in self.headers if name == b"content-type"), b"")
        digest = hashlib.sha256(media_type + b"\n" + self.body).hexdigest()[:32]
        tag = (b"etag", f'"{digest}"'.encode())
        return Answer(self.status, (*self.headers, tag), self.body)

    async def give(self, scope: Message, send: Send, from_cache: bytes = b"") -> None:
        """Send it as the request in *scope* wants it: as it is, its headers, or a 304.

        Args:
            from_cache: What to say in Cache-Status; nothing, unless given.
        """
        status, headers, body = self.status, [*self.headers], self.body
        if scope["method"] != "POST" and status == HTTPStatus.OK and self._known_to(scope):
            status, body = int(HTTPStatus.NOT_MODIFIED), b""
            headers = [header for header in headers if header[0] not in _NOT_IN_304]
        elif scope["method"] == "HEAD":
            body = b""
        if from_cache:
            headers.append((b"cache-status", from_cache))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _known_to(self, scope: Message) -> bool:
        """Whether the request names the ETag among those that its client holds.

        Compared weakly, as RFC 9110 wants it: a proxy that compresses weakens the tag.
        """
        given = [text for name, text in scope["headers"] if name == b"if-none-match"]
        if not given:
            return False
        tag = self.tag.removeprefix(b"W/")
        return bool(tag) and any(
            text.strip() == b"*" or tag in _TAG.findall(text) for text in given
        )


class AnswerStore:
    """Answers by key, within a bound in bytes; the one not asked for longest gives way.

    Any thread may use it.
    """

    def __init__(self, capacity: int) -> None:
        """Keep up to *capacity* bytes; nothing for 0."""
        self.capacity = capacity
        self.max_answer = capacity // ANSWER_SHARE
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._size = 0
        self._lent = 0
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes that the answers take; never more than the capacity."""
        return self._size

    def get(self, key: Key) -> Answer | None:
        """The answer that was kept under *key*."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, key: Key, answer: Answer) -> None:
        """Keep *answer*, unless it takes more than one may."""
        taken = _taken(key, answer)
        if taken > self.max_answer:
            return
        with self._lock:
            if key in self._answers:
                self._size -= _taken(key, self._answers.pop(key))
            while self._size + taken > self.capacity:
                self._size -= _taken(*self._answers.popitem(last=False))
            self._answers[key] = answer
            self._size += taken

    def lend(self, size: int) -> bool:
        """Whether answers that are still being made may take *size* bytes more."""
        with self._lock:
            fits = self._lent + size <= self.capacity // DRAFT_SHARE
            if fits:
                self._lent += size
            return fits

    def take_back(self, size: int) -> None:
        """Hear that *size* bytes that were lent are free."""
        with self._lock:
            self._lent -= size


def _taken(key: Key, answer: Answer) -> int:
    return OVERHEAD + key.size + answer.size


class AnswerCache:
    """The ASGI application that answers from what it keeps, else lets another answer.

    An instance belongs to one release and one event loop, and must not outlive either.
    """

    def __init__(self, app: Application, *, size: int, max_body: int) -> None:
        """Stand before *app*.

        Args:
            size: Bytes to keep; for 0 nothing is kept and nobody waits for another.
            max_body: Bytes that the body of a POST may have; *app* refuses what is longer.
        """
        self._app = app
        self._store = AnswerStore(size)
        self._max_body = max_body
        self._awaited: dict[Key, asyncio.Future[Answer | None]] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            Exception: what the application raised; the answer is not whole then.
        """
        named = _key_headers(scope)
        if named is None:
            await self._app(scope, receive, send)
            return
        content = b""
        if scope["method"] == "POST":
            try:
                body, whole = await read_body(scope, receive, self._max_body)
            except TimeoutError:
                await self._app({**scope, REFUSED: Refusal.TOO_SLOW}, receive, send)
                return
            receive = replayed(body, whole, receive)
            content = named.get(b"content-type", b"") + b" " + hashlib.sha256(body).digest()
        key = _key(scope, named, content)
        if answer := self._store.get(key):
            await answer.give(scope, send, HIT)
        elif answer := await self._answer_to_another(key):
            await answer.give(scope, send, COLLAPSED)
        else:
            await self._make(key, scope, receive, send)

    async def _answer_to_another(self, key: Key) -> Answer | None:
        """What somebody gets who asked the same before and still waits."""
        if key not in self._awaited:
            return None
        # Shielded, for if this client is given up, others still wait.
        return await asyncio.shield(self._awaited[key])

    async def _make(self, key: Key, scope: Message, receive: Receive, send: Send) -> None:
        """Have the answer made, keep it if it may be, and tell those who wait for it."""
        awaited: asyncio.Future[Answer | None] | None = None
        if self._store.capacity and key not in self._awaited:
            awaited = self._awaited[key] = asyncio.get_running_loop().create_future()

        def tell(answer: Answer | None) -> None:
            if awaited is not None and not awaited.done():
                del self._awaited[key]
                awaited.set_result(answer)

        relay = _Relay(scope, send, _Draft(key, self._store), tell)
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            await self._app(asked, receive, relay.send)
        except _HeadersAreEnough:
            pass
        finally:
            relay.end()


class _HeadersAreEnough(Exception):
    """Ends the making of a long answer of which only the headers were wanted."""


class _Draft:
    """The pieces of an answer, as long as they are few enough to be kept."""

    def __init__(self, key: Key, store: AnswerStore) -> None:
        self._key = key
        self._store = store
        self._pieces: list[bytes] | None = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        """Hold a piece; too many are let go."""
        if self._pieces is None:
            return
        fits = self._size + len(piece) <= self._store.max_answer
        if fits and self._store.lend(len(piece)):
            self._pieces.append(piece)
            self._size += len(piece)
        else:
            self.drop()

    def keep(self, start: Message) -> None:
        """Keep the answer that is now whole."""
        if self._pieces is not None:
            self.keep_whole(_answer(start, b"".join(self._pieces)))

    def keep_whole(self, answer: Answer) -> None:
        """Keep an answer that came in one piece."""
        self._store.put(self._key, answer)

    def drop(self) -> None:
        """Hold nothing any more."""
        self._store.take_back(self._size)
        self._pieces, self._size = None, 0


class _Relay:
    """Passes what the application sends on to the client, and learns the answer from it."""

    def __init__(
        self, scope: Message, send: Send, draft: _Draft, tell: Callable[[Answer | None], None]
    ) -> None:
        """Relay for the request in *scope*.

        Args:
            tell: Takes the answer for those who wait for the same one; None where they
                must ask for themselves. Only the first call counts.
        """
        self._scope = scope
        self._send = send
        self._draft = draft
        self._tell = tell
        self._start: Message = {}
        self._begun = False

    async def send(self, message: Message) -> None:
        """Take a message of the application.

        Raises:
            _HeadersAreEnough: nothing more is wanted.
        """
        if message["type"] == "http.response.start":
            self._start = message  # held back until it is known whether the rest is there
        elif self._begun:
            await self._go_on(message)
        elif message.get("more_body", False):
            self._begun = True
            await self._begin(message)
        else:
            await self._give_whole(message.get("body", b""))

    def end(self) -> None:
        """No more comes; what is not whole by now never will be."""
        self._draft.drop()
        self._tell(None)

    async def _give_whole(self, body: bytes) -> None:
        """Keep an answer that came in one piece, then send it: its client may be slow."""
        answer = _answer(self._start, body)
        keep = _may_be_kept(self._start, self._scope["method"])
        if keep:
            answer = answer.tagged()
            self._draft.keep_whole(answer)
        # That it took too long holds for those who waited meanwhile too, lest each try again.
        self._tell(answer if keep or answer.status == HTTPStatus.GATEWAY_TIMEOUT else None)
        await answer.give(self._scope, self._send)

    async def _begin(self, message: Message) -> None:
        """Begin with an answer that comes in pieces; others must not wait for its client."""
        self._tell(None)
        await self._send(self._start)
        if self._scope["method"] == "HEAD":
            await self._send({"type": "http.response.body", "body": b""})
            raise _HeadersAreEnough
        if not _may_be_kept(self._start, self._scope["method"]):
            self._draft.drop()
        await self._go_on(message)

    async def _go_on(self, message: Message) -> None:
        self._draft.add(message.get("body", b""))
        if not message.get("more_body", False):
            self._draft.keep(self._start)
        await self._send(message)


def _key_headers(scope: Message) -> dict[bytes, bytes] | None:
    """The headers of which keys are made; None where the cache has no part in a request."""
    method = scope["method"]
    if method not in {"GET", "HEAD"} and not (
        method == "POST" and scope["path"] in _QUERIED_BY_POST
    ):
        return None
    found: dict[bytes, bytes] = {}
    for name, text in scope["headers"]:
        if name in _PASSED_BY:
            return None
        if name in _KEY_HEADERS:
            found[name] = found[name] + b"," + text if name in found else text
    has_body = b"transfer-encoding" in found or found.get(b"content-length", b"0") != b"0"
    return None if has_body and method != "POST" else found


def _key(scope: Message, named: Mapping[bytes, bytes], content: bytes) -> Key:
    accept = named.get(b"accept", b"")
    return Key(
        scheme=scope["scheme"],
        host=named.get(b"host", b""),
        path=scope["path"],
        query_string=scope["query_string"],
        accept=normalised(accept),
        content=content,
        encoding=chosen(named.get(b"accept-encoding", b"").decode("latin-1")),
    )


def normalised(accept: bytes) -> bytes:
    """An Accept header without the white space that HTTP allows and that says nothing.

    Where something is quoted it stays as it is. It must never become what the application
    reads otherwise, since then one format would be given for another.
    """
    return accept if b'"' in accept else _AROUND.sub(b"", accept.strip(b" \t"))


def _answer(start: Message, body: bytes) -> Answer:
    """A whole answer, which has a length."""
    headers = tuple((bytes(name), bytes(text)) for name, text in start["headers"])
    names = {name for name, _ in headers}
    if start["status"] == HTTPStatus.OK and b"content-length" not in names:
        headers += ((b"content-length", str(len(body)).encode()),)
    return Answer(start["status"], headers, body)


def _may_be_kept(start: Message, method: str) -> bool:
    """Whether the application lets an answer be kept, as the module says."""
    said: dict[bytes, bytes] = {}
    for name, text in start["headers"]:
        said[name] = said[name] + b"," + text if name in said else text
    return (
        start["status"] == HTTPStatus.OK
        and not _words(said.get(b"cache-control", b"")) & {b"no-store", b"private"}
        and _words(said.get(b"vary", b"")) <= _VARY
        and b"set-cookie" not in said
        and (method != "POST" or b"etag" in said)
    )


def _words(header: bytes) -> set[bytes]:
    """The members of a list in a header, in lower case, without their values."""
    members = (member.partition(b"=")[0].strip().lower() for member in header.split(b","))
    return {member for member in members if member}
