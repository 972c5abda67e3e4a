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
from typing import TYPE_CHECKING

from stancegraph.sparql import term_text
from stancegraph.terms import DCTERMS, FOAF, RDF, RDFS, SG, SH, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyoxigraph as ox

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
_SOME_CLAIMS = _select(
    "DISTINCT (?claim AS ?root)", *_CLAIMS, end=f"ORDER BY ?claim\nLIMIT {MAX_CLAIMS}"
)
_SOME_LINKS = _select(
    "DISTINCT ?other ?link ?thing", *_LINKS, end=f"ORDER BY ?other ?link\nLIMIT {MAX_LINKS}"
)
_WHOLE = _select(
    "DISTINCT ?whole",
    _group(_THING, "BIND (?thing AS ?root)"),
    "UNION",
    _SOME_CLAIMS,
    "?root (sg:evidence/sg:source?|sg:source)? ?whole .",
)
_MENTIONED = _select(
    "DISTINCT ?mentioned",
    _group(_WHOLE, "?whole ?mentions ?mentioned ."),
    "UNION",
    _group(_SOME_LINKS, "BIND (?other AS ?mentioned)"),
    "FILTER (!isLiteral(?mentioned))",
)
_NAMELESS = _select(
    "DISTINCT (?mentioned AS ?nameless)",
    _MENTIONED,
    "OPTIONAL { ?mentioned rdfs:label|skos:prefLabel|dcterms:title|foaf:name ?name }",
    "FILTER (!BOUND(?name))",
)


def _cut(what: str, found: str, pattern: tuple[str, ...], bound: int) -> str:
    """A note, where *pattern* finds more than *bound*."""
    count = _select(f"?thing (COUNT(DISTINCT {found}) AS ?number)", *pattern, end="GROUP BY ?thing")
    told = f"{bound} of ", f" {what} are given here; the SPARQL endpoint has all."
    return _group(
        count,
        f"FILTER (?number > {bound})",
        "BIND (?thing AS ?cut)",
        f'BIND (STRLANG(CONCAT("{told[0]}", STR(?number), "{told[1]}"), "en") AS ?note)',
    )


_BRANCHES = (
    _group(
        "# 1 and 2: the thing and the claims about it, evidence and sources",
        _WHOLE,
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
        "# 3: what else points at it",
        _SOME_LINKS,
        "BIND (?other AS ?subject) BIND (?link AS ?property) BIND (?thing AS ?value)",
        _EMIT,
    ),
    _group(
        "# 4: the names of what these mention",
        _MENTIONED,
        "BIND (?mentioned AS ?subject)",
        _NAME,
        _EMIT,
    ),
    _group(
        "# 4: what has no name, with what it says",
        _NAMELESS,
        "BIND (?nameless AS ?subject)",
        _EMIT,
    ),
    _group(
        "# 4: the names of what that mentions",
        _select("DISTINCT ?subject", _NAMELESS, "?nameless ?says ?subject ."),
        _NAME,
        _EMIT,
    ),
    _group(
        "# where not all is given",
        _cut("claims about this", "?claim", _CLAIMS, MAX_CLAIMS),
        "UNION",
        _cut("other statements that point at this", "?other", _LINKS, MAX_LINKS),
    ),
)
_PREFIXES = "".join(
    f"PREFIX {namespace.prefix}: <{namespace.iri}>\n"
    for namespace in (DCTERMS, FOAF, RDF, RDFS, SG, SH, SKOS)
)
_TEMPLATE = f"CONSTRUCT {_group(_EMIT, '_:note foaf:primaryTopic ?cut ; rdfs:comment ?note .')}"


def description_query(thing: ox.NamedNode, *, with_graphs: bool = False) -> str:
    """The query that describes *thing*.

    Args:
        with_graphs: Whether it is a SELECT of ``?graph ?subject ?property ?value``, and
            ``?cut ?note`` for each note, which repeats itself, instead of a CONSTRUCT.
    """
    head = "SELECT ?graph ?subject ?property ?value ?cut ?note" if with_graphs else _TEMPLATE
    text = f"{_PREFIXES}\n{head}\nWHERE {_group(' UNION '.join(_BRANCHES))}\n"
    if with_graphs:
        text = text.replace(_EMIT, _EMIT_GRAPH)
    return text.replace("<urn:x:thing>", term_text(thing))


def graphs_query(graphs: Iterable[ox.NamedNode]) -> str:
    """The SELECT of every ``?graph ?subject ?property ?value`` that *graphs* hold."""
    values = " ".join(map(term_text, graphs))
    return (
        "SELECT ?graph ?subject ?property ?value\n"
        f"WHERE {_group(f'VALUES ?graph {{ {values} }}', _EMIT_GRAPH)}\n"
    )


def in_reading_order(thing: ox.NamedNode | None, triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """*triples* by IRI, with those of *thing* first; the type of each before all else."""

    def place(triple: ox.Triple) -> tuple[bool, str, bool, str, str]:
        subject, predicate, value = triple
        return subject != thing, str(subject), predicate != RDF.type, str(predicate), str(value)

    return sorted(triples, key=place)
