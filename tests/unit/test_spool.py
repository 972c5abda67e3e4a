"""Answers that wait for their clients, on a client that reads when it is told to."""

from __future__ import annotations

import asyncio
import errno
import os
from typing import TYPE_CHECKING, Any

import pytest

from stancegraph.web.bridge import BrokenOff
from stancegraph.web.spool import READ_SIZE, Spool

if TYPE_CHECKING:
    from collections.abc import Callable

    from stancegraph.web.bridge import Message

PIECES = [bytes([number]) * READ_SIZE for number in range(32)]  # 2 MiB


class Client:
    """Takes messages once it may; the first piece at once."""

    def __init__(self) -> None:
        self.may_read = asyncio.Event()
        self.got: list[bytes] = []
        self.whole = False

    async def send(self, message: Message) -> None:
        """Take a message of an answer."""
        if message["type"] == "http.response.start":
            return
        if self.got:
            await self.may_read.wait()
        self.got.append(message["body"])
        self.whole = not message.get("more_body", False)


def play(act: Callable[[Client, asyncio.Event], Any], **options: Any) -> Client:
    """Have `PIECES` answered to a client; *act* is told of it, and of when all was made."""

    async def run() -> Client:
        client, made = Client(), asyncio.Event()

        async def app(_scope: object, _receive: object, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for piece in PIECES:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            made.set()

        async def receive() -> dict[str, Any]:
            raise AssertionError

        answering = asyncio.ensure_future(Spool(app, **options)({}, receive, client.send))
        await act(client, made)
        await answering
        return client

    return asyncio.run(run())


async def read_when_made(client: Client, made: asyncio.Event) -> None:
    await asyncio.wait_for(made.wait(), 10)
    client.may_read.set()


async def read_when_stuck(client: Client, made: asyncio.Event) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(made.wait(), 0.3)
    client.may_read.set()


def test_an_answer_is_made_though_nobody_reads_and_arrives_as_it_was() -> None:
    """Whoever makes it is done before the client has more than the first piece."""
    client = play(read_when_made)

    assert b"".join(client.got) == b"".join(PIECES)
    assert client.whole


def test_without_room_an_answer_is_made_as_it_is_read() -> None:
    """It still arrives whole."""
    client = play(read_when_stuck, disk=10 * READ_SIZE)

    assert b"".join(client.got) == b"".join(PIECES)
    assert client.whole


def test_a_full_disk_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece of which a part could be written is given once, and whole."""
    written = os.pwrite
    count = 0

    def full(descriptor: int, piece: bytes, offset: int) -> int:
        nonlocal count
        count += 1
        if count == 3:
            return written(descriptor, piece[:100], offset)
        if count > 3:
            raise OSError(errno.ENOSPC, "no space")
        return written(descriptor, piece, offset)

    monkeypatch.setattr(os, "pwrite", full)

    client = play(read_when_stuck)

    assert b"".join(client.got) == b"".join(PIECES)
    assert client.whole


def test_a_client_that_takes_nothing_is_given_up() -> None:
    """And its answer is not passed off as whole."""

    async def never(client: Client, made: asyncio.Event) -> None:
        await made.wait()

    with pytest.raises(BrokenOff):
        play(never, stalled=0.2)


def test_what_fails_midway_breaks_off_at_once() -> None:
    """Even if the client has not read what came before."""

    async def fail(_scope: object, _receive: object, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in PIECES:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        raise BrokenOff

    async def run() -> Client:
        client = Client()
        with pytest.raises(BrokenOff):
            await Spool(fail)({}, client.send, client.send)  # type: ignore[arg-type]
        return client

    assert not asyncio.run(run()).whole
