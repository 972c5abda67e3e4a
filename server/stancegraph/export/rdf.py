"""Statements as files: N-Quads, TriG, Turtle, RDF/XML and JSON-LD, with the same bytes each time.

What comes in are lines of canonical N-Quads, sorted, as a release holds them. N-Quads and TriG
and JSON-LD keep the named graphs; Turtle and RDF/XML have each statement once.
"""

from __future__ import annotations

import io
import json
from itertools import groupby
from typing import TYPE_CHECKING, cast

import pyoxigraph as ox

from stancegraph.engine import Ask, MediaType
from stancegraph.engine.prefixes import OWN
from stancegraph.export.narrowing import AS_OF
from stancegraph.facts import Facts
from stancegraph.jsonld import Writer
from stancegraph.tidy import tidy_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import IO, BinaryIO

    from stancegraph.build.release import Release
    from stancegraph.engine import Engine
    from stancegraph.export.narrowing import Narrowing
    from stancegraph.jsonld import Context
    from stancegraph.names import Names
    from stancegraph.queryfile import Rule, SavedQuery

FORMATS = ("nq", "trig", "ttl", "rdf", "jsonld")
HEAD = 64 * 1024  # bytes within which a document names its prefixes


def whole(release: Release, *, derived: bool = True) -> Iterator[bytes]:
    """All lines of *release*; those that rules derived only if *derived*."""
    graph = f" <{release.base}graph/derived/".encode()
    with release.quads_file.open("rb") as file:
        for line in file:
            if derived or graph not in line[line.rindex(b" <") :]:
                yield line


def narrowed(
    release: Release,
    engine: Engine,
    query: SavedQuery,
    *,
    names: Names,
    rules: Iterable[Rule],
    narrowing: Narrowing,
    derived: bool,
    deadline: float,
) -> Iterator[bytes]:
    """The lines of *release* about what *query*, which declares a subgraph, finds.

    What rules derived for the day of the release is left out as of another day.

    Raises:
        BadParameter: *narrowing* names what the query does not know.
        EngineError: the query has no answer.
    """
    text = query.bind(narrowing.terms(query, names))
    asked = Ask(text, MediaType.CSV, base=release.base, deadline=deadline)
    found = b"".join(engine.ask(asked)).split(b"\r\n")[1:]
    things = {b"<" + iri + b">" for iri in found if iri}
    dated = {
        f"<{release.base}graph/derived/{rule.name}> .\n".encode()
        for rule in rules
        if rule.params and AS_OF in narrowing.values
    }
    for line in whole(release, derived=derived):
        if line.split(b" ", 1)[0] in things and line[line.rindex(b" <") + 1 :] not in dated:
            yield line


def constructed(release: Release, engine: Engine, query: str, *, deadline: float) -> list[bytes]:
    """The triples that the CONSTRUCT *query* makes, as canonical lines in the default graph.

    Raises:
        StancegraphError: it is none, or has no answer.
    """
    asked = Ask(query, MediaType.N_TRIPLES, base=release.base, deadline=deadline)
    made = b"".join(engine.ask(asked))
    dataset = ox.Dataset(
        ox.Quad(t.subject, t.predicate, t.object)
        for t in ox.parse(made, format=ox.RdfFormat.N_TRIPLES)
    )
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(f"{quad} .\n".encode() for quad in dataset)


def write(lines: Iterable[bytes], form: str, file: BinaryIO, context: Callable[[], Context]) -> int:
    """Write *lines* to *file*; of TriG and JSON-LD all are held in memory, of others none.

    Args:
        form: One of `FORMATS`.
        context: Gives that of our JSON-LD.

    Returns:
        How many statements were written.
    """
    return _WRITERS[form](lines, file, context)


def _quads(lines: Iterable[bytes], file: BinaryIO, _context: Callable[[], Context]) -> int:
    count = 0
    for line in lines:
        file.write(line)
        count += 1
    return count


def _triples(lines: Iterable[bytes]) -> Iterator[ox.Triple]:
    """Each statement once: where several graphs hold it, its lines stand together."""
    last = None
    for quad in ox.parse(cast("IO[bytes]", _Stream(lines)), format=ox.RdfFormat.N_QUADS):
        triple = cast("ox.Quad", quad).triple
        if triple != last:
            yield triple
            last = triple


def _serialized(
    form: ox.RdfFormat, tidy: Callable[[bytes], bytes]
) -> Callable[[Iterable[bytes], BinaryIO, Callable[[], Context]], int]:
    def written(lines: Iterable[bytes], file: BinaryIO, _context: Callable[[], Context]) -> int:
        counted = _Counted(_triples(lines))
        tidied = _Tidied(file, tidy)
        ox.serialize(counted, output=cast("IO[bytes]", tidied), format=form, prefixes=OWN)
        tidied.end()
        return counted.count

    return written


def _trig(lines: Iterable[bytes], file: BinaryIO, _context: Callable[[], Context]) -> int:
    ordered = sorted(lines, key=lambda line: (line[line.rindex(b" <") :], line))
    tidied = _Tidied(file, _prefixes_first)
    quads = ox.parse(b"".join(ordered), format=ox.RdfFormat.N_QUADS)
    ox.serialize(quads, output=cast("IO[bytes]", tidied), format=ox.RdfFormat.TRIG, prefixes=OWN)
    tidied.end()
    return len(ordered)


def _json(lines: Iterable[bytes], file: BinaryIO, context: Callable[[], Context]) -> int:
    quads = list(ox.parse(b"".join(lines), format=ox.RdfFormat.N_QUADS))
    quads.sort(key=lambda quad: str(cast("ox.Quad", quad).graph_name))
    known = context()
    file.write(b'{\n"@context": ')
    file.write(_compact(known.whole()))
    file.write(b',\n"@graph": [')
    begun = False
    for name, group in groupby(cast("list[ox.Quad]", quads), key=lambda quad: quad.graph_name):
        nodes = Writer(Facts(group), known).nodes()
        file.write(b",\n" if begun else b"\n")
        begun = True
        if isinstance(name, ox.DefaultGraph):
            file.write(b",\n".join(map(_compact, nodes)))
            continue
        file.write(b'{"id": ' + _compact(str(name)[1:-1]) + b', "@graph": [\n')
        file.write(b",\n".join(map(_compact, nodes)))
        file.write(b"\n]}")
    file.write(b"\n]\n}\n")
    return len(quads)


def _compact(said: object) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode()


class _Stream(io.RawIOBase):
    """Lines as a file that is read once."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Up to *size* bytes; all, where it is negative."""
        if size is None or size < 0:
            return self._rest + b"".join(self._lines)
        parts, held = [self._rest], len(self._rest)
        while held < size and (line := next(self._lines, b"")):
            parts.append(line)
            held += len(line)
        text = b"".join(parts)
        self._rest = text[size:]
        return text[:size]


class _Counted:
    """Triples that are counted as they go by."""

    def __init__(self, triples: Iterator[ox.Triple]) -> None:
        self._triples = triples
        self.count = 0

    def __iter__(self) -> Iterator[ox.Triple]:
        for triple in self._triples:
            self.count += 1
            yield triple


class _Tidied(io.RawIOBase):
    """A file whose head is put in order, since the serializer names prefixes in any order."""

    def __init__(self, file: BinaryIO, tidy: Callable[[bytes], bytes]) -> None:
        self._file = file
        self._tidy = tidy
        self._head: bytearray | None = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        """Write on."""
        if self._head is None:
            self._file.write(content)
        else:
            self._head += content
            if len(self._head) > HEAD and b"\n" in self._head[HEAD // 2 :]:
                self.end()
        return len(content)

    def end(self) -> None:
        """Write what is held back."""
        if self._head is not None:
            head, self._head = bytes(self._head), None
            whole_lines = head.rindex(b"\n") + 1 if b"\n" in head else len(head)
            self._file.write(self._tidy(head[:whole_lines]) + head[whole_lines:])


def _prefixes_first(head: bytes) -> bytes:
    """Turtle with its prefixes in order."""
    lines = head.splitlines(keepends=True)
    prefixes = sorted(line for line in lines if line.startswith(b"@prefix "))
    return b"".join([*prefixes, *(ln for ln in lines if not ln.startswith(b"@prefix "))])


_WRITERS: dict[str, Callable[[Iterable[bytes], BinaryIO, Callable[[], Context]], int]] = {
    "nq": _quads,
    "trig": _trig,
    "ttl": _serialized(ox.RdfFormat.TURTLE, _prefixes_first),
    "rdf": _serialized(ox.RdfFormat.RDF_XML, tidy_xml),
    "jsonld": _json,
}
