"""The bytes between web process, supervisor and worker."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stancegraph.engine import Ask, MediaType, Notice, wire
from stancegraph.engine.embedded import SocketEngine
from stancegraph.errors import (
    BadRequest,
    EngineDown,
    NotAcceptable,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    QueryTimeout,
    StancegraphError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Answering = Callable[[bytes], SocketEngine]

ERRORS = [
    QuerySyntaxError("unexpected }", 3, 7),
    QuerySyntaxError("somewhere"),
    QueryRefused("updates are refused"),
    BadRequest("nöt good"),
    NotAcceptable(["text/csv", "text/turtle"]),
    QueryTimeout(1.5),
    QueryFailed("too much"),
    EngineDown("gone"),
]


@pytest.fixture
def answering(tmp_path: Path) -> Answering:
    """Makes an engine that answers every question with given bytes, then hangs up."""

    def make(answer: bytes) -> SocketEngine:
        path = tmp_path / "engine"
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with listener, suppress(TimeoutError):  # nobody asked once more
                for _ in range(2):  # a question that was cut off is asked once more
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        connection.settimeout(5)
                        connection.recv(10_000)
                        connection.sendall(answer)
                        if answer.endswith(wire.frame(wire.WHOLE)):
                            return

        listener.settimeout(2)
        threading.Thread(target=serve, daemon=True).start()
        return SocketEngine(path, "r")

    return make


@given(st.text(), st.lists(st.text()), st.floats(0.001, 1e5))
def test_a_question_comes_over_as_it_was(query: str, graphs: list[str], deadline: float) -> None:
    """Whatever the text, request and head tell the same question and its length."""
    ask = Ask(query, MediaType.CSV, tuple(graphs), ("x",), "b", deadline, 5, True, 7, 9, True)

    request = wire.request_bytes(ask)

    assert wire.read_ask(request) == ask
    assert wire.read_head(request) == (deadline, len(request))
    assert wire.read_head(request[:5]) is None


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_comes_over_as_it_was(error: StancegraphError) -> None:
    """Class, sentence and details survive both ways in which errors travel."""
    frame, trailer = wire.error_frame(error), wire.trailer(error)

    payloads = [
        frame[wire.FRAME.size : -1],
        trailer.removeprefix(wire.TRAILER_START),
    ]

    for payload in payloads:
        found = wire.read_error(payload)
        assert (type(found), str(found)) == (type(error), str(error))
        assert getattr(found, "line", None) == getattr(error, "line", None)
    assert len(trailer) == wire.TRAILER_SIZE
    assert wire.END_MARK not in trailer


def test_a_long_sentence_still_fits_into_a_trailer() -> None:
    """It is cut, and still read."""
    trailer = wire.trailer(QueryFailed("ü" * 5000))

    found = wire.read_error(trailer.removeprefix(wire.TRAILER_START))

    assert len(trailer) == wire.TRAILER_SIZE
    assert str(found).startswith("üüü")
    assert str(found).endswith("…")


@pytest.mark.parametrize("size", [20_000, 100_000])
def test_what_would_mend_is_left_out_where_it_is_too_long(size: int) -> None:
    """A hint of any length ends in a frame, and the sentence comes over."""
    error = QuerySyntaxError("no PREFIX line declares a:", 1, 2, "add " + "é" * size)

    frame = wire.error_frame(error)
    found = wire.read_error(frame[wire.FRAME.size : -1])

    assert len(frame) < wire.MAX_FRAME + 10
    assert isinstance(found, QuerySyntaxError)
    assert (found.message, found.hint) == (error.message, "")


@pytest.mark.parametrize("said", ['{"cut": 1e999}', "[" * 100_000, "[]", "\xff"])
def test_what_no_worker_says_is_an_end(said: str) -> None:
    """Whatever stands in a frame, what is read of it is of our own errors."""
    assert isinstance(wire.read_error(said.encode("latin-1")), EngineDown)
    with pytest.raises(EngineDown):
        wire.read_notice(said.encode("latin-1"))
    with pytest.raises(wire.BrokenRequest):
        wire.read_ask(b"0" * wire.HEAD.size + said.encode("latin-1"))


def test_a_trailer_is_found_wherever_the_worker_died(answering: Answering) -> None:
    """Cut a frame at any byte, write a trailer: the asker never takes one for the other."""
    first, second = wire.frame(wire.DATA, b"first"), wire.frame(wire.DATA, bytes(range(32, 90)))
    trailer = wire.trailer(QueryTimeout(2))

    for cut in range(len(second) + 1):
        answer = answering(first + second[:cut] + trailer).ask(Ask("", MediaType.CSV))
        whole = [b"first", second[wire.FRAME.size : -1]] if cut == len(second) else [b"first"]

        found = [next(answer) for _ in whole]
        with pytest.raises(QueryTimeout):
            next(answer)

        assert found == whole


@pytest.mark.parametrize("cut", [0, 3, 8])
def test_an_answer_that_just_ends_is_not_whole(answering: Answering, cut: int) -> None:
    """Neither at a frame's edge nor within it is the end of the connection an end."""
    answer = answering(wire.frame(wire.DATA, b"first")[:cut]).ask(Ask("", MediaType.CSV))

    with pytest.raises(EngineDown, match="broke off"):
        next(answer)


def test_a_whole_answer_ends(answering: Answering) -> None:
    """Frames are given one by one, up to the frame that says so."""
    frames = wire.frame(wire.DATA, b"one") + wire.frame(wire.DATA, b"two") + wire.frame(wire.WHOLE)

    assert list(answering(frames).ask(Ask("", MediaType.CSV))) == [b"one", b"two"]


def test_nobody_listens(tmp_path: Path) -> None:
    """The asker is told soon, for the engine may come back."""
    with pytest.raises(EngineDown, match="not running"):
        next(SocketEngine(tmp_path / "none", "r").ask(Ask("", MediaType.CSV, deadline=0.1)))


@given(st.none() | st.integers(0), st.none() | st.integers(0))
def test_a_notice_comes_over_before_the_answer(cut: int | None, count: int | None) -> None:
    """As it was."""
    notice = Notice(cut, count)

    kind, length = wire.FRAME.unpack(wire.notice_frame(notice)[: wire.FRAME.size])

    payload = wire.notice_frame(notice)[wire.FRAME.size : -1]
    assert (kind, length) == (wire.NOTICE, len(payload))
    assert wire.read_notice(payload) == notice


def test_an_answer_knows_its_notice_with_its_first_bytes(answering: Answering) -> None:
    """And nothing of it stands among those."""
    frames = wire.notice_frame(Notice(5, 9)) + wire.frame(wire.DATA, b"one")
    answer = answering(frames + wire.frame(wire.WHOLE)).ask(Ask("", MediaType.CSV))

    assert next(answer) == b"one"
    assert answer.notice == Notice(5, 9)
    assert list(answer) == []
