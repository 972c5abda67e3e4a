"""The prefixes that people use for what a graph holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.terms import NAMESPACES, RDF, XSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OWN = {namespace.prefix: namespace.iri for namespace in NAMESPACES}
_UNWRITTEN = (RDF.langString, XSD.string)  # datatypes that no format writes out

# What ontologies say that their namespace goes by, and what is declared for SHACL and examples.
DECLARED = """
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX vann: <http://purl.org/vocab/vann/>
SELECT DISTINCT (STR(?name) AS ?prefix) (STR(?namespace) AS ?iri)
WHERE {
  { ?ontology vann:preferredNamespacePrefix ?name ; vann:preferredNamespaceUri ?namespace }
  UNION
  { ?declaration sh:prefix ?name ; sh:namespace ?namespace }
}
ORDER BY DESC(?prefix) DESC(?iri)
"""


def known_prefixes(store: ox.Store) -> dict[str, str]:
    """Each prefix with its IRI, by name: those that *store* declares, and the program's own."""
    solutions = store.query(DECLARED, use_default_graph_as_union=True)
    return prefixes_in(solutions)  # type: ignore[arg-type]


def prefixes_in(rows: Iterable[Iterable[object]]) -> dict[str, str]:
    """The same, from what ``DECLARED`` finds: pairs of a prefix and its IRI."""
    declared = {
        prefix.value: iri.value
        for prefix, iri in rows
        if isinstance(prefix, ox.Literal) and isinstance(iri, ox.Literal)
    }
    return dict(sorted({**OWN, **declared}.items()))


def used_prefixes(triples: Iterable[ox.Triple], known: Mapping[str, str]) -> dict[str, str]:
    """Those of the *known* prefixes that shorten an IRI in *triples*."""
    iris = set()
    for triple in triples:
        for term in triple:
            name = term.datatype if isinstance(term, ox.Literal) else term
            if isinstance(name, ox.NamedNode) and name not in _UNWRITTEN:
                iris.add(name.value)
    return {name: iri for name, iri in known.items() if any(i.startswith(iri) for i in iris)}
