"""What the server tells of itself, on applications of a few lines."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import REGISTRY

from stancegraph.engine import Ask, MediaType, Notice
from stancegraph.errors import QueryFailed, QuerySyntaxError, QueryTimeout
from stancegraph.web.bridge import REQUEST_ID
from stancegraph.web.metrics import MeasuredEngine
from stancegraph.web.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from stancegraph.engine import Engine
    from stancegraph.web.bridge import Message, Receive, Send
    from stancegraph.web.cache import Application

RELEASE = "2026-11-22-0123456789ab"


class FakeAnswer:
    """Gives *pieces*, then raises *error* if there is one."""

    notice = Notice()

    def __init__(self, pieces: tuple[bytes, ...], error: Exception | None) -> None:
        self._rest = self._give(pieces, error)
        self.close = self._rest.close

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next piece."""
        return next(self._rest)

    @staticmethod
    def _give(pieces: tuple[bytes, ...], error: Exception | None) -> Generator[bytes]:
        yield from pieces
        if error:
            raise error


class FakeEngine:
    """An engine that gives *pieces*, then raises *error* if there is one."""

    release_id = RELEASE

    def __init__(self, *pieces: bytes, error: Exception | None = None, up: bool = True) -> None:
        self._answer = FakeAnswer(pieces, error)
        self._up = up

    def is_up(self) -> bool:
        """Whether it was made so."""
        return self._up

    def ask(self, _ask: Ask, /) -> FakeAnswer:
        """The one answer that it has."""
        return self._answer

    def close(self) -> None:
        """Nothing is held."""


def request(
    path: str,
    app: Application,
    *,
    engine: Engine | None = None,
    method: str = "GET",
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> list[Message]:
    """The messages that a recorder before *app* sends for one request."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    recorder = Recorder(app, engine or FakeEngine(), release_id=RELEASE, routes=["sparql"])
    recorder.begin()
    scope: dict[str, Any] = {
        "type": "http", "method": method, "path": path, "headers": headers,
        "client": ("192.0.2.1", 4711), "scheme": "http",
    }  # fmt: skip
    asyncio.run(recorder(scope, receive, send))
    return sent


async def two_pieces(_scope: Message, _receive: Receive, send: Send) -> None:
    headers = [(b"cache-status", b"stancegraph; hit"), (b"x-request-id", b"of-somebody-else")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"one", "more_body": True})
    await send({"type": "http.response.body", "body": b"two"})


async def half(_scope: Message, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"one", "more_body": True})
    raise RuntimeError("the rest did not come")


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_an_answer_passes_as_it_is_but_for_its_id() -> None:
    """The body is untouched; the id is this request's, never that of the one who made it."""
    start, *bodies = request("/sparql", two_pieces)

    assert [body["body"] for body in bodies] == [b"one", b"two"]
    ids = [text for name, text in start["headers"] if name == b"x-request-id"]
    assert len(ids) == 1
    assert ids != [b"of-somebody-else"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b"from-the-proxy-42", True),
        (b"short", False),
        (b'a"quote-and-more', False),
        (b"x" * 65, False),
    ],
)
def test_a_proxys_id_is_kept_if_it_is_one(given: bytes, kept: bool) -> None:
    """So that its log and ours speak of the same request; what might break a log is not."""
    seen: list[str] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.append(scope[REQUEST_ID])
        await two_pieces(scope, receive, send)

    start, *_ = request("/sparql", app, headers=((b"x-request-id", given),))

    assert ((b"x-request-id", given) in start["headers"]) is kept
    assert (seen == [given.decode()]) is kept


@pytest.fixture(autouse=True)
def logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The access log speaks, though requests made in this process may have silenced it."""
    monkeypatch.setattr(logging.getLogger("stancegraph.access"), "disabled", False)


def test_a_line_of_the_log_says_all_but_the_question(caplog: pytest.LogCaptureFixture) -> None:
    """It is JSON, whatever stands in the path."""
    with caplog.at_level(logging.INFO, "stancegraph.access"):
        request('/sparql"\n{', two_pieces)

    line = json.loads(caplog.records[-1].getMessage())
    named = ("client", "path", "status", "bytes", "cache", "whole")
    assert {name: line[name] for name in named} == {
        "client": "192.0.2.1", "path": '/sparql"\n{', "status": 200, "bytes": 6,
        "cache": "hit", "whole": True,
    }  # fmt: skip
    assert line["release"] == RELEASE


def test_what_broke_off_is_logged_as_not_whole(caplog: pytest.LogCaptureFixture) -> None:
    """The failure goes on to the server, which ends the connection."""
    before = counted("stancegraph_broken_off_total")

    with caplog.at_level(logging.INFO, "stancegraph.access"), pytest.raises(RuntimeError):
        request("/sparql", half)

    assert json.loads(caplog.records[-1].getMessage())["whole"] is False
    assert counted("stancegraph_broken_off_total") == before + 1


def test_strangers_cannot_make_new_counters() -> None:
    """Paths and methods that nobody knows count as one."""
    labels = {"method": "other", "route": "other", "status": "200"}
    before = counted("stancegraph_requests_total", **labels)

    for path in ("/a", "/b/c", "/sparqlx", "*"):
        request(path, two_pieces, method="BREW")

    assert counted("stancegraph_requests_total", **labels) == before + 4


@pytest.mark.parametrize(("up", "status"), [(True, 200), (False, 503)])
def test_ready_is_whether_the_engine_takes_questions(up: bool, status: int) -> None:
    """Alive is every process that answers at all."""
    engine = FakeEngine(up=up)

    assert request("/ready", half, engine=engine)[0]["status"] == status
    assert request("/health", half, engine=engine)[0]["status"] == 200


def test_ready_names_the_release_for_a_proxy() -> None:
    """In the header in which every answer does."""
    start, _ = request("/ready", two_pieces)

    assert (b"x-stancegraph-release", RELEASE.encode()) in start["headers"]


def test_metrics_are_prometheus_text() -> None:
    """HEAD has the headers alone; what is served is named."""
    start, body = request("/metrics", half)
    head_start, head_body = request("/metrics", half, method="HEAD")

    assert (b"content-type", b"text/plain; version=0.0.4; charset=utf-8") in start["headers"]
    assert f'stancegraph_release_loaded{{release="{RELEASE}"}} 1.0'.encode() in body["body"]
    assert head_start["status"] == 200
    assert head_body["body"] == b""


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "whole"),
        (QuerySyntaxError("not SPARQL"), "refused"),
        (QueryTimeout(1), "timeout"),
        (QueryFailed("too much"), "failed"),
    ],
)
def test_a_query_counts_by_how_it_ended(error: Exception | None, outcome: str) -> None:
    """Once, though it is closed afterwards."""
    before = counted("stancegraph_queries_total", outcome=outcome)
    given_up = counted("stancegraph_queries_total", outcome="given_up")
    answer = MeasuredEngine(FakeEngine(b"a", error=error)).ask(Ask("ASK {}", MediaType.JSON))

    try:
        list(answer)
    except type(error or Exception()):
        assert error is not None
    answer.close()

    assert counted("stancegraph_queries_total", outcome=outcome) == before + 1
    assert counted("stancegraph_queries_total", outcome="given_up") == given_up


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    """As when a client hangs up."""
    before = counted("stancegraph_queries_total", outcome="given_up")

    MeasuredEngine(FakeEngine(b"a")).ask(Ask("ASK {}", MediaType.JSON)).close()

    assert counted("stancegraph_queries_total", outcome="given_up") == before + 1
