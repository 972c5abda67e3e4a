"""The pages of named graphs and of releases: what there is, since when, and from where."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pyoxigraph as ox
from flask import render_template

from stancegraph.build.release import open_release
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.errors import OperationError
from stancegraph.facts import Facts
from stancegraph.sparql import term_text
from stancegraph.web import citing, links
from stancegraph.web.citing import Cited
from stancegraph.web.reading import Reader, Shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stancegraph.build.release import Release
    from stancegraph.engine import Term
    from stancegraph.vocabulary import Vocabulary
    from stancegraph.web.site import Site
    from stancegraph.web.targets import Target

MAX_LISTED = 500  # things of a graph


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a graph was derived: by which rule, from what."""

    rule: Shown
    summary: str
    inputs: tuple[Shown, ...]


def graph_page(
    site: Site, vocabulary: Vocabulary, target: Target, alternates: list[tuple[str, str, str]]
) -> str:
    """A named graph: which file it is, or by which rule it was made, and what it tells of."""
    name = target.iri.value.partition("/graph/")[2]
    things = _things(site, vocabulary, target.iri)
    return render_template(
        "graph.html",
        site=site,
        alternates=alternates,
        iri=target.iri.value,
        name=name,
        count=vocabulary.graphs[target.iri.value],
        things=things,
        limit=MAX_LISTED if sum(map(len, things.values())) >= MAX_LISTED else None,
        derivation=_derivation(site, target.iri),
        is_file=not name.startswith("derived/") and name != "description",
    )


def release_page(
    site: Site, vocabulary: Vocabulary, target: Target, alternates: list[tuple[str, str, str]]
) -> str:
    """A release: numbers, digest, the one before it, how to cite it."""
    release = cast("Release", target.release)
    is_served = release.id == site.release.id
    citing.say(Cited("", release=release))
    return render_template(
        "release.html",
        site=site,
        alternates=alternates,
        iri=target.iri.value,
        release=release,
        is_served=is_served,
        previous=_previous(site, release),
        folders=_folders(site, vocabulary) if is_served else {},
    )


def _previous(site: Site, release: Release) -> Shown | None:
    """The release before it, as a link if it lies beside it."""
    if release.previous is None:
        return None
    try:
        before = open_release(release.path.parent, release.previous)
    except OperationError:
        return Shown(release.previous)
    return Shown(before.id, f"{site.root}/release/{before.id}")


def _folders(site: Site, vocabulary: Vocabulary) -> dict[str, list[tuple[Shown, int]]]:
    """The named graphs by the folders of their files, each with its number of statements."""
    found: defaultdict[str, list[tuple[Shown, int]]] = defaultdict(list)
    for iri, count in vocabulary.graphs.items():
        folder, _, name = iri.partition("/graph/")[2].rpartition("/")
        found[folder].append((Shown(name, links.address(site, iri)), count))
    return dict(sorted(found.items()))


def _things(site: Site, vocabulary: Vocabulary, graph: ox.NamedNode) -> dict[str, list[Shown]]:
    """What the statements of *graph* are about, by class, then by name."""
    query = f"""
        PREFIX dcterms: <http://purl.org/dc/terms/>
        PREFIX foaf: <http://xmlns.com/foaf/0.1/>
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?thing ?class ?name
        WHERE {{
          {{
            SELECT DISTINCT ?thing
            WHERE {{ GRAPH {term_text(graph)} {{ ?thing ?p ?o }} FILTER (isIRI(?thing)) }}
            ORDER BY ?thing LIMIT {MAX_LISTED}
          }}
          OPTIONAL {{ ?thing a ?class }}
          OPTIONAL {{ ?thing rdfs:label|skos:prefLabel|dcterms:title|foaf:name ?name }}
        }}
        ORDER BY ?thing ?class ?name"""
    reader = Reader(site, vocabulary, Facts(()))
    kinds: dict[ox.NamedNode, str] = {}
    names: dict[ox.NamedNode, str] = {}
    for row in _rows(site, query):
        thing, kind, name = row["thing"], row.get("class"), row.get("name")
        assert isinstance(thing, ox.NamedNode)  # noqa: S101 (the query says so)
        label = vocabulary.label(kind) if isinstance(kind, ox.NamedNode) else ""
        kinds.setdefault(thing, label)
        if isinstance(name, ox.Literal) and (thing not in names or name.language == "en"):
            names[thing] = name.value
    found: defaultdict[str, list[Shown]] = defaultdict(list)
    for listed, label in kinds.items():
        text = names.get(listed) or reader.shown_iri(listed)
        found[label].append(Shown(text, reader.href(listed)))
    return {
        kind: sorted(found[kind], key=lambda thing: thing.text.lower()) for kind in sorted(found)
    }


def _derivation(site: Site, graph: ox.NamedNode) -> Derivation | None:
    """How *graph* was derived; None for one that was not."""
    query = f"""
        PREFIX prov: <http://www.w3.org/ns/prov#>
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        SELECT ?rule ?summary ?input
        WHERE {{
          {term_text(graph)} prov:wasGeneratedBy ?activity .
          ?activity prov:qualifiedAssociation/prov:hadPlan ?rule ; prov:used ?input .
          ?rule rdfs:label ?summary .
        }}
        ORDER BY ?input"""
    found = _rows(site, query)
    if not found:
        return None
    rule, summary = cast("ox.NamedNode", found[0]["rule"]), cast("ox.Literal", found[0]["summary"])
    inputs = [cast("ox.NamedNode", row["input"]).value for row in found]
    return Derivation(
        rule=Shown(rule.value.rpartition("/")[2], links.address(site, rule.value)),
        summary=summary.value,
        inputs=tuple(
            Shown(iri.partition("/graph/")[2], links.address(site, iri)) for iri in inputs
        ),
    )


def _rows(site: Site, query: str) -> Sequence[dict[str, Term]]:
    return rows(site.engine, Ask(query, MediaType.JSON, deadline=site.query_timeout))
