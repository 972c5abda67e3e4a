"""Puts a release into an engine elsewhere, by the Graph Store Protocol.

What is there is added to, never changed, until one graph of one triple says that the release
is the current one; see `stancegraph.engine.remote.layout`. Whoever reads goes on to read the
release before, whole. A push that was ended is taken up where it was: the engine is asked how
many triples each graph has.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

import pyoxigraph as ox

from stancegraph.build.release import EXPORTS, QUADS
from stancegraph.engine import index
from stancegraph.engine.remote import holdings, kinds
from stancegraph.engine.remote.holdings import BadEngine
from stancegraph.engine.remote.http import Client, NotReached, Refused
from stancegraph.engine.remote.layout import Layout, current_graph, register_graph
from stancegraph.engine.remote.lines import has_blank, relabelled
from stancegraph.errors import OperationError
from stancegraph.terms import DCAT, DCTERMS, RDF, SD, SPDX, VOID, XSD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stancegraph.build.release import Release
    from stancegraph.engine.remote.http import Address

N_TRIPLES = "application/n-triples"
PART = 50_000  # triples that are sent at a time
HELD = 64 * 2**20  # bytes of triples that are held before they are written to files
PATIENCE = 600.0  # seconds for an engine to take a part in, or to count
TRIES = 4
PAUSE = 1.0  # seconds before a request is sent again
PRUNE_PAUSE = 5.0  # seconds for front ends to leave a release that is being removed
SHOWN = 3  # triples of a graph that differ
NOT_FOUND = 404
_NOT_SENT = frozenset({QUADS, index.FOLDER, EXPORTS})


@dataclass(slots=True)
class _Sum:
    """What tells a set of triples from another: kept as they come, in any order, without them.

    Attributes:
        count: How many there are.
        ground: The sum of the hashes of those without blank nodes.
        blank: The others, whose blank nodes may have other labels elsewhere.
    """

    count: int = 0
    ground: int = 0
    blank: list[bytes] = field(default_factory=list)

    def add(self, line: bytes) -> None:
        """Take in a line of N-Triples."""
        self.count += 1
        if has_blank(line):
            self.blank.append(line)
        else:
            digest = hashlib.blake2b(line, digest_size=16).digest()
            self.ground = (self.ground + int.from_bytes(digest)) % 2**128

    def is_like(self, other: _Sum) -> bool:
        """Whether both are of the same triples."""
        return (self.count, self.ground, self._canonical) == (
            other.count,
            other.ground,
            other._canonical,
        )

    @property
    def _canonical(self) -> list[str]:
        triples = ox.parse(b"".join(self.blank), ox.RdfFormat.N_TRIPLES)
        dataset = ox.Dataset(triples)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        return sorted(map(str, dataset))


class Parts:
    """The triples of a release by graph, in files that go with this object.

    Attributes:
        graphs: What the release calls its graphs.
    """

    def __init__(self, release: Release) -> None:
        """Sort the quads of *release*."""
        self._folder = tempfile.TemporaryDirectory(prefix="stancegraph-push-")
        self._sums: defaultdict[str, _Sum] = defaultdict(_Sum)
        self._numbers: dict[str, int] = {}
        self.all = _Sum()
        held: defaultdict[str, list[bytes]] = defaultdict(list)
        size = 0
        with release.quads_file.open("rb") as file:
            for line in file:
                cut = line.rindex(b" <")
                triple, graph = line[:cut] + b" .\n", line[cut + 2 : -4].decode()
                self._sums[graph].add(triple)
                self.all.add(triple)
                held[graph].append(triple)
                size += len(line)
                if size > HELD:
                    self._write(held)
                    size = 0
        self._write(held)
        self.graphs = sorted(self._sums)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def sum_of(self, graph: str) -> _Sum:
        """What tells the triples of one graph; of all, for an empty name."""
        return self._sums[graph] if graph else self.all

    def parts(self, graph: str) -> Iterator[bytes]:
        """The triples of one graph, or of all for an empty name, to be sent part by part.

        Those with blank nodes come first, all in one part: labels hold within one alone.
        """
        lines = list(self.sum_of(graph).blank)
        for line in self._lines(graph):
            if has_blank(line):
                continue
            lines.append(line)
            if len(lines) >= PART:
                yield b"".join(lines)
                lines = []
        if lines:
            yield b"".join(lines)

    def lines(self, graph: str) -> set[bytes]:
        """The triples of one graph, as lines of N-Triples."""
        return set(self._lines(graph))

    def _lines(self, graph: str) -> Iterator[bytes]:
        for each in [graph] if graph else self.graphs:
            with self._file(each).open("rb") as file:
                yield from file

    def _write(self, held: defaultdict[str, list[bytes]]) -> None:
        for graph, lines in held.items():
            with self._file(graph).open("ab") as file:
                file.writelines(lines)
        held.clear()

    def _file(self, graph: str) -> Path:
        number = self._numbers.setdefault(graph, len(self._numbers))
        return Path(self._folder.name) / f"{number}.nt"


class Bundle:
    """A release as it is to lie in an engine.

    Attributes:
        layout: What its graphs are called there.
        chunks: Literals that hold its small files.
        checksum: Of these.
    """

    def __init__(self, release: Release) -> None:
        self.release = release
        files = {
            path.relative_to(release.path).as_posix(): path.read_bytes().decode()
            for path in sorted(release.path.rglob("*"))
            if path.is_file() and path.relative_to(release.path).parts[0] not in _NOT_SENT
        }
        self.chunks, self.checksum = holdings.pack(files)
        self.layout = Layout.of(release.base, release.id, release.checksum, self.checksum)

    def files(self) -> bytes:
        """The graph of its small files."""
        return _lines(
            (f"<{self.layout.files}/{number:06}>", RDF.value, ox.Literal(chunk))
            for number, chunk in enumerate(self.chunks)
        )

    def names(self, parts: Parts) -> bytes:
        """The graph of what its graphs are called."""
        found: list[tuple[object, object, object]] = []
        for graph in parts.graphs:
            here = ox.NamedNode(self.layout.graph(graph))
            found.append((here, SD.name, ox.NamedNode(graph)))
            found.append((here, VOID.triples, _integer(parts.sum_of(graph).count)))
        return _lines(found)

    def whole(self, parts: Parts) -> bytes:
        """The graph that says that all is there."""
        root = ox.NamedNode(self.layout.root)
        return _lines([
            (root, DCAT.version, ox.Literal(self.release.id)),
            (root, SPDX.checksumValue, ox.Literal(self.checksum)),
            (root, VOID.triples, _integer(parts.all.count)),
        ])  # fmt: skip

    def current(self) -> bytes:
        """The graph that says that it is the current one."""
        base, root = ox.NamedNode(self.release.base), ox.NamedNode(self.layout.root)
        return _lines([(base, DCAT.hasCurrentVersion, root)])

    def write(self, parts: Parts, file: IO[bytes], *, is_current: bool = False) -> None:
        """Write all of it as N-Quads, for the loader of an engine.

        Args:
            is_current: Whether to say in it that the release is whole and the current one.
        """
        layout = self.layout
        own = [(layout.names, self.names(parts)), (layout.files, self.files())]
        if is_current:
            own += [(layout.whole, self.whole(parts))]
            own += [(current_graph(self.release.base), self.current())]
        for name, text in own:
            _write_quads(file, [text], name)
        for graph in parts.graphs:
            _write_quads(file, parts.parts(graph), layout.graph(graph), prefix=b"g")
        _write_quads(file, parts.parts(""), layout.all, prefix=b"a")


class Push:
    """Puts one release into one engine."""

    def __init__(
        self,
        bundle: Bundle,
        parts: Parts,
        address: Address,
        store: str = "",
        *,
        told: Callable[[str], None],
    ) -> None:
        """Work with the engine that answers queries at *address*.

        Args:
            store: Where it has the Graph Store Protocol; empty for where its kind has it.
            told: Is given a sentence on each step.

        Raises:
            OperationError: it cannot be reached, or *store* is needed.
        """
        self._bundle = bundle
        self._layout = bundle.layout
        self._base = bundle.release.base
        self._parts = parts
        self._told = told
        self._query = Client(address)
        self._store = Client(address.at(store or self._place_of_store(address)))

    def close(self) -> None:
        """Hang up."""
        self._query.close()
        self._store.close()

    def load(self) -> int:
        """Send what is not there yet; how many triples that were.

        Raises:
            OperationError: the engine does not take them.
        """
        layout, parts = self._layout, self._parts
        root = ox.NamedNode(layout.root)
        now = ox.Literal(datetime.now(UTC).isoformat(timespec="seconds"), datatype=XSD.dateTime)
        register = [
            (ox.NamedNode(self._base), DCAT.hasVersion, root),
            (root, DCTERMS.issued, now),
        ]
        self._send("POST", register_graph(self._base), _lines(register))
        self._send("PUT", layout.names, self._bundle.names(parts))
        there = self._counts()
        missing = [
            graph
            for graph in parts.graphs
            if there.get(layout.graph(graph)) != parts.sum_of(graph).count
        ]
        sent = 0
        begun = time.monotonic()
        for number, graph in enumerate(missing, 1):
            sent += self._load(graph, layout.graph(graph))
            if time.monotonic() - begun > PAUSE:
                begun = time.monotonic()
                self._told(f"{number} of {len(missing)} graphs")
        if there.get(layout.all) != parts.all.count:
            sent += self._load("", layout.all)
        self._send("PUT", layout.files, self._bundle.files())
        return sent

    def verify(self, *, fully: bool = True) -> None:
        """Count what is there; and read it all, unless that takes too long.

        Raises:
            OperationError: it is not what was sent.
        """
        there = self._counts()
        for graph, here in self._all_graphs():
            found, wanted = there.get(here, 0), self._parts.sum_of(graph).count
            if found != wanted:
                name = f"<{graph}>" if graph else "all graphs"
                problem = f"it holds {found} of the {wanted} triples of {name}: push again"
                raise BadEngine(self._query.address, problem)
        for graph, here in self._all_graphs() if fully else ():
            got, sent = self._sum_there(here), self._parts.sum_of(graph)
            if got.count < sent.count:
                problem = f"it gives {got.count} of the {sent.count} triples that it holds"
                raise BadEngine(self._query.address, f"{problem}: raise its bound on rows")
            if not got.is_like(sent):
                raise BadEngine(self._query.address, self._difference(graph, here))

    def switch(self) -> None:
        """Make it the current release.

        Raises:
            OperationError: the engine does not let us.
        """
        self._send("PUT", self._layout.whole, self._bundle.whole(self._parts))
        self._send("PUT", current_graph(self._base), self._bundle.current())

    def prune(self, keep: int) -> int:
        """Remove all releases of the site but the *keep* pushed last; how many were.

        The current one is never removed. A release stops being whole some seconds before its
        graphs go, so that front ends have left it.

        Raises:
            OperationError: the engine does not let us.
        """
        register = register_graph(self._base)
        query = (
            f"SELECT ?root (MAX(STR(?time)) AS ?last) WHERE {{ GRAPH <{register}> {{ "
            f"?site {DCAT.hasVersion} ?root . ?root {DCTERMS.issued} ?time }} }} "
            "GROUP BY ?root ORDER BY DESC(?last)"
        )
        found = [(root, last) for root, last in self._ask(query)]
        others = [root for root, _ in found if root.value != self._layout.root]
        gone = [Layout(root.value) for root in others[max(0, keep - 1) :]]
        if not gone:
            return 0
        graphs = {each.root: self._graphs_of(each) for each in gone}
        for each in gone:
            self._remove(each.whole)
        time.sleep(PRUNE_PAUSE)
        for each in gone:
            for graph in graphs[each.root]:
                self._remove(graph)
        site = ox.NamedNode(self._base)
        kept = [(root, last) for root, last in found if root.value not in graphs]
        rest: list[tuple[object, object, object]] = []
        for root, last in kept:
            rest.append((site, DCAT.hasVersion, root))
            rest.append((root, DCTERMS.issued, ox.Literal(last.value, datatype=XSD.dateTime)))
        self._send("PUT", register, _lines(rest))
        return len(gone)

    def _graphs_of(self, layout: Layout) -> list[str]:
        query = f"SELECT ?graph WHERE {{ GRAPH <{layout.names}> {{ ?graph {SD.name} ?name }} }}"
        named = [graph.value for (graph,) in self._ask(query)]
        return [*named, layout.all, layout.files, layout.parts, layout.names]

    def _all_graphs(self) -> list[tuple[str, str]]:
        """Each graph that is filled with triples: what the release calls it, and its name here."""
        named = [(graph, self._layout.graph(graph)) for graph in self._parts.graphs]
        return [*named, ("", self._layout.all)]

    def _place_of_store(self, address: Address) -> str:
        """Where the program that answers there has the Graph Store Protocol.

        Raises:
            OperationError: that is not known.
        """
        try:
            body = self._query.send(
                "POST",
                urlencode({"query": "ASK { ?s ?p ?o }"}).encode(),
                headers={
                    "Accept": holdings.TABLE,
                    "Content-Type": "application/x-www-form-urlencoded",
                },
                patience=PATIENCE,
            )
            body.read()
        except (NotReached, Refused, OSError) as error:
            raise BadEngine(address, str(error)) from error
        found = kinds.kind_of(self._query.server)
        store = found.store_of(address.url) if found.name else ""
        if not store:
            told = f"where {found.name or 'this engine'} has the Graph Store Protocol is not known"
            raise BadEngine(address, f"{told}: say so with --store")
        return store

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        """Solutions, asked for again where that may help.

        Raises:
            OperationError: there are none.
        """
        found: list[tuple[Any, ...]] = self._again(
            lambda: holdings.ask(self._query, query, patience=PATIENCE)
        )
        return found

    def _counts(self) -> dict[str, int]:
        """How many triples each graph of the release has here, by its name here."""
        layout = self._layout
        # A sub-SELECT of all graphs, for which engines have an index; named one by one they are
        # counted in half a minute by Virtuoso, where this takes a hundredth of a second.
        each = (
            f"SELECT ?graph ?triples WHERE {{ GRAPH <{layout.names}> {{ ?graph {SD.name} ?name }} "
            "{ SELECT ?graph (COUNT(*) AS ?triples) WHERE { GRAPH ?graph { ?s ?p ?o } } "
            "GROUP BY ?graph } }"
        )
        together = f"SELECT (COUNT(*) AS ?triples) WHERE {{ GRAPH <{layout.all}> {{ ?s ?p ?o }} }}"
        found = {graph.value: int(number.value) for graph, number in self._ask(each)}
        ((number,),) = self._ask(together)
        return {**found, layout.all: int(number.value)}

    def _load(self, graph: str, here: str) -> int:
        """Send one graph; how many triples were sent.

        Of one that takes several parts it is told in the engine which have come, so that those
        need not be sent again.
        """
        total = self._parts.sum_of(graph).count
        many = total > PART
        done = self._parts_done(here) if many else 0
        sent = 0
        for number, part in enumerate(self._parts.parts(graph), 1):
            if number <= done:
                continue
            self._send("PUT" if number == 1 else "POST", here, part)
            count = part.count(b"\n")
            sent += count
            if many:
                mark = (ox.NamedNode(here), RDF.value, _integer(number))
                self._send("POST", self._layout.parts, _lines([mark]))
                self._told(f"{min(total, number * PART)} of {total} triples of {here}")
        return sent

    def _parts_done(self, here: str) -> int:
        pattern = f"GRAPH <{self._layout.parts}> {{ <{here}> {RDF.value} ?part }}"
        query = f"SELECT ?part WHERE {{ {pattern} }}"
        numbers = {int(number.value) for (number,) in self._ask(query)}
        done = 0
        while done + 1 in numbers:
            done += 1
        return done

    def _sum_there(self, here: str) -> _Sum:
        """What tells the triples of a graph as the engine gives them.

        Raises:
            OperationError: it does not.
        """
        found: _Sum = self._again(lambda: self._read_sum(here))
        return found

    def _read_sum(self, here: str) -> _Sum:
        found = _Sum()
        for triple in self._triples(here):
            found.add(f"{triple} .\n".encode())
        return found

    def _triples(self, here: str) -> Iterator[ox.Triple]:
        """A graph as the engine gives it.

        Raises:
            NotReached, Refused: it does not.
            BadEngine: what it gives is not known to be whole.
        """
        body = self._store.send(
            "GET",
            parameters=urlencode({"graph": here}),
            headers={"Accept": N_TRIPLES},
            patience=PATIENCE,
        )
        yield from holdings.read_triples(self._store, body)

    def _difference(self, graph: str, here: str) -> str:
        """What an engine has made of triples that it was sent."""
        wanted = {line for line in self._parts.lines(graph) if not has_blank(line)}
        found = {f"{triple} .\n".encode() for triple in self._triples(here)}
        found = {line for line in found if not has_blank(line)}
        gone = sorted(wanted - found)
        told = "; ".join(line.decode().rstrip(" .\n") for line in gone[:SHOWN])
        name = f"<{graph}>" if graph else "all graphs"
        if not gone:
            return f"the triples of {name} with blank nodes are not what was sent"
        return f"{len(gone)} triples of {name} are not what was sent, such as {told}"

    def _remove(self, graph: str) -> None:
        try:
            self._send("DELETE", graph, None)
        except BadEngine as error:
            cause = error.__cause__
            if not (isinstance(cause, Refused) and cause.status == NOT_FOUND):
                raise

    def _send(self, method: str, graph: str, body: bytes | None) -> None:
        """Send a graph, or part of it: that can be done twice.

        Raises:
            OperationError: the engine does not take it.
        """
        headers = {"Content-Type": N_TRIPLES} if body is not None else {}
        parameters = urlencode({"graph": graph})

        def send() -> None:
            answer = self._store.send(
                method, body, parameters=parameters, headers=headers, patience=PATIENCE
            )
            while answer.read(2**16):
                pass

        self._again(send)

    def _again(self, send: Callable[[], Any]) -> Any:
        """What *send* gives, tried again where the engine cannot be reached for a moment.

        Raises:
            BadEngine: it fails.
        """
        for number in range(1, TRIES + 1):
            try:
                return send()
            except (NotReached, OSError) as error:
                if number == TRIES or isinstance(error, OperationError):
                    raise BadEngine(self._store.address, str(error)) from error
                pause = PAUSE * number
            except Refused as error:
                if number == TRIES or not error.passing:
                    raise BadEngine(self._store.address, str(error)) from error
                pause = max(PAUSE, error.after or 0.0)
            time.sleep(pause)
        raise AssertionError


def _integer(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=XSD.integer)


def _lines(triples: Iterable[tuple[object, object, object]]) -> bytes:
    return "".join(f"{s} {p} {o} .\n" for s, p, o in triples).encode()


def _write_quads(
    file: IO[bytes], parts: Iterable[bytes], graph: str, *, prefix: bytes = b""
) -> None:
    """Write triples as quads of one graph; their blank nodes are of it alone."""
    end = f" <{graph}> .\n".encode()
    for part in parts:
        for line in part.splitlines():
            triple = line.removesuffix(b" .")
            if prefix and has_blank(line):
                triple = relabelled(triple, prefix + hashlib.sha256(end).hexdigest()[:8].encode())
            file.write(triple + end)
