"""What is counted of the web processes, for Prometheus.

All web processes write to one folder, and whichever is asked adds up what all have counted.
Labels have few values, whatever strangers send: a path counts under its first part where the
application knows it, a method where HTTP does.
"""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY

from stancegraph.engine import EngineBefore
from stancegraph.errors import EngineDown, QueryFailed, QueryTimeout, RequestError, StancegraphError
from stancegraph.serving import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stancegraph.engine import Answer, Ask, Notice
    from stancegraph.engine.stream import AsyncAnswer, AsyncEngine

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)

requests = Counter(
    "stancegraph_requests",
    "Requests that were answered, as far as they were",
    ["method", "route", "status"],
)
request_seconds = Histogram(
    "stancegraph_request_seconds",
    "Seconds from a request to the last byte of its answer",
    ["route"],
    buckets=SECONDS,
)
cached = Counter(
    "stancegraph_cache",
    "Requests by what the cache of answers did: hit, collapsed (waited for another), miss",
    ["result"],
)
queries = Counter(
    "stancegraph_queries",
    "Queries that the engine was asked, by how they ended",
    ["outcome"],
)
query_seconds = Histogram(
    "stancegraph_query_seconds",
    "Seconds from asking the engine to the end of its answer",
    buckets=SECONDS,
)
broken_off = Counter("stancegraph_broken_off", "Answers that broke off before they were whole")
release_loaded = Gauge(
    "stancegraph_release_loaded",
    "1 for the release that is served, 0 for one that was",
    ["release"],
    multiprocess_mode="livemax",
)

# What counts under given labels; to look that up takes longer than to count.
requests_of, seconds_of = cache(requests.labels), cache(request_seconds.labels)
cached_as, queries_with = cache(cached.labels), cache(queries.labels)

# How a query ended, by the class of the error; the most special first. Those from `timeout`
# on cost the worker its life.
_OUTCOMES: tuple[tuple[type[StancegraphError], str], ...] = (
    (RequestError, "refused"),
    (EngineDown, "unavailable"),
    (QueryTimeout, "timeout"),
    (QueryFailed, "failed"),
)


def text() -> bytes:
    """All counts, in Prometheus' text format 0.0.4; of all web processes that share a folder."""
    if COUNTS not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def reserve() -> None:
    """Take the room on the disk that the counts of this process need.

    The library maps files with holes into memory: on a disk that is full by the time when one
    is first written to, the process would be ended in the midst of an answer.

    Raises:
        OSError: there is no room.
    """
    if COUNTS in os.environ and hasattr(os, "posix_fallocate"):
        for path in Path(os.environ[COUNTS]).glob(f"*_{os.getpid()}.db"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


class MeasuredEngine(EngineBefore):
    """An engine whose queries are counted by how they end."""

    def ask(self, ask: Ask) -> Answer:
        """Start on a question, as :meth:`stancegraph.engine.Engine.ask` says."""
        return _MeasuredAnswer(super().ask(ask))


class MeasuredStreams:
    """The same for an engine that is asked from an event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    def ask(self, ask: Ask) -> AsyncAnswer:
        """Start on a question, as :meth:`stancegraph.engine.stream.AsyncEngine.ask` says."""
        return _MeasuredStream(self._engine.ask(ask))


class _Outcome:
    """Counts one question once, when its answer ends or is given up."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._counted = False

    def whole(self) -> None:
        """It was answered."""
        self._count("whole")

    def failed(self, error: StancegraphError) -> None:
        """There is no answer, or not the whole."""
        self._count(next(name for kind, name in _OUTCOMES if isinstance(error, kind)))

    def given_up(self) -> None:
        """Who asked wants no more."""
        self._count("given_up")

    def _count(self, outcome: str) -> None:
        if not self._counted:
            self._counted = True
            queries_with(outcome).inc()
            query_seconds.observe(time.monotonic() - self._begun)


class _MeasuredAnswer:
    """An answer that is counted."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._outcome = _Outcome()

    @property
    def notice(self) -> Notice:
        """What is told beside it; known once the first bytes were given."""
        return self._answer.notice

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next bytes, as :meth:`stancegraph.engine.Answer.__next__` says."""
        try:
            return next(self._answer)
        except StopIteration:
            self._outcome.whole()
            raise
        except StancegraphError as error:
            self._outcome.failed(error)
            raise

    def close(self) -> None:
        """Stop the work; what was not read to its end was given up."""
        self._outcome.given_up()
        self._answer.close()


class _MeasuredStream:
    """The same for an event loop."""

    def __init__(self, answer: AsyncAnswer) -> None:
        self._answer = answer
        self._outcome = _Outcome()

    @property
    def notice(self) -> Notice:
        """What is told beside it; known once the first bytes were given."""
        return self._answer.notice

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The next bytes, as :meth:`stancegraph.engine.stream.AsyncAnswer.__anext__` says."""
        try:
            return await anext(self._answer)
        except StopAsyncIteration:
            self._outcome.whole()
            raise
        except StancegraphError as error:
            self._outcome.failed(error)
            raise

    def close(self) -> None:
        """Stop the work; what was not read to its end was given up."""
        self._outcome.given_up()
        self._answer.close()
