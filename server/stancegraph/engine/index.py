"""Where a release lies while it is asked: in memory or, when it is too large for that, on disk.

A build writes the index of a large release beside its quads. Queries take twice as long on it
as in memory, but it is open at once, and takes next to no memory of its own.
"""

from __future__ import annotations

import os
import resource
from typing import TYPE_CHECKING, Protocol

import pyoxigraph as ox

from stancegraph.engine.graph import StoreGraph
from stancegraph.engine.remote import place
from stancegraph.engine.remote.source import RemoteSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from stancegraph.engine.graph import Graph

FOLDER = "index"
ABOVE = 5_000_000  # triples; as many take 1.7 GB of memory, and 17 s to load
_OTHER_FILES = 64  # that a process has open, and that the engine leaves to it


class Source(Protocol):
    """Where a release is, for a process and those that are forked from it.

    Attributes:
        files: How many more files whoever asks it may need to open.
    """

    files: int

    def open(self) -> Graph:
        """What this process asks.

        Raises:
            OSError: it cannot be read.
        """


class InMemory:
    """Quads that every forked process shares."""

    files = 0

    def __init__(self, quads: Path) -> None:
        """Load a file of N-Quads that a build wrote.

        Raises:
            SyntaxError: it is none.
            OSError: it cannot be read.
        """
        store = ox.Store()
        store.bulk_extend(_parsed(quads))
        self._graph = StoreGraph.of(store)

    def open(self) -> Graph:
        """What all of them ask."""
        return self._graph


class OnDisk:
    """An index, opened by each process itself: what opens one has threads, which no fork has."""

    def __init__(self, index: Path) -> None:
        """See to it that the index can be opened.

        Raises:
            OSError: it cannot, or not with as many files as a process may open.
        """
        self._index = index
        self.files = sum(1 for _ in index.iterdir())
        wanted = self.files + _OTHER_FILES
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < wanted:
            raise OSError(0, f"allow {wanted} open files at a time (ulimit -n), not {hard}")
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        self._try()

    def open(self) -> Graph:
        """What this process alone asks; most files of the index are opened as they are needed.

        Raises:
            OSError: it cannot be read.
        """
        return StoreGraph.of(ox.Store.read_only(str(self._index)))

    def _try(self) -> None:
        """Open it in a process that ends with that.

        Raises:
            OSError: it cannot be opened.
        """
        pid = os.fork()
        if pid == 0:
            try:
                self.open()
                os._exit(0)
            finally:
                os._exit(1)
        if os.waitpid(pid, 0)[1]:
            raise OSError(0, f"its folder {FOLDER}/ is damaged")


def source_of(quads: Path) -> Source:
    """Where to ask the release whose N-Quads stand in the file *quads*, or elsewhere as it tells.

    Raises:
        SyntaxError: that holds no N-Quads.
        OSError: what is needed cannot be read.
    """
    if quads.name == place.FILE:
        return RemoteSource(quads)
    index = quads.parent / FOLDER
    return OnDisk(index) if index.is_dir() else InMemory(quads)


def write_index(quads: Path) -> None:
    """Write the index of a file of N-Quads beside it.

    Raises:
        OSError: it cannot be written.
    """
    store = ox.Store(str(quads.parent / FOLDER))
    store.bulk_extend(_parsed(quads))
    store.optimize()


def extend_index(folder: Path, quads: Iterable[ox.Quad]) -> None:
    """Add a few *quads* to the index in a release.

    Raises:
        OSError: it cannot be written.
    """
    store = ox.Store(str(folder / FOLDER))
    store.extend(quads)
    store.flush()


def _parsed(quads: Path) -> Iterator[ox.Quad]:
    # `Store.load` would name blank nodes anew, so that the same query gave another answer.
    # A build wrote the file: its IRIs and dates need no checking, which takes a third longer.
    return ox.parse(path=quads, format=ox.RdfFormat.N_QUADS, lenient=True)
