"""How web processes, supervisor and workers talk over the engine's Unix socket.

A request is a head (magic, deadline, length) and a JSON body. One connection takes one request
after another, each when the one before is answered. An answer is a run of frames:
a kind, a length, the bytes, and one end mark that no text in UTF-8 contains. A worker can be
killed inside a frame; the supervisor then writes a *trailer*, an error of fixed length
without that mark, so a frame which it has run into is never taken for a good one, and the
reader finds it at the end of what it received. A notice, where there is one, is the first
frame.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from stancegraph.engine import Ask, MediaType, Notice
from stancegraph.errors import (
    BadRequest,
    EngineDown,
    NotAcceptable,
    QueryError,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    QueryTimeout,
    StancegraphError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

READY = "ready"  # what a supervisor says once it listens
HEAD = struct.Struct(">4sdI")
MAGIC = b"SGQ1"
MAX_REQUEST = 16 * 2**20
MAX_DEADLINE = 10.0 * 86400
FRAME = struct.Struct(">cI")
MAX_FRAME = 64 * 2**10
END_MARK = b"\xfe"
TRAILER_SIZE = 512
TRAILER_START = b"!trailer "

DATA, WHOLE, ERROR, NOTICE = b"D", b"W", b"E", b"N"
_KINDS = frozenset({DATA, WHOLE, ERROR, NOTICE})

_FIELDS = tuple(field.name for field in fields(Ask))

# What reading JSON of an unknown form raises, a number without end and endless nesting too.
_UNREADABLE = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
_BROKEN_OFF = "the engine stopped before the answer was whole"


class BrokenRequest(Exception):  # between our own processes, told to nobody
    """The bytes are no request of this protocol."""


def request_bytes(ask: Ask) -> bytes:
    """*ask* as a request.

    Raises:
        BadRequest: it is longer than a request may be.
    """
    body = json.dumps({name: getattr(ask, name) for name in _FIELDS}).encode()
    if len(body) > MAX_REQUEST:
        raise BadRequest(f"a query may hold at most {MAX_REQUEST} bytes")
    return HEAD.pack(MAGIC, ask.deadline, len(body)) + body


def read_head(start: bytes) -> tuple[float, int] | None:
    """Deadline in seconds and whole length in bytes of the request that starts so.

    None while *start* is too short to tell.

    Raises:
        BrokenRequest: no request starts so.
    """
    if not MAGIC.startswith(start[:4]):
        raise BrokenRequest("not a request")
    if len(start) < HEAD.size:
        return None
    _, deadline, length = HEAD.unpack(start[: HEAD.size])
    if not 0 < deadline <= MAX_DEADLINE or length > MAX_REQUEST:
        raise BrokenRequest("a deadline or length out of bounds")
    return deadline, HEAD.size + length


def read_ask(request: bytes) -> Ask:
    """The question in a whole request.

    Raises:
        BrokenRequest: its body is not the JSON of an :class:`Ask`.
    """
    try:
        given = json.loads(request[HEAD.size :])
        return Ask(
            query=str(given["query"]),
            media_type=MediaType(given["media_type"]),
            default_graphs=tuple(map(str, given["default_graphs"])),
            named_graphs=tuple(map(str, given["named_graphs"])),
            base=str(given["base"]),
            deadline=float(given["deadline"]),
            limit=_count(given["limit"]),
            count=bool(given["count"]),
            max_rows=int(given["max_rows"]),
            max_bytes=int(given["max_bytes"]),
            explain=bool(given["explain"]),
        )
    except _UNREADABLE as error:
        raise BrokenRequest(str(error)) from error


def frame(kind: bytes, payload: bytes | bytearray = b"") -> bytes:
    """One frame of at most ``MAX_FRAME`` bytes of *payload*."""
    return b"".join((FRAME.pack(kind, len(payload)), payload, END_MARK))


def notice_frame(notice: Notice) -> bytes:
    """The first frame of an answer beside which something is told."""
    return frame(NOTICE, json.dumps(asdict(notice)).encode())


def read_notice(payload: bytes) -> Notice:
    """The notice in such a frame.

    Raises:
        EngineDown: it cannot be read.
    """
    try:
        told = json.loads(payload)
        return Notice(cut=_count(told["cut"]), count=_count(told["count"]))
    except _UNREADABLE:
        raise EngineDown(_BROKEN_OFF) from None


def error_frame(error: StancegraphError) -> bytes:
    """The last frame of an answer that failed, written by a worker."""
    return frame(ERROR, _error_json(error, MAX_FRAME))


class FrameReader:
    """Takes answers apart as their bytes come, from however many pieces."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._broken = False

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """The frames, each its kind and payload, that *data* completes; in their order."""
        held = self._held
        held += data
        frames: list[tuple[bytes, bytes]] = []
        start = 0
        while not self._broken and len(held) >= start + FRAME.size:
            kind, length = FRAME.unpack_from(held, start)
            if kind not in _KINDS or length > MAX_FRAME:
                self._broken = True
                break
            end = start + FRAME.size + length
            if len(held) <= end:
                break
            if held[end] != END_MARK[0]:
                self._broken = True
                break
            frames.append((kind, bytes(held[start + FRAME.size : end])))
            start = end + 1
        if self._broken:  # what counts from now on is how it ends
            start = max(start, len(held) - TRAILER_SIZE)
        del held[:start]
        return frames

    def failure(self) -> StancegraphError | None:
        """What the trailer says, now that no more comes; None where there is none."""
        tail = bytes(self._held[-TRAILER_SIZE:])
        if len(tail) < TRAILER_SIZE or not tail.startswith(TRAILER_START):
            return None
        return read_error(tail.removeprefix(TRAILER_START))


def trailer(error: StancegraphError) -> bytes:
    """What the supervisor writes for a worker that no longer can."""
    start = TRAILER_START + _error_json(error, TRAILER_SIZE - len(TRAILER_START))
    return start.ljust(TRAILER_SIZE)


def read_error(payload: bytes) -> StancegraphError:
    """The error in an error frame or trailer; EngineDown where it cannot be read."""
    try:
        told = json.loads(payload)
        return _READERS[told["error"]](told)
    except _UNREADABLE:
        return EngineDown(_BROKEN_OFF)


def _error_json(error: StancegraphError, bound: int) -> bytes:
    """*error* in ASCII, so that all fits into *bound* bytes.

    The message is cut for that; what would mend it is left out where it is too long itself.
    """
    told: dict[str, object] = {"error": type(error).__name__}
    match error:
        case QueryError():
            hint = error.hint if len(json.dumps(error.hint)) < bound // 2 else ""
            told |= {"line": error.line, "column": error.column, "hint": hint}
        case QueryTimeout():
            told["seconds"] = error.seconds
        case NotAcceptable():
            told["offered"] = error.offered
    message = error.message if isinstance(error, QueryError) else str(error)
    while len(text := json.dumps(told | {"message": message}).encode()) > bound:
        message = message[: len(message) // 2] + "…"
    return text


_READERS: dict[str, Callable[[dict[str, object]], StancegraphError]] = {
    "QuerySyntaxError": lambda told: _query_error(QuerySyntaxError, told),
    "QueryRefused": lambda told: _query_error(QueryRefused, told),
    "BadRequest": lambda told: BadRequest(str(told["message"])),
    "NotAcceptable": lambda told: NotAcceptable(_texts(told["offered"])),
    "QueryTimeout": lambda told: QueryTimeout(float(str(told["seconds"]))),
    "QueryFailed": lambda told: QueryFailed(str(told["message"])),
    "EngineDown": lambda told: EngineDown(str(told["message"])),
}


def _query_error(kind: type[QueryError], told: dict[str, object]) -> QueryError:
    line, column = _count(told["line"]), _count(told["column"])
    return kind(str(told["message"]), line, column, str(told["hint"]))


def _count(field: object) -> int | None:
    return field if isinstance(field, int) else None


def _texts(field: object) -> list[str]:
    return [str(item) for item in field] if isinstance(field, list) else []
