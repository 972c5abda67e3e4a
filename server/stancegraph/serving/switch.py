"""How web processes go over to another release without touching a connection.

Each web process has one ASGI application at the front, the `Switchboard`, that hands every
request to the application of the release that is served at that moment, which answers it to
its end. So a process is not replaced when the release is, the listening socket stays where it
is, and a client on a kept connection gets its next answer from the next release.

The process that started the web processes tells each over a `Line`. First all make the
application of the next release beside the one that serves; only when all have, they are told
to serve it, so that they go over at the same moment, or none does.
"""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from stancegraph import memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from stancegraph.web.bridge import Message, Receive, Send
    from stancegraph.web.cache import Application

LOOK_PAUSE = 0.05  # seconds between looks at whether the last request is answered

Options = TypeVar("Options")


@dataclass(slots=True)
class Served:
    """The application of one release, in one web process.

    Attributes:
        begin: Called when it begins to serve.
        leave: Called when another serves from then on.
        end: Called when its last request is answered.
        requests: Those that are being answered.
    """

    app: Application
    begin: Callable[[], None]
    leave: Callable[[], None]
    end: Callable[[], None]
    requests: int = 0


@dataclass(frozen=True, slots=True)
class _Make(Generic[Options]):
    """The order to make an application beside the one that serves."""

    options: Options


@dataclass(frozen=True, slots=True)
class _Serve(Generic[Options]):
    """The order to let that application serve; done once the one before has answered all.

    Attributes:
        options: What to make it with, where the process is younger than the order to make it.
    """

    options: Options | None


class LineBroken(Exception):  # the web process at its end is gone
    """Nobody answers any more."""


class Line:
    """The way to one web process: orders go there, and come back when they are done.

    Nothing here waits for that process, which may be starting, or dying.

    Attributes:
        broken: Whether that process has ended.
    """

    def __init__(self, connection: Connection, options: object) -> None:
        """Have the process begin with *options*.

        They go this way, not among what it is started with: Python waits for ever until a
        process that it starts has read more than a pipe holds, even one that is dead.
        """
        self._connection = connection
        self._told: SimpleQueue[object] = SimpleQueue()
        self._told.put(options)
        self._numbers = count()
        self._open: dict[int, Future[None]] = {}
        self._lock = threading.Lock()
        self.broken = False
        self._made: object = None
        threading.Thread(target=self._tell, name="line out", daemon=True).start()
        threading.Thread(target=self._listen, name="line in", daemon=True).start()

    def make(self, options: object) -> Future[None]:
        """Have it make an application with *options*.

        The future holds a RuntimeError, if that failed, or LineBroken.
        """
        self._made = options
        return self._give(_Make(options))

    def serve(self, options: object) -> Future[None]:
        """Have it serve the application with *options*; done when the one before is at rest.

        The future holds a LineBroken, if the process ended instead.
        """
        return self._give(_Serve(None if self._made is options else options))

    def _give(self, order: object) -> Future[None]:
        done: Future[None] = Future()
        with self._lock:
            if not self.broken:
                number = next(self._numbers)
                self._open[number] = done
                self._told.put((number, order))
                return done
        done.set_exception(LineBroken())
        return done

    def _tell(self) -> None:
        """Send what is to be told, until the process ends."""
        with suppress(OSError):
            while (told := self._told.get()) is not None:
                self._connection.send(told)

    def _listen(self) -> None:
        """Hear what is done, until the process ends."""
        while True:
            try:
                number, told = self._connection.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                break
            done = self._open.pop(number)
            if told is None:
                done.set_result(None)
            else:
                done.set_exception(RuntimeError(told))
        with self._lock:
            self.broken = True
        self._told.put(None)
        for done in self._open.values():
            done.set_exception(LineBroken())


def line(options: object) -> tuple[Line, Connection]:
    """A line, and its other end, for a process that is about to be started with *options*.

    Who has started that process closes the other end here.
    """
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    return Line(ours, options), theirs


class Switchboard(Generic[Options]):
    """The ASGI application that hands requests to that of the release that is served."""

    def __init__(self, make: Callable[[Options], Served], orders: Connection) -> None:
        """Serve what *make* makes of the options that come first, until *orders* say otherwise."""
        memory.share_heaps()
        self._make = make
        self._orders = orders
        self._replying = threading.Lock()
        self._next: Served | None = None
        self._served = make(orders.recv())
        self._served.begin()
        threading.Thread(target=self._obey, name="switchboard", daemon=True).start()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, wholly from one release.

        Raises:
            Exception: what the application raised; the answer is not whole then.
        """
        served = self._served
        served.requests += 1
        try:
            await served.app(scope, receive, send)
        finally:
            served.requests -= 1

    def _obey(self) -> None:
        """Do as told, until whoever tells is gone."""
        while True:
            try:
                number, order = self._orders.recv()
            except (EOFError, OSError):
                return
            try:
                if isinstance(order, _Make):
                    self._next = self._make(order.options)
                    self._reply(number)
                else:
                    self._serve(number, order.options)
            except Exception as error:  # noqa: BLE001 (told to whoever ordered it)
                self._reply(number, str(error) or type(error).__name__)

    def _serve(self, number: int, options: Options | None) -> None:
        """Let the application that was made serve, and see off the one before."""
        made, self._next = self._next, None
        if options is not None:
            made = self._make(options)
        assert made is not None  # noqa: S101 (it was ordered before)
        before, self._served = self._served, made
        before.leave()
        made.begin()
        threading.Thread(
            target=self._see_off, args=(before, number), name="see off", daemon=True
        ).start()

    def _see_off(self, before: Served, number: int) -> None:
        """Wait until the application *before* has answered all, then let go of it."""
        # A request is counted after it has been given an application, by another thread.
        time.sleep(LOOK_PAUSE)
        while before.requests:
            time.sleep(LOOK_PAUSE)
        before.end()
        self._reply(number)
        del before
        gc.collect()  # an application is full of cycles, and memory should not wait for it
        memory.give_back()

    def _reply(self, number: int, told: str | None = None) -> None:
        with self._replying, suppress(OSError):
            self._orders.send((number, told))
