"""What the manifests of the suites say: which tests there are, and of what they are made.

A file of a suite and its IRI are two names for one thing: relative IRIs in queries and data
are resolved against the IRI, and a data file is served as the named graph of that IRI.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import rdflib
from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.collection import Collection

from tests.conformance import suites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rdflib.term import Node

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
DAWG = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-dawg#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")

SPARQL10 = "http://www.w3.org/2001/sw/DataAccess/tests/data-r2/"
SPARQL11 = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
SHACL = "https://w3c.github.io/data-shapes/data-shapes-test-suite/tests/"
FOLDERS = {SPARQL10: "sparql10", SPARQL11: "sparql11", SHACL: "shacl"}

# A graph that no file stands for, so an empty one.
NOTHING = f"{SPARQL11}nothing"

Kind: TypeAlias = Literal["evaluation", "positive syntax", "negative syntax", "described"]
KINDS: dict[Node | None, Kind] = {
    MF.QueryEvaluationTest: "evaluation",
    MF.CSVResultFormatTest: "evaluation",
    MF.PositiveSyntaxTest: "positive syntax",
    MF.PositiveSyntaxTest11: "positive syntax",
    MF.NegativeSyntaxTest: "negative syntax",
    MF.NegativeSyntaxTest11: "negative syntax",
    MF.ProtocolTest: "described",
    MF.ServiceDescriptionTest: "described",
}
# Left out: withdrawn tests, and the three on which the working group never agreed.
COUNTED = {DAWG.Approved, DAWG.NotClassified}

_FROM = re.compile(r"\bFROM\s+(?:NAMED\s+)?<([^>]*)>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SparqlTest:
    """One test of SPARQL.

    Attributes:
        iri: What the test is called, in the list of deviations too.
        kind: ``described`` where the manifest has no files, only a sentence.
        query: IRI of the file with the query; empty where there is none.
        default: The data files that make up the default graph, as IRIs.
        named: The data files that are named graphs, as IRIs.
        result: IRI of the file with the expected result; empty where there is none.
        lax: Whether duplicates may be left out, as for REDUCED.
    """

    iri: str
    kind: Kind
    query: str = ""
    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    result: str = ""
    lax: bool = False

    @property
    def text(self) -> str:
        """The query as it stands in its file."""
        return path_of(self.query).read_text("utf-8")

    @property
    def based_text(self) -> str:
        """The query, and the base of its relative IRIs, which HTTP cannot tell otherwise."""
        return f"BASE <{self.query}> {self.text}"

    @property
    def dataset(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The default graphs and the named graphs that a request has to name.

        None where the query names them itself. Where nothing does, the default graph is
        empty, which is not all that the server holds.
        """
        if self.default or self.named or _FROM.search(self.text):
            return self.default, self.named
        return (NOTHING,), ()

    @property
    def files(self) -> set[str]:
        """The data files that the evaluation needs, as IRIs."""
        beside = self.query.rpartition("/")[0]
        return {*self.default, *self.named, *(f"{beside}/{n}" for n in _FROM.findall(self.text))}


@dataclass(frozen=True, slots=True)
class ShaclTest:
    """One test of SHACL.

    Attributes:
        manifest: IRI of the file that describes the test, expected report and all.
        data: IRI of the file with the data graph.
        shapes: IRI of the file with the shapes graph.
    """

    iri: str
    manifest: str
    data: str
    shapes: str


def label(iri: str) -> str:
    """A test's IRI without what all of a suite have in common: ``aggregates/agg01``."""
    base = next(base for base in FOLDERS if iri.startswith(base))
    return iri.removeprefix(base).replace("/manifest#", "/")


def path_of(iri: str) -> Path:
    """Where the file of a suite is that has this IRI."""
    base = next(base for base in FOLDERS if iri.startswith(base))
    return suites.folder() / FOLDERS[base] / iri.removeprefix(base)


@cache
def sparql_tests(manifest: str) -> tuple[SparqlTest, ...]:
    """The tests of the manifest with this IRI and of those that it includes, in their order.

    Raises:
        SuitesMissing: as :func:`suites.folder` does.
    """
    graph, top = read(manifest), URIRef(manifest)
    found = [
        test
        for included in _list(graph, graph.value(top, MF.include))
        for test in sparql_tests(str(included))
    ]
    found += [
        _sparql_test(graph, node)
        for node in _list(graph, graph.value(top, MF.entries))
        if graph.value(node, RDF.type) in KINDS and graph.value(node, DAWG.approval) in COUNTED
    ]
    return tuple(found)


@cache
def required(specification: str) -> tuple[str, ...]:
    """The manifests that a specification of SPARQL 1.1 is tested by, as IRIs."""
    graph = read(f"{SPARQL11}manifest-all.ttl")
    about = URIRef(f"http://www.w3.org/TR/{specification}/")
    return tuple(map(str, _list(graph, graph.value(about, MF.conformanceRequirement))))


@cache
def shacl_tests(manifest: str) -> tuple[ShaclTest, ...]:
    """The tests of the manifest with this IRI and of those that it includes, by IRI.

    Raises:
        SuitesMissing: as :func:`suites.folder` does.
    """
    graph, top = read(manifest), URIRef(manifest)
    found = [
        test for included in graph.objects(top, MF.include) for test in shacl_tests(str(included))
    ]
    for node in _list(graph, graph.value(top, MF.entries)):
        action = graph.value(node, MF.action)
        data, shapes = graph.value(action, SHT.dataGraph), graph.value(action, SHT.shapesGraph)
        found.append(ShaclTest(str(node), manifest, str(data), str(shapes)))
    return tuple(sorted(found, key=lambda test: test.iri))


@contextmanager
def literals_as_written() -> Iterator[None]:
    """Let rdflib keep ``01`` and ``+00:00``, and say nothing of literals that have no value."""
    before, log = rdflib.NORMALIZE_LITERALS, logging.getLogger("rdflib.term")
    rdflib.NORMALIZE_LITERALS, log.disabled = False, True
    try:
        yield
    finally:
        rdflib.NORMALIZE_LITERALS, log.disabled = before, False


@literals_as_written()
def read(iri: str) -> Graph:
    """The Turtle file of a suite that has this IRI."""
    return Graph().parse(path_of(iri), format="turtle", publicID=iri)


def _sparql_test(graph: Graph, node: Node) -> SparqlTest:
    kind = KINDS[graph.value(node, RDF.type)]
    action = graph.value(node, MF.action)
    if kind == "described":
        return SparqlTest(str(node), kind)
    if kind != "evaluation":
        return SparqlTest(str(node), kind, query=str(action))
    return SparqlTest(
        str(node),
        kind,
        query=str(graph.value(action, QT.query)),
        default=tuple(sorted(map(str, graph.objects(action, QT.data)))),
        named=tuple(sorted(map(str, graph.objects(action, QT.graphData)))),
        result=str(graph.value(node, MF.result)),
        lax=graph.value(node, MF.resultCardinality) == MF.LaxCardinality,
    )


def _list(graph: Graph, head: Node | None) -> Iterator[Node]:
    if head is not None:
        yield from Collection(graph, head)
