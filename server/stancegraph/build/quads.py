"""The quads of a release in a file: canonical N-Quads (RDFC-1.0), sorted by code point.

So lines of one triple stand together, and those of one subject. Only so many are in memory at a
time, as they are sorted and as they are read.
"""

from __future__ import annotations

import hashlib
import heapq
import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build.lines import Graphs, slot_of
from stancegraph.engine import index
from stancegraph.engine.embedded import EmbeddedEngine, EngineOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stancegraph.build.lines import Lines
    from stancegraph.build.reads import Reads
    from stancegraph.engine import Engine

RUN = 64 * 2**20  # bytes that are sorted in memory at a time
WORKERS = min(2, os.cpu_count() or 1)  # queries that a build asks at a time


@dataclass(frozen=True, slots=True)
class Quads:
    """A file of sorted canonical N-Quads, each once.

    Attributes:
        size: How many there are.
    """

    path: Path
    size: int

    @classmethod
    def write(cls, graphs: Mapping[ox.NamedNode, Lines], path: Path) -> Quads:
        """Write those of *graphs* to *path*."""
        with tempfile.TemporaryDirectory(prefix="runs-", dir=path.parent) as folder:
            runs = [
                _write(sorted(run), Path(folder, str(number)))
                for number, run in enumerate(_runs(_canonical(graphs)))
            ]
            if len(runs) == 1:
                runs[0].path.replace(path)
            else:
                with ExitStack() as files:
                    opened = (files.enter_context(run.path.open("rb")) for run in runs)
                    _write(heapq.merge(*opened), path)
        return cls(path, sum(run.size for run in runs))

    def joined(self, graphs: Mapping[ox.NamedNode, Lines], path: Path) -> Quads:
        """Write these, with those of other *graphs* in their places, to *path*."""
        more = sorted(_canonical(graphs))
        return _write(heapq.merge(self, more), path)

    def __iter__(self) -> Iterator[bytes]:
        """The lines, each with its end, in their order."""
        with self.path.open("rb") as file:
            yield from file

    def digest(self) -> str:
        """The SHA-256 of the file, in hexadecimal."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def triples(self) -> Iterator[bytes]:
        """The triples of all graphs, each once, sorted, with nothing behind the object."""
        last = b""
        for line in self:
            triple = line.rpartition(b" <")[0]
            if triple != last:
                yield triple
            last = triple

    def covered(self, reads: Reads) -> Iterator[bytes]:
        """The lines that *reads*, which reads through nothing else, covers."""
        if reads.slots is None:
            yield from self
            return
        names = frozenset(name.encode() for name in reads.slots)
        for line in self:
            _, predicate, rest = line.split(b" ", 2)
            if predicate in names or slot_of(predicate, rest.rpartition(b" <")[0]) in names:
                yield line

    @contextmanager
    def engine(self, reads: Reads) -> Iterator[Engine]:
        """An engine that holds at least what *reads* covers: on disk, where there is an index."""
        with tempfile.TemporaryDirectory(prefix="asked-", dir=self.path.parent) as folder:
            path = self.path
            if reads.slots is not None and not (path.parent / index.FOLDER).is_dir():
                path = _write(self.covered(reads), Path(folder, "part.nq")).path
            with EmbeddedEngine(path, "build", EngineOptions(workers=WORKERS)) as engine:
                yield engine


def _canonical(graphs: Mapping[ox.NamedNode, Lines]) -> Iterator[bytes]:
    """The canonical N-Quads of *graphs*, a line each.

    Canonical labels of blank nodes depend on the quads that hold these, and on no others.
    """
    blank = {iri: lines for iri, lines in graphs.items() if lines.has_blank}
    yield from Graphs({iri: lines for iri, lines in graphs.items() if iri not in blank}).quads()
    dataset = ox.Dataset(
        ox.Quad(triple.subject, triple.predicate, triple.object, iri)
        for iri, lines in blank.items()
        for triple in lines.triples
    )
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    yield from (f"{quad} .\n".encode() for quad in dataset)


def _runs(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """*lines* in parts of about the size of a run; at least one."""
    run: list[bytes] = []
    size = 0
    for line in lines:
        run.append(line)
        size += len(line)
        if size > RUN:
            yield run
            run, size = [], 0
    yield run


def _write(lines: Iterable[bytes], path: Path) -> Quads:
    """Write *lines* in the order in which they come."""
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        for line in lines:
            count += 1
            yield line

    with path.open("wb") as file:
        file.writelines(counted())
    return Quads(path, count)
