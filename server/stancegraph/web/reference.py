"""The pages of the ontology and of the shapes: every word with its use, every rule in full."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import render_template, request, url_for
from markupsafe import Markup

from stancegraph.engine import Ask, MediaType, rows
from stancegraph.requirements import sentences
from stancegraph.search import Index, plain
from stancegraph.sparql import term_text
from stancegraph.terms import DCTERMS, OWL, RDF, RDFS, SH, SKOS, VANN, XSD, short
from stancegraph.vocabulary import PROPERTY_KINDS, Use, local_name
from stancegraph.web import links
from stancegraph.web.explore import lists, short_name
from stancegraph.web.frame import LANGUAGE, translations
from stancegraph.web.pictures import inline
from stancegraph.web.pictures.classes import draw
from stancegraph.web.pictures.classes import links as connections
from stancegraph.web.reading import Reader, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stancegraph.facts import Node, Value
    from stancegraph.vocabulary import Vocabulary
    from stancegraph.web.site import Site
    from stancegraph.web.targets import Target

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

LONGEST = 200  # characters of what is sought
_PLAIN = (XSD.integer, XSD.boolean, XSD.decimal)


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A rule: how grave it is to break it, and what it says; the text in the program's words."""

    link: Shown
    severity: str
    message: str
    text: str


@dataclass(frozen=True, slots=True)
class TermShown:
    """A class or property as the page of the ontology documents it.

    Attributes:
        anchor: Its place on the page, so that its IRI leads there.
        count: How often the graph uses it.
        uses: The address of a query for these uses.
        example: The first of the things that use it.
        has: Of a class the properties that its things have; of a property the classes.
        values: What its values are, by the rules.
        domain, range: As the ontology states them.
        lists: Those of its things, to be narrowed down.
        questions: The saved queries that name it.
        turtle: What is stated of the example.
        codebook: Its place in the codebook.
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
    has: tuple[Shown, ...]
    values: tuple[str, ...]
    domain: tuple[Shown, ...]
    range: tuple[Shown, ...]
    lists: tuple[Shown, ...]
    questions: tuple[Shown, ...]
    turtle: str
    codebook: str


@dataclass(frozen=True, slots=True)
class ListShown:
    """A list of codes, with how many there are."""

    link: Shown
    count: int


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
    """The words of a graph: each class and property with its use and its rules.

    The argument ``q`` leaves those whose names or definitions have its words.
    """
    sought = request.args.get("q", "").strip()[:LONGEST]
    reader = _Reference(site, vocabulary, vocabulary.facts)
    facts = vocabulary.facts
    home = vocabulary.versions.get(target.iri.value, target.iri.value)
    ontology = ox.NamedNode(home)
    terms = vocabulary.of_kind(OWL.Class, *PROPERTY_KINDS)
    own = [term for term in terms if term.value.startswith(home)]
    base = home.removesuffix("ontology")
    classes = [term for term in own if OWL.Class in facts.types(term)]
    properties = [term for term in own if term not in classes]
    wanted = reader.fitting(own, sought) if sought else set(own)
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
        sought=sought,
        classes=reader.terms(term for term in classes if term in wanted),
        properties=reader.terms(term for term in properties if term in wanted),
        lists=reader.lists(base),
        picture=None if sought else _picture(site, vocabulary),
        links=[] if sought else reader.links(),
        others=reader.words_of_others(),
        shapes=links.address(site, f"{base}shapes") if vocabulary.document(base, "shapes") else "",
        beside=[
            reader.link(ox.NamedNode(f"{other}ontology"))
            for other in vocabulary.homes
            if other != base and vocabulary.document(other, "ontology")
        ],
    )


def _picture(site: Site, vocabulary: Vocabulary) -> Markup | None:
    """The classes and how they connect."""
    drawing = draw(vocabulary.codebook, lambda iri: links.address(site, iri))
    if drawing is None:
        return None
    told = translations(LANGUAGE).gettext("The classes, and the properties that connect them")
    return Markup(inline(drawing, told=told))  # noqa: S704 (an element tree, written)


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

    def fitting(self, terms: Iterable[ox.NamedNode], sought: str) -> set[ox.NamedNode]:
        """Those of *terms* that a search for *sought* finds by name, or which are defined by it."""
        known = list(terms)
        keys: dict[str, list[str]] = {}
        for term in known:
            for text in (self.vocabulary.label(term), local_name(term)):
                keys.setdefault(plain(text), []).append(term.value)
        found = Index(keys).find(plain(sought))
        words = plain(sought).split()
        return {
            term
            for term in known
            if term.value in found
            or set(words) <= set(plain(self.facts.text(term, SKOS.definition)).split())
        }

    def lists(self, base: str) -> list[ListShown]:
        """The lists of codes that the graph has, by name."""
        query = f"""
            SELECT ?list (COUNT(?code) AS ?count)
            WHERE {{ ?code {SKOS.inScheme} ?list }} GROUP BY ?list ORDER BY ?list"""
        ask = Ask(query, MediaType.JSON, deadline=self._site.query_timeout)
        found = [
            (cast("ox.NamedNode", row["list"]), int(cast("ox.Literal", row["count"]).value))
            for row in rows(self._site.engine, ask)
        ]
        made = [
            ListShown(
                Shown(
                    links.label(self._site, scheme.value) or local_name(scheme), self.href(scheme)
                ),
                count,
            )
            for scheme, count in found
            if scheme.value.startswith(base)
        ]
        return sorted(made, key=lambda each: each.link.text.lower())

    def links(self) -> list[tuple[Shown, Shown, Shown, int]]:
        """Which classes point at which by what, as a table of the picture, most first."""
        names = {made.iri: made.label for made in self.vocabulary.codebook.classes}

        def shown(iri: str, text: str) -> Shown:
            return Shown(text, self.href(ox.NamedNode(iri)))

        return [
            (
                shown(each.source, names[each.source]),
                shown(each.iri, each.property),
                shown(each.target, names[each.target]),
                each.count,
            )
            for each in connections(self.vocabulary.codebook)
        ]

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
            has=self._has(term),
            values=self._values(term),
            domain=tuple(map(self._word, facts.nodes(term, RDFS.domain))),
            range=tuple(map(self._word, facts.nodes(term, RDFS.range))),
            lists=self._lists_of(term),
            questions=self._questions(term),
            turtle=self.vocabulary.example_of(use.example) if is_class else "",
            codebook=f"{self._site.root}/codebook#{local_name(term)}" if is_class else "",
        )

    def _has(self, term: ox.NamedNode) -> tuple[Shown, ...]:
        """The properties of things of a class, or the classes of things with a property."""
        book = self.vocabulary.codebook
        return tuple(
            Shown(
                each.label if made.iri == term.value else made.label,
                f"{self._site.root}/codebook#{local_name(made.iri)}-{local_name(each.iri)}",
            )
            for made in book.classes
            for each in made.properties
            if made.iri == term.value or (each.iri == term.value and each.things)
        )

    def _values(self, term: ox.NamedNode) -> tuple[str, ...]:
        """What the rules say of the values of a property, on whichever class."""
        found = (
            each.values
            for made in self.vocabulary.codebook.classes
            for each in made.properties
            if each.iri == term.value and each.values
        )
        return tuple(dict.fromkeys(found))

    def _lists_of(self, term: ox.NamedNode) -> tuple[Shown, ...]:
        """The lists to explore that are of things of the class *term*."""
        return tuple(
            Shown(query.summary, url_for("explore.one", name=short_name(query)))
            for query in lists(self._site)
            if query.listing is not None and term.value in query.listing.classes
        )

    def _questions(self, term: ox.NamedNode) -> tuple[Shown, ...]:
        return tuple(
            Shown(query.summary, url_for("saved.run_saved", name=query.name))
            for query in self.vocabulary.questions_naming.get(term.value, ())
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
        return f"{self._site.root}/sparql?{urlencode({'query': query, 'format': 'csv'})}"

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
                text=" ".join(sentences(self.facts, shape, self._told)),
            )
            for shape in dict.fromkeys(shapes)
            if self.facts.text(shape, SH.message)
        ]
        return tuple(sorted(rules, key=lambda rule: (rule.severity, rule.link.text)))

    def _told(self, value: Value) -> str:
        """What the sentences of a rule call *value*."""
        if isinstance(value, ox.Literal):
            return value.value
        if isinstance(value, ox.NamedNode):
            return self.facts.name(value) or self.shown_iri(value)
        return self._turtle(value)

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
