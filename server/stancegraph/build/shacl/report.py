"""What a validation found, whichever engine ran it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import pyoxigraph as ox

from stancegraph.build.shacl.paths import CompoundPath, as_sparql, as_triples
from stancegraph.build.shacl.shapes import SEVERITIES
from stancegraph.problems import Problem, Severity
from stancegraph.terms import RDF, SH, XSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stancegraph.build.parse import ParsedGraph
    from stancegraph.build.shacl.paths import Node, Path, Term

PREFIXES = {"rdf": RDF.iri, "sh": SH.iri, "xsd": XSD.iri}


@dataclass(frozen=True, slots=True)
class Result:
    """One validation result, as SHACL defines it.

    Attributes:
        focus: The node that breaks a shape.
        path: Where from there; None for a result of a node shape as a whole.
        value: The offending value, if there is one.
        source_shape: The shape that is broken.
        component: The kind of constraint, ``sh:MinCountConstraintComponent`` and so on.
        message: The rule, then the remedy; it keeps the language of ``sh:message``.
        constraint: The ``sh:sparql`` that gave it; None for other kinds.
    """

    focus: Term
    path: Path | None
    value: Term | None
    source_shape: Node
    component: ox.NamedNode
    severity: Severity
    message: ox.Literal
    constraint: Node | None = None

    @property
    def sort_key(self) -> tuple[str, str, str, str, str, str, str]:
        """Focus, shape, path, value, component, message, constraint: two differ in one."""
        path = as_sparql(self.path) if self.path else ""
        value = str(self.value) if self.value is not None else ""
        return (str(self.focus), str(self.source_shape), path, value,
                str(self.component), str(self.message), str(self.constraint))  # fmt: skip

    def problem(self, graph: ParsedGraph) -> Problem:
        """The result as a problem at its place in the files of *graph*."""
        predicate = _first_predicate(self.path)
        value = self.value if isinstance(self.path, ox.NamedNode) else None
        path, line = graph.place(self.focus, predicate, value)
        return Problem(
            path=path,
            line=line,
            severity=self.severity,
            message=self.message.value,
            shape=self.source_shape.value if isinstance(self.source_shape, ox.NamedNode) else None,
            focus=self.focus.value if isinstance(self.focus, ox.NamedNode) else str(self.focus),
            property=predicate.value if predicate else None,
            value=str(self.value) if self.value is not None else None,
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """A shape that could not be evaluated, which SHACL tells apart from a result.

    Attributes:
        shape: The shape, as in the files.
        message: Why.
    """

    shape: Node
    message: str

    def problem(self, graph: ParsedGraph) -> Problem:
        """The failure as a problem at the shape's place in the files of *graph*."""
        path, line = graph.place(self.shape)
        name = self.shape.value if isinstance(self.shape, ox.NamedNode) else None
        return Problem(path, line, Severity.VIOLATION, self.message, shape=name)


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """All results of a validation, each once, by focus node, shape, path and value.

    Attributes:
        failures: Shapes that could not be evaluated; empty unless shapes/ has a mistake.
    """

    results: Sequence[Result]
    failures: Sequence[Failure] = ()

    @classmethod
    def of(cls, results: Iterable[Result], failures: Iterable[Failure] = ()) -> ValidationReport:
        """The report of *results* and *failures* in any order, with duplicates."""
        return cls(
            sorted(set(results), key=lambda result: result.sort_key),
            sorted(set(failures), key=lambda failure: (failure.shape.value, failure.message)),
        )

    @classmethod
    def joined(cls, reports: Iterable[ValidationReport]) -> ValidationReport:
        """One report of all that *reports* hold."""
        parts = list(reports)
        return cls.of(
            (result for part in parts for result in part.results),
            (failure for part in parts for failure in part.failures),
        )

    @property
    def conforms(self) -> bool:
        """Whether there is nothing to report, not even a warning (SHACL 3.6.1.1)."""
        return not self.results and not self.failures

    def problems(self, graph: ParsedGraph) -> list[Problem]:
        """Failures and results as problems in the files of *graph*, in file order, each once."""
        found = {failure.problem(graph) for failure in self.failures}
        found |= {result.problem(graph) for result in self.results}
        return sorted(found, key=lambda problem: problem.sort_key)

    def as_turtle(self) -> str:
        """The report as a graph in the vocabulary of the W3C recommendation, in Turtle."""
        report = ox.BlankNode("report")
        conforms = ox.Literal(str(self.conforms).lower(), datatype=XSD.boolean)
        triples = [ox.Triple(report, RDF.type, SH.ValidationReport),
                   ox.Triple(report, SH.conforms, conforms)]  # fmt: skip
        fresh = (ox.BlankNode(f"path{number}") for number in count(1))
        for number, result in enumerate(self.results, start=1):
            node = ox.BlankNode(f"result{number}")
            triples += [ox.Triple(report, SH.result, node), *_describe(node, result, fresh)]
        text = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)
        return (text or b"").decode()


def _describe(node: ox.BlankNode, result: Result, fresh: Iterator[ox.BlankNode]) -> list[ox.Triple]:
    severity = next(term for term, name in SEVERITIES.items() if name == result.severity)
    triples = [
        ox.Triple(node, RDF.type, SH.ValidationResult),
        ox.Triple(node, SH.focusNode, result.focus),
        ox.Triple(node, SH.resultMessage, result.message),
        ox.Triple(node, SH.resultSeverity, severity),
        ox.Triple(node, SH.sourceConstraintComponent, result.component),
        ox.Triple(node, SH.sourceShape, result.source_shape),
    ]
    if result.constraint is not None:
        triples.append(ox.Triple(node, SH.sourceConstraint, result.constraint))
    if result.value is not None:
        triples.append(ox.Triple(node, SH.value, result.value))
    if result.path is not None:
        top, more = as_triples(result.path, fresh)
        triples += [ox.Triple(node, SH.resultPath, top), *more]
    return triples


def _first_predicate(path: Path | None) -> ox.NamedNode | None:
    """The predicate with which *path* leaves the focus node; None if it leaves by another way."""
    if isinstance(path, CompoundPath):
        return _first_predicate(path.parts[0]) if path.operator == "/" else None
    return path
