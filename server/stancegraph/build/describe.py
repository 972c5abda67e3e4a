"""The fourth step of a build: what the release says of itself, in a named graph of its own.

It says it in VoID, DCAT 3, PROV and the SPARQL service description, without blank nodes.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyoxigraph as ox

from stancegraph.build.lines import Graphs, Lines, slot_of
from stancegraph.terms import (
    DCAT,
    DCTERMS,
    PROV,
    RDF,
    RDFS,
    SD,
    SG,
    SKOS,
    SPDX,
    VOID,
    XSD,
    short,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from stancegraph.build.derive import DerivedGraph
    from stancegraph.build.parse import ParsedGraph
    from stancegraph.build.quads import Quads
    from stancegraph.queryfile import Rule

Value = ox.NamedNode | ox.Literal


def describe(
    graph: ParsedGraph,
    derived: Sequence[DerivedGraph],
    quads: Quads,
    *,
    release_id: str,
    release_date: date,
    digest: str,
    previous: str | None,
) -> list[ox.Triple]:
    """The description of a release, sorted, each triple once.

    Args:
        quads: All that is stated and derived.
        digest: SHA-256 of these, in hexadecimal.
        previous: The id of the release that this one follows.
    """
    base = graph.folder.base
    release = ox.NamedNode(f"{base}release/{release_id}")
    graphs = {**graph.lines(), **{found.iri: found.lines for found in derived}}
    issued = ox.Literal(release_date.isoformat(), datatype=XSD.date)
    described = [
        *_facts(release, DCAT.Dataset, {
            DCTERMS.issued: issued,
            DCTERMS.license: ox.NamedNode(graph.folder.licence),
            DCTERMS.title: ox.Literal(f"{graph.folder.title}, release {release_id}"),
            DCAT.isVersionOf: ox.NamedNode(base),
            DCAT.version: ox.Literal(release_id),
        }),
        *(ox.Triple(release, DCTERMS.publisher, agent) for agent in _publishers(graph)),
        *_checksum(release, digest),
        *_statistics(release, quads, base),
        *_linksets(release, graph, Graphs(graphs)),
        *_named_graphs(release, graphs),
        *_derivations(release, derived, graph),
    ]  # fmt: skip
    if previous is not None:
        before = ox.NamedNode(f"{base}release/{previous}")
        described.append(ox.Triple(release, DCAT.previousVersion, before))
    return sorted(set(described), key=str)


def count_claims(graph: ParsedGraph) -> int:
    """How many things of data/ are of sg:Claim or a class below it."""
    below = {SG.Claim}
    narrower = [
        (triple.subject, triple.object)
        for triple in Graphs(graph.lines("ontology")).triples(RDFS.subClassOf)
        if isinstance(triple.subject, ox.NamedNode)
    ]
    while more := {narrow for narrow, broad in narrower if broad in below} - below:
        below |= more
    data = Graphs(graph.lines("data"))
    return len({subject for kind in below for subject in data.subjects(kind)})


def _facts(
    subject: ox.NamedNode, kind: ox.NamedNode, facts: Mapping[ox.NamedNode, Value]
) -> Iterator[ox.Triple]:
    yield ox.Triple(subject, RDF.type, kind)
    for predicate, value in facts.items():
        yield ox.Triple(subject, predicate, value)


def _count(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=XSD.integer)


def _publishers(graph: ParsedGraph) -> list[ox.NamedNode]:
    """Who publishes the dataset, as dataset.ttl says."""
    return [
        triple.object
        for triple in graph.triples("dataset")
        if triple.subject == ox.NamedNode(graph.folder.base)
        and triple.predicate == DCTERMS.publisher
        and isinstance(triple.object, ox.NamedNode)
    ]


def _checksum(release: ox.NamedNode, digest: str) -> Iterator[ox.Triple]:
    checksum = ox.NamedNode(f"{release.value}#digest")
    yield ox.Triple(release, SPDX.checksum, checksum)
    yield from _facts(checksum, SPDX.Checksum, {
        RDFS.comment: ox.Literal(
            "Over the canonical N-Quads (RDFC-1.0), sorted, of all graphs but this description.",
            language="en",
        ),
        SPDX.algorithm: SPDX.checksumAlgorithm_sha256,
        SPDX.checksumValue: ox.Literal(digest, datatype=XSD.hexBinary),
    })  # fmt: skip


def _statistics(release: ox.NamedNode, quads: Quads, base: str) -> Iterator[ox.Triple]:
    """VoID's numbers of the union of all graphs, with a partition a class and a property."""
    sizes: Counter[bytes] = Counter()
    objects: set[bytes] = set()
    subjects = things = 0
    last, thing = b"", f"<{base}id/".encode()
    for triple in quads.triples():
        subject, predicate, value = triple.split(b" ", 2)
        if subject != last:
            last = subject
            subjects += 1
            things += subject.startswith(thing)
        objects.add(value)
        sizes[slot_of(predicate, value)] += 1
    total = sizes.total()
    properties: Counter[ox.NamedNode] = Counter()
    classes: Counter[ox.NamedNode] = Counter()
    for name, size in sizes.items():
        property_, _, kind = name.decode().partition(" ")
        properties[ox.NamedNode(property_[1:-1])] += size
        if kind.startswith("<"):
            classes[ox.NamedNode(kind[1:-1])] += size
    yield from _facts(release, VOID.Dataset, {
        VOID.classes: _count(len(classes)),
        VOID.distinctObjects: _count(len(objects)),
        VOID.distinctSubjects: _count(subjects),
        VOID.entities: _count(things),
        VOID.properties: _count(len(properties)),
        VOID.triples: _count(total),
        VOID.uriSpace: ox.Literal(base),
    })  # fmt: skip
    for term, number in classes.items():
        part = _part(release, "class", term)
        yield ox.Triple(release, VOID.classPartition, part)
        yield ox.Triple(part, VOID["class"], term)
        yield ox.Triple(part, VOID.entities, _count(number))
    for term, number in properties.items():
        part = _part(release, "property", term)
        yield ox.Triple(release, VOID.propertyPartition, part)
        yield ox.Triple(part, VOID.property, term)
        yield ox.Triple(part, VOID.triples, _count(number))


def _linksets(release: ox.NamedNode, graph: ParsedGraph, graphs: Graphs) -> Iterator[ox.Triple]:
    """VoID's numbers of the links to entries of each register, by the predicate that links."""
    spaces = {
        str(getattr(triple.object, "value", "")): triple.subject
        for triple in Graphs(graph.lines("data")).triples(VOID.uriSpace)
    }
    found: Counter[tuple[ox.NamedNode, ox.NamedNode]] = Counter()
    for _, predicate, term in set(graphs.triples(*_LINKING)):
        for space, register in spaces.items():
            entry = getattr(term, "value", "")
            if isinstance(register, ox.NamedNode) and entry.startswith(space):
                found[register, predicate] += 1
    for (register, predicate), number in found.items():
        name = f"{register.value.rpartition('/')[2]}-{short(predicate).partition(':')[2]}"
        linkset = ox.NamedNode(f"{release.value}#linkset-{name}")
        yield ox.Triple(release, VOID.subset, linkset)
        yield from _facts(linkset, VOID.Linkset, {
            VOID.linkPredicate: predicate,
            VOID.objectsTarget: register,
            VOID.subjectsTarget: release,
            VOID.triples: _count(number),
        })  # fmt: skip


_LINKING = (
    SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch,
)  # fmt: skip


def _part(release: ox.NamedNode, kind: str, term: ox.NamedNode) -> ox.NamedNode:
    name = quote(short(term).strip("<>"), safe=":")
    return ox.NamedNode(f"{release.value}#{kind}-{name}")


def _named_graphs(
    release: ox.NamedNode, graphs: Mapping[ox.NamedNode, Lines]
) -> Iterator[ox.Triple]:
    yield ox.Triple(release, RDF.type, SD.Dataset)
    for iri, lines in graphs.items():
        yield ox.Triple(release, SD.namedGraph, iri)
        yield ox.Triple(iri, SD.name, iri)
        yield from _facts(iri, SD.NamedGraph, {VOID.triples: _count(len(lines))})


def _derivations(
    release: ox.NamedNode, derived: Iterable[DerivedGraph], graph: ParsedGraph
) -> Iterator[ox.Triple]:
    """For each derived graph the activity that made it, what that read, and by which rule."""
    for found in derived:
        rule = found.rule
        activity = ox.NamedNode(f"{release.value}#derivation-{rule.name}")
        association = ox.NamedNode(f"{release.value}#association-{rule.name}")
        plan = _plan(rule, graph)
        yield ox.Triple(found.iri, PROV.wasGeneratedBy, activity)
        yield from _facts(activity, PROV.Activity, {PROV.qualifiedAssociation: association})
        for read in found.inputs:
            yield ox.Triple(activity, PROV.used, read)
        yield from _facts(association, PROV.Association, {PROV.hadPlan: plan})
        for agent in _publishers(graph):
            yield ox.Triple(association, PROV.agent, agent)
        yield from _facts(plan, PROV.Plan, {
            DCTERMS.identifier: ox.Literal(rule.path),
            RDFS.label: ox.Literal(rule.summary, language="en"),
        })  # fmt: skip


def _plan(rule: Rule, graph: ParsedGraph) -> ox.NamedNode:
    """What *rule* is called: by the base of the folder that it stands in."""
    home = next(home for home in graph.folder.homes if (home.root / rule.path).is_file())
    return ox.NamedNode(f"{home.base}ontology/rules/{rule.name}")
