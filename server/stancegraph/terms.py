"""The namespaces whose terms the program itself names, each made once.

``SKOS.prefLabel`` and ``SKOS["prefLabel"]`` are the same ``NamedNode``.
"""

from __future__ import annotations

import pyoxigraph as ox


class Namespace:
    """The terms whose IRIs start alike.

    Attributes:
        prefix: The name that the namespace goes by in the project's files.
        iri: What all its IRIs start with.
    """

    def __init__(self, prefix: str, iri: str) -> None:
        self.prefix = prefix
        self.iri = iri
        self._terms: dict[str, ox.NamedNode] = {}

    def __getitem__(self, name: str) -> ox.NamedNode:
        """The term that is called *name* in this namespace."""
        if name not in self._terms:
            self._terms[name] = ox.NamedNode(self.iri + name)
        return self._terms[name]

    def __getattr__(self, name: str) -> ox.NamedNode:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __contains__(self, term: object) -> bool:
        return isinstance(term, ox.NamedNode) and term.value.startswith(self.iri)

    def __str__(self) -> str:
        return self.iri


DC = Namespace("dc", "http://purl.org/dc/elements/1.1/")
DCAT = Namespace("dcat", "http://www.w3.org/ns/dcat#")
DCTERMS = Namespace("dcterms", "http://purl.org/dc/terms/")
FOAF = Namespace("foaf", "http://xmlns.com/foaf/0.1/")
OA = Namespace("oa", "http://www.w3.org/ns/oa#")
ORG = Namespace("org", "http://www.w3.org/ns/org#")
OWL = Namespace("owl", "http://www.w3.org/2002/07/owl#")
PROV = Namespace("prov", "http://www.w3.org/ns/prov#")
RDF = Namespace("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#")
RDFS = Namespace("rdfs", "http://www.w3.org/2000/01/rdf-schema#")
SCHEMA = Namespace("schema", "https://schema.org/")
SD = Namespace("sd", "http://www.w3.org/ns/sparql-service-description#")
SG = Namespace("sg", "https://w3id.org/stancegraph/ontology#")
SH = Namespace("sh", "http://www.w3.org/ns/shacl#")
SHAPE = Namespace("shape", "https://w3id.org/stancegraph/shapes#")
SKOS = Namespace("skos", "http://www.w3.org/2004/02/skos/core#")
SPDX = Namespace("spdx", "http://spdx.org/rdf/terms#")
VANN = Namespace("vann", "http://purl.org/vocab/vann/")
VOID = Namespace("void", "http://rdfs.org/ns/void#")
XSD = Namespace("xsd", "http://www.w3.org/2001/XMLSchema#")

NAMESPACES = (
    DC, DCAT, DCTERMS, FOAF, OA, ORG, OWL, PROV, RDF, RDFS,
    SCHEMA, SD, SG, SH, SHAPE, SKOS, SPDX, VANN, VOID, XSD,
)  # fmt: skip


def short(term: ox.NamedNode | str) -> str:
    """How people write *term*: ``sg:actor`` where a namespace is known, else ``<IRI>``."""
    iri = term if isinstance(term, str) else term.value
    for namespace in NAMESPACES:
        if iri.startswith(namespace.iri) and iri != namespace.iri:
            return f"{namespace.prefix}:{iri.removeprefix(namespace.iri)}"
    return f"<{iri}>"
