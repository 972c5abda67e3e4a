"""The validation report: what it holds, in which order, and the forms in which it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import rdflib
from rdflib.query import ResultRow

from stancegraph.build.parse import parse
from stancegraph.build.shacl.report import Failure, ValidationReport
from stancegraph.build.validate import validate, validate_triples
from stancegraph.problems import Severity

if TYPE_CHECKING:
    from stancegraph.folder import GraphFolder

PROLOGUE = """
PREFIX : <http://example.org/>
PREFIX sh: <http://www.w3.org/ns/shacl#>
"""
SHAPES = """
:S a sh:NodeShape ; sh:targetClass :C ; sh:property :S-p , :S-q , :S-r .
:S-p a sh:PropertyShape ; sh:path :p ; sh:minCount 1 ; sh:message "p: add one"@en .
:S-q a sh:PropertyShape ; sh:path :q ; sh:maxCount 0 ; sh:severity sh:Warning .
:S-r a sh:PropertyShape ; sh:path ( :r [ sh:inversePath :s ] ) ; sh:nodeKind sh:Literal ;
    sh:severity sh:Info ; sh:message "r: none"@en .
"""
DATA = ":b a :C . :a a :C ; :p 1 ; :q 2 ; :r :x . :y :s :x ."


def turtle(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(PROLOGUE + text, ox.RdfFormat.TURTLE)]


def report_of(data: str) -> ValidationReport:
    return validate_triples(turtle(data), turtle(SHAPES))


def test_results_are_in_order_each_once() -> None:
    """By focus node, then shape, whatever the order of the data; duplicates are dropped."""
    results = report_of(DATA).results

    backwards = ValidationReport.of([*reversed(results), *results])

    assert backwards.results == results
    assert [(str(each.focus)[-2], each.severity) for each in results] == [
        ("a", Severity.WARNING),
        ("a", Severity.INFO),
        ("b", Severity.VIOLATION),
    ]


def test_report_conforms_only_without_results_and_failures() -> None:
    """As SHACL 3.6.1.1 says, a warning is a result too."""
    assert report_of(":a a :C ; :p 1 .").conforms
    assert not report_of(":a a :C ; :p 1 ; :q 2 .").conforms
    assert not ValidationReport.of([], [Failure(ox.NamedNode("http://e/S"), "why")]).conforms


def test_turtle_form_is_a_w3c_validation_report() -> None:
    """Another tool reads each result with focus, path, value, severity, shape and message."""
    graph = rdflib.Graph().parse(data=report_of(DATA).as_turtle(), format="turtle")

    rows = graph.query(f"""{PROLOGUE}
        SELECT ?focus ?value ?severity ?shape ?message ?first ?inverse WHERE {{
          ?report a sh:ValidationReport ; sh:conforms false ; sh:result ?result .
          ?result a sh:ValidationResult ; sh:focusNode ?focus ; sh:resultSeverity ?severity ;
                  sh:sourceShape ?shape ; sh:resultMessage ?message ;
                  sh:sourceConstraintComponent ?component ; sh:resultPath ?path .
          OPTIONAL {{ ?result sh:value ?value }}
          OPTIONAL {{ ?path rdf:first ?first ; rdf:rest/rdf:first/sh:inversePath ?inverse }}
        }} ORDER BY ?shape""")
    found = [
        tuple(str(term).rpartition("/")[2] if term else None for term in row)
        for row in rows
        if isinstance(row, ResultRow)
    ]

    assert found == [
        ("b", None, "shacl#Violation", "S-p", "p: add one", None, None),
        (
            "a",
            None,
            "shacl#Warning",
            "S-q",
            "breaks the MaxCount constraint of its shape",
            None,
            None,
        ),
        ("a", "y", "shacl#Info", "S-r", "r: none", "r", "s"),
    ]


def test_turtle_form_of_one_report_is_always_the_same() -> None:
    """Byte for byte, so that reports can be compared."""
    assert report_of(DATA).as_turtle() == report_of(DATA).as_turtle()


def changed(small: GraphFolder, path: str, old: str, new: str) -> GraphFolder:
    file = small.root / path
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    return small


def told(small: GraphFolder) -> list[tuple[str, int | None, Severity, str | None, str | None]]:
    graph = parse(small)
    problems = validate(graph).problems(graph)
    assert problems == validate(graph, engine="pyshacl").problems(graph)
    return [(each.path, each.line, each.severity, each.shape, each.value) for each in problems]


def test_results_are_told_at_the_lines_of_the_files(small: GraphFolder) -> None:
    """That of the value where there is one, else of the subject's block; in file order."""
    changed(small, "data/votes/74-247.ttl", '"abstain"', '"perhaps"')
    changed(small, "data/votes/74-247.ttl", "sg:date", "sg:dated")

    shapes = "https://example.org/small/shapes#"
    date = '"2019-12-27"^^<http://www.w3.org/2001/XMLSchema#date>'
    assert told(small) == [
        ("data/votes/74-247.ttl", 6, Severity.WARNING, f"{shapes}Vote-date", None),
        ("data/votes/74-247.ttl", 10, Severity.VIOLATION, f"{shapes}Vote", date),
        ("data/votes/74-247.ttl", 16, Severity.VIOLATION, f"{shapes}Vote-choice", '"perhaps"'),
        ("data/votes/75-282.ttl", 5, Severity.WARNING, f"{shapes}Vote-date", None),
    ]


def test_failure_is_told_at_the_line_of_the_shape(small: GraphFolder) -> None:
    """A mistake in shapes/ is a violation of the file that has it."""
    query = 'sh:sparql [ sh:select "SELECT $this { $this }" ] ;'
    changed(small, "shapes/Vote.ttl", "sh:targetClass", f"{query}\n    sh:targetClass")

    assert told(small) == [
        ("shapes/Vote.ttl", 8, Severity.VIOLATION, "https://example.org/small/shapes#Vote", None)
    ]


def test_subclasses_are_read_from_the_ontology(small: GraphFolder) -> None:
    """A thing of a narrower class is a focus node of the wider one's shape."""
    narrower = "sg:LateVote rdfs:subClassOf sg:Vote .\n"
    changed(small, "ontology/small.ttl", "sg:Vote", f"{narrower}\nsg:Vote")
    changed(small, "data/votes/75-282.ttl", "sg:Vote", "sg:LateVote")

    assert [place[:3] for place in told(small)] == [("data/votes/75-282.ttl", 5, Severity.WARNING)]
