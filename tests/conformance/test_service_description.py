"""SPARQL 1.1 Service Description: what an endpoint says of itself when it is asked nothing.

The manifest has only names; what each asks for is what the working group's validator did.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from rdflib import RDF, Graph, Namespace, URIRef

from tests.conformance.catalogue import cases, described
from tests.conformance.results import TURTLE

if TYPE_CHECKING:
    from tests.conformance.endpoint import Endpoint
    from tests.conformance.manifests import SparqlTest

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")


@pytest.mark.parametrize(
    "test",
    cases("sparql11-service-description", partial(described, "sparql11-service-description")),
)
def test_the_endpoint_describes_itself(endpoint: Endpoint, test: SparqlTest) -> None:
    """A GET without a query gives RDF that names the endpoint, and each named graph's name."""
    reply = endpoint.send("GET", headers={"Accept": TURTLE})

    assert (reply.status, reply.media_type) == (200, TURTLE), reply
    found = Graph().parse(data=reply.body, format="turtle", publicID=endpoint.address)
    match test.iri.rpartition("#")[2]:
        case "returns-rdf":
            assert len(found) > 0
        case "has-endpoint-triple":
            assert (None, SD.endpoint, URIRef(endpoint.address)) in found
        case "conforms-to-schema":
            assert (None, RDF.type, SD.Service) in found
            assert not [
                graph
                for graph in found.subjects(RDF.type, SD.NamedGraph)
                if found.value(graph, SD.name) is None
            ]
        case unknown:
            pytest.fail(f"the manifest has a test that is not known here: {unknown}")
