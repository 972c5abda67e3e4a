"""A running site: a supervisor with its query workers, and web processes before it."""

from __future__ import annotations

import atexit
import errno
import logging
import logging.config
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from granian.constants import Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from stancegraph.build.shelf import open_catalog
from stancegraph.engine import EXAMPLE
from stancegraph.engine.embedded import SupervisorProcess
from stancegraph.errors import OperationError
from stancegraph.orphans import end_with_parent
from stancegraph.serving.archive import Archive
from stancegraph.serving.begin import LEFT_TO_PARENT
from stancegraph.serving.follow import Follower
from stancegraph.serving.switch import LineBroken, Switchboard, line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from multiprocessing.connection import Connection
    from pathlib import Path

    from stancegraph.build.release import Release
    from stancegraph.catalog import Catalog
    from stancegraph.engine.embedded import EngineOptions
    from stancegraph.serving.begin import Begun
    from stancegraph.serving.keeper import Keeper
    from stancegraph.serving.switch import Line
    from stancegraph.serving.watch import Watch

MAX_HEAD = 128 * 2**10  # bytes of a request's headers; an address may have half as many
STOP_BOUND = 60  # seconds to let web processes finish what they answer
MAKE_BOUND = 60  # seconds in which web processes must be ready for another release
PROBE_PAUSE = 0.02  # seconds between looks at whether they answer
PROBE_BOUND = 10  # seconds that one look may take
DYING_BOUND = 5.0  # seconds for which a process that was killed may count as running
DYING_PAUSE = 0.05  # seconds between tries meanwhile


@dataclass(frozen=True, slots=True)
class WebOptions:
    """What a web process must be told, since it starts with nothing.

    Attributes:
        catalog: The saved queries of the release; read once, for all processes.
        engine: The socket of the supervisor that holds it.
        cache_size: Bytes of answers to keep; 0 for none.
        services: IRIs of the other endpoints that a query may ask by SERVICE.
        max_rows, max_bytes: Bounds of the answer to a query; 0 for none.
        archive: Where other releases are asked for; None where none is served beside this one.
        archived: How many of them are loaded at a time.
    """

    release: Release
    catalog: Catalog
    engine: Path
    query_timeout: float
    cache_size: int
    services: frozenset[str] = frozenset()
    max_rows: int = 0
    max_bytes: int = 0
    archive: Path | None = None
    archived: int = 0


def serve(
    begun: Begun,
    releases: Path,
    *,
    host: str,
    port: int,
    query_timeout: float,
    cache_size: int,
    services: frozenset[str] = frozenset(),
    max_rows: int = 0,
    max_bytes: int = 0,
    helper: Keeper | Watch | None = None,
    archived: int = 0,
) -> None:
    """Serve the release that was *begun* until SIGTERM or SIGINT, then finish what runs.

    When another release becomes the current one of *releases*, that is served instead.

    Args:
        port: 0 for any that is free.
        query_timeout: Seconds that one query may take.
        cache_size: Bytes of answers that each web process keeps; 0 for none.
        services: IRIs of the other endpoints that a query may ask by SERVICE.
        max_rows, max_bytes: Bounds of the answer to a query; 0 for none.
        helper: What builds further releases, or fetches them.
        archived: How many other releases may be loaded at a time, each when it is asked for.

    Raises:
        OperationError: the release is of another version, or the port is taken.
    """
    release, supervisor = begun.release, begun.supervisor
    ip, port = _free_place(host, port)
    archive = Archive(releases, begun.engine, room=archived) if archived else None
    options = WebOptions(
        release, open_catalog(release), supervisor.socket, query_timeout, cache_size, services,
        max_rows, max_bytes, archive.socket if archive else None, archived,
    )  # fmt: skip
    serving = Serving(options, supervisor, begun.engine)
    server = _web_server(ip, port)
    follower = Follower(releases, release, serving.switch)
    try:
        opening = _Opening(server, supervisor, release, _address(host, port), (ip, port))
        server.on_startup(partial(server.on_hang_up, follower.look))
        server.on_startup(opening.start)
        server.on_startup(follower.start)
        if helper is not None:
            server.on_startup(helper.start)
        server.serve(target_loader=serving.load, wrap_loader=False)
        opening.check()
    finally:
        if helper is not None:
            helper.stop()
        follower.stop()
        serving.stop()
        if archive is not None:
            archive.stop()


class Serving:
    """The release that web processes serve, and the engine that holds it: both can be exchanged."""

    def __init__(
        self, options: WebOptions, supervisor: SupervisorProcess, engine: EngineOptions
    ) -> None:
        self._options = options
        self._supervisor = supervisor
        self._engine = engine
        self._lines: list[Line] = []
        self._lock = threading.Lock()  # of the options and the lines
        self._leaving: list[threading.Thread] = []

    def load(self) -> _Load:
        """What a new web process is made with; its end of a line is to be closed here then."""
        with self._lock:
            ours, theirs = line(self._options)
            self._lines = [*(each for each in self._lines if not each.broken), ours]
            return _Load(theirs)

    def switch(self, release: Release) -> None:
        """Serve *release* from now on; what was asked before is answered from the one before.

        Raises:
            BadQueryFile, OperationError: it cannot be served; the one before is served on.
        """
        catalog = open_catalog(release)
        while len(self._leaving) > 1:  # a release or two that slow clients still read, no more
            self._leaving.pop(0).join()
        supervisor = SupervisorProcess(release.engine_file, self._engine).wait()
        options = replace(self._options, release=release, catalog=catalog, engine=supervisor.socket)
        try:
            for made in [each.make(options) for each in self._lines]:
                with suppress(LineBroken):
                    made.result(MAKE_BOUND)
        except (RuntimeError, TimeoutError) as error:
            supervisor.stop()
            message = f"release {release.id} cannot be served: {error or 'it takes too long'}"
            raise OperationError(message) from error
        with self._lock:  # a web process that starts now begins with the one or is told
            self._options = options
            done = [each.serve(options) for each in self._lines]
        before, self._supervisor = self._supervisor, supervisor
        leaving = threading.Thread(
            target=_see_off, args=(before, done, options.query_timeout), name="see off"
        )
        leaving.start()
        self._leaving = [each for each in self._leaving if each.is_alive()] + [leaving]
        click.echo(f"serving release {release.id}", err=True)

    def stop(self) -> None:
        """End the engines; the web processes have ended before."""
        self._supervisor.stop()
        for each in self._leaving:
            each.join()


def _see_off(supervisor: SupervisorProcess, done: Sequence[Future[None]], timeout: float) -> None:
    """End the engine of a release when *done* says that no web process answers from it.

    A client that reads nothing more does not keep it: no query takes longer than *timeout*.
    """
    wait(done, timeout + STOP_BOUND)
    supervisor.stop()


@dataclass
class _Load:
    """Makes the application, in a process that ends without waiting for granian's threads.

    Python below 3.13 ends a thread that asks for it while it shuts down, which one of Rust
    cannot survive: a process that was ended just after its start would abort with a trace.
    """

    orders: Connection

    def __call__(self) -> Switchboard[WebOptions]:
        # The process that starts the others needs nothing of the web.
        from stancegraph.serving.process import serve_app  # noqa: PLC0415

        atexit.register(_leave)
        end_with_parent(signal.SIGTERM)
        # No line tells these, and looking them up takes as long as writing it.
        logging._srcfile = None  # noqa: SLF001 (as Python's guide to logging has it)
        logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
        return Switchboard(serve_app, self.orders)


def _leave() -> None:
    logging.shutdown()
    os._exit(0)


class WebServer(MPServer):
    """granian, whose processes are each told what to serve, and leave signals to this one."""

    def on_hang_up(self, look: Callable[[], None]) -> None:
        """On SIGHUP *look*, where granian would start its processes anew.

        Who closes the terminal in which it runs sends that too, and means its end.
        """
        in_terminal = signal.getsignal(signal.SIGHUP) != signal.SIG_IGN and _has_terminal()

        def hear(*_: object) -> None:
            if in_terminal and not _has_terminal():
                self.end()
            else:
                look()

        signal.signal(signal.SIGHUP, hear)

    def end(self) -> None:
        """End, after what runs is answered; any thread may call it."""
        interrupt: Any = self.signal_handler_interrupt
        interrupt()

    def _spawn_worker(self, *arguments: Any, **options: Any) -> Any:
        load: _Load = options["callback_loader"]()
        options["callback_loader"] = load
        worker: Any = super()._spawn_worker(*arguments, **options)
        if multiprocessing.get_start_method() == "forkserver":
            # granian would have it start with nothing, and import all there is.
            made: Any = worker.inner
            worker.inner = multiprocessing.get_context("forkserver").Process(
                name=made.name,
                target=made._target,  # noqa: SLF001 (as it was made with)
                args=made._args,  # noqa: SLF001
            )
        start = worker.start

        def start_deaf() -> None:
            # What is blocked here is blocked in the new process, for ever.
            signal.pthread_sigmask(signal.SIG_BLOCK, LEFT_TO_PARENT)
            try:
                _start(start)
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, LEFT_TO_PARENT)
                load.orders.close()

        worker.start = start_deaf
        return worker


def _start(start: Callable[[], None]) -> None:
    """Call *start*, which starts a process; again where the one to fork it from is just dying.

    For a moment that still counts as running, though it answers no more.
    """
    until = time.monotonic() + DYING_BOUND
    while True:
        try:
            start()
        except (EOFError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(DYING_PAUSE)
        else:
            return


def _has_terminal() -> bool:
    """Whether this process runs in a terminal that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _web_server(ip: str, port: int) -> WebServer:
    return WebServer(
        "stancegraph",
        address=ip,
        port=port,
        interface=Interfaces.ASGINL,
        workers=os.cpu_count() or 1,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_BOUND,
        http1_settings=HTTP1Settings(max_buffer_size=MAX_HEAD),
        http2_settings=HTTP2Settings(max_headers_size=MAX_HEAD),
        log_level=LogLevels.warning,
        log_dictconfig=_logging(),
    )


def _logging() -> dict[str, Any]:
    """Everything to standard error; each line says what it is."""
    return {
        "formatters": {
            "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "bare": {"format": "%(message)s"},
        },
        "filters": {"told": {"()": "stancegraph.serving.server.NotBrokenOff"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "plain",
                "filters": ["told"],
            },
            "access": {"class": "logging.StreamHandler", "formatter": "bare"},
        },
        "loggers": {
            "_granian": {"handlers": ["stderr"], "propagate": False},
            "stancegraph.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
            "stancegraph": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        },
    }


class NotBrokenOff(logging.Filter):
    """Leaves out what granian says of responses broken off: the application has told why."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to keep *record*."""
        return "BrokenOff" not in record.getMessage()


def _free_place(host: str, port: int) -> tuple[str, int]:
    """The address of *host* and *port*, or a free port for 0.

    Raises:
        OperationError: the port is taken, or the host is not this machine's.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, place = found[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            ip, free = probe.getsockname()[:2]
            return str(ip), int(free)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            told = f"port {port} of {host} is taken: choose another with --port"
        else:
            told = f"cannot listen on {host}, port {port}: {error.strerror}"
        raise OperationError(told) from error


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Opening(threading.Thread):
    """Waits until all of a site is there, and announces it; ends the site where that fails."""

    def __init__(
        self,
        server: WebServer,
        supervisor: SupervisorProcess,
        release: Release,
        address: str,
        place: tuple[str, int],
    ) -> None:
        super().__init__(name="opening", daemon=True)
        self._server = server
        self._supervisor = supervisor
        self._release = release
        self._address = address
        self._place = place
        self._failure: OperationError | None = None

    def run(self) -> None:
        """Wait for the engine, then for web processes that accept connections."""
        try:
            self._supervisor.wait()
        except OperationError as error:
            if not self._server.interrupt_signal:  # else it was told to end meanwhile
                self._failure = error
                self._server.end()
            return
        while not _accepts(self._place):
            time.sleep(PROBE_PAUSE)
        with suppress(BrokenPipeError):  # nobody reads on
            _announce(self._release, self._address)

    def check(self) -> None:
        """Hear of what went wrong.

        Raises:
            OperationError: the engine could not load the release.
        """
        if self._failure is not None:
            raise self._failure


def _accepts(place: tuple[str, int]) -> bool:
    """Whether a server answers there; a place that means every address is asked by one."""
    ip, port = place
    ip = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(ip, ip)  # noqa: S104 (nothing is bound)
    try:
        with socket.create_connection((ip, port), timeout=PROBE_BOUND) as connection:
            connection.sendall(b"?\r\n\r\n")  # no request, so answered but not logged
            return bool(connection.recv(1))
    except OSError:
        return False


def _announce(release: Release, address: str) -> None:
    """Say where to go, and one thing to try."""
    query = " ".join(EXAMPLE.split())
    click.echo(
        f"{release.title}, release {release.id}, at {address}\n"
        f"Try: curl -G {address}/sparql -H 'Accept: text/csv' \\\n"
        f"       --data-urlencode 'query={query}'"
    )
    sys.stdout.flush()
