"""What an engine holds: which release is current there, whether it is whole, and its files."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import pyoxigraph as ox

from stancegraph.engine.remote import kinds
from stancegraph.engine.remote.layout import Layout, current_graph
from stancegraph.errors import OperationError
from stancegraph.terms import DCAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stancegraph.engine.remote.http import Address, Body, Client

PATIENCE = 20.0  # seconds
TABLE = "application/sparql-results+json"
N_TRIPLES = "application/n-triples"
# Characters of a literal that holds part of the files; Virtuoso reads none of 32 KiB.
CHUNK = 16_000

_CURRENT = f"""SELECT ?base ?root ?graph
WHERE {{ GRAPH ?graph {{ ?base {DCAT.hasCurrentVersion} ?root }} }}"""


class BadEngine(OperationError):
    """An engine cannot be used as it is; the message says why, and what to do."""

    def __init__(self, address: Address, problem: str) -> None:
        super().__init__(f"{address.url}: {problem}")


@dataclass(frozen=True, slots=True)
class Current:
    """The current release of an engine.

    Attributes:
        base: What its site is called.
        layout: How it lies there.
    """

    base: str
    layout: Layout


def ask(
    client: Client,
    query: str,
    *,
    default: Sequence[str] = (),
    named: Sequence[str] = (),
    patience: float = PATIENCE,
) -> list[tuple[Any, ...]]:
    """The solutions of a SELECT over what the engine holds, each in the order of its variables.

    Args:
        default, named: The dataset; where none is named, all that is there.

    Raises:
        NotReached, Refused: there is no answer.
        BadEngine: it is not the SPARQL JSON asked for, or not the whole.
    """
    form = [
        ("query", query),
        *(("default-graph-uri", iri) for iri in default),
        *(("named-graph-uri", iri) for iri in named),
    ]
    headers = {"Accept": TABLE, "Content-Type": "application/x-www-form-urlencoded"}
    body = client.send("POST", urlencode(form).encode(), headers=headers, patience=patience)
    if bound := kinds.rows_cut(body.headers):
        client.close()
        raise BadEngine(client.address, f"it gives {bound} rows at most: have it give more")
    try:
        found = ox.parse_query_results(
            cast("Any", io.BufferedReader(body)), ox.QueryResultsFormat.JSON
        )
        if isinstance(found, ox.QuerySolutions):
            return [tuple(row) for row in found]
    except (SyntaxError, OSError, ValueError) as error:
        client.close()
        if body.failure is not None:
            raise body.failure from error
    raise BadEngine(client.address, "what answers there is no SPARQL endpoint")


def triples(client: Client, graph: str, *, patience: float = PATIENCE) -> Iterator[ox.Triple]:
    """All of one graph, by its name in the engine.

    Raises:
        NotReached, Refused: there is no answer.
        BadEngine: it is not known to be whole.
    """
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    form = urlencode({"query": query, "default-graph-uri": graph}).encode()
    headers = {"Accept": N_TRIPLES, "Content-Type": "application/x-www-form-urlencoded"}
    yield from read_triples(client, client.send("POST", form, headers=headers, patience=patience))


def read_triples(client: Client, body: Body) -> Iterator[ox.Triple]:
    """The triples that an engine answers with.

    Raises:
        NotReached: it broke off.
        BadEngine: they are none, or not known to be whole.
    """
    if kinds.rows_cut(body.headers) or not body.has_end:
        client.close()
        raise BadEngine(client.address, "it does not give whole graphs")
    try:
        for quad in ox.parse(cast("Any", io.BufferedReader(body)), ox.RdfFormat.N_TRIPLES):
            yield quad.triple
    except (OSError, SyntaxError) as error:
        client.close()
        if body.failure is not None:
            raise body.failure from error
        raise BadEngine(client.address, f"it gives no N-Triples: {error}") from error


def current(
    client: Client, base: str | None = None, *, patience: float = PATIENCE
) -> Current | None:
    """The release that is current, of the site *base* or of the only one; None where none is.

    Raises:
        NotReached, Refused: there is no answer.
        BadEngine: it is no SPARQL endpoint, or *base* is needed.
    """
    found = {
        (each.value, root.value)
        for each, root, graph in ask(client, _CURRENT, patience=patience)
        if isinstance(root, ox.NamedNode) and graph.value == current_graph(each.value)
        if base in {None, each.value}
    }
    if len({each for each, _ in found}) > 1:
        known = " or ".join(sorted(each for each, _ in found))
        raise BadEngine(client.address, f"it holds several sites: choose one by --base, {known}")
    # While one takes the place of another there may be two, or none.
    if len(found) != 1:
        return None
    ((found_base, root),) = found
    return Current(found_base, Layout(root))


def is_whole(client: Client, layout: Layout, *, patience: float = PATIENCE) -> bool:
    """Whether a release is there, and was found to be right.

    Raises:
        NotReached, Refused, BadEngine: as `ask` does.
    """
    return bool(told_of(client, layout, patience=patience))


def told_of(client: Client, layout: Layout, *, patience: float = PATIENCE) -> dict[str, str]:
    """What is told of a release that is whole, by property; nothing of any other.

    Raises:
        NotReached, Refused, BadEngine: as `ask` does.
    """
    pattern = f"GRAPH <{layout.whole}> {{ <{layout.root}> ?what ?told }}"
    query = f"SELECT ?what ?told WHERE {{ {pattern} }}"
    return {what.value: told.value for what, told in ask(client, query, patience=patience)}


def pack(files: Mapping[str, str]) -> tuple[list[str], str]:
    """*files*, texts by path, as literals that hold them, and the SHA-256 of what they hold."""
    content = json.dumps(files, ensure_ascii=False, sort_keys=True).encode()
    text = base64.b64encode(zlib.compress(content, 9)).decode()
    chunks = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
    return chunks, hashlib.sha256(content).hexdigest()


def unpack(chunks: Iterable[str], checksum: str) -> dict[str, str] | None:
    """What `pack` packed; None where it is not that."""
    try:
        content = zlib.decompress(base64.b64decode("".join(chunks), validate=True))
    except (binascii.Error, zlib.error):
        return None
    if hashlib.sha256(content).hexdigest() != checksum:
        return None
    files: dict[str, str] = json.loads(content)
    return files
