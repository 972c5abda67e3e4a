"""Rows that are read from an answer as it comes."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from typing import TYPE_CHECKING, Self

import pytest

from stancegraph.engine import Ask, MediaType, Notice, rows
from stancegraph.errors import EngineDown

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = b'{"head":{"vars":["x"]},"results":{"bindings":['
ROW = b'{"x":{"type":"uri","value":"http://example.org/x"}},'


class Breaking:
    """An engine whose answers break off after some pieces."""

    release_id = "r"
    notice = Notice()

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = iter(pieces)

    def is_up(self) -> bool:
        """It is not."""
        return False

    def ask(self, _ask: Ask) -> Self:
        """An answer."""
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        for piece in self._pieces:
            return piece
        try:
            os.read(-1, 1)
        except OSError as error:
            raise EngineDown("it broke off") from error
        return b""

    def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize("pieces", [(), (HEAD,), (HEAD, *[ROW] * 1000)], ids=len)
def test_what_breaks_off_is_told_and_let_go_of(pieces: tuple[bytes, ...]) -> None:
    """Nothing that had to do with it stays in memory, whichever thread looks after that."""
    engine = Breaking(*pieces)
    held = weakref.ref(engine)
    told: list[EngineDown] = []

    def ask(engine: Breaking) -> None:
        with pytest.raises(EngineDown, match="broke off") as caught:
            rows(engine, Ask("SELECT ?x {}", MediaType.JSON))
        told.append(caught.value)

    thread = threading.Thread(target=ask, args=(engine,))
    thread.start()
    thread.join()
    assert len(told) == 1
    told.clear()
    del engine, thread
    gc.collect()

    assert held() is None
