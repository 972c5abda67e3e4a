"""Which of several engines can be asked now, told from one process to others.

A byte for each engine, in a file that all map into memory. Whoever cannot reach one says so;
whoever looks after them (`stancegraph.serving.keeper`) says so too, and when it is back.
"""

from __future__ import annotations

import mmap
from contextlib import closing, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "engines"
DOWN, UP, WITHOUT = b"dua"  # WITHOUT: it answers, but does not hold the release whole


class State:
    """What is known of the engines of one release, in their order."""

    def __init__(self, path: Path) -> None:
        """Map the file, which is there."""
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), 0)

    def __getitem__(self, number: int) -> int:
        return self._bytes[number]

    def __setitem__(self, number: int, told: int) -> None:
        self._bytes[number] = told

    def __iter__(self) -> Iterator[int]:
        return iter(self._bytes[:])

    def close(self) -> None:
        """Let go of the file."""
        self._bytes.close()


def write_state(path: Path, states: bytes) -> None:
    """Begin a file that tells *states*."""
    path.write_bytes(states)


def any_up(release: Path) -> bool:
    """Whether an engine can be asked about the release in the folder *release*.

    True where the folder tells of none, since the engine is our own then.
    """
    with suppress(FileNotFoundError, ValueError), closing(State(release / FILE)) as state:
        return UP in state
    return True
