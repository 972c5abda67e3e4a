"""The second step of a build: the graph against its shapes, by one of two engines.

The fast engine is for every day; pySHACL is the reference that it is tested against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from stancegraph.build.shacl import fast, routing
from stancegraph.build.shacl.report import Result, ValidationReport
from stancegraph.build.shacl.shapes import Shapes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyoxigraph as ox

    from stancegraph.build.parse import ParsedGraph

__all__ = ["EngineName", "Result", "ValidationReport", "validate", "validate_triples"]

EngineName: TypeAlias = Literal["fast", "pyshacl"]

STATED = ("dataset", "ontology", "data")


def validate(graph: ParsedGraph, *, engine: EngineName = "fast") -> ValidationReport:
    """Validate all that *graph* states, as one union, against the shapes in it."""
    return validate_triples(graph.triples(*STATED), graph.triples("shapes"), engine=engine)


def validate_triples(
    data: Iterable[ox.Triple], shapes: Iterable[ox.Triple], *, engine: EngineName = "fast"
) -> ValidationReport:
    """Validate *data* against *shapes*; subclasses are read from *data*, not from *shapes*."""
    stated, shapes_graph = list(dict.fromkeys(data)), Shapes(shapes)
    routes = routing.routes(shapes_graph)
    if engine == "fast":
        found = fast.validate(stated, shapes_graph, routes)
    else:
        from stancegraph.build.shacl import reference  # noqa: PLC0415 (pySHACL takes a while)

        found = reference.validate(stated, shapes_graph, [*routes.trusted, *routes.left])
    return ValidationReport.joined([found, ValidationReport.of([], routes.failures)])
