"""How facts read on a page: titles for what has no name, words for dates."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pyoxigraph as ox
import pytest

from stancegraph.facts import Facts
from stancegraph.names import Names
from stancegraph.terms import DCTERMS, RDFS, SCHEMA, SG, XSD
from stancegraph.texts import date_text, literal_text
from stancegraph.web.reading import Reader

if TYPE_CHECKING:
    from stancegraph.vocabulary import Vocabulary
    from stancegraph.web.site import Site

BASE = "https://example.org/"
ABOVE = {
    SG.choice: DCTERMS.type,
    SG.rollCall: DCTERMS.isPartOf,
    SG.codedOn: DCTERMS.created,
    SG.start: SCHEMA.startDate,
    SG.end: SCHEMA.endDate,
}
GRAPH = """\
BASE <https://example.org/id/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sg: <https://w3id.org/stancegraph/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

<state/CAN> rdfs:label "Canada"@en .
<organisation/un> rdfs:label "ONU"@fr , "United Nations"@en .
<resolution/A-RES-74-247> rdfs:label "A/RES/74/247" .
<code/choice/no> skos:prefLabel "no"@en .
<code/role/member> skos:prefLabel "member"@en .

<rollcall/unga/A-RES-74-247> sg:votedText <resolution/A-RES-74-247> ;
    sg:date "2019-12-27"^^xsd:date .
<vote/unga/A-RES-74-247/CAN> sg:actor <state/CAN> ; sg:choice <code/choice/no> ;
    sg:rollCall <rollcall/unga/A-RES-74-247> ; sg:codedOn "2026-11-22"^^xsd:date ;
    sg:evidence <evidence/record/CAN> .
<evidence/record/CAN> sg:locator "row Canada" .
<membership/CAN/un/member> sg:member <state/CAN> ; sg:organisation <organisation/un> ;
    sg:role <code/role/member> ; sg:start "1945-11-09"^^xsd:date .
<membership/CAN/un/member/1946> sg:member <state/CAN> ; sg:organisation <organisation/un> ;
    sg:role <code/role/member> ; sg:start "1946"^^xsd:gYear ; sg:end "1950-02"^^xsd:gYearMonth .
<stance/CAN/resolution/best-tool> sg:holder <state/CAN> .
<stance/nobody/knows> sg:rank <code/choice/no> .
"""


def iri(key: str) -> ox.NamedNode:
    return ox.NamedNode(f"{BASE}id/{key}")


@pytest.fixture
def reader() -> Reader:
    """A reader of `GRAPH`."""
    site = SimpleNamespace(
        release=SimpleNamespace(base=BASE),
        catalog=SimpleNamespace(names=Names(BASE, {})),
        root="",
    )
    facts = Facts(ox.Quad(*triple) for triple in ox.parse(GRAPH, format=ox.RdfFormat.TURTLE))
    vocabulary = SimpleNamespace(
        facts=Facts(()),
        below=lambda term, broad: ABOVE.get(term) == broad,
        label=lambda term: term.value.rpartition("#")[2],
        templates={},
    )
    return Reader(cast("Site", site), cast("Vocabulary", vocabulary), facts)


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("state/CAN", "Canada"),
        ("organisation/un", "United Nations"),
        ("rollcall/unga/A-RES-74-247", "A/RES/74/247"),
        ("vote/unga/A-RES-74-247/CAN", "A/RES/74/247 · Canada · no"),
        ("membership/CAN/un/member", "Canada · United Nations · member"),
        ("membership/CAN/un/member/1946", "Canada · United Nations · member"),
        ("stance/CAN/resolution/best-tool", "Canada · resolution · best tool"),
        ("stance/nobody/knows", "nobody · knows"),
        ("treaty/unheard-of", "unheard of"),
    ],
)
def test_what_has_no_name_is_called_by_what_its_iri_names(
    reader: Reader, key: str, title: str
) -> None:
    """By the names of the things in it, and the codes of its kind; else by its words."""
    assert reader.title(iri(key)) == title


def test_what_goes_without_saying_is_left_out(reader: Reader) -> None:
    """On the page of Canada its votes are not called Canada's."""
    vote = iri("vote/unga/A-RES-74-247/CAN")

    assert reader.title(vote, apart_from=(iri("state/CAN"),)) == "A/RES/74/247 · no"


def test_what_the_title_tells_is_known(reader: Reader) -> None:
    """So that it need not be told again."""
    told = reader.told_in_title(iri("vote/unga/A-RES-74-247/CAN"))

    assert told == {SG.actor, SG.choice, SG.rollCall}
    assert reader.told_in_title(iri("state/CAN")) == set()


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("rollcall/unga/A-RES-74-247", ["27 December 2019"]),
        ("vote/unga/A-RES-74-247/CAN", ["27 December 2019"]),
        ("membership/CAN/un/member", ["since 9 November 1945"]),
        ("membership/CAN/un/member/1946", ["1946", "February 1950"]),
        ("state/CAN", []),
    ],
)
def test_a_claim_is_dated_by_itself_or_what_it_is_part_of(
    reader: Reader, key: str, days: list[str]
) -> None:
    """Not by the day of its coding; a beginning without an end is called one."""
    assert [day.text for day in reader.dates(iri(key))] == days


@pytest.mark.parametrize(
    ("lexical", "text"),
    [
        ("2015-07-08", "8 July 2015"),
        ("2015-07", "July 2015"),
        ("2015", "2015"),
        ("2015-13", "2015-13"),
        ("-0044-03-15", "-0044-03-15"),
        ("2015-07-08Z", "2015-07-08Z"),
        ("", ""),
    ],
)
def test_dates_are_in_words(lexical: str, text: str) -> None:
    """As precise as they are; what is none is left as it is."""
    assert date_text(lexical) == text


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (ox.Literal("18596", datatype=XSD.integer), "18,596"),
        (ox.Literal("2019", datatype=XSD.integer), "2019"),
        (ox.Literal("34.50", datatype=XSD.decimal), "34.50"),
        (ox.Literal("2015-07", datatype=XSD.gYearMonth), "July 2015"),
        (ox.Literal("12345"), "12345"),
    ],
)
def test_literals_are_as_people_write_them(literal: ox.Literal, text: str) -> None:
    """Large numbers with commas; codes as they are."""
    assert literal_text(literal) == text


def test_links_stay_on_the_host(reader: Reader) -> None:
    """The graph's own IRIs lead to paths; others where they say; blank nodes nowhere."""
    assert reader.href(iri("state/CAN")) == "/id/state/CAN"
    assert reader.href(RDFS.label) == RDFS.label.value
    assert reader.href(ox.NamedNode("urn:x")) is None
    assert reader.href(ox.BlankNode()) is None
