"""Core constraints by the ``shacl`` package, which is written in Rust."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import shacl

from stancegraph.build.lines import as_ntriples, blank_labels, terms
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


def validate(data: bytes, shapes: Shapes, roots: Sequence[Node]) -> ValidationReport:
    """Validate *data* against the core constraints of the shapes *roots* and what they name.

    Args:
        data: N-Triples.
    """
    failures = []
    try:
        compiled = _compile(shapes, roots)
    except ValueError:
        # One shape has a mistake; take them one by one to find which.
        mistakes = {root: _mistake(shapes, root) for root in roots}
        failures = [Failure(shapes.written(root), text) for root, text in mistakes.items() if text]
        compiled = _compile(shapes, [root for root, text in mistakes.items() if not text])
    found = compiled.validate_text((data + _labels(data)).decode(), format="ntriples").results
    known = _read_terms(found)
    results = [
        _read_result(result, known, shapes)
        for result in found
        if result.source_shape != str(LABELS)
    ]
    return ValidationReport.of(results, failures)


def _compile(shapes: Shapes, roots: Sequence[Node]) -> shacl.Shapes:
    """*roots* for the package, without SPARQL constraints; ValueError if one is no SHACL."""
    text = as_ntriples([*shapes.core(roots), *LABELS_SHAPE]).decode()
    return shacl.Shapes.from_text(text, format="ntriples")


def _mistake(shapes: Shapes, root: Node) -> str | None:
    try:
        _compile(shapes, [root])
    except ValueError as error:
        return str(error)
    return None


def _labels(data: bytes) -> bytes:
    return b"".join(
        b"<%b%b> %b _:%b .\n" % (LABELLED.encode(), label, str(HOLDS).encode(), label)
        for label in blank_labels(data)
    )


def _read_terms(found: Iterable[shacl.Result]) -> dict[str, Term]:
    """The terms that results write in N-Triples, by text, blank nodes under their own names."""
    written = terms(
        text
        for result in found
        for text in (result.focus_node, result.source_shape, result.value)
        if text
    )
    known = {text: as_term(term) for text, term in written.items()}
    for result in found:
        if result.source_shape == str(LABELS) and result.value:
            label = known[result.value].value.removeprefix(LABELLED)
            known[result.focus_node] = ox.BlankNode(label)
    return known


def _read_result(result: shacl.Result, known: dict[str, Term], shapes: Shapes) -> Result:
    if result.source_shape is None:
        raise ValueError(f"a result of {result.component} names no shape")
    shape = as_node(known[result.source_shape])
    component = ox.NamedNode(result.component_iri)
    path = shapes.path(shape)
    if component == SH.ClosedConstraintComponent and result.path:
        path = ox.NamedNode(result.path[1:-1])
    return Result(
        focus=known[result.focus_node],
        path=path,
        value=known[result.value] if result.value else None,
        source_shape=shapes.written(shape),
        component=component,
        severity=shapes.severity(shape),
        message=shapes.message_of(shape, component),
    )
