"""SHACL: the report of each engine against the one that the suite expects."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from rdflib import RDF, SH, BNode, Graph, URIRef
from rdflib.compare import isomorphic

from stancegraph.build.validate import validate_triples
from tests.conformance.catalogue import cases, shacl
from tests.conformance.manifests import MF, SHT, literals_as_written, path_of, read

if TYPE_CHECKING:
    from rdflib.term import Node

    from stancegraph.build.validate import EngineName
    from tests.conformance.manifests import ShaclTest

pytestmark = pytest.mark.usefixtures("suites_here")

# What the suite compares; in particular not the messages, unless it expects one.
COMPARED = (
    SH.focusNode, SH.resultPath, SH.resultSeverity, SH.sourceConstraint,
    SH.sourceConstraintComponent, SH.sourceShape, SH.value,
)  # fmt: skip


@pytest.mark.parametrize(
    ("engine", "test"),
    [
        pytest.param(engine, *case.values, id=f"{engine}-{case.id}", marks=case.marks)
        for part in ("core", "sparql")
        for engine in ("fast", "pyshacl")
        for case in cases(f"shacl-{part}-{engine}", partial(shacl, part))
    ],
)
def test_report_is_the_expected_one(engine: EngineName, test: ShaclTest) -> None:
    """Isomorphic to the expected report, results and all; a failure where one is expected."""
    manifest = read(test.manifest)
    expected = manifest.value(URIRef(test.iri), MF.result)

    found = validate_triples(_triples(test.data), _triples(test.shapes), engine=engine)

    assert bool(found.failures) == (expected == SHT.Failure), found.failures
    if expected is not None and expected != SHT.Failure:
        with literals_as_written():
            graph = Graph().parse(data=found.as_turtle(), format="turtle")
        top = graph.value(predicate=RDF.type, object=SH.ValidationReport)
        messages = {message for _, message in manifest.subject_objects(SH.resultMessage)}
        assert top is not None
        wanted, given = _compared(manifest, expected, messages), _compared(graph, top, messages)
        assert isomorphic(wanted, given), _told(wanted, given)


def _triples(iri: str) -> list[ox.Triple]:
    read_quads = ox.parse(path=path_of(iri), format=ox.RdfFormat.TURTLE, base_iri=iri)
    return [quad.triple for quad in read_quads]


def _compared(graph: Graph, top: Node, messages: set[Node]) -> Graph:
    """What is compared of a report, each path written out for each result."""
    kept = Graph()
    for conforms in graph.objects(top, SH.conforms):
        kept.add((top, SH.conforms, conforms))
    for result in graph.objects(top, SH.result):
        kept.add((top, SH.result, result))
        for predicate, term in graph.predicate_objects(result):
            if predicate == SH.resultPath:
                kept.add((result, predicate, _copied(graph, term, kept)))
            elif predicate in COMPARED or term in messages:
                kept.add((result, predicate, term))
    return kept


def _copied(graph: Graph, path: Node, into: Graph) -> Node:
    """A path of its own like *path*, which other results may share."""
    if not isinstance(path, BNode):
        return path
    copy = BNode()
    for predicate, term in graph.predicate_objects(path):
        into.add((copy, predicate, _copied(graph, term, into)))
    return copy


def _told(wanted: Graph, given: Graph) -> str:
    first, second = (graph.serialize(format="longturtle") for graph in (wanted, given))
    return f"expected:\n{first}\nfound:\n{second}"
