"""Lets as many requests in as there are threads for, and clients take turns.

A request for which an answer must be made waits here, which costs no thread; not before its
body has come, so that no place is held by one that never comes. There are two queues, so that
whoever floods the SPARQL endpoint leaves the pages and saved queries alone; in each, clients
take turns, however many requests one of them has sent. Who finds a queue full, or waits too
long, is told so by the application, which keeps a few threads for that.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import OrderedDict, deque
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from stancegraph.web.bridge import REFUSED, Refusal, read_body, replayed

if TYPE_CHECKING:
    from stancegraph.web.bridge import Message, Receive, Send
    from stancegraph.web.cache import Application

SPARQL_ROOM, SITE_ROOM = 24, 32  # requests that are answered at a time
QUEUE = 512  # requests that may wait in a queue
CLIENT_QUEUE = 128  # of those, from one client
PATIENCE = 10.0  # seconds that one waits
_ASKING = frozenset({"GET", "HEAD", "POST"})  # methods to which an answer must be made


class Turnstile:
    """The ASGI application that lets requests through to another one."""

    def __init__(self, app: Application, *, max_body: int) -> None:
        """Stand before *app*, which refuses a request whose scope says that it came too late.

        Args:
            max_body: Bytes that the body of a request may have; *app* refuses what is longer.
        """
        self._app = app
        self._max_body = max_body
        self._sparql = Queue(SPARQL_ROOM)
        self._site = Queue(SITE_ROOM)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, when it is its turn.

        Raises:
            BrokenOff: the client has hung up before its request was whole.
            Exception: what the application raised.
        """
        if REFUSED in scope or scope["method"] not in _ASKING:
            await self._app(scope, receive, send)
            return
        try:
            body, whole = await read_body(scope, receive, self._max_body)
        except TimeoutError:
            await self._app({**scope, REFUSED: Refusal.TOO_SLOW}, receive, send)
            return
        receive = replayed(body, whole, receive)
        sparql = scope["path"].rstrip("/").endswith("/sparql")
        queue = self._sparql if sparql else self._site
        if not await queue.enter(client_of(scope)):
            await self._app({**scope, REFUSED: Refusal.OVERLOADED}, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            queue.leave()


class Queue:
    """Clients who wait, each with its requests in their order; used by one event loop."""

    def __init__(self, room: int, *, patience: float = PATIENCE) -> None:
        """Let *room* requests in at a time; none waits longer than *patience*, in seconds."""
        self._room = room
        self._patience = patience
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._length = 0

    async def enter(self, client: str) -> bool:
        """Wait for a turn; False where there is none to be had. Who got in must leave."""
        if self._room and not self._length:
            self._room -= 1
            return True
        mine = self._waiting.get(client, ())
        if self._length >= QUEUE or len(mine) >= CLIENT_QUEUE:
            return False
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        self._length += 1
        try:
            await asyncio.wait_for(turn, self._patience)
        except TimeoutError:
            return False
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.leave()  # the turn came, to one who is gone
            raise
        finally:
            self._forget(client, turn)
        return True

    def leave(self) -> None:
        """Give one's place to the first request of the client whose turn is next."""
        while self._waiting:
            client, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            self._length -= 1
            if turns:
                self._waiting[client] = turns  # its next one comes after all others
            if not turn.done():
                turn.set_result(None)
                return
        self._room += 1

    def _forget(self, client: str, turn: asyncio.Future[None]) -> None:
        """Take a request that gave up out of the queue."""
        turns = self._waiting.get(client)
        if turns is not None:
            with suppress(ValueError):
                turns.remove(turn)
                self._length -= 1
            if not turns:
                del self._waiting[client]


def client_of(scope: Message) -> str:
    """The address of the client; where a proxy on this machine or network asks, that of its own.

    The last address of ``X-Forwarded-For`` is the one that the proxy itself has seen. It is
    good enough to take turns and to read a log by, and nothing more rests on it.
    """
    address = str((scope.get("client") or ("",))[0])
    if not _is_near(address):
        return address
    forwarded = [text for name, text in scope["headers"] if name == b"x-forwarded-for"]
    seen = b",".join(forwarded).rpartition(b",")[2].strip().decode("latin-1")
    return seen[:64] or address


def scheme_of(scope: Message) -> str:
    """``https`` where a proxy on this machine or network was asked so, else the server's own."""
    address = str((scope.get("client") or ("",))[0])
    told = [text for name, text in scope["headers"] if name == b"x-forwarded-proto"]
    if told in ([b"http"], [b"https"]) and _is_near(address):
        return str(told[0], "ascii")
    return str(scope["scheme"])


@lru_cache(1024)
def _is_near(address: str) -> bool:
    """Whether an address is of this machine or a private network."""
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:  # a Unix socket has none
        return True
