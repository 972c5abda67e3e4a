"""The answer cache before an application that is played."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from stancegraph.web.cache import (
    COLLAPSED,
    HIT,
    OVERHEAD,
    Answer,
    AnswerCache,
    AnswerStore,
    Key,
    normalised,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from stancegraph.web.bridge import Message, Receive, Send

    Headers = list[tuple[bytes, bytes]]

MEBIBYTE = 2**20
TAGGED = [(b"etag", b'"t"'), (b"vary", b"Accept"), (b"content-type", b"text/csv")]


# The store


def key_of(name: str) -> Key:
    return Key("http", b"h", name, b"", b"", b"")


def answer_of(size: int) -> Answer:
    return Answer(200, (), b"x" * size)


def test_the_answer_not_asked_for_longest_gives_way() -> None:
    """To ask for an answer keeps it; to put one in drives out no more than it must."""
    store = AnswerStore(16 * (OVERHEAD + key_of("00").size + 1000))
    for name in range(16):
        store.put(key_of(f"{name:02}"), answer_of(1000))

    store.get(key_of("00"))
    store.put(key_of("16"), answer_of(1000))

    kept = [name for name in range(17) if store.get(key_of(f"{name:02}"))]
    assert kept == [0, *range(2, 17)]


def test_what_is_kept_never_passes_the_bound() -> None:
    """Bytes of bodies, headers and keys count, and an overhead for each answer."""
    store = AnswerStore(MEBIBYTE)
    randoms = random.Random(1)  # noqa: S311 (nothing secret)
    sizes = []

    for name in range(500):
        store.put(key_of(str(name % 60)), answer_of(randoms.randrange(70_000)))
        kept = [(key_of(str(n)), store.get(key_of(str(n)))) for n in range(60)]
        sizes.append(store.size)
        assert store.size == sum(
            OVERHEAD + key.size + answer.size for key, answer in kept if answer is not None
        )

    assert MEBIBYTE * 0.8 < max(sizes) <= MEBIBYTE


def test_one_answer_takes_no_more_than_its_share() -> None:
    """A sixteenth of the whole; what was kept before stays. Headers count too."""
    store = AnswerStore(MEBIBYTE)
    store.put(key_of("a"), answer_of(10))

    store.put(key_of("b"), answer_of(MEBIBYTE // 16))
    store.put(key_of("c"), Answer(200, ((b"link", b"x" * (MEBIBYTE // 16)),), b""))

    assert [bool(store.get(key_of(name))) for name in "abc"] == [True, False, False]


def test_a_store_of_no_size_keeps_nothing() -> None:
    """So 0 switches it off."""
    store = AnswerStore(0)

    store.put(key_of("a"), Answer(200, (), b""))

    assert store.get(key_of("a")) is None
    assert not store.lend(1)


def test_what_is_lent_has_a_bound_of_its_own() -> None:
    """Answers that are still being made take at most a quarter beside what is kept."""
    store = AnswerStore(1000)

    assert [store.lend(200), store.lend(51), store.lend(50)] == [True, False, True]
    store.take_back(51)
    assert [store.lend(52), store.lend(51)] == [False, True]


def test_threads_may_share_a_store() -> None:
    """After a rush of four threads the size still is that of what is kept."""
    store = AnswerStore(MEBIBYTE // 4)

    def rush(seed: int) -> None:
        randoms = random.Random(seed)  # noqa: S311 (nothing secret)
        for _ in range(2000):
            name = str(randoms.randrange(40))
            store.put(key_of(name), answer_of(randoms.randrange(15_000)))
            store.get(key_of(str(randoms.randrange(40))))

    threads = [threading.Thread(target=rush, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kept = [(key_of(str(n)), store.get(key_of(str(n)))) for n in range(40)]
    assert store.size == sum(OVERHEAD + k.size + a.size for k, a in kept if a is not None)
    assert 0 < store.size <= MEBIBYTE // 4


@given(st.lists(st.sampled_from([*' \t,;="\\*/q.-+5x', "text/csv", "q=0.4", "a/b;c=d"])))
@example(list('text/turtle ;\tq=0.5 , text/csv; a="x , y"; q=1'))
def test_a_normalised_accept_says_the_same(pieces: list[str]) -> None:
    """The application reads from it what it reads from the header as it was sent."""
    sent = "".join(pieces)

    found = parse_accept_header(normalised(sent.encode()).decode(), MIMEAccept)

    assert list(found) == list(parse_accept_header(sent, MIMEAccept))


# The cache


@dataclass
class App:
    """An application that gives the same pieces each time, and counts how often."""

    pieces: tuple[bytes, ...] = (b"whole",)
    status: int = 200
    headers: Headers = field(default_factory=lambda: list(TAGGED))
    failure: Exception | None = None
    gate: asyncio.Event | None = None
    asked: list[Message] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer as told, when the gate is open."""
        self.asked.append(scope)
        if scope["method"] == "POST":
            self.bodies.append((await receive())["body"])
        if self.gate is not None:
            await self.gate.wait()
        if self.failure and not self.pieces:
            raise self.failure
        start = {"status": self.status, "headers": self.headers}
        await send({"type": "http.response.start", **start})
        last = len(self.pieces) - 1
        for number, piece in enumerate(self.pieces):
            if number == last and self.failure:
                raise self.failure
            more = number < last
            await send({"type": "http.response.body", "body": piece, "more_body": more})


@dataclass(frozen=True)
class Reply:
    """What a client got."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    whole: bool

    @property
    def said(self) -> bytes | None:
        """What Cache-Status says."""
        return self.headers.get(b"cache-status")


async def request(
    cache: AnswerCache,
    method: str = "GET",
    path: str = "/sparql",
    body: bytes = b"",
    query: bytes = b"query=ASK{}",
    **headers: str,
) -> Reply:
    """Send one request; an application that fails gives a reply that is not whole."""
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query, "scheme": "http",
        "headers": [(n.replace("_", "-").encode(), text.encode()) for n, text in headers.items()],
    }  # fmt: skip
    sent: list[Message] = []
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    with contextlib.suppress(OSError):
        await cache(scope, receive, send)
    start: Message = sent[0] if sent else {"status": 0, "headers": []}
    pieces = sent[1:]
    return Reply(
        start["status"],
        dict(start["headers"]),
        b"".join(piece["body"] for piece in pieces),
        bool(pieces) and not pieces[-1].get("more_body", False),
    )


def cached(app: App, size: int = MEBIBYTE) -> AnswerCache:
    return AnswerCache(app, size=size, max_body=100)


def replies(app: App, *requests: dict[str, Any], size: int = MEBIBYTE) -> list[Reply]:
    """The replies to *requests*, sent one after another."""

    async def send_all() -> list[Reply]:
        cache = cached(app, size)
        return [await request(cache, **arguments) for arguments in requests]

    return asyncio.run(send_all())


def test_the_second_answer_is_the_first() -> None:
    """Same bytes and headers, but for the word that it was kept; the application sleeps."""
    app = App()

    first, second = replies(app, {}, {})

    assert len(app.asked) == 1
    assert (first.body, first.said) == (b"whole", None)
    assert second.headers == {**first.headers, b"cache-status": HIT}
    assert (second.status, second.body, second.whole) == (200, b"whole", True)


def test_an_answer_in_pieces_is_kept_once_it_is_whole() -> None:
    """It is passed on as it comes, and given in one piece from then on."""
    app = App(pieces=(b"a", b"", b"b", b""))

    first, second = replies(app, {}, {})

    assert (first.body, first.said, first.whole) == (b"ab", None, True)
    assert (second.body, second.said) == (b"ab", HIT)
    assert second.headers[b"content-length"] == b"2"


@pytest.mark.parametrize("pieces", [(b"a", b"b"), (b"a",), ()])
def test_an_answer_that_breaks_off_is_not_kept(pieces: tuple[bytes, ...]) -> None:
    """What the client got does not end as if it were whole, and is asked for anew."""
    app = App(pieces=pieces, failure=OSError())

    first, second = replies(app, {}, {})

    assert not first.whole
    assert not second.whole
    assert len(app.asked) == 2


@pytest.mark.parametrize(
    ("status", "header"),
    [
        (200, (b"cache-control", b"max-age=0, No-Store")),
        (200, (b"cache-control", b"private")),
        (200, (b"set-cookie", b"a=b")),
        (200, (b"vary", b"Accept-Language")),
        (200, (b"vary", b"*")),
        (206, (b"x", b"y")),
        (304, (b"x", b"y")),
        (400, (b"x", b"y")),
        (404, (b"x", b"y")),
        (503, (b"x", b"y")),
    ],
)
@pytest.mark.parametrize("pieces", [(b"a",), (b"a", b"b")])
def test_what_may_not_be_kept_is_asked_for_each_time(
    status: int, header: tuple[bytes, bytes], pieces: tuple[bytes, ...]
) -> None:
    """No status but 200; nothing private, or that varies by more than the key knows."""
    app = App(pieces=pieces, status=status, headers=[*TAGGED, header])

    found = replies(app, {}, {})

    assert len(app.asked) == 2
    assert [reply.said for reply in found] == [None, None]
    assert {reply.status for reply in found} == {status}


@pytest.mark.parametrize(
    "other",
    [
        {"accept": "text/turtle"},
        {"accept": "text/csv;q=0.5"},
        {"path": "/other"},
        {"query": b"query=ASK{} "},
        {"host": "other.example"},
        {"method": "POST"},
        {"accept_encoding": "gzip"},
    ],
)
def test_a_request_that_may_want_another_answer_gets_its_own(other: dict[str, Any]) -> None:
    """Path, query string, Accept, Host, method and a chosen encoding make requests differ."""
    app = App()
    asked: dict[str, Any] = {"accept": "text/csv", "host": "h.example"}

    found = replies(app, asked, {**asked, **other}, asked)

    assert [reply.said for reply in found] == [None, None, HIT]


def test_a_request_that_wants_the_same_gets_the_same() -> None:
    """White space in Accept, and headers that say nothing of the answer, do not count."""
    app = App()

    found = replies(
        app,
        {"accept": "text/csv , text/turtle;\tq=0.5"},
        {"accept": "text/csv,text/turtle; q=0.5", "user_agent": "x", "accept_encoding": "br"},
        {"accept": "text/csv,text/turtle;q=0.5", "cookie": "a=b", "cache_control": "no-cache"},
    )

    assert [reply.said for reply in found] == [None, HIT, HIT]


@pytest.mark.parametrize(
    "asked",
    [
        {"range": "bytes=0-1"},
        {"authorization": "Basic x"},
        {"if_match": '"t"'},
        {"method": "DELETE"},
        {"method": "OPTIONS"},
        {"content_length": "3"},
        {"transfer_encoding": "chunked"},
        {"method": "POST", "path": "/elsewhere"},
    ],
)
def test_the_cache_has_no_part_in_other_requests(asked: dict[str, Any]) -> None:
    """They are passed on as they are, and nothing of them is kept."""
    app = App()

    found = replies(app, asked, asked, {"path": asked.get("path", "/sparql")})

    assert [reply.said for reply in found] == [None, None, None]
    assert len(app.asked) == 3


def test_a_post_is_kept_by_its_type_and_body() -> None:
    """The application reads the body as it was sent; each body has its own answer."""
    app = App()
    form = {"method": "POST", "content_type": "application/x-www-form-urlencoded"}

    found = replies(
        app,
        {**form, "body": b"query=a"},
        {**form, "body": b"query=a"},
        {**form, "body": b"query=b"},
        {**form, "content_type": "application/sparql-query", "body": b"query=a"},
    )

    assert [reply.said for reply in found] == [None, HIT, None, None]
    assert app.bodies == [b"query=a", b"query=b", b"query=a"]


def test_a_post_without_an_etag_is_not_kept() -> None:
    """Only an ETag says that the same request gets the same; and none is made for it."""
    app = App(headers=[])
    asked = {"method": "POST", "body": b"x"}

    found = replies(app, asked, asked)

    assert [reply.said for reply in found] == [None, None]
    assert b"etag" not in found[1].headers


def test_a_body_beyond_the_bound_reaches_the_application() -> None:
    """Which refuses it; the part that was read is not taken for all."""
    app = App(status=413)

    (reply,) = replies(app, {"method": "POST", "body": b"x" * 101})

    assert reply.status == 413
    assert app.bodies == [b"x" * 101]


@pytest.mark.parametrize("sent", ['"t"', 'W/"t"', '"a", W/"t"', '"a,b" ,"t"', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_that_the_client_holds_is_not_sent(sent: str, method: str) -> None:
    """304 without a body, with the headers that still hold, made or kept."""
    app = App()
    asked = {"method": method, "if_none_match": sent}

    made, kept = replies(app, asked, asked)

    assert len(app.asked) == 1
    assert (made.status, kept.status) == (304, 304)
    assert kept.headers == {b"etag": b'"t"', b"vary": b"Accept", b"cache-status": HIT}
    assert (made.body, kept.body) == (b"", b"")


@pytest.mark.parametrize("sent", ['"T"', '"tt"', "t", '"a"', ""])
def test_an_answer_with_another_tag_is_sent(sent: str) -> None:
    """Whole."""
    made, kept = replies(App(), {"if_none_match": sent}, {"if_none_match": sent})

    assert [(reply.status, reply.body) for reply in (made, kept)] == [(200, b"whole")] * 2


def test_if_none_match_changes_no_post() -> None:
    """RFC 9110 has 304 for GET and HEAD alone."""
    asked = {"method": "POST", "if_none_match": '"t"'}

    assert [reply.status for reply in replies(App(), asked, asked)] == [200, 200]


def test_a_page_without_a_tag_gets_one_from_its_bytes() -> None:
    """The same bytes of the same type have the same one, so a restart loses nothing."""
    headers = [(b"content-type", b"text/html")]

    (first,) = replies(App(headers=headers), {"path": "/"})
    (same,) = replies(App(headers=headers), {"path": "/"}, size=0)
    (other,) = replies(App(headers=headers, pieces=(b"changed",)), {"path": "/"})
    (typed,) = replies(App(headers=[(b"content-type", b"text/csv")]), {"path": "/"})

    tags = [reply.headers[b"etag"] for reply in (first, same, other, typed)]
    assert tags[0] == tags[1]
    assert len(set(tags)) == 3
    (known,) = replies(App(headers=headers), {"path": "/", "if_none_match": tags[0].decode()})
    assert known.status == 304


def test_head_is_the_get_without_its_body() -> None:
    """Whichever comes first; both have the same headers."""
    app = App(headers=[*TAGGED, (b"content-length", b"5")])

    head, got, again = replies(app, {"method": "HEAD"}, {}, {"method": "HEAD"})

    assert [scope["method"] for scope in app.asked] == ["GET"]
    assert (head.body, got.body, again.body) == (b"", b"whole", b"")
    assert again.headers == got.headers == {**head.headers, b"cache-status": HIT}


def test_head_of_an_answer_in_pieces_ends_the_work() -> None:
    """No more is made than the headers need, and nothing is kept."""
    app = App(pieces=(b"a", b"b"), failure=AssertionError("made more"))

    (head,) = replies(app, {"method": "HEAD"})

    assert (head.status, head.body, head.whole) == (200, b"", True)


def test_without_size_nothing_is_kept_but_tags_work() -> None:
    """Each request is answered by the application; one that holds the answer gets 304."""
    app = App()

    found = replies(app, {}, {}, {"if_none_match": '"t"'}, {"method": "HEAD"}, size=0)

    assert len(app.asked) == 4
    assert [reply.status for reply in found] == [200, 200, 304, 200]
    assert {reply.said for reply in found} == {None}


def test_a_long_answer_is_passed_on_but_not_kept() -> None:
    """Its pieces are let go once they are too many, and what they took is free again."""

    async def scenario() -> list[Reply]:
        long, short = (b"x" * 50_000,) * 3, (b"x" * 20_000,) * 3
        app = App()
        cache = cached(app)
        found = []
        for number, app.pieces in enumerate([long] * 6 + [short] * 6):
            await request(cache, path=f"/{number}")
            found.append(await request(cache, path=f"/{number}"))
        return found

    found = asyncio.run(scenario())

    assert [reply.said for reply in found] == [None] * 6 + [HIT] * 6
    assert {len(reply.body) for reply in found[:6]} == {150_000}


# Many who ask the same at once


def at_once(
    app: App, count: int, act: Callable[[list[asyncio.Task[Reply]]], Awaitable[None]]
) -> list[Reply | BaseException]:
    """What *count* clients get who ask the same; *act* is called while they wait."""

    async def send_all() -> list[Reply | BaseException]:
        app.gate = asyncio.Event()
        cache = cached(app)
        tasks = [asyncio.create_task(request(cache)) for _ in range(count)]
        await asyncio.sleep(0.01)
        await act(tasks)
        app.gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(asyncio.wait_for(send_all(), 10))


async def nothing(_tasks: list[asyncio.Task[Reply]]) -> None:
    """Only wait."""


def test_many_who_ask_at_once_get_one_answer() -> None:
    """The application is asked once."""
    app = App()

    found = at_once(app, 5, nothing)

    assert len(app.asked) == 1
    assert [reply.said for reply in found if isinstance(reply, Reply)] == [None, *[COLLAPSED] * 4]
    assert {reply.body for reply in found if isinstance(reply, Reply)} == {b"whole"}


@pytest.mark.parametrize(
    "app",
    [
        App(pieces=(b"a", b"b")),
        App(status=503),
        App(status=400),
        App(headers=[(b"cache-control", b"no-store")]),
        App(pieces=(), failure=OSError()),
    ],
    ids=["in pieces", "engine down", "bad request", "never the same", "broken off"],
)
def test_those_who_wait_in_vain_go_on_by_themselves(app: App) -> None:
    """At once and together, when the first answer is none that may be shared."""
    found = at_once(app, 4, nothing)

    assert len(app.asked) == 4
    assert {reply.said for reply in found if isinstance(reply, Reply)} == {None}


def test_the_deadline_holds_for_all_who_waited() -> None:
    """A query that took too long is not tried once more for each; but for the next who asks."""
    app = App(status=504, headers=[(b"cache-control", b"no-store")])

    async def scenario() -> list[Reply]:
        app.gate = asyncio.Event()
        cache = cached(app)
        tasks = [asyncio.create_task(request(cache)) for _ in range(3)]
        await asyncio.sleep(0.01)
        app.gate.set()
        return [*[await task for task in tasks], await request(cache)]

    found = asyncio.run(scenario())

    assert [reply.status for reply in found] == [504] * 4
    assert len(app.asked) == 2


@pytest.mark.parametrize("given_up", [0, 1])
def test_a_client_that_is_given_up_takes_no_other_along(given_up: int) -> None:
    """Neither the one whose answer is made nor one who waits for it."""
    app = App()

    async def give_up(tasks: list[asyncio.Task[Reply]]) -> None:
        tasks[given_up].cancel()

    found = at_once(app, 4, give_up)

    assert isinstance(found.pop(given_up), asyncio.CancelledError)
    assert [reply.body for reply in found if isinstance(reply, Reply)] == [b"whole"] * 3


def test_a_slow_client_keeps_no_other_waiting() -> None:
    """The answer is shared before it is sent to the first."""
    app = App()

    async def scenario() -> Reply:
        cache = cached(app)
        app.gate = asyncio.Event()
        scope = {
            "type": "http", "method": "GET", "path": "/sparql", "query_string": b"query=ASK{}",
            "scheme": "http", "headers": [],
        }  # fmt: skip

        async def stall(_message: object) -> None:
            await asyncio.sleep(60)

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        slow = asyncio.create_task(cache(scope, receive, stall))
        await asyncio.sleep(0.01)
        waiting = asyncio.create_task(request(cache))
        await asyncio.sleep(0.01)
        app.gate.set()
        reply = await asyncio.wait_for(waiting, 5)
        slow.cancel()
        return reply

    assert asyncio.run(scenario()).body == b"whole"
