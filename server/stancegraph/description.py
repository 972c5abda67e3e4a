"""What a description of a thing holds: DESCRIBE, linked data and pages all give this.

A description is concise and bounded. It holds

1. the thing: every statement with it as the subject, and the blank nodes within;
2. the claims about it: what points at it and has evidence, each with every statement, its
   evidence and the sources of that. Described from a claim, an evidence or a source, the
   same chain is followed from there;
3. what else points at it;
4. the names of whatever 1 to 3 mention; what has no name is given with what it says.

That something is of a class or was coded by somebody is no claim about these, and a code of
a list is what claims are written with, not what they are about: such links fall under 3,
but for those to a class, which are left out. Of claims, and of other links, only so many are
given; where there are more, a note says so: a blank node with the thing as its
foaf:primaryTopic and an rdfs:comment.
"""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph as ox

from stancegraph.sparql import term_text
from stancegraph.terms import DCTERMS, FOAF, RDF, RDFS, SG, SH, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable

    Value: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

MAX_CLAIMS = 500
MAX_LINKS = 200

# Properties whose values name a thing, the best first.
NAMES = (RDFS.label, SKOS.prefLabel, DCTERMS.title, FOAF.name)

# What leads to blank nodes in SHACL; nothing else in a graph has any.
_WITHIN = (
    "sh:and", "sh:or", "sh:xone", "sh:not", "sh:in", "sh:ignoredProperties", "sh:languageIn",
    "sh:sparql", "sh:path", "sh:inversePath", "sh:alternativePath", "sh:zeroOrMorePath",
    "sh:oneOrMorePath", "sh:zeroOrOnePath", "rdf:first", "rdf:rest",
)  # fmt: skip

_TYPE = RDF.type
_SILENT = (ox.Literal, ox.Triple)  # can be no subject

_NAMESPACES = {
    namespace.prefix: namespace for namespace in (DCTERMS, FOAF, RDF, RDFS, SG, SH, SKOS)
}
_WITHIN_TERMS = frozenset(
    ox.NamedNode(_NAMESPACES[prefix].iri + local)
    for prefix, _, local in (name.partition(":") for name in _WITHIN)
)


def _group(*parts: str) -> str:
    """Lines and blocks between braces."""
    return "{\n" + indent("".join(part.rstrip("\n") + "\n" for part in parts), "  ") + "}"


def _select(variables: str, *parts: str, end: str = "") -> str:
    """A sub-SELECT."""
    return _group(f"SELECT {variables}", f"WHERE {_group(*parts)}", *([end] if end else []))


_THING = "VALUES ?thing { <urn:x:thing> }"
_EMIT = "?subject ?property ?value ."
_EMIT_GRAPH = "GRAPH ?graph { ?subject ?property ?value }"
_NAME = "VALUES ?property { rdfs:label skos:prefLabel dcterms:title foaf:name }"

_CLAIMS = (
    _THING,
    "?claim ?about ?thing ; sg:evidence ?grounds .",
    "OPTIONAL { ?thing skos:inScheme ?list }",
    "FILTER (?about NOT IN (rdf:type, sg:codedBy) && !BOUND(?list))",
)
_LINKS = (
    _THING,
    "?other ?link ?thing .",
    "OPTIONAL { ?other sg:evidence ?grounds }",
    "OPTIONAL { ?thing skos:inScheme ?list }",
    "FILTER (?link != rdf:type && (?link = sg:codedBy || BOUND(?list) || !BOUND(?grounds)))",
)


_MANY_CLAIMS = "claims about this"
_MANY_LINKS = "other statements that point at this"


def _told(bound: int, what: str) -> tuple[str, str]:
    """What is told where there is more, before and after the number of all."""
    return f"{bound} of ", f" {what} are given here; the SPARQL endpoint has all."


def _cut(what: str, found: str, pattern: tuple[str, ...], bound: int) -> str:
    """A note, where *pattern* finds more than *bound*."""
    count = _select(f"?thing (COUNT(DISTINCT {found}) AS ?number)", *pattern, end="GROUP BY ?thing")
    told = _told(bound, what)
    return _group(
        count,
        f"FILTER (?number > {bound})",
        "BIND (?thing AS ?cut)",
        f'BIND (STRLANG(CONCAT("{told[0]}", STR(?number), "{told[1]}"), "en") AS ?note)',
    )


def _branches(claims: tuple[str, ...], links: tuple[str, ...]) -> str:
    """What a description holds, as the branches of a UNION.

    Args:
        claims: What finds the claims about the thing.
        links: What finds the rest that points at it; empty where that is left out.
    """
    some_claims = _select(
        "DISTINCT (?claim AS ?root)", *claims, end=f"ORDER BY ?claim\nLIMIT {MAX_CLAIMS}"
    )
    some_links = _select(
        "DISTINCT ?other ?link ?thing", *links, end=f"ORDER BY ?other ?link\nLIMIT {MAX_LINKS}"
    )
    whole = _select(
        "DISTINCT ?whole",
        _group(_THING, "BIND (?thing AS ?root)"),
        "UNION",
        some_claims,
        "?root (sg:evidence/sg:source?|sg:source)? ?whole .",
    )
    linking = _group(some_links, "BIND (?other AS ?mentioned)")
    mentioned = _select(
        "DISTINCT ?mentioned",
        _group(whole, "?whole ?mentions ?mentioned ."),
        *(("UNION", linking) if links else ()),
        "FILTER (!isLiteral(?mentioned))",
    )
    nameless = _select(
        "DISTINCT (?mentioned AS ?nameless)",
        mentioned,
        "OPTIONAL { ?mentioned rdfs:label|skos:prefLabel|dcterms:title|foaf:name ?name }",
        "FILTER (!BOUND(?name))",
    )
    found = [
        _group(
            "# 1 and 2: the thing and the claims about it, evidence and sources",
            whole,
            "BIND (?whole AS ?subject)",
            _EMIT,
        ),
        _group(
            "# 1: the blank nodes within it, which only shapes have",
            _select(
                "DISTINCT ?subject",
                _THING,
                f"?thing ({'|'.join(_WITHIN)})+ ?subject .",
                "FILTER (isBlank(?subject))",
            ),
            _EMIT,
        ),
        _group(
            "# 4: the names of what these mention",
            mentioned,
            "BIND (?mentioned AS ?subject)",
            _NAME,
            _EMIT,
        ),
        _group(
            "# 4: what has no name, with what it says",
            nameless,
            "BIND (?nameless AS ?subject)",
            _EMIT,
        ),
        _group(
            "# 4: the names of what that mentions",
            _select("DISTINCT ?subject", nameless, "?nameless ?says ?subject ."),
            _NAME,
            _EMIT,
        ),
        _group(
            "# where not all is given",
            _cut(_MANY_CLAIMS, "?claim", claims, MAX_CLAIMS),
        ),
    ]
    if links:
        found += [
            _group(
                "# 3: what else points at it",
                some_links,
                "BIND (?other AS ?subject) BIND (?link AS ?property) BIND (?thing AS ?value)",
                _EMIT,
            ),
            _group(
                "# where not all is given",
                _cut(_MANY_LINKS, "?other", links, MAX_LINKS),
            ),
        ]
    return " UNION ".join(found)


_FULL = _branches(_CLAIMS, _LINKS)
_BRIEF = _branches((*_CLAIMS, "?claim sg:contestedBy ?rival ."), ())
_PREFIXES = "".join(
    f"PREFIX {prefix}: <{namespace.iri}>\n" for prefix, namespace in _NAMESPACES.items()
)
_TEMPLATE = f"CONSTRUCT {_group(_EMIT, '_:note foaf:primaryTopic ?cut ; rdfs:comment ?note .')}"


def description_query(
    thing: ox.NamedNode, *, with_graphs: bool = False, brief: bool = False
) -> str:
    """The query that describes *thing*.

    Args:
        brief: Whether it leaves out the claims that no other one contradicts, and what else
            points at the thing.
        with_graphs: Whether it is a SELECT of ``?graph ?subject ?property ?value``, and
            ``?cut ?note`` for each note, which repeats itself, instead of a CONSTRUCT.
    """
    head = "SELECT ?graph ?subject ?property ?value ?cut ?note" if with_graphs else _TEMPLATE
    text = f"{_PREFIXES}\n{head}\nWHERE {_group(_BRIEF if brief else _FULL)}\n"
    if with_graphs:
        text = text.replace(_EMIT, _EMIT_GRAPH)
    return text.replace("<urn:x:thing>", term_text(thing))


def description_in(store: ox.Store, thing: ox.NamedNode) -> set[ox.Triple]:
    """What `description_query` finds in all of *store*, by looking up what each step needs.

    It is the same, many times sooner for most things: no engine remembers between the parts of
    that query what it found for another. Whoever asks an engine elsewhere, or part of a graph,
    has that query.
    """
    return _Description(store).of(thing)


class _Description:
    """Looks up what a description holds, each thing once."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._said: dict[Value, set[ox.Triple]] = {}

    def of(self, thing: ox.NamedNode) -> set[ox.Triple]:
        """The description of *thing*."""
        claims, links = self._pointing(thing)
        some_claims = sorted(claims, key=_place)[:MAX_CLAIMS]
        some_links = sorted(links, key=lambda t: (_place(t.subject), _place(t.predicate)))
        some_links = some_links[:MAX_LINKS]
        whole = self._with_grounds({thing, *some_claims})
        given = {triple for node in whole for triple in self._about(node)}
        mentioned = {t.object for t in given} | {link.subject for link in some_links}
        given |= self._within(thing)
        given.update(some_links)
        for node in mentioned:
            given |= self._named(node) or self._nameless(node)
        given |= _note(thing, len(claims), MAX_CLAIMS, _MANY_CLAIMS)
        given |= _note(thing, len({link.subject for link in links}), MAX_LINKS, _MANY_LINKS)
        return given

    def _about(self, node: Value) -> set[ox.Triple]:
        """Every statement with *node* as the subject."""
        if isinstance(node, _SILENT):
            return set()
        said = self._said.get(node)
        if said is None:
            found = self._store.quads_for_pattern(node, None, None, None)
            said = self._said[node] = {quad.triple for quad in found}
        return said

    def _values(self, node: Value, predicate: ox.NamedNode) -> set[Value]:
        return {triple.object for triple in self._about(node) if triple.predicate == predicate}

    def _pointing(self, thing: ox.NamedNode) -> tuple[set[Value], set[ox.Triple]]:
        """The claims about *thing*, and what else points at it."""
        listed = bool(self._values(thing, SKOS.inScheme))
        claims: set[Value] = set()
        links: set[ox.Triple] = set()
        for quad in self._store.quads_for_pattern(None, None, thing, None):
            link = quad.triple
            if link.predicate == _TYPE:
                continue
            if (
                listed
                or link.predicate == SG.codedBy
                or not self._values(link.subject, SG.evidence)
            ):
                links.add(link)
            else:
                claims.add(link.subject)
        return claims, links

    def _with_grounds(self, roots: set[Value]) -> set[Value]:
        """*roots* with their evidence, and the sources of both."""
        evidence = {value for root in roots for value in self._values(root, SG.evidence)}
        sources = {s for node in {*roots, *evidence} for s in self._values(node, SG.source)}
        return {*roots, *evidence, *sources}

    def _within(self, thing: ox.NamedNode) -> set[ox.Triple]:
        """What is said of the blank nodes within *thing*."""
        reached: set[Value] = set()
        todo: list[Value] = [thing]
        while todo:
            for triple in self._about(todo.pop()):
                if triple.predicate in _WITHIN_TERMS and triple.object not in reached:
                    reached.add(triple.object)
                    todo.append(triple.object)
        return {t for node in reached if isinstance(node, ox.BlankNode) for t in self._about(node)}

    def _named(self, node: Value) -> set[ox.Triple]:
        """The names of *node*."""
        return {triple for triple in self._about(node) if triple.predicate in NAMES}

    def _nameless(self, node: Value) -> set[ox.Triple]:
        """What is said of *node*, which has no name, and the names of what that mentions."""
        said = self._about(node)
        return said | {name for triple in said for name in self._named(triple.object)}


def _place(node: Value) -> tuple[bool, str]:
    """By which ORDER BY sorts IRIs, after blank nodes."""
    if isinstance(node, ox.NamedNode):
        return True, node.value
    return False, str(node)


def _note(thing: ox.NamedNode, number: int, bound: int, what: str) -> set[ox.Triple]:
    """What is told where there are more than *bound*."""
    if number <= bound:
        return set()
    note, (before, after) = ox.BlankNode(), _told(bound, what)
    told = ox.Literal(f"{before}{number}{after}", language="en")
    return {ox.Triple(note, FOAF.primaryTopic, thing), ox.Triple(note, RDFS.comment, told)}


def graphs_query(graphs: Iterable[ox.NamedNode]) -> str:
    """The SELECT of every ``?graph ?subject ?property ?value`` that *graphs* hold."""
    values = " ".join(map(term_text, graphs))
    return (
        "SELECT ?graph ?subject ?property ?value\n"
        f"WHERE {_group(f'VALUES ?graph {{ {values} }}', _EMIT_GRAPH)}\n"
    )


def in_reading_order(thing: ox.NamedNode | None, triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """*triples* by IRI, with those of *thing* first; the type of each before all else."""

    def place(triple: ox.Triple) -> tuple[bool, str, bool, str]:
        subject = triple.subject
        return subject != thing, str(subject), triple.predicate != _TYPE, str(triple)

    return sorted(triples, key=place)
