"""Which triples a query can read: never fewer than it does."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from stancegraph.build.lines import Graphs
from stancegraph.build.reads import Reads

TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


def read(pattern: str) -> frozenset[str] | None:
    """The slots that a query with this pattern reads."""
    return Reads.of(f"PREFIX : <urn:> SELECT * WHERE {{ {pattern} }}").slots


@pytest.mark.parametrize(
    ("pattern", "slots"),
    [
        ("?a :p ?b ; :q 1 , 'x'@en , '2'^^:t . ?b :r true", ["<urn:p>", "<urn:q>", "<urn:r>"]),
        ("?a a :C", [f"{TYPE} <urn:C>"]),
        ("?a a ?class", [TYPE]),
        ("?a a/:p :C", [TYPE, "<urn:p>"]),
        ("?a ^:p/:q+|<urn:r> ?b", ["<urn:p>", "<urn:q>", "<urn:r>"]),
        ("?a :p [ :q ?b ; :r [] ]", ["<urn:p>", "<urn:q>", "<urn:r>"]),
        ("?a :p ?b FILTER NOT EXISTS { ?b :q ?c }", ["<urn:p>", "<urn:q>"]),
        ("?a :p ?b MINUS { ?b :q ?c } OPTIONAL { ?a :r -1 }", ["<urn:p>", "<urn:q>", "<urn:r>"]),
        ("{ SELECT ?a (COUNT(*) AS ?n) { ?a :p ?b } GROUP BY ?a }", ["<urn:p>"]),
        ("?a :p ?b BIND (EXISTS { ?b :q ?c } AS ?d)", ["<urn:p>", "<urn:q>"]),
        ("VALUES ?v { :p :q } ?a ?v ?b", ["<urn:p>", "<urn:q>"]),
        ("?a :p ?b . ?b :q? ?c", ["<urn:p>", "<urn:q>"]),
    ],
)
def test_a_query_reads_the_predicates_that_stand_in_it(pattern: str, slots: list[str]) -> None:
    """Of types, those of the classes that stand in it."""
    assert read(pattern) == frozenset(slots)


@pytest.mark.parametrize(
    "pattern",
    [
        "?a ?p ?b",
        "?a !:p ?b",
        "GRAPH ?g { ?a :p ?b }",
        "?a :p? ?b",
        "?a :p* :C",
        "VALUES ?a { :c } ?a :p* ?b",
        "{ ?a :p ?b } { ?a :q* ?c }",
        "VALUES ?v { :p } OPTIONAL { ?a ?v ?b }",
        "VALUES ?v { :p UNDEF } ?a ?v ?b",
        "?a :p (1 2)",
        "?a unknown:p ?b",
    ],
)
def test_what_cannot_be_followed_reads_everything(pattern: str) -> None:
    """Variables for predicates, and paths that join a node with itself, among them."""
    assert read(pattern) is None


def test_a_graph_can_say_which_predicates_are_read() -> None:
    """They are those that it says so of, and no others."""
    graphs = Graphs.of(
        quad.triple
        for quad in ox.parse(
            "PREFIX : <urn:> :p :has 1 . :a :p 2 . :a :q 3 .", format=ox.RdfFormat.TURTLE
        )
    )
    reads = Reads.of("PREFIX : <urn:> SELECT * { ?p :has ?n . ?a ?p ?b }")

    assert graphs.text(reads).count(b"\n") == 2
    assert reads.slots == frozenset(["<urn:has>"])


@pytest.mark.parametrize("text", ["NOW()", "RAND()", "UUID()", "BNODE()"])
def test_what_differs_each_time_is_volatile(text: str) -> None:
    """Its answer is found anew in each build."""
    assert Reads.of(f"SELECT ?a {{ ?a <urn:p> ?b BIND ({text} AS ?c) }}").volatile
