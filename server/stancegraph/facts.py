"""Statements held in memory, to be read one thing at a time: a description, a vocabulary."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias, cast

import pyoxigraph as ox

from stancegraph.description import NAMES, description_query, graphs_query
from stancegraph.engine import Ask, MediaType, rows
from stancegraph.sparql import term_text
from stancegraph.terms import FOAF, RDF, RDFS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stancegraph.engine import Engine, Term

Node: TypeAlias = ox.NamedNode | ox.BlankNode
Value: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal


class Facts:
    """Statements, each with the named graphs that hold it; order is that of IRIs.

    Attributes:
        notes: What a description says of itself: where it is cut.
    """

    def __init__(self, quads: Iterable[ox.Quad], notes: Iterable[str] = ()) -> None:
        self.notes = tuple(sorted(notes))
        self._graphs: dict[ox.Triple, list[ox.NamedNode]] = {}
        for quad in quads:
            graphs = self._graphs.setdefault(quad.triple, [])
            if isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name not in graphs:
                graphs.append(quad.graph_name)
        self._by_subject: defaultdict[Node, defaultdict[ox.NamedNode, list[Value]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._by_object: defaultdict[Node, list[tuple[Node, ox.NamedNode]]] = defaultdict(list)
        for triple in sorted(self._graphs, key=str):
            subject, value = cast("Node", triple.subject), cast("Value", triple.object)
            self._by_subject[subject][triple.predicate].append(value)
            if not isinstance(value, ox.Literal):
                self._by_object[value].append((subject, triple.predicate))

    def __contains__(self, subject: Node) -> bool:
        return subject in self._by_subject

    def __len__(self) -> int:
        return len(self._graphs)

    @property
    def subjects(self) -> Iterator[Node]:
        """Whatever a statement is about."""
        return iter(self._by_subject)

    @property
    def triples(self) -> Iterable[ox.Triple]:
        """Every statement, once."""
        return self._graphs.keys()

    @property
    def quads(self) -> Iterator[ox.Quad]:
        """Every statement, once for each graph that holds it; in the default graph if none."""
        for triple, graphs in self._graphs.items():
            for graph in graphs:
                yield ox.Quad(triple.subject, triple.predicate, triple.object, graph)
            if not graphs:
                yield ox.Quad(triple.subject, triple.predicate, triple.object)

    def about(self, subject: Node) -> dict[ox.NamedNode, list[Value]]:
        """What is said of *subject*, by property."""
        return dict(self._by_subject.get(subject, {}))

    def values(self, subject: Node, *properties: ox.NamedNode) -> list[Value]:
        """The values of the first of *properties* that *subject* has."""
        said = self.about(subject)
        return next((list(said[name]) for name in properties if name in said), [])

    def nodes(self, subject: Node, *properties: ox.NamedNode) -> list[Node]:
        """As :meth:`values`, without literals."""
        return [
            value
            for value in self.values(subject, *properties)
            if not isinstance(value, ox.Literal)
        ]

    def text(self, subject: Node, *properties: ox.NamedNode) -> str:
        """The first value as text, English before other languages; empty where there is none."""
        found = [v for v in self.values(subject, *properties) if not isinstance(v, ox.BlankNode)]
        best = sorted(found, key=lambda v: isinstance(v, ox.Literal) and v.language != "en")
        return best[0].value if best else ""

    def name(self, node: Node) -> str:
        """What *node* is called; empty where nothing says."""
        return self.text(node, *NAMES)

    def types(self, node: Node) -> list[ox.NamedNode]:
        """The classes of *node*."""
        return [kind for kind in self.nodes(node, RDF.type) if isinstance(kind, ox.NamedNode)]

    def pointing(self, node: Node) -> list[tuple[Node, ox.NamedNode]]:
        """What points at *node*, each with the property by which it does."""
        return list(self._by_object.get(node, ()))

    def graphs(self, subject: Node, predicate: ox.NamedNode, value: Value) -> list[ox.NamedNode]:
        """The named graphs that hold a statement."""
        return self._graphs.get(ox.Triple(subject, predicate, value), [])


def describe(engine: Engine, thing: ox.NamedNode, *, deadline: float, brief: bool = False) -> Facts:
    """The description of *thing*; empty for one that is unknown.

    Args:
        brief: Whether only the claims that others contradict are of interest.

    Raises:
        EngineError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    found = rows(engine, _ask(description_query(thing, with_graphs=True, brief=brief), deadline))
    quads = [_quad(row) for row in found if "subject" in row]
    notes = {note for row in found if isinstance(note := row.get("note"), ox.Literal)}
    for number, note in enumerate(sorted(notes, key=str)):
        told = ox.BlankNode(f"note{number}")
        quads.append(ox.Quad(told, FOAF.primaryTopic, thing))
        quads.append(ox.Quad(told, RDFS.comment, note))
    return Facts(_canonical(quads), (note.value for note in notes))


def describe_all(engine: Engine, things: Sequence[ox.NamedNode], *, deadline: float) -> Facts:
    """The descriptions of *things* together, asked at once.

    Only of what is said of *things* themselves it is known which graphs hold it.

    Raises:
        EngineError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    if not things:
        return Facts(())
    listed = " ".join(map(term_text, things))
    described = b"".join(
        engine.ask(Ask(f"DESCRIBE {listed}", MediaType.N_TRIPLES, deadline=deadline))
    )
    beside = [
        quad
        for quad in ox.parse(described, format=ox.RdfFormat.N_TRIPLES)
        if quad.subject not in set(things)
    ]
    own = f"""
        SELECT ?subject ?property ?value ?graph
        WHERE {{ VALUES ?subject {{ {listed} }} GRAPH ?graph {{ ?subject ?property ?value }} }}"""
    return Facts([*map(_quad, rows(engine, _ask(own, deadline))), *_canonical(beside)])


def read_graphs(engine: Engine, graphs: Iterable[ox.NamedNode], *, deadline: float) -> Facts:
    """Everything that these named graphs hold.

    Raises:
        EngineError: as :meth:`stancegraph.engine.Answer.__next__` does.
    """
    return Facts(_canonical(map(_quad, rows(engine, _ask(graphs_query(graphs), deadline)))))


def _canonical(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """*quads* with blank nodes named alike whenever they are read (RDFC-1.0)."""
    found = list(quads)
    if any(isinstance(node, ox.BlankNode) for q in found for node in (q.subject, q.object)):
        dataset = ox.Dataset(found)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        return list(dataset)
    return found


def _ask(query: str, deadline: float) -> Ask:
    return Ask(query, MediaType.JSON, deadline=deadline)


def _quad(row: Mapping[str, Term]) -> ox.Quad:
    subject, predicate, value = row["subject"], row["property"], row["value"]
    return ox.Quad(
        cast("Node", subject),
        cast("ox.NamedNode", predicate),
        cast("Value", value),
        cast("ox.NamedNode", row["graph"]) if "graph" in row else ox.DefaultGraph(),
    )
