"""The facts of the shipped graph as its files state them, without a release."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyoxigraph as ox

from stancegraph.terms import DCTERMS, RDF, RDFS, SG

ROOT = Path(__file__).parents[1]
ID = "https://w3id.org/stancegraph/id/"
QUOTATION = "http://www.w3.org/ns/oa#exact"


@cache
def read(path: Path) -> tuple[ox.Triple, ...]:
    """The triples of a Turtle file."""
    parsed = ox.parse(path=path, format=ox.RdfFormat.TURTLE)
    return tuple(ox.Triple(quad.subject, quad.predicate, quad.object) for quad in parsed)


def read_all(folder: str) -> list[ox.Triple]:
    """The triples of all Turtle files in a folder of the graph."""
    return [triple for path in sorted((ROOT / folder).rglob("*.ttl")) for triple in read(path)]


class Facts:
    """All triples of data/, without inference, by keys of this graph."""

    def __init__(self) -> None:
        triples = read_all("data")
        self._facts = ox.Dataset(ox.Quad(*triple) for triple in triples)

    def of(self, subject: str, *path: str) -> set[str]:
        """What a path of properties leads to: lexical forms, IRIs from /id/ on.

        Args:
            path: Names in ``sg:``, or whole IRIs.
        """
        found = {subject}
        for name in path:
            predicate = ox.NamedNode(name) if ":" in name else SG[name]
            found = {value for start in found for value in self._step(start, predicate)}
        return found

    def subjects(self, name: str, value: str) -> set[str]:
        """The things that have *value*, an IRI from /id/ on, as the property *name*."""
        return self._subjects(SG[name], ox.NamedNode(ID + value))

    def things(self, name: str) -> set[str]:
        """All things of a class."""
        return self._subjects(RDF.type, SG[name])

    def classes(self, subject: str) -> set[str]:
        """The ``sg:`` classes of a thing, without the prefix."""
        return {value.removeprefix(SG.iri) for value in self._step(subject, RDF.type)}

    def comments(self, subject: str) -> set[str]:
        """What is said of a thing in words of this graph."""
        return self._step(subject, RDFS.comment)

    def quotations(self, claim: str) -> set[str]:
        """The words of sources that the evidence of a claim quotes."""
        return self.of(claim, "evidence", QUOTATION)

    def sources(self, *claims: str) -> set[str]:
        """Keys of the sources of claims, of the things themselves, and of copies of their works."""
        found = set()
        for claim in claims:
            found |= self.of(claim, "evidence", "source") | self.of(claim, DCTERMS.source.value)
        works = {work for source in found for work in self.of(source, "originWork")}
        copies = {source for work in works for source in self.subjects("originWork", work)}
        return {source.removeprefix("source/") for source in found | copies}

    def _subjects(self, predicate: ox.NamedNode, value: ox.NamedNode) -> set[str]:
        return {
            quad.subject.value.removeprefix(ID)
            for quad in self._facts.quads_for_object(value)
            if quad.predicate == predicate and isinstance(quad.subject, ox.NamedNode)
        }

    def _step(self, subject: str, predicate: ox.NamedNode) -> set[str]:
        return {
            quad.object.value.removeprefix(ID)
            for quad in self._facts.quads_for_subject(ox.NamedNode(ID + subject))
            if quad.predicate == predicate and not isinstance(quad.object, ox.Triple)
        }
