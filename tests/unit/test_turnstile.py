"""Clients take turns, on queues with room for one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from stancegraph.commands.serve import WAITING
from stancegraph.web.sections import AT_ONCE
from stancegraph.web.turnstile import (
    CLIENT_QUEUE,
    QUEUE,
    SITE_ROOM,
    SPARQL_ROOM,
    Queue,
    Turnstile,
    client_of,
    scheme_of,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from stancegraph.web.bridge import Message, Receive, Send


def run(task: Coroutine[Any, Any, Any]) -> None:
    asyncio.run(task)


async def waiting(queue: Queue, client: str, order: list[str]) -> asyncio.Task[None]:
    """A request of *client* that waits, tells *order* of its turn, and leaves."""

    async def go() -> None:
        if await queue.enter(client):
            order.append(client)
            queue.leave()

    task = asyncio.create_task(go())
    await asyncio.sleep(0)
    return task


def test_clients_take_turns_however_many_requests_one_sends() -> None:
    """Five of one client were there first; another's only one is second."""

    async def scene() -> None:
        queue, order = Queue(1), list[str]()
        assert await queue.enter("first")
        tasks = [await waiting(queue, client, order) for client in "aaaaab"]

        queue.leave()
        await asyncio.gather(*tasks)

        assert order == ["a", "b", "a", "a", "a", "a"]
        assert await queue.enter("next")

    run(scene())


def test_who_waits_in_vain_is_told_and_forgotten() -> None:
    """The place that becomes free later goes to the next one."""

    async def scene() -> None:
        queue = Queue(1, patience=0.01)
        assert await queue.enter("a")
        assert not await queue.enter("b")

        queue.leave()

        assert await queue.enter("c")

    run(scene())


def test_who_is_cancelled_when_its_turn_comes_gives_it_on() -> None:
    """Else the room would shrink with each client that hangs up."""

    async def scene() -> None:
        queue, order = Queue(1), list[str]()
        assert await queue.enter("a")
        gone = await waiting(queue, "b", order)
        queue.leave()
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)

        assert await asyncio.wait_for(queue.enter("c"), 1)

    run(scene())


def test_a_queue_is_bounded_for_each_client_and_for_all() -> None:
    """One that has filled its part is refused at once; so is everyone when all is full."""

    async def scene() -> None:
        queue, order = Queue(1), list[str]()
        assert await queue.enter("a")
        tasks = [await waiting(queue, "a", order) for _ in range(CLIENT_QUEUE)]
        assert not await queue.enter("a")
        tasks += [await waiting(queue, f"b{i}", order) for i in range(QUEUE - CLIENT_QUEUE)]
        assert not await queue.enter("c")

        queue.leave()
        await asyncio.gather(*tasks)

        assert len(order) == QUEUE

    run(scene())


@pytest.mark.parametrize("path", ["/queries/", "/sparql", "/reconcile"])
def test_who_sends_no_body_holds_no_place(path: str) -> None:
    """More requests than there are places announce one; the next that is whole has its turn."""
    answered: list[bytes] = []

    async def app(_scope: Message, receive: Receive, _send: Send) -> None:
        answered.append((await receive())["body"])

    async def never() -> Message:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def whole() -> Message:
        return {"type": "http.request", "body": b"asked"}

    async def send(_message: Message) -> None:
        pytest.fail("nothing is told")

    async def scene() -> None:
        turnstile = Turnstile(app, max_body=100)
        scope = {"method": "POST", "path": path, "headers": [(b"content-length", b"5")]}
        slow = [
            asyncio.create_task(turnstile(scope, never, send))
            for _ in range(SPARQL_ROOM + SITE_ROOM)
        ]
        await asyncio.sleep(0)

        await turnstile(scope, whole, send)

        for each in slow:
            each.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    run(scene())
    assert answered == [b"asked"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whatever_asks_takes_turns(method: str) -> None:
    """Each request of one client finds its queue with no more than the room that there is."""
    busy, most = 0, 0

    async def app(_scope: Message, _receive: Receive, _send: Send) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0)
        busy -= 1

    async def whole() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(_message: Message) -> None:
        pytest.fail("nothing is told")

    async def scene() -> None:
        turnstile = Turnstile(app, max_body=100)
        scope = {"method": method, "path": "/reconcile", "headers": [], "client": ("::1", 1)}
        await asyncio.gather(*(turnstile(scope, whole, send) for _ in range(2 * SITE_ROOM)))

    run(scene())
    assert (busy, most) == (0, SITE_ROOM)


@pytest.mark.parametrize(
    ("address", "forwarded", "client"),
    [
        ("93.184.216.34", b"198.51.100.1", "93.184.216.34"),
        ("127.0.0.1", b"198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", b"6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", b"", "127.0.0.1"),
    ],
)
def test_a_client_behind_a_near_proxy_is_whom_that_has_seen(
    address: str, forwarded: bytes, client: str
) -> None:
    """What comes from afar says nothing of others, and what a client wrote itself is not last."""
    headers = [(b"x-forwarded-for", forwarded)] if forwarded else []

    assert client_of({"client": (address, 1), "headers": headers}) == client


@pytest.mark.parametrize(
    ("address", "forwarded", "scheme"),
    [
        ("93.184.216.34", [b"https"], "http"),
        ("127.0.0.1", [b"https"], "https"),
        ("10.0.0.2", [b"gopher"], "http"),
        ("127.0.0.1", [b"https", b"http"], "http"),
        ("127.0.0.1", [], "http"),
    ],
)
def test_the_scheme_is_that_by_which_a_near_proxy_was_asked(
    address: str, forwarded: list[bytes], scheme: str
) -> None:
    """So that addresses on pages begin as the reader's does; what comes from afar says nothing."""
    headers = [(b"x-forwarded-proto", told) for told in forwarded]

    found = scheme_of({"client": (address, 1), "headers": headers, "scheme": "http"})

    assert found == scheme


def test_the_engine_has_room_for_all_that_the_turnstile_lets_in() -> None:
    """Who was let in is not turned away afterwards: a page asks several questions at once."""
    assert SPARQL_ROOM + SITE_ROOM * AT_ONCE < WAITING
