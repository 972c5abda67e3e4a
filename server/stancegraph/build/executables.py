"""What a release says of its saved queries: each is a ``sh:SPARQLExecutable``.

The form is that of the SPARQL examples of the Swiss Institute of Bioinformatics, which tools
read from ``/.well-known/sparql-examples``, with the parameters as ``sh:parameter``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph import sparql
from stancegraph.catalog import Allowed, default_terms
from stancegraph.queryfile import without_header
from stancegraph.terms import DCTERMS, FOAF, RDF, RDFS, SCHEMA, SH, XSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stancegraph.names import Names
    from stancegraph.parameters import Parameter
    from stancegraph.queryfile import SavedQuery
    from stancegraph.sparql import QueryForm

# Where all of them stand together, below the base.
DOCUMENT = ".well-known/sparql-examples"

_FORMS: Mapping[QueryForm, tuple[ox.NamedNode, ox.NamedNode]] = {
    "SELECT": (SH.SPARQLSelectExecutable, SH.select),
    "ASK": (SH.SPARQLAskExecutable, SH.ask),
    "CONSTRUCT": (SH.SPARQLConstructExecutable, SH.construct),
    # SHACL has no word for a DESCRIBE; the examples of SIB call it so.
    "DESCRIBE": (
        ox.NamedNode("https://purl.expasy.org/sparql-examples/ontology#SPARQLDescribeExecutable"),
        ox.NamedNode("https://purl.expasy.org/sparql-examples/ontology#describe"),
    ),
}


def query_iri(base: str, name: str) -> str:
    """What the saved query *name* is called in RDF; its parameters are fragments of it."""
    return f"{base}query/{name}"


def executables(queries: Sequence[SavedQuery], names: Names, base: str) -> Iterator[ox.Triple]:
    """What there is to say of *queries*, without blank nodes, in no order.

    Args:
        names: For the classes of parameters, and their defaults.
        base: What all IRIs of the graph begin with.
    """
    declared: dict[str, str] = {}
    for query in queries:
        prefixes = sparql.prefixes(sparql.kept_tokens(query.text))
        home = f"{base}{DOCUMENT}"
        if any(declared.setdefault(prefix, iri) != iri for prefix, iri in prefixes.items()):
            home = query_iri(base, query.name)
            yield from _declarations(home, prefixes)
        yield from _executable(query, base, ox.NamedNode(f"{home}#prefixes"))
        for parameter in query.params.values():
            yield from _parameter(query, parameter, names, base)
    yield from _declarations(f"{base}{DOCUMENT}", declared)


def _executable(query: SavedQuery, base: str, prefixes: ox.NamedNode) -> Iterator[ox.Triple]:
    iri = ox.NamedNode(query_iri(base, query.name))
    kind, says = _FORMS[sparql.query_form(query.text)]
    facts: list[tuple[ox.NamedNode, ox.NamedNode | ox.Literal]] = [
        (RDF.type, SH.SPARQLExecutable),
        (RDF.type, kind),
        (DCTERMS.identifier, ox.Literal(query.name)),
        (FOAF.page, ox.NamedNode(f"{base}queries/{query.name}")),
        (RDFS.comment, ox.Literal(query.summary, language="en")),
        (SCHEMA.target, ox.NamedNode(f"{base}sparql")),
        (SH.prefixes, prefixes),
        (says, ox.Literal(without_header(query.text))),
        *((SCHEMA.keywords, ox.Literal(word)) for word in query.keywords),
    ]
    if query.coverage is not None:
        facts.append((RDFS.seeAlso, ox.NamedNode(query_iri(base, query.coverage.query))))
    if query.description:
        facts.append((DCTERMS.description, ox.Literal(query.description, language="en")))
    return (ox.Triple(iri, predicate, value) for predicate, value in facts)


def _parameter(
    query: SavedQuery, parameter: Parameter, names: Names, base: str
) -> Iterator[ox.Triple]:
    home = query_iri(base, query.name)
    node = ox.NamedNode(f"{home}#parameter-{parameter.name}")
    yield ox.Triple(ox.NamedNode(home), SH.parameter, node)
    yield ox.Triple(node, RDF.type, SH.Parameter)
    yield ox.Triple(node, SH.path, ox.NamedNode(f"{home}#{parameter.name}"))
    yield ox.Triple(node, SH.name, ox.Literal(parameter.name))
    optional = "false" if parameter.needed else "true"
    yield ox.Triple(node, SH.optional, ox.Literal(optional, datatype=XSD.boolean))
    if parameter.description:
        yield ox.Triple(node, SH.description, ox.Literal(parameter.description, language="en"))
    if not parameter.is_list:
        yield ox.Triple(node, SH.maxCount, ox.Literal("1", datatype=XSD.integer))
    for term in default_terms(parameter, names):
        yield ox.Triple(node, SH.defaultValue, term)
    yield from _values(node, parameter, names)


def _values(node: ox.NamedNode, parameter: Parameter, names: Names) -> Iterator[ox.Triple]:
    """What the values of a parameter must be."""
    if parameter.type != "iri":
        yield ox.Triple(node, SH.datatype, XSD[parameter.type.removeprefix("xsd:")])
    else:
        yield ox.Triple(node, SH.nodeKind, SH.IRI)
    allowed = Allowed.by(parameter, names)
    if parameter.scheme:
        codes = (ox.NamedNode(names.iri(key)) for key in allowed.keys(names))
        yield from _list(node, SH["in"], "in", codes)
    elif parameter.choices:
        datatype = XSD[parameter.type.removeprefix("xsd:")]
        choices = (ox.Literal(choice, datatype=datatype) for choice in parameter.choices)
        yield from _list(node, SH["in"], "in", choices)
    elif classes := list(parameter.classes) or allowed.classes(names):
        if len(classes) == 1:
            yield ox.Triple(node, SH["class"], ox.NamedNode(classes[0]))
            return
        shapes = [ox.NamedNode(f"{node.value}-or-{n}") for n in range(1, len(classes) + 1)]
        for shape, found in zip(shapes, classes, strict=True):
            yield ox.Triple(shape, SH["class"], ox.NamedNode(found))
        yield from _list(node, SH["or"], "or-list", shapes)


def _list(
    node: ox.NamedNode,
    predicate: ox.NamedNode,
    name: str,
    items: Iterable[ox.NamedNode | ox.Literal],
) -> Iterator[ox.Triple]:
    """*items* as an RDF list whose cells have IRIs."""
    kept = list(items)
    cells = [ox.NamedNode(f"{node.value}-{name}-{n}") for n in range(1, len(kept) + 1)]
    rests = [*cells[1:], RDF.nil]
    yield ox.Triple(node, predicate, cells[0] if cells else RDF.nil)
    for cell, item, rest in zip(cells, kept, rests, strict=True):
        yield ox.Triple(cell, RDF.first, item)
        yield ox.Triple(cell, RDF.rest, rest)


def _declarations(home: str, prefixes: Mapping[str, str]) -> Iterator[ox.Triple]:
    """The prefixes that queries share, or those of one query, at *home*."""
    for prefix, namespace in prefixes.items():
        node = ox.NamedNode(f"{home}#prefix-{prefix}")
        yield ox.Triple(ox.NamedNode(f"{home}#prefixes"), SH.declare, node)
        yield ox.Triple(node, RDF.type, SH.PrefixDeclaration)
        yield ox.Triple(node, SH["prefix"], ox.Literal(prefix))
        yield ox.Triple(node, SH.namespace, ox.Literal(namespace, datatype=XSD.anyURI))
