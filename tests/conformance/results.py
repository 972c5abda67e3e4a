"""Reading results of queries, expected and given, and comparing them.

Read with rdflib, so that the engine under test does not read its own writing.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from rdflib import RDF, XSD, BNode, Graph, Literal, Namespace
from rdflib.compare import isomorphic
from rdflib.query import Result

from tests.conformance.manifests import literals_as_written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rdflib.term import Node

RS = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/result-set#")
ROW = Namespace("urn:row:")

XML = "application/sparql-results+xml"
JSON = "application/sparql-results+json"
TSV = "text/tab-separated-values"
CSV = "text/csv"
TURTLE = "text/turtle"
TABLES = {".srx": XML, ".srj": JSON, ".tsv": TSV, ".csv": CSV}
GRAPHS = {".ttl": "turtle", ".nt": "nt", ".rdf": "xml"}

INTEGERS = {
    XSD[name]
    for name in (
        "integer", "nonPositiveInteger", "negativeInteger", "long", "int", "short", "byte",
        "nonNegativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte",
        "positiveInteger",
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """The solutions of a SELECT.

    Attributes:
        rows: What each solution binds, by the names of the variables without ``?``.
        ordered: Whether the order of the rows is part of the result.
    """

    variables: tuple[str, ...]
    rows: tuple[Mapping[str, Node], ...]
    ordered: bool = False


Answer: TypeAlias = Table | bool | Graph


@literals_as_written()
def read_expected(path: Path, iri: str) -> Answer:
    """The result in a file of a suite, whose name tells the form."""
    if path.suffix in TABLES:
        return read_answer(path.read_bytes(), TABLES[path.suffix])
    graph = Graph().parse(path, format=GRAPHS[path.suffix], publicID=iri)
    top = graph.value(predicate=RDF.type, object=RS.ResultSet)
    return graph if top is None else _read_result_set(graph, top)


@literals_as_written()
def read_answer(body: bytes, media_type: str) -> Answer:
    """The result in *body*."""
    if media_type == TURTLE:
        return Graph().parse(data=body, format="turtle")
    if media_type == CSV:
        return _read_csv(body.decode("utf-8"))
    form = {XML: "xml", JSON: "json", TSV: "tsv"}[media_type]
    result = Result.parse(io.BytesIO(body), format=form)
    if result.type == "ASK":
        return bool(result.askAnswer)
    rows = tuple({str(name): term for name, term in row.items()} for row in result.bindings)
    return Table(tuple(map(str, result.vars or ())), rows)


@literals_as_written()
def difference(expected: Answer, found: Answer, *, lax: bool = False) -> str:
    """What *found* has otherwise than *expected*, for people to read; empty if nothing.

    As the suites ask for it: literals are compared by value and datatype, blank nodes may
    have any labels, tables are bags, and lists only where the expected rows are numbered.

    Args:
        lax: Whether duplicates may be left out.
    """
    if isinstance(expected, Table) and isinstance(found, Table):
        same = set(expected.variables) == set(found.variables) and _same(expected, found, lax=lax)
    elif isinstance(expected, Graph) and isinstance(found, Graph):
        same = isomorphic(_plain_graph(expected), _plain_graph(found))
    else:
        same = expected is found
    return "" if same else f"expected:\n{_told(expected)}\nfound:\n{_told(found)}"


def _read_result_set(graph: Graph, top: Node) -> Table | bool:
    """A result in the vocabulary that the suites of SPARQL 1.0 use."""
    truth = graph.value(top, RS.boolean)
    if truth is not None:
        return str(truth) == "true"
    places = {node: graph.value(node, RS["index"]) for node in graph.objects(top, RS.solution)}
    ordered = bool(places) and None not in places.values()
    rows = tuple(
        {
            str(graph.value(binding, RS.variable)): term
            for binding in graph.objects(node, RS.binding)
            if (term := graph.value(binding, RS.value)) is not None
        }
        for node in sorted(places, key=lambda node: int(str(places[node])) if ordered else 0)
    )
    return Table(tuple(map(str, graph.objects(top, RS.resultVariable))), rows, ordered)


def _read_csv(text: str) -> Table:
    """The cells as plain literals, for CSV does not tell IRIs, datatypes and absence apart."""
    head, *body = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = tuple(
        {
            name: BNode(cell[2:]) if cell.startswith("_:") else Literal(cell)
            for name, cell in zip(head, cells, strict=True)
        }
        for cells in body
    )
    return Table(tuple(head), rows)


def _same(expected: Table, found: Table, *, lax: bool) -> bool:
    if lax:
        most, given = Counter(_plain_rows(expected)), Counter(_plain_rows(found))
        return most.keys() == given.keys() and given <= most
    return isomorphic(
        *(_as_graph(_plain_rows(table), ordered=expected.ordered) for table in (expected, found))
    )


def _plain_rows(table: Table) -> list[frozenset[tuple[str, Node]]]:
    return [frozenset((name, _plain(term)) for name, term in row.items()) for row in table.rows]


def _as_graph(rows: list[frozenset[tuple[str, Node]]], *, ordered: bool) -> Graph:
    """A graph that is isomorphic to that of the same rows with other blank nodes, no other."""
    graph = Graph()
    for row, count in Counter(rows).items():
        node = BNode()
        graph.add((node, ROW.times, Literal(count)))
        for name, term in row:
            graph.add((node, ROW[f"column-{name}"], term))
        if ordered:
            for place in (place for place, other in enumerate(rows) if other == row):
                graph.add((node, ROW.place, Literal(place)))
    return graph


def _plain_graph(graph: Graph) -> Graph:
    plain = Graph()
    for subject, predicate, term in graph:
        plain.add((subject, predicate, _plain(term)))
    return plain


def _plain(term: Node) -> Node:
    """*term*, and where terms are one in RDF 1.1 or have one value and datatype, one of them."""
    if not isinstance(term, Literal):
        return term
    text, datatype = str(term), term.datatype
    if term.language:
        return Literal(text, lang=term.language.lower())
    if datatype in {None, XSD.string}:
        return Literal(text)
    with suppress(ValueError, ArithmeticError):
        if datatype in INTEGERS or datatype == XSD.decimal:
            text = format(Decimal(text).normalize(), "f")
        elif datatype in {XSD.double, XSD.float}:
            text = str(float(text))
    if datatype == XSD.boolean:
        text = {"1": "true", "0": "false"}.get(text, text)
    elif datatype in {XSD.date, XSD.dateTime, XSD.time}:
        text = text.replace("+00:00", "Z").replace("-00:00", "Z")
    return Literal(text, datatype=datatype)


def _told(answer: Answer) -> str:
    if isinstance(answer, Graph):
        return answer.serialize(format="nt")
    return "\n".join(_lines(answer)) if isinstance(answer, Table) else str(answer).lower()


def _lines(table: Table) -> Iterator[str]:
    yield "\t".join(f"?{name}" for name in table.variables)
    for row in table.rows:
        yield "\t".join(row[name].n3() if name in row else "" for name in table.variables)
