"""A shapes graph, read once: targets, paths, severities, messages, constraints.

Shapes without a name of their own get one here (``urn:stancegraph:anonymous:…``), so that
what an engine reports of them can be told apart; `Shapes.written` takes it away again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build.shacl import paths
from stancegraph.build.shacl.paths import Node, Term, as_node
from stancegraph.problems import Severity
from stancegraph.terms import OWL, RDF, RDFS, SH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from stancegraph.build.shacl.paths import Path

ANONYMOUS = "urn:stancegraph:anonymous:"
TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
# A variable of a SELECT in the sh:message of its constraint.
PLACEHOLDER = re.compile(r"\{[?$](\w+)\}")
LOGICAL_LISTS = (SH["and"], SH["or"], SH.xone)
LOGICAL = (SH.node, SH["not"], SH.qualifiedValueShape)
SEVERITIES: dict[Term, Severity] = {
    SH.Violation: Severity.VIOLATION,
    SH.Warning: Severity.WARNING,
    SH.Info: Severity.INFO,
}
# SHACL-SPARQL asks for sh:prefixes; pySHACL declares these three in any case.
COMMON_PREFIXES = {namespace.prefix: namespace.iri for namespace in (OWL, RDF, RDFS)}

_PATH_TERMS = frozenset(
    (SH.inversePath, SH.alternativePath, SH.zeroOrMorePath, SH.oneOrMorePath, SH.zeroOrOnePath)
)


@dataclass(frozen=True, slots=True)
class SelectConstraint:
    """A value of ``sh:sparql``.

    Attributes:
        node: The value itself.
        shape: The shape that has it.
        select: The text of ``sh:select``, with the PREFIX lines that ``sh:prefixes`` stand for.
        message: Its ``sh:message``, else the shape's; placeholders ``{?name}`` as written.
    """

    node: Node
    shape: Node
    select: str
    message: ox.Literal


def with_text(message: ox.Literal, text: str) -> ox.Literal:
    """*text* in the language of *message*."""
    if message.language:
        return ox.Literal(text, language=message.language)
    return ox.Literal(text, datatype=message.datatype)


class Shapes:
    """The shapes graph made of *triples*."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        stated = list(triples)
        anonymous = {
            triple.subject
            for triple in stated
            if isinstance(triple.subject, ox.BlankNode)
            and triple.predicate in SH
            and triple.predicate not in _PATH_TERMS
        }
        self.triples = [_name_shapes(triple, anonymous) for triple in stated]
        self._index: dict[Node, dict[ox.NamedNode, list[Term]]] = defaultdict(dict)
        for triple in self.triples:
            if not isinstance(triple.object, ox.Triple):
                about = self._index[as_node(triple.subject)]
                about.setdefault(triple.predicate, []).append(triple.object)

    def objects(self, subject: Node, predicate: ox.NamedNode) -> list[Term]:
        """The values of *predicate* on *subject*, in the order of the files."""
        return self._index.get(subject, {}).get(predicate, [])

    def predicates(self, subject: Node) -> Collection[ox.NamedNode]:
        """What is said of *subject*."""
        return self._index.get(subject, {})

    def subjects(self, predicate: ox.NamedNode, value: Term) -> list[Node]:
        """The nodes whose *predicate* has *value*."""
        return [node for node in self._index if value in self.objects(node, predicate)]

    @cached_property
    def roots(self) -> list[Node]:
        """The shapes that have a target of their own, in the order of their names."""
        found = [
            node
            for node, about in self._index.items()
            if any(target in about for target in (*TARGETS, SH.target)) or self.is_class(node)
        ]
        return sorted(found, key=lambda node: node.value)

    def is_class(self, node: Node) -> bool:
        """Whether *node* is a shape and a class at once, and so targets its own instances."""
        types = self.objects(node, RDF.type)
        is_shape = SH.NodeShape in types or SH.PropertyShape in types
        return is_shape and (RDFS.Class in types or OWL.Class in types)

    def is_deactivated(self, node: Node) -> bool:
        """Whether ``sh:deactivated`` is true of a shape or constraint."""
        return any(value.value in ("true", "1") for value in self.objects(node, SH.deactivated))

    def direct(self, root: Node) -> list[Node]:
        """*root* and, if it is a node shape, its property shapes: they share its focus nodes."""
        if self.is_deactivated(root):
            return []
        if self.objects(root, SH.path):
            return [root]
        properties = (as_node(value) for value in self.objects(root, SH.property))
        return [root, *(node for node in properties if not self.is_deactivated(node))]

    def indirect(self, root: Node) -> list[Node]:
        """The other shapes in *root*: they judge its values, or give no results of their own."""
        found: list[Node] = []
        for shape in self.direct(root):
            is_property_shape = bool(self.objects(shape, SH.path))
            parts = self.parts(shape) if is_property_shape else self.logical_parts(shape)
            found += [inner for part in parts for inner in self.reached(part)]
        return list(dict.fromkeys(found))

    def parts(self, shape: Node) -> Iterator[Node]:
        """The shapes that *shape* names: by sh:property, sh:node and the logical constraints."""
        yield from (as_node(value) for value in self.objects(shape, SH.property))
        yield from self.logical_parts(shape)

    def logical_parts(self, shape: Node) -> Iterator[Node]:
        """The shapes that *shape* names otherwise than by sh:property."""
        for predicate in LOGICAL:
            yield from (as_node(value) for value in self.objects(shape, predicate))
        for predicate in LOGICAL_LISTS:
            for head in self.objects(shape, predicate):
                yield from paths.items(as_node(head), self.objects)

    def reached(self, root: Node) -> list[Node]:
        """*root* and every shape that evaluating it may come to, each once."""
        found = [root]
        for shape in found:
            found += [part for part in dict.fromkeys(self.parts(shape)) if part not in found]
        return found

    def path(self, shape: Node) -> Path | None:
        """The path of a property shape; None for a node shape.

        Raises:
            ValueError: its ``sh:path`` is no path.
        """
        for node in self.objects(shape, SH.path):
            return paths.read(as_node(node), self.objects)
        return None

    def severity(self, shape: Node) -> Severity:
        """How grave a result of *shape* is; SHACL's default is a violation."""
        stated = self.objects(shape, SH.severity)
        return next((SEVERITIES[term] for term in stated if term in SEVERITIES), Severity.VIOLATION)

    def message(self, node: Node) -> ox.Literal | None:
        """The ``sh:message`` of a shape or constraint, the English one if there are several."""
        messages = [
            value for value in self.objects(node, SH.message) if isinstance(value, ox.Literal)
        ]
        messages.sort(key=lambda text: (text.language != "en", text.language or "", text.value))
        return messages[0] if messages else None

    def message_of(self, shape: Node, component: ox.NamedNode) -> ox.Literal:
        """What a result of *shape* says: its ``sh:message``, else which constraint it breaks."""
        stated = self.message(shape)
        if stated is not None:
            return stated
        name = component.value.removeprefix(SH.iri).removesuffix("ConstraintComponent")
        return ox.Literal(f"breaks the {name} constraint of its shape", language="en")

    def selects(self, shape: Node) -> list[SelectConstraint]:
        """The SPARQL constraints of *shape* that are not deactivated, in the order of the files.

        Raises:
            ValueError: one has not exactly one ``sh:select``.
        """
        found = []
        for value in self.objects(shape, SH.sparql):
            node = as_node(value)
            if self.is_deactivated(node):
                continue
            texts = self.objects(node, SH.select)
            if len(texts) != 1:
                raise ValueError(f"a sh:sparql needs one sh:select and has {len(texts)}")
            prefixes = {**COMMON_PREFIXES, **self._prefixes(node)}
            prologue = "".join(f"PREFIX {name}: <{iri}> " for name, iri in prefixes.items())
            message = self.message(node) or self.message_of(shape, SH.SPARQLConstraintComponent)
            found.append(SelectConstraint(node, shape, prologue + texts[0].value, message))
        return found

    def imported_prefixes(self) -> list[ox.Triple]:
        """Each ``sh:declare`` that a value of ``sh:prefixes`` imports, said of that value."""
        holders = {
            as_node(triple.object) for triple in self.triples if triple.predicate == SH.prefixes
        }
        return [
            ox.Triple(holder, SH.declare, node)
            for holder in holders
            for node in self._declarations([holder])
        ]

    def only(self, roots: Collection[Node]) -> list[ox.Triple]:
        """The shapes graph in which no shape but *roots* has a target."""
        silent = [node for node in self.roots if node not in roots]
        dropped = {(node, predicate) for node in silent for predicate in (*TARGETS, SH.target)}
        classes = {node for node in silent if self.is_class(node)}
        return [
            triple
            for triple in self.triples
            if (triple.subject, triple.predicate) not in dropped
            and not (
                triple.subject in classes
                and triple.predicate == RDF.type
                and triple.object in (RDFS.Class, OWL.Class)
            )
        ]

    def core(self, roots: Collection[Node]) -> list[ox.Triple]:
        """*roots* and what they lead to, but no other target and no SPARQL constraint."""
        kept: set[Term] = set(roots)
        queue: list[Node] = [*roots]
        for node in queue:
            for predicate, values in self._index.get(node, {}).items():
                fresh = set() if predicate == SH.sparql else {*values} - kept
                kept |= fresh
                queue += (term for term in fresh if not isinstance(term, ox.Literal))
        return [
            triple
            for triple in self.only(roots)
            if triple.subject in kept and triple.predicate != SH.sparql
        ]

    def written(self, shape: Node) -> Node:
        """*shape* as the files have it: a blank node if it has no name of its own."""
        if shape.value.startswith(ANONYMOUS):
            return ox.BlankNode(shape.value.removeprefix(ANONYMOUS))
        return shape

    def _prefixes(self, constraint: Node) -> dict[str, str]:
        """What ``sh:prefixes`` declares for *constraint*, by way of ``owl:imports`` too."""
        holders = [as_node(value) for value in self.objects(constraint, SH.prefixes)]
        declared = {}
        for node in self._declarations(holders):
            names, iris = self.objects(node, SH["prefix"]), self.objects(node, SH.namespace)
            if len(names) != 1 or len(iris) != 1:
                raise ValueError("a sh:declare needs one sh:prefix and one sh:namespace")
            declared[names[0].value] = iris[0].value
        return declared

    def _declarations(self, holders: Iterable[Node]) -> list[Node]:
        """Each ``sh:declare`` of *holders* and of what they import, theirs first."""
        reached = list(holders)
        for holder in reached:
            imported = (as_node(value) for value in self.objects(holder, OWL.imports))
            reached += [node for node in imported if node not in reached]
        return [as_node(value) for holder in reached for value in self.objects(holder, SH.declare)]


def _name_shapes(triple: ox.Triple, anonymous: set[ox.BlankNode]) -> ox.Triple:
    subject, value = (
        ox.NamedNode(ANONYMOUS + term.value)
        if isinstance(term, ox.BlankNode) and term in anonymous
        else term
        for term in (triple.subject, triple.object)
    )
    return ox.Triple(as_node(subject), triple.predicate, value)
