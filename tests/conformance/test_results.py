"""The comparison of results: what makes two results differ, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rdflib import XSD, BNode, Graph, Literal, URIRef

from tests.conformance.results import Table, difference

if TYPE_CHECKING:
    from rdflib.term import Node

A, B = URIRef("http://example.org/a"), URIRef("http://example.org/b")


def table(*terms: Node, ordered: bool = False) -> Table:
    return Table(("x",), tuple({"x": term} for term in terms), ordered)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (table(A, B), table(B, A)),
        (table(Literal("x"), A), table(Literal("x", datatype=XSD.string), A)),
        (table(Literal("x", lang="en-US")), table(Literal("x", lang="en-us"))),
        (table(Literal("1.50", datatype=XSD.decimal)), table(Literal("1.5", datatype=XSD.decimal))),
        (table(Literal("1e3", datatype=XSD.double)), table(Literal("1000", datatype=XSD.double))),
        (table(BNode("m"), BNode("m"), BNode("n")), table(BNode("p"), BNode("q"), BNode("q"))),
        (table(A, B, ordered=True), table(A, B)),
        (True, True),
    ],
)
def test_what_is_the_same_does_not_differ(expected: Table | bool, found: Table | bool) -> None:
    """Order, blank nodes' labels and the writing of a value are nothing to go by."""
    assert difference(expected, found) == ""


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (table(A, A), table(A)),
        (table(A), table(B)),
        (table(A), Table(("y",), ({"y": A},))),
        (table(), Table(("x", "y"), ())),
        (table(Literal("1", datatype=XSD.integer)), table(Literal("1", datatype=XSD.decimal))),
        (table(Literal("x", lang="en")), table(Literal("x"))),
        (table(BNode("m"), BNode("m")), table(BNode("m"), BNode("n"))),
        (table(A, B, ordered=True), table(B, A)),
        (True, False),
        (True, table()),
        (Graph(), table()),
    ],
)
def test_what_is_not_the_same_differs(
    expected: Table | bool | Graph, found: Table | bool | Graph
) -> None:
    """Count, terms, variables, which blank node is which, and numbered places all matter."""
    assert difference(expected, found)


def test_of_lax_tables_duplicates_may_be_missing_but_not_added() -> None:
    """REDUCED gives each solution at least once, and no oftener than without it."""
    assert difference(table(A, A, B), table(A, B), lax=True) == ""
    assert difference(table(A, A, B), table(A, A), lax=True)
    assert difference(table(A, B), table(A, A, B), lax=True)


def test_graphs_are_compared_up_to_blank_nodes() -> None:
    """Two graphs differ if no renaming of blank nodes makes them one."""
    one, other, third = Graph(), Graph(), Graph()
    one.add((BNode("m"), A, B))
    other.add((BNode("n"), A, B))
    third.add((A, A, B))

    assert difference(one, other) == ""
    assert difference(one, third)
