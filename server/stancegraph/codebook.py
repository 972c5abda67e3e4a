"""The codebook: each class with its properties, their meaning, values, rules and use.

It is made of the ontology, the shapes, the code lists and the data of one release, and of
nothing written for it, so that it cannot tell of another graph than the one that it goes with.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import pyoxigraph as ox

from stancegraph import requirements
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.export.declared import described, snake
from stancegraph.terms import OWL, PROV, RDF, RDFS, SH, SKOS, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stancegraph.engine import Engine, Term
    from stancegraph.facts import Facts, Node, Value
    from stancegraph.queryfile import SavedQuery

NOTES = (SKOS.scopeNote, SKOS.editorialNote, RDFS.comment)
# What every graph says with the words of RDF, and no codebook of it need tell.
_OF_RDF = frozenset({RDF.type})
COLUMNS = (
    "class", "class_label", "things", "property", "property_label", "definition", "notes",
    "values", "codes", "cardinality", "required", "derived", "rules", "with", "without",
    "coverage", "statements",
)  # fmt: skip

# How often a graph uses its words. These say the same of every graph, and have one order, so that
# a release keeps the answers: each reads most of the graph. An example has an IRI, which is not
# that of a release or its parts: an answer with one would have to be found anew for each build.
_EXAMPLE = 'MIN(IF(isIRI(?thing) && !CONTAINS(STR(?thing), "/release/"), ?thing, ""))'
CLASSES_USED = f"""
    SELECT ?term (COUNT(?thing) AS ?count) ({_EXAMPLE} AS ?example)
    WHERE {{ ?thing a ?term }} GROUP BY ?term ORDER BY ?term"""
PROPERTIES_USED = f"""
    SELECT ?term (COUNT(?thing) AS ?count) ({_EXAMPLE} AS ?example)
      (MIN(?kind) AS ?least) (MAX(?kind) AS ?most)
      (SUM(IF(isLiteral(?value), 1, 0)) AS ?literals)
    WHERE {{ ?thing ?term ?value BIND (DATATYPE(?value) AS ?kind) }}
    GROUP BY ?term ORDER BY ?term"""
PROPERTIES = f"""
    SELECT ?class ?property (COUNT(DISTINCT ?thing) AS ?things) (COUNT(?value) AS ?count)
    WHERE {{ ?class a {OWL.Class} . ?thing a ?class ; ?property ?value }}
    GROUP BY ?class ?property ORDER BY ?class ?property"""
VALUES = f"""
    SELECT ?class ?property ?kind (COUNT(?value) AS ?count)
    WHERE {{ ?class a {OWL.Class} . ?thing a ?class ; ?property ?value . ?value a ?kind }}
    GROUP BY ?class ?property ?kind ORDER BY ?class ?property DESC(?count) ?kind"""
CODES = f"""
    SELECT ?class ?property ?code (COUNT(DISTINCT ?thing) AS ?count)
    WHERE {{
      ?class a {OWL.Class} .
      ?thing a ?class ; ?property ?code .
      ?code {SKOS.inScheme} ?scheme
    }}
    GROUP BY ?class ?property ?code ORDER BY ?class ?property ?code"""
LISTS = f"""
    SELECT ?scheme ?code ?label ?notation ?definition
    WHERE {{
      ?code {SKOS.inScheme} ?scheme ; {SKOS.prefLabel} ?label .
      FILTER (LANG(?label) = "en")
      OPTIONAL {{ ?code {SKOS.notation} ?notation }}
      OPTIONAL {{ ?code {SKOS.definition} ?definition FILTER (LANG(?definition) = "en") }}
    }}
    ORDER BY ?scheme ?label ?code ?notation ?definition"""
DERIVED = f"""
    SELECT DISTINCT ?property
    WHERE {{ ?graph {PROV.wasGeneratedBy} ?activity GRAPH ?graph {{ ?thing ?property ?value }} }}
    ORDER BY ?property"""
QUESTIONS = (CLASSES_USED, PROPERTIES_USED, PROPERTIES, VALUES, CODES, LISTS, DERIVED)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A rule on a class or on one of its properties.

    Attributes:
        shape: Its IRI; empty for a shape without a name.
        severity: ``Violation`` stops a release, ``Warning`` is told.
        text: What its constraints ask for, in sentences.
        message: What its author says of it.
    """

    shape: str
    severity: str
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class Code:
    """A code that a property may have as its value, and how many of the things have it."""

    iri: str
    label: str
    notation: str
    definition: str
    count: int


@dataclass(frozen=True, slots=True)
class Property:
    """A property as the things of one class have it.

    Attributes:
        needed: Whether a rule asks for at least one value.
        cardinality: How many values the rules allow, in words.
        values: What the rules say of each value, in words.
        scheme: The list of codes from which the values are; empty where there is none.
        classes: Of what classes the values are, most first, with the number of statements.
        derived: Whether rules of derivation make it, and no file states it.
        things: How many things of the class have it.
        of: How many things of the class there are.
        statements: How many statements say it of them.
    """

    iri: str
    label: str
    definition: str
    notes: tuple[str, ...]
    examples: tuple[str, ...]
    needed: bool
    cardinality: str
    values: str
    scheme: str
    codes: tuple[Code, ...]
    classes: tuple[tuple[str, int], ...]
    rules: tuple[Requirement, ...]
    derived: bool
    things: int
    of: int
    statements: int

    @property
    def without(self) -> int:
        """How many things of the class lack it."""
        return self.of - self.things

    @property
    def coverage(self) -> float | None:
        """The part of the things that have it, of 1; None where there is no thing."""
        return self.things / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Class:
    """A class with the properties that its things have or may have, those needed first.

    Attributes:
        broader: IRIs of the classes that it specialises.
        count: How many things are of it.
        example: The first of them by IRI; empty where there is none.
        rules: Those on its things as a whole.
    """

    iri: str
    label: str
    definition: str
    notes: tuple[str, ...]
    examples: tuple[str, ...]
    broader: tuple[str, ...]
    count: int
    example: str
    rules: tuple[Requirement, ...]
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table to take away.

    Attributes:
        values: Of what kind its cells are.
        scheme: The list of codes from which they are; empty where there is none.
        blank: What a cell without a value can mean.
        is_key: Whether it tells, with the other keys, the rows apart.
    """

    name: str
    label: str
    note: str
    values: str
    scheme: str
    blank: tuple[str, ...]
    is_key: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table to take away.

    Attributes:
        name: That of its files.
        unit: What a row is.
        query: The name of the saved query that it is the answer to.
    """

    name: str
    title: str
    note: str
    unit: str
    query: str
    columns: tuple[TableColumn, ...]


def tables_of(facts: Facts, queries: Iterable[SavedQuery]) -> tuple[Table, ...]:
    """The tables that the headers of *queries* declare, by name; networks are none.

    Args:
        facts: What the ontologies say.
    """

    def label(iri: str) -> str:
        return facts.name(ox.NamedNode(iri)) or short(iri).strip("<>")

    def definition(iri: str) -> str:
        return facts.text(ox.NamedNode(iri), SKOS.definition)

    found = []
    for query in queries:
        if query.table is not None and query.network is None:
            columns = [
                TableColumn(
                    snake(name),
                    *described(column, label, definition),
                    values=column.kind,
                    scheme=column.scheme,
                    blank=column.blank,
                    is_key=column.is_key,
                )
                for name, column in query.table.columns.items()
            ]
            found.append(
                Table(
                    name=query.name.rpartition("/")[2],
                    title=query.summary,
                    note=query.description,
                    unit=query.table.unit,
                    query=query.name,
                    columns=tuple(columns),
                )
            )
    return tuple(sorted(found, key=lambda each: each.name))


@dataclass(frozen=True, slots=True)
class Codebook:
    """The classes of a graph, by their labels."""

    classes: tuple[Class, ...]

    def rows(self) -> list[tuple[object, ...]]:
        """A row for each property of each class, in the order of ``COLUMNS``.

        A class without properties has one row, with nothing about any.
        """
        return [
            (made.iri, made.label, made.count, *_cells(each))
            for made in self.classes
            for each in made.properties or (None,)
        ]

    def as_csv(self) -> str:
        """The rows with a heading, as RFC 4180 has it."""
        written = io.StringIO()
        writer = csv.writer(written)
        writer.writerow(COLUMNS)
        writer.writerows(self.rows())
        return written.getvalue()


def _cells(made: Property | None) -> tuple[object, ...]:
    if made is None:
        return ("",) * (len(COLUMNS) - 3)
    return (
        made.iri,
        made.label,
        made.definition,
        " ".join(made.notes),
        made.values,
        "; ".join(f"{code.notation or code.iri} = {code.label}" for code in made.codes),
        made.cardinality,
        "yes" if made.needed else "no",
        "yes" if made.derived else "no",
        " ".join(rule.message or rule.text for rule in made.rules),
        made.things,
        made.without,
        "" if made.coverage is None else f"{made.coverage:.4f}",
        made.statements,
    )


def make_codebook(engine: Engine, facts: Facts, *, base: str, deadline: float) -> Codebook:
    """The codebook of the release that *engine* answers from.

    Args:
        facts: What its ontologies and shapes say.
        base: What all IRIs of the graph begin with.
        deadline: Seconds for each of its questions.

    Raises:
        EngineError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    return _Making(_Counts.ask(engine, base, deadline), facts).codebook()


@dataclass(frozen=True, slots=True)
class _Counts:
    """How often the graph uses its words.

    Attributes:
        classes: Each class with the number of its things and the first of them.
        properties: By class and property: things that have it, and statements.
        values: By class and property: classes of the values, with the statements.
        codes: By class and property: codes, with the number of things.
        lists: By scheme: its codes, by label, without numbers.
        schemes: The scheme of each code.
        derived: The properties that derived graphs have.
    """

    classes: dict[ox.NamedNode, tuple[int, str]]
    properties: dict[tuple[ox.NamedNode, ox.NamedNode], tuple[int, int]]
    values: dict[tuple[ox.NamedNode, ox.NamedNode], dict[str, int]]
    codes: dict[tuple[ox.NamedNode, ox.NamedNode], dict[str, int]]
    lists: dict[str, list[Code]]
    schemes: dict[str, str]
    derived: set[ox.NamedNode]

    @classmethod
    def ask(cls, engine: Engine, base: str, deadline: float) -> _Counts:
        """Count in the graph that *engine* holds."""

        def ask(query: str) -> Sequence[Mapping[str, Term]]:
            return rows(engine, Ask(query, MediaType.JSON, base=base, deadline=deadline))

        classes = {
            _iri(row, "term"): (_number(row), _text(row, "example")) for row in ask(CLASSES_USED)
        }
        properties = {
            (_iri(row, "class"), _iri(row, "property")): (_number(row, "things"), _number(row))
            for row in ask(PROPERTIES)
        }
        values: defaultdict[tuple[ox.NamedNode, ox.NamedNode], dict[str, int]] = defaultdict(dict)
        for row in ask(VALUES):
            values[_iri(row, "class"), _iri(row, "property")][_text(row, "kind")] = _number(row)
        codes: defaultdict[tuple[ox.NamedNode, ox.NamedNode], dict[str, int]] = defaultdict(dict)
        for row in ask(CODES):
            codes[_iri(row, "class"), _iri(row, "property")][_text(row, "code")] = _number(row)
        lists: defaultdict[str, dict[str, Code]] = defaultdict(dict)
        for row in ask(LISTS):
            code = Code(
                iri=_text(row, "code"),
                label=_text(row, "label"),
                notation=_text(row, "notation"),
                definition=_text(row, "definition"),
                count=0,
            )
            lists[_text(row, "scheme")].setdefault(code.iri, code)
        derived = {_iri(row, "property") for row in ask(DERIVED)}
        return cls(
            classes,
            properties,
            dict(values),
            dict(codes),
            {scheme: list(found.values()) for scheme, found in lists.items()},
            {code: scheme for scheme, found in lists.items() for code in found},
            derived,
        )


class _Making:
    """Makes the codebook of what is counted and what ontologies and shapes say."""

    def __init__(self, counted: _Counts, facts: Facts) -> None:
        self._counted = counted
        self._facts = facts
        self._codes = {code.iri: code.label for codes in counted.lists.values() for code in codes}

    def codebook(self) -> Codebook:
        """The classes that the ontologies declare, with all that is known of them."""
        made = [self._class(each) for each in _classes(self._facts)]
        return Codebook(tuple(sorted(made, key=lambda each: (each.label.lower(), each.iri))))

    def _class(self, term: ox.NamedNode) -> Class:
        facts = self._facts
        count, example = self._counted.classes.get(term, (0, ""))
        shapes = self._shapes(term)
        wholes = [shape for shape in shapes if not requirements.predicates(facts, shape)]
        by_property: defaultdict[ox.NamedNode, list[Node]] = defaultdict(list)
        for shape in shapes:
            for predicate in requirements.predicates(facts, shape):
                by_property[predicate].append(shape)
        for of, predicate in self._counted.properties:
            if of == term and predicate not in _OF_RDF:
                by_property.setdefault(predicate, [])
        properties = [
            self._property(term, predicate, rules, count)
            for predicate, rules in by_property.items()
        ]
        return Class(
            iri=term.value,
            label=self._name(term),
            definition=facts.text(term, SKOS.definition),
            notes=self._texts(term, *NOTES),
            examples=self._texts(term, SKOS.example),
            broader=tuple(node.value for node in facts.nodes(term, RDFS.subClassOf)),
            count=count,
            example=example,
            rules=self._rules(wholes),
            properties=tuple(
                sorted(
                    properties,
                    key=lambda each: (each.derived, not each.needed, each.label.lower(), each.iri),
                )
            ),
        )

    def _shapes(self, term: ox.NamedNode) -> list[Node]:
        """The shapes on the things of a class, those of broader classes too, and their parts."""
        facts = self._facts
        found: list[Node] = []
        for each in _upwards(facts, term):
            for node, predicate in facts.pointing(each):
                if predicate == SH.targetClass:
                    found += [node, *facts.nodes(node, SH.property)]
        return list(dict.fromkeys(found))

    def _property(
        self, term: ox.NamedNode, predicate: ox.NamedNode, shapes: Sequence[Node], count: int
    ) -> Property:
        facts, counted = self._facts, self._counted
        least, most = 0, None
        for shape in shapes:
            path = next(iter(facts.nodes(shape, SH.path)))
            if isinstance(path, ox.NamedNode) and self._severity(shape) == "Violation":
                low, high = requirements.counts(facts, shape)
                least = max(least, low)
                most = high if most is None else most if high is None else min(most, high)
        used = counted.codes.get((term, predicate), {})
        schemes = sorted({counted.schemes[code] for code in used if code in counted.schemes})
        # Where most values are no codes, it is no list that they are taken from.
        things, statements = counted.properties.get((term, predicate), (0, 0))
        is_coded = len(schemes) == 1 and max(used.values()) <= things <= sum(used.values())
        codes = tuple(
            replace(each, count=used.get(each.iri, 0))
            for each in (counted.lists[schemes[0]] if is_coded else ())
        )
        kinds = [requirements.wanted(facts, shape, self._name) for shape in shapes]
        return Property(
            iri=predicate.value,
            label=self._name(predicate),
            definition=facts.text(predicate, SKOS.definition),
            notes=self._texts(predicate, *NOTES),
            examples=self._texts(predicate, SKOS.example),
            needed=least > 0,
            cardinality=requirements.cardinality(least, most),
            values="a code"
            if is_coded
            else "; ".join(dict.fromkeys(kind for kind in kinds if kind)),
            scheme=schemes[0] if is_coded else "",
            codes=codes,
            classes=tuple(counted.values.get((term, predicate), {}).items()),
            rules=self._rules(shapes),
            derived=not shapes and predicate in counted.derived,
            things=things,
            of=count,
            statements=statements,
        )

    def _rules(self, shapes: Iterable[Node]) -> tuple[Requirement, ...]:
        facts = self._facts
        found = [
            Requirement(
                shape=shape.value if isinstance(shape, ox.NamedNode) else "",
                severity=self._severity(shape),
                text=" ".join(requirements.sentences(facts, shape, self._name)),
                message=facts.text(shape, SH.message),
            )
            for shape in shapes
        ]
        return tuple(
            sorted(
                (rule for rule in found if rule.text or rule.message),
                key=lambda rule: (rule.severity, rule.shape),
            )
        )

    def _severity(self, shape: Node) -> str:
        return self._facts.text(shape, SH.severity).rpartition("#")[2] or "Violation"

    def _name(self, value: Value) -> str:
        """What a class, property or value is called."""
        if isinstance(value, ox.Literal):
            return value.value
        if isinstance(value, ox.NamedNode):
            if value.value in self._codes:
                return self._codes[value.value]
            return self._facts.name(value) or short(value).strip("<>")
        return "something"

    def _texts(self, term: ox.NamedNode, *properties: ox.NamedNode) -> tuple[str, ...]:
        """The texts that *term* has by all of *properties*."""
        return tuple(
            value.value
            for each in properties
            for value in self._facts.values(term, each)
            if isinstance(value, ox.Literal)
        )


def _classes(facts: Facts) -> list[ox.NamedNode]:
    """The classes that the ontologies declare, by IRI."""
    return [
        each
        for each in facts.subjects
        if isinstance(each, ox.NamedNode) and OWL.Class in facts.types(each)
    ]


def _upwards(facts: Facts, term: ox.NamedNode) -> list[Node]:
    """*term* and the classes that it specialises, at any height."""
    found: list[Node] = [term]
    for each in found:
        found += [node for node in facts.nodes(each, RDFS.subClassOf) if node not in found]
    return found


def _iri(row: Mapping[str, Term], name: str) -> ox.NamedNode:
    return cast("ox.NamedNode", row[name])


def _text(row: Mapping[str, Term], name: str) -> str:
    term = row.get(name)
    return term.value if isinstance(term, ox.NamedNode | ox.Literal) else ""


def _number(row: Mapping[str, Term], name: str = "count") -> int:
    return int(_text(row, name))
