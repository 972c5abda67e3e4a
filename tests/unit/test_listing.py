"""Lists that are narrowed down by facets: how a header declares them, and what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest

from stancegraph.listing import read
from stancegraph.queryfile import read_queries
from stancegraph.terms import XSD

if TYPE_CHECKING:
    from pathlib import Path

    from stancegraph.listing import Listing

EX = "https://example.org/"
PREFIXES = {"ex": EX, "rdfs": "http://www.w3.org/2000/01/rdf-schema#"}
DECLARED: dict[str, Any] = {
    "class": "ex:Book",
    "facets": {
        "topic": {"type": "iri", "path": "ex:topic"},
        "year": {"type": "xsd:integer", "path": "ex:date"},
        "cited": {"type": "xsd:boolean", "path": "^ex:cites"},
        "shelf": {"type": "xsd:string", "path": "ex:shelf"},
    },
    "sort": {"-date": "ex:date", "title": "rdfs:label"},
}
BOOKS = """
PREFIX ex: <https://example.org/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
ex:a a ex:Book ; rdfs:label "b" ; ex:topic ex:law , ex:war ; ex:date "2001-02-03"^^xsd:date .
ex:b a ex:Book ; rdfs:label "A" ; ex:topic ex:law ; ex:date "1999-02-03"^^xsd:date ;
  ex:shelf "K" ; ex:cites ex:a .
ex:c a ex:Novel ; ex:topic ex:war .
ex:d a ex:Person ; ex:topic ex:war .
"""
CLASSES = [ox.NamedNode(f"{EX}Book"), ox.NamedNode(f"{EX}Novel")]
LAW, WAR = ox.NamedNode(f"{EX}law"), ox.NamedNode(f"{EX}war")


@pytest.fixture
def listing() -> Listing:
    found, problems = read(DECLARED, PREFIXES, ["thing"])
    assert problems == []
    assert found is not None
    return found


def asked(query: str) -> list[tuple[str | None, ...]]:
    """The rows of *query* over the books, each term by its value, without their namespace."""
    store = ox.Store()
    store.load(BOOKS.encode(), format=ox.RdfFormat.TURTLE)
    rows = store.query(query)
    assert isinstance(rows, ox.QuerySolutions)
    return [
        tuple(None if term is None else str(term.value).removeprefix(EX) for term in row)
        for row in rows
    ]


def test_each_value_is_counted_and_all_things(listing: Listing) -> None:
    """A thing with two values counts for both; one without has no value but of whether."""
    assert asked(listing.counts(CLASSES, {})) == [
        (None, None, "3"),
        ("cited", "false", "2"),
        ("cited", "true", "1"),
        ("shelf", "K", "1"),
        ("topic", "law", "2"),
        ("topic", "war", "2"),
        ("year", "1999", "1"),
        ("year", "2001", "1"),
    ]


def test_a_choice_narrows_the_other_facets_and_not_its_own(listing: Listing) -> None:
    """So a reader sees what they would get by choosing another value as well."""
    rows = asked(listing.counts(CLASSES, {"topic": [LAW]}))

    assert (None, None, "2") in rows
    assert ("topic", "war", "2") in rows
    assert [row for row in rows if row[0] == "cited"] == [
        ("cited", "false", "1"),
        ("cited", "true", "1"),
    ]


@pytest.mark.parametrize("chosen", [{}, {"topic": [LAW]}, {"topic": [WAR], "year": []}])
def test_how_a_facet_is_read_does_not_change_what_is_counted(
    listing: Listing, chosen: dict[str, list[ox.NamedNode]]
) -> None:
    """Not even for a thing of another class, which has a topic too."""
    looked_up = listing.counts(CLASSES, chosen)
    read_whole = listing.counts(CLASSES, chosen, whole=frozenset(listing.facets))

    assert read_whole != looked_up
    assert asked(read_whole) == asked(looked_up)


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, ["a", "b", "c"]),
        ({"topic": [LAW, WAR]}, ["a", "b", "c"]),
        ({"topic": [WAR]}, ["a", "c"]),
        ({"year": [ox.Literal(1999)]}, ["b"]),
        ({"cited": [ox.Literal("true", datatype=XSD.boolean)]}, ["a"]),
        ({"cited": [ox.Literal("false", datatype=XSD.boolean)], "topic": [LAW]}, ["b"]),
        ({"shelf": [ox.Literal("K")], "topic": [WAR]}, []),
    ],
)
def test_things_are_chosen_by_all_facets_and_any_of_their_values(
    listing: Listing, chosen: dict[str, list[Any]], found: list[str]
) -> None:
    """The newest first; what has no date is last."""
    rows = asked(listing.selection(CLASSES, chosen, listing.orders["date"], falls=True))

    assert [row[0] for row in rows] == found


def test_an_order_goes_by_words_whatever_their_case_and_a_part_is_told(listing: Listing) -> None:
    """What the order cannot tell comes last both ways."""
    title = listing.orders["title"]
    rising = asked(listing.selection(CLASSES, {}, title, falls=False, part=(0, 2)))
    falling = asked(listing.selection(CLASSES, {}, title, falls=True, part=(1, 2)))

    assert [row[0] for row in rising] == ["b", "a"]
    assert [row[0] for row in falling] == ["b", "c"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"class": "foo:Book"}, "list: 'foo:Book' is no IRI"),
        ({"class": None}, "list must say the class"),
        ({"kinds": 1}, "list has an unknown key 'kinds': write class, columns, facets, sort"),
        ({"facets": {"x": {"type": "iri"}}}, "facet x: give its type and its path"),
        ({"facets": {"x": {"path": "ex:x"}}}, "facet x: give its type"),
        ({"facets": {"x": {"type": "iri", "path": "ex:x ."}}}, "facet x: 'ex:x .' is no path"),
        ({"facets": {"x": {"type": "iri", "path": "no:x"}}}, "facet x: 'no:x' is no path"),
        ({"facets": {"page": {"type": "iri", "path": "ex:x"}}}, "facet page: call it by a word"),
        ({"facets": {"x": {"type": "xsd:date", "path": "ex:x"}}}, "facet x: a facet is of type"),
        (
            {"facets": {"x": {"type": "iri", "path": "ex:x", "list": True}}},
            "facet x: a facet has no list",
        ),
        ({"sort": {"x": 3}}, "sort x: its path must be text"),
        ({"columns": ["thing", "other"]}, "list: columns are some of thing"),
    ],
)
def test_what_is_wrong_with_a_list_is_told(changed: dict[str, Any], told: str) -> None:
    """With the facet or the order that it is about."""
    found, problems = read({**DECLARED, **changed}, PREFIXES, ["thing"])

    assert found is None
    assert any(problem.startswith(told) for problem in problems), problems


def test_a_query_with_a_list_shows_things(tmp_path: Path) -> None:
    """It has the parameter for them and no other, and a column that says which is which."""
    path = tmp_path / "queries/t/q.rq"
    path.parent.mkdir(parents=True)
    path.write_text(
        "#+ summary: Books\n"
        "#+ list: {class: 'ex:Book', facets: {topic: {type: iri, path: 'ex:topic'}}}\n"
        "#+ columns: [book]\n"
        f"PREFIX ex: <{EX}>\n"
        "SELECT ?book WHERE { ?book a ex:Book } ORDER BY ?book\n"
    )

    _, problems = read_queries(tmp_path)

    assert [(problem.line, problem.message) for problem in problems] == [
        (2, "a query with a list has one parameter, thing: {type: iri, list: true}"),
        (2, "a query with a list projects ?thing: which row is of which"),
    ]
