"""What the endpoint says of itself, in the words of SPARQL 1.1 Service Description.

Nothing in it is a blank node: the service is a fragment of the endpoint's address, and the
dataset is the release, which the description graph of the release tells more about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pyoxigraph as ox
from flask import current_app

from stancegraph.engine import RDF_FORMATS, Ask, MediaType, rows
from stancegraph.engine.prefixes import OWN, used_prefixes
from stancegraph.functions import EXTENSIONS
from stancegraph.terms import DCTERMS, RDF, SD, VOID, XSD, Namespace
from stancegraph.web.site import current_site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stancegraph.web.site import Site

FORMATS = Namespace("formats", "http://www.w3.org/ns/formats/")
ENTAILMENT = Namespace("entailment", "http://www.w3.org/ns/entailment/")

# What the W3C calls the formats that results are written in.
FORMAT_NAMES: dict[MediaType, ox.NamedNode] = {
    MediaType.JSON: FORMATS.SPARQL_Results_JSON,
    MediaType.XML: FORMATS.SPARQL_Results_XML,
    MediaType.CSV: FORMATS.SPARQL_Results_CSV,
    MediaType.TSV: FORMATS.SPARQL_Results_TSV,
    MediaType.TURTLE: FORMATS.Turtle,
    MediaType.N_TRIPLES: FORMATS["N-Triples"],
    MediaType.TRIG: FORMATS.TriG,
    MediaType.N_QUADS: FORMATS["N-Quads"],
    MediaType.JSON_LD: FORMATS["JSON-LD"],
    MediaType.RDF_XML: FORMATS.RDF_XML,
}

_NAMED = """
SELECT ?graph (COUNT(*) AS ?triples)
WHERE { GRAPH ?graph { ?subject ?property ?value } }
GROUP BY ?graph
ORDER BY ?graph"""
_ALL = "SELECT (COUNT(*) AS ?triples) WHERE { ?subject ?property ?value }"
_NUMBERS = "stancegraph.service"


def describe_service(endpoint: str) -> list[ox.Triple]:
    """The description of the service whose address is *endpoint*, the service first.

    Raises:
        EngineError: the numbers of triples could not be had.
    """
    site = current_site()
    service = ox.NamedNode(f"{endpoint}#service")
    release = ox.NamedNode(f"{site.release.base}release/{site.release.id}")
    default = ox.NamedNode(f"{release.value}#default-graph")
    total, graphs = _numbers(site)
    return [
        ox.Triple(service, RDF.type, SD.Service),
        ox.Triple(service, DCTERMS.title, ox.Literal(f"SPARQL endpoint of {site.release.title}")),
        ox.Triple(service, SD.endpoint, ox.NamedNode(endpoint)),
        ox.Triple(service, SD.supportedLanguage, SD.SPARQL11Query),
        ox.Triple(service, SD.feature, SD.UnionDefaultGraph),
        ox.Triple(service, SD.defaultEntailmentRegime, ENTAILMENT.Simple),
        *(ox.Triple(service, SD.resultFormat, name) for name in FORMAT_NAMES.values()),
        *(ox.Triple(service, SD.extensionFunction, ox.NamedNode(iri)) for iri in EXTENSIONS),
        ox.Triple(service, SD.defaultDataset, release),
        ox.Triple(service, SD.availableGraphs, release),
        ox.Triple(release, RDF.type, SD.Dataset),
        ox.Triple(release, DCTERMS.license, ox.NamedNode(site.release.licence)),
        ox.Triple(release, SD.defaultGraph, default),
        *(ox.Triple(release, SD.namedGraph, graph) for graph in graphs),
        ox.Triple(default, RDF.type, SD.Graph),
        ox.Triple(default, VOID.triples, _count(total)),
        *_named_graphs(graphs),
        *(ox.Triple(ox.NamedNode(iri), RDF.type, SD.Function) for iri in EXTENSIONS),
    ]


def write(triples: Iterable[ox.Triple], media_type: MediaType) -> bytes:
    """*triples* in one of the formats of RDF."""
    known = OWN | {each.prefix: each.iri for each in (FORMATS, ENTAILMENT)}
    stated = list(triples)
    quads = [ox.Quad(*triple) for triple in stated]  # all formats can write these
    prefixes = used_prefixes(stated, known)
    return ox.serialize(quads, format=RDF_FORMATS[media_type], prefixes=prefixes) or b""


def _named_graphs(graphs: dict[ox.NamedNode, int]) -> Iterator[ox.Triple]:
    for graph, number in graphs.items():
        yield ox.Triple(graph, RDF.type, SD.NamedGraph)
        yield ox.Triple(graph, SD.name, graph)
        yield ox.Triple(graph, VOID.triples, _count(number))


def _count(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=XSD.integer)


def _numbers(site: Site) -> tuple[int, dict[ox.NamedNode, int]]:
    """How many triples the default graph and each named graph hold; counted once."""
    extensions = current_app.extensions
    if _NUMBERS not in extensions:
        graphs = {cast("ox.NamedNode", graph): number for graph, number in _counted(site, _NAMED)}
        extensions[_NUMBERS] = (sum(number for _, number in _counted(site, _ALL)), graphs)
    return cast("tuple[int, dict[ox.NamedNode, int]]", extensions[_NUMBERS])


def _counted(site: Site, query: str) -> list[tuple[object, int]]:
    ask = Ask(query, MediaType.JSON, deadline=site.query_timeout)
    return [
        (row.get("graph"), int(cast("ox.Literal", row["triples"]).value))
        for row in rows(site.engine, ask)
    ]
