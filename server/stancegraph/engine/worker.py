"""One query worker: a forked process that evaluates one query at a time, within bounds."""

from __future__ import annotations

import ctypes
import io
import os
import re
import resource
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, cast

import pyoxigraph as ox

from stancegraph import mistakes, sparql
from stancegraph.engine import OFFERED, RDF_FORMATS, UPDATE_REFUSED, Ask, MediaType
from stancegraph.engine.describe import describe
from stancegraph.engine.prefixes import used_prefixes
from stancegraph.engine.wire import (
    DATA,
    HEAD,
    MAX_FRAME,
    WHOLE,
    BrokenRequest,
    error_frame,
    frame,
    read_ask,
    read_head,
)
from stancegraph.errors import (
    BadRequest,
    NotAcceptable,
    QueryFailed,
    QueryRefused,
    StancegraphError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DONE, RETIRED = b"D", b"R"
BROKEN, OUT_OF_MEMORY = 1, 70  # exit statuses

# The control socket and the asker's connection; with no place for a third file, a worker
# can open neither a socket nor a file, whatever a query makes it try.
_CONTROL, _CONNECTION, _FILES = 3, 4, 5
_PR_SET_PDEATHSIG = 1
_UNKNOWN_FUNCTION = re.compile(r"custom function <([^>]*)> is not supported")

_TABLE_FORMATS = {
    MediaType.JSON: ox.QueryResultsFormat.JSON,
    MediaType.XML: ox.QueryResultsFormat.XML,
    MediaType.CSV: ox.QueryResultsFormat.CSV,
    MediaType.TSV: ox.QueryResultsFormat.TSV,
}
_WITHOUT_PREFIXES = (MediaType.N_TRIPLES, MediaType.N_QUADS)
LOOK_AHEAD = 1000  # triples that are held back to see which prefixes they use


@dataclass(frozen=True, slots=True)
class _Graph:
    """What is asked: the store, and the prefixes that people use for what it holds."""

    store: ox.Store
    prefixes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one query may use: bytes of memory beyond what the store takes."""

    memory: int

    def memory_text(self) -> str:
        """The bound as people read it."""
        return f"{self.memory // 2**20} MiB"


def run(
    store: ox.Store, control: socket.socket, bounds: Bounds, prefixes: Mapping[str, str]
) -> NoReturn:
    """Be a worker until the supervisor closes *control*; called in a fresh fork."""
    control = _confine(control, bounds)
    peak = _peak_memory()
    with suppress(OSError):
        while True:
            request = _receive(control)
            if request is None:
                break
            # A portable second deadline, for the case that the supervisor is gone.
            deadline = read_head(request)
            signal.setitimer(signal.ITIMER_REAL, deadline[0] + 1 if deadline else 1)
            with socket.socket(fileno=_CONNECTION) as connection:
                _answer(_Graph(store, prefixes), request, connection, bounds)
            signal.setitimer(signal.ITIMER_REAL, 0)
            if _peak_memory() - peak > bounds.memory // 4:
                control.sendall(RETIRED)  # what a hungry query took is not given back
                break
            control.sendall(DONE)
    os._exit(0)


def _confine(control: socket.socket, bounds: Bounds) -> socket.socket:
    """Drop every file but the control socket, and set the bounds of this process."""
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    descriptor = os.dup2(control.detach(), _CONTROL)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(quiet, stream)
    os.closerange(_CONNECTION, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_bytes().split()[0])
        size = pages * resource.getpagesize() + bounds.memory
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    return socket.socket(fileno=descriptor)


def _receive(control: socket.socket) -> bytes | None:
    """The next request; its connection has become file ``_CONNECTION``. None at the end."""
    start, descriptors, _, _ = socket.recv_fds(control, 64 * 2**10, 1)
    if not start or descriptors != [_CONNECTION]:
        return None
    request = bytearray(start)
    head = read_head(start)
    length = head[1] if head else 0
    while len(request) < length:
        more = control.recv(length - len(request))
        if not more:
            return None
        request += more
    return bytes(request)


def _answer(graph: _Graph, request: bytes, connection: socket.socket, bounds: Bounds) -> None:
    """Evaluate one request and write its whole answer, or the error, to *connection*."""
    connection.settimeout(None)
    output = _Frames(connection)
    try:
        _evaluate(graph, read_ask(request), cast("IO[bytes]", output))
        output.end()
    except StancegraphError as error:
        _send_last(connection, error_frame(error))
    except BrokenRequest as error:
        _send_last(connection, error_frame(BadRequest(str(error))))
    except MemoryError:
        _send_last(connection, error_frame(out_of_memory(bounds)))
        os._exit(OUT_OF_MEMORY)
    except OSError:
        # The asker hung up, or evaluation wanted a file or a socket, which it cannot have.
        told = QueryFailed("the query needs what this endpoint does not give: another server")
        _send_last(connection, error_frame(told))
    except (ValueError, RuntimeError) as error:
        told = QueryFailed(f"the query could not be evaluated: {error}")
        _send_last(connection, error_frame(told))


def out_of_memory(bounds: Bounds) -> QueryFailed:
    """What an asker is told of a query that broke the bound on memory."""
    return QueryFailed(
        f"the query needed more than the {bounds.memory_text()} of memory that one may use; "
        "ask for less: a LIMIT without ORDER BY, fewer patterns without shared variables"
    )


def _send_last(connection: socket.socket, last: bytes) -> None:
    with suppress(OSError):
        connection.sendall(last)


def _evaluate(graph: _Graph, ask: Ask, output: IO[bytes]) -> None:
    """Write the answer to *ask* into *output*, as it comes.

    Raises:
        QueryRefused, QuerySyntaxError, NotAcceptable: as the engine's interface says.
        MemoryError, OSError, ValueError, RuntimeError: evaluation failed.
    """
    if sparql.is_update(ask.query):
        raise QueryRefused(UPDATE_REFUSED)
    if sparql.calls_service(ask.query):
        told = "SERVICE is refused: this endpoint asks no other server"
        raise QueryRefused(told, *sparql.place_of_word(ask.query, "SERVICE"))
    form = sparql.query_form(ask.query)
    offered = OFFERED[form]
    if ask.media_type not in offered:
        raise NotAcceptable(offered)
    try:
        result = _ask_store(graph.store, ask)
    except SyntaxError as error:
        base = ask.base or None
        raise mistakes.syntax_error(ask.query, error, base=base, known=graph.prefixes) from error
    except RuntimeError as error:
        if unknown := _UNKNOWN_FUNCTION.search(str(error)):
            raise mistakes.unknown_function(
                ask.query, unknown[1], base=ask.base or None, known=graph.prefixes
            ) from error
        raise
    if form == "DESCRIBE":
        triples = describe(ask, partial(_ask_store, graph.store))
        _write(triples, output, ask.media_type, graph.prefixes)
    elif not isinstance(result, ox.QueryTriples):
        result.serialize(output, format=_TABLE_FORMATS[ask.media_type])
    elif ask.media_type in _WITHOUT_PREFIXES:
        result.serialize(output, format=RDF_FORMATS[ask.media_type])
    else:
        _write(result, output, ask.media_type, graph.prefixes)


def _write(
    triples: Iterable[ox.Triple],
    output: IO[bytes],
    media_type: MediaType,
    known: Mapping[str, str],
) -> None:
    """Write *triples* as they come, with the prefixes that they use; with all, if they are many."""
    rest = iter(triples)
    first = list(islice(rest, LOOK_AHEAD))
    prefixes = used_prefixes(first, known) if len(first) < LOOK_AHEAD else dict(known)
    quads = (ox.Quad(*triple) for triple in chain(first, rest))  # all formats can write these
    ox.serialize(quads, output, RDF_FORMATS[media_type], prefixes=prefixes)


def _ask_store(store: ox.Store, ask: Ask) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    """Apply the rule for datasets: what the request names, else FROM, else the union of all."""
    base = ask.base or None
    if ask.default_graphs or ask.named_graphs:
        default, named = _names(ask.default_graphs), _names(ask.named_graphs)
        return store.query(ask.query, base_iri=base, default_graph=default, named_graphs=named)
    union = not sparql.dataset_clause(ask.query)
    return store.query(ask.query, base_iri=base, use_default_graph_as_union=union)


def _names(iris: tuple[str, ...]) -> list[Any]:
    """Graph names.

    Raises:
        BadRequest: one is no absolute IRI.
    """
    names = []
    for iri in iris:
        try:
            names.append(ox.NamedNode(iri))
        except ValueError as error:
            raise BadRequest(f"{iri!r} is no absolute IRI, so it names no graph") from error
    return names


class _Frames(io.RawIOBase):
    """A file that writes what it is given as data frames, each as full as it can be.

    What has not filled a frame when evaluation fails is never sent, so that an early
    failure is told before any byte of the result.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._held = bytearray()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take all of *data*; its length is returned."""
        self._held += data
        while len(self._held) >= MAX_FRAME:
            self._connection.sendall(frame(DATA, self._held[:MAX_FRAME]))
            del self._held[:MAX_FRAME]
        return len(data)

    def end(self) -> None:
        """Send the rest, and say that the answer is whole."""
        last = frame(DATA, self._held) if self._held else b""
        self._connection.sendall(last + frame(WHOLE))


def _peak_memory() -> int:
    """The most memory that this process ever held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


assert HEAD.size <= MAX_FRAME  # noqa: S101 (a first packet holds at least the head)
