"""What an address stands for: which IRI of the graph, and in which format."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, cast

import pyoxigraph as ox

from stancegraph.build.release import description_iri, open_release
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.errors import OperationError, Retired, UnknownThing
from stancegraph.sparql import term_text
from stancegraph.web import links
from stancegraph.web.negotiation import ENDINGS

if TYPE_CHECKING:
    from stancegraph.build.release import Release
    from stancegraph.vocabulary import Vocabulary
    from stancegraph.web.site import Site

MAX_NEAR = 3
_RELEASE_ID = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{12}")


class Kind(Enum):
    """What an IRI stands for, which decides what a document about it holds."""

    THING = "thing"
    ONTOLOGY = "ontology"
    SHAPES = "shapes"
    GRAPH = "graph"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about.

    Attributes:
        iri: Its public IRI.
        graphs: The named graphs that the document holds, where it is made of whole graphs.
        release: The release, for a document about one.
        ending: The short name of a format, where the address ended in one.
        classes: Of a thing, its classes as they are stated.
    """

    kind: Kind
    iri: ox.NamedNode
    graphs: tuple[ox.NamedNode, ...] = ()
    release: Release | None = None
    ending: str | None = None
    classes: tuple[ox.NamedNode, ...] = ()


def find(site: Site, vocabulary: Vocabulary, text: str) -> Target:
    """What *text*, an IRI to which the name of a format may be appended, stands for.

    The whole text is looked for first: the keys of things contain dots.

    Raises:
        UnknownThing: the graph does not know it.
        Retired: it once named something.
    """
    stem, dot, ending = text.rpartition(".")
    texts = {text: None, **({stem: ENDINGS[ending]} if dot and ending in ENDINGS else {})}
    known: dict[str, _Known] | None = None
    for candidate, format_name in texts.items():
        target = _document(site, vocabulary, candidate)
        if target is None:
            if known is None:
                known = _known(site, list(texts))
            if candidate in known:
                if known[candidate].retired:
                    raise _retired(site, candidate)
                classes = tuple(known[candidate].classes)
                target = Target(Kind.THING, ox.NamedNode(candidate), classes=classes)
        if target is not None:
            return replace(target, ending=format_name)
    raise _unknown(site, text)


def _document(site: Site, vocabulary: Vocabulary, text: str) -> Target | None:
    """The document that is called *text*: an ontology, shapes, a named graph, a release."""
    for home in vocabulary.homes:
        for kind in (Kind.ONTOLOGY, Kind.SHAPES):
            if vocabulary.versions.get(text, text) == f"{home}{kind.value}":
                graphs = vocabulary.document(home, kind.value)
                return Target(kind, ox.NamedNode(text), tuple(graphs)) if graphs else None
    if text in vocabulary.graphs:
        return Target(Kind.GRAPH, ox.NamedNode(text), (ox.NamedNode(text),))
    release_id = text.removeprefix(f"{site.release.base}release/")
    if _RELEASE_ID.fullmatch(release_id):
        return _release(site, release_id)
    return None


def _release(site: Site, release_id: str) -> Target | None:
    """The release that is served, or another one that lies beside it."""
    if release_id == site.release.id:
        graph = description_iri(site.release.base)
        return Target(Kind.RELEASE, ox.NamedNode(site.release.iri), (graph,), site.release)
    try:
        release = open_release(site.release.path.parent, release_id)
    except OperationError:
        return None
    if not release.quads_file.is_file():  # an engine elsewhere may have them no more
        return None
    return Target(Kind.RELEASE, ox.NamedNode(release.iri), release=release)


@dataclass(slots=True)
class _Known:
    """What is known of an IRI of which something is said."""

    retired: bool = False
    classes: list[ox.NamedNode] = field(default_factory=list)


def _known(site: Site, texts: list[str]) -> dict[str, _Known]:
    """Those of *texts* that something is said of."""
    iris = []
    for text in texts:
        try:
            iris.append(ox.NamedNode(text))
        except ValueError:  # nothing that is no IRI names anything
            continue
    query = f"""
        PREFIX owl: <http://www.w3.org/2002/07/owl#>
        SELECT ?iri ?class ?retired
        WHERE {{
          VALUES ?iri {{ {" ".join(map(term_text, iris))} }}
          FILTER EXISTS {{ ?iri ?property ?value }}
          OPTIONAL {{ ?iri a ?class }}
          OPTIONAL {{ ?iri owl:deprecated ?retired FILTER (?retired = true) }}
        }}
        ORDER BY ?iri ?class"""
    known: dict[str, _Known] = {}
    for row in rows(site.engine, Ask(query, MediaType.JSON, deadline=site.query_timeout)):
        found = known.setdefault(cast("ox.NamedNode", row["iri"]).value, _Known())
        found.retired = "retired" in row
        if isinstance(kind := row.get("class"), ox.NamedNode):
            found.classes.append(kind)
    return known


def _retired(site: Site, iri: str) -> Retired:
    query = f"""
        PREFIX dcterms: <http://purl.org/dc/terms/>
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        SELECT ?reason ?successor
        WHERE {{
          {{ {term_text(ox.NamedNode(iri))} rdfs:comment ?reason }} UNION
          {{ {term_text(ox.NamedNode(iri))} dcterms:isReplacedBy ?successor }}
        }}
        ORDER BY ?successor ?reason"""
    found = rows(site.engine, Ask(query, MediaType.JSON, deadline=site.query_timeout))
    reasons = [cast("ox.Literal", row["reason"]).value for row in found if "reason" in row]
    successors = [row["successor"] for row in found if "successor" in row]
    return Retired(
        iri,
        " ".join(reasons),
        [node.value for node in successors if isinstance(node, ox.NamedNode)],
    )


def _unknown(site: Site, text: str) -> UnknownThing:
    """The error for *text*, with the things whose keys or names are near."""
    names = site.catalog.names
    kind, _, key = text.removeprefix(f"{site.release.base}id/").partition("/")
    found = []
    if key:
        sought = key.replace("/", " ")
        found = (names.search(sought, [kind]) or names.search(sought))[:MAX_NEAR]
    addresses = {
        links.address(site, names.iri(match.key)) or "": names.by_key[match.key][0]
        for match in found
    }
    near = [f"{address} ({name})" for address, name in addresses.items()]
    return UnknownThing(text, near, addresses=addresses)
