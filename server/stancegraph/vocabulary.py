"""What a process knows of the words of its graph: the ontology, the shapes, their use.

It is read from the engine once, when it is first asked for, since a release never changes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import pyoxigraph as ox

from stancegraph import requirements
from stancegraph.codebook import (
    CLASSES_USED,
    PROPERTIES_USED,
    Codebook,
    Table,
    make_codebook,
    tables_of,
)
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.facts import read_graphs
from stancegraph.sparql import kept_tokens, named
from stancegraph.terms import OWL, RDFS, SG, SH, VANN, short
from stancegraph.tidy import turtle
from stancegraph.titles import Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stancegraph.engine import Engine
    from stancegraph.facts import Facts, Node
    from stancegraph.queryfile import SavedQuery

PROPERTY_KINDS = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)


@dataclass(frozen=True, slots=True)
class Use:
    """How a graph uses a term.

    Attributes:
        count: Things of the class, or statements with the property.
        example: The first thing, by IRI, that is of the class or has the property.
        datatype: That of all its values; None where they differ, or are no literals.
        links: Whether all its values are things, and no literals.
    """

    count: int
    example: ox.NamedNode | None
    datatype: ox.NamedNode | None = None
    links: bool = False


class Words:
    """What the words of a graph mean, as its ontologies say.

    Attributes:
        facts: What the ontologies say.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._narrower: dict[ox.NamedNode, set[Node]] = {}

    def of_kind(self, *kinds: ox.NamedNode) -> list[ox.NamedNode]:
        """The terms and shapes of any of these classes, by IRI."""
        return [
            subject
            for subject in self.facts.subjects
            if isinstance(subject, ox.NamedNode) and set(kinds) & set(self.facts.types(subject))
        ]

    def label(self, term: ox.NamedNode) -> str:
        """What to call a class or property: its name, else its IRI's last part in words."""
        return self.facts.name(term) or words(term)

    def below(self, term: Node, broad: ox.NamedNode) -> bool:
        """Whether the class or property *term* specialises *broad*, at any depth."""
        return term in self.narrower(broad)

    def narrower(self, broad: ox.NamedNode) -> set[Node]:
        """The classes or properties that specialise *broad*, at any depth."""
        if broad not in self._narrower:
            found: set[Node] = set()
            queue: list[Node] = [broad]
            while queue:
                for narrow, predicate in self.facts.pointing(queue.pop()):
                    if predicate in {RDFS.subClassOf, RDFS.subPropertyOf} and narrow not in found:
                        found.add(narrow)
                        queue.append(narrow)
            self._narrower[broad] = found
        return self._narrower[broad]

    @cached_property
    def templates(self) -> dict[ox.NamedNode, Template]:
        """How to make titles for things of each class that the ontology says it of."""
        prefixes = {
            self.facts.text(ontology, VANN.preferredNamespacePrefix): self.facts.text(
                ontology, VANN.preferredNamespaceUri
            )
            for ontology in self.of_kind(OWL.Ontology)
        }
        found = {}
        for term in self.of_kind(OWL.Class):
            if text := self.facts.text(term, SG.titleTemplate):
                with suppress(ValueError):  # the shapes tell of one that cannot be read
                    found[term] = Template.read(text, prefixes)
        return found

    @cached_property
    def phrases(self) -> dict[ox.NamedNode, str]:
        """What codes are called in titles."""
        return {
            code: text
            for code in self.facts.subjects
            if isinstance(code, ox.NamedNode) and (text := self.facts.text(code, SG.phrase))
        }


class Vocabulary(Words):
    """The ontologies and shapes that a release holds, and where its parts are.

    Attributes:
        homes: What the IRIs of the graph start with, its own base first; then that of the
            vocabulary that it shares, if it does.
        graphs: Every named graph with its number of statements.
        facts: What the graphs of the ontologies and the shapes say.
    """

    def __init__(
        self, engine: Engine, *, base: str, queries: Iterable[SavedQuery], deadline: float
    ) -> None:
        """Read the words of the release that *engine* answers from.

        Args:
            base: What all IRIs of the graph begin with.
            queries: Its saved queries.
            deadline: Seconds for each question.

        Raises:
            EngineError: as :meth:`stancegraph.engine.Answer.__next__` does.
        """
        self._engine = engine
        self._base = base
        self._queries = queries
        self._deadline = deadline
        self.graphs = self._named_graphs()
        found = {name.partition("/graph/")[0] + "/" for name in self.graphs}
        self.homes = (base, *sorted(found - {base}))
        documents = [self.document(home, part) for home in self.homes for part in _PARTS]
        listed = [graph for graphs in documents for graph in graphs]
        super().__init__(read_graphs(engine, listed, deadline=deadline))

    def document(self, home: str, part: str) -> list[ox.NamedNode]:
        """The named graphs that ``<home>ontology`` or ``<home>shapes`` stands for.

        The code lists below ontology/ are not among them: codes are things.
        """
        start = f"{home}graph/{part}/"
        return [
            ox.NamedNode(name)
            for name in self.graphs
            if name.startswith(start) and (part == "shapes" or "/" not in name[len(start) :])
        ]

    @cached_property
    def versions(self) -> dict[str, str]:
        """What the versions of the ontologies are called: each IRI with that of its ontology."""
        return {
            version.value: ontology.value
            for ontology in self.of_kind(OWL.Ontology)
            for version in self.facts.nodes(ontology, OWL.versionIRI)
            if isinstance(version, ox.NamedNode)
        }

    @cached_property
    def rules_on(self) -> dict[Node, list[Node]]:
        """The property shapes on each property, and the node shapes on each class."""
        found: defaultdict[Node, list[Node]] = defaultdict(list)
        for shape in self.of_kind(SH.NodeShape, SH.PropertyShape):
            for target in self.facts.nodes(shape, SH.path) + self.facts.nodes(
                shape, SH.targetClass
            ):
                found[target].append(shape)
        return dict(found)

    @cached_property
    def phrases(self) -> dict[ox.NamedNode, str]:
        """What codes are called in titles; their lists are not among the facts."""
        query = f"SELECT ?code ?phrase WHERE {{ ?code {SG.phrase} ?phrase }}"
        return {
            cast("ox.NamedNode", row["code"]): cast("ox.Literal", row["phrase"]).value
            for row in self._rows(query)
        }

    def members(self, head: Node) -> Iterator[Node | ox.Literal]:
        """The members of an RDF list."""
        return requirements.members(self.facts, head)

    @cached_property
    def codebook(self) -> Codebook:
        """The classes of the ontologies with their properties, counted in the release."""
        return make_codebook(self._engine, self.facts, base=self._base, deadline=self._deadline)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The tables to take away that saved queries declare."""
        return tables_of(self.facts, self._queries)

    @cached_property
    def questions_naming(self) -> dict[str, list[SavedQuery]]:
        """The saved queries that name each term, by its IRI; those on quality apart."""
        found: defaultdict[str, list[SavedQuery]] = defaultdict(list)
        for query in self._queries:
            if query.flaw is None:
                for iri in sorted({iri for _, iri in named(kept_tokens(query.text))}):
                    found[iri].append(query)
        return dict(found)

    @cached_property
    def _examples(self) -> dict[ox.NamedNode, str]:
        """What files state of the example of each class, in Turtle."""
        things = {use.example for use in self.classes_used.values() if use.example is not None}
        values = " ".join(sorted(map(str, things)))
        query = f"""
            SELECT DISTINCT ?s ?p ?o
            WHERE {{
              VALUES ?s {{ {values} }}
              GRAPH ?graph {{ ?s ?p ?o }}
              FILTER (!CONTAINS(STR(?graph), "/graph/derived/"))
            }} ORDER BY ?s ?p ?o"""
        about: defaultdict[ox.NamedNode, list[ox.Triple]] = defaultdict(list)
        for row in self._rows(query):
            subject = cast("ox.NamedNode", row["s"])
            predicate, value = cast("ox.NamedNode", row["p"]), cast("ox.NamedNode", row["o"])
            about[subject].append(ox.Triple(subject, predicate, value))
        return {subject: turtle(subject, triples) for subject, triples in about.items()}

    def example_of(self, thing: ox.NamedNode | None) -> str:
        """What files state of *thing*, the example of some class, in Turtle."""
        return self._examples.get(thing, "") if thing is not None else ""

    @cached_property
    def classes_used(self) -> dict[ox.NamedNode, Use]:
        """The classes that things are of."""
        return dict(self._uses(CLASSES_USED))

    @cached_property
    def properties_used(self) -> dict[ox.NamedNode, Use]:
        """The properties that statements have."""
        return dict(self._uses(PROPERTIES_USED))

    def _uses(self, query: str) -> Iterator[tuple[ox.NamedNode, Use]]:
        for row in self._rows(query):
            example, least = row.get("example"), row.get("least")
            literals = row.get("literals")
            use = Use(
                int(cast("ox.Literal", row["count"]).value),
                example if isinstance(example, ox.NamedNode) else None,
                least if isinstance(least, ox.NamedNode) and least == row.get("most") else None,
                links=isinstance(literals, ox.Literal) and literals.value == "0",
            )
            yield cast("ox.NamedNode", row["term"]), use

    def _named_graphs(self) -> dict[str, int]:
        query = """
            PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
            PREFIX void: <http://rdfs.org/ns/void#>
            SELECT ?graph ?count
            WHERE { ?graph a sd:NamedGraph ; void:triples ?count }
            ORDER BY ?graph"""
        found = {
            cast("ox.NamedNode", row["graph"]).value: int(cast("ox.Literal", row["count"]).value)
            for row in self._rows(query)
        }
        name = f"{self._base}graph/description"
        count = f"SELECT (COUNT(*) AS ?count) WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}"
        numbers = [int(cast("ox.Literal", row["count"]).value) for row in self._rows(count)]
        return found | {name: sum(numbers)}

    def _rows(self, query: str) -> Sequence[dict[str, object]]:
        ask = Ask(query, MediaType.JSON, base=self._base, deadline=self._deadline)
        return cast("Sequence[dict[str, object]]", rows(self._engine, ask))


_PARTS = ("ontology", "shapes")


def local_name(term: ox.NamedNode | str) -> str:
    """The part of an IRI behind its namespace."""
    return re.split(r"[#/]", term if isinstance(term, str) else term.value)[-1]


def words(term: ox.NamedNode) -> str:
    """The last part of an IRI as words: ``was derived from``."""
    name = local_name(term) or short(term)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
