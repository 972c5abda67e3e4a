"""SHACL property paths: read from a shapes graph, written as SPARQL and as triples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph as ox

from stancegraph.terms import RDF, SH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Node: TypeAlias = ox.NamedNode | ox.BlankNode
Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal

REPEATED = {"*": SH.zeroOrMorePath, "+": SH.oneOrMorePath, "?": SH.zeroOrOnePath}


@dataclass(frozen=True, slots=True)
class CompoundPath:
    """A path of more than one predicate.

    Attributes:
        operator: ``/``, ``|``, ``^``, ``*``, ``+`` or ``?``, as in SPARQL.
        parts: What it joins; exactly one part for the last four.
    """

    operator: str
    parts: tuple[Path, ...]


Path: TypeAlias = ox.NamedNode | CompoundPath


def as_sparql(path: Path) -> str:
    """*path* as a SPARQL property path, in brackets unless it is one predicate."""
    if isinstance(path, ox.NamedNode):
        return str(path)
    parts = [as_sparql(part) for part in path.parts]
    if path.operator == "^":
        return f"(^{parts[0]})"
    if path.operator in REPEATED:
        return f"({parts[0]}{path.operator})"
    return f"({path.operator.join(parts)})"


def as_triples(path: Path, fresh: Iterator[ox.BlankNode]) -> tuple[Node, list[ox.Triple]]:
    """*path* as the node that ``sh:resultPath`` names and the triples that describe it.

    Args:
        path: Any path.
        fresh: Blank nodes to use, without end.
    """
    if isinstance(path, ox.NamedNode):
        return path, []
    nodes, triples = [], []
    for part in path.parts:
        node, more = as_triples(part, fresh)
        nodes.append(node)
        triples += more
    if path.operator == "/":
        head, more = _as_list(nodes, fresh)
        return head, triples + more
    top = next(fresh)
    if path.operator == "|":
        head, more = _as_list(nodes, fresh)
        return top, [*triples, *more, ox.Triple(top, SH.alternativePath, head)]
    predicate = SH.inversePath if path.operator == "^" else REPEATED[path.operator]
    return top, [*triples, ox.Triple(top, predicate, nodes[0])]


def read(node: Node, objects: Callable[[Node, ox.NamedNode], list[Term]]) -> Path:
    """The path that *node* stands for.

    Args:
        node: A value of ``sh:path``.
        objects: The values of a predicate on a node of the shapes graph.

    Raises:
        ValueError: *node* describes no path.
    """
    if isinstance(node, ox.NamedNode):
        return node
    if objects(node, RDF.first):
        return CompoundPath("/", tuple(read(part, objects) for part in items(node, objects)))
    for operator, predicate in {"^": SH.inversePath, **REPEATED}.items():
        for part in objects(node, predicate):
            return CompoundPath(operator, (read(as_node(part), objects),))
    for head in objects(node, SH.alternativePath):
        parts = tuple(read(part, objects) for part in items(as_node(head), objects))
        return CompoundPath("|", parts)
    raise ValueError("the value of sh:path is no path")


def items(head: Node, objects: Callable[[Node, ox.NamedNode], list[Term]]) -> Iterator[Node]:
    """The members of the RDF list at *head*, in their order."""
    seen = set()
    while head != RDF.nil and head not in seen:
        seen.add(head)
        for member in objects(head, RDF.first):
            yield as_node(member)
        head = next((as_node(rest) for rest in objects(head, RDF.rest)), RDF.nil)


def as_node(term: Term | ox.Triple) -> Node:
    """*term*, which must be an IRI or a blank node.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(term, ox.NamedNode | ox.BlankNode):
        return term
    raise ValueError(f"{term} stands where an IRI or a blank node is expected")


def as_term(term: Term | ox.Triple) -> Term:
    """*term*, which no file of the graph makes a triple of RDF 1.2."""
    if isinstance(term, ox.Triple):
        raise ValueError(f"the triple {term} stands where a term is expected")  # noqa: TRY004
    return term


def _as_list(nodes: list[Node], fresh: Iterator[ox.BlankNode]) -> tuple[Node, list[ox.Triple]]:
    head: Node = RDF.nil
    triples = []
    for node in reversed(nodes):
        cell = next(fresh)
        triples += [ox.Triple(cell, RDF.first, node), ox.Triple(cell, RDF.rest, head)]
        head = cell
    return head, triples
