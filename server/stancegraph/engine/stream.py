"""Asks a supervisor from an event loop, over connections that serve one question after another.

A web process keeps the connections that it once needed: neither side then makes, accepts and
ends one for each question, which would cost a short query as much as its evaluation.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol, Self, cast

from stancegraph.engine import Notice
from stancegraph.engine.embedded import CONNECT_BOUND, CONNECT_PAUSE, SILENCE_BOUND, CutOff
from stancegraph.engine.wire import (
    DATA,
    NOTICE,
    WHOLE,
    FrameReader,
    read_error,
    read_notice,
    request_bytes,
)
from stancegraph.errors import EngineDown

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.engine import Ask

HELD = 8  # frames that have come and were not taken, after which no more are read


class AsyncAnswer(Protocol):
    """As :class:`stancegraph.engine.Answer`, for an event loop."""

    @property
    def notice(self) -> Notice:
        """What is told beside it; known once the first bytes were given."""

    def __aiter__(self) -> Self: ...

    async def __anext__(self) -> bytes:
        """The next bytes; errors as :meth:`stancegraph.engine.Answer.__next__` has them."""

    def close(self) -> None:
        """Stop the work, if it still goes on; whoever waits for bytes is told EngineDown."""


class AsyncEngine(Protocol):
    """As :class:`stancegraph.engine.Engine`, for one event loop."""

    def ask(self, ask: Ask) -> AsyncAnswer:
        """Start on a question; nothing is raised before the first bytes are asked for."""


class StreamEngine:
    """Asks a supervisor over its Unix socket; belongs to one event loop."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._free: deque[_Line] = deque()

    def ask(self, ask: Ask) -> AsyncAnswer:
        """Start on a question."""
        return _StreamAnswer(self, ask)

    def line(self) -> _Line | None:
        """The connection that is free the longest; None where there is none.

        Of that the supervisor has most likely heard that its last answer is done.
        """
        while self._free:
            line = self._free.popleft()
            if not line.lost:
                return line
        return None

    async def new_line(self, patience: float) -> _Line:
        """A new connection, made within *patience*, in seconds.

        Raises:
            EngineDown: no supervisor listens.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while True:
            try:
                _, line = await loop.create_unix_connection(_Line, self._path)
            except OSError as error:
                if loop.time() > until:
                    raise EngineDown("the engine is not running; ask again soon") from error
                await asyncio.sleep(CONNECT_PAUSE)
            else:
                return line

    def give_back(self, line: _Line) -> None:
        """Take a connection on which no answer is under way."""
        self._free.append(line)


class _Line(asyncio.Protocol):
    """One connection.

    Attributes:
        lost: Whether it has ended.
    """

    def __init__(self) -> None:
        self.lost = False
        self._transport: asyncio.Transport | None = None
        self._reader = FrameReader()
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Something of an answer came."""
        self._frames.extend(self._reader.feed(data))
        if len(self._frames) > HELD and not self._paused and self._transport:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, _error: Exception | None) -> None:
        """It has ended."""
        self.lost = True
        self._wake()

    def send(self, request: bytes) -> None:
        """Ask, while no answer is under way."""
        assert self._transport is not None  # noqa: S101 (it is connected)
        self._transport.write(request)

    async def frame(self) -> tuple[bytes, bytes]:
        """The next frame of the answer.

        Raises:
            StancegraphError: as the supervisor's trailer says.
            CutOff: the connection ended without one.
        """
        while not self._frames:
            if self.lost:
                raise self._reader.failure() or CutOff
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._paused and len(self._frames) <= HELD and self._transport:
            self._paused = False
            self._transport.resume_reading()
        return self._frames.popleft()

    def hang_up(self) -> None:
        """End the connection, whereupon the engine ends the work."""
        if self._transport is not None:
            self._transport.abort()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _StreamAnswer:
    """The answer to one question."""

    def __init__(self, engine: StreamEngine, ask: Ask) -> None:
        self._engine = engine
        self._ask = ask
        self._line: _Line | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._notice = Notice()
        self._ended = False

    @property
    def notice(self) -> Notice:
        """What is told beside it; known once the first bytes were given."""
        return self._notice

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The next bytes, as :meth:`AsyncAnswer.__anext__` says."""
        if self._ended:
            raise StopAsyncIteration
        try:
            kind, payload = await (self._line.frame() if self._line else self._first_frame())
            if kind == NOTICE and self._line is not None:
                self._notice = read_notice(payload)
                kind, payload = await self._line.frame()
        except BaseException:
            self.close()
            raise
        if kind == DATA:
            return payload
        self._end()
        if kind == WHOLE:
            raise StopAsyncIteration
        raise read_error(payload)

    def close(self) -> None:
        """Hang up, unless the answer is whole."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        line, self._line = self._line, None
        if line is not None:
            line.hang_up()

    def _end(self) -> None:
        """The last frame was read: let another question have the connection."""
        line, self._line = self._line, None
        self.close()
        if line is not None:
            self._engine.give_back(line)

    async def _first_frame(self) -> tuple[bytes, bytes]:
        """Ask, and wait for the first frame of the answer.

        A question that a dying supervisor took with it is asked once more: it changes
        nothing, and the next supervisor is there within a second.
        """
        request = request_bytes(self._ask)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._ask.deadline + SILENCE_BOUND, self.close)
        patience = min(CONNECT_BOUND, self._ask.deadline)
        line = self._engine.line() or await self._engine.new_line(patience)
        try:
            return await self._asked(line, request)
        except CutOff:
            if self._ended:
                raise
        return await self._asked(await self._engine.new_line(patience), request)

    async def _asked(self, line: _Line, request: bytes) -> tuple[bytes, bytes]:
        if self._ended:  # while it was connected
            line.hang_up()
            raise CutOff
        self._line = line
        line.send(request)
        return await line.frame()
