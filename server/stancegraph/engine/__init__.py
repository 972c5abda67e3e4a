"""One way to ask: query text, format and deadline in, a stream of bytes out."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

import pyoxigraph as ox

from stancegraph.errors import StancegraphError
from stancegraph.sparql import QUERY_FORMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

    from stancegraph.sparql import QueryForm

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

# What anybody may ask of any graph, to see that it answers.
EXAMPLE = """\
SELECT ?class (COUNT(?thing) AS ?things)
WHERE { ?thing a ?class }
GROUP BY ?class
ORDER BY DESC(?things)"""


class MediaType(StrEnum):
    """The forms in which a result can be written."""

    JSON = "application/sparql-results+json"
    XML = "application/sparql-results+xml"
    CSV = "text/csv"
    TSV = "text/tab-separated-values"
    TURTLE = "text/turtle"
    N_TRIPLES = "application/n-triples"
    TRIG = "application/trig"
    N_QUADS = "application/n-quads"
    JSON_LD = "application/ld+json"
    RDF_XML = "application/rdf+xml"


TABLES = (MediaType.JSON, MediaType.XML, MediaType.CSV, MediaType.TSV)
GRAPHS = (
    MediaType.TURTLE,
    MediaType.N_TRIPLES,
    MediaType.TRIG,
    MediaType.N_QUADS,
    MediaType.JSON_LD,
    MediaType.RDF_XML,
)
OFFERED: dict[QueryForm, tuple[MediaType, ...]] = {
    form: TABLES if form in {"SELECT", "ASK"} else GRAPHS for form in QUERY_FORMS
}
# What people call them in an address or a command.
SHORT_NAMES: dict[str, MediaType] = {
    "json": MediaType.JSON,
    "xml": MediaType.XML,
    "csv": MediaType.CSV,
    "tsv": MediaType.TSV,
    "ttl": MediaType.TURTLE,
    "nt": MediaType.N_TRIPLES,
    "trig": MediaType.TRIG,
    "nq": MediaType.N_QUADS,
    "jsonld": MediaType.JSON_LD,
    "rdf": MediaType.RDF_XML,
}
RDF_FORMATS: dict[MediaType, ox.RdfFormat] = {
    MediaType.TURTLE: ox.RdfFormat.TURTLE,
    MediaType.N_TRIPLES: ox.RdfFormat.N_TRIPLES,
    MediaType.TRIG: ox.RdfFormat.TRIG,
    MediaType.N_QUADS: ox.RdfFormat.N_QUADS,
    MediaType.JSON_LD: ox.RdfFormat.JSON_LD,
    MediaType.RDF_XML: ox.RdfFormat.RDF_XML,
}


UPDATE_REFUSED = "updates are refused: what is served is a release, which never changes"


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to an engine.

    Attributes:
        query: The text of a SPARQL 1.1 query.
        media_type: How to write the result; one that the query's form can have.
        default_graphs: IRIs of the graphs whose merge is the default graph.
        named_graphs: IRIs of the graphs that GRAPH reaches. Where either of the two names
            a graph, they are the dataset; where neither does and the query has no FROM,
            every graph is named and their union is the default graph.
        base: The IRI against which relative ones are resolved, until the query has BASE; an
            empty one makes them syntax errors.
        deadline: Seconds, more than 0, from the asking to the last byte of the answer.
        limit: Rows of a SELECT, or triples, that are wanted; None for all. The answer's
            notice tells whether there are more.
        count: Whether the notice is to tell how many there are in all.
        max_rows, max_bytes: With a longer answer the query fails, maybe when part of it was
            given; 0 for no such bound.
        explain: Whether the answer is to tell, as JSON, what the one that is asked for costs.
    """

    query: str
    media_type: MediaType
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    base: str = ""
    deadline: float = 30.0
    limit: int | None = None
    count: bool = False
    max_rows: int = 0
    max_bytes: int = 0
    explain: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told beside an answer, before its first byte.

    Attributes:
        cut: The rows, or triples, that were wanted, where there are more; else None.
        count: How many there are in all; None where that was not asked.
    """

    cut: int | None = None
    count: int | None = None


class Answer(Protocol):
    """The bytes of a result, in order, as they come."""

    @property
    def notice(self) -> Notice:
        """What is told beside it; known once the first bytes were given."""

    def __iter__(self) -> Iterator[bytes]: ...

    def __next__(self) -> bytes:
        """The next bytes.

        Raises:
            QuerySyntaxError: the query is not SPARQL 1.1.
            QueryRefused: it is an update, or calls another server.
            NotAcceptable: its form cannot be written as the media type asked for.
            QueryTimeout: it was stopped at its deadline.
            QueryFailed: it broke a bound, or its evaluation failed.
            EngineDown: the engine cannot be reached, or is overloaded.

        An error after some bytes were given means that those are not the whole: whoever
        passes them on must break off, never end as if they were.
        """

    def close(self) -> None:
        """Stop the work, if it still goes on. Any thread may call it, more than once."""


class Engine(Protocol):
    """What answers queries over one release."""

    @property
    def release_id(self) -> str:
        """The release that it holds."""

    def ask(self, ask: Ask) -> Answer:
        """Start on a question; nothing is raised before the first bytes are asked for."""

    def is_up(self) -> bool:
        """Whether it takes questions now; told at once, however many wait."""

    def close(self) -> None:
        """Let go of what the engine holds."""


class EngineBefore:
    """An engine that stands before another one, to which it leaves whatever it does not change."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def release_id(self) -> str:
        """The release that the other engine holds."""
        return self._engine.release_id

    def ask(self, ask: Ask) -> Answer:
        """Start on a question, as :meth:`Engine.ask` says."""
        return self._engine.ask(ask)

    def is_up(self) -> bool:
        """Whether the other engine takes questions now."""
        return self._engine.is_up()

    def close(self) -> None:
        """Let go of what the other engine holds."""
        self._engine.close()


def rows(engine: Engine, ask: Ask) -> list[dict[str, Term]]:
    """The solutions of a SELECT, in its order; a variable that is unbound has no key.

    Raises:
        StancegraphError: as :meth:`Answer.__next__` does.
    """
    found, _ = first_rows(engine, ask, None)
    return found


def first_rows(engine: Engine, ask: Ask, bound: int | None) -> tuple[list[dict[str, Term]], bool]:
    """Up to *bound* solutions of a SELECT, as `rows` gives them, and whether there are more.

    What lies beyond the bound is not read.

    Raises:
        StancegraphError: as :meth:`Answer.__next__` does.
    """
    answer = engine.ask(replace(ask, media_type=MediaType.JSON))
    try:
        kept = _read_rows(_Reader(answer), None if bound is None else bound + 1)
    finally:
        answer.close()
    if isinstance(kept, Exception):
        try:
            raise kept
        finally:
            del kept  # lest it lead to itself, by this frame
    return kept[:bound], bound is not None and len(kept) > bound


def _read_rows(reader: _Reader, bound: int | None) -> list[dict[str, Term]] | Exception:
    """The first solutions that *reader* gives as SPARQL JSON, or why there are none.

    Nothing is raised, for the traceback would lead to the parser's solutions. These can be let
    go of in this thread alone; where another collects them, all they lead to stays for ever.

    Raises:
        TypeError: it is the answer of an ASK.
    """
    try:
        solutions = _solutions(reader)
        names = [variable.value for variable in solutions.variables]
        return [
            {name: term for name, term in zip(names, solution, strict=True) if term is not None}
            for solution in itertools.islice(solutions, bound)
        ]
    except (StancegraphError, OSError, SyntaxError, ValueError) as error:
        # What the engine said, not what the parser makes of it.
        failure, reader.failure = reader.failure or error, None
        failure.__cause__ = failure.__context__ = None  # whose frames know those that called them
        return failure.with_traceback(None)


def _solutions(reader: _Reader) -> ox.QuerySolutions:
    """The rows that *reader* gives as SPARQL JSON.

    Raises:
        TypeError: it is the answer of an ASK.
    """
    found = ox.parse_query_results(io.BufferedReader(reader), ox.QueryResultsFormat.JSON)
    if not isinstance(found, ox.QuerySolutions):
        raise TypeError("only a SELECT has rows")
    return found


class _Reader(io.RawIOBase):
    """An answer as a file that is read once."""

    def __init__(self, answer: Answer) -> None:
        self.failure: StancegraphError | None = None
        self._answer = answer
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill *buffer* as far as one part of the answer does."""
        try:
            while not self._rest and (part := next(self._answer, None)) is not None:
                self._rest = part
        except StancegraphError as error:
            self.failure = error
            raise
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
