"""Takes an answer from whoever makes it at full speed, and gives it to its client at the client's.

A worker that writes to a slow client is held by it, and so are a place in the turnstile and a
thread: a few dozen clients who do not read would stop all others. So what a client has not
read yet waits here, a little of it in memory, more in a temporary file, and whoever made it is
free. Only where that much would be too much, or the disk is full, is an answer made at the pace
at which it is read. An answer that comes in one piece is passed on as it is.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
import threading
from collections import deque
from typing import IO, TYPE_CHECKING

from stancegraph.web.bridge import BrokenOff

if TYPE_CHECKING:
    from stancegraph.web.bridge import Message, Receive, Send
    from stancegraph.web.cache import Application

IN_MEMORY = 256 * 2**10  # bytes of one answer
ON_DISK = 256 * 2**20  # bytes of one answer
ALL_ON_DISK = 2**30  # bytes of all answers of a web process
READ_SIZE = 64 * 2**10
STALLED = 60.0  # seconds in which a client must take a piece
_PIECE = {"type": "http.response.body", "more_body": True}

_log = logging.getLogger("stancegraph.web")


class Room:
    """How much of the disk all answers may take together. Any thread may use it."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._lock = threading.Lock()

    def lend(self, size: int) -> bool:
        """Whether *size* bytes more may be taken."""
        with self._lock:
            fits = size <= self._free
            if fits:
                self._free -= size
            return fits

    def take_back(self, size: int) -> None:
        """Hear that *size* bytes that were lent are free."""
        with self._lock:
            self._free += size


class Spool:
    """The ASGI application that lets another one answer without waiting for its clients."""

    def __init__(
        self, app: Application, *, disk: int = ALL_ON_DISK, stalled: float = STALLED
    ) -> None:
        """Stand before *app*.

        Args:
            disk: Bytes that all answers together may take in temporary files.
            stalled: Seconds after which a client that takes nothing is given up.
        """
        self._app = app
        self._room = Room(disk)
        self._stalled = stalled

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            BrokenOff: the client took nothing for too long.
            Exception: what the application raised; the answer is not whole then.
        """
        passage = _Passage(send, Backlog(self._room), self._stalled)
        try:
            await self._app(scope, receive, passage.take)
            await passage.finish()
        finally:
            await passage.close()


class Backlog:
    """Bytes that wait in order, the first in memory and the rest in a file.

    What concerns the file any thread may do.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._file: IO[bytes] | None = None
        self._read = self._written = self._lent = 0
        self._closed = False
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._pieces) or self._read < self._written

    def fits_memory(self, piece: bytes) -> bool:
        """Whether *piece* may wait in memory, which one piece always may."""
        fits = not self._size or self._size + len(piece) <= IN_MEMORY
        return fits and self._read == self._written

    def hold(self, piece: bytes) -> None:
        """Let *piece* wait in memory."""
        self._pieces.append(piece)
        self._size += len(piece)

    def store(self, piece: bytes) -> bool:
        """Let *piece* wait in the file; False where there is no room."""
        with self._lock:
            if self._closed or self._written + len(piece) > ON_DISK:
                return False
            if not self._room.lend(len(piece)):
                return False
            try:
                if self._file is None:
                    self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (see _let_go)
                written = os.pwrite(self._file.fileno(), piece, self._written)
            except OSError:
                written = 0
            if written < len(piece):  # what there is of it is written over
                self._room.take_back(len(piece))
                return False
            self._written += written
            self._lent += written
            return True

    def next_from_memory(self) -> bytes:
        """The piece that waits longest, if it is in memory; else nothing."""
        if not self._pieces:
            return b""
        piece = self._pieces.popleft()
        self._size -= len(piece)
        return piece

    def next_from_file(self) -> bytes:
        """The bytes that wait longest in the file; none where nothing does.

        Raises:
            OSError: they cannot be read.
        """
        with self._lock:
            if self._file is None or self._read == self._written:
                return b""
            size = min(READ_SIZE, self._written - self._read)
            piece = os.pread(self._file.fileno(), size, self._read)
            if not piece:
                raise OSError("a temporary file has lost what was written to it")
            self._read += len(piece)
            if self._read == self._written:
                self._let_go()
            return piece

    def close(self) -> None:
        """Let go of the file; nothing waits any more."""
        with self._lock:
            self._closed = True
            self._let_go()

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None
        self._room.take_back(self._lent)
        self._read = self._written = self._lent = 0


class _Passage:
    """One answer on its way."""

    def __init__(self, send: Send, backlog: Backlog, stalled: float) -> None:
        self._send = send
        self._backlog = backlog
        self._stalled = stalled
        self._pump: asyncio.Task[None] | None = None
        self._filled = asyncio.Event()  # something waits, or the last message has come
        self._emptied = asyncio.Event()  # something was sent
        self._last: Message | None = None

    async def take(self, message: Message) -> None:
        """Take a message of the application; waits only where there is no room for it.

        Raises:
            BrokenOff: the client has been given up.
        """
        more = message.get("more_body", False)
        if message["type"] != "http.response.body" or (self._pump is None and not more):
            await self._send(message)
            return
        if self._pump is None:
            self._pump = asyncio.create_task(self._pass_on())
        if piece := message.get("body", b""):
            await self._keep(piece, self._pump)
        if not more:
            self._last = {**message, "body": b""}
        self._filled.set()

    async def finish(self) -> None:
        """Wait until the client has all.

        Raises:
            BrokenOff: it has been given up.
        """
        if self._pump is not None:
            await self._pump

    async def close(self) -> None:
        """Stop; what still waits is let go."""
        if self._pump is not None and not self._pump.done():
            self._pump.cancel()
            await asyncio.wait([self._pump])
        self._backlog.close()

    async def _keep(self, piece: bytes, pump: asyncio.Task[None]) -> None:
        """Let *piece* wait, once there is room for it.

        Raises:
            BrokenOff: the client has been given up.
        """
        while not pump.done():
            self._emptied.clear()
            if self._backlog.fits_memory(piece):
                self._backlog.hold(piece)
                return
            if await asyncio.to_thread(self._backlog.store, piece):
                return
            await self._emptied.wait()
        pump.result()

    async def _pass_on(self) -> None:
        """Send what waits, and the last message when it has come.

        Raises:
            BrokenOff: the client takes nothing, or what waits cannot be read.
        """
        try:
            while self._last is None or self._backlog:
                self._filled.clear()
                if piece := await self._next():
                    await self._give({**_PIECE, "body": piece})
                    self._emptied.set()
                else:
                    await self._filled.wait()
            await self._give(self._last)
        except OSError as error:
            raise BrokenOff from error
        finally:
            self._emptied.set()

    async def _next(self) -> bytes:
        """The bytes that wait longest; none where nothing does.

        Raises:
            OSError: they cannot be read.
        """
        if piece := self._backlog.next_from_memory():
            return piece
        return await asyncio.to_thread(self._backlog.next_from_file) if self._backlog else b""

    async def _give(self, message: Message) -> None:
        try:
            async with asyncio.timeout(self._stalled):
                await self._send(message)
        except TimeoutError as error:
            _log.info("a client took nothing for %s seconds: broken off", self._stalled)
            raise BrokenOff from error
