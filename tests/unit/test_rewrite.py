"""Queries made from a query: its first rows, what is behind them, their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pyoxigraph as ox
import pytest

from stancegraph.engine.rewrite import counting, sliced

if TYPE_CHECKING:
    from collections.abc import Iterable

GRAPH = ox.NamedNode("http://e/graph")
STORE = ox.Store()
STORE.extend(
    ox.Quad(ox.NamedNode(f"http://e/{n}"), ox.NamedNode("http://e/p"), ox.Literal(n), GRAPH)
    for n in range(10)
)
ORDERED = "SELECT ?n { GRAPH ?g { ?s ?p ?n } } ORDER BY ?n"
QUERIES = {
    ORDERED: range(10),
    f"{ORDERED} LIMIT 4": range(4),
    f"{ORDERED} limit 4 offset 3": range(3, 7),
    f"{ORDERED} OFFSET 8 LIMIT 4 # LIMIT 1": range(8, 10),
    f"{ORDERED}\nLIMIT # none\n 4": range(4),
    f"{ORDERED} OFFSET 7": range(7, 10),
    f"{ORDERED} LIMIT4": range(4),  # words that run together, which the engine reads
    f"{ORDERED} LIMIT 4 VALUES ?n {{ 1 2 7 }}": [1, 2, 7],  # which is joined before
    f"{ORDERED} VALUES ?n {{ 1 2 3 4 5 6 7 }}": range(1, 8),
    f"SELECT ?n {{ {{ {ORDERED} LIMIT 6 }} }} ORDER BY ?n": range(6),
    "SELECT ?n { GRAPH ?g { ?s ?p ?n } FILTER EXISTS { SELECT ?s { ?s ?p ?o } LIMIT 0 } }": [],
    f"# LIMIT 2\nPREFIX limit: <http://e/> {ORDERED}": range(10),
    "SELECT ?n FROM <http://e/graph> WHERE { ?limit ?offset ?n } ORDER BY ?n": range(10),
    "SELECT * FROM NAMED <http://e/graph> { GRAPH ?g { ?number ?p ?n } } ORDER BY ?n": range(10),
    "SELECT ?n FROM <http://e/other> FROM <http://e/graph> { ?s ?p ?n } ORDER BY ?n": range(10),
    r"SELECT ?n { GRAPH ?g { ?s ?p ?n } FILTER (?n != '\u0022') } ORDER BY ?n LIMIT 3": range(3),
    "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }": [10],
    "SELECT (EXISTS { GRAPH ?g { ?s ?p 3 } } AS ?n) {} LIMIT 1": [1],
}


def ask(query: str) -> list[int]:
    """The numbers that *query* finds."""
    found = cast("Iterable[ox.QuerySolution]", STORE.query(query))
    return [
        int(term.value.replace("true", "1"))
        for row in found
        for term in [row["n"] if "n" in query else row[0]]
        if isinstance(term, ox.Literal)
    ]


@pytest.mark.parametrize(("query", "rows"), QUERIES.items())
@pytest.mark.parametrize(("skip", "take"), [(0, 3), (2, 1), (0, 100), (5, 0), (100, 1)])
def test_a_slice_is_what_it_would_be_of_all_rows(
    query: str, rows: Iterable[int], skip: int, take: int
) -> None:
    """Whatever limits the query has itself, wherever it has them."""
    assert ask(query) == list(rows)

    assert ask(sliced(query, skip, take)) == list(rows)[skip : skip + take]


@pytest.mark.parametrize(("query", "rows"), QUERIES.items())
def test_the_count_is_that_of_all_rows(query: str, rows: Iterable[int]) -> None:
    """Of the same dataset, with the limits that the query has itself."""
    (row,) = cast("Iterable[ox.QuerySolution]", STORE.query(counting(query)))

    assert cast("ox.Literal", row[0]).value == str(len(list(rows)))
