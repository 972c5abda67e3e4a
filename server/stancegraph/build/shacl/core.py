"""Core constraints by the ``shacl`` package, which is written in Rust."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import shacl

from stancegraph.build.shacl.paths import as_node, as_term
from stancegraph.build.shacl.report import Failure, Result, ValidationReport
from stancegraph.terms import RDF, SH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stancegraph.build.shacl.paths import Node, Term
    from stancegraph.build.shacl.shapes import Shapes

# The package renames blank nodes. The data it gets say `<LABELLED…label> HOLDS _:label`, and
# a shape of our own reports all of these, which gives the names back.
LABELLED = "urn:stancegraph:labelled:"
HOLDS = ox.NamedNode("urn:stancegraph:holds")
LABELS = ox.NamedNode("urn:stancegraph:labels")
_HELD = ox.BlankNode("labels-path")
LABELS_SHAPE = (
    ox.Triple(LABELS, RDF.type, SH.PropertyShape),
    ox.Triple(LABELS, SH.targetObjectsOf, HOLDS),
    ox.Triple(LABELS, SH.path, _HELD),
    ox.Triple(_HELD, SH.inversePath, HOLDS),
    ox.Triple(LABELS, SH.nodeKind, SH.Literal),
)


def validate(data: Sequence[ox.Triple], shapes: Shapes, roots: Sequence[Node]) -> ValidationReport:
    """Validate *data* against the core constraints of the shapes *roots* and what they name."""
    failures = []
    try:
        compiled = _compile(shapes, roots)
    except ValueError:
        # One shape has a mistake; take them one by one to find which.
        mistakes = {root: _mistake(shapes, root) for root in roots}
        failures = [Failure(shapes.written(root), text) for root, text in mistakes.items() if text]
        compiled = _compile(shapes, [root for root, text in mistakes.items() if not text])
    lines = _as_ntriples([*data, *_labels(data)])
    found = compiled.validate_text(lines, format="ntriples").results
    terms = _read_terms(found)
    results = [
        _read_result(result, terms, shapes)
        for result in found
        if result.source_shape != str(LABELS)
    ]
    return ValidationReport.of(results, failures)


def _compile(shapes: Shapes, roots: Sequence[Node]) -> shacl.Shapes:
    """*roots* for the package, without SPARQL constraints; ValueError if one is no SHACL."""
    text = _as_ntriples([*shapes.core(roots), *LABELS_SHAPE])
    return shacl.Shapes.from_text(text, format="ntriples")


def _mistake(shapes: Shapes, root: Node) -> str | None:
    try:
        _compile(shapes, [root])
    except ValueError as error:
        return str(error)
    return None


def _labels(data: Sequence[ox.Triple]) -> list[ox.Triple]:
    blank = {
        term
        for triple in data
        for term in (triple.subject, triple.object)
        if isinstance(term, ox.BlankNode)
    }
    return [ox.Triple(ox.NamedNode(LABELLED + node.value), HOLDS, node) for node in blank]


def _read_terms(found: Iterable[shacl.Result]) -> dict[str, Term]:
    """The terms that results write in N-Triples, by text, blank nodes under their own names."""
    texts = {
        text: number
        for number, text in enumerate(
            text
            for result in found
            for text in (result.focus_node, result.source_shape, result.value)
            if text
        )
    }
    lines = "".join(f"<urn:{number}> <urn:is> {text} .\n" for text, number in texts.items())
    quads = {quad.subject: as_term(quad.object) for quad in ox.parse(lines, ox.RdfFormat.N_TRIPLES)}
    terms = {text: quads[ox.NamedNode(f"urn:{number}")] for text, number in texts.items()}
    for result in found:
        if result.source_shape == str(LABELS) and result.value:
            label = terms[result.value].value.removeprefix(LABELLED)
            terms[result.focus_node] = ox.BlankNode(label)
    return terms


def _read_result(result: shacl.Result, terms: dict[str, Term], shapes: Shapes) -> Result:
    if result.source_shape is None:
        raise ValueError(f"a result of {result.component} names no shape")
    shape = as_node(terms[result.source_shape])
    component = ox.NamedNode(result.component_iri)
    path = shapes.path(shape)
    if component == SH.ClosedConstraintComponent and result.path:
        path = ox.NamedNode(result.path[1:-1])
    return Result(
        focus=terms[result.focus_node],
        path=path,
        value=terms[result.value] if result.value else None,
        source_shape=shapes.written(shape),
        component=component,
        severity=shapes.severity(shape),
        message=shapes.message_of(shape, component),
    )


def _as_ntriples(triples: Iterable[ox.Triple]) -> str:
    return (ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"").decode()
