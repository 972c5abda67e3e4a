"""The process that holds a release and the query workers forked from it.

``python -m stancegraph.engine.supervisor`` loads or opens the release, listens on a Unix socket and
keeps warm workers. It has one thread, so that forking is sound, and evaluates nothing
itself: it passes each whole request, with the asker's connection, to an idle worker, kills
the worker when the deadline has passed or the asker has hung up, and tells the asker what
happened over its own duplicate of the connection.

Short queries do not wait for long ones. A query that has used its share of processor time is
*long*: another worker takes the place of its own among those that answer short ones, to which
that comes back when it is done. Of one that goes on for longer the worker gives way to all
others, for good. Only a few long queries are worked on at once; others are *parked*, which is
to say stopped where they are. They take turns: whoever had least time goes on first, so that a
query of a tenth of a second does not wait for those that never end.

It ends when its standard input is closed (whoever started it is gone), or on SIGTERM when
the running queries are answered.
"""

from __future__ import annotations

import argparse
import gc
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from stancegraph.engine import worker
from stancegraph.engine.index import source_of
from stancegraph.engine.wire import HEAD, READY, BrokenRequest, read_head, trailer
from stancegraph.errors import EngineDown, QueryFailed, QueryRefused, QueryTimeout
from stancegraph.temporary import LOCK

if TYPE_CHECKING:
    from stancegraph.engine.index import Source
    from stancegraph.errors import StancegraphError

READ_BOUND = 10.0  # seconds in which a request must have arrived
HANG_UP_GRACE = 0.05  # seconds that a worker may go on after its asker is gone
TELL_BOUND = 5.0  # seconds to wait for an asker to read what became of its query
FORK_PAUSE = 0.5  # seconds before forking again, where fresh workers die at once
SHARE = 0.1  # seconds of processor time after which a query is long
SHARE_OF_MANY = 0.02  # the same, where others wait and there is room for one that is long
STUCK = 1.0  # seconds after which it is long though it used less, as when its asker reads slowly
LOOK_PAUSE = 0.01  # seconds, at least, between looks at what a query has used
PATIENT = 0.5  # seconds for which a long query goes on before it gives way to all others
SPARE = 2  # idle workers, at most, for each that answers short queries
TURN = 0.1  # seconds for which a long query goes on before one that had less time may
LOWEST = 19  # of Unix priorities
_PROCESS_CLOCK = 2  # CPUCLOCK_SCHED, with which Linux makes a clock of a process's id


class Orphaned(Exception):  # a reason to end, not an error
    """Whoever started this process is gone."""


class State(Enum):
    """Where a connection is on its way."""

    IDLE = auto()
    READING = auto()
    WAITING = auto()
    RUNNING = auto()
    TELLING = auto()


@dataclass(slots=True, eq=False)
class Connection:
    """One asker's connection.

    Attributes:
        due: Monotonic time at which patience ends, for reading, running or telling.
        started: Monotonic time at which the request began to come.
        seconds: The deadline that the asker gave.
    """

    socket: socket.socket
    due: float
    started: float
    state: State = State.READING
    seconds: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    unsent: bytes = b""
    worker: Worker | None = None
    hung_up: bool = False
    asks_on: bool = False


class Lane(Enum):
    """How a worker may go on."""

    SHORT = auto()
    LONG = auto()
    PARKED = auto()


@dataclass(slots=True, eq=False)
class Worker:
    """One forked worker; idle while it has no connection.

    Attributes:
        begun: Monotonic time at which it began on its query.
        used: Seconds of processor time that it had used by then.
        look: Monotonic time at which to look whether the query is long.
        is_lowest: Whether it gives way to all others.
        ran: Seconds for which the query went on, until it was last stopped.
        since: Monotonic time from which it goes on; None while it is stopped.
    """

    pid: int
    control: socket.socket
    born: float
    connection: Connection | None = None
    lane: Lane = Lane.SHORT
    begun: float = 0.0
    used: float = 0.0
    look: float = 0.0
    is_lowest: bool = False
    ran: float = 0.0
    since: float | None = None

    def begin(self, connection: Connection) -> None:
        """Take on a query."""
        self.connection, connection.worker = connection, self
        self.begun, self.used = time.monotonic(), _processor_time(self.pid)
        self.look = self.begun + SHARE_OF_MANY
        self.ran, self.since = 0.0, self.begun

    def time_given(self, now: float) -> float:
        """Seconds for which its query went on, by *now*."""
        return self.ran + (now - self.since if self.since is not None else 0.0)

    def park(self, now: float) -> None:
        """Stop it where it is."""
        self.ran, self.since, self.lane = self.time_given(now), None, Lane.PARKED
        os.kill(self.pid, signal.SIGSTOP)

    def give_way(self) -> None:
        """Let all others go first; that cannot be taken back."""
        self.is_lowest = True
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, LOWEST)

    def go_on(self, now: float) -> None:
        """Let it go on, after it was stopped."""
        self.since, self.lane = now, Lane.LONG
        os.kill(self.pid, signal.SIGCONT)

    def is_long(self, now: float, share: float) -> bool:
        """Whether its query has used its *share*; if not, look again soon."""
        self.look = now + LOOK_PAUSE
        used = _processor_time(self.pid) - self.used
        return used >= share or now - self.begun >= STUCK


class Supervisor:
    """The event loop; see the module."""

    def __init__(
        self,
        source: Source,
        listener: socket.socket,
        *,
        workers: int,
        waiting: int,
        parked: int,
        bounds: worker.Bounds,
    ) -> None:
        self._source = source
        self._listener = listener
        self._wanted = workers
        self._max_waiting = waiting
        self._max_parked = parked
        self._bounds = bounds
        self._selector = selectors.DefaultSelector()
        self._workers: set[Worker] = set()
        self._connections: set[Connection] = set()  # that are not idle
        self._idle: set[Connection] = set()
        self._waiting: deque[Connection] = deque()
        self._asked_to_stop = False
        self._stopping = False
        self._fork_at = 0.0

    def run(self) -> None:
        """Serve until told to stop."""
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(0, selectors.EVENT_READ, self._parent_gone)
        wake, waker = socket.socketpair()
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        self._selector.register(wake, selectors.EVENT_READ, lambda: wake.recv(64))
        try:
            self._loop()
        finally:
            self._kill_workers()

    def _loop(self) -> None:
        while not (self._stopping and not self._connections):
            self._sort()
            self._fill()
            self._dispatch()
            for key, _ in self._selector.select(self._patience()):
                # What one event ends may have had an event of its own in the same batch.
                if self._selector.get_map().get(key.fd) is key:
                    key.data()
            if self._asked_to_stop:
                self._stop()
            self._end_overdue()

    def _kill_workers(self) -> None:
        """End every worker at once."""
        for each in self._workers:
            os.kill(each.pid, signal.SIGKILL)
            os.waitpid(each.pid, 0)

    # Connections, from their first byte to the answer.

    def _accept(self) -> None:
        with suppress(OSError):
            accepted, _ = self._listener.accept()
            accepted.setblocking(False)
            now = time.monotonic()
            connection = Connection(accepted, now + READ_BOUND, now)
            self._connections.add(connection)
            self._selector.register(
                accepted, selectors.EVENT_READ, lambda: self._readable(connection)
            )

    def _readable(self, connection: Connection) -> None:
        """Something of a request has come, or the asker has closed its end."""
        if connection.state is State.IDLE:
            self._idle.discard(connection)
            self._connections.add(connection)
            connection.state = State.READING
            connection.started = time.monotonic()
            connection.due = connection.started + READ_BOUND
        if connection.state is State.READING:
            self._read(connection)
        else:
            self._read_on(connection)

    def _read(self, connection: Connection) -> None:
        """Take in what has come of a request; queue it when it is whole."""
        received = connection.received
        try:
            chunk = connection.socket.recv(256 * 2**10)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        received += chunk
        try:
            head = read_head(bytes(received[: HEAD.size]))
        except BrokenRequest:
            chunk, head = b"", None
        if not chunk or (head and len(received) > head[1]):
            self._drop(connection)
        elif head and len(received) == head[1]:
            connection.seconds = head[0]
            connection.due = connection.started + head[0]
            self._queue(connection)

    def _read_on(self, connection: Connection) -> None:
        """The asker closed its end, or asks on before it can know of the end of its answer.

        Its next question stays where it is until the worker says that it is done.
        """
        try:
            gone = not connection.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone or connection.state is not State.RUNNING:
            self._hang_up(connection)
        else:
            self._selector.unregister(connection.socket)
            connection.asks_on = True

    def _queue(self, connection: Connection) -> None:
        """Let a whole request wait for a worker, unless too many wait already."""
        busy = sum(each.connection is not None for each in self._in(Lane.SHORT))
        idle = max(0, self._wanted - busy)
        if len(self._waiting) >= self._max_waiting + idle or self._stopping:
            self._tell(connection, EngineDown("too many queries are waiting; try again soon"))
            return
        connection.state = State.WAITING
        self._waiting.append(connection)

    def _hang_up(self, connection: Connection) -> None:
        """The asker closed its end: stop the work.

        A worker that has just ended may not have said so yet, hence the grace.
        """
        if connection.state is State.WAITING:
            self._drop(connection)
        else:
            self._selector.unregister(connection.socket)
            connection.hung_up = True
            connection.due = min(connection.due, time.monotonic() + HANG_UP_GRACE)

    def _tell(self, connection: Connection, error: StancegraphError) -> None:
        """Write the trailer, as far as the asker reads; then drop the connection."""
        connection.state = State.TELLING
        connection.unsent = trailer(error)
        connection.due = time.monotonic() + TELL_BOUND
        connection.worker = None
        with suppress(KeyError):
            self._selector.unregister(connection.socket)
        self._selector.register(
            connection.socket, selectors.EVENT_WRITE, lambda: self._send(connection)
        )
        self._send(connection)

    def _send(self, connection: Connection) -> None:
        try:
            sent = connection.socket.send(connection.unsent)
        except BlockingIOError:
            return
        except OSError:
            sent = len(connection.unsent)
        connection.unsent = connection.unsent[sent:]
        if not connection.unsent:
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        with suppress(KeyError):
            self._selector.unregister(connection.socket)
        connection.socket.close()
        self._connections.discard(connection)
        self._idle.discard(connection)
        if connection.state is State.WAITING:
            with suppress(ValueError):
                self._waiting.remove(connection)

    def _finish(self, connection: Connection) -> None:
        """An answer is whole: be ready for the asker's next question."""
        connection.worker = None
        if connection.hung_up or self._stopping:
            self._drop(connection)
            return
        connection.state, connection.received = State.IDLE, bytearray()
        self._connections.discard(connection)
        self._idle.add(connection)
        if connection.asks_on:
            connection.asks_on = False
            self._selector.register(
                connection.socket, selectors.EVENT_READ, lambda: self._readable(connection)
            )
            self._readable(connection)  # what is there already

    # Workers.

    def _fill(self) -> None:
        """Fork until there are as many workers for short queries as wanted."""
        while self._count(Lane.SHORT) < self._wanted and time.monotonic() >= self._fork_at:
            ours, theirs = socket.socketpair()
            pid = os.fork()
            if pid == 0:
                try:
                    worker.run(self._source, theirs, self._bounds)
                except Exception:  # noqa: BLE001 (in a fork, which must not return)
                    traceback.print_exc()
                finally:
                    os._exit(worker.BROKEN)
            theirs.close()
            forked = Worker(pid, ours, time.monotonic())
            self._workers.add(forked)
            self._selector.register(
                ours, selectors.EVENT_READ, lambda forked=forked: self._hear(forked)
            )

    def _dispatch(self) -> None:
        """Give waiting requests to idle workers, oldest first."""
        short = self._in(Lane.SHORT)
        room = self._wanted - sum(each.connection is not None for each in short)
        for idle in [each for each in short if each.connection is None][: max(0, room)]:
            if not self._waiting:
                return
            connection = self._waiting.popleft()
            connection.state = State.RUNNING
            idle.begin(connection)
            request = connection.received
            with suppress(OSError):  # a dead worker is noticed on its control socket
                sent = socket.send_fds(idle.control, [request], [connection.socket.fileno()])
                idle.control.sendall(request[sent:])
            connection.received = bytearray()

    def _sort(self) -> None:
        """Part long queries from short ones; let the long ones take turns."""
        now = time.monotonic()
        for each in [*self._workers]:
            due = each.connection and each.lane is Lane.SHORT and each.look <= now
            if due and each.is_long(now, self._share()):
                self._make_way(each, now)
        self._take_turns(now)

    def _take_turns(self, now: float) -> None:
        """Go on with as many long queries as may, those that had least time."""

        def time_given(each: Worker) -> float:
            return each.time_given(now)

        long = sorted(self._in(Lane.LONG), key=time_given)
        for each in long:
            if not each.is_lowest and time_given(each) >= PATIENT:
                each.give_way()
        for each in long[self._wanted :]:
            each.park(now)
        del long[self._wanted :]
        for each in sorted(self._in(Lane.PARKED), key=time_given):
            if len(long) == self._wanted:
                ahead = max(long, key=time_given)
                if time_given(ahead) - time_given(each) < TURN:
                    break
                ahead.park(now)
                long.remove(ahead)
            each.go_on(now)
            long.append(each)

    def _share(self) -> float:
        """Seconds of processor time that a query may use before it is long."""
        room = self._wanted + self._max_parked - self._count(Lane.LONG) - self._count(Lane.PARKED)
        return SHARE_OF_MANY if self._waiting and room > 0 else SHARE

    def _make_way(self, long: Worker, now: float) -> None:
        """Let a worker that has a long query stand back, or end one if too many do."""
        if self._count(Lane.LONG) + self._count(Lane.PARKED) >= self._wanted + self._max_parked:
            self._end_longest([long, *self._in(Lane.LONG), *self._in(Lane.PARKED)], now)
        if long in self._workers:
            long.lane = Lane.LONG

    def _end_longest(self, long: list[Worker], now: float) -> None:
        """End the query that has had most time, of too many that are *long*."""
        longest = max(long, key=lambda each: each.time_given(now))
        connection, longest.connection = longest.connection, None
        self._bury(longest)
        if connection is not None:
            told = "too many long queries are being worked on; try again soon"
            self._tell(connection, EngineDown(told))

    def _in(self, lane: Lane) -> list[Worker]:
        return [each for each in self._workers if each.lane is lane]

    def _count(self, lane: Lane) -> int:
        return sum(each.lane is lane for each in self._workers)

    def _hear(self, heard: Worker) -> None:
        """A worker says that it is done, or has died."""
        try:
            word = heard.control.recv(1)
        except OSError:
            word = b""
        connection, heard.connection = heard.connection, None
        if word == worker.DONE:
            if connection:
                self._finish(connection)
            idle = sum(each.connection is None for each in self._workers)
            if heard.is_lowest or idle > SPARE * self._wanted:
                self._bury(heard)
            elif heard.lane is Lane.PARKED:
                heard.go_on(time.monotonic())
            heard.lane = Lane.SHORT
            return
        status = self._bury(heard)
        if connection is None:
            young = time.monotonic() - heard.born < FORK_PAUSE
            self._fork_at = time.monotonic() + (FORK_PAUSE if young else 0)
        elif word == worker.RETIRED or connection.hung_up:
            self._finish(connection)
        else:
            self._tell(connection, self._cause_of_death(status))

    def _bury(self, dead: Worker) -> int:
        """Kill a worker, if need be, and reap it; its exit code, negative for a signal."""
        with suppress(ProcessLookupError):
            os.kill(dead.pid, signal.SIGKILL)
        _, status = os.waitpid(dead.pid, 0)
        self._selector.unregister(dead.control)
        dead.control.close()
        self._workers.discard(dead)
        return os.waitstatus_to_exitcode(status)

    def _cause_of_death(self, status: int) -> StancegraphError:
        if status in {-signal.SIGABRT, worker.OUT_OF_MEMORY}:
            return worker.out_of_memory(self._bounds)
        if status in {-signal.SIGSEGV, -signal.SIGBUS}:
            return QueryRefused(
                "the query is nested too deeply, or has too many patterns, to be worked out"
            )
        if status == worker.BROKEN:
            return QueryFailed("something went wrong in the query engine; its log tells what")
        return QueryFailed("the process that evaluated the query was ended from outside")

    # Time.

    def _patience(self) -> float | None:
        """Seconds until something is overdue."""
        dues = [connection.due for connection in self._connections]
        dues += [each.look for each in self._workers if each.connection and each.lane is Lane.SHORT]
        if self._count(Lane.SHORT) < self._wanted:
            dues.append(self._fork_at)
        if self._count(Lane.PARKED) or not all(each.is_lowest for each in self._in(Lane.LONG)):
            dues.append(time.monotonic() + TURN)
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def _end_overdue(self) -> None:
        """End what has taken too long: a query, a reading, a telling."""
        now = time.monotonic()
        for connection in [each for each in self._connections if each.due <= now]:
            running = connection.worker
            if running is not None:
                running.connection = None
                self._bury(running)
            if connection.hung_up or connection.state in {State.READING, State.TELLING}:
                self._drop(connection)
            else:
                with suppress(ValueError):
                    self._waiting.remove(connection)
                self._tell(connection, QueryTimeout(connection.seconds))

    def _ask_to_stop(self, *_: object) -> None:
        """SIGTERM came; the loop, woken by it, does the rest between two events."""
        self._asked_to_stop = True

    def _stop(self) -> None:
        """Accept no more, finish what has been accepted."""
        if self._stopping:
            return
        self._stopping = True
        self._selector.unregister(self._listener)
        self._listener.close()
        for connection in [*self._connections, *self._idle]:
            if connection.state in {State.READING, State.IDLE}:
                self._drop(connection)

    def _parent_gone(self) -> None:
        """Standard input was closed: whoever started this process is gone."""
        if not os.read(0, 1):
            raise Orphaned


def _processor_time(pid: int) -> float:
    """Seconds that the processor has worked for a process; 0 where that cannot be told."""
    if sys.platform != "linux":
        return 0.0
    try:
        return time.clock_gettime(~pid << 3 | _PROCESS_CLOCK)
    except OSError:
        return 0.0


def main() -> None:
    """Load a release and serve it; one line on standard output says READY, or why not."""
    parser = argparse.ArgumentParser()
    parser.add_argument("release", type=Path, help="a file of N-Quads, or engine.json")
    parser.add_argument("socket", type=Path, help="where to listen, in a folder of its own")
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--waiting", type=int, required=True)
    parser.add_argument("--parked", type=int, required=True)
    parser.add_argument("--memory", type=int, required=True, help="bytes that a query may use")
    options = parser.parse_args()
    os.environ["RUST_BACKTRACE"] = "0"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this process decides
    try:
        source = source_of(options.release)
    except SyntaxError as error:
        _say(f"{options.release} is no N-Quads ({error})")
        return
    except (OSError, ValueError) as error:
        _say(f"{options.release} cannot be read ({getattr(error, 'strerror', None) or error})")
        return
    gc.collect()
    gc.freeze()
    options.socket.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(str(options.socket))
        except FileNotFoundError:  # whoever started this process is gone, and tidied up
            return
        listener.listen(1024)
        listener.setblocking(False)
        supervisor = Supervisor(
            source,
            listener,
            workers=options.workers,
            waiting=options.waiting,
            parked=options.parked,
            bounds=worker.Bounds(options.memory),
        )
        try:
            _say(READY)
            supervisor.run()
        except Orphaned:
            with suppress(OSError):  # nobody else is left to tidy up
                options.socket.unlink()
                (options.socket.parent / LOCK).unlink(missing_ok=True)
                options.socket.parent.rmdir()


def _say(line: str) -> None:
    """Tell whoever started this process, at once.

    Raises:
        Orphaned: nobody listens any more.
    """
    try:
        os.write(sys.stdout.fileno(), f"{line}\n".encode())
    except BrokenPipeError:
        raise Orphaned from None


if __name__ == "__main__":
    with suppress(Orphaned):
        main()
