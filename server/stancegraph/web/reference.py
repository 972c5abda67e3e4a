"""The pages of the ontology and of the shapes: every word with its use, every rule in full."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import render_template

from stancegraph.sparql import term_text
from stancegraph.terms import DCTERMS, OWL, RDF, RDFS, SH, SKOS, VANN, XSD, short
from stancegraph.web import links
from stancegraph.web.reading import Reader, Shown
from stancegraph.web.vocabulary import PROPERTY_KINDS, Use, local_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stancegraph.facts import Node, Value
    from stancegraph.web.site import Site
    from stancegraph.web.targets import Target
    from stancegraph.web.vocabulary import Vocabulary

# What the page tells of a shape in places of its own.
_OF_SHAPES = frozenset({
    RDF.type, SH.message, SH.severity, SH.path, SH.property, SH.sparql, SH.select, SH.prefixes,
    SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.targetNode, SH.declare,
})  # fmt: skip
_TARGETS = {
    SH.targetClass: "whatever is a",
    SH.targetSubjectsOf: "whatever has",
    SH.targetObjectsOf: "values of",
    SH.targetNode: "",
}

_PLAIN = (XSD.integer, XSD.boolean, XSD.decimal)


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A rule: what it says, and how grave it is to break it."""

    link: Shown
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class TermShown:
    """A class or property as the page of the ontology documents it.

    Attributes:
        anchor: Its place on the page, so that its IRI leads there.
        count: How often the graph uses it.
        uses: The address of a query for these uses.
        example: The first of the things that use it.
    """

    anchor: str
    short: str
    label: str
    kind: str
    definition: str
    notes: tuple[str, ...]
    examples: tuple[str, ...]
    broader: tuple[Shown, ...]
    narrower: tuple[Shown, ...]
    count: int
    uses: str
    example: Shown | None
    rules: tuple[RuleShown, ...]


@dataclass(frozen=True, slots=True)
class ShapeShown:
    """A shape as the page of the shapes documents it.

    Attributes:
        anchor: Its place on the page, so that its IRI leads there.
        targets: What it looks at: how, and by which classes or properties.
        parts: The property shapes that it names.
        limits: What else it says, in the words of SHACL.
        query: The SPARQL of a rule that is a query.
    """

    anchor: str
    short: str
    severity: str
    message: str
    path: str
    targets: tuple[tuple[str, tuple[Shown, ...]], ...]
    parts: tuple[Shown, ...]
    limits: tuple[tuple[str, str], ...]
    query: str


def ontology_page(
    site: Site, vocabulary: Vocabulary, target: Target, alternates: list[tuple[str, str, str]]
) -> str:
    """The words of a graph: each class and property with its use and its rules."""
    reader = _Reference(site, vocabulary, vocabulary.facts)
    facts = vocabulary.facts
    home = vocabulary.versions.get(target.iri.value, target.iri.value)
    ontology = ox.NamedNode(home)
    terms = vocabulary.of_kind(OWL.Class, *PROPERTY_KINDS)
    own = [term for term in terms if term.value.startswith(home)]
    base = home.removesuffix("ontology")
    classes = [term for term in own if OWL.Class in facts.types(term)]
    return render_template(
        "ontology.html",
        site=site,
        alternates=alternates,
        iri=target.iri.value,
        title=facts.name(ontology) or "Ontology",
        description=facts.text(ontology, DCTERMS.description),
        version=facts.text(ontology, OWL.versionInfo),
        prefix=facts.text(ontology, VANN.preferredNamespacePrefix),
        namespace=facts.text(ontology, VANN.preferredNamespaceUri) or f"{home}#",
        classes=reader.terms(classes),
        properties=reader.terms(term for term in own if term not in classes),
        others=reader.words_of_others(),
        shapes=links.address(site, f"{base}shapes") if vocabulary.document(base, "shapes") else "",
        beside=[
            reader.link(ox.NamedNode(f"{other}ontology"))
            for other in vocabulary.homes
            if other != base and vocabulary.document(other, "ontology")
        ],
    )


def shapes_page(
    site: Site, vocabulary: Vocabulary, target: Target, alternates: list[tuple[str, str, str]]
) -> str:
    """The rules of a graph: each shape with what it looks at and what it says, file by file."""
    reader = _Reference(site, vocabulary, vocabulary.facts)
    return render_template(
        "shapes.html",
        site=site,
        alternates=alternates,
        iri=target.iri.value,
        files=reader.shapes(target.graphs),
    )


class _Reference(Reader):
    """Reads the ontologies and the shapes."""

    def terms(self, terms: Iterable[ox.NamedNode]) -> list[TermShown]:
        """These classes and properties, by their labels."""
        return sorted(map(self._term, terms), key=lambda term: (term.label.lower(), term.anchor))

    def words_of_others(self) -> list[tuple[Shown, int, str]]:
        """The words of other vocabularies that the graph uses, with number and query."""
        vocabulary = self.vocabulary
        ours = tuple(f"{home}ontology" for home in vocabulary.homes)
        used = {**vocabulary.classes_used, **vocabulary.properties_used}
        return sorted(
            (
                (Shown(short(term).strip("<>"), term.value), use.count, self._uses(term))
                for term, use in used.items()
                if not term.value.startswith(ours)
            ),
            key=lambda row: row[0].text,
        )

    def _term(self, term: ox.NamedNode) -> TermShown:
        facts = self.facts
        is_class = OWL.Class in facts.types(term)
        above = RDFS.subClassOf if is_class else RDFS.subPropertyOf
        used = self.vocabulary.classes_used if is_class else self.vocabulary.properties_used
        use = used.get(term, Use(0, None))
        below = [node for node, predicate in facts.pointing(term) if predicate == above]
        notes = (SKOS.scopeNote, SKOS.editorialNote, RDFS.comment)
        return TermShown(
            anchor=local_name(term),
            short=short(term).strip("<>"),
            label=self.vocabulary.label(term),
            kind="class" if is_class else "property",
            definition=facts.text(term, SKOS.definition),
            notes=tuple(self.shown(v).text for note in notes for v in facts.values(term, note)),
            examples=tuple(self.shown(v).text for v in facts.values(term, SKOS.example)),
            broader=tuple(self._word(node) for node in facts.nodes(term, above)),
            narrower=tuple(self._word(node) for node in below),
            count=use.count,
            uses=self._uses(term),
            example=self._example(use),
            rules=self._rules(term),
        )

    def _word(self, node: Node) -> Shown:
        """A term of some ontology: by its label, if that is known here."""
        name = self.facts.name(node)
        return Shown(name or short(node.value).strip("<>"), self.href(node))

    def _example(self, use: Use) -> Shown | None:
        if use.example is None:
            return None
        return Shown(self.shown_iri(use.example), self.href(use.example))

    def _uses(self, term: ox.NamedNode) -> str:
        """The address of a query for what uses *term*."""
        iri = term_text(term)
        if term in self.vocabulary.classes_used:
            query = f"SELECT ?thing WHERE {{ ?thing a {iri} }} ORDER BY ?thing"
        else:
            query = f"SELECT ?thing ?value WHERE {{ ?thing {iri} ?value }} ORDER BY ?thing ?value"
        return f"/sparql?{urlencode({'query': query, 'format': 'csv'})}"

    def _rules(self, term: ox.NamedNode) -> tuple[RuleShown, ...]:
        """The rules on a class, those of its property shapes too, or on a property."""
        shapes = list(self.vocabulary.rules_on.get(term, []))
        for shape in tuple(shapes):
            shapes += self.facts.nodes(shape, SH.property)
        rules = [
            RuleShown(
                link=Shown(short(shape.value).strip("<>"), self.href(shape)),
                severity=local_name(self.facts.text(shape, SH.severity)),
                message=self.facts.text(shape, SH.message),
            )
            for shape in dict.fromkeys(shapes)
            if self.facts.text(shape, SH.message)
        ]
        return tuple(sorted(rules, key=lambda rule: (rule.severity, rule.link.text)))

    def shapes(self, graphs: Iterable[ox.NamedNode]) -> list[tuple[str, list[ShapeShown]]]:
        """The shapes of each of *graphs*, which are named after files, in the order of files."""
        files: dict[str, list[ShapeShown]] = {
            graph.value.partition("/graph/shapes/")[2]: [] for graph in graphs
        }
        kinds = (SH.NodeShape, SH.PropertyShape, SH.SPARQLConstraint)
        for shape in self.vocabulary.of_kind(*kinds):
            kind = self.facts.types(shape)[0]
            for graph in self.facts.graphs(shape, RDF.type, kind):
                if graph in graphs:
                    name = graph.value.partition("/graph/shapes/")[2]
                    files[name].append(self._shape(shape))
        for name, shapes in files.items():
            shapes.sort(key=lambda shape: (shape.anchor != name, shape.anchor))
        return sorted((name, shapes) for name, shapes in files.items() if shapes)

    def _shape(self, shape: ox.NamedNode) -> ShapeShown:
        facts = self.facts
        queries = [
            facts.text(constraint, SH.select)
            for constraint in (shape, *facts.nodes(shape, SH.sparql))
            if facts.text(constraint, SH.select)
        ]
        return ShapeShown(
            anchor=local_name(shape),
            short=short(shape).strip("<>"),
            severity=local_name(facts.text(shape, SH.severity)),
            message=facts.text(shape, SH.message),
            path=" ".join(self._turtle(path) for path in facts.values(shape, SH.path)),
            targets=tuple(
                (how, tuple(self._word(node) for node in facts.nodes(shape, predicate)))
                for predicate, how in _TARGETS.items()
                if facts.nodes(shape, predicate)
            ),
            parts=tuple(
                Shown(short(node.value).strip("<>"), self.href(node))
                for node in facts.nodes(shape, SH.property)
            ),
            limits=tuple(
                (short(predicate), " ".join(self._turtle(value) for value in values))
                for predicate, values in facts.about(shape).items()
                if predicate not in _OF_SHAPES
            ),
            query=_dedented(queries[0]) if queries else "",
        )

    def _turtle(self, value: Value) -> str:
        """A value as Turtle writes it, blank nodes in brackets."""
        if isinstance(value, ox.NamedNode):
            return short(value)
        if isinstance(value, ox.Literal):
            return str(value) if value.datatype not in _PLAIN else value.value
        said = self.facts.about(value)
        if RDF.first in said:
            return f"( {' '.join(map(self._turtle, self.vocabulary.members(value)))} )"
        inner = " ; ".join(
            f"{short(predicate)} {' , '.join(map(self._turtle, values))}"
            for predicate, values in said.items()
        )
        return f"[ {inner} ]"


def _dedented(query: str) -> str:
    return dedent(query.strip("\n")).rstrip()
