"""The second step of a build: the graph against its shapes, by one of two engines.

The fast engine is for every day; pySHACL is the reference that it is tested against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from stancegraph.build.cache import Cache
from stancegraph.build.lines import Graphs
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


def validate(
    graph: ParsedGraph, *, engine: EngineName = "fast", cache: Cache | None = None
) -> ValidationReport:
    """Validate all that *graph* states, as one union, against the shapes in it."""
    shapes = Shapes(graph.triples("shapes"))
    return _validate(Graphs(graph.lines(*STATED)), shapes, engine, cache or Cache())


def validate_triples(
    data: Iterable[ox.Triple], shapes: Iterable[ox.Triple], *, engine: EngineName = "fast"
) -> ValidationReport:
    """Validate *data* against *shapes*; subclasses are read from *data*, not from *shapes*."""
    return _validate(Graphs.of(data), Shapes(shapes), engine, Cache())


def _validate(data: Graphs, shapes: Shapes, engine: EngineName, cache: Cache) -> ValidationReport:
    routes = routing.routes(shapes)
    if engine == "fast":
        found = fast.validate(data, shapes, routes, cache)
    else:
        from stancegraph.build.shacl import reference  # noqa: PLC0415 (pySHACL takes a while)

        found = reference.validate(data, shapes, [*routes.trusted, *routes.left])
    return ValidationReport.joined([found, ValidationReport.of([], routes.failures)])
