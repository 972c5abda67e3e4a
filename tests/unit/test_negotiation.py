"""Which format a caller gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from stancegraph.errors import BadParameter, NotAcceptable
from stancegraph.web.negotiation import MAX_RANGES, choose, choose_document, preferred

if TYPE_CHECKING:
    from stancegraph.sparql import QueryForm

JSON = "application/sparql-results+json"
XML = "application/sparql-results+xml"
CSV = "text/csv; charset=utf-8"
TURTLE = "text/turtle; charset=utf-8"


def accept(header: str) -> MIMEAccept:
    return parse_accept_header(header, MIMEAccept)


@pytest.mark.parametrize(
    ("form", "header", "content_type"),
    [
        ("SELECT", "", JSON),
        ("SELECT", "*/*", JSON),
        (
            "ASK",
            "text/html,application/xml;q=0.9,*/*;q=0.8",
            "application/xml",
        ),
        ("SELECT", "text/*", CSV),
        ("SELECT", "text/csv;q=0.5, application/sparql-results+xml;q=0.9", XML),
        ("SELECT", "application/json", "application/json"),
        ("SELECT", f"application/json, {JSON}", JSON),
        ("SELECT", f"{JSON};q=0, */*;q=0.1", XML),
        ("SELECT", "TEXT/CSV", CSV),
        ("CONSTRUCT", "", TURTLE),
        ("DESCRIBE", "*/*", TURTLE),
        (
            "CONSTRUCT",
            "application/rdf+xml;q=0.3, application/n-triples;q=0.9",
            "application/n-triples",
        ),
    ],
)
def test_the_best_accepted_format_is_given(form: QueryForm, header: str, content_type: str) -> None:
    """By the weights of Accept; the default where it says nothing."""
    assert choose(form, accept(header))[1] == content_type


def test_of_a_flood_of_ranges_the_most_specific_are_looked_at() -> None:
    """The others are as good as not there: here the one that takes anything."""
    flood = [f"a/b{i};q=0.5" for i in range(MAX_RANGES)]

    assert preferred(accept(", ".join([*flood[1:], "*/*;q=0.1"])), ("text/csv",)) == "text/csv"
    assert preferred(accept(", ".join([*flood, "*/*"])), ("text/csv",)) is None


@pytest.mark.parametrize(
    ("form", "name", "content_type"),
    [
        ("SELECT", "csv", CSV),
        ("CONSTRUCT", "ttl", TURTLE),
        ("CONSTRUCT", "turtle", TURTLE),
        ("CONSTRUCT", "xml", "application/rdf+xml"),
        ("CONSTRUCT", "json", "application/ld+json"),
        ("ASK", "application/sparql-results+xml", XML),
    ],
)
def test_a_format_by_name_overrides_accept(form: QueryForm, name: str, content_type: str) -> None:
    """Short names, those of other clients, and media types."""
    assert choose(form, accept("image/png"), name)[1] == content_type


@pytest.mark.parametrize(
    ("form", "header", "name"),
    [
        ("SELECT", "text/turtle", None),
        ("CONSTRUCT", JSON, None),
        ("SELECT", "*/*;q=0", None),
        ("SELECT", "", "ttl"),
        ("DESCRIBE", "", "csv"),
    ],
)
def test_a_format_that_cannot_hold_the_result_is_refused(
    form: QueryForm, header: str, name: str | None
) -> None:
    """A table is no graph, and a graph no table."""
    with pytest.raises(NotAcceptable):
        choose(form, accept(header), name)


def test_an_unknown_format_is_told() -> None:
    """With the names that are known."""
    with pytest.raises(BadParameter, match="json, xml, csv, tsv, ttl, nt"):
        choose("SELECT", accept(""), "pdf")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("application/n-quads, application/ld+json;q=0.9, text/turtle;q=0.6", "jsonld"),
        ("application/trig, text/turtle;q=0.5", "trig"),
        ("application/n-quads", "nq"),
    ],
)
def test_a_document_names_graphs_only_where_that_is_wanted(header: str, name: str) -> None:
    """What a thing is stands in no default graph then, where clients look for it first."""
    assert choose_document(accept(header), None, "ttl") == name
