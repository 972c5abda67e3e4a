"""Documents are the same bytes for the same facts, and read well."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from stancegraph.engine import RDF_FORMATS, MediaType
from stancegraph.facts import Facts
from stancegraph.jsonld import Context
from stancegraph.terms import RDF, RDFS, SG, XSD
from stancegraph.web.documents import write
from stancegraph.web.negotiation import DOCUMENTS

EX = "https://example.org/"
ONE, TWO = ox.NamedNode(f"{EX}one"), ox.NamedNode(f"{EX}two")
GRAPH = ox.NamedNode(f"{EX}graph")
HOSTILE = '}\n@prefix sg: <urn:x> .\n<rdf:RDF xmlns:a="b" c>\n'
QUADS = [
    ox.Quad(TWO, RDF.type, SG.Vote, GRAPH),
    ox.Quad(TWO, SG.actor, ONE, GRAPH),
    ox.Quad(ONE, RDFS.label, ox.Literal(HOSTILE, language="en"), GRAPH),
    ox.Quad(ONE, SG.date, ox.Literal("2015", datatype=XSD.gYear), GRAPH),
    ox.Quad(ONE, SG.date, ox.Literal("2015", datatype=XSD.gYear)),
]
FORMS = [form for form in DOCUMENTS if form not in {"html", "jsonld"}]
NO_CONTEXT = Context.__new__(Context)  # these formats ask for none


@pytest.mark.parametrize("form", FORMS)
def test_the_same_facts_are_the_same_bytes(form: str) -> None:
    """Whatever order they come in, and however often they are written."""
    written = {
        write(Facts(quads), form, NO_CONTEXT, TWO)
        for quads in (QUADS, QUADS[::-1])
        for _ in range(8)
    }

    assert len(written) == 1


@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_is_what_is_known(form: str) -> None:
    """Tidying breaks no literal, however much it looks like syntax."""
    facts = Facts(QUADS)

    read = ox.parse(
        write(facts, form, NO_CONTEXT, TWO), format=RDF_FORMATS[MediaType(DOCUMENTS[form])]
    )

    found = {(q.triple, q.graph_name) if form in {"trig", "nq"} else q.triple for q in read}
    if form in {"trig", "nq"}:
        # A statement of no graph of its own is not repeated where one holds it.
        assert found == {(q.triple, GRAPH) for q in QUADS}
    else:
        assert found == set(facts.triples)


def test_turtle_begins_with_the_thing() -> None:
    """Sorted prefixes, then a block for each thing with a line between."""
    text = write(Facts(QUADS), "ttl", NO_CONTEXT, TWO).decode()

    assert text.startswith(
        "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "@prefix sg: <https://w3id.org/stancegraph/ontology#> .\n"
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
        "\n"
        "<https://example.org/two> a sg:Vote ;\n"
        "\tsg:actor <https://example.org/one> .\n"
        "\n"
        "<https://example.org/one> "
    )
