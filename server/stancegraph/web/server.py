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
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

import click
import pyoxigraph as ox
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from stancegraph.build.release import open_release
from stancegraph.catalog import Catalog
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.engine.embedded import EngineOptions, SocketEngine, SupervisorProcess
from stancegraph.errors import OperationError
from stancegraph.web import Site, create_app, metrics
from stancegraph.web.bridge import Bridge
from stancegraph.web.cache import AnswerCache
from stancegraph.web.metrics import FOLDER, MeasuredEngine
from stancegraph.web.recorder import Recorder
from stancegraph.web.site import EXAMPLE, MAX_BODY
from stancegraph.web.turnstile import Turnstile

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.build.release import Release
    from stancegraph.engine import Engine

STOP_BOUND = 60  # seconds to let web processes finish what they answer
PROBE_PAUSE = 0.02  # seconds between looks at whether they answer
PROBE_BOUND = 10  # seconds that one look may take


@dataclass(frozen=True, slots=True)
class WebOptions:
    """What a web process must be told, since it starts with nothing.

    Attributes:
        cache_size: Bytes of answers to keep; 0 for none.
        services: IRIs of the other endpoints that a query may ask by SERVICE.
    """

    release: Release
    engine: Path
    query_timeout: float
    cache_size: int
    services: frozenset[str] = frozenset()


def serve(
    releases: Path,
    *,
    host: str,
    port: int,
    engine: EngineOptions,
    query_timeout: float,
    cache_size: int,
    services: frozenset[str] = frozenset(),
) -> None:
    """Serve the current release until SIGTERM or SIGINT, then finish what runs.

    Args:
        port: 0 for any that is free.
        query_timeout: Seconds that one query may take.
        cache_size: Bytes of answers that each web process keeps; 0 for none.
        services: IRIs of the other endpoints that a query may ask by SERVICE.

    Raises:
        OperationError: there is no release, it is of another version, or the port is taken.
    """
    release = open_release(releases)
    _check_catalog(release)
    ip, port = _free_place(host, port)
    supervisor = SupervisorProcess(release.quads_file, engine)
    counts = tempfile.TemporaryDirectory(prefix="stancegraph-counts-")
    os.environ[FOLDER] = counts.name  # the web processes inherit it
    try:
        options = WebOptions(release, supervisor.socket, query_timeout, cache_size, services)
        server = _web_server(ip, port)
        server.on_startup(partial(_announce_later, release, _address(host, port), (ip, port)))
        server.on_startup(server.end_on_hang_up)
        server.serve(target_loader=partial(_load, options), wrap_loader=False)
    finally:
        supervisor.stop()
        counts.cleanup()


def _check_catalog(release: Release) -> None:
    """Read what each web process will read, to fail once and early.

    Raises:
        BadQueryFile: a saved query cannot be used.
        OperationError: the release does not hold what this version reads.
    """
    try:
        Catalog.load(release.path)
    except (KeyError, TypeError, ValueError) as error:
        message = f"{release.path} is of another version: run `stancegraph build`"
        raise OperationError(message) from error


def _load(options: WebOptions) -> Recorder:
    """The application, in a process that ends without waiting for granian's threads.

    Python below 3.13 ends a thread that asks for it while it shuts down, which one of Rust
    cannot survive: a process that was ended just after its start would abort with a trace.
    """

    def leave() -> None:
        logging.shutdown()
        os._exit(0)

    atexit.register(leave)
    return make_app(options)


def make_app(options: WebOptions) -> Recorder:
    """The application of one web process, made in it."""
    engine = MeasuredEngine(SocketEngine(options.engine, options.release.id))
    site = Site(
        release=options.release,
        engine=engine,
        catalog=Catalog.load(options.release.path),
        description=_description(engine, options.release),
        query_timeout=options.query_timeout,
        services=options.services,
    )
    app = create_app(site)
    bridge = Bridge(app.wsgi_app, max_body=MAX_BODY)
    cache = AnswerCache(Turnstile(bridge), size=options.cache_size, max_body=MAX_BODY)
    routes = {rule.rule.split("/", 2)[1] for rule in app.url_map.iter_rules()}
    recorder = Recorder(cache, engine, release_id=options.release.id, routes=routes)
    metrics.reserve()
    return recorder


def _description(engine: Engine, release: Release) -> str:
    """What the release says of its graph."""
    query = f"""
        PREFIX dcterms: <http://purl.org/dc/terms/>
        PREFIX void: <http://rdfs.org/ns/void#>
        SELECT ?text
        WHERE {{ ?dataset void:uriSpace "{release.base}" ; dcterms:description ?text }}
        ORDER BY ?text LIMIT 1"""
    found = [row["text"] for row in rows(engine, Ask(query, MediaType.JSON))]
    return found[0].value if found and isinstance(found[0], ox.Literal) else ""


class WebServer(MPServer):
    """granian, whose processes leave Ctrl-C to this one, even while they start."""

    def end_on_hang_up(self) -> None:
        """End when the terminal is closed, where granian would start its processes anew."""
        signal.signal(signal.SIGHUP, self.signal_handler_interrupt)

    def _spawn_worker(self, *arguments: Any, **options: Any) -> Any:
        worker: Any = super()._spawn_worker(*arguments, **options)
        start = worker.start

        def start_without_interrupts() -> None:
            # What is blocked here is blocked in the new process, for ever.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                start()
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

        worker.start = start_without_interrupts
        return worker


def _web_server(ip: str, port: int) -> WebServer:
    # Web processes start afresh: a fork would carry along threads and sockets of this one.
    multiprocessing.set_start_method("spawn", force=True)
    # Else the first process starts it, which unblocks the signals that are blocked for that.
    resource_tracker.ensure_running()
    return WebServer(
        "stancegraph",
        address=ip,
        port=port,
        interface=Interfaces.ASGINL,
        workers=os.cpu_count() or 1,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_BOUND,
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
        "filters": {"told": {"()": "stancegraph.web.server.NotBrokenOff"}},
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


def _announce_later(release: Release, address: str, place: tuple[str, int]) -> None:
    """Announce once *place* accepts connections, which is after the web processes are up."""

    def announce() -> None:
        while not _accepts(place):
            time.sleep(PROBE_PAUSE)
        with suppress(BrokenPipeError):  # nobody reads on
            _announce(release, address)

    threading.Thread(target=announce, name="announce", daemon=True).start()


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
