"""The engine that comes with the program: a supervisor process and those who ask it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from stancegraph.engine import Notice
from stancegraph.engine.wire import (
    DATA,
    MAX_FRAME,
    NOTICE,
    READY,
    WHOLE,
    FrameReader,
    read_error,
    read_notice,
    request_bytes,
)
from stancegraph.errors import EngineDown, OperationError
from stancegraph.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stancegraph.engine import Answer, Ask

CONNECT_BOUND = 3.0  # seconds to wait for a supervisor that is being restarted
CONNECT_PAUSE = 0.02  # seconds between tries
SILENCE_BOUND = 10.0  # seconds beyond the deadline after which an engine is taken for dead
RESTART_PAUSE = 0.2  # seconds between looks at whether the supervisor still lives
STOP_BOUND = 60.0  # seconds to let it finish what runs
READ_SIZE = MAX_FRAME + 64  # bytes to ask for at a time: a frame, and what may follow it


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How many queries an embedded engine runs, and how much each may use.

    Attributes:
        workers: Short queries that run at a time, and as many long ones beside them.
        waiting: Queries that may wait for a worker; more are refused.
        parked: Long queries that may wait, half done, for others to end; more are ended.
        memory: Bytes that one query may use beyond what the release takes.
    """

    workers: int = max(2, os.cpu_count() or 2)
    waiting: int = 64
    parked: int = 32
    memory: int = 512 * 2**20


class SocketEngine:
    """Asks a supervisor over its Unix socket; made once in each web process."""

    def __init__(
        self, path: Path, release_id: str, *, is_reached: Callable[[], bool] = lambda: True
    ) -> None:
        """Ask the supervisor that listens at *path*.

        Args:
            is_reached: Tells whether that one reaches what it asks in turn.
        """
        self._path = str(path)
        self._release_id = release_id
        self._is_reached = is_reached

    @property
    def release_id(self) -> str:
        """The release that the supervisor holds."""
        return self._release_id

    def ask(self, ask: Ask) -> Answer:
        """Start on a question, as :class:`stancegraph.engine.Engine` says."""
        return SocketAnswer(self._path, ask)

    def is_up(self) -> bool:
        """Whether a supervisor listens, which it does once the release is loaded."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(CONNECT_BOUND)
            try:
                connection.connect(self._path)
            except OSError:
                return False
        return self._is_reached()

    def close(self) -> None:
        """Nothing is held between questions."""


class CutOff(EngineDown):
    """The connection ended without a word of why: the supervisor itself is gone."""

    def __init__(self) -> None:
        super().__init__("the engine broke off; ask again")


class SocketAnswer:
    """The answer to one question, read from a connection of its own."""

    def __init__(self, path: str, ask: Ask) -> None:
        self._path = path
        self._ask = ask
        self._connection: socket.socket | None = None
        self._closed = False
        self._ended = False
        self._notice = Notice()
        self._reader = FrameReader()
        self._frames: deque[tuple[bytes, bytes]] = deque()

    @property
    def notice(self) -> Notice:
        """What is told beside it; known once the first bytes were given."""
        return self._notice

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next bytes, as :meth:`stancegraph.engine.Answer.__next__` says."""
        if self._ended:
            raise StopIteration
        try:
            kind, payload = self._read_frame() if self._connection else self._first_frame()
            if kind == NOTICE:
                self._notice = read_notice(payload)
                kind, payload = self._read_frame()
        except OSError as error:
            self._end()
            raise EngineDown("the engine broke off; ask again") from error
        except BaseException:  # Ctrl-C too ends the work
            self._end()
            raise
        if kind == DATA:
            return payload
        self._end()
        if kind == WHOLE:
            raise StopIteration
        raise read_error(payload)

    def close(self) -> None:
        """Hang up, whereupon the engine ends the work."""
        self._closed = True
        connection = self._connection
        if connection is not None:
            # Wakes a thread that reads, which closing alone would not.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _end(self) -> None:
        self._ended = True
        self.close()

    def _first_frame(self) -> tuple[bytes, bytes]:
        """Ask, and wait for the first frame of the answer.

        A question that a dying supervisor took with it is asked once more: it changes
        nothing, and the next supervisor is there within a second.
        """
        try:
            return self._ask_once()
        except (OSError, CutOff):
            if self._closed:
                raise
        if self._connection is not None:
            self._connection.close()
        return self._ask_once()

    def _ask_once(self) -> tuple[bytes, bytes]:
        self._reader = FrameReader()
        self._connection = self._send()
        if self._closed:  # by another thread, which may not have seen the connection
            raise CutOff
        return self._read_frame()

    def _send(self) -> socket.socket:
        """Connect and send the question, trying until a supervisor listens.

        Raises:
            EngineDown: none came.
        """
        request = request_bytes(self._ask)
        until = time.monotonic() + min(CONNECT_BOUND, self._ask.deadline)
        while True:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(self._ask.deadline + SILENCE_BOUND)
            try:
                connection.connect(self._path)
                connection.sendall(request)
            except OSError as error:
                connection.close()
                if time.monotonic() > until or self._closed:
                    raise EngineDown("the engine is not running; ask again soon") from error
                time.sleep(CONNECT_PAUSE)
            except BaseException:  # Ctrl-C: its traceback would keep the connection open
                connection.close()
                raise
            else:
                return connection

    def _read_frame(self) -> tuple[bytes, bytes]:
        """The next frame.

        Raises:
            StancegraphError: as the trailer says, with which the supervisor speaks for a worker.
            OSError: the connection failed.
        """
        connection = self._connection
        assert connection is not None  # noqa: S101 (for the type checker)
        while not self._frames:
            received = connection.recv(READ_SIZE)
            if not received:
                raise self._reader.failure() or CutOff
            self._frames.extend(self._reader.feed(received))
        return self._frames.popleft()


class SupervisorProcess:
    """A supervisor that was started here, watched, and started anew when it dies.

    Attributes:
        socket: Where it listens; stays the same over restarts.
    """

    def __init__(self, release: Path, options: EngineOptions) -> None:
        """Start a supervisor for the N-Quads file *release*, which `wait` waits for."""
        self._release = release
        self._options = options
        self._stopping = threading.Event()
        self._waiting = threading.Lock()
        self._folder = TemporaryFolder()
        self.socket = self._folder.path / "engine"
        self._process = self._launch()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def wait(self) -> Self:
        """Wait until it serves; from then on it is watched.

        Raises:
            OperationError: it could not load the release, or was stopped.
        """
        try:
            with self._waiting:
                self._hear_ready(self._process)
                self._watcher.start()
        except BaseException:
            self.stop()
            raise
        return self

    @property
    def pid(self) -> int:
        """The process that now is the supervisor."""
        return self._process.pid

    def stop(self) -> None:
        """Let it finish what runs, then end it and remove its socket; nothing, when done before."""
        self._stopping.set()
        if self._watcher.is_alive():
            self._watcher.join()
        self._process.terminate()
        try:
            self._process.wait(STOP_BOUND)
        except subprocess.TimeoutExpired:
            self._process.kill()
        with self._waiting:  # nobody reads from it
            self._let_go(self._process)
        self._folder.remove()

    def _launch(self) -> subprocess.Popen[str]:
        """Start the process."""
        options = self._options
        return subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-m", "stancegraph.engine.supervisor",
             str(self._release), str(self.socket),
             "--workers", str(options.workers), "--waiting", str(options.waiting),
             "--parked", str(options.parked), "--memory", str(options.memory)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            process_group=0,  # Ctrl-C is for whoever started it
        )  # fmt: skip

    def _hear_ready(self, process: subprocess.Popen[str]) -> None:
        """Wait until *process* says that it is ready.

        Raises:
            OperationError: it ended instead.
        """
        assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
        try:
            told = process.stdout.readline().rstrip("\n")
        except BaseException:
            process.kill()
            self._let_go(process)
            raise
        if told != READY:
            self._let_go(process)
            why = told or "the query engine did not start"
            raise OperationError(f"{why}: build it again with `stancegraph build`")

    def _watch(self) -> None:
        """Start the supervisor anew whenever it dies; a release is immutable."""
        while not self._stopping.wait(RESTART_PAUSE):
            if self._process.poll() is not None:
                self._let_go(self._process)
                with suppress(OperationError):  # tried again at the next look
                    self._process = self._launch()
                    self._hear_ready(self._process)

    def _let_go(self, process: subprocess.Popen[str]) -> None:
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


class EmbeddedEngine(SocketEngine):
    """A supervisor of one's own, for a command or a test; ends with :meth:`close`."""

    def __init__(self, release: Path, release_id: str, options: EngineOptions) -> None:
        """Load the N-Quads file *release*.

        Raises:
            OperationError: it cannot be loaded.
        """
        self.supervisor = SupervisorProcess(release, options).wait()
        super().__init__(self.supervisor.socket, release_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let what runs finish, then end the supervisor."""
        self.supervisor.stop()
