"""One query worker: a forked process that evaluates one query at a time, within bounds."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, cast

import pyoxigraph as ox

from stancegraph import mistakes, sparql
from stancegraph.engine import OFFERED, RDF_FORMATS, UPDATE_REFUSED, Ask, MediaType, Notice
from stancegraph.engine.describe import describe
from stancegraph.engine.prefixes import used_prefixes
from stancegraph.engine.rewrite import counting, sliced
from stancegraph.engine.wire import (
    DATA,
    HEAD,
    MAX_FRAME,
    WHOLE,
    BrokenRequest,
    error_frame,
    frame,
    notice_frame,
    read_ask,
    read_head,
)
from stancegraph.errors import (
    BadRequest,
    EngineDown,
    NotAcceptable,
    QueryFailed,
    QueryRefused,
    StancegraphError,
)
from stancegraph.orphans import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from stancegraph.engine.graph import Graph
    from stancegraph.engine.index import Source

DONE, RETIRED = b"D", b"R"
BROKEN, OUT_OF_MEMORY = 1, 70  # exit statuses

# The control socket and the asker's connection. With no place for another file, but those that
# a release on disk needs, a worker can open neither a socket nor a file, whatever a query tries.
_CONTROL, _CONNECTION, _FILES = 3, 4, 5
_UNKNOWN_FUNCTION = re.compile(r"custom function <([^>]*)> is not supported")

_TABLE_FORMATS = {
    MediaType.JSON: ox.QueryResultsFormat.JSON,
    MediaType.XML: ox.QueryResultsFormat.XML,
    MediaType.CSV: ox.QueryResultsFormat.CSV,
    MediaType.TSV: ox.QueryResultsFormat.TSV,
}
_WITHOUT_PREFIXES = (MediaType.N_TRIPLES, MediaType.N_QUADS)
# What stands between rows, or at the end of each; it may stand elsewhere too.
_MARKS = {
    MediaType.JSON: b"},{",
    MediaType.XML: b"</result>",
    MediaType.CSV: b"\n",
    MediaType.TSV: b"\n",
}
LOOK_AHEAD = 1000  # triples that are held back to see which prefixes they use


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one query may use: bytes of memory beyond what the store takes."""

    memory: int

    def memory_text(self) -> str:
        """The bound as people read it."""
        return f"{self.memory // 2**20} MiB"


def run(source: Source, control: socket.socket, bounds: Bounds) -> NoReturn:
    """Be a worker until the supervisor closes *control*; called in a fresh fork.

    Raises:
        OSError: *source* cannot be read.
    """
    control = _let_go(control)
    place = os.open(os.devnull, os.O_RDONLY)  # so that the files of *source* leave it free
    assert place == _CONNECTION  # noqa: S101
    graph = source.open()
    os.close(place)
    _confine(bounds, source.files)
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
                _answer(graph, request, connection, bounds)
            graph.rest()
            signal.setitimer(signal.ITIMER_REAL, 0)
            if _peak_memory() - peak > bounds.memory // 16:
                control.sendall(RETIRED)  # what a hungry query took is not given back
                break
            control.sendall(DONE)
    os._exit(0)


def _let_go(control: socket.socket) -> socket.socket:
    """Drop every file but the control socket, and what the parent does on signals."""
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    descriptor = os.dup2(control.detach(), _CONTROL)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(quiet, stream)
    os.closerange(_CONNECTION, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    end_with_parent(signal.SIGKILL)
    return socket.socket(fileno=descriptor)


def _confine(bounds: Bounds, files: int) -> None:
    """Set the bounds of this process, which may open so many *files*."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_bytes().split()[0])
        size = pages * resource.getpagesize() + bounds.memory
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES + files, _FILES + files))


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


def _answer(graph: Graph, request: bytes, connection: socket.socket, bounds: Bounds) -> None:
    """Evaluate one request and write its whole answer, or the error, to *connection*."""
    connection.settimeout(None)
    output = _Frames(connection)
    try:
        ask = read_ask(request)
        while not _evaluated(graph, ask, output):
            output = _Frames(connection)
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


def _evaluated(graph: Graph, ask: Ask, output: _Frames) -> bool:
    """Write the whole answer; whether it could, for it may have broken off before it began.

    Raises:
        StancegraphError, MemoryError, OSError, ValueError, RuntimeError: as `_evaluate` does.
    """
    try:
        _evaluate(graph, ask, output)
        output.end()
    except (StancegraphError, OSError, SyntaxError, ValueError, RuntimeError) as error:
        lost = graph.lost()
        if lost is None and isinstance(error, SyntaxError):
            lost = EngineDown("the engine's answer cannot be read; ask again")
        if lost is None:
            raise
        if output.begun or not graph.can_ask_again():
            raise lost from error
        return False
    return True


def out_of_memory(bounds: Bounds) -> QueryFailed:
    """What an asker is told of a query that broke the bound on memory."""
    return QueryFailed(
        f"the query needed more than the {bounds.memory_text()} of memory that one may use; "
        "ask for less: a LIMIT without ORDER BY, fewer patterns without shared variables"
    )


def _send_last(connection: socket.socket, last: bytes) -> None:
    with suppress(OSError):
        connection.sendall(last)


def _evaluate(graph: Graph, ask: Ask, frames: _Frames) -> None:
    """Write the answer to *ask* into *frames*, as it comes.

    Raises:
        QueryRefused, QuerySyntaxError, NotAcceptable: as the engine's interface says.
        QueryFailed: the answer is longer than it may be.
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
    if ask.explain:
        frames.write(_explained(graph, replace(ask, explain=False, count=False), form))
        return
    output = cast("IO[bytes]", frames)
    frames.max_bytes = ask.max_bytes
    if form == "ASK":
        _ask(graph, ask).serialize(output, format=_TABLE_FORMATS[ask.media_type])
    elif form == "SELECT":
        solutions = _Solutions(graph, ask)
        frames.rows = _Rows(ask, solutions.count, solutions.go_beyond, _MARKS[ask.media_type])
        solutions.wanted().serialize(output, format=_TABLE_FORMATS[ask.media_type])
    else:
        triples = partial(_triples, graph, ask, form)
        by_lines = ask.media_type in _WITHOUT_PREFIXES
        at_once = by_lines and form == "CONSTRUCT" and ask.limit is None
        frames.rows = _Rows(
            ask,
            lambda: sum(1 for _ in triples()),
            lambda number: next(islice(triples(), number, None), None) is not None,
            b"\n" if at_once else b"",
        )
        if at_once:
            found = _ask(graph, ask)
            if isinstance(found, ox.QueryTriples):
                found.serialize(output, format=RDF_FORMATS[ask.media_type])
            else:
                _write(found, output, ask.media_type, {})
        else:
            found = frames.rows.pass_on(islice(triples(), ask.limit))
            _write(found, output, ask.media_type, {} if by_lines else graph.prefixes)


def _explained(graph: Graph, ask: Ask, form: sparql.QueryForm) -> bytes:
    """What the answer to *ask* costs, as JSON: it is evaluated alone, then written too.

    Times are in milliseconds. The engine tells neither its plan nor parsing from planning.

    Raises:
        StancegraphError, MemoryError, OSError, ValueError, RuntimeError: as `_evaluate` does.
    """
    memory, worked = _peak_memory(), time.process_time()
    begun = time.perf_counter()
    found = _Solutions(graph, ask).wanted() if form == "SELECT" else _ask(graph, ask)
    parsed = time.perf_counter()
    first, rows = None, 0
    if form in {"CONSTRUCT", "DESCRIBE"}:
        found = islice(_triples(graph, ask, form), ask.limit)
    if form != "ASK":
        for _ in found:
            first = first or time.perf_counter()
            rows += 1
    evaluated = time.perf_counter()
    sink = _Frames(None)
    _evaluate(graph, ask, sink)
    written = time.perf_counter()
    told: dict[str, object] = {
        "form": form,
        "parsed_ms": _milliseconds(parsed - begun),
        "first_row_ms": None if first is None else _milliseconds(first - parsed),
        "evaluated_ms": _milliseconds(evaluated - parsed),
        "rows": None if form == "ASK" else rows,
        "media_type": ask.media_type,
        "bytes": sink.size,
        "evaluated_and_written_ms": _milliseconds(written - evaluated),
        "processor_ms": _milliseconds(time.process_time() - worked),
        "memory_bytes": _peak_memory() - memory,
    }
    return json.dumps(told, indent=2).encode() + b"\n"


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _ask(graph: Graph, ask: Ask) -> Any:
    """The result of the query in *ask*.

    Raises:
        QuerySyntaxError: it is none.
        RuntimeError: evaluation failed.
    """
    try:
        return graph.evaluate(ask)
    except SyntaxError as error:
        base = ask.base or None
        raise mistakes.syntax_error(ask.query, error, base=base, known=graph.prefixes) from error
    except RuntimeError as error:
        if unknown := _UNKNOWN_FUNCTION.search(str(error)):
            raise mistakes.unknown_function(
                ask.query, unknown[1], base=ask.base or None, known=graph.prefixes
            ) from error
        raise


def _triples(graph: Graph, ask: Ask, form: sparql.QueryForm) -> Iterator[ox.Triple]:
    """What a CONSTRUCT or DESCRIBE gives, anew with each call."""
    found = _ask(graph, ask)  # which tells mistakes
    if form == "DESCRIBE":
        return iter(describe(ask, graph.evaluate, graph.description))
    return iter(found)


class _Solutions:
    """What a SELECT finds."""

    def __init__(self, graph: Graph, ask: Ask) -> None:
        self._graph = graph
        self._asked = ask

    def wanted(self) -> ox.QuerySolutions:
        """As many as are wanted.

        Raises:
            QuerySyntaxError: the query is none.
            QueryRefused: its words run together, so that no limit can be set.
        """
        asked = self._asked
        found = _ask(self._graph, asked)  # which tells mistakes
        if asked.limit is not None:
            found = self._slice(0, asked.limit)
        return cast("ox.QuerySolutions", found)

    def count(self) -> int:
        """How many there are."""
        try:
            found = self._graph.evaluate(self._with(counting(self._asked.query)))
        except SyntaxError:  # the query is none, or its words run together
            return sum(1 for _ in _ask(self._graph, self._asked))
        (row,) = cast("Iterable[ox.QuerySolution]", found)
        return int(cast("ox.Literal", row[0]).value)

    def go_beyond(self, number: int) -> bool:
        """Whether there are more than *number*."""
        return next(self._slice(number, 1), None) is not None

    def _slice(self, skip: int, take: int) -> Any:
        try:
            return self._graph.evaluate(self._with(sliced(self._asked.query, skip, take)))
        except SyntaxError as error:
            told = "no limit can be set on this query: write a space between its words"
            raise QueryRefused(told) from error

    def _with(self, query: str) -> Ask:
        return replace(self._asked, query=query)


class _Rows:
    """Sees to it that no more rows, or triples, are written than may be, and tells of a cut.

    Tables are written by the engine, so their rows can only be guessed at from the bytes: by a
    mark that stands in each row, and maybe in a text. If there seem to be too many, the engine
    is asked whether there are.
    """

    def __init__(
        self,
        ask: Ask,
        count: Callable[[], int],
        go_beyond: Callable[[int], bool],
        mark: bytes = b"",
    ) -> None:
        """Watch the answer to *ask*.

        Args:
            count: Tells how many there are.
            go_beyond: Tells whether there are more than a number.
            mark: What to count in the bytes; nothing, where `pass_on` counts.
        """
        self._asked = ask
        self._count = count
        self._go_beyond = go_beyond
        self._mark = mark
        self._seen = 1 if mark == _MARKS[MediaType.JSON] else 0  # which stands between rows
        fits = ask.limit is not None and ask.limit <= ask.max_rows
        self._bound = 0 if fits else ask.max_rows
        self._rest = b""

    def notice(self, *, whole: bool) -> Notice:
        """What to tell before the first byte; *whole* if all was written by now."""
        limit = self._asked.limit
        count = self._count() if self._asked.count else None
        if limit is None or (whole and self._seen < limit):
            return Notice(count=count)
        more = self._go_beyond(limit) if count is None else count > limit
        return Notice(limit if more else None, count)

    def look_at(self, data: bytes) -> None:
        """Count what is written.

        Raises:
            QueryFailed: there are too many rows.
        """
        if not self._mark:
            return
        self._seen += (self._rest + data).count(self._mark)
        self._rest = data[1 - len(self._mark) :] if len(self._mark) > 1 else b""
        if self._bound and self._seen > self._bound:
            if self._go_beyond(self._bound):
                raise _too_long(f"{self._bound} rows")
            self._bound = 0

    def pass_on(self, triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
        """Count triples.

        Raises:
            QueryFailed: there are too many.
        """
        for triple in triples:
            self._seen += 1
            if self._bound and self._seen > self._bound:
                raise _too_long(f"{self._bound} triples")
            yield triple


def _too_long(bound: str) -> QueryFailed:
    return QueryFailed(
        f"the answer is longer than the {bound} that one may have; "
        "ask for it in parts, with LIMIT and OFFSET, or name a smaller limit"
    )


def _write(
    triples: Iterable[ox.Triple],
    output: IO[bytes],
    media_type: MediaType,
    known: Mapping[str, str],
) -> None:
    """Write *triples* as they come, with the prefixes that they use; with all, if they are many."""
    rest = iter(triples)
    first = list(islice(rest, LOOK_AHEAD))
    few = known and len(first) < LOOK_AHEAD
    prefixes = used_prefixes(first, known) if few else dict(known)
    ox.serialize(chain(first, rest), output, RDF_FORMATS[media_type], prefixes=prefixes)


class _Frames(io.RawIOBase):
    """A file that writes what it is given as data frames, each as full as it can be.

    What has not filled a frame when evaluation fails is never sent, so that an early
    failure is told before any byte of the result.

    Attributes:
        max_bytes: How much may be written; 0 for no bound.
        size: How much was.
        begun: Whether any of it was sent.
        rows: What watches the rows that are written.
    """

    def __init__(self, connection: socket.socket | None) -> None:
        """Write to *connection*; for None nowhere."""
        self.max_bytes = 0
        self.rows: _Rows | None = None
        self._connection = connection
        self._held = bytearray()
        self.size = 0
        self.begun = False

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take all of *data*; its length is returned.

        Raises:
            QueryFailed: it, or the number of rows, is too much.
        """
        self.size += len(data)
        if self.max_bytes and self.size > self.max_bytes:
            raise _too_long(f"{self.max_bytes} bytes")
        if self.rows is not None:
            self.rows.look_at(data)
        self._held += data
        while len(self._held) >= MAX_FRAME:
            self._begin(whole=False)
            self._send(frame(DATA, self._held[:MAX_FRAME]))
            del self._held[:MAX_FRAME]
        return len(data)

    def end(self) -> None:
        """Send the rest, and say that the answer is whole."""
        self._begin(whole=True)
        last = frame(DATA, self._held) if self._held else b""
        self._send(last + frame(WHOLE))

    def _send(self, frames: bytes) -> None:
        if self._connection is not None:
            self._connection.sendall(frames)

    def _begin(self, *, whole: bool) -> None:
        """Before the first frame, send the notice, if there is anything to tell."""
        if not self.begun:
            self.begun = True
            notice = self.rows.notice(whole=whole) if self.rows else Notice()
            if notice != Notice():
                self._send(notice_frame(notice))


def _peak_memory() -> int:
    """The most memory that this process ever held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


assert HEAD.size <= MAX_FRAME  # noqa: S101 (a first packet holds at least the head)
