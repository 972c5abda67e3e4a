"""The reference engine: pySHACL on rdflib, which knows all of SHACL and is slow."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pyshacl
import rdflib
from pyparsing import ParseBaseException
from pyshacl.errors import ReportableRuntimeError
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query, SPARQLError

from stancegraph.build.lines import parsed
from stancegraph.build.shacl.paths import as_node, as_term
from stancegraph.build.shacl.report import Failure, Result, ValidationReport
from stancegraph.build.shacl.shapes import PLACEHOLDER, with_text
from stancegraph.terms import SH, XSD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from stancegraph.build.lines import Graphs
    from stancegraph.build.shacl.paths import Node, Term
    from stancegraph.build.shacl.shapes import Shapes

# What pySHACL and rdflib raise for shapes that are no SHACL or queries that are no SPARQL.
SHAPE_ERRORS = (ReportableRuntimeError, SPARQLError, ParseBaseException, NotImplementedError,
                re.error)  # fmt: skip


def validate(data: Graphs, shapes: Shapes, roots: Collection[Node]) -> ValidationReport:
    """Validate *data* against the shapes *roots* and what they name."""
    with _quiet():
        graph = _as_rdflib(parsed(data.text()))
        try:
            return ValidationReport.of(_run(graph, shapes, roots))
        except SHAPE_ERRORS:
            # One shape has a mistake; take them one by one to find which.
            reports = [_alone(graph, shapes, root) for root in roots]
    return ValidationReport.joined(reports)


def _alone(graph: rdflib.Graph, shapes: Shapes, root: Node) -> ValidationReport:
    try:
        return ValidationReport.of(_run(graph, shapes, [root]))
    except SHAPE_ERRORS as error:
        failure = Failure(shapes.written(root), f"pySHACL cannot evaluate the shape: {error}")
        return ValidationReport.of([], [failure])


def _run(graph: rdflib.Graph, shapes: Shapes, roots: Collection[Node]) -> list[Result]:
    """The results of one run of pySHACL; raises one of `SHAPE_ERRORS`."""
    # pySHACL writes values into messages and fails on a backslash in one: messages that take
    # no value are kept from it.
    spoken = (each for each in shapes.only(roots) if not _is_fixed_message(each))
    # Nor does it follow owl:imports to prefixes.
    shapes_graph = _as_rdflib([*spoken, *shapes.imported_prefixes()])
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes_graph, inplace=True)
    if isinstance(report, Exception):
        raise report
    top = report.value(predicate=rdflib.RDF.type, object=_to_rdflib(SH.ValidationReport))
    return [
        _read_result(report, node, shapes) for node in report.objects(top, _to_rdflib(SH.result))
    ]


def _is_fixed_message(triple: ox.Triple) -> bool:
    text = triple.object
    return (
        triple.predicate == SH.message
        and isinstance(text, ox.Literal)
        and PLACEHOLDER.search(text.value) is None
    )


def _read_result(report: rdflib.Graph, node: rdflib.term.Node, shapes: Shapes) -> Result:
    def value(predicate: ox.NamedNode) -> Term | None:
        found = report.value(node, _to_rdflib(predicate))
        return None if found is None else _from_rdflib(found)

    focus, shape, component, path, constraint = map(value, (
        SH.focusNode, SH.sourceShape, SH.sourceConstraintComponent, SH.resultPath,
        SH.sourceConstraint,
    ))  # fmt: skip
    if focus is None or not isinstance(shape, ox.NamedNode | ox.BlankNode):
        raise ReportableRuntimeError("a result names no focus node or no shape")
    if not isinstance(component, ox.NamedNode):
        raise ReportableRuntimeError("a result names no constraint component")
    message = shapes.message_of(shape, component)
    if isinstance(constraint, ox.NamedNode):
        told = [str(text) for text in report.objects(node, _to_rdflib(SH.resultMessage))]
        message = _filled(shapes.message(constraint) or message, told)
    return Result(
        focus=focus,
        path=path if isinstance(path, ox.NamedNode) else shapes.path(shape),
        value=value(SH.value),
        source_shape=shapes.written(shape),
        component=component,
        severity=shapes.severity(shape),
        message=message,
        constraint=shapes.written(as_node(constraint)) if constraint is not None else None,
    )


def _filled(template: ox.Literal, told: list[str]) -> ox.Literal:
    """*template* with its placeholders filled in, as one of *told* has them."""
    fixed = [re.escape(part) for part in PLACEHOLDER.split(template.value)[::2]]
    form = re.compile(".*".join(fixed), re.DOTALL)
    text = next((text for text in told if form.fullmatch(text)), None)
    return template if text is None else with_text(template, text)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without rdflib's log of literals that are no values of their datatype; results tell it."""
    log = logging.getLogger("rdflib.term")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


class _Graph(rdflib.Graph):
    """A graph that reads each query once: pySHACL asks the same one for every focus node."""

    def query(self, query_object: str | Query, *args: Any, **options: Any) -> rdflib.query.Result:
        prepared = _prepared(query_object) if isinstance(query_object, str) else query_object
        return super().query(prepared, *args, **options)


@lru_cache(maxsize=256)
def _prepared(text: str) -> Query:
    return prepareQuery(text)


def _as_rdflib(triples: Iterable[ox.Triple]) -> rdflib.Graph:
    graph = _Graph()
    for triple in triples:
        subject, predicate, value = (
            _to_rdflib(as_term(term)) for term in (triple.subject, triple.predicate, triple.object)
        )
        graph.add((subject, predicate, value))
    return graph


def _to_rdflib(term: Term) -> rdflib.term.IdentifiedNode | rdflib.Literal:
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype == XSD.string:
        return rdflib.Literal(term.value)
    datatype = rdflib.URIRef(term.datatype.value)
    # Lexical forms stay as they are: a shape may be about them.
    return rdflib.Literal(term.value, datatype=datatype, normalize=False)


def _from_rdflib(term: rdflib.term.Node) -> Term:
    if isinstance(term, rdflib.URIRef):
        return ox.NamedNode(str(term))
    if isinstance(term, rdflib.BNode):
        return ox.BlankNode(str(term))
    if not isinstance(term, rdflib.Literal):
        raise ReportableRuntimeError(f"{term!r} is no RDF term")
    if term.language:
        return ox.Literal(str(term), language=term.language)
    if term.datatype is None:
        return ox.Literal(str(term))
    return ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype)))
